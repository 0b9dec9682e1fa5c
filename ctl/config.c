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
#include "ctl/scan.h"

struct parser {
	struct scan s;
	struct run_options *o;
};

static int set_value(struct parser *p, const struct option *opt)
{
	bool bare = scan_more(&p->s) && *p->s.at != '"' && *p->s.at != '\'';
	char where[320];
	int err = scan_word(&p->s);

	if (err)
		return err;
	snprintf(where, sizeof(where), "configuration %.200s:%u: %s", p->s.file, p->s.line, opt->name);
	if (opt->type == OPTION_FLAG && !bare)
		return scan_fail(&p->s, "write true or false, without quotes");
	if (bare && (opt->type == OPTION_STRING || opt->type == OPTION_LIST))
		return scan_fail(&p->s, "write the value as a string, in quotes");
	if (bare) {	/* 1_000 is a number in TOML */
		char *to = p->s.buf;

		for (const char *from = p->s.buf; *from; from++)
			if (*from != '_' || p->s.json)
				*to++ = *from;
		*to = 0;
	}
	return run_option_set(p->o, opt, p->s.buf, where, p->s.e);
}

struct list {
	struct parser *p;
	const struct option *opt;
};

static int list_item(void *arg)
{
	struct list *l = arg;

	return set_value(l->p, l->opt);
}

static int parse_array(struct parser *p, const struct option *opt)
{
	struct list list = { p, opt };

	if (opt->type != OPTION_LIST)
		return scan_fail(&p->s, "this option takes one value, not a list");
	p->s.at++;
	return scan_list(&p->s, list_item, &list);
}

static int parse_pair(struct parser *p)
{
	const struct option *opt;
	int err = scan_word(&p->s);

	if (err)
		return err;
	opt = run_option_find(p->s.buf, strlen(p->s.buf));
	if (!opt || (opt->flags & OPTION_LOCAL))
		return ctl_fail(p->s.e, -EINVAL, "configuration %s:%u: '%.60s' is not a key: 'cella run --help' lists the options",
				p->s.file, p->s.line, p->s.buf);
	scan_skip(&p->s, p->s.json);
	if (!scan_take(&p->s, p->s.json ? ':' : '='))
		return scan_fail(&p->s, p->s.json ? "':' is missing after a key" : "'=' is missing after a key");
	scan_skip(&p->s, p->s.json);
	if (scan_more(&p->s) && *p->s.at == '[')
		return parse_array(p, opt);
	return set_value(p, opt);
}

static int parse_toml(struct parser *p)
{
	int err;

	for (;;) {
		scan_skip(&p->s, true);
		if (!scan_more(&p->s))
			return 0;
		if (*p->s.at == '[')
			return scan_fail(&p->s, "tables are not used: write key = value lines only");
		err = parse_pair(p);
		if (err)
			return err;
		scan_skip(&p->s, false);
		if (scan_more(&p->s) && *p->s.at != '\n' && *p->s.at != '#')
			return scan_fail(&p->s, "something follows the value: one key = value on a line");
	}
}

static int parse_json(struct parser *p)
{
	int err;

	p->s.at++;
	scan_skip(&p->s, true);
	while (!scan_take(&p->s, '}')) {
		if (!scan_more(&p->s) || *p->s.at != '"')
			return scan_fail(&p->s, "a key in quotes is wanted here");
		err = parse_pair(p);
		if (err)
			return err;
		scan_skip(&p->s, true);
		if (scan_take(&p->s, ',')) {
			scan_skip(&p->s, true);
			continue;
		}
		if (!scan_more(&p->s) || *p->s.at != '}')
			return scan_fail(&p->s, "',' or '}' is wanted here");
	}
	scan_skip(&p->s, true);
	return scan_more(&p->s) ? scan_fail(&p->s, "something follows the closing '}'") : 0;
}

int run_options_config(struct run_options *o, const char *file, const char *text, size_t len, struct ctl_error *e)
{
	struct parser p = { .s = { .at = text, .end = text + len, .file = file, .line = 1, .e = e }, .o = o };
	int err;

	p.s.buf = malloc(SCAN_STRING_MAX + 1);
	if (!p.s.buf)
		return ctl_fail(e, -ENOMEM, "configuration %s: out of memory", file);
	scan_skip(&p.s, true);
	p.s.json = scan_more(&p.s) && *p.s.at == '{';
	err = p.s.json ? parse_json(&p) : parse_toml(&p);
	free(p.s.buf);
	return err;
}
