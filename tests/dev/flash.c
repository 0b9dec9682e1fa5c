/* SPDX-License-Identifier: BSD-2-Clause */
/* The flash chip: its commands, its status, its query table, and the memory slot that comes and goes with its array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/errno.h"
#include "dev/flash/cfi_flash.h"
#include "tests/dev/board.h"

#define BASE	0xffc00000ull
#define SIZE	(3 * CFI_BLOCK)

struct kept {
	struct flash_backend backend;
	uint8_t data[SIZE] __attribute__((aligned(4096)));
	uint64_t from, len;
	unsigned calls;
};

static struct board *b;
static struct device *chip;
static struct kept kept;

static void keep(struct flash_backend *f, uint64_t offset, uint64_t len)
{
	kept.from = offset;
	kept.len = len;
	kept.calls++;
}

static int open_chip(bool read_only)
{
	memset(&kept, 0, sizeof(kept));
	memset(kept.data, 0xff, SIZE);
	for (unsigned i = 0; i < 64; i++)
		kept.data[i] = (uint8_t)i;
	kept.backend = (struct flash_backend){ .data = kept.data, .fd = -1, .size = SIZE, .read_only = read_only, .keep = keep };
	b = board_new(1);
	chip = board_device(b, &cfi_flash_class);
	device_set_ptr(chip, "backend", &kept.backend);
	assert_int_equal(device_init(chip), 0);
	assert_int_equal(mmio_map(chip, BASE), 0);
	device_reset_all(&b->vm, RESET_COLD);
	return 0;
}

static int setup(void **state)
{
	return open_chip(false);
}

static int setup_read_only(void **state)
{
	return open_chip(true);
}

static int teardown(void **state)
{
	device_destroy_all(&b->vm);
	board_free(b);
	return 0;
}

static void put(uint64_t at, uint8_t value)
{
	board_write(b, 0, BASE + at, 1, value);
}

static uint8_t get(uint64_t at)
{
	return (uint8_t)board_read(b, 0, BASE + at, 1);
}

static bool is_memory(void)
{
	return mem_find(&b->vm.mem, BASE) != NULL;
}

static void the_array_is_read_only_memory_at_reset(void **state)
{
	const struct mem_slot *slot = mem_find(&b->vm.mem, BASE + SIZE - 1);

	assert_non_null(slot);
	assert_int_equal(slot->kind, MEM_ROM);
	assert_ptr_equal(slot->backing.host, kept.data);
	assert_int_equal(get(5), 5);
	put(0, 0x70);
	assert_false(is_memory());
	device_reset_all(&b->vm, RESET_WARM);
	assert_true(is_memory());
}

/* OVMF's test: a cleared status is 0, and no memory would give that back. */
static void status_is_zero_when_cleared_and_ready_after_work(void **state)
{
	put(5, 0x50);
	assert_int_equal(get(5), 5);
	put(5, 0x70);
	assert_int_equal(get(5), 0);
	put(100, 0x10);
	put(100, 0x5a);
	assert_int_equal(get(0), 0x80);
	put(5, 0xff);
	assert_int_equal(get(5), 5);
	assert_true(is_memory());
}

static void programming_only_takes_ones_away(void **state)
{
	put(7, 0x10);
	put(7, 0xf3);
	put(100, 0x40);
	put(100, 0x5a);
	put(0, 0xff);
	assert_int_equal(get(7), 7 & 0xf3);
	assert_int_equal(get(100), 0x5a);
}

static void a_command_is_kept_when_the_array_is_shown_again(void **state)
{
	for (unsigned i = 0; i < 10; i++) {
		put(200 + i, 0x10);
		put(200 + i, (uint8_t)i);
	}
	assert_int_equal(kept.calls, 0);
	put(200, 0xff);
	assert_int_equal(kept.calls, 1);
	assert_int_equal(kept.from, 200);
	assert_int_equal(kept.len, 10);
	put(200, 0x70);
	put(200, 0xff);
	assert_int_equal(kept.calls, 1);
}

static void what_was_not_shown_again_is_kept_at_a_pause_and_at_a_reset(void **state)
{
	put(300, 0x10);
	put(300, 0);
	assert_int_equal(chip->cls->quiesce(chip), 0);
	assert_int_equal(kept.calls, 1);
	put(301, 0x10);
	put(301, 0);
	device_reset_all(&b->vm, RESET_WARM);
	assert_int_equal(kept.calls, 2);
	assert_int_equal(kept.from, 301);
}

static void an_erase_sets_one_block(void **state)
{
	put(CFI_BLOCK + 5, 0x10);
	put(CFI_BLOCK + 5, 0);
	put(0x123, 0x20);
	put(0x123, 0xd0);
	put(0, 0xff);
	for (unsigned i = 0; i < CFI_BLOCK; i++)
		assert_int_equal(kept.data[i], 0xff);
	assert_int_equal(kept.data[CFI_BLOCK + 5], 0);
	assert_int_equal(kept.from, 0);
	assert_int_equal(kept.len, CFI_BLOCK + 6);
}

static void an_erase_without_its_confirmation_fails(void **state)
{
	put(0, 0x20);
	put(0, 0x77);
	assert_int_equal(get(0), 0x80 | 0x20 | 0x10);
	put(0, 0x50);
	put(0, 0xff);
	assert_int_equal(get(3), 3);
}

static void a_buffered_write_needs_its_confirmation(void **state)
{
	put(0x400, 0xe8);
	assert_int_equal(get(0x400), 0x80);
	put(0x400, 3);
	for (unsigned i = 0; i < 4; i++)
		put(0x400 + i, (uint8_t)(0x10 + i));
	assert_int_equal(kept.data[0x400], 0xff);
	put(0x400, 0xd0);
	assert_int_equal(get(0x400), 0x80);
	put(0x400, 0xff);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(get(0x400 + i), 0x10 + i);
	assert_int_equal(get(0x404), 0xff);
	put(0x500, 0xe8);
	put(0x500, 0);
	put(0x500, 0);
	put(0x500, 0x70);
	assert_int_equal(get(0), 0x80 | 0x20 | 0x10);
	put(0, 0xff);
	assert_int_equal(get(0x500), 0xff);
}

static void a_buffered_write_stays_in_its_area(void **state)
{
	put(0x4ff, 0xe8);
	put(0x4ff, 1);
	put(0x4ff, 0);
	put(0x500, 0);
	assert_int_equal(get(0), 0x80 | 0x20 | 0x10);
	put(0, 0xff);
	assert_int_equal(get(0x4ff), 0xff);
	assert_int_equal(get(0x500), 0xff);
}

static void a_locked_chip_says_so_and_does_not_change(void **state)
{
	put(9, 0x10);
	put(9, 0);
	assert_int_equal(get(0), 0x80 | 0x10 | 0x02);
	put(9, 0x50);
	put(9, 0x20);
	put(9, 0xd0);
	assert_int_equal(get(0), 0x80 | 0x20 | 0x02);
	put(9, 0xff);
	assert_int_equal(get(9), 9);
	assert_int_equal(kept.calls, 0);
}

static void the_query_table_tells_the_geometry(void **state)
{
	put(0x55, 0x98);
	assert_int_equal(get(0x10), 'Q');
	assert_int_equal(get(0x11), 'R');
	assert_int_equal(get(0x12), 'Y');
	assert_int_equal(get(0x13), 1);
	assert_int_equal(get(0x15), 0x31);
	assert_int_equal(get(0x27), 14);		/* 12 KiB, rounded up */
	assert_int_equal(1u << get(0x2a), CFI_BUFFER);
	assert_int_equal(get(0x2c), 1);
	assert_int_equal((unsigned)get(0x2d) + 1, SIZE / CFI_BLOCK);
	assert_int_equal((get(0x2f) | get(0x30) << 8) * 256, CFI_BLOCK);
	assert_int_equal(get(0x31), 'P');
	put(0, 0x90);
	assert_int_equal(get(0), 0x89);
	assert_int_equal(get(2), 0);
}

static void wide_accesses_are_bytes(void **state)
{
	put(0, 0x70);
	board_write(b, 0, BASE, 4, 0xffffffff);
	assert_true(is_memory());
	assert_int_equal(board_read(b, 0, BASE + 4, 4), 0x07060504);
}

static void state_goes_around(void **state)
{
	put(0x400, 0xe8);
	put(0x400, 3);
	put(0x401, 0x12);
	board_round_trip(chip);
	assert_false(is_memory());
	for (unsigned i = 0; i < 3; i++)
		put(0x402 + i, 0);
	put(0x400, 0xd0);
	put(0x400, 0xff);
	assert_int_equal(get(0x401), 0x12);
}

static void sizes_that_are_no_blocks_are_refused(void **state)
{
	struct flash_backend odd = { .data = kept.data, .fd = -1, .size = 100 };
	struct device *d = board_device(b, &cfi_flash_class);

	assert_int_equal(device_init(d), -EINVAL);
	device_set_ptr(d, "backend", &odd);
	assert_int_equal(device_init(d), -EINVAL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_array_is_read_only_memory_at_reset),
		T(status_is_zero_when_cleared_and_ready_after_work),
		T(programming_only_takes_ones_away),
		T(a_command_is_kept_when_the_array_is_shown_again),
		T(what_was_not_shown_again_is_kept_at_a_pause_and_at_a_reset),
		T(an_erase_sets_one_block),
		T(an_erase_without_its_confirmation_fails),
		T(a_buffered_write_needs_its_confirmation),
		T(a_buffered_write_stays_in_its_area),
		cmocka_unit_test_setup_teardown(a_locked_chip_says_so_and_does_not_change, setup_read_only, teardown),
		T(the_query_table_tells_the_geometry),
		T(wide_accesses_are_bytes),
		T(state_goes_around),
		T(sizes_that_are_no_blocks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
