/* SPDX-License-Identifier: BSD-2-Clause */
/* cella run: options to a machine. What belongs to one engine alone (--dbt, --trace, --dump-code) is read here. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/disasm.h"
#include "ctl/guests.h"
#include "ctl/run.h"
#include "engine/dbt/dbt.h"
#include "os/platform.h"

static const uint8_t hello_image[] = {
#include "guests/hello/hello.inc"
};

/* ---- lists of words ---- */

struct word {
	const char *name;
	uint32_t bit;
};

static const struct word trace_words[] = {
	{ "exec", DBT_TRACE_EXEC }, { "irq", DBT_TRACE_IRQ }, { "mmio", DBT_TRACE_MMIO }, { "tlb", DBT_TRACE_TLB },
	{ "fault", DBT_TRACE_FAULT }, { "compile", DBT_TRACE_COMPILE }, { "stat", DBT_TRACE_STAT }, { NULL }
};

enum { DBT_TINY_CACHE = 1, DBT_REG_PRESSURE = 2, DBT_FLAG_EXACT = 4, DBT_NO_CHAIN = 8 };
static const struct word dbt_words[] = {
	{ "tiny-cache", DBT_TINY_CACHE }, { "reg-pressure", DBT_REG_PRESSURE }, { "flag-exact", DBT_FLAG_EXACT },
	{ "no-chain", DBT_NO_CHAIN }, { NULL }
};

static uint32_t word_bit(const struct word *words, const char *text)
{
	for (; words->name; words++)
		if (!strcmp(words->name, text))
			return words->bit;
	return 0;
}

static int bad_word(const char *option, const char *text, const char *extra, const struct word *words, struct ctl_error *e)
{
	char all[160] = "";

	for (; words->name; words++) {
		strcat(all, words->name);
		strcat(all, words[1].name ? ", " : extra);
	}
	return ctl_fail(e, -EINVAL, "%s: '%s' is not known: choose from %s", option, text, all);
}

/* perf-map's file name stays in `copy`, which lives as long as the options. */
static int dbt_word(struct dbt_options *d, uint32_t *flags, char *text, struct ctl_error *e)
{
	uint32_t bit = word_bit(dbt_words, text);
	uint64_t n;

	*flags |= bit;
	if (bit)
		return 0;
	if (!strncmp(text, "perf-map=", 9) && text[9]) {
		d->perf_map = text + 9;
		return 0;
	}
	if (!strncmp(text, "code=", 5)) {
		if (parse_number(text + 5, &n) || n < 1 || n > 2048)
			return ctl_fail(e, -ERANGE, "--dbt: '%s' is out of range: give 1 to 2048 MiB", text);
		d->code_mib = (uint32_t)n;
		return 0;
	}
	return bad_word("--dbt", text, ", code=MIB, perf-map=FILE", dbt_words, e);
}

static int dbt_options(const struct run_options *o, struct dbt_options *d, char **copy, struct ctl_error *e)
{
	uint32_t flags = 0, bit;
	char *save;
	int err = 0;

	*d = (struct dbt_options){ .dump_code = o->dump_code };
	if (asprintf(copy, "%s%c%s", o->dbt ? o->dbt : "", 0, o->trace ? o->trace : "") < 0) {
		*copy = NULL;
		return ctl_fail(e, -ENOMEM, "out of memory");
	}
	/* The second string first: strtok_r would forget where it begins. */
	for (char *w = strtok_r(*copy + strlen(*copy) + 1, ",", &save); w && !err; w = strtok_r(NULL, ",", &save)) {
		bit = word_bit(trace_words, w);
		d->trace |= bit;
		if (!bit)
			err = bad_word("--trace", w, "", trace_words, e);
	}
	for (char *w = strtok_r(*copy, ",", &save); w && !err; w = strtok_r(NULL, ",", &save))
		err = dbt_word(d, &flags, w, e);
	d->tiny_cache = flags & DBT_TINY_CACHE;
	d->reg_pressure = flags & DBT_REG_PRESSURE;
	d->flag_exact = flags & DBT_FLAG_EXACT;
	d->no_chain = flags & DBT_NO_CHAIN;
	return err;
}

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
	struct dbt_options dbt;
	char *words = NULL;
	int err;

	err = take_payload(o, &spec, e);
	if (!err)
		err = run_options_resolve(o, spec.built_in, &resolved, e);
	if (!err)
		err = dbt_options(o, &dbt, &words, e);
	if (err)
		goto out;
	spec.resolved = &resolved;
	dbt.disassemble = disassemble;
	if (dbt.trace || dbt.dump_code != ~0ull)
		platform_log_threshold(LOG_DEBUG);
	spec.engine = engine_find(o->engine);
	spec.engine_options = &dbt;
	if (o->dry_run)
		run_options_toml(o, stdout);
	else
		err = o->dump_dtb ? run_dump_dtb(&spec, e) : run_machine(&spec, e);
out:
	free(words);
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
