/* SPDX-License-Identifier: BSD-2-Clause */
/* The GICv2 as a device: properties, set-up, reset, saved record and FDT node. gicv2.h says what it is. */
#include "base/errno.h"
#include "core/fdt.h"
#include "dev/irqchip/gicv2.h"
#include "dev/irqchip/gicv2m.h"

struct gic_cpu *gicv2_self(struct gic *g, const struct bus_access *a)
{
	return a->vcpu ? a->vcpu->irq : &g->cpu[0];
}

static int gicv2_chip_reset(struct irqchip *c)
{
	gic_reset(container_of(c, struct gic, chip));
	return 0;
}

static int gicv2_save(struct irqchip *c, struct state_writer *w)
{
	struct gic *g = container_of(c, struct gic, chip);
	struct gic_record rec;

	gic_describe(g, &rec);
	rec.route = g->target;
	return gic_record_save(&rec, w);
}

/* Routes and the choice of interrupts follow from what is loaded. */
static int gicv2_load(struct irqchip *c, struct state_reader *r)
{
	struct gic *g = container_of(c, struct gic, chip);
	struct gic_record rec;
	int err;

	gic_describe(g, &rec);
	rec.route = g->target;
	err = gic_record_load(&rec, r);
	if (err)
		return err;
	lock_acquire(&g->lock);
	for (uint32_t n = 0; n < GIC_MAX_SPIS; n++)
		g->target[n] &= BIT(g->cpus) - 1;
	g->busy = (uint32_t)(BIT(g->words) - 1);
	gic_refresh(g, BIT(g->cpus) - 1);
	lock_release(&g->lock);
	return 0;
}

static const struct irqchip_ops gicv2_ops = {
	.set	= gic_set,
	.reset	= gicv2_chip_reset,
	.save	= gicv2_save,
	.load	= gicv2_load,
};

static const struct region_ops dist_ops = {
	.access = gicv2_dist_access, .min_size = 1, .max_size = 4, .misfit = MISFIT_IGNORE,
	.flags = BUS_UNLOCKED | BUS_PER_VCPU,
};
static const struct region_ops cpu_ops = {
	.access = gicv2_cpu_access, .min_size = 4, .max_size = 4, .misfit = MISFIT_IGNORE,
	.flags = BUS_UNLOCKED | BUS_PER_VCPU,
};

static int gicv2_init(struct device *d, struct arena *a)
{
	struct gicv2 *v2 = container_of(d, struct gicv2, gic.dev);

	v2->gic.v2 = true;
	v2->gic.dist.ops = &dist_ops;
	v2->gic.dist.name = "gicd";
	v2->cpu_regs.ops = &cpu_ops;
	v2->cpu_regs.name = "gicc";
	return gic_init(&v2->gic, a, &gicv2_ops, "gicv2");
}

static void gicv2_reset(struct device *d, enum reset_kind why)
{
	gicv2_chip_reset(gic_chip(d));
}

int gicv2_map(struct device *d, gpa_t dist, gpa_t cpu)
{
	struct gicv2 *v2 = container_of(d, struct gicv2, gic.dev);
	int err;

	d->mmio_base = dist;
	d->mmio_size = GICV2_DIST_SIZE;
	v2->cpu_base = cpu;
	err = bus_region_add(&d->vm->bus, &v2->gic.dist, BUS_MMIO, dist, GICV2_DIST_SIZE, 0);
	if (err)
		return err;
	err = bus_region_add(&d->vm->bus, &v2->cpu_regs, BUS_MMIO, cpu, GICV2_CPU_SIZE, 0);
	if (err)
		bus_region_remove(&d->vm->bus, &v2->gic.dist);
	return err;
}

void gicv2_fdt_node(struct fdt_writer *w, gpa_t dist, gpa_t cpu, uint32_t phandle, gpa_t msi, uint32_t msi_phandle)
{
	uint32_t reg[8] = {
		(uint32_t)(dist >> 32), (uint32_t)dist, 0, GICV2_DIST_SIZE,
		(uint32_t)(cpu >> 32), (uint32_t)cpu, 0, GICV2_CPU_SIZE,
	};

	fdt_begin(w, "interrupt-controller@%llx", (unsigned long long)dist);
	fdt_prop_string(w, "compatible", "arm,cortex-a15-gic");
	fdt_prop_u32(w, "#interrupt-cells", 3);
	fdt_prop_empty(w, "interrupt-controller");
	fdt_prop_u32(w, "#address-cells", 2);
	fdt_prop_u32(w, "#size-cells", 2);
	fdt_prop_empty(w, "ranges");
	fdt_prop_cells(w, "reg", reg, ARRAY_SIZE(reg));
	fdt_prop_u32(w, "phandle", phandle);
	if (msi)
		gicv2m_fdt(w, msi, msi_phandle);
	fdt_end(w);
}

static void gicv2_fdt(const struct device *d, struct fdt_writer *w)
{
	const struct gicv2 *v2 = container_of(d, const struct gicv2, gic.dev);

	gicv2_fdt_node(w, d->mmio_base, v2->cpu_base, v2->gic.phandle, v2->msi, v2->msi_phandle);
}

static const struct prop gicv2_props[] = {
	{ "spis", PROP_U32, offsetof(struct gic, spis), 256, 32, GIC_MAX_SPIS },
	{ "phandle", PROP_U32, offsetof(struct gic, phandle), 1, 1, 0xfffffffe },
	PROP(struct gicv2, msi, PROP_U64, 0, 0, ~0ull),
	PROP(struct gicv2, msi_phandle, PROP_U32, 0, 0, 0xfffffffe),
	PROP_END
};

const struct dev_class gicv2_class = {
	.name	 = "gicv2",
	.size	 = sizeof(struct gicv2),
	.version = 1,
	.props	 = gicv2_props,
	.init	 = gicv2_init,
	.reset	 = gicv2_reset,
	.fdt	 = gicv2_fdt,
};
