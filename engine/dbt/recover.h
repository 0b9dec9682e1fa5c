/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading side tables: operand values, and guest state at a fault. After a stub has saved the host registers. */
#ifndef ENGINE_DBT_RECOVER_H
#define ENGINE_DBT_RECOVER_H

#include "engine/dbt/arm64/cpu.h"
#include "engine/dbt/ir/ir.h"
#include "engine/dbt/side.h"

union v128 dbt_loc_value(const struct arm_cpu *cpu, uint32_t loc, uint64_t imm);
/* Saves every slot of the snapshot and sets cpu->pc to the instruction. Slots read each other's homes: flags first. */
void dbt_recover(struct arm_cpu *cpu, const struct side *s);

#endif
