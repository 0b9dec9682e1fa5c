/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cached translations (ARM DDI 0487 D8.14 "TLB maintenance"): each TLBI must make what it names disappear; ASIDs keep spaces
 * apart without one; other vCPUs' TLBs are reached, also while they run.
 */
#include "rt/rt.h"

typedef u64 function_type(void);
typedef function_type *function;	/* code that the test has put at an address */

static u64 *page_a, *page_b;

static void pages(void)
{
	page_a = rt_pages(1);
	page_b = rt_pages(1);
	page_a[0] = 0xa;
	page_b[0] = 0xb;
}

static u64 load(u64 va)
{
	return *(volatile u64 *)va;
}

/* Faults count as ~0. */
static u64 probe(u64 va)
{
	u64 v;

	rt_arm();
	__asm__ volatile("ldr %0, [%1]" : "=&r"(v) : "r"(va) : "memory");
	return rt_disarm() ? ~0ull : v;
}

#define TLBI(op, arg)	__asm__ volatile("dsb sy\n\ttlbi " op ", %0\n\tdsb sy\n\tisb" : : "r"(arg) : "memory")
#define TLBI0(op)	__asm__ volatile("dsb sy\n\ttlbi " op "\n\tdsb sy\n\tisb" : : : "memory")
#define VA(va, asid)	(((va) >> 12 & (BIT(44) - 1)) | (u64)(asid) << 48)

static void one_op(unsigned op, u64 va, unsigned asid)
{
	switch (op) {
	case 0: TLBI("vae1", VA(va, asid)); break;
	case 1: TLBI("vae1is", VA(va, asid)); break;
	case 2: TLBI("vale1", VA(va, asid)); break;
	case 3: TLBI("vale1is", VA(va, asid)); break;
	case 4: TLBI("vaae1", VA(va, 0)); break;
	case 5: TLBI("vaae1is", VA(va, 0)); break;
	case 6: TLBI("vaale1", VA(va, 0)); break;
	case 7: TLBI("vaale1is", VA(va, 0)); break;
	case 8: TLBI("aside1", (u64)asid << 48); break;
	case 9: TLBI("aside1is", (u64)asid << 48); break;
	case 10: TLBI0("vmalle1"); break;
	default: TLBI0("vmalle1is"); break;
	}
}
#define OPS 12

/* Break, invalidate, make, with each operation. ASIDE1 does not name global entries. */
static void every_op(bool global)
{
	pages();
	for (unsigned op = 0; op < OPS; op++) {
		u64 va = TEST_BASE + op * 0x10000, ng = global ? 0 : PTE_NG, *e;

		if (global && (op == 8 || op == 9))
			continue;
		e = rt_map(va, PA(page_a), PTE_NORMAL | ng);
		equal(load(va), 0xa);
		*(volatile u64 *)e = 0;
		one_op(op, va, 1);
		check(probe(va) == ~0ull, "operation %u leaves the entry", op);
		rt_map(va, PA(page_b), PTE_NORMAL | ng);
		check(load(va) == 0xb, "operation %u leaves the old page", op);
	}
}

static void ops_global(void)	{ every_op(true); }
static void ops_local(void)	{ every_op(false); }

static void rights_change(void)
{
	u64 *e, va = TEST_BASE, at;

	pages();
	e = rt_map(va, PA(page_a), PTE_NORMAL);
	*(volatile u64 *)va = 1;
	*e |= PTE_RO;
	rt_tlbi_va(va);
	check(TRY(at, "str xzr, [%1]", "r"(va)), "still writable");
	equal(load(va), 1);
	*e &= ~PTE_RO;
	rt_tlbi_va(va);
	check(!TRY(at, "str xzr, [%1]", "r"(va)), "still read-only");
	equal(load(va), 0);
}

static void relaxed_rights(void)
{
	u64 *e, va = TEST_BASE, at;

	/* Fault, make it right, no TLBI: permission faults may be cached, but not for ever: the handler invalidates. */
	pages();
	e = rt_map(va, PA(page_a), PTE_NORMAL | PTE_RO);
	for (unsigned i = 0; i < 100; i++) {
		check(TRY(at, "str xzr, [%1]", "r"(va)), "no fault in round %u", i);
		*e &= ~PTE_RO;
		rt_tlbi_va(va);
		check(!TRY(at, "str xzr, [%1]", "r"(va)), "a fault in round %u", i);
		*e |= PTE_RO;
		rt_tlbi_va(va);
	}
}

static void executable(void)
{
	u32 *a, *b;
	u64 va = TEST_BASE, *e, x0;

	pages();
	a = (u32 *)page_a;
	b = (u32 *)page_b;
	a[0] = 0xd2800020; a[1] = 0xd65f03c0;	/* mov x0, #1; ret */
	b[0] = 0xd2800040; b[1] = 0xd65f03c0;
	rt_sync_code(a, 8);
	rt_sync_code(b, 8);
	for (unsigned op = 0; op < OPS; op++) {
		e = rt_map(va, PA(a), PTE_NORMAL | PTE_NG);
		for (unsigned i = 0; i < 3; i++)
			equal(((function)va)(), 1);
		*(volatile u64 *)e = 0;
		one_op(op, va, 1);
		rt_map(va, PA(b), PTE_NORMAL | PTE_NG);
		x0 = ((function)va)();
		check(x0 == 2, "operation %u leaves the old code: %lu", op, x0);
		*(volatile u64 *)e = 0;
		one_op(op, va, 1);
		rt_arm();
		((function)va)();
		check(rt_disarm() == 1, "operation %u leaves code that is unmapped", op);
	}
}

/* One entry of 2 MiB or 1 GiB was used at several places: any address within names all of it. */
static void blocks(void)
{
	u64 *e = rt_entry(rt_root, 12, TEST_BASE, 2), v = TEST_BASE;

	rt_put(e, RAM_BASE + 0x800000 + PTE_NORMAL);
	((volatile u64 *)(RAM_BASE + 0x800000))[0] = 1;
	*(volatile u64 *)(RAM_BASE + 0x805000) = 2;
	*(volatile u64 *)(RAM_BASE + 0x9ff000) = 3;
	equal(load(v), 1);
	equal(load(v + 0x5000), 2);
	equal(load(v + 0x1ff000), 3);
	*(volatile u64 *)e = 0;
	TLBI("vae1is", VA(v + 0x77000, 1));
	equal(probe(v), ~0ull);
	equal(probe(v + 0x5000), ~0ull);
	equal(probe(v + 0x1ff000), ~0ull);
	e = rt_entry(rt_root, 12, TEST_BASE + BIT(30), 1);
	rt_put(e, RAM_BASE + PTE_NORMAL);
	equal(load(v + BIT(30) + 0x805000), 2);
	equal(load(v + BIT(30) + 0x9ff000), 3);
	*(volatile u64 *)e = 0;
	TLBI("vaale1", VA(v + BIT(30) + 0x123000, 0));
	equal(probe(v + BIT(30) + 0x805000), ~0ull);
	equal(probe(v + BIT(30) + 0x9ff000), ~0ull);
}

/* A table, not a leaf, is exchanged. */
static void tables_change(void)
{
	u64 va = TEST_BASE, *l2;

	pages();
	rt_map(va, PA(page_a), PTE_NORMAL);
	equal(load(va), 0xa);
	l2 = rt_entry(rt_root, 12, va, 2);
	u64 *other = rt_new_root(12);
	other[0] = PA(page_b) | PTE_NORMAL | PTE_TABLE;
	*(volatile u64 *)l2 = 0;
	TLBI("vae1", VA(va, 1));
	equal(probe(va), ~0ull);
	rt_put(l2, PA(other) | PTE_TABLE | PTE_VALID);
	equal(load(va), 0xb);
}

static u64 *space(u64 va, u64 pa, u64 attrs)
{
	u64 *root = rt_new_root(12);

	rt_identity(root, 12);
	*rt_entry(root, 12, va, 3) = pa | attrs | PTE_NORMAL | PTE_TABLE;
	dsb();
	return root;
}

static void asids(void)
{
	u64 *root_a, *root_b, *root_c, va = TEST_BASE + 0x3000;

	pages();
	root_a = space(va, PA(page_a), PTE_NG);
	root_b = space(va, PA(page_b), PTE_NG);
	root_c = rt_new_root(12);
	rt_identity(root_c, 12);
	for (unsigned i = 0; i < 50; i++) {
		rt_space(root_a, 10);
		equal(load(va), 0xa);
		rt_space(root_b, 11);
		equal(load(va), 0xb);
		rt_space(root_c, 12);
		equal(probe(va), ~0ull);
	}
	rt_space(rt_root, 1);
}

static void asid_reuse(void)
{
	u64 *root_a, *root_b, va = TEST_BASE + 0x3000;

	pages();
	root_a = space(va, PA(page_a), PTE_NG);
	root_b = space(va, PA(page_b), PTE_NG);
	for (unsigned i = 0; i < 20; i++) {
		rt_space(root_a, 20);
		equal(load(va), 0xa);
		rt_space(rt_root, 1);
		if (i & 1)
			TLBI("aside1is", 20ull << 48);
		else
			TLBI0("vmalle1");
		rt_space(root_b, 20);
		equal(load(va), 0xb);
		rt_space(rt_root, 1);
		TLBI("vae1", VA(va, 20));
	}
}

/* TLBI of an ASID that is not the current one. */
static void other_asid(void)
{
	u64 *root_a, *root_b, va = TEST_BASE + 0x3000;

	pages();
	root_a = space(va, PA(page_a), PTE_NG);
	root_b = space(va, PA(page_b), PTE_NG);
	rt_space(root_a, 30);
	equal(load(va), 0xa);
	rt_space(root_b, 31);
	equal(load(va), 0xb);
	*rt_entry(root_a, 12, va, 3) = 0;
	TLBI("vae1is", VA(va, 30));
	equal(load(va), 0xb);
	rt_space(root_a, 30);
	equal(probe(va), ~0ull);
	rt_space(rt_root, 1);
}

/* More spaces than any pool of contexts has. */
static void many_asids(void)
{
	u64 *roots[100], va = TEST_BASE + 0x7000;

	for (unsigned i = 0; i < 100; i++) {
		u64 *p = rt_pages(1);

		p[0] = 1000 + i;
		roots[i] = space(va, PA(p), PTE_NG);
	}
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 100; i++) {
			rt_space(roots[i], i + 1);
			check(load(va) == 1000 + i, "ASID %u reads %lu", i + 1, load(va));
		}
	}
	/* 8-bit ASIDs: TCR.AS is clear, so 256 more is the same one. */
	rt_space(roots[5], 6 + 256);
	equal(load(va), 1005);
	rt_space(rt_root, 1);
}

static void wide_asids(void)
{
	u64 *root_a, *root_b, va = TEST_BASE + 0x3000;

	pages();
	root_a = space(va, PA(page_a), PTE_NG);
	root_b = space(va, PA(page_b), PTE_NG);
	write_reg_isb(tcr_el1, RT_TCR | BIT(36));
	rt_space(root_a, 0x1234);
	equal(load(va), 0xa);
	rt_space(root_b, 0x0034);
	equal(load(va), 0xb);
	*rt_entry(root_a, 12, va, 3) = 0;
	TLBI("aside1", 0x1234ull << 48);
	rt_space(root_a, 0x1234);
	equal(probe(va), ~0ull);
	rt_space(root_b, 0x0034);
	equal(load(va), 0xb);
	rt_space(rt_root, 1);
	write_reg_isb(tcr_el1, RT_TCR);
}

/* Linux: the ASID is TTBR1's; user and kernel half. */
static void asid_of_ttbr1(void)
{
	u64 *root_a, *root_b, va = TEST_BASE + 0x3000;

	pages();
	root_a = space(va, PA(page_a), PTE_NG);
	root_b = space(va, PA(page_b), PTE_NG);
	rt_map(HIGH_BASE + 0x5000, PA(page_a), PTE_NORMAL | PTE_NG);
	rt_map(HIGH_BASE + 0x6000, PA(page_b), PTE_NORMAL);
	write_reg_isb(tcr_el1, RT_TCR | BIT(22));
	for (unsigned i = 0; i < 10; i++) {
		write_reg(ttbr1_el1, PA(rt_root1) | 40ull << 48);
		rt_space(root_a, 0);
		equal(load(va), 0xa);
		equal(load(HIGH_BASE + 0x5000), 0xa);
		equal(load(HIGH_BASE + 0x6000), 0xb);
		write_reg(ttbr1_el1, PA(rt_root1) | 41ull << 48);
		rt_space(root_b, 0);
		equal(load(va), 0xb);
		equal(load(HIGH_BASE + 0x5000), 0xa);
		equal(load(HIGH_BASE + 0x6000), 0xb);
	}
	write_reg_isb(ttbr1_el1, PA(rt_root1));
	write_reg_isb(tcr_el1, RT_TCR);
	rt_space(rt_root, 1);
}

/* Global: one entry for all ASIDs; its removal is everybody's. */
static void globals(void)
{
	u64 va = HIGH_BASE + 0x8000, *e;

	pages();
	e = rt_map(va, PA(page_a), PTE_NORMAL);
	for (unsigned asid = 1; asid < 6; asid++) {
		rt_space(rt_root, asid);
		equal(load(va), 0xa);
	}
	*(volatile u64 *)e = 0;
	TLBI("vae1is", VA(va, 2));
	for (unsigned asid = 1; asid < 6; asid++) {
		rt_space(rt_root, asid);
		check(probe(va) == ~0ull, "ASID %u still sees it", asid);
	}
	rt_space(rt_root, 1);
}

static void thousands(void)
{
	u64 base = TEST_BASE;

	for (unsigned i = 0; i < 1500; i++) {
		u64 *p = rt_pages(1);

		p[0] = i;
		rt_map(base + 4096ull * i, PA(p), PTE_NORMAL);
	}
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 1500; i++)
			if (load(base + 4096ull * i) != i)
				check(false, "page %u reads %lu", i, load(base + 4096ull * i));
	/* Every third away; one TLBI each. */
	for (unsigned i = 0; i < 1500; i += 3) {
		*rt_entry(rt_root, 12, base + 4096ull * i, 3) = 0;
		TLBI("vaale1is", VA(base + 4096ull * i, 0));
	}
	for (unsigned i = 0; i < 1500; i++)
		if (probe(base + 4096ull * i) != (i % 3 ? i : ~0ull)) {
			check(false, "page %u reads %lx", i, probe(base + 4096ull * i));
			break;
		}
}

/* ---- other vCPUs ---- */

static volatile u64 stage, seen_fault, rounds, stop;
static u64 shared_va;

static bool count_fault(struct frame *f)
{
	if (f->esr >> 26 != EC_DABORT)
		return false;
	seen_fault++;
	f->elr += 4;
	return true;
}

/* Reads all the time; after the issuer's DSB it must have nothing of the old mapping. */
static void reader(void *unused)
{
	rt_cpu()->hook = count_fault;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		register u64 v __asm__("x1") = 0xf;
		u64 s = __atomic_load_n(&stage, __ATOMIC_ACQUIRE);

		__asm__ volatile("ldr %0, [%1]" : "+r"(v) : "r"(shared_va) : "memory");
		/* In stage 2k+1 page a has gone, in stage 2k+2 page b. */
		if (s && v == (s & 1 ? 0xa : 0xb))
			rt_cpu()->irqs++;
		rounds++;
	}
}

static u64 errors_kept;

static void reader_keep(void *arg)
{
	rt_cpu()->irqs = 0;
	reader(arg);
	errors_kept = rt_cpu()->irqs;
}

/* Two vCPUs exchange mappings and broadcast at each other. */
static void crossing(void *arg)
{
	u64 va = TEST_BASE + 0x100000 + (u64)arg * 0x1000, *e = rt_entry(rt_root, 12, va, 3);

	for (unsigned i = 0; i < 2000; i++) {
		u64 *to = i & 1 ? page_a : page_b;

		*(volatile u64 *)e = PA(to) | PTE_NORMAL | PTE_TABLE;
		dsb();
		isb();
		if (load(va) != (i & 1 ? 0xa : 0xb))
			errors_kept++;
		*(volatile u64 *)e = 0;
		TLBI("vae1is", VA(va, 1));
	}
}

static void at_each_other(void)
{
	unsigned n = rt_cpus();

	pages();
	errors_kept = 0;
	for (unsigned i = 0; i < n; i++)
		rt_entry(rt_root, 12, TEST_BASE + 0x100000 + i * 0x1000ull, 3);
	for (unsigned i = 1; i < n; i++)
		rt_start(i, crossing, (void *)(u64)i);
	crossing(NULL);
	rt_wait_all();
	equal(errors_kept, 0);
}

static void broadcast(void)
{
	u64 *e;

	pages();
	shared_va = TEST_BASE + 0x2000;
	e = rt_map(shared_va, PA(page_a), PTE_NORMAL);
	stage = seen_fault = rounds = stop = 0;
	rt_start(1, reader_keep, NULL);
	check(rt_wait_for(&rounds, 100, 5000), "the other vCPU does not run");
	for (unsigned i = 0; i < 300; i++) {
		u64 *to = i & 1 ? page_a : page_b, before;

		*(volatile u64 *)e = 0;
		TLBI("vaae1is", VA(shared_va, 0));
		__atomic_store_n(&stage, i + 1, __ATOMIC_RELEASE);
		before = rounds;
		check(rt_wait_for(&rounds, before + 3, 5000), "the other vCPU has stopped in round %u", i);
		rt_put(e, PA(to) | PTE_NORMAL | PTE_TABLE);
		before = rounds;
		check(rt_wait_for(&rounds, before + 3, 5000), "the other vCPU has stopped in round %u", i);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	rt_wait(1);
	equal(errors_kept, 0);
	check(seen_fault > 300, "only %lu faults", seen_fault);
}

#define POISON	0xdeadu
#define UART_FR	0x09000018u

/* Between two accesses off one base a device is read, and the page may go meanwhile. */
static void reader_device(void *arg)
{
	u64 a, v, fr;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		rt_arm();
		__asm__ volatile("mov %1, #0\n\tldr %0, [%3]\n\tldr %w2, [%4]\n\tldr %1, [%3, #8]"
				 : "=&r"(a), "=&r"(v), "=&r"(fr) : "r"(shared_va), "r"((u64)UART_FR) : "memory");
		seen_fault += rt_disarm();
		errors_kept += v == POISON;
		rounds++;
	}
}

static void broadcast_device(void)
{
	u64 *e;

	pages();
	shared_va = TEST_BASE + 0x3000;
	e = rt_map(shared_va, PA(page_a), PTE_NORMAL);
	errors_kept = seen_fault = rounds = stop = 0;
	rt_start(1, reader_device, NULL);
	check(rt_wait_for(&rounds, 100, 5000), "the other vCPU does not run");
	for (unsigned i = 0; i < 3000; i++) {
		u64 before;

		*(volatile u64 *)e = 0;
		TLBI("vaae1is", VA(shared_va, 0));
		((volatile u64 *)page_a)[1] = POISON;
		before = rounds;
		if (!rt_wait_for(&rounds, before + 2, 5000))
			break;
		((volatile u64 *)page_a)[1] = 1;
		rt_put(e, PA(page_a) | PTE_NORMAL | PTE_TABLE);
		before = rounds;
		if (!rt_wait_for(&rounds, before + 1 + i % 3, 5000))
			break;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	rt_wait(1);
	equal(errors_kept, 0);
	check(seen_fault > 3000, "only %lu faults", seen_fault);
}

const struct test tests[] = {
	{ "each TLBI removes a global entry that it names", ops_global },
	{ "each TLBI removes an entry of its ASID", ops_local },
	{ "a right taken away is gone after TLBI", rights_change },
	{ "a right given is there after TLBI", relaxed_rights },
	{ "each TLBI makes code change with its page", executable },
	{ "TLBI of any address in a block removes all of it", blocks },
	{ "a table exchanged is another translation", tables_change },
	{ "ASIDs keep spaces apart without a TLBI", asids },
	{ "an ASID is used again for another space after TLBI", asid_reuse },
	{ "TLBI reaches an ASID that is not current", other_asid },
	{ "a hundred spaces keep apart", many_asids },
	{ "16-bit ASIDs keep spaces apart", wide_asids },
	{ "the ASID comes from TTBR1 if TCR says so", asid_of_ttbr1 },
	{ "a global entry is all ASIDs', and its removal too", globals },
	{ "fifteen hundred pages come and go", thousands },
	{ "a running vCPU uses no stale entry after the issuer's DSB", broadcast, "2" },
	{ "nor one that it has used before a device access", broadcast_device, "2" },
	{ "vCPUs broadcast at each other without error or deadlock", at_each_other, "2" },
	{ NULL }
};
