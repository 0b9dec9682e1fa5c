/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest physical memory: the only road from a guest address to a host pointer.
 *
 * Memory is a small sorted table of slots. The table is immutable; adding or removing a slot publishes a new one and
 * waits until every reader section has passed (mem_reader_enter/exit, one per thread). A span brackets an access to
 * RAM: it says read or write, never reaches past a slot (so it may be shorter than asked), and its put marks pages
 * dirty and tells the listeners that watch them (translated code). All lengths are in bytes; every sum is checked.
 *
 * Threads: any. Spans and cached pointers are valid inside a reader section; vCPU threads are inside one while they
 * run. Guest memory changes under us at any time: copy once, then parse.
 */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include "base/list.h"
#include "base/lock.h"
#include "base/types.h"

enum mem_kind {
	MEM_RAM,		/* snapshotted, dirty-logged, DMA target */
	MEM_ROM,		/* reads direct, writes go to the bus (flash in array mode, BIOS) */
	MEM_DEVICE,		/* VFIO BAR, ivshmem: guest-mapped only; never spanned, logged or saved */
	MEM_WINDOW,		/* pmem/DAX: file-backed, may fault; reached by copy only */
};

enum mem_order { MEM_RELAXED, MEM_ACQUIRE, MEM_RELEASE, MEM_SEQ_CST };

struct mem_backing {		/* what the region is made of; os/ (sealed memfd) or the board (range) fills it */
	void *host;		/* NULL on bare: mapped on demand */
	uint64_t hpa;		/* bare only */
	int fd;			/* -1 unless shareable (vhost-user, snapshot) */
	uint64_t fd_offset;
};

struct mem_slot {
	gpa_t base;
	uint64_t size;		/* both multiples of 4096 */
	enum mem_kind kind;
	bool can_write, can_exec;
	struct mem_backing backing;
	uint32_t id;		/* set by mem_slot_add; stable for the slot's life: engine slot, snapshot section */
	uint64_t *dirty;	/* one bit a page, core's own (device writes); NULL: not logging */
	uint8_t *watched;	/* one byte a page: nonzero, a listener's `wrote` wants device writes; NULL: none */
};

#define MEM_MAX_SLOTS	64

struct mem_table {
	uint32_t count;
	struct mem_slot *slot[MEM_MAX_SLOTS];	/* by base */
};

#define MEM_MAX_LISTENERS	40		/* an engine, VFIO, a vhost for each virtio device */

/* Engines, vhost, VFIO DMA map, translated-code cache. add and remove run under the writers' lock. */
struct mem_listener {
	int (*add)(struct mem_listener *l, const struct mem_slot *slot);
	void (*remove)(struct mem_listener *l, const struct mem_slot *slot);
	void (*wrote)(struct mem_listener *l, gpa_t gpa, uint64_t len);	/* a device's write hit a watched page; any thread */
};

/* A thread's reader section. Odd while inside. */
struct mem_reader {
	struct list node;
	uint64_t epoch;
};

struct mem {
	struct mem_table *table;		/* published by release store */
	struct lock lock;			/* writers, listeners, reader list */
	struct mem_listener *listener[MEM_MAX_LISTENERS];	/* published by release store; NULL: free */
	struct list readers;
	bool stale;				/* somebody may still look at the table that is not published */
	struct mem_table tables[2];
	struct mem_slot slots[MEM_MAX_SLOTS];
	uint64_t used_slots;
	/* Gives the host's memory behind part of a slot back; it reads as zeros afterwards. NULL: can't be done here. */
	int (*discard)(const struct mem_slot *s, uint64_t offset, uint64_t len);
	uint32_t pinned;			/* atomic: devices that hold host pages of guest memory (VFIO): no discards */
};

void mem_init(struct mem *m);

/* The slot is copied. -EEXIST on overlap, -EINVAL unaligned or wrapping, -ENOSPC; *id gets the slot's id. */
int mem_slot_add(struct mem *m, const struct mem_slot *slot, uint32_t *id);
/* Unpublish, listeners, wait for readers, forget. Adding (from the second time on) and removing wait until every reader
   section has passed: never call them from one, nor with a lock held that somebody in one may want. */
int mem_slot_remove(struct mem *m, uint32_t id);
int mem_listener_add(struct mem *m, struct mem_listener *l);	/* replays the slots there are; -ENOSPC or add's error */
void mem_listener_remove(struct mem *m, struct mem_listener *l);	/* waits for readers as well */

/*
 * Device-write tracking, in arrays of the caller that live as long as the slot. mem_watch: one byte a page; the owner sets
 * and clears bytes atomically. mem_dirty_begin: one bit a page, size_pages / 64 rounded up words; fetch copies and clears.
 */
int mem_watch(struct mem *m, uint32_t id, uint8_t *bytes);	/* -ENOENT */
int mem_dirty_begin(struct mem *m, uint32_t id, uint64_t *bitmap);
int mem_dirty_fetch(struct mem *m, uint32_t id, uint64_t *bitmap, size_t words);	/* |= what was set since */
void mem_dirty_end(struct mem *m, uint32_t id);

/* Whole pages of RAM that the guest has given up. -EFAULT: not all of it is RAM; -ENOTSUP; -EBUSY: pinned. In a reader section. */
int mem_discard(struct mem *m, gpa_t gpa, uint64_t len);

/* The slot that holds gpa, or NULL. Valid inside a reader section. */
const struct mem_slot *mem_find(struct mem *m, gpa_t gpa);

struct mem_span {
	void *ptr;
	size_t len;
	gpa_t gpa;
	bool write;
	struct mem_slot *slot;
};

/* RAM only (ROM for reads). s->len may be less than len at a slot's end. -EFAULT: no RAM there, read-only, or wrap. */
int mem_span_get(struct mem *m, gpa_t gpa, size_t len, bool write, struct mem_span *s);
void mem_span_put(struct mem *m, struct mem_span *s, size_t written);	/* dirty log, code invalidation */

int mem_read(struct mem *m, gpa_t gpa, void *buf, size_t len);		/* all or -EFAULT (may have copied a part) */
int mem_write(struct mem *m, gpa_t gpa, const void *buf, size_t len);
/* Single-copy atomic, little-endian, size 1 2 4 8, naturally aligned (-EINVAL otherwise). */
int mem_load(struct mem *m, gpa_t gpa, unsigned size, enum mem_order order, uint64_t *val);
int mem_store(struct mem *m, gpa_t gpa, unsigned size, enum mem_order order, uint64_t val);
/* -EAGAIN: memory held something else, which *expected now has. */
int mem_cmpxchg(struct mem *m, gpa_t gpa, unsigned size, uint64_t *expected, uint64_t desired);

/*
 * Register once a thread; then enter and exit around batches of work. Exit before sleeping. A vCPU's reader (vcpu->reader)
 * is registered by vm_vcpus_create. The plain accessors above (mem_read, mem_find …) take no section of their own.
 */
void mem_reader_register(struct mem *m, struct mem_reader *r);		/* again: does nothing */
void mem_reader_unregister(struct mem *m, struct mem_reader *r);
void mem_reader_enter(struct mem_reader *r);
void mem_reader_exit(struct mem_reader *r);

#endif
