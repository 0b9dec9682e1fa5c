/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dirty ring: each vCPU tells of the pages that it wrote in a ring of its own, so that a fetch costs what was written and not
 * what there is. KVM takes this or bitmaps for a machine's whole life; engine_ops.dirty is the same.
 *
 * Entries go to a bitmap for each slot (slots.c keeps them), by whoever fetches and by a vCPU whose ring is full. All under
 * slot_lock. What is taken from a ring is given back to the kernel, which protects those pages again; that comes before anybody
 * reads them. A processor may hold back a few hundred entries of a running vCPU, so only a fetch while all are parked is complete.
 */
#include <sys/mman.h>

#include "base/bits.h"
#include "engine/kvm/engine.h"

#define PAGE_BYTES	4096

int kvm_ring_enable(struct kvm_vm *k)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_DIRTY_LOG_RING_ACQ_REL };
	uint32_t max = (uint32_t)kvm_has(k->fd, KVM_CAP_DIRTY_LOG_RING_ACQ_REL);

	if (!kvm_arch.dirty_ring || !kvm_arch.dirty_ring() || max < k->ring_entries * sizeof(struct kvm_dirty_gfn))
		k->ring_entries = 0;
	cap.args[0] = k->ring_entries * sizeof(struct kvm_dirty_gfn);
	return k->ring_entries ? kvm_call(k->fd, KVM_ENABLE_CAP, &cap) : 0;
}

int kvm_ring_map(struct kvm_cpu *c)
{
	void *ring;

	if (!c->vm->ring_entries)
		return 0;
	ring = mmap(NULL, c->vm->ring_entries * sizeof(struct kvm_dirty_gfn), PROT_READ | PROT_WRITE, MAP_SHARED, c->fd,
		    (off_t)KVM_DIRTY_LOG_PAGE_OFFSET * PAGE_BYTES);
	if (ring == MAP_FAILED)
		return -errno;
	c->dirty_ring = ring;
	return 0;
}

void kvm_ring_unmap(struct kvm_cpu *c)
{
	if (c->dirty_ring)
		munmap(c->dirty_ring, c->vm->ring_entries * sizeof(struct kvm_dirty_gfn));
}

static void mark(struct kvm_vm *k, uint32_t id, uint64_t page)
{
	if (id < MEM_MAX_SLOTS && k->dirty_map[id] && page < k->dirty_words[id] * 64)
		k->dirty_map[id][page / 64] |= BIT(page % 64);
}

static void harvest(struct kvm_cpu *c)
{
	for (;;) {
		struct kvm_dirty_gfn *e = &c->dirty_ring[c->dirty_next % c->vm->ring_entries];

		if (!(__atomic_load_n(&e->flags, __ATOMIC_ACQUIRE) & KVM_DIRTY_GFN_F_DIRTY))
			return;
		mark(c->vm, e->slot, e->offset);
		__atomic_store_n(&e->flags, KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
		c->dirty_next++;
	}
}

int kvm_ring_collect(struct kvm_vm *k)
{
	int n;

	for (uint32_t i = 0; i < k->vm->vcpu_count; i++) {
		struct kvm_cpu *c = __atomic_load_n(&k->cpu[i], __ATOMIC_ACQUIRE);

		if (c && c->dirty_ring)
			harvest(c);
	}
	n = kvm_call(k->fd, KVM_RESET_DIRTY_RINGS, NULL);
	return n < 0 ? n : 0;
}

void kvm_ring_full(struct kvm_cpu *c)
{
	lock_acquire(&c->vm->slot_lock);
	kvm_ring_collect(c->vm);
	lock_release(&c->vm->slot_lock);
}
