/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine costs in instructions, under QEMU's `-icount shift=0`, where a nanosecond is one: each line is the mean of
 * 1,000 rounds less that of an empty loop. The counter ticks once in 16 instructions, hence the many rounds. bench/bare runs it in
 * a cell and, for the lines that work there, on the bare board.
 */
#include "guests/inmate/inmate.h"

#define ROUNDS		1000
#define BATCHES		8
#define UNKNOWN_CALL	0xfff
#define SGI		7

static volatile uint64_t arrived;

static void empty(void)
{
	__asm__ volatile("" : : : "memory");
}

static void null_hypercall(void)
{
	hypercall(UNKNOWN_CALL, 0, 0);
}

static void trapped_smc(void)
{
	register uint64_t x0 __asm__("x0") = PSCI_VERSION;

	__asm__ volatile("smc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
}

static void gicd_read(void)
{
	mmio_read32(comm()->gicd_base + GICD_TYPER);
}

static void timer_interrupt(void)
{
	uint64_t before = arrived;

	timer_at(0);
	irq_on();
	while (arrived == before)
		;
	irq_off();
}

static void own_sgi(void)
{
	uint64_t before = arrived;

	irq_send(SGI, cpu_mpidr() & 0xff);
	irq_on();
	while (arrived == before)
		;
	irq_off();
}

static void on_irq(unsigned intid)
{
	timer_stop();
	arrived++;
}

static uint64_t measure(void (*fn)(void))
{
	uint64_t best = ~0ull;

	/* The least of a few: time is that of all CPUs, and Linux has something to do now and then. */
	for (unsigned batch = 0; batch < BATCHES; batch++) {
		uint64_t begun = now();

		for (unsigned i = 0; i < ROUNDS; i++)
			fn();
		best = MIN(best, now() - begun);
	}
	return ns_of_ticks(best);
}

/* Counted, CPUs take turns: this one's ends here. */
static void yield(void)
{
	__asm__ volatile("yield" : : : "memory");
}

/* On the other CPU: when it came, and off again. */
static volatile uint64_t came_at;

static void come(void *arg)
{
	came_at = now();
}

static void cpu_on(uint64_t mpidr)
{
	uint64_t there = ~0ull, returned = ~0ull;

	for (unsigned i = 0; i < ROUNDS / 10; i++) {
		uint64_t begun = now();

		came_at = 0;
		cpu_start(mpidr, come, NULL);
		returned = MIN(returned, now() - begun);
		while (!came_at)
			yield();
		there = MIN(there, came_at - begun);
		while (smc_call(PSCI_AFFINITY_INFO, mpidr, 0, 0) != 1)
			yield();
	}
	print("bench: cpu_on %lu until there, %lu until returned\n", ns_of_ticks(there), ns_of_ticks(returned));
}

void inmate_main(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
		bool irqs;
	} rows[] = {
		{ "null_hypercall", null_hypercall, false }, { "trapped_smc", trapped_smc, false },
		{ "gicd_read", gicd_read, false }, { "timer_interrupt", timer_interrupt, true }, { "own_sgi", own_sgi, true },
	};
	uint64_t base, mpidr, began = read_reg(cntpct_el0);

	print("bench: began at %lu\n", began);
	irq_handler(on_irq);
	irq_enable(TIMER_IRQ);
	irq_enable(SGI);
	base = measure(empty);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].irqs || !option("irqs")) {
			uint64_t took = measure(rows[i].fn) - base;

			print("bench: %s %lu.%03lu\n", rows[i].name, took / ROUNDS, took % ROUNDS);
		}
	if (!option("irqs") && cpu_others(&mpidr, 1))
		cpu_on(mpidr);
	print("bench: done\n");
	while (!comm_poll())
		yield();
}
