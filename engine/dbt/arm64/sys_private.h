/* SPDX-License-Identifier: BSD-2-Clause */
/* Between sysreg.c, sys_insn.c and helpers.c. */
#ifndef ENGINE_DBT_ARM64_SYS_PRIVATE_H
#define ENGINE_DBT_ARM64_SYS_PRIVATE_H

#include "engine/dbt/arm64/system.h"

/* How a system register or instruction access ends. */
enum sr {
	SR_OK,
	SR_UNDEFINED,
	SR_TRAP,		/* to EL1, by a control bit: EC 0x18 */
	SR_FP,			/* CPACR_EL1.FPEN: EC 0x07 */
	SR_TAKEN,		/* the exception has been taken already */
};

/* Takes the exception. enc as in SYSREG (op0 1 for SYS); the instruction is at cpu->pc. */
void arm_sys_fault(struct arm_cpu *cpu, uint32_t enc, bool read, enum sr why);
void arm_set_daif(struct arm_cpu *cpu, uint64_t daif);

#define ISS_COND_ALWAYS		(1u << 24 | 0xeu << 20)		/* CV and COND of EC 0x01 and 0x07 */

#endif
