/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 1 translation (ARM DDI 0487 D8): faults of every kind and level with three granules, permissions, hierarchical
 * attributes, access flag and dirty state, tagged addresses; alignment; accesses across pages; AT; DC ZVA; external aborts.
 * Long because it is many small cases of one mechanism, which share the ways to expect a fault.
 */
#include "rt/rt.h"

#define T	0x04	/* fault status, + level */
#define AF	0x08
#define P	0x0c
#define WNR	0x40
#define CM	0x100
#define HOLE	0x0b000000ull		/* nothing answers there */
#define FAR_AWAY (1ull << 41)		/* beyond TCR.IPS */

#define EL0_CODE(name, insns) \
	__asm__(".text\n\t.balign 8\n" #name ":\n\t" insns "\n\tsvc #0x7ff\n"); \
	extern const char name[]
EL0_CODE(el0_load, "ldr x0, [x1]");
EL0_CODE(el0_store, "str x0, [x1]");
EL0_CODE(el0_cvau, "dc cvau, x1");
EL0_CODE(el0_jump, "br x1");

static void expect(bool trapped, u64 at, u64 esr, u64 far, u64 va, int line)
{
	rt_check(trapped, __FILE__, line, "no fault at 0x%lx, esr 0x%lx expected", (unsigned long)va, (unsigned long)esr);
	if (!trapped)
		return;
	rt_equal(exc.esr, esr, "esr", __FILE__, line);
	rt_equal(exc.far, far, "far", __FILE__, line);
	rt_equal(exc.elr, at, "elr", __FILE__, line);
}

static void read_faults(u64 va, u64 iss, int line)
{
	u64 at;
	bool t = TRY(at, "ldr x1, [%1]", "r"(va));

	expect(t, at, ESR(EC_DABORT, iss), va, va, line);
}

static void write_faults(u64 va, u64 iss, int line)
{
	u64 at;
	bool t = TRY(at, "str x1, [%1]", "r"(va));

	expect(t, at, ESR(EC_DABORT, iss | WNR), va, va, line);
}

static void fetch_faults(u64 va, u64 iss, int line)
{
	u64 at;
	bool t = TRY(at, "blr %1", "r"(va));

	expect(t, va, ESR(EC_IABORT, iss), va, va, line);
}

#define READ_FAULTS(va, iss)	read_faults(va, iss, __LINE__)
#define WRITE_FAULTS(va, iss)	write_faults(va, iss, __LINE__)
#define FETCH_FAULTS(va, iss)	fetch_faults(va, iss, __LINE__)

static bool reads(u64 va, u64 *val)
{
	u64 at;
	register u64 v __asm__("x1") = 0;
	bool t;

	rt_arm();
	__asm__ volatile("adr %1, 77f\n77:\tldr %0, [%2]" : "+r"(v), "=&r"(at) : "r"(va) : "memory");
	*val = v;
	t = rt_disarm();
	return !t;
}

#define READS(va, want) do { \
	u64 v_; \
	bool ok_ = reads(va, &v_); \
	check(ok_, "a fault at %lx: esr %lx", (u64)(va), exc.esr); \
	if (ok_) \
		equal(v_, want); \
} while (0)

#define WRITES(va, val)	do { \
	u64 at_; \
	check(!TRY(at_, "str %1, [%2]", "r"((u64)(val)), "r"(va)), "a fault at %lx: esr %lx", (u64)(va), exc.esr); \
} while (0)

/* From EL0: 0, or the syndrome. */
static u64 el0(const char *code, u64 va)
{
	struct frame f = { .x = { 0, va } };

	rt_enter_el0(&f, code);
	return f.esr == ESR(EC_SVC, 0x7ff) ? 0 : f.esr;
}

static u64 block_size(unsigned g, unsigned level)
{
	return BIT(g + (g - 3) * (3 - level));
}

static unsigned first_level(unsigned g)
{
	return g == 16 ? 1 : 0;
}

static bool has_block(unsigned g, unsigned level)
{
	return level == 3 || level == 2 || (g == 12 && level == 1);
}

/* Each kind of fault at each level; then the descriptor is made right, without a TLBI where no valid one was there. */
static void all_levels(unsigned g)
{
	u64 *root = rt_new_root(g);
	u64 *data = rt_alloc(65536, 65536);

	*data = 0x1122334455667788;
	rt_identity(root, g);
	rt_mmu(root, g);
	for (unsigned level = first_level(g); level <= 3; level++) {
		u64 size = block_size(g, level), base = PA(data) & -size, va = (0x900000000000 + 4 * size) & (BIT(48) - size);
		u64 page = level == 3 ? PTE_TABLE : 0, leaf, *e = rt_entry(root, g, va, level);

		leaf = base | PTE_NORMAL | page | PTE_UXN;
		va += PA(data) - base;
		READ_FAULTS(va, T + level);
		WRITE_FAULTS(va, T + level);
		FETCH_FAULTS(va, T + level);
		if (!has_block(g, level)) {
			rt_put(e, leaf & ~PTE_TABLE);		/* a block where there is none */
			READ_FAULTS(va, T + level);
			rt_put(e, FAR_AWAY | PTE_TABLE | PTE_VALID);
			READ_FAULTS(va, 0 + level);		/* address size */
			rt_put(e, HOLE | PTE_TABLE | PTE_VALID);
			READ_FAULTS(va, 0x14 + level + 1);	/* external abort on the walk, one level down */
			rt_put(e, 0);
			continue;
		}
		if (level == 3) {
			rt_put(e, leaf & ~PTE_TABLE);
			READ_FAULTS(va, T + 3);
		}
		rt_put(e, leaf & ~PTE_AF);
		READ_FAULTS(va, AF + level);
		WRITE_FAULTS(va, AF + level);
		FETCH_FAULTS(va, AF + level);
		rt_put(e, leaf | FAR_AWAY);
		READ_FAULTS(va, 0 + level);
		FETCH_FAULTS(va, 0 + level);
		rt_put(e, leaf | PTE_RO | PTE_PXN);
		READS(va, 0x1122334455667788);
		WRITE_FAULTS(va, P + level);
		FETCH_FAULTS(va, P + level);
		rt_put(e, 0);
		rt_tlbi_va(va);
		READ_FAULTS(va, T + level);
		rt_put(e, leaf);
		READS(va, 0x1122334455667788);
		WRITES(va, 0x1122334455667788);
		rt_put(e, 0);
		rt_tlbi_va(va);
	}
	rt_mmu(rt_root, 12);
}

static void levels_4k(void)	{ all_levels(12); }
static void levels_64k(void)	{ all_levels(16); }
static void levels_16k(void)	{ all_levels(14); }

static void no_16k(void)
{
	equal(read_reg(id_aa64mmfr0_el1) >> 20 & 15, 0);
}

static void outside(void)
{
	READ_FAULTS(0x0001000000000000, T);
	READ_FAULTS(0x00ff000000000000, T);
	READ_FAULTS(0xfffe000000000000, T);
	WRITE_FAULTS(0x8000000000000000, T);
	FETCH_FAULTS(0x0001000000000000, T);
	READ_FAULTS(HIGH_BASE, T);
}

/* The table of level 1 below rt_root's first entry is the whole tree of a 39-bit space. */
static void small_va(void)
{
	u64 *l1 = rt_entry(rt_root, 12, 0, 1), va = 100 * BIT(30) + 0x3000;

	*rt_entry(rt_root, 12, va, 3) = PA(rt_pages(1)) | PTE_NORMAL | PTE_TABLE;
	rt_mmu(NULL, 0);
	write_reg(ttbr0_el1, PA(l1));
	write_reg_isb(tcr_el1, (RT_TCR & ~63ull) | 25);
	rt_tlbi_all();
	write_reg_isb(sctlr_el1, read_reg(sctlr_el1) | SCTLR_M);
	READS(va, 0);
	READ_FAULTS(va + 0x1000, T + 3);
	READ_FAULTS(va + BIT(30), T + 1);
	READ_FAULTS(BIT(39), T);
	READ_FAULTS(BIT(39) + va, T);
	rt_mmu(rt_root, 12);
	READS(va, 0);
	READ_FAULTS(BIT(39) + va, T + 1);
}

static void epd(void)
{
	rt_map(HIGH_BASE + 0x5000, PA(rt_pages(1)), PTE_NORMAL);
	READS(HIGH_BASE + 0x5000, 0);
	write_reg_isb(tcr_el1, RT_TCR | BIT(23));
	rt_tlbi_all();
	READ_FAULTS(HIGH_BASE + 0x5000, T);
	write_reg_isb(tcr_el1, RT_TCR);
	READS(HIGH_BASE + 0x5000, 0);
}

static void ttbr_out_of_range(void)
{
	write_reg_isb(ttbr1_el1, FAR_AWAY);
	rt_tlbi_all();
	READ_FAULTS(HIGH_BASE, 0);
	write_reg_isb(ttbr1_el1, HOLE);
	rt_tlbi_all();
	READ_FAULTS(HIGH_BASE, 0x14);
}

static void permissions(void)
{
	static const struct { u64 ap; bool r1, w1, r0, w0; } cases[] = {
		{ 0, true, true, false, false }, { PTE_EL0, true, true, true, true },
		{ PTE_RO, true, false, false, false }, { PTE_RO | PTE_EL0, true, false, true, false },
	};
	u64 va = TEST_BASE, data = PA(rt_pages(1));

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++, va += 4096) {
		rt_map(va, data, PTE_NORMAL | cases[i].ap);
		READS(va, 0);
		if (cases[i].w1)
			WRITES(va, 0);
		else
			WRITE_FAULTS(va, P + 3);
		equal(el0(el0_load, va), cases[i].r0 ? 0 : ESR(EC_DABORT_EL0, P + 3));
		equal(el0(el0_store, va), cases[i].w0 ? 0 : ESR(EC_DABORT_EL0, WNR | (P + 3)));
	}
}

static void execute_rights(void)
{
	static const u32 code[] = { 0xd65f03c0, 0xd4000001 };	/* ret; svc #0 */
	u64 page = PA(rt_pages(1)), at;

	memcpy((void *)page, code, sizeof(code));
	rt_sync_code((void *)page, 8);
	rt_map(TEST_BASE, page, PTE_NORMAL | PTE_UXN);
	check(!TRY(at, "blr %1", "r"(TEST_BASE)), "a fault: esr %lx", exc.esr);
	equal(el0(el0_jump, TEST_BASE + 4), ESR(EC_IABORT_EL0, P + 3));
	rt_map(TEST_BASE + 0x1000, page, PTE_NORMAL | PTE_PXN | PTE_RO | PTE_EL0);
	FETCH_FAULTS(TEST_BASE + 0x1000, P + 3);
	equal(el0(el0_jump, TEST_BASE + 0x1004), ESR(EC_SVC, 0));
	rt_map(TEST_BASE + 0x2000, page, PTE_NORMAL | PTE_EL0);		/* EL0 may write: never executable at EL1 */
	FETCH_FAULTS(TEST_BASE + 0x2000, P + 3);
	equal(el0(el0_jump, TEST_BASE + 0x2004), ESR(EC_SVC, 0));
	/* Execute-only for EL0: AP 00 and UXN 0. */
	rt_map(TEST_BASE + 0x3000, page, PTE_NORMAL);
	equal(el0(el0_jump, TEST_BASE + 0x3004), ESR(EC_SVC, 0));
	equal(el0(el0_load, TEST_BASE + 0x3000), ESR(EC_DABORT_EL0, P + 3));
}

static void wxn(void)
{
	static const u32 code[] = { 0xd65f03c0 };
	u64 page = PA(rt_pages(1)), at;

	memcpy((void *)page, code, sizeof(code));
	rt_sync_code((void *)page, 4);
	/* This very code is writable, so make it read-only first: 2 MiB blocks of the image's gigabyte. */
	u64 *root = rt_new_root(12);

	rt_identity(root, 12);
	*rt_entry(root, 12, RAM_BASE, 1) = 0;
	for (u64 pa = RAM_BASE; pa < RAM_BASE + BIT(30); pa += BIT(21))
		*rt_entry(root, 12, pa, 2) = pa | PTE_NORMAL | (pa == 0x40400000 ? PTE_RO : 0);
	*rt_entry(root, 12, TEST_BASE, 3) = page | PTE_NORMAL | PTE_TABLE;
	*rt_entry(root, 12, TEST_BASE + 4096, 3) = page | PTE_NORMAL | PTE_TABLE | PTE_RO;
	rt_mmu(root, 12);
	check(!TRY(at, "blr %1", "r"(TEST_BASE)), "a fault before WXN");
	write_reg(sctlr_el1, read_reg(sctlr_el1) | BIT(19));
	rt_tlbi_all();
	FETCH_FAULTS(TEST_BASE, P + 3);
	check(!TRY(at, "blr %1", "r"(TEST_BASE + 4096)), "a fault at a read-only page");
	write_reg(sctlr_el1, read_reg(sctlr_el1) & ~BIT(19));
	rt_tlbi_all();
	rt_mmu(rt_root, 12);
}

static void hierarchy(void)
{
	u64 va = TEST_BASE, data = PA(rt_pages(1)), *table;
	static const u32 code[] = { 0xd65f03c0, 0xd4000001 };
	u64 at;

	memcpy((void *)data, code, sizeof(code));
	rt_sync_code((void *)data, 8);
	rt_map(va, data, PTE_NORMAL | PTE_EL0);
	table = rt_entry(rt_root, 12, va, 2);
	equal(el0(el0_store, va + 64), 0);
	rt_put(table, *table | BIT(61));		/* APTable: no EL0 */
	rt_tlbi_all();
	equal(el0(el0_load, va), ESR(EC_DABORT_EL0, P + 3));
	WRITES(va + 64, 0);
	check(!TRY(at, "blr %1", "r"(va)), "a fault: EL0 cannot write, so EL1 may execute");
	rt_put(table, (*table & ~BIT(61)) | BIT(62));	/* read-only */
	rt_tlbi_all();
	READS(va + 64, 0);
	WRITE_FAULTS(va, P + 3);
	equal(el0(el0_load, va), 0);
	equal(el0(el0_store, va), ESR(EC_DABORT_EL0, WNR | (P + 3)));
	rt_put(table, (*table & ~BIT(62)) | BIT(60));	/* UXN */
	rt_tlbi_all();
	equal(el0(el0_jump, va + 4), ESR(EC_IABORT_EL0, P + 3));
	rt_put(table, (*table & ~BIT(60)) | BIT(59) | BIT(61));	/* PXN */
	rt_tlbi_all();
	FETCH_FAULTS(va, P + 3);
	table = rt_entry(rt_root, 12, va, 1);
	rt_put(table, *table | BIT(62));
	rt_tlbi_all();
	WRITE_FAULTS(va, P + 3);
}

static void unprivileged(void)
{
	u64 at, data = PA(rt_pages(1));

	rt_map(TEST_BASE, data, PTE_NORMAL);
	rt_map(TEST_BASE + 4096, data, PTE_NORMAL | PTE_EL0);
	rt_map(TEST_BASE + 8192, data, PTE_NORMAL | PTE_EL0 | PTE_RO);
	expect(TRY(at, "ldtr x1, [%1]", "r"(TEST_BASE)), at, ESR(EC_DABORT, P + 3), TEST_BASE, TEST_BASE, __LINE__);
	expect(TRY(at, "sttr x1, [%1]", "r"(TEST_BASE)), at, ESR(EC_DABORT, WNR | (P + 3)), TEST_BASE, TEST_BASE, __LINE__);
	check(!TRY(at, "ldtr x1, [%1]", "r"(TEST_BASE + 4096)), "fault");
	check(!TRY(at, "sttr xzr, [%1]", "r"(TEST_BASE + 4096)), "fault");
	check(!TRY(at, "ldtrsb w1, [%1]", "r"(TEST_BASE + 8192)), "fault");
	expect(TRY(at, "sttrb w1, [%1]", "r"(TEST_BASE + 8192)), at, ESR(EC_DABORT, WNR | (P + 3)), TEST_BASE + 8192, 0, __LINE__);
	READS(TEST_BASE, 0);
}

static void set_pan(bool on)
{
	if (on)
		__asm__ volatile("msr s0_0_c4_c1_4, xzr" : : : "memory");
	else
		__asm__ volatile("msr s0_0_c4_c0_4, xzr" : : : "memory");
}

static void pan(void)
{
	u64 at, data = PA(rt_pages(1));

	rt_map(TEST_BASE, data, PTE_NORMAL);
	rt_map(TEST_BASE + 4096, data, PTE_NORMAL | PTE_EL0);
	READS(TEST_BASE + 4096, 0);
	set_pan(true);
	READS(TEST_BASE, 0);
	READ_FAULTS(TEST_BASE + 4096, P + 3);
	WRITE_FAULTS(TEST_BASE + 4096, P + 3);
	check(!TRY(at, "ldtr x1, [%1]", "r"(TEST_BASE + 4096)), "LDTR faults with PAN");
	set_pan(false);
	READS(TEST_BASE + 4096, 0);
	set_pan(true);
	READ_FAULTS(TEST_BASE + 4096, P + 3);
	set_pan(false);
}

static void uao(void)
{
	u64 at, data = PA(rt_pages(1));

	rt_map(TEST_BASE, data, PTE_NORMAL);
	__asm__ volatile("msr s0_0_c4_c1_3, xzr" : : : "memory");
	check(!TRY(at, "ldtr x1, [%1]", "r"(TEST_BASE)), "LDTR faults with UAO");
	check(!TRY(at, "sttr xzr, [%1]", "r"(TEST_BASE)), "STTR faults with UAO");
	__asm__ volatile("msr s0_0_c4_c0_3, xzr" : : : "memory");
	check(TRY(at, "ldtr x1, [%1]", "r"(TEST_BASE)), "LDTR does not fault without UAO");
}

static void access_flag(void)
{
	u64 data = PA(rt_pages(1)), *e = rt_map(TEST_BASE, data, PTE_NORMAL & ~PTE_AF);

	READ_FAULTS(TEST_BASE, AF + 3);
	write_reg_isb(tcr_el1, RT_TCR | BIT(39));
	rt_tlbi_all();
	__asm__ volatile("at s1e1r, %0\n\tisb" : : "r"(TEST_BASE));
	READS(TEST_BASE, 0);
	equal(*(volatile u64 *)e & PTE_AF, PTE_AF);
	e = rt_map(TEST_BASE + 4096, data, (PTE_NORMAL | PTE_RO) & ~PTE_AF);
	WRITE_FAULTS(TEST_BASE + 4096, P + 3);
	rt_put(e, 0);
	write_reg_isb(tcr_el1, RT_TCR);
}

static void dirty_state(void)
{
	u64 data = PA(rt_pages(1)), *e;

	write_reg_isb(tcr_el1, RT_TCR | BIT(39) | BIT(40));
	rt_tlbi_all();
	e = rt_map(TEST_BASE, data, PTE_NORMAL | PTE_RO | PTE_DBM);
	READS(TEST_BASE, 0);
	equal(*(volatile u64 *)e & PTE_RO, PTE_RO);
	WRITES(TEST_BASE, 5);
	equal(*(volatile u64 *)e & PTE_RO, 0);
	READS(TEST_BASE, 5);
	/* Made clean again: the next write must set it again. */
	rt_put(e, *(volatile u64 *)e | PTE_RO);
	rt_tlbi_va(TEST_BASE);
	WRITES(TEST_BASE, 6);
	equal(*(volatile u64 *)e & PTE_RO, 0);
	e = rt_map(TEST_BASE + 4096, data, PTE_NORMAL | PTE_RO);
	WRITE_FAULTS(TEST_BASE + 4096, P + 3);
	e = rt_map(TEST_BASE + 8192, data, (PTE_NORMAL | PTE_RO | PTE_DBM) & ~PTE_AF);
	WRITES(TEST_BASE + 8192, 7);
	equal(*(volatile u64 *)e & (PTE_RO | PTE_AF), PTE_AF);
	write_reg_isb(tcr_el1, RT_TCR);
}

static void tags(void)
{
	u64 va = TEST_BASE, tagged = va | 0x5aull << 56;

	*(u64 *)rt_pages(1) = 0;
	rt_map(va, PA(rt_pages(1)), PTE_NORMAL | PTE_EL0);
	READ_FAULTS(tagged, T);
	write_reg_isb(tcr_el1, RT_TCR | BIT(37));
	rt_tlbi_all();
	READS(tagged, 0);
	WRITES(tagged, 9);
	READS(va, 9);
	equal(el0(el0_load, tagged), 0);
	READ_FAULTS(tagged + 4096, T + 3);
	rt_map(va, PA(rt_pages(1)), PTE_NORMAL);
	__asm__ volatile("dsb sy\n\ttlbi vaae1is, %0\n\tdsb sy\n\tisb" : : "r"(va >> 12));
	READS(tagged, 0);
	READS(va, 0);
	write_reg_isb(tcr_el1, RT_TCR);
	rt_tlbi_all();
	READ_FAULTS(tagged, T);
}

/* Where it runs, as it sees it; then back by x30 with the tag in x1. */
__asm__(".text\n\t.balign 8\ntag_here:\n\tadr x0, tag_here\n\torr x30, x30, x1\n\tret\n"
	"tag_svc:\n\tadr x0, tag_svc\n\tsvc #0x7ff\n");
extern const char tag_here[], tag_svc[];

/* By BLR or BR with x30 set; *back is where the way back leads, as the code there sees it. */
static __attribute__((noipa)) u64 go_tagged(u64 target, u64 tag, bool link, u64 *back)
{
	register u64 x0 __asm__("x0") = link;
	register u64 x1 __asm__("x1") = tag;
	register u64 x2 __asm__("x2") = target;
	register u64 x3 __asm__("x3");

	__asm__ volatile("cbz x0, 1f\n\tblr x2\n\tb 2f\n1:\tadr x30, 2f\n\tbr x2\n2:\tadr x3, 2b"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "=r"(x3) : : "memory", "cc", "x30");
	*back = x3;
	return x0;
}

static void tagged_branches(void)
{
	static const u64 tags[] = { 0, 0x5aull << 56, 0x80ull << 56, 0xffull << 56, 0x7full << 56, 1ull << 56 };
	u64 plain, back, high = HIGH_BASE + 0x40, *page = rt_pages(1);
	struct frame f;

	/* Three rounds: the first finds, the others go by what was found. */
	go_tagged(PA(tag_here), 0, true, &plain);
	write_reg_isb(tcr_el1, RT_TCR | BIT(37) | BIT(38));
	rt_tlbi_all();
	for (unsigned i = 0; i < 3 * sizeof(tags) / sizeof(tags[0]); i++) {
		u64 tag = tags[i / 3];

		equal(go_tagged(PA(tag_here) | tag, tag, i % 2, &back), PA(tag_here));
		equal(back, plain);
		f = (struct frame){ .elr = PA(tag_svc) | tag, .spsr = PSR_EL1H };
		rt_enter(&f);
		equal(f.x[0], PA(tag_svc));
		equal(f.elr, PA(tag_svc) + 8);
	}
	/* In the upper half the tag gives way to ones. */
	memcpy((char *)page + 0x40, tag_here, 12);
	rt_sync_code(page, 4096);
	rt_map(HIGH_BASE, PA(page), PTE_NORMAL | PTE_UXN);
	for (unsigned i = 0; i < 3 * sizeof(tags) / sizeof(tags[0]); i++) {
		equal(go_tagged((high << 8 >> 8) | tags[i / 3], 0, i % 2, &back), high);
		equal(back, plain);
	}
	/* TBI0 alone says nothing about high addresses, and TBI1 nothing about low ones. */
	write_reg_isb(tcr_el1, RT_TCR | BIT(37));
	rt_tlbi_all();
	equal(go_tagged(PA(tag_here) | tags[1], tags[1], true, &back), PA(tag_here));
	FETCH_FAULTS((high << 8 >> 8) | tags[1], T);
	write_reg_isb(tcr_el1, RT_TCR | BIT(38));
	rt_tlbi_all();
	equal(go_tagged((high << 8 >> 8) | tags[1], 0, true, &back), high);
	FETCH_FAULTS(PA(tag_here) | tags[1], T);
	write_reg_isb(tcr_el1, RT_TCR);
	rt_tlbi_all();
	FETCH_FAULTS(PA(tag_here) | tags[1], T);
}

static void e0pd(void)
{
	rt_map(TEST_BASE, PA(rt_pages(1)), PTE_NORMAL | PTE_EL0);
	rt_map(HIGH_BASE, PA(rt_pages(1)), PTE_NORMAL | PTE_EL0);
	equal(el0(el0_load, HIGH_BASE), 0);
	write_reg_isb(tcr_el1, RT_TCR | BIT(56));
	rt_tlbi_all();
	equal(el0(el0_load, HIGH_BASE), ESR(EC_DABORT_EL0, T));
	equal(el0(el0_load, TEST_BASE), 0);
	READS(HIGH_BASE, 0);
	write_reg_isb(tcr_el1, RT_TCR);
}

/* ---- alignment ---- */

static void align_check(void)
{
	u64 va = TEST_BASE + 1, at;

	rt_map(TEST_BASE, PA(rt_pages(1)), PTE_NORMAL);
	READS(va, 0);
	write_reg_isb(sctlr_el1, read_reg(sctlr_el1) | SCTLR_A);
	READ_FAULTS(va, 0x21);
	WRITE_FAULTS(va, 0x21);
	READ_FAULTS(TEST_BASE + 4, 0x21);
	check(!TRY(at, "ldr w1, [%1]", "r"(TEST_BASE + 4)), "fault");
	check(!TRY(at, "ldrb w1, [%1]", "r"(va)), "fault");
	check(!TRY(at, "ldp x1, x2, [%1]", "r"(TEST_BASE + 8)), "fault");
	expect(TRY(at, "ldp x1, x2, [%1]", "r"(TEST_BASE + 4)), at, ESR(EC_DABORT, 0x21), TEST_BASE + 4, 0, __LINE__);
	expect(TRY(at, "ldrh w1, [%1]", "r"(va)), at, ESR(EC_DABORT, 0x21), va, 0, __LINE__);
	write_reg_isb(sctlr_el1, read_reg(sctlr_el1) & ~SCTLR_A);
	READS(va, 0);
}

__asm__(".text\n\t.balign 4\nsp_loads:\n\tldr x1, [sp, #8]\n\tldur x2, [sp, #4]\n\tsvc #0\n"
	"sp_pairs:\n\tldp x1, x2, [sp, #8]\n\tldp w1, w2, [sp, #4]\n\tldp x1, x2, [sp]\n\tldur q0, [sp, #8]\n\tsvc #0\n"
	"sp_stores:\n\tstr x1, [sp, #8]\n\tsturh w2, [sp, #3]\n\tsvc #0\n");
extern const char sp_loads[], sp_pairs[], sp_stores[];

/* The stack pointer is aligned, the address isn't; and its page has been used before. */
static void align_sp(void)
{
	static const struct { const char *code; unsigned at, offset, wnr; } all[] = {
		{ sp_loads, 4, 4, 0 }, { sp_pairs, 12, 8, 0 }, { sp_stores, 4, 3, 0x40 },
	};

	rt_map(TEST_BASE, PA(rt_pages(1)), PTE_NORMAL | PTE_EL0);
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		struct frame f = { .sp_el0 = TEST_BASE + 64 };

		write_reg_isb(sctlr_el1, read_reg(sctlr_el1) & ~SCTLR_A);
		rt_enter_el0(&f, all[i].code);
		equal(f.esr, ESR(EC_SVC, 0));
		write_reg_isb(sctlr_el1, read_reg(sctlr_el1) | SCTLR_A | BIT(4));
		for (unsigned round = 0; round < 2; round++) {
			f = (struct frame){ .sp_el0 = TEST_BASE + 64 };
			rt_enter_el0(&f, all[i].code);
			equal(f.esr, ESR(EC_DABORT_EL0, 0x21 | all[i].wnr));
			equal(f.far, TEST_BASE + 64 + all[i].offset);
			equal(f.elr, (u64)USER(all[i].code) + all[i].at);
		}
	}
	write_reg_isb(sctlr_el1, read_reg(sctlr_el1) & ~SCTLR_A);
}

static void align_ordered(void)
{
	u64 va = TEST_BASE + 4, at;

	rt_map(TEST_BASE, PA(rt_pages(1)), PTE_NORMAL);
	expect(TRY(at, "ldxr x1, [%1]", "r"(va)), at, ESR(EC_DABORT, 0x21), va, va, __LINE__);
	expect(TRY(at, "stxr w2, x1, [%1]", "r"(va)), at, ESR(EC_DABORT, 0x21 | WNR), va, va, __LINE__);
	expect(TRY(at, "ldar x1, [%1]", "r"(va)), at, ESR(EC_DABORT, 0x21), va, va, __LINE__);
	expect(TRY(at, "stlr x1, [%1]", "r"(va)), at, ESR(EC_DABORT, 0x21 | WNR), va, va, __LINE__);
	expect(TRY(at, "ldxp x1, x2, [%1]", "r"(va + 4)), at, ESR(EC_DABORT, 0x21), va + 4, va, __LINE__);
	check(!TRY(at, "ldxr w1, [%1]", "r"(va)), "fault");
}

static void device(void)
{
	u64 va = TEST_BASE, at, page = PA(rt_pages(1));

	*(volatile u64 *)page = 0x0123456789abcdef;
	rt_map(va, page, PTE_VALID | PTE_AF | PTE_ATTR(MT_DEVICE));
	READS(va, 0x0123456789abcdef);
	READS(va + 8, 0);
	READ_FAULTS(va + 1, 0x21);
	WRITE_FAULTS(va + 4, 0x21);
	check(!TRY(at, "ldr w1, [%1]", "r"(va + 4)), "fault");
	check(!TRY(at, "ldp x1, x2, [%1]", "r"(va + 8)), "fault");
	expect(TRY(at, "dc zva, %1", "r"(va + 64)), at, ESR(EC_DABORT, 0x21 | WNR), va + 64, va, __LINE__);
	/* Of vectors the elements count where the instruction has any. */
	expect(TRY(at, "ldr q0, [%1]", "r"(va + 8)), at, ESR(EC_DABORT, 0x21), va + 8, va, __LINE__);
	check(!TRY(at, "ld1 {v0.16b}, [%1]", "r"(va + 1)), "fault");
	check(!TRY(at, "ld1 {v0.4s, v1.4s}, [%1]", "r"(va + 4)), "fault");
	check(!TRY(at, "mov x7, %1\n\tld1 {v0.8b}, [x7], #8", "r"(va + 3)), "fault");
	check(!TRY(at, "st1 {v0.8h}, [%1]", "r"(va + 66)), "fault");
	check(!TRY(at, "ld4 {v0.8h - v3.8h}, [%1]", "r"(va + 2)), "fault");
	expect(TRY(at, "ld1 {v0.4s}, [%1]", "r"(va + 2)), at, ESR(EC_DABORT, 0x21), va + 2, va, __LINE__);
	expect(TRY(at, "st1 {v0.2d}, [%1]", "r"(va + 4)), at, ESR(EC_DABORT, 0x21 | WNR), va + 4, va, __LINE__);
	__asm__ volatile("ld1 {v0.16b}, [%1]\n\tumov %0, v0.d[0]" : "=r"(at) : "r"(va + 1));
	equal(at, 0x000123456789abcd);
	rt_map(va, page, PTE_VALID | PTE_AF | PTE_ATTR(MT_NC));
	rt_tlbi_all();
	READS(va + 1, 0x000123456789abcd);
}

static void zva(void)
{
	u64 va = TEST_BASE, at, page = PA(rt_pages(1));

	rt_map(va, page, PTE_NORMAL);
	for (unsigned i = 0; i < 32; i++)
		((volatile u64 *)page)[i] = ~0ull;
	equal(read_reg(dczid_el0), 4);
	check(!TRY(at, "dc zva, %1", "r"(va + 64 + 13)), "a fault: %lx", exc.esr);
	for (unsigned i = 0; i < 32; i++)
		equal(((volatile u64 *)page)[i], i >= 8 && i < 16 ? 0 : ~0ull);
	expect(TRY(at, "dc zva, %1", "r"(va + 4096 + 70)), at, ESR(EC_DABORT, WNR | (T + 3)), va + 4096 + 70, va, __LINE__);
	rt_map(va + 8192, page, PTE_NORMAL | PTE_RO);
	expect(TRY(at, "dc zva, %1", "r"(va + 8192)), at, ESR(EC_DABORT, WNR | (P + 3)), va + 8192, va, __LINE__);
}

static void cache_ops(void)
{
	u64 va = TEST_BASE, at, page = PA(rt_pages(1));

	rt_map(va, page, PTE_NORMAL);
	check(!TRY(at, "dc cvau, %1\n\tdc cvac, %1\n\tdc civac, %1\n\tdc ivac, %1\n\tic ivau, %1", "r"(va)), "a fault");
	expect(TRY(at, "dc cvau, %1", "r"(va + 4100)), at, ESR(EC_DABORT, CM | WNR | (T + 3)), va + 4100, va, __LINE__);
	expect(TRY(at, "dc civac, %1", "r"(va + 4100)), at, ESR(EC_DABORT, CM | WNR | (T + 3)), va + 4100, va, __LINE__);
	expect(TRY(at, "ic ivau, %1", "r"(va + 4100)), at, ESR(EC_DABORT, CM | WNR | (T + 3)), va + 4100, va, __LINE__);
	equal(el0(el0_cvau, va), ESR(EC_DABORT_EL0, CM | WNR | (P + 3)));
	rt_map(va + 4096, page, PTE_NORMAL | PTE_EL0 | PTE_RO);
	equal(el0(el0_cvau, va + 4096), 0);
	write_reg_isb(sctlr_el1, read_reg(sctlr_el1) & ~BIT(26));
	/* trapped: op0 1, op1 3, CRn 7, CRm 11, op2 1, Rt 1 */
	equal(el0(el0_cvau, va + 4096), ESR(EC_SYSREG, 1 << 20 | 1 << 17 | 3 << 14 | 7 << 10 | 1 << 5 | 11 << 1));
	check(!TRY(at, "dc csw, xzr\n\tdc isw, xzr\n\tdc cisw, xzr\n\tic ialluis\n\tic iallu", "r"(0)), "a fault");
}

/* ---- across pages ---- */

static void crossing(void)
{
	u64 a = PA(rt_pages(1)), b, va = TEST_BASE + 4096 - 4, at;

	rt_pages(1);
	b = PA(rt_pages(1));		/* not next to each other */
	*(volatile u32 *)(a + 4092) = 0x11223344;
	*(volatile u32 *)b = 0x55667788;
	rt_map(TEST_BASE, a, PTE_NORMAL);
	rt_map(TEST_BASE + 4096, b, PTE_NORMAL);
	for (unsigned i = 0; i < 3; i++)
		READS(va, 0x5566778811223344);
	WRITES(va, 0xaabbccdd00112233);
	equal(*(volatile u32 *)(a + 4092), 0x00112233);
	equal(*(volatile u32 *)b, 0xaabbccdd);
	READS(va, 0xaabbccdd00112233);
	/* The second page away: its first byte is to blame, and nothing is written. */
	rt_put(rt_entry(rt_root, 12, TEST_BASE + 4096, 3), 0);
	rt_tlbi_va(TEST_BASE + 4096);
	expect(TRY(at, "ldr x1, [%1]", "r"(va)), at, ESR(EC_DABORT, T + 3), TEST_BASE + 4096, va, __LINE__);
	expect(TRY(at, "str xzr, [%1]", "r"(va)), at, ESR(EC_DABORT, WNR | (T + 3)), TEST_BASE + 4096, va, __LINE__);
	equal(*(volatile u32 *)(a + 4092), 0x00112233);
	/* The first. */
	rt_map(TEST_BASE + 4096, b, PTE_NORMAL);
	rt_put(rt_entry(rt_root, 12, TEST_BASE, 3), 0);
	rt_tlbi_va(TEST_BASE);
	expect(TRY(at, "ldr x1, [%1]", "r"(va)), at, ESR(EC_DABORT, T + 3), va, va, __LINE__);
	expect(TRY(at, "str xzr, [%1]", "r"(va)), at, ESR(EC_DABORT, WNR | (T + 3)), va, va, __LINE__);
	equal(*(volatile u32 *)b, 0xaabbccdd);
}

static void pair_faults(void)
{
	u64 a = PA(rt_pages(1)), va = TEST_BASE + 4096 - 8, at;
	struct frame f;

	*(volatile u64 *)(a + 4088) = 0x1234;
	rt_map(TEST_BASE, a, PTE_NORMAL);
	expect(TRY(at, "stp xzr, xzr, [%1]", "r"(va)), at, ESR(EC_DABORT, WNR | (T + 3)), va + 8, va, __LINE__);
	equal(*(volatile u64 *)(a + 4088), 0x1234);
	/* Base and data registers keep their values. */
	static const u32 code[] = { 0xa8c10800 | 1 };	/* ldp x1, x2, [x0], #16 */
	static const u32 pre[] = { 0xa9ff0801 };	/* ldp x1, x2, [x0, #-16]! */
	static const u32 vec[] = { 0xacc10400 };	/* ldp q0, q1, [x0], #32 */
	static const u32 into_base[] = { 0xa9400001 | 2 << 10 };	/* ldp x1, x2, [x0] */
	static const u32 *const codes[] = { code, pre, vec, into_base };
	u32 *page = rt_pages(1);

	for (unsigned i = 0; i < 4; i++) {
		u64 base = va + (i == 1 ? 16 : 0);

		page[0] = codes[i][0];
		rt_sync_code(page, 4);
		f = (struct frame){ .elr = PA(page), .spsr = PSR_EL1H, .x = { base, 0x11, 0x22 } };
		rt_enter(&f);
		equal(f.esr, ESR(EC_DABORT, T + 3));
		equal(f.far, va + 8);
		equal(f.elr, PA(page));
		equal(f.x[0], base);
		equal(f.x[1], 0x11);
		equal(f.x[2], 0x22);
	}
}

static void fetch_across(void)
{
	u64 a = PA(rt_pages(1));
	u32 *end = (u32 *)(a + 4092);
	struct frame f = { .elr = TEST_BASE + 4092, .spsr = PSR_EL1H };

	*end = 0xd503201f;		/* nop, and on into the next page */
	rt_sync_code(end, 4);
	rt_map(TEST_BASE, a, PTE_NORMAL);
	rt_enter(&f);
	equal(f.esr, ESR(EC_IABORT, T + 3));
	equal(f.far, TEST_BASE + 4096);
	equal(f.elr, TEST_BASE + 4096);
}

/* ---- AT ---- */

static u64 translate_r(u64 va)	{ __asm__ volatile("at s1e1r, %0\n\tisb" : : "r"(va)); return read_reg(par_el1); }
static u64 translate_w(u64 va)	{ __asm__ volatile("at s1e1w, %0\n\tisb" : : "r"(va)); return read_reg(par_el1); }
static u64 translate_r0(u64 va)	{ __asm__ volatile("at s1e0r, %0\n\tisb" : : "r"(va)); return read_reg(par_el1); }
static u64 translate_w0(u64 va)	{ __asm__ volatile("at s1e0w, %0\n\tisb" : : "r"(va)); return read_reg(par_el1); }

static void translate(void)
{
	u64 page = PA(rt_pages(1)), mask = 0xff000ffffffff001;

	rt_map(TEST_BASE, page, PTE_NORMAL | PTE_RO);
	equal(translate_r(TEST_BASE + 0x123) & mask, page | 0xffull << 56);
	equal(translate_w(TEST_BASE) & 0x7f, 1 | (P + 3) << 1);
	equal(translate_r0(TEST_BASE) & 0x7f, 1 | (P + 3) << 1);
	rt_map(TEST_BASE + 4096, page, PTE_NORMAL | PTE_EL0);
	equal(translate_r0(TEST_BASE + 4096) & mask, page | 0xffull << 56);
	equal(translate_w0(TEST_BASE + 4096) & mask, page | 0xffull << 56);
	equal(translate_r(TEST_BASE + 8192) & 0x7f, 1 | (T + 3) << 1);
	rt_map(TEST_BASE + 12288, page, PTE_NORMAL & ~PTE_AF);
	equal(translate_r(TEST_BASE + 12288) & 0x7f, 1 | (AF + 3) << 1);
	equal(translate_r(PA(page) + 0x10) & mask, page | 0xffull << 56);
	equal(translate_r(0x09000000) & mask, 0x09000000);
}

static void translate_pan(void)
{
	u64 page = PA(rt_pages(1)), p;

	rt_map(TEST_BASE, page, PTE_NORMAL | PTE_EL0);
	set_pan(true);
	__asm__ volatile("at s1e1rp, %0\n\tisb" : : "r"(TEST_BASE));
	p = read_reg(par_el1);
	set_pan(false);
	equal(p & 0x7f, 1 | (P + 3) << 1);
	__asm__ volatile("at s1e1wp, %0\n\tisb" : : "r"(TEST_BASE));
	equal(read_reg(par_el1) & 1, 0);
	set_pan(true);
	p = translate_r(TEST_BASE);
	set_pan(false);
	equal(p & 1, 0);
}

/* ---- holes, MMU off ---- */

static void holes(void)
{
	u64 at;

	rt_map(TEST_BASE, HOLE, PTE_VALID | PTE_AF | PTE_ATTR(MT_DEVICE));
	expect(TRY(at, "ldr w1, [%1]", "r"(TEST_BASE + 4)), at, ESR(EC_DABORT, 0x10), TEST_BASE + 4, 0, __LINE__);
	expect(TRY(at, "str w1, [%1]", "r"(TEST_BASE + 8)), at, ESR(EC_DABORT, 0x10 | WNR), TEST_BASE + 8, 0, __LINE__);
	expect(TRY(at, "ldrb w1, [%1]", "r"(TEST_BASE + 9)), at, ESR(EC_DABORT, 0x10), TEST_BASE + 9, 0, __LINE__);
	rt_map(TEST_BASE + 4096, HOLE, PTE_NORMAL);
	FETCH_FAULTS(TEST_BASE + 4096, 0x10);
	READ_FAULTS(TEST_BASE + 4096, 0x10);
}

static void mmu_off(void)
{
	u64 *page = rt_pages(2), at;

	page[0] = 0x1111;
	rt_mmu(NULL, 0);
	READS(PA(page), 0x1111);
	WRITES(PA(page) + 8, 0x2222);
	READ_FAULTS(PA(page) + 1, 0x21);
	WRITE_FAULTS(PA(page) + 4, 0x21);
	READ_FAULTS(PA(page) + 4092, 0x21);
	expect(TRY(at, "dc zva, %1", "r"(page + 8)), at, ESR(EC_DABORT, 0x21 | WNR), PA(page + 8), 0, __LINE__);
	READ_FAULTS(1ull << 50, 0);		/* address size, level 0 */
	READ_FAULTS(1ull << 63, 0);
	FETCH_FAULTS(1ull << 50, 0);
	rt_mmu(rt_root, 12);
	equal(page[1], 0x2222);
	READS(PA(page) + 1, (0x1111 >> 8) | 0x22ull << 56);
}

/* The same VAs with the MMU off and on mean different things; nothing cached crosses over. */
static void mmu_toggle(void)
{
	u64 *a = rt_pages(1), *b = rt_pages(1);
	u64 *root = rt_new_root(12);

	rt_identity(root, 12);
	a[0] = 1;
	b[0] = 2;
	/* The page of a, mapped to b: everything else of its gigabyte stays. */
	*rt_entry(root, 12, RAM_BASE, 1) = 0;
	for (u64 pa = RAM_BASE; pa < RAM_BASE + BIT(30); pa += BIT(21))
		*rt_entry(root, 12, pa, 2) = pa | PTE_NORMAL;
	u64 base = PA(a) & -BIT(21), *two = rt_entry(root, 12, base, 2);

	*two = 0;
	for (u64 pa = base; pa < base + BIT(21); pa += 4096)
		*rt_entry(root, 12, pa, 3) = (pa == PA(a) ? PA(b) : pa) | PTE_NORMAL | PTE_TABLE;
	for (unsigned i = 0; i < 20; i++) {
		rt_mmu(root, 12);
		equal(*(volatile u64 *)a, 2);
		rt_mmu(NULL, 0);
		equal(*(volatile u64 *)a, 1);
	}
	rt_mmu(rt_root, 12);
}

const struct test tests[] = {
	{ "each fault at each level with 4K pages", levels_4k },
	{ "each fault at each level with 64K pages", levels_64k },
	{ "each fault at each level with 16K pages", levels_16k, "16k" },
	{ "a CPU without 16K pages says so", no_16k, "!16k" },
	{ "addresses outside of both halves fault at level 0", outside },
	{ "a smaller address space begins at a lower level", small_va },
	{ "EPD1 turns the upper half off", epd },
	{ "a table base out of range is an address size fault at level 0", ttbr_out_of_range },
	{ "AP decides about reads and writes of both levels", permissions },
	{ "UXN, PXN and EL0's write right decide about execution", execute_rights },
	{ "WXN makes what is writable not executable", wxn },
	{ "table descriptors restrict what is below them", hierarchy },
	{ "LDTR and STTR have EL0's rights", unprivileged },
	{ "PAN forbids EL1 what EL0 may access", pan, "pan" },
	{ "UAO makes LDTR and STTR ordinary", uao, "uao" },
	{ "hardware sets the access flag if asked to", access_flag, "af" },
	{ "hardware manages dirty state if asked to", dirty_state, "dirty" },
	{ "TBI lets addresses carry a tag", tags },
	{ "TBI takes the tag off a branch's target", tagged_branches },
	{ "E0PD keeps EL0 out of a half", e0pd, "e0pd" },
	{ "SCTLR.A makes unaligned accesses fault", align_check },
	{ "SCTLR.A finds what is unaligned off an aligned stack pointer", align_sp },
	{ "exclusive and ordered accesses must be aligned", align_ordered },
	{ "Device memory takes aligned accesses only", device },
	{ "DC ZVA zeroes its block and faults as a write", zva },
	{ "cache maintenance faults as such, and EL0's as allowed", cache_ops },
	{ "an access across two pages uses both, or neither", crossing },
	{ "a pair that faults changes no register and no memory", pair_faults },
	{ "running into an unmapped page faults at its beginning", fetch_across },
	{ "AT reports what a walk finds", translate },
	{ "AT with PAN reports what PAN forbids", translate_pan, "pan" },
	{ "holes answer with an external abort", holes },
	{ "with the MMU off memory is Device and the address space flat", mmu_off },
	{ "switching the MMU off and on switches the meaning of addresses", mmu_toggle },
	{ NULL }
};
