/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared memory with doorbells: PCI devices of ivshmem version 2 (abi/ivshmem.h). */
#include "guests/inmate/inmate.h"

#define PCI_COMMAND	0x04
#define PCI_CLASS	0x08		/* and the revision below it */
#define PCI_BAR0	0x10
#define PCI_PIN		0x3d
#define COMMAND_ON	(BIT(1) | BIT(2))
#define CAP_VENDOR	0x09
#define BAR_SPAN	0x1000ul

static uint64_t config64(uint16_t bdf, unsigned reg)
{
	return mmio_read32(pci_config(bdf, reg)) | (uint64_t)mmio_read32(pci_config(bdf, reg + 4)) << 32;
}

static int find(enum ivshmem_protocol protocol)
{
	int bdf = -1;

	do
		bdf = pci_find(IVSHMEM_VENDOR, IVSHMEM_DEVICE, bdf);
	while (bdf >= 0 && mmio_read32(pci_config((uint16_t)bdf, PCI_CLASS)) >> 8 != IVSHMEM_CLASS(protocol));
	return bdf;
}

bool shmem_open(struct shmem *s, enum ivshmem_protocol protocol)
{
	int found = find(protocol);
	uint16_t bdf = (uint16_t)found;
	unsigned cap = found < 0 ? 0 : pci_capability(bdf, CAP_VENDOR);

	if (!cap)
		return false;
	s->bdf = bdf;
	/* BARs behind the configuration space, where no region of the cell is. */
	s->regs = ALIGN_UP(comm()->pci_config_base + (1ul << 20), 1ul << 20) + bdf * BAR_SPAN;
	mmio_write32(pci_config(bdf, PCI_BAR0), (uint32_t)s->regs);
	mmio_write32(pci_config(bdf, PCI_BAR0 + 4), (uint32_t)(s->regs >> 32));
	mmio_write16(pci_config(bdf, PCI_COMMAND), COMMAND_ON);
	s->id = mmio_read32(s->regs + IVSHMEM_ID);
	s->peers = mmio_read32(s->regs + IVSHMEM_PEERS);
	s->shared_size = config64(bdf, cap + IVSHMEM_CAP_SHARED);
	s->output_size = config64(bdf, cap + IVSHMEM_CAP_OUTPUT);
	s->states = config64(bdf, cap + IVSHMEM_CAP_ADDRESS);
	s->shared = s->states + mmio_read32(pci_config(bdf, cap + IVSHMEM_CAP_STATES));
	s->output = s->shared + s->shared_size;
	s->irq = 32 + comm()->vpci_irq_base + mmio_read8(pci_config(bdf, PCI_PIN)) - 1;
	mem_map_normal(s->states, s->output + s->peers * s->output_size - s->states);
	return s->id < s->peers;
}

uint32_t shmem_state(const struct shmem *s, uint32_t peer)
{
	return mmio_read32(s->states + 4ul * peer);
}

void shmem_ring(const struct shmem *s, uint32_t peer)
{
	dsb();
	mmio_write32(s->regs + IVSHMEM_DOORBELL, peer << 16);
}
