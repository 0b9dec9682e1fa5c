/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See toml.h. TOML 1.0.0 (https://toml.io/en/v1.0.0). Debian has no C library for it. The text is anybody's: reads are bounded
 * by scan.h, nesting by MAX_DEPTH, nodes by MAX_NODES (a table's keys are compared one by one).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/types.h"
#include "ctl/scan.h"
#include "ctl/toml.h"

#define MAX_DEPTH	16
#define MAX_NODES	16384

/* struct toml_node.how: by what a table or an array came to be, which says what may be added to it. */
enum { HOW_VALUE, HOW_IMPLIED, HOW_HEADER, HOW_DOTTED, HOW_ARRAY_OF_TABLES };

struct toml {
	struct scan s;
	struct toml_node *root;
	unsigned nodes;
};

static int parse_value(struct toml *p, struct toml_node *parent, const char *key, unsigned depth);

static struct toml_node *new_node(struct toml *p, struct toml_node *parent, enum toml_type type, const char *key,
				  const char *string)
{
	size_t key_len = key ? strlen(key) + 1 : 0, string_len = string ? strlen(string) + 1 : 0;
	struct toml_node *n;
	char *text;

	if (p->nodes >= MAX_NODES) {
		scan_fail(&p->s, "more than %u keys and values", MAX_NODES);
		return NULL;
	}
	n = calloc(1, sizeof(*n) + key_len + string_len);
	if (!n) {
		scan_fail(&p->s, "out of memory");
		return NULL;
	}
	p->nodes++;
	text = (char *)(n + 1);
	if (key)
		n->key = memcpy(text, key, key_len);
	if (string)
		n->string = memcpy(text + key_len, string, string_len);
	n->type = (uint8_t)type;
	n->line = p->s.line;
	if (!parent)
		return n;
	n->chain = p->root->chain;
	p->root->chain = n;
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	parent->count++;
	return n;
}

struct toml_node *toml_get(const struct toml_node *table, const char *key)
{
	if (!table || table->type != TOML_TABLE)
		return NULL;
	for (struct toml_node *n = table->first; n; n = n->next)
		if (!strcmp(n->key, key))
			return n;
	return NULL;
}

const char *toml_type_name(const struct toml_node *n)
{
	static const char *const names[] = { "a table", "a list", "a string", "a number", "true or false" };

	return names[n->type];
}

/* ---- keys ---- */

static bool key_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '_';
}

static int parse_key(struct toml *p)
{
	struct scan *s = &p->s;
	size_t n = 0;

	scan_skip(s, false);
	if (scan_more(s) && (*s->at == '"' || *s->at == '\''))
		return scan_string(s);
	while (scan_more(s) && key_char(*s->at) && n < 64)
		s->buf[n++] = *s->at++;
	s->buf[n] = 0;
	return n ? 0 : scan_fail(s, "a key is missing here");
}

/* The table below `table` that the key in the buffer names, for what is defined inside it; made if it isn't there. */
static int enter(struct toml *p, struct toml_node **table, int how)
{
	struct toml_node *n = toml_get(*table, p->s.buf);

	if (!n) {
		n = new_node(p, *table, TOML_TABLE, p->s.buf, NULL);
		if (!n)
			return -EINVAL;
		n->how = (uint8_t)how;
	} else if (how == HOW_IMPLIED && n->how == HOW_ARRAY_OF_TABLES) {
		n = n->last;
	} else if (n->type != TOML_TABLE || (how == HOW_DOTTED ? n->how != HOW_DOTTED : n->how == HOW_VALUE)) {
		return scan_fail(&p->s, "'%.60s' was defined at line %u as %s: nothing can be added to it here", n->key, n->line,
				 toml_type_name(n));
	}
	*table = n;
	return 0;
}

/* A key with dots: leaves the last part in the buffer and the table that it belongs to in *table. */
static int parse_path(struct toml *p, struct toml_node **table, int how)
{
	unsigned depth = 0;
	int err = parse_key(p);

	while (!err) {
		scan_skip(&p->s, false);
		if (!scan_take(&p->s, '.'))
			return 0;
		if (++depth > MAX_DEPTH)
			return scan_fail(&p->s, "a key of more than %u parts", MAX_DEPTH);
		err = enter(p, table, how);
		if (!err)
			err = parse_key(p);
	}
	return err;
}

/* ---- values ---- */

static int parse_pair(struct toml *p, struct toml_node *table, unsigned depth)
{
	struct scan *s = &p->s;
	struct toml_node *old;
	char *key;
	int err = parse_path(p, &table, HOW_DOTTED);

	if (err)
		return err;
	old = toml_get(table, s->buf);
	if (old)
		return scan_fail(s, "'%.60s' was given at line %u already", s->buf, old->line);
	if (!scan_take(s, '='))
		return scan_fail(s, "'=' is missing after '%.60s'", s->buf);
	key = strdup(s->buf);
	if (!key)
		return scan_fail(s, "out of memory");
	scan_skip(s, false);
	err = parse_value(p, table, key, depth);
	free(key);
	return err;
}

static int parse_inline(struct toml *p, struct toml_node *parent, const char *key, unsigned depth)
{
	struct toml_node *table = new_node(p, parent, TOML_TABLE, key, NULL);
	int err;

	if (!table)
		return -EINVAL;
	scan_skip(&p->s, false);
	if (scan_take(&p->s, '}'))
		return 0;
	do {
		err = parse_pair(p, table, depth);
		if (err)
			return err;
		scan_skip(&p->s, false);
	} while (scan_take(&p->s, ','));
	return scan_take(&p->s, '}') ? 0 : scan_fail(&p->s, "',' or '}' is missing: a table in braces is one line");
}

struct list {
	struct toml *p;
	struct toml_node *array;
	unsigned depth;
};

static int list_item(void *arg)
{
	struct list *l = arg;

	return parse_value(l->p, l->array, NULL, l->depth);
}

static int parse_array(struct toml *p, struct toml_node *parent, const char *key, unsigned depth)
{
	struct list list = { p, new_node(p, parent, TOML_ARRAY, key, NULL), depth };

	if (!list.array)
		return -EINVAL;
	return scan_list(&p->s, list_item, &list);
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;
}

/* Decimal with a sign, or 0x, 0o, 0b; '_' only between digits. */
static int parse_number(struct toml *p, const char *text, int64_t *out)
{
	const char *at = text;
	uint64_t v = 0, limit = INT64_MAX;
	bool minus = *at == '-', digit = false;
	int base = 10;

	if (*at == '+' || *at == '-')
		at++;
	else if (at[0] == '0' && at[1])
		base = at[1] == 'x' ? 16 : at[1] == 'o' ? 8 : at[1] == 'b' ? 2 : 0;
	if (base != 10)
		at += 2;
	if (!base || (at[0] == '0' && digit_of(at[1]) < 10 && base == 10))
		return scan_fail(&p->s, "%.40s: a number doesn't begin with 0", text);
	for (; *at; at++) {
		if (*at == '_' && digit && digit_of(at[1]) < base)
			continue;
		digit = digit_of(*at) < base;
		if (!digit)
			return scan_fail(&p->s, "%.40s: neither a whole number, true nor false; a string wants quotes", text);
		if (mul_overflows(v, (uint64_t)base, &v) || add_overflows(v, (uint64_t)digit_of(*at), &v) || v > limit)
			return scan_fail(&p->s, "%.40s: more than 63 bits", text);
	}
	if (!digit)
		return scan_fail(&p->s, "%.40s: neither a whole number, true nor false; a string wants quotes", text);
	*out = minus ? -(int64_t)v : (int64_t)v;
	return 0;
}

static int parse_word(struct toml *p, struct toml_node *parent, const char *key)
{
	struct toml_node *n;
	int64_t number = 0;
	bool yes;
	int err = scan_bare(&p->s);

	if (err)
		return err;
	yes = !strcmp(p->s.buf, "true");
	if (yes || !strcmp(p->s.buf, "false")) {
		n = new_node(p, parent, TOML_BOOLEAN, key, NULL);
		if (n)
			n->boolean = yes;
		return n ? 0 : -EINVAL;
	}
	err = parse_number(p, p->s.buf, &number);
	if (err)
		return err;
	n = new_node(p, parent, TOML_NUMBER, key, NULL);
	if (n)
		n->number = number;
	return n ? 0 : -EINVAL;
}

static int parse_value(struct toml *p, struct toml_node *parent, const char *key, unsigned depth)
{
	struct scan *s = &p->s;
	int err;

	if (depth > MAX_DEPTH)
		return scan_fail(s, "lists and tables nested deeper than %u", MAX_DEPTH);
	if (scan_take(s, '['))
		return parse_array(p, parent, key, depth + 1);
	if (scan_take(s, '{'))
		return parse_inline(p, parent, key, depth + 1);
	if (!scan_more(s) || (*s->at != '"' && *s->at != '\''))
		return parse_word(p, parent, key);
	if (s->end - s->at >= 3 && s->at[1] == s->at[0] && s->at[2] == s->at[0])
		return scan_fail(s, "strings of several lines are not read: write it on one line");
	err = scan_string(s);
	if (err)
		return err;
	return new_node(p, parent, TOML_STRING, key, s->buf) ? 0 : -EINVAL;
}

/* ---- headers ---- */

/* [[name]]: one more table of the array. */
static int append_table(struct toml *p, struct toml_node *parent, struct toml_node **current)
{
	struct toml_node *array = toml_get(parent, p->s.buf);

	if (!array) {
		array = new_node(p, parent, TOML_ARRAY, p->s.buf, NULL);
		if (!array)
			return -EINVAL;
		array->how = HOW_ARRAY_OF_TABLES;
	}
	if (array->how != HOW_ARRAY_OF_TABLES)
		return scan_fail(&p->s, "'%.60s' was defined at line %u as %s, not by [[%.60s]]", array->key, array->line,
				 toml_type_name(array), array->key);
	*current = new_node(p, array, TOML_TABLE, NULL, NULL);
	if (!*current)
		return -EINVAL;
	(*current)->how = HOW_HEADER;
	return 0;
}

static int open_table(struct toml *p, struct toml_node *parent, struct toml_node **current)
{
	struct toml_node *n = toml_get(parent, p->s.buf);

	if (n && (n->type != TOML_TABLE || n->how != HOW_IMPLIED))
		return scan_fail(&p->s, "'%.60s' was defined at line %u already", n->key, n->line);
	if (!n)
		n = new_node(p, parent, TOML_TABLE, p->s.buf, NULL);
	if (!n)
		return -EINVAL;
	n->how = HOW_HEADER;
	*current = n;
	return 0;
}

static int parse_header(struct toml *p, struct toml_node **current)
{
	struct toml_node *parent = p->root;
	bool array = scan_take(&p->s, '[');
	int err = parse_path(p, &parent, HOW_IMPLIED);

	if (!err)
		err = array ? append_table(p, parent, current) : open_table(p, parent, current);
	if (err)
		return err;
	if (!scan_take(&p->s, ']') || (array && !scan_take(&p->s, ']')))
		return scan_fail(&p->s, "a header ends with %s", array ? "]]" : "]");
	return 0;
}

static int parse_text(struct toml *p)
{
	struct toml_node *current = p->root;
	int err;

	for (;;) {
		scan_skip(&p->s, true);
		if (!scan_more(&p->s))
			return 0;
		err = scan_take(&p->s, '[') ? parse_header(p, &current) : parse_pair(p, current, 0);
		if (err)
			return err;
		scan_skip(&p->s, false);
		if (scan_more(&p->s) && *p->s.at != '\n' && *p->s.at != '#')
			return scan_fail(&p->s, "something follows at the end of the line");
	}
}

int toml_parse(const char *file, const char *text, size_t len, struct toml_node **root, struct ctl_error *e)
{
	struct toml p = { .s = { .at = text, .end = text + len, .file = file, .line = 1, .e = e } };
	int err;

	if (len > TOML_TEXT_MAX)
		return ctl_fail(e, -E2BIG, "configuration %s: longer than %u KiB", file, TOML_TEXT_MAX >> 10);
	p.s.buf = malloc(SCAN_STRING_MAX + 1);
	p.root = p.s.buf ? new_node(&p, NULL, TOML_TABLE, NULL, NULL) : NULL;
	if (!p.root) {
		free(p.s.buf);
		return ctl_fail(e, -ENOMEM, "configuration %s: out of memory", file);
	}
	p.root->how = HOW_HEADER;
	err = parse_text(&p);
	free(p.s.buf);
	if (err)
		toml_free(p.root);
	else
		*root = p.root;
	return err;
}

void toml_free(struct toml_node *root)
{
	while (root) {
		struct toml_node *next = root->chain;

		free(root);
		root = next;
	}
}
