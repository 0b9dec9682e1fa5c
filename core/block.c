/* SPDX-License-Identifier: BSD-2-Clause */
/* Completed requests on their way to their queue's thread: a list that others push to, and that is taken as a whole. */
#include "core/block.h"

static void deliver(struct work *w)
{
	struct block_queue *q = container_of(w, struct block_queue, work);
	struct block_io *list = __atomic_exchange_n(&q->completed, NULL, __ATOMIC_ACQUIRE);

	if (list)
		q->done(q, list);
}

void block_queue_init(struct block_queue *q, struct workq *workq,
		      void (*done)(struct block_queue *q, struct block_io *list))
{
	*q = (struct block_queue){ .workq = workq, .done = done };
	work_init(&q->work, deliver);
}

void block_complete(struct block_io *io, int result)
{
	struct block_queue *q = io->q;
	struct block_io *head = __atomic_load_n(&q->completed, __ATOMIC_RELAXED);

	io->result = result;
	do
		io->next = head;
	while (!__atomic_compare_exchange_n(&q->completed, &head, io, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	if (!head)
		work_post(q->workq, &q->work);
}
