/* SPDX-License-Identifier: BSD-2-Clause */
/* The subcommands of `cella`, one thin file each; main.c lists them. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdio.h>

#include "core/engine.h"
#include "ctl/error.h"

#define CELLA_VERSION	"0.1"

struct run_options;		/* ctl/options.h */

struct command {
	const char *name;
	int (*run)(int argc, char **argv);	/* after the name; returns the exit status */
	const char *summary, *usage;
};

#define MAX_COMMANDS	32

extern const struct command command_table[];	/* ended by a NULL name */

/* One file of cmd/engines/: the engines that this host can have, ended by NULL, and what only they know. */
extern const struct engine_ops *const engine_table[];
/* Reads the options of one engine alone into *out, for vm->engine_options; freed in any case. */
int engine_options_parse(const struct run_options *o, void **out, struct ctl_error *e);
void engine_options_free(void *options);
/* What a guest of the host's own kind is told about its processor. A negative error: why says. */
int engine_cpu_print(FILE *f, char *why, size_t why_len);

int cmd_run(int argc, char **argv);
int cmd_setup(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_balloon(int argc, char **argv);
int cmd_key(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_debug(int argc, char **argv);
int cmd_cell(int argc, char **argv);

int complain(const struct ctl_error *e);	/* prints "cella: ..." and returns 1 */

#endif
