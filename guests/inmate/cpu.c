/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUs of the cell by PSCI (DEN 0022 §5), where they begin in C, and what happens at an exception. */
#include "guests/inmate/inmate.h"

#define MPIDR_AFFINITY	0xff00fffffful
#define AFFINITY_OFF	1

struct inmate inmate;
extern char stacks[];
void cpu_entry(void);
void first_cpu(void);
void other_cpu(struct cpu_call *call);
void fault(struct frame *f);

uint64_t cpu_mpidr(void)
{
	return read_reg(mpidr_el1) & MPIDR_AFFINITY;
}

void cpu_off(void)
{
	irq_off();
	smc_call(PSCI_CPU_OFF, 0, 0, 0);
	for (;;)
		wfi();
}

void first_cpu(void)
{
	inmate.cpus = 1;
	irq_init();
	inmate_main();
	comm_end(CELL_SHUT_DOWN);
}

void other_cpu(struct cpu_call *call)
{
	irq_init_cpu();
	call->fn(call->arg);
	cpu_off();
}

long cpu_start(uint64_t mpidr, void (*fn)(void *arg), void *arg)
{
	unsigned n;

	/* A stack is a CPU's for good: its number is remembered by the affinity that the others are told apart by. */
	for (n = 1; n < inmate.cpus; n++)
		if (inmate.call[n].stack_end && inmate.call[n].mpidr == mpidr)
			break;
	if (n == MAX_CPUS)
		return -1;
	inmate.call[n] = (struct cpu_call) {
		.stack_end = (uint64_t)stacks + (n + 1) * STACK_SIZE, .mpidr = mpidr, .fn = fn, .arg = arg,
	};
	if (n == inmate.cpus)
		inmate.cpus++;
	/* That CPU reads it with its caches off. */
	for (uint64_t at = (uint64_t)&inmate.call[n] & ~63ul; at < (uint64_t)(&inmate.call[n] + 1); at += 64)
		__asm__ volatile("dc cvac, %0" : : "r"(at) : "memory");
	dsb();
	return smc_call(PSCI_CPU_ON, mpidr, (uint64_t)cpu_entry, (uint64_t)&inmate.call[n]);
}

unsigned cpu_others(uint64_t *mpidr, unsigned max)
{
	unsigned n = 0;

	for (uint64_t aff = 0; aff < 0x800 && n < max; aff = (aff & 0xff) < 15 ? aff + 1 : (aff | 0xff) + 1)
		if (aff != cpu_mpidr() && smc_call(PSCI_AFFINITY_INFO, aff, 0, 0) == AFFINITY_OFF)
			mpidr[n++] = aff;
	return n;
}

void fault_hook(bool (*hook)(struct frame *f))
{
	inmate.on_fault = hook;
}

void fault(struct frame *f)
{
	if (inmate.on_fault && inmate.on_fault(f))
		return;
	print("exception: ESR %lx, ELR %lx, FAR %lx, x30 %lx\n", f->esr, f->elr, f->far, f->x[30]);
	comm_end(CELL_FAILED);
}

uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}
