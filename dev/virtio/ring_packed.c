/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed virtqueues (virtio 1.2 §2.8): one ring of descriptors that the driver makes available and we overwrite with
 * used ones, and two words by which each side says when it wants to be told.
 *
 * Whose a descriptor is follows from two of its flags and a wrap counter, one bit that turns over at the end of the ring. The
 * word with length, ID and flags is read once and written once. Of what is pushed together the first descriptor is
 * written last, by publish: the driver looks there, and finds the rest behind it. That store and our look at the driver's
 * events are sequentially consistent, as are our own events and the look at the ring after them.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "dev/virtio/ring.h"

#define DESC_AVAIL	0x80u
#define DESC_USED	0x8000u
#define DESC_WORD	8u		/* where length, ID and flags are */

#define EVENT_OFFSET	0x7fffu
#define EVENT_WRAP	0x8000u
#define EVENT_FLAGS(v)	((v) >> 16 & 3)
enum { EVENT_ENABLE, EVENT_DISABLE, EVENT_DESC };

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t id, flags;
};

static uint32_t place(uint16_t i)
{
	return VRING_DESC_SIZE * i + DESC_WORD;
}

static bool is_available(const struct vring *r, uint16_t flags)
{
	return !(flags & DESC_AVAIL) != r->avail_wrap && !(flags & DESC_USED) == r->avail_wrap;
}

static int packed_start(struct vring *r)
{
	uint32_t n = r->cfg.size;

	if (!n || n > VRING_MAX_SIZE)
		return -EINVAL;
	if (vring_area_set(&r->desc, r->cfg.desc, VRING_DESC_SIZE * n, 16, true) ||
	    vring_area_set(&r->driver, r->cfg.driver, 4, 4, false) ||
	    vring_area_set(&r->device, r->cfg.device, 4, 4, true))
		return -EINVAL;
	r->avail_wrap = r->used_wrap = true;
	return 0;
}

static int packed_enter(struct vring *r)
{
	if (vring_area_map(r, &r->desc) || vring_area_map(r, &r->driver) || vring_area_map(r, &r->device))
		return -EFAULT;
	return 0;
}

static struct desc desc_of(uint64_t addr, uint64_t word)
{
	return (struct desc){ addr, (uint32_t)word, (uint16_t)(word >> 32), (uint16_t)(word >> 48) };
}

/* The ring's own; when it is not there the ring is broken. The word first: it says whether the rest is valid. */
static struct desc ring_desc(struct vring *r, uint16_t at)
{
	uint64_t word = vring_load(r, &r->desc, place(at), 8, MEM_ACQUIRE);

	return desc_of(vring_load(r, &r->desc, place(at) - DESC_WORD, 8, MEM_RELAXED), word);
}

/* All of a table's descriptors belong to it; of their flags only WRITE counts (§2.8.7). */
static int indirect_walk(struct vring *r, const struct desc *d, struct vring_chain *c)
{
	struct vring_table t;
	uint64_t raw[2] = { 0 };
	int err;

	if (d->flags & VRING_DESC_NEXT)
		return vring_broken(r, "indirect descriptor with a next one");
	err = vring_indirect(r, d->addr, d->len, &t);
	for (uint32_t i = 0; !err && i < t.count; i++) {
		err = vring_desc_read(r, &t, i, raw);
		if (!err)
			err = vring_chain_add(r, c, raw[0], (uint32_t)raw[1], raw[1] >> 48 & VRING_DESC_WRITE);
	}
	return err;
}

static int packed_pop(struct vring *r, struct vring_chain *c)
{
	struct desc d = ring_desc(r, r->next_avail);
	uint16_t at = r->next_avail;
	int err;

	if (!r->why && !is_available(r, d.flags))
		return 0;
	c->descs = 0;
	for (;; d = ring_desc(r, at)) {
		if (r->why)
			return -EINVAL;
		if (++c->descs + (uint32_t)r->slots_out > r->cfg.size)
			return vring_broken(r, "chain loops, or more descriptors available than the queue has");
		if (d.flags & VRING_DESC_INDIRECT && c->descs > 1)
			return vring_broken(r, "indirect descriptor in a list");
		err = d.flags & VRING_DESC_INDIRECT ? indirect_walk(r, &d, c) :
		      vring_chain_add(r, c, d.addr, d.len, d.flags & VRING_DESC_WRITE);
		if (err)
			return err;
		at = at + 1u == r->cfg.size ? 0 : (uint16_t)(at + 1);
		if (!(d.flags & VRING_DESC_NEXT))
			break;
	}
	c->id = d.id;
	r->slots_out = (uint16_t)(r->slots_out + c->descs);
	if (at <= r->next_avail)
		r->avail_wrap = !r->avail_wrap;
	r->next_avail = at;
	return 1;
}

static void packed_unpop(struct vring *r, const struct vring_chain *c)
{
	r->slots_out = (uint16_t)(r->slots_out - c->descs);
	if (r->next_avail < c->descs) {
		r->next_avail = (uint16_t)(r->next_avail + r->cfg.size);
		r->avail_wrap = !r->avail_wrap;
	}
	r->next_avail = (uint16_t)(r->next_avail - c->descs);
}

static void packed_push(struct vring *r, const struct vring_used *u)
{
	uint64_t flags = (r->used_wrap ? DESC_AVAIL | DESC_USED : 0) | (u->written ? VRING_DESC_WRITE : 0);
	uint64_t val = u->written | (uint64_t)u->id << 32 | flags << 48;
	uint32_t at = place(r->next_used), next = (uint32_t)r->next_used + u->descs;

	if (r->held) {
		vring_store(r, &r->desc, at, 8, MEM_RELEASE, val);
	} else {
		r->held = true;
		r->held_at = at;
		r->held_val = val;
	}
	r->slots_out = (uint16_t)(r->slots_out - u->descs);
	r->untold = (uint16_t)MIN(r->untold + (uint32_t)u->descs, r->cfg.size);
	if (next >= r->cfg.size) {
		next -= r->cfg.size;
		r->used_wrap = !r->used_wrap;
	}
	r->next_used = (uint16_t)next;
}

static void packed_publish(struct vring *r)
{
	if (!r->held)
		return;
	r->held = false;
	vring_store(r, &r->desc, r->held_at, 8, MEM_SEQ_CST, r->held_val);
}

static bool packed_wants_interrupt(struct vring *r)
{
	uint32_t event, size = r->cfg.size, at, now, untold = r->untold;

	if (!untold)
		return false;
	packed_publish(r);
	r->untold = 0;
	event = (uint32_t)vring_load(r, &r->driver, 0, 4, MEM_SEQ_CST);
	if (EVENT_FLAGS(event) != EVENT_DESC || !r->cfg.event_idx)
		return EVENT_FLAGS(event) != EVENT_DISABLE;
	/* Places of two rounds, so that wrap counters are part of them: is the event among the last `untold`? */
	at = (event & EVENT_OFFSET) % size + (event & EVENT_WRAP ? 0 : size);
	now = r->next_used + (r->used_wrap ? 0 : size);
	return (now + 2 * size - at - 1) % (2 * size) < untold;
}

static void packed_quiet(struct vring *r)
{
	if (!r->cfg.event_idx)	/* with it, an event left behind says the same */
		vring_store(r, &r->device, 0, 4, MEM_RELAXED, EVENT_DISABLE << 16);
}

static bool packed_listen(struct vring *r)
{
	uint32_t event = EVENT_ENABLE << 16;

	if (r->cfg.event_idx)
		event = EVENT_DESC << 16 | (r->avail_wrap ? EVENT_WRAP : 0) | r->next_avail;
	vring_store(r, &r->device, 0, 4, MEM_SEQ_CST, event);
	return is_available(r, (uint16_t)(vring_load(r, &r->desc, place(r->next_avail), 8, MEM_SEQ_CST) >> 48));
}

const struct vring_ops vring_packed_ops = {
	.start = packed_start,
	.enter = packed_enter,
	.pop = packed_pop,
	.unpop = packed_unpop,
	.push = packed_push,
	.publish = packed_publish,
	.wants_interrupt = packed_wants_interrupt,
	.quiet = packed_quiet,
	.listen = packed_listen,
};
