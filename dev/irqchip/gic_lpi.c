/* SPDX-License-Identifier: BSD-2-Clause */
/* LPIs of a redistributor: tables in guest memory, the pending set, GICR_CTLR, PROPBASER, PENDBASER (IHI 0069 §6.1, §12.11). */
#include "base/errno.h"
#include "base/string.h"
#include "dev/irqchip/gic_lpi.h"

enum { GICR_CTLR = 0x0000, GICR_PROPBASER = 0x0070, GICR_PENDBASER = 0x0078 };

#define CTLR_ENABLE_LPIS	BIT(0)
#define CTLR_CES		BIT(1)		/* EnableLPIs can be cleared */
#define CONFIG_ENABLED		1u
#define PROPBASER_BITS		0x070ffffffffff79full
#define PROPBASER_ADDR		0x000ffffffffff000ull
#define PROPBASER_IDBITS	0x1full
#define PENDBASER_BITS		0x070fffffffff0f80ull
#define PENDBASER_ADDR		0x000fffffffff0000ull
#define PENDBASER_PTZ		BIT(62)		/* write: the table is all zeros */
#define TABLE_CHUNK		256u

static const struct gic_best none = { GIC_SPURIOUS, GIC_IDLE, 0 };

static struct mem *mem_of(const struct gic_cpu *c)
{
	return &c->gic->dev.vm->mem;
}

static uint64_t load64(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* LPIs that the guest's tables are for. */
static uint32_t lpi_count(const struct gic_lpis *l)
{
	unsigned bits = (unsigned)(load64(&l->reg.propbaser) & PROPBASER_IDBITS) + 1;
	uint32_t ids = 1u << MIN(bits, GIC_LPI_BITS);

	return ids > GIC_FIRST_LPI ? ids - GIC_FIRST_LPI : 0;
}

static bool lpi_valid(const struct gic_cpu *c, uint32_t intid)
{
	return c->lpis && __atomic_load_n(&c->lpis->reg.enabled, __ATOMIC_ACQUIRE) && intid >= GIC_FIRST_LPI &&
	       intid - GIC_FIRST_LPI < lpi_count(c->lpis);
}

/* A byte that cannot be read is a disabled interrupt. */
static uint8_t read_config(struct gic_cpu *c, uint32_t n)
{
	uint8_t config = 0;

	if (mem_read(mem_of(c), (load64(&c->lpis->reg.propbaser) & PROPBASER_ADDR) + n, &config, 1))
		return 0;
	return config;
}

/* ---- the pending set; c->lock held ---- */

static void set_pending(struct gic_lpis *l, uint32_t n, bool on)
{
	if (on)
		l->pending[n / 64] |= BIT(n % 64);
	else
		l->pending[n / 64] &= ~BIT(n % 64);
	if (l->pending[n / 64])
		l->some[n / 64 / 64] |= BIT(n / 64 % 64);
	else
		l->some[n / 64 / 64] &= ~BIT(n / 64 % 64);
}

static bool is_pending(const struct gic_lpis *l, uint32_t n)
{
	return l->pending[n / 64] >> (n % 64) & 1;
}

static void consider(struct gic_cpu *c, uint32_t n)
{
	uint8_t config = c->lpis->config[n], priority = config & GIC_PRIORITY_MASK;

	if (config & CONFIG_ENABLED && priority < c->lpi.priority)
		c->lpi = (struct gic_best){ (uint16_t)(GIC_FIRST_LPI + n), priority, 1 };
}

typedef void (*lpi_fn)(struct gic_cpu *c, uint32_t n, void *arg);

static void for_pending(struct gic_cpu *c, lpi_fn fn, void *arg)
{
	const struct gic_lpis *l = c->lpis;

	for (uint32_t s = 0; s < ARRAY_SIZE(l->some); s++)
		for (uint64_t words = l->some[s]; words; words &= words - 1) {
			uint32_t w = 64 * s + ctz64(words);

			for (uint64_t bits = l->pending[w]; bits; bits &= bits - 1)
				fn(c, 64 * w + ctz64(bits), arg);
		}
}

static void consider_one(struct gic_cpu *c, uint32_t n, void *arg)
{
	consider(c, n);
}

static void choose(struct gic_cpu *c)
{
	c->lpi = none;
	for_pending(c, consider_one, NULL);
	gic_cpu_update(c);
}

uint32_t gic_lpi_acknowledge(struct gic_cpu *c)
{
	uint32_t intid = c->best.intid;

	set_pending(c->lpis, intid - GIC_FIRST_LPI, false);
	choose(c);
	return intid;
}

/* ---- for the ITS ---- */

void gic_lpi_raise(struct gic_cpu *c, uint32_t intid)
{
	uint32_t n = intid - GIC_FIRST_LPI;
	uint8_t config;

	if (!lpi_valid(c, intid))
		return;
	config = read_config(c, n);
	lock_acquire(&c->lock);
	if (__atomic_load_n(&c->lpis->reg.enabled, __ATOMIC_RELAXED)) {	/* forget() hasn't been, or is still to come */
		set_pending(c->lpis, n, true);
		c->lpis->config[n] = config;
		consider(c, n);
		gic_cpu_update(c);
	}
	lock_release(&c->lock);
}

void gic_lpi_clear(struct gic_cpu *c, uint32_t intid)
{
	if (!lpi_valid(c, intid))
		return;
	lock_acquire(&c->lock);
	set_pending(c->lpis, intid - GIC_FIRST_LPI, false);
	choose(c);
	lock_release(&c->lock);
}

void gic_lpi_refresh(struct gic_cpu *c, uint32_t intid)
{
	uint8_t config;

	if (!lpi_valid(c, intid))
		return;
	config = read_config(c, intid - GIC_FIRST_LPI);
	lock_acquire(&c->lock);
	c->lpis->config[intid - GIC_FIRST_LPI] = config;
	choose(c);
	lock_release(&c->lock);
}

static void refresh_one(struct gic_cpu *c, uint32_t n, void *arg)
{
	c->lpis->config[n] = read_config(c, n);
}

void gic_lpi_refresh_all(struct gic_cpu *c)
{
	if (!c->lpis)
		return;
	lock_acquire(&c->lock);
	for_pending(c, refresh_one, NULL);
	choose(c);
	lock_release(&c->lock);
}

void gic_lpi_move(struct gic_cpu *from, struct gic_cpu *to, uint32_t intid)
{
	bool moves;

	if (from == to || !lpi_valid(from, intid))
		return;
	lock_acquire(&from->lock);
	moves = is_pending(from->lpis, intid - GIC_FIRST_LPI);
	set_pending(from->lpis, intid - GIC_FIRST_LPI, false);
	choose(from);
	lock_release(&from->lock);
	if (moves)
		gic_lpi_raise(to, intid);
}

/* Word by word: both locks are never held together. */
void gic_lpi_move_all(struct gic_cpu *from, struct gic_cpu *to)
{
	if (from == to || !from->lpis)
		return;
	for (uint32_t w = 0; w < GIC_LPIS / 64; w++) {
		uint64_t bits;

		lock_acquire(&from->lock);
		bits = from->lpis->pending[w];
		from->lpis->pending[w] = 0;
		from->lpis->some[w / 64] &= ~BIT(w % 64);
		lock_release(&from->lock);
		for (; bits; bits &= bits - 1)
			gic_lpi_raise(to, GIC_FIRST_LPI + 64 * w + ctz64(bits));
	}
	lock_acquire(&from->lock);
	choose(from);
	lock_release(&from->lock);
}

/* ---- the pending table ---- */

/* A bit for each INTID, so that the first 1 KiB isn't ours. */
static gpa_t table_at(const struct gic_lpis *l, uint32_t byte)
{
	return (load64(&l->reg.pendbaser) & PENDBASER_ADDR) + GIC_FIRST_LPI / 8 + byte;
}

void gic_lpi_flush(struct gic_cpu *c)
{
	struct gic_lpis *l = c->lpis;
	uint32_t bytes = lpi_count(l) / 8;
	uint64_t chunk[TABLE_CHUNK / 8];

	mem_reader_enter(&l->reader);
	for (uint32_t at = 0; at < bytes; at += TABLE_CHUNK) {
		lock_acquire(&c->lock);
		memcpy(chunk, (const uint8_t *)l->pending + at, TABLE_CHUNK);
		lock_release(&c->lock);
		mem_write(mem_of(c), table_at(l, at), chunk, TABLE_CHUNK);
	}
	mem_reader_exit(&l->reader);
}

static void forget(struct gic_cpu *c)
{
	lock_acquire(&c->lock);
	memset(c->lpis->pending, 0, sizeof(c->lpis->pending));
	memset(c->lpis->some, 0, sizeof(c->lpis->some));
	c->lpi = none;
	gic_cpu_update(c);
	lock_release(&c->lock);
}

void gic_lpi_load(struct gic_cpu *c)
{
	struct gic_lpis *l = c->lpis;
	uint32_t bytes = lpi_count(l) / 8;
	uint64_t chunk[TABLE_CHUNK / 8];

	mem_reader_enter(&l->reader);
	for (uint32_t at = 0; at < bytes; at += TABLE_CHUNK) {
		if (mem_read(mem_of(c), table_at(l, at), chunk, TABLE_CHUNK))
			break;
		for (uint32_t w = 0; w < TABLE_CHUNK / 8; w++)
			for (uint64_t b = chunk[w]; b; b &= b - 1)
				gic_lpi_raise(c, GIC_FIRST_LPI + 8 * at + 64 * w + ctz64(b));
	}
	mem_reader_exit(&l->reader);
}

/* ---- registers ---- */

uint32_t gic_lpi_ctlr(const struct gic_cpu *c)
{
	return c->lpis ? (uint32_t)(CTLR_CES | __atomic_load_n(&c->lpis->reg.enabled, __ATOMIC_RELAXED)) : 0;
}

static void write_ctlr(struct gic_cpu *c, bool enable)
{
	struct gic_lpis *l = c->lpis;

	lock_acquire(&l->control);
	if (enable && !l->reg.enabled) {
		__atomic_store_n(&l->reg.enabled, true, __ATOMIC_RELEASE);
		if (!(load64(&l->reg.pendbaser) & PENDBASER_PTZ))
			gic_lpi_load(c);
	} else if (!enable && l->reg.enabled) {
		__atomic_store_n(&l->reg.enabled, false, __ATOMIC_RELEASE);
		gic_lpi_flush(c);
		forget(c);
		__atomic_and_fetch(&l->reg.pendbaser, ~PENDBASER_PTZ, __ATOMIC_RELAXED);
	}
	lock_release(&l->control);
}

/* Tables stay where they are while LPIs are enabled. */
static void base_access(struct gic_lpis *l, struct bus_access *a, uint32_t offset, uint64_t *reg, uint64_t may, uint64_t hidden)
{
	uint64_t val = load64(reg);

	if (a->write) {
		lock_acquire(&l->control);
		val = load64(reg);
		gic_access64(a, offset, &val);
		if (!l->reg.enabled)
			__atomic_store_n(reg, val & (may | hidden), __ATOMIC_RELAXED);
		lock_release(&l->control);
	} else {
		val &= ~hidden;
		gic_access64(a, offset, &val);
	}
}

bool gic_lpi_access(struct gic_cpu *c, struct bus_access *a, uint32_t offset)
{
	struct gic_lpis *l = c->lpis;

	if (!l || a->size < 4)
		return false;
	if (offset == GICR_CTLR && a->size == 4) {
		if (a->write)
			write_ctlr(c, a->value & CTLR_ENABLE_LPIS);
		else
			a->value = gic_lpi_ctlr(c);
	} else if ((offset & ~7u) == GICR_PROPBASER) {
		base_access(l, a, offset, &l->reg.propbaser, PROPBASER_BITS, 0);
	} else if ((offset & ~7u) == GICR_PENDBASER) {
		base_access(l, a, offset, &l->reg.pendbaser, PENDBASER_BITS, PENDBASER_PTZ);
	} else {
		return false;
	}
	return true;
}

/* ---- life ---- */

int gic_lpi_init(struct gic_cpu *c, struct arena *a)
{
	c->lpis = arena_alloc_aligned(a, sizeof(*c->lpis), 64);
	if (!c->lpis)
		return -ENOMEM;
	mem_reader_register(mem_of(c), &c->lpis->reader);
	return 0;
}

void gic_lpi_destroy(struct gic_cpu *c)
{
	if (c->lpis)
		mem_reader_unregister(mem_of(c), &c->lpis->reader);
}

void gic_lpi_reset(struct gic_cpu *c)
{
	if (!c->lpis)
		return;
	__atomic_store_n(&c->lpis->reg.enabled, false, __ATOMIC_RELAXED);
	c->lpis->reg.propbaser = c->lpis->reg.pendbaser = 0;
	forget(c);
}
