/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration files: the part of TOML 1.0 that a flat list of options needs (keys, strings, integers, booleans, arrays of
 * strings, comments), and JSON (RFC 8259) of the same shape when the text begins with '{'. Both share one value parser: a
 * JSON string is a TOML basic string. No C library in Debian reads TOML, and one for JSON alone would be a second
 * parser for the same values.
 *
 * The text is anybody's: every read is bounded by `end`, and depth is one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/options.h"

#define MAX_STRING	65536

struct parser {
	const char *at, *end, *file;
	unsigned line;
	bool json;
	struct run_options *o;
	struct ctl_error *e;
	char *buf;			/* the last key or value, MAX_STRING + 1 bytes */
};

static int parse_fail(struct parser *p, const char *what)
{
	return ctl_fail(p->e, -EINVAL, "configuration %s:%u: %s", p->file, p->line, what);
}

static bool more(const struct parser *p)
{
	return p->at < p->end;
}

static bool take(struct parser *p, char c)
{
	if (!more(p) || *p->at != c)
		return false;
	p->at++;
	return true;
}

/* White space; with `lines`, ends of lines and comments too. */
static void skip(struct parser *p, bool lines)
{
	while (more(p)) {
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

static int hex4(struct parser *p, unsigned digits, uint32_t *v)
{
	*v = 0;
	while (digits--) {
		char c = more(p) ? *p->at++ : 0;

		if (c >= '0' && c <= '9')
			*v = *v << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			*v = *v << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else
			return parse_fail(p, "a \\u escape needs hexadecimal digits");
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

static int parse_escape(struct parser *p, size_t *n)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	char c = more(p) ? *p->at++ : 0;
	const char *known = c ? strchr(names, c) : NULL;
	uint32_t v, low;
	int err;

	if (known) {
		p->buf[(*n)++] = values[known - names];
		return 0;
	}
	if (c != 'u' && c != 'U')
		return parse_fail(p, "an unknown escape after '\\' in a string");
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
		return parse_fail(p, "a \\u escape that is no character");
	*n += put_utf8(p->buf + *n, v);
	return 0;
}

static int parse_string(struct parser *p)
{
	char quote = *p->at++;
	size_t n = 0;
	int err;

	for (;;) {
		char c = more(p) ? *p->at : '\n';

		if (n + 4 > MAX_STRING)
			return parse_fail(p, "a string of more than 64 KiB");
		if (c == '\n' || !c)
			return parse_fail(p, "a string without its closing quote on this line");
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
static int parse_bare(struct parser *p)
{
	size_t n = 0;

	while (more(p) && n < 64) {
		char c = *p->at;

		if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || strchr("-_+.", c)) || !c)
			break;
		p->buf[n++] = c;
		p->at++;
	}
	p->buf[n] = 0;
	return n ? 0 : parse_fail(p, "a key or a value is missing");
}

static int parse_word(struct parser *p)
{
	if (more(p) && (*p->at == '"' || (*p->at == '\'' && !p->json)))
		return parse_string(p);
	return parse_bare(p);
}

static int set_value(struct parser *p, const struct option *opt)
{
	bool bare = more(p) && *p->at != '"' && *p->at != '\'';
	char where[320];
	int err = parse_word(p);

	if (err)
		return err;
	snprintf(where, sizeof(where), "configuration %.200s:%u: %s", p->file, p->line, opt->name);
	if (opt->type == OPTION_FLAG && !bare)
		return parse_fail(p, "write true or false, without quotes");
	if (bare && (opt->type == OPTION_STRING || opt->type == OPTION_LIST))
		return parse_fail(p, "write the value as a string, in quotes");
	if (bare) {	/* 1_000 is a number in TOML */
		char *to = p->buf;

		for (const char *from = p->buf; *from; from++)
			if (*from != '_' || p->json)
				*to++ = *from;
		*to = 0;
	}
	return run_option_set(p->o, opt, p->buf, where, p->e);
}

static int parse_array(struct parser *p, const struct option *opt)
{
	int err;

	if (opt->type != OPTION_LIST)
		return parse_fail(p, "this option takes one value, not a list");
	p->at++;
	for (;;) {
		skip(p, true);
		if (take(p, ']'))
			return 0;
		err = set_value(p, opt);
		if (err)
			return err;
		skip(p, true);
		if (take(p, ']'))
			return 0;
		if (!take(p, ','))
			return parse_fail(p, "a list wants ',' or ']' here");
	}
}

static int parse_pair(struct parser *p)
{
	const struct option *opt;
	int err = parse_word(p);

	if (err)
		return err;
	opt = run_option_find(p->buf, strlen(p->buf));
	if (!opt || (opt->flags & OPTION_LOCAL))
		return ctl_fail(p->e, -EINVAL, "configuration %s:%u: '%.60s' is not a key: 'cella run --help' lists the options",
				p->file, p->line, p->buf);
	skip(p, p->json);
	if (!take(p, p->json ? ':' : '='))
		return parse_fail(p, p->json ? "':' is missing after a key" : "'=' is missing after a key");
	skip(p, p->json);
	if (more(p) && *p->at == '[')
		return parse_array(p, opt);
	return set_value(p, opt);
}

static int parse_toml(struct parser *p)
{
	int err;

	for (;;) {
		skip(p, true);
		if (!more(p))
			return 0;
		if (*p->at == '[')
			return parse_fail(p, "tables are not used: write key = value lines only");
		err = parse_pair(p);
		if (err)
			return err;
		skip(p, false);
		if (more(p) && *p->at != '\n' && *p->at != '#')
			return parse_fail(p, "something follows the value: one key = value on a line");
	}
}

static int parse_json(struct parser *p)
{
	int err;

	p->at++;
	skip(p, true);
	while (!take(p, '}')) {
		if (!more(p) || *p->at != '"')
			return parse_fail(p, "a key in quotes is wanted here");
		err = parse_pair(p);
		if (err)
			return err;
		skip(p, true);
		if (take(p, ',')) {
			skip(p, true);
			continue;
		}
		if (!more(p) || *p->at != '}')
			return parse_fail(p, "',' or '}' is wanted here");
	}
	skip(p, true);
	return more(p) ? parse_fail(p, "something follows the closing '}'") : 0;
}

int run_options_config(struct run_options *o, const char *file, const char *text, size_t len, struct ctl_error *e)
{
	struct parser p = { .at = text, .end = text + len, .file = file, .line = 1, .o = o, .e = e };
	int err;

	p.buf = malloc(MAX_STRING + 1);
	if (!p.buf)
		return ctl_fail(e, -ENOMEM, "configuration %s: out of memory", file);
	skip(&p, true);
	p.json = more(&p) && *p.at == '{';
	err = p.json ? parse_json(&p) : parse_toml(&p);
	free(p.buf);
	return err;
}
