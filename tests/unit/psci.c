/* SPDX-License-Identifier: BSD-2-Clause */
/* PSCI and SMCCC through a fake engine that only keeps power states. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "fw/psci_vm.h"

#define ENTRY	0x40001000ull

struct rig {
	struct vm vm;
	struct vcpu vcpu[3];
	struct vcpu_power power[3];
	uint8_t ram[8192] __attribute__((aligned(4096)));
	int requested;
};

static int fake_power(struct vcpu *v, struct vcpu_power *p, bool write)
{
	struct rig *r = container_of(v->vm, struct rig, vm);

	if (write)
		r->power[v->index] = *p;
	else
		*p = r->power[v->index];
	return 0;
}

static void fake_request(struct vm *vm, enum vm_exit what)
{
	container_of(vm, struct rig, vm)->requested = (int)what;
}

static const struct engine_ops fake_engine = { .name = "fake", .vcpu_power = fake_power };

static int set_up(void **state)
{
	static struct rig r;
	struct mem_slot slot = { .base = 0x40000000, .size = 8192, .kind = MEM_RAM, .can_write = true, .can_exec = true,
				 .backing = { .host = r.ram, .fd = -1 } };
	uint32_t id;

	memset(&r, 0, sizeof(r));
	mem_init(&r.vm.mem);
	mem_slot_add(&r.vm.mem, &slot, &id);
	r.vm.engine = &fake_engine;
	r.vm.events.request = fake_request;
	r.vm.vcpu_count = 3;
	for (uint32_t i = 0; i < 3; i++) {
		r.vm.vcpu[i] = &r.vcpu[i];
		r.vcpu[i] = (struct vcpu){ .vm = &r.vm, .index = i, .hwid = i == 2 ? 0x100 : i };
	}
	r.power[0].state = VCPU_ON;
	r.requested = -1;
	*state = &r;
	return 0;
}

static int64_t call(struct rig *r, uint64_t id, uint64_t a1, uint64_t a2, uint64_t a3)
{
	uint64_t args[8] = { id, a1, a2, a3 };

	assert_true(psci_call(&r->vcpu[0], false, args));
	return (int64_t)args[0];
}

static void versions_are_1_1(void **state)
{
	assert_int_equal(call(*state, 0x84000000, 0, 0, 0), 0x10001);
	assert_int_equal(call(*state, 0x80000000, 0, 0, 0), 0x10001);
	assert_int_equal(call(*state, 0x84000006, 0, 0, 0), 2);
}

static void upper_half_of_the_identifier_is_ignored(void **state)
{
	assert_int_equal(call(*state, 0xdeadbeef84000000, 0, 0, 0), 0x10001);
}

static void unknown_functions_are_not_supported(void **state)
{
	static const uint64_t ids[] = { 0, 0x84000005, 0x84000007, 0x8400001f, 0xc4000000, 0xc4000002, 0xc4000008, 0xc400000a,
					0x80000002, 0xc0000000, 0x84010000, 0xffffffff };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (call(*state, ids[i], 0, 0, 0) != -1)
			fail_msg("%llx", (unsigned long long)ids[i]);
}

static void features_lists_what_there_is(void **state)
{
	static const uint64_t have[] = { 0x80000000, 0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0x84000003, 0xc4000003,
					 0x84000004, 0xc4000004, 0x84000008, 0x84000009, 0x8400000a, 0x84000012, 0xc4000012 };

	for (size_t i = 0; i < ARRAY_SIZE(have); i++)
		assert_int_equal(call(*state, 0x8400000a, have[i], 0, 0), 0);
	assert_int_equal(call(*state, 0x8400000a, 0x84000005, 0, 0), -1);
	assert_int_equal(call(*state, 0x80000001, 0x80000001, 0, 0), 0);
	assert_int_equal(call(*state, 0x80000001, 0x80008000, 0, 0), -1);
}

static void cpu_on_starts_a_cpu_with_entry_and_context(void **state)
{
	struct rig *r = *state;

	assert_int_equal(call(r, 0xc4000003, 0x100, ENTRY, 0x123456789abcdef0), 0);
	assert_int_equal(r->power[2].state, VCPU_ON);
	assert_true(r->power[2].reset);
	assert_int_equal(r->power[2].entry, ENTRY);
	assert_int_equal(r->power[2].arg, 0x123456789abcdef0);
	assert_int_equal(call(r, 0xc4000003, 0x100, ENTRY, 0), -4);
	assert_int_equal(call(r, 0xc4000003, 0, ENTRY, 0), -4);
	r->power[1].state = VCPU_WAITING;
	assert_int_equal(call(r, 0xc4000003, 1, ENTRY, 0), -4);
}

static void cpu_on_by_32_bits_cuts_its_arguments(void **state)
{
	struct rig *r = *state;

	assert_int_equal(call(r, 0x84000003, 0xff00000001, ENTRY | 1ull << 32, ~0ull), 0);
	assert_int_equal(r->power[1].entry, ENTRY);
	assert_int_equal(r->power[1].arg, 0xffffffff);
}

static void cpu_on_refuses_what_is_not_there(void **state)
{
	struct rig *r = *state;

	assert_int_equal(call(r, 0xc4000003, 7, ENTRY, 0), -2);
	assert_int_equal(call(r, 0xc4000003, 0x80000001, ENTRY, 0), -2);
	assert_int_equal(call(r, 0xc4000003, 1, 0x1000, 0), -9);
	assert_int_equal(call(r, 0xc4000003, 1, ENTRY + 2, 0), -9);
	assert_int_equal(r->power[1].state, VCPU_OFF);
}

static void affinity_info_tells_on_and_off(void **state)
{
	struct rig *r = *state;

	assert_int_equal(call(r, 0xc4000004, 0, 0, 0), 0);
	assert_int_equal(call(r, 0xc4000004, 1, 0, 0), 1);
	r->power[1].state = VCPU_WAITING;
	assert_int_equal(call(r, 0xc4000004, 1, 0, 0), 0);
	assert_int_equal(call(r, 0xc4000004, 9, 0, 0), -2);
	assert_int_equal(call(r, 0xc4000004, 0, 1, 0), -2);
}

static void suspend_waits_and_off_stops_the_caller(void **state)
{
	struct rig *r = *state;

	assert_int_equal(call(r, 0xc4000001, 0, 0, 0), 0);
	assert_int_equal(r->power[0].state, VCPU_WAITING);
	assert_false(r->power[0].reset);
	assert_int_equal(call(r, 0xc4000001, 0x80000000, 0, 0), -2);
	assert_int_equal(call(r, 0xc4000001, 0x01000000, 0, 0), -2);
	call(r, 0x84000002, 0, 0, 0);
	assert_int_equal(r->power[0].state, VCPU_OFF);
}

static void suspend_to_power_down_keeps_entry_and_context(void **state)
{
	struct rig *r = *state;

	assert_int_equal(call(r, 0xc4000001, 0x10000, ENTRY | 2, 0), -9);
	assert_int_equal(call(r, 0xc4000001, 0x10000, 0x10, 0), -9);
	assert_int_equal(r->power[0].state, VCPU_ON);
	assert_int_equal(call(r, 0xc4000001, 0x10000, ENTRY, 0x77), 0);
	assert_int_equal(r->power[0].state, VCPU_WAITING);
	assert_true(r->power[0].reset);
	assert_int_equal(r->power[0].entry, ENTRY);
	assert_int_equal(r->power[0].arg, 0x77);
}

static void system_off_and_reset_reach_the_machine(void **state)
{
	struct rig *r = *state;

	call(r, 0x84000008, 0, 0, 0);
	assert_int_equal(r->requested, EXIT_SHUTDOWN);
	assert_int_equal(r->power[0].state, VCPU_OFF);
	call(r, 0x84000009, 0, 0, 0);
	assert_int_equal(r->requested, EXIT_RESET);
	r->requested = -1;
	assert_int_equal(call(r, 0x84000012, 0x80000000, 0, 0), -2);
	assert_int_equal(r->requested, -1);
	call(r, 0xc4000012, 0, 0, 0);
	assert_int_equal(r->requested, EXIT_RESET);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup(t, set_up)
	const struct CMUnitTest tests[] = {
		TEST(versions_are_1_1),
		TEST(upper_half_of_the_identifier_is_ignored),
		TEST(unknown_functions_are_not_supported),
		TEST(features_lists_what_there_is),
		TEST(cpu_on_starts_a_cpu_with_entry_and_context),
		TEST(cpu_on_by_32_bits_cuts_its_arguments),
		TEST(cpu_on_refuses_what_is_not_there),
		TEST(affinity_info_tells_on_and_off),
		TEST(suspend_waits_and_off_stops_the_caller),
		TEST(suspend_to_power_down_keeps_entry_and_context),
		TEST(system_off_and_reset_reach_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
