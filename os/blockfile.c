/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See blockfile.h. A write past the end of a file that has become shorter would make it grow again over a hole of
 * zeroes; it is refused instead, so that the guest learns of the loss from writes as well as from reads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "os/blockfile.h"

#define VECS_AT_ONCE	256u		/* IOV_MAX is 1024 */
#define ZEROES_AT_ONCE	(256u << 10)

static int device_geometry(struct blockfile *f)
{
	int block;

	f->is_device = true;
	if (ioctl(f->fd, BLKGETSIZE64, &f->size))
		return -errno;
	if (!ioctl(f->fd, BLKSSZGET, &block) && block == 4096)
		f->block_size = 4096;
	return 0;
}

/*
 * Open file description locks: they belong to one opening and die with it. It is one of its own: others may be
 * io_uring's, which gives them up some time after the process has ended, and the next start must not find the lock.
 */
static int lock_file(struct blockfile *f, const char *path, int how, const struct stat *st)
{
	struct flock l = { .l_type = how & O_RDWR ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET };
	struct stat own;

	f->lock = open(path, how);
	if (f->lock < 0 || fstat(f->lock, &own))
		return -errno;
	if (own.st_dev != st->st_dev || own.st_ino != st->st_ino)
		return -EBUSY;				/* it has just been replaced */
	if (!fcntl(f->lock, F_OFD_SETLK, &l))
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : 0;	/* a file system without locks is none of our business */
}

/* The kernel says what it wants since 6.1; before that a page is always enough. */
static uint32_t direct_align(int fd)
{
	uint32_t align = 4096;
#ifdef STATX_DIOALIGN
	struct statx st;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) && st.stx_mask & STATX_DIOALIGN) {
		align = st.stx_dio_offset_align > st.stx_dio_mem_align ? st.stx_dio_offset_align : st.stx_dio_mem_align;
		return align;		/* 0: not this file */
	}
#endif
	return align;
}

static int open_direct(struct blockfile *f, const char *path, int flags)
{
	int fd = open(path, flags | O_DIRECT);

	if (fd < 0)
		return errno == EINVAL ? -ENOTSUP : -errno;
	f->plain = f->fd;
	f->fd = fd;
	f->align = direct_align(fd);
	return f->align ? 0 : -ENOTSUP;
}

int blockfile_open(struct blockfile *f, const char *path, unsigned flags)
{
	bool read_only = flags & BLOCKFILE_RO;
	int how = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK;	/* a FIFO must not block us */
	struct stat st;
	int err;

	*f = (struct blockfile){ .block_size = 512, .plain = -1, .lock = -1, .align = 1 };
	f->fd = open(path, how);
	if (f->fd < 0)
		return -errno;
	if (fstat(f->fd, &st)) {
		err = -errno;
		goto out_close;
	}
	f->size = (uint64_t)st.st_size;
	f->can_punch = !read_only;
	err = S_ISREG(st.st_mode) ? 0 : S_ISBLK(st.st_mode) ? device_geometry(f) : S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (!err && f->size % 512)
		err = -EINVAL;
	if (!err)
		err = lock_file(f, path, how, &st);
	if (!err && flags & BLOCKFILE_DIRECT)
		err = open_direct(f, path, how);
	if (!err)
		return 0;
out_close:
	blockfile_close(f);
	return err;
}

int blockfile_temp(struct blockfile *f, const char *dir, uint64_t size)
{
	*f = (struct blockfile){ .block_size = 512, .size = size, .can_punch = true, .plain = -1, .lock = -1, .align = 1 };
	f->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (f->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/cella-XXXXXX", dir) >= (int)sizeof(path))
			return -ENAMETOOLONG;
		f->fd = mkostemp(path, O_CLOEXEC);
		if (f->fd >= 0)
			unlink(path);
	}
	if (f->fd < 0)
		return -errno;
	if (ftruncate(f->fd, (off_t)size)) {
		int err = -errno;

		blockfile_close(f);
		return err;
	}
	return 0;
}

void blockfile_close(struct blockfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->plain >= 0)
		close(f->plain);
	if (f->lock >= 0)
		close(f->lock);
	f->fd = f->plain = f->lock = -1;
}

/* Drops n bytes from the front of the vectors. */
static void vec_advance(struct iovec **vec, uint32_t *vecs, size_t n)
{
	while (*vecs && n >= (*vec)->iov_len) {
		n -= (*vec)->iov_len;
		++*vec;
		--*vecs;
	}
	if (*vecs && n) {
		(*vec)->iov_base = (char *)(*vec)->iov_base + n;
		(*vec)->iov_len -= n;
	}
}

bool blockfile_aligned(const struct blockfile *f, const struct iovec *vec, uint32_t vecs, uint64_t offset)
{
	uintptr_t bits = offset;

	if (f->align <= 1)
		return true;
	for (uint32_t i = 0; i < vecs; i++)
		bits |= (uintptr_t)vec[i].iov_base | vec[i].iov_len;
	return !(bits & (f->align - 1));
}

static int transfer(struct blockfile *f, struct iovec *vec, uint32_t vecs, uint64_t offset, bool write)
{
	int fd = blockfile_aligned(f, vec, vecs, offset) ? f->fd : f->plain;

	vec_advance(&vec, &vecs, 0);
	while (vecs) {
		int n = (int)(vecs < VECS_AT_ONCE ? vecs : VECS_AT_ONCE);
		ssize_t done = write ? pwritev(fd, vec, n, (off_t)offset) : preadv(fd, vec, n, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		offset += (uint64_t)done;
		if (fd != f->plain && (uint64_t)done & (f->align - 1))
			fd = f->plain;
		vec_advance(&vec, &vecs, (size_t)done);
	}
	return 0;
}

/* -EIO when the file no longer reaches to the end of the range. */
static int check_still_there(struct blockfile *f, uint64_t end)
{
	struct stat st;

	if (f->is_device)
		return 0;
	if (fstat(f->fd, &st))
		return -errno;
	return (uint64_t)st.st_size < end ? -EIO : 0;
}

bool blockfile_reaches(struct blockfile *f, uint64_t end)
{
	return !check_still_there(f, end);
}

int blockfile_read(struct blockfile *f, struct iovec *vec, uint32_t vecs, uint64_t offset, uint64_t len)
{
	return transfer(f, vec, vecs, offset, false);
}

int blockfile_write(struct blockfile *f, struct iovec *vec, uint32_t vecs, uint64_t offset, uint64_t len)
{
	int err = check_still_there(f, offset + len);

	return err ? err : transfer(f, vec, vecs, offset, true);
}

int blockfile_sync(struct blockfile *f)
{
	while (fdatasync(f->fd)) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int allocate(struct blockfile *f, int mode, uint64_t offset, uint64_t len)
{
	while (fallocate(f->fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len)) {
		if (errno == EINTR)
			continue;
		return errno == EOPNOTSUPP || errno == ENODEV ? -ENOTSUP : -errno;
	}
	return 0;
}

int blockfile_punch(struct blockfile *f, uint64_t offset, uint64_t len)
{
	int err = check_still_there(f, offset + len);

	if (err)
		return err;
	return f->can_punch ? allocate(f, FALLOC_FL_PUNCH_HOLE, offset, len) : -ENOTSUP;
}

int blockfile_zero(struct blockfile *f, uint64_t offset, uint64_t len)
{
	int err = check_still_there(f, offset + len);
	void *zeroes;

	if (err)
		return err;
	err = allocate(f, FALLOC_FL_ZERO_RANGE, offset, len);
	if (err != -ENOTSUP)
		return err;
	zeroes = calloc(1, ZEROES_AT_ONCE);
	if (!zeroes)
		return -ENOMEM;
	err = 0;
	while (len && !err) {
		struct iovec v = { zeroes, len < ZEROES_AT_ONCE ? (size_t)len : ZEROES_AT_ONCE };
		size_t n = v.iov_len;

		err = transfer(f, &v, 1, offset, true);
		offset += n;
		len -= n;
	}
	free(zeroes);
	return err;
}
