/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several accesses off one base register, which a translator may check together (ARM DDI 0487 D8: each is still an access
 * of its own): across two pages that are not neighbours in memory, up to an unmapped page, with rights that allow some
 * of them, with device registers among them.
 */
#include "rt/rt.h"

#define UART	0x09000000ull
#define BASE	TEST_BASE
#define EDGE	(BASE + 4096)		/* between the two pages */
#define NORMAL	(PTE_NORMAL | PTE_TABLE)

static u8 *first, *second;		/* the pages below and above EDGE, the other way round in memory */

static void map(u64 attrs1, u64 attrs2)
{
	u8 *p = rt_pages(2);

	first = p + 4096;
	second = p;
	for (unsigned k = 0; k < 4096; k++) {
		first[k] = (u8)(k * 7);
		second[k] = (u8)(k * 13 + 5);
	}
	rt_map(BASE, PA(first), attrs1);
	rt_map(EDGE, PA(second), attrs2);
	rt_tlbi_all();
}

static u8 *byte_at(u64 va)
{
	return va < EDGE ? first + (va - BASE) : second + (va - EDGE);
}

/* 64 bytes by pairs, loads and stores by turns, as memcpy does it. */
static void copy(u64 to, u64 from)
{
	__asm__ volatile("ldp x2, x3, [%1]\n\tldp x4, x5, [%1, #16]\n\tstp x2, x3, [%0]\n\tldp x6, x7, [%1, #32]\n\t"
			 "stp x4, x5, [%0, #16]\n\tldp x2, x3, [%1, #48]\n\tstp x6, x7, [%0, #32]\n\tstp x2, x3, [%0, #48]"
			 : : "r"(to), "r"(from) : "memory", "x2", "x3", "x4", "x5", "x6", "x7");
}

static void across(void)
{
	static u8 buf[64 + 32];

	map(NORMAL, NORMAL);
	for (unsigned k = 0; k <= 80; k++) {
		u64 va = EDGE - 72 + k;
		unsigned bad = 0;

		copy(PA(buf) + k % 16, va);
		for (unsigned n = 0; n < 64; n++)
			bad += buf[k % 16 + n] != *byte_at(va + n);
		for (unsigned n = 0; n < 64; n++)
			buf[n] = (u8)(n + k);
		copy(va, PA(buf));
		for (unsigned n = 0; n < 64; n++)
			bad += *byte_at(va + n) != (u8)(n + k);
		check(!bad, "%u bytes at the edge - 72 + %u are wrong", bad, k);
	}
}

#define FOUR(insn) "adr %0, 77f\n77:\t" insn " x4, x5, [%1, #-32]\n\t" insn " x4, x5, [%1, #-16]\n\t" \
	insn " x4, x5, [%1]\n\t" insn " x4, x5, [%1, #16]"

/* The two below the edge are done, those above fault, each at its own instruction. */
static void faults(u64 iss, bool above_too)
{
	u64 at;

	for (unsigned k = 0; k < 3; k++) {
		rt_arm();
		__asm__ volatile("mov x4, #1\n\tmov x5, #2\n\t" FOUR("stp") : "=&r"(at) : "r"(EDGE) : "memory", "x4", "x5");
		equal(rt_disarm(), 2);
		equal(exc.esr, ESR(EC_DABORT, iss | 0x40));
		equal(exc.elr, at + 12);
		equal(exc.far, EDGE + 16);
		equal(*(u64 *)(first + 4096 - 32), 1);
		equal(*(u64 *)(first + 4096 - 8), 2);
		*(u64 *)(first + 4096 - 32) = *(u64 *)(first + 4096 - 8) = 0x55;
		rt_arm();
		__asm__ volatile(FOUR("ldp") : "=&r"(at) : "r"(EDGE) : "memory", "x4", "x5");
		equal(rt_disarm(), above_too ? 0 : 2);
	}
}

static void unmapped(void)
{
	map(NORMAL, NORMAL);
	rt_put(rt_entry(rt_root, 12, EDGE, 3), 0);
	rt_tlbi_all();
	faults(7, false);
	rt_map(EDGE, PA(second), NORMAL);
	copy(EDGE - 24, PA(rt_vectors));
	equal(*(u64 *)second, *(u64 *)(PA(rt_vectors) + 24));
}

static void read_only_above(void)
{
	map(NORMAL, NORMAL | PTE_RO);
	faults(0xf, true);
}

/* Loads and stores by turns on a page that may only be read, then the same code on one that may be written. */
static void mixed(u64 va, unsigned expect_faults)
{
	u64 r[2] = { 0, 0 };

	rt_arm();
	__asm__ volatile("str %3, [%2]\n\tldr %0, [%2, #8]\n\tstr %3, [%2, #16]\n\tldr %1, [%2, #16]\n\tstr %3, [%2, #24]"
			 : "=&r"(r[0]), "=&r"(r[1]) : "r"(va), "r"(0x1234567890ull) : "memory");
	equal(rt_disarm(), expect_faults);
	equal(r[0], *(u64 *)byte_at(va + 8));
	equal(r[1], expect_faults ? *(u64 *)byte_at(va + 16) : 0x1234567890);
	rt_arm();
	__asm__ volatile("ldr %0, [%2, #8]\n\tstr %3, [%2]\n\tldr %1, [%2, #16]\n\tstr %3, [%2, #24]"
			 : "=&r"(r[0]), "=&r"(r[1]) : "r"(va), "r"(0x1234567890ull) : "memory");
	equal(rt_disarm(), expect_faults ? 2 : 0);
	equal(r[0], *(u64 *)byte_at(va + 8));
}

static void rights(void)
{
	map(NORMAL | PTE_RO, NORMAL);
	for (unsigned k = 0; k < 4; k++) {
		mixed(BASE + 64, 3);
		mixed(EDGE + 64, 0);
	}
	equal(first[64], (u8)(64 * 7));
	equal(first[64 + 24], (u8)(88 * 7));
}

/* EL0 has no right to the page: STTR faults between stores that do not. */
static void unprivileged(void)
{
	u64 v = 0, at;

	map(NORMAL, NORMAL);
	for (unsigned k = 0; k < 3; k++) {
		u64 *w = (u64 *)(first + 128);

		w[0] = w[1] = w[2] = 0;
		rt_arm();
		__asm__ volatile("adr %1, 77f\n77:\tstr %3, [%2]\n\tsttr %3, [%2, #8]\n\tstr %3, [%2, #16]\n\tldr %0, [%2]"
				 : "=&r"(v), "=&r"(at) : "r"(BASE + 128), "r"(7ull + k) : "memory");
		equal(rt_disarm(), 1);
		equal(exc.elr, at + 4);
		equal(v, 7 + k);
		equal(w[1], 0);
		equal(w[2], 7 + k);
	}
}

/* IBRD and FBRD are plain registers. FR (0x18): nothing has been received. */
static void device_above(void)
{
	u64 a, b, fr, old;

	map(NORMAL, PTE_VALID | PTE_TABLE | PTE_AF | PTE_ATTR(MT_DEVICE));
	rt_map(EDGE, UART, PTE_VALID | PTE_TABLE | PTE_AF | PTE_ATTR(MT_DEVICE));
	rt_tlbi_all();
	old = *(volatile u32 *)(EDGE + 0x24);
	for (unsigned k = 1; k < 50; k++) {
		__asm__ volatile("str %4, [%3, #-16]\n\tstr %w4, [%3, #0x24]\n\tstr %4, [%3, #-8]\n\tldr %w0, [%3, #0x24]\n\t"
				 "ldr %1, [%3, #-8]\n\tldr %w2, [%3, #0x18]\n\tstr %1, [%3, #-24]"
				 : "=&r"(a), "=&r"(b), "=&r"(fr) : "r"(EDGE), "r"((u64)k) : "memory");
		equal(a, k);
		equal(b, k);
		equal(fr & 0x10, 0x10);
		equal(*(u64 *)(first + 4096 - 24), k);
		equal(*(u64 *)(first + 4096 - 16), k);
	}
	*(volatile u32 *)(EDGE + 0x24) = (u32)old;
}

/* Accesses between those of a group that take its place in the TLB, and a page that changes under it in between. */
static void evicted(void)
{
	u64 far = BASE + BIT(24), v[3], *old = rt_pages(1), *new = rt_pages(1), *other = rt_pages(1);

	rt_map(far, PA(other), NORMAL);
	for (unsigned k = 0; k < 40; k++) {
		old[0] = old[1] = k;
		new[0] = new[1] = 1000 + k;
		other[0] = 2000 + k;
		rt_map(BASE, PA(k & 1 ? new : old), NORMAL);
		rt_tlbi_va(BASE);
		__asm__ volatile("ldr %0, [%3]\n\tldr %1, [%4]\n\tldr %2, [%3, #8]"
				 : "=&r"(v[0]), "=&r"(v[1]), "=&r"(v[2]) : "r"(BASE), "r"(far) : "memory");
		equal(v[0], k & 1 ? 1000 + k : k);
		equal(v[1], 2000 + k);
		equal(v[2], v[0]);
	}
}

/* The TLB's user changes its table itself, between two accesses in straight-line code. */
static void remapped(void)
{
	u64 a, b, *one = rt_pages(1), *two = rt_pages(1), *e = rt_map(BASE, PA(one), NORMAL);

	one[1] = 1;
	two[1] = 2;
	for (unsigned k = 0; k < 20; k++) {
		rt_map(BASE, PA(one), NORMAL);
		rt_tlbi_va(BASE);
		__asm__ volatile("ldr %0, [%2, #8]\n\tstr %3, [%4]\n\tdsb sy\n\ttlbi vaae1, %5\n\tdsb sy\n\tisb\n\tldr %1, [%2, #8]"
				 : "=&r"(a), "=&r"(b) : "r"(BASE), "r"(PA(two) | NORMAL), "r"(e), "r"(BASE >> 12) : "memory");
		equal(a, 1);
		equal(b, 2);
	}
}

const struct test tests[] = {
	{ "a group of accesses across two pages reaches both", across },
	{ "what lies below an unmapped page is done, the rest faults one by one", unmapped },
	{ "stores above a read-only page's beginning fault one by one, loads do not", read_only_above },
	{ "loads and stores of one group have each their own right", rights },
	{ "STTR between stores has EL0's rights", unprivileged },
	{ "RAM and device registers off one base", device_above },
	{ "accesses that evict a group's page do not disturb it", evicted },
	{ "a page that is exchanged between two accesses is seen", remapped },
	{ NULL }
};
