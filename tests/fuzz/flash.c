/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any accesses of a flash chip, resets and pauses meanwhile. Nothing outside of the array changes, and of a locked chip
 * nothing does; what changed was told; and after a reset the array is memory again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "dev/flash/cfi_flash.h"
#include "tests/dev/board.h"
#include "tests/fuzz/input.h"

#define BASE	0xffc00000ull
#define SIZE	(2 * CFI_BLOCK)

struct rig {
	struct board *b;
	struct device *chip;
	struct flash_backend backend;
	uint8_t array[SIZE + 4096] __attribute__((aligned(4096)));
	uint8_t copy[SIZE];		/* of what was kept */
};

static void keep(struct flash_backend *f, uint64_t offset, uint64_t len)
{
	struct rig *r = container_of(f, struct rig, backend);

	assert_true(len && offset + len <= SIZE);
	memcpy(r->copy + offset, f->data + offset, len);
}

static void open_rig(struct rig *r)
{
	r->b = board_new(1);
	memset(r->array, 0x5a, sizeof(r->array));
	memset(r->copy, 0x5a, SIZE);
	r->backend = (struct flash_backend){ .data = r->array, .fd = -1, .size = SIZE, .keep = keep };
	r->chip = board_device(r->b, &cfi_flash_class);
	device_set_ptr(r->chip, "backend", &r->backend);
	assert_int_equal(device_init(r->chip), 0);
	assert_int_equal(mmio_map(r->chip, BASE), 0);
}

/* Commands are rare among bytes, so half of the writes take one from the list. */
static void step(struct rig *r, struct input *in)
{
	static const uint8_t known[] = { 0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x90, 0x98, 0xd0, 0xe8, 0xff };
	uint8_t how = (uint8_t)take(in, 1);
	uint64_t at = take(in, 2) % SIZE, val = how & 8 ? known[take(in, 1) % sizeof(known)] : take(in, how & 16 ? 8 : 1);
	unsigned size = how & 32 ? 1u << (how & 3) : 1;

	if ((how & 0xc0) == 0xc0) {
		r->chip->cls->quiesce(r->chip);
		return;
	}
	board_try(r->b, BUS_MMIO, 0, BASE + (at & ~(uint64_t)(size - 1)), size, how & 4, &val);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig rig;
	struct rig *r = &rig;
	static uint8_t before[SIZE];
	struct input in = { data, size };

	if (!r->b)
		open_rig(r);
	memcpy(before, r->array, SIZE);
	r->backend.read_only = take(&in, 1) & 1;
	device_reset_all(&r->b->vm, RESET_COLD);
	while (in.left)
		step(r, &in);
	device_reset_all(&r->b->vm, RESET_WARM);
	assert_non_null(mem_find(&r->b->vm.mem, BASE));
	assert_memory_equal(r->array, r->copy, SIZE);
	if (r->backend.read_only)
		assert_memory_equal(r->array, before, SIZE);
	for (unsigned i = SIZE; i < sizeof(r->array); i++)
		assert_int_equal(r->array[i], 0x5a);
	return 0;
}
