/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to a machine that can exist: defaults filled in, options checked against each other and the board. */
#ifndef CTL_RESOLVE_H
#define CTL_RESOLVE_H

#include "ctl/options.h"
#include "machine/machine.h"

struct resolved {
	bool named;			/* by the user */
	const struct machine_class *cls;
	const struct board_gic *irqchip;
	const struct cpu_model *cpu;
	uint32_t vcpus;
	uint64_t ram;		/* bytes */
	uint32_t pa_bits;
};

/* Writes the defaults into o, so that run_options_toml prints all of it. A built-in guest needs no kernel. */
int run_options_resolve(struct run_options *o, bool built_in, struct resolved *r, struct ctl_error *e);

#endif
