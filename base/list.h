/* SPDX-License-Identifier: BSD-2-Clause */
/* Circular doubly linked list with the node inside the element. An initialised head points to itself. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/types.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert_before(struct list *at, struct list *n)
{
	n->next = at;
	n->prev = at->prev;
	at->prev->next = n;
	at->prev = n;
}

#define list_push_back(head, n)		list_insert_before(head, n)
#define list_push_front(head, n)	list_insert_before((head)->next, n)

/* The removed node points to itself, so that removing twice is harmless. */
static inline void list_remove(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(n, type, member)	container_of(n, type, member)
#define list_for_each(n, head)		for (struct list *n = (head)->next; n != (head); n = n->next)
/* The current node may be removed in the body. */
#define list_for_each_safe(n, head) \
	for (struct list *n = (head)->next, *n##_next = n->next; n != (head); n = n##_next, n##_next = n->next)

#endif
