/* SPDX-License-Identifier: BSD-2-Clause */
/* Seeing translations: --dump-code and the perf map. */
#ifndef ENGINE_DBT_DUMP_H
#define ENGINE_DBT_DUMP_H

#include "engine/dbt/vm.h"

/* Called for every new block; prints it if the options ask for its address. */
void dbt_dump_block(struct arm_cpu *cpu, const struct dbt_block *b, const uint8_t *guest);

#endif
