/* SPDX-License-Identifier: BSD-2-Clause */
/* cella get: a known guest, checked and unpacked; prints where it is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "ctl/guests.h"

static int unknown(const char *name)
{
	const char *words[16], *near;
	struct ctl_error e = { "" };
	unsigned n = 0;

	for (const struct guest *g = guest_table; g->name; g++)
		words[n++] = g->name;
	words[n] = NULL;
	near = nearest_word(name, words);
	ctl_fail(&e, -EINVAL, near ? "guest %s: not known: did you mean %s?" : "guest %s: not known: 'cella get' lists all%s", name,
		 near ? near : "");
	return complain(&e);
}

int cmd_get(int argc, char **argv)
{
	const struct guest *g;
	struct ctl_error e = { "" };
	char *dir;

	if (argc < 1) {
		for (g = guest_table; g->name; g++)
			printf("%-13s %s\n", g->name, g->summary);
		return 0;
	}
	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))
		return cmd_help(1, (char *[]){ "get", NULL });
	if (argc > 1) {
		ctl_fail(&e, -EINVAL, "get: one guest at a time: leave '%s' out", argv[1]);
		return complain(&e);
	}
	g = guest_find(argv[0]);
	if (!g)
		return unknown(argv[0]);
	if (guest_get(g, &dir, &e))
		return complain(&e);
	if (dir)
		printf("%s%s\n%s%s\n", dir, g->kernel, dir, g->initrd);
	free(dir);
	return 0;
}
