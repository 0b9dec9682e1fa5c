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

static u64 seed;

static u64 random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
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

static void controls(u64 sctlr)
{
	/* A SA SA0 UMA DZE UCT nTWI nTWE E0E UCI */
	u64 may = BIT(1) | BIT(3) | BIT(4) | BIT(9) | BIT(14) | BIT(15) | BIT(16) | BIT(18) | BIT(24) | BIT(26);

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

static void random_code(void)
{
	u64 sctlr = read_reg(sctlr_el1), cpacr = read_reg(cpacr_el1), middle = PA(rt_pages(ARENA_PAGES)) + ARENA_PAGES / 2 * 4096;
	unsigned exceptions = 0;

	rt_gic_init();
	rt_gic_enable(INTID_VTIMER, 0x80);
	for (unsigned page = 0; page < PAGES; page++) {
		u32 *code = (u32 *)middle;

		seed = 0x9e3779b97f4a7c15ull * (page + 1);
		for (unsigned i = 0; i < WORDS; i++)
			code[i] = instruction();
		for (unsigned i = 0; i < 1024; i++)
			((volatile u64 *)(middle + 0x1000))[i] = random();
		rt_sync_code(code, 4 * WORDS);
		controls(sctlr);
		exceptions += run(middle, page & 1);
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
	check(exceptions > 10 * PAGES, "%u exceptions", exceptions);
}

const struct test tests[] = {
	{ "pages of random instructions end", random_code },
	{ NULL }
};
