/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How a loader starts the bare image. It lies at offset 0 of the memory that the system's configuration names, physically
 * contiguous and at a multiple of 2 MiB or 4 KiB; there it runs, addresses equal to physical ones:
 *
 *	0		the image, image_size bytes of the file, then zeros up to core_size
 *	core_size	percpu_size bytes for each of max_cpus CPUs, zero at first
 *	config_offset	the system's configuration (config.h), config_size bytes
 *	…		page pool, to the end of the memory
 *
 * The loader fills in the second half of the header, cleans everything to the point of coherency, and then calls on each
 * online CPU, interrupts off, the kernel's EL2 stub: `hvc #0` with x0 = 1 (soft restart), x1 = physical address of `entry`, x2 =
 * Linux's number of this CPU. The call returns as a hvc does, x0 = 0 or a negative errno, callee-saved registers intact; on
 * error every CPU gets one and EL2 is as it was. All online CPUs must call: they wait for one another.
 *
 * If the configuration's flags have SYSTEM_VIRTUAL_CONSOLE, the whole pages that hold console_offset … + console_size stay the
 * root's to read. HC_DISABLE (hypercall.h) on every CPU is the way back.
 */
#ifndef ABI_IMAGE_H
#define ABI_IMAGE_H

#include "abi/types.h"

#define IMAGE_SIGNATURE		"CELLA64"	/* 8 bytes with its NUL */
#define IMAGE_REVISION		2
#define IMAGE_MAX_CPUS		64
#define IMAGE_MAX_ITS		8

struct image_header {
	char signature[8];
	uint32_t revision;
	uint32_t image_size;			/* of the file */
	uint32_t core_size;			/* with bss; a multiple of 4096 */
	uint32_t percpu_size;			/* a multiple of 4096 */
	uint32_t entry;				/* offset of the code that a CPU enters */
	uint32_t console_offset, console_size;	/* of struct image_console; in the core */
	/* The loader's: */
	uint32_t max_cpus;			/* 1 + the highest number of a possible CPU */
	uint32_t online_cpus;			/* how many will call */
	uint32_t config_offset, config_size;
	uint32_t pad;
	uint64_t phys;				/* where the image lies */
	uint64_t size;				/* of the whole memory */
	uint64_t its[IMAGE_MAX_ITS];		/* where the GIC's ITSs have their registers, of the board's description; or 0 */
};

/* The engine's log. The writer stores bytes and then `tail`; a reader keeps its own head, and has lost what is size older. */
struct image_console {
	volatile uint32_t tail;			/* bytes written since the start, wrapping */
	uint32_t size;				/* of content: a power of two */
	char content[];
};

#endif
