/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of --trace, one for each event, through the log. Every place that asks is on a slow path already, or runs when code
 * is translated: what is not traced costs a load and a test there, and nothing in translated code.
 */
#ifndef ENGINE_DBT_TRACE_H
#define ENGINE_DBT_TRACE_H

#include "engine/dbt/vm.h"

static inline bool dbt_tracing(const struct arm_cpu *cpu, enum dbt_trace word)
{
	return unlikely(cpu->vm->options->trace & (uint32_t)word);
}

/* exec: a block is entered at cpu->pc. Complete, because then nothing is linked and no jump array is filled. */
void dbt_trace_exec(const struct arm_cpu *cpu);
/* irq: a pin of the vCPU's changed (any thread); an interrupt is taken, before PC and PSTATE change. */
void dbt_trace_pin(const struct arm_cpu *cpu, enum cpu_pin pin, bool level);
void dbt_trace_interrupt(const struct arm_cpu *cpu, bool fiq);
/* mmio: an access is done. */
void dbt_trace_mmio(const struct arm_cpu *cpu, gpa_t gpa, const struct bus_access *a, bool ok);
/* tlb: a page gets into the arrays; TLBI. `what`: read, write, fetch; by_va: va counts; asid -1: any. */
void dbt_trace_fill(const struct arm_cpu *cpu, const char *what, uint64_t va, gpa_t gpa, bool slow);
void dbt_trace_flush(const struct arm_cpu *cpu, bool by_va, uint64_t va, int32_t asid, bool broadcast);
/* fault: a synchronous exception other than SVC is taken, before PC and PSTATE change; FAR is set. */
void dbt_trace_fault(const struct arm_cpu *cpu, uint64_t esr);

#endif
