/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A share served by 9P2000.L, between the files that do so: p9.c (sessions, fids, dispatch), p9_node.c (names and the objects
 * under them), p9_walk.c, p9_file.c (what is in files and directories), p9_tree.c (changes of the tree), p9_attr.c.
 *
 * Confinement. A node is an object that a fid has reached, held by an O_PATH descriptor; the first is the shared directory.
 * From a node only single names lead on, without '/', "." or "..", opened without following a symbolic link that the name
 * may be; ".." goes back to the node it came from, and the root's is the root. So there is no way out of the directory, whatever
 * anybody renames meanwhile. Symbolic links are read and never followed. Objects are opened for data only if they are regular
 * files or directories: no device's or FIFO's open ever runs.
 *
 * One thread does all of it, the share's own: nothing here is locked.
 */
#ifndef BACKEND_P9_H
#define BACKEND_P9_H

#include <sys/stat.h>
#include "backend/p9_wire.h"
#include "backend/share.h"
#include "os/pool.h"

#define P9_MSIZE_MAX	(512u * 1024)
#define P9_MSIZE_MIN	4096u
#define P9_SMALL	(16u * 1024)	/* every request fits, but for what is written */
#define P9_REPLY_MAX	(64u * 1024)	/* every answer fits, but for what is read */
#define P9_FIDS		65536u
#define P9_BUCKETS	1024u

struct p9_node {
	struct p9_node *parent;		/* NULL: the root, or its name is not known */
	uint32_t refs;
	int fd;				/* O_PATH */
	mode_t kind;			/* S_IFMT of it */
	dev_t dev;
	ino_t ino;
	char name[P9_NAME_MAX + 1];	/* in parent, when last seen */
};

struct p9_fid {
	struct p9_fid *next;
	uint32_t id, uid;		/* uid: who attached */
	struct p9_node *node;
	int fd;				/* open for data, or -1 */
	bool can_read, can_write;
};

struct p9 {
	struct share share;
	struct pool *pool;
	bool read_only, privileged;
	int root_fd, proc_fd;
	uint32_t msize;			/* 0: no session */
	uint32_t fids, files, max_files;
	struct p9_fid *bucket[P9_BUCKETS];
	uint8_t request[P9_SMALL], reply[P9_REPLY_MAX];
};

struct p9_call {			/* one message */
	struct p9 *p9;
	struct share_call *share;
	uint32_t size;			/* of the request, as its header says */
	uint32_t room;			/* for the answer: what fits in both out and msize */
	uint32_t data;			/* bytes of payload behind what `out` holds, already in the guest's buffers */
	struct p9_in in;
	struct p9_out out;
};

/* Functions answer 0, with the fields behind the header in c->out; or a negative errno, which becomes an Rlerror. */
typedef int p9_fn(struct p9_call *c);
p9_fn p9_walk, p9_lopen, p9_lcreate, p9_read, p9_write, p9_readdir, p9_fsync, p9_lock, p9_getlock;
p9_fn p9_getattr, p9_setattr, p9_statfs, p9_readlink;
p9_fn p9_symlink, p9_mknod, p9_mkdir, p9_link, p9_rename, p9_renameat, p9_unlinkat, p9_remove;

struct p9_fid *p9_fid_find(struct p9 *p9, uint32_t id);		/* or NULL */
struct p9_fid *p9_fid_get(struct p9_call *c);			/* by the next field of the request */
int p9_fid_new(struct p9 *p9, uint32_t id, uint32_t uid, struct p9_node *n, struct p9_fid **out);	/* takes a reference */
void p9_fid_free(struct p9 *p9, struct p9_fid *f);
int p9_fid_dir(struct p9_call *c, struct p9_fid **f);		/* the next field, which must be a directory */

/* p9_node.c */
int p9_node_root(struct p9 *p9, struct p9_node **out);
int p9_node_child(struct p9 *p9, struct p9_node *dir, const char *name, struct p9_node **out);	/* ".." too */
void p9_node_ref(struct p9_node *n);
void p9_node_unref(struct p9 *p9, struct p9_node *n);
/* It has a new parent. Nodes know only of such moves: one that still believes to be above its own is left without a name. */
void p9_node_move(struct p9 *p9, struct p9_node *n, struct p9_node *parent);
int p9_node_stat(const struct p9_node *n, struct stat *st);
/* Opens a regular file or directory for data. -EACCES: it is neither. The caller owns the descriptor and the count. */
int p9_node_open(struct p9 *p9, const struct p9_node *n, int flags);
/* Whether `name` in the node's parent is still this object; -ENOENT if not, or if it has no name. */
int p9_node_named(const struct p9_node *n);
/* Path of the object for calls that know no descriptors: relative to p9->proc_fd, to be followed. */
const char *p9_node_proc(const struct p9_node *n, char buf[16]);
int p9_name_get(struct p9_call *c, char name[P9_NAME_MAX + 1]);	/* the next field: a single name that can be made */
bool p9_file_take(struct p9 *p9);				/* one more descriptor; false: too many */
void p9_file_give(struct p9 *p9, int fd);			/* closes it */
void p9_qid_put(struct p9_out *out, const struct stat *st);
int p9_qid_node(struct p9_out *out, const struct p9_node *n);
/* Bytes [offset, offset + len) of vectors as iovecs; at most max of these. Returns how many. */
struct iovec;
int p9_iovec(const struct block_vec *v, uint32_t n, uint32_t offset, uint32_t len, struct iovec *iov, int max);

#endif
