/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding a CPU model of any ISA. On x86-64 and riscv64 there is only what the host has, less what the engine cannot give. */
#include "base/string.h"
#include "isa/arm64/cpu_model.h"

static const struct cpu_model x86_max = { "max", ISA_X86_64 }, riscv64_max = { "max", ISA_RISCV64 };

const struct cpu_model *cpu_model_find(enum isa_id isa, const char *name)
{
	const struct arm64_cpu_model *m;

	switch (isa) {
	case ISA_ARM64:
		m = arm64_cpu_model_find(name);
		return m ? &m->model : NULL;
	case ISA_X86_64:
		return strcmp(name, x86_max.name) ? NULL : &x86_max;
	case ISA_RISCV64:
		return strcmp(name, riscv64_max.name) ? NULL : &riscv64_max;
	default:
		return NULL;
	}
}
