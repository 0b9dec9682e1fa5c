/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration space of a cell's ivshmem devices (PCI Local Bus 3.0 §6; ivshmem version 2, "Configuration Space Registers"):
 * one BAR of registers, INTx, and a vendor's capability. Where no device is, reads give ones.
 */
#include "abi/ivshmem.h"
#include "engine/bare/cpu.h"
#include "engine/bare/ivshmem.h"

#define PCI_IDS		(IVSHMEM_DEVICE << 16 | IVSHMEM_VENDOR)
#define PCI_STATUS_CAPS	(0x10u << 16)
#define CAP		0x40u
#define CAP_HEAD	0x00200009u		/* length 0x20, the last one, vendor's */
#define COMMAND_BITS	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTX)

static uint32_t config_read(const struct ivshmem *dev, uint32_t reg)
{
	const struct config_memory *m = dev->memory;

	switch (reg) {
	case 0x00:
	case 0x2c:	return PCI_IDS;
	case 0x04:	return PCI_STATUS_CAPS | dev->command;
	case 0x08:	return IVSHMEM_CLASS((uint32_t)dev->config->shmem_protocol) << 8;
	case 0x10:	return dev->bar0;
	case 0x34:	return CAP;
	case 0x3c:	return (ivshmem_pin(dev) + 1) << 8;
	case CAP:	return CAP_HEAD | (dev->one_shot ? IVSHMEM_CAP_ONE_SHOT : 0);
	case CAP + IVSHMEM_CAP_STATES: return (uint32_t)m[0].size;
	case CAP + IVSHMEM_CAP_SHARED: return (uint32_t)m[1].size;
	case CAP + IVSHMEM_CAP_SHARED + 4: return (uint32_t)(m[1].size >> 32);
	case CAP + IVSHMEM_CAP_OUTPUT: return (uint32_t)m[2].size;
	case CAP + IVSHMEM_CAP_OUTPUT + 4: return (uint32_t)(m[2].size >> 32);
	case CAP + IVSHMEM_CAP_ADDRESS: return (uint32_t)m[0].virt;
	case CAP + IVSHMEM_CAP_ADDRESS + 4: return (uint32_t)(m[0].virt >> 32);
	default:	return 0;
	}
}

void pci_bar_update(struct ivshmem *dev)
{
	struct mmio_range *bar = &dev->cell->mmio.range[dev->bar];

	/* Others of the cell may be looking; whatever they find, it is this device. */
	bar->start = dev->bar0;
	bar->size = dev->command & PCI_COMMAND_MEMORY ? IVSHMEM_BAR_BYTES : 0;
}

static void config_write(struct ivshmem *dev, uint32_t reg, uint32_t value)
{
	switch (reg) {
	case 0x04:
		dev->command = value & COMMAND_BITS;
		pci_bar_update(dev);
		break;
	case 0x10:
		dev->bar0 = value & ~(IVSHMEM_BAR_BYTES - 1);
		pci_bar_update(dev);
		break;
	case CAP:
		dev->one_shot = value & IVSHMEM_CAP_ONE_SHOT;
		break;
	}
}

static struct ivshmem *find(const struct cell *cell, uint64_t bdf)
{
	for (uint32_t i = 0; i < cell->num_ivshmem; i++)
		if (cell->ivshmem[i].config->bdf == bdf)
			return &cell->ivshmem[i];
	return NULL;
}

enum mmio_result pci_config_access(struct cpu *cpu, void *arg, struct mmio_access *a)
{
	struct ivshmem *dev = find(cpu->cell, a->address >> 12);
	uint32_t reg = (uint32_t)(a->address & 0xffc), shift = (uint32_t)(a->address & 3) * 8, value;
	uint64_t field = MASK(a->size * 8 - 1, 0);

	if (a->size > 4 || (a->address & (a->size - 1u)))
		return MMIO_BAD;
	if (!dev) {
		a->value = field;
		return MMIO_DONE;
	}
	engine_lock(&cpu->sys->ivshmem_lock);
	value = config_read(dev, reg);
	if (a->write)
		config_write(dev, reg, (uint32_t)((value & ~(field << shift)) | a->value << shift));
	else
		a->value = value >> shift & field;
	engine_unlock(&cpu->sys->ivshmem_lock);
	return MMIO_DONE;
}
