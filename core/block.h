/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back-end contract of a disk. Asynchronous: submit, then `done` in the device's work queue (io->done_q) with the
 * result. Buffers are host pointers that the device holds (spans) until done. Sector: 512 bytes.
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
	struct work work;		/* posted to done_q; its fn is the device's completion */
	struct workq *done_q;
	enum block_op op;
	uint64_t offset;		/* bytes */
	uint64_t len;			/* bytes; DISCARD and WRITE_ZEROES have no vectors */
	struct block_vec *vec;
	uint32_t vecs;
	int result;			/* 0 or -EIO, -ENOSPC, -EROFS … */
	void *backend;			/* the back-end's own while in flight */
};

struct block_backend;
struct block_ops {
	void (*submit)(struct block_backend *b, struct block_io *io);
	void (*destroy)(struct block_backend *b);	/* after the last completion */
};

struct block_backend {
	const struct block_ops *ops;
	uint64_t size;			/* bytes, multiple of 512 */
	uint32_t block_size;		/* logical, 512 or 4096 */
	bool read_only, can_discard, can_write_zeroes;
	char serial[21];
};

#endif
