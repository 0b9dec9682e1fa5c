/* SPDX-License-Identifier: BSD-2-Clause */
/* The GICv2m frame; gicv2m.h says what it is. */
#include "base/bits.h"
#include "base/errno.h"
#include "core/fdt.h"
#include "core/vm.h"
#include "dev/irqchip/gic.h"
#include "dev/irqchip/gicv2m.h"

enum { MSI_TYPER = 0x008, MSI_SETSPI = 0x040, MSI_IIDR = 0xfcc };

/* The SPI of an INTID that the frame is for, as a pin. */
static int v2m_spi(const struct gicv2m *f, uint32_t intid)
{
	uint32_t spi = intid - GIC_FIRST_SPI;

	if (intid < GIC_FIRST_SPI || spi < f->first || spi - f->first >= f->count)
		return -ENOENT;
	return (int)spi;
}

static int v2m_pulse(struct gicv2m *f, uint32_t intid)
{
	int spi = v2m_spi(f, intid);
	struct irq_line line = { .chip = f->chip, .pin = (uint32_t)spi, .edge = true };

	if (spi < 0)
		return spi;
	irq_pulse(&line);
	return 1;
}

static int v2m_pin(struct msi_target *t, const struct msi *m)
{
	return v2m_spi(container_of(t, struct gicv2m, target), m->data & 0xffff);
}

static int v2m_send(struct msi_target *t, const struct msi *m)
{
	return v2m_pulse(container_of(t, struct gicv2m, target), m->data & 0xffff);
}

static enum bus_result v2m_access(struct region *r, struct bus_access *a)
{
	struct gicv2m *f = container_of(r, struct gicv2m, regs);

	if (a->write && a->offset == MSI_SETSPI)
		v2m_pulse(f, (uint32_t)a->value & 0xffff);
	if (!a->write)
		a->value = a->offset == MSI_TYPER ? (f->first + GIC_FIRST_SPI) << 16 | f->count :
			   a->offset == MSI_IIDR ? GIC_IIDR : 0;
	return BUS_OK;
}

static const struct region_ops v2m_ops = {
	.access = v2m_access, .min_size = 4, .max_size = 4, .misfit = MISFIT_IGNORE, .flags = BUS_UNLOCKED,
};

static int v2m_init(struct device *d, struct arena *a)
{
	container_of(d, struct gicv2m, dev)->regs = (struct region){ .ops = &v2m_ops, .name = "gicv2m" };
	return 0;
}

int gicv2m_map(struct device *d, struct irqchip *chip, gpa_t base)
{
	struct gicv2m *f = container_of(d, struct gicv2m, dev);

	f->chip = chip;
	f->target.addr = base + MSI_SETSPI;
	f->target.send = v2m_send;
	f->target.pin = v2m_pin;
	d->mmio_base = base;
	d->mmio_size = GICV2M_SIZE;
	msi_target_add(chip, &f->target);
	return bus_region_add(&d->vm->bus, &f->regs, BUS_MMIO, base, GICV2M_SIZE, 0);
}

static void v2m_destroy(struct device *d)
{
	struct gicv2m *f = container_of(d, struct gicv2m, dev);

	if (f->regs.bus)
		bus_region_remove(&d->vm->bus, &f->regs);
}

void gicv2m_fdt(struct fdt_writer *w, gpa_t base, uint32_t phandle)
{
	fdt_begin(w, "v2m@%llx", (unsigned long long)base);
	fdt_prop_string(w, "compatible", "arm,gic-v2m-frame");
	fdt_prop_empty(w, "msi-controller");
	fdt_prop_reg(w, base, GICV2M_SIZE);
	fdt_prop_u32(w, "phandle", phandle);
	fdt_end(w);
}

static const struct prop v2m_props[] = {
	PROP(struct gicv2m, first, PROP_U32, 48, 0, GIC_MAX_SPIS - 1),
	PROP(struct gicv2m, count, PROP_U32, 64, 1, GIC_MAX_SPIS),
	PROP_END
};

const struct dev_class gicv2m_class = {
	.name		= "gicv2m",
	.size		= sizeof(struct gicv2m),
	.version	= 1,
	.props		= v2m_props,
	.init		= v2m_init,
	.destroy	= v2m_destroy,
};
