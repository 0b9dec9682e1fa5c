/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Self-hosted debug (ARM DDI 0487 D2): software step, hardware breakpoints, watchpoints, at EL0 and at EL1.
 */
#include "rt/rt.h"

#define MDE	BIT(15)
#define KDE	BIT(13)
#define SS	BIT(0)
#define STEPPED	(BIT(24) | 0x22)
#define DIDNOT	0x22ull
#define PENDING_EL1	(PSR_EL1H & ~PSR_D)	/* debug exceptions unmasked */

static void mdscr(u64 v)
{
	write_reg(oslar_el1, 0);
	write_reg_isb(mdscr_el1, v);
}

/* Program counters of each step, as offsets in words from the beginning; ends where `stop` is reached. */
static unsigned trace(u64 start, u64 spsr, struct frame *f, u16 *pcs, unsigned max)
{
	u64 ec = spsr & 15 ? EC_STEP : EC_STEP_EL0;
	unsigned n = 0;

	f->elr = start;
	f->spsr = spsr | PSR_SS;
	while (n < max) {
		rt_enter(f);
		if (f->esr >> 26 != ec)
			return n;
		check((f->esr & ~(u64)0x40) == ESR(ec, STEPPED), "step %u: esr %lx", n, f->esr);
		check(!(f->spsr & PSR_SS), "step %u: spsr %lx", n, f->spsr);
		pcs[n++] = (u16)((f->elr - start) / 4);
		f->spsr |= PSR_SS;
	}
	return n;
}

__asm__(".text\n\t.balign 8\nprogram:\n\t"
	"mov x0, #3\n"			/* 0 */
	"1:\tsub x0, x0, #1\n\t"	/* 1 */
	"cbnz x0, 1b\n\t"		/* 2 */
	"cmp x0, #0\n\t"		/* 3 */
	"b.ne 1b\n\t"			/* 4 */
	"b.eq 2f\n\t"			/* 5 */
	"nop\n"				/* 6 */
	"2:\tbl 3f\n\t"			/* 7 */
	"adr x1, 4f\n\t"		/* 8 */
	"br x1\n"			/* 9 */
	"3:\ttbz x0, #0, 5f\n\t"	/* 10 */
	"nop\n"				/* 11 */
	"5:\tret\n"			/* 12 */
	"4:\tadr x1, 3b\n\t"		/* 13 */
	"blr x1\n\t"			/* 14 */
	"b 6f\n\t"			/* 15 */
	"nop\n"				/* 16 */
	"6:\tsvc #1\n\t"		/* 17 */
	"nop\n\tsvc #2\n");		/* 18, 19 */
extern const char program[];
static const u16 path[] = { 1, 2, 1, 2, 1, 2, 3, 4, 5, 7, 10, 12, 8, 9, 13, 14, 10, 12, 15, 17 };

static void follow(u64 start, u64 spsr)
{
	struct frame f = { 0 };
	u16 pcs[64];
	unsigned n;

	for (unsigned round = 0; round < 3; round++) {
		n = trace(start, spsr, &f, pcs, 64);
		equal(n, ARRAY_SIZE(path));
		for (unsigned i = 0; i < n && i < ARRAY_SIZE(path); i++)
			check(pcs[i] == path[i], "step %u is at %u, not %u", i, pcs[i], path[i]);
		equal(f.esr, ESR(EC_SVC, 1));
		equal(f.elr, start + 72);
		equal(f.spsr & PSR_SS, 0);	/* the call was the step */
	}
}

static void step_el0(void)
{
	mdscr(SS);
	follow((u64)USER(program), PSR_EL0);
}

static void step_el1(void)
{
	mdscr(SS | KDE);
	follow(PA(program), PENDING_EL1);
}

/* Stepped after it ran at full speed, and at full speed after it was stepped. */
static void step_and_run(void)
{
	struct frame f;

	for (unsigned i = 0; i < 20; i++) {
		mdscr(0);
		f = (struct frame){ 0 };
		rt_enter_el0(&f, program);
		equal(f.esr, ESR(EC_SVC, 1));
		mdscr(SS);
		follow((u64)USER(program), PSR_EL0);
	}
}

static void not_armed(void)
{
	struct frame f = { 0 };

	mdscr(SS);			/* without KDE: EL1 goes on */
	f.elr = PA(program);
	f.spsr = PENDING_EL1 | PSR_SS;
	rt_enter(&f);
	equal(f.esr, ESR(EC_SVC, 1));
	mdscr(SS | KDE);		/* with D: the same */
	f = (struct frame){ .elr = PA(program), .spsr = PSR_EL1H | PSR_SS };
	rt_enter(&f);
	equal(f.esr, ESR(EC_SVC, 1));
	mdscr(0);
	f = (struct frame){ .elr = (u64)USER(program), .spsr = PSR_EL0 | PSR_SS };
	rt_enter(&f);
	equal(f.esr, ESR(EC_SVC, 1));
	write_reg_isb(oslar_el1, 1);	/* the OS lock */
	write_reg_isb(mdscr_el1, SS);
	f = (struct frame){ .elr = (u64)USER(program), .spsr = PSR_EL0 | PSR_SS };
	rt_enter(&f);
	equal(f.esr, ESR(EC_SVC, 1));
}

/* SS 0 in SPSR: the exception is pending at once. */
static void pending_at_once(void)
{
	struct frame f = { .elr = (u64)USER(program), .spsr = PSR_EL0, .x = { 77 } };

	mdscr(SS);
	rt_enter(&f);
	equal(f.esr, ESR(EC_STEP_EL0, DIDNOT));
	equal(f.elr, (u64)USER(program));
	equal(f.x[0], 77);
	mdscr(SS | KDE);
	f = (struct frame){ .elr = PA(program), .spsr = PENDING_EL1 };
	rt_enter(&f);
	equal(f.esr, ESR(EC_STEP, DIDNOT));
	equal(f.elr, PA(program));
}

static void after_call(void)
{
	struct frame f = { .elr = (u64)USER(program) + 68, .spsr = PSR_EL0 | PSR_SS };

	mdscr(SS);
	rt_enter(&f);
	equal(f.esr, ESR(EC_SVC, 1));
	rt_enter(&f);			/* as a kernel returns: SPSR as it came */
	equal(f.esr, ESR(EC_STEP_EL0, DIDNOT));
	equal(f.elr, (u64)USER(program) + 72);
}

__asm__(".text\n\t.balign 8\nfaulting:\n\tmov x1, #0\n\tldr x2, [x1]\n\tmov x3, #5\n\tsvc #3\n"
	"excl:\tldxr x2, [x1]\n\tadd x2, x2, #1\n\tstxr w3, x2, [x1]\n\tldaxp x4, x5, [x1]\n\tldr x6, [x1]\n\tsvc #3\n"
	"system:\tmrs x0, tpidr_el0\n\tmsr tpidr_el0, x0\n\tisb\n\tdsb sy\n\tmrs x1, cntvct_el0\n\tmrs x2, fpsr\n\tmsr fpsr, x2\n\t"
	"msr fpcr, xzr\n\tsevl\n\twfe\n\tyield\n\tdc civac, x3\n\tclrex\n\tmrs x4, nzcv\n\tmsr nzcv, x4\n\tprfm pldl1keep, [x3]\n\t"
	"dc zva, x3\n\tsvc #3\n"
	"system1:\tmrs x0, sp_el0\n\tmsr sp_el0, x0\n\tmsr spsel, #0\n\tmsr spsel, #1\n\tmsr daifset, #7\n\tmrs x1, daif\n\t"
	"msr daif, xzr\n\tmsr daifset, #7\n\tmrs x2, vbar_el1\n\tmsr vbar_el1, x2\n\ttlbi vmalle1\n\tdsb sy\n\tisb\n\t"
	"mrs x3, sctlr_el1\n\tmsr sctlr_el1, x3\n\tat s1e1r, x2\n\tic iallu\n\tmrs x4, par_el1\n\tsvc #3\n"
	"unmask:\tmov x0, #1\n\tmsr daifclr, #8\n\tmov x0, #2\n\tmov x0, #3\n\tsvc #3\n"
	"unmask2:\tmov x0, #0x1c0\n\tmsr daif, x0\n\tmov x0, #2\n\tsvc #3\n");
extern const char faulting[], excl[], system[], system1[], unmask[], unmask2[];

static void fault_in_step(void)
{
	struct frame f = { .elr = (u64)USER(faulting), .spsr = PSR_EL0 | PSR_SS };

	mdscr(SS);
	rt_enter(&f);
	equal(f.esr, ESR(EC_STEP_EL0, STEPPED));
	f.spsr |= PSR_SS;
	f.x[1] = 8;			/* device space, EL1's */
	rt_enter(&f);
	equal(f.esr >> 26, EC_DABORT_EL0);
	equal(f.spsr & PSR_SS, PSR_SS);		/* not stepped yet */
	equal(f.elr, (u64)USER(faulting) + 4);
	f.x[1] = (u64)USER(faulting);
	rt_enter(&f);
	equal(f.esr, ESR(EC_STEP_EL0, STEPPED));
	equal(f.elr, (u64)USER(faulting) + 8);
	equal(f.x[3], 0);
}

static void exclusives(void)
{
	struct frame f = { .elr = (u64)USER(excl), .spsr = PSR_EL0 | PSR_SS, .x = { 0, (u64)USER(rt_pages(1)) } };
	static const u64 ex[] = { 0x40, 0, 0, 0x40, 0 };

	mdscr(SS);
	for (unsigned i = 0; i < 5; i++) {
		rt_enter(&f);
		equal(f.esr, ESR(EC_STEP_EL0, STEPPED | ex[i]));
		f.spsr |= PSR_SS;
		if (i == 2)
			equal(f.x[3], 1);	/* each return clears the monitor */
	}
}

static void step_system(void)
{
	struct frame f = { .elr = (u64)USER(system), .spsr = PSR_EL0 | PSR_SS, .x = { 0, 0, 0, (u64)USER(rt_pages(1)) } };
	u16 pcs[64];

	mdscr(SS);
	equal(trace((u64)USER(system), PSR_EL0, &f, pcs, 64), 17);
	equal(f.esr, ESR(EC_SVC, 3));
	mdscr(SS | KDE);
	f = (struct frame){ .sp_el0 = 64 };
	equal(trace(PA(system1), PENDING_EL1, &f, pcs, 64), 18);
	equal(f.esr, ESR(EC_SVC, 3));
	equal(f.sp_el0, 64);
}

/* Debug exceptions unmasked by MSR while step is on, and SS is 0: before the next instruction. */
static void unmasked_by_msr(void)
{
	struct frame f = { .elr = PA(unmask), .spsr = PSR_EL1H };

	for (unsigned i = 0; i < 3; i++) {
		mdscr(0);
		f = (struct frame){ .elr = PA(unmask), .spsr = PSR_EL1H };
		rt_enter(&f);
		equal(f.esr, ESR(EC_SVC, 3));
		mdscr(SS | KDE);
		f = (struct frame){ .elr = PA(unmask), .spsr = PSR_EL1H };
		rt_enter(&f);
		equal(f.esr, ESR(EC_STEP, DIDNOT));
		equal(f.elr, PA(unmask) + 8);
		equal(f.x[0], 1);
		f = (struct frame){ .elr = PA(unmask2), .spsr = PSR_EL1H };
		rt_enter(&f);
		equal(f.esr, ESR(EC_STEP, DIDNOT));
		equal(f.elr, PA(unmask2) + 8);
	}
}

/* ---- breakpoints ---- */

__asm__(".text\n\t.balign 64\nwork:\n\tmov x0, #0\n"
	"1:\tadd x0, x0, #1\n\tcmp x0, x1\n\tb.ne 1b\n\tldr x3, [x2]\n\tadd x3, x3, #1\n\tstr x3, [x2]\n\tsvc #4\n");
extern const char work[];

static void set_bp(unsigned n, u64 va, u64 cr)
{
	switch (n) {
	case 0: write_reg(dbgbvr0_el1, va); write_reg(dbgbcr0_el1, cr); break;
	case 1: write_reg(dbgbvr1_el1, va); write_reg(dbgbcr1_el1, cr); break;
	case 4: write_reg(dbgbvr4_el1, va); write_reg(dbgbcr4_el1, cr); break;
	default: write_reg(dbgbvr5_el1, va); write_reg(dbgbcr5_el1, cr); break;
	}
	isb();
}

#define BCR_EL0	(1 | 2 << 1 | 0xf << 5)
#define BCR_EL1	(1 | 1 << 1 | 0xf << 5)

static struct frame work_el0(u64 count, u64 data)
{
	struct frame f = { .x = { 0, count, data } };

	rt_enter_el0(&f, work);
	return f;
}

static void break_el0(void)
{
	u64 data = (u64)USER(rt_pages(1)), at = (u64)USER(work);
	struct frame f;

	mdscr(MDE);
	for (unsigned round = 0; round < 5; round++) {
		equal(work_el0(100, data).esr, ESR(EC_SVC, 4));		/* hot */
		for (unsigned i = 0; i < 7; i++) {
			set_bp(round & 1, at + 4 * i, BCR_EL0);
			f = work_el0(5, data);
			equal(f.esr, ESR(EC_BREAK_EL0, 0x22));
			equal(f.elr, at + 4 * i);
			equal(f.x[0], i < 2 ? 0 : i < 4 ? 1 : 5);
			set_bp(round & 1, 0, 0);
		}
	}
	equal(*(volatile u64 *)(data - USER_BASE), 5);
}

static void break_conditions(void)
{
	u64 data = (u64)USER(rt_pages(1)), at = (u64)USER(work) + 8;
	struct frame f;

	mdscr(MDE);
	set_bp(0, at, BCR_EL1);			/* EL1 only */
	equal(work_el0(5, data).esr, ESR(EC_SVC, 4));
	set_bp(0, at, BCR_EL0 & ~1);		/* disabled */
	equal(work_el0(5, data).esr, ESR(EC_SVC, 4));
	set_bp(0, at, BCR_EL0);
	mdscr(0);
	equal(work_el0(5, data).esr, ESR(EC_SVC, 4));
	write_reg(oslar_el1, 1);
	write_reg_isb(mdscr_el1, MDE);
	equal(work_el0(5, data).esr, ESR(EC_SVC, 4));
	mdscr(MDE);
	f = work_el0(5, data);
	equal(f.esr, ESR(EC_BREAK_EL0, 0x22));
	/* EL1 needs KDE and D clear */
	set_bp(0, PA(work) + 8, BCR_EL1);
	f = (struct frame){ .elr = PA(work), .spsr = PENDING_EL1, .x = { 0, 5, data - USER_BASE } };
	rt_enter(&f);
	equal(f.esr, ESR(EC_SVC, 4));
	mdscr(MDE | KDE);
	f = (struct frame){ .elr = PA(work), .spsr = PSR_EL1H, .x = { 0, 5, data - USER_BASE } };
	rt_enter(&f);
	equal(f.esr, ESR(EC_SVC, 4));
	f = (struct frame){ .elr = PA(work), .spsr = PENDING_EL1, .x = { 0, 5, data - USER_BASE } };
	rt_enter(&f);
	equal(f.esr, ESR(EC_BREAK, 0x22));
	equal(f.elr, PA(work) + 8);
	set_bp(0, 0, 0);
}

static void break_context(void)
{
	u64 data = (u64)USER(rt_pages(1)), at = (u64)USER(work) + 4;

	mdscr(MDE);
	set_bp(5, 0x1234, BCR_EL0 | 3ull << 20);		/* linked context */
	set_bp(0, at, BCR_EL0 | 1ull << 20 | 5ull << 16);	/* address linked to it */
	write_reg_isb(contextidr_el1, 0x99);
	equal(work_el0(5, data).esr, ESR(EC_SVC, 4));
	write_reg_isb(contextidr_el1, 0x1234);
	equal(work_el0(5, data).esr, ESR(EC_BREAK_EL0, 0x22));
	set_bp(0, 0, 0);
	equal(work_el0(5, data).esr, ESR(EC_SVC, 4));
	set_bp(4, 0x1234, BCR_EL0 | 2ull << 20);		/* any address in that context */
	struct frame f = work_el0(5, data);
	equal(f.esr, ESR(EC_BREAK_EL0, 0x22));
	equal(f.elr, (u64)USER(work));
	write_reg_isb(contextidr_el1, 0);
	set_bp(4, 0, 0);
	set_bp(5, 0, 0);
}

static void break_by_msr(void)
{
	/* D cleared inside a block that goes on to the breakpoint. */
	struct frame f = { .elr = PA(unmask), .spsr = PSR_EL1H };

	mdscr(MDE | KDE);
	set_bp(0, PA(unmask) + 12, BCR_EL1);
	rt_enter(&f);
	equal(f.esr, ESR(EC_BREAK, 0x22));
	equal(f.elr, PA(unmask) + 12);
	equal(f.x[0], 2);
	set_bp(0, 0, 0);
}

/* ---- watchpoints ---- */

static u64 *watched;
static u64 watched_far;

#define WCR(lsc, bas)	(1ull | 1 << 1 | (u64)(lsc) << 3 | (u64)(bas) << 5)	/* EL1 */
#define LOADS	1
#define STORES	2

static void set_wp(u64 va, u64 cr)
{
	write_reg(dbgwvr0_el1, va);
	write_reg(dbgwcr0_el1, cr);
	isb();
}

/* ~0: no exception; else WnR. */
#define WATCH(insn, address) ({ \
	u64 at_; \
	mdscr(MDE | KDE); \
	__asm__ volatile("msr daifclr, #8" : : : "memory"); \
	bool t_ = TRY(at_, insn, "r"(address)); \
	__asm__ volatile("msr daifset, #8" : : : "memory"); \
	mdscr(0); \
	watched_far = exc.far; \
	if (t_) { \
		equal(exc.esr & ~0x40ull, ESR(EC_WATCH, 0x22)); \
		equal(exc.elr, at_); \
	} \
	t_ ? exc.esr >> 6 & 1 : ~0ull; })
#define NO	(~0ull)

static void watch_kinds(void)
{
	watched = rt_pages(2);
	for (unsigned i = 0; i < 8; i++)
		watched[i] = i;
	equal(WATCH("ldr x1, [%1]", watched), NO);
	set_wp(PA(watched), WCR(LOADS | STORES, 0xff));
	equal(WATCH("ldr x1, [%1]", watched), 0);
	equal(watched_far, PA(watched));
	equal(WATCH("str x1, [%1]", watched), 1);
	equal(watched[0], 0);
	equal(WATCH("ldr x1, [%1]", watched + 1), NO);
	equal(WATCH("str xzr, [%1]", watched + 1), NO);
	equal(WATCH("ldrb w1, [%1, #7]", watched), 0);
	equal(WATCH("ldp x1, x2, [%1]", watched - 1 + 1), 0);
	equal(WATCH("stp x1, x2, [%1]", watched), 1);
	equal(WATCH("ldp x1, x2, [%1]", watched + 1), NO);
	equal(WATCH("ldr q0, [%1]", watched), 0);
	equal(WATCH("ld1 {v0.16b, v1.16b}, [%1]", watched), 0);
	equal(WATCH("ldxr x1, [%1]", watched), 0);
	equal(WATCH("ldar x1, [%1]", watched), 0);
	equal(WATCH("stlr x1, [%1]", watched), 1);
	equal(WATCH("ldxp x1, x2, [%1]", watched), 0);
	equal(WATCH("dc zva, %1", watched), 1);
	equal(WATCH("dc cvau, %1", watched), NO);
	set_wp(PA(watched), WCR(LOADS, 0xff));
	equal(WATCH("str xzr, [%1]", watched), NO);
	equal(WATCH("ldr x1, [%1]", watched), 0);
	set_wp(PA(watched), WCR(STORES, 0xff));
	equal(WATCH("ldr x1, [%1]", watched), NO);
	equal(WATCH("str xzr, [%1]", watched), 1);
	set_wp(0, 0);
	equal(WATCH("str xzr, [%1]", watched), NO);
}

static void watch_atomics(void)
{
	watched = rt_pages(1);
	set_wp(PA(watched), WCR(STORES, 0xff));
	equal(WATCH("ldadd x1, x2, [%1]", watched), 1);
	equal(WATCH("mov x2, #0\n\tmov x3, #0\n\tadr x7, .", watched), NO);
	set_wp(PA(watched), WCR(LOADS | STORES, 0xff));
	equal(WATCH("swp x1, x2, [%1]", watched), 0);
	equal(WATCH("cas x1, x2, [%1]", watched), 0);
	equal(WATCH("casp x2, x3, x4, x5, [%1]", watched), 0);
	set_wp(0, 0);
}

static void watch_bytes(void)
{
	watched = rt_pages(1);
	set_wp(PA(watched), WCR(LOADS, 1 << 3));
	equal(WATCH("ldrb w1, [%1, #3]", watched), 0);
	equal(watched_far, PA(watched) + 3);
	equal(WATCH("ldrb w1, [%1, #2]", watched), NO);
	equal(WATCH("ldrb w1, [%1, #4]", watched), NO);
	equal(WATCH("ldrh w1, [%1, #2]", watched), 0);
	equal(WATCH("ldr w1, [%1, #4]", watched), NO);
	equal(WATCH("ldur x1, [%1, #1]", watched), 0);
	set_wp(PA(watched) + 64, WCR(LOADS, 0xff) | 6ull << 24);	/* 64 bytes */
	equal(WATCH("ldrb w1, [%1, #63]", watched), NO);
	equal(WATCH("ldrb w1, [%1, #64]", watched), 0);
	equal(WATCH("ldrb w1, [%1, #127]", watched), 0);
	equal(WATCH("ldrb w1, [%1, #128]", watched), NO);
	equal(WATCH("ldur x1, [%1, #60]", watched), 0);
	set_wp(0, 0);
}

static void watch_unprivileged(void)
{
	watched = rt_pages(1);
	set_wp((u64)USER(watched), (WCR(LOADS, 0xff) & ~6ull) | 2ull << 1);	/* EL0 only */
	equal(WATCH("ldr x1, [%1]", USER(watched)), NO);
	equal(WATCH("ldtr x1, [%1]", USER(watched)), 0);
	mdscr(MDE);
	struct frame f = work_el0(3, (u64)USER(watched));
	equal(f.esr, ESR(EC_WATCH_EL0, 0x22));
	equal(f.far, (u64)USER(watched));
	equal(f.elr, (u64)USER(work) + 16);
	equal(f.x[0], 3);
	equal(f.x[3], 0);
	set_wp(0, 0);
	equal(work_el0(3, (u64)USER(watched)).esr, ESR(EC_SVC, 4));
}

/* Hot first, so that everything is cached; many rounds on and off. */
static void watch_hot(void)
{
	u64 data = (u64)USER(rt_pages(1));

	mdscr(MDE);
	for (unsigned i = 0; i < 20; i++) {
		struct frame f;

		equal(work_el0(50, data).esr, ESR(EC_SVC, 4));
		set_wp(data, (WCR(STORES, 0xff) & ~6ull) | 2ull << 1);
		f = work_el0(50, data);
		equal(f.esr, ESR(EC_WATCH_EL0, 0x22 | 0x40));
		equal(f.elr, (u64)USER(work) + 24);
		equal(f.x[3], i + 2);
		set_wp(0, 0);
	}
	equal(*(volatile u64 *)(data - USER_BASE), 20);
}

static void fault_before_watch(void)
{
	u64 at;

	set_wp(TEST_BASE, WCR(LOADS, 0xff));
	mdscr(MDE | KDE);
	__asm__ volatile("msr daifclr, #8" : : : "memory");
	check(TRY(at, "ldr x1, [%1]", "r"(TEST_BASE)), "no fault");
	__asm__ volatile("msr daifset, #8" : : : "memory");
	equal(exc.esr >> 26, EC_DABORT);
	set_wp(0, 0);
}

const struct test tests[] = {
	{ "EL0 is stepped along branches, calls and returns", step_el0 },
	{ "EL1 is stepped along branches, calls and returns", step_el1 },
	{ "code runs at full speed between being stepped", step_and_run },
	{ "nothing steps without KDE, with D, without SS or with the OS lock", not_armed },
	{ "a return with SS clear is an exception at once", pending_at_once },
	{ "after a stepped call the return to it is the exception", after_call },
	{ "a fault in a step leaves the step to be done", fault_in_step },
	{ "a stepped load-exclusive says so, and its pair fails", exclusives },
	{ "system instructions count as one step each", step_system },
	{ "clearing D by MSR arms a pending step", unmasked_by_msr },
	{ "a breakpoint stops EL0 before each instruction of hot code", break_el0 },
	{ "a breakpoint heeds its controls", break_conditions },
	{ "a breakpoint may be linked to a context", break_context },
	{ "a breakpoint behind a write of D is hit", break_by_msr },
	{ "a watchpoint sees loads and stores of each kind", watch_kinds },
	{ "a watchpoint sees atomics as loads and stores", watch_atomics, "lse" },
	{ "a watchpoint has bytes, or a power of two of them", watch_bytes },
	{ "LDTR is EL0's to a watchpoint", watch_unprivileged },
	{ "a watchpoint on hot data hits and goes", watch_hot },
	{ "a fault comes before a watchpoint", fault_before_watch },
	{ NULL }
};
