/* SPDX-License-Identifier: BSD-2-Clause */
/* See scan.h. Every read is bounded by `end`. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/scan.h"

int scan_fail(struct scan *p, const char *format, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	return ctl_fail(p->e, -EINVAL, "configuration %s:%u: %s", p->file, p->line, what);
}

bool scan_more(const struct scan *p)
{
	return p->at < p->end;
}

bool scan_take(struct scan *p, char c)
{
	if (!scan_more(p) || *p->at != c)
		return false;
	p->at++;
	return true;
}

/* White space; with `lines`, ends of lines and comments too. */
void scan_skip(struct scan *p, bool lines)
{
	while (scan_more(p)) {
		char c = *p->at;

		if (lines && c == '\n')
			p->line++;
		else if (lines && c == '#' && !p->json)
			while (p->at + 1 < p->end && p->at[1] != '\n')
				p->at++;
		else if (c != ' ' && c != '\t' && c != '\r')
			return;
		p->at++;
	}
}

static int hex4(struct scan *p, unsigned digits, uint32_t *v)
{
	*v = 0;
	while (digits--) {
		char c = scan_more(p) ? *p->at++ : 0;

		if (c >= '0' && c <= '9')
			*v = *v << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			*v = *v << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else
			return scan_fail(p, "a \\u escape needs hexadecimal digits");
	}
	return 0;
}

/* Appends code point v as UTF-8. */
static unsigned put_utf8(char *out, uint32_t v)
{
	if (v < 0x80) {
		out[0] = (char)v;
		return 1;
	}
	if (v < 0x800) {
		out[0] = (char)(0xc0 | v >> 6);
		out[1] = (char)(0x80 | (v & 0x3f));
		return 2;
	}
	if (v < 0x10000) {
		out[0] = (char)(0xe0 | v >> 12);
		out[1] = (char)(0x80 | (v >> 6 & 0x3f));
		out[2] = (char)(0x80 | (v & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | v >> 18);
	out[1] = (char)(0x80 | (v >> 12 & 0x3f));
	out[2] = (char)(0x80 | (v >> 6 & 0x3f));
	out[3] = (char)(0x80 | (v & 0x3f));
	return 4;
}

static int parse_escape(struct scan *p, size_t *n)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	char c = scan_more(p) ? *p->at++ : 0;
	const char *known = c ? strchr(names, c) : NULL;
	uint32_t v, low;
	int err;

	if (known) {
		p->buf[(*n)++] = values[known - names];
		return 0;
	}
	if (c != 'u' && c != 'U')
		return scan_fail(p, "an unknown escape after '\\' in a string");
	err = hex4(p, c == 'u' ? 4 : 8, &v);
	if (err)
		return err;
	if (p->json && v >= 0xd800 && v < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u') {
		p->at += 2;
		err = hex4(p, 4, &low);
		if (err)
			return err;
		v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
	}
	if (!v || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return scan_fail(p, "a \\u escape that is no character");
	*n += put_utf8(p->buf + *n, v);
	return 0;
}

int scan_string(struct scan *p)
{
	char quote = *p->at++;
	size_t n = 0;
	int err;

	for (;;) {
		char c = scan_more(p) ? *p->at : '\n';

		if (n + 4 > SCAN_STRING_MAX)
			return scan_fail(p, "a string of more than 64 KiB");
		if (c == '\n' || !c)
			return scan_fail(p, "a string without its closing quote on this line");
		p->at++;
		if (c == quote)
			break;
		if (c == '\\' && quote == '"') {
			err = parse_escape(p, &n);
			if (err)
				return err;
		} else {
			p->buf[n++] = c;
		}
	}
	p->buf[n] = 0;
	return 0;
}

/* A bare key, number, true or false. */
int scan_bare(struct scan *p)
{
	size_t n = 0;

	while (scan_more(p) && n < 64) {
		char c = *p->at;

		if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || strchr("-_+.", c)) || !c)
			break;
		p->buf[n++] = c;
		p->at++;
	}
	p->buf[n] = 0;
	return n ? 0 : scan_fail(p, "a key or a value is missing");
}

int scan_word(struct scan *p)
{
	if (scan_more(p) && (*p->at == '"' || (*p->at == '\'' && !p->json)))
		return scan_string(p);
	return scan_bare(p);
}

int scan_list(struct scan *p, int (*item)(void *arg), void *arg)
{
	int err;

	for (;;) {
		scan_skip(p, true);
		if (scan_take(p, ']'))
			return 0;
		err = item(arg);
		if (err)
			return err;
		scan_skip(p, true);
		if (scan_take(p, ']'))
			return 0;
		if (!scan_take(p, ','))
			return scan_fail(p, "a list wants ',' or ']' here");
	}
}
