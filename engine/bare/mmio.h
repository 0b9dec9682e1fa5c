/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens when a cell touches an address that isn't mapped: ranges with a handler, sorted by who is asked most often, then
 * in the order of mmio_add. On the CPU that trapped.
 */
#ifndef ENGINE_BARE_MMIO_H
#define ENGINE_BARE_MMIO_H

#include "base/types.h"

struct cpu;

enum mmio_result { MMIO_DONE, MMIO_BAD, MMIO_NONE };	/* BAD: not allowed; NONE: nothing is there */

struct mmio_access {
	uint64_t address;		/* from the range's start */
	uint64_t value;			/* in for a write, out for a read */
	uint8_t size;			/* 1, 2, 4, 8 */
	bool write;
};

typedef enum mmio_result (*mmio_handler)(struct cpu *cpu, void *arg, struct mmio_access *a);

struct mmio_range {
	uint64_t start, size;
	mmio_handler handler;
	void *arg;
};

#define MMIO_RANGES_PER_PAGE	(4096u / sizeof(struct mmio_range))

struct mmio_table {
	struct mmio_range *range;	/* from the pool */
	uint32_t count, room;
};

/* -ENOSPC: no room. */
int mmio_add(struct mmio_table *t, uint64_t start, uint64_t size, mmio_handler handler, void *arg);
/* a->address: the cell's. */
enum mmio_result mmio_dispatch(const struct mmio_table *t, struct cpu *cpu, struct mmio_access *a);

/* One access of hardware, at an address of ours. */
uint64_t mmio_read(uint64_t address, unsigned size);
void mmio_write(uint64_t address, uint64_t value, unsigned size);

#endif
