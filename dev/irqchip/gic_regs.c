/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers that look the same in both GICs: one bit, two bits or one byte for each interrupt (IHI 0069 §12.9
 * GICD_* and §12.11 GICR_*0; IHI 0048 §4.3). Priorities take accesses of any size, the others whole words; other
 * sizes read as zero and write nothing.
 */
#include "base/string.h"
#include "dev/irqchip/gic.h"

enum {
	IGROUPR = 0x080, ISENABLER = 0x100, ICENABLER = 0x180, ISPENDR = 0x200, ICPENDR = 0x280, ISACTIVER = 0x300,
	ICACTIVER = 0x380, IPRIORITYR = 0x400, ITARGETSR = 0x800, ICFGR = 0xc00, IGRPMODR = 0xd00, NSACR = 0xe00,
	GICD_SGIR = 0xf00,
};

/* Word w with its lock held, or NULL: there is no such word. */
static struct gic_word *gic_word_begin(struct gic *g, struct gic_cpu *own, unsigned w)
{
	if (w == 0) {
		if (own)
			lock_acquire(&own->lock);
		return own ? &own->own : NULL;
	}
	if (w > g->words || (own && !g->v2))
		return NULL;
	lock_acquire(&g->lock);
	return &g->spi[w - 1];
}

static void gic_word_end(struct gic *g, struct gic_cpu *own, unsigned w, uint32_t changed)
{
	if (w == 0) {
		if (changed)
			gic_cpu_update(own);
		lock_release(&own->lock);
	} else {
		if (changed)
			gic_spi_changed(g, w - 1, changed);
		lock_release(&g->lock);
	}
}

/* Interrupts of word w that exist. */
static uint32_t gic_word_valid(const struct gic *g, unsigned w)
{
	unsigned n = g->spis - 32 * (w - 1);

	return w == 0 || n >= 32 ? ~0u : (1u << n) - 1;
}

static uint32_t gic_bit_read(const struct gic_word *w, uint32_t reg)
{
	switch (reg) {
	case IGROUPR:	return w->group;
	case ISENABLER:
	case ICENABLER:	return w->enabled;
	case ISPENDR:
	case ICPENDR:	return gic_pending(w);
	case ISACTIVER:
	case ICACTIVER:	return w->active;
	default:	return 0;
	}
}

static void gic_bit_write(struct gic_word *w, uint32_t reg, uint32_t v, uint32_t sgis)
{
	switch (reg) {
	case IGROUPR:	w->group = v; break;
	case ISENABLER:	w->enabled |= v; break;
	case ICENABLER:	w->enabled &= ~(v & ~sgis); break;
	case ISPENDR:	w->latch |= v & ~sgis; break;
	case ICPENDR:	w->latch &= ~(v & ~sgis); break;
	case ISACTIVER:	w->active |= v; break;
	case ICACTIVER:	w->active &= ~v; break;
	}
}

static void gic_bit_access(struct gic *g, struct gic_cpu *own, struct bus_access *a, uint32_t offset)
{
	unsigned w = (offset & 0x7c) / 4;
	struct gic_word *word;
	uint32_t v = (uint32_t)a->value;

	a->value = 0;
	if (a->size != 4 || (offset & 3))
		return;
	word = gic_word_begin(g, own, w);
	if (!word)
		return;
	if (!a->write) {
		a->value = gic_bit_read(word, offset & 0xf80);
		gic_word_end(g, own, w, 0);
		return;
	}
	v &= gic_word_valid(g, w);
	/* On v2 SGIs are always enabled and become pending by GICD_SGIR and GICD_SPENDSGIR only. */
	gic_bit_write(word, offset & 0xf80, v, g->v2 && w == 0 ? 0xffff : 0);
	if ((offset & 0xf80) == IGROUPR) {
		v = gic_word_valid(g, w);
		if (w && g->reroute)		/* who takes part depends on the group */
			g->reroute(g);
	}
	gic_word_end(g, own, w, v);
}

static void gic_priority_access(struct gic *g, struct gic_cpu *own, struct bus_access *a, uint32_t offset)
{
	unsigned intid = offset - IPRIORITYR, w = intid / 32;
	uint64_t in = a->value, out = 0;
	uint32_t changed = 0, valid;
	struct gic_word *word;

	a->value = 0;
	if (a->size > 4 || (offset & (a->size - 1u)))
		return;
	word = gic_word_begin(g, own, w);
	if (!word)
		return;
	valid = gic_word_valid(g, w);
	for (unsigned i = 0; i < a->size; i++) {
		unsigned bit = (intid + i) & 31;

		out |= (uint64_t)word->priority[bit] << 8 * i;
		if (a->write && (valid >> bit & 1)) {
			word->priority[bit] = (uint8_t)(in >> 8 * i) & GIC_PRIORITY_MASK;
			changed |= 1u << bit;
		}
	}
	gic_word_end(g, own, w, changed);
	a->value = out;
}

static void gic_config_access(struct gic *g, struct gic_cpu *own, struct bus_access *a, uint32_t offset)
{
	unsigned w = (offset - ICFGR) / 8, first = (offset & 4) * 4;
	uint32_t v = (uint32_t)a->value, out = 0;
	struct gic_word *word;

	a->value = 0;
	if (a->size != 4 || (offset & 3))
		return;
	word = gic_word_begin(g, own, w);
	if (!word)
		return;
	if (a->write && (w || first)) {		/* SGIs are edge-triggered for ever */
		for (unsigned i = 0; i < 16; i++)
			word->edge = (word->edge & ~(1u << (first + i))) | (v >> (2 * i + 1) & 1) << (first + i);
		word->edge &= gic_word_valid(g, w);
	}
	for (unsigned i = 0; i < 16; i++)
		out |= (word->edge >> (first + i) & 1) << (2 * i + 1);
	gic_word_end(g, own, w, a->write ? 0xffffu << first & gic_word_valid(g, w) : 0);
	a->value = out;
}

bool gic_word_access(struct gic *g, struct gic_cpu *own, struct bus_access *a, uint32_t offset)
{
	if (offset >= IGROUPR && offset < IPRIORITYR)
		gic_bit_access(g, own, a, offset);
	else if (offset >= IPRIORITYR && offset < ITARGETSR)
		gic_priority_access(g, own, a, offset);
	else if (offset >= ICFGR && offset < IGRPMODR)
		gic_config_access(g, own, a, offset);
	else if (offset >= IGRPMODR && offset < GICD_SGIR)
		a->value = 0;			/* IGRPMODR and NSACR have no meaning with one security state */
	else
		return false;
	return true;
}

/* PIDR4 … PIDR3, CIDR0 … CIDR3 of the last 48 bytes; part number 0x492 as on Arm's own, JEP106 4/3b. */
uint32_t gic_id(unsigned arch, uint32_t offset)
{
	static const uint8_t id[12] = { 0x44, 0, 0, 0, 0x92, 0xb4, 0x0b, 0, 0x0d, 0xf0, 0x05, 0xb1 };
	unsigned i = (offset - 0xfd0) / 4;

	return i >= ARRAY_SIZE(id) ? 0 : id[i] | (i == 6 ? arch << 4 : 0);
}
