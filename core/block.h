/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back-end contract of a disk. Asynchronous and in batches: a device's queue submits requests, then commits them
 * together; the back-end hands those that are complete back as a list, to the queue's `done` on the queue's own thread.
 * That may happen inside commit, for what was in the host's cache. Buffers are host pointers that the device holds (spans)
 * until then. Sector: 512 bytes.
 *
 * Requests of one queue are submitted and committed by one thread, the owner of its workq; several queues at once.
 */
#ifndef CORE_BLOCK_H
#define CORE_BLOCK_H

#include "base/work.h"

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_DISCARD, BLOCK_WRITE_ZEROES };

struct block_vec {
	void *base;
	size_t len;
};

struct block_io {
	struct block_io *next;		/* in the list that done gets */
	struct block_queue *q;
	enum block_op op;
	uint64_t offset;		/* bytes */
	uint64_t len;			/* bytes; DISCARD and WRITE_ZEROES have no vectors */
	struct block_vec *vec;		/* not changed by the back-end */
	uint32_t vecs;
	int result;			/* 0 or -EIO, -ENOSPC, -EROFS … */
	uint64_t room[4];		/* the back-end's own while in flight */
};

struct block_queue {
	struct workq *workq;
	void (*done)(struct block_queue *q, struct block_io *list);	/* in no particular order */
	void *backend;			/* the back-end's own */
	struct work work;
	struct block_io *completed;	/* atomic */
};

struct block_backend;
struct block_ops {
	int (*attach)(struct block_backend *b, struct block_queue *q);	/* before the machine starts; or NULL */
	void (*submit)(struct block_backend *b, struct block_io *io);
	void (*commit)(struct block_backend *b, struct block_queue *q);	/* or NULL: submit began it already */
	void (*destroy)(struct block_backend *b);	/* after the last completion */
};

struct block_backend {
	const struct block_ops *ops;
	uint64_t size;			/* bytes, multiple of 512 */
	uint32_t block_size;		/* logical, 512 or 4096 */
	bool read_only, can_discard, can_write_zeroes;
	char serial[21];
};

void block_queue_init(struct block_queue *q, struct workq *workq,
		      void (*done)(struct block_queue *q, struct block_io *list));
/* For back-ends, from any thread: done comes later, on the queue's, with all that have been completed by then. */
void block_complete(struct block_io *io, int result);

#endif
