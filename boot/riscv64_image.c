/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RISC-V Image (Linux, Documentation/arch/riscv/boot-image-header.rst): a 64-byte little-endian header, then a flat
 * binary that runs from a 2 MiB boundary plus text_offset. image_size counts BSS too.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "boot/boot.h"

enum {
	HDR_TEXT_OFFSET	= 8,
	HDR_IMAGE_SIZE	= 16,
	HDR_FLAGS	= 24,
	HDR_MAGIC2	= 56,
	HDR_SIZE	= 64,
};
#define IMAGE_MAGIC2		0x05435352u	/* "RSC\x05" */
#define FLAG_BIG_ENDIAN		BIT(0)
#define MAX_IMAGE_SIZE		(4 * GIB)

bool boot_is_riscv64_image(const uint8_t *data, size_t size)
{
	return size >= HDR_SIZE && get_le32(data + HDR_MAGIC2) == IMAGE_MAGIC2;
}

int boot_parse_riscv64_image(struct boot_image *img, const char **why)
{
	uint64_t text_offset = get_le64(img->data + HDR_TEXT_OFFSET);
	uint64_t image_size = get_le64(img->data + HDR_IMAGE_SIZE);

	img->format = BOOT_IMAGE;
	if (get_le64(img->data + HDR_FLAGS) & FLAG_BIG_ENDIAN) {
		*why = "a big-endian kernel; this machine's CPUs are little-endian only: give a little-endian one";
		return -EINVAL;
	}
	if (text_offset > 64 * MIB || (text_offset & 4095) || image_size > MAX_IMAGE_SIZE) {
		*why = "its header has an impossible offset or size: the file is damaged, get it again";
		return -EINVAL;
	}
	img->text_offset = text_offset;
	img->memory_size = MAX(image_size, (uint64_t)img->size);
	return 0;
}
