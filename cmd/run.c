/* SPDX-License-Identifier: BSD-2-Clause */
/* cella run: options to a machine. What belongs to one engine alone is read in cmd/engines/. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "ctl/guests.h"
#include "ctl/run.h"

static const uint8_t hello_image[] = {
#include "guests/hello/hello.inc"
};

/* ---- what is to run ---- */

static const struct engine_ops *engine_find(const char *name)
{
	for (unsigned i = 0; engine_table[i]; i++)
		if (!strcmp(engine_table[i]->name, name))
			return engine_table[i];
	return NULL;
}

/* A named guest, else a kernel file given without -k. */
static int take_payload(struct run_options *o, struct run_spec *spec, struct ctl_error *e)
{
	const struct guest *g = o->payload ? guest_find(o->payload) : NULL;
	const char *words[16], *near;
	unsigned n = 0;

	if (!o->payload)
		return 0;
	if (g && !g->package) {
		spec->built_in = hello_image;
		spec->built_in_size = sizeof(hello_image);
	}
	if (g)
		return guest_options(g, o, e);
	for (g = guest_table; g->name; g++)
		words[n++] = g->name;
	words[n] = NULL;
	near = nearest_word(o->payload, words);
	if (near && access(o->payload, F_OK))
		return ctl_fail(e, -ENOENT, "guest %s: not known: did you mean %s?", o->payload, near);
	if (o->kernel)
		return ctl_fail(e, -EINVAL, "'%s': the kernel is '%s' already: leave one out", o->payload, o->kernel);
	o->kernel = o->payload;
	o->payload = NULL;
	return 0;
}

static int run_with(struct run_options *o, struct ctl_error *e)
{
	struct run_spec spec = { .options = o };
	struct resolved resolved;
	void *engine_options = NULL;
	int err;

	err = take_payload(o, &spec, e);
	if (!err)
		err = run_options_resolve(o, spec.built_in, &resolved, e);
	if (!err)
		err = engine_options_parse(o, &engine_options, e);
	if (err)
		goto out;
	spec.resolved = &resolved;
	spec.engine = engine_find(o->engine);
	spec.engine_options = engine_options;
	if (o->dry_run)
		run_options_toml(o, stdout);
	else
		err = o->dump_dtb ? run_dump_dtb(&spec, e) : run_machine(&spec, e);
out:
	engine_options_free(engine_options);
	return err;
}

int cmd_run(int argc, char **argv)
{
	struct run_options o;
	struct ctl_error e = { "" };
	int status;

	run_options_init(&o);
	status = run_options_parse(&o, argc, argv, &e);
	if (!status && o.help)
		run_options_help(stdout);
	else if (!status)
		status = run_with(&o, &e);
	if (status < 0)
		status = complain(&e);
	else if (status == RUN_CRASHED && e.text[0])
		complain(&e);
	run_options_free(&o);
	return status;
}
