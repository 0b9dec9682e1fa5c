/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64 kernels that were well formed once: an ELF file with segments and a PVH note, or a bzImage, with some of its bytes
 * changed and its end cut off. It is placed, loaded and given what it starts with, or refused with a reason.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "boot/x86.h"
#include "tests/fuzz/input.h"
#include "tests/unit/bzimage.h"

#define RAM_SIZE	(32 * MIB)
#define FILE_SIZE	8192u
#define PHDR(n)		(64 + 56 * (n))
#define SEGMENTS	3u

static uint8_t *ram;
static struct mem mem;

static void segment(uint8_t *f, unsigned n, uint32_t type, uint64_t offset, uint64_t at, uint64_t file_size, uint64_t size)
{
	uint8_t *p = f + PHDR(n);

	put_le32(p, type);
	put_le32(p + 4, 7);
	put_le64(p + 8, offset);
	put_le64(p + 16, at);
	put_le64(p + 24, at);
	put_le64(p + 32, file_size);
	put_le64(p + 40, size);
	put_le64(p + 48, 4096);
}

static void elf(uint8_t *f)
{
	memcpy(f, "\177ELF\2\1\1", 7);
	put_le16(f + 16, 2);
	put_le16(f + 18, 62);
	put_le32(f + 20, 1);
	put_le64(f + 24, 0x1000000);
	put_le64(f + 32, 64);
	put_le16(f + 52, 64);
	put_le16(f + 54, 56);
	put_le16(f + 56, SEGMENTS);
	segment(f, 0, 1, 1024, 0x1000000, 2048, 4096);
	segment(f, 1, 1, 4096, 0x1200000, 4096, 65536);
	segment(f, 2, 4, 512, 0, 64, 64);
	put_le32(f + 512, 4);		/* another note before it */
	put_le32(f + 516, 4);
	put_le32(f + 520, 1);
	memcpy(f + 524, "GNU", 4);
	put_le32(f + 532, 4);
	put_le32(f + 536, 8);
	put_le32(f + 540, 18);
	memcpy(f + 544, "Xen", 4);
	put_le64(f + 548, 0x1000100);
}

static void bzimage(uint8_t *f)
{
	bzimage_header(f, 1 * MIB);
}

/* Headers are hit more often than what is loaded. */
static void damage(uint8_t *f, struct input *in, bool is_elf)
{
	uint8_t how = (uint8_t)take(in, 1);
	size_t head = is_elf ? 600 : SETUP_HEADER_MAX, at = take(in, 2) % (how & 128 ? FILE_SIZE - 8 : head);
	unsigned size = 1u << (how & 3);
	uint64_t v = how & 4 ? take(in, size) : how & 8 ? BIT(take(in, 1) & 63) : how & 16 ? ~take(in, 1) : take(in, 1);

	memcpy(f + at, &v, size);
}

static void start(const uint8_t *f, size_t size, uint64_t initrd)
{
	struct boot_place p = { .ram_size = RAM_SIZE, .initrd_size = initrd };
	struct boot_x86 x = {
		.place = &p, .params = "quiet", .initrd_size = initrd, .rsdp = 0xe0000, .map = { { 0, RAM_SIZE, X86_MAP_RAM } },
		.map_count = 1,
	};
	struct boot_x86_regs regs;
	struct boot_image img;
	const char *why = NULL;
	int err = boot_parse(&img, ISA_X86_64, f, size, false, &why);

	if (!err)
		err = boot_place(&p, &img, &why);
	if (err) {
		if (!why)
			abort();
		return;
	}
	x.image = &img;
	if (boot_load(&mem, &img, &p) || p.kernel_end > RAM_SIZE)
		abort();
	err = boot_x86_write(&mem, &x, &regs);
	if (err && err != -E2BIG)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mem_slot slot = { .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .can_exec = true };
	struct input in = { data, size };
	uint8_t what = (uint8_t)take(&in, 1), *f, built[FILE_SIZE] = { 0 };
	size_t len = what & 2 ? take(&in, 2) % FILE_SIZE : FILE_SIZE;
	uint32_t id;

	if (!ram) {
		ram = aligned_alloc(4096, RAM_SIZE);
		slot.backing = (struct mem_backing){ .host = ram, .fd = -1 };
		mem_init(&mem);
		if (mem_slot_add(&mem, &slot, &id))
			abort();
	}
	if (what & 1)
		elf(built);
	else
		bzimage(built);
	while (in.left)
		damage(built, &in, what & 1);
	f = malloc(len + 1);			/* so that reading past the end is seen */
	memcpy(f, built, len);
	f = realloc(f, len ? len : 1);
	start(f, len, what & 4 ? 5000 : 0);
	free(f);
	return 0;
}
