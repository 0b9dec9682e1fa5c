/* SPDX-License-Identifier: BSD-2-Clause */
/* main: which subcommand. cmd/engines/ alone names engines. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "ctl/options.h"

const struct command command_table[] = {
	{ "run", cmd_run, "run a virtual machine on this terminal", "cella run [OPTION...] [GUEST|KERNEL]" },
	{ "get", cmd_get, "download a known guest", "cella get [NAME]" },
	{ "setup", cmd_setup, "make a root directory for cella run -d NAME", "cella setup NAME [BUSYBOX]" },
	{ "list", cmd_list, "which machines run", "cella list" },
	{ "stop", cmd_stop, "ask a machine to power off; after the timeout (30 s) by force",
	  "cella stop [--timeout SECONDS] [--force] NAME|-a" },
	{ "pause", cmd_pause, "let a machine's time stand still", "cella pause NAME|-a" },
	{ "resume", cmd_resume, "let it go on", "cella resume NAME|-a" },
	{ "stat", cmd_stat, "what a machine uses: processors, memory", "cella stat NAME|-a" },
	{ "balloon", cmd_balloon, "take memory from a machine (--inflate), or give it back",
	  "cella balloon [--inflate SIZE|--deflate SIZE|--size SIZE] NAME|-a" },
	{ "console", cmd_console, "look at a machine's console and type (Ctrl-A x leaves)", "cella console NAME" },
	{ "key", cmd_key, "press keys of a pc's keyboard", "cella key --press KEY[-KEY...] NAME|-a" },
	{ "debug", cmd_debug, "registers and device state, or a SysRq key", "cella debug [--dump] [--sysrq KEY] NAME|-a" },
	{ "cell", cmd_cell, "cells beside this Linux, on arm64: enable, create, start...", "cella cell VERB ..." },
	{ "doctor", cmd_doctor, "what this host has, lacks, and how to mend it", "cella doctor [--cpuid]" },
	{ "help", cmd_help, "this list, or one command's options", "cella help [COMMAND]" },
	{ "version", cmd_version, "version, engines and machines", "cella version" },
	{ NULL }
};

int complain(const struct ctl_error *e)
{
	fprintf(stderr, "cella: %s\n", e->text);
	return 1;
}

static const struct command *command_find(const char *name)
{
	for (const struct command *c = command_table; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static int unknown(const char *name)
{
	const char *words[MAX_COMMANDS], *near;
	struct ctl_error e = { "" };
	unsigned n = 0;

	for (const struct command *c = command_table; c->name; c++)
		words[n++] = c->name;
	words[n] = NULL;
	near = nearest_word(name, words);
	if (near)
		ctl_fail(&e, -EINVAL, "command %s: not known: did you mean 'cella %s'?", name, near);
	else
		ctl_fail(&e, -EINVAL, "command %s: not known: 'cella help' lists all", name);
	return complain(&e);
}

/* A closed standard descriptor's number must not go to a file of the machine's, which would get what is printed. */
static int standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2 && !fcntl(fd, F_SETFD, 0));
	if (fd > 2)
		close(fd);
	return fd;
}

int main(int argc, char **argv)
{
	const struct command *c;

	if (standard_descriptors() < 0)
		return 1;
	if (argc < 2)
		return cmd_help(0, NULL) | 1;
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_help(argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return cmd_version(0, NULL);
	c = command_find(argv[1]);
	return c ? c->run(argc - 2, argv + 2) : unknown(argv[1]);
}
