/* SPDX-License-Identifier: BSD-2-Clause */
/* cella key: presses keys of a machine's keyboard. */
#include <errno.h>

#include "cmd/cmd.h"
#include "cmd/target.h"

static int key_option(void *arg, int letter, const char *value, struct ctl_error *e)
{
	*(const char **)arg = value;
	return 0;
}

static int key_one(void *arg, int fd, const char *machine, struct ctl_error *e)
{
	const char *keys = *(const char **)arg;

	if (!keys)
		return ctl_fail(e, -EINVAL, "key: nothing to press: add --press ctrl-alt-delete, say");
	return target_call(fd, machine, "key", json_pack("{s:s}", "press", keys), e);
}

int cmd_key(int argc, char **argv)
{
	static const struct target_command command = { .name = "key", .options = { { "press", 'p', true } }, .option = key_option,
						       .act = key_one };
	const char *keys = NULL;

	return target_run(&command, &keys, argc, argv);
}
