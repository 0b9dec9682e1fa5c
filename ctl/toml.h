/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TOML 1.0 as a tree, as far as configurations of cells need it: tables, arrays of tables, inline tables, arrays, strings on one
 * line, whole numbers, booleans. Floats, dates and strings of several lines are refused with words that say so.
 *
 * Every node knows its line, so that whoever reads the tree can say where something is wrong.
 */
#ifndef CTL_TOML_H
#define CTL_TOML_H

#include "ctl/error.h"

#define TOML_TEXT_MAX	(256u << 10)

enum toml_type { TOML_TABLE, TOML_ARRAY, TOML_STRING, TOML_NUMBER, TOML_BOOLEAN };

struct toml_node {
	uint8_t type, how;
	bool boolean;
	unsigned line, count;			/* of an array's or table's entries */
	const char *key;			/* NULL in arrays */
	const char *string;
	int64_t number;
	struct toml_node *first, *last, *next;	/* entries; the next one beside this */
	struct toml_node *chain;		/* toml.c's */
};

/* The root table, the caller's to free; `file` is for messages. -EINVAL, -E2BIG, -ENOMEM. */
int toml_parse(const char *file, const char *text, size_t len, struct toml_node **root, struct ctl_error *e);
void toml_free(struct toml_node *root);		/* the root, or NULL */
struct toml_node *toml_get(const struct toml_node *table, const char *key);	/* NULL: absent */
const char *toml_type_name(const struct toml_node *n);		/* "a string", … */

#endif
