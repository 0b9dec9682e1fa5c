/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of a share's tree. What is made belongs to the user that attached and the group that the message names if we may
 * say so (root), else to ourselves. Device nodes are not made: they would be real ones on the host.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "backend/p9.h"

static int chown_new(struct p9_call *c, const struct p9_fid *dir, const char *name, uint32_t gid)
{
	if (!c->p9->privileged)
		return 0;
	return fchownat(dir->node->fd, name, dir->uid, gid, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

/* The mode without our umask: the guest has applied its own. Then the answer. */
static int finish_new(struct p9_call *c, const struct p9_fid *dir, const char *name, uint32_t mode, uint32_t gid)
{
	struct p9_node *n;
	char path[16];
	int err = chown_new(c, dir, name, gid);

	if (!err)
		err = p9_node_child(c->p9, dir->node, name, &n);
	if (err)
		return err;
	if (!S_ISLNK(n->kind) && fchmodat(c->p9->proc_fd, p9_node_proc(n, path), mode & 07777, 0))
		err = -errno;
	if (!err)
		err = p9_qid_node(&c->out, n);
	p9_node_unref(c->p9, n);
	return err;
}

int p9_symlink(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1], target[PATH_MAX];
	struct p9_fid *dir;
	int err = p9_fid_dir(c, &dir), bad = p9_name_get(c, name);
	uint32_t gid;

	p9_get_string(&c->in, target, sizeof(target) - 1);
	gid = (uint32_t)p9_get(&c->in, 4);
	if (err || bad || c->in.bad)
		return err ? err : -EINVAL;
	if (symlinkat(target, dir->node->fd, name))
		return -errno;
	return finish_new(c, dir, name, 0, gid);
}

int p9_mknod(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1];
	struct p9_fid *dir;
	int err = p9_fid_dir(c, &dir), bad = p9_name_get(c, name);
	uint32_t mode = (uint32_t)p9_get(&c->in, 4), gid;

	p9_get(&c->in, 8);		/* major and minor */
	gid = (uint32_t)p9_get(&c->in, 4);
	if (err || bad || c->in.bad)
		return err ? err : -EINVAL;
	if (!S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode))
		return -EPERM;
	if (mknodat(dir->node->fd, name, (mode & S_IFMT) | 0600, 0))
		return -errno;
	return finish_new(c, dir, name, mode, gid);
}

int p9_mkdir(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1];
	struct p9_fid *dir;
	int err = p9_fid_dir(c, &dir), bad = p9_name_get(c, name);
	uint32_t mode = (uint32_t)p9_get(&c->in, 4), gid = (uint32_t)p9_get(&c->in, 4);
	struct stat st;

	if (err || bad || c->in.bad)
		return err ? err : -EINVAL;
	if (mkdirat(dir->node->fd, name, 0700))
		return -errno;
	if (!p9_node_stat(dir->node, &st))
		mode |= st.st_mode & S_ISGID;	/* passed on by the host */
	return finish_new(c, dir, name, mode, gid);
}

int p9_link(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1], path[16];
	struct p9_fid *dir, *f;
	int err = p9_fid_dir(c, &dir);

	f = p9_fid_get(c);
	if (err || p9_name_get(c, name))
		return err ? err : -EINVAL;
	if (!f)
		return -EBADF;
	if (linkat(c->p9->proc_fd, p9_node_proc(f->node, path), dir->node->fd, name, AT_SYMLINK_FOLLOW))
		return -errno;
	return 0;
}

int p9_renameat(struct p9_call *c)
{
	char from[P9_NAME_MAX + 1], to[P9_NAME_MAX + 1];
	struct p9_fid *old, *new;
	int err = p9_fid_dir(c, &old), bad = p9_name_get(c, from);

	if (!err)
		err = p9_fid_dir(c, &new);
	if (err || bad || p9_name_get(c, to))
		return err ? err : -EINVAL;
	return renameat(old->node->fd, from, new->node->fd, to) ? -errno : 0;
}

/* The older form: the object by its fid, wherever its name is. */
int p9_rename(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c), *dir;
	char name[P9_NAME_MAX + 1];
	struct p9_node *n;
	int err = f ? p9_fid_dir(c, &dir) : -EBADF;

	if (err || p9_name_get(c, name))
		return err ? err : -EINVAL;
	n = f->node;
	err = p9_node_named(n);
	if (err)
		return err;
	if (renameat(n->parent->fd, n->name, dir->node->fd, name))
		return -errno;
	p9_node_move(c->p9, n, dir->node);
	snprintf(n->name, sizeof(n->name), "%s", name);
	return 0;
}

int p9_unlinkat(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1];
	struct p9_fid *dir;
	int err = p9_fid_dir(c, &dir), bad = p9_name_get(c, name);
	uint32_t flags = (uint32_t)p9_get(&c->in, 4);

	if (err || bad || c->in.bad)
		return err ? err : -EINVAL;
	if (flags & ~0x200u)		/* AT_REMOVEDIR, as Linux has it everywhere */
		return -EINVAL;
	return unlinkat(dir->node->fd, name, flags ? AT_REMOVEDIR : 0) ? -errno : 0;
}

/* The fid is gone in any case. */
int p9_remove(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c);
	struct p9_node *n;
	int err;

	if (!f)
		return -EBADF;
	n = f->node;
	err = c->p9->read_only ? -EROFS : p9_node_named(n);
	if (!err && unlinkat(n->parent->fd, n->name, S_ISDIR(n->kind) ? AT_REMOVEDIR : 0))
		err = -errno;
	p9_fid_free(c->p9, f);
	return err;
}
