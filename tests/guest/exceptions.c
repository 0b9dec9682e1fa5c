/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exception entry and return (ARM DDI 0487 D1.3): vectors, ESR, ELR, SPSR; illegal returns; PSTATE; stack pointers.
 */
#include "rt/rt.h"

/* Code for EL0: one instruction each, then a call. */
#define EL0_CODE(name, insns) \
	__asm__(".text\n\t.balign 8\n" #name ":\n\t" insns "\n\tsvc #0x7ff\n"); \
	extern const char name[]

EL0_CODE(el0_svc, "svc #0x1234");
EL0_CODE(el0_brk, "brk #0x55aa");
EL0_CODE(el0_udf, "udf #77");
EL0_CODE(el0_hvc, "hvc #0");
EL0_CODE(el0_smc, "smc #0");
EL0_CODE(el0_hlt, "hlt #3");
EL0_CODE(el0_eret, "eret");
EL0_CODE(el0_wfi, "wfi");
EL0_CODE(el0_daifset, "msr daifset, #2");
EL0_CODE(el0_daifclr, "msr daifclr, #2");
EL0_CODE(el0_spsel, "msr spsel, #1");
EL0_CODE(el0_daif_read, "mrs x9, daif");
EL0_CODE(el0_sp, "ldr x0, [sp]");
EL0_CODE(el0_sp_index, "ldr x0, [sp, x1]");
EL0_CODE(el0_sp_later, "add x2, x2, #1\n\tstr x2, [sp, x1]\n\tadd x2, x2, #1");
EL0_CODE(el0_sp_ldxp, "ldxp x0, x1, [sp]");
EL0_CODE(el0_sp_prfm, "prfm pldl1keep, [sp]");
EL0_CODE(el0_sp_simd, "ld1 {v0.16b}, [sp]");
EL0_CODE(el0_fp, "fadd d0, d0, d0");
EL0_CODE(el0_nop, "nop");
EL0_CODE(el0_registers, "add x0, x0, x30\n\tadd x29, x29, #1\n\tmov x15, sp\n\tadds x1, x1, x2");

static void el0(struct frame *f, const char *label)
{
	*f = (struct frame){ .sp_el0 = (u64)USER(rt_pages(1)) + 2048 };
	rt_enter_el0(f, label);
}

static void expect_el0(const char *label, u64 esr, unsigned offset)
{
	struct frame f;

	el0(&f, label);
	equal(f.vector, VEC_EL0);
	equal(f.esr, esr);
	equal(f.elr, (u64)USER(label) + offset);
	equal(f.spsr, PSR_EL0);
}

static void svc_el0(void)	{ expect_el0(el0_svc, ESR(EC_SVC, 0x1234), 4); }
static void brk_el0(void)	{ expect_el0(el0_brk, ESR(EC_BRK, 0x55aa), 0); }
static void udf_el0(void)	{ expect_el0(el0_udf, ESR(EC_UNKNOWN, 0), 0); }

static void undefined_el0(void)
{
	expect_el0(el0_hvc, ESR(EC_UNKNOWN, 0), 0);
	expect_el0(el0_smc, ESR(EC_UNKNOWN, 0), 0);
	expect_el0(el0_hlt, ESR(EC_UNKNOWN, 0), 0);
	expect_el0(el0_eret, ESR(EC_UNKNOWN, 0), 0);
	expect_el0(el0_spsel, ESR(EC_UNKNOWN, 0), 0);
}

static void svc_el1(void)
{
	u64 at;

	check(TRY(at, "svc #0xabc", "r"(0)), "no exception");
	expect_exception(ESR(EC_SVC, 0xabc), at + 4);
	equal(exc.vector, VEC_EL1H);
	equal(exc.spsr & 0x1f, 5);
}

static void brk_el1(void)
{
	u64 at;

	check(TRY(at, "brk #0xffff", "r"(0)), "no exception");
	expect_exception(ESR(EC_BRK, 0xffff), at);
}

static void undefined_el1(void)
{
	u64 at;

	check(TRY(at, "udf #0", "r"(0)), "no exception");
	expect_exception(ESR(EC_UNKNOWN, 0), at);
	check(TRY(at, "hlt #1", "r"(0)), "no exception");
	expect_exception(ESR(EC_UNKNOWN, 0), at);
	check(TRY(at, "drps", "r"(0)), "no exception");
	expect_exception(ESR(EC_UNKNOWN, 0), at);
	check(TRY(at, ".inst 0xd51e1100", "r"(0)), "no exception");		/* MSR HCR_EL2 */
	expect_exception(ESR(EC_UNKNOWN, 0), at);
	check(TRY(at, ".inst 0xffffffff", "r"(0)), "no exception");
	expect_exception(ESR(EC_UNKNOWN, 0), at);
	check(TRY(at, ".inst 0xd4a00001", "r"(0)), "no exception");		/* DCPS1 outside Debug state */
	expect_exception(ESR(EC_UNKNOWN, 0), at);
}

/* There is no SYSL. LDLAR and STLLR come with LORegions. */
static void undefined_without_feature(void)
{
	bool lor = read_reg(id_aa64mmfr1_el1) >> 16 & 15;
	u64 at, *p = rt_pages(1);

	check(TRY(at, "sysl x1, #0, c7, c0, #0", "r"(0)), "no exception");
	expect_exception(ESR(EC_UNKNOWN, 0), at);
	equal(TRY(at, ".arch_extension lor\n\tldlar w1, [%1]", "r"(p)), !lor);
	equal(lor ? at : exc.elr, at);
	equal(TRY(at, ".arch_extension lor\n\tstllr w1, [%1]", "r"(p)), !lor);
	equal(lor ? at : exc.elr, at);
}

static void hints(void)
{
	u64 at;

	check(!TRY(at, "hint #47", "r"(0)), "HINT 47");
	check(!TRY(at, "hint #127", "r"(0)), "HINT 127");
	check(!TRY(at, "sevl\n\twfe", "r"(0)), "SEVL");
}

static void registers_survive(void)
{
	struct frame f = { .sp_el0 = 0x123456789abcdef0 };

	for (unsigned i = 0; i < 31; i++)
		f.x[i] = 0x1000 + i;
	f.x[1] = ~0ull >> 1;
	f.x[2] = 1;
	rt_enter_el0(&f, el0_registers);
	equal(f.esr, ESR(EC_SVC, 0x7ff));
	equal(f.x[0], 0x1000 + 0x101e);
	equal(f.x[29], 0x101e);
	equal(f.x[15], 0x123456789abcdef0);
	equal(f.sp_el0, 0x123456789abcdef0);
	equal(f.x[1], 1ull << 63);
	equal(f.spsr >> 28, 9);			/* N and V */
	for (unsigned i = 3; i < 31; i++)
		if (i != 15 && i != 29)
			equal(f.x[i], 0x1000 + i);
}

static void nzcv(void)
{
	struct frame f = { 0 };

	for (u64 n = 0; n < 16; n++) {
		f = (struct frame){ .elr = (u64)USER(el0_nop), .spsr = PSR_EL0 | n << 28 };
		rt_enter(&f);
		equal(f.spsr, PSR_EL0 | n << 28);
	}
}

static void vectors(void)
{
	struct frame f = { .elr = PA(el0_svc), .spsr = PSR_EL1T };

	rt_enter(&f);
	equal(f.vector, VEC_EL1T);
	equal(f.spsr, PSR_EL1T);
	f = (struct frame){ .elr = PA(el0_svc), .spsr = PSR_EL1H };
	rt_enter(&f);
	equal(f.vector, VEC_EL1H);
	equal(f.spsr, PSR_EL1H);
}

/* Not an EL, AArch32, EL2, EL3 or EL0h: stays in EL1 with PSTATE.IL. */
static void illegal_return(void)
{
	static const u8 modes[] = { 0x01, 0x02, 0x03, 0x06, 0x07, 0x08, 0x09, 0x0c, 0x0d, 0x10, 0x13, 0x1f };

	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		struct frame f = { .elr = PA(el0_nop), .spsr = 0x3c0 | modes[i] | 5ull << 28 };

		rt_enter(&f);
		equal(f.esr, ESR(EC_ILLEGAL, 0));
		equal(f.elr, PA(el0_nop));
		equal(f.vector, VEC_EL1H);
		equal(f.spsr, PSR_EL1H | PSR_IL | 5ull << 28);
	}
}

static void il_from_spsr(void)
{
	struct frame f = { .elr = (u64)USER(el0_nop), .spsr = PSR_EL0 | PSR_IL };

	rt_enter(&f);
	equal(f.esr, ESR(EC_ILLEGAL, 0));
	equal(f.vector, VEC_EL0);
	equal(f.spsr, PSR_EL0 | PSR_IL);
	f = (struct frame){ .elr = PA(el0_svc), .spsr = PSR_EL1H | PSR_IL };
	rt_enter(&f);
	equal(f.esr, ESR(EC_ILLEGAL, 0));
	equal(f.elr, PA(el0_svc));
}

static void daif_bits(void)
{
	u64 v;

	__asm__ volatile("msr daifclr, #15\n\tmrs %0, daif\n\tmsr daifset, #15" : "=r"(v));
	equal(v, 0);
	__asm__ volatile("msr daifclr, #15\n\tmsr daifset, #5\n\tmrs %0, daif\n\tmsr daifset, #15" : "=r"(v));
	equal(v, 5 << 6);
	__asm__ volatile("msr daifclr, #10\n\tmrs %0, daif\n\tmsr daifset, #15" : "=r"(v));
	equal(v, 5 << 6);
	__asm__ volatile("mov %0, #-1\n\tmsr daif, %0\n\tmrs %0, daif" : "=&r"(v));
	equal(v, 15 << 6);
}

static void daif_masked_by_entry(void)
{
	struct frame f = { .elr = (u64)USER(el0_nop), .spsr = 0 };

	rt_enter(&f);
	equal(f.spsr, 0);
	equal(f.esr, ESR(EC_SVC, 0x7ff));
}

static u64 daif_in_hook;
static bool note_daif(struct frame *f)
{
	daif_in_hook = read_reg(daif);
	return false;
}

static void entry_masks_all(void)
{
	struct frame f = { .elr = (u64)USER(el0_nop), .spsr = 0 };

	rt_cpu()->hook = note_daif;
	rt_enter(&f);
	equal(daif_in_hook, 15 << 6);
}

static void uma(void)
{
	u64 sctlr = read_reg(sctlr_el1);

	/* op0 0, op1 3, CRn 4, CRm imm, op2 6 or 7, Rt 31, write */
	expect_el0(el0_daifset, ESR(EC_SYSREG, 6 << 17 | 3 << 14 | 4 << 10 | 31 << 5 | 2 << 1), 0);
	expect_el0(el0_daifclr, ESR(EC_SYSREG, 7 << 17 | 3 << 14 | 4 << 10 | 31 << 5 | 2 << 1), 0);
	expect_el0(el0_daif_read, ESR(EC_SYSREG, 3 << 20 | 1 << 17 | 3 << 14 | 4 << 10 | 9 << 5 | 2 << 1 | 1), 0);
	write_reg_isb(sctlr_el1, sctlr | BIT(9));
	struct frame f = { .elr = (u64)USER(el0_daifclr), .spsr = PSR_EL0 };
	rt_enter(&f);
	equal(f.esr, ESR(EC_SVC, 0x7ff));
	equal(f.spsr, PSR_EL0 & ~PSR_I);
	f = (struct frame){ .elr = (u64)USER(el0_daifset), .spsr = 0 };
	rt_enter(&f);
	equal(f.spsr, PSR_I);
	f = (struct frame){ .elr = (u64)USER(el0_daif_read), .spsr = PSR_A };
	rt_enter(&f);
	equal(f.x[9], PSR_A);
}

static void sp_selects(void)
{
	u64 v0, v1, s, sp1;

	write_reg(sp_el0, 0x4000);
	__asm__ volatile("mov %3, sp\n\tmsr spsel, #0\n\tmov %0, sp\n\tmrs %2, spsel\n\tadd sp, sp, #16\n\tmsr spsel, #1\n\t"
			 "mov %1, sp" : "=&r"(v0), "=&r"(v1), "=&r"(s), "=&r"(sp1));
	equal(v0, 0x4000);
	equal(s, 0);
	equal(v1, sp1);
	equal(read_reg(sp_el0), 0x4010);
	equal(read_reg(spsel), 1);
}

/* At EL1t, SP_EL0 is no register to be named. */
static void sp_el0_undefined(void)
{
	static const u32 code[] = { 0xd5384100, 0xd4000001 };		/* mrs x0, sp_el0; svc #0 */
	u32 *p = rt_pages(1);
	struct frame f = { .spsr = PSR_EL1T };

	memcpy(p, code, sizeof(code));
	rt_sync_code(p, sizeof(code));
	f.elr = PA(p);
	rt_enter(&f);
	equal(f.esr, ESR(EC_UNKNOWN, 0));
	equal(f.elr, PA(p));
}

static void sp_misaligned(const char *label)
{
	u64 stack = (u64)USER(rt_pages(1)) + 2048;
	struct frame f = { .sp_el0 = stack + 8, .x = { 0, 8 } };

	rt_enter_el0(&f, label);
	equal(f.esr, ESR(EC_SP_ALIGN, 0));
	equal(f.elr, (u64)USER(label));
	equal(f.sp_el0, stack + 8);
	f = (struct frame){ .sp_el0 = stack + 8, .x = { 0, 8 }, .elr = PA(label), .spsr = PSR_EL1T };
	f.sp_el0 -= USER_BASE;
	rt_enter(&f);
	equal(f.esr, ESR(EC_SP_ALIGN, 0));
	equal(f.elr, PA(label));
}

static void sp_aligned(const char *label)
{
	struct frame f = { .sp_el0 = (u64)USER(rt_pages(1)) + 2048 };

	rt_enter_el0(&f, label);
	equal(f.esr, ESR(EC_SVC, 0x7ff));
}

static void sp_immediate(void)	{ sp_misaligned(el0_sp); sp_aligned(el0_sp); }
static void sp_register(void)	{ sp_misaligned(el0_sp_index); sp_aligned(el0_sp_index); }
static void sp_pair(void)	{ sp_misaligned(el0_sp_ldxp); sp_aligned(el0_sp_ldxp); }
static void sp_simd(void)	{ sp_misaligned(el0_sp_simd); sp_aligned(el0_sp_simd); }

/* Not the first of its block: what is before it has happened, what is behind it has not. */
static void sp_later(void)
{
	u64 *page = rt_pages(1);

	for (unsigned i = 0; i < 3; i++) {
		struct frame f = { .sp_el0 = (u64)USER(page) + 2056, .x = { 0, 8 } };

		rt_enter_el0(&f, el0_sp_later);
		equal(f.esr, ESR(EC_SP_ALIGN, 0));
		equal(f.elr, (u64)USER(el0_sp_later) + 4);
		equal(f.x[2], 1);
		f = (struct frame){ .sp_el0 = (u64)USER(page) + 2048, .x = { 0, 8 } };
		rt_enter_el0(&f, el0_sp_later);
		equal(f.esr, ESR(EC_SVC, 0x7ff));
		equal(f.x[2], 2);
	}
}

static void sp_unchecked(void)
{
	struct frame f = { .sp_el0 = (u64)USER(rt_pages(1)) + 2056, .x = { 0, 8 } };

	write_reg_isb(sctlr_el1, read_reg(sctlr_el1) & ~BIT(4));
	rt_enter_el0(&f, el0_sp_index);
	equal(f.esr, ESR(EC_SVC, 0x7ff));
	f = (struct frame){ .sp_el0 = (u64)USER(rt_pages(1)) + 2056 };
	rt_enter_el0(&f, el0_sp);
	equal(f.esr, ESR(EC_SVC, 0x7ff));
}

static void pc_misaligned(void)
{
	struct frame f = { .elr = (u64)USER(el0_nop) + 2, .spsr = PSR_EL0 };
	u64 at;

	rt_enter(&f);
	equal(f.esr, ESR(EC_PC_ALIGN, 0));
	equal(f.far, (u64)USER(el0_nop) + 2);
	equal(f.elr, (u64)USER(el0_nop) + 2);
	check(TRY(at, "add x1, %0, #3\n\tblr x1", "r"(0)), "no exception");
	equal(exc.esr, ESR(EC_PC_ALIGN, 0));
	equal(exc.elr, at + 3);
	equal(exc.far, at + 3);
}

static void fp_traps(void)
{
	u64 at;

	write_reg_isb(cpacr_el1, 0);
	expect_el0(el0_fp, ESR(EC_FP, BIT(24) | 0xe << 20), 0);
	check(TRY(at, ".arch_extension fp\n\tfadd d0, d0, d0", "r"(0)), "no exception");
	expect_exception(ESR(EC_FP, BIT(24) | 0xe << 20), at);
	check(TRY(at, "mrs x1, fpcr", "r"(0)), "no exception");
	expect_exception(ESR(EC_FP, BIT(24) | 0xe << 20), at);
	write_reg_isb(cpacr_el1, 1 << 20);
	expect_el0(el0_fp, ESR(EC_FP, BIT(24) | 0xe << 20), 0);
	check(!TRY(at, "fadd d0, d0, d0", "r"(0)), "FP trapped at EL1 with FPEN 1");
	write_reg_isb(cpacr_el1, 2 << 20);
	check(TRY(at, "fmov d0, x1", "r"(0)), "no exception");
	write_reg_isb(cpacr_el1, 3 << 20);
	expect_el0(el0_fp, ESR(EC_SVC, 0x7ff), 8);
}

static void wfi_traps(void)
{
	write_reg_isb(sctlr_el1, read_reg(sctlr_el1) & ~(BIT(16) | BIT(18)));
	expect_el0(el0_wfi, ESR(EC_WFX, BIT(24) | 0xe << 20), 0);
}

static u64 pan_in_hook, uao_in_hook;
static bool note_pan(struct frame *f)
{
	pan_in_hook = read_reg(s3_0_c4_c2_3);
	uao_in_hook = read_reg(s3_0_c4_c2_4);
	return false;
}

static void pan_on_entry(void)
{
	struct frame f = { .elr = (u64)USER(el0_nop), .spsr = PSR_EL0 };

	rt_cpu()->hook = note_pan;
	rt_enter(&f);
	equal(pan_in_hook, 0);
	write_reg_isb(sctlr_el1, read_reg(sctlr_el1) & ~SCTLR_SPAN);
	f = (struct frame){ .elr = (u64)USER(el0_nop), .spsr = PSR_EL0 };
	rt_enter(&f);
	equal(f.spsr, PSR_EL0);
	equal(pan_in_hook, BIT(22));
	f = (struct frame){ .elr = PA(el0_nop), .spsr = PSR_EL1H };
	rt_enter(&f);
	equal(f.spsr, PSR_EL1H);
	equal(pan_in_hook, BIT(22));
}

static void pan_uao_state(void)
{
	struct frame f = { .elr = (u64)USER(el0_nop), .spsr = PSR_EL0 | PSR_PAN };
	u64 v;

	rt_enter(&f);
	equal(f.spsr, PSR_EL0 | PSR_PAN);
	__asm__ volatile("msr s0_0_c4_c1_4, xzr\n\tmrs %0, s3_0_c4_c2_3\n\tmsr s0_0_c4_c0_4, xzr" : "=r"(v));
	equal(v, BIT(22));
	f = (struct frame){ .elr = PA(el0_nop), .spsr = PSR_EL1H | PSR_UAO };
	rt_cpu()->hook = note_pan;
	rt_enter(&f);
	equal(uao_in_hook, 0);
	equal(f.spsr, PSR_EL1H | PSR_UAO);
}

static void no_pan(void)
{
	u64 at;

	check(TRY(at, "mrs x1, s3_0_c4_c2_3", "r"(0)), "MRS PAN is not UNDEFINED");
	check(TRY(at, ".inst 0xd500419f", "r"(0)), "MSR PAN is not UNDEFINED");
	struct frame f = { .elr = (u64)USER(el0_nop), .spsr = PSR_EL0 | PSR_PAN | PSR_UAO | BIT(12) };
	rt_enter(&f);
	equal(f.spsr, PSR_EL0);
}

static void ssbs(void)
{
	struct frame f = { .elr = (u64)USER(el0_nop), .spsr = PSR_EL0 | BIT(12) };

	rt_enter(&f);
	equal(f.spsr, PSR_EL0 | BIT(12));
	write_reg(s3_3_c4_c2_6, BIT(12));
	equal(read_reg(s3_3_c4_c2_6), BIT(12));
	write_reg(s3_3_c4_c2_6, 0);
	equal(read_reg(s3_3_c4_c2_6), 0);
	__asm__ volatile(".inst 0xd503413f");		/* MSR SSBS, #1 */
	equal(read_reg(s3_3_c4_c2_6), BIT(12));
	__asm__ volatile(".inst 0xd503403f");
	equal(read_reg(s3_3_c4_c2_6), 0);
}

/* From EL0 and EL1 by turns, many times: nothing leaks from one state into the other. */
static void many(void)
{
	for (unsigned i = 0; i < 2000; i++) {
		struct frame f = { .sp_el0 = i * 16, .spsr = i & 1 ? PSR_EL1T : PSR_EL0 };

		f.elr = i & 1 ? PA(el0_svc) : (u64)USER(el0_svc);
		rt_enter(&f);
		if (f.sp_el0 != i * 16 || f.esr != ESR(EC_SVC, 0x1234)) {
			equal(f.sp_el0, i * 16);
			equal(f.esr, ESR(EC_SVC, 0x1234));
			return;
		}
	}
}

const struct test tests[] = {
	{ "SVC from EL0 reports its immediate and the next instruction", svc_el0 },
	{ "BRK from EL0 reports its immediate and itself", brk_el0 },
	{ "UDF from EL0 is unknown and reports itself", udf_el0 },
	{ "HVC, SMC, HLT, ERET and SPSel are undefined at EL0", undefined_el0 },
	{ "SVC from EL1 goes to the current level's vector", svc_el1 },
	{ "BRK from EL1 reports its immediate and itself", brk_el1 },
	{ "what EL1 does not have is undefined", undefined_el1 },
	{ "what belongs to a feature that is absent is undefined", undefined_without_feature },
	{ "hints that mean nothing do nothing", hints },
	{ "all registers and both stack pointers survive a way to EL0 and back", registers_survive },
	{ "an ERET and an exception carry NZCV", nzcv },
	{ "EL1t and EL1h have vectors of their own", vectors },
	{ "a return to a state that does not exist is illegal and stays at EL1", illegal_return },
	{ "IL in SPSR makes the next instruction illegal, whatever it is", il_from_spsr },
	{ "DAIF is written bit by bit and as a whole", daif_bits },
	{ "an exception from open masks saves them open", daif_masked_by_entry },
	{ "an exception masks all of DAIF", entry_masks_all },
	{ "DAIF at EL0 is trapped unless UMA says otherwise", uma },
	{ "SPSel chooses between two stack pointers", sp_selects },
	{ "SP_EL0 is undefined while it is SP", sp_el0_undefined },
	{ "a misaligned SP faults as base with an immediate", sp_immediate },
	{ "a misaligned SP faults as base with a register offset", sp_register },
	{ "a misaligned SP faults in the middle of a block", sp_later },
	{ "a misaligned SP faults as base of an exclusive pair", sp_pair },
	{ "a misaligned SP faults as base of a structure load", sp_simd },
	{ "a misaligned SP is allowed where SCTLR does not check", sp_unchecked },
	{ "a misaligned PC faults with its address in FAR and ELR", pc_misaligned },
	{ "FP is trapped as CPACR says", fp_traps },
	{ "WFI at EL0 is trapped as SCTLR says", wfi_traps },
	{ "SPAN decides whether an exception sets PAN", pan_on_entry, "pan" },
	{ "SPSR carries PAN and UAO, and an exception clears UAO", pan_uao_state, "pan uao" },
	{ "a CPU without PAN has neither the register nor the bit", no_pan, "!pan" },
	{ "SSBS is kept across EL0", ssbs, "ssbs" },
	{ "two thousand ways into EL0 and EL1t and back", many },
	{ NULL }
};
