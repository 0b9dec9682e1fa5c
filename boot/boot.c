/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choosing the loader, and the places of kernel, device tree and initrd (x86-64: bzimage.c). They follow one
 * another from the kernel's place on, each on a 2 MiB boundary: the device tree must not share a 2 MiB block with
 * memory of other attributes, and the initrd must be within 32 GiB of the kernel (Linux,
 * Documentation/arm64/booting.rst).
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "boot/boot.h"

#define BLOCK	(2 * MIB)

int boot_parse(struct boot_image *img, enum isa_id isa, const void *data, size_t size, bool raw, const char **why)
{
	*img = (struct boot_image){ .isa = isa, .data = data, .size = size };
	if (!size) {
		*why = "the file is empty";
		return -EINVAL;
	}
	if (boot_is_elf(data, size))
		return boot_parse_elf(img, isa, why);
	if (isa == ISA_ARM64 && boot_is_arm64_image(data, size))
		return boot_parse_arm64_image(img, why);
	if (isa == ISA_RISCV64 && boot_is_riscv64_image(data, size))
		return boot_parse_riscv64_image(img, why);
	if (isa == ISA_X86_64 && boot_is_bzimage(data, size))
		return boot_parse_bzimage(img, why);
	if (!raw) {
		*why = isa == ISA_X86_64 ?
			"neither a bzImage nor an ELF file: give an unmodified x86-64 kernel (vmlinuz, vmlinux, PVH)" :
		       isa == ISA_RISCV64 ?
			"neither a RISC-V Image nor an ELF file: give an unmodified riscv64 kernel (Image, Image.gz, ELF)" :
			"neither an arm64 Image nor an ELF file: give an unmodified arm64 kernel (Image, Image.gz, ELF)";
		return -EINVAL;
	}
	img->format = BOOT_RAW;
	img->memory_size = size;
	return 0;
}

/* A place of `size` bytes at or after *at, which moves behind it. */
static int place_next(const struct boot_place *p, gpa_t *at, uint64_t size, gpa_t *out)
{
	gpa_t ram_end = p->ram_base + p->ram_size, end;

	if (add_overflows(ALIGN_UP(*at, BLOCK), size, &end) || end > ram_end || end < *at)
		return -E2BIG;
	*out = ALIGN_UP(*at, BLOCK);
	*at = end;
	return 0;
}

static int place_kernel(struct boot_place *p, const struct boot_image *img)
{
	gpa_t ram_end = p->ram_base + p->ram_size;

	if (img->format == BOOT_ELF) {
		if (img->low < p->ram_base || img->high > ram_end)
			return -E2BIG;
		p->kernel = img->low;
		p->kernel_end = img->high;
		p->entry = img->entry;
		return 0;
	}
	if (add_overflows(ALIGN_UP(p->ram_base, BLOCK), img->text_offset, &p->kernel) ||
	    add_overflows(p->kernel, img->memory_size, &p->kernel_end) || p->kernel_end > ram_end)
		return -E2BIG;
	p->entry = p->kernel;
	return 0;
}

int boot_place(struct boot_place *p, const struct boot_image *img, const char **why)
{
	gpa_t at;

	p->initrd = p->dtb = 0;
	if (img->isa == ISA_X86_64 && img->format != BOOT_RAW)
		return boot_place_x86(p, img, why);
	if (place_kernel(p, img)) {
		*why = img->format == BOOT_ELF ?
			"its segments lie outside the machine's RAM: link it for this machine, or give more memory with -m" :
			"it does not fit in the machine's RAM: give more memory with -m";
		return -E2BIG;
	}
	at = p->kernel_end;
	if (p->dtb_size && place_next(p, &at, p->dtb_size, &p->dtb)) {
		*why = "no room for the device tree behind it: give more memory with -m";
		return -E2BIG;
	}
	if (p->initrd_size && place_next(p, &at, p->initrd_size, &p->initrd)) {
		*why = "it and the initrd do not fit in the machine's RAM: give more memory with -m";
		return -E2BIG;
	}
	return 0;
}

int boot_zero(struct mem *m, gpa_t gpa, uint64_t size)
{
	struct mem_span s;
	int err;

	while (size) {
		err = mem_span_get(m, gpa, size, true, &s);
		if (err)
			return err;
		memset(s.ptr, 0, s.len);
		gpa += s.len;
		size -= s.len;
		mem_span_put(m, &s, s.len);
	}
	return 0;
}

int boot_load(struct mem *m, const struct boot_image *img, const struct boot_place *p)
{
	uint64_t size;
	int err;

	if (img->format == BOOT_ELF)
		return boot_load_elf(m, img);
	size = img->size - img->setup_size;
	err = mem_write(m, p->kernel, img->data + img->setup_size, size);
	if (err || img->memory_size <= size)
		return err;
	return boot_zero(m, p->kernel + size, img->memory_size - size);
}
