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

static int split_start(struct vring *r)
{
	uint32_t n = r->cfg.size;

	if (!is_pow2(n) || n > VRING_MAX_SIZE)
		return -EINVAL;
	if (vring_area_set(&r->desc, r->cfg.desc, VRING_DESC_SIZE * n, 16, false) ||
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

static int desc_read(struct vring *r, const struct vring_table *t, uint32_t i, struct desc *d)
{
	uint64_t raw[2];
	int err = vring_desc_read(r, t, i, raw);

	if (err)
		return err;
	d->addr = raw[0];
	d->len = (uint32_t)raw[1];
	d->flags = (uint16_t)(raw[1] >> 32);
	d->next = (uint16_t)(raw[1] >> 48);
	return 0;
}

static int chain_walk(struct vring *r, uint16_t head, struct vring_chain *c)
{
	struct vring_table t = { r->desc.gpa, r->cfg.size, r->desc.span.ptr };
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
		if (d.flags & VRING_DESC_INDIRECT) {
			if (indirect)
				return vring_broken(r, "indirect descriptor inside an indirect table");
			if (d.flags & VRING_DESC_NEXT)
				return vring_broken(r, "indirect descriptor with a next one");
			err = vring_indirect(r, d.addr, d.len, &t);
			if (err)
				return err;
			indirect = true;
			i = 0;
			continue;
		}
		if (++buffers > r->cfg.size)
			return vring_broken(r, "chain loops or is longer than the queue");
		err = vring_chain_add(r, c, d.addr, d.len, d.flags & VRING_DESC_WRITE);
		if (err || !(d.flags & VRING_DESC_NEXT))
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

static void split_push(struct vring *r, const struct vring_used *u)
{
	uint32_t at = USED_RING(r->next_used & (r->cfg.size - 1u));

	vring_store(r, &r->device, at, 4, MEM_RELAXED, u->id);
	vring_store(r, &r->device, at + 4, 4, MEM_RELAXED, u->written);
	r->next_used++;
}

static void split_publish(struct vring *r)
{
	if (r->shown_used == r->next_used)
		return;
	r->shown_used = r->next_used;
	vring_store(r, &r->device, USED_IDX, 2, MEM_SEQ_CST, r->next_used);
}

static bool split_wants_interrupt(struct vring *r)
{
	uint16_t old = r->told_used, now = r->next_used, event;

	if (old == now)
		return false;
	r->told_used = now;
	split_publish(r);
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
	.publish = split_publish,
	.wants_interrupt = split_wants_interrupt,
	.quiet = split_quiet,
	.listen = split_listen,
};
