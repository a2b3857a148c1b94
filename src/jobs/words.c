/* SPDX-License-Identifier: MIT */
#include "jobs/words.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 64 };

struct word {
    uint32_t number;
    uint32_t refs;
    size_t len;
    char bytes[];
};

/* A number's place: its word, or, of a number that is free, the next free one. 0 is no number and ends the chain. */
union place {
    struct word *word;
    uintptr_t next_free;
};

static struct slice word_key(const void *item)
{
    const struct word *word = item;
    return (struct slice){ word->bytes, word->len };
}

static struct {
    struct table by_text;
    union place *by_number;
    uint32_t room;
    uint32_t first_free;
} words = { .by_text = { .key_of = word_key } };

static int grow(void)
{
    uint32_t room = words.room ? words.room * 2 : ROOM_MIN;
    union place *by_number = room > words.room ? realloc(words.by_number, room * sizeof *by_number) : NULL;
    if (!by_number)
        return -1;
    for (uint32_t i = words.room ? words.room : 1; i < room; i++)
        by_number[i].next_free = i + 1 < room ? i + 1 : 0;
    words.first_free = words.room ? words.room : 1;
    words.by_number = by_number;
    words.room = room;
    return 0;
}

static uint32_t word_new(struct slice text)
{
    if (!words.first_free && grow())
        return 0;
    struct word *word = malloc(sizeof *word + text.len);
    if (!word)
        return 0;
    *word = (struct word){ .number = words.first_free, .refs = 1, .len = text.len };
    memcpy(word->bytes, text.data, text.len);
    if (table_add(&words.by_text, word)) {
        free(word);
        return 0;
    }
    words.first_free = (uint32_t)words.by_number[word->number].next_free;
    words.by_number[word->number].word = word;
    return word->number;
}

uint32_t word_get(struct slice text)
{
    struct word *word = table_get(&words.by_text, text);
    if (!word)
        return word_new(text);
    word->refs++;
    return word->number;
}

void word_put(uint32_t number)
{
    struct word *word = words.by_number[number].word;
    if (--word->refs)
        return;
    (void)table_remove(&words.by_text, word_key(word));
    free(word);
    words.by_number[number].next_free = words.first_free;
    words.first_free = number;
    if (words.by_text.used)
        return;
    table_release(&words.by_text);
    free(words.by_number);
    words.by_number = NULL;
    words.room = words.first_free = 0;
}

struct slice word_text(uint32_t number) { return word_key(words.by_number[number].word); }

size_t words_count(void) { return words.by_text.used; }
