/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A regular file or block device as a disk: positioned reads and writes that do all or fail, flush, and holes.
 *
 * Nothing is mapped, so a file that somebody shortens gives -EIO, never a signal. Functions may be called from several
 * threads at once, and return 0 or a negative errno.
 */
#ifndef OS_BLOCKFILE_H
#define OS_BLOCKFILE_H

#include <sys/uio.h>
#include "base/types.h"

struct blockfile {
	int fd;
	uint64_t size;			/* bytes, when opened */
	uint32_t block_size;		/* logical: 512 or 4096 */
	bool is_device;
	bool can_punch;			/* blockfile_punch may work */
};

/*
 * Opens and locks it (shared when read-only) against a second writer. -EISDIR, -EBUSY: another process has it,
 * -EINVAL: neither a file nor a block device, or its size is no multiple of 512.
 */
int blockfile_open(struct blockfile *f, const char *path, bool read_only);
/* A file without a name in the directory `dir`, as long as `size` and all hole. */
int blockfile_temp(struct blockfile *f, const char *dir, uint64_t size);
void blockfile_close(struct blockfile *f);

/* `len` is the vectors' total, which these change. -EIO: the file ends before. */
int blockfile_read(struct blockfile *f, struct iovec *vec, uint32_t vecs, uint64_t offset, uint64_t len);
int blockfile_write(struct blockfile *f, struct iovec *vec, uint32_t vecs, uint64_t offset, uint64_t len);
int blockfile_sync(struct blockfile *f);
/* Frees the range; it reads as zeroes. -ENOTSUP: this file can't. */
int blockfile_punch(struct blockfile *f, uint64_t offset, uint64_t len);
int blockfile_zero(struct blockfile *f, uint64_t offset, uint64_t len);

#endif
