/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's debug console: what a guest writes comes out, and what it must not point at is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "core/chardev.h"
#include "fw/sbi_dbcn.h"

#define RAM	0x80000000ull

struct rig {
	struct vm vm;
	struct vcpu vcpu;
	struct chardev console;
	char out[4096];
	size_t used, room;		/* room: the back-end takes so much at once */
	uint8_t ram[8192] __attribute__((aligned(4096)));
};

static size_t take(struct chardev *c, const uint8_t *buf, size_t len)
{
	struct rig *r = container_of(c, struct rig, console);

	len = MIN(len, MIN(r->room, sizeof(r->out) - r->used));
	memcpy(r->out + r->used, buf, len);
	r->used += len;
	return len;
}

static const struct chardev_ops console_ops = { .write = take };

static int set_up(void **state)
{
	static struct rig r;
	struct mem_slot slot = { .base = RAM, .size = 8192, .kind = MEM_RAM, .can_write = true, .can_exec = true,
				 .backing = { .host = r.ram, .fd = -1 } };
	uint32_t id;

	memset(&r, 0, sizeof(r));
	mem_init(&r.vm.mem);
	mem_slot_add(&r.vm.mem, &slot, &id);
	r.console.ops = &console_ops;
	r.room = sizeof(r.out);
	r.vm.firmware_console = &r.console;
	r.vcpu.vm = &r.vm;
	*state = &r;
	return 0;
}

/* Returns the error; *value is what came with it. */
static int64_t call(struct rig *r, uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t *value)
{
	uint64_t args[8] = { a0, a1, a2, 0, 0, 0, function, SBI_DBCN };

	assert_true(sbi_dbcn_call(&r->vcpu, false, args));
	*value = args[1];
	return (int64_t)args[0];
}

static void what_is_written_comes_out(void **state)
{
	struct rig *r = *state;
	uint64_t n;

	memcpy(r->ram + 100, "hello", 5);
	assert_int_equal(call(r, SBI_DBCN_WRITE, 5, RAM + 100, 0, &n), SBI_SUCCESS);
	assert_int_equal(n, 5);
	assert_int_equal(call(r, SBI_DBCN_WRITE_BYTE, 0x1200 | '!', 0, 0, &n), SBI_SUCCESS);
	assert_int_equal(n, 0);
	assert_int_equal(r->used, 6);
	assert_memory_equal(r->out, "hello!", 6);
}

static void a_full_back_end_takes_a_part_and_says_how_much(void **state)
{
	struct rig *r = *state;
	uint64_t n;

	r->room = 3;
	assert_int_equal(call(r, SBI_DBCN_WRITE, 5, RAM, 0, &n), SBI_SUCCESS);
	assert_int_equal(n, 3);
	r->room = 0;
	assert_int_equal(call(r, SBI_DBCN_WRITE, 5, RAM, 0, &n), SBI_SUCCESS);
	assert_int_equal(n, 0);
	assert_int_equal(call(r, SBI_DBCN_WRITE_BYTE, 'x', 0, 0, &n), SBI_FAILED);
	assert_int_equal(r->used, 3);
}

static void any_length_is_answered_and_only_memory_is_read(void **state)
{
	struct rig *r = *state;
	uint64_t n;

	assert_int_equal(call(r, SBI_DBCN_WRITE, ~0ull, RAM, 0, &n), SBI_SUCCESS);
	assert_in_range(n, 1, 8192);
	assert_int_equal(call(r, SBI_DBCN_WRITE, 0, RAM, 0, &n), SBI_SUCCESS);
	assert_int_equal(n, 0);
	r->used = 0;
	assert_int_equal(call(r, SBI_DBCN_WRITE, 5, RAM, 1, &n), SBI_INVALID_PARAM);
	assert_int_equal(call(r, SBI_DBCN_WRITE, 5, RAM - 1, 0, &n), SBI_INVALID_PARAM);
	assert_int_equal(call(r, SBI_DBCN_WRITE, 5, RAM + 8190, 0, &n), SBI_INVALID_PARAM);
	assert_int_equal(call(r, SBI_DBCN_WRITE, 5, ~0ull, 0, &n), SBI_INVALID_PARAM);
	assert_int_equal(r->used, 0);
}

static void there_is_nothing_to_read_and_nobody_needs_to_listen(void **state)
{
	struct rig *r = *state;
	uint64_t n;

	assert_int_equal(call(r, SBI_DBCN_READ, 5, RAM, 0, &n), SBI_SUCCESS);
	assert_int_equal(n, 0);
	r->vm.firmware_console = NULL;
	assert_int_equal(call(r, SBI_DBCN_WRITE, 5, RAM, 0, &n), SBI_SUCCESS);
	assert_int_equal(n, 5);
	assert_int_equal(call(r, SBI_DBCN_WRITE_BYTE, 'x', 0, 0, &n), SBI_SUCCESS);
}

static void other_calls_are_not_known(void **state)
{
	struct rig *r = *state;
	uint64_t function[8] = { [6] = 3, [7] = SBI_DBCN }, extension[8] = { [6] = SBI_DBCN_WRITE, [7] = 0x53525354 };

	assert_false(sbi_dbcn_call(&r->vcpu, false, function));
	assert_false(sbi_dbcn_call(&r->vcpu, false, extension));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, set_up)
		T(what_is_written_comes_out),
		T(a_full_back_end_takes_a_part_and_says_how_much),
		T(any_length_is_answered_and_only_memory_is_read),
		T(there_is_nothing_to_read_and_nobody_needs_to_listen),
		T(other_calls_are_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
