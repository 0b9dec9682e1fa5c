/* SPDX-License-Identifier: BSD-2-Clause */
/* The PLIC's registers (specification 1.0.0, "Memory Map") and its gateways; see plic.h. */
#include "base/bits.h"
#include "base/errno.h"
#include "core/fdt.h"
#include "dev/irqchip/plic.h"

enum {
	PRIORITY = 0, PENDING = 0x1000, ENABLE = 0x2000, ENABLE_STRIDE = 0x80, ENABLE_END = 0x1f2000,
	CONTEXT = 0x200000, CONTEXT_STRIDE = 0x1000, THRESHOLD = 0, CLAIM = 4,
};
#define MAX_PRIORITY	7u
#define USABLE		(~1ull)		/* source 0 is none */
#define EXTERNAL	9		/* the hart's supervisor external interrupt */

/* The pending source that this context wants most: highest priority, then lowest number. 0: none above its threshold. */
static uint32_t plic_best(const struct plic *p, const struct plic_context *c)
{
	uint32_t best = 0, above = c->threshold;

	for (uint64_t left = p->pending & c->enabled; left; left &= left - 1) {
		uint32_t source = (uint32_t)__builtin_ctzll(left);

		if (p->priority[source] > above) {
			best = source;
			above = p->priority[source];
		}
	}
	return best;
}

static void plic_update(struct plic *p)
{
	for (uint32_t i = 0; i < p->contexts; i++) {
		struct plic_context *c = &p->context[i];
		bool pin = plic_best(p, c) != 0;

		if (pin == c->pin)
			continue;
		c->pin = pin;
		vcpu_pin_set(p->dev.vm->vcpu[i], CPU_SEI, pin);
	}
}

/* A gateway passes its line on unless its last interrupt is still being served. */
static void plic_gateways(struct plic *p)
{
	p->pending |= p->line & ~p->claimed & USABLE;
}

static void plic_set(struct irqchip *chip, uint32_t pin, bool level)
{
	struct plic *p = container_of(chip, struct plic, chip);

	if (!pin || pin >= PLIC_SOURCES)
		return;
	lock_acquire(&p->lock);
	p->line = level ? p->line | BIT(pin) : p->line & ~BIT(pin);
	plic_gateways(p);		/* what it has passed on stays, although the line may fall before the claim */
	plic_update(p);
	lock_release(&p->lock);
}

static uint32_t plic_claim(struct plic *p, struct plic_context *c)
{
	struct plic_context any = { .enabled = c->enabled };	/* the threshold masks the pin, not a claim */
	uint32_t source = plic_best(p, &any);

	if (source) {
		p->pending &= ~BIT(source);
		p->claimed |= BIT(source);
	}
	return source;
}

static void plic_complete(struct plic *p, const struct plic_context *c, uint32_t source)
{
	if (source >= PLIC_SOURCES || !(c->enabled & BIT(source)))
		return;
	p->claimed &= ~BIT(source);
	plic_gateways(p);
}

static uint32_t half(uint64_t word, uint64_t offset)
{
	return offset < 8 ? (uint32_t)(word >> 8 * offset) : 0;
}

static uint32_t plic_read(struct plic *p, uint64_t offset)
{
	uint64_t n;

	if (offset < PENDING)
		return offset / 4 < PLIC_SOURCES ? p->priority[offset / 4] : 0;
	if (offset < ENABLE)
		return half(p->pending, offset - PENDING);
	if (offset < ENABLE_END) {
		n = (offset - ENABLE) / ENABLE_STRIDE;
		return n < p->contexts ? half(p->context[n].enabled, (offset - ENABLE) % ENABLE_STRIDE) : 0;
	}
	n = (offset - CONTEXT) / CONTEXT_STRIDE;
	if (offset < CONTEXT || n >= p->contexts)
		return 0;
	switch ((offset - CONTEXT) % CONTEXT_STRIDE) {
	case THRESHOLD:	return p->context[n].threshold;
	case CLAIM:	return plic_claim(p, &p->context[n]);
	default:	return 0;
	}
}

static void plic_enable(struct plic *p, uint64_t offset, uint32_t v)
{
	uint64_t n = offset / ENABLE_STRIDE, at = offset % ENABLE_STRIDE;
	struct plic_context *c;

	if (n >= p->contexts || at >= 8)
		return;
	c = &p->context[n];
	c->enabled = ((c->enabled & ~((uint64_t)0xffffffff << 8 * at)) | (uint64_t)v << 8 * at) & USABLE;
}

static void plic_write(struct plic *p, uint64_t offset, uint32_t v)
{
	uint64_t n = (offset - CONTEXT) / CONTEXT_STRIDE;

	if (offset < PENDING) {
		if (offset && offset / 4 < PLIC_SOURCES)
			p->priority[offset / 4] = v & MAX_PRIORITY;
	} else if (offset >= ENABLE && offset < ENABLE_END) {
		plic_enable(p, offset - ENABLE, v);
	} else if (offset >= CONTEXT && n < p->contexts) {
		uint64_t reg = (offset - CONTEXT) % CONTEXT_STRIDE;

		if (reg == THRESHOLD)
			p->context[n].threshold = v & MAX_PRIORITY;
		else if (reg == CLAIM)
			plic_complete(p, &p->context[n], v);
	}
}

static enum bus_result plic_access(struct region *r, struct bus_access *a)
{
	struct plic *p = container_of(r, struct plic, regs);

	lock_acquire(&p->lock);
	if (a->write)
		plic_write(p, a->offset, (uint32_t)a->value);
	else
		a->value = plic_read(p, a->offset);
	plic_update(p);
	lock_release(&p->lock);
	return BUS_OK;
}

static const struct region_ops plic_regs_ops = {
	.access = plic_access, .min_size = 4, .max_size = 4, .misfit = MISFIT_IGNORE, .flags = BUS_UNLOCKED,
};

static const struct irqchip_ops plic_chip_ops = { .set = plic_set };

static int plic_init(struct device *d, struct arena *a)
{
	struct plic *p = container_of(d, struct plic, dev);

	(void)a;
	p->contexts = d->vm->vcpu_count;
	p->regs.ops = &plic_regs_ops;
	p->regs.name = "plic";
	p->chip = (struct irqchip){ .ops = &plic_chip_ops, .name = "plic", .pins = PLIC_SOURCES };
	d->mmio_size = PLIC_SIZE;
	return 0;
}

int plic_map(struct device *d, gpa_t base)
{
	struct plic *p = container_of(d, struct plic, dev);

	d->mmio_base = base;
	return bus_region_add(&d->vm->bus, &p->regs, BUS_MMIO, base, PLIC_SIZE, 0);
}

struct irqchip *plic_chip(struct device *d)
{
	return &container_of(d, struct plic, dev)->chip;
}

/* Lines belong to the devices, which lower theirs. */
static void plic_reset(struct device *d, enum reset_kind why)
{
	struct plic *p = container_of(d, struct plic, dev);

	(void)why;
	lock_acquire(&p->lock);
	p->pending = p->claimed = 0;
	for (uint32_t i = 0; i < PLIC_SOURCES; i++)
		p->priority[i] = 0;
	for (uint32_t i = 0; i < p->contexts; i++) {
		p->context[i].enabled = 0;
		p->context[i].threshold = 0;
	}
	plic_gateways(p);
	plic_update(p);
	lock_release(&p->lock);
}

static int plic_loaded(struct device *d)
{
	struct plic *p = container_of(d, struct plic, dev);

	lock_acquire(&p->lock);
	p->pending &= USABLE;
	for (uint32_t i = 0; i < p->contexts; i++)
		p->context[i].enabled &= USABLE;
	plic_update(p);
	lock_release(&p->lock);
	return 0;
}

static void plic_fdt(const struct device *d, struct fdt_writer *w)
{
	static const char *const compatible[] = { "sifive,plic-1.0.0", "riscv,plic0" };
	const struct plic *p = container_of(d, const struct plic, dev);
	uint32_t harts[2 * VM_MAX_VCPUS];

	for (uint32_t i = 0; i < p->contexts; i++) {
		harts[2 * i] = p->hart_phandle + i;
		harts[2 * i + 1] = EXTERNAL;
	}
	fdt_begin(w, "interrupt-controller@%llx", (unsigned long long)d->mmio_base);
	fdt_prop_strings(w, "compatible", compatible, ARRAY_SIZE(compatible));
	fdt_prop_reg(w, d->mmio_base, PLIC_SIZE);
	fdt_prop_u32(w, "#interrupt-cells", 1);
	fdt_prop_u32(w, "#address-cells", 0);
	fdt_prop_empty(w, "interrupt-controller");
	fdt_prop_cells(w, "interrupts-extended", harts, 2 * p->contexts);
	fdt_prop_u32(w, "riscv,ndev", PLIC_SOURCES - 1);
	fdt_prop_u32(w, "phandle", p->phandle);
	fdt_end(w);
}

static const struct prop plic_props[] = {
	PROP(struct plic, phandle, PROP_U32, 1, 1, 0xfffffffe),
	PROP(struct plic, hart_phandle, PROP_U32, 1, 1, 0xfffffffe),
	PROP_END
};

#define CONTEXTS(m, lo, hi) { #m, offsetof(struct plic, context[0].m), sizeof(((struct plic_context *)0)->m), 1, VM_MAX_VCPUS, \
	sizeof(struct plic_context), lo, hi }
static const struct field plic_state[] = {
	{ "priority", offsetof(struct plic, priority[0]), 4, 1, PLIC_SOURCES, 4, 0, MAX_PRIORITY },
	FIELD(struct plic, line, 1),
	FIELD(struct plic, pending, 1),
	FIELD(struct plic, claimed, 1),
	CONTEXTS(enabled, 0, ~0ull),
	CONTEXTS(threshold, 0, MAX_PRIORITY),
	FIELD_END
};

const struct dev_class plic_class = {
	.name		= "plic",
	.size		= sizeof(struct plic),
	.version	= 1,
	.props		= plic_props,
	.init		= plic_init,
	.reset		= plic_reset,
	.state		= plic_state,
	.state_post	= plic_loaded,
	.fdt		= plic_fdt,
};
