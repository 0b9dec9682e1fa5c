/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random instructions at EL1 and EL0, under random FPCR, alignment checks, traps, byte order, debug registers and top byte rules:
 * whatever they do to the guest, the machine goes on, and a page of them comes to an end. (What single instructions answer is for
 * tests/diff.) What would take the runtime away is replaced by NOP: its system registers, its stack pointer, masking interrupts,
 * calls of the firmware.
 */
#include "rt/rt.h"

#define WORDS		256		/* a page of them is tried at a time */
#define PAGES		400
#define ARENA_PAGES	128		/* what they may write; in its middle are the code and what registers point to */
#define NOP		0xd503201fu

static u64 seeds[8];		/* by vCPU */

static u64 random(void)
{
	u64 *s = &seeds[rt_cpu()->number];

	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s * 0x2545f4914f6cdd1dull;
}

static bool one_of(unsigned n)
{
	return (random() >> 40) % n == 0;
}

/* MSR and MRS that leave the runtime what it needs. */
static bool register_is_free(u32 insn)
{
	unsigned op0 = 2 + (insn >> 19 & 1), op1 = insn >> 16 & 7, crn = insn >> 12 & 15, crm = insn >> 8 & 15;

	if (op0 == 2)
		return true;
	if (op1 == 3)
		return crn != 14 && !(crn == 4 && crm == 2 && (insn >> 5 & 7) == 1);
	return op1 == 0 && (crn == 0 || (crn >= 5 && crn <= 7) || (crn == 14 && crm == 1));
}

static u32 tame(u32 insn)
{
	if ((insn & 0x1f000000) == 0x10000000)			/* ADR, ADRP: pointers to the runtime */
		return NOP;
	if ((insn & 0xffd00000) == 0xd5100000)			/* MSR, MRS */
		return register_is_free(insn) ? insn : NOP;
	if ((insn & 0xfff8f01f) == 0xd500401f)			/* MSR (immediate): SPSel, DAIFSet */
		return (insn >> 5 & 7) == 5 || (insn >> 5 & 7) == 6 ? NOP : insn;
	if ((insn & 0xffe0001e) == 0xd4000002)			/* HVC, SMC */
		return NOP;
	return (insn & 0xfffffc1f) == 0xd69f0000 ? NOP : insn;	/* ERET */
}

static u32 instruction(void)
{
	static const struct { u32 value, mask; } group[] = {
		{ 0x08000000, 0x0a000000 }, { 0x08000000, 0x0a000000 }, { 0x0a000000, 0x0e000000 }, { 0x10000000, 0x1c000000 },
		{ 0x14000000, 0x1c000000 }, { 0x0e000000, 0x0e000000 }, { 0x0e000000, 0x0e000000 }, { 0xd5000000, 0xff000000 },
		{ 0x54000000, 0xff000010 }, { 0x0c000000, 0xbf000000 }, { 0x38000000, 0x3b000000 }, { 0, 0 },
		{ 0xd5088300, 0xffffff00 }, { 0xd50b7520, 0xffffffe0 },	/* TLBI of all vCPUs, IC IVAU */
	};
	unsigned g = (unsigned)(random() >> 20) % ARRAY_SIZE(group);
	u32 insn = ((u32)(random() >> 16) & ~group[g].mask) | group[g].value;

	if ((insn & 0x0a000000) == 0x08000000 && !one_of(5))
		insn &= ~(0x18u << 5);				/* a base that points somewhere */
	if ((insn & 0x7c000000) == 0x14000000)
		insn = (insn & 0xfc000000) | (((insn & 0xff) - 128) & 0x03ffffff);	/* B, BL: near */
	if ((insn & 0xff000010) == 0x54000000)
		insn = (insn & 0xff00001f) | (((insn >> 5 & 0x7f) - 64) & 0x7ffff) << 5;
	return tame(insn);
}

static void set_up(struct frame *f, u64 middle, bool el0)
{
	u64 base = middle + (el0 ? USER_BASE : 0);

	for (unsigned i = 0; i < 31; i++)
		f->x[i] = i < 8 ? base + 0x1000 + (one_of(4) ? random() >> 52 : (random() >> 52) & ~63ull) :
			  one_of(3) ? random() : random() >> 53;
	f->sp_el0 = base + 0x2000 + (one_of(8) ? random() >> 60 : 0);
	f->elr = base;
	f->spsr = (el0 ? PSR_EL0 : PSR_EL1T) & ~(u64)(PSR_I | PSR_F | (one_of(2) ? PSR_D : 0));
	f->spsr |= (random() >> 60) << 28 | (one_of(8) ? PSR_SS : 0);
}

static void controls(u64 sctlr, bool el0)
{
	/* A SA SA0 UMA DZE UCT nTWI nTWE E0E UCI */
	u64 may = BIT(1) | BIT(3) | BIT(4) | BIT(9) | BIT(14) | BIT(15) | BIT(16) | BIT(18) | BIT(24) | BIT(26);

	if (!el0 && one_of(4))
		sctlr &= ~SCTLR_M;		/* all is mapped to itself */
	write_reg(sctlr_el1, (sctlr & ~may) | (random() & may));
	write_reg(tcr_el1, RT_TCR | (random() & (3ull << 37)));
	write_reg(fpcr, one_of(2) ? 0 : random());
	write_reg(cpacr_el1, one_of(8) ? 0 : 3ull << 20);
	if (one_of(4)) {
		write_reg(oslar_el1, 0);
		write_reg(mdscr_el1, one_of(3) ? random() : 0);
	}
	isb();
}

/* Runs a page from its beginning: what faults is stepped over. */
static unsigned run(u64 code, bool el0)
{
	struct frame f;
	unsigned n;

	set_up(&f, code, el0);
	for (n = 0; n < 40; n++) {
		u64 at = code + (el0 ? USER_BASE : 0);

		write_reg(cntv_cval_el0, rt_now() + rt_ticks(1000));
		write_reg_isb(cntv_ctl_el0, 1);
		rt_enter(&f);
		write_reg_isb(cntv_ctl_el0, 0);
		if (f.vector & 0x80) {
			u32 id = rt_gic_ack();

			if (id < 1020)
				rt_gic_eoi(id);
			return n;
		}
		f.elr = f.elr - at < 4 * WORDS - 4 ? f.elr + 4 : at + (random() >> 56) * 4;
		f.spsr &= ~(u64)PSR_IL;
		if ((f.spsr & 15) != (el0 ? 0u : 4u))
			return n;
	}
	return n;
}

static unsigned exceptions[8];

static void pages(void *arena)
{
	u64 sctlr = read_reg(sctlr_el1), cpacr = read_reg(cpacr_el1), middle = PA(arena) + ARENA_PAGES / 2 * 4096;
	u32 *code = (u32 *)middle;
	u64 number = rt_cpu()->number;

	rt_gic_enable(INTID_VTIMER, 0x80);
	exceptions[number] = 0;
	for (unsigned page = 0; page < PAGES; page++) {
		seeds[number] = 0x9e3779b97f4a7c15ull * (page + 1 + 1000000 * number);
		for (unsigned i = 0; i < WORDS; i++)
			code[i] = instruction();
		for (unsigned i = 0; i < 1024; i++)
			((volatile u64 *)(middle + 0x1000))[i] = random();
		rt_sync_code(code, 4 * WORDS);
		controls(sctlr, page & 1);
		exceptions[number] += run(middle, page & 1);
		write_reg(sctlr_el1, sctlr);
		write_reg(tcr_el1, RT_TCR);
		write_reg(cpacr_el1, cpacr);
		write_reg(fpcr, 0);
		if (page % 16 == 0)
			write_reg(mdscr_el1, 0);
		isb();
	}
	write_reg_isb(mdscr_el1, 0);
	write_reg(cntkctl_el1, 0);
}

static void pages_and_gic(void *arena)
{
	rt_gic_init_cpu();
	pages(arena);
}

static void random_code(void)
{
	unsigned cpus = rt_cpus();

	rt_gic_init();
	for (unsigned i = 1; i < cpus; i++)
		rt_start(i, pages_and_gic, rt_pages(ARENA_PAGES));
	pages(rt_pages(ARENA_PAGES));
	rt_wait_all();
	for (unsigned i = 0; i < cpus; i++)
		check(exceptions[i] > 10 * PAGES, "%u exceptions", exceptions[i]);
}

/* ---- translation ---- */

#define TABLES	32	/* 4K pages of descriptors that point to each other, to holes, and past what there is */

static u64 descriptor(u64 tables)
{
	u64 d = random(), out = random();

	d = (d & ~0x0000fffffffff000ull) | 1 | (one_of(4) ? 0 : 2) | (one_of(4) ? 0 : BIT(10));
	switch (out & 7) {
	case 0:		return d & ~1ull;
	case 1:		return d | (random() & 0x0000fffffffff000ull);
	case 2:		return d | (random() & 0x3ffff000ull);		/* devices, flash, holes */
	case 3: case 4:	return d | (RAM_BASE + (random() & 0x1ffff000ull));
	default:	return d | (tables + (random() % TABLES << 12));
	}
}

/* TTBR1's half alone: what the runtime lives in stays. Leaves may be anything, so it is only read. */
static void half(u64 tables)
{
	u64 tcr = RT_TCR & ~(0xffff0000ull | 7ull << 32);

	/* T1SZ, A1, EPD1, TG1, IPS, AS, TBI1, HA, HD, E0PD1 */
	tcr |= (random() & 63) << 16 | (random() & 3) << 30 | (random() & 7) << 32 | (random() & 1) << 36;
	tcr |= (one_of(4) ? BIT(22) : 0) | (one_of(8) ? BIT(23) : 0) | (random() & (BIT(38) | BIT(39) | BIT(40) | BIT(56)));
	write_reg(ttbr1_el1, (tables + (random() % TABLES << 12)) | (random() & 0xffff000000000ffeull));
	write_reg(tcr_el1, tcr);
	write_reg(mair_el1, (random() & ~0xffffffffull) | (read_reg(mair_el1) & 0xffffffff));
	isb();
}

/* A load that faults by translation faults as AT says. */
static unsigned probe(u64 va)
{
	u64 at, par;
	bool taken = TRY(at, "at s1e1r, %1\n\tisb", "r"(va & ~7ull));

	if (taken) {
		equal(exc.esr & ~3ull, ESR(EC_DABORT, 0x154));		/* external abort of the walk: CM, WnR */
		return 0;
	}
	par = read_reg(par_el1);
	taken = TRY(at, "ldr x1, [%1]", "r"(va & ~7ull));
	if (par & 1)
		check(taken && (par >> 1 & 0x3c) != 0x14 && exc.esr == ESR(EC_DABORT, par >> 1 & 63),
		      "%lx: %lx, but AT says %lx", va, exc.esr, par);
	else
		check(!taken || (exc.esr & 63) == 0x10, "%lx: %lx, but AT says %lx", va, exc.esr, par);
	if (taken)
		equal(exc.far, va & ~7ull);
	(void)TRY(at, "ldtr x1, [%1]", "r"(va));
	(void)TRY(at, "ld1 {v0.16b}, [%1]", "r"(va));
	(void)TRY(at, "ic ivau, %1", "r"(va));
	if (one_of(4))
		__asm__ volatile("tlbi vaae1is, %0\n\tdsb ish\n\tisb" : : "r"(va >> 12 & 0xfffffffffff));
	return par & 1 ? 0 : 1;
}

static void random_tables(void)
{
	u64 tables = PA(rt_pages(TABLES)), tcr = RT_TCR, ttbr1 = read_reg(ttbr1_el1), mair = read_reg(mair_el1);
	unsigned translated = 0;

	seeds[0] = 0x123456789abcdef;
	for (unsigned round = 0; round < 300; round++) {
		for (unsigned i = 0; i < TABLES * 512; i += round ? 1 + (random() & 63) : 1)
			((volatile u64 *)tables)[i] = descriptor(tables);
		dsb();
		half(tables);
		rt_tlbi_all();
		for (unsigned i = 0; i < 60; i++) {
			unsigned sign = (unsigned)(random() >> 59);
			u64 va = random() | ~0ull << (16 + sign % 32 + 1) | BIT(55);

			translated += probe(one_of(8) ? va & ~BIT(60) : va);
		}
		write_reg(tcr_el1, tcr);
		write_reg(ttbr1_el1, ttbr1);
		write_reg(mair_el1, mair);
		rt_tlbi_all();
	}
	check(translated > 300, "%u", translated);
}

const struct test tests[] = {
	{ "random tables translate for AT as they do for loads", random_tables },
	{ "pages of random instructions end", random_code },
	{ NULL }
};
