/* SPDX-License-Identifier: MIT */
/*
 * words: texts that stand in many answers (names of members, the beginnings of ARNs and paths, statuses), each held
 * once and known by a small number. Counted: one that nobody refers to any more is gone, and its number is given to
 * another. There is one set of them in the program, as there is one thread.
 */
#ifndef JOBS_WORDS_H
#define JOBS_WORDS_H

#include "base/table.h"

#include <stdint.h>

/* The word of this text, with one more reference; made if there is none. 0: no memory. */
uint32_t word_get(struct slice text);
/* Gives one reference back. */
void word_put(uint32_t number);
/* Valid as long as there is a reference. */
struct slice word_text(uint32_t number);
/* How many there are. */
size_t words_count(void);

#endif
