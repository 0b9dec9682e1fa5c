/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arm64 Image (Linux, Documentation/arm64/booting.rst, "Call the kernel image"): a 64-byte little-endian header,
 * then a flat binary that runs from any 2 MiB boundary plus text_offset. image_size counts BSS too; kernels before 3.17
 * leave it 0 and expect a text_offset of 0x80000.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "boot/boot.h"

enum {
	HDR_TEXT_OFFSET	= 8,
	HDR_IMAGE_SIZE	= 16,
	HDR_FLAGS	= 24,
	HDR_MAGIC	= 56,
	HDR_SIZE	= 64,
};
#define IMAGE_MAGIC		0x644d5241u	/* "ARM\x64" */
#define FLAG_BIG_ENDIAN		BIT(0)
#define FLAG_PAGE_SIZE		MASK(2, 1)
#define OLD_TEXT_OFFSET		0x80000u
#define MAX_IMAGE_SIZE		(4 * GIB)

bool boot_is_arm64_image(const uint8_t *data, size_t size)
{
	return size >= HDR_SIZE && get_le32(data + HDR_MAGIC) == IMAGE_MAGIC;
}

int boot_parse_arm64_image(struct boot_image *img, const char **why)
{
	static const uint32_t page_sizes[] = { 0, 4096, 16384, 65536 };
	uint64_t text_offset = get_le64(img->data + HDR_TEXT_OFFSET);
	uint64_t image_size = get_le64(img->data + HDR_IMAGE_SIZE);
	uint64_t flags = get_le64(img->data + HDR_FLAGS);

	img->format = BOOT_IMAGE;
	if (flags & FLAG_BIG_ENDIAN) {
		*why = "a big-endian kernel; this machine's CPUs are little-endian only: give a little-endian one";
		return -EINVAL;
	}
	if (!image_size)
		text_offset = OLD_TEXT_OFFSET;
	if (text_offset >= 2 * MIB || (text_offset & 3) || image_size > MAX_IMAGE_SIZE) {
		*why = "its header has an impossible offset or size: the file is damaged, get it again";
		return -EINVAL;
	}
	img->text_offset = text_offset;
	img->page_size = page_sizes[field_get(FLAG_PAGE_SIZE, flags)];
	img->memory_size = MAX(image_size, (uint64_t)img->size);
	return 0;
}
