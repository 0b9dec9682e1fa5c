/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes of a share's objects. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "backend/p9.h"

#define GETATTR_BASIC	0x7ffull	/* what stat has */

/* As the guest's kernel takes it: its own dev_t, of 12 and 20 bits, in new_encode_dev's form. */
static uint64_t device_number(dev_t d)
{
	uint64_t major = major(d), minor = minor(d);

	return (minor & 0xff) | major << 8 | (minor & ~0xffull) << 12;
}

int p9_getattr(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c);
	struct stat st;

	p9_get(&c->in, 8);		/* the mask: all that we have is as cheap as a part */
	if (!f || c->in.bad)
		return -EBADF;
	if (fstat(f->fd >= 0 ? f->fd : f->node->fd, &st))
		return -errno;
	p9_put(&c->out, 8, GETATTR_BASIC);
	p9_qid_put(&c->out, &st);
	p9_put(&c->out, 4, st.st_mode);
	p9_put(&c->out, 4, st.st_uid);
	p9_put(&c->out, 4, st.st_gid);
	p9_put(&c->out, 8, st.st_nlink);
	p9_put(&c->out, 8, S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? device_number(st.st_rdev) : 0);
	p9_put(&c->out, 8, (uint64_t)st.st_size);
	p9_put(&c->out, 8, (uint64_t)st.st_blksize);
	p9_put(&c->out, 8, (uint64_t)st.st_blocks);
	p9_put(&c->out, 8, (uint64_t)st.st_atim.tv_sec);
	p9_put(&c->out, 8, (uint64_t)st.st_atim.tv_nsec);
	p9_put(&c->out, 8, (uint64_t)st.st_mtim.tv_sec);
	p9_put(&c->out, 8, (uint64_t)st.st_mtim.tv_nsec);
	p9_put(&c->out, 8, (uint64_t)st.st_ctim.tv_sec);
	p9_put(&c->out, 8, (uint64_t)st.st_ctim.tv_nsec);
	for (unsigned i = 0; i < 4; i++)
		p9_put(&c->out, 8, 0);	/* birth time, generation and data version: not said to be valid */
	return 0;
}

enum {
	SET_MODE = 1, SET_UID = 2, SET_GID = 4, SET_SIZE = 8, SET_ATIME = 0x10, SET_MTIME = 0x20, SET_CTIME = 0x40,
	SET_ATIME_TO = 0x80, SET_MTIME_TO = 0x100,
};

static int set_size(struct p9_call *c, struct p9_fid *f, uint64_t size)
{
	int fd, err;

	if (size > INT64_MAX)
		return -EFBIG;
	if (f->fd >= 0 && f->can_write)
		return ftruncate(f->fd, (off_t)size) ? -errno : 0;
	if (S_ISDIR(f->node->kind))
		return -EISDIR;
	fd = p9_node_open(c->p9, f->node, O_WRONLY);
	if (fd < 0)
		return fd;
	err = ftruncate(fd, (off_t)size) ? -errno : 0;
	p9_file_give(c->p9, fd);
	return err;
}

static struct timespec time_of(uint32_t valid, uint32_t now, uint32_t to, uint64_t sec, uint64_t nsec)
{
	if (!(valid & now))
		return (struct timespec){ .tv_nsec = UTIME_OMIT };
	if (!(valid & to))
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	return (struct timespec){ .tv_sec = (time_t)sec, .tv_nsec = (long)nsec };
}

int p9_setattr(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c);
	uint32_t valid = (uint32_t)p9_get(&c->in, 4), mode = (uint32_t)p9_get(&c->in, 4), uid = (uint32_t)p9_get(&c->in, 4);
	uint32_t gid = (uint32_t)p9_get(&c->in, 4);
	uint64_t size = p9_get(&c->in, 8), t[4];
	struct timespec times[2];
	char path[16];
	int err = 0;

	for (unsigned i = 0; i < 4; i++)
		t[i] = p9_get(&c->in, 8);
	if (!f || c->in.bad)
		return f ? -EINVAL : -EBADF;
	if (((valid & SET_ATIME_TO) && t[1] >= 1000000000) || ((valid & SET_MTIME_TO) && t[3] >= 1000000000))
		return -EINVAL;
	p9_node_proc(f->node, path);
	/* The owner first: a change of it takes set-user-ID away. */
	if (valid & (SET_UID | SET_GID) && fchownat(f->node->fd, "", valid & SET_UID ? uid : (uid_t)-1,
						    valid & SET_GID ? gid : (gid_t)-1, AT_EMPTY_PATH))
		return -errno;
	if (valid & SET_MODE) {
		if (S_ISLNK(f->node->kind))
			return -EOPNOTSUPP;
		if (fchmodat(c->p9->proc_fd, path, mode & 07777, 0))
			return -errno;
	}
	if (valid & SET_SIZE)
		err = set_size(c, f, size);
	times[0] = time_of(valid, SET_ATIME, SET_ATIME_TO, t[0], t[1]);
	times[1] = time_of(valid, SET_MTIME, SET_MTIME_TO, t[2], t[3]);
	if (!err && valid & (SET_ATIME | SET_MTIME) && utimensat(c->p9->proc_fd, path, times, 0))
		err = -errno;
	return err;
}

int p9_statfs(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c);
	struct statfs st;

	if (!f)
		return -EBADF;
	if (fstatfs(f->node->fd, &st))
		return -errno;
	p9_put(&c->out, 4, 0x01021997);		/* V9FS_MAGIC */
	p9_put(&c->out, 4, (uint64_t)st.f_bsize);
	p9_put(&c->out, 8, st.f_blocks);
	p9_put(&c->out, 8, st.f_bfree);
	p9_put(&c->out, 8, st.f_bavail);
	p9_put(&c->out, 8, st.f_files);
	p9_put(&c->out, 8, st.f_ffree);
	p9_put(&c->out, 8, 0);
	p9_put(&c->out, 4, P9_NAME_MAX);
	return 0;
}

int p9_readlink(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c);
	char target[PATH_MAX];
	ssize_t n;

	if (!f)
		return -EBADF;
	if (!S_ISLNK(f->node->kind))
		return -EINVAL;
	n = readlinkat(f->node->fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = 0;
	p9_put_string(&c->out, target);
	return 0;
}
