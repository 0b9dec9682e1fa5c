/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers (ARM DDI 0487 D19): each of the engine's table is accessed at EL1 and EL0 by generated code and must answer
 * as its row says; then fields, traps and identification that rows don't tell.
 */
#include "../../engine/dbt/arm64/arm_sysregs.h"
#include "rt/rt.h"

enum el0 { NO, RO, RW, UCT, UMA, CNTF, PCT, VCT, VT, PT, DCC, FP, WO };
enum kind { STORED, EFFECT, COMPUTED, IDENTITY, ZERO };

struct reg {
	const char *name;
	enum kind kind;
	u8 op0, op1, crn, crm, op2;
	enum el0 el0, el1;
	u64 mask;
};

#define P(name, o0, o1, n, m, o2, e0, e1, field, mask)		{ #name, STORED, o0, o1, n, m, o2, e0, e1, mask },
#define W(name, o0, o1, n, m, o2, e0, e1, field, bits, fn)	{ #name, EFFECT, o0, o1, n, m, o2, e0, e1, 0 },
#define F(name, o0, o1, n, m, o2, e0, e1, fn)			{ #name, COMPUTED, o0, o1, n, m, o2, e0, e1, 0 },
#define I(name, o0, o1, n, m, o2, e0, index)			{ #name, IDENTITY, o0, o1, n, m, o2, e0, RO, 0 },
#define Z(name, o0, o1, n, m, o2, e0, e1)			{ #name, ZERO, o0, o1, n, m, o2, e0, e1, 0 },
static const struct reg regs[] = {
	ARM_SYSREGS(P, W, F, I, Z)
};

static u32 mrs(const struct reg *r, bool read)
{
	return 0xd5000000 | (u32)read << 21 | (u32)r->op0 << 19 | (u32)r->op1 << 16 | (u32)r->crn << 12 | (u32)r->crm << 8 |
	       (u32)r->op2 << 5;
}

static u64 iss(const struct reg *r, bool read)
{
	return (u64)r->op0 << 20 | (u64)r->op2 << 17 | (u64)r->op1 << 14 | (u64)r->crn << 10 | (u64)r->crm << 1 | read;
}

static u32 *page;

/* One instruction and a call, at that level; 0 or the syndrome. */
static u64 run(u32 insn, u64 *x0, bool el0)
{
	struct frame f = { .spsr = el0 ? PSR_EL0 : PSR_EL1H, .x = { *x0 } };

	if (!page)
		page = (u32 *)rt_pages(1);
	page[0] = insn;
	page[1] = 0xd4000001 | 0x7ff << 5;
	rt_sync_code(page, 8);
	f.elr = el0 ? (u64)USER(page) : PA(page);
	rt_enter(&f);
	if (f.esr != ESR(EC_SVC, 0x7ff)) {
		check(f.elr == (el0 ? (u64)USER(page) : PA(page)), "elr %lx", f.elr);
		return f.esr;
	}
	*x0 = f.x[0];
	return 0;
}

#define UNDEFINED	ESR(EC_UNKNOWN, 0)

/* SP_EL0 of rt_enter, PSTATE, and what the feature is missing for. */
static bool present(const struct reg *r)
{
	if (r->op0 == 3 && r->op1 == 0 && r->crn == 4 && r->crm == 2 && r->op2 == 3)
		return rt_has("pan");
	if (r->op0 == 3 && r->op1 == 0 && r->crn == 4 && r->crm == 2 && r->op2 == 4)
		return rt_has("uao");
	if (r->op0 == 3 && r->op1 == 3 && r->crn == 4 && r->crm == 2 && r->op2 == 6)
		return rt_has("ssbs");
	if (r->op0 == 3 && r->crn == 13 && r->crm == 0 && r->op2 == 7)
		return (read_reg(id_aa64pfr0_el1) >> 56 & 15) >= 2 || (read_reg(id_aa64pfr1_el1) >> 32 & 15) != 0;
	return true;
}

static void begin(void)
{
	page = NULL;
}

static void el1_access(void)
{
	begin();
	for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
		const struct reg *r = &regs[i];
		u64 v = 0, err = run(mrs(r, true), &v, false);

		if (!present(r)) {
			check(err == UNDEFINED, "%s is there: %lx", r->name, err);
			continue;
		}
		check(err == (r->el1 == WO ? UNDEFINED : 0), "MRS of %s: %lx", r->name, err);
		if (r->kind == ZERO)
			check(v == 0, "%s reads as %lx", r->name, v);
		err = run(mrs(r, false), &v, false);
		check(err == (r->el1 == RO ? UNDEFINED : 0), "MSR of %s: %lx", r->name, err);
	}
}

/* Plain registers keep what their mask says; exception registers are used by the harness itself. */
static void stored(void)
{
	begin();
	for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
		const struct reg *r = &regs[i];
		u64 old = 0, ones = ~0ull, zero = 0, v = 0;

		if (r->kind != STORED || r->el1 != RW || r->crn == 4 || r->crn == 5 || r->crn == 6 || r->crn == 12 ||
		    (r->crn == 13 && r->op2 == 4 && r->op1 == 0))
			continue;
		run(mrs(r, true), &old, false);
		run(mrs(r, false), &ones, false);
		run(mrs(r, true), &v, false);
		check(v == r->mask, "%s keeps %lx of all ones, not %lx", r->name, v, r->mask);
		run(mrs(r, false), &zero, false);
		run(mrs(r, true), &v, false);
		check(v == 0, "%s keeps %lx of zero", r->name, v);
		run(mrs(r, false), &old, false);
	}
}

static bool el0_may(enum el0 e, bool write, bool open)
{
	switch (e) {
	case RO:	return !write;
	case RW:	return true;
	case FP:	return true;
	case UCT: case CNTF: case PCT: case VCT:
		return open && !write;
	case UMA: case PT: case VT: case DCC:
		return open;
	default:	return false;
	}
}

/* Conditions all closed or all open. What EL0 never may is UNDEFINED, what a control forbids is trapped. */
static void el0_access(bool open)
{
	begin();
	write_reg(sctlr_el1, open ? read_reg(sctlr_el1) | BIT(15) | BIT(9) : read_reg(sctlr_el1) & ~(BIT(15) | BIT(9)));
	write_reg(cntkctl_el1, open ? 0x303 : 0);
	write_reg_isb(mdscr_el1, open ? 0 : BIT(12));
	for (unsigned i = 0; i < ARRAY_SIZE(regs); i++) {
		const struct reg *r = &regs[i];

		for (unsigned write = 0; write < 2; write++) {
			u64 v = 0, err, want;

			if (r->el0 == RW && r->crn == 13 && r->op2 == 7)
				continue;			/* SCXTNUM_EL0: below */
			if (write && r->el0 == UMA)
				v = 0x3c0;
			err = run(mrs(r, !write), &v, true);
			if (!present(r))
				want = UNDEFINED;
			else if (el0_may(r->el0, write, open))
				want = r->el1 == RO && write ? UNDEFINED : 0;
			else if (!open && el0_may(r->el0, write, true))
				want = r->el1 == RO && write ? UNDEFINED : ESR(EC_SYSREG, iss(r, !write));
			else
				want = UNDEFINED;
			check(err == want, "%s of %s at EL0: %lx, not %lx", write ? "MSR" : "MRS", r->name, err, want);
		}
	}
}

static void el0_open(void)	{ el0_access(true); }
static void el0_closed(void)	{ el0_access(false); }

/* The register number of a trapped access is reported. */
static void trap_rt(void)
{
	u64 x0 = 0;

	begin();
	write_reg_isb(cntkctl_el1, 0);
	equal(run(0xd53be040 | 17, &x0, true), ESR(EC_SYSREG, 3 << 20 | 2 << 17 | 3 << 14 | 14 << 10 | 17 << 5 | 1));
	equal(run(0xd53be040 | 31, &x0, true), ESR(EC_SYSREG, 3 << 20 | 2 << 17 | 3 << 14 | 14 << 10 | 31 << 5 | 1));
}

static void reserved(void)
{
	static const u32 undefined[] = {
		0xd53c1100,	/* HCR_EL2 */
		0xd53e1100,	/* SCR_EL3 */
		0xd53bd060,	/* TPIDR_EL0 with CRm 0 op2 3 is TPIDRRO; see below */
		0xd53b9c00,	/* PMCR_EL0: no PMU */
		0xd539f000,	/* S3_1_C15_C0_0 */
		0xd538a000,	/* S3_0_C10_C0_0 */
		0xd53be800,	/* PMEVCNTR0_EL0 */
	};
	u64 x0 = 0;

	begin();
	for (unsigned i = 0; i < ARRAY_SIZE(undefined); i++)
		if (i != 2)
			check(run(undefined[i], &x0, false) == UNDEFINED, "%x is defined", undefined[i]);
	/* Identification space that nothing uses reads as zero: S3_0_C0_C7_7, S3_0_C0_C3_7 */
	x0 = 1;
	equal(run(0xd53807e0, &x0, false), 0);
	equal(x0, 0);
	x0 = 1;
	equal(run(0xd53803e0, &x0, false), 0);
	equal(x0, 0);
	equal(run(0xd51807e0, &x0, false), UNDEFINED);
}

static void identity(void)
{
	u64 pfr0 = read_reg(id_aa64pfr0_el1), dfr0 = read_reg(id_aa64dfr0_el1);

	equal(pfr0 & 0xff, 0x11);		/* AArch64 only, at EL0 and EL1 */
	equal(pfr0 >> 8 & 0xff, 0);		/* neither EL2 nor EL3 */
	equal(dfr0 & 15, 6);			/* debug architecture of ARMv8.0 */
	equal(dfr0 >> 8 & 15, 0);		/* no PMU */
	check((dfr0 >> 12 & 15) >= 1, "fewer than two breakpoints");
	check((dfr0 >> 20 & 15) >= 1, "fewer than two watchpoints");
	equal(read_reg(mpidr_el1) & 0xff, 0);
	equal(read_reg(mpidr_el1) >> 31 & 1, 1);
	equal(read_reg(ctr_el0) >> 28 & 3, 0);	/* neither IDC nor DIC */
	equal(read_reg(currentel), 4);
}

static void sctlr_bits(void)
{
	u64 old = read_reg(sctlr_el1), res1 = BIT(7) | BIT(8) | BIT(11) | BIT(22) | BIT(28) | BIT(29);

	write_reg_isb(sctlr_el1, SCTLR_M | SCTLR_SPAN);
	equal(read_reg(sctlr_el1) & (res1 | SCTLR_M), res1 | SCTLR_M);
	write_reg_isb(sctlr_el1, old | BIT(5) | BIT(6) | BIT(10) | BIT(13) | BIT(17));
	equal(read_reg(sctlr_el1) & (BIT(5) | BIT(6) | BIT(10) | BIT(13) | BIT(17)), 0);
	write_reg_isb(sctlr_el1, old);
	equal(read_reg(sctlr_el1), old);
}

static void esr_far_elr(void)
{
	write_reg(esr_el1, 0x12345678);
	write_reg(far_el1, 0xdeadbeef00000001);
	write_reg(elr_el1, ~0ull);
	equal(read_reg(esr_el1), 0x12345678);
	equal(read_reg(far_el1), 0xdeadbeef00000001);
	equal(read_reg(elr_el1), ~0ull);
	write_reg(afsr0_el1, ~0ull);
	equal(read_reg(afsr0_el1), 0);
	write_reg(par_el1, 0xff00000012345800);
	equal(read_reg(par_el1), 0xff00000012345800);
	write_reg(contextidr_el1, ~0ull);
	equal(read_reg(contextidr_el1), 0xffffffff);
	write_reg(contextidr_el1, 0);
}

static void caches(void)
{
	u64 clidr = read_reg(clidr_el1);

	for (unsigned level = 0; level < 7; level++) {
		unsigned type = clidr >> 3 * level & 7;

		for (unsigned ind = 0; ind < 2; ind++) {
			write_reg_isb(csselr_el1, level << 1 | ind);
			if (ind ? type & 1 : type & 6)
				check(read_reg(ccsidr_el1) != 0, "level %u has no geometry", level + 1);
		}
	}
	write_reg_isb(csselr_el1, 0);
}

static void zva_prohibited(void)
{
	u64 x0 = 0;

	begin();
	equal(read_reg(dczid_el0), 4);
	equal(run(0xd53b00e0, &x0, true), 0);
	equal(x0, 4);
	write_reg_isb(sctlr_el1, read_reg(sctlr_el1) & ~BIT(14));
	equal(run(0xd53b00e0, &x0, true), 0);
	equal(x0, 0x14);
	equal(run(0xd50b7420, &x0, true), ESR(EC_SYSREG, 1 << 20 | 1 << 17 | 3 << 14 | 7 << 10 | 4 << 1));
	equal(read_reg(dczid_el0), 4);
}

static void os_lock(void)
{
	write_reg_isb(oslar_el1, 1);
	equal(read_reg(oslsr_el1) & 0xa, 0xa);
	write_reg_isb(oslar_el1, 0);
	equal(read_reg(oslsr_el1) & 0xa, 8);
	write_reg(dbgclaimset_el1, 0x81);
	equal(read_reg(dbgclaimclr_el1), 0x81);
	write_reg(dbgclaimclr_el1, 1);
	equal(read_reg(dbgclaimclr_el1), 0x80);
	equal(read_reg(dbgclaimset_el1), 0xff);
	write_reg(dbgclaimclr_el1, 0xff);
}

static void fp_state(void)
{
	u64 x;

	write_reg(fpcr, ~0ull);
	x = read_reg(fpcr);
	equal(x & ~0x07c80000ull, 0);
	equal(x & 0x07c00000, 0x07c00000);
	write_reg(fpcr, 0);
	equal(read_reg(fpcr), 0);
	write_reg(fpsr, ~0ull);
	equal(read_reg(fpsr), 0x0800009f);
	write_reg(fpsr, 0);
	equal(read_reg(fpsr), 0);
}

/* A compare whose flags nobody reads. */
static void fcmp_raises(void)
{
	write_reg(fpsr, 0);
	__asm__ volatile("movi v0.2d, #0\n\tmov x1, #0x7ff4000000000000\n\tfmov d1, x1\n\tfcmp d0, d1\n\tcmp x1, x1"
			 : : : "x1", "cc");
	equal(read_reg(fpsr) & 1, 1);			/* signalling NaN */
	write_reg(fpsr, 0);
	__asm__ volatile("mov x1, #0x7ff8000000000000\n\tfmov d1, x1\n\tfcmp d0, d1\n\tcmp x1, x1"
			 : : : "x1", "cc");
	equal(read_reg(fpsr) & 1, 0);			/* quiet */
	__asm__ volatile("fcmpe d0, d1\n\tcmp x1, x1" : : : "x1", "cc");
	equal(read_reg(fpsr) & 1, 1);
	write_reg(fpsr, 0);
	__asm__ volatile("fccmpe d0, d1, #0, al\n\tcmp x1, x1" : : : "x1", "cc");
	equal(read_reg(fpsr) & 1, 1);
	write_reg(fpsr, 0);
	__asm__ volatile("cmp xzr, xzr\n\tfccmpe d0, d1, #0, ne\n\tcmp x1, x1" : : : "x1", "cc");
	equal(read_reg(fpsr) & 1, 0);
}

__asm__(".text\n\t.balign 4\nmany:\n\tmrs x0, fpcr\n\tmrs x1, cntvct_el0\n\tmrs x1, ctr_el0\n\tsvc #5\n");
extern const char many[];

static volatile bool enough;

/* Meanwhile, on another vCPU: states of its own, and whether they hold. */
static void other_modes(void *arg)
{
	volatile u64 *wrong = arg;

	for (u64 n = 0; !enough; n++) {
		u64 fpcr = (n & 3) << 22;

		write_reg(fpcr, fpcr);
		*wrong += read_reg(fpcr) != fpcr;
	}
	write_reg(fpcr, 0);
}

/* More states that a translation depends on than any real system has: FPCR by what EL0 may do. */
static void many_modes(void)
{
	u64 sctlr = read_reg(sctlr_el1), kctl = read_reg(cntkctl_el1);
	volatile u64 others = 0;
	unsigned wrong = 0;

	enough = false;
	if (rt_cpus() > 1)
		rt_start(1, other_modes, (void *)&others);
	for (unsigned i = 0; i < 10000; i++) {
		u64 fpcr = (u64)(i & 31) << 22, want;
		struct frame f = { 0 };

		write_reg(cntkctl_el1, (i >> 5 & 3) | (u64)(i >> 7 & 3) << 8);
		write_reg_isb(sctlr_el1, (sctlr & ~(BIT(26) | BIT(14) | BIT(15) | BIT(16) | BIT(18))) | (u64)(i >> 9 & 3) << 14 |
			      (i >> 11 & 1 ? BIT(26) : 0) | (i >> 12 & 1 ? BIT(16) : 0) | (i >> 13 & 1 ? BIT(18) : 0));
		write_reg(fpcr, fpcr);
		want = !(i >> 6 & 1) ? 4 : i >> 10 & 1 ? 12 : 8;
		rt_enter_el0(&f, many);
		wrong += f.elr != (u64)USER(many) + want + (want == 12 ? 4 : 0) || f.x[0] != fpcr;
		wrong += f.esr >> 26 != (want == 12 ? EC_SVC : EC_SYSREG);
	}
	enough = true;
	rt_wait_all();
	equal(wrong, 0);
	equal(others, 0);
	write_reg(fpcr, 0);
	write_reg(cntkctl_el1, kctl);
	write_reg_isb(sctlr_el1, sctlr);
}

static void scxtnum(void)
{
	static const struct reg r = { "SCXTNUM_EL0", COMPUTED, 3, 3, 13, 0, 7, RW, RW, 0 };
	u64 x0 = 0;

	begin();
	write_reg(s3_3_c13_c0_7, 77);
	equal(run(mrs(&r, true), &x0, true), ESR(EC_SYSREG, iss(&r, true)));
	write_reg_isb(sctlr_el1, read_reg(sctlr_el1) & ~BIT(20));
	equal(run(mrs(&r, true), &x0, true), 0);
	equal(x0, 77);
}

const struct test tests[] = {
	{ "every register answers MRS and MSR at EL1 as its row says", el1_access },
	{ "plain registers keep the bits that they have", stored },
	{ "every register answers at EL0 as its row says with all controls open", el0_open },
	{ "every register traps or is undefined at EL0 with all controls closed", el0_closed },
	{ "a trapped MRS reports its register", trap_rt },
	{ "what is not there is undefined, and reserved identification zero", reserved },
	{ "identification says AArch64 with EL0 and EL1 only", identity },
	{ "SCTLR has its fixed bits", sctlr_bits },
	{ "fault registers keep what is written", esr_far_elr },
	{ "each cache of CLIDR has a geometry", caches },
	{ "DZE forbids DC ZVA to EL0 and DCZID says so", zva_prohibited },
	{ "OS lock and claim tags work", os_lock },
	{ "FPCR and FPSR have their bits and no others", fp_state },
	{ "a compare of a NaN raises its flag though nobody reads the result", fcmp_raises },
	{ "ten thousand states of FPCR and EL0's controls have their effects", many_modes },
	{ "SCXTNUM_EL0 is trapped by TSCXT", scxtnum, "csv2_2" },
	{ NULL }
};
