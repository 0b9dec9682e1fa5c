/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to a machine that can exist: defaults filled in, options checked against each other and the board. */
#ifndef CTL_RESOLVE_H
#define CTL_RESOLVE_H

#include "ctl/options.h"
#include "machine/machine.h"

struct resolved {
	bool named;			/* by the user */
	const struct machine_class *cls;
	const struct engine_ops *engine;
	struct engine_info engine_info;
	const struct board_irqchip *irqchip;
	const struct cpu_model *cpu;
	enum machine_transport transport;
	uint32_t vcpus;
	uint64_t ram;		/* bytes */
	uint32_t pa_bits;
};

/*
 * Writes the defaults into o, so that run_options_toml prints all of it. payload: what the kernel is for, ISA_COUNT if it doesn't
 * say. engines: those of this build, the preferred first; ended by NULL. One that cannot run such guests here is passed
 * over, unless it was asked for.
 */
int run_options_resolve(struct run_options *o, enum isa_id payload, const struct engine_ops *const *engines,
			struct resolved *r, struct ctl_error *e);

#endif
