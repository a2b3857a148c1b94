/* SPDX-License-Identifier: MIT */
/* list: an intrusive doubly-linked ring. An item on no list points to itself, so list_remove() may be called twice. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev;
    struct list *next;
};

/* The struct that holds `node` as its `member`. */
#define list_item(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))
/* Walks a list; the node may be removed meanwhile, its neighbours may not. */
#define list_each(node, after, head) \
    for (struct list *node = (head)->next, *after = node->next; node != (head); node = after, after = node->next)

static inline void list_init(struct list *node) { node->prev = node->next = node; }
static inline bool list_empty(const struct list *head) { return head->next == head; }

/* Puts `node` before `place`: with a head, at the end. */
static inline void list_insert(struct list *place, struct list *node)
{
    node->prev = place->prev;
    node->next = place;
    place->prev->next = node;
    place->prev = node;
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* Moves everything on `from` to the end of `to`. */
static inline void list_splice(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    from->prev->next = to;
    to->prev->next = from->next;
    to->prev = from->prev;
    list_init(from);
}

#endif
