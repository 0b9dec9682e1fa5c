/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arm64 CPUs that a guest may be given: identification registers and the instructions that go with them.
 *
 * An ID register tells the truth: a feature is there only when the translator has it, so the models of real CPUs lack what
 * they have in silicon but not here (EL2, EL3, AArch32, PMU). What depends on the machine (MPIDR_EL1, the GIC bits of
 * ID_AA64PFR0_EL1) is filled in by arm64_id_registers. All tables are constant and shared.
 */
#ifndef ISA_ARM64_CPU_MODEL_H
#define ISA_ARM64_CPU_MODEL_H

#include "isa/cpu_model.h"

#define ARM64_PMU_INTID	23	/* the PPI by which performance counters overflow (BSA, PPI assignments) */

/* Registers whose value a model gives. */
enum arm64_id {
	ARM64_MIDR, ARM64_MPIDR, ARM64_REVIDR, ARM64_AIDR, ARM64_CTR, ARM64_DCZID, ARM64_CLIDR,
	ARM64_PFR0, ARM64_PFR1, ARM64_DFR0, ARM64_DFR1, ARM64_ISAR0, ARM64_ISAR1, ARM64_MMFR0, ARM64_MMFR1, ARM64_MMFR2,
	ARM64_ID_COUNT
};

/* What the system side (registers, MMU, PSTATE) has beyond ARMv8.0: bits of arm64_cpu_model.system. */
enum arm64_system_feature {
	ARM64_PAN = 1,		/* PSTATE.PAN, SCTLR.SPAN, AT S1E1RP/WP */
	ARM64_UAO = 2,
	ARM64_SSBS = 4,
	ARM64_HAFDBS = 8,	/* TCR.HA, TCR.HD */
	ARM64_E0PD = 16,
	ARM64_GRANULE16 = 32,
	ARM64_SCXTNUM = 64,	/* SCXTNUM_ELx, SCTLR.TSCXT (CSV2_2 and later) */
};

struct arm64_cpu_model {
	struct cpu_model model;
	uint64_t features;	/* bit per enum a64_feature: what the lifter may translate */
	uint32_t system;	/* enum arm64_system_feature */
	uint8_t pa_bits;	/* physical address size */
	uint64_t id[ARM64_ID_COUNT];
	uint32_t ccsidr[4];	/* by CSSELR_EL1: L1 data, L1 instruction, L2 */
};

/* NULL: no such model. arm64_cpu_model_at(0), (1) … list them and end with NULL. */
const struct arm64_cpu_model *arm64_cpu_model_find(const char *name);
const struct arm64_cpu_model *arm64_cpu_model_at(unsigned i);

static inline const struct arm64_cpu_model *arm64_cpu_model_of(const struct cpu_model *m)
{
	return container_of(m, struct arm64_cpu_model, model);
}

/* The registers of one CPU: affinity is Aff3 in bits 39:32, Aff2..Aff0 in 23:0; gicv3: ICC_* are system registers. */
void arm64_id_registers(const struct arm64_cpu_model *m, uint64_t affinity, bool gicv3, uint64_t id[ARM64_ID_COUNT]);

#endif
