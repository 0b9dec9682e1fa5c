/* SPDX-License-Identifier: BSD-2-Clause */
/* Anything as a kernel file: unpacked, recognised, placed and loaded, or refused with a reason. */
#include <stdlib.h>
#include <string.h>

#include "ctl/payload.h"

#define RAM_BASE	(1 * GIB)
#define RAM_SIZE	(4 * MIB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(const struct payload_file *f, bool raw)
{
	struct mem_slot slot = { .base = RAM_BASE, .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .can_exec = true };
	struct boot_place p = { .ram_base = RAM_BASE, .ram_size = RAM_SIZE, .initrd_size = 100, .dtb_size = 100 };
	struct boot_image img;
	const char *why = NULL;
	struct mem mem;
	uint32_t id;

	if (boot_parse(&img, ISA_ARM64, f->data, f->size, raw, &why) || boot_place(&p, &img, &why)) {
		if (!why)
			abort();
		return;
	}
	slot.backing = (struct mem_backing){ .host = aligned_alloc(4096, RAM_SIZE), .fd = -1 };
	mem_init(&mem);
	if (mem_slot_add(&mem, &slot, &id) || boot_load(&mem, &img, &p))
		abort();
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
		load(&f, false);
		load(&f, true);
	}
	payload_free(&f);
	return 0;
}
