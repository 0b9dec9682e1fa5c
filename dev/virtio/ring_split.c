/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueues (virtio 1.2 §2.7): a descriptor table, an available ring the driver writes and a used ring we write.
 *
 * Where this side's store must be visible before it reads what the driver may have stored meanwhile (index against
 * event index), both accesses are sequentially consistent; that pairs with the driver's full barrier.
 */
#include "base/errno.h"
#include "base/bits.h"
#include "dev/virtio/ring.h"

#define DESC_SIZE	16u
#define DESC_NEXT	1u
#define DESC_WRITE	2u
#define DESC_INDIRECT	4u

#define AVAIL_FLAGS	0u
#define AVAIL_IDX	2u
#define AVAIL_RING(i)	(4u + 2u * (i))
#define AVAIL_NO_INTERRUPT 1u
#define USED_FLAGS	0u
#define USED_IDX	2u
#define USED_RING(i)	(4u + 8u * (i))
#define USED_NO_NOTIFY	1u

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

/* A table that a chain is walked in: the ring's own, or an indirect one. */
struct desc_table {
	gpa_t gpa;
	uint32_t count;
	const void *ptr;		/* NULL: reached by copies */
};

static int split_start(struct vring *r)
{
	uint32_t n = r->cfg.size;

	if (!is_pow2(n) || n > VRING_MAX_SIZE)
		return -EINVAL;
	if (vring_area_set(&r->desc, r->cfg.desc, DESC_SIZE * n, 16, false) ||
	    vring_area_set(&r->driver, r->cfg.driver, AVAIL_RING(n) + (r->cfg.event_idx ? 2 : 0), 2, false) ||
	    vring_area_set(&r->device, r->cfg.device, USED_RING(n) + (r->cfg.event_idx ? 2 : 0), 4, true))
		return -EINVAL;
	return 0;
}

static int split_enter(struct vring *r)
{
	if (vring_area_map(r, &r->desc) || vring_area_map(r, &r->driver) || vring_area_map(r, &r->device))
		return -EFAULT;
	return 0;
}

static int desc_read(struct vring *r, const struct desc_table *t, uint32_t i, struct desc *d)
{
	uint64_t raw[2];

	if (likely(t->ptr)) {
		const uint64_t *p = (const uint64_t *)t->ptr + 2 * (size_t)i;

		raw[0] = __atomic_load_n(p, __ATOMIC_RELAXED);
		raw[1] = __atomic_load_n(p + 1, __ATOMIC_RELAXED);
	} else if (mem_read(r->mem, t->gpa + DESC_SIZE * i, raw, sizeof(raw))) {
		return vring_broken(r, "descriptor is not in RAM");
	}
	d->addr = raw[0];
	d->len = (uint32_t)raw[1];
	d->flags = (uint16_t)(raw[1] >> 32);
	d->next = (uint16_t)(raw[1] >> 48);
	return 0;
}

/* Turns to the table that d points to. Its span is put at once: it stays valid in the reader section we are in. */
static int indirect_table(struct vring *r, const struct desc *d, struct desc_table *t)
{
	struct mem_span s;
	gpa_t end;

	if (!r->cfg.indirect)
		return vring_broken(r, "indirect descriptor without the feature");
	if (d->flags & DESC_NEXT)
		return vring_broken(r, "indirect descriptor with a next one");
	if (!d->len || d->len % DESC_SIZE || d->len / DESC_SIZE > r->cfg.size)
		return vring_broken(r, "indirect table of a bad length");
	if (add_overflows(d->addr, (gpa_t)d->len, &end))
		return vring_broken(r, "indirect table wraps around the address space");
	if (mem_span_get(r->mem, d->addr, d->len, false, &s))
		return vring_broken(r, "indirect table is not in RAM");
	*t = (struct desc_table){ d->addr, d->len / DESC_SIZE, s.len >= d->len && !(d->addr & 7) ? s.ptr : NULL };
	mem_span_put(r->mem, &s, 0);
	return 0;
}

static int chain_walk(struct vring *r, uint16_t head, struct vring_chain *c)
{
	struct desc_table t = { r->desc.gpa, r->cfg.size, r->desc.span.ptr };
	bool indirect = false;
	uint32_t i = head, buffers = 0;
	struct desc d = { 0 };
	int err;

	for (;;) {
		err = desc_read(r, &t, i, &d);
		if (err)
			return err;
		if (!indirect)
			c->descs++;
		if (d.flags & DESC_INDIRECT) {
			if (indirect)
				return vring_broken(r, "indirect descriptor inside an indirect table");
			err = indirect_table(r, &d, &t);
			if (err)
				return err;
			indirect = true;
			i = 0;
			continue;
		}
		if (++buffers > r->cfg.size)
			return vring_broken(r, "chain loops or is longer than the queue");
		err = vring_chain_add(r, c, d.addr, d.len, d.flags & DESC_WRITE);
		if (err || !(d.flags & DESC_NEXT))
			return err;
		if (d.next >= t.count)
			return vring_broken(r, "next descriptor past the end of the table");
		i = d.next;
	}
}

static int split_pop(struct vring *r, struct vring_chain *c)
{
	uint16_t head;
	int err;

	if (r->seen_avail == r->next_avail) {
		r->seen_avail = (uint16_t)vring_load(r, &r->driver, AVAIL_IDX, 2, MEM_ACQUIRE);
		if (r->why)
			return -EINVAL;
		if (r->seen_avail == r->next_avail)
			return 0;
		if ((uint16_t)(r->seen_avail - r->next_avail) > r->cfg.size)
			return vring_broken(r, "available index jumps by more than the queue's size");
	}
	head = (uint16_t)vring_load(r, &r->driver, AVAIL_RING(r->next_avail & (r->cfg.size - 1u)), 2, MEM_RELAXED);
	if (r->why)
		return -EINVAL;
	if (head >= r->cfg.size)
		return vring_broken(r, "head past the end of the descriptor table");
	c->id = head;
	c->descs = 0;
	err = chain_walk(r, head, c);
	if (err)
		return err;
	r->next_avail++;
	return 1;
}

static void split_unpop(struct vring *r, const struct vring_chain *c)
{
	r->next_avail--;
}

static void split_push(struct vring *r, const struct vring_chain *c, uint32_t written)
{
	uint32_t at = USED_RING(r->next_used & (r->cfg.size - 1u));

	vring_store(r, &r->device, at, 4, MEM_RELAXED, c->id);
	vring_store(r, &r->device, at + 4, 4, MEM_RELAXED, written);
	r->next_used++;
	vring_store(r, &r->device, USED_IDX, 2, MEM_RELEASE, r->next_used);
}

static bool split_wants_interrupt(struct vring *r)
{
	uint16_t old = r->told_used, now = r->next_used, event;

	if (old == now)
		return false;
	r->told_used = now;
	vring_store(r, &r->device, USED_IDX, 2, MEM_SEQ_CST, now);
	if (!r->cfg.event_idx)
		return !(vring_load(r, &r->driver, AVAIL_FLAGS, 2, MEM_SEQ_CST) & AVAIL_NO_INTERRUPT);
	event = (uint16_t)vring_load(r, &r->driver, AVAIL_RING(r->cfg.size), 2, MEM_SEQ_CST);
	/* Is event among old .. now-1? */
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

static void split_quiet(struct vring *r)
{
	if (!r->cfg.event_idx)	/* with it, an event index left behind says the same */
		vring_store(r, &r->device, USED_FLAGS, 2, MEM_RELAXED, USED_NO_NOTIFY);
}

static bool split_listen(struct vring *r)
{
	if (r->cfg.event_idx)
		vring_store(r, &r->device, USED_RING(r->cfg.size), 2, MEM_SEQ_CST, r->next_avail);
	else
		vring_store(r, &r->device, USED_FLAGS, 2, MEM_SEQ_CST, 0);
	return (uint16_t)vring_load(r, &r->driver, AVAIL_IDX, 2, MEM_SEQ_CST) != r->next_avail;
}

const struct vring_ops vring_split_ops = {
	.start = split_start,
	.enter = split_enter,
	.pop = split_pop,
	.unpop = split_unpop,
	.push = split_push,
	.wants_interrupt = split_wants_interrupt,
	.quiet = split_quiet,
	.listen = split_listen,
};
