/* SPDX-License-Identifier: BSD-2-Clause */
/* See target.h. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/target.h"
#include "ctl/client.h"
#include "ctl/names.h"

struct target {
	const struct target_command *c;
	void *arg;
	const char *name;
	bool all, help;
	int status;
};

int target_call(int fd, const char *machine, const char *method, json_t *params, struct ctl_error *e)
{
	json_t *result;
	int err = client_call(fd, machine, method, params, &result, e);

	if (!err)
		json_decref(result);
	return err;
}

/* One machine's failure does not keep the others from being served. */
static int act_on(const char *name, void *arg)
{
	struct target *t = arg;
	struct ctl_error e = { "" };
	int fd = client_connect(name, &e), err = fd;

	if (fd >= 0) {
		err = t->c->act(t->arg, fd, name, &e);
		close(fd);
	}
	if (err)
		t->status = complain(&e);
	return 0;
}

static int take_name(struct target *t, const char *name, struct ctl_error *e)
{
	if (t->name)
		return ctl_fail(e, -EINVAL, "%s: one machine at a time, or all with -a: leave '%s' out", t->c->name, name);
	t->name = name;
	return 0;
}

static int parse(struct target *t, int argc, char **argv, struct ctl_error *e)
{
	static const struct option common[] = {
		{ "all", no_argument, NULL, 'a' }, { "name", required_argument, NULL, 'n' }, { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct option options[ARRAY_SIZE(t->c->options) + ARRAY_SIZE(common)];
	char letters[32] = ":an:h";
	unsigned n = 0;
	int got, err = 0;

	for (const struct target_option *o = t->c->options; n < ARRAY_SIZE(t->c->options) && o->name; o++) {
		size_t len = strlen(letters);

		options[n++] = (struct option){ o->name, o->value ? required_argument : no_argument, NULL, o->letter };
		snprintf(letters + len, sizeof(letters) - len, "%c%s", o->letter, o->value ? ":" : "");
	}
	memcpy(options + n, common, sizeof(common));
	optind = 1;
	opterr = 0;
	while (!err && (got = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (got == 'a' && !t->c->one)
			t->all = true;
		else if (got == 'n')
			err = take_name(t, optarg, e);
		else if (got == 'h')
			t->help = true;
		else if (got == ':')
			err = ctl_fail(e, -EINVAL, "%s: '%s' needs a value: give one", t->c->name, argv[optind - 1]);
		else if (got == '?' || !t->c->option)
			err = ctl_fail(e, -EINVAL, "%s: option '%s' is not known: see 'cella help %s'", t->c->name,
				       argv[optind - 1], t->c->name);
		else
			err = t->c->option(t->arg, got, optarg, e);
	}
	while (!err && optind < argc)
		err = take_name(t, argv[optind++], e);
	if (!err && !t->help && !t->name && !t->all)
		err = ctl_fail(e, -EINVAL, "%s: which machine? Give its name%s; 'cella list' shows what runs", t->c->name,
			       t->c->one ? "" : ", or -a for all");
	return err;
}

int target_run(const struct target_command *c, void *arg, int argc, char **argv)
{
	struct target t = { .c = c, .arg = arg };
	struct ctl_error e = { "" };
	int err = parse(&t, argc + 1, argv - 1, &e);	/* getopt begins behind the command's own name */

	if (err)
		return complain(&e);
	if (t.help)
		return cmd_help(1, (char *[]){ (char *)c->name, NULL });
	if (!t.all)
		act_on(t.name, &t);
	else if (name_each(act_on, &t, &e))
		return complain(&e);
	return t.status;
}
