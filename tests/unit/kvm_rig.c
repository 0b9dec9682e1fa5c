/* SPDX-License-Identifier: BSD-2-Clause */
/* See kvm_rig.h. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "dev/irqchip/pc_irqchip.h"
#include "os/arena.h"
#include "os/thread.h"
#include "tests/unit/kvm_rig.h"

bool kvm_rig_usable(void)
{
	struct engine_info info;
	char why[160] = "";
	int err = kvm_engine.probe(ISA_X86_64, &info, why, sizeof(why));

	if (err)
		print_message("skipped: %s\n", why);
	return !err;
}

static void record(struct kvm_rig *r, struct region *region, const struct bus_access *a)
{
	uint32_t n = r->count;

	if (n < KVM_RIG_MAX)
		r->seen[n] = (struct kvm_rig_access){ region->space, a->offset, a->value, a->size, a->write };
	__atomic_store_n(&r->count, n + 1, __ATOMIC_SEQ_CST);
}

static enum bus_result port_access(struct region *region, struct bus_access *a)
{
	struct kvm_rig *r = container_of(region, struct kvm_rig, ports);

	if (!a->write)
		a->value = r->answer;
	record(r, region, a);
	return BUS_OK;
}

static enum bus_result mmio_access(struct region *region, struct bus_access *a)
{
	struct kvm_rig *r = container_of(region, struct kvm_rig, mmio);

	if (!a->write)
		a->value = r->answer;
	record(r, region, a);
	return BUS_OK;
}

static enum bus_result pause_access(struct region *region, struct bus_access *a)
{
	a->value = 0x5a;
	__atomic_store_n(&a->vcpu->pause_request, true, __ATOMIC_SEQ_CST);
	return BUS_OK;
}

static const struct region_ops port_ops = { .access = port_access, .min_size = 1, .max_size = 8 };
static const struct region_ops mmio_ops = { .access = mmio_access, .min_size = 1, .max_size = 8 };
static const struct region_ops pause_ops = { .access = pause_access, .min_size = 1, .max_size = 8 };

static void requested(struct vm *vm, enum vm_exit what)
{
	__atomic_store_n(&container_of(vm, struct kvm_rig, vm)->requested, (int)what, __ATOMIC_SEQ_CST);
}

static void map(struct kvm_rig *r)
{
	r->ports = (struct region){ .ops = &port_ops, .name = "ports", .lock = &r->lock };
	r->mmio = (struct region){ .ops = &mmio_ops, .name = "mmio", .lock = &r->lock };
	r->pause = (struct region){ .ops = &pause_ops, .name = "pause", .lock = &r->lock };
	assert_int_equal(bus_region_add(&r->vm.bus, &r->ports, BUS_PIO, KVM_RIG_PORT, 8, 0), 0);
	assert_int_equal(bus_region_add(&r->vm.bus, &r->pause, BUS_PIO, KVM_RIG_PAUSE, 4, 0), 0);
	assert_int_equal(bus_region_add(&r->vm.bus, &r->mmio, BUS_MMIO, KVM_RIG_MMIO, 0x1000, 0), 0);
}

struct kvm_rig *kvm_rig_new_with(uint32_t vcpus, const char *irqchip)
{
	struct kvm_rig *r = calloc(1, sizeof(*r));
	struct irqchip_desc desc = { .type = irqchip };
	struct mem_slot slot = { .size = KVM_RIG_RAM, .kind = MEM_RAM, .can_write = true, .can_exec = true };

	assert_non_null(r);
	r->requested = -1;
	r->ram = mmap(NULL, KVM_RIG_RAM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(r->ram != MAP_FAILED);
	slot.backing = (struct mem_backing){ .host = r->ram, .fd = -1 };
	os_arena_init(&r->vm.arena);
	r->vm.events.request = requested;
	assert_int_equal(vm_init(&r->vm, ISA_X86_64, &kvm_engine, 1000000000), 0);
	assert_int_equal(thread_kick_init(), 0);
	assert_int_equal(kvm_engine.vm_init(&r->vm), 0);
	assert_int_equal(mem_slot_add(&r->vm.mem, &slot, &r->ram_id), 0);
	assert_int_equal(vm_vcpus_create(&r->vm, vcpus), 0);
	assert_int_equal(kvm_engine.irqchip_create(&r->vm, &desc, &r->vm.irqchip), 0);
	if (!strcmp(irqchip, "split"))
		assert_int_equal(pc_irqchip_new(&r->vm, r->vm.irqchip, KVM_RIG_IOAPIC, &r->vm.irqchip), 0);
	device_reset_all(&r->vm, RESET_COLD);
	vm_time_resume(&r->vm.time);
	map(r);
	return r;
}

struct kvm_rig *kvm_rig_new(uint32_t vcpus)
{
	return kvm_rig_new_with(vcpus, "kernel");
}

void kvm_rig_free(struct kvm_rig *r)
{
	for (uint32_t i = 0; i < r->vm.vcpu_count; i++)
		kvm_engine.vcpu_fini(r->vm.vcpu[i]);
	device_destroy_all(&r->vm);
	kvm_engine.vm_fini(&r->vm);
	os_arena_free(&r->vm.arena);
	munmap(r->ram, KVM_RIG_RAM);
	free(r);
}

void kvm_rig_load(struct kvm_rig *r, const uint8_t *code, const uint8_t *end)
{
	memcpy(r->ram + KVM_RIG_CODE, code, (size_t)(end - code));
}

void kvm_rig_start(struct kvm_rig *r, uint32_t vcpu, uint64_t rip)
{
	struct x86_segment code = { .limit = 0xffff, .attributes = X86_SEG_CODE16 };
	uint64_t stack = KVM_RIG_CODE;
	struct reg list[] = {
		{ X86_REG_CS, sizeof(code), &code }, { X86_REG_RIP, 8, &rip }, { X86_REG_RSP, 8, &stack },
	};
	struct vcpu_power on = { .state = VCPU_ON };

	assert_int_equal(kvm_engine.vcpu_regs(r->vm.vcpu[vcpu], list, ARRAY_SIZE(list), true), 0);
	assert_int_equal(kvm_engine.vcpu_power(r->vm.vcpu[vcpu], &on, true), 0);
}

uint64_t kvm_rig_get(struct kvm_rig *r, uint32_t vcpu, uint32_t id)
{
	uint64_t val = ~0ull;
	struct reg reg = { id, 8, &val };

	assert_int_equal(kvm_engine.vcpu_regs(r->vm.vcpu[vcpu], &reg, 1, false), 0);
	return val;
}

void kvm_rig_set(struct kvm_rig *r, uint32_t vcpu, uint32_t id, uint64_t val)
{
	struct reg reg = { id, 8, &val };

	assert_int_equal(kvm_engine.vcpu_regs(r->vm.vcpu[vcpu], &reg, 1, true), 0);
}

void kvm_rig_wait(struct kvm_rig *r, uint32_t count)
{
	for (int ms = 0; ms < 10000 && __atomic_load_n(&r->count, __ATOMIC_SEQ_CST) < count; ms++)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	assert_true(__atomic_load_n(&r->count, __ATOMIC_SEQ_CST) >= count);
}
