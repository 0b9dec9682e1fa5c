/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's table, and how machines and vCPUs come, go and start again. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/platform.h"
#include "engine/kvm/engine.h"

static int vm_open(struct kvm_vm *k)
{
	char why[1];
	int err;

	k->dev_fd = kvm_open(why, sizeof(why));
	if (k->dev_fd < 0)
		return k->dev_fd;
	err = kvm_call(k->dev_fd, KVM_GET_VCPU_MMAP_SIZE, NULL);
	if (err < 0)
		return err;
	k->run_bytes = (uint32_t)err;
	err = kvm_arch.vm_init(k, &k->fd);
	return err ? err : kvm_slots_init(k);
}

static void vm_close(struct kvm_vm *k)
{
	kvm_slots_fini(k);
	kvm_arch.vm_fini(k);
	if (k->fd >= 0)
		close(k->fd);
	if (k->dev_fd >= 0)
		close(k->dev_fd);
	free(k->gsi);
	free(k);
}

static int kvm_vm_init(struct vm *vm)
{
	struct kvm_vm *k = calloc(1, sizeof(*k));
	int err;

	if (!k)
		return -ENOMEM;
	k->vm = vm;
	k->fd = k->dev_fd = -1;
	k->ring_entries = KVM_RING_ENTRIES;
	err = vm_open(k);
	if (err) {
		vm_close(k);
		return err;
	}
	vm->engine_vm = k;
	return 0;
}

static int kvm_vm_ready(struct vm *vm)
{
	struct kvm_vm *k = kvm_of(vm);

	return kvm_arch.vm_ready ? kvm_arch.vm_ready(k) : 0;
}

static void kvm_vm_fini(struct vm *vm)
{
	struct kvm_vm *k = kvm_of(vm);

	if (!k)
		return;
	vm->engine_vm = NULL;
	vm_close(k);
}

/* All parked: this thread may use the vCPUs' descriptors. */
static int kvm_vm_reset(struct vm *vm)
{
	struct kvm_vm *k = kvm_of(vm);
	int err = 0;

	for (uint32_t n = 0; n < vm->vcpu_count && !err; n++) {
		struct kvm_cpu *c = kvm_cpu_of(vm->vcpu[n]);

		if (!c)
			continue;
		c->power_change = c->unfinished = false;
		c->power = (struct vcpu_power){ .state = VCPU_OFF };
		err = kvm_arch.vcpu_reset(c);
	}
	return err ? err : kvm_arch.vm_reset(k);
}

static int kvm_clock_get(struct vm *vm, struct vm_clock *clock)
{
	return kvm_arch.clock_get(kvm_of(vm), clock);
}

static int kvm_clock_set(struct vm *vm, const struct vm_clock *clock)
{
	return kvm_arch.clock_set(kvm_of(vm), clock);
}

static void kvm_eoi_changed(struct vm *vm)
{
	kvm_routes_commit(kvm_of(vm));
}

static int kvm_irqchip_create(struct vm *vm, const struct irqchip_desc *d, struct irqchip **out)
{
	return kvm_arch.irqchip_create(kvm_of(vm), d, out);
}

/* ---- vCPUs ---- */

static void cpu_free(struct kvm_cpu *c)
{
	kvm_ring_unmap(c);
	if (c->run)
		munmap(c->run, c->vm->run_bytes);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

/* The kernel numbers vCPUs in the order they come, and lays out a GIC's redistributors by that; their threads come in any. */
static int create_in_turn(struct kvm_cpu *c)
{
	uint32_t *created = &c->vm->created, now;

	while ((now = __atomic_load_n(created, __ATOMIC_SEQ_CST)) != c->vcpu->index)
		platform_wait(created, now);
	now = now ? 0 : (uint32_t)-kvm_ring_enable(c->vm);
	if (!now)
		c->fd = ioctl(c->vm->fd, KVM_CREATE_VCPU, (unsigned long)c->vcpu->index);
	if (!now && c->fd < 0)
		now = (uint32_t)errno;
	__atomic_add_fetch(created, 1, __ATOMIC_SEQ_CST);
	platform_wake(created, true);
	return -(int)now;
}

static int cpu_open(struct kvm_cpu *c)
{
	int err = create_in_turn(c);
	void *run;

	if (err)
		return err;
	run = mmap(NULL, c->vm->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (run == MAP_FAILED)
		return -errno;
	c->run = run;
	kvm_coalesced_init(c);
	err = kvm_ring_map(c);
	return err ? err : kvm_arch.vcpu_init(c);
}

static int kvm_vcpu_init(struct vcpu *v)
{
	struct kvm_cpu *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	*c = (struct kvm_cpu){ .vm = kvm_of(v->vm), .vcpu = v, .fd = -1, .power = { .state = VCPU_OFF } };
	err = cpu_open(c);
	if (err) {
		kvm_arch.vcpu_fini(c);
		cpu_free(c);
		return err;
	}
	__atomic_store_n(&c->thread, platform_thread_id(), __ATOMIC_SEQ_CST);
	__atomic_store_n(&c->vm->cpu[v->index], c, __ATOMIC_RELEASE);
	__atomic_store_n(&v->engine, c, __ATOMIC_RELEASE);
	return 0;
}

static void kvm_vcpu_fini(struct vcpu *v)
{
	struct kvm_cpu *c = kvm_cpu_of(v);

	if (!c)
		return;
	__atomic_store_n(&c->vm->cpu[v->index], NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&v->engine, NULL, __ATOMIC_RELEASE);
	kvm_arch.vcpu_fini(c);
	cpu_free(c);
}

static void kvm_vcpu_pin(struct vcpu *v, enum cpu_pin pin, bool level)
{
	struct kvm_cpu *c = kvm_cpu_of(v);

	if (c && kvm_arch.pin)
		kvm_arch.pin(c, pin, level);
}

static int kvm_vcpu_regs(struct vcpu *v, struct reg *list, unsigned n, bool write)
{
	return kvm_arch.regs(kvm_cpu_of(v), list, n, write);
}

static int kvm_vcpu_fault(struct vcpu *v, const struct isa_fault *f)
{
	return kvm_arch.fault(kvm_cpu_of(v), f);
}

static int kvm_vcpu_debug(struct vcpu *v, const struct debug_points *p)
{
	struct kvm_cpu *c = kvm_cpu_of(v);
	struct kvm_guest_debug d = { 0 };
	int err = kvm_arch.debug(c, p, &d);

	return err ? err : kvm_call(c->fd, KVM_SET_GUEST_DEBUG, &d);
}

const struct engine_ops kvm_engine = {
	.name = "kvm",
	.probe = kvm_probe,
	.vm_init = kvm_vm_init,
	.vm_ready = kvm_vm_ready,
	.vm_fini = kvm_vm_fini,
	.vm_reset = kvm_vm_reset,
	.clock_get = kvm_clock_get,
	.clock_set = kvm_clock_set,
	.irqchip_create = kvm_irqchip_create,
	.vcpu_init = kvm_vcpu_init,
	.vcpu_fini = kvm_vcpu_fini,
	.vcpu_run = kvm_vcpu_run,
	.vcpu_kick = kvm_vcpu_kick,
	.vcpu_regs = kvm_vcpu_regs,
	.vcpu_power = kvm_vcpu_power,
	.vcpu_pin = kvm_vcpu_pin,
	.vcpu_fault = kvm_vcpu_fault,
	.vcpu_debug = kvm_vcpu_debug,
	.doorbell = kvm_doorbell,
	.route = kvm_route,
	.eoi_changed = kvm_eoi_changed,
	.dirty = kvm_dirty,
};
