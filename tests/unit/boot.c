/* SPDX-License-Identifier: BSD-2-Clause */
/* Loaders of boot/: headers that lie, and where things land. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "boot/boot.h"
#include "isa/riscv64/extension.h"

#define RAM_BASE	(1 * GIB)
#define RAM_SIZE	(16 * MIB)

struct rig {
	struct mem mem;
	uint8_t *ram;
	const char *why;
};

static int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct mem_slot slot = { .base = RAM_BASE, .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .can_exec = true };
	uint32_t id;

	r->ram = aligned_alloc(4096, RAM_SIZE);
	memset(r->ram, 0xa5, RAM_SIZE);
	slot.backing = (struct mem_backing){ .host = r->ram, .fd = -1 };
	mem_init(&r->mem);
	assert_int_equal(mem_slot_add(&r->mem, &slot, &id), 0);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	free(r->ram);
	free(r);
	return 0;
}

static void put64(uint8_t *p, uint64_t v)
{
	put_le32(p, (uint32_t)v);
	put_le32(p + 4, (uint32_t)(v >> 32));
}

static void image_header(uint8_t h[64], uint64_t text_offset, uint64_t image_size, uint64_t flags)
{
	memset(h, 0x11, 64);
	put64(h + 8, text_offset);
	put64(h + 16, image_size);
	put64(h + 24, flags);
	memcpy(h + 56, "ARM\x64", 4);
}

static void image_is_loaded_at_its_offset_and_its_bss_is_zero(void **state)
{
	struct rig *r = *state;
	struct boot_place p = { .ram_base = RAM_BASE, .ram_size = RAM_SIZE, .initrd_size = 5000, .dtb_size = 100 };
	struct boot_image img;
	uint8_t file[200];

	memset(file, 0x77, sizeof(file));
	image_header(file, 0x1000, 3 * MIB, 0xa);
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), 0);
	assert_int_equal(img.format, BOOT_IMAGE);
	assert_int_equal(img.page_size, 4096);
	assert_int_equal(boot_place(&p, &img, &r->why), 0);
	assert_int_equal(p.entry, RAM_BASE + 0x1000);
	assert_int_equal(p.kernel_end, p.entry + 3 * MIB);
	assert_int_equal(p.dtb % (2 * MIB), 0);
	assert_true(p.dtb >= p.kernel_end && p.initrd >= p.dtb + 100);
	assert_true(p.initrd + 5000 <= RAM_BASE + RAM_SIZE);
	assert_int_equal(boot_load(&r->mem, &img, &p), 0);
	assert_memory_equal(r->ram + 0x1000, file, sizeof(file));
	for (size_t i = 0x1000 + sizeof(file); i < 0x1000 + 3 * MIB; i++)
		assert_int_equal(r->ram[i], 0);
	assert_int_equal(r->ram[0x1000 + 3 * MIB], 0xa5);
}

static void old_image_without_a_size_gets_the_old_offset(void **state)
{
	struct rig *r = *state;
	struct boot_image img;
	uint8_t file[100];

	image_header(file, 0, 0, 0);
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), 0);
	assert_int_equal(img.text_offset, 0x80000);
	assert_int_equal(img.memory_size, sizeof(file));
}

static void image_with_impossible_header_is_refused(void **state)
{
	static const struct { uint64_t offset, size, flags; } bad[] = {
		{ 0, 1 * MIB, 1 },			/* big-endian */
		{ 2 * MIB, 1 * MIB, 0 }, { ~0ull, 1 * MIB, 0 }, { 3, 1 * MIB, 0 },
		{ 0, ~0ull, 0 }, { 0, 1ull << 40, 0 },
	};
	struct rig *r = *state;
	struct boot_image img;
	uint8_t file[64];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		image_header(file, bad[i].offset, bad[i].size, bad[i].flags);
		r->why = NULL;
		assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), -EINVAL);
		assert_non_null(r->why);
	}
}

static void riscv64_image_is_placed_at_its_offset_and_its_header_checked(void **state)
{
	uint8_t h[64];
	struct boot_image img;
	struct boot_place p = { .ram_base = RAM_BASE, .ram_size = RAM_SIZE, .dtb_size = 4096 };
	const char *why = NULL;

	image_header(h, 2 * MIB, 3 * MIB, 0);
	memcpy(h + 48, "RISCV\0\0\0RSC\x05", 12);
	assert_int_equal(boot_parse(&img, ISA_RISCV64, h, sizeof(h), false, &why), 0);
	assert_int_equal(boot_place(&p, &img, &why), 0);
	assert_int_equal(p.entry, RAM_BASE + 2 * MIB);
	assert_int_equal(p.dtb, RAM_BASE + 6 * MIB);
	assert_int_equal(boot_parse(&img, ISA_ARM64, h, sizeof(h), false, &why), -EINVAL);
	assert_int_equal(boot_parse(&img, ISA_RISCV64, h, sizeof(h) - 1, false, &why), -EINVAL);
	put64(h + 24, 1);
	assert_int_equal(boot_parse(&img, ISA_RISCV64, h, sizeof(h), false, &why), -EINVAL);
	put64(h + 24, 0);
	put64(h + 8, 2 * MIB + 1);
	assert_int_equal(boot_parse(&img, ISA_RISCV64, h, sizeof(h), false, &why), -EINVAL);
	put64(h + 8, ~0ull);
	assert_int_equal(boot_parse(&img, ISA_RISCV64, h, sizeof(h), false, &why), -EINVAL);
	put64(h + 8, 0);
	put64(h + 16, ~0ull);
	assert_int_equal(boot_parse(&img, ISA_RISCV64, h, sizeof(h), false, &why), -EINVAL);
	image_header(h, 0, 0, 0);
	assert_int_equal(boot_parse(&img, ISA_RISCV64, h, sizeof(h), false, &why), -EINVAL);
}

static void what_an_isa_string_names(void **state)
{
	uint64_t gc = RISCV64_LETTER('i') | RISCV64_LETTER('m') | RISCV64_LETTER('a') | RISCV64_LETTER('f') | RISCV64_LETTER('d') |
		      RISCV64_LETTER('c') | RISCV64_LETTER('s') | RISCV64_LETTER('u');
	char text[32];

	assert_int_equal(riscv64_isa_string(gc | BIT(RISCV64_SVPBMT) | BIT(RISCV64_SSTC) | BIT(RISCV64_SV57), text,
					    sizeof(text)), 0);
	assert_string_equal(text, "rv64imafdc_sstc_svpbmt");
	assert_int_equal(riscv64_isa_string(gc | BIT(RISCV64_SSTC), text, 15), -ENOSPC);
	assert_int_equal(riscv64_isa_string(gc | BIT(RISCV64_SSTC), text, 16), 0);
	assert_int_equal(riscv64_isa_string(gc, text, 0), -ENOSPC);
}

static void what_does_not_fit_in_memory_is_refused(void **state)
{
	struct rig *r = *state;
	struct boot_place p = { .ram_base = RAM_BASE, .ram_size = RAM_SIZE };
	struct boot_image img;
	uint8_t file[64];

	image_header(file, 0, RAM_SIZE + 1, 0);
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), 0);
	assert_int_equal(boot_place(&p, &img, &r->why), -E2BIG);
	image_header(file, 0, RAM_SIZE, 0);
	boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why);
	assert_int_equal(boot_place(&p, &img, &r->why), 0);
	p.dtb_size = 1;
	assert_int_equal(boot_place(&p, &img, &r->why), -E2BIG);
	p.dtb_size = 0;
	p.initrd_size = ~0ull;
	assert_int_equal(boot_place(&p, &img, &r->why), -E2BIG);
}

static void headerless_bytes_are_a_kernel_only_where_raw_is_allowed(void **state)
{
	struct rig *r = *state;
	struct boot_place p = { .ram_base = RAM_BASE, .ram_size = RAM_SIZE };
	uint8_t file[10] = "0123456789";
	struct boot_image img;

	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), -EINVAL);
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, 0, true, &r->why), -EINVAL);
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), true, &r->why), 0);
	assert_int_equal(boot_place(&p, &img, &r->why), 0);
	assert_int_equal(p.entry, RAM_BASE);
	assert_int_equal(boot_load(&r->mem, &img, &p), 0);
	assert_memory_equal(r->ram, file, sizeof(file));
}

/* An ELF with one segment: file bytes at 120, `filesz` of them, to paddr. */
static void elf(uint8_t h[256], uint64_t vaddr, uint64_t paddr, uint64_t filesz, uint64_t memsz, uint64_t entry)
{
	memset(h, 0, 256);
	memcpy(h, "\177ELF\2\1\1", 7);
	h[16] = 2;
	h[18] = 183;
	put64(h + 24, entry);
	put64(h + 32, 64);
	h[54] = 56;
	h[56] = 1;
	put_le32(h + 64, 1);
	put64(h + 72, 120);
	put64(h + 80, vaddr);
	put64(h + 88, paddr);
	put64(h + 96, filesz);
	put64(h + 104, memsz);
	memset(h + 120, 0x42, 136);
}

static void elf_is_loaded_at_its_physical_addresses(void **state)
{
	struct rig *r = *state;
	struct boot_place p = { .ram_base = RAM_BASE, .ram_size = RAM_SIZE };
	struct boot_image img;
	uint8_t file[256];

	elf(file, 0xffff000000000000, RAM_BASE + 0x3000, 100, 300, 0xffff000000000010);
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), 0);
	assert_int_equal(boot_place(&p, &img, &r->why), 0);
	assert_int_equal(p.entry, RAM_BASE + 0x3010);
	assert_int_equal(boot_load(&r->mem, &img, &p), 0);
	assert_int_equal(r->ram[0x2fff], 0xa5);
	assert_int_equal(r->ram[0x3000], 0x42);
	assert_int_equal(r->ram[0x3063], 0x42);
	assert_int_equal(r->ram[0x3064], 0);
	assert_int_equal(r->ram[0x312b], 0);
	assert_int_equal(r->ram[0x312c], 0xa5);
}

static void elf_that_lies_is_refused(void **state)
{
	struct rig *r = *state;
	struct boot_image img;
	uint8_t file[256], bad[256];

	elf(file, RAM_BASE, RAM_BASE, 100, 300, RAM_BASE);
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), 0);
	/* Each field in turn, all ones: sizes, offsets, counts; the type and flags may be anything. */
	static const struct { uint8_t at, len; } fields[] = {
		{ 4, 1 }, { 5, 1 }, { 16, 2 }, { 18, 2 }, { 24, 8 }, { 32, 8 }, { 54, 2 }, { 56, 2 },
		{ 64, 4 }, { 72, 8 }, { 80, 8 }, { 88, 8 }, { 96, 8 }, { 104, 8 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		memcpy(bad, file, sizeof(bad));
		memset(bad + fields[i].at, 0xff, fields[i].len);
		r->why = NULL;
		if (boot_parse(&img, ISA_ARM64, bad, sizeof(bad), false, &r->why) != -EINVAL)
			fail_msg("field at %u", fields[i].at);
		assert_non_null(r->why);
	}
	for (size_t len = 0; len < 220; len++) {	/* cut at every length: never read past it */
		uint8_t *cut = malloc(len ? len : 1);

		memcpy(cut, file, len);
		assert_int_equal(boot_parse(&img, ISA_ARM64, cut, len, false, &r->why), -EINVAL);
		free(cut);
	}
	elf(file, RAM_BASE, RAM_BASE, 100, 99, RAM_BASE);		/* more in the file than in memory */
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), -EINVAL);
	elf(file, RAM_BASE, RAM_BASE, 137, 300, RAM_BASE);		/* one byte past the file */
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), -EINVAL);
	elf(file, RAM_BASE, RAM_BASE, 100, 300, RAM_BASE + 300);	/* entry just behind the segment */
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), -EINVAL);
}

static void elf_outside_memory_is_refused(void **state)
{
	struct rig *r = *state;
	struct boot_place p = { .ram_base = RAM_BASE, .ram_size = RAM_SIZE };
	struct boot_image img;
	uint8_t file[256];

	elf(file, 0, RAM_BASE - 1, 100, 300, 0);
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), 0);
	assert_int_equal(boot_place(&p, &img, &r->why), -E2BIG);
	elf(file, 0, RAM_BASE, 100, RAM_SIZE + 1, 0);
	assert_int_equal(boot_parse(&img, ISA_ARM64, file, sizeof(file), false, &r->why), 0);
	assert_int_equal(boot_place(&p, &img, &r->why), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(image_is_loaded_at_its_offset_and_its_bss_is_zero),
		cmocka_unit_test(old_image_without_a_size_gets_the_old_offset),
		cmocka_unit_test(image_with_impossible_header_is_refused),
		cmocka_unit_test(riscv64_image_is_placed_at_its_offset_and_its_header_checked),
		cmocka_unit_test(what_an_isa_string_names),
		cmocka_unit_test(what_does_not_fit_in_memory_is_refused),
		cmocka_unit_test(headerless_bytes_are_a_kernel_only_where_raw_is_allowed),
		cmocka_unit_test(elf_is_loaded_at_its_physical_addresses),
		cmocka_unit_test(elf_that_lies_is_refused),
		cmocka_unit_test(elf_outside_memory_is_refused),
	};
	struct CMUnitTest with_rig[ARRAY_SIZE(tests)];

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		with_rig[i] = tests[i];
		with_rig[i].setup_func = set_up;
		with_rig[i].teardown_func = tear_down;
	}
	return cmocka_run_group_tests(with_rig, NULL, NULL);
}
