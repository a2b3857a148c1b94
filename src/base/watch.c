/* SPDX-License-Identifier: MIT */
#include "base/watch.h"

void watches_init(struct watches *watches) { list_init(&watches->list); }

unsigned watches_fill(const struct watches *watches, struct pollfd *fds, unsigned room)
{
    unsigned n = 0;
    for (struct list *node = watches->list.next; node != &watches->list && n < room; node = node->next)
        fds[n++] = (struct pollfd){ .fd = list_item(node, struct watch, node)->fd, .events = POLLIN };
    return n;
}

static struct watch *watch_of(struct watches *watches, int fd)
{
    list_each (node, after, &watches->list)
        if (list_item(node, struct watch, node)->fd == fd)
            return list_item(node, struct watch, node);
    return NULL;
}

/* Looked up one by one: a watch that is called may stop another. A descriptor that was closed meanwhile and opened
 * again may be called for nothing; `ready` has to bear that. */
void watches_run(struct watches *watches, const struct pollfd *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct watch *watch = fds[i].revents ? watch_of(watches, fds[i].fd) : NULL;
        if (watch)
            watch->ready(watch->data);
    }
}

void watch_init(struct watch *watch, void (*ready)(void *data), void *data)
{
    *watch = (struct watch){ .fd = -1, .ready = ready, .data = data };
    list_init(&watch->node);
}

void watch_start(struct watches *watches, struct watch *watch, int fd)
{
    list_remove(&watch->node);
    watch->fd = fd;
    list_insert(&watches->list, &watch->node);
}

void watch_stop(struct watch *watch) { list_remove(&watch->node); }
