/* SPDX-License-Identifier: BSD-2-Clause */
/* Seeing translations: --dump-code and the perf map. */
#include <unistd.h>

#include "base/bits.h"
#include "base/fmt.h"
#include "base/log.h"
#include "engine/dbt/dump.h"
#include "engine/dbt/ir/ir.h"
#include "engine/dbt/run.h"

/* Bytes as text, an instruction a line, or in hex where there is no disassembler. */
static void list(const struct dbt_options *o, bool host, const uint8_t *bytes, uint32_t len, uint64_t address)
{
	const char *who = host ? "host" : "guest";
	char text[96];

	for (uint32_t at = 0; at < len;) {
		unsigned n = o->disassemble ? o->disassemble(host, bytes + at, len - at, address + at, text, sizeof(text)) : 0;

		if (!n) {
			n = MIN(host ? 16 : 4, len - at);
			for (uint32_t i = 0; i < n; i++)
				fmt_print(text + 2 * i, sizeof(text) - 2 * i, "%02x", bytes[at + i]);
		}
		log_info("%s %llx: %s", who, (unsigned long long)(address + at), text);
		at += n;
	}
}

/* The guest's code, then the IR as it was compiled (ir/text.h), then the host's: a line each, so that logs stay logs. */
static void dump_code(struct arm_cpu *cpu, const struct dbt_block *b, const uint8_t *guest)
{
	const struct dbt_options *o = cpu->vm->options;
	const struct dbt_cache *k = &cpu->vm->cache;
	char line[96];

	list(o, false, guest, b->guest_bytes, (cpu->pc & ~4095ull) + b->offset);
	for (uint32_t n = 0; n < k->ir->count; n++) {
		if (k->ir->ins[n].op == IR_NOP)
			continue;
		ir_print_one(k->ir, n, line, sizeof(line));
		log_info("ir %s", line);
	}
	list(o, true, k->rw + b->code, b->code_size, (uint64_t)(uintptr_t)(k->rx + b->code));
}

/* One line for `perf`: address, size and a name that tells EL and guest address. */
static void perf_line(struct arm_cpu *cpu, const struct dbt_block *b, uint64_t va)
{
	struct dbt_cache *k = &cpu->vm->cache;
	char line[96];
	int n;

	if (k->perf_fd < 0)
		return;
	n = fmt_print(line, sizeof(line), "%llx %x el%u_%llx\n", (unsigned long long)(uintptr_t)(k->rx + b->code), b->code_size,
		      cpu->el, (unsigned long long)va);
	if (write(k->perf_fd, line, (size_t)n) != n) {
		log_warn("perf map %s: cannot write: no more lines", cpu->vm->options->perf_map);
		close(k->perf_fd);
		k->perf_fd = -1;
	}
}

void dbt_dump_block(struct arm_cpu *cpu, const struct dbt_block *b, const uint8_t *guest)
{
	uint64_t va = (cpu->pc & ~4095ull) + b->offset;

	perf_line(cpu, b, va);
	if (cpu->vm->options->dump_code == va)
		dump_code(cpu, b, guest);
	if (cpu->vm->options->trace & DBT_TRACE_COMPILE)
		log_info("compile: va %llx mode %u: %u guest bytes, %u host bytes at %p", (unsigned long long)va, b->mode,
			 b->guest_bytes, b->code_size, (void *)(cpu->vm->cache.rx + b->code));
}
