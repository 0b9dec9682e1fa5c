/* SPDX-License-Identifier: BSD-2-Clause */
/* The binary translator as the rest of Cella sees it: an engine table, and options that cmd/ may set. */
#ifndef ENGINE_DBT_DBT_H
#define ENGINE_DBT_DBT_H

#include "core/engine.h"

extern const struct engine_ops dbt_engine;

/* vm->engine_options points to one of these, or is NULL for the defaults. */
struct dbt_options {
	bool tiny_cache;	/* 2 MiB of code: flush all the time (tests) */
	bool reg_pressure;	/* allocate from three registers of each kind (tests) */
	bool flag_exact;	/* all floating point by the exact path, flags included (tests) */
	bool no_chain;		/* every block returns to the dispatcher (tests, traces) */
	uint32_t trace;		/* enum dbt_trace bits */
	uint64_t dump_code;	/* guest virtual address whose translation is printed; ~0: none */
	const char *perf_map;	/* file that gets one line for each block, for perf; NULL: none */
	/* For dump_code: one instruction of the guest's or the host's as text. Bytes it took; 0: none. NULL: hex only. */
	unsigned (*disassemble)(bool host, const uint8_t *bytes, size_t len, uint64_t address, char *text, size_t size);
	uint32_t code_mib;	/* size of the code cache; 0: default */
};

enum dbt_trace {
	DBT_TRACE_EXEC = 1, DBT_TRACE_IRQ = 2, DBT_TRACE_MMIO = 4, DBT_TRACE_TLB = 8, DBT_TRACE_FAULT = 16,
	DBT_TRACE_COMPILE = 32, DBT_TRACE_STAT = 64,
};

#endif
