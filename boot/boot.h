/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the bytes of a kernel to a machine that can start it. Nothing here opens a file or allocates: the caller (ctl/,
 * or the bare image) has the payload in memory, already unpacked.
 *
 *	boot_parse	what it is, with every field of its header checked: the payload may be anything at all
 *	boot_place	where kernel, device tree and initrd go in RAM
 *	boot_load	copies them; again after each reset
 *
 * `why` is a phrase that completes "kernel NAME: ...", with what to do about it. It is static.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "base/types.h"
#include "core/mem.h"
#include "isa/isa.h"

enum boot_format { BOOT_IMAGE, BOOT_ELF, BOOT_RAW, BOOT_BZIMAGE, BOOT_FIRMWARE };

struct boot_image {
	enum boot_format format;
	enum isa_id isa;
	const uint8_t *data;		/* the caller's, as long as boot_load is called */
	size_t size;
	uint64_t text_offset;		/* BOOT_IMAGE: from a 2 MiB boundary; BOOT_RAW: from the base of RAM */
	uint64_t memory_size;		/* BOOT_IMAGE, BOOT_RAW, BOOT_BZIMAGE: bytes from there that must be free */
	uint32_t page_size;		/* BOOT_IMAGE: bytes, that the kernel is made for; 0: it doesn't say */
	gpa_t low, high;		/* BOOT_ELF: physical addresses it takes, [low, high) */
	gpa_t entry;			/* BOOT_ELF */
	gpa_t pvh_entry;		/* BOOT_ELF for x86-64: where its note says, in 32-bit mode; 0: it has none */
	uint32_t setup_size;		/* BOOT_BZIMAGE: bytes before the protected-mode kernel */
	uint64_t preferred, align;	/* BOOT_BZIMAGE: where it wants to be; align 0: nowhere else */
	uint64_t initrd_max;		/* BOOT_BZIMAGE: last address of an initrd */
	uint32_t params_max;		/* BOOT_BZIMAGE: bytes of its command line, without NUL; 0: it doesn't say */
};

struct boot_place {
	/* in: */
	gpa_t ram_base;
	uint64_t ram_size;		/* of the first, contiguous range of RAM */
	uint64_t initrd_size, dtb_size;	/* bytes; 0: there is none */
	/* out: */
	gpa_t kernel, kernel_end, entry;
	gpa_t initrd, dtb;		/* 0 if there is none */
};

#define BOOT_DTB_MAX	(2 * MIB)	/* what Linux maps (booting.rst) */

/* The header's form is recognised by its magic. -EINVAL and *why: not a kernel for this ISA, or a damaged one.
   raw: what has no magic is taken as a memory image for the base of RAM instead. */
int boot_parse(struct boot_image *img, enum isa_id isa, const void *data, size_t size, bool raw, const char **why);
/* -E2BIG and *why: does not fit. */
int boot_place(struct boot_place *p, const struct boot_image *img, const char **why);
/* -EFAULT: p is not RAM of this machine. */
int boot_load(struct mem *m, const struct boot_image *img, const struct boot_place *p);
/* Zero-fills guest RAM. -EFAULT as mem_write. */
int boot_zero(struct mem *m, gpa_t gpa, uint64_t size);

/* The formats, for boot_parse. */
bool boot_is_arm64_image(const uint8_t *data, size_t size);
int boot_parse_arm64_image(struct boot_image *img, const char **why);
bool boot_is_riscv64_image(const uint8_t *data, size_t size);
int boot_parse_riscv64_image(struct boot_image *img, const char **why);
bool boot_is_elf(const uint8_t *data, size_t size);
int boot_parse_elf(struct boot_image *img, enum isa_id isa, const char **why);
int boot_load_elf(struct mem *m, const struct boot_image *img);
bool boot_is_bzimage(const uint8_t *data, size_t size);
int boot_parse_bzimage(struct boot_image *img, const char **why);
int boot_place_x86(struct boot_place *p, const struct boot_image *img, const char **why);

#endif
