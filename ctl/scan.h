/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What readers of configuration files have in common: white space, comments, strings and bare words of TOML 1.0 and JSON (RFC
 * 8259), whose basic strings are the same. The text is anybody's.
 */
#ifndef CTL_SCAN_H
#define CTL_SCAN_H

#include "ctl/error.h"

#define SCAN_STRING_MAX	65536

struct scan {
	const char *at, *end, *file;
	unsigned line;
	bool json;
	struct ctl_error *e;
	char *buf;			/* the last string or word, SCAN_STRING_MAX + 1 bytes, the caller's */
};

/* -EINVAL, with file and line before the words. */
int scan_fail(struct scan *p, const char *format, ...) PRINTF_LIKE(2, 3);
bool scan_more(const struct scan *p);
bool scan_take(struct scan *p, char c);		/* c, if it comes next */
/* White space; with `lines`, ends of lines and comments too. */
void scan_skip(struct scan *p, bool lines);
/* Into buf: a string whose quote comes next; a bare key, number, true or false; either. */
int scan_string(struct scan *p);
int scan_bare(struct scan *p);
int scan_word(struct scan *p);
/* A list whose '[' has been taken; `item` reads a value. */
int scan_list(struct scan *p, int (*item)(void *arg), void *arg);

#endif
