/* SPDX-License-Identifier: BSD-2-Clause */
/* Seeing translations: --dump-code and the perf map. */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/log.h"
#include "engine/dbt/dump.h"
#include "engine/dbt/ir/ir.h"
#include "engine/dbt/run.h"

/* Guest words, then the IR as it was compiled (ir/text.h), then host bytes: a line each, so that logs stay logs. */
static void dump_code(struct arm_cpu *cpu, const struct dbt_block *b, const uint8_t *guest)
{
	static const unsigned per_line = 32;
	const struct dbt_cache *k = &cpu->vm->cache;
	char line[96];

	for (unsigned at = 0; at < b->guest_bytes; at += 4)
		log_info("guest %03x: %08x", b->offset + at, get_le32(guest + at));
	for (uint32_t n = 0; n < k->ir->count; n++) {
		if (k->ir->ins[n].op == IR_NOP)
			continue;
		ir_print_one(k->ir, n, line, sizeof(line));
		log_info("ir %s", line);
	}
	for (uint32_t at = 0; at < b->code_size; at += per_line) {
		for (uint32_t i = 0; i < MIN(per_line, b->code_size - at); i++)
			fmt_print(line + 2 * i, sizeof(line) - 2 * i, "%02x", k->rw[b->code + at + i]);
		log_info("host %s", line);
	}
}

void dbt_dump_block(struct arm_cpu *cpu, const struct dbt_block *b, const uint8_t *guest)
{
	uint64_t va = (cpu->pc & ~4095ull) + b->offset;

	if (cpu->vm->options->dump_code == va)
		dump_code(cpu, b, guest);
	if (cpu->vm->options->trace & DBT_TRACE_COMPILE)
		log_info("compile: va %llx mode %u: %u guest bytes, %u host bytes at %p", (unsigned long long)va, b->mode,
			 b->guest_bytes, b->code_size, (void *)(cpu->vm->cache.rx + b->code));
}
