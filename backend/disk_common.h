/* SPDX-License-Identifier: BSD-2-Clause */
/* What the disk formats share: a request goes to one of the pool's threads, runs there, and is posted back. */
#ifndef BACKEND_DISK_COMMON_H
#define BACKEND_DISK_COMMON_H

#include <sys/uio.h>
#include "backend/disk.h"

struct disk {
	struct block_backend b;
	struct pool *pool;
	/* On a pool's thread, several at once; may block. `vec` is a copy of io's vectors that may be changed. */
	int (*run)(struct disk *d, struct block_io *io, struct iovec *vec);
	void (*close)(struct disk *d);	/* frees d too */
};

#define DISK_MAX_VECS	1024u		/* of one request */

void disk_submit_to_pool(struct disk *d, struct block_io *io);
bool disk_refuses(struct disk *d, struct block_io *io);	/* out of range, or a change of what is read-only: completed so */
/* As entries of block_ops. */
void disk_submit(struct block_backend *b, struct block_io *io);
void disk_destroy(struct block_backend *b);
void disk_init(struct disk *d, struct pool *pool, uint64_t size, uint32_t block_size);

#endif
