/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses that the root answers; see abi/serve.h. The root may write anything into the slots at any time: the engine reads
 * nothing there but the answer's number, which it compares with a count of its own, and the value.
 */
#include "base/log.h"
#include "engine/bare/arch.h"
#include "engine/bare/cpu.h"
#include "engine/bare/serve.h"

_Static_assert(IMAGE_MAX_CPUS * sizeof(struct serve_slot) <= PAGE_BYTES, "the slots are one page");

static uint32_t doorbell(const struct bare *sys)
{
	return SERVE_DOORBELL(sys->config->root.vpci_irq_base);
}

int serve_init(struct bare *sys)
{
	void *page;

	if (!sys->config->root.vpci_irq_base)
		return 0;
	if (arch_irq_set(root_of(sys), doorbell(sys), false)) {
		log_error("vpci_irq_base %u: there is no interrupt %u for serving", sys->config->root.vpci_irq_base, doorbell(sys));
		return -EINVAL;
	}
	page = pool_alloc(&sys->pool, 1, 1);
	if (!page)
		return -ENOMEM;
	sys->slots = page;
	return arch_map(root_of(sys), (uintptr_t)page, (uintptr_t)page, PAGE_BYTES, MEMORY_READ | MEMORY_WRITE);
}

/* An answer that comes after the CPU was told to leave its guest is another number's by the next access. */
static bool answer_wait(struct cpu *cpu, const struct serve_slot *slot)
{
	while (read_once(slot->answered) != cpu->served) {
		if (read_once(cpu->request) & ~REQUEST_STOP)
			return false;
		cpu_poll(cpu);
	}
	return true;
}

enum mmio_result serve_access(struct cpu *cpu, void *arg, struct mmio_access *a)
{
	const struct config_memory *m = arg;
	struct serve_slot *slot;

	if (!cpu->sys->slots)
		return MMIO_BAD;
	slot = &cpu->sys->slots[cpu->number];
	slot->address = m->virt + a->address;
	slot->value = a->value;
	slot->size = a->size;
	slot->is_write = a->write;
	slot->cell_id = cpu->cell->config->id;
	cpu->served++;
	__atomic_store_n(&slot->asked, cpu->served, __ATOMIC_RELEASE);
	arch_irq_set(root_of(cpu->sys), doorbell(cpu->sys), true);
	if (answer_wait(cpu, slot))
		a->value = slot->value;
	slot->cell_id = 0;
	return MMIO_DONE;
}

int64_t serve_info(const struct cpu *cpu)
{
	if (cpu->cell != root_of(cpu->sys))
		return -EPERM;
	return cpu->sys->slots ? (int64_t)(uintptr_t)cpu->sys->slots : -ENODEV;
}

/* Without sys->management, whose holder may be waiting for a cell that waits for this. Cells go while the root's CPUs are held. */
int serve_irq(const struct cpu *cpu, uint64_t which, uint64_t pending)
{
	if (cpu->cell != root_of(cpu->sys))
		return -EPERM;
	for (uint32_t i = 1; i < MAX_CELLS; i++) {
		const struct cell *cell = read_once(cpu->sys->cell[i]);

		if (cell && cell->config->id == which >> 32)
			return arch_irq_set(cell, (uint32_t)which, pending);
	}
	return -ENOENT;
}
