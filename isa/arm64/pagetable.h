/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMSAv8-64 translation table format (ARM DDI 0487 D8.2, D8.3), for whoever walks or builds tables: the translator's
 * stage 1, and stage 2 of the bare engine. Only the format: no memory is read here.
 *
 * Levels are numbered 0 to 3; level 3 holds pages. `page_bits` is 12, 14 or 16 for the three granules.
 */
#ifndef ISA_ARM64_PAGETABLE_H
#define ISA_ARM64_PAGETABLE_H

#include "base/bits.h"

/* Descriptor bits. */
#define PT_VALID		BIT(0)
#define PT_TABLE		BIT(1)		/* table (levels 0-2), page (level 3); clear: block, or reserved at level 3 */
#define PT_ATTR_INDEX		MASK(4, 2)	/* stage 1: into MAIR */
#define PT_MEM_ATTR		MASK(5, 2)	/* stage 2 */
#define PT_AP_EL0		BIT(6)		/* stage 1: EL0 may access */
#define PT_AP_RO		BIT(7)		/* stage 1: read-only */
#define PT_S2AP_READ		BIT(6)
#define PT_S2AP_WRITE		BIT(7)
#define PT_SH			MASK(9, 8)
#define PT_AF			BIT(10)
#define PT_NG			BIT(11)
#define PT_OUTPUT		MASK(47, 12)
#define PT_DBM			BIT(51)
#define PT_CONTIGUOUS		BIT(52)
#define PT_PXN			BIT(53)
#define PT_UXN			BIT(54)
/* In table descriptors, for everything below. */
#define PT_PXN_TABLE		BIT(59)
#define PT_UXN_TABLE		BIT(60)
#define PT_AP_TABLE_NO_EL0	BIT(61)
#define PT_AP_TABLE_RO		BIT(62)

struct pt_geometry {
	uint8_t page_bits;
	uint8_t stride;			/* address bits resolved by a full level */
	uint8_t va_bits;
	uint8_t start_level;
};

enum pt_type { PT_TYPE_INVALID, PT_TYPE_TABLE, PT_TYPE_LEAF };

/* va_bits input address bits, from the level that the architecture starts at when tables are not concatenated. */
struct pt_geometry pt_geometry_of(unsigned page_bits, unsigned va_bits);

/* Lowest address bit that a descriptor at this level resolves: a leaf there maps 1 << pt_shift bytes. */
static inline unsigned pt_shift(const struct pt_geometry *g, unsigned level)
{
	return g->page_bits + (3 - level) * g->stride;
}

static inline uint64_t pt_index(const struct pt_geometry *g, unsigned level, uint64_t va)
{
	unsigned shift = pt_shift(g, level), top = level == g->start_level ? g->va_bits : shift + g->stride;

	return bits(va, shift, top - shift);
}

/* Base address mask of the first table: aligned to its size, 16 bytes at least. */
uint64_t pt_base_mask(const struct pt_geometry *g);

/* What a descriptor at this level is. Blocks exist at level 2, and at level 1 with the 4 KiB granule. */
static inline enum pt_type pt_type(const struct pt_geometry *g, unsigned level, uint64_t desc)
{
	if (!(desc & PT_VALID))
		return PT_TYPE_INVALID;
	if (level == 3)
		return desc & PT_TABLE ? PT_TYPE_LEAF : PT_TYPE_INVALID;
	if (desc & PT_TABLE)
		return PT_TYPE_TABLE;
	return level == 2 || (level == 1 && g->page_bits == 12) ? PT_TYPE_LEAF : PT_TYPE_INVALID;
}

static inline uint64_t pt_table_address(const struct pt_geometry *g, uint64_t desc)
{
	return desc & MASK(47, g->page_bits);
}

static inline uint64_t pt_leaf_address(const struct pt_geometry *g, unsigned level, uint64_t desc)
{
	return desc & MASK(47, pt_shift(g, level));
}

/* Bits of a physical address by ID_AA64MMFR0_EL1.PARange, TCR_EL1.IPS, VTCR_EL2.PS; values past 48 bits count as 48. */
unsigned pt_pa_bits(unsigned range);

#endif
