/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking typed values out of a TOML tree. Each function leaves *out alone where the key is absent and not TOML_NEEDED. */
#ifndef CTL_CELL_TOML_H
#define CTL_CELL_TOML_H

#include "ctl/error.h"
#include "ctl/toml.h"

#define TOML_NEEDED	1u

struct cell_toml {
	const char *file;
	struct ctl_error *e;
};

struct cell_word {
	const char *name;		/* NULL ends a table */
	uint64_t value;
};

/* -EINVAL, "configuration FILE:LINE: " before the words. */
int toml_fail(const struct cell_toml *t, const struct toml_node *n, const char *format, ...) PRINTF_LIKE(3, 4);
/* n is a table (called `where` in messages) and has no other keys than these. */
int toml_keys(const struct cell_toml *t, const struct toml_node *n, const char *where, const char *const *keys);
int toml_table(const struct cell_toml *t, const struct toml_node *parent, const char *key, unsigned flags,
	       const struct toml_node **out);
int toml_list(const struct cell_toml *t, const struct toml_node *parent, const char *key, const struct toml_node **out);
/* A number, or a string with a unit: "64K", "2M", "1G". */
int toml_u64(const struct cell_toml *t, const struct toml_node *table, const char *key, unsigned flags, uint64_t max,
	     uint64_t *out);
int toml_bool(const struct cell_toml *t, const struct toml_node *table, const char *key, bool *out);
/* Printable, not empty, shorter than size. */
int toml_text(const struct cell_toml *t, const struct toml_node *table, const char *key, unsigned flags, char *out, size_t size);
/* One of the words, which must be there; a list of them, or-ed, which must be there. */
int toml_word(const struct cell_toml *t, const struct toml_node *table, const char *key, const struct cell_word *words,
	      uint64_t *out);
int toml_words(const struct cell_toml *t, const struct toml_node *table, const char *key, const struct cell_word *words,
	       uint64_t *out);
/* Exactly or at most n numbers. */
int toml_numbers(const struct cell_toml *t, const struct toml_node *table, const char *key, uint64_t max, uint64_t *out,
		 unsigned n);
/* Numbers from min to max and ranges "3-7", as bits. */
int toml_set(const struct cell_toml *t, const struct toml_node *table, const char *key, unsigned min, unsigned max, uint32_t *bits);

#endif
