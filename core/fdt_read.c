/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader. One function, `next`, steps from token to token and never looks outside the structure block; fdt_check
 * walks the whole tree with it once and refuses what isn't one properly nested root, so the rest may be simple. A user's
 * blob must not change after the check.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/fdt.h"
#include "core/fdt_format.h"

#define MAX_DEPTH	64u

struct token {
	uint32_t at, next;		/* offsets in the structure block */
	uint32_t kind;			/* 0: malformed or past the end */
	const char *name;		/* of a node or property */
	const uint8_t *val;		/* of a property */
	uint32_t len;
};

/* The string at offset in [p, p + size), or NULL if it doesn't end there. */
static const char *string_in(const uint8_t *p, uint32_t size, uint32_t offset)
{
	if (offset >= size || strnlen((const char *)p + offset, size - offset) == size - offset)
		return NULL;
	return (const char *)p + offset;
}

static bool read_prop(const struct fdt *f, const uint8_t *s, struct token *t)
{
	uint32_t left = f->struct_size - t->next;

	if (left < 8)
		return false;
	t->len = get_be32(s + t->next);
	t->name = string_in(f->blob + f->strings_off, f->strings_size, get_be32(s + t->next + 4));
	t->val = s + t->next + 8;
	if (!t->name || t->len > left - 8 || ALIGN_UP(t->len, 4u) > left - 8)
		return false;
	t->next += 8 + ALIGN_UP(t->len, 4u);
	return true;
}

static bool read_node(const struct fdt *f, const uint8_t *s, struct token *t)
{
	uint32_t len;

	t->name = string_in(s, f->struct_size, t->next);
	if (!t->name)
		return false;
	len = ALIGN_UP((uint32_t)strlen(t->name) + 1, 4u);
	if (len > f->struct_size - t->next)
		return false;
	t->next += len;
	return true;
}

/* The token at offset `at`, which is 4-aligned. */
static struct token next(const struct fdt *f, uint32_t at)
{
	const uint8_t *s = f->blob + f->struct_off;
	struct token t = { .at = at };
	bool good = true;

	if (at > f->struct_size || f->struct_size - at < 4)
		return t;
	t.kind = get_be32(s + at);
	t.next = at + 4;
	if (t.kind == FDT_PROP)
		good = read_prop(f, s, &t);
	else if (t.kind == FDT_BEGIN_NODE)
		good = read_node(f, s, &t);
	else if (t.kind != FDT_END_NODE && t.kind != FDT_NOP && t.kind != FDT_END)
		good = false;
	if (!good)
		t.kind = 0;
	return t;
}

static int check_structure(const struct fdt *f)
{
	uint32_t depth = 0, roots = 0;
	struct token t;

	for (t = next(f, 0); t.kind && t.kind != FDT_END; t = next(f, t.next)) {
		if (t.kind == FDT_BEGIN_NODE) {
			roots += !depth;
			depth++;
		} else if (t.kind != FDT_NOP && !depth) {
			return -EINVAL;
		} else if (t.kind == FDT_END_NODE) {
			depth--;
		}
		if (depth > MAX_DEPTH || roots > 1)
			return -EINVAL;
	}
	return t.kind == FDT_END && !depth && roots == 1 ? 0 : -EINVAL;
}

static bool block_inside(uint32_t offset, uint32_t size, uint32_t total)
{
	return offset >= FDT_HEADER_BYTES && offset <= total && size <= total - offset;
}

int fdt_check(struct fdt *f, const void *blob, size_t size)
{
	const uint8_t *b = blob;
	uint32_t total;

	if (size < FDT_HEADER_BYTES || get_be32(b + FDT_OFF_MAGIC) != FDT_MAGIC)
		return -EINVAL;
	total = get_be32(b + FDT_OFF_TOTAL);
	if (total < FDT_HEADER_BYTES || total > size || total > INT32_MAX ||
	    get_be32(b + FDT_OFF_VERSION) < FDT_VERSION || get_be32(b + FDT_OFF_COMPATIBLE) > FDT_VERSION)
		return -EINVAL;
	*f = (struct fdt){
		.blob = b, .size = total,
		.struct_off = get_be32(b + FDT_OFF_STRUCT), .struct_size = get_be32(b + FDT_OFF_STRUCT_SIZE),
		.strings_off = get_be32(b + FDT_OFF_STRINGS), .strings_size = get_be32(b + FDT_OFF_STRINGS_SIZE),
	};
	if (f->struct_off & 3 || !block_inside(f->struct_off, f->struct_size, total) ||
	    !block_inside(f->strings_off, f->strings_size, total))
		return -EINVAL;
	return check_structure(f);
}

/* The first node at or after `at` before its parent ends; skips properties and NOPs. */
static int node_here(const struct fdt *f, uint32_t at)
{
	struct token t = next(f, at);

	while (t.kind == FDT_PROP || t.kind == FDT_NOP)
		t = next(f, t.next);
	return t.kind == FDT_BEGIN_NODE ? (int)t.at : -ENOENT;
}

static struct token node_at(const struct fdt *f, int node)
{
	struct token t = { 0 };

	if (node >= 0 && !(node & 3))
		t = next(f, (uint32_t)node);
	if (t.kind != FDT_BEGIN_NODE)
		t.kind = 0;
	return t;
}

int fdt_first_child(const struct fdt *f, int node)
{
	struct token t = node_at(f, node);

	return t.kind ? node_here(f, t.next) : -ENOENT;
}

int fdt_next_sibling(const struct fdt *f, int node)
{
	struct token t = node_at(f, node);
	uint32_t depth = 0;

	for (; t.kind && t.kind != FDT_END; t = next(f, t.next)) {
		if (t.kind == FDT_BEGIN_NODE)
			depth++;
		else if (t.kind == FDT_END_NODE && !--depth)
			return node_here(f, t.next);
	}
	return -ENOENT;
}

const char *fdt_name(const struct fdt *f, int node)
{
	return node_at(f, node).name;
}

const void *fdt_get(const struct fdt *f, int node, const char *prop, uint32_t *len)
{
	struct token t = node_at(f, node);

	if (!t.kind)
		return NULL;
	for (t = next(f, t.next); t.kind == FDT_PROP || t.kind == FDT_NOP; t = next(f, t.next)) {
		if (t.kind == FDT_PROP && !strcmp(t.name, prop)) {
			if (len)
				*len = t.len;
			return t.val;
		}
	}
	return NULL;
}

/* A component matches a whole name, or one up to the unit address. */
static bool name_matches(const char *name, const char *want, size_t len)
{
	return !strncmp(name, want, len) && (!name[len] || name[len] == '@');
}

int fdt_find(const struct fdt *f, const char *path)
{
	int node = node_here(f, 0);

	if (*path != '/')
		return -ENOENT;
	while (node >= 0) {
		size_t len = 0;

		while (*path == '/')
			path++;
		if (!*path)
			return node;
		while (path[len] && path[len] != '/')
			len++;
		node = fdt_first_child(f, node);
		while (node >= 0 && !name_matches(fdt_name(f, node), path, len))
			node = fdt_next_sibling(f, node);
		path += len;
	}
	return node;
}

static bool is_compatible(const struct fdt *f, int node, const char *compatible)
{
	uint32_t len, at = 0;
	const char *list = fdt_get(f, node, "compatible", &len);

	while (list && at < len) {
		size_t n = strnlen(list + at, len - at);

		if (n == strlen(compatible) && n < len - at && !memcmp(list + at, compatible, n))
			return true;
		at += (uint32_t)n + 1;
	}
	return false;
}

int fdt_find_compatible(const struct fdt *f, int after, const char *compatible)
{
	struct token t = after < 0 ? next(f, 0) : node_at(f, after);

	if (after >= 0 && t.kind)
		t = next(f, t.next);
	for (; t.kind && t.kind != FDT_END; t = next(f, t.next))
		if (t.kind == FDT_BEGIN_NODE && is_compatible(f, (int)t.at, compatible))
			return (int)t.at;
	return -ENOENT;
}
