/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory for the kernel: each slot of core/mem.h is one of KVM's by the same number. Writes to ROM, and accesses
 * outside of slots, come back as MMIO.
 *
 * The dirty log is KVM's bitmap, which reading clears and protects the pages again, or one that is filled from dirty rings.
 */
#include <stdlib.h>

#include "base/bits.h"
#include "engine/kvm/engine.h"

#define PAGE_SHIFT	12

static struct kvm_vm *vm_of(struct mem_listener *l)
{
	return container_of(l, struct kvm_vm, listener);
}

static int set_slot(struct kvm_vm *k, const struct mem_slot *s, uint64_t size)
{
	struct kvm_userspace_memory_region r = {
		.slot = s->id, .guest_phys_addr = s->base, .memory_size = size,
		.userspace_addr = (uintptr_t)s->backing.host,
	};

	if (s->kind == MEM_ROM || !s->can_write)
		r.flags |= KVM_MEM_READONLY;
	if (k->dirty & BIT(s->id))
		r.flags |= KVM_MEM_LOG_DIRTY_PAGES;
	return kvm_call(k->fd, KVM_SET_USER_MEMORY_REGION, &r);
}

static int slot_added(struct mem_listener *l, const struct mem_slot *s)
{
	return s->backing.host ? set_slot(vm_of(l), s, s->size) : 0;
}

static void map_free(struct kvm_vm *k, uint32_t id)
{
	free(k->dirty_map[id]);
	k->dirty_map[id] = NULL;
}

static void slot_removed(struct mem_listener *l, const struct mem_slot *s)
{
	struct kvm_vm *k = vm_of(l);

	if (!s->backing.host)
		return;
	lock_acquire(&k->slot_lock);
	k->dirty &= ~BIT(s->id);
	map_free(k, s->id);
	set_slot(k, s, 0);
	lock_release(&k->slot_lock);
}

int kvm_slots_init(struct kvm_vm *k)
{
	k->listener.add = slot_added;
	k->listener.remove = slot_removed;
	return mem_listener_add(&k->vm->mem, &k->listener);
}

void kvm_slots_fini(struct kvm_vm *k)
{
	mem_listener_remove(&k->vm->mem, &k->listener);
	for (uint32_t id = 0; id < MEM_MAX_SLOTS; id++)
		map_free(k, id);
}

/* By id; the caller keeps the slot alive. */
static const struct mem_slot *slot_of(struct kvm_vm *k, uint32_t id)
{
	const struct mem_slot *s = id < MEM_MAX_SLOTS ? &k->vm->mem.slots[id] : NULL;

	return s && k->vm->mem.used_slots & BIT(id) && s->backing.host ? s : NULL;
}

static size_t words_of(const struct mem_slot *s)
{
	return ((s->size >> PAGE_SHIFT) + 63) / 64;
}

static int log_slot(struct kvm_vm *k, const struct mem_slot *s, bool on)
{
	uint64_t before = k->dirty;
	int err;

	if (on && k->ring_entries && !k->dirty_map[s->id]) {
		k->dirty_words[s->id] = words_of(s);
		k->dirty_map[s->id] = calloc(k->dirty_words[s->id], sizeof(uint64_t));
		if (!k->dirty_map[s->id])
			return -ENOMEM;
	}
	k->dirty = on ? before | BIT(s->id) : before & ~BIT(s->id);
	err = set_slot(k, s, s->size);
	if (err)
		k->dirty = before;
	if (!(k->dirty & BIT(s->id)))
		map_free(k, s->id);
	return err;
}

static int fetch_ring(struct kvm_vm *k, const struct mem_slot *s, uint64_t *bitmap, size_t words)
{
	uint64_t *map = k->dirty_map[s->id];
	int err = map ? kvm_ring_collect(k) : -ENOENT;

	for (size_t n = 0; !err && n < MIN(k->dirty_words[s->id], words); n++) {
		bitmap[n] |= map[n];
		map[n] = 0;
	}
	return err;
}

static int fetch(struct kvm_vm *k, const struct mem_slot *s, uint64_t *bitmap, size_t words)
{
	size_t have = words_of(s);
	struct kvm_dirty_log log = { .slot = s->id };
	uint64_t *now;
	int err;

	if (k->ring_entries)
		return fetch_ring(k, s, bitmap, words);
	now = calloc(have, sizeof(*now));
	if (!now)
		return -ENOMEM;
	log.dirty_bitmap = now;
	err = kvm_call(k->fd, KVM_GET_DIRTY_LOG, &log);
	for (size_t n = 0; !err && n < MIN(have, words); n++)
		bitmap[n] |= now[n];
	free(now);
	return err;
}

int kvm_dirty(struct vm *vm, uint32_t id, enum dirty_op op, uint64_t *bitmap, size_t words)
{
	struct kvm_vm *k = kvm_of(vm);
	const struct mem_slot *s;
	int err = -ENOENT;

	lock_acquire(&k->slot_lock);
	s = slot_of(k, id);
	if (s)
		err = op == DIRTY_FETCH ? fetch(k, s, bitmap, words) : log_slot(k, s, op == DIRTY_BEGIN);
	lock_release(&k->slot_lock);
	return err;
}
