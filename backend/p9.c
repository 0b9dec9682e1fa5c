/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 9P2000.L: sessions, fids, and which function a message goes to. The protocol is described by Plan 9's intro(5) and, for its
 * Linux messages, by the wiki of diod (protocol.md); numbers of errors and flags are Linux's.
 *
 * A message is copied out of the guest's buffers first, all but the data of a write; its answer is built apart and copied out
 * last, all but the data of a read. What is wrong with a message is answered by an Rlerror.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>
#include "backend/p9.h"

#define P9_THREADS	1		/* more would need locks, and an order */

struct p9_room {			/* in share_call.room */
	struct pool_job job;
	struct p9 *p9;
};
_Static_assert(sizeof(struct p9_room) <= sizeof(((struct share_call *)0)->room), "fits");

/* ---- fids ---- */

struct p9_fid *p9_fid_find(struct p9 *p9, uint32_t id)
{
	struct p9_fid *f = p9->bucket[id % P9_BUCKETS];

	while (f && f->id != id)
		f = f->next;
	return f;
}

struct p9_fid *p9_fid_get(struct p9_call *c)
{
	return p9_fid_find(c->p9, (uint32_t)p9_get(&c->in, 4));
}

int p9_fid_dir(struct p9_call *c, struct p9_fid **f)
{
	*f = p9_fid_get(c);
	return !*f ? -EBADF : !S_ISDIR((*f)->node->kind) ? -ENOTDIR : 0;
}

int p9_fid_new(struct p9 *p9, uint32_t id, uint32_t uid, struct p9_node *n, struct p9_fid **out)
{
	struct p9_fid *f;

	if (id == P9_NOFID || p9_fid_find(p9, id))
		return -EINVAL;
	if (p9->fids == P9_FIDS)
		return -ENFILE;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	p9->fids++;
	f->id = id;
	f->uid = uid;
	f->node = n;
	f->fd = -1;
	p9_node_ref(n);
	f->next = p9->bucket[id % P9_BUCKETS];
	p9->bucket[id % P9_BUCKETS] = f;
	if (out)
		*out = f;
	return 0;
}

void p9_fid_free(struct p9 *p9, struct p9_fid *f)
{
	struct p9_fid **link = &p9->bucket[f->id % P9_BUCKETS];

	while (*link != f)
		link = &(*link)->next;
	*link = f->next;
	if (f->fd >= 0)
		p9_file_give(p9, f->fd);
	p9_node_unref(p9, f->node);
	p9->fids--;
	free(f);
}

static void fids_free(struct p9 *p9)
{
	for (unsigned i = 0; i < P9_BUCKETS; i++)
		while (p9->bucket[i])
			p9_fid_free(p9, p9->bucket[i]);
}

/* ---- sessions ---- */

/* A new session: whatever was open is not. */
static int p9_version(struct p9_call *c)
{
	uint32_t msize = (uint32_t)p9_get(&c->in, 4);
	char version[33];

	p9_get_string(&c->in, version, sizeof(version) - 1);
	if (c->in.bad || msize < P9_MSIZE_MIN)
		return -EINVAL;
	fids_free(c->p9);
	c->p9->msize = strcmp(version, "9P2000.L") ? 0 : MIN(msize, P9_MSIZE_MAX);
	p9_put(&c->out, 4, MIN(msize, P9_MSIZE_MAX));
	p9_put_string(&c->out, c->p9->msize ? "9P2000.L" : "unknown");
	return 0;
}

static int p9_attach(struct p9_call *c)
{
	uint32_t id = (uint32_t)p9_get(&c->in, 4), afid = (uint32_t)p9_get(&c->in, 4), uid;
	char user[P9_NAME_MAX + 1], where[P9_NAME_MAX + 1];
	struct p9_node *root;
	int err;

	p9_get_string(&c->in, user, P9_NAME_MAX);
	p9_get_string(&c->in, where, P9_NAME_MAX);
	uid = (uint32_t)p9_get(&c->in, 4);
	if (c->in.bad)
		return -EINVAL;
	if (afid != P9_NOFID)
		return -EOPNOTSUPP;
	if (where[0] && strcmp(where, "/"))
		return -ENOENT;
	err = p9_node_root(c->p9, &root);
	if (err)
		return err;
	err = p9_qid_node(&c->out, root);
	if (!err)
		err = p9_fid_new(c->p9, id, uid, root, NULL);
	p9_node_unref(c->p9, root);
	return err;
}

static int p9_clunk(struct p9_call *c)
{
	struct p9_fid *f = p9_fid_get(c);

	if (!f)
		return -EBADF;
	p9_fid_free(c->p9, f);
	return 0;
}

/* Answers come in order: what is to be flushed has been answered. */
static int p9_flush(struct p9_call *c)
{
	return 0;
}

/* ---- messages ---- */

static const struct { p9_fn *fn; bool changes; } messages[256] = {
	[P9_VERSION] = { p9_version, false },	[P9_ATTACH] = { p9_attach, false },
	[P9_WALK] = { p9_walk, false },		[P9_CLUNK] = { p9_clunk, false },
	[P9_FLUSH] = { p9_flush, false },	[P9_LOPEN] = { p9_lopen, false },
	[P9_LCREATE] = { p9_lcreate, true },	[P9_READ] = { p9_read, false },
	[P9_WRITE] = { p9_write, true },	[P9_READDIR] = { p9_readdir, false },
	[P9_FSYNC] = { p9_fsync, false },	[P9_LOCK] = { p9_lock, false },
	[P9_GETLOCK] = { p9_getlock, false },	[P9_GETATTR] = { p9_getattr, false },
	[P9_SETATTR] = { p9_setattr, true },	[P9_STATFS] = { p9_statfs, false },
	[P9_READLINK] = { p9_readlink, false },	[P9_SYMLINK] = { p9_symlink, true },
	[P9_MKNOD] = { p9_mknod, true },	[P9_MKDIR] = { p9_mkdir, true },
	[P9_LINK] = { p9_link, true },		[P9_RENAME] = { p9_rename, true },
	[P9_RENAMEAT] = { p9_renameat, true },	[P9_UNLINKAT] = { p9_unlinkat, true },
	[P9_REMOVE] = { p9_remove, false },	/* a clunk as well: checks for itself */
};

static void copy_in(const struct share_call *s, uint8_t *buf, uint32_t len)
{
	for (uint32_t i = 0; i < s->ins && len; i++) {
		uint32_t n = (uint32_t)MIN(s->in[i].len, (size_t)len);

		memcpy(buf, s->in[i].base, n);
		buf += n;
		len -= n;
	}
}

static void copy_out(const struct share_call *s, const uint8_t *buf, uint32_t len)
{
	for (uint32_t i = 0; i < s->outs && len; i++) {
		uint32_t n = (uint32_t)MIN(s->out[i].len, (size_t)len);

		memcpy(s->out[i].base, buf, n);
		buf += n;
		len -= n;
	}
}

/* The message is in p9->request. */
static int p9_dispatch(struct p9_call *c, uint8_t type)
{
	struct p9 *p9 = c->p9;

	if (c->size < P9_HEADER || c->size > c->share->in_len)
		return -EINVAL;
	if (c->size > (p9->msize ? p9->msize : P9_MSIZE_MIN) || (type != P9_WRITE && c->size > P9_SMALL))
		return -EMSGSIZE;
	if (!messages[type].fn)
		return -EOPNOTSUPP;
	if (!p9->msize && type != P9_VERSION)
		return -EINVAL;
	if (messages[type].changes && p9->read_only)
		return -EROFS;
	return messages[type].fn(c);
}

static void p9_answer(struct p9 *p9, struct share_call *s)
{
	struct p9_call c = { .p9 = p9, .share = s };
	uint32_t copied = MIN(s->in_len, P9_SMALL), len;
	struct p9_in head = { p9->request, p9->request + copied, false };
	uint16_t tag;
	uint8_t type;
	int err;

	copy_in(s, p9->request, copied);
	c.size = (uint32_t)p9_get(&head, 4);
	type = (uint8_t)p9_get(&head, 1);
	tag = (uint16_t)p9_get(&head, 2);
	if (head.bad)
		tag = P9_NOTAG;
	c.room = MIN(s->out_len, p9->msize ? p9->msize : P9_MSIZE_MIN);
	c.in = (struct p9_in){ head.p, p9->request + MIN(c.size, copied), head.bad };
	c.out = (struct p9_out){ p9->reply + P9_HEADER, p9->reply + MIN(c.room, P9_REPLY_MAX), false };
	s->written = 0;
	if (c.room < P9_HEADER)
		return;
	err = p9_dispatch(&c, type);
	if (!err && (c.out.full || c.in.bad))
		err = c.in.bad ? -EINVAL : -EMSGSIZE;
	if (err) {
		type = P9_LERROR;
		c.data = 0;
		c.out = (struct p9_out){ p9->reply + P9_HEADER, p9->reply + MIN(c.room, P9_REPLY_MAX), false };
		p9_put(&c.out, 4, (uint32_t)-err);
		if (c.out.full)
			return;
	}
	len = (uint32_t)(c.out.p - p9->reply);
	c.out.p = p9->reply;
	p9_put(&c.out, 4, len + c.data);
	p9_put(&c.out, 1, (uint8_t)(type + 1));
	p9_put(&c.out, 2, tag);
	copy_out(s, p9->reply, len);
	s->written = len + c.data;
}

static void p9_job(struct pool_job *j)
{
	struct p9_room *room = container_of(j, struct p9_room, job);
	struct share_call *s = container_of((void *)room, struct share_call, room);

	p9_answer(room->p9, s);
	s->done(s);
}

static void share_submit(struct share *share, struct share_call *s)
{
	struct p9_room *room = (void *)s->room;

	*room = (struct p9_room){ .job.fn = p9_job, .p9 = container_of(share, struct p9, share) };
	pool_submit(room->p9->pool, &room->job);
}

static void share_destroy(struct share *share)
{
	struct p9 *p9 = container_of(share, struct p9, share);

	if (p9->pool)
		pool_free(p9->pool);
	fids_free(p9);
	if (p9->root_fd >= 0)
		close(p9->root_fd);
	if (p9->proc_fd >= 0)
		close(p9->proc_fd);
	free(p9);
}

static const struct share_ops p9_ops = { .submit = share_submit, .destroy = share_destroy };

/* A part of the descriptors that this process may have: the guest must not take all. */
static uint32_t files_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l))
		return 256;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	getrlimit(RLIMIT_NOFILE, &l);
	return (uint32_t)MIN(l.rlim_cur / 4, (rlim_t)P9_FIDS);
}

int share_p9_open(const char *dir, const char *tag, bool read_only, struct share **out)
{
	struct p9 *p9;
	int err = 0;

	if (!tag[0] || strlen(tag) > SHARE_TAG_MAX)
		return -ENAMETOOLONG;
	p9 = calloc(1, sizeof(*p9));
	if (!p9)
		return -ENOMEM;
	snprintf(p9->share.tag, sizeof(p9->share.tag), "%s", tag);
	p9->share.ops = &p9_ops;
	p9->read_only = read_only;
	p9->privileged = !geteuid();
	p9->max_files = files_limit();
	p9->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	p9->root_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p9->root_fd < 0 || p9->proc_fd < 0)
		err = -errno;
	if (!err)
		err = pool_new(P9_THREADS, "share", &p9->pool);
	if (err) {
		share_destroy(&p9->share);
		return err;
	}
	*out = &p9->share;
	return 0;
}

void share_close(struct share *s)
{
	if (s)
		s->ops->destroy(s);
}
