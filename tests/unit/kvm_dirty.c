/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest wrote, as the kvm engine on x86-64 tells it: by KVM's bitmaps and by dirty rings. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "engine/kvm/engine.h"
#include "tests/unit/kvm_rig.h"
#include "tests/unit/skip.h"

GUEST(guest_dirty,
	"mov $0x4000, %ax\n mov %ax, %ds\n movb $1, 0\n movb $1, 0x5000\n mov $0x1f0, %dx\n out %al, %dx\n");

/* One vCPU that is started; its dirty pages by a ring of so many entries, or 0: by KVM's bitmap. */
static struct kvm_rig *rig_with_ring(uint32_t entries, const uint8_t *code, const uint8_t *end)
{
	struct kvm_rig *r = kvm_rig_new(1);

	kvm_of(&r->vm)->ring_entries = entries;
	assert_int_equal(kvm_engine.vcpu_init(r->vm.vcpu[0]), 0);
	if (entries && !kvm_of(&r->vm)->ring_entries) {
		kvm_rig_free(r);
		skip_because("this host's KVM has no dirty rings that could be trusted");
	}
	vcpu_start(r->vm.vcpu[0]);
	kvm_rig_load(r, code, end);
	kvm_rig_start(r, 0, KVM_RIG_CODE);
	return r;
}

static void check_dirty(struct kvm_rig *r)
{
	uint64_t map[2] = { 0 };

	assert_int_equal(kvm_engine.dirty(&r->vm, r->ram_id, DIRTY_BEGIN, NULL, 0), 0);
	assert_int_equal(kvm_engine.vcpu_run(r->vm.vcpu[0]), EXIT_PAUSED);
	assert_int_equal(kvm_engine.dirty(&r->vm, r->ram_id, DIRTY_FETCH, map, 2), 0);
	assert_int_equal(map[1], 1 | 1 << 5);		/* 0x40000 is page 64 */
	memset(map, 0, sizeof(map));
	assert_int_equal(kvm_engine.dirty(&r->vm, r->ram_id, DIRTY_FETCH, map, 2), 0);
	assert_int_equal(map[0] | map[1], 0);
	kvm_rig_start(r, 0, KVM_RIG_CODE);		/* protected again */
	r->vm.vcpu[0]->pause_request = false;
	assert_int_equal(kvm_engine.vcpu_run(r->vm.vcpu[0]), EXIT_PAUSED);
	assert_int_equal(kvm_engine.dirty(&r->vm, r->ram_id, DIRTY_FETCH, map, 2), 0);
	assert_int_equal(map[1], 1 | 1 << 5);
	assert_int_equal(kvm_engine.dirty(&r->vm, r->ram_id, DIRTY_END, NULL, 0), 0);
	assert_int_equal(kvm_engine.dirty(&r->vm, 7, DIRTY_BEGIN, NULL, 0), -ENOENT);
	kvm_rig_free(r);
}

static void the_dirty_bitmap_has_the_pages_that_were_written(void **state)
{
	check_dirty(rig_with_ring(0, guest_dirty, guest_dirty_end));
}

static void the_dirty_ring_has_the_pages_that_were_written(void **state)
{
	check_dirty(rig_with_ring(KVM_RING_ENTRIES, guest_dirty, guest_dirty_end));
}

/* ds is at 16 MiB, without a limit. */
GUEST(guest_many,
	"xor %esi, %esi\n many_again: movb $1, (%esi)\n add $0x1000, %esi\n cmp $0x800000, %esi\n jb many_again\n"
	"mov $0x1f0, %dx\n out %al, %dx\n");

static void a_full_dirty_ring_loses_nothing(void **state)
{
	enum { BYTES = 8 << 20, WORDS = BYTES / 4096 / 64 };
	struct x86_segment data = { .base = 16 << 20, .limit = 0xffffffff, .attributes = X86_SEG_DATA32 };
	struct reg ds = { X86_REG_DS, sizeof(data), &data };
	struct kvm_rig *r = rig_with_ring(1024, guest_many, guest_many_end);
	void *ram = aligned_alloc(4096, BYTES);
	struct mem_slot slot = { .base = 16 << 20, .size = BYTES, .kind = MEM_RAM, .can_write = true,
				 .backing = { .host = ram, .fd = -1 } };
	uint64_t map[WORDS] = { 0 };
	uint32_t id;

	assert_int_equal(mem_slot_add(&r->vm.mem, &slot, &id), 0);
	assert_int_equal(kvm_engine.vcpu_regs(r->vm.vcpu[0], &ds, 1, true), 0);
	assert_int_equal(kvm_engine.dirty(&r->vm, id, DIRTY_BEGIN, NULL, 0), 0);
	assert_int_equal(kvm_engine.vcpu_run(r->vm.vcpu[0]), EXIT_PAUSED);
	assert_int_equal(kvm_engine.dirty(&r->vm, id, DIRTY_FETCH, map, WORDS), 0);
	for (size_t n = 0; n < WORDS; n++)
		assert_true(map[n] == ~0ull);
	assert_int_equal(mem_slot_remove(&r->vm.mem, id), 0);
	kvm_rig_free(r);
	free(ram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_dirty_bitmap_has_the_pages_that_were_written),
		cmocka_unit_test(the_dirty_ring_has_the_pages_that_were_written),
		cmocka_unit_test(a_full_dirty_ring_loses_nothing),
	};

	return kvm_rig_usable() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
