/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who answers an access that is not memory: one sorted table each for MMIO, port I/O and trapped system registers.
 *
 * A vCPU's access is looked up in an immutable table without a lock; adding or removing a region replaces the table
 * and waits for accesses under way. The region's device lock is held around `access` unless BUS_UNLOCKED is set. The
 * bus, not the device, deals with widths: what is outside min_size..max_size is split, merged or refused as `misfit`
 * says. A hole answers BUS_ABORT and the engine gives the architected answer (external abort, all ones).
 *
 * Doorbells: a write of a given size (and value) at an offset signals a notifier instead of calling the device.
 * Engines that can do that in the kernel are told; where they cannot, the bus does it.
 */
#ifndef CORE_BUS_H
#define CORE_BUS_H

#include "base/list.h"
#include "base/lock.h"
#include "base/types.h"

struct notifier;
struct vcpu;

enum bus_space { BUS_MMIO, BUS_PIO, BUS_SYSREG, BUS_SPACES };
enum bus_result { BUS_OK, BUS_ABORT, BUS_DEFER };	/* abort: architected fault; defer: the reply comes from outside */
enum bus_misfit { MISFIT_SPLIT, MISFIT_ABORT, MISFIT_IGNORE };	/* ignore: reads zero, writes nothing */
enum { BUS_UNLOCKED = 1, BUS_PER_VCPU = 2, BUS_NO_SIDE_EFFECT = 4 };

struct bus_access {
	struct vcpu *vcpu;	/* initiator (banked GIC registers need it); NULL for a test or the control thread */
	uint64_t offset;	/* from the region's base (BUS_SYSREG: also offset = encoding - base) */
	uint64_t value;		/* write: in; read: out, upper bits beyond size are ignored */
	uint8_t size;		/* 1 2 4 8; engines split wider accesses, low address first */
	bool write;
	/*
	 * Set by a device whose access moves regions (a BAR) or waits for other vCPUs: called on the same thread when the
	 * access has left the bus, outside of the vCPU's reader section of memory, before bus_access returns. Of two
	 * settings in one split access the last counts.
	 */
	void (*after)(void *ctx);
	void *after_ctx;
};

struct region;
struct region_ops {
	enum bus_result (*access)(struct region *r, struct bus_access *a);
	uint8_t min_size, max_size;	/* 1 2 4 8 */
	uint8_t misfit, flags;
};

struct region {
	const struct region_ops *ops;
	const char *name;
	struct lock *lock;		/* the device's; NULL with BUS_UNLOCKED */
	uint64_t base, size;		/* filled by bus_region_add */
	enum bus_space space;
	int prio;			/* where regions overlap the higher wins */
	struct bus *bus;
	struct list doorbells;
};

struct doorbell {
	struct list node;
	struct notifier *to;
	uint64_t offset, match;
	uint8_t size;
	bool any_value;
	struct region *region;
};

#define BUS_MAX_REGIONS	256

struct bus_table {
	uint32_t count;
	struct { uint64_t base, end; struct region *region; } e[2 * BUS_MAX_REGIONS];	/* disjoint, by base; end inclusive */
};

#define BUS_STRIPES	16

/* Accesses under way, by vCPU modulo BUS_STRIPES, a cache line apart, and by parity of the bus's epoch. */
struct bus_readers {
	uint32_t count[2];
	uint8_t pad[56];
};

struct bus {
	struct lock lock;			/* writers */
	struct bus_table *table[BUS_SPACES];	/* published by release store */
	struct bus_table tables[BUS_SPACES][2];
	struct region *regions[BUS_SPACES][BUS_MAX_REGIONS];
	uint32_t region_count[BUS_SPACES];
	struct bus_readers readers[BUS_STRIPES];
	uint32_t epoch;
	bool stale;				/* somebody may still look at the tables that are not published */
	/* The engine's fast path for doorbells: 0, or a negative error and the bus signals itself. May be NULL. */
	int (*doorbell_hook)(void *ctx, struct region *r, struct doorbell *d, bool on);
	void *hook_ctx;
};

void bus_init(struct bus *b);
/*
 * size 0 stands for 2^64 - base. -EEXIST: another region of the same priority is there; -ENOSPC; -EINVAL: wraps, or is on
 * the bus. Adding and removing may wait for accesses under way: never call them from one (bus_access.after is outside of
 * it), nor under a device lock.
 */
int bus_region_add(struct bus *b, struct region *r, enum bus_space s, uint64_t base, uint64_t size, int prio);
void bus_region_remove(struct bus *b, struct region *r);	/* returns after the last access has left */
/* a->offset is set by the bus. BUS_ABORT when nothing is there. */
enum bus_result bus_access(struct bus *b, enum bus_space s, uint64_t addr, struct bus_access *a);
struct region *bus_find(struct bus *b, enum bus_space s, uint64_t addr);	/* for tests and address maps */
int bus_doorbell_add(struct region *r, struct doorbell *d);	/* -EINVAL: the region is not on a bus */
void bus_doorbell_remove(struct region *r, struct doorbell *d);

#endif
