/* SPDX-License-Identifier: BSD-2-Clause */
/* Anything as a kernel file: unpacked, recognised, placed and loaded, or refused with a reason. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "boot/x86.h"
#include "ctl/payload.h"

#define RAM_SIZE	(4 * MIB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an x86-64 kernel gets to see is written from its header as well. */
static void start_x86(struct mem *m, const struct boot_image *img, const struct boot_place *p)
{
	struct boot_x86 x = { .image = img, .place = p, .params = "quiet", .initrd_size = p->initrd_size };
	struct boot_x86_regs regs;
	int err = boot_x86_write(m, &x, &regs);

	if (err && err != -E2BIG)
		abort();
}

static void load(const struct payload_file *f, enum isa_id isa, bool raw)
{
	gpa_t base = isa == ISA_X86_64 ? 0 : 1 * GIB;
	struct mem_slot slot = { .base = base, .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .can_exec = true };
	struct boot_place p = { .ram_base = base, .ram_size = RAM_SIZE, .initrd_size = 100, .dtb_size = 100 };
	struct boot_image img;
	const char *why = NULL;
	struct mem mem;
	uint32_t id;

	if (boot_parse(&img, isa, f->data, f->size, raw, &why) || boot_place(&p, &img, &why)) {
		if (!why)
			abort();
		return;
	}
	slot.backing = (struct mem_backing){ .host = aligned_alloc(4096, RAM_SIZE), .fd = -1 };
	mem_init(&mem);
	if (mem_slot_add(&mem, &slot, &id) || boot_load(&mem, &img, &p))
		abort();
	if (isa == ISA_X86_64 && img.format != BOOT_RAW)
		start_x86(&mem, &img, &p);
	free(slot.backing.host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct payload_file f = { .data = malloc(size ? size : 1), .size = size };
	struct ctl_error e;

	memcpy(f.data, data, size);
	payload_isa(f.data, f.size);
	if (size && !payload_unpack(&f, "kernel", "input", &e)) {
		payload_isa(f.data, f.size);
		load(&f, ISA_ARM64, false);
		load(&f, ISA_ARM64, true);
		load(&f, ISA_X86_64, false);
	}
	payload_free(&f);
	return 0;
}
