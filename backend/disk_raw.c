/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A raw disk. A write is complete when the host's page cache has it, which outlives this process; a flush is complete
 * after fdatasync, which outlives the host.
 */
#include <errno.h>
#include <stdlib.h>
#include "backend/disk_uring.h"
#include "base/types.h"

#define MAX_QUEUES	32u

struct disk_raw {
	struct disk d;
	struct blockfile file;
	struct disk_uring *uring[MAX_QUEUES];
	unsigned urings;
};

static int raw_run(struct disk *d, struct block_io *io, struct iovec *vec)
{
	struct disk_raw *raw = container_of(d, struct disk_raw, d);
	int err;

	switch (io->op) {
	case BLOCK_READ:
		return blockfile_read(&raw->file, vec, io->vecs, io->offset, io->len);
	case BLOCK_WRITE:
		return blockfile_write(&raw->file, vec, io->vecs, io->offset, io->len);
	case BLOCK_FLUSH:
		return blockfile_sync(&raw->file);
	case BLOCK_DISCARD:
		err = blockfile_punch(&raw->file, io->offset, io->len);
		return err == -ENOTSUP ? 0 : err;	/* advice, which may be ignored */
	case BLOCK_WRITE_ZEROES:
		return blockfile_zero(&raw->file, io->offset, io->len);
	}
	return -ENOTSUP;
}

static void raw_close(struct disk *d)
{
	struct disk_raw *raw = container_of(d, struct disk_raw, d);

	for (unsigned i = 0; i < raw->urings; i++)
		disk_uring_free(raw->uring[i]);
	blockfile_close(&raw->file);
	free(raw);
}

static int raw_attach(struct block_backend *b, struct block_queue *q)
{
	struct disk_raw *raw = container_of(b, struct disk_raw, d.b);
	struct disk_uring *u = raw->urings < MAX_QUEUES ? disk_uring_new(&raw->d, &raw->file, q) : NULL;

	q->backend = u;
	if (u)
		raw->uring[raw->urings++] = u;
	return 0;
}

static void raw_submit(struct block_backend *b, struct block_io *io)
{
	struct disk_uring *u = io->q->backend;

	if (u)
		disk_uring_submit(u, io);
	else
		disk_submit(b, io);
}

static void raw_commit(struct block_backend *b, struct block_queue *q)
{
	if (q->backend)
		disk_uring_commit(q->backend);
}

static const struct block_ops raw_ops = {
	.attach = raw_attach,
	.submit = raw_submit,
	.commit = raw_commit,
	.destroy = disk_destroy,
};

int disk_raw_open(struct pool *pool, const char *path, unsigned flags, struct block_backend **out)
{
	bool read_only = flags & DISK_RO;
	struct disk_raw *raw = calloc(1, sizeof(*raw));
	int err;

	if (!raw)
		return -ENOMEM;
	err = blockfile_open(&raw->file, path, (read_only ? BLOCKFILE_RO : 0) | (flags & DISK_DIRECT ? BLOCKFILE_DIRECT : 0));
	if (err) {
		free(raw);
		return err;
	}
	disk_init(&raw->d, pool, raw->file.size, raw->file.block_size);
	raw->d.b.ops = &raw_ops;
	raw->d.run = raw_run;
	raw->d.close = raw_close;
	raw->d.b.read_only = read_only;
	raw->d.b.can_discard = raw->d.b.can_write_zeroes = !read_only;
	*out = &raw->d.b;
	return 0;
}
