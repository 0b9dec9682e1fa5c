/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Set-up, reset and the saved record of either GIC. The record has architected registers only (and the input lines,
 * as KVM's level information has), so that a GIC in a kernel can write the same one: a header, the distributor,
 * each word of SPIs, then each CPU's word 0 and CPU interface.
 */
#include "base/errno.h"
#include "base/string.h"
#include "core/lock_order.h"
#include "dev/irqchip/gic.h"

#define AFFINITY_MASK	0xff00ffffffull

int gic_init(struct gic *g, struct arena *a, const struct irqchip_ops *ops, const char *name)
{
	struct vm *vm = g->dev.vm;

	if (!vm->vcpu_count || vm->vcpu_count > (g->v2 ? 8 : VM_MAX_VCPUS))
		return -EINVAL;
	g->cpus = vm->vcpu_count;
	g->words = (g->spis + 31) / 32;
	g->chip.ops = ops;
	g->chip.name = name;
	g->chip.pins = g->spis;
	lock_set_rank(&g->lock, LOCK_IRQCHIP);
	g->cpu = arena_alloc_aligned(a, g->cpus * sizeof(*g->cpu), 64);
	if (!g->cpu)
		return -ENOMEM;
	for (uint32_t i = 0; i < g->cpus; i++) {
		struct gic_cpu *c = &g->cpu[i];

		c->index = i;
		c->gic = g;
		lock_set_rank(&c->lock, LOCK_IRQCHIP_CPU);
		c->vcpu = vm->vcpu[i];
		c->affinity = c->vcpu->hwid & AFFINITY_MASK;
		c->vcpu->irq = c;
	}
	vm->irqchip = &g->chip;
	gic_reset(g);
	return 0;
}

static void gic_word_reset(struct gic_word *w)
{
	uint32_t line = w->line;		/* a wire, not a register */

	memset(w, 0, sizeof(*w));
	w->line = line;
}

static void gic_cpu_reset(struct gic_cpu *c)
{
	bool v2 = c->gic->v2;

	lock_acquire(&c->lock);
	gic_word_reset(&c->own);
	c->own.edge = 0xffff;
	c->own.enabled = v2 ? 0xffff : 0;
	c->spi = c->lpi = c->best = (struct gic_best){ GIC_SPURIOUS, GIC_IDLE, 0 };
	c->pmr = 0;
	c->bpr[0] = GIC_MIN_BPR0;
	c->bpr[1] = GIC_MIN_BPR1;
	c->groups = 0;
	c->common_bpr = c->eoi_mode = c->ack_ctl = false;
	c->asleep = !v2;
	c->fiq_enable = !v2;
	c->apr[0] = c->apr[1] = 0;
	memset(c->sgi_source, 0, sizeof(c->sgi_source));
	gic_cpu_update(c);
	lock_release(&c->lock);
}

void gic_reset(struct gic *g)
{
	lock_acquire(&g->lock);
	__atomic_store_n(&g->ctlr, 0, __ATOMIC_RELAXED);
	g->busy = 0;
	for (unsigned w = 0; w < g->words; w++)
		gic_word_reset(&g->spi[w]);
	for (uint32_t n = 0; n < g->spis; n++)
		g->target[n] = g->v2 && g->cpus > 1 ? 0 : 1;
	for (uint32_t i = 0; i < g->cpus; i++)
		gic_cpu_reset(&g->cpu[i]);
	lock_release(&g->lock);
}

/* ---- saved state ---- */

struct gic_header {
	uint32_t cpus, spis;
};

static const struct field gic_header_state[] = {
	FIELD(struct gic_header, cpus, 1),
	FIELD(struct gic_header, spis, 1),
	FIELD_END
};

static const struct field gic_dist_state[] = {
	FIELD_RANGE(struct gic, ctlr, 1, 0, GIC_GROUPS),
	FIELD_END
};

static const struct field gic_word_state[] = {
	FIELD(struct gic_word, group, 1),
	FIELD(struct gic_word, enabled, 1),
	FIELD(struct gic_word, latch, 1),
	FIELD(struct gic_word, active, 1),
	FIELD(struct gic_word, line, 1),
	FIELD(struct gic_word, edge, 1),
	FIELD_ARRAY(struct gic_word, priority, 1),
	FIELD_END
};

static const struct field gic_cpu_state[] = {
	FIELD_RANGE(struct gic_cpu, pmr, 1, 0, 0xff),
	{ "bpr", offsetof(struct gic_cpu, bpr), 1, 1, 2, 1, GIC_MIN_BPR0, 7 },
	FIELD_RANGE(struct gic_cpu, groups, 1, 0, GIC_GROUPS),
	FIELD(struct gic_cpu, common_bpr, 1),
	FIELD(struct gic_cpu, eoi_mode, 1),
	FIELD(struct gic_cpu, asleep, 1),
	FIELD(struct gic_cpu, ack_ctl, 1),
	FIELD(struct gic_cpu, fiq_enable, 1),
	FIELD_ARRAY(struct gic_cpu, apr, 1),
	FIELD_ARRAY(struct gic_cpu, sgi_source, 1),
	FIELD_END
};

void gic_save_core(struct gic *g, struct state_writer *w)
{
	struct gic_header h = { g->cpus, g->spis };

	state_save(w, gic_header_state, &h);
	state_save(w, gic_dist_state, g);
	for (unsigned i = 0; i < g->words; i++)
		state_save(w, gic_word_state, &g->spi[i]);
	for (uint32_t i = 0; i < g->cpus; i++) {
		state_save(w, gic_word_state, &g->cpu[i].own);
		state_save(w, gic_cpu_state, &g->cpu[i]);
	}
}

static void gic_word_tame(struct gic_word *w, uint32_t valid)
{
	w->group &= valid;
	w->enabled &= valid;
	w->latch &= valid;
	w->active &= valid;
	w->line &= valid;
	w->edge &= valid;
	for (unsigned i = 0; i < 32; i++)
		w->priority[i] &= GIC_PRIORITY_MASK;
}

/* Leaves routes and the choice of interrupts to the caller, who knows where targets come from. */
int gic_load_core(struct gic *g, struct state_reader *r)
{
	struct gic_header h = { 0, 0 };
	int err = state_load(r, gic_header_state, &h);

	if (err)
		return err;
	if (h.cpus != g->cpus || h.spis != g->spis)
		return -EINVAL;
	err = state_load(r, gic_dist_state, g);
	for (unsigned i = 0; !err && i < g->words; i++) {
		uint32_t n = g->spis - 32 * i;

		err = state_load(r, gic_word_state, &g->spi[i]);
		gic_word_tame(&g->spi[i], n >= 32 ? ~0u : (1u << n) - 1);
	}
	for (uint32_t i = 0; !err && i < g->cpus; i++) {
		struct gic_cpu *c = &g->cpu[i];

		err = state_load(r, gic_word_state, &c->own);
		if (!err)
			err = state_load(r, gic_cpu_state, c);
		gic_word_tame(&c->own, ~0u);
		c->own.edge |= 0xffff;
		c->pmr &= GIC_PRIORITY_MASK;
		if (c->bpr[1] < GIC_MIN_BPR1)
			c->bpr[1] = GIC_MIN_BPR1;
	}
	return err;
}

struct irqchip *gic_chip(struct device *d)
{
	return &container_of(d, struct gic, dev)->chip;
}
