/* SPDX-License-Identifier: MIT */
/* cleanup: ownership that is visible in the code. FREE_CLEANUP frees at the end of the scope; steal() takes it out. */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer) { free(*(void **)pointer); }
static inline void cleanup_close(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

#define FREE_CLEANUP __attribute__((cleanup(cleanup_free)))
#define CLOSE_CLEANUP __attribute__((cleanup(cleanup_close)))

/* The value of *place, which becomes NULL: ownership moves. */
#define steal(place)                          \
    ({                                        \
        __typeof__(place) place_ = (place);   \
        __typeof__(*place_) value_ = *place_; \
        *place_ = NULL;                       \
        value_;                               \
    })

#endif
