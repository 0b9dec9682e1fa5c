/* SPDX-License-Identifier: BSD-2-Clause */
/* cella help, and the forms that documentation and completion are made from. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cell.h"
#include "cmd/cmd.h"
#include "ctl/guests.h"
#include "ctl/options.h"

static void help_all(FILE *f)
{
	fputs("cella: runs virtual machines, of this architecture by KVM and of others by binary translation\n\n", f);
	for (const struct command *c = command_table; c->name; c++)
		fprintf(f, "  cella %-9s %s\n", c->name, c->summary);
	fputs("\nA first try: 'cella run hello', then 'cella run debian-arm64'. Manual: cella(1).\n", f);
}

static void completion(void)
{
	const char *commands[MAX_COMMANDS], *guests[16];
	unsigned n = 0, m = 0;

	for (const struct command *c = command_table; c->name; c++)
		commands[n++] = c->name;
	for (const struct guest *g = guest_table; g->name; g++)
		guests[m++] = g->name;
	commands[n] = guests[m] = NULL;
	run_options_completion(commands, guests, cell_completion, stdout);
}

int cmd_help(int argc, char **argv)
{
	struct ctl_error e = { "" };

	if (argc < 1) {
		help_all(argv ? stdout : stderr);
		return 0;
	}
	if (!strcmp(argv[0], "run")) {
		run_options_help(stdout);
		return 0;
	}
	if (!strcmp(argv[0], "cell")) {
		cell_help(stdout);
		return 0;
	}
	if (!strcmp(argv[0], "--man-cells")) {
		cell_man(stdout);
		return 0;
	}
	if (!strcmp(argv[0], "--man-options")) {
		run_options_man(stdout);
		return 0;
	}
	if (!strcmp(argv[0], "--completion")) {
		completion();
		return 0;
	}
	for (const struct command *c = command_table; c->name; c++) {
		if (strcmp(c->name, argv[0]))
			continue;
		printf("%s\n\n%s\n", c->usage, c->summary);
		for (const struct guest *g = guest_table; g->name && !strcmp(c->name, "get"); g++)
			printf("  %-13s %s\n", g->name, g->summary);
		return 0;
	}
	ctl_fail(&e, -EINVAL, "command %s: not known: 'cella help' lists all", argv[0]);
	return complain(&e);
}
