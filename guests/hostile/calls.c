/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every hypercall with every kind of argument, PSCI and SMCCC with garbage, SMC and HVC with all sorts of immediates.
 */
#include "guests/hostile/hostile.h"

#define ROUNDS		400
#define LAST_STEPS	3	/* HVC with wrong immediates, which park */

const unsigned hostile_steps = 6 + LAST_STEPS;

static const uint64_t pointers[] = {
	0, 1, 0x1000, 0x08000000, 0x40000000, 0x40080000, 0x7c000000, 0x80000000, 0xbffff000, 1ull << 63, ~4095ull, ~0ull,
};

static uint64_t argument(uint64_t *seed)
{
	uint64_t r = random_next(seed);

	switch (r & 3) {
	case 0:
		return pointers[(r >> 8) % ARRAY_SIZE(pointers)];
	case 1:
		return (r >> 8) & 15;
	case 2:
		return (uint64_t)image_start + (r >> 8 & 0xffff);
	default:
		return random_next(seed);
	}
}

/* None of them may succeed but what asks about itself: those that manage cells are the root's. */
static void hypercalls(uint64_t *seed)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t number = i < 4 * HC_COUNT ? i / 4 : random_next(seed) >> (random_next(seed) & 63);
		long err;

		if (number == HC_CONSOLE_PUTC)
			continue;
		err = hypercall(number, argument(seed), argument(seed));
		if (number <= HC_CELL_DESTROY && err >= 0)
			print("hostile: hypercall %lu said %ld\n", number, err);
	}
}

static void psci(uint64_t *seed)
{
	/* Suspend, off, system off and reset, freeze and default suspend, system suspend, reset 2: the end of this CPU or cell. */
	const uint32_t ends = 1u << 1 | 1u << 2 | 1u << 8 | 1u << 9 | 1u << 11 | 1u << 12 | 1u << 14 | 1u << 18;

	for (unsigned i = 0; i < ROUNDS; i++)
		if (!(ends >> i / 2 % 32 & 1))
			smc_call((i & 1 ? 0xc4000000 : 0x84000000) + i / 2 % 32, argument(seed), argument(seed), argument(seed));
}

static void smccc(uint64_t *seed)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t fn = random_next(seed);

		if ((fn & 0x3f000000) == 0x04000000)		/* PSCI's range */
			continue;
		smc_call(i & 1 ? fn : (uint32_t)fn | 0x80000000, argument(seed), argument(seed), argument(seed));
	}
}

static void smc_immediates(uint64_t *seed)
{
	__asm__ volatile("mov x0, #-1\n\tsmc #1\n\tmov x0, #-1\n\tsmc #0x4a48\n\tmov x0, #-1\n\tsmc #0xffff"
			 : : : "x0", "x1", "x2", "x3", "memory");
}

/* CPUs of others, this one, and none. */
static void cpu_on(uint64_t *seed)
{
	for (uint64_t aff = 0; aff < 64; aff++) {
		long err = smc_call(PSCI_CPU_ON, aff, argument(seed), argument(seed));

		if (!err)
			print("hostile: CPU %lx is on\n", aff);
		smc_call(PSCI_CPU_ON, aff << 8 | random_next(seed) << 32, argument(seed), 0);
	}
}

static void putc_storm(uint64_t *seed)
{
	for (unsigned i = 0; i < 20000; i++)
		hypercall(HC_CONSOLE_PUTC, i % 64 == 63 ? '\n' : random_next(seed), ~0ull);
	hypercall(HC_CONSOLE_PUTC, '\n', 0);
}

void hostile_step(unsigned step, uint64_t *seed)
{
	static void (*const steps[])(uint64_t *) = { hypercalls, psci, smccc, smc_immediates, cpu_on, putc_storm };

	if (step < ARRAY_SIZE(steps))
		steps[step](seed);
	else if (step == ARRAY_SIZE(steps))
		__asm__ volatile("hvc #0" : : : "x0", "x1", "x2", "x3", "memory");
	else if (step == ARRAY_SIZE(steps) + 1)
		__asm__ volatile("hvc #0x4a47" : : : "x0", "x1", "x2", "x3", "memory");
	else
		__asm__ volatile("mov x0, #1\n\tmov x1, #0x40000000\n\thvc #0xffff" : : : "x0", "x1", "x2", "x3", "memory");
}
