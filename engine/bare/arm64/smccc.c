/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMCs of guests, and HVCs of cells: PSCI for the CPUs of the caller's cell (fw/psci.h), firmware's workarounds for faults of the
 * processor, and nothing else. Only the root's end of the system reaches the firmware.
 */
#include "base/log.h"
#include "engine/bare/arm64/arm.h"
#include "engine/bare/cpu.h"
#include "engine/bare/ivshmem.h"
#include "fw/psci.h"

#define SMCCC_OWNER	MASK(29, 24)
#define OWNER_PSCI	4u
#define FN_SYSTEM_OFF	0x84000008u
#define FN_SYSTEM_RESET	0x84000009u
#define FN_AFFINITY_INFO	0xc4000004u
#define WORKAROUND_1	0x80008000u
#define WORKAROUND_2	0x80007fffu
#define WORKAROUND_3	0x80003fffu

struct smc_result smc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	register uint64_t x0 __asm__("x0") = fn;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = a3;

	__asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : :
		"x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	return (struct smc_result){ { x0, x1, x2, x3 } };
}

static void *cpu_find(void *self, uint64_t affinity)
{
	struct cell *cell = ((struct cpu *)self)->cell;
	struct cpu *c;

	for_each_cpu(c, cell->sys, cell->cpus)
		if ((arm_cpu_of(c)->mpidr & MPIDR_AFFINITY) == affinity)
			return c;
	return NULL;
}

static bool entry_is_mapped(void *self, uint64_t entry)
{
	uint64_t phys;

	return arch_translate(((struct cpu *)self)->cell, entry & ~(PAGE_BYTES - 1), &phys);
}

static int64_t cpu_on(void *self, void *cpu, uint64_t entry, uint64_t arg)
{
	if (cpu_start(cpu, entry, arg, true))
		return PSCI_SUCCESS;
	switch (read_once(((struct cpu *)cpu)->power)) {
	case POWER_STARTING:	return PSCI_ON_PENDING;
	case POWER_FAILED:	return PSCI_INTERNAL_FAILURE;
	default:		return PSCI_ALREADY_ON;
	}
}

static int64_t cpu_affinity_info(void *cpu)
{
	switch (read_once(((struct cpu *)cpu)->power)) {
	case POWER_ON:		return PSCI_AFFINITY_ON;
	case POWER_STARTING:	return PSCI_AFFINITY_ON_PENDING;
	default:		return PSCI_AFFINITY_OFF;
	}
}

static int64_t cpu_off(void *self)
{
	cpu_turn_off(self);
	return PSCI_SUCCESS;
}

/* Until an interrupt is there for the guest. */
static int64_t cpu_suspend(void *self, bool restart, uint64_t entry, uint64_t arg)
{
	struct cpu *cpu = self;

	while (!arch_irq_waits(cpu) && !cpu_must_stay(cpu))
		arch_cpu_wait(cpu);
	if (!restart)
		return PSCI_SUCCESS;
	cpu->entry = entry;
	cpu->arg = arg;
	cpu->cold = false;
	__atomic_fetch_or(&cpu->request, REQUEST_START, __ATOMIC_SEQ_CST);
	return PSCI_SUCCESS;
}

/* A cell ends; to start again it wants its memory loaded. */
static int64_t system_end(void *self, bool reset)
{
	struct cpu *cpu = self, *c;

	if (cpu->cell == root_of(cpu->sys))
		return (int64_t)smc(reset ? FN_SYSTEM_RESET : FN_SYSTEM_OFF, 0, 0, 0).x[0];
	log_info("cell '%s' %s", cpu->cell->config->name, reset ? "asks for a reset, and is shut down" : "is shut down");
	cpu->cell->comm->cell_state = CELL_SHUT_DOWN;
	ivshmem_reset(cpu->cell);
	for_each_cpu(c, cpu->sys, cpu->cell->cpus)
		cpu_turn_off(c);
	return PSCI_SUCCESS;
}

static bool is_workaround(uint32_t id)
{
	return id == WORKAROUND_1 || id == WORKAROUND_2 || id == WORKAROUND_3;
}

static bool arch_feature(uint32_t id)
{
	return is_workaround(id) && (int64_t)smc(SMCCC_FN_ARCH_FEATURES, id, 0, 0).x[0] >= 0;
}

static const struct psci_host cell_host = {
	.find		= cpu_find,
	.entry_is_good	= entry_is_mapped,
	.cpu_on		= cpu_on,
	.affinity_info	= cpu_affinity_info,
	.cpu_off	= cpu_off,
	.suspend	= cpu_suspend,
	.system_end	= system_end,
	.arch_feature	= arch_feature,
};

void smccc_call(struct arm_cpu *c, struct regs *regs)
{
	uint32_t id = (uint32_t)regs->x[0];

	if (field_get(SMCCC_OWNER, id) == OWNER_PSCI) {
		c->cpu.stat[STAT_PSCI]++;
		psci_dispatch(&cell_host, &c->cpu, regs->x);
		return;
	}
	c->cpu.stat[STAT_SMCCC]++;
	if (is_workaround(id)) {
		struct smc_result r = smc(id, regs->x[1], regs->x[2], regs->x[3]);

		for (unsigned i = 0; i < 4; i++)
			regs->x[i] = r.x[i];
	} else {
		psci_dispatch(&cell_host, &c->cpu, regs->x);
	}
}

bool arch_cpu_is_gone(struct cpu *cpu)
{
	return smc(FN_AFFINITY_INFO, arm_cpu_of(cpu)->mpidr & MPIDR_AFFINITY, 0, 0).x[0] == PSCI_AFFINITY_OFF;
}
