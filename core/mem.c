/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots, spans, single-copy atomic accesses, and the reader sections that let slots go away.
 *
 * Two tables: the published one and a spare. A writer fills the spare, publishes it, and remembers that somebody may
 * still look at the other (`stale`); before that one is filled again, and before a removed slot is forgotten, it waits
 * until each registered reader is outside or has left the section it was in. Reader and writer each store first and then
 * look at the other's word, all sequentially consistent, so that one of them sees the other.
 */
#include "base/bits.h"
#include "base/cpu.h"
#include "base/errno.h"
#include "base/platform.h"
#include "base/string.h"
#include "core/lock_order.h"
#include "core/mem.h"

#define PAGE_SHIFT	12
#define PAGE_BYTES	(1ull << PAGE_SHIFT)

void mem_init(struct mem *m)
{
	memset(m, 0, sizeof(*m));
	lock_set_rank(&m->lock, LOCK_MAP);
	list_init(&m->readers);
	m->table = &m->tables[0];
}

static struct mem_table *table_of(struct mem *m)
{
	return __atomic_load_n(&m->table, __ATOMIC_SEQ_CST);
}

static void wait_for_readers(struct mem *m)
{
	list_for_each(n, &m->readers) {
		struct mem_reader *r = list_entry(n, struct mem_reader, node);
		uint64_t epoch = __atomic_load_n(&r->epoch, __ATOMIC_SEQ_CST);

		while (epoch & 1 && __atomic_load_n(&r->epoch, __ATOMIC_SEQ_CST) == epoch)
			cpu_relax();
	}
	m->stale = false;
}

/* The table to fill; nobody looks at it any more. */
static struct mem_table *spare_table(struct mem *m)
{
	if (m->stale)
		wait_for_readers(m);
	return m->table == &m->tables[0] ? &m->tables[1] : &m->tables[0];
}

static void publish(struct mem *m, struct mem_table *t)
{
	__atomic_store_n(&m->table, t, __ATOMIC_SEQ_CST);
	m->stale = true;
}

static struct mem_slot *slot_by_id(struct mem *m, uint32_t id)
{
	return id < MEM_MAX_SLOTS && m->used_slots & BIT(id) ? &m->slots[id] : NULL;
}

/* Where a slot at base would go; -EEXIST if [base, base + size) meets a neighbour. */
static int insertion_point(const struct mem_table *t, gpa_t base, uint64_t size)
{
	uint32_t i = 0;

	while (i < t->count && t->slot[i]->base < base)
		i++;
	if (i && base - t->slot[i - 1]->base < t->slot[i - 1]->size)
		return -EEXIST;
	if (i < t->count && t->slot[i]->base - base < size)
		return -EEXIST;
	return (int)i;
}

static void publish_with(struct mem *m, struct mem_slot *slot, uint32_t at)
{
	struct mem_table *next = spare_table(m), *now = m->table;

	memcpy(next->slot, now->slot, at * sizeof(now->slot[0]));
	next->slot[at] = slot;
	memcpy(next->slot + at + 1, now->slot + at, (now->count - at) * sizeof(now->slot[0]));
	next->count = now->count + 1;
	publish(m, next);
}

static void publish_without(struct mem *m, const struct mem_slot *slot)
{
	struct mem_table *next = spare_table(m), *now = m->table;

	next->count = 0;
	for (uint32_t i = 0; i < now->count; i++)
		if (now->slot[i] != slot)
			next->slot[next->count++] = now->slot[i];
	publish(m, next);
}

static int tell_added(struct mem *m, const struct mem_slot *slot)
{
	for (unsigned i = 0; i < MEM_MAX_LISTENERS; i++) {
		struct mem_listener *l = m->listener[i];
		int err = l && l->add ? l->add(l, slot) : 0;

		if (!err)
			continue;
		while (i--) {
			l = m->listener[i];
			if (l && l->remove)
				l->remove(l, slot);
		}
		return err;
	}
	return 0;
}

int mem_slot_add(struct mem *m, const struct mem_slot *slot, uint32_t *id)
{
	uint64_t last;
	uint32_t n;
	int at, err;

	if (!slot->size || (slot->base | slot->size) & (PAGE_BYTES - 1) ||
	    add_overflows(slot->base, slot->size - 1, &last))
		return -EINVAL;
	lock_acquire(&m->lock);
	n = ctz64(~m->used_slots);
	at = insertion_point(m->table, slot->base, slot->size);
	err = at < 0 ? at : n >= MEM_MAX_SLOTS ? -ENOSPC : 0;
	if (err)
		goto out;
	m->slots[n] = *slot;
	m->slots[n].id = n;
	err = tell_added(m, &m->slots[n]);
	if (err)
		goto out;
	m->used_slots |= BIT(n);
	publish_with(m, &m->slots[n], (uint32_t)at);
	if (id)
		*id = n;
out:
	lock_release(&m->lock);
	return err;
}

int mem_slot_remove(struct mem *m, uint32_t id)
{
	struct mem_slot *slot;
	int err = -ENOENT;

	lock_acquire(&m->lock);
	slot = slot_by_id(m, id);
	if (!slot)
		goto out;
	publish_without(m, slot);
	for (unsigned i = 0; i < MEM_MAX_LISTENERS; i++)
		if (m->listener[i] && m->listener[i]->remove)
			m->listener[i]->remove(m->listener[i], slot);
	wait_for_readers(m);
	m->used_slots &= ~BIT(id);
	err = 0;
out:
	lock_release(&m->lock);
	return err;
}

static int replay(struct mem *m, struct mem_listener *l)
{
	struct mem_table *t = m->table;

	for (uint32_t i = 0; i < t->count; i++) {
		int err = l->add ? l->add(l, t->slot[i]) : 0;

		if (!err)
			continue;
		while (i--)
			if (l->remove)
				l->remove(l, t->slot[i]);
		return err;
	}
	return 0;
}

int mem_listener_add(struct mem *m, struct mem_listener *l)
{
	int err = -ENOSPC;

	lock_acquire(&m->lock);
	for (unsigned i = 0; i < MEM_MAX_LISTENERS; i++) {
		if (m->listener[i])
			continue;
		err = replay(m, l);
		if (!err)
			__atomic_store_n(&m->listener[i], l, __ATOMIC_SEQ_CST);
		break;
	}
	lock_release(&m->lock);
	return err;
}

void mem_listener_remove(struct mem *m, struct mem_listener *l)
{
	lock_acquire(&m->lock);
	for (unsigned i = 0; i < MEM_MAX_LISTENERS; i++)
		if (m->listener[i] == l)
			__atomic_store_n(&m->listener[i], NULL, __ATOMIC_SEQ_CST);
	wait_for_readers(m);
	lock_release(&m->lock);
}

const struct mem_slot *mem_find(struct mem *m, gpa_t gpa)
{
	const struct mem_table *t = table_of(m);
	uint32_t low = 0, high = t->count;

	while (low < high) {
		uint32_t mid = (low + high) / 2;
		const struct mem_slot *s = t->slot[mid];

		if (gpa < s->base)
			high = mid;
		else if (gpa - s->base >= s->size)
			low = mid + 1;
		else
			return s;
	}
	return NULL;
}

/* ---- device writes: dirty bits and listeners ---- */

static bool any_watched(const uint8_t *watched, uint64_t first, uint64_t last)
{
	for (uint64_t p = first; p <= last; p++)
		if (__atomic_load_n(&watched[p], __ATOMIC_RELAXED))
			return true;
	return false;
}

static void wrote(struct mem *m, const struct mem_slot *s, gpa_t gpa, size_t len)
{
	uint64_t first = (gpa - s->base) >> PAGE_SHIFT, last = (gpa - s->base + len - 1) >> PAGE_SHIFT;
	uint64_t *dirty = __atomic_load_n(&s->dirty, __ATOMIC_ACQUIRE);
	uint8_t *watched = __atomic_load_n(&s->watched, __ATOMIC_ACQUIRE);

	for (uint64_t p = first; dirty && p <= last; p++)
		__atomic_fetch_or(&dirty[p / 64], BIT(p % 64), __ATOMIC_RELAXED);
	if (!watched)
		return;
	/* The data before the look at the bytes: who watches a page stores the byte before it copies the page. */
	cpu_fence();
	if (!any_watched(watched, first, last))
		return;
	for (unsigned i = 0; i < MEM_MAX_LISTENERS; i++) {
		struct mem_listener *l = __atomic_load_n(&m->listener[i], __ATOMIC_SEQ_CST);

		if (l && l->wrote)
			l->wrote(l, gpa, len);
	}
}

int mem_discard(struct mem *m, gpa_t gpa, uint64_t len)
{
	if (!m->discard)
		return -ENOTSUP;
	if (__atomic_load_n(&m->pinned, __ATOMIC_SEQ_CST))
		return -EBUSY;
	while (len) {
		const struct mem_slot *s = mem_find(m, gpa);
		uint64_t n;
		int err;

		if (!s || s->kind != MEM_RAM || !s->can_write)
			return -EFAULT;
		n = MIN(len, s->base + s->size - gpa);
		err = m->discard(s, gpa - s->base, n);
		if (err)
			return err;
		gpa += n;
		len -= n;
	}
	return 0;
}

int mem_watch(struct mem *m, uint32_t id, uint8_t *bytes)
{
	struct mem_slot *s;

	lock_acquire(&m->lock);
	s = slot_by_id(m, id);
	if (s)
		__atomic_store_n(&s->watched, bytes, __ATOMIC_RELEASE);
	lock_release(&m->lock);
	return s ? 0 : -ENOENT;
}

int mem_dirty_begin(struct mem *m, uint32_t id, uint64_t *bitmap)
{
	struct mem_slot *s;

	lock_acquire(&m->lock);
	s = slot_by_id(m, id);
	if (s) {
		memset(bitmap, 0, ((s->size >> PAGE_SHIFT) + 63) / 64 * sizeof(*bitmap));
		__atomic_store_n(&s->dirty, bitmap, __ATOMIC_RELEASE);
	}
	lock_release(&m->lock);
	return s ? 0 : -ENOENT;
}

int mem_dirty_fetch(struct mem *m, uint32_t id, uint64_t *bitmap, size_t words)
{
	struct mem_slot *s;
	int err = -ENOENT;

	lock_acquire(&m->lock);
	s = slot_by_id(m, id);
	if (s && s->dirty) {
		words = MIN(words, (size_t)(((s->size >> PAGE_SHIFT) + 63) / 64));
		for (size_t i = 0; i < words; i++)
			bitmap[i] |= __atomic_exchange_n(&s->dirty[i], 0, __ATOMIC_ACQ_REL);
		err = 0;
	}
	lock_release(&m->lock);
	return err;
}

void mem_dirty_end(struct mem *m, uint32_t id)
{
	struct mem_slot *s;

	lock_acquire(&m->lock);
	s = slot_by_id(m, id);
	if (s)
		__atomic_store_n(&s->dirty, NULL, __ATOMIC_RELEASE);
	wait_for_readers(m);
	lock_release(&m->lock);
}

/* ---- accesses ---- */

/* `copy`: windows may be reached too. Writes need a slot that can be written: RAM and such. */
static struct mem_slot *reach(struct mem *m, gpa_t gpa, bool write, bool copy)
{
	const struct mem_slot *s = mem_find(m, gpa);

	if (!s || !s->backing.host || s->kind == MEM_DEVICE || (s->kind == MEM_WINDOW && !copy))
		return NULL;
	if (write && (s->kind == MEM_ROM || !s->can_write))
		return NULL;
	return (struct mem_slot *)(uintptr_t)s;
}

static void *host_at(const struct mem_slot *s, gpa_t gpa)
{
	return (uint8_t *)s->backing.host + (gpa - s->base);
}

int mem_span_get(struct mem *m, gpa_t gpa, size_t len, bool write, struct mem_span *s)
{
	struct mem_slot *slot = reach(m, gpa, write, false);
	uint64_t last;

	if (!slot || (len && add_overflows(gpa, len - 1, &last)))
		return -EFAULT;
	*s = (struct mem_span){
		.ptr = host_at(slot, gpa),
		.len = MIN(len, slot->size - (gpa - slot->base)),
		.gpa = gpa, .write = write, .slot = slot,
	};
	return 0;
}

void mem_span_put(struct mem *m, struct mem_span *s, size_t written)
{
	written = MIN(written, s->len);
	if (s->write && written)
		wrote(m, s->slot, s->gpa, written);
}

int mem_read(struct mem *m, gpa_t gpa, void *buf, size_t len)
{
	uint8_t *to = buf;

	while (len) {
		const struct mem_slot *s = reach(m, gpa, false, true);
		size_t n;

		if (!s)
			return -EFAULT;
		n = MIN(len, s->size - (gpa - s->base));
		memcpy(to, host_at(s, gpa), n);
		to += n;
		len -= n;
		if (len && add_overflows(gpa, n, &gpa))
			return -EFAULT;
	}
	return 0;
}

int mem_write(struct mem *m, gpa_t gpa, const void *buf, size_t len)
{
	const uint8_t *from = buf;

	while (len) {
		const struct mem_slot *s = reach(m, gpa, true, true);
		size_t n;

		if (!s)
			return -EFAULT;
		n = MIN(len, s->size - (gpa - s->base));
		memcpy(host_at(s, gpa), from, n);
		wrote(m, s, gpa, n);
		from += n;
		len -= n;
		if (len && add_overflows(gpa, n, &gpa))
			return -EFAULT;
	}
	return 0;
}

static int reach_aligned(struct mem *m, gpa_t gpa, unsigned size, bool write, struct mem_slot **s)
{
	if (!is_pow2(size) || size > 8 || gpa & (size - 1))
		return -EINVAL;
	*s = reach(m, gpa, write, true);	/* an aligned access never crosses a slot's end */
	return *s ? 0 : -EFAULT;
}

/* The order is a constant in each call that the compiler sees, as its built-ins want it. */
#define LOAD(p, type, order) \
	((order) == MEM_RELAXED ? __atomic_load_n((type *)(p), __ATOMIC_RELAXED) : \
	 (order) == MEM_SEQ_CST ? __atomic_load_n((type *)(p), __ATOMIC_SEQ_CST) : \
	 __atomic_load_n((type *)(p), __ATOMIC_ACQUIRE))
#define STORE(p, type, order, v) \
	((order) == MEM_RELAXED ? __atomic_store_n((type *)(p), (type)(v), __ATOMIC_RELAXED) : \
	 (order) == MEM_SEQ_CST ? __atomic_store_n((type *)(p), (type)(v), __ATOMIC_SEQ_CST) : \
	 __atomic_store_n((type *)(p), (type)(v), __ATOMIC_RELEASE))

int mem_load(struct mem *m, gpa_t gpa, unsigned size, enum mem_order order, uint64_t *val)
{
	struct mem_slot *s;
	int err = reach_aligned(m, gpa, size, false, &s);
	void *p;

	if (err)
		return err;
	p = host_at(s, gpa);
	switch (size) {
	case 1: *val = LOAD(p, uint8_t, order); break;
	case 2: *val = LOAD(p, uint16_t, order); break;
	case 4: *val = LOAD(p, uint32_t, order); break;
	default: *val = LOAD(p, uint64_t, order);
	}
	return 0;
}

int mem_store(struct mem *m, gpa_t gpa, unsigned size, enum mem_order order, uint64_t val)
{
	struct mem_slot *s;
	int err = reach_aligned(m, gpa, size, true, &s);
	void *p;

	if (err)
		return err;
	p = host_at(s, gpa);
	switch (size) {
	case 1: STORE(p, uint8_t, order, val); break;
	case 2: STORE(p, uint16_t, order, val); break;
	case 4: STORE(p, uint32_t, order, val); break;
	default: STORE(p, uint64_t, order, val);
	}
	wrote(m, s, gpa, size);
	return 0;
}

/* As one aligned 32-bit compare-exchange: riscv64 has no narrower one. */
static bool cmpxchg_narrow(void *p, unsigned size, uint64_t *expected, uint64_t desired)
{
	uint32_t *word = (uint32_t *)ALIGN_DOWN((uintptr_t)p, 4);
	unsigned shift = ((uintptr_t)p & 3) * 8;
	uint32_t mask = (size == 1 ? 0xffu : 0xffffu) << shift;
	uint32_t old = __atomic_load_n(word, __ATOMIC_RELAXED), want = (uint32_t)*expected << shift & mask;

	while ((old & mask) == want)
		if (__atomic_compare_exchange_n(word, &old, (old & ~mask) | ((uint32_t)desired << shift & mask), false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return true;
	*expected = (old & mask) >> shift;
	return false;
}

int mem_cmpxchg(struct mem *m, gpa_t gpa, unsigned size, uint64_t *expected, uint64_t desired)
{
	struct mem_slot *s;
	int err = reach_aligned(m, gpa, size, true, &s);
	uint32_t old32;
	bool done;
	void *p;

	if (err)
		return err;
	p = host_at(s, gpa);
	if (size < 4) {
		done = cmpxchg_narrow(p, size, expected, desired);
	} else if (size == 4) {
		old32 = (uint32_t)*expected;
		done = __atomic_compare_exchange_n((uint32_t *)p, &old32, (uint32_t)desired, false, __ATOMIC_SEQ_CST,
						   __ATOMIC_SEQ_CST);
		*expected = old32;
	} else {
		done = __atomic_compare_exchange_n((uint64_t *)p, expected, desired, false, __ATOMIC_SEQ_CST,
						   __ATOMIC_SEQ_CST);
	}
	if (!done)
		return -EAGAIN;
	wrote(m, s, gpa, size);
	return 0;
}

/* ---- reader sections ---- */

void mem_reader_register(struct mem *m, struct mem_reader *r)
{
	lock_acquire(&m->lock);
	if (!r->node.next || list_empty(&r->node)) {
		__atomic_store_n(&r->epoch, 0, __ATOMIC_SEQ_CST);
		list_push_back(&m->readers, &r->node);
	}
	lock_release(&m->lock);
}

void mem_reader_unregister(struct mem *m, struct mem_reader *r)
{
	lock_acquire(&m->lock);
	if (r->node.next)
		list_remove(&r->node);
	lock_release(&m->lock);
}

void mem_reader_enter(struct mem_reader *r)
{
	__atomic_store_n(&r->epoch, r->epoch + 1, __ATOMIC_SEQ_CST);
}

void mem_reader_exit(struct mem_reader *r)
{
	__atomic_store_n(&r->epoch, r->epoch + 1, __ATOMIC_RELEASE);
}
