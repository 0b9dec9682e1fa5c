/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Look-up and widths, and how regions come and go.
 *
 * A table is a flat list of disjoint ranges, computed from the regions and their priorities by every change. There is a
 * published one and a spare for each space. Accesses under way are counted, by parity of `epoch`, in a stripe that the
 * vCPUs of a machine rarely share. A writer that has to wait (bus_sync) lets both parities drain: first the one that
 * nobody enters any more, then, after a step of the epoch, the other. An access that was counted too late for a wait has
 * its look at the table after the publication, and so sees the new one.
 */
#include "base/bits.h"
#include "base/cpu.h"
#include "base/errno.h"
#include "base/notifier.h"
#include "base/string.h"
#include "core/bus.h"
#include "core/lock_order.h"
#include "core/mem.h"
#include "core/vcpu.h"

void bus_init(struct bus *b)
{
	memset(b, 0, sizeof(*b));
	lock_set_rank(&b->lock, LOCK_MAP);
	for (unsigned s = 0; s < BUS_SPACES; s++)
		b->table[s] = &b->tables[s][0];
}

/* ---- accesses under way ---- */

static uint32_t *access_begin(struct bus *b, const struct vcpu *v)
{
	struct bus_readers *r = &b->readers[v ? v->index % BUS_STRIPES : 0];
	uint32_t *count = &r->count[__atomic_load_n(&b->epoch, __ATOMIC_RELAXED) & 1];

	__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
	return count;
}

static void access_end(uint32_t *count)
{
	__atomic_fetch_sub(count, 1, __ATOMIC_RELEASE);
}

static void drain(struct bus *b, unsigned parity)
{
	for (unsigned i = 0; i < BUS_STRIPES; i++)
		while (__atomic_load_n(&b->readers[i].count[parity], __ATOMIC_SEQ_CST))
			cpu_relax();
}

/* Returns when every access that began before has left. Under b->lock. */
static void bus_sync(struct bus *b)
{
	uint32_t epoch = b->epoch;

	drain(b, (epoch + 1) & 1);
	__atomic_store_n(&b->epoch, epoch + 1, __ATOMIC_SEQ_CST);
	drain(b, epoch & 1);
	b->stale = false;
}

/* ---- the tables ---- */

static uint64_t region_end(const struct region *r)
{
	return r->base + (r->size - 1);		/* size 0: up to the top, as base - 1 + 2^64 - base wraps to ~0 */
}

static bool regions_meet(const struct region *r, uint64_t base, uint64_t end)
{
	return base <= region_end(r) && r->base <= end;
}

/* The best region at addr, and in *end the last address for which that is so. */
static struct region *winner(struct bus *b, enum bus_space s, uint64_t addr, uint64_t *end)
{
	struct region *best = NULL;

	*end = ~0ull;
	for (uint32_t i = 0; i < b->region_count[s]; i++) {
		struct region *r = b->regions[s][i];

		if (addr >= r->base && addr <= region_end(r) && (!best || r->prio > best->prio))
			best = r;
	}
	if (best)
		*end = region_end(best);
	for (uint32_t i = 0; i < b->region_count[s]; i++) {
		struct region *r = b->regions[s][i];

		if (r->base > addr && r->base <= *end && (!best || r->prio > best->prio))
			*end = r->base - 1;
	}
	return best;
}

/* n regions make at most 2n - 1 pieces. */
static void fill_table(struct bus *b, enum bus_space s, struct bus_table *t)
{
	uint64_t at = 0, end;

	t->count = 0;
	do {
		struct region *r = winner(b, s, at, &end);

		if (r) {
			t->e[t->count].base = at;
			t->e[t->count].end = end;
			t->e[t->count].region = r;
			t->count++;
		}
		at = end + 1;
	} while (at);
}

static void publish(struct bus *b, enum bus_space s)
{
	struct bus_table *spare = b->table[s] == &b->tables[s][0] ? &b->tables[s][1] : &b->tables[s][0];

	if (b->stale)
		bus_sync(b);
	fill_table(b, s, spare);
	__atomic_store_n(&b->table[s], spare, __ATOMIC_SEQ_CST);
	b->stale = true;
}

int bus_region_add(struct bus *b, struct region *r, enum bus_space s, uint64_t base, uint64_t size, int prio)
{
	uint64_t end;
	int err = 0;

	if (r->bus || add_overflows(base, size - 1, &end)) {
		if (r->bus || size)
			return -EINVAL;
		end = ~0ull;
	}
	lock_acquire(&b->lock);
	for (uint32_t i = 0; i < b->region_count[s] && !err; i++)
		if (b->regions[s][i]->prio == prio && regions_meet(b->regions[s][i], base, end))
			err = -EEXIST;
	if (!err && b->region_count[s] == BUS_MAX_REGIONS)
		err = -ENOSPC;
	if (err)
		goto out;
	r->base = base;
	r->size = size ? size : 0 - base;
	r->space = s;
	r->prio = prio;
	list_init(&r->doorbells);
	b->regions[s][b->region_count[s]++] = r;
	r->bus = b;
	publish(b, s);
out:
	lock_release(&b->lock);
	return err;
}

void bus_region_remove(struct bus *b, struct region *r)
{
	enum bus_space s = r->space;
	uint32_t i = 0;

	lock_acquire(&b->lock);
	while (i < b->region_count[s] && b->regions[s][i] != r)
		i++;
	if (r->bus == b && i < b->region_count[s]) {
		b->regions[s][i] = b->regions[s][--b->region_count[s]];
		publish(b, s);
		bus_sync(b);
		r->bus = NULL;
	}
	lock_release(&b->lock);
}

static struct region *lookup(struct bus *b, enum bus_space s, uint64_t addr)
{
	const struct bus_table *t = __atomic_load_n(&b->table[s], __ATOMIC_SEQ_CST);
	uint32_t low = 0, high = t->count;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (addr < t->e[mid].base)
			high = mid;
		else if (addr > t->e[mid].end)
			low = mid + 1;
		else
			return t->e[mid].region;
	}
	return NULL;
}

struct region *bus_find(struct bus *b, enum bus_space s, uint64_t addr)
{
	uint32_t *count = access_begin(b, NULL);
	struct region *r = lookup(b, s, addr);

	access_end(count);
	return r;
}

/* ---- accesses ---- */

static uint64_t size_mask(unsigned size)
{
	return size < 8 ? BIT(8 * size) - 1 : ~0ull;
}

static enum bus_result call(struct region *r, struct bus_access *a)
{
	enum bus_result res;

	if (!r->lock || r->ops->flags & BUS_UNLOCKED)
		return r->ops->access(r, a);
	lock_acquire(r->lock);
	res = r->ops->access(r, a);
	lock_release(r->lock);
	return res;
}

/* What a part of an access leaves to do when the whole of it is over. */
static void keep_after(struct bus_access *a, const struct bus_access *part)
{
	if (part->after) {
		a->after = part->after;
		a->after_ctx = part->after_ctx;
	}
}

/* Narrower than the device takes: a part of an aligned min_size access; a write keeps what it reads around it. */
static enum bus_result access_part(struct region *r, struct bus_access *a)
{
	unsigned min = r->ops->min_size, shift = (a->offset & (min - 1)) * 8;
	uint64_t mask = size_mask(a->size) << shift;
	struct bus_access whole = { .vcpu = a->vcpu, .offset = ALIGN_DOWN(a->offset, (uint64_t)min), .size = (uint8_t)min };
	enum bus_result res = call(r, &whole);

	if (res != BUS_OK)
		return res;
	if (!a->write) {
		a->value = (whole.value & mask) >> shift;
		return BUS_OK;
	}
	whole.value = (whole.value & ~mask) | (a->value << shift & mask);
	whole.write = true;
	res = call(r, &whole);
	keep_after(a, &whole);
	return res;
}

/* Into naturally aligned pieces of at most max_size, lowest address first. */
static enum bus_result access_split(struct region *r, struct bus_access *a)
{
	uint64_t value = 0;
	unsigned done = 0;

	while (done < a->size) {
		struct bus_access piece = { .vcpu = a->vcpu, .offset = a->offset + done, .write = a->write };
		unsigned size = r->ops->max_size;
		enum bus_result res;

		while (size > a->size - done || piece.offset & (size - 1))
			size /= 2;
		piece.size = (uint8_t)size;
		piece.value = a->value >> 8 * done & size_mask(size);
		res = size < r->ops->min_size ? access_part(r, &piece) : call(r, &piece);
		keep_after(a, &piece);
		if (res != BUS_OK)
			return res;
		value |= (piece.value & size_mask(size)) << 8 * done;
		done += size;
	}
	if (!a->write)
		a->value = value;
	return BUS_OK;
}

static enum bus_result access_misfit(struct region *r, struct bus_access *a)
{
	switch (r->ops->misfit) {
	case MISFIT_SPLIT:
		return access_split(r, a);
	case MISFIT_IGNORE:
		if (!a->write)
			a->value = 0;
		return BUS_OK;
	default:
		return BUS_ABORT;
	}
}

static bool fits(const struct region *r, const struct bus_access *a)
{
	if (a->size < r->ops->min_size || a->size > r->ops->max_size)
		return false;
	return r->space == BUS_SYSREG || !(a->offset & (a->size - 1u));
}

static bool ring_doorbell(struct region *r, const struct bus_access *a)
{
	const struct list *head = &r->doorbells;

	for (const struct list *n = __atomic_load_n(&head->next, __ATOMIC_ACQUIRE); n != head;
	     n = __atomic_load_n(&n->next, __ATOMIC_ACQUIRE)) {
		const struct doorbell *d = list_entry(n, struct doorbell, node);

		if (d->offset == a->offset && (!d->size || d->size == a->size) &&
		    (d->any_value || d->match == (a->value & size_mask(a->size)))) {
			notifier_signal(d->to);
			return true;
		}
	}
	return false;
}

static enum bus_result access_region(struct region *r, uint64_t addr, struct bus_access *a)
{
	a->offset = addr - r->base;
	if (r->space != BUS_SYSREG && a->size - 1u > r->size - 1 - a->offset)
		return BUS_ABORT;
	if (a->write && ring_doorbell(r, a))
		return BUS_OK;
	return likely(fits(r, a)) ? call(r, a) : access_misfit(r, a);
}

/* What comes after may take slots of memory away, which waits until every reader section has passed: ours is interrupted. */
static void call_after(const struct bus_access *a)
{
	struct mem_reader *r = a->vcpu ? &a->vcpu->reader : NULL;
	bool inside = r && r->epoch & 1;

	if (inside)
		mem_reader_exit(r);
	a->after(a->after_ctx);
	if (inside)
		mem_reader_enter(r);
}

enum bus_result bus_access(struct bus *b, enum bus_space s, uint64_t addr, struct bus_access *a)
{
	uint32_t *count = access_begin(b, a->vcpu);
	struct region *r = lookup(b, s, addr);
	enum bus_result res;

	a->after = NULL;
	res = r ? access_region(r, addr, a) : BUS_ABORT;
	access_end(count);
	if (unlikely(a->after))
		call_after(a);
	return res;
}

/* ---- doorbells ---- */

int bus_doorbell_add(struct region *r, struct doorbell *d)
{
	struct bus *b = r->bus;

	if (!b)
		return -EINVAL;
	lock_acquire(&b->lock);
	d->region = r;
	d->node.next = r->doorbells.next;
	d->node.prev = &r->doorbells;
	d->node.next->prev = &d->node;
	__atomic_store_n(&r->doorbells.next, &d->node, __ATOMIC_RELEASE);
	if (b->doorbell_hook)
		b->doorbell_hook(b->hook_ctx, r, d, true);	/* refused: the bus signals */
	lock_release(&b->lock);
	return 0;
}

void bus_doorbell_remove(struct region *r, struct doorbell *d)
{
	struct bus *b = r->bus;

	if (!b || d->region != r)
		return;
	lock_acquire(&b->lock);
	if (b->doorbell_hook)
		b->doorbell_hook(b->hook_ctx, r, d, false);
	d->node.next->prev = d->node.prev;
	__atomic_store_n(&d->node.prev->next, d->node.next, __ATOMIC_RELEASE);
	bus_sync(b);
	d->region = NULL;
	lock_release(&b->lock);
}
