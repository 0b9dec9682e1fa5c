/* SPDX-License-Identifier: BSD-2-Clause */
/* See cell_toml.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/cell_toml.h"
#include "ctl/options.h"

int toml_fail(const struct cell_toml *t, const struct toml_node *n, const char *format, ...)
{
	char what[320];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	return ctl_fail(t->e, -EINVAL, "configuration %s:%u: %s", t->file, n->line, what);
}

static int wrong_type(const struct cell_toml *t, const struct toml_node *n, const char *key, const char *wanted)
{
	return toml_fail(t, n, "%s: %s where %s is wanted", key, toml_type_name(n), wanted);
}

/* The node of the type, or NULL. */
static int find(const struct cell_toml *t, const struct toml_node *table, const char *key, unsigned flags, enum toml_type type,
		const char *wanted, const struct toml_node **out)
{
	*out = toml_get(table, key);
	if (!*out)
		return flags & TOML_NEEDED ? toml_fail(t, table, "%s is missing: give %s", key, wanted) : 0;
	return (*out)->type == type ? 0 : wrong_type(t, *out, key, wanted);
}

int toml_keys(const struct cell_toml *t, const struct toml_node *n, const char *where, const char *const *keys)
{
	if (n->type != TOML_TABLE)
		return wrong_type(t, n, where, "a table");
	for (const struct toml_node *k = n->first; k; k = k->next) {
		const char *const *known = keys, *near;

		while (*known && strcmp(*known, k->key))
			known++;
		if (*known)
			continue;
		near = nearest_word(k->key, keys);
		return toml_fail(t, k, "'%.60s' is not a key of %s%s%s%s", k->key, where, near ? ": did you mean '" : "; see "
				 "cella(1)",
				 near ? near : "", near ? "'?" : "");
	}
	return 0;
}

int toml_table(const struct cell_toml *t, const struct toml_node *parent, const char *key, unsigned flags,
	       const struct toml_node **out)
{
	return find(t, parent, key, flags, TOML_TABLE, "a table", out);
}

int toml_list(const struct cell_toml *t, const struct toml_node *parent, const char *key, const struct toml_node **out)
{
	return find(t, parent, key, 0, TOML_ARRAY, "a list", out);
}

static int number_of(const struct cell_toml *t, const struct toml_node *n, const char *key, uint64_t max, uint64_t *out)
{
	uint64_t v = (uint64_t)n->number;

	/* parse_size takes a bare number for MiB. */
	if (n->type == TOML_STRING && (!strpbrk(n->string, "KMGTkmgt") || parse_size(n->string, &v)))
		return toml_fail(t, n, "%s: '%.40s' is no size: write a number, or one with K, M, G or T", key, n->string);
	if (n->type != TOML_STRING && n->type != TOML_NUMBER)
		return wrong_type(t, n, key, "a number");
	if (n->type == TOML_NUMBER && n->number < 0)
		return toml_fail(t, n, "%s: less than 0", key);
	if (v > max)
		return toml_fail(t, n, "%s: %#llx is more than %#llx", key, (unsigned long long)v, (unsigned long long)max);
	*out = v;
	return 0;
}

int toml_u64(const struct cell_toml *t, const struct toml_node *table, const char *key, unsigned flags, uint64_t max, uint64_t *out)
{
	const struct toml_node *n = toml_get(table, key);

	if (!n)
		return flags & TOML_NEEDED ? toml_fail(t, table, "%s is missing: give a number", key) : 0;
	return number_of(t, n, key, max, out);
}

int toml_bool(const struct cell_toml *t, const struct toml_node *table, const char *key, bool *out)
{
	const struct toml_node *n;
	int err = find(t, table, key, 0, TOML_BOOLEAN, "true or false", &n);

	if (!err && n)
		*out = n->boolean;
	return err;
}

int toml_text(const struct cell_toml *t, const struct toml_node *table, const char *key, unsigned flags, char *out, size_t size)
{
	const struct toml_node *n;
	size_t len;
	int err = find(t, table, key, flags, TOML_STRING, "a string", &n);

	if (err || !n)
		return err;
	len = strlen(n->string);
	if (!len || len >= size)
		return toml_fail(t, n, "%s: 1 to %zu characters", key, size - 1);
	for (size_t i = 0; i < len; i++)
		if (n->string[i] < ' ' || n->string[i] > '~' || n->string[i] == '/')
			return toml_fail(t, n, "%s: only printable ASCII without '/'", key);
	memcpy(out, n->string, len + 1);
	return 0;
}

static int word_of(const struct cell_toml *t, const struct toml_node *n, const char *key, const struct cell_word *words,
		   uint64_t *out)
{
	char all[256] = "";

	if (n->type != TOML_STRING)
		return wrong_type(t, n, key, "a string");
	for (const struct cell_word *w = words; w->name; w++) {
		size_t len = strlen(all);

		if (!strcmp(w->name, n->string)) {
			*out = w->value;
			return 0;
		}
		snprintf(all + len, sizeof(all) - len, "%s%s", len ? ", " : "", w->name);
	}
	return toml_fail(t, n, "%s: '%.40s' is none of %s", key, n->string, all);
}

int toml_word(const struct cell_toml *t, const struct toml_node *table, const char *key, const struct cell_word *words,
	      uint64_t *out)
{
	const struct toml_node *n = toml_get(table, key);

	return n ? word_of(t, n, key, words, out) : toml_fail(t, table, "%s is missing: give a string", key);
}

int toml_words(const struct cell_toml *t, const struct toml_node *table, const char *key, const struct cell_word *words,
	       uint64_t *out)
{
	const struct toml_node *list;
	int err = find(t, table, key, TOML_NEEDED, TOML_ARRAY, "a list of strings", &list);
	uint64_t one;

	*out = 0;
	for (const struct toml_node *n = err ? NULL : list->first; n && !err; n = n->next) {
		err = word_of(t, n, key, words, &one);
		if (!err)
			*out |= one;
	}
	return err;
}

int toml_numbers(const struct cell_toml *t, const struct toml_node *table, const char *key, uint64_t max, uint64_t *out,
		 unsigned count)
{
	const struct toml_node *list;
	unsigned i = 0;
	int err = toml_list(t, table, key, &list);

	for (const struct toml_node *n = err || !list ? NULL : list->first; n && !err; n = n->next) {
		if (i == count)
			return toml_fail(t, n, "%s: at most %u numbers", key, count);
		err = number_of(t, n, key, max, &out[i++]);
	}
	return err;
}

static int add_range(const struct cell_toml *t, const struct toml_node *n, const char *key, unsigned min, unsigned max,
		     uint32_t *bits)
{
	unsigned long long from, to;
	char rest;

	if (n->type == TOML_NUMBER) {
		from = to = (unsigned long long)n->number;
	} else if (n->type != TOML_STRING) {
		return wrong_type(t, n, key, "a number or a range \"2-3\"");
	} else if (sscanf(n->string, "%6llu-%6llu%c", &from, &to, &rest) != 2) {
		return toml_fail(t, n, "%s: '%.40s' is no range: write \"2-3\"", key, n->string);
	}
	if (from > to || from < min || to > max)
		return toml_fail(t, n, "%s: %lld%s%s: from %u to %u are possible", key, (long long)from, from == to ? "" : " and "
				 "more",
				 from > to ? ", backwards" : "", min, max);
	for (; from <= to; from++)
		bits[from / 32] |= 1u << from % 32;
	return 0;
}

int toml_set(const struct cell_toml *t, const struct toml_node *table, const char *key, unsigned min, unsigned max, uint32_t *bits)
{
	const struct toml_node *list;
	int err = toml_list(t, table, key, &list);

	for (const struct toml_node *n = err || !list ? NULL : list->first; n && !err; n = n->next)
		err = add_range(t, n, key, min, max, bits);
	return err;
}
