/* SPDX-License-Identifier: BSD-2-Clause */
/* x86-64 kernels: what is accepted, where it goes, and what the first processor finds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "boot/x86.h"
#include "tests/unit/bzimage.h"

#define RAM_SIZE	(64 * MIB)
#define FILE_SIZE	(5 * 512 + 3000)

static uint8_t *ram;
static struct mem mem;
static const char *why;

static int set_up(void **state)
{
	struct mem_slot slot = { .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .can_exec = true };
	uint32_t id;

	ram = aligned_alloc(4096, RAM_SIZE);
	memset(ram, 0xa5, RAM_SIZE);
	slot.backing = (struct mem_backing){ .host = ram, .fd = -1 };
	mem_init(&mem);
	why = NULL;
	return mem_slot_add(&mem, &slot, &id);
}

static int tear_down(void **state)
{
	free(ram);
	return 0;
}

static void bzimage(uint8_t f[FILE_SIZE])
{
	memset(f, 0, FILE_SIZE);
	bzimage_header(f, 8 * MIB);
	memset(f + 5 * 512, 0x42, FILE_SIZE - 5 * 512);
}

static int place(struct boot_image *img, const uint8_t *f, size_t size, struct boot_place *p)
{
	int err = boot_parse(img, ISA_X86_64, f, size, false, &why);

	return err ? err : boot_place(p, img, &why);
}

static void bzimage_starts_in_64_bit_mode_with_its_parameters(void **state)
{
	struct boot_place p = { .ram_size = RAM_SIZE, .initrd_size = 5000 };
	struct boot_x86 x = { .params = "console=ttyS0", .initrd_size = 5000, .rsdp = 0xe0000,
			      .map = { { 0, RAM_SIZE, X86_MAP_RAM } }, .map_count = 1, .place = &p };
	uint8_t f[FILE_SIZE], seed[32] = { 1, 2, 3 }, *zp;
	struct boot_x86_regs r;
	struct boot_image img;
	uint64_t entry;

	bzimage(f);
	assert_int_equal(place(&img, f, sizeof(f), &p), 0);
	assert_int_equal(p.kernel, 16 * MIB);
	assert_int_equal(p.kernel_end, 24 * MIB);
	assert_int_equal(p.initrd, RAM_SIZE - 8192);
	assert_int_equal(boot_load(&mem, &img, &p), 0);
	assert_int_equal(ram[16 * MIB], 0x42);
	assert_int_equal(ram[16 * MIB + 2999], 0x42);
	assert_int_equal(ram[16 * MIB + 3000], 0);
	assert_int_equal(ram[24 * MIB - 1], 0);
	assert_int_equal(ram[24 * MIB], 0xa5);
	x.image = &img;
	x.seed = seed;
	assert_int_equal(boot_x86_write(&mem, &x, &r), 0);
	assert_int_equal(r.rip, 16 * MIB + 0x200);
	assert_true(r.cr0 & X86_CR0_PG && r.cr4 & X86_CR4_PAE && r.efer & X86_EFER_LMA);
	assert_int_equal(r.cs.attributes, X86_SEG_CODE64);
	assert_memory_equal(ram + r.gdtr.base + r.cs.selector, &(uint64_t){ x86_descriptor(&r.cs) }, 8);
	zp = ram + r.rsi;
	assert_memory_equal(zp + SETUP_MAGIC, "HdrS", 4);
	assert_int_equal(zp[0x1e8], 1);
	assert_int_equal(get_le64(zp + 0x2d0 + 8), RAM_SIZE);
	assert_int_equal(get_le64(zp + 0x70), 0xe0000);
	assert_int_equal(get_le32(zp + SETUP_INITRD), p.initrd);
	assert_int_equal(get_le32(zp + SETUP_INITRD_SIZE), 5000);
	assert_string_equal(ram + get_le32(zp + SETUP_CMDLINE), "console=ttyS0");
	assert_memory_equal(ram + get_le64(zp + SETUP_DATA) + 16, seed, 32);
	/* Page tables: the last 2 MiB below 4 GiB are themselves. */
	entry = get_le64(ram + (r.cr3 & ~4095ull));
	entry = get_le64(ram + (entry & ~4095ull) + 3 * 8);
	assert_int_equal(get_le64(ram + (entry & ~4095ull) + 511 * 8) & ~4095ull, 4 * GIB - 2 * MIB);
	x.params = "this is longer than the kernel says that it takes "
		"................................................................................................................"
		"................................................................................................................";
	assert_int_equal(boot_x86_write(&mem, &x, &r), -E2BIG);
}

static void bzimage_moves_down_when_there_is_too_little_memory(void **state)
{
	struct boot_place p = { .ram_size = 20 * MIB };
	uint8_t f[FILE_SIZE];
	struct boot_image img;

	bzimage(f);
	assert_int_equal(place(&img, f, sizeof(f), &p), 0);
	assert_int_equal(p.kernel, 2 * MIB);
	f[SETUP_RELOCATABLE] = 0;
	assert_int_equal(place(&img, f, sizeof(f), &p), -E2BIG);
	bzimage(f);
	p.ram_size = 9 * MIB;
	assert_int_equal(place(&img, f, sizeof(f), &p), -E2BIG);
	p.ram_size = RAM_SIZE;
	p.initrd_size = 40 * MIB + 1;
	assert_int_equal(place(&img, f, sizeof(f), &p), -E2BIG);
	p.initrd_size = ~0ull;
	assert_int_equal(place(&img, f, sizeof(f), &p), -E2BIG);
	p.initrd_size = 1;
	put_le32(f + SETUP_INITRD_MAX, 30 * MIB - 1);
	assert_int_equal(place(&img, f, sizeof(f), &p), 0);
	assert_int_equal(p.initrd, 30 * MIB - 4096);
}

static void damaged_bzimages_are_refused(void **state)
{
	static const struct { uint16_t at; uint8_t len, val; } bad[] = {
		{ SETUP_VERSION, 1, 0x0b }, { SETUP_XLOADFLAGS, 1, 0 }, { SETUP_INIT_SIZE, 4, 0xff }, { SETUP_SECTS, 1, 0xff },
		{ SETUP_PREF_ADDRESS, 8, 0xff }, { SETUP_PREF_ADDRESS, 8, 0 }, { SETUP_ALIGNMENT, 4, 0xff },
		{ SETUP_ALIGNMENT, 1, 3 },
	};
	struct boot_image img;
	uint8_t f[FILE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		bzimage(f);
		memset(f + bad[i].at, bad[i].val, bad[i].len);
		why = NULL;
		if (boot_parse(&img, ISA_X86_64, f, sizeof(f), false, &why) != -EINVAL)
			fail_msg("case %zu", i);
		assert_non_null(why);
	}
	bzimage(f);
	for (size_t len = 0; len <= 5 * 512; len += len < 0x300 ? 1 : 97) {	/* never read past its end */
		uint8_t *cut = malloc(len ? len : 1);

		memcpy(cut, f, len);
		assert_int_equal(boot_parse(&img, ISA_X86_64, cut, len, false, &why), -EINVAL);
		free(cut);
	}
}

/* An ELF file with a segment of `size` bytes at 1 MiB from offset 256, and a note segment at 176. */
static void elf(uint8_t f[4096], uint32_t note_type, uint32_t entry)
{
	memset(f, 0, 4096);
	memcpy(f, "\177ELF\2\1\1", 7);
	f[16] = 2;
	f[18] = 62;
	put_le64(f + 24, MIB + 16);
	put_le64(f + 32, 64);
	f[54] = 56;
	f[56] = 2;
	put_le32(f + 64, 1);
	put_le64(f + 72, 256);
	put_le64(f + 80, MIB);
	put_le64(f + 88, MIB);
	put_le64(f + 96, 1000);
	put_le64(f + 104, 2000);
	put_le32(f + 120, 4);
	put_le64(f + 128, 176);
	put_le64(f + 152, 20);
	put_le64(f + 160, 20);
	put_le32(f + 176, 4);
	put_le32(f + 180, 4);
	put_le32(f + 184, note_type);
	memcpy(f + 188, "Xen", 4);
	put_le32(f + 192, entry);
}

static void elf_with_a_pvh_note_starts_in_32_bit_mode(void **state)
{
	struct boot_place p = { .ram_size = RAM_SIZE, .initrd_size = 100 };
	struct boot_x86 x = { .initrd_size = 100, .rsdp = 0xe0000, .map = { { 0, RAM_SIZE, X86_MAP_RAM } }, .map_count = 1,
			      .place = &p };
	struct boot_x86_regs r;
	struct boot_image img;
	uint8_t f[4096], *si;

	elf(f, 18, MIB + 0x40);
	assert_int_equal(place(&img, f, sizeof(f), &p), 0);
	x.image = &img;
	assert_int_equal(boot_load(&mem, &img, &p), 0);
	assert_int_equal(boot_x86_write(&mem, &x, &r), 0);
	assert_int_equal(r.rip, MIB + 0x40);
	assert_int_equal(r.cr0 & X86_CR0_PG, 0);
	assert_int_equal(r.cs.attributes, X86_SEG_CODE32);
	si = ram + r.rbx;
	assert_int_equal(get_le32(si), 0x336ec578);
	assert_int_equal(get_le32(si + 12), 1);
	assert_int_equal(get_le64(ram + get_le64(si + 16)), p.initrd);
	assert_int_equal(get_le64(si + 32), 0xe0000);
	assert_int_equal(get_le32(si + 48), 1);
	assert_int_equal(get_le64(ram + get_le64(si + 40) + 8), RAM_SIZE);
	assert_string_equal(ram + get_le64(si + 24), "");
}

static void elf_without_a_good_note_starts_as_linux_does(void **state)
{
	static const struct { uint32_t type, entry; } notes[] = { { 17, MIB + 0x40 }, { 18, MIB + 2000 }, { 18, 0 } };
	struct boot_place p = { .ram_size = RAM_SIZE };
	struct boot_image img;
	uint8_t f[4096];

	for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
		elf(f, notes[i].type, notes[i].entry);
		assert_int_equal(place(&img, f, sizeof(f), &p), 0);
		assert_int_equal(img.pvh_entry, 0);
		assert_int_equal(p.entry, MIB + 16);
	}
	elf(f, 18, MIB + 0x40);
	put_le32(f + 180, 0xfffffff0);			/* a note longer than its segment */
	assert_int_equal(place(&img, f, sizeof(f), &p), 0);
	assert_int_equal(img.pvh_entry, 0);
	elf(f, 18, MIB + 0x40);
	put_le64(f + 128, ~0ull - 4);			/* a segment of notes outside of the file */
	assert_int_equal(place(&img, f, sizeof(f), &p), 0);
	assert_int_equal(img.pvh_entry, 0);
	elf(f, 18, MIB + 0x40);
	put_le64(f + 88, 0x8000);			/* where the tables are */
	assert_int_equal(boot_parse(&img, ISA_X86_64, f, sizeof(f), false, &why), 0);
	assert_int_equal(boot_place(&p, &img, &why), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bzimage_starts_in_64_bit_mode_with_its_parameters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bzimage_moves_down_when_there_is_too_little_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_bzimages_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(elf_with_a_pvh_note_starts_in_32_bit_mode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(elf_without_a_good_note_starts_as_linux_does, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
