/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flattened device trees (Devicetree Specification 0.4, chapter 5): a writer into a caller's buffer, and a reader that
 * trusts nothing in the blob. Errors stick in the writer and are returned by fdt_finish.
 */
#ifndef CORE_FDT_H
#define CORE_FDT_H

#include "base/types.h"

struct fdt_writer {
	uint8_t *buf;
	size_t size, used;		/* structure block grows up from the front */
	char *strings;			/* strings block, in its own part of the buffer */
	size_t strings_size, strings_used;
	uint32_t depth;
	int err;			/* -ENOSPC, -EINVAL (unbalanced) */
	uint32_t phandles;		/* given out so far */
	/* Of the board's controller: 1 (a number), 2 (and its kind), or 3 (a GIC's) as fdt_start leaves it. */
	uint32_t interrupt_cells;
};

void fdt_start(struct fdt_writer *w, void *buf, size_t size);
void fdt_reserve(struct fdt_writer *w, uint64_t base, uint64_t size);	/* before the root node */
void fdt_begin(struct fdt_writer *w, const char *name_format, ...) PRINTF_LIKE(2, 3);
void fdt_end(struct fdt_writer *w);
void fdt_prop(struct fdt_writer *w, const char *name, const void *val, size_t len);
void fdt_prop_empty(struct fdt_writer *w, const char *name);
void fdt_prop_u32(struct fdt_writer *w, const char *name, uint32_t val);
void fdt_prop_u64(struct fdt_writer *w, const char *name, uint64_t val);
void fdt_prop_cells(struct fdt_writer *w, const char *name, const uint32_t *cells, size_t n);
void fdt_prop_string(struct fdt_writer *w, const char *name, const char *val);
void fdt_prop_strings(struct fdt_writer *w, const char *name, const char *const *val, size_t n);
void fdt_prop_reg(struct fdt_writer *w, uint64_t base, uint64_t size);	/* reg with 2 address and 2 size cells */
/* `interrupts` of one level-sensitive, active high line of the board's controller; GIC: the INTID of an SPI. */
void fdt_prop_interrupt(struct fdt_writer *w, uint32_t number);
uint32_t fdt_phandle(struct fdt_writer *w);	/* a new number; write it with fdt_prop_u32(w, "phandle", n) */
int fdt_finish(struct fdt_writer *w, size_t *len);

/* A blob that fdt_check accepted. Node: offset of its FDT_BEGIN_NODE token in the structure block. */
struct fdt {
	const uint8_t *blob;
	uint32_t size, struct_off, struct_size, strings_off, strings_size;
};
int fdt_check(struct fdt *f, const void *blob, size_t size);	/* -EINVAL: not a tree that can be walked safely */
int fdt_find(const struct fdt *f, const char *path);		/* node, or -ENOENT */
int fdt_find_compatible(const struct fdt *f, int after, const char *compatible);	/* -1 to begin; or -ENOENT */
const void *fdt_get(const struct fdt *f, int node, const char *prop, uint32_t *len);	/* NULL: absent */
const char *fdt_name(const struct fdt *f, int node);
int fdt_first_child(const struct fdt *f, int node);
int fdt_next_sibling(const struct fdt *f, int node);

#endif
