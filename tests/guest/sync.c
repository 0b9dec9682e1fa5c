/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for events, exclusives, atomics, and memory order between vCPUs (ARM DDI 0487 B2.3, B2.12, D1.6). The litmus tests
 * count outcomes that the architecture forbids; those that it allows and a host may not show are not asked for.
 */
#include "rt/rt.h"

#define CACHE_LINE	64

struct cell {
	volatile u64 v;
} __attribute__((aligned(CACHE_LINE)));

static struct cell cell[16];

/* ---- events ---- */

static void sevl(void)
{
	u64 begin = rt_now();

	for (unsigned i = 0; i < 1000; i++)
		__asm__ volatile("sevl\n\twfe");
	for (unsigned i = 0; i < 1000; i++)
		__asm__ volatile("sev\n\twfe");
	check(rt_now() - begin < rt_ticks(500000), "WFE sleeps though the event register is set");
}

static volatile u64 sleeping, woken, stop;

static void wfe_sleeper(void *unused)
{
	while (!stop) {
		u64 n = sleeping + 1;

		__atomic_store_n(&sleeping, n, __ATOMIC_RELEASE);
		while (__atomic_load_n(&cell[0].v, __ATOMIC_ACQUIRE) < n && !stop)
			__asm__ volatile("wfe" : : : "memory");
		__atomic_store_n(&woken, n, __ATOMIC_RELEASE);
	}
}

/* The sleeper may wake by itself now and then, so the median of many waits is what counts. */
static void sev_wakes(void)
{
	unsigned quick = 0;

	sleeping = woken = stop = cell[0].v = 0;
	rt_start(1, wfe_sleeper, NULL);
	for (u64 i = 1; i <= 30; i++) {
		u64 begin;

		if (!rt_wait_for(&sleeping, i, 5000)) {
			check(false, "the other vCPU does not run");
			break;
		}
		rt_delay_us(4000);		/* it sleeps by now */
		cell[0].v = i;
		__asm__ volatile("dsb sy\n\tsev" : : : "memory");
		begin = rt_now();
		if (!rt_wait_for(&woken, i, 5000)) {
			check(false, "the sleeper does not wake");
			break;
		}
		quick += rt_now() - begin < rt_ticks(2000);
	}
	stop = 1;
	__asm__ volatile("dsb sy\n\tsev" : : : "memory");
	rt_wait(1);
	check(quick >= 15, "only %u of 30 were woken in 2 ms", quick);
}

/* ---- exclusives, one vCPU ---- */

static u32 store_status(const char *unused, u64 *p, u64 *q, unsigned kind)
{
	u32 w = 9;
	u64 t;

	switch (kind) {
	case 0:		/* matching */
		__asm__ volatile("ldxr %1, [%2]\n\tadd %1, %1, #1\n\tstxr %w0, %1, [%2]" : "=&r"(w), "=&r"(t) : "r"(p) : "memory");
		break;
	case 1:		/* without a load */
		__asm__ volatile("clrex\n\tstxr %w0, xzr, [%1]" : "=&r"(w) : "r"(p) : "memory");
		break;
	case 2:		/* CLREX between */
		__asm__ volatile("ldxr %1, [%2]\n\tclrex\n\tstxr %w0, xzr, [%2]" : "=&r"(w), "=&r"(t) : "r"(p) : "memory");
		break;
	case 3:		/* second store */
		__asm__ volatile("ldxr %1, [%2]\n\tstxr %w0, %1, [%2]\n\tstxr %w0, xzr, [%2]"
				 : "=&r"(w), "=&r"(t) : "r"(p) : "memory");
		break;
	case 4:		/* another address */
		__asm__ volatile("ldxr %1, [%2]\n\tstxr %w0, xzr, [%3]" : "=&r"(w), "=&r"(t) : "r"(p), "r"(q) : "memory");
		break;
	case 5:		/* an exception return between */
		rt_arm();
		__asm__ volatile("ldxr %1, [%2]\n\tsvc #0\n\tstxr %w0, xzr, [%2]" : "=&r"(w), "=&r"(t) : "r"(p) : "memory");
		rt_disarm();
		break;
	case 6:		/* pairs */
		__asm__ volatile("ldxp %1, x9, [%2]\n\tadd x9, x9, #1\n\tstxp %w0, %1, x9, [%2]" : "=&r"(w), "=&r"(t) : "r"(p)
				 : "memory", "x9");
		break;
	case 7:		/* bytes */
		__asm__ volatile("ldaxrb %w1, [%2]\n\tadd %1, %1, #1\n\tstlxrb %w0, %w1, [%2]"
				 : "=&r"(w), "=&r"(t) : "r"(p) : "memory");
		break;
	}
	return w;
}

static void exclusives(void)
{
	static u64 a[2] __attribute__((aligned(16))), b[2] __attribute__((aligned(2048)));

	for (unsigned i = 0; i < 100; i++) {
		a[0] = 0x1ff;
		a[1] = 7;
		equal(store_status(NULL, a, b, 0), 0);
		equal(*(volatile u64 *)a, 0x200);
		equal(store_status(NULL, a, b, 1), 1);
		equal(store_status(NULL, a, b, 2), 1);
		equal(store_status(NULL, a, b, 3), 1);
		equal(store_status(NULL, a, b, 4), 1);
		equal(store_status(NULL, a, b, 5), 1);
		equal(*(volatile u64 *)a, 0x200);
		equal(store_status(NULL, a, b, 6), 0);
		equal(*(volatile u64 *)(a + 1), 8);
		a[0] = 0x2ff;
		equal(store_status(NULL, a, b, 7), 0);
		equal(*(volatile u64 *)a, 0x200);
	}
}

static void lse(void)
{
	static volatile u64 m[4] __attribute__((aligned(32)));
	u64 old;

#define LSE(insn, before, operand, after) do { \
	m[0] = before; \
	__asm__ volatile(insn " %1, %0, [%2]" : "=r"(old) : "r"((u64)(operand)), "r"(m) : "memory"); \
	equal(old, before); \
	equal(m[0], after); \
} while (0)
	LSE("ldadd", 5ull, 7, 12ull);
	LSE("ldaddal", ~0ull, 1, 0ull);
	LSE("ldclr", 0xffull, 0x0f, 0xf0ull);
	LSE("ldset", 0xf0ull, 0x0f, 0xffull);
	LSE("ldeor", 0xffull, 0x0f, 0xf0ull);
	LSE("ldsmax", ~0ull, 1, 1ull);
	LSE("ldsmin", ~0ull, 1, ~0ull);
	LSE("ldumax", ~0ull, 1, ~0ull);
	LSE("ldumin", ~0ull, 1, 1ull);
	LSE("swp", 3ull, 9, 9ull);
#undef LSE
	m[0] = 0xff00;
	__asm__ volatile("ldaddb %w1, %w0, [%2]" : "=r"(old) : "r"(0x1ff), "r"(m) : "memory");
	equal(old, 0);
	equal(m[0], 0xffff);
	m[0] = 5;
	old = 5;
	__asm__ volatile("cas %0, %1, [%2]" : "+r"(old) : "r"(6ull), "r"(m) : "memory");
	equal(old, 5);
	equal(m[0], 6);
	old = 5;
	__asm__ volatile("casal %0, %1, [%2]" : "+r"(old) : "r"(9ull), "r"(m) : "memory");
	equal(old, 6);
	equal(m[0], 6);
	m[0] = 1;
	m[1] = 2;
	register u64 x2 __asm__("x2") = 1;
	register u64 x3 __asm__("x3") = 2;
	register u64 x4 __asm__("x4") = 3;
	register u64 x5 __asm__("x5") = 4;
	__asm__ volatile("casp x2, x3, x4, x5, [%4]" : "+r"(x2), "+r"(x3) : "r"(x4), "r"(x5), "r"(m) : "memory");
	equal(m[0], 3);
	equal(m[1], 4);
	x2 = 1;
	x3 = 4;
	x4 = 8;
	x5 = 9;
	__asm__ volatile("casp x2, x3, x4, x5, [%4]" : "+r"(x2), "+r"(x3) : "r"(x4), "r"(x5), "r"(m) : "memory");
	u64 got2 = x2, got3 = x3;
	equal(got2, 3);
	equal(got3, 4);
	equal(m[0], 3);
}

/* ESR.WnR of an atomic is that of the read if reading faults, too. */
static void lse_faults(void)
{
	u64 at;

	check(TRY(at, "ldadd x1, x2, [%1]", "r"(TEST_BASE)), "no fault");
	equal(exc.esr, ESR(EC_DABORT, 4 + 1));
	check(TRY(at, "cas x1, x2, [%1]", "r"(TEST_BASE + 1)), "no fault");
	equal(exc.esr, ESR(EC_DABORT, 0x21));
	rt_map(TEST_BASE, PA(rt_pages(1)), PTE_NORMAL | PTE_RO);
	check(TRY(at, "swp x1, x2, [%1]", "r"(TEST_BASE)), "no fault");
	expect_exception(ESR(EC_DABORT, 0x40 | 0xf), at);
	check(TRY(at, "casp x2, x3, x4, x5, [%1]", "r"(TEST_BASE)), "no fault");
	expect_exception(ESR(EC_DABORT, 0x40 | 0xf), at);
	check(TRY(at, "stxr w1, x2, [%1]", "r"(TEST_BASE + 8)), "no fault");
	expect_exception(ESR(EC_DABORT, 0x40 | 0xf), at);
}

/* ---- contention ---- */

#define ROUNDS	20000

static void add_excl(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		u64 t;
		u32 w;

		__asm__ volatile("1:\tldxr %0, [%2]\n\tadd %0, %0, #1\n\tstxr %w1, %0, [%2]\n\tcbnz %w1, 1b"
				 : "=&r"(t), "=&r"(w) : "r"(&cell[0]) : "memory");
	}
}

static void add_pair(void *arg)
{
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		u64 t, u;
		u32 w;

		__asm__ volatile("1:\tldaxp %0, %1, [%3]\n\tadd %0, %0, #1\n\tsub %1, %1, #1\n\tstlxp %w2, %0, %1, [%3]\n\t"
				 "cbnz %w2, 1b" : "=&r"(t), "=&r"(u), "=&r"(w) : "r"(&cell[2]) : "memory");
	}
}

static void add_lse(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		__asm__ volatile("stadd %0, [%1]" : : "r"(1ull), "r"(&cell[4]) : "memory");
}

/* Linux's ticket-like waiting: LDXR, compare, WFE; released by STLR. */
static void lock(volatile u64 *l)
{
	u64 t;
	u32 w;

	__asm__ volatile("sevl\n1:\twfe\n2:\tldaxr %0, [%2]\n\tcbnz %0, 1b\n\tstxr %w1, %3, [%2]\n\tcbnz %w1, 2b"
			 : "=&r"(t), "=&r"(w) : "r"(l), "r"(1ull) : "memory");
}

static void unlock(volatile u64 *l)
{
	__asm__ volatile("stlr xzr, [%0]" : : "r"(l) : "memory");
}

static void add_locked(void *arg)
{
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		lock(&cell[6].v);
		cell[7].v++;
		cell[8].v--;
		unlock(&cell[6].v);
	}
}

static u64 on_all(void (*fn)(void *))
{
	unsigned n = rt_cpus();

	for (unsigned i = 0; i < ARRAY_SIZE(cell); i++)
		cell[i].v = 0;
	dsb();
	for (unsigned i = 1; i < n; i++)
		rt_start(i, fn, (void *)(u64)i);
	fn(NULL);
	rt_wait_all();
	return n;
}

static void contended_excl(void)
{
	u64 n = on_all(add_excl);

	equal(cell[0].v, n * ROUNDS);
}

static void contended_pair(void)
{
	u64 n = on_all(add_pair);

	equal(cell[2].v, n * (ROUNDS / 4));
	equal((&cell[2].v)[1], -(n * (ROUNDS / 4)));
}

static void contended_lse(void)
{
	u64 n = on_all(add_lse);

	equal(cell[4].v, n * ROUNDS);
}

static void contended_lock(void)
{
	u64 n = on_all(add_locked);

	equal(cell[7].v, n * (ROUNDS / 4));
	equal(cell[8].v, -(n * (ROUNDS / 4)));
}

/* ---- litmus: each round, all start from a barrier, run a few instructions, and meet again ---- */

#define LITMUS_ROUNDS	20000

struct litmus {
	unsigned cpus;
	void (*run)(unsigned cpu, u64 *x, u64 *y, u64 *out);
	bool (*forbidden)(const u64 *x, const u64 *y, const u64 *out);
	u64 *x, *y;
	volatile u64 arrived;
	volatile u64 round;
	u64 out[8];
	u64 bad;
};
static struct litmus litmus;
static struct { u64 x; u64 pad[7]; u64 y; u64 pad2[7]; } vars[256] __attribute__((aligned(64)));

static void meet(u64 *sense)
{
	u64 next = ++*sense;

	if (__atomic_add_fetch(&litmus.arrived, 1, __ATOMIC_SEQ_CST) == next * litmus.cpus)
		__atomic_store_n(&litmus.round, next, __ATOMIC_SEQ_CST);
	else
		for (unsigned i = 0; __atomic_load_n(&litmus.round, __ATOMIC_SEQ_CST) < next; i++)
			if (i > 2000)
				__asm__ volatile("wfe");
}

/*
 * The vCPUs wait for each other, so that they are at the same round if they run at the same time: long if they have just met,
 * a little if not (the host may not run them all). Then some skew.
 */
static struct cell gate[256], met[8];
static void approach(unsigned me, unsigned round)
{
	unsigned spins = met[me].v ? 50000 : 500, i = 0;

	__atomic_add_fetch(&gate[round].v, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&gate[round].v, __ATOMIC_RELAXED) < litmus.cpus && i < spins)
		i++;
	met[me].v = i < spins;
	for (unsigned i = 0; i < (round >> 2 * (me & 1) & 3); i++)
		barrier();
}

/* A batch of rounds between two meetings. */
static u64 outs[256][8];
static void litmus_cpu(void *arg)
{
	unsigned me = (unsigned)(u64)arg;
	u64 sense = 0;

	for (unsigned batch = 0; batch < LITMUS_ROUNDS / 256; batch++) {
		meet(&sense);
		for (unsigned i = 0; i < 256; i++) {
			approach(me, i);
			litmus.run(me, &vars[i].x, &vars[i].y, outs[i]);
		}
		meet(&sense);
		if (me)
			continue;
		for (unsigned i = 0; i < 256; i++) {
			litmus.bad += litmus.forbidden(&vars[i].x, &vars[i].y, outs[i]);
			vars[i].x = vars[i].y = vars[i].pad[0] = gate[i].v = 0;
			for (unsigned k = 0; k < 8; k++)
				outs[i][k] = 0;
		}
		dsb();
	}
}

static void run_litmus(unsigned cpus, void (*run)(unsigned, u64 *, u64 *, u64 *),
		       bool (*forbidden)(const u64 *, const u64 *, const u64 *))
{
	litmus = (struct litmus){ .cpus = cpus, .run = run, .forbidden = forbidden };
	memset(vars, 0, sizeof(vars));
	memset(outs, 0, sizeof(outs));
	memset(gate, 0, sizeof(gate));
	dsb();
	for (unsigned i = 1; i < cpus; i++)
		rt_start(i, litmus_cpu, (void *)(u64)i);
	litmus_cpu(NULL);
	rt_wait_all();
	check(litmus.bad == 0, "%lu forbidden outcomes", litmus.bad);
}

#define LD(p)	({ u64 v_; __asm__ volatile("ldr %0, [%1]" : "=r"(v_) : "r"(p) : "memory"); v_; })
#define LDA(p)	({ u64 v_; __asm__ volatile("ldar %0, [%1]" : "=r"(v_) : "r"(p) : "memory"); v_; })
#define ST(p, v)	__asm__ volatile("str %0, [%1]" : : "r"((u64)(v)), "r"(p) : "memory")
#define STL(p, v)	__asm__ volatile("stlr %0, [%1]" : : "r"((u64)(v)), "r"(p) : "memory")
#define DMB()		__asm__ volatile("dmb ish" : : : "memory")
#define DMBLD()		__asm__ volatile("dmb ishld" : : : "memory")
#define DMBST()		__asm__ volatile("dmb ishst" : : : "memory")

static void mp_ra(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	if (!cpu) {
		ST(x, 1);
		STL(y, 1);
	} else {
		o[0] = LDA(y);
		o[1] = LD(x);
	}
}
static void mp_dmb(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	if (!cpu) {
		ST(x, 1);
		DMBST();
		ST(y, 1);
	} else {
		o[0] = LD(y);
		DMBLD();
		o[1] = LD(x);
	}
}
static bool mp_bad(const u64 *x, const u64 *y, const u64 *o) { return o[0] == 1 && o[1] == 0; }

static void sb_dmb(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	if (!cpu) {
		ST(x, 1);
		DMB();
		o[0] = LD(y);
	} else {
		ST(y, 1);
		DMB();
		o[1] = LD(x);
	}
}
static void sb_ra(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	if (!cpu) {
		STL(x, 1);
		o[0] = LDA(y);
	} else {
		STL(y, 1);
		o[1] = LDA(x);
	}
}
/* A successful exclusive store with release, then a load-acquire. */
static void sb_excl(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	u64 *mine = cpu ? y : x, *other = cpu ? x : y;
	u32 w;
	u64 t;

	__asm__ volatile("1:\tldaxr %1, [%2]\n\tstlxr %w0, %3, [%2]\n\tcbnz %w0, 1b" : "=&r"(w), "=&r"(t) : "r"(mine), "r"(1ull)
			 : "memory");
	o[cpu] = LDA(other);
}
static void sb_lse(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	u64 *mine = cpu ? y : x, *other = cpu ? x : y, t;

	__asm__ volatile("swpal %1, %0, [%2]" : "=r"(t) : "r"(1ull), "r"(mine) : "memory");
	o[cpu] = LDA(other);
}
static bool sb_bad(const u64 *x, const u64 *y, const u64 *o) { return o[0] == 0 && o[1] == 0; }

static void lb_dmb(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	if (!cpu) {
		o[0] = LD(x);
		DMB();
		ST(y, 1);
	} else {
		o[1] = LD(y);
		DMB();
		ST(x, 1);
	}
}
static void lb_ra(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	if (!cpu) {
		o[0] = LDA(x);
		ST(y, 1);
	} else {
		o[1] = LD(y);
		STL(x, 1);
	}
}
static bool lb_bad(const u64 *x, const u64 *y, const u64 *o) { return o[0] == 1 && o[1] == 1; }

static void iriw(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	switch (cpu) {
	case 0: STL(x, 1); break;
	case 1: STL(y, 1); break;
	case 2: o[0] = LDA(x); o[1] = LDA(y); break;
	default: o[2] = LDA(y); o[3] = LDA(x); break;
	}
}
static bool iriw_bad(const u64 *x, const u64 *y, const u64 *o) { return o[0] == 1 && !o[1] && o[2] == 1 && !o[3]; }

static void w22(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	if (!cpu) {
		ST(x, 1);
		DMB();
		ST(y, 2);
	} else {
		ST(y, 1);
		DMB();
		ST(x, 2);
	}
}
static bool w22_bad(const u64 *x, const u64 *y, const u64 *o) { return *x == 1 && *y == 1; }

static void corr(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	if (!cpu) {
		ST(x, 1);
		ST(x, 2);
	} else {
		o[0] = LD(x);
		o[1] = LD(x);
	}
}
static bool corr_bad(const u64 *x, const u64 *y, const u64 *o) { return o[0] > o[1]; }

/* 16 bytes: single-copy atomic through LDXP and CASP. */
static void wide(unsigned cpu, u64 *x, u64 *y, u64 *o)
{
	u64 a, b;
	u32 w;

	if (!cpu)
		__asm__ volatile("1:\tldxp %0, %1, [%3]\n\tstxp %w2, %4, %4, [%3]\n\tcbnz %w2, 1b"
				 : "=&r"(a), "=&r"(b), "=&r"(w) : "r"(x), "r"(7ull) : "memory");
	else
		__asm__ volatile("1:\tldxp %0, %1, [%3]\n\tstxp %w2, %0, %1, [%3]\n\tcbnz %w2, 1b\n\tstp %0, %1, [%4]"
				 : "=&r"(a), "=&r"(b), "=&r"(w) : "r"(x), "r"(o) : "memory");
}
static bool wide_bad(const u64 *x, const u64 *y, const u64 *o) { return o[0] != o[1]; }

static void t_mp_ra(void)	{ run_litmus(2, mp_ra, mp_bad); }
static void t_mp_dmb(void)	{ run_litmus(2, mp_dmb, mp_bad); }
static void t_sb_dmb(void)	{ run_litmus(2, sb_dmb, sb_bad); }
static void t_sb_ra(void)	{ run_litmus(2, sb_ra, sb_bad); }
static void t_sb_excl(void)	{ run_litmus(2, sb_excl, sb_bad); }
static void t_sb_lse(void)	{ run_litmus(2, sb_lse, sb_bad); }
static void t_lb_dmb(void)	{ run_litmus(2, lb_dmb, lb_bad); }
static void t_lb_ra(void)	{ run_litmus(2, lb_ra, lb_bad); }
static void t_iriw(void)	{ run_litmus(4, iriw, iriw_bad); }
static void t_w22(void)		{ run_litmus(2, w22, w22_bad); }
static void t_corr(void)	{ run_litmus(2, corr, corr_bad); }
static void t_wide(void)	{ run_litmus(2, wide, wide_bad); }

const struct test tests[] = {
	{ "WFE goes on at once when the event register is set", sevl },
	{ "SEV wakes a vCPU that waits for an event", sev_wakes, "2" },
	{ "a store-exclusive needs its load, its address and nothing between", exclusives },
	{ "each atomic returns the old value and stores the new", lse, "lse" },
	{ "an atomic that cannot read faults as a read, else as a write", lse_faults, "lse" },
	{ "contended exclusives lose nothing and go on", contended_excl, "2" },
	{ "contended exclusive pairs lose nothing and go on", contended_pair, "2" },
	{ "contended atomics lose nothing", contended_lse, "2 lse" },
	{ "spinlocks with WFE exclude and go on", contended_lock, "2" },
	{ "MP with release and acquire", t_mp_ra, "2" },
	{ "MP with DMB ISHST and ISHLD", t_mp_dmb, "2" },
	{ "SB with DMB", t_sb_dmb, "2" },
	{ "SB with release and acquire", t_sb_ra, "2" },
	{ "SB with exclusives, release and acquire", t_sb_excl, "2" },
	{ "SB with SWPAL", t_sb_lse, "2 lse" },
	{ "LB with DMB", t_lb_dmb, "2" },
	{ "LB with acquire, and with release", t_lb_ra, "2" },
	{ "IRIW with release and acquire", t_iriw, "4" },
	{ "2+2W with DMB", t_w22, "2" },
	{ "two reads of one location keep its order", t_corr, "2" },
	{ "a pair is written and read as one", t_wide, "2" },
	{ NULL }
};
