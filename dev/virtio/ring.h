/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtqueue's ring as the device sees it (virtio 1.2 §2.6-2.8): take buffer chains the driver made available, give
 * them back used, and know who wants to hear about it.
 *
 * One rule: the driver can write anything at any time. Each index is read once into a local, checked, then used; a
 * descriptor is copied before it is looked at. What breaks the rules of the specification makes the ring broken: pop
 * returns an error, `why` has a sentence, and nothing works until the next vring_start. The owner then sets
 * DEVICE_NEEDS_RESET.
 *
 * A ring belongs to one thread. Between vring_enter and vring_exit, which lie inside one mem reader section, its three
 * areas are mapped; one that crosses slots of memory is reached by copies instead. There are two formats, split and
 * packed, each a table of functions, `vring_ops`. What is pushed becomes visible to the driver at vring_publish, all of
 * it at once: a request that takes several buffers is never seen in part, and a batch costs one store that the driver
 * waits for.
 *
 * IN_ORDER is kept here for devices that complete in any order: a chain that is pushed before an older one waits in
 * `order` until its turn.
 */
#ifndef DEV_VIRTIO_RING_H
#define DEV_VIRTIO_RING_H

#include "core/mem.h"

#define VRING_MAX_SIZE	1024u

struct vring_used {			/* a chain that has been pushed */
	uint32_t written;
	uint16_t id, descs;
	bool done;
};

struct vring_config {
	uint16_t size;			/* entries; split: a power of two */
	/* Split: descriptor table, available ring, used ring. Packed: descriptor ring, driver's and device's events. */
	gpa_t desc, driver, device;
	bool packed, event_idx, indirect;	/* features that were agreed on */
	struct vring_used *order;	/* IN_ORDER: the owner's array of `size`; else NULL */
};

/* One buffer chain: spans the device may read come first, then those it may write. Descriptors of length 0 have none. */
struct vring_chain {
	struct mem_span *span;		/* the caller's array of `capacity` */
	uint32_t capacity;
	uint32_t reads, writes;		/* spans */
	uint32_t readable, writable;	/* bytes */
	uint16_t id;			/* split: head index; packed: buffer ID */
	uint16_t descs;			/* entries of the ring, not of an indirect table */
	uint16_t turn;			/* with IN_ORDER: which of `order` */
};

struct vring;
struct vring_ops {
	int (*start)(struct vring *r);
	int (*enter)(struct vring *r);
	int (*pop)(struct vring *r, struct vring_chain *c);
	void (*unpop)(struct vring *r, const struct vring_chain *c);
	void (*push)(struct vring *r, const struct vring_used *u);
	void (*publish)(struct vring *r);
	bool (*wants_interrupt)(struct vring *r);
	void (*quiet)(struct vring *r);
	bool (*listen)(struct vring *r);
};

struct vring_area {			/* one of the three parts, mapped or not */
	gpa_t gpa;
	uint32_t len;
	bool write, wrote;
	struct mem_span span;		/* ptr NULL: lies in several slots */
};

struct vring {
	const struct vring_ops *ops;
	struct mem *mem;
	struct vring_config cfg;
	struct vring_area desc, driver, device;
	const char *why;		/* not NULL: broken */
	bool entered;
	uint16_t out;			/* chains popped and neither pushed nor taken back */
	uint16_t turn, first;		/* with IN_ORDER: the next chain's place in `order`, the oldest's */
	uint16_t next_avail;		/* next to pop; packed: a place in the ring, as is next_used */
	uint16_t next_used;

	uint16_t seen_avail;		/* split: the driver's index when last read */
	uint16_t told_used;		/* split: next_used when the driver was last told or found not to care */
	uint16_t shown_used;		/* split: next_used as published */

	bool avail_wrap, used_wrap;	/* packed: the wrap counters at next_avail and next_used */
	uint16_t slots_out;		/* packed: entries popped and not yet used */
	uint16_t untold;		/* packed: entries used since the driver was last told or found not to care */
	bool held;			/* packed: the first pushed since the last publish waits for it: */
	uint32_t held_at;
	uint64_t held_val;
};

/* 0, or -EINVAL: size not allowed, an area misaligned or past the end of the address space. Indices start at 0. */
int vring_start(struct vring *r, struct mem *m, const struct vring_config *cfg);
/* -EFAULT: an area is not in RAM; the ring is broken then and must not be used. */
int vring_enter(struct vring *r);
void vring_exit(struct vring *r);

/* 1: c has the next chain; 0: none; -EINVAL: broken. The spans are the caller's until push, unpop or chain_put. */
int vring_pop(struct vring *r, struct vring_chain *c);
/* Takes back the latest pop, as if it had not happened. */
void vring_unpop(struct vring *r, struct vring_chain *c);
/* The first `written` bytes of the writable part have been written. More than there are is our bug. */
void vring_push(struct vring *r, struct vring_chain *c, uint32_t written);
void vring_publish(struct vring *r);	/* vring_wants_interrupt does it too */
/* Releases the spans of a chain that won't be pushed. Needs no ring, only the reader section it was popped in. */
void vring_chain_put(struct mem *m, struct vring_chain *c, uint32_t written);

/* Whether the driver wants an interrupt for what was pushed since the last call. */
bool vring_wants_interrupt(struct vring *r);
/* Asks the driver for no notifications while the ring is being worked on (a hint). */
void vring_quiet(struct vring *r);
/* Asks for a notification of the next chain. True: one has come meanwhile, look again. */
bool vring_listen(struct vring *r);

/* Copies between a chain's bytes and a buffer, from `offset` bytes into its readable or writable part. Returns bytes. */
size_t vring_chain_read(const struct vring_chain *c, size_t offset, void *buf, size_t len);
size_t vring_chain_write(const struct vring_chain *c, size_t offset, const void *buf, size_t len);

/* For the formats. */
#define VRING_DESC_SIZE		16u
#define VRING_DESC_NEXT		1u
#define VRING_DESC_WRITE	2u
#define VRING_DESC_INDIRECT	4u

struct vring_table {			/* that a chain is walked in: the ring's own, or an indirect one */
	gpa_t gpa;
	uint32_t count;
	const void *ptr;		/* NULL: reached by copies */
};

extern const struct vring_ops vring_split_ops, vring_packed_ops;
/* The two words of descriptor i, each read once. */
int vring_desc_read(struct vring *r, const struct vring_table *t, uint32_t i, uint64_t raw[2]);
int vring_indirect(struct vring *r, gpa_t addr, uint32_t len, struct vring_table *t);
int vring_broken(struct vring *r, const char *why);		/* always -EINVAL; the first reason stays */
uint64_t vring_load(struct vring *r, struct vring_area *a, uint32_t offset, unsigned size, enum mem_order order);
void vring_store(struct vring *r, struct vring_area *a, uint32_t offset, unsigned size, enum mem_order order,
		 uint64_t val);
int vring_area_set(struct vring_area *a, gpa_t gpa, uint32_t len, uint32_t align, bool write);
int vring_area_map(struct vring *r, struct vring_area *a);
/* Adds a buffer to the chain; -EINVAL: broken. */
int vring_chain_add(struct vring *r, struct vring_chain *c, gpa_t gpa, uint32_t len, bool write);

#endif
