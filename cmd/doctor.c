/* SPDX-License-Identifier: BSD-2-Clause */
/* cella doctor */
#include <errno.h>
#include <string.h>

#include "cmd/cmd.h"
#include "ctl/doctor.h"

static int print_cpu(struct ctl_error *e)
{
	char why[160] = "";
	int err = engine_cpu_print(stdout, why, sizeof(why));

	return err ? ctl_fail(e, err, "doctor: --cpuid: %s", why) : 0;
}

int cmd_doctor(int argc, char **argv)
{
	struct ctl_error e = { "" };

	if (argc == 1 && !strcmp(argv[0], "--cpuid"))
		return print_cpu(&e) ? complain(&e) : 0;
	if (argc) {
		bool known = argc > 1 && !strcmp(argv[0], "--cpuid");

		ctl_fail(&e, -EINVAL, "doctor: takes --cpuid or nothing: leave '%s' out", argv[known]);
		return complain(&e);
	}
	return doctor(engine_table, stdout) ? 1 : 0;
}
