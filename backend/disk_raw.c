/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A raw disk. A write is complete when the host's page cache has it, which outlives this process; a flush is complete
 * after fdatasync, which outlives the host.
 */
#include <errno.h>
#include <stdlib.h>
#include "backend/disk_common.h"
#include "base/types.h"
#include "os/blockfile.h"

struct disk_raw {
	struct disk d;
	struct blockfile file;
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

	blockfile_close(&raw->file);
	free(raw);
}

int disk_raw_open(struct pool *pool, const char *path, bool read_only, struct block_backend **out)
{
	struct disk_raw *raw = calloc(1, sizeof(*raw));
	int err;

	if (!raw)
		return -ENOMEM;
	err = blockfile_open(&raw->file, path, read_only);
	if (err) {
		free(raw);
		return err;
	}
	disk_init(&raw->d, pool, raw->file.size, raw->file.block_size);
	raw->d.run = raw_run;
	raw->d.close = raw_close;
	raw->d.b.read_only = read_only;
	raw->d.b.can_discard = raw->d.b.can_write_zeroes = !read_only;
	*out = &raw->d.b;
	return 0;
}
