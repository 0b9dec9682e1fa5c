/* SPDX-License-Identifier: BSD-2-Clause */
/* The GICv3 as a device: properties, set-up, reset, saved record and FDT node. gicv3.h says what it is. */
#include "base/errno.h"
#include "core/fdt.h"
#include "core/state.h"
#include "dev/irqchip/gic_lpi.h"
#include "dev/irqchip/gicv3.h"
#include "dev/irqchip/gicv3_its.h"
#include "isa/arm64/sysreg.h"

#define ICC_BASE	SYS_ICC_IAR0_EL1
#define ICC_REGS	(SYSREG(3, 0, 12, 13, 0) - ICC_BASE)
#define IROUTER_IRM	BIT(31)
#define GICD_SETSPI_NSR	0x40

/* ---- where an SPI goes ---- */

/* Affinity is most often Aff1 * 16 + Aff0: try that before looking at all. */
struct gic_cpu *gicv3_find(struct gic *g, uint64_t affinity)
{
	uint64_t guess = (affinity >> 8 & 0xff) * 16 + (affinity & 0xff);

	if (guess < g->cpus && g->cpu[guess].affinity == affinity)
		return &g->cpu[guess];
	for (uint32_t i = 0; i < g->cpus; i++)
		if (g->cpu[i].affinity == affinity)
			return &g->cpu[i];
	return NULL;
}

/*
 * One of N: the first CPU that takes part (awake, and this group enabled). Otherwise the CPU named, if there is
 * one.
 */
static uint64_t gicv3_targets(struct gicv3 *v3, uint32_t n)
{
	struct gic *g = &v3->gic;
	unsigned group = g->spi[n / 32].group >> (n % 32) & 1;
	struct gic_cpu *named;

	if (!(v3->route[n] & IROUTER_IRM)) {
		named = gicv3_find(g, v3->route[n]);
		return named ? BIT(named->index) : 0;
	}
	for (uint32_t i = 0; i < g->cpus; i++)
		if (!g->cpu[i].reg.asleep && (g->cpu[i].reg.groups >> group & 1))
			return BIT(i);
	return 0;
}

void gicv3_route(struct gicv3 *v3, uint32_t n, uint64_t route)
{
	v3->any -= !!(v3->route[n] & IROUTER_IRM);
	v3->any += !!(route & IROUTER_IRM);
	v3->route[n] = route;
	gic_spi_route(&v3->gic, n, gicv3_targets(v3, n));
}

static void gicv3_reroute(struct gic *g)
{
	struct gicv3 *v3 = container_of(g, struct gicv3, gic);

	for (uint32_t n = 0; v3->any && n < g->spis; n++)
		if (v3->route[n] & IROUTER_IRM)
			gic_spi_route(g, n, gicv3_targets(v3, n));
}

/* ---- the controller's functions ---- */

/* A message is a write of an INTID to GICD_SETSPI_NSR (§12.9.36). */
static int gicv3_msi(struct irqchip *c, const struct msi *m)
{
	struct gic *g = container_of(c, struct gic, chip);
	struct bus_access a = { .offset = GICD_SETSPI_NSR, .value = m->data, .size = 4, .write = true };

	if (m->addr != g->dev.mmio_base + GICD_SETSPI_NSR)
		return -ENOENT;
	if (m->data < GIC_FIRST_SPI || m->data - GIC_FIRST_SPI >= g->spis)
		return -ENOENT;
	gicv3_dist_access(&g->dist, &a);
	return 1;
}

static int gicv3_chip_reset(struct irqchip *c)
{
	struct gic *g = container_of(c, struct gic, chip);
	struct gicv3 *v3 = container_of(g, struct gicv3, gic);

	gic_reset(g);
	for (uint32_t i = 0; i < g->cpus; i++)
		gic_lpi_reset(&g->cpu[i]);
	lock_acquire(&g->lock);
	v3->any = 0;
	for (uint32_t n = 0; n < g->spis; n++) {
		v3->route[n] = 0;
		g->target[n] = gicv3_targets(v3, n);
	}
	lock_release(&g->lock);
	return 0;
}

static void gicv3_describe(struct gicv3 *v3, struct gic_record *rec)
{
	gic_describe(&v3->gic, rec);
	rec->route = v3->route;
	rec->its = v3->its ? &v3->its->reg : NULL;
	for (uint32_t i = 0; i < v3->gic.cpus && v3->lpis; i++)
		rec->cpu[i].lpi = &v3->gic.cpu[i].lpis->reg;
}

static int gicv3_save(struct irqchip *c, struct state_writer *w)
{
	struct gic *g = container_of(c, struct gic, chip);
	struct gic_record rec;

	gicv3_describe(container_of(g, struct gicv3, gic), &rec);
	for (uint32_t i = 0; i < g->cpus && g->cpu[i].lpis; i++)
		gic_lpi_flush(&g->cpu[i]);
	return gic_record_save(&rec, w);
}

/* Routes and the choice of interrupts follow from what is loaded. */
static int gicv3_load(struct irqchip *c, struct state_reader *r)
{
	struct gic *g = container_of(c, struct gic, chip);
	struct gicv3 *v3 = container_of(g, struct gicv3, gic);
	struct gic_record rec;
	int err;

	gicv3_describe(v3, &rec);
	for (uint32_t i = 0; i < g->cpus; i++)
		gic_lpi_reset(&g->cpu[i]);
	err = gic_record_load(&rec, r);
	if (!err && v3->its)
		err = its_loaded(v3->its);
	if (err)
		return err;
	lock_acquire(&g->lock);
	v3->any = 0;
	for (uint32_t n = 0; n < g->spis; n++) {
		v3->any += !!(v3->route[n] & IROUTER_IRM);
		g->target[n] = gicv3_targets(v3, n);
	}
	g->busy = (uint32_t)(BIT(g->words) - 1);
	for (uint32_t i = 0; i < g->cpus; i++)
		gic_refresh(g, BIT(i));
	lock_release(&g->lock);
	for (uint32_t i = 0; i < g->cpus && g->cpu[i].lpis; i++)
		gic_lpi_load(&g->cpu[i]);
	return 0;
}

static const struct irqchip_ops gicv3_ops = {
	.set	= gic_set,
	.msi	= gicv3_msi,
	.reset	= gicv3_chip_reset,
	.save	= gicv3_save,
	.load	= gicv3_load,
};

/* ---- the device ---- */

static const struct region_ops dist_ops = {
	.access = gicv3_dist_access, .min_size = 1, .max_size = 8, .flags = BUS_UNLOCKED,
};
static const struct region_ops redist_ops = {
	.access = gicv3_redist_access, .min_size = 1, .max_size = 8, .flags = BUS_UNLOCKED,
};
static const struct region_ops icc_ops = {
	.access = gicv3_icc_access, .min_size = 8, .max_size = 8, .misfit = MISFIT_ABORT,
	.flags = BUS_UNLOCKED | BUS_PER_VCPU,
};
static const struct region_ops pmr_ops = {
	.access = gicv3_pmr_access, .min_size = 8, .max_size = 8, .misfit = MISFIT_ABORT,
	.flags = BUS_UNLOCKED | BUS_PER_VCPU,
};

static int gicv3_init(struct device *d, struct arena *a)
{
	struct gicv3 *v3 = container_of(d, struct gicv3, gic.dev);
	struct gic *g = &v3->gic;
	int err = gic_init(g, a, &gicv3_ops, "gicv3");

	for (uint32_t i = 0; v3->lpis && i < g->cpus && !err; i++)
		err = gic_lpi_init(&g->cpu[i], a);
	if (err)
		return err;
	g->reroute = gicv3_reroute;
	g->dist.ops = &dist_ops;
	g->dist.name = "gicd";
	v3->redist.ops = &redist_ops;
	v3->redist.name = "gicr";
	v3->icc.ops = &icc_ops;
	v3->icc.name = "icc";
	v3->icc_pmr.ops = &pmr_ops;
	v3->icc_pmr.name = "icc_pmr";
	return gicv3_chip_reset(&g->chip);
}

static void gicv3_destroy(struct device *d)
{
	struct gic *g = container_of(d, struct gic, dev);

	for (uint32_t i = 0; i < g->cpus; i++)
		gic_lpi_destroy(&g->cpu[i]);
}

static void gicv3_reset(struct device *d, enum reset_kind why)
{
	gicv3_chip_reset(gic_chip(d));
}

int gicv3_map(struct device *d, gpa_t dist, gpa_t redist)
{
	struct gicv3 *v3 = container_of(d, struct gicv3, gic.dev);
	struct bus *b = &d->vm->bus;
	int err;

	d->mmio_base = dist;
	d->mmio_size = GICV3_DIST_SIZE;
	v3->redist_base = redist;
	err = bus_region_add(b, &v3->gic.dist, BUS_MMIO, dist, GICV3_DIST_SIZE, 0);
	if (err)
		return err;
	err = bus_region_add(b, &v3->redist, BUS_MMIO, redist, (uint64_t)GICV3_REDIST_SIZE * v3->gic.cpus, 0);
	if (err)
		goto out_dist;
	err = bus_region_add(b, &v3->icc, BUS_SYSREG, ICC_BASE, ICC_REGS, 0);
	if (err)
		goto out_redist;
	err = bus_region_add(b, &v3->icc_pmr, BUS_SYSREG, SYS_ICC_PMR_EL1, 1, 0);
	if (err)
		goto out_icc;
	return 0;

out_icc:
	bus_region_remove(b, &v3->icc);
out_redist:
	bus_region_remove(b, &v3->redist);
out_dist:
	bus_region_remove(b, &v3->gic.dist);
	return err;
}

void gicv3_fdt_node(struct fdt_writer *w, gpa_t dist, gpa_t redist, uint32_t cpus, uint32_t phandle, gpa_t msi,
		    uint32_t msi_phandle)
{
	uint64_t redist_size = (uint64_t)GICV3_REDIST_SIZE * cpus;
	uint32_t reg[8] = {
		(uint32_t)(dist >> 32), (uint32_t)dist, 0, GICV3_DIST_SIZE,
		(uint32_t)(redist >> 32), (uint32_t)redist,
		(uint32_t)(redist_size >> 32), (uint32_t)redist_size,
	};

	fdt_begin(w, "interrupt-controller@%llx", (unsigned long long)dist);
	fdt_prop_string(w, "compatible", "arm,gic-v3");
	fdt_prop_u32(w, "#interrupt-cells", 3);
	fdt_prop_empty(w, "interrupt-controller");
	fdt_prop_u32(w, "#address-cells", 2);
	fdt_prop_u32(w, "#size-cells", 2);
	fdt_prop_empty(w, "ranges");
	fdt_prop_u32(w, "#redistributor-regions", 1);
	fdt_prop_cells(w, "reg", reg, ARRAY_SIZE(reg));
	fdt_prop_u32(w, "phandle", phandle);
	if (msi)
		gicv3_its_fdt(w, msi, msi_phandle);
	fdt_end(w);
}

static void gicv3_fdt(const struct device *d, struct fdt_writer *w)
{
	const struct gicv3 *v3 = container_of(d, const struct gicv3, gic.dev);

	gicv3_fdt_node(w, d->mmio_base, v3->redist_base, v3->gic.cpus, v3->gic.phandle, v3->msi, v3->msi_phandle);
}

static const struct prop gicv3_props[] = {
	{ "spis", PROP_U32, offsetof(struct gic, spis), 256, 32, GIC_MAX_SPIS },
	{ "phandle", PROP_U32, offsetof(struct gic, phandle), 1, 1, 0xfffffffe },
	PROP(struct gicv3, lpis, PROP_BOOL, 0, 0, 0),
	PROP(struct gicv3, msi, PROP_U64, 0, 0, ~0ull),
	PROP(struct gicv3, msi_phandle, PROP_U32, 0, 0, 0xfffffffe),
	PROP_END
};

const struct dev_class gicv3_class = {
	.name	 = "gicv3",
	.size	 = sizeof(struct gicv3),
	.version = 1,
	.props	 = gicv3_props,
	.init	 = gicv3_init,
	.destroy = gicv3_destroy,
	.reset	 = gicv3_reset,
	.fdt	 = gicv3_fdt,
};
