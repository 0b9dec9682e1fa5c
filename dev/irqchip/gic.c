/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt state machine that GICv2 and GICv3 share: IHI 0069 chapter 4 (IHI 0048 chapter 3). gic.h tells how
 * state and locks are laid out.
 */
#include "base/errno.h"
#include "dev/irqchip/gic.h"
#include "dev/irqchip/gic_lpi.h"

/* ---- choosing ---- */

static uint32_t gic_candidates(const struct gic_word *w, unsigned groups)
{
	uint32_t of_groups = (groups & 2 ? w->group : 0) | (groups & 1 ? ~w->group : 0);

	return gic_pending(w) & w->enabled & ~w->active & of_groups;
}

static void gic_consider(struct gic_best *best, const struct gic_word *w, uint32_t first, unsigned bit)
{
	if (w->priority[bit] >= best->priority)
		return;
	best->intid = (uint16_t)(first + bit);
	best->priority = w->priority[bit];
	best->group = w->group >> bit & 1;
}

static const struct gic_best gic_none = { GIC_SPURIOUS, GIC_IDLE, 0 };

static unsigned gic_enabled_groups(const struct gic_cpu *c)
{
	return c->reg.asleep ? 0 : c->reg.groups & __atomic_load_n(&c->gic->ctlr, __ATOMIC_RELAXED);
}

/* Priority bits that count for preemption: BPR0 says [7:n+1], BPR1 says [7:n]. */
static uint8_t gic_preemption_mask(const struct gic_cpu *c, unsigned group)
{
	if (group && !c->reg.common_bpr)
		return (uint8_t)(0xff << c->reg.bpr[1]);
	return (uint8_t)(0xfe << c->reg.bpr[0]);
}

uint8_t gic_running_priority(const struct gic_cpu *c)
{
	uint32_t apr = c->reg.apr[0] | c->reg.apr[1];

	return apr ? (uint8_t)(ctz64(apr) << 3) : GIC_IDLE;
}

static void gic_pin(struct gic_cpu *c, enum cpu_pin pin, bool level)
{
	if (c->pin[pin] == level)
		return;
	c->pin[pin] = level;
	vcpu_pin_set(c->vcpu, pin, level);
}

void gic_cpu_update(struct gic_cpu *c)
{
	struct gic_best best = c->spi;
	uint32_t own = gic_candidates(&c->own, gic_enabled_groups(c));
	bool fiq;

	/* An own interrupt wins against an SPI of the same priority: its number is lower. */
	if (own) {
		struct gic_best mine = gic_none;

		for (; own; own &= own - 1)
			gic_consider(&mine, &c->own, 0, ctz64(own));
		if (mine.priority <= best.priority)
			best = mine;
	}
	if (c->lpi.priority < best.priority && gic_enabled_groups(c) & 2)
		best = c->lpi;
	c->best = best;
	c->signalled = best.priority < c->reg.pmr &&
		(best.priority & gic_preemption_mask(c, best.group)) < gic_running_priority(c);
	fiq = best.group == 0 && c->reg.fiq_enable;
	gic_pin(c, CPU_IRQ, c->signalled && !fiq);
	gic_pin(c, CPU_FIQ, c->signalled && fiq);
}

/* The best SPI for one CPU; both locks held. */
static void gic_scan_spis(struct gic *g, struct gic_cpu *c)
{
	struct gic_best best = gic_none;
	unsigned groups = gic_enabled_groups(c);

	for (uint32_t busy = groups ? g->busy : 0; busy; busy &= busy - 1) {
		unsigned w = ctz64(busy);

		for (uint32_t b = gic_candidates(&g->spi[w], groups); b; b &= b - 1) {
			unsigned bit = ctz64(b);

			if (g->target[32 * w + bit] >> c->index & 1)
				gic_consider(&best, &g->spi[w], GIC_FIRST_SPI + 32 * w, bit);
		}
	}
	c->spi = best;
}

void gic_refresh(struct gic *g, uint64_t cpus)
{
	for (; cpus; cpus &= cpus - 1) {
		struct gic_cpu *c = &g->cpu[ctz64(cpus)];

		lock_acquire(&c->lock);
		gic_scan_spis(g, c);
		gic_cpu_update(c);
		lock_release(&c->lock);
	}
}

static void gic_word_busy(struct gic *g, unsigned w)
{
	if (gic_candidates(&g->spi[w], GIC_GROUPS))
		g->busy |= 1u << w;
	else
		g->busy &= ~(1u << w);
}

void gic_spi_changed(struct gic *g, unsigned w, uint32_t changed)
{
	uint64_t cpus = 0;

	gic_word_busy(g, w);
	for (; changed; changed &= changed - 1)
		cpus |= g->target[32 * w + ctz64(changed)];
	gic_refresh(g, cpus);
}

void gic_spi_route(struct gic *g, uint32_t n, uint64_t cpus)
{
	uint64_t affected = g->target[n] ^ cpus;

	g->target[n] = cpus;
	if (gic_candidates(&g->spi[n / 32], GIC_GROUPS) >> (n % 32) & 1)
		gic_refresh(g, affected);
}

/*
 * One SPI's pending or active state changed. Often that matters to nobody: a line that falls while its handler
 * runs.
 */
static void gic_spi_moved(struct gic *g, uint32_t n, uint32_t candidates_before)
{
	uint32_t bit = 1u << (n & 31);

	if ((gic_candidates(&g->spi[n / 32], GIC_GROUPS) ^ candidates_before) & bit)
		gic_spi_changed(g, n / 32, bit);
}

/* ---- lines ---- */

/* True if the interrupt's pending state may have changed. */
static bool gic_drive(struct gic_word *w, uint32_t bit, bool level)
{
	if (level == !!(w->line & bit))
		return false;
	w->line ^= bit;
	if (level && (w->edge & bit))
		w->latch |= bit;
	return level || !(w->edge & bit);
}

static void gic_set_ppi(struct gic *g, uint32_t cpu, uint32_t intid, bool level)
{
	struct gic_cpu *c;

	if (cpu >= g->cpus || intid < 16 || intid > 31)
		return;
	c = &g->cpu[cpu];
	lock_acquire(&c->lock);
	if (gic_drive(&c->own, 1u << intid, level))
		gic_cpu_update(c);
	lock_release(&c->lock);
}

void gic_set(struct irqchip *chip, uint32_t pin, bool level)
{
	struct gic *g = container_of(chip, struct gic, chip);
	uint32_t before;

	if (pin & 0x80000000u) {
		gic_set_ppi(g, pin >> 8 & 0x7fffff, pin & 0xff, level);
		return;
	}
	if (pin >= g->spis)
		return;
	lock_acquire(&g->lock);
	before = gic_candidates(&g->spi[pin / 32], GIC_GROUPS);
	if (gic_drive(&g->spi[pin / 32], 1u << (pin & 31), level))
		gic_spi_moved(g, pin, before);
	lock_release(&g->lock);
}

/* ---- the CPU interface ---- */

static bool gic_can_take(const struct gic_cpu *c, unsigned groups)
{
	return c->signalled && (groups >> c->best.group & 1);
}

static void gic_set_running(struct gic_cpu *c)
{
	uint8_t level = c->best.priority & gic_preemption_mask(c, c->best.group);

	c->reg.apr[c->best.group] |= 1u << (level >> 3);
}

/* Marks c->best active in its word. Gives the INTID, on v2 with the sending CPU of an SGI. */
static uint32_t gic_activate(struct gic_cpu *c, struct gic_word *w)
{
	uint32_t intid = c->best.intid, bit = 1u << (intid & 31);

	gic_set_running(c);
	w->active |= bit;
	w->latch &= ~bit;
	if (c->gic->v2 && intid < 16 && c->reg.sgi_source[intid]) {
		unsigned source = ctz64(c->reg.sgi_source[intid]) & 7;

		c->reg.sgi_source[intid] &= (uint8_t)~(1u << source);
		if (c->reg.sgi_source[intid])
			w->latch |= bit;
		return intid | source << 10;
	}
	return intid;
}

/* The best is an interrupt that only this CPU has: c->lock is enough. */
static uint32_t gic_acknowledge_own(struct gic_cpu *c)
{
	uint32_t intid;

	if (c->best.intid >= GIC_FIRST_LPI) {
		gic_set_running(c);
		return gic_lpi_acknowledge(c);
	}
	intid = gic_activate(c, &c->own);
	gic_cpu_update(c);
	return intid;
}

static uint32_t gic_acknowledge_spi(struct gic_cpu *c, unsigned groups)
{
	struct gic *g = c->gic;
	uint32_t intid = GIC_SPURIOUS, n;

	lock_acquire(&g->lock);
	lock_acquire(&c->lock);
	/* Between the caller's look and these locks another interrupt may have become the best. */
	if (!gic_can_take(c, groups)) {
		lock_release(&c->lock);
		goto out;
	}
	if (c->best.intid < GIC_FIRST_SPI || c->best.intid >= GIC_FIRST_LPI) {
		intid = gic_acknowledge_own(c);
		lock_release(&c->lock);
		goto out;
	}
	n = c->best.intid - GIC_FIRST_SPI;
	intid = gic_activate(c, &g->spi[n / 32]);
	gic_word_busy(g, n / 32);
	gic_scan_spis(g, c);
	gic_cpu_update(c);
	lock_release(&c->lock);
	gic_refresh(g, g->target[n] & ~BIT(c->index));
out:
	lock_release(&g->lock);
	return intid;
}

uint32_t gic_acknowledge(struct gic_cpu *c, unsigned groups)
{
	uint32_t intid = GIC_SPURIOUS;

	lock_acquire(&c->lock);
	if (gic_can_take(c, groups)) {
		if (c->best.intid >= GIC_FIRST_SPI && c->best.intid < GIC_FIRST_LPI) {
			lock_release(&c->lock);
			return gic_acknowledge_spi(c, groups);
		}
		intid = gic_acknowledge_own(c);
	}
	lock_release(&c->lock);
	return intid;
}

bool gic_signals(struct gic_cpu *c, unsigned groups)
{
	bool yes;

	lock_acquire(&c->lock);
	yes = gic_can_take(c, groups);
	lock_release(&c->lock);
	return yes;
}

uint32_t gic_highest_pending(struct gic_cpu *c, unsigned groups)
{
	uint32_t intid = GIC_SPURIOUS;

	lock_acquire(&c->lock);
	if (c->best.priority != GIC_IDLE && (groups >> c->best.group & 1)) {
		intid = c->best.intid;
		if (c->gic->v2 && intid < 16 && c->reg.sgi_source[intid])
			intid |= ctz64(c->reg.sgi_source[intid]) << 10;
	}
	lock_release(&c->lock);
	return intid;
}

void gic_deactivate(struct gic_cpu *c, uint32_t intid)
{
	struct gic *g = c->gic;
	uint32_t bit = 1u << (intid & 31), n = intid - GIC_FIRST_SPI, before;

	if (intid < GIC_FIRST_SPI) {
		lock_acquire(&c->lock);
		c->own.active &= ~bit;
		gic_cpu_update(c);
		lock_release(&c->lock);
	} else if (n < g->spis) {
		lock_acquire(&g->lock);
		before = gic_candidates(&g->spi[n / 32], GIC_GROUPS);
		g->spi[n / 32].active &= ~bit;
		gic_spi_moved(g, n, before);
		lock_release(&g->lock);
	}
}

/* Priority drop, and deactivation unless EOImode asks for the drop alone (IHI 0069 §4.1.1). */
void gic_end(struct gic_cpu *c, uint32_t intid, unsigned groups)
{
	uint32_t highest;
	unsigned group;
	bool drop_only;

	if (intid >= 1020 && (!c->lpis || intid < GIC_FIRST_LPI || intid >> GIC_LPI_BITS))
		return;
	lock_acquire(&c->lock);
	highest = c->reg.apr[0] | c->reg.apr[1];
	highest &= -highest;
	group = (c->reg.apr[0] & highest) ? 0 : 1;
	if (!highest || !(groups >> group & 1)) {
		lock_release(&c->lock);
		return;
	}
	c->reg.apr[group] &= ~highest;
	drop_only = c->reg.eoi_mode;
	if (!drop_only && intid < GIC_FIRST_SPI)
		c->own.active &= ~(1u << intid);
	gic_cpu_update(c);
	lock_release(&c->lock);
	if (!drop_only && intid >= GIC_FIRST_SPI)
		gic_deactivate(c, intid);
}

/* What a CPU takes part in has changed: gic->lock held. */
static void gic_rejoin(struct gic_cpu *c)
{
	gic_refresh(c->gic, BIT(c->index));
	if (c->gic->reroute)
		c->gic->reroute(c->gic);
}

void gic_set_groups(struct gic_cpu *c, unsigned mask, unsigned groups)
{
	lock_acquire(&c->gic->lock);
	lock_acquire(&c->lock);
	c->reg.groups = (uint8_t)((c->reg.groups & ~mask) | (groups & mask));
	lock_release(&c->lock);
	gic_rejoin(c);
	lock_release(&c->gic->lock);
}

void gic_set_asleep(struct gic_cpu *c, bool asleep)
{
	lock_acquire(&c->gic->lock);
	lock_acquire(&c->lock);
	c->reg.asleep = asleep;
	lock_release(&c->lock);
	gic_rejoin(c);
	lock_release(&c->gic->lock);
}

void gic_write_ctlr(struct gic *g, uint32_t groups)
{
	lock_acquire(&g->lock);
	if (groups != g->ctlr) {
		__atomic_store_n(&g->ctlr, groups, __ATOMIC_RELAXED);
		gic_refresh(g, g->cpus >= 64 ? ~0ull : BIT(g->cpus) - 1);
	}
	lock_release(&g->lock);
}

void gic_send_sgi(struct gic_cpu *to, struct gic_cpu *from, unsigned n, unsigned groups)
{
	uint32_t bit = 1u << n;

	lock_acquire(&to->lock);
	if (groups >> (to->own.group >> n & 1) & 1) {
		to->own.latch |= bit;
		if (to->gic->v2)
			to->reg.sgi_source[n] |= (uint8_t)(1u << from->index);
		gic_cpu_update(to);
	}
	lock_release(&to->lock);
}
