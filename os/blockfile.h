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
	int lock;			/* holds the lock, and does nothing else */
	int plain;			/* with BLOCKFILE_DIRECT: the same through the host's cache, for what isn't aligned */
	uint32_t align;			/* what `fd` wants of addresses, offsets and lengths; 1: nothing */
	uint64_t size;			/* bytes, when opened */
	uint32_t block_size;		/* logical: 512 or 4096 */
	bool is_device;
	bool can_punch;			/* blockfile_punch may work */
};

enum { BLOCKFILE_RO = 1, BLOCKFILE_DIRECT = 2 };	/* direct: past the host's cache */

/*
 * Opens and locks it (shared when read-only) against a second writer. -EISDIR, -EBUSY: another process has it,
 * -EINVAL: neither a file nor a block device, or its size is no multiple of 512; -ENOTSUP: direct is not possible here.
 */
int blockfile_open(struct blockfile *f, const char *path, unsigned flags);
bool blockfile_reaches(struct blockfile *f, uint64_t end);	/* is the file that long still? */
bool blockfile_aligned(const struct blockfile *f, const struct iovec *vec, uint32_t vecs, uint64_t offset);
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
