/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of a share and the names that lead to them; see p9.h for how they are kept inside. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "backend/p9.h"

bool p9_file_take(struct p9 *p9)
{
	if (p9->files >= p9->max_files)
		return false;
	p9->files++;
	return true;
}

void p9_file_give(struct p9 *p9, int fd)
{
	close(fd);
	p9->files--;
}

/* `name` is a single one. Where the kernel has no openat2 the same follows from that and O_NOFOLLOW. */
static int open_path(int dir, const char *name)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

/* Takes the descriptor, and a reference to parent. */
static int node_new(struct p9 *p9, int fd, struct p9_node *parent, const char *name, struct p9_node **out)
{
	struct p9_node *n = calloc(1, sizeof(*n));
	struct stat st;

	if (!n || fstat(fd, &st)) {
		int err = n ? -errno : -ENOMEM;

		free(n);
		p9_file_give(p9, fd);
		return err;
	}
	n->refs = 1;
	n->fd = fd;
	n->kind = st.st_mode & S_IFMT;
	n->dev = st.st_dev;
	n->ino = st.st_ino;
	n->parent = parent;
	if (parent)
		p9_node_ref(parent);
	snprintf(n->name, sizeof(n->name), "%s", name);
	*out = n;
	return 0;
}

int p9_node_root(struct p9 *p9, struct p9_node **out)
{
	int fd;

	if (!p9_file_take(p9))
		return -EMFILE;
	fd = fcntl(p9->root_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0) {
		p9->files--;
		return -errno;
	}
	return node_new(p9, fd, NULL, "", out);
}

static bool name_single(const char *name)
{
	return name[0] && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

int p9_node_child(struct p9 *p9, struct p9_node *dir, const char *name, struct p9_node **out)
{
	int fd;

	if (!S_ISDIR(dir->kind))
		return -ENOTDIR;
	if (!strcmp(name, "..")) {
		*out = dir->parent ? dir->parent : dir;
		p9_node_ref(*out);
		return 0;
	}
	if (!name_single(name))
		return -EINVAL;
	if (!p9_file_take(p9))
		return -EMFILE;
	fd = open_path(dir->fd, name);
	if (fd < 0) {
		p9->files--;
		return fd;
	}
	return node_new(p9, fd, dir, name, out);
}

void p9_node_ref(struct p9_node *n)
{
	n->refs++;
}

void p9_node_unref(struct p9 *p9, struct p9_node *n)
{
	while (n && !--n->refs) {
		struct p9_node *parent = n->parent;

		p9_file_give(p9, n->fd);
		free(n);
		n = parent;
	}
}

void p9_node_move(struct p9 *p9, struct p9_node *n, struct p9_node *parent)
{
	struct p9_node *old = n->parent, *up = parent;

	while (up && up != n)
		up = up->parent;
	n->parent = up ? NULL : parent;
	if (n->parent)
		p9_node_ref(parent);
	p9_node_unref(p9, old);
}

int p9_node_stat(const struct p9_node *n, struct stat *st)
{
	return fstat(n->fd, st) ? -errno : 0;
}

const char *p9_node_proc(const struct p9_node *n, char buf[16])
{
	snprintf(buf, 16, "%d", n->fd);
	return buf;
}

int p9_node_open(struct p9 *p9, const struct p9_node *n, int flags)
{
	char path[16];
	int fd;

	if (S_ISLNK(n->kind))
		return -ELOOP;
	if (!S_ISREG(n->kind) && !S_ISDIR(n->kind))
		return -EACCES;
	if (!p9_file_take(p9))
		return -EMFILE;
	fd = openat(p9->proc_fd, p9_node_proc(n, path), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		p9->files--;
		return -errno;
	}
	return fd;
}

int p9_node_named(const struct p9_node *n)
{
	struct stat st;

	if (!n->parent || fstatat(n->parent->fd, n->name, &st, AT_SYMLINK_NOFOLLOW))
		return n->parent ? -errno : -ENOENT;
	return st.st_dev == n->dev && st.st_ino == n->ino ? 0 : -ENOENT;
}

int p9_name_get(struct p9_call *c, char name[P9_NAME_MAX + 1])
{
	p9_get_string(&c->in, name, P9_NAME_MAX);
	return !c->in.bad && name_single(name) ? 0 : -EINVAL;
}

/* Numbers of inodes of several file systems under the root are kept apart as well as 64 bits can. */
void p9_qid_put(struct p9_out *out, const struct stat *st)
{
	uint8_t type = S_ISDIR(st->st_mode) ? 0x80 : S_ISLNK(st->st_mode) ? 2 : 0;

	p9_put(out, 1, type);
	p9_put(out, 4, (uint64_t)st->st_mtim.tv_sec ^ (uint64_t)st->st_mtim.tv_nsec << 8);
	p9_put(out, 8, (uint64_t)st->st_ino ^ (uint64_t)st->st_dev << 40);
}

int p9_qid_node(struct p9_out *out, const struct p9_node *n)
{
	struct stat st;
	int err = p9_node_stat(n, &st);

	if (!err)
		p9_qid_put(out, &st);
	return err;
}

int p9_iovec(const struct block_vec *v, uint32_t n, uint32_t offset, uint32_t len, struct iovec *iov, int max)
{
	int k = 0;

	for (; n && len && k < max; v++, n--) {
		size_t part;

		if (offset >= v->len) {
			offset -= (uint32_t)v->len;
			continue;
		}
		part = MIN(v->len - offset, (size_t)len);
		iov[k++] = (struct iovec){ (uint8_t *)v->base + offset, part };
		len -= (uint32_t)part;
		offset = 0;
	}
	return k;
}
