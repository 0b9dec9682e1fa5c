/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exception entry and return, and interrupts (ARM DDI 0487 D1.3, pseudocode AArch64.TakeException,
 * AArch64.ExceptionReturn, SetPSTATEFromPSR). There is one target, EL1 in AArch64 state.
 *
 * These run for every system call, fault and interrupt: plain stores, one table look-up for the mode, no locks. Where PSTATE's
 * masks change, KICK_IRQ is computed again from the pins.
 */
#include "base/bits.h"
#include "base/platform.h"
#include "engine/dbt/arm64/sysreg_bits.h"
#include "engine/dbt/trace.h"

#define PIN_IRQ		(1u << CPU_IRQ)
#define PIN_FIQ		(1u << CPU_FIQ)
#define ESR_EC(ec)	((uint64_t)(ec) << 26)
#define ESR_IL		BIT(25)
#define ISS_CM		BIT(8)
#define ISS_WNR		BIT(6)

uint32_t arm_pstate(const struct arm_cpu *cpu)
{
	return flags_to_nzcv((uint16_t)cpu->flags) | cpu->pstate_misc | (uint32_t)cpu->daif | (uint32_t)cpu->el << 2 |
	       (cpu->el ? cpu->spsel : 0u);
}

void arm_set_sp_bank(struct arm_cpu *cpu, unsigned el, unsigned spsel)
{
	bool from = cpu->el && cpu->spsel, to = el && spsel;

	cpu->el = (uint8_t)el;
	cpu->spsel = (uint8_t)spsel;
	if (from == to)
		return;
	if (to) {
		cpu->sp_el0 = cpu->sp;
		cpu->sp = cpu->sp_el1;
	} else {
		cpu->sp_el1 = cpu->sp;
		cpu->sp = cpu->sp_el0;
	}
}

void arm_take_exception(struct arm_cpu *cpu, enum arm_vector vector, uint64_t esr)
{
	uint64_t offset = vector + (cpu->el == 0 ? 0x400u : cpu->spsel ? 0x200u : 0);
	uint32_t misc = cpu->pstate_misc & PSTATE_PAN, system = cpu->model->system;

	cpu->stat[STAT_exception]++;
	if (vector == VEC_SYNC && esr >> 26 != EC_SVC64 && dbt_tracing(cpu, DBT_TRACE_FAULT))
		dbt_trace_fault(cpu, esr);
	cpu->stepped = 0;
	cpu->spsr_el1 = arm_pstate(cpu);
	cpu->elr_el1 = cpu->pc;
	if (vector == VEC_SYNC || vector == VEC_SERROR)
		cpu->esr_el1 = esr;
	if ((system & ARM64_PAN) && !(cpu->sctlr_el1 & SCTLR_SPAN))
		misc |= PSTATE_PAN;
	if ((system & ARM64_SSBS) && (cpu->sctlr_el1 & SCTLR_DSSBS))
		misc |= PSTATE_SSBS;
	cpu->pstate_misc = misc;
	cpu->daif = PSTATE_DAIF;
	arm_set_sp_bank(cpu, 1, 1);
	cpu->pc = cpu->vbar_el1 + offset;
	if (__atomic_load_n(&cpu->kick, __ATOMIC_RELAXED) & KICK_IRQ)
		__atomic_and_fetch(&cpu->kick, ~(uint32_t)KICK_IRQ, __ATOMIC_RELAXED);
	arm_mode_update(cpu);
}

void arm_sync_exception(struct arm_cpu *cpu, unsigned ec, uint32_t iss)
{
	arm_take_exception(cpu, VEC_SYNC, ESR_EC(ec) | ESR_IL | iss);
}

void arm_undefined(struct arm_cpu *cpu)
{
	arm_sync_exception(cpu, EC_UNKNOWN, 0);
}

void arm_data_abort(struct arm_cpu *cpu, const struct arm_fault *f, bool write, bool cache_op)
{
	uint32_t iss = f->fsc | (cache_op ? ISS_CM | ISS_WNR : 0) | (write ? ISS_WNR : 0);

	cpu->far_el1 = f->va;
	arm_sync_exception(cpu, cpu->el ? EC_DABORT : EC_DABORT_LOW, iss);
}

void arm_fetch_abort(struct arm_cpu *cpu, const struct arm_fault *f)
{
	cpu->far_el1 = f->va;
	arm_sync_exception(cpu, cpu->el ? EC_IABORT : EC_IABORT_LOW, f->fsc);
}

/* M[3:0] of AArch64 states that exist here: EL0t, EL1t, EL1h. */
static bool return_is_legal(const struct arm_cpu *cpu, uint64_t spsr)
{
	unsigned m = spsr & 0x1f;

	return m == 0 || (cpu->el == 1 && (m == 4 || m == 5));
}

/* PSTATE.SS after an exception return (DebugExceptionReturnSS): loaded only on the way into code that is stepped. */
static uint32_t return_ss(const struct arm_cpu *cpu, uint64_t spsr, unsigned target)
{
	uint64_t m = cpu->mdscr_el1;
	bool source, dest;

	if (!(m & MDSCR_SS) || arm_debug_locked(cpu))
		return 0;
	source = !cpu->el || ((m & MDSCR_KDE) && !(cpu->daif & PSTATE_D));
	dest = !target || ((m & MDSCR_KDE) && !(spsr & PSTATE_D));
	return !source && dest ? spsr & PSTATE_SS : 0;
}

void arm_eret(struct arm_cpu *cpu)
{
	uint64_t spsr = cpu->spsr_el1;
	uint32_t system = cpu->model->system;
	bool legal = return_is_legal(cpu, spsr);
	uint32_t misc = return_ss(cpu, spsr, legal ? spsr >> 2 & 3 : cpu->el) | (system & ARM64_PAN ? spsr & PSTATE_PAN : 0);

	if (legal) {
		misc |= (spsr & PSTATE_IL) | (system & ARM64_UAO ? spsr & PSTATE_UAO : 0) |
			(system & ARM64_SSBS ? spsr & PSTATE_SSBS : 0);
		arm_set_sp_bank(cpu, spsr >> 2 & 3, spsr & 1);
	} else {
		misc |= PSTATE_IL | (cpu->pstate_misc & (PSTATE_UAO | PSTATE_SSBS));
	}
	cpu->pstate_misc = misc;
	cpu->daif = spsr & PSTATE_DAIF;
	cpu->flags = nzcv_to_flags((uint32_t)spsr);
	cpu->pc = cpu->elr_el1;
	cpu->stepped = unlikely(cpu->mdscr_el1 & MDSCR_SS) && arm_mode_get(cpu->vm, cpu->mode)->ss;
	cpu->excl_size = 0;
	__atomic_store_n(&cpu->event, true, __ATOMIC_RELAXED);
	arm_mode_update(cpu);
	arm_irq_update(cpu);
}

/* ---- interrupts ---- */

static uint32_t unmasked(const struct arm_cpu *cpu, uint32_t pins)
{
	return pins & ((cpu->daif & PSTATE_I ? 0 : PIN_IRQ) | (cpu->daif & PSTATE_F ? 0 : PIN_FIQ));
}

void arm_irq_update(struct arm_cpu *cpu)
{
	bool want = unmasked(cpu, __atomic_load_n(&cpu->pins, __ATOMIC_RELAXED)) != 0;
	bool have = (__atomic_load_n(&cpu->kick, __ATOMIC_RELAXED) & KICK_IRQ) != 0;

	if (want && !have)
		__atomic_or_fetch(&cpu->kick, KICK_IRQ, __ATOMIC_RELAXED);
	else if (!want && have)
		__atomic_and_fetch(&cpu->kick, ~(uint32_t)KICK_IRQ, __ATOMIC_RELAXED);
}

bool arm_interrupt_pending(const struct arm_cpu *cpu)
{
	return (__atomic_load_n(&cpu->pins, __ATOMIC_ACQUIRE) & (PIN_IRQ | PIN_FIQ)) != 0;
}

bool arm_interrupt_unmasked(const struct arm_cpu *cpu)
{
	return unmasked(cpu, __atomic_load_n(&cpu->pins, __ATOMIC_ACQUIRE)) != 0;
}

/*
 * KICK_PINS stays set while a pin is up, masked or not: translated code opens masks by itself and then asks the dispatcher,
 * which calls us only if a kick says so.
 */
bool arm_take_interrupt(struct arm_cpu *cpu)
{
	uint32_t up = __atomic_load_n(&cpu->pins, __ATOMIC_ACQUIRE);

	if (!up && (__atomic_load_n(&cpu->kick, __ATOMIC_RELAXED) & KICK_PINS)) {
		/* A pin that rises after this sets it again; one that rose just before is seen now. */
		__atomic_and_fetch(&cpu->kick, ~(uint32_t)KICK_PINS, __ATOMIC_SEQ_CST);
		up = __atomic_load_n(&cpu->pins, __ATOMIC_ACQUIRE);
		if (up)
			__atomic_or_fetch(&cpu->kick, KICK_PINS, __ATOMIC_SEQ_CST);
	}
	up = unmasked(cpu, up);
	if (!up) {
		arm_irq_update(cpu);
		return false;
	}
	if (dbt_tracing(cpu, DBT_TRACE_IRQ))
		dbt_trace_interrupt(cpu, up & PIN_FIQ);
	arm_take_exception(cpu, up & PIN_FIQ ? VEC_FIQ : VEC_IRQ, 0);
	return true;
}

/*
 * Any thread. A vCPU that is about to sleep is outside (or not in_code), clears sleep_word, looks at kick and pins, and then
 * waits while sleep_word is zero: either it sees what was set here, or we see that it is outside and wake it.
 */
void arm_kick(struct arm_cpu *cpu, uint32_t kick_bits)
{
	__atomic_or_fetch(&cpu->kick, kick_bits, __ATOMIC_SEQ_CST);
	__atomic_store_n(&cpu->sleep_word, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&cpu->in_code, __ATOMIC_SEQ_CST) || __atomic_load_n(&cpu->outside, __ATOMIC_SEQ_CST))
		platform_wake(&cpu->sleep_word, true);
}
