/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared memory with doorbells, on an ivshmem device of no protocol. Says its state, rings each peer's doorbell, writes to its
 * output section, and prints each interrupt with the states of all peers. `fail=N`: it touches what isn't its own after N rounds.
 */
#include "guests/inmate/inmate.h"

#define MAX_PEERS	8
#define STATE_READY	3
#define NOWHERE		0x40000000	/* the root's */

static struct shmem shm;
static volatile uint64_t interrupts;

static void on_irq(unsigned intid)
{
	if (intid != shm.irq)
		return;
	interrupts++;
	mmio_write32(shm.regs + IVSHMEM_INTERRUPT, 1);	/* it is one-shot where the peer asked for that */
}

static void print_states(const char *why)
{
	print("ivshmem: %s, %lu interrupts, states", why, interrupts);
	for (uint32_t p = 0; p < shm.peers; p++)
		print(" %u", shmem_state(&shm, p));
	for (uint32_t p = 0; p < shm.peers && shm.output_size; p++)
		print("%s %#lx", p ? "" : ", outputs", mmio_read64(shm.output + p * shm.output_size));
	print("\n");
}

static bool begin(void)
{
	if (!shmem_open(&shm, IVSHMEM_UNDEFINED) || shm.peers > MAX_PEERS) {
		print("ivshmem: no device\n");
		return false;
	}
	print("ivshmem: device %02x.%x, id %u of %u, IRQ %u, states %lx, %lu shared at %lx, %lu of each peer at %lx\n",
	      shm.bdf >> 3, shm.bdf & 7, shm.id, shm.peers, shm.irq, shm.states, shm.shared_size, shm.shared, shm.output_size,
	      shm.output);
	irq_handler(on_irq);
	irq_enable(shm.irq);
	mmio_write32(shm.regs + IVSHMEM_INTERRUPT, 1);
	mmio_write32(shm.regs + IVSHMEM_STATE, STATE_READY);
	irq_on();
	return true;
}

void inmate_main(void)
{
	uint64_t seen = 0, next = now(), rung = 0;

	if (!begin())
		return;
	while (!comm_poll()) {
		if (interrupts != seen) {
			seen = interrupts;
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
				shmem_ring(&shm, p);
		print_states("rang");
		if (rung == option_number("fail", 0))
			mmio_read32(NOWHERE);
	}
	mmio_write32(shm.regs + IVSHMEM_STATE, 0);
}
