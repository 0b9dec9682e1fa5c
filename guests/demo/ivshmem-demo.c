/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared memory with doorbells: a PCI device of ivshmem version 2 (vendor 0x110a, device 0x4106; its registers are in BAR 0, where
 * its memory lies is in a vendor capability). Says its state, rings each peer's doorbell, writes to its output section, and prints
 * each interrupt with the states of all peers. `fail=N`: it touches what isn't its own after N rounds.
 */
#include "guests/inmate/inmate.h"

#define VENDOR		0x110a
#define DEVICE		0x4106
#define PCI_COMMAND	0x04
#define PCI_BAR0	0x10
#define PCI_PIN		0x3d
#define COMMAND_ON	(BIT(1) | BIT(2))
#define CAP_VENDOR	0x09
#define CAP_STATE_SIZE	0x04
#define CAP_RW_SIZE	0x08
#define CAP_OUT_SIZE	0x10
#define CAP_ADDRESS	0x18
#define REG_ID		0x00
#define REG_PEERS	0x04
#define REG_INT		0x08
#define REG_DOORBELL	0x0c
#define REG_STATE	0x10
#define BAR_SPAN	0x1000
#define MAX_PEERS	8
#define STATE_READY	3
#define NOWHERE		0x40000000	/* the root's */

static struct {
	uint64_t regs, states, shared, output;
	uint64_t states_size, shared_size, output_size;
	uint32_t id, peers;
	unsigned irq;
	volatile uint64_t interrupts;
} shm;

static void on_irq(unsigned intid)
{
	if (intid != shm.irq)
		return;
	shm.interrupts++;
	mmio_write32(shm.regs + REG_INT, 1);	/* it is one-shot where the peer asked for that */
}

static uint64_t config64(uint16_t bdf, unsigned reg)
{
	return mmio_read32(pci_config(bdf, reg)) | (uint64_t)mmio_read32(pci_config(bdf, reg + 4)) << 32;
}

static bool find_device(void)
{
	int bdf = pci_find(VENDOR, DEVICE, -1);
	unsigned cap;

	if (bdf < 0)
		return false;
	cap = pci_capability((uint16_t)bdf, CAP_VENDOR);
	if (!cap)
		return false;
	/* BARs behind the configuration space, where no region of the cell is. */
	shm.regs = ALIGN_UP(comm()->pci_config_base + (1ul << 20), 1ul << 20);
	mmio_write32(pci_config((uint16_t)bdf, PCI_BAR0), (uint32_t)shm.regs);
	mmio_write32(pci_config((uint16_t)bdf, PCI_BAR0 + 4), (uint32_t)(shm.regs >> 32));
	mmio_write16(pci_config((uint16_t)bdf, PCI_COMMAND), COMMAND_ON);
	shm.id = mmio_read32(shm.regs + REG_ID);
	shm.peers = mmio_read32(shm.regs + REG_PEERS);
	shm.states_size = mmio_read32(pci_config((uint16_t)bdf, cap + CAP_STATE_SIZE));
	shm.shared_size = config64((uint16_t)bdf, cap + CAP_RW_SIZE);
	shm.output_size = config64((uint16_t)bdf, cap + CAP_OUT_SIZE);
	shm.states = config64((uint16_t)bdf, cap + CAP_ADDRESS);
	shm.shared = shm.states + shm.states_size;
	shm.output = shm.shared + shm.shared_size;
	shm.irq = 32 + comm()->vpci_irq_base + mmio_read8(pci_config((uint16_t)bdf, PCI_PIN)) - 1;
	print("ivshmem: device %02x.%x, id %u of %u, IRQ %u, states %lx, %lu shared at %lx, %lu of each peer at %lx\n", bdf >> 3,
	      bdf & 7, shm.id, shm.peers, shm.irq, shm.states, shm.shared_size, shm.shared, shm.output_size, shm.output);
	mem_map_normal(shm.states, shm.output + shm.peers * shm.output_size - shm.states);
	return shm.peers <= MAX_PEERS && shm.id < shm.peers;
}

static void print_states(const char *why)
{
	print("ivshmem: %s, %lu interrupts, states", why, shm.interrupts);
	for (uint32_t p = 0; p < shm.peers; p++)
		print(" %u", mmio_read32(shm.states + 4ul * p));
	for (uint32_t p = 0; p < shm.peers && shm.output_size; p++)
		print("%s %#lx", p ? "" : ", outputs", mmio_read64(shm.output + p * shm.output_size));
	print("\n");
}

void inmate_main(void)
{
	uint64_t seen = 0, next = now(), rung = 0;

	if (!find_device()) {
		print("ivshmem: no device\n");
		return;
	}
	irq_handler(on_irq);
	irq_enable(shm.irq);
	mmio_write32(shm.regs + REG_INT, 1);
	mmio_write32(shm.regs + REG_STATE, STATE_READY);
	irq_on();
	while (!comm_poll()) {
		if (shm.interrupts != seen) {
			seen = shm.interrupts;
			print_states("interrupt");
		}
		if (now() < next)
			continue;
		next += ticks_of_ns(option_number("period_us", 500000) * 1000);
		rung++;
		if (shm.output_size)
			mmio_write64(shm.output + shm.id * shm.output_size, rung);
		for (uint32_t p = 0; p < shm.peers; p++)
			if (p != shm.id)
				mmio_write32(shm.regs + REG_DOORBELL, p << 16);
		print_states("rang");
		if (rung == option_number("fail", 0))
			mmio_read32(NOWHERE);
	}
	mmio_write32(shm.regs + REG_STATE, 0);
}
