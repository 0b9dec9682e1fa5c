/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verbs of `cella cell`: one table (cell.c) that the command line, --help, the man page and the shell completion are made
 * from. Verbs and the forms of their arguments are Jailhouse's.
 */
#ifndef CMD_CELL_H
#define CMD_CELL_H

#include <stdio.h>

#include "base/types.h"
#include "ctl/error.h"

#define CELL_MAX_ITEMS	64

struct cell_option {
	const char *name;		/* NULL ends a table */
	char letter;			/* 0x80 and up: it has only a name */
	const char *value, *help;	/* value: how --help calls it; NULL: it takes none */
};

/* The command line in its order: an option by its letter, or an operand (letter 0). */
struct cell_item {
	unsigned char letter;
	const char *text;
};

struct cell_args {
	struct cell_item item[CELL_MAX_ITEMS];
	unsigned items;
	char *operand[CELL_MAX_ITEMS];
	unsigned operands;
};

struct cell_verb {
	const char *name, *usage, *summary;
	unsigned min, max;		/* operands */
	const struct cell_option *options;
	int (*run)(const struct cell_args *a, struct ctl_error *e);
};

extern const struct cell_verb cell_verb_table[];	/* ended by a NULL name */

/* The last one given, "" without a value; or NULL. */
const char *cell_value(const struct cell_args *a, unsigned char letter);
void cell_help(FILE *f);
void cell_man(FILE *f);
void cell_completion(FILE *f);			/* the script's part for `cella cell`, inside its function */

/* cell_verbs.c, cell_show.c, cell_files.c: 0, or a negative error with e filled in. */
int cell_verb_enable(const struct cell_args *a, struct ctl_error *e);
int cell_verb_disable(const struct cell_args *a, struct ctl_error *e);
int cell_verb_create(const struct cell_args *a, struct ctl_error *e);
int cell_verb_load(const struct cell_args *a, struct ctl_error *e);
int cell_verb_start(const struct cell_args *a, struct ctl_error *e);
int cell_verb_shutdown(const struct cell_args *a, struct ctl_error *e);
int cell_verb_destroy(const struct cell_args *a, struct ctl_error *e);
int cell_verb_list(const struct cell_args *a, struct ctl_error *e);
int cell_verb_stats(const struct cell_args *a, struct ctl_error *e);
int cell_verb_console(const struct cell_args *a, struct ctl_error *e);
int cell_verb_check(const struct cell_args *a, struct ctl_error *e);
int cell_verb_compile(const struct cell_args *a, struct ctl_error *e);
int cell_verb_serve(const struct cell_args *a, struct ctl_error *e);
int cell_verb_linux(const struct cell_args *a, struct ctl_error *e);
int cell_verb_config(const struct cell_args *a, struct ctl_error *e);

#endif
