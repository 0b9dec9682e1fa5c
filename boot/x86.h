/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an x86-64 kernel starts: what it finds in memory below 1 MiB, and the first processor's registers. Two ways in:
 *
 *	Linux	64-bit mode, RSI at the boot parameters ("zero page"), the first 4 GiB mapped as they are (Linux,
 *		Documentation/arch/x86/boot.rst, "64-bit boot protocol"): a bzImage, or an ELF file without a PVH note
 *	PVH	32-bit protected mode, EBX at hvm_start_info (Xen, docs/misc/pvh.pandoc): an ELF file with that note
 */
#ifndef BOOT_X86_H
#define BOOT_X86_H

#include "boot/boot.h"
#include "isa/x86/cpu.h"

/* The setup header, by offset in the file's first sectors and in the boot parameters alike. */
enum {
	SETUP_SECTS = 0x1f1, SETUP_VID_MODE = 0x1fa, SETUP_BOOT_FLAG = 0x1fe, SETUP_JUMP = 0x200, SETUP_MAGIC = 0x202,
	SETUP_VERSION = 0x206, SETUP_LOADER = 0x210, SETUP_LOADFLAGS = 0x211, SETUP_CODE32 = 0x214, SETUP_INITRD = 0x218,
	SETUP_INITRD_SIZE = 0x21c, SETUP_CMDLINE = 0x228, SETUP_INITRD_MAX = 0x22c, SETUP_ALIGNMENT = 0x230,
	SETUP_RELOCATABLE = 0x234, SETUP_XLOADFLAGS = 0x236, SETUP_CMDLINE_SIZE = 0x238, SETUP_DATA = 0x250,
	SETUP_PREF_ADDRESS = 0x258, SETUP_INIT_SIZE = 0x260, SETUP_HEADER_MAX = 0x290,
};
#define XLF_KERNEL_64		1u
#define XLF_CAN_BE_ABOVE_4G	2u

enum x86_map_type { X86_MAP_RAM = 1, X86_MAP_RESERVED = 2, X86_MAP_ACPI = 3 };

struct x86_map {
	uint64_t base, size;
	uint32_t type;
};

#define BOOT_X86_MAX_MAP	16

struct boot_x86 {
	const struct boot_image *image;
	const struct boot_place *place;
	const char *params;		/* NULL: none */
	uint64_t initrd_size;
	gpa_t rsdp;			/* 0: none */
	const uint8_t *seed;		/* 32 bytes for the kernel's random numbers, or NULL */
	struct x86_map map[BOOT_X86_MAX_MAP];
	uint32_t map_count;
};

/* What boot_x86_write uses, from 0 up to here; the memory map has to leave it RAM. */
#define BOOT_X86_LOW_END	0x30000u

/* The first processor's registers; those that are not here have their reset state. */
struct boot_x86_regs {
	uint64_t rip, rbx, rsi, rsp, rflags, cr0, cr3, cr4, efer;
	struct x86_segment cs, data, tr, gdtr, idtr;
};

/* Writes all that and fills regs. -E2BIG: params too long; -EFAULT: no RAM below BOOT_X86_LOW_END. */
int boot_x86_write(struct mem *m, const struct boot_x86 *b, struct boot_x86_regs *regs);

#endif
