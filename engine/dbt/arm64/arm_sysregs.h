/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system register of EL0 and EL1 that a guest has (ARM DDI 0487 D19), as an X-macro. What is not here is UNDEFINED,
 * but for reserved ID registers, which read as zero, and what BUS_SYSREG answers (GIC CPU interface, timers).
 *
 *  P(name, op0, op1, CRn, CRm, op2, EL0, EL1, field, mask)	plain storage; a write keeps the bits of `mask`
 *  W(…, field, mask, after)					the same, then after(cpu, old value)
 *  F(…, function)						function(cpu, write, &value)
 *  I(name, op0, op1, CRn, CRm, op2, EL0, index)		identification register, read-only
 *  Z(name, op0, op1, CRn, CRm, op2, EL0, EL1)			reads as zero, ignores writes
 *
 * EL1: RO WO RW. EL0: NO RO RW, or RO/RW under a condition: UCT, UMA (SCTLR_EL1), CNTF, PCT, VCT, VT, PT (CNTKCTL_EL1), DCC
 * (MDSCR_EL1.TDCC), and FP for what CPACR_EL1 traps, at EL1 too.
 */
#ifndef ENGINE_DBT_ARM64_ARM_SYSREGS_H
#define ENGINE_DBT_ARM64_ARM_SYSREGS_H

#define ARM_SYSREGS(P, W, F, I, Z) \
	/* Identification */ \
	I(MIDR_EL1,		3, 0, 0, 0, 0, NO, ARM64_MIDR) \
	I(MPIDR_EL1,		3, 0, 0, 0, 5, NO, ARM64_MPIDR) \
	I(REVIDR_EL1,		3, 0, 0, 0, 6, NO, ARM64_REVIDR) \
	I(ID_AA64PFR0_EL1,	3, 0, 0, 4, 0, NO, ARM64_PFR0) \
	I(ID_AA64PFR1_EL1,	3, 0, 0, 4, 1, NO, ARM64_PFR1) \
	I(ID_AA64DFR0_EL1,	3, 0, 0, 5, 0, NO, ARM64_DFR0) \
	I(ID_AA64DFR1_EL1,	3, 0, 0, 5, 1, NO, ARM64_DFR1) \
	I(ID_AA64ISAR0_EL1,	3, 0, 0, 6, 0, NO, ARM64_ISAR0) \
	I(ID_AA64ISAR1_EL1,	3, 0, 0, 6, 1, NO, ARM64_ISAR1) \
	I(ID_AA64MMFR0_EL1,	3, 0, 0, 7, 0, NO, ARM64_MMFR0) \
	I(ID_AA64MMFR1_EL1,	3, 0, 0, 7, 1, NO, ARM64_MMFR1) \
	I(ID_AA64MMFR2_EL1,	3, 0, 0, 7, 2, NO, ARM64_MMFR2) \
	F(CCSIDR_EL1,		3, 1, 0, 0, 0, NO, RO, sr_ccsidr) \
	I(CLIDR_EL1,		3, 1, 0, 0, 1, NO, ARM64_CLIDR) \
	I(AIDR_EL1,		3, 1, 0, 0, 7, NO, ARM64_AIDR) \
	P(CSSELR_EL1,		3, 2, 0, 0, 0, NO, RW, csselr_el1, 0xf) \
	I(CTR_EL0,		3, 3, 0, 0, 1, UCT, ARM64_CTR) \
	F(DCZID_EL0,		3, 3, 0, 0, 7, RO, RO, sr_dczid) \
	/* Control */ \
	W(SCTLR_EL1,		3, 0, 1, 0, 0, NO, RW, sctlr_el1, ~0ull, after_sctlr) \
	Z(ACTLR_EL1,		3, 0, 1, 0, 1, NO, RW) \
	W(CPACR_EL1,		3, 0, 1, 0, 2, NO, RW, cpacr_el1, CPACR_FPEN, after_mode) \
	W(TTBR0_EL1,		3, 0, 2, 0, 0, NO, RW, ttbr0_el1, ~1ull, after_ttbr) \
	W(TTBR1_EL1,		3, 0, 2, 0, 1, NO, RW, ttbr1_el1, ~1ull, after_ttbr) \
	W(TCR_EL1,		3, 0, 2, 0, 2, NO, RW, tcr_el1, ~0ull, after_tcr) \
	W(MAIR_EL1,		3, 0, 10, 2, 0, NO, RW, mair_el1, ~0ull, after_mair) \
	Z(AMAIR_EL1,		3, 0, 10, 3, 0, NO, RW) \
	P(CONTEXTIDR_EL1,	3, 0, 13, 0, 1, NO, RW, contextidr_el1, 0xffffffffull) \
	P(TPIDR_EL1,		3, 0, 13, 0, 4, NO, RW, tpidr_el1, ~0ull) \
	F(SCXTNUM_EL1,		3, 0, 13, 0, 7, NO, RW, sr_scxtnum_el1) \
	F(SCXTNUM_EL0,		3, 3, 13, 0, 7, RW, RW, sr_scxtnum_el0) \
	P(TPIDR_EL0,		3, 3, 13, 0, 2, RW, RW, tpidr_el0, ~0ull) \
	P(TPIDRRO_EL0,		3, 3, 13, 0, 3, RO, RW, tpidrro_el0, ~0ull) \
	/* Exceptions */ \
	P(SPSR_EL1,		3, 0, 4, 0, 0, NO, RW, spsr_el1, ~0ull) \
	P(ELR_EL1,		3, 0, 4, 0, 1, NO, RW, elr_el1, ~0ull) \
	F(SP_EL0,		3, 0, 4, 1, 0, NO, RW, sr_sp_el0) \
	Z(AFSR0_EL1,		3, 0, 5, 1, 0, NO, RW) \
	Z(AFSR1_EL1,		3, 0, 5, 1, 1, NO, RW) \
	P(ESR_EL1,		3, 0, 5, 2, 0, NO, RW, esr_el1, 0xffffffffull) \
	P(FAR_EL1,		3, 0, 6, 0, 0, NO, RW, far_el1, ~0ull) \
	P(PAR_EL1,		3, 0, 7, 4, 0, NO, RW, par_el1, ~0ull) \
	P(VBAR_EL1,		3, 0, 12, 0, 0, NO, RW, vbar_el1, ~0x7ffull) \
	Z(RVBAR_EL1,		3, 0, 12, 0, 1, NO, RO) \
	F(ISR_EL1,		3, 0, 12, 1, 0, NO, RO, sr_isr) \
	/* PSTATE */ \
	F(SPSel,		3, 0, 4, 2, 0, NO, RW, sr_spsel) \
	F(CurrentEL,		3, 0, 4, 2, 2, NO, RO, sr_currentel) \
	F(PAN,			3, 0, 4, 2, 3, NO, RW, sr_pan) \
	F(UAO,			3, 0, 4, 2, 4, NO, RW, sr_uao) \
	F(NZCV,			3, 3, 4, 2, 0, RW, RW, sr_nzcv) \
	W(DAIF,			3, 3, 4, 2, 1, UMA, RW, daif, PSTATE_DAIF, after_daif) \
	F(SSBS,			3, 3, 4, 2, 6, RW, RW, sr_ssbs) \
	F(FPCR,			3, 3, 4, 4, 0, FP, RW, sr_fpcr) \
	F(FPSR,			3, 3, 4, 4, 1, FP, RW, sr_fpsr) \
	/* Time; CNTP_* and CNTV_* are the timer device's */ \
	W(CNTKCTL_EL1,		3, 0, 14, 1, 0, NO, RW, cntkctl_el1, 0x3ff, after_mode) \
	F(CNTFRQ_EL0,		3, 3, 14, 0, 0, CNTF, RW, sr_cntfrq) \
	F(CNTPCT_EL0,		3, 3, 14, 0, 1, PCT, RO, sr_counter) \
	F(CNTVCT_EL0,		3, 3, 14, 0, 2, VCT, RO, sr_counter) \
	F(CNTP_TVAL_EL0,	3, 3, 14, 2, 0, PT, RW, NULL) \
	F(CNTP_CTL_EL0,		3, 3, 14, 2, 1, PT, RW, NULL) \
	F(CNTP_CVAL_EL0,	3, 3, 14, 2, 2, PT, RW, NULL) \
	F(CNTV_TVAL_EL0,	3, 3, 14, 3, 0, VT, RW, NULL) \
	F(CNTV_CTL_EL0,		3, 3, 14, 3, 1, VT, RW, NULL) \
	F(CNTV_CVAL_EL0,	3, 3, 14, 3, 2, VT, RW, NULL) \
	/* Debug: 6 breakpoints, 4 watchpoints, OS lock, a comms channel that nobody is at the other end of */ \
	P(OSDTRRX_EL1,		2, 0, 0, 0, 2, NO, RW, dbgdtr, 0xffffffffull) \
	W(MDCCINT_EL1,		2, 0, 0, 2, 0, NO, RW, mdccint_el1, 0x60000000ull, after_mode) \
	W(MDSCR_EL1,		2, 0, 0, 2, 2, NO, RW, mdscr_el1, 0xf041ull, after_mode) \
	P(OSDTRTX_EL1,		2, 0, 0, 3, 2, NO, RW, dbgdtr, 0xffffffffull) \
	P(OSECCR_EL1,		2, 0, 0, 6, 2, NO, RW, oseccr, 0xffffffffull) \
	DBG_BREAKPOINT(W, 0, ~3ull) DBG_BREAKPOINT(W, 1, ~3ull) DBG_BREAKPOINT(W, 2, ~3ull) DBG_BREAKPOINT(W, 3, ~3ull) \
	/* These hold context numbers too. */ \
	DBG_BREAKPOINT(W, 4, ~0ull) DBG_BREAKPOINT(W, 5, ~0ull) \
	DBG_WATCHPOINT(W, 0) DBG_WATCHPOINT(W, 1) DBG_WATCHPOINT(W, 2) DBG_WATCHPOINT(W, 3) \
	Z(MDCCSR_EL0,		2, 3, 0, 1, 0, DCC, RO) \
	Z(DBGDTR_EL0,		2, 3, 0, 4, 0, DCC, RW) \
	Z(DBGDTRTX_EL0,		2, 3, 0, 5, 0, DCC, RW) \
	Z(MDRAR_EL1,		2, 0, 1, 0, 0, NO, RO) \
	F(OSLAR_EL1,		2, 0, 1, 0, 4, NO, WO, sr_oslar) \
	P(OSLSR_EL1,		2, 0, 1, 1, 4, NO, RO, oslsr_el1, 0) \
	W(OSDLR_EL1,		2, 0, 1, 3, 4, NO, RW, osdlr_el1, 1, after_mode) \
	W(DBGPRCR_EL1,		2, 0, 1, 4, 4, NO, RW, dbgprcr, 1, after_mode) \
	F(DBGCLAIMSET_EL1,	2, 0, 7, 8, 6, NO, RW, sr_claim_set) \
	F(DBGCLAIMCLR_EL1,	2, 0, 7, 9, 6, NO, RW, sr_claim_clear) \
	F(DBGAUTHSTATUS_EL1,	2, 0, 7, 14, 6, NO, RO, sr_authstatus)

#define DBG_BREAKPOINT(W, n, value) \
	W(DBGBVR##n##_EL1,	2, 0, 0, n, 4, NO, RW, dbgbvr[n], value, after_mode) \
	W(DBGBCR##n##_EL1,	2, 0, 0, n, 5, NO, RW, dbgbcr[n], 0xffe1e7ull, after_mode)
#define DBG_WATCHPOINT(W, n) \
	W(DBGWVR##n##_EL1,	2, 0, 0, n, 6, NO, RW, dbgwvr[n], ~3ull, after_mode) \
	W(DBGWCR##n##_EL1,	2, 0, 0, n, 7, NO, RW, dbgwcr[n], 0x1f1fffffull, after_mode)

#endif
