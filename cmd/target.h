/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the subcommands that act on running machines have in common: which machines. A name is given as an argument or by
 * -n NAME as in kvmtool; -a means all of them.
 */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include <jansson.h>

#include "ctl/error.h"

struct target_option {
	const char *name;
	char letter;
	bool value;
};

struct target_command {
	const char *name;
	struct target_option options[4];	/* its own; a NULL name ends them */
	bool one;				/* -a makes no sense */
	int (*option)(void *arg, int letter, const char *value, struct ctl_error *e);	/* or NULL */
	/* Once a machine, with a connection to it. */
	int (*act)(void *arg, int fd, const char *machine, struct ctl_error *e);
};

/* Parses, and acts on each machine meant. The exit status; complaints have been printed. */
int target_run(const struct target_command *c, void *arg, int argc, char **argv);
/* For `act`: one call whose result is of no interest. */
int target_call(int fd, const char *machine, const char *method, json_t *params, struct ctl_error *e);

#endif
