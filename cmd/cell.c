/* SPDX-License-Identifier: BSD-2-Clause */
/* cella cell: which verb, and its command line. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/types.h"
#include "cmd/cell.h"
#include "cmd/cmd.h"
#include "ctl/nearest.h"

#define UNCHECKED	{ "unchecked", 'U', NULL, "don't check the configuration against the board" }
#define NAME		{ "name", 'n', "NAME", "the cell, for those who write it as an option" }

static const struct cell_option no_options[] = { { NULL } };
static const struct cell_option name_options[] = { NAME, { NULL } };
static const struct cell_option enable_options[] = {
	{ "image", 'i', "FILE", "the engine's image; otherwise cella-arm64.bin, installed or beside CONFIG" },
	{ "module", 'm', "FILE", "the driver's module; otherwise modprobe's cella" },
	UNCHECKED,
	{ NULL }
};
static const struct cell_option create_options[] = {
	{ "dma-trusted", 'D', NULL, "its devices may master the bus, as dma_trusted = true" },
	UNCHECKED,
	{ NULL }
};
static const struct cell_option load_options[] = {
	{ "string", 's', "STRING", "load these characters and a NUL" },
	{ "address", 'a', "ADDRESS", "where in the cell the piece before lies; otherwise 0" },
	NAME,
	{ NULL }
};
static const struct cell_option console_options[] = { { "follow", 'f', NULL, "wait for more" }, { NULL } };
static const struct cell_option check_options[] = {
	{ "iomem", 'I', "FILE", "another board's /proc/iomem" },
	{ "dtb", 'd', "FILE", "another board's device tree" },
	{ NULL }
};
static const struct cell_option linux_options[] = {
	{ "initrd", 'i', "FILE", "initial RAM disk" },
	{ "cmdline", 'c', "WORDS", "the kernel's command line" },
	{ "dtb", 'd', "FILE", "a device tree instead of the one made from CONFIG" },
	{ "write", 'w', "FILE", "only write the device tree" },
	{ "dma-trusted", 'D', NULL, "its devices may master the bus, as dma_trusted = true" },
	UNCHECKED,
	{ NULL }
};
static const struct cell_option serve_options[] = {
	{ "network", 'n', "NET", "a network, as of cella run: user, tap,ifname=I,host_ip=A/N ..." },
	{ "disk", 'd', "FILE", "a disk, as of cella run" },
	{ "rng", 'r', NULL, "random numbers" },
	{ "console", 'C', NULL, "a console (hvc0) on this terminal" },
	{ NULL }
};
static const struct cell_option config_options[] = {
	{ "iomem", 'I', "FILE", "another board's /proc/iomem" },
	{ "dtb", 'd', "FILE", "another board's device tree" },
	{ "name", 'n', "NAME", "of the root cell; otherwise root" },
	{ NULL }
};

const struct cell_verb cell_verb_table[] = {
	{ "enable", "[--image FILE] [--module FILE] SYSTEM", "start the engine under this Linux, which becomes the root cell", 1, 1,
	  enable_options, cell_verb_enable },
	{ "disable", "", "destroy all cells and give the machine back to Linux", 0, 0, no_options, cell_verb_disable },
	{ "create", "CONFIG", "make a cell; its CPUs leave Linux", 1, 1, create_options, cell_verb_create },
	{ "load", "CELL { IMAGE | -s STRING } [-a ADDRESS] ...", "put files or strings into a cell's memory", 0, CELL_MAX_ITEMS,
	  load_options, cell_verb_load },
	{ "start", "CELL", "let it run from its reset address", 0, 1, name_options, cell_verb_start },
	{ "shutdown", "CELL", "ask it to end, and stop its CPUs", 0, 1, name_options, cell_verb_shutdown },
	{ "destroy", "CELL", "take its CPUs and memory back", 0, 1, name_options, cell_verb_destroy },
	{ "list", "", "cells with their states and CPUs", 0, 0, no_options, cell_verb_list },
	{ "stats", "CELL", "how often its CPUs came to the engine, and how often in a second", 0, 1, name_options,
	 cell_verb_stats },
	{ "console", "[-f]", "what the engine and cells without a UART have logged", 0, 0, console_options, cell_verb_console },
	{ "serve", "CELL [-n NET] [-d FILE] [--rng] [--console]",
	  "be the devices of its served regions, in that order, until it ends", 1, 1, serve_options, cell_verb_serve },
	{ "linux", "[-i INITRD] [-c CMDLINE] [-d DTB] CONFIG KERNEL", "a second Linux: create, load and start it", 2, 2,
	 linux_options,
	  cell_verb_linux },
	{ "check", "[--iomem FILE] [--dtb FILE] CONFIG...", "prove a system and its cells before anything is touched", 1,
	 CELL_MAX_ITEMS,
	  check_options, cell_verb_check },
	{ "compile", "CONFIG OUT", "a TOML configuration's binary form", 2, 2, no_options, cell_verb_compile },
	{ "config", "create [FILE]", "write a first configuration of the root from this board", 1, 2, config_options,
	 cell_verb_config },
	{ NULL }
};

const char *cell_value(const struct cell_args *a, unsigned char letter)
{
	const char *value = NULL;

	for (unsigned i = 0; i < a->items; i++)
		if (a->item[i].letter == letter)
			value = a->item[i].text ? a->item[i].text : "";
	return value;
}

static int add(struct cell_args *a, unsigned char letter, char *text, struct ctl_error *e)
{
	if (a->items >= CELL_MAX_ITEMS)
		return ctl_fail(e, -E2BIG, "cell: more than %u arguments", CELL_MAX_ITEMS);
	a->item[a->items++] = (struct cell_item){ letter, text };
	if (!letter)
		a->operand[a->operands++] = text;
	return 0;
}

static int parse(const struct cell_verb *v, struct cell_args *a, int argc, char **argv, bool *help, struct ctl_error *e)
{
	struct option options[8] = { { "help", no_argument, NULL, 'h' } };
	char letters[32] = "-:h";	/* operands in their place among the options */
	unsigned n = 1;
	int got, err = 0;

	for (const struct cell_option *o = v->options; o->name && n + 1 < ARRAY_SIZE(options); o++) {
		size_t len = strlen(letters);

		options[n++] = (struct option){ o->name, o->value ? required_argument : no_argument, NULL, o->letter };
		if (o->letter >= 'a')
			snprintf(letters + len, sizeof(letters) - len, "%c%s", o->letter, o->value ? ":" : "");
	}
	optind = 1;
	opterr = 0;
	while (!err && (got = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (got == 'h')
			*help = true;
		else if (got == ':')
			err = ctl_fail(e, -EINVAL, "cell %s: '%s' needs a value: give one", v->name, argv[optind - 1]);
		else if (got == '?')
			err = ctl_fail(e, -EINVAL, "cell %s: option '%s' is not known: see 'cella cell --help'", v->name,
				       argv[optind - 1]);
		else
			err = add(a, got == 1 ? 0 : (unsigned char)got, optarg, e);
	}
	while (!err && optind < argc)
		err = add(a, 0, argv[optind++], e);
	return err;
}

/* A cell's name that came as --name counts as the first operand. */
static int name_first(struct cell_args *a, struct ctl_error *e)
{
	const char *name = cell_value(a, 'n');

	if (!name)
		return 0;
	if (a->items >= CELL_MAX_ITEMS)
		return ctl_fail(e, -E2BIG, "cell: more than %u arguments", CELL_MAX_ITEMS);
	memmove(a->operand + 1, a->operand, a->operands++ * sizeof(a->operand[0]));
	a->operand[0] = (char *)name;
	memmove(a->item + 1, a->item, a->items++ * sizeof(a->item[0]));
	a->item[0] = (struct cell_item){ 0, name };
	return 0;
}

static void verb_help(const struct cell_verb *v, FILE *f)
{
	fprintf(f, "cella cell %s %s\n\n%s\n", v->name, v->usage, v->summary);
	for (const struct cell_option *o = v->options; o->name; o++) {
		char left[64];

		snprintf(left, sizeof(left), o->letter >= 'a' ? "-%3$c, --%1$s %2$s" : "    --%1$s %2$s", o->name, o->value ?
			 o->value : "",
			 o->letter);
		fprintf(f, "  %-26s %s\n", left, o->help);
	}
}

void cell_help(FILE *f)
{
	fputs("cella cell VERB ...: cells beside this Linux, on arm64 (docs/cells.md)\n\n", f);
	for (const struct cell_verb *v = cell_verb_table; v->name; v++)
		fprintf(f, "  cella cell %s %s\n      %s\n", v->name, v->usage, v->summary);
	fputs("\nA CELL is an id or a name. 'cella cell VERB --help' lists a verb's options.\n", f);
}

void cell_man(FILE *f)
{
	for (const struct cell_verb *v = cell_verb_table; v->name; v++) {
		fprintf(f, ".It Cm %s", v->name);
		if (*v->usage)
			fprintf(f, " No \"%s\"", v->usage);
		fprintf(f, "\n%c%s.\n", v->summary[0] & ~32, v->summary + 1);
		for (const struct cell_option *o = v->options; o->name; o++)
			fprintf(f, ".Fl -%s%s%s :\n%s.\n", o->name, o->value ? " Ar " : "", o->value ? o->value : "", o->help);
	}
}

void cell_completion(FILE *f)
{
	fputs("\tif [ \"${COMP_WORDS[1]}\" = cell ]; then\n\t\tif [ \"$COMP_CWORD\" -eq 2 ]; then\n"
	      "\t\t\tmapfile -t COMPREPLY < <(compgen -W \"", f);
	for (const struct cell_verb *v = cell_verb_table; v->name; v++)
		fprintf(f, "%s%s", v == cell_verb_table ? "" : " ", v->name);
	fputs("\" -- \"$cur\")\n\t\t\treturn\n\t\tfi\n\t\tlocal words=\"--help\"\n\t\tcase ${COMP_WORDS[2]} in\n", f);
	for (const struct cell_verb *v = cell_verb_table; v->name; v++) {
		if (!v->options->name)
			continue;
		fprintf(f, "\t\t%s) words=\"--help", v->name);
		for (const struct cell_option *o = v->options; o->name; o++)
			fprintf(f, " --%s", o->name);
		fputs("\" ;;\n", f);
	}
	fputs("\t\tesac\n\t\tcompopt -o filenames\n\t\tcase $cur in\n"
	      "\t\t-*) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n"
	      "\t\t*) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n\t\tesac\n\t\treturn\n\tfi\n", f);
}

static const struct cell_verb *find(const char *name, struct ctl_error *e)
{
	const char *words[MAX_COMMANDS], *near;
	unsigned n = 0;

	for (const struct cell_verb *v = cell_verb_table; v->name; v++) {
		if (!strcmp(v->name, name))
			return v;
		words[n++] = v->name;
	}
	words[n] = NULL;
	near = nearest_word(name, words);
	if (near)
		ctl_fail(e, -EINVAL, "cell %s: not known: did you mean 'cella cell %s'?", name, near);
	else
		ctl_fail(e, -EINVAL, "cell %s: not known: 'cella cell --help' lists all", name);
	return NULL;
}

static int run(const struct cell_verb *v, int argc, char **argv, struct ctl_error *e)
{
	struct cell_args a = { .items = 0 };
	bool help = false;
	int err = parse(v, &a, argc, argv, &help, e);

	if (help) {
		verb_help(v, stdout);
		return 0;
	}
	if (!err && v->run != cell_verb_config && v->run != cell_verb_serve)
		err = name_first(&a, e);
	if (!err && (a.operands < v->min || a.operands > v->max || (!a.operands && !strncmp(v->usage, "CELL", 4))))
		err = ctl_fail(e, -EINVAL, "cell %s: write it as: cella cell %s %s", v->name, v->name, v->usage);
	return err ? err : v->run(&a, e);
}

int cmd_cell(int argc, char **argv)
{
	struct ctl_error e = { "" };
	const struct cell_verb *v;

	if (argc < 1) {
		cell_help(stderr);
		return 1;
	}
	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")) {
		cell_help(stdout);
		return 0;
	}
	v = find(argv[0], &e);
	return !v || run(v, argc, argv, &e) < 0 ? complain(&e) : 0;
}
