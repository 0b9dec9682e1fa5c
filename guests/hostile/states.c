/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Games with its own state: caches by set and way, waiting, wild TLB and cache maintenance, translation tables that lie in
 * nothing, vectors and a stack that aren't there, illegal returns, and lies to the communication region.
 */
#include "guests/hostile/hostile.h"

static void set_way(uint64_t *seed)
{
	for (unsigned level = 0; level < 7; level++)
		for (unsigned way = 0; way < 4; way++)
			for (unsigned set = 0; set < 64; set++) {
				uint64_t v = level << 1 | (uint64_t)way << 30 | set << 6;

				__asm__ volatile("dc csw, %0\n\tdc cisw, %0\n\tdc isw, %0" : : "r"(v) : "memory");
			}
}

static void tlb_and_caches(uint64_t *seed)
{
	for (unsigned i = 0; i < 2000; i++)
		__asm__ volatile("tlbi vmalle1is\n\ttlbi vaae1is, %0\n\ttlbi alle1\n\ttlbi vmalls12e1is\n\ttlbi ipas2e1is, %0\n\t"
				 "ic ialluis\n\tic iallu\n\tdsb sy" : : "r"(random_next(seed)) : "memory");
}

static void waits(uint64_t *seed)
{
	for (unsigned i = 0; i < 1000; i++)
		__asm__ volatile("sev\n\twfe\n\tsevl\n\twfe\n\tyield" : : : "memory");
	irq_enable(TIMER_IRQ);
	irq_off();
	for (unsigned i = 0; i < 20; i++) {
		timer_at(now() + ticks_of_ns(1000000));
		wfi();
		timer_stop();
	}
}

static void suspend(uint64_t *seed)
{
	for (unsigned i = 0; i < 20; i++) {
		timer_at(now() + ticks_of_ns(1000000));
		smc_call(PSCI_CPU_SUSPEND, random_next(seed) & 0xffff, random_next(seed), 0);
		timer_stop();
	}
}

static void comm_lies(uint64_t *seed)
{
	/* Signature to reply: what the engine may read. */
	for (unsigned i = 0; i < 2000; i++)
		for (unsigned at = 0; at < 20; at += 4)
			mmio_write32(COMM_REGION_BASE + at, (uint32_t)random_next(seed));
	comm()->cell_state = CELL_RUNNING;
	comm()->msg_to_cell = MSG_NONE;
}

/* The first three don't come back: the CPU spins in faults of its own, or is parked. The rig ends the cell. */
static void no_vectors(uint64_t *seed)
{
	write_reg(vbar_el1, 0x7f000000);
	write_reg(sctlr_el1, read_reg(sctlr_el1) & ~(BIT(0) | BIT(2)));
	isb();
	__asm__ volatile("udf #0");
}

static void no_tables(uint64_t *seed)
{
	write_reg(ttbr0_el1, 0x7f000000);
	isb();
	__asm__ volatile("tlbi vmalle1\n\tdsb sy\n\tisb");
	touch_read(0);
}

static void no_stack(uint64_t *seed)
{
	__asm__ volatile("mov sp, %0\n\tudf #0" : : "r"(0x7f000000ul) : "memory");
}

static void bad_return(uint64_t *seed)
{
	/* to EL2 */
	__asm__ volatile("adr x30, 1f\n\tmsr elr_el1, x30\n\tmov x9, #0x3c9\n\tmsr spsr_el1, x9\n\teret\n1:"
			 : : : "x9", "x30", "memory");
}

static void aarch32(uint64_t *seed)
{
	/* Upper halves of registers don't survive it. */
	__asm__ volatile("adr x30, 1f\n\tmsr elr_el1, x30\n\tmov x9, #0x1d0\n\tmsr spsr_el1, x9\n\teret\n1:"
			 : : : "x9", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "memory");
}

static void (*const steps[])(uint64_t *) = {
	set_way, tlb_and_caches, waits, suspend, comm_lies, bad_return, aarch32, no_vectors, no_tables, no_stack,
};
const unsigned hostile_steps = ARRAY_SIZE(steps);

void hostile_step(unsigned step, uint64_t *seed)
{
	steps[step](seed);
}
