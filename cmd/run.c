/* SPDX-License-Identifier: BSD-2-Clause */
/* cella run: options to a machine. What belongs to one engine alone is read in cmd/engines/. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "ctl/firmware.h"
#include "ctl/guests.h"
#include "ctl/payload.h"
#include "ctl/run.h"
#include "os/platform.h"

static const uint8_t hello_image[] = {
#include "guests/hello/hello.inc"
};

/* ---- what is to run ---- */

/* A named guest, else a kernel file given without -k. */
static int take_payload(struct run_options *o, struct run_spec *spec, struct ctl_error *e)
{
	const struct guest *g = o->payload ? guest_find(o->payload) : NULL;
	const char *words[16], *near;
	unsigned n = 0;

	if (!o->payload)
		return 0;
	if (g && !g->package) {
		spec->kernel = hello_image;
		spec->kernel_size = sizeof(hello_image);
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

/* Read before anything is decided: architecture, machine and engine follow what it is. */
static int read_kernel(const struct run_options *o, struct run_spec *spec, struct payload_file *f, struct ctl_error *e)
{
	int err;

	if (!o->kernel)
		return 0;
	err = payload_read(f, "kernel", o->kernel, PAYLOAD_MAX, e);
	if (!err)
		err = payload_unpack(f, "kernel", o->kernel, e);
	spec->kernel = f->data;
	spec->kernel_size = f->size;
	spec->kernel_file = f;
	return err;
}

static int read_firmware(const struct firmware_names *n, struct run_spec *spec, struct payload_file *f, struct ctl_error *e)
{
	int err;

	if (!n->code)
		return 0;
	err = payload_read(f, "firmware", n->code, FIRMWARE_MAX, e);
	spec->firmware = f->data;
	spec->firmware_size = f->size;
	spec->firmware_name = n->code;
	spec->flash_name = n->vars;
	if (!err && (f->size & 4095 || f->size < 64 * KIB))
		err = ctl_fail(e, -EINVAL, "firmware %s: %zu bytes is no size of one (64K or more, in steps of 4K): check the file",
			       n->code, f->size);
	return err;
}

static void set_loglevel(const char *name)
{
	static const char letters[] = "ewid";	/* error, warning, info, debug: as LOG_ERROR … LOG_DEBUG */

	platform_log_threshold((enum log_level)(strchr(letters, name[0]) - letters));
}

static int run_with(struct run_options *o, struct ctl_error *e)
{
	struct run_spec spec = { .options = o };
	struct payload_file kernel = { 0 }, firmware = { 0 };
	struct firmware_names names;
	struct resolved resolved;
	void *engine_options = NULL;
	int err;

	if (o->loglevel)
		set_loglevel(o->loglevel);
	err = firmware_names(&names, o, e);
	if (!err)
		err = take_payload(o, &spec, e);
	if (!err)
		err = read_firmware(&names, &spec, &firmware, e);
	if (!err)
		err = read_kernel(o, &spec, &kernel, e);
	if (!err)
		err = run_options_resolve(o, o->kernel ? payload_isa(kernel.data, kernel.size) :
					  spec.kernel ? ISA_ARM64 : ISA_COUNT,
					  engine_table, &resolved, e);
	if (!err)
		err = engine_options_parse(o, &engine_options, e);
	if (err)
		goto out;
	spec.resolved = &resolved;
	spec.engine = resolved.engine;
	spec.engine_options = engine_options;
	if (o->dry_run)
		run_options_toml(o, stdout);
	else
		err = o->dump_dtb ? run_dump_dtb(&spec, e) : run_machine(&spec, e);
out:
	payload_free(&kernel);
	payload_free(&firmware);
	firmware_names_free(&names);
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
