/* SPDX-License-Identifier: BSD-2-Clause */
/* cella balloon: how much of its memory a guest is to give back. */
#include <errno.h>
#include <stdio.h>

#include "base/types.h"
#include "cmd/cmd.h"
#include "cmd/target.h"
#include "ctl/client.h"
#include "ctl/options.h"

struct balloon {
	int letter;		/* 0: only look */
	uint64_t bytes;
};

static int balloon_option(void *arg, int letter, const char *value, struct ctl_error *e)
{
	struct balloon *b = arg;

	if (b->letter)
		return ctl_fail(e, -EINVAL, "balloon: one of --inflate, --deflate and --size: leave the others out");
	b->letter = letter;
	if (parse_size(value, &b->bytes))
		return ctl_fail(e, -EINVAL, "balloon: '%s' is no size: write 64M or 1G", value);
	return 0;
}

static int balloon_one(void *arg, int fd, const char *machine, struct ctl_error *e)
{
	const struct balloon *b = arg;
	uint64_t now = 0, want = b->bytes;
	json_t *result;
	int err = client_call(fd, machine, "balloon", NULL, &result, e);

	if (err)
		return err;
	now = (uint64_t)json_integer_value(json_object_get(result, "size"));
	if (!b->letter) {
		json_dumpf(result, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(result);
	if (b->letter == 'i')
		want = now + b->bytes;
	else if (b->letter == 'd')
		want = now - MIN(now, b->bytes);
	return b->letter ? target_call(fd, machine, "balloon", json_pack("{s:I}", "size", (json_int_t)want), e) : 0;
}

int cmd_balloon(int argc, char **argv)
{
	static const struct target_command command = {
		.name = "balloon",
		.options = { { "inflate", 'i', true }, { "deflate", 'd', true }, { "size", 's', true } },
		.option = balloon_option,
		.act = balloon_one,
	};
	struct balloon b = { .letter = 0 };

	return target_run(&command, &b, argc, argv);
}
