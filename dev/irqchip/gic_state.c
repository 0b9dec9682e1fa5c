/* SPDX-License-Identifier: BSD-2-Clause */
/* Set-up, reset, and where in either GIC the parts of its record are (core/gic_record.h). */
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
	c->reg.pmr = 0;
	c->reg.bpr[0] = GIC_MIN_BPR0;
	c->reg.bpr[1] = GIC_MIN_BPR1;
	c->reg.groups = 0;
	c->reg.common_bpr = c->reg.eoi_mode = c->reg.ack_ctl = false;
	c->reg.asleep = !v2;
	c->reg.fiq_enable = !v2;
	c->reg.apr[0] = c->reg.apr[1] = 0;
	memset(c->reg.sgi_source, 0, sizeof(c->reg.sgi_source));
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

void gic_describe(struct gic *g, struct gic_record *rec)
{
	memset(rec, 0, sizeof(*rec));
	rec->cpus = g->cpus;
	rec->spis = g->spis;
	rec->ctlr = &g->ctlr;
	rec->spi = g->spi;
	for (uint32_t i = 0; i < g->cpus; i++) {
		rec->cpu[i].own = &g->cpu[i].own;
		rec->cpu[i].regs = &g->cpu[i].reg;
	}
}

struct irqchip *gic_chip(struct device *d)
{
	return &container_of(d, struct gic, dev)->chip;
}
