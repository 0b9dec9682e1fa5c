/* SPDX-License-Identifier: BSD-2-Clause */
/* What every CPU model has. An ISA's own struct (isa/arm64/cpu_model.h) begins with this one. */
#ifndef ISA_CPU_MODEL_H
#define ISA_CPU_MODEL_H

#include "isa/isa.h"

struct cpu_model {
	const char *name;	/* as --cpu takes it */
	enum isa_id isa;
};

/* As --cpu names it; NULL: no such model of this ISA. */
const struct cpu_model *cpu_model_find(enum isa_id isa, const char *name);

#endif
