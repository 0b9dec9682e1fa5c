/* SPDX-License-Identifier: BSD-2-Clause */
/* cella doctor */
#include <errno.h>

#include "cmd/cmd.h"
#include "ctl/doctor.h"

int cmd_doctor(int argc, char **argv)
{
	struct ctl_error e = { "" };

	if (argc) {
		ctl_fail(&e, -EINVAL, "doctor: takes no arguments: leave '%s' out", argv[0]);
		return complain(&e);
	}
	return doctor(engine_table, stdout) ? 1 : 0;
}
