/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bzImage: real-mode sectors that nobody runs here, with a header in the first, then the protected-mode kernel (Linux,
 * Documentation/arch/x86/boot.rst). Only kernels with a 64-bit entry point are taken: protocol 2.12, Linux 3.8 and later.
 *
 * Where things go on x86-64: the kernel where it wants to be, or above, the initrd as high as the kernel reaches.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "boot/boot.h"
#include "boot/x86.h"

#define MAX_KERNEL	(1 * GIB)	/* what init_size may ask for */
#define PAGE		4096u

bool boot_is_bzimage(const uint8_t *data, size_t size)
{
	return size > SETUP_VERSION + 2 && get_le16(data + SETUP_BOOT_FLAG) == 0xaa55 && !memcmp(data + SETUP_MAGIC, "HdrS", 4);
}

int boot_parse_bzimage(struct boot_image *img, const char **why)
{
	const uint8_t *h = img->data;
	uint32_t setup;

	img->format = BOOT_BZIMAGE;
	*why = "its header is damaged or cut short: get the file again";
	if (img->size < SETUP_HEADER_MAX)
		return -EINVAL;
	if (get_le16(h + SETUP_VERSION) < 0x20c || !(get_le16(h + SETUP_XLOADFLAGS) & XLF_KERNEL_64)) {
		*why = "a kernel without a 64-bit entry point: give one for x86-64, Linux 3.8 or later";
		return -EINVAL;
	}
	setup = ((h[SETUP_SECTS] ? h[SETUP_SECTS] : 4u) + 1) * 512;
	img->memory_size = get_le32(h + SETUP_INIT_SIZE);
	img->preferred = get_le64(h + SETUP_PREF_ADDRESS);
	img->align = h[SETUP_RELOCATABLE] ? get_le32(h + SETUP_ALIGNMENT) : 0;
	img->initrd_max = get_le16(h + SETUP_XLOADFLAGS) & XLF_CAN_BE_ABOVE_4G ? 4 * GIB - 1 : get_le32(h + SETUP_INITRD_MAX);
	img->params_max = get_le32(h + SETUP_CMDLINE_SIZE);
	if (setup >= img->size || img->size - setup > MAX_KERNEL || img->memory_size > MAX_KERNEL ||
	    img->preferred < 1 * MIB || img->preferred > 4 * GIB || (img->align & (img->align - 1)) || img->align > MAX_KERNEL)
		return -EINVAL;
	img->setup_size = setup;
	img->memory_size = MAX(img->memory_size, (uint64_t)img->size - setup);
	return 0;
}

static int place_bzimage(struct boot_place *p, const struct boot_image *img)
{
	gpa_t ram_end = p->ram_base + p->ram_size;

	p->kernel = img->preferred;
	if (p->kernel + img->memory_size > ram_end && img->align)
		p->kernel = ALIGN_UP(MAX(p->ram_base, 1 * MIB), img->align);
	p->kernel_end = p->kernel + img->memory_size;
	p->entry = p->kernel + 0x200;
	return p->kernel_end > ram_end ? -E2BIG : 0;
}

int boot_place_x86(struct boot_place *p, const struct boot_image *img, const char **why)
{
	gpa_t ram_end = p->ram_base + p->ram_size, top = MIN(ram_end, 4 * GIB);

	if (img->format == BOOT_BZIMAGE) {
		*why = "it does not fit in the machine's RAM: give more memory with -m";
		if (place_bzimage(p, img))
			return -E2BIG;
		top = MIN(top, img->initrd_max + 1);
	} else {
		*why = "its segments lie outside the machine's RAM from 1 MiB on: link it for this machine, or give more memory "
		       "with -m";
		if (img->low < 1 * MIB || img->high > ram_end)
			return -E2BIG;
		p->kernel = img->low;
		p->kernel_end = img->high;
		p->entry = img->pvh_entry ? img->pvh_entry : img->entry;
	}
	if (!p->initrd_size)
		return 0;
	*why = "it and the initrd do not fit in the machine's RAM: give more memory with -m";
	if (p->initrd_size > top || ALIGN_DOWN(top - p->initrd_size, PAGE) < p->kernel_end)
		return -E2BIG;
	p->initrd = ALIGN_DOWN(top - p->initrd_size, PAGE);
	return 0;
}
