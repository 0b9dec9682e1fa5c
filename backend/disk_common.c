/* SPDX-License-Identifier: BSD-2-Clause */
/* See disk_common.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "backend/disk_common.h"
#include "base/types.h"

_Static_assert(sizeof(struct iovec) == sizeof(struct block_vec) &&
	       offsetof(struct iovec, iov_base) == offsetof(struct block_vec, base) &&
	       offsetof(struct iovec, iov_len) == offsetof(struct block_vec, len), "vectors are copied as they are");

struct disk_job {
	struct pool_job job;
	struct disk *disk;
};

_Static_assert(sizeof(struct disk_job) <= sizeof(((struct block_io *)NULL)->room), "a request carries its job");

static void job_run(struct pool_job *j)
{
	struct disk_job *dj = container_of(j, struct disk_job, job);
	struct block_io *io = container_of((void *)dj, struct block_io, room);
	struct disk *d = dj->disk;
	struct iovec vec[DISK_MAX_VECS];

	if (io->vecs > DISK_MAX_VECS) {
		block_complete(io, -EINVAL);
		return;
	}
	if (io->vecs)
		memcpy(vec, io->vec, io->vecs * sizeof(vec[0]));
	block_complete(io, d->run(d, io, vec));
}

void disk_submit_to_pool(struct disk *d, struct block_io *io)
{
	struct disk_job *dj = (struct disk_job *)(void *)io->room;

	*dj = (struct disk_job){ .job.fn = job_run, .disk = d };
	pool_submit(d->pool, &dj->job);
}

bool disk_refuses(struct disk *d, struct block_io *io)
{
	bool changes = io->op != BLOCK_READ && io->op != BLOCK_FLUSH;
	uint64_t end;

	if (__builtin_add_overflow(io->offset, io->len, &end) || end > d->b.size) {
		block_complete(io, -EINVAL);
		return true;
	}
	if (changes && d->b.read_only) {
		block_complete(io, -EROFS);
		return true;
	}
	return false;
}

void disk_submit(struct block_backend *b, struct block_io *io)
{
	struct disk *d = container_of(b, struct disk, b);

	if (!disk_refuses(d, io))
		disk_submit_to_pool(d, io);
}

void disk_destroy(struct block_backend *b)
{
	struct disk *d = container_of(b, struct disk, b);

	d->close(d);
}

static const struct block_ops disk_ops = {
	.submit = disk_submit,
	.destroy = disk_destroy,
};

void disk_init(struct disk *d, struct pool *pool, uint64_t size, uint32_t block_size)
{
	d->b.ops = &disk_ops;
	d->b.size = size;
	d->b.block_size = block_size;
	d->pool = pool;
}

void disk_set_serial(struct block_backend *b, const char *serial)
{
	size_t n = strnlen(serial, sizeof(b->serial) - 1);

	memset(b->serial, 0, sizeof(b->serial));
	memcpy(b->serial, serial, n);
}

void disk_close(struct block_backend *b)
{
	if (b)
		b->ops->destroy(b);
}
