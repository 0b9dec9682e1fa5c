/* SPDX-License-Identifier: BSD-2-Clause */
/* cella list: what runs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/types.h"
#include "cmd/cmd.h"
#include "ctl/client.h"
#include "ctl/names.h"

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "?";
}

static int list_one(const char *name, void *arg)
{
	unsigned *lines = arg;
	struct ctl_error e = { "" };
	int fd = client_connect(name, &e);
	json_t *info = NULL;

	if (fd < 0)
		return 0;		/* it ended meanwhile */
	if (!(*lines)++)
		printf("%8s  %-20s %-8s %-12s %-7s %5s %10s\n", "PID", "NAME", "STATE", "MACHINE", "ENGINE", "VCPUS", "MEMORY");
	if (client_call(fd, name, "info", NULL, &info, &e))
		printf("%8s  %-20s %-8s\n", "?", name, "stuck");
	else
		printf("%8lld  %-20s %-8s %-12s %-7s %5lld %6lld MiB\n",
		       (long long)json_integer_value(json_object_get(info, "pid")),
		       name, text(info, "state"), text(info, "machine"), text(info, "engine"),
		       (long long)json_integer_value(json_object_get(info, "vcpus")),
		       (long long)(json_integer_value(json_object_get(info, "memory")) / (1 << 20)));
	json_decref(info);
	close(fd);
	return 0;
}

int cmd_list(int argc, char **argv)
{
	struct ctl_error e = { "" };
	unsigned lines = 0;

	for (int i = 0; i < argc; i++) {
		/* kvmtool's: only running ones. There are no others. */
		if (!strcmp(argv[i], "-i") || !strcmp(argv[i], "--run"))
			continue;
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return cmd_help(1, (char *[]){ "list", NULL });
		ctl_fail(&e, -1, "list: '%s' is not known: see 'cella help list'", argv[i]);
		return complain(&e);
	}
	if (name_each(list_one, &lines, &e))
		return complain(&e);
	return 0;
}
