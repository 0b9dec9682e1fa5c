/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 9P messages of any content to a share, after a few right ones: nothing crashes, every answer is whole and in its room, and a
 * canary beside the share stays as it is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/fuzz/input.h"
#include "tests/unit/p9_client.h"

#define CHECK(c) do { if (!(c)) { fprintf(stderr, "line %d: %s\n", __LINE__, #c); abort(); } } while (0)

static const uint8_t types[] = {
	P9_STATFS, P9_LOPEN, P9_LCREATE, P9_SYMLINK, P9_MKNOD, P9_RENAME, P9_READLINK, P9_GETATTR, P9_SETATTR, P9_XATTRWALK,
	P9_READDIR, P9_FSYNC, P9_LOCK, P9_GETLOCK, P9_LINK, P9_MKDIR, P9_RENAMEAT, P9_UNLINKAT, P9_VERSION, P9_ATTACH, P9_WALK,
	P9_READ, P9_WRITE, P9_CLUNK, P9_REMOVE, P9_WALK, P9_WALK, P9_LOPEN, P9_LCREATE, P9_READ, P9_WRITE, P9_FLUSH,
};

static const char *const names[] = { "a", "b", "d", "up", "..", ".", "", "../canary", "/", "canary" };

/* Fields by chance: numbers that are small, as fids are, or anything; names; raw bytes. */
static void field(struct client *c, struct input *in)
{
	uint8_t kind = (uint8_t)take(in, 1);

	switch (kind % 6) {
	case 0: case 1:
		p9_put(&c->msg, 4, kind >> 4);
		break;
	case 2:
		p9_put(&c->msg, 8, kind & 16 ? take(in, 8) : kind >> 5);
		break;
	case 3: case 4:
		p9_put_string(&c->msg, names[(kind >> 3) % ARRAY_SIZE(names)]);
		break;
	case 5:
		p9_put(&c->msg, kind >> 6 ? 2 : 4, take(in, kind >> 6 ? 2 : 4));
		break;
	}
}

static int canary(const char *top)
{
	char path[64], text[8] = "";
	int fd, ok;

	snprintf(path, sizeof(path), "%s/canary", top);
	fd = open(path, O_RDONLY | O_NOFOLLOW);
	ok = fd >= 0 && read(fd, text, sizeof(text)) == 4 && !memcmp(text, "sing", 4);
	if (fd >= 0)
		close(fd);
	return ok;
}

static void fresh(const char *top, char dir[64])
{
	char cmd[256];

	snprintf(dir, 64, "%s/in", top);
	snprintf(cmd, sizeof(cmd),
		 "chmod -R u+rwx %s; rm -rf %s; mkdir -p %s/d; ln -s .. %s/up; echo text >%s/a; printf sing >%s/canary",
		 top, dir, dir, dir, dir, top);
	CHECK(!system(cmd));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct client c;
	static char top[32], dir[64];
	static unsigned runs;
	struct input in = { data, size };

	if (!top[0]) {
		strcpy(top, "/tmp/cella-fuzz-XXXXXX");
		CHECK(mkdtemp(top));
	}
	if (!(runs++ % 2000)) {
		share_close(c.share);
		fresh(top, dir);
		CHECK(!share_p9_open(dir, "t", false, &c.share));
	}
	client_call(&c, P9_VERSION, "ds", 8192, "9P2000.L");
	client_call(&c, P9_ATTACH, "ddssd", 0, P9_NOFID, "u", "", 0);
	client_call(&c, P9_WALK, "ddws", 0, 1, 1, "a");
	client_call(&c, P9_WALK, "ddws", 0, 2, 1, "d");
	while (in.left) {
		uint8_t type = types[take(&in, 1) % ARRAY_SIZE(types)], fields = (uint8_t)take(&in, 1), lie = (uint8_t)take(&in, 1);
		uint32_t room = lie & 1 ? (uint32_t)take(&in, 1) : 8192;
		struct p9_out head = { c.in, c.in + 4, false };

		client_begin(&c, type);
		for (unsigned i = 0; i < fields % 9u; i++)
			field(&c, &in);
		p9_put(&head, 4, lie & 2 ? take(&in, 4) : (uint64_t)(c.msg.p - c.in));
		memset(c.out + room, 0xe7, 64);
		client_raw(&c, (uint32_t)(c.msg.p - c.in), room);
		for (unsigned i = 0; i < 64; i++)
			CHECK(c.out[room + i] == 0xe7);
		CHECK(room < 11 || c.size >= 7);
	}
	CHECK(canary(top));
	return 0;
}
