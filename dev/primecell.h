/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Arm's PrimeCell peripherals share: eight identification registers in the last 32 bytes of a 4 KiB frame, and
 * the form of their device-tree node, which drivers look up by those registers.
 */
#ifndef DEV_PRIMECELL_H
#define DEV_PRIMECELL_H

#include "dev/mmio.h"

#define PRIMECELL_SIZE		0x1000u
#define PRIMECELL_ID		0xfe0u		/* first of the identification registers */

struct fdt_writer;

/* part: 0x011 for a PL011; rev: of the part. 0 for offsets that are no identification register. */
uint32_t primecell_id(uint32_t part, uint32_t rev, uint64_t offset);

/* Opens the node `name@base`: compatible, reg, interrupts, clocks. The caller adds what is special and ends it. */
void primecell_fdt_begin(const struct device *d, struct fdt_writer *w, const char *name, const char *compatible,
			 uint32_t clock, const char *const *clock_names, uint32_t clocks);

#endif
