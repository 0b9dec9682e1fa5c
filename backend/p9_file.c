/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking, opening, creating; what is in files and directories. See p9.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>
#include "backend/p9.h"

#define WALK_MAX	16u
#define IOVECS		160		/* a chain has at most 136 spans */

/* Flags of Tlopen and Tlcreate: Linux's for most architectures, whatever ours are. */
enum {
	L_ACCMODE = 3, L_WRONLY = 1, L_RDWR = 2, L_EXCL = 0200, L_TRUNC = 01000, L_APPEND = 02000, L_DSYNC = 010000,
	L_DIRECTORY = 0200000, L_SYNC = 04000000,
};

int p9_walk(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c), *other;
	uint32_t id = (uint32_t)p9_get(&c->in, 4), n = (uint32_t)p9_get(&c->in, 2), i;
	struct p9_node *at, *next;
	uint8_t *count = c->out.p;
	char name[P9_NAME_MAX + 1];
	int err = 0;

	if (!f)
		return -EBADF;
	other = p9_fid_find(c->p9, id);
	if (n > WALK_MAX || (other && (other != f || f->fd >= 0)))
		return -EINVAL;
	p9_put(&c->out, 2, 0);
	at = f->node;
	p9_node_ref(at);
	for (i = 0; i < n; i++) {
		p9_get_string(&c->in, name, P9_NAME_MAX);
		err = c->in.bad ? -EINVAL : p9_node_child(c->p9, at, name, &next);
		if (err)
			break;
		p9_node_unref(c->p9, at);
		at = next;
		err = p9_qid_node(&c->out, at);
		if (err)
			break;
	}
	if (!err && other) {		/* the fid itself moves; both references are right then */
		next = f->node;
		f->node = at;
		at = next;
	} else if (!err) {
		err = p9_fid_new(c->p9, id, f->uid, at, NULL);
	} else if (i && !c->in.bad) {
		err = 0;		/* so far, and no new fid */
	}
	p9_node_unref(c->p9, at);
	if (!err && !c->out.full) {
		count[0] = (uint8_t)i;
		count[1] = 0;
	}
	return err;
}

static int host_flags(uint32_t l)
{
	int flags = (l & L_ACCMODE) == L_WRONLY ? O_WRONLY : (l & L_ACCMODE) == L_RDWR ? O_RDWR : O_RDONLY;

	return flags | (l & L_TRUNC ? O_TRUNC : 0) | (l & L_APPEND ? O_APPEND : 0) | (l & L_DSYNC ? O_DSYNC : 0) |
	       ((l & L_SYNC) == L_SYNC ? O_SYNC : 0);
}

static void fid_opened(struct p9_call *c, struct p9_fid *f, int fd, uint32_t l)
{
	f->fd = fd;
	f->can_read = (l & L_ACCMODE) != L_WRONLY;
	f->can_write = (l & L_ACCMODE) == L_WRONLY || (l & L_ACCMODE) == L_RDWR;
	p9_put(&c->out, 4, 0);		/* iounit: as large as a message can be */
}

int p9_lopen(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c);
	uint32_t l = (uint32_t)p9_get(&c->in, 4);
	int fd, err;

	if (!f || c->in.bad)
		return -EBADF;
	if (f->fd >= 0 || (l & L_ACCMODE) == L_ACCMODE)
		return -EINVAL;
	if (c->p9->read_only && ((l & L_ACCMODE) || (l & L_TRUNC)))
		return -EROFS;
	if ((l & L_DIRECTORY) && !S_ISDIR(f->node->kind))
		return -ENOTDIR;
	fd = p9_node_open(c->p9, f->node, host_flags(l));
	if (fd < 0)
		return fd;
	err = p9_qid_node(&c->out, f->node);
	if (err) {
		p9_file_give(c->p9, fd);
		return err;
	}
	fid_opened(c, f, fd, l);
	return 0;
}

/* A file that is there already is opened as lopen would: without running a device's or FIFO's open. */
static int create_or_open(struct p9_call *c, struct p9_fid *dir, const char *name, uint32_t l, uint32_t mode, uint32_t gid,
			  struct p9_node **n)
{
	int fd = -EMFILE, err;

	if (!p9_file_take(c->p9))
		return -EMFILE;
	fd = openat(dir->node->fd, name, (host_flags(l) & ~O_TRUNC) | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0777);
	if (fd < 0) {
		err = -errno;
		c->p9->files--;
		if (err != -EEXIST || l & L_EXCL)
			return err;
		err = p9_node_child(c->p9, dir->node, name, n);
		if (err)
			return err;
		fd = S_ISREG((*n)->kind) ? p9_node_open(c->p9, *n, host_flags(l)) : -EEXIST;
		if (fd < 0)
			p9_node_unref(c->p9, *n);
		return fd;
	}
	err = c->p9->privileged && fchown(fd, dir->uid, gid) ? -errno : 0;
	if (!err && fchmod(fd, mode & 07777))
		err = -errno;
	if (!err)
		err = p9_node_child(c->p9, dir->node, name, n);
	if (err)
		p9_file_give(c->p9, fd);
	return err ? err : fd;
}

int p9_lcreate(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1];
	struct p9_node *n;
	struct p9_fid *f;
	uint32_t l, mode, gid;
	int fd, err = p9_fid_dir(c, &f), bad = p9_name_get(c, name);

	l = (uint32_t)p9_get(&c->in, 4);
	mode = (uint32_t)p9_get(&c->in, 4);
	gid = (uint32_t)p9_get(&c->in, 4);
	if (err || bad || c->in.bad)
		return err ? err : -EINVAL;
	if (f->fd >= 0 || (l & L_ACCMODE) == L_ACCMODE)
		return -EINVAL;
	fd = create_or_open(c, f, name, l, mode, gid, &n);
	if (fd < 0)
		return fd;
	err = p9_qid_node(&c->out, n);
	if (err) {
		p9_file_give(c->p9, fd);
		p9_node_unref(c->p9, n);
		return err;
	}
	p9_node_unref(c->p9, f->node);	/* the fid is the file now */
	f->node = n;
	fid_opened(c, f, fd, l);
	return 0;
}

/* ---- data ---- */

static int fid_open_file(struct p9_call *c, struct p9_fid **f, uint64_t *offset, uint32_t *count)
{
	*f = p9_fid_get(c);
	*offset = p9_get(&c->in, 8);
	*count = (uint32_t)p9_get(&c->in, 4);
	if (c->in.bad)
		return -EINVAL;
	if (!*f || (*f)->fd < 0)
		return -EBADF;
	return *offset > INT64_MAX ? -EINVAL : 0;
}

int p9_read(struct p9_call *c)
{
	struct iovec iov[IOVECS];
	struct p9_fid *f;
	uint64_t offset;
	uint32_t count;
	int err = fid_open_file(c, &f, &offset, &count), n;
	ssize_t got;

	if (err)
		return err;
	if (S_ISDIR(f->node->kind))
		return -EISDIR;
	if (!f->can_read)
		return -EBADF;
	if (c->room < P9_HEADER + 4)
		return -EMSGSIZE;
	count = MIN(count, c->room - P9_HEADER - 4);
	n = p9_iovec(c->share->out, c->share->outs, P9_HEADER + 4, count, iov, IOVECS);
	got = preadv(f->fd, iov, n, (off_t)offset);
	if (got < 0)
		return -errno;
	c->data = (uint32_t)got;
	p9_put(&c->out, 4, c->data);
	return 0;
}

int p9_write(struct p9_call *c)
{
	struct iovec iov[IOVECS];
	struct p9_fid *f;
	uint64_t offset;
	uint32_t count;
	int err = fid_open_file(c, &f, &offset, &count), n;
	ssize_t done;

	if (err)
		return err;
	if (!f->can_write)
		return -EBADF;
	if (count > c->size - P9_HEADER - 16)
		return -EINVAL;
	n = p9_iovec(c->share->in, c->share->ins, P9_HEADER + 16, count, iov, IOVECS);
	done = pwritev(f->fd, iov, n, (off_t)offset);
	if (done < 0)
		return -errno;
	p9_put(&c->out, 4, (uint64_t)done);
	return 0;
}

static void put_entry(struct p9_out *out, const struct p9_node *dir, const struct dirent64 *d)
{
	struct stat st = { .st_ino = d->d_ino, .st_dev = dir->dev, .st_mode = DTTOIF(d->d_type) };

	/* What is above the share is nobody's business. */
	if (!strcmp(d->d_name, ".."))
		st.st_ino = dir->parent ? dir->parent->ino : dir->ino;
	p9_qid_put(out, &st);
	p9_put(out, 8, (uint64_t)d->d_off);
	p9_put(out, 1, d->d_type);
	p9_put_string(out, d->d_name);
}

/* An offset is what the host gave with the entry before; any other is the file system's to answer. */
int p9_readdir(struct p9_call *c)
{
	_Alignas(8) char buf[8192];
	uint8_t *count_at = c->out.p;
	struct p9_fid *f;
	uint64_t offset;
	uint32_t count;
	int err = fid_open_file(c, &f, &offset, &count);
	uint8_t *end;

	if (err)
		return err;
	if (!S_ISDIR(f->node->kind))
		return -ENOTDIR;
	p9_put(&c->out, 4, 0);
	if (c->out.full)
		return -EMSGSIZE;
	if (lseek(f->fd, (off_t)offset, SEEK_SET) < 0)
		return -errno;
	end = c->out.p;
	if (count < (size_t)(c->out.end - c->out.p))
		c->out.end = c->out.p + count;
	for (bool more = true; more;) {
		ssize_t got = getdents64(f->fd, buf, sizeof(buf));

		if (got < 0)
			return -errno;
		more = got > 0;
		for (ssize_t at = 0; at < got && more;) {
			struct dirent64 *d = (void *)(buf + at);

			put_entry(&c->out, f->node, d);
			more = !c->out.full;
			if (more)
				end = c->out.p;
			at += d->d_reclen;
		}
	}
	if (c->out.full && end == count_at + 4)
		return -EINVAL;		/* no room for even one */
	c->out.p = end;
	c->out.full = false;
	count = (uint32_t)(end - count_at - 4);
	for (unsigned i = 0; i < 4; i++)
		count_at[i] = (uint8_t)(count >> 8 * i);
	return 0;
}

int p9_fsync(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c);
	bool data = c->in.end - c->in.p >= 4 && p9_get(&c->in, 4);	/* not every client sends it */

	if (!f || f->fd < 0)
		return -EBADF;
	return (data ? fdatasync(f->fd) : fsync(f->fd)) ? -errno : 0;
}

/* Locks are the guest's own: its kernel keeps them among its processes, and nobody else is asked. */
int p9_lock(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c);

	if (!f || f->fd < 0)
		return -EBADF;
	p9_put(&c->out, 1, 0);
	return 0;
}

int p9_getlock(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c);
	char client[P9_NAME_MAX + 1];
	uint64_t start, length;
	uint32_t pid;

	p9_get(&c->in, 1);
	start = p9_get(&c->in, 8);
	length = p9_get(&c->in, 8);
	pid = (uint32_t)p9_get(&c->in, 4);
	p9_get_string(&c->in, client, P9_NAME_MAX);
	if (!f || f->fd < 0)
		return -EBADF;
	p9_put(&c->out, 1, 2);		/* unlocked */
	p9_put(&c->out, 8, start);
	p9_put(&c->out, 8, length);
	p9_put(&c->out, 4, pid);
	p9_put_string(&c->out, client);
	return 0;
}
