/* SPDX-License-Identifier: BSD-2-Clause */
/* Putting a machine's parts together, and the two things that everybody may ask of it: an end, and attention. */
#include "base/errno.h"
#include "base/string.h"
#include "core/lock_order.h"
#include "core/vm.h"

#define VM_TIMERS	1024

static int doorbell_hook(void *ctx, struct region *r, struct doorbell *d, bool on)
{
	struct vm *vm = ctx;

	return vm->engine_vm ? vm->engine->doorbell(vm, r, d, on) : -ENODEV;
}

int vm_init(struct vm *vm, enum isa_id isa, const struct engine_ops *engine, uint64_t counter_hz)
{
	struct timer **heap = arena_alloc(&vm->arena, VM_TIMERS * sizeof(*heap));

	if (!heap)
		return -ENOMEM;
	vm->isa = isa;
	vm->engine = engine;
	lock_set_rank(&vm->lock, LOCK_VM);
	list_init(&vm->devices);
	mem_init(&vm->mem);
	bus_init(&vm->bus);
	if (engine && engine->doorbell) {
		vm->bus.doorbell_hook = doorbell_hook;
		vm->bus.hook_ctx = vm;
	}
	vm_time_init(&vm->time, counter_hz, heap, VM_TIMERS);
	return 0;
}

int vm_vcpus_create(struct vm *vm, uint32_t count)
{
	if (!count || count > VM_MAX_VCPUS || vm->vcpu_count)
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++) {
		struct vcpu *v = arena_alloc_aligned(&vm->arena, sizeof(*v), 64);

		if (!v)
			return -ENOMEM;
		v->vm = vm;
		v->index = i;
		v->hwid = i;
		mem_reader_register(&vm->mem, &v->reader);
		vm->vcpu[vm->vcpu_count++] = v;
	}
	return 0;
}

void vm_request(struct vm *vm, enum vm_exit what)
{
	if (vm->events.request)
		vm->events.request(vm, what);
}

void vm_kick_all(struct vm *vm)
{
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *v = vm->vcpu[i];

		__atomic_store_n(&v->pause_request, true, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&v->thread, __ATOMIC_RELAXED))
			vm->engine->vcpu_kick(v);
	}
}
