/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers, state tables and peers of ivshmem devices; see ivshmem.h. A cell's device comes into the list of all when the
 * cell is created and leaves it when the cell is destroyed; between, it is reset whenever the cell ends, fails or is stopped.
 */
#include "abi/ivshmem.h"
#include "base/log.h"
#include "engine/bare/arch.h"
#include "engine/bare/cell_config.h"
#include "engine/bare/cpu.h"
#include "engine/bare/ivshmem.h"

#define IRQ_SHARED		32u	/* the first one */

/* ---- events; with the lock ---- */

static bool are_peers(const struct ivshmem *a, const struct ivshmem *b)
{
	return a->memory->phys == b->memory->phys;
}

static void deliver(struct ivshmem *dev)
{
	if (!dev->enabled || (dev->command & PCI_COMMAND_NO_INTX))
		return;
	if (dev->one_shot)
		dev->enabled = false;
	arch_irq_set(dev->cell, IRQ_SHARED + dev->cell->config->vpci_irq_base + ivshmem_pin(dev), true);
}

static void ring(const struct ivshmem *dev, uint32_t target)
{
	for (struct ivshmem *p = dev->cell->sys->ivshmem; p; p = p->next)
		if (are_peers(p, dev) && p->config->shmem_dev_id == target)
			deliver(p);
}

static void table_write(const struct ivshmem *dev)
{
	uint64_t at = dev->memory->phys + dev->config->shmem_dev_id * 4u, page = ALIGN_DOWN(at, PAGE_BYTES);
	uint32_t *entry = (uint32_t *)((char *)arch_window(arch_this_cpu(), page, PAGE_BYTES, false) + (at - page));

	__atomic_store_n(entry, dev->state, __ATOMIC_RELEASE);
	arch_clean(entry, sizeof(*entry));	/* a peer may look past its caches */
}

static void state_set(struct ivshmem *dev, uint32_t state)
{
	if (dev->state == state)
		return;
	dev->state = state;
	table_write(dev);
	for (struct ivshmem *p = dev->cell->sys->ivshmem; p; p = p->next)
		if (p != dev && are_peers(p, dev))
			deliver(p);
}

/* ---- registers ---- */

static uint64_t register_read(const struct ivshmem *dev, uint64_t reg)
{
	switch (reg) {
	case IVSHMEM_ID:	return dev->config->shmem_dev_id;
	case IVSHMEM_PEERS:	return dev->config->shmem_peers;
	case IVSHMEM_INTERRUPT:	return dev->enabled;
	case IVSHMEM_STATE:		return dev->state;
	default:		return 0;
	}
}

static void register_write(struct ivshmem *dev, uint64_t reg, uint32_t value)
{
	switch (reg) {
	case IVSHMEM_INTERRUPT:
		dev->enabled = value & 1;
		break;
	case IVSHMEM_DOORBELL:
		if (!(value & 0xffff))		/* there is one vector */
			ring(dev, value >> 16);
		break;
	case IVSHMEM_STATE:
		state_set(dev, value);
		break;
	}
}

/* arg: the device. Whatever isn't an aligned access of 32 bits finds nothing. */
static enum mmio_result registers_access(struct cpu *cpu, void *arg, struct mmio_access *a)
{
	struct ivshmem *dev = arg;
	bool good = a->size == 4 && !(a->address & 3);

	engine_lock(&cpu->sys->ivshmem_lock);
	if (!a->write)
		a->value = good ? register_read(dev, a->address) : 0;
	else if (good)
		register_write(dev, a->address, (uint32_t)a->value);
	engine_unlock(&cpu->sys->ivshmem_lock);
	return MMIO_DONE;
}

/* ---- a cell's devices ---- */

/* -EEXIST: a peer has its number. */
static int link(struct bare *sys, struct ivshmem *dev)
{
	int err = 0;

	engine_lock(&sys->ivshmem_lock);
	for (const struct ivshmem *p = sys->ivshmem; p && !err; p = p->next)
		if (are_peers(p, dev) && p->config->shmem_dev_id == dev->config->shmem_dev_id)
			err = -EEXIST;
	if (!err) {
		table_write(dev);
		dev->next = sys->ivshmem;
		sys->ivshmem = dev;
	}
	engine_unlock(&sys->ivshmem_lock);
	return err;
}

static int device_add(struct cell *cell, const struct config_pci_device *d)
{
	const struct config_memory *hv = &cell->sys->config->hypervisor_memory;
	struct ivshmem *dev = &cell->ivshmem[cell->num_ivshmem];
	int err;

	*dev = (struct ivshmem){ .cell = cell, .config = d, .bar = cell->mmio.count,
				 .memory = config_memory(cell->config) + d->shmem_regions_start };
	/* The root's regions may have the engine's memory in them. */
	if (ranges_overlap(hv->phys, hv->size, dev->memory->phys, dev->memory->size))
		return -EINVAL;
	err = mmio_add(&cell->mmio, 0, 0, registers_access, dev);
	if (!err)
		err = link(cell->sys, dev);
	cell->num_ivshmem += !err;
	return err;
}

int ivshmem_init(struct cell *cell)
{
	const struct config_platform *p = &cell->sys->config->platform;
	const struct config_pci_device *d = config_pci_devices(cell->config);
	uint32_t count = 0;
	int err;

	for (uint32_t i = 0; i < cell->config->num_pci_devices; i++)
		count += d[i].type == PCI_TYPE_IVSHMEM;
	if (!p->pci_is_virtual || !p->pci_config_base)
		return count ? -EINVAL : 0;
	err = mmio_add(&cell->mmio, p->pci_config_base, (p->pci_end_bus + 1ull) << 20, pci_config_access, NULL);
	if (err || !count)
		return err;
	if (count > PAGE_BYTES / sizeof(struct ivshmem))
		return -E2BIG;
	cell->ivshmem = pool_alloc(&cell->sys->pool, 1, 1);
	if (!cell->ivshmem)
		return -ENOMEM;
	for (uint32_t i = 0; i < cell->config->num_pci_devices && !err; i++)
		if (d[i].type == PCI_TYPE_IVSHMEM)
			err = device_add(cell, &d[i]);
	return err;
}

void ivshmem_reset(struct cell *cell)
{
	engine_lock(&cell->sys->ivshmem_lock);
	for (uint32_t i = 0; i < cell->num_ivshmem; i++) {
		struct ivshmem *dev = &cell->ivshmem[i];

		dev->enabled = dev->one_shot = false;
		dev->command = dev->bar0 = 0;
		pci_bar_update(dev);
		state_set(dev, 0);
	}
	engine_unlock(&cell->sys->ivshmem_lock);
}

void ivshmem_exit(struct cell *cell)
{
	struct bare *sys = cell->sys;

	ivshmem_reset(cell);
	engine_lock(&sys->ivshmem_lock);
	for (struct ivshmem **at = &sys->ivshmem; *at;)
		if ((*at)->cell == cell)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	engine_unlock(&sys->ivshmem_lock);
	cell->num_ivshmem = 0;
	if (cell->ivshmem)
		pool_free(&sys->pool, cell->ivshmem, 1);
	cell->ivshmem = NULL;
}
