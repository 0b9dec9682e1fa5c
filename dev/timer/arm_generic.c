/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generic timers: the rules of ARM DDI 0487 D12.2 (timer condition, TVAL views, ISTATUS). arm_generic.h has the
 * rest.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "core/fdt.h"
#include "core/lock_order.h"
#include "dev/timer/arm_generic.h"
#include "isa/arm64/sysreg.h"

#define CTL_ENABLE	BIT(0)
#define CTL_IMASK	BIT(1)
#define CTL_ISTATUS	BIT(2)

#define TIMER_BASE	SYS_CNTP_TVAL_EL0
#define TIMER_REGS	(SYS_CNTV_CVAL_EL0 - TIMER_BASE + 1)

static bool channel_met(const struct arm_timer_channel *c, uint64_t now)
{
	return (c->ctl & CTL_ENABLE) && now >= c->cval;
}

/* With c->lock held: the line as it should be now; the host timer for when that changes. */
static void channel_update(struct arm_timer_channel *c)
{
	bool met = channel_met(c, vm_counter(c->time));
	bool line = met && !(c->ctl & CTL_IMASK);
	uint64_t when = ~0ull;

	if (!met && (c->ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE)
		when = vm_counter_to_ns(c->time, c->cval);
	/* One nanosecond later, lest a conversion that rounds down fires before the counter is there. */
	if (when != ~0ull)
		timer_set(c->time, &c->timer, when + 1);
	else
		timer_cancel(c->time, &c->timer);
	if (line != c->line) {
		c->line = line;
		irq_set(&c->irq, line);
	}
}

static void channel_fire(struct timer *t)
{
	struct arm_timer_channel *c = container_of(t, struct arm_timer_channel, timer);

	lock_acquire(&c->lock);
	channel_update(c);
	lock_release(&c->lock);
}

static uint64_t channel_read(const struct arm_timer_channel *c, uint64_t reg)
{
	uint64_t now = vm_counter(c->time);

	switch (reg) {
	case 0:		return (uint32_t)(c->cval - now);
	case 1:		return c->ctl | (channel_met(c, now) ? CTL_ISTATUS : 0);
	default:	return c->cval;
	}
}

static void channel_write(struct arm_timer_channel *c, uint64_t reg, uint64_t v)
{
	switch (reg) {
	case 0:
		c->cval = vm_counter(c->time) + (uint64_t)sign_extend(v, 32);
		break;
	case 1:
		c->ctl = v & (CTL_ENABLE | CTL_IMASK);
		break;
	default:
		c->cval = v;
	}
	channel_update(c);
}

/* Offsets 0, 1, 2: CNTP_TVAL, CNTP_CTL, CNTP_CVAL; 8, 9, 10: the same of CNTV. */
static enum bus_result arm_timer_access(struct region *r, struct bus_access *a)
{
	struct arm_timer *t = container_of(r, struct arm_timer, regs);
	uint64_t reg = a->offset & 7;
	struct arm_timer_channel *c;

	if (!a->vcpu || reg > 2)
		return BUS_ABORT;
	c = &t->channel[a->vcpu->index * ARM_TIMERS + (a->offset >> 3 ? ARM_TIMER_VIRT : ARM_TIMER_PHYS)];
	lock_acquire(&c->lock);
	if (a->write)
		channel_write(c, reg, a->value);
	else
		a->value = channel_read(c, reg);
	lock_release(&c->lock);
	return BUS_OK;
}

static const struct region_ops arm_timer_ops = {
	.access = arm_timer_access, .min_size = 8, .max_size = 8, .misfit = MISFIT_ABORT,
	.flags = BUS_UNLOCKED | BUS_PER_VCPU,
};

static int arm_timer_init(struct device *d, struct arena *a)
{
	struct arm_timer *t = container_of(d, struct arm_timer, dev);

	if (!d->vm->vcpu_count || d->vm->vcpu_count > VM_MAX_VCPUS)
		return -EINVAL;
	t->vcpus = d->vm->vcpu_count;
	t->regs.ops = &arm_timer_ops;
	t->regs.name = "cnt";
	for (uint32_t i = 0; i < t->vcpus * ARM_TIMERS; i++) {
		timer_init(&t->channel[i].timer, channel_fire);
		lock_set_rank(&t->channel[i].lock, LOCK_LINE);
		t->channel[i].time = &d->vm->time;
	}
	for (uint32_t i = 0; i < t->vcpus; i++)
		d->vm->vcpu[i]->timer = &t->channel[i * ARM_TIMERS];
	return 0;
}

int arm_timer_connect(struct device *d, struct irqchip *chip)
{
	struct arm_timer *t = container_of(d, struct arm_timer, dev);

	for (uint32_t i = 0; i < t->vcpus; i++) {
		struct arm_timer_channel *c = &t->channel[i * ARM_TIMERS];

		c[ARM_TIMER_PHYS].irq = (struct irq_line){ chip, IRQ_PPI(i, t->phys_ppi), false };
		c[ARM_TIMER_VIRT].irq = (struct irq_line){ chip, IRQ_PPI(i, t->virt_ppi), false };
	}
	return bus_region_add(&d->vm->bus, &t->regs, BUS_SYSREG, TIMER_BASE, TIMER_REGS, 0);
}

static void arm_timer_reset(struct device *d, enum reset_kind why)
{
	struct arm_timer *t = container_of(d, struct arm_timer, dev);

	for (uint32_t i = 0; i < t->vcpus * ARM_TIMERS; i++) {
		struct arm_timer_channel *c = &t->channel[i];

		lock_acquire(&c->lock);
		c->ctl = 0;
		c->cval = 0;
		channel_update(c);
		lock_release(&c->lock);
	}
}

/* The controller's record has the lines as they were; tell it again all the same. */
static int arm_timer_loaded(struct device *d)
{
	struct arm_timer *t = container_of(d, struct arm_timer, dev);

	for (uint32_t i = 0; i < t->vcpus * ARM_TIMERS; i++) {
		struct arm_timer_channel *c = &t->channel[i];

		lock_acquire(&c->lock);
		c->line = false;
		irq_set(&c->irq, false);
		channel_update(c);
		lock_release(&c->lock);
	}
	return 0;
}

void arm_timer_fdt_node(struct fdt_writer *w, uint32_t phys_ppi, uint32_t virt_ppi)
{
	/* Secure physical, physical, virtual, EL2: PPIs, level-sensitive, active high as here; the binding has all four. */
	uint32_t irqs[] = { 1, 13, 4, 1, phys_ppi - 16, 4, 1, virt_ppi - 16, 4, 1, 10, 4 };

	fdt_begin(w, "timer");
	fdt_prop_string(w, "compatible", "arm,armv8-timer");
	fdt_prop_cells(w, "interrupts", irqs, ARRAY_SIZE(irqs));
	fdt_prop_empty(w, "always-on");
	fdt_end(w);
}

static void arm_timer_fdt(const struct device *d, struct fdt_writer *w)
{
	const struct arm_timer *t = container_of(d, const struct arm_timer, dev);

	arm_timer_fdt_node(w, t->phys_ppi, t->virt_ppi);
}

static const struct prop arm_timer_props[] = {
	PROP(struct arm_timer, phys_ppi, PROP_U32, ARM_TIMER_PHYS_PPI, 16, 31),
	PROP(struct arm_timer, virt_ppi, PROP_U32, ARM_TIMER_VIRT_PPI, 16, 31),
	PROP_END
};

#define CHANNELS(m, lo, hi) { #m, offsetof(struct arm_timer, channel[0].m), \
	sizeof(((struct arm_timer_channel *)0)->m), 1, VM_MAX_VCPUS * ARM_TIMERS, sizeof(struct arm_timer_channel), lo, hi }
static const struct field arm_timer_state[] = {
	CHANNELS(cval, 0, ~0ull),
	CHANNELS(ctl, 0, CTL_ENABLE | CTL_IMASK),
	FIELD_END
};

const struct dev_class arm_timer_class = {
	.name		= "arm-timer",
	.size		= sizeof(struct arm_timer),
	.version	= 1,
	.props		= arm_timer_props,
	.init		= arm_timer_init,
	.reset		= arm_timer_reset,
	.state		= arm_timer_state,
	.state_post	= arm_timer_loaded,
	.fdt		= arm_timer_fdt,
};
