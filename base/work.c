/* SPDX-License-Identifier: BSD-2-Clause */
/* Posting pushes onto a lock-free stack; the owner takes the whole stack and turns it round. Nothing is ever popped alone. */
#include "base/work.h"

void workq_init(struct workq *q, void (*wake)(struct workq *q))
{
	q->head = NULL;
	q->wake = wake;
	q->bell_add = NULL;
	q->bell_remove = NULL;
	q->bell_deaf = NULL;
}

void work_init(struct work *w, void (*fn)(struct work *w))
{
	*w = (struct work){ .fn = fn };
}

void work_post(struct workq *q, struct work *w)
{
	struct work *head;

	if (__atomic_exchange_n(&w->queued, 1, __ATOMIC_ACQ_REL))
		return;
	head = __atomic_load_n(&q->head, __ATOMIC_RELAXED);
	do {
		w->next = head;
	} while (!__atomic_compare_exchange_n(&q->head, &head, w, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	if (!head && q->wake)
		q->wake(q);
}

unsigned workq_run(struct workq *q)
{
	struct work *w = __atomic_exchange_n(&q->head, NULL, __ATOMIC_ACQUIRE), *list = NULL, *next;
	unsigned n = 0;

	for (; w; w = next) {
		next = w->next;
		w->next = list;
		list = w;
	}
	for (; list; list = next, n++) {
		next = list->next;	/* fn may post this work again, or free it */
		__atomic_exchange_n(&list->queued, 0, __ATOMIC_ACQ_REL);
		list->fn(list);
	}
	return n;
}
