/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of `cella run`: one table (options.c) that the command line, --config files, --dry-run, --help, the man page
 * and the shell completion are made from. An option's long name is also its key in a configuration file.
 *
 * Values are checked here as far as they can be without looking at the host or at each other; that is ctl/resolve.c's.
 * Strings belong to the struct and are freed by run_options_free.
 */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include <stdio.h>

#include "base/types.h"
#include "ctl/error.h"
#include "ctl/nearest.h"

enum option_type {
	OPTION_FLAG,		/* bool */
	OPTION_STRING,		/* char * */
	OPTION_NUMBER,		/* uint64_t, min..max */
	OPTION_SIZE,		/* uint64_t bytes, K M G T; a bare number is MiB, as everywhere else */
	OPTION_SECONDS,		/* uint64_t, whole seconds */
	OPTION_ADDRESS,		/* uint64_t, hexadecimal */
	OPTION_LIST,		/* struct option_list; may be given again */
};

enum option_flags {
	OPTION_LOCAL = 1,	/* of this call, not of the machine: not in configuration files nor in --dry-run */
	OPTION_EXPERT = 2,	/* for development: at the end of --help */
	OPTION_VALUE_OPTIONAL = 4,	/* --name or --name=VALUE */
	OPTION_FILE = 8,	/* completes file names */
};

struct option {
	const char *name;
	char letter;			/* 0: none */
	uint8_t type, flags;
	uint16_t offset;		/* in struct run_options */
	const char *value;		/* how --help calls it: FILE, SIZE, … */
	const char *choices;		/* "a|b|c", or NULL */
	uint64_t min, max;		/* NUMBER, SIZE, SECONDS */
	const char *help;
};

struct option_list {
	char **item;
	unsigned count;
};

#define OPTION_UNSET	(~0ull)		/* of numbers, sizes and addresses */
#define OPTION_MEMBER(o, opt, type)	(*(type *)((char *)(o) + (opt)->offset))

struct run_options {
	char *payload;			/* NAME or file given without an option */
	char *kernel, *firmware, *flash, *initrd, *params, *dtb, *dump_dtb;
	struct option_list disks, nets, publish, shares, vfio_pci;
	uint64_t cpus, mem;
	char *arch, *engine, *cpu, *machine, *irqchip, *name, *vsock, *console, *transport, *virtio_ring;
	bool rng, pmu, balloon, no_reboot, dry_run, help;
	uint64_t timeout, kaslr_seed;
	char *loglevel, *hugetlbfs;
	char *config;
	char *semihosting;		/* directory; "" for none */
	char *trace, *dbt;
	uint64_t dump_code;
};

extern const struct option run_option_table[];	/* ended by a NULL name */

void run_options_init(struct run_options *o);
/* The name of one that was given and that only the dbt engine serves, or NULL. */
const char *run_options_of_dbt(const struct run_options *o);
void run_options_free(struct run_options *o);

/* Parses argv[0..argc-1], options and at most one payload. --config is read at its place: what follows overrides it. */
int run_options_parse(struct run_options *o, int argc, char **argv, struct ctl_error *e);
const struct option *run_option_find(const char *name, size_t len);
/* One value as text; NULL for a flag alone. `where` begins messages: "--mem", "file.toml:3: mem". */
int run_option_set(struct run_options *o, const struct option *opt, const char *value, const char *where, struct ctl_error *e);
void run_options_unset(struct run_options *o, const struct option *opt);

void run_options_help(FILE *f);
void run_options_man(FILE *f);		/* the OPTIONS section, in mdoc */
void run_options_toml(const struct run_options *o, FILE *f);	/* what --config accepts */
/* A script for bash. Both lists end with NULL. */
/* `more` writes what other commands add, inside the script's function. */
void run_options_completion(const char *const *commands, const char *const *guests, void (*more)(FILE *f), FILE *f);

/* "1G", "512M", "64K"; a bare number counts in MiB. -EINVAL, -ERANGE. */
int parse_size(const char *text, uint64_t *bytes);
const char *format_size(uint64_t bytes, char buf[32]);	/* as parse_size takes it */
int parse_number(const char *text, uint64_t *v);	/* decimal, or hexadecimal with 0x; nothing else around it */


/* --config: TOML, or JSON when it begins with '{'. Text need not end in NUL. */
int run_options_config(struct run_options *o, const char *file, const char *text, size_t len, struct ctl_error *e);

#endif
