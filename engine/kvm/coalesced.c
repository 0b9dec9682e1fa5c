/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes that need not come out at once: the kernel keeps them in a ring of the machine, a page of each vCPU's shared area
 * that is the same for all. Whoever comes out of KVM_RUN for whatever reason first does what is in the ring, so an access
 * that depends on such a write finds it done.
 *
 * Only for registers that say which other register is meant. A zone takes every access that lies within it, so the address
 * port of PCI's configuration mechanism is none: it has the reset port 0xcf9 inside.
 */
#include "engine/kvm/engine.h"

#define PAGE_BYTES	4096u
#define RING_MAX	((PAGE_BYTES - sizeof(struct kvm_coalesced_mmio_ring)) / sizeof(struct kvm_coalesced_mmio))

void kvm_coalesced_init(struct kvm_cpu *c)
{
	int page = kvm_has(c->vm->fd, KVM_CAP_COALESCED_MMIO);

	if (page > 0 && ((uint32_t)page + 1) * PAGE_BYTES <= c->vm->run_bytes)
		c->ring = (void *)((char *)c->run + (uint32_t)page * PAGE_BYTES);
}

int kvm_coalesced_port(struct kvm_vm *k, uint16_t port)
{
	struct kvm_coalesced_mmio_zone z = { .addr = port, .size = 1, .pio = 1 };

	if (kvm_has(k->fd, KVM_CAP_COALESCED_PIO) <= 0 || !bus_find(&k->vm->bus, BUS_PIO, port))
		return 0;
	return kvm_call(k->fd, KVM_REGISTER_COALESCED_MMIO, &z);
}

void kvm_coalesced_drain(struct kvm_cpu *c)
{
	struct kvm_coalesced_mmio_ring *ring = c->ring;

	if (!ring || __atomic_load_n(&ring->first, __ATOMIC_ACQUIRE) == __atomic_load_n(&ring->last, __ATOMIC_ACQUIRE))
		return;
	lock_acquire(&c->vm->ring_lock);
	for (uint32_t at = ring->first; at != __atomic_load_n(&ring->last, __ATOMIC_ACQUIRE); at = (at + 1) % RING_MAX) {
		struct kvm_coalesced_mmio *e = &ring->coalesced_mmio[at];

		kvm_bus(c, e->pio ? BUS_PIO : BUS_MMIO, e->phys_addr, e->data, MIN(e->len, 8), true);
		__atomic_store_n(&ring->first, (at + 1) % RING_MAX, __ATOMIC_RELEASE);
	}
	lock_release(&c->vm->ring_lock);
}
