/* SPDX-License-Identifier: BSD-2-Clause */
/* PSCI as a guest calls it (Arm DEN 0022): functions, answers, conduits, vCPUs that go off and come back. */
#include "rt/rt.h"

#define VERSION		0x84000000
#define SUSPEND		0xc4000001
#define CPU_OFF		0x84000002
#define CPU_ON		0xc4000003
#define INFO		0xc4000004
#define FEATURES	0x8400000a

static long smc(u32 fn, u64 a, u64 b, u64 c)
{
	register u64 x0 __asm__("x0") = fn;
	register u64 x1 __asm__("x1") = a;
	register u64 x2 __asm__("x2") = b;
	register u64 x3 __asm__("x3") = c;

	__asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory", "x4", "x5", "x6", "x7", "x8", "x9",
			 "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17");
	return (long)x0;
}

static void psci_answers(void)
{
	long v = rt_psci(VERSION, 0, 0, 0);

	check((v >> 16) == 1, "version %lx", (u64)v);
	equal((int)rt_psci(0x84000fff, 0, 0, 0), -1);
	equal((int)rt_psci(FEATURES, CPU_ON, 0, 0), 0);
	equal((int)rt_psci(FEATURES, 0x84000fff, 0, 0), -1);
	equal((int)rt_psci(CPU_ON, 0x77, PA(rt_vectors), 0), -2);	/* no such vCPU */
	equal((int)rt_psci(CPU_ON, 0, PA(rt_vectors), 0), -4);	/* ALREADY_ON */
	equal(rt_psci(INFO, 0, 0, 0), 0);			/* on */
	equal((int)rt_psci(INFO, 0x77, 0, 0), -2);
}

/* Both conduits; a call changes x0 to x3 at most. */
static void psci_conduits(void)
{
	register u64 x4 __asm__("x4") = 0x1234;
	register u64 x17 __asm__("x17") = 0x5678;
	register u64 x0 __asm__("x0") = VERSION;
	u64 a, b;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x4), "+r"(x17) : : "memory", "x1", "x2", "x3");
	a = x4;
	b = x17;
	equal(a, 0x1234);
	equal(b, 0x5678);
	equal(smc(VERSION, 0, 0, 0), rt_psci(VERSION, 0, 0, 0));
}

static volatile u64 off_went[2];
__asm__(".text\n\t.balign 8\noff_entry:\n\tldr x1, [x0]\n\tadd x1, x1, #1\n\tmrs x2, sctlr_el1\n\tmrs x3, currentel\n\t"
	"orr x2, x2, x3, lsl #32\n\tstr x2, [x0, #8]\n\tstr x1, [x0]\n\tmov w0, #2\n"
	"\tmovk w0, #0x8400, lsl #16\n\thvc #0\n\tb .\n");
extern const char off_entry[];

/* The last vCPU comes and goes; it begins with its MMU off, at EL1, with the context in x0. */
static void cpu_off_on(void)
{
	unsigned n = rt_cpus() - 1;
	u64 end;

	off_went[0] = 0;
	for (u64 i = 1; i <= 20; i++) {
		long err = rt_psci(CPU_ON, rt_mpidr_of(n), PA(off_entry), PA(off_went));

		equal(err, 0);
		if (!rt_wait_for(&off_went[0], i, 5000)) {
			check(false, "it did not start in round %lu", i);
			return;
		}
		equal(off_went[1] >> 32, 4);
		equal(off_went[1] & SCTLR_M, 0);
		end = rt_now() + rt_ticks(5000000);
		while (rt_psci(INFO, rt_mpidr_of(n), 0, 0) != 1 && rt_now() < end)
			;
		equal(rt_psci(INFO, rt_mpidr_of(n), 0, 0), 1);	/* off */
	}
}

static void timer_in(u64 us)
{
	rt_gic_init_cpu();
	rt_gic_enable(INTID_VTIMER, 0x80);
	write_reg(cntv_cval_el0, rt_now() + rt_ticks(us));
	write_reg_isb(cntv_ctl_el0, 1);
}

static void psci_suspend(void)
{
	u64 begin = rt_now();
	unsigned calls = 0;

	rt_gic_init();
	timer_in(20000);
	while (!rt_gic_pending(INTID_VTIMER)) {
		equal(rt_psci(SUSPEND, 0, 0, 0), 0);	/* standby */
		calls++;
	}
	check(rt_now() - begin >= rt_ticks(19999), "too early");
	check(calls <= 3, "%u calls came back while nothing was pending", calls);
	calls = 0;
	begin = rt_now();
	equal(rt_psci(SUSPEND, 0, 0, 0), 0);		/* what is pending is not waited for */
	check(rt_now() - begin < rt_ticks(1000000), "it waited");
	write_reg_isb(cntv_ctl_el0, 0);
}

static volatile u64 down_went[2], down_came_back;

static void power_down(void *arg)
{
	timer_in(20000);
	rt_psci(SUSPEND, 0x10000, PA(off_entry), PA(down_went));
	down_came_back = 1;
}

/* It begins anew with its MMU off when the timer's interrupt comes, masked as it is. QEMU 7.2 knows stand-by only. */
static void psci_power_down(void)
{
	unsigned n = rt_cpus() - 1;
	u64 begin = rt_now(), end;

	equal((int)rt_psci(SUSPEND, 0x10000, PA(off_entry) | 2, 0), -9);
	equal((int)rt_psci(SUSPEND, 0x10000, 0x30000000, 0), -9);
	rt_gic_init();
	rt_start(n, power_down, NULL);
	while (!down_went[0] && rt_now() - begin < rt_ticks(10000)) {
		long on = rt_psci(INFO, rt_mpidr_of(n), 0, 0);

		equal(on, 0);			/* suspended is on */
	}
	check(rt_wait_for(&down_went[0], 1, 5000), "it did not wake");
	check(rt_now() - begin >= rt_ticks(19999), "too early");
	equal(down_went[1] >> 32, 4);
	equal(down_went[1] & SCTLR_M, 0);
	equal(down_came_back, 0);
	end = rt_now() + rt_ticks(5000000);
	while (rt_psci(INFO, rt_mpidr_of(n), 0, 0) != 1 && rt_now() < end)
		;
	equal(rt_psci(INFO, rt_mpidr_of(n), 0, 0), 1);
}

const struct test tests[] = {
	{ "CPU_ON and CPU_OFF by turns, and AFFINITY_INFO says which", cpu_off_on, "2" },
	{ "PSCI knows its functions and its vCPUs", psci_answers },
	{ "PSCI answers HVC and SMC and leaves other registers", psci_conduits },
	{ "CPU_SUSPEND returns when an interrupt is due", psci_suspend },
	{ "CPU_SUSPEND to power-down starts over at its entry point", psci_power_down, "2" },	/* last: its vCPU stays off */
	{ NULL }
};
