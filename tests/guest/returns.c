/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Returns: RET is a branch to whatever x30 holds (ARM DDI 0487 C6.2.254), whoever called and whatever has happened since. A
 * translator, or a processor, that predicts where it goes must notice each of these.
 */
#include "rt/rt.h"

#define RET	0xd65f03c0u
#define RET_X19	0xd65f0260u
#define SAVE	0xaa1e03f3u				/* mov x19, x30 */
#define BLR_X0	0xd63f0000u
#define MOV(n)	(0xd2800000u | (u32)(n) << 5)		/* mov x0, #n */

static __attribute__((noinline)) u64 nested(u64 n)
{
	if (n < 2)
		return n;
	__asm__ volatile("" : "+r"(n));
	return nested(n - 1) + nested(n - 2);
}

/* ---- deep, and unbalanced ---- */

/* x0: depth; x1: a stack of its own; x2: counts the returns. */
__asm__(".text\n\t.balign 8\ndeep:\tstr x30, [x1], #8\n\tsubs x0, x0, #1\n\tb.eq 1f\n\tbl deep\n"
	"1:\tadd x2, x2, #1\n\tldr x30, [x1, #-8]!\n\tret\n");

static void deep_calls(void)
{
	static const u64 depths[] = { 1, 2, 100, 2046, 2047, 2048, 2049, 2050, 4096, 5000, 20000, 600000 };
	u64 *stack = rt_pages(1200);

	for (unsigned i = 0; i < 3 * ARRAY_SIZE(depths); i++) {
		register u64 x0 __asm__("x0") = depths[i % ARRAY_SIZE(depths)];
		register u64 *x1 __asm__("x1") = stack;
		register u64 x2 __asm__("x2") = 0;
		u64 *end, count;

		__asm__ volatile("bl deep" : "+r"(x0), "+r"(x1), "+r"(x2) : : "x30", "memory", "cc");
		end = x1;
		count = x2;
		equal(count, depths[i % ARRAY_SIZE(depths)]);
		equal(end, stack);
	}
	equal(nested(15), 610);
}

static u64 env[14];
static volatile bool jumps = true;

static __attribute__((noinline)) u64 dive(unsigned n)
{
	if (!n) {
		if (jumps)
			rt_longjmp(env);
		return 0;
	}
	return dive(n - 1) + 1;
}

static __attribute__((noinline)) u64 jump_out(unsigned above, unsigned below)
{
	if (above)
		return jump_out(above - 1, below) + 1;
	if (!rt_setjmp(env))
		dive(below);
	return nested(8);
}

static void long_jumps(void)
{
	for (unsigned i = 0; i < 60; i++)
		equal(jump_out(i % 7, i), 21 + i % 7);
}

__asm__(".text\n\t.balign 8\nbounce:\tmov x9, x30\n\tmov x30, x0\n\tret\n"
	"places:\tmov x0, #10\n\tret x9\n\tmov x0, #11\n\tret x9\n\tmov x0, #12\n\tbr x9\n\tmov x0, #13\n\tmov x30, x9\n\tret\n"
	"back:\tmov x30, x30\n\tbr x30\n"
	"twice:\tmov x9, x30\n\tbl 1f\n\tadd x0, x0, #1\n\tret x9\n1:\tadd x30, x30, #4\n\tret\n");
extern const u32 places[];
u64 bounce(u64), back(u64), twice(u64);

/* To elsewhere than the call; by another register; by a jump; past the instruction behind the call. */
static void elsewhere(void)
{
	for (unsigned i = 0; i < 200; i++) {
		equal(bounce((u64)&places[2 * (i % 4)]), 10 + i % 4);
		equal(back(i), i);
		equal(twice(i), i);
	}
}

/*
 * The first return matches no call; the second goes to 1 (where QEMU 7.2 reports the page first). `skewed`: a call's return
 * address is changed by two.
 */
__asm__(".text\n\t.balign 8\nodd:\tadr x30, 1f\n\tret\n1:\tmov x30, #1\n\tret\n"
	"skewed:\tbl 1f\n\tsvc #9\n1:\tadd x30, x30, #2\n\tret\n"
	"tagged:\tbl 1f\n\tsvc #9\n1:\tmovk x30, #0x5500, lsl #48\n\tret\n");
extern const char odd[], skewed[], tagged[];

static struct frame run_el1(const char *label)
{
	struct frame f = { .elr = PA(label), .spsr = PSR_EL1H };

	rt_enter(&f);
	return f;
}

static void bad_addresses(void)
{
	for (unsigned i = 0; i < 20; i++) {
		struct frame f = run_el1(odd);

		equal(f.esr, ESR(EC_PC_ALIGN, 0));
		equal(f.elr, 1);
		f = run_el1(skewed);
		equal(f.esr, ESR(EC_PC_ALIGN, 0));
		equal(f.elr, PA(skewed) + 6);
		f = run_el1(tagged);
		equal(f.esr >> 26, EC_IABORT);
		equal(f.far, (PA(tagged) + 4) | 0x55ull << 56);
	}
}

/* ---- what is at the return address changes while the callee runs ---- */

static u32 *page_a, *page_b;

static void put(u32 *p, u32 n)
{
	p[0] = SAVE;
	p[1] = BLR_X0;
	p[2] = MOV(n);
	p[3] = RET_X19;
}

static u64 call(u64 va, void (*callee)(void))
{
	register u64 x0 __asm__("x0") = PA(callee);

	__asm__ volatile("blr %1" : "+r"(x0) : "r"(va)
			 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
			   "x17", "x18", "x19", "x30", "memory", "cc");
	return x0;
}

#define CODE_VA	(TEST_BASE + 0x7000)
#define VA_ARG	(CODE_VA >> 12)

static unsigned how;
static u32 *next_page;

static void nothing(void)
{
}

static void remap(void)
{
	u64 *entry = rt_entry(rt_root, 12, CODE_VA, 3);

	nested(5);
	*(volatile u64 *)entry = PA(next_page) | PTE_NORMAL | PTE_NG | PTE_TABLE;
	dsb();
	switch (how % 4) {
	case 0: __asm__ volatile("tlbi vae1, %0" : : "r"(VA_ARG | 1ull << 48) : "memory"); break;
	case 1: __asm__ volatile("tlbi vaae1is, %0" : : "r"(VA_ARG) : "memory"); break;
	case 2: __asm__ volatile("tlbi aside1, %0" : : "r"(1ull << 48) : "memory"); break;
	default: __asm__ volatile("tlbi vmalle1is" : : : "memory"); break;
	}
	dsb();
	isb();
	nested(3);
}

static void two_pages(void)
{
	page_a = rt_pages(1);
	page_b = rt_pages(1);
	put(page_a, 1);
	put(page_b, 2);
	rt_sync_code(page_a, 16);
	rt_sync_code(page_b, 16);
	rt_map(CODE_VA, PA(page_a), PTE_NORMAL | PTE_NG);
	rt_tlbi_all();
}

static void remapped(void)
{
	two_pages();
	for (how = 0; how < 80; how++) {
		unsigned to_b = ~how & 1;

		equal(call(CODE_VA, nothing), 2 - to_b);
		next_page = to_b ? page_b : page_a;
		equal(call(CODE_VA, remap), 1 + to_b);
	}
}

static u64 *root_a, *root_b;

static void other_space(void)
{
	nested(4);
	rt_space(how & 1 ? root_a : root_b, how & 1 ? 40 : 41);
}

/* The callee returns in another address space, and there the same address has other code. */
static void switched(void)
{
	two_pages();
	root_a = rt_new_root(12);
	root_b = rt_new_root(12);
	rt_identity(root_a, 12);
	rt_identity(root_b, 12);
	*rt_entry(root_a, 12, CODE_VA, 3) = PA(page_a) | PTE_NORMAL | PTE_NG | PTE_TABLE;
	*rt_entry(root_b, 12, CODE_VA, 3) = PA(page_b) | PTE_NORMAL | PTE_NG | PTE_TABLE;
	dsb();
	rt_space(root_a, 40);
	for (how = 0; how < 80; how++) {
		equal(call(CODE_VA, nothing), 1 + (how & 1));
		equal(call(CODE_VA, other_space), 2 - (how & 1));
	}
	rt_space(rt_root, 1);
}

static void patch(void)
{
	nested(4);
	page_a[2] = MOV(how);
	rt_sync_code(&page_a[2], 4);
}

static void patched(void)
{
	two_pages();
	for (how = 0; how < 200; how++) {
		equal(call(CODE_VA, patch), how);
		equal(call(CODE_VA, nothing), how);
	}
}

/* The call is a page's last instruction; the next page is not its neighbour, and changes. */
static void last_in_page(void)
{
	u32 *first = rt_pages(1);

	two_pages();
	put(page_a, 0);
	put(page_b, 0);
	page_a[0] = MOV(1);
	page_b[0] = MOV(2);
	page_a[1] = page_b[1] = RET_X19;
	first[1022] = SAVE;
	first[1023] = BLR_X0;
	rt_sync_code(first, 4096);
	rt_sync_code(page_a, 8);
	rt_sync_code(page_b, 8);
	rt_map(CODE_VA - 4096, PA(first), PTE_NORMAL | PTE_NG);
	for (how = 0; how < 80; how++) {
		unsigned to_b = ~how & 1;

		equal(call(CODE_VA - 8, nothing), 2 - to_b);
		next_page = to_b ? page_b : page_a;
		equal(call(CODE_VA - 8, remap), 1 + to_b);
	}
}

/* ---- exception levels ---- */

/*
 * At EL0: a call, and an exception before it returns. The handler returns to the call's return address, at EL1. And the other way
 * round. With x0 = 0 they return as they were called, for the translator to know the way.
 */
__asm__(".text\n\t.balign 8\nuser_call:\tbl 1f\n\tsvc #9\n1:\tcbz x0, 2f\n\tsvc #1\n2:\tret\n"
	".balign 2048\nown_vectors:\t.balign 512\n\t.space 512\n"
	"\tmsr vbar_el1, x20\n\tisb\n\tadd x21, x20, #0x200\n\tbr x21\n"
	"\t.balign 512\n\tret\n"
	"\t.balign 8\nkernel_call:\tbl 1f\n\tmrs x5, tpidr_el1\n\tsvc #9\n"
	"1:\tcbz x0, 2f\n\tmsr elr_el1, x0\n\tmov x1, #0x3c0\n\tmsr spsr_el1, x1\n\teret\n2:\tret\nuser_return:\tret\n");
extern const char user_call[], own_vectors[], kernel_call[], user_return[];

static void user_frame_at_el1(void)
{
	for (unsigned i = 0; i < 20; i++) {
		struct frame f = { 0 };

		rt_enter_el0(&f, user_call);
		equal(f.esr, ESR(EC_SVC, 9));
		f.x[0] = 1;
		rt_enter_el0(&f, user_call);
		equal(f.esr, ESR(EC_SVC, 1));
		rt_enter(&f);			/* and on: it returns to its caller */
		equal(f.esr, ESR(EC_SVC, 9));
		f.x[20] = PA(rt_vectors);
		write_reg_isb(vbar_el1, own_vectors);
		rt_enter_el0(&f, user_call);
		equal(f.esr >> 26, EC_IABORT);	/* what EL0 may write EL1 does not run */
		equal(f.far, USER(user_call) + 4);
	}
}

static void kernel_frame_at_el0(void)
{
	for (unsigned i = 0; i < 20; i++) {
		struct frame f = { .elr = PA(kernel_call), .spsr = PSR_EL1H };

		rt_enter(&f);
		equal(f.esr, ESR(EC_SVC, 9));
		f.elr = PA(kernel_call);
		f.spsr = PSR_EL1H;
		f.x[0] = (u64)USER(user_return);
		rt_enter(&f);
		equal(f.vector, VEC_EL0);
		equal(f.elr, PA(kernel_call) + 4);
		check(f.esr >> 26 == EC_IABORT_EL0 || f.esr >> 26 == EC_UNKNOWN, "ESR %lx: EL0 ran the kernel's code", f.esr);
	}
}

#define BCR_EL0	(1 | 2 << 1 | 0xf << 5)
#define MDE	BIT(15)

static void breakpoint(void)
{
	u64 at = (u64)USER(user_call) + 4;

	write_reg(oslar_el1, 0);
	for (unsigned i = 0; i < 20; i++) {
		struct frame f = { .x = { 1 } };

		rt_enter_el0(&f, user_call);
		write_reg(dbgbvr0_el1, at);
		write_reg(dbgbcr0_el1, BCR_EL0);
		write_reg_isb(mdscr_el1, MDE);
		rt_enter(&f);
		equal(f.esr, ESR(EC_BREAK_EL0, 0x22));
		equal(f.elr, at);
		write_reg(dbgbcr0_el1, 0);
		write_reg_isb(mdscr_el1, 0);
		rt_enter(&f);
		equal(f.esr, ESR(EC_SVC, 9));
	}
}

static volatile u64 taken;

static void on_irq(struct frame *f)
{
	rt_gic_eoi(rt_gic_ack());
	taken += nested(6) == 8;
}

static __attribute__((noinline)) u64 interrupted(unsigned n)
{
	u64 before = taken;

	if (!n)
		return 0;
	rt_gic_sgi(3, 1);
	rt_wait_for(&taken, before + 1, 5000);
	return interrupted(n - 1) + 1;
}

static void interrupts(void)
{
	rt_gic_init();
	rt_gic_enable(3, 0x80);
	rt_cpu()->irq = on_irq;
	taken = 0;
	irq_on();
	for (unsigned i = 1; i < 60; i++)
		equal(interrupted(i), i);
	irq_off();
	equal(taken, 59 * 60 / 2);
}

/* ---- stacks that change hands ---- */

struct context {
	u64 regs[13];			/* x19..x30, sp */
};
void change(struct context *from, const struct context *to);
__asm__(".text\n\t.balign 8\nchange:\n\tstp x19, x20, [x0]\n\tstp x21, x22, [x0, #16]\n\tstp x23, x24, [x0, #32]\n"
	"\tstp x25, x26, [x0, #48]\n\tstp x27, x28, [x0, #64]\n\tstp x29, x30, [x0, #80]\n\tmov x2, sp\n\tstr x2, [x0, #96]\n"
	"\tldr x2, [x1, #96]\n\tmov sp, x2\n\tldp x19, x20, [x1]\n\tldp x21, x22, [x1, #16]\n\tldp x23, x24, [x1, #32]\n"
	"\tldp x25, x26, [x1, #48]\n\tldp x27, x28, [x1, #64]\n\tldp x29, x30, [x1, #80]\n\tret\n");

static struct coroutine {
	struct context own, caller;
	u64 depth, result;
	volatile u64 turn;		/* resumes so far; who may do the next: turn % vCPUs */
	volatile bool done;
} co[2];

static __attribute__((noinline)) u64 walk(struct coroutine *c, u64 n)
{
	u64 r;

	if (!n)
		return nested(7);
	change(&c->own, &c->caller);
	r = walk(c, n - 1);
	change(&c->own, &c->caller);
	return r + n;
}

/* They begin here with no caller: the code that `change` returns to finds its coroutine in x19. */
__asm__(".text\n\t.balign 8\nbegin_walk:\tmov x0, x19\n\tbl walk_all\n");
extern const char begin_walk[];
void walk_all(struct coroutine *c);
void walk_all(struct coroutine *c)
{
	c->result = walk(c, c->depth);
	c->done = true;
	change(&c->own, &c->caller);
}

static void prepare(struct coroutine *c, u64 depth)
{
	memset(c, 0, sizeof(*c));
	c->depth = depth;
	c->own.regs[0] = (u64)c;
	c->own.regs[11] = PA(begin_walk);
	c->own.regs[12] = (u64)rt_pages(2) + 8192;
}

static void coroutines(void)
{
	prepare(&co[0], 30);
	prepare(&co[1], 41);
	while (!co[0].done || !co[1].done)
		for (unsigned i = 0; i < 2; i++)
			if (!co[i].done)
				change(&co[i].caller, &co[i].own);
	equal(co[0].result, 13 + 30 * 31 / 2);
	equal(co[1].result, 13 + 41 * 42 / 2);
}

/* A thread of the guest that goes from vCPU to vCPU with calls open. */
static void carry(struct coroutine *c, u64 me)
{
	while (!c->done) {
		u64 t = __atomic_load_n(&c->turn, __ATOMIC_ACQUIRE);

		if (t % 2 != me || c->done)
			continue;
		change(&c->caller, &c->own);
		__atomic_store_n(&c->turn, t + 1, __ATOMIC_RELEASE);
	}
}

static void second(void *unused)
{
	carry(&co[0], 1);
}

static void migrates(void)
{
	for (unsigned round = 0; round < 10; round++) {
		prepare(&co[0], 40);
		rt_start(1, second, NULL);
		carry(&co[0], 0);
		rt_wait(1);
		equal(co[0].result, 13 + 40 * 41 / 2);
	}
}

/* ---- another vCPU changes what is at the return address ---- */

static volatile u64 asked, answered;
static volatile bool stop, by_patch;

static void ask(void)
{
	asked++;
	nested(5);
	if (!rt_wait_for(&answered, asked, 5000))
		check(false, "no answer in round %lu", asked);
	isb();
}

static void changer(void *unused)
{
	while (!stop) {
		u64 n = __atomic_load_n(&asked, __ATOMIC_ACQUIRE);

		if (n == answered)
			continue;
		if (by_patch) {
			page_a[2] = MOV(n);
			rt_sync_code(&page_a[2], 4);
		} else {
			*(volatile u64 *)rt_entry(rt_root, 12, CODE_VA, 3) =
				PA(n & 1 ? page_b : page_a) | PTE_NORMAL | PTE_NG | PTE_TABLE;
			dsb();
			__asm__ volatile("tlbi vaae1is, %0" : : "r"(VA_ARG) : "memory");
			dsb();
		}
		__atomic_store_n(&answered, n, __ATOMIC_RELEASE);
	}
}

static void with_changer(bool patches)
{
	two_pages();
	asked = answered = 0;
	stop = false;
	by_patch = patches;
	rt_start(1, changer, NULL);
	for (unsigned i = 1; i < 200; i++)
		equal(call(CODE_VA, ask), patches ? i : 1 + (i & 1));
	stop = true;
	rt_wait(1);
}

static void remapped_by_other(void)	{ with_changer(false); }
static void patched_by_other(void)	{ with_changer(true); }

const struct test tests[] = {
	{ "six hundred thousand calls return in order", deep_calls },
	{ "longjmp over calls leaves the outer returns right", long_jumps },
	{ "a return goes where x30 says, not where the call came from", elsewhere },
	{ "returns to addresses that are no instruction's take the exception", bad_addresses },
	{ "the return address is remapped by the callee, with each TLBI", remapped },
	{ "a callee that switches the address space returns in the new one", switched },
	{ "the instruction behind the call is patched by the callee", patched },
	{ "a call that ends its page returns to the next page as it is mapped then", last_in_page },
	{ "EL1 does not return along a call of EL0", user_frame_at_el1 },
	{ "EL0 does not return along a call of EL1", kernel_frame_at_el0 },
	{ "a breakpoint set on the return address meanwhile is hit", breakpoint },
	{ "interrupts between call and return change nothing", interrupts },
	{ "coroutines return on their own stacks", coroutines },
	{ "a thread with calls open moves between vCPUs", migrates, "2" },
	{ "the return address is remapped by another vCPU", remapped_by_other, "2" },
	{ "the instruction behind the call is patched by another vCPU", patched_by_other, "2" },
	{ NULL }
};
