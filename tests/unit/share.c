/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shared directory by 9P2000.L (backend/p9*.c): what a client of good will gets, and what one of bad will does not. Long because
 * there is a case for each message, and the client that speaks them is here too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/deny.h"
#include "tests/unit/p9_client.h"

#define ROOT	1u
#define NONE	P9_NOFID
#define ALL	0x7ffull

struct fixture {
	struct client c;
	char top[32], dir[48];		/* dir is what is shared, inside top */
};

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static const char *at(const struct fixture *f, const char *name)
{
	static char path[2][300];
	static unsigned i;

	i = !i;
	snprintf(path[i], sizeof(path[i]), "%s/%s", f->dir, name);
	return path[i];
}

static bool exists(const struct fixture *f, const char *name)
{
	struct stat st;

	return !lstat(at(f, name), &st);
}

static int open_share(struct fixture *f, bool read_only)
{
	strcpy(f->top, "/tmp/cella-share-XXXXXX");
	assert_non_null(mkdtemp(f->top));
	snprintf(f->dir, sizeof(f->dir), "%s/in", f->top);
	assert_int_equal(mkdir(f->dir, 0755), 0);
	put_file(f->top, "secret", "outside");
	put_file(f->dir, "file", "contents");
	assert_int_equal(mkdir(at(f, "sub"), 0755), 0);
	put_file(at(f, "sub"), "deep", "down");
	assert_int_equal(symlink("../secret", at(f, "link")), 0);
	assert_int_equal(symlink("..", at(f, "up")), 0);
	assert_int_equal(mkfifo(at(f, "fifo"), 0666), 0);
	assert_int_equal(share_p9_open(f->dir, "t", read_only, &f->c.share), 0);
	assert_int_equal(client_call(&f->c, P9_VERSION, "ds", 262144, "9P2000.L"), 0);
	assert_int_equal(client_call(&f->c, P9_ATTACH, "ddssd", ROOT, NONE, "u", "", geteuid()), 0);
	return 0;
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return open_share(*state, false);
}

static int set_up_ro(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return open_share(*state, true);
}

/* From here on this process is on a kernel without openat2. */
static int set_up_old(void **state)
{
	assert_int_equal(deny_syscall(SYS_openat2, ENOSYS), 0);
	assert_true(syscall(SYS_openat2, 0, NULL, NULL, 0) == -1 && errno == ENOSYS);
	return set_up(state);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char cmd[64];

	share_close(f->c.share);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", f->top);
	assert_int_equal(system(cmd), 0);
	free(f);
	return 0;
}

static uint32_t walk(struct client *c, uint32_t from, uint32_t to, const char *name)
{
	return client_call(c, P9_WALK, "ddws", from, to, 1, name);
}

static uint32_t clunk(struct client *c, uint32_t fid)
{
	return client_call(c, P9_CLUNK, "d", fid);
}

static uint32_t read_all(struct client *c, uint32_t fid, uint64_t offset, uint32_t count, char *text)
{
	uint32_t n;

	if (client_call(c, P9_READ, "dqd", fid, offset, count))
		return ~0u;
	n = (uint32_t)p9_get(&c->got, 4);
	assert_int_equal(c->got.end - c->got.p, n);
	memcpy(text, c->got.p, MIN(n, 200u));
	text[MIN(n, 200u)] = 0;
	return n;
}

static uint32_t write_text(struct client *c, uint32_t fid, uint64_t offset, uint32_t count, const char *text)
{
	client_begin(c, P9_WRITE);
	p9_put(&c->msg, 4, fid);
	p9_put(&c->msg, 8, offset);
	p9_put(&c->msg, 4, count);
	memcpy(c->msg.p, text, strlen(text));
	c->msg.p += strlen(text);
	return client_end(c);
}

/* ---- good will ---- */

static void file_is_read_from_any_offset(void **state)
{
	struct client *c = &((struct fixture *)*state)->c;
	char text[201];

	assert_int_equal(walk(c, ROOT, 2, "file"), 0);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 0), 0);
	assert_int_equal(read_all(c, 2, 0, 1000, text), 8);
	assert_string_equal(text, "contents");
	assert_int_equal(read_all(c, 2, 3, 2, text), 2);
	assert_string_equal(text, "te");
	assert_int_equal(read_all(c, 2, 8, 10, text), 0);
	assert_int_equal(write_text(c, 2, 0, 1, "x"), EBADF);
	assert_int_equal(clunk(c, 2), 0);
	assert_int_equal(clunk(c, 2), EBADF);
}

static void file_is_made_written_shortened_and_removed(void **state)
{
	struct fixture *f = *state;
	struct client *c = &f->c;
	struct stat st;
	char text[201];

	assert_int_equal(client_call(c, P9_WALK, "ddw", ROOT, 2, 0), 0);
	assert_int_equal(client_call(c, P9_LCREATE, "dsddd", 2, "new", 2, 0604, getegid()), 0);
	assert_int_equal(write_text(c, 2, 0, 5, "hello"), 0);
	assert_int_equal(p9_get(&c->got, 4), 5);
	assert_int_equal(read_all(c, 2, 1, 100, text), 4);
	assert_string_equal(text, "ello");
	assert_int_equal(client_call(c, P9_SETATTR, "ddddd" "qqqqq", 2, 8, 0, 0, 0, 2ull, 0ull, 0ull, 0ull, 0ull), 0);
	assert_int_equal(client_call(c, P9_FSYNC, "dd", 2, 0), 0);
	assert_int_equal(stat(at(f, "new"), &st), 0);
	assert_int_equal(st.st_size, 2);
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(client_call(c, P9_LCREATE, "dsddd", 2, "again", 2, 0600, getegid()), ENOTDIR);
	assert_int_equal(client_call(c, P9_REMOVE, "d", 2), 0);
	assert_false(exists(f, "new"));
	assert_int_equal(clunk(c, 2), EBADF);
}

static void tree_is_changed(void **state)
{
	struct fixture *f = *state;
	struct client *c = &f->c;

	assert_int_equal(client_call(c, P9_MKDIR, "dsdd", ROOT, "dir", 01750, getegid()), 0);
	assert_int_equal(walk(c, ROOT, 2, "dir"), 0);
	assert_int_equal(client_call(c, P9_RENAMEAT, "dsds", ROOT, "file", 2, "moved"), 0);
	assert_int_equal(walk(c, 2, 3, "moved"), 0);
	assert_int_equal(client_call(c, P9_LINK, "dds", ROOT, 3, "hard"), 0);
	assert_int_equal(client_call(c, P9_RENAME, "dds", 3, ROOT, "back"), 0);
	assert_int_equal(client_call(c, P9_RENAME, "dds", 3, 2, "there"), 0);
	assert_true(exists(f, "dir/there") && exists(f, "hard") && !exists(f, "back"));
	assert_int_equal(client_call(c, P9_SYMLINK, "dssd", 2, "s", "/etc/passwd", getegid()), 0);
	assert_int_equal(walk(c, 2, 4, "s"), 0);
	assert_int_equal(client_call(c, P9_READLINK, "d", 4), 0);
	assert_memory_equal(c->got.p, "\x0b\0/etc/passwd", 13);
	assert_int_equal(client_call(c, P9_UNLINKAT, "dsd", 2, "s", 0), 0);
	assert_int_equal(client_call(c, P9_UNLINKAT, "dsd", ROOT, "dir", 0), EISDIR);
	assert_int_equal(client_call(c, P9_UNLINKAT, "dsd", ROOT, "dir", 0x200), ENOTEMPTY);
	assert_int_equal(client_call(c, P9_REMOVE, "d", 3), 0);
	assert_int_equal(client_call(c, P9_UNLINKAT, "dsd", ROOT, "dir", 0x200), 0);
	assert_int_equal(client_call(c, P9_MKNOD, "dsdddd", ROOT, "pipe", S_IFIFO | 0640, 0, 0, getegid()), 0);
	assert_true(exists(f, "pipe"));
}

static void attributes_are_read_and_set(void **state)
{
	struct fixture *f = *state;
	struct client *c = &f->c;
	struct stat st;

	assert_int_equal(walk(c, ROOT, 2, "file"), 0);
	assert_int_equal(client_call(c, P9_SETATTR, "ddddd" "qqqqq", 2, 1 | 0x20 | 0x100, 0751, 0, 0, 0ull, 0ull, 0ull,
				     1000ull, 5ull), 0);
	assert_int_equal(stat(at(f, "file"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
	assert_int_equal(st.st_mtim.tv_sec, 1000);
	assert_int_equal(st.st_mtim.tv_nsec, 5);
	assert_int_equal(client_call(c, P9_GETATTR, "dq", 2, ALL), 0);
	assert_int_equal(p9_get(&c->got, 8), ALL);
	assert_int_equal(p9_get(&c->got, 1), 0);
	c->got.p += 12;
	assert_int_equal(p9_get(&c->got, 4), S_IFREG | 0751);
	c->got.p += 24;
	assert_int_equal(p9_get(&c->got, 8), 8);
	assert_int_equal(c->size, 7 + 153);
	assert_int_equal(client_call(c, P9_STATFS, "d", 2), 0);
	assert_int_equal(client_call(c, P9_SETATTR, "ddddd" "qqqqq", 2, 0x20 | 0x100, 0, 0, 0, 0ull, 0ull, 0ull, 0ull,
				     1000000000ull), EINVAL);
	assert_int_equal(client_call(c, P9_SETATTR, "ddddd" "qqqqq", 2, 8, 0, 0, 0, ~0ull, 0ull, 0ull, 0ull, 0ull), EFBIG);
}

/* All names, once, however small the answers are. */
static unsigned list(struct client *c, uint32_t count, char names[][256])
{
	uint64_t offset = 0;
	unsigned n = 0;

	for (;;) {
		const uint8_t *end;
		uint32_t len;

		assert_int_equal(client_call(c, P9_READDIR, "dqd", 2, offset, count), 0);
		len = (uint32_t)p9_get(&c->got, 4);
		assert_true(len <= count);
		end = c->got.p + len;
		assert_ptr_equal(end, c->got.end);
		if (!len)
			return n;
		while (c->got.p < end) {
			c->got.p += 13;
			offset = p9_get(&c->got, 8);
			p9_get(&c->got, 1);
			p9_get_string(&c->got, names[n++], 255);
		}
		assert_false(c->got.bad);
	}
}

static void directory_is_listed_in_pieces(void **state)
{
	struct fixture *f = *state;
	static char names[400][256];
	struct client *c = &f->c;

	for (unsigned i = 0; i < 300; i++) {
		char name[16];

		snprintf(name, sizeof(name), "entry-%u", i);
		put_file(at(f, "sub"), name, "");
	}
	assert_int_equal(walk(c, ROOT, 2, "sub"), 0);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 0200000), 0);
	assert_int_equal(list(c, 8000, names), 303);
	assert_int_equal(list(c, 60, names), 303);
	assert_int_equal(client_call(c, P9_READDIR, "dqd", 2, 0ull, 10), EINVAL);
	assert_int_equal(client_call(c, P9_READDIR, "dqd", 2, ~0ull, 1000), EINVAL);
	assert_int_equal(client_call(c, P9_READ, "dqd", 2, 0ull, 100), EISDIR);
}

static void walk_goes_as_far_as_it_can(void **state)
{
	struct client *c = &((struct fixture *)*state)->c;

	assert_int_equal(client_call(c, P9_WALK, "ddwss", ROOT, 2, 2, "sub", "deep"), 0);
	assert_int_equal(p9_get(&c->got, 2), 2);
	assert_int_equal(client_call(c, P9_WALK, "ddwss", ROOT, 3, 2, "sub", "nothing"), 0);
	assert_int_equal(p9_get(&c->got, 2), 1);
	assert_int_equal(clunk(c, 3), EBADF);
	assert_int_equal(client_call(c, P9_WALK, "ddwss", ROOT, 3, 2, "nothing", "deep"), ENOENT);
	assert_int_equal(walk(c, 2, 3, ".."), ENOTDIR);
	assert_int_equal(walk(c, ROOT, 3, "sub"), 0);
	assert_int_equal(walk(c, 3, 3, "deep"), 0);		/* the fid itself moves */
	assert_int_equal(client_call(c, P9_READLINK, "d", 3), EINVAL);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 0), 0);
	assert_int_equal(client_call(c, P9_WALK, "ddw", 2, 2, 0), EINVAL);
}

static void locks_are_granted_and_extended_attributes_are_not(void **state)
{
	struct client *c = &((struct fixture *)*state)->c;

	assert_int_equal(walk(c, ROOT, 2, "file"), 0);
	assert_int_equal(client_call(c, P9_LOCK, "dbdqqds", 2, 1, 0, 0ull, 0ull, 5, "c"), EBADF);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 0), 0);
	assert_int_equal(client_call(c, P9_LOCK, "dbdqqds", 2, 1, 0, 0ull, 0ull, 5, "c"), 0);
	assert_int_equal(p9_get(&c->got, 1), 0);
	assert_int_equal(client_call(c, P9_GETLOCK, "dbqqds", 2, 1, 3ull, 4ull, 5, "c"), 0);
	assert_int_equal(p9_get(&c->got, 1), 2);
	assert_int_equal(client_call(c, P9_XATTRWALK, "dds", 2, 3, "user.a"), EOPNOTSUPP);
	assert_int_equal(client_call(c, P9_XATTRCREATE, "dsqd", 2, "user.a", 1ull, 0), EOPNOTSUPP);
	assert_int_equal(client_call(c, P9_AUTH, "dssd", 3, "u", "", 0), EOPNOTSUPP);
	assert_int_equal(client_call(c, P9_FLUSH, "w", 3), 0);
}

static void file_that_was_unlinked_while_open_is_still_written(void **state)
{
	struct fixture *f = *state;
	struct client *c = &f->c;
	char text[201];

	assert_int_equal(walk(c, ROOT, 2, "file"), 0);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 2), 0);
	assert_int_equal(client_call(c, P9_UNLINKAT, "dsd", ROOT, "file", 0), 0);
	assert_int_equal(write_text(c, 2, 0, 3, "CON"), 0);
	assert_int_equal(read_all(c, 2, 0, 100, text), 8);
	assert_string_equal(text, "CONtents");
	put_file(f->dir, "file", "another");
	assert_int_equal(client_call(c, P9_REMOVE, "d", 2), ENOENT);
	assert_true(exists(f, "file"));
}

/* ---- bad will ---- */

static const char *const bad_names[] = { "", ".", "..", "/", "a/b", "/etc", "../secret", "sub/../../secret", "a/" };

static void names_with_slashes_and_dots_are_refused(void **state)
{
	struct fixture *f = *state;
	struct client *c = &f->c;

	for (unsigned i = 0; i < ARRAY_SIZE(bad_names); i++) {
		const char *n = bad_names[i];

		if (strcmp(n, ".."))
			assert_int_equal(walk(c, ROOT, 2, n), EINVAL);
		assert_int_equal(client_call(c, P9_LCREATE, "dsddd", ROOT, n, 1, 0600, 0), EINVAL);
		assert_int_equal(client_call(c, P9_MKDIR, "dsdd", ROOT, n, 0700, 0), EINVAL);
		assert_int_equal(client_call(c, P9_SYMLINK, "dssd", ROOT, n, "x", 0), EINVAL);
		assert_int_equal(client_call(c, P9_MKNOD, "dsdddd", ROOT, n, S_IFREG | 0600, 0, 0, 0), EINVAL);
		assert_int_equal(client_call(c, P9_LINK, "dds", ROOT, ROOT, n), EINVAL);
		assert_int_equal(client_call(c, P9_RENAME, "dds", ROOT, ROOT, n), EINVAL);
		assert_int_equal(client_call(c, P9_RENAMEAT, "dsds", ROOT, n, ROOT, "x"), EINVAL);
		assert_int_equal(client_call(c, P9_RENAMEAT, "dsds", ROOT, "file", ROOT, n), EINVAL);
		assert_int_equal(client_call(c, P9_UNLINKAT, "dsd", ROOT, n, 0), EINVAL);
	}
	client_begin(c, P9_WALK);
	p9_put(&c->msg, 4, ROOT);
	p9_put(&c->msg, 4, 2);
	p9_put(&c->msg, 2, 1);
	p9_put(&c->msg, 2, 6);
	for (unsigned i = 0; i < 6; i++)
		p9_put(&c->msg, 1, (uint8_t)"file\0x"[i]);
	assert_int_equal(client_end(c), EINVAL);
	assert_true(exists(f, "file"));
}

static uint64_t qid_path(struct client *c, uint32_t fid)
{
	assert_int_equal(client_call(c, P9_GETATTR, "dq", fid, ALL), 0);
	c->got.p += 13;
	return p9_get(&c->got, 8);
}

static void parent_of_the_root_is_the_root(void **state)
{
	struct client *c = &((struct fixture *)*state)->c;
	uint64_t root = qid_path(c, ROOT);

	assert_int_equal(walk(c, ROOT, 2, ".."), 0);
	assert_true(qid_path(c, 2) == root);
	assert_int_equal(client_call(c, P9_WALK, "ddwssss", ROOT, 3, 4, "sub", "..", "..", ".."), 0);
	assert_true(qid_path(c, 3) == root);
	assert_int_equal(walk(c, 3, 4, "secret"), ENOENT);
	assert_int_equal(client_call(c, P9_REMOVE, "d", 2), ENOENT);
}

static void symbolic_links_are_never_followed(void **state)
{
	struct fixture *f = *state;
	struct client *c = &f->c;

	assert_int_equal(walk(c, ROOT, 2, "link"), 0);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 0), ELOOP);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 0200000), ENOTDIR);
	assert_int_equal(client_call(c, P9_SETATTR, "ddddd" "qqqqq", 2, 8, 0, 0, 0, 0ull, 0ull, 0ull, 0ull, 0ull), ELOOP);
	assert_int_equal(client_call(c, P9_SETATTR, "ddddd" "qqqqq", 2, 1, 0, 0, 0, 0ull, 0ull, 0ull, 0ull, 0ull), EOPNOTSUPP);
	assert_int_equal(walk(c, 2, 3, "x"), ENOTDIR);
	assert_int_equal(walk(c, ROOT, 3, "up"), 0);
	assert_int_equal(walk(c, 3, 4, "secret"), ENOTDIR);
	assert_int_equal(client_call(c, P9_MKDIR, "dsdd", 3, "d", 0700, 0), ENOTDIR);
	assert_int_equal(client_call(c, P9_WALK, "ddw", ROOT, 5, 0), 0);
	assert_int_equal(client_call(c, P9_LCREATE, "dsddd", 5, "link", 01001, 0600, 0), EEXIST);
	/* A directory that was walked, and is a link out by now. */
	assert_int_equal(walk(c, ROOT, 6, "sub"), 0);
	assert_int_equal(rename(at(f, "sub"), at(f, "was")), 0);
	assert_int_equal(symlink("..", at(f, "sub")), 0);
	assert_int_equal(walk(c, 6, 7, "secret"), ENOENT);
	assert_int_equal(walk(c, 6, 7, "deep"), 0);
	assert_int_equal(access(f->top, F_OK), 0);
}

static void special_files_are_neither_opened_nor_made(void **state)
{
	struct client *c = &((struct fixture *)*state)->c;

	assert_int_equal(walk(c, ROOT, 2, "fifo"), 0);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 0), EACCES);
	assert_int_equal(client_call(c, P9_WALK, "ddw", ROOT, 3, 0), 0);
	assert_int_equal(client_call(c, P9_LCREATE, "dsddd", 3, "fifo", 1, 0600, 0), EEXIST);
	assert_int_equal(client_call(c, P9_MKNOD, "dsdddd", ROOT, "null", S_IFCHR | 0666, 1, 3, 0), EPERM);
	assert_int_equal(client_call(c, P9_MKNOD, "dsdddd", ROOT, "disk", S_IFBLK | 0666, 8, 0, 0), EPERM);
	assert_int_equal(client_call(c, P9_MKNOD, "dsdddd", ROOT, "what", 0170000, 8, 0, 0), EPERM);
}

static void read_only_share_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct client *c = &f->c;
	char text[201];

	assert_int_equal(walk(c, ROOT, 2, "file"), 0);
	for (unsigned flags = 1; flags < 3; flags++)
		assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, flags), EROFS);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 01000), EROFS);
	assert_int_equal(client_call(c, P9_SETATTR, "ddddd" "qqqqq", 2, 1, 0, 0, 0, 0ull, 0ull, 0ull, 0ull, 0ull), EROFS);
	assert_int_equal(client_call(c, P9_LCREATE, "dsddd", ROOT, "n", 0, 0600, 0), EROFS);
	assert_int_equal(client_call(c, P9_MKDIR, "dsdd", ROOT, "n", 0700, 0), EROFS);
	assert_int_equal(client_call(c, P9_SYMLINK, "dssd", ROOT, "n", "x", 0), EROFS);
	assert_int_equal(client_call(c, P9_MKNOD, "dsdddd", ROOT, "n", S_IFREG, 0, 0, 0), EROFS);
	assert_int_equal(client_call(c, P9_LINK, "dds", ROOT, 2, "n"), EROFS);
	assert_int_equal(client_call(c, P9_RENAME, "dds", 2, ROOT, "n"), EROFS);
	assert_int_equal(client_call(c, P9_RENAMEAT, "dsds", ROOT, "file", ROOT, "n"), EROFS);
	assert_int_equal(client_call(c, P9_UNLINKAT, "dsd", ROOT, "file", 0), EROFS);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 0), 0);
	assert_int_equal(write_text(c, 2, 0, 1, "x"), EROFS);
	assert_int_equal(read_all(c, 2, 0, 100, text), 8);
	assert_int_equal(client_call(c, P9_REMOVE, "d", 2), EROFS);
	assert_true(exists(f, "file") && !exists(f, "n"));
}

static void fids_are_checked(void **state)
{
	struct client *c = &((struct fixture *)*state)->c;

	assert_int_equal(client_call(c, P9_ATTACH, "ddssd", ROOT, NONE, "u", "", 0), EINVAL);
	assert_int_equal(client_call(c, P9_ATTACH, "ddssd", NONE, NONE, "u", "", 0), EINVAL);
	assert_int_equal(client_call(c, P9_ATTACH, "ddssd", 9, 8, "u", "", 0), EOPNOTSUPP);
	assert_int_equal(client_call(c, P9_ATTACH, "ddssd", 9, NONE, "u", "/etc", 0), ENOENT);
	assert_int_equal(walk(c, ROOT, 2, "file"), 0);
	assert_int_equal(walk(c, ROOT, 2, "file"), EINVAL);
	assert_int_equal(walk(c, 55, 3, "file"), EBADF);
	assert_int_equal(client_call(c, P9_WALK, "ddw", ROOT, 3, 17), EINVAL);
	assert_int_equal(client_call(c, P9_READ, "dqd", 2, 0ull, 1), EBADF);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 3), EINVAL);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 2), 0);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 2), EINVAL);
	assert_int_equal(client_call(c, P9_READ, "dqd", 2, ~0ull, 1), EINVAL);
	assert_int_equal(client_call(c, P9_READ, "dqd", 2, (uint64_t)INT64_MAX, ~0u), EINVAL);
	assert_int_equal(write_text(c, 2, 0, 100, "only this"), EINVAL);
	assert_int_equal(write_text(c, 2, 0, ~0u, "only this"), EINVAL);
	/* A new session knows no fid of the last. */
	assert_int_equal(client_call(c, P9_VERSION, "ds", 8192, "9P2000.L"), 0);
	assert_int_equal(clunk(c, 2), EBADF);
	assert_int_equal(clunk(c, ROOT), EBADF);
}

static void descriptors_run_out_before_the_process_has_none(void **state)
{
	struct client *c = &((struct fixture *)*state)->c;
	uint32_t err = 0, i;
	char text[201];

	for (i = 100; i < 200000 && !err; i++)
		err = walk(c, ROOT, i, "file");
	assert_true(err == EMFILE || err == ENFILE);
	assert_true(fcntl(0, F_GETFD) >= 0 && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
	assert_int_equal(clunk(c, 100), 0);
	assert_int_equal(clunk(c, 101), 0);
	assert_int_equal(walk(c, ROOT, 100, "file"), 0);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 100, 0), 0);
	assert_int_equal(read_all(c, 100, 0, 10, text), 8);
}

static void messages_before_a_session_and_of_no_version_are_refused(void **state)
{
	struct client *c = &((struct fixture *)*state)->c;

	assert_int_equal(client_call(c, P9_VERSION, "ds", 4095, "9P2000.L"), EINVAL);
	assert_int_equal(client_call(c, P9_VERSION, "ds", 8192, "9P2000.u"), 0);
	assert_int_equal(p9_get(&c->got, 4), 8192);
	assert_memory_equal(c->got.p, "\x07\0unknown", 9);
	assert_int_equal(client_call(c, P9_ATTACH, "ddssd", ROOT, NONE, "u", "", 0), EINVAL);
	assert_int_equal(client_call(c, P9_VERSION, "ds", ~0u, "9P2000.L"), 0);
	assert_true(p9_get(&c->got, 4) <= 1 << 20);
}

static void sizes_that_lie_are_answered(void **state)
{
	struct client *c = &((struct fixture *)*state)->c;
	static const uint32_t sizes[] = { 0, 1, 6, 7, 8, 24, 1000, 0x7fffffff, ~0u };

	for (unsigned type = 0; type < 256; type++) {
		for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct p9_out size = { c->in, c->in + 4, false };

			memset(c->in, 0xff, 600);
			p9_put(&size, 4, sizes[i]);
			c->in[4] = (uint8_t)type;
			client_raw(c, i & 1 ? 24 : 7, 4000);
			assert_true(c->error || type == P9_FLUSH);
		}
	}
	for (unsigned in = 0; in < 7; in++) {
		client_raw(c, in, 100);
		assert_int_equal(c->error, EINVAL);
		assert_int_equal(c->tag, P9_NOTAG);
	}
}

static void answers_stay_in_their_room(void **state)
{
	struct client *c = &((struct fixture *)*state)->c;

	assert_int_equal(walk(c, ROOT, 2, "file"), 0);
	assert_int_equal(client_call(c, P9_LOPEN, "dd", 2, 0), 0);
	for (uint32_t room = 0; room < 40; room++) {
		struct p9_out size = { c->in, c->in + 4, false };

		client_begin(c, room & 1 ? P9_READ : P9_GETATTR);
		p9_put(&c->msg, 4, 2);
		p9_put(&c->msg, 8, 0);
		p9_put(&c->msg, 4, 1000);
		p9_put(&size, 4, (uint64_t)(c->msg.p - c->in));
		memset(c->out, 0xee, 100);
		client_raw(c, (uint32_t)(c->msg.p - c->in), room);
		for (uint32_t i = room; i < 100; i++)
			assert_int_equal(c->out[i], 0xee);
		assert_true(room >= 11 ? c->size >= 11 : !c->size);
	}
}

static void share_of_what_is_no_directory_fails(void **state)
{
	struct fixture *f = *state;
	struct share *s;

	assert_int_equal(share_p9_open(at(f, "file"), "t", false, &s), -ENOTDIR);
	assert_int_equal(share_p9_open(at(f, "nothing"), "t", false, &s), -ENOENT);
	assert_int_equal(share_p9_open(f->dir, "", false, &s), -ENAMETOOLONG);
}

#define OLD(t)	{ #t "_without_openat2", t, set_up_old, tear_down, NULL }
#define T(t)	cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(file_is_read_from_any_offset),
		T(file_is_made_written_shortened_and_removed),
		T(tree_is_changed),
		T(attributes_are_read_and_set),
		T(directory_is_listed_in_pieces),
		T(walk_goes_as_far_as_it_can),
		T(locks_are_granted_and_extended_attributes_are_not),
		T(file_that_was_unlinked_while_open_is_still_written),
		T(names_with_slashes_and_dots_are_refused),
		T(parent_of_the_root_is_the_root),
		T(symbolic_links_are_never_followed),
		T(special_files_are_neither_opened_nor_made),
		cmocka_unit_test_setup_teardown(read_only_share_changes_nothing, set_up_ro, tear_down),
		T(fids_are_checked),
		T(descriptors_run_out_before_the_process_has_none),
		T(messages_before_a_session_and_of_no_version_are_refused),
		T(sizes_that_lie_are_answered),
		T(answers_stay_in_their_room),
		T(share_of_what_is_no_directory_fails),
		OLD(symbolic_links_are_never_followed),
		OLD(names_with_slashes_and_dots_are_refused),
		OLD(parent_of_the_root_is_the_root),
		OLD(file_is_read_from_any_offset),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
