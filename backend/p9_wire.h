/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 9P messages as bytes: little-endian numbers, strings with a length of two bytes and no NUL. Both ends remember when they
 * ran over, and then give zeroes and take nothing: it is checked once, after the last field.
 */
#ifndef BACKEND_P9_WIRE_H
#define BACKEND_P9_WIRE_H

#include <string.h>
#include "base/types.h"

enum p9_type {		/* requests; the answer's number is one more */
	P9_LERROR = 6, P9_STATFS = 8, P9_LOPEN = 12, P9_LCREATE = 14, P9_SYMLINK = 16, P9_MKNOD = 18, P9_RENAME = 20,
	P9_READLINK = 22, P9_GETATTR = 24, P9_SETATTR = 26, P9_XATTRWALK = 30, P9_XATTRCREATE = 32, P9_READDIR = 40,
	P9_FSYNC = 50, P9_LOCK = 52, P9_GETLOCK = 54, P9_LINK = 70, P9_MKDIR = 72, P9_RENAMEAT = 74, P9_UNLINKAT = 76,
	P9_VERSION = 100, P9_AUTH = 102, P9_ATTACH = 104, P9_FLUSH = 108, P9_WALK = 110, P9_READ = 116, P9_WRITE = 118,
	P9_CLUNK = 120, P9_REMOVE = 122,
};

#define P9_HEADER	7u		/* size[4] type[1] tag[2] */
#define P9_NOFID	0xffffffffu
#define P9_NOTAG	0xffffu
#define P9_NAME_MAX	255u

struct p9_in {
	const uint8_t *p, *end;
	bool bad;
};

struct p9_out {
	uint8_t *p, *end;
	bool full;
};

static inline uint64_t p9_get(struct p9_in *in, unsigned bytes)
{
	uint64_t v = 0;

	if ((size_t)(in->end - in->p) < bytes) {
		in->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)*in->p++ << 8 * i;
	return v;
}

/* Into buf, of max bytes and the NUL. Longer ones, and those with a NUL inside, are bad. */
static inline void p9_get_string(struct p9_in *in, char *buf, size_t max)
{
	size_t len = p9_get(in, 2);

	buf[0] = 0;
	if ((size_t)(in->end - in->p) < len || len > max || memchr(in->p, 0, len)) {
		in->bad = true;
		return;
	}
	memcpy(buf, in->p, len);
	buf[len] = 0;
	in->p += len;
}

static inline void p9_put(struct p9_out *out, unsigned bytes, uint64_t v)
{
	if ((size_t)(out->end - out->p) < bytes) {
		out->full = true;
		return;
	}
	for (unsigned i = 0; i < bytes; i++)
		*out->p++ = (uint8_t)(v >> 8 * i);
}

static inline void p9_put_string(struct p9_out *out, const char *s)
{
	size_t len = strlen(s);

	if (len > 0xffff || (size_t)(out->end - out->p) < len + 2) {
		out->full = true;
		return;
	}
	p9_put(out, 2, len);
	memcpy(out->p, s, len);
	out->p += len;
}

#endif
