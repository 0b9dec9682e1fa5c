/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System instructions (ARM DDI 0487 C4.1.94 "System", C5): hints, barriers, PSTATE, system registers, cache and TLB
 * maintenance.
 *
 * A register that is plain storage in this mode is read and written in line. Other reads are calls; other writes leave the
 * block, because what they change may be what the translation depends on. PSTATE.DAIF is written in line: what opens a mask
 * looks at the interrupt pins and goes through the dispatcher if any is up.
 */
#include "base/bits.h"
#include "engine/dbt/arm64/lift_emit.h"
#include "engine/dbt/vm.h"
#include "isa/arm64/sysreg.h"

#define SYS_SPSEL		SYSREG(3, 0, 4, 2, 0)
#define SYS_CURRENTEL		SYSREG(3, 0, 4, 2, 2)
#define SYS_NZCV		SYSREG(3, 3, 4, 2, 0)
#define SYS_DAIF		SYSREG(3, 3, 4, 2, 1)
#define SYS_FPCR		SYSREG(3, 3, 4, 4, 0)
#define SYS_FPSR		SYSREG(3, 3, 4, 4, 1)
#define SYS_DC_ZVA		SYSREG(1, 3, 7, 4, 1)

#define ISS_FROM_A64		(BIT(24) | 0xeu << 20)	/* CV, COND: always */

/* Syndrome of a trapped MSR, MRS or SYS (ISS encoding for EC 0x18). */
static uint32_t sysreg_iss(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2, unsigned rt, bool read)
{
	return op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 | crm << 1 | read;
}

static void trap_sysreg(struct lift *l, const struct a64_args *a, bool read)
{
	lift_trap(l, EC_SYSREG, sysreg_iss(a->op0, a->op1, a->crn, a->crm, a->op2, a->rt, read));
}

/* ---- hints ---- */

LIFT(HINT)	{ }
LIFT(NOP)	{ }
LIFT(SB)	{ }
LIFT(YIELD)	{ lift_exit_helper(l, HELPER_yield, true, NONE, NONE, NONE); }

LIFT(WFI)
{
	if (!l->mode->el && l->mode->el0_trap_wfi) {
		lift_trap(l, EC_WFX, ISS_FROM_A64);
		return;
	}
	lift_step_done(l);
	lift_exit_helper(l, HELPER_wfi, true, NONE, NONE, NONE);
}

/* The event register is looked at before the trap. */
LIFT(WFE)
{
	if (!l->mode->el && l->mode->el0_trap_wfe && !l->mode->ss) {
		uint32_t event = emit_lds(l, event, 0);

		emit_sts(l, event, 0, lift_const(l, IR_I32, 0));
		lift_exit_if(l, CC_NE, emit_flags(l, IR_FLAGS_AND, IR_I32, event, event), 4, true);
		lift_trap(l, EC_WFX, ISS_FROM_A64 | 1);
		return;
	}
	lift_exit_helper(l, HELPER_wfe, true, NONE, NONE, NONE);
}

LIFT(SEV)	{ lift_call(l, HELPER_sev, IR_VOID, NONE, NONE, NONE); }
LIFT(SEVL)	{ emit_sts(l, event, 0, lift_const(l, IR_I32, 1)); }

/* ---- barriers ---- */

LIFT(CLREX)	{ emit_sts(l, excl_size, 2, lift_const(l, IR_I32, 0)); }

/* x86 keeps loads in order, and stores; only a later load passes an earlier store. */
LIFT(DMB)
{
	if ((a->crm & 3) != 1 && (a->crm & 3) != 2)
		emit0(l, IR_FENCE, IR_VOID, 0);
}

LIFT(DSB)
{
	emit0(l, IR_FENCE, IR_VOID, 0);
	lift_call(l, HELPER_dsb, IR_VOID, NONE, NONE, NONE);
}

LIFT(ISB)
{
	lift_step_done(l);
	lift_exit_helper(l, HELPER_isb, true, NONE, NONE, NONE);
}

/* ---- PSTATE ---- */

static void msr_imm(struct lift *l, const struct a64_args *a, unsigned op1, unsigned op2)
{
	uint32_t field = lift_const(l, IR_I64, op1 << 3 | op2), imm = lift_const(l, IR_I64, a->crm);

	lift_step_done(l);
	lift_exit_helper(l, HELPER_msr_imm, false, field, imm, NONE);
}

LIFT(MSR_imm_UAO)	{ msr_imm(l, a, 0, 3); }
LIFT(MSR_imm_PAN)	{ msr_imm(l, a, 0, 4); }
LIFT(MSR_imm_SPSel)	{ msr_imm(l, a, 0, 5); }
LIFT(MSR_imm_SSBS)	{ msr_imm(l, a, 3, 1); }

/* DAIFSet, DAIFClr at EL0 without SCTLR_EL1.UMA. True: trapped. */
static bool daif_trapped(struct lift *l, const struct a64_args *a, unsigned op2)
{
	if (l->mode->el || !l->mode->el0_trap_daif)
		return false;
	lift_trap(l, EC_SYSREG, sysreg_iss(0, 3, 4, a->crm, op2, 31, false));
	return true;
}

/* Masks may have opened: if a pin is up or EL1 is being debugged, the dispatcher looks. */
static void check_masks(struct lift *l)
{
	uint32_t pins = emit_lds(l, pins, 2), debug = emit_lds(l, debug_el1, 2), v = emit2(l, IR_OR, IR_I32, pins, debug);

	if (!l->mode->ss)
		lift_exit_if(l, CC_NE, emit_flags(l, IR_FLAGS_AND, IR_I32, v, v), 4, true);
}

LIFT(MSR_imm_DAIFSet)
{
	if (daif_trapped(l, a, 6))
		return;
	emit_sts(l, daif, 3, emit_imm(l, IR_OR, IR_I64, emit_lds(l, daif, 3), (uint64_t)a->crm << 6));
}

LIFT(MSR_imm_DAIFClr)
{
	if (daif_trapped(l, a, 7))
		return;
	emit_sts(l, daif, 3, emit_imm(l, IR_AND, IR_I64, emit_lds(l, daif, 3), ~((uint64_t)a->crm << 6)));
	check_masks(l);
}

/* ---- registers ---- */

static bool is_fp_register(unsigned enc)
{
	return enc == SYS_FPCR || enc == SYS_FPSR;
}

/* EL0 may read the counter: the helper's way costs no call out of the mode's own. */
static bool counter_readable(const struct lift *l)
{
	return l->mode->el || l->mode->el0_cntvct;
}

static uint32_t read_register(struct lift *l, unsigned enc)
{
	int32_t at;

	if (enc == SYS_NZCV)
		return emit1(l, IR_FLAGS_READ, IR_I64, lift_get_flags(l));
	if (enc == SYS_CURRENTEL && l->mode->el)
		return lift_const(l, IR_I64, (uint64_t)l->mode->el << 2);
	if (enc == SYS_SPSEL && l->mode->el)
		return lift_const(l, IR_I64, l->mode->spsel);
	if (enc == SYS_FPSR)
		return lift_call(l, HELPER_fpsr_read, IR_I64, NONE, NONE, NONE);
	if (enc == SYS_CNTVCT_EL0 && counter_readable(l) && l->vm->vm->time.tsc)
		return emit0(l, IR_COUNTER, IR_I64, 0);
	if (enc == SYS_CNTVCT_EL0 && counter_readable(l))
		return lift_call(l, HELPER_counter, IR_I64, NONE, NONE, NONE);
	at = arm_sysreg_inline_read(l->mode, enc);
	if (at >= 0)
		return emit_sub(l, emit0(l, IR_LDS, IR_I64, (uint64_t)at), 3);
	return lift_call(l, HELPER_mrs, IR_I64, lift_const(l, IR_I64, enc), NONE, NONE);
}

LIFT(MRS)
{
	if (is_fp_register(a->sysreg) && l->mode->fp_trap)
		lift_trap(l, EC_FP_ACCESS, ISS_FROM_A64);
	else
		lift_set(l, a->rt, true, read_register(l, a->sysreg));
}

/* A write that may have effects. Stepping wants to know whether it faulted, which a call tells. */
static void write_by_helper(struct lift *l, unsigned enc, uint32_t v)
{
	if (l->mode->ss || arm_sysreg_write_is_quiet(enc))
		lift_call(l, HELPER_msr_quiet, IR_VOID, lift_const(l, IR_I64, enc), v, NONE);
	else
		lift_exit_helper(l, HELPER_msr, false, lift_const(l, IR_I64, enc), v, NONE);
}

LIFT(MSR)
{
	unsigned enc = a->sysreg;
	uint32_t v;
	int32_t at;

	if (is_fp_register(enc) && l->mode->fp_trap) {
		lift_trap(l, EC_FP_ACCESS, ISS_FROM_A64);
		return;
	}
	v = lift_get(l, a->rt, true);
	if (enc == SYS_NZCV) {
		lift_set_flags(l, emit1(l, IR_FLAGS_PUT, IR_FLAGS, v));
		return;
	}
	if (enc == SYS_DAIF && l->mode->el) {
		emit_sts(l, daif, 3, emit_imm(l, IR_AND, IR_I64, v, PSTATE_DAIF));
		check_masks(l);
		return;
	}
	if (enc == SYS_FPSR) {
		lift_call(l, HELPER_fpsr_write, IR_VOID, v, NONE, NONE);
		return;
	}
	at = arm_sysreg_inline_write(l->mode, enc);
	if (at >= 0)
		emit_sub(l, ir_add(l->ir, IR_STS, IR_VOID, v, NONE, NONE, (uint64_t)at), 3);
	else
		write_by_helper(l, enc, v);
}

/* ---- SYS ---- */

LIFT(SYS)
{
	uint32_t v;

	if (a->sysreg == SYS_DC_ZVA && !l->mode->el && l->mode->el0_trap_zva) {
		trap_sysreg(l, a, false);
		return;
	}
	v = lift_get(l, a->rt, true);
	if (a->sysreg == SYS_DC_ZVA && l->mode->mmu) {
		v = emit_sub(l, emit1(l, IR_STORE, IR_VOID, v), 6);
		l->ir->ins[v].flags = IRM_DCZVA;
	} else {
		lift_call(l, HELPER_sys, IR_VOID, lift_const(l, IR_I64, a->sysreg), v, NONE);
	}
}

LIFT(SYSL)	{ lift_undefined(l); }	/* no such instruction in any CPU model */
