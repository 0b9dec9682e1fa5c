/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work that is done later, on a thread that owns it. A workq is one thread's inbox: hosted it is an event loop in os/
 * (one for each group of virtio queues, one control loop); on bare metal it is the CPU's soft list; in unit tests it
 * is drained by hand. Posting is lock-free, may happen in any thread, and merges: work that is queued already is not
 * queued twice.
 */
#ifndef BASE_WORK_H
#define BASE_WORK_H

#include "base/types.h"

struct work {
	struct work *next;
	void (*fn)(struct work *w);
	uint32_t queued;		/* 1 between post and the start of fn */
};

struct notifier;

struct workq {
	struct work *head;		/* atomic LIFO of posted work; the owner reverses it */
	void (*wake)(struct workq *q);	/* called by the post that found the inbox empty */
	/* All or none: makes `n` a notifier with a descriptor, whose signals run w on the owner's thread, as posting it does. Not
	   while the owner runs. While a bell is deaf somebody else waits for the descriptor; any thread may change that. */
	int (*bell_add)(struct workq *q, struct notifier *n, struct work *w);
	void (*bell_remove)(struct workq *q, struct notifier *n);
	void (*bell_deaf)(struct workq *q, struct notifier *n, bool deaf);
};

void workq_init(struct workq *q, void (*wake)(struct workq *q));
void work_init(struct work *w, void (*fn)(struct work *w));
void work_post(struct workq *q, struct work *w);
/* The owner: runs what is there, in order of posting. Returns how many ran. */
unsigned workq_run(struct workq *q);

#endif
