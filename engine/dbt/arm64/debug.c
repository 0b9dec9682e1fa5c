/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Self-hosted debug: software step, breakpoints, watchpoints, BRK (ARM DDI 0487 D2).
 *
 * Only code in a mode with `ss` or `watch` gets here, so nothing of it costs anything while no debugger is at work.
 */
#include "base/bits.h"
#include "engine/dbt/arm64/sysreg_bits.h"
#include "engine/dbt/vm.h"

#define CR_PMC		MASK(2, 1)	/* DBGBCR.PMC, DBGWCR.PAC: bit 0 EL1, bit 1 EL0 */
#define CR_HMC		BIT(13)
#define CR_SSC		MASK(15, 14)
#define CR_LBN		MASK(19, 16)
#define BCR_BAS		MASK(8, 5)
#define BCR_BT		MASK(23, 20)
#define WCR_LSC		MASK(4, 3)
#define WCR_BAS		MASK(12, 5)
#define WCR_WT		BIT(20)
#define WCR_MASK	MASK(28, 24)
#define ISS_WNR		BIT(6)
#define ISS_STEP_ISV	BIT(24)
#define ISS_STEP_EX	BIT(6)

enum { BT_ADDRESS = 0, BT_ADDRESS_LINKED = 1, BT_CONTEXT = 2, BT_CONTEXT_LINKED = 3 };
#define BREAKPOINTS		6
#define FIRST_CONTEXT_AWARE	4	/* ID_AA64DFR0_EL1.CTX_CMPs: the last two */
#define WATCHPOINTS		4

bool arm_debug_locked(const struct arm_cpu *cpu)
{
	return (cpu->oslsr_el1 & OSLSR_OSLK) || ((cpu->osdlr_el1 & 1) && !(cpu->dbgprcr & 1));
}

static bool debug_enabled(const struct arm_cpu *cpu)
{
	if (arm_debug_locked(cpu))
		return false;
	return !cpu->el || ((cpu->mdscr_el1 & MDSCR_KDE) && !(cpu->daif & PSTATE_D));
}

bool arm_step_check(struct arm_cpu *cpu, unsigned advance)
{
	uint32_t iss;

	if (!(cpu->mdscr_el1 & MDSCR_SS))
		return false;
	if (advance) {
		cpu->pstate_misc &= ~(uint32_t)PSTATE_SS;
		cpu->stepped = advance;
	}
	if ((cpu->pstate_misc & PSTATE_SS) || !debug_enabled(cpu))
		return false;
	iss = !cpu->stepped ? 0 : cpu->stepped == 2 ? ISS_STEP_ISV | ISS_STEP_EX : ISS_STEP_ISV;
	arm_sync_exception(cpu, cpu->el ? EC_STEP : EC_STEP_LOW, iss | FSC_DEBUG);
	return true;
}

void arm_software_break(struct arm_cpu *cpu, uint32_t imm16)
{
	arm_sync_exception(cpu, EC_BRK64, imm16);
}

/* Does the control register speak of this EL? Security state and EL2 don't exist here. */
static bool el_matches(uint64_t cr, unsigned el)
{
	unsigned who = (unsigned)field_get(CR_PMC, cr);

	if (field_get(CR_SSC, cr) & 2)		/* Secure state only */
		return false;
	return el ? who & 1 : (who & 2) != 0;
}

static bool context_matches(const struct arm_cpu *cpu, unsigned n)
{
	return (uint32_t)cpu->dbgbvr[n] == (uint32_t)cpu->contextidr_el1;
}

/* The breakpoint that a linked one names must be enabled, context-aware and of the linked kind. */
static bool link_matches(const struct arm_cpu *cpu, uint64_t cr)
{
	unsigned n = (unsigned)field_get(CR_LBN, cr);

	return n >= FIRST_CONTEXT_AWARE && n < BREAKPOINTS && (cpu->dbgbcr[n] & DBGCR_E) &&
	       field_get(BCR_BT, cpu->dbgbcr[n]) == BT_CONTEXT_LINKED && context_matches(cpu, n);
}

static bool breakpoint_matches(const struct arm_cpu *cpu, unsigned n)
{
	uint64_t cr = cpu->dbgbcr[n];
	unsigned type = (unsigned)field_get(BCR_BT, cr);

	if (!(cr & DBGCR_E) || !el_matches(cr, cpu->el))
		return false;
	if (type == BT_CONTEXT)
		return n >= FIRST_CONTEXT_AWARE && context_matches(cpu, n);
	if (type > BT_ADDRESS_LINKED || sign_extend(cpu->dbgbvr[n] & ~3ull, 49) != sign_extend(cpu->pc, 49))
		return false;
	return type == BT_ADDRESS || link_matches(cpu, cr);
}

bool arm_breakpoint_check(struct arm_cpu *cpu)
{
	if (!(cpu->mdscr_el1 & MDSCR_MDE) || !debug_enabled(cpu))
		return false;
	for (unsigned n = 0; n < BREAKPOINTS; n++) {
		if (!breakpoint_matches(cpu, n))
			continue;
		arm_sync_exception(cpu, cpu->el ? EC_BREAK : EC_BREAK_LOW, FSC_DEBUG);
		return true;
	}
	return false;
}

/*
 * Does a byte of [va, va + size) lie in what the watchpoint covers: bytes of a doubleword, or an aligned power of two? An address
 * that is a multiple of 4 only leaves half of the bytes.
 */
static bool watched_bytes(uint64_t wvr, uint64_t wcr, uint64_t va, unsigned size)
{
	unsigned mask = (unsigned)field_get(WCR_MASK, wcr), bas = (unsigned)field_get(WCR_BAS, wcr);
	uint64_t base;

	if (mask >= 3) {
		base = wvr & ~(BIT(mask) - 1);
		return va - base < BIT(mask) || base - va < size;
	}
	for (unsigned i = 0; i < (wvr & 4 ? 4u : 8u); i++)
		if ((bas >> i & 1) && wvr + i - va < size)
			return true;
	return false;
}

bool arm_watchpoint_check(struct arm_cpu *cpu, uint64_t va, unsigned size, bool write, bool unprivileged)
{
	unsigned el = unprivileged ? 0 : cpu->el;

	if (!(cpu->mdscr_el1 & MDSCR_MDE) || !debug_enabled(cpu))
		return false;
	va = (uint64_t)sign_extend(va, 56);
	for (unsigned n = 0; n < WATCHPOINTS; n++) {
		uint64_t cr = cpu->dbgwcr[n];

		if (!(cr & DBGCR_E) || !(field_get(WCR_LSC, cr) & (write ? 2 : 1)) || !el_matches(cr, el))
			continue;
		if (!watched_bytes((uint64_t)sign_extend(cpu->dbgwvr[n], 49), cr, va, size))
			continue;
		if ((cr & WCR_WT) && !link_matches(cpu, cr))
			continue;
		cpu->far_el1 = va;
		arm_sync_exception(cpu, cpu->el ? EC_WATCH : EC_WATCH_LOW, FSC_DEBUG | (write ? ISS_WNR : 0));
		return true;
	}
	return false;
}
