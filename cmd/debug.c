/* SPDX-License-Identifier: BSD-2-Clause */
/* cella stat, cella debug: what a machine uses and what is inside it, as JSON for people and jq alike. */
#include <stdio.h>

#include "base/types.h"
#include "cmd/cmd.h"
#include "cmd/target.h"
#include "ctl/client.h"

struct debug {
	const char *sysrq;
	bool dump;
};

static int print_result(int fd, const char *machine, const char *method, struct ctl_error *e)
{
	json_t *result;
	int err = client_call(fd, machine, method, NULL, &result, e);

	if (err)
		return err;
	json_dumpf(result, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(result);
	return 0;
}

static int stat_option(void *arg, int letter, const char *value, struct ctl_error *e)
{
	return 0;	/* -m, kvmtool's: memory is in the answer anyhow */
}

static int stat_one(void *arg, int fd, const char *machine, struct ctl_error *e)
{
	return print_result(fd, machine, "stat", e);
}

int cmd_stat(int argc, char **argv)
{
	static const struct target_command command = { .name = "stat", .options = { { "memory", 'm' } },
						       .option = stat_option, .act = stat_one };

	return target_run(&command, NULL, argc, argv);
}

static int debug_option(void *arg, int letter, const char *value, struct ctl_error *e)
{
	struct debug *d = arg;

	if (letter == 's')
		d->sysrq = value;
	else
		d->dump = true;
	return 0;
}

static int debug_one(void *arg, int fd, const char *machine, struct ctl_error *e)
{
	const struct debug *d = arg;
	int err = 0;

	if (d->sysrq)
		err = target_call(fd, machine, "sysrq", json_pack("{s:s}", "key", d->sysrq), e);
	if (!err && (d->dump || !d->sysrq))
		err = print_result(fd, machine, "debug", e);
	return err;
}

int cmd_debug(int argc, char **argv)
{
	static const struct target_command command = { .name = "debug", .options = { { "dump", 'd' }, { "sysrq", 's', true } },
						       .option = debug_option, .act = debug_one };
	struct debug d = { .dump = false };

	return target_run(&command, &d, argc, argv);
}
