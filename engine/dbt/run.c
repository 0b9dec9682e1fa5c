/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dispatcher: what happens between blocks. Translated code comes here when it does not know where to go on, when the
 * kick word says that something waits, and after every helper that ends a block. It answers with the host address of the
 * next block, so that exceptions, interrupts and mode changes cost a call, not a way out of translated code.
 */
#include "base/bits.h"
#include "engine/dbt/returns.h"
#include "engine/dbt/run.h"
#include "engine/dbt/trace.h"

/* MXCSR.RC for FPCR.RMode (nearest, up, down, zero). */
static const uint32_t mxcsr_rc[4] = { 0u << 13, 2u << 13, 1u << 13, 3u << 13 };

static void set_rounding(struct arm_cpu *cpu, const struct arm_mode *m)
{
	uint32_t csr, want = mxcsr_rc[m->fp_round & 3];

	if (cpu->rounding == want)
		return;
	__asm__ volatile("stmxcsr %0" : "=m"(csr));
	csr = (csr & ~(3u << 13)) | want;
	__asm__ volatile("ldmxcsr %0" : : "m"(csr));
	cpu->rounding = want;
}

static bool must_leave(struct arm_cpu *cpu, uint32_t kick)
{
	return (kick & (KICK_PAUSE | KICK_EXIT)) || __atomic_load_n(&cpu->power_change, __ATOMIC_ACQUIRE);
}

/* Deals with the kick word. True: vcpu_run must look after the rest. */
static bool attend(struct arm_cpu *cpu, uint32_t kick)
{
	if (kick & (KICK_TLB | KICK_CODE))
		dbt_returns_drop(cpu);
	if (kick & KICK_TLB)
		tlb_drain(cpu);
	if (kick & KICK_CODE) {
		dbt_code_leave(cpu);
		__atomic_and_fetch(&cpu->kick, ~(uint32_t)KICK_CODE, __ATOMIC_SEQ_CST);
		dbt_code_enter(cpu);
	}
	if (must_leave(cpu, kick))
		return true;
	if (kick & (KICK_IRQ | KICK_PINS))
		arm_take_interrupt(cpu);
	return false;
}

/* The PC never holds a tag where TBI is on (DDI 0487, AArch64.BranchAddr). Jump arrays hold plain addresses: tags come here. */
static void untag_pc(struct arm_cpu *cpu)
{
	bool high = cpu->pc >> 55 & 1;

	if (arm_mode_get(cpu->vm, cpu->mode)->tbi >> high & 1)
		cpu->pc = (uint64_t)sign_extend(cpu->pc, 56);
}

void *dbt_run_dispatch(struct arm_cpu *cpu)
{
	struct dbt_vm *vm = cpu->vm;

	for (;;) {
		uint32_t kick = __atomic_load_n(&cpu->kick, __ATOMIC_ACQUIRE);
		const struct arm_mode *m;
		struct jump_entry *j;
		bool debug;
		void *code;

		cpu->redirect = 0;
		cpu->stat[STAT_dispatch]++;
		if (unlikely((uint64_t)sign_extend(cpu->pc, 56) != cpu->pc))
			untag_pc(cpu);
		if (unlikely(kick)) {
			if (attend(cpu, kick))
				return vm->cache.rx + vm->stubs.leave;
			if (kick & KICK_CODE)
				continue;	/* a flush: what leads to old code must go first (KICK_TLB) */
		}
		if (unlikely(cpu->debug_el1))
			arm_mode_update(cpu);
		j = &cpu->ctx->jump[cpu->el][JUMP_INDEX(cpu->pc)];
		m = arm_mode_get(vm, cpu->mode);
		debug = m->watch || m->ss;
		if (j->va == cpu->pc && j->mode == cpu->mode && !debug) {
			code = j->host;
			cpu->stat[STAT_dispatch_hit]++;
		} else {
			/* In order of priority: step, alignment of the PC, fetch abort, breakpoint. */
			if (unlikely(m->ss) && arm_step_check(cpu, 0))
				continue;
			if (unlikely(cpu->pc & 3)) {
				dbt_h_pc_align(cpu, cpu->pc, 0, 0);
				continue;
			}
			code = dbt_find_code(cpu);
			if (!code)
				continue;
			if (__atomic_load_n(&cpu->kick, __ATOMIC_ACQUIRE) & (KICK_CODE | KICK_TLB))
				continue;
			if (unlikely(m->watch) && arm_breakpoint_check(cpu))
				continue;
			if (!debug && !dbt_tracing(cpu, DBT_TRACE_EXEC))
				tlb_fill_jump(cpu, cpu->pc, cpu->el, cpu->mode, code);
		}
		set_rounding(cpu, m);
		dbt_returns_check(cpu);
		cpu->vpage = cpu->pc & ~4095ull;
		if (dbt_tracing(cpu, DBT_TRACE_EXEC))
			dbt_trace_exec(cpu);
		return code;
	}
}
