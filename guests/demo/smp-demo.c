/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns the other CPUs of the cell on and off again by PSCI, sends each an SGI while it is on, and prints what each one saw. With
 * `off` it ends the cell by PSCI while they run.
 */
#include "guests/inmate/inmate.h"

#define SGI		5
#define ROUNDS		3
#define WAIT_US		2000000

static struct {
	volatile uint64_t seen[MAX_CPUS];	/* MPIDR + 1 of who arrived */
	volatile uint64_t sgis[MAX_CPUS];
	volatile bool stop;
} smp;

static void on_sgi(unsigned intid)
{
	if (intid == SGI)
		smp.sgis[cpu_mpidr() & (MAX_CPUS - 1)]++;
}

static void other(void *arg)
{
	smp.seen[(uintptr_t)arg] = cpu_mpidr() + 1;
	irq_enable(SGI);
	while (!smp.stop) {
		irq_on();
		isb();
		irq_off();
	}
}

static void chatter(void *arg)
{
	for (;;) {
		print("CPU %lx is here\n", cpu_mpidr());
		delay_us(50000);
	}
}

static bool wait_until(volatile uint64_t *word, uint64_t value)
{
	for (uint64_t end = now() + ticks_of_ns(WAIT_US * 1000ull); now() < end;)
		if (*word >= value)
			return true;
	return false;
}

static bool is_off(uint64_t mpidr)
{
	for (uint64_t end = now() + ticks_of_ns(WAIT_US * 1000ull); now() < end;)
		if (smc_call(PSCI_AFFINITY_INFO, mpidr, 0, 0) == 1)
			return true;
	return false;
}

void inmate_main(void)
{
	uint64_t mpidr[MAX_CPUS];
	unsigned n = cpu_others(mpidr, MAX_CPUS - 1), good = 0;

	if (option("off")) {
		for (unsigned i = 0; i < n; i++)
			cpu_start(mpidr[i], chatter, NULL);
		delay_us(500000);
		smc_call(PSCI_SYSTEM_OFF, 0, 0, 0);
		print("smp-demo: SYSTEM_OFF came back\n");
		return;
	}
	irq_handler(on_sgi);
	print("smp-demo: CPU %lx of %u\n", cpu_mpidr(), n + 1);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < n; i++) {
			uint64_t slot = mpidr[i] & (MAX_CPUS - 1), before = smp.sgis[slot];
			long err;

			smp.stop = false;
			smp.seen[i] = 0;
			err = cpu_start(mpidr[i], other, (void *)(uintptr_t)i);
			if (err || !wait_until(&smp.seen[i], 1)) {
				print("CPU %lx: CPU_ON said %ld, and nothing came\n", mpidr[i], err);
				continue;
			}
			err = cpu_start(mpidr[i], other, (void *)(uintptr_t)i);
			delay_us(1000);
			irq_send(SGI, mpidr[i] & 0xff);
			bool got = wait_until(&smp.sgis[slot], before + 1);

			smp.stop = true;
			bool off = is_off(mpidr[i]);

			print("round %u: CPU %lx is on, a second CPU_ON said %ld, SGI %s, off %s\n", round, smp.seen[i] - 1, err,
			      got ? "came" : "lost", off ? "again" : "never");
			good += got && off && err == -4 && smp.seen[i] == mpidr[i] + 1;
		}
	}
	print("smp-demo: %u of %u\n", good, n * ROUNDS);
	while (!comm_poll())
		;
}
