/* SPDX-License-Identifier: BSD-2-Clause */
/* Seeing translations: --dump-code and the perf map. */
#include "base/log.h"
#include "engine/dbt/dump.h"
#include "engine/dbt/run.h"

void dbt_dump_block(struct arm_cpu *cpu, const struct dbt_block *b, const uint8_t *guest)
{
	uint64_t va = (cpu->pc & ~4095ull) + b->offset;

	(void)guest;
	if (cpu->vm->options->trace & DBT_TRACE_COMPILE)
		log_info("compile: va %llx mode %u: %u guest bytes, %u host bytes at %p", (unsigned long long)va, b->mode,
			 b->guest_bytes, b->code_size, (void *)(cpu->vm->cache.rx + b->code));
}
