/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building translation tables in the VMSAv8-64 format (ARM DDI 0487 D8.3), 4 KiB granule: stage 1 of EL2 and stage 2 of cells.
 *
 * A tree is always in its smallest form: the largest blocks that fit, neighbours merged into a block as soon as they make one,
 * and no empty tables. So taking a piece out and putting it back gives back every page of table.
 *
 * An entry that is replaced is cleared first, `flush` is called, and only then the new one is written (break-before-make,
 * D8.14). Whoever could run into the gap is the caller's to stop. Not for several callers at once.
 */
#ifndef ISA_ARM64_PT_BUILD_H
#define ISA_ARM64_PT_BUILD_H

#include "isa/arm64/pagetable.h"

struct pt_tree {
	struct pt_geometry g;
	uint64_t *root;			/* zeroed; several tables side by side if g says so (concatenated) */
	void *(*alloc)(void *ctx);	/* a zeroed table whose physical address is its pointer; NULL: none left */
	void (*free)(void *ctx, void *table);
	void (*flush)(void *ctx);	/* forget what walkers may have kept of cleared entries */
	void *ctx;
};

/*
 * All multiples of 4 KiB. attrs: the leaf's bits but for address, PT_VALID and PT_TABLE. small: pages only. -ERANGE past the
 * geometry; -ENOMEM leaves a part done, which may be unmapped or mapped again.
 */
int pt_map(struct pt_tree *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t attrs, bool small);
/* What isn't mapped stays so. -ENOMEM: a block had to be split. */
int pt_unmap(struct pt_tree *t, uint64_t va, uint64_t size);
/* The leaf at va and its level, or 0. */
uint64_t pt_lookup(const struct pt_tree *t, uint64_t va, unsigned *level);
/* All tables below the root. */
void pt_clear(struct pt_tree *t);

#endif
