/* SPDX-License-Identifier: BSD-2-Clause */
/* The engines of an x86-64 host, and the options that only the translator knows: --dbt, --trace, --dump-code. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/engines/disasm.h"
#include "ctl/options.h"
#include "engine/dbt/dbt.h"
#include "engine/kvm/kvm.h"
#include "os/platform.h"

const struct engine_ops *const engine_table[] = { &kvm_engine, &dbt_engine, NULL };

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

/* perf-map's file name stays in the text, which lives as long as the options. */
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

struct options {
	struct dbt_options dbt;		/* first: what the engine gets */
	char *words;			/* texts that it points into */
};

int engine_options_parse(const struct run_options *o, void **out, struct ctl_error *e)
{
	const char *other = strcmp(o->engine, dbt_engine.name) ? run_options_of_dbt(o) : NULL;
	struct options *all = calloc(1, sizeof(*all));
	struct dbt_options *d = &all->dbt;
	uint32_t flags = 0, bit;
	char *save;
	int err = 0;

	if (other) {
		free(all);
		return ctl_fail(e, -EINVAL, "--%s: for the dbt engine, and %s runs this guest: leave it out", other, o->engine);
	}
	if (!all || asprintf(&all->words, "%s%c%s", o->dbt ? o->dbt : "", 0, o->trace ? o->trace : "") < 0) {
		free(all);
		return ctl_fail(e, -ENOMEM, "out of memory");
	}
	*out = all;
	d->dump_code = o->dump_code;
	d->disassemble = disassemble;
	/* The second string first: strtok_r would forget where it begins. */
	for (char *w = strtok_r(all->words + strlen(all->words) + 1, ",", &save); w && !err; w = strtok_r(NULL, ",", &save)) {
		bit = word_bit(trace_words, w);
		d->trace |= bit;
		if (!bit)
			err = bad_word("--trace", w, "", trace_words, e);
	}
	for (char *w = strtok_r(all->words, ",", &save); w && !err; w = strtok_r(NULL, ",", &save))
		err = dbt_word(d, &flags, w, e);
	d->tiny_cache = flags & DBT_TINY_CACHE;
	d->reg_pressure = flags & DBT_REG_PRESSURE;
	d->flag_exact = flags & DBT_FLAG_EXACT;
	d->no_chain = flags & DBT_NO_CHAIN;
	if (!err && (d->trace || d->dump_code != ~0ull))
		platform_log_threshold(LOG_DEBUG);
	return err;
}

void engine_options_free(void *options)
{
	struct options *all = options;

	if (all)
		free(all->words);
	free(all);
}

int engine_cpu_print(FILE *f, char *why, size_t why_len)
{
	return kvm_cpu_print(f, why, why_len);
}
