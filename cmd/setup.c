/* SPDX-License-Identifier: BSD-2-Clause */
/* cella setup: a root directory from a static busybox; prints where it is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "ctl/setup.h"

int cmd_setup(int argc, char **argv)
{
	char path[SPEC_PATH_MAX];
	struct ctl_error e = { "" };

	if (argc == 1 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")))
		return cmd_help(1, (char *[]){ "setup", NULL });
	if (argc < 1 || argc > 2) {
		ctl_fail(&e, -EINVAL, "setup: takes a name and at most one busybox: cella setup NAME [BUSYBOX]");
		return complain(&e);
	}
	if (setup_root(argv[0], argc == 2 ? argv[1] : NULL, path, &e))
		return complain(&e);
	printf("%s\n", path);
	return 0;
}
