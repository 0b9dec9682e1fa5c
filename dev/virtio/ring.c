/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all ring formats share: the areas in guest memory, chains of spans, and the dispatch.
 *
 * Areas are mapped once a batch. An access to a mapped area is one atomic access; an area that crosses a slot boundary
 * is legal and goes through mem_load and mem_store.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/log.h"
#include "base/string.h"
#include "dev/virtio/ring.h"

int vring_broken(struct vring *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return -EINVAL;
}

uint64_t vring_load(struct vring *r, struct vring_area *a, uint32_t offset, unsigned size, enum mem_order order)
{
	const uint8_t *p = a->span.ptr;
	uint64_t val = 0;

	if (unlikely(!p)) {
		if (mem_load(r->mem, a->gpa + offset, size, order, &val))
			vring_broken(r, "ring is not in RAM");
		return val;
	}
	p += offset;
	switch (size) {
	case 2:
		return order == MEM_SEQ_CST ? __atomic_load_n((const uint16_t *)p, __ATOMIC_SEQ_CST)
					    : __atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE);
	case 4:
		return order == MEM_SEQ_CST ? __atomic_load_n((const uint32_t *)p, __ATOMIC_SEQ_CST)
					    : __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
	default:
		return order == MEM_SEQ_CST ? __atomic_load_n((const uint64_t *)p, __ATOMIC_SEQ_CST)
					    : __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE);
	}
}

static void store_seq(uint8_t *p, unsigned size, uint64_t val)
{
	switch (size) {
	case 2:
		__atomic_store_n((uint16_t *)p, (uint16_t)val, __ATOMIC_SEQ_CST);
		break;
	case 4:
		__atomic_store_n((uint32_t *)p, (uint32_t)val, __ATOMIC_SEQ_CST);
		break;
	default:
		__atomic_store_n((uint64_t *)p, val, __ATOMIC_SEQ_CST);
	}
}

static void store_release(uint8_t *p, unsigned size, uint64_t val)
{
	switch (size) {
	case 2:
		__atomic_store_n((uint16_t *)p, (uint16_t)val, __ATOMIC_RELEASE);
		break;
	case 4:
		__atomic_store_n((uint32_t *)p, (uint32_t)val, __ATOMIC_RELEASE);
		break;
	default:
		__atomic_store_n((uint64_t *)p, val, __ATOMIC_RELEASE);
	}
}

void vring_store(struct vring *r, struct vring_area *a, uint32_t offset, unsigned size, enum mem_order order,
		 uint64_t val)
{
	uint8_t *p = a->span.ptr;

	if (unlikely(!p)) {
		if (mem_store(r->mem, a->gpa + offset, size, order, val))
			vring_broken(r, "ring is not in RAM");
		return;
	}
	a->wrote = true;
	if (order == MEM_SEQ_CST)
		store_seq(p + offset, size, val);
	else
		store_release(p + offset, size, val);
}

int vring_area_set(struct vring_area *a, gpa_t gpa, uint32_t len, uint32_t align, bool write)
{
	gpa_t end;

	if ((gpa & (align - 1)) || add_overflows(gpa, (gpa_t)len, &end))
		return -EINVAL;
	*a = (struct vring_area){ .gpa = gpa, .len = len, .write = write };
	return 0;
}

int vring_area_map(struct vring *r, struct vring_area *a)
{
	gpa_t gpa = a->gpa;
	uint32_t left = a->len;

	a->wrote = false;
	if (mem_span_get(r->mem, gpa, left, a->write, &a->span))
		return -EFAULT;
	if (likely(a->span.len >= left))
		return 0;
	/* Several slots: see that all of it is there, and copy from now on. */
	for (;;) {
		struct mem_span part = a->span;

		mem_span_put(r->mem, &part, 0);
		a->span.ptr = NULL;
		if (part.len >= left)
			return 0;
		gpa += part.len;
		left -= (uint32_t)part.len;
		if (mem_span_get(r->mem, gpa, left, a->write, &a->span)) {
			a->span.ptr = NULL;
			return -EFAULT;
		}
	}
}

static void area_unmap(struct vring *r, struct vring_area *a)
{
	if (a->span.ptr)
		mem_span_put(r->mem, &a->span, a->wrote ? a->len : 0);
	a->span.ptr = NULL;
}

int vring_start(struct vring *r, struct mem *m, const struct vring_config *cfg)
{
	for (uint16_t i = 0; cfg->order && i < cfg->size; i++)
		cfg->order[i].done = false;
	*r = (struct vring){ .ops = cfg->packed ? &vring_packed_ops : &vring_split_ops, .mem = m, .cfg = *cfg };
	return r->ops->start(r);
}

int vring_enter(struct vring *r)
{
	int err = r->ops->enter(r);

	r->entered = true;
	if (err) {
		vring_broken(r, "ring is not in RAM");
		vring_exit(r);
	}
	return err;
}

void vring_exit(struct vring *r)
{
	area_unmap(r, &r->desc);
	area_unmap(r, &r->driver);
	area_unmap(r, &r->device);
	r->entered = false;
}

int vring_pop(struct vring *r, struct vring_chain *c)
{
	int got;

	c->reads = c->writes = c->readable = c->writable = 0;
	if (r->why)
		return -EINVAL;
	got = r->ops->pop(r, c);
	if (got > 0 && r->out == r->cfg.size)
		got = vring_broken(r, "more chains available than the queue has entries");
	if (got < 0)
		vring_chain_put(r->mem, c, 0);
	if (got <= 0)
		return got;
	r->out++;
	c->turn = r->turn;
	if (r->cfg.order)
		r->turn = (uint16_t)((r->turn + 1) % r->cfg.size);
	return got;
}

void vring_unpop(struct vring *r, struct vring_chain *c)
{
	vring_chain_put(r->mem, c, 0);
	r->out--;
	r->turn = c->turn;
	r->ops->unpop(r, c);
}

/* Those whose turn it is by now. */
static void push_in_order(struct vring *r, const struct vring_chain *c, const struct vring_used *u)
{
	struct vring_used *order = r->cfg.order;

	order[c->turn] = *u;
	while (order[r->first].done) {
		order[r->first].done = false;
		r->ops->push(r, &order[r->first]);
		r->first = (uint16_t)((r->first + 1) % r->cfg.size);
		r->out--;
	}
}

void vring_push(struct vring *r, struct vring_chain *c, uint32_t written)
{
	const struct vring_used u = { .written = written, .id = c->id, .descs = c->descs, .done = true };

	assert_that(written <= c->writable);
	vring_chain_put(r->mem, c, written);
	if (r->why)
		return;
	if (r->cfg.order) {
		push_in_order(r, c, &u);
		return;
	}
	r->ops->push(r, &u);
	r->out--;
}

void vring_publish(struct vring *r)
{
	if (!r->why)
		r->ops->publish(r);
}

bool vring_wants_interrupt(struct vring *r)
{
	return !r->why && r->ops->wants_interrupt(r);
}

void vring_quiet(struct vring *r)
{
	if (!r->why)
		r->ops->quiet(r);
}

bool vring_listen(struct vring *r)
{
	return !r->why && r->ops->listen(r);
}

int vring_desc_read(struct vring *r, const struct vring_table *t, uint32_t i, uint64_t raw[2])
{
	if (likely(t->ptr)) {
		const uint64_t *p = (const uint64_t *)t->ptr + 2 * (size_t)i;

		raw[0] = __atomic_load_n(p, __ATOMIC_RELAXED);
		raw[1] = __atomic_load_n(p + 1, __ATOMIC_RELAXED);
		return 0;
	}
	return mem_read(r->mem, t->gpa + VRING_DESC_SIZE * i, raw, VRING_DESC_SIZE) ?
	       vring_broken(r, "descriptor is not in RAM") : 0;
}

/* The table's span is put at once: it stays valid in the reader section we are in. */
int vring_indirect(struct vring *r, gpa_t addr, uint32_t len, struct vring_table *t)
{
	struct mem_span s;
	gpa_t end;

	if (!r->cfg.indirect)
		return vring_broken(r, "indirect descriptor without the feature");
	if (!len || len % VRING_DESC_SIZE || len / VRING_DESC_SIZE > r->cfg.size)
		return vring_broken(r, "indirect table of a bad length");
	if (add_overflows(addr, (gpa_t)len, &end))
		return vring_broken(r, "indirect table wraps around the address space");
	if (mem_span_get(r->mem, addr, len, false, &s))
		return vring_broken(r, "indirect table is not in RAM");
	*t = (struct vring_table){ addr, len / VRING_DESC_SIZE, s.len >= len && !(addr & 7) ? s.ptr : NULL };
	mem_span_put(r->mem, &s, 0);
	return 0;
}

int vring_chain_add(struct vring *r, struct vring_chain *c, gpa_t gpa, uint32_t len, bool write)
{
	uint32_t *total = write ? &c->writable : &c->readable;
	gpa_t end;

	if (!write && c->writable)
		return vring_broken(r, "readable descriptor after a writable one");
	if (add_overflows(gpa, (gpa_t)len, &end))
		return vring_broken(r, "buffer wraps around the address space");
	if (add_overflows(*total, len, total))
		return vring_broken(r, "chain of 4 GiB or more");
	while (len) {
		struct mem_span *s = &c->span[c->reads + c->writes];

		if (c->reads + c->writes == c->capacity)
			return vring_broken(r, "chain in too many pieces");
		if (mem_span_get(r->mem, gpa, len, write, s))
			return vring_broken(r, write ? "buffer to write is not in RAM" : "buffer to read is not in RAM");
		if (write)
			c->writes++;
		else
			c->reads++;
		gpa += s->len;
		len -= (uint32_t)s->len;
	}
	return 0;
}

void vring_chain_put(struct mem *m, struct vring_chain *c, uint32_t written)
{
	for (uint32_t i = 0; i < c->reads + c->writes; i++) {
		struct mem_span *s = &c->span[i];
		size_t n = i < c->reads ? 0 : MIN((size_t)written, s->len);

		written -= (uint32_t)n;
		mem_span_put(m, s, n);
	}
	c->reads = c->writes = 0;
}

/* Walks spans [i, end) from `offset`, copying up to len bytes to or from buf. */
static size_t spans_copy(const struct mem_span *s, uint32_t n, size_t offset, uint8_t *buf, size_t len, bool to_guest)
{
	size_t done = 0;

	for (; n && done < len; s++, n--) {
		size_t part;

		if (offset >= s->len) {
			offset -= s->len;
			continue;
		}
		part = MIN(s->len - offset, len - done);
		if (to_guest)
			memcpy((uint8_t *)s->ptr + offset, buf + done, part);
		else
			memcpy(buf + done, (uint8_t *)s->ptr + offset, part);
		done += part;
		offset = 0;
	}
	return done;
}

size_t vring_chain_read(const struct vring_chain *c, size_t offset, void *buf, size_t len)
{
	return spans_copy(c->span, c->reads, offset, buf, len, false);
}

size_t vring_chain_write(const struct vring_chain *c, size_t offset, const void *buf, size_t len)
{
	return spans_copy(c->span + c->reads, c->writes, offset, (uint8_t *)(uintptr_t)buf, len, true);
}
