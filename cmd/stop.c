/* SPDX-License-Identifier: BSD-2-Clause */
/* cella stop: asks the guest by its power button, and ends it by force when it doesn't listen. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/types.h"
#include "cmd/cmd.h"
#include "cmd/target.h"
#include "ctl/client.h"
#include "ctl/options.h"

#define GRACE_MS	5000	/* for the process to end once the machine has */

struct stop {
	uint64_t timeout;	/* seconds */
};

static int stop_option(void *arg, int letter, const char *value, struct ctl_error *e)
{
	struct stop *s = arg;

	if (letter == 'f')
		s->timeout = 0;
	else if (parse_number(value, &s->timeout) || s->timeout > 86400)
		return ctl_fail(e, -EINVAL, "stop: --timeout '%s': give whole seconds, at most a day", value);
	return 0;
}

static int stop_one(void *arg, int fd, const char *machine, struct ctl_error *e)
{
	const struct stop *s = arg;
	int err = target_call(fd, machine, "stop", json_pack("{s:I}", "timeout", (json_int_t)s->timeout), e);

	if (!err && client_wait_gone(fd, (int)s->timeout * 1000 + GRACE_MS))
		err = ctl_fail(e, -ETIMEDOUT, "machine %s: does not end: kill its process ('cella list' shows it)", machine);
	return err;
}

int cmd_stop(int argc, char **argv)
{
	static const struct target_command command = { .name = "stop", .options = { { "timeout", 't', true }, { "force", 'f' } },
						       .option = stop_option, .act = stop_one };
	struct stop s = { .timeout = 30 };

	return target_run(&command, &s, argc, argv);
}
