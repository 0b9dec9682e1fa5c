/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF64 executables (System V gABI, chapters 4 and 5): PT_LOAD segments go to their physical addresses and the entry point
 * is translated by the segment that holds it. The file is hostile until boot_parse_elf has accepted it; boot_load_elf
 * relies on these checks.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "boot/boot.h"

enum {
	EH_CLASS = 4, EH_DATA = 5, EH_TYPE = 16, EH_MACHINE = 18, EH_ENTRY = 24, EH_PHOFF = 32, EH_PHENTSIZE = 54, EH_PHNUM = 56,
	EH_SIZE = 64,
	PH_TYPE = 0, PH_OFFSET = 8, PH_VADDR = 16, PH_PADDR = 24, PH_FILESZ = 32, PH_MEMSZ = 40, PH_SIZE = 56,
};
#define ELFCLASS64	2
#define ELFDATA2LSB	1
#define ET_EXEC		2
#define ET_DYN		3
#define PT_LOAD		1
#define PT_NOTE		4
#define XEN_PHYS32_ENTRY 18		/* the type of a note by "Xen" with the PVH entry point */
#define MAX_PHNUM	256

static const uint16_t elf_machine[ISA_COUNT] = { [ISA_ARM64] = 183, [ISA_RISCV64] = 243, [ISA_X86_64] = 62 };

struct segment {
	uint32_t type;
	uint64_t offset, vaddr, paddr, filesz, memsz;
};

/* False: not a segment to load. */
static bool elf_segment(const struct boot_image *img, unsigned i, struct segment *s)
{
	const uint8_t *p = img->data + get_le64(img->data + EH_PHOFF) + (size_t)i * PH_SIZE;

	s->type = get_le32(p + PH_TYPE);
	s->offset = get_le64(p + PH_OFFSET);
	s->vaddr = get_le64(p + PH_VADDR);
	s->paddr = get_le64(p + PH_PADDR);
	s->filesz = get_le64(p + PH_FILESZ);
	s->memsz = get_le64(p + PH_MEMSZ);
	return s->type == PT_LOAD && s->memsz;
}

bool boot_is_elf(const uint8_t *data, size_t size)
{
	return size >= 4 && !memcmp(data, "\177ELF", 4);
}

static int elf_check_header(const struct boot_image *img, enum isa_id isa, const char **why)
{
	const uint8_t *h = img->data;
	uint64_t phoff, end;
	uint16_t type;

	*why = "its ELF header is damaged or cut short: get the file again";
	if (img->size < EH_SIZE)
		return -EINVAL;
	if (h[EH_CLASS] != ELFCLASS64 || h[EH_DATA] != ELFDATA2LSB) {
		*why = "not a 64-bit little-endian ELF file: give one for this machine";
		return -EINVAL;
	}
	if (get_le16(h + EH_MACHINE) != elf_machine[isa]) {
		*why = "an ELF file for another architecture: give one for this machine, or the --arch that it is for";
		return -EINVAL;
	}
	type = get_le16(h + EH_TYPE);
	if (type != ET_EXEC && type != ET_DYN) {
		*why = "an ELF file that cannot be started (an object or a core dump): give a linked one";
		return -EINVAL;
	}
	phoff = get_le64(h + EH_PHOFF);
	if (get_le16(h + EH_PHENTSIZE) != PH_SIZE || get_le16(h + EH_PHNUM) > MAX_PHNUM ||
	    add_overflows(phoff, (uint64_t)get_le16(h + EH_PHNUM) * PH_SIZE, &end) || end > img->size)
		return -EINVAL;
	return 0;
}

/*
 * The PVH entry point (Xen, docs/misc/pvh.pandoc): a note of 4 or 8 bytes. A note is name size, description size, type, then
 * both, each padded to four bytes. A damaged list of notes has none.
 */
static gpa_t elf_pvh_entry(const struct boot_image *img, const struct segment *s)
{
	uint64_t at = s->offset, end, desc;

	if (add_overflows(s->offset, s->filesz, &end) || end > img->size)
		return 0;
	while (end - at >= 12) {
		const uint8_t *n = img->data + at;
		uint64_t name_size = ALIGN_UP((uint64_t)get_le32(n), 4), desc_size = get_le32(n + 4);

		if (name_size + ALIGN_UP(desc_size, 4) > end - at - 12)
			return 0;
		desc = at + 12 + name_size;
		if (get_le32(n) == 4 && !memcmp(n + 12, "Xen", 4) && get_le32(n + 8) == XEN_PHYS32_ENTRY &&
		    (desc_size == 4 || desc_size == 8))
			return get_le32(img->data + desc);
		at = desc + ALIGN_UP(desc_size, 4);
	}
	return 0;
}

static void elf_notes(struct boot_image *img)
{
	struct segment s;

	for (unsigned i = 0; !img->pvh_entry && i < get_le16(img->data + EH_PHNUM); i++) {
		elf_segment(img, i, &s);
		if (s.type == PT_NOTE)
			img->pvh_entry = elf_pvh_entry(img, &s);
	}
	if (img->pvh_entry < img->low || img->pvh_entry >= img->high)
		img->pvh_entry = 0;
}

int boot_parse_elf(struct boot_image *img, enum isa_id isa, const char **why)
{
	uint64_t entry, end;
	bool found = false;
	struct segment s;
	int err;

	err = elf_check_header(img, isa, why);
	if (err)
		return err;
	entry = get_le64(img->data + EH_ENTRY);
	img->format = BOOT_ELF;
	img->low = ~0ull;
	img->high = 0;
	*why = "a segment of this ELF file is damaged or cut short: get the file again";
	for (unsigned i = 0; i < get_le16(img->data + EH_PHNUM); i++) {
		if (!elf_segment(img, i, &s))
			continue;
		if (s.filesz > s.memsz || add_overflows(s.offset, s.filesz, &end) || end > img->size ||
		    add_overflows(s.vaddr, s.memsz, &end) || add_overflows(s.paddr, s.memsz, &end))
			return -EINVAL;
		img->low = MIN(img->low, s.paddr);
		img->high = MAX(img->high, end);
		if (!found && entry >= s.vaddr && entry - s.vaddr < s.memsz) {
			img->entry = entry - s.vaddr + s.paddr;
			found = true;
		}
	}
	if (!img->high) {
		*why = "an ELF file with nothing to load: give a linked kernel";
		return -EINVAL;
	}
	if (isa == ISA_X86_64)
		elf_notes(img);
	if (!found && !img->pvh_entry) {
		*why = "the entry point of this ELF file is in none of its segments: link it with an entry point";
		return -EINVAL;
	}
	return 0;
}

int boot_load_elf(struct mem *m, const struct boot_image *img)
{
	struct segment s;
	int err;

	for (unsigned i = 0; i < get_le16(img->data + EH_PHNUM); i++) {
		if (!elf_segment(img, i, &s))
			continue;
		err = mem_write(m, s.paddr, img->data + s.offset, s.filesz);
		if (!err)
			err = boot_zero(m, s.paddr + s.filesz, s.memsz - s.filesz);
		if (err)
			return err;
	}
	return 0;
}
