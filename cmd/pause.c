/* SPDX-License-Identifier: BSD-2-Clause */
/* cella pause, cella resume: time stands still for a machine, and goes on. */
#include "cmd/cmd.h"
#include "cmd/target.h"

static int act(void *arg, int fd, const char *machine, struct ctl_error *e)
{
	return target_call(fd, machine, arg, NULL, e);
}

int cmd_pause(int argc, char **argv)
{
	static const struct target_command command = { .name = "pause", .act = act };
	char method[] = "pause";

	return target_run(&command, method, argc, argv);
}

int cmd_resume(int argc, char **argv)
{
	static const struct target_command command = { .name = "resume", .act = act };
	char method[] = "resume";

	return target_run(&command, method, argc, argv);
}
