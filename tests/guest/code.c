/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Self-modifying code (ARM DDI 0487 B2.4.4 "Concurrent modification and execution"): after DC CVAU, DSB, IC IVAU, DSB, ISB the
 * new instructions run, on whatever page, by whatever address, on whichever vCPU.
 */
#include "rt/rt.h"

#define RET	0xd65f03c0u
#define MOV(n)	(0xd2800000u | (u32)(n) << 5)		/* mov x0, #n */
#define ADD1	0x91000400u				/* add x0, x0, #1 */

typedef u64 fn(u64);

static void put(u32 *p, u32 n)
{
	p[0] = MOV(n);
	p[1] = RET;
}

static void other_page(void)
{
	u32 *p = rt_pages(1);

	for (unsigned i = 0; i < 300; i++) {
		put(p, i);
		rt_sync_code(p, 8);
		if (((fn *)p)(0) != i) {
			check(false, "round %u: old code", i);
			return;
		}
	}
}

/* A second instruction of a block that has run often and is linked to from elsewhere. */
static void middle_of_block(void)
{
	u32 *p = rt_pages(1);

	for (unsigned i = 0; i < 40; i++)
		p[i] = ADD1;
	p[40] = RET;
	rt_sync_code(p, 164);
	equal(((fn *)p)(0), 40);
	for (unsigned i = 0; i < 40; i++) {
		p[i] = 0xd503201f;		/* nop */
		rt_sync_code(&p[i], 4);
		equal(((fn *)p)(0), 39 - i);
	}
}

/* A branch's target and a call's are patched, as Linux's static keys and ftrace do. */
static void branch_patched(void)
{
	u32 *p = rt_pages(2);

	put(p + 16, 1);
	put(p + 1024 + 16, 2);
	for (unsigned i = 0; i < 200; i++) {
		unsigned to = i & 1 ? 1024 + 16 : 16;

		p[0] = 0x14000000 | to;
		rt_sync_code(p, 4);
		equal(((fn *)p)(0), i & 1 ? 2 : 1);
		p[0] = 0xd503201f;
		p[1] = 0x14000000 | (to - 1);
		rt_sync_code(p, 8);
		equal(((fn *)p)(0), i & 1 ? 2 : 1);
	}
}

/* The code patches the instruction behind itself, in its own page and block. */
static void itself(void)
{
	u32 *p = rt_pages(1);
	static const u32 code[] = {
		0xb9000841,	/* str w1, [x2, #8]: the instruction after the ISB */
		0xd50b7b22,	/* dc cvau, x2 */
		0xd5033f9f,	/* dsb sy */
		0xd50b7522,	/* ic ivau, x2 */
		0xd5033f9f,	/* dsb sy */
		0xd5033fdf,	/* isb */
		MOV(7),
		RET,
	};

	memcpy(p, code, sizeof(code));
	rt_sync_code(p, sizeof(code));
	for (unsigned i = 0; i < 100; i++) {
		register u64 x0 __asm__("x0") = 0;
		register u64 x1 __asm__("x1") = MOV(i);
		register u64 x2 __asm__("x2") = PA(p) + 16;

		__asm__ volatile("blr %3" : "+r"(x0), "+r"(x1), "+r"(x2) : "r"(p) : "x30", "memory");
		equal(x0, i);
	}
}

/* One physical page at three addresses: written by one, cleaned by another, run by the third. */
static void aliases(void)
{
	u32 *p = rt_pages(1);

	rt_map(TEST_BASE + 0x1000, PA(p), PTE_NORMAL);
	rt_map(TEST_BASE + 0x84000, PA(p), PTE_NORMAL);
	for (unsigned i = 0; i < 100; i++) {
		fn *a = (fn *)(TEST_BASE + 0x1000), *b = (fn *)(TEST_BASE + 0x84000);

		put((u32 *)(TEST_BASE + 0x1000), i);
		rt_sync_code((void *)(TEST_BASE + 0x84000), 8);
		equal(a(0), i);
		equal(b(0), i);
		equal(((fn *)p)(0), i);
		put(p, i + 1000);
		rt_sync_code(p, 8);
		equal(b(0), i + 1000);
		equal(a(0), i + 1000);
	}
}

/* The same bytes at two addresses see their own PC. */
static void alias_pc(void)
{
	u32 *p = rt_pages(1);

	p[0] = 0x10000000;	/* adr x0, . */
	p[1] = RET;
	rt_sync_code(p, 8);
	rt_map(TEST_BASE + 0x1000, PA(p), PTE_NORMAL);
	rt_map(TEST_BASE + 0x84000, PA(p), PTE_NORMAL);
	for (unsigned i = 0; i < 5; i++) {
		equal(((fn *)p)(0), PA(p));
		equal(((fn *)(TEST_BASE + 0x1000))(0), TEST_BASE + 0x1000);
		equal(((fn *)(TEST_BASE + 0x84000))(0), TEST_BASE + 0x84000);
	}
}

static void iallu(void)
{
	u32 *p = rt_pages(8);

	for (unsigned i = 0; i < 50; i++) {
		for (unsigned k = 0; k < 8; k++)
			put(p + 1024 * k, i + k);
		for (unsigned k = 0; k < 8; k++)
			__asm__ volatile("dc cvau, %0" : : "r"(p + 1024 * k) : "memory");
		if (i & 1)
			__asm__ volatile("dsb sy\n\tic iallu\n\tdsb sy\n\tisb" : : : "memory");
		else
			__asm__ volatile("dsb sy\n\tic ialluis\n\tdsb sy\n\tisb" : : : "memory");
		for (unsigned k = 0; k < 8; k++)
			equal(((fn *)(p + 1024 * k))(0), i + k);
	}
}

/* Only the line that IC IVAU names needs to change; a block may span several lines. */
static void spans_lines(void)
{
	u32 *p = rt_pages(1);

	for (unsigned i = 0; i < 48; i++)
		p[i] = ADD1;
	p[48] = RET;
	rt_sync_code(p, 196);
	equal(((fn *)p)(0), 48);
	p[20] = 0xd503201f;
	rt_sync_code(&p[20], 4);
	equal(((fn *)p)(0), 47);
	p[40] = 0xd503201f;
	rt_sync_code(&p[40], 4);
	equal(((fn *)p)(0), 46);
}

/* Patched from EL0, with UCI: a JIT. */
__asm__(".text\n\t.balign 8\njit:\n\t"
	"str w1, [x0]\n\tdc cvau, x0\n\tdsb ish\n\tic ivau, x0\n\tdsb ish\n\tisb\n\tmov x9, x0\n\tblr x9\n\tsvc #1\n");
extern const char jit[];

static void el0_jit(void)
{
	u32 *p = rt_pages(1);

	p[1] = RET;
	rt_sync_code(p, 8);
	for (unsigned i = 0; i < 100; i++) {
		struct frame f = { .x = { (u64)USER(p), MOV(i) } };

		rt_enter_el0(&f, jit);
		equal(f.esr, ESR(EC_SVC, 1));
		equal(f.x[0], i);
	}
}

/* Code that was data, and data that was code: the page is written much after its code has run. */
static void page_of_both(void)
{
	u32 *p = rt_pages(1);
	volatile u64 *data = (u64 *)(p + 512);
	u64 sum = 0;

	put(p, 5);
	rt_sync_code(p, 8);
	for (unsigned i = 0; i < 3000; i++) {
		data[i % 64] = i;
		sum += ((fn *)p)(0);
		if (data[i % 64] != i)
			check(false, "a store into a page of code got lost");
	}
	equal(sum, 15000);
}

/* Rewriting the page while no IC IVAU is done need not, but may, show; after it, it must. */
static void late(void)
{
	u32 *p = rt_pages(1);
	u64 v;

	put(p, 1);
	rt_sync_code(p, 8);
	equal(((fn *)p)(0), 1);
	put(p, 2);
	v = ((fn *)p)(0);
	check(v == 1 || v == 2, "neither old nor new: %lu", v);
	rt_sync_code(p, 8);
	equal(((fn *)p)(0), 2);
}

/* ---- other vCPUs ---- */

static u32 *shared;
static volatile u64 ask, answered, wrong, stop;

static void runner(void *unused)
{
	u64 last_ask = 0;

	while (!stop) {
		u64 a = __atomic_load_n(&ask, __ATOMIC_ACQUIRE);

		if (a == last_ask)
			continue;
		isb();
		if (((fn *)shared)(0) != (a & 0xfff))
			wrong++;
		last_ask = a;
		__atomic_store_n(&answered, a, __ATOMIC_RELEASE);
	}
}

/* Flag, ISB, call: B2.4.4's example. */
static void other_cpu(void)
{
	shared = rt_pages(1);
	put(shared, 0);
	rt_sync_code(shared, 8);
	ask = answered = wrong = stop = 0;
	rt_start(1, runner, NULL);
	for (u64 i = 1; i < 500; i++) {
		put(shared, i & 0xfff);
		rt_sync_code(shared, 8);
		__atomic_store_n(&ask, i, __ATOMIC_RELEASE);
		if (!rt_wait_for(&answered, i, 5000)) {
			check(false, "no answer in round %lu", i);
			break;
		}
	}
	stop = 1;
	rt_wait(1);
	equal(wrong, 0);
}

static volatile u64 calls;
static void spinner(void *unused)
{
	while (!stop) {
		u64 v = ((fn *)shared)(0);

		if (v != 1 && v != 2)
			wrong++;
		calls++;
	}
}

/* B and NOP may be exchanged under a running vCPU: it does one or the other. */
static void live_patch(void)
{
	u64 before;

	shared = rt_pages(1);
	shared[0] = 0xd503201f;
	put(shared + 1, 1);
	put(shared + 4, 2);
	rt_sync_code(shared, 64);
	wrong = stop = calls = 0;
	rt_start(1, spinner, NULL);
	for (u64 i = 0; i < 500; i++) {
		__atomic_store_n(&shared[0], i & 1 ? 0xd503201f : 0x14000004, __ATOMIC_RELEASE);
		rt_sync_code(shared, 4);
		before = calls;
		if (!rt_wait_for(&calls, before + 2, 5000)) {
			check(false, "stopped in round %lu", i);
			break;
		}
	}
	stop = 1;
	rt_wait(1);
	equal(wrong, 0);
	equal(((fn *)shared)(0), 1);
}

static void ipi_isb(struct frame *f)
{
	u32 id = rt_gic_ack();

	rt_gic_eoi(id);
	isb();
	rt_cpu()->irqs++;
	f->x[28] = ((fn *)shared)(0);
	__atomic_store_n(&answered, f->x[28], __ATOMIC_RELEASE);
}

static void ipi_target(void *unused)
{
	rt_gic_init_cpu();
	rt_gic_enable(1, 0x80);
	rt_cpu()->irq = ipi_isb;
	__atomic_store_n(&ask, 1, __ATOMIC_RELEASE);
	irq_on();
	while (!stop)
		__asm__ volatile("wfi");
	irq_off();
}

static void by_ipi(void)
{
	shared = rt_pages(1);
	put(shared, 1000);
	rt_sync_code(shared, 8);
	rt_gic_init();
	ask = answered = stop = 0;
	rt_start(1, ipi_target, NULL);
	check(rt_wait_for(&ask, 1, 5000), "no start");
	for (u64 i = 1; i < 200; i++) {
		put(shared, (u32)i);
		rt_sync_code(shared, 8);
		rt_gic_sgi(1, 2);
		if (!rt_wait_for(&answered, i, 5000)) {
			check(false, "round %lu: the other vCPU ran %lu", i, answered);
			break;
		}
	}
	stop = 1;
	rt_gic_sgi(1, 2);
	rt_wait(1);
}

/* With SCTLR.A each is 64 accesses, of which a translator may want to know a lot. */
static void many_accesses(void)
{
	u32 *p = rt_pages(4);
	u8 *bytes = (u8 *)rt_pages(1);
	u64 sctlr = read_reg(sctlr_el1);

	for (unsigned i = 0; i < 4095; i++)
		p[i] = i & 1 ? 0x4c000000 : 0x4c400000;		/* st4, ld4 {v0.16b - v3.16b}, [x0] */
	p[4095] = RET;
	rt_sync_code(p, 16384);
	for (unsigned i = 0; i < 64; i++)
		bytes[i] = (u8)(3 * i);
	write_reg_isb(sctlr_el1, sctlr | SCTLR_A);
	equal(((fn *)p)(PA(bytes)), PA(bytes));
	write_reg_isb(sctlr_el1, sctlr);
	for (unsigned i = 0; i < 64; i++)
		check(bytes[i] == (u8)(3 * i), "byte %u is %u", i, bytes[i]);
}

const struct test tests[] = {
	{ "code in another page is patched three hundred times", other_page },
	{ "an instruction in the middle of a hot block is patched", middle_of_block },
	{ "a patched branch goes to its new target, within a page and across", branch_patched },
	{ "code patches the instruction behind its own ISB", itself },
	{ "code is written, cleaned and run by different addresses of a page", aliases },
	{ "one page at two addresses computes two PCs", alias_pc },
	{ "IC IALLU and IALLUIS make all new code visible", iallu },
	{ "a block over several lines notices each of them", spans_lines },
	{ "EL0 patches and runs its own code", el0_jit },
	{ "data beside code in one page is written and read", page_of_both },
	{ "without maintenance old or new code runs, with it the new", late },
	{ "four thousand structure accesses by single bytes run", many_accesses },
	{ "another vCPU runs the new code after flag and ISB", other_cpu, "2" },
	{ "a branch and a NOP are exchanged under a running vCPU", live_patch, "2" },
	{ "another vCPU runs the new code after an IPI", by_ipi, "2" },
	{ NULL }
};
