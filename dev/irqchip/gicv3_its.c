/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ITS as a device: registers (IHI 0069 §12.19), the command queue, messages, state, FDT node. Commands run on the vCPU that
 * writes GITS_CWRITER, to the end of the queue unless that takes long; the rest then when somebody looks at GITS_CREADR, as drivers
 * do that wait, or sends a message. Flat tables only; no virtual LPIs.
 */
#include "base/errno.h"
#include "core/fdt.h"
#include "core/lock_order.h"
#include "core/vm.h"
#include "dev/irqchip/gic_lpi.h"
#include "dev/irqchip/gicv3_its.h"

enum {
	GITS_CTLR = 0x0000, GITS_IIDR = 0x0004, GITS_TYPER = 0x0008, GITS_CBASER = 0x0080, GITS_CWRITER = 0x0088,
	GITS_CREADR = 0x0090, GITS_BASER = 0x0100, GITS_BASER_END = 0x0140, GITS_IDREGS = 0xffd0,
};

#define CTLR_ENABLED	BIT(0)
#define CTLR_QUIESCENT	BIT(31)
#define TYPER		(BIT(0) /* physical LPIs */ | field_put(MASK(7, 4), 7) /* entries of 8 bytes */ | \
			 field_put(MASK(12, 8), GICV3_ITS_EVENT_BITS - 1) | field_put(MASK(17, 13), GICV3_ITS_DEVICE_BITS - 1))
#define CBASER_BITS	(BIT(63) | MASK(61, 59) | MASK(55, 53) | MASK(51, 10) | MASK(7, 0))
#define BASER_BITS	(BIT(63) | MASK(61, 59) | MASK(55, 53) | MASK(47, 0))
#define BASER_FIXED	(MASK(58, 56) | MASK(52, 48))
#define COMMAND_SIZE	32u
#define SLICE		4096u		/* of commands' costs, at once */

static const uint64_t baser_fixed[ITS_TABLES] = {
	[ITS_DEVICES]		= 1ull << 56 | 7ull << 48,
	[ITS_COLLECTIONS]	= 4ull << 56 | 7ull << 48,
};

static struct gicv3_its *to_its(struct device *d)
{
	return container_of(d, struct gicv3_its, dev);
}

/* ---- the command queue ---- */

static uint32_t queue_size(const struct gicv3_its *its)
{
	return ((uint32_t)bits(its->reg.cbaser, 0, 8) + 1) * 4096;
}

/* its->lock held. Each command is copied once, then looked at. */
static void run_commands(struct gicv3_its *its)
{
	uint64_t cmd[4];
	uint32_t spent = 0;

	if (its->reg.creadr == its->reg.cwriter || !its->reg.enabled || !(its->reg.cbaser >> 63) ||
	    its->reg.cwriter >= queue_size(its))
		return;
	mem_reader_enter(&its->reader);
	while (its->reg.creadr != its->reg.cwriter && spent < SLICE) {
		if (!mem_read(&its->dev.vm->mem, (its->reg.cbaser & MASK(51, 12)) + its->reg.creadr, cmd, sizeof(cmd)))
			spent += its_run_command(its, cmd);
		its->reg.creadr = (its->reg.creadr + COMMAND_SIZE) % queue_size(its);
	}
	mem_reader_exit(&its->reader);
}

/* ---- messages ---- */

static int its_send(struct msi_target *t, const struct msi *m)
{
	struct gicv3_its *its = container_of(t, struct gicv3_its, target);
	struct gic_cpu *cpu;
	uint32_t lpi;
	int err = -ENOENT;

	lock_acquire(&its->lock);
	run_commands(its);
	mem_reader_enter(&its->reader);
	if (its->reg.enabled)
		err = its_translate(its, m->devid, m->data, &lpi, &cpu);
	if (!err)
		gic_lpi_raise(cpu, lpi);
	mem_reader_exit(&its->reader);
	lock_release(&its->lock);
	return err ? err : 1;
}

/* ---- registers ---- */

static void baser_access(struct gicv3_its *its, struct bus_access *a, uint32_t offset)
{
	unsigned n = (offset - GITS_BASER) / 8;
	uint64_t val = n < ITS_TABLES ? its->reg.baser[n] : 0;

	gic_access64(a, offset, &val);
	if (a->write && n < ITS_TABLES && !its->reg.enabled)
		its->reg.baser[n] = (val & BASER_BITS & ~BASER_FIXED) | baser_fixed[n];
}

static void cbaser_access(struct gicv3_its *its, struct bus_access *a, uint32_t offset)
{
	uint64_t val = its->reg.cbaser;

	gic_access64(a, offset, &val);
	if (!a->write || its->reg.enabled)
		return;
	its->reg.cbaser = val & CBASER_BITS;
	its->reg.creadr = 0;
}

static void cwriter_access(struct gicv3_its *its, struct bus_access *a, uint32_t offset)
{
	uint64_t val = its->reg.cwriter;

	gic_access64(a, offset, &val);
	if (!a->write)
		return;
	if ((val & MASK(19, 5)) < queue_size(its))
		its->reg.cwriter = (uint32_t)(val & MASK(19, 5));
	else
		dev_guest_error(&its->dev, "GITS_CWRITER beyond the queue: %#llx", (unsigned long long)val);
	run_commands(its);
}

/* Read-only. A driver that waits makes the queue go on. */
static void creadr_access(struct gicv3_its *its, struct bus_access *a, uint32_t offset)
{
	uint64_t val;

	if (a->write)
		return;
	run_commands(its);
	val = its->reg.creadr;
	gic_access64(a, offset, &val);
}

static void fixed_access(struct bus_access *a, uint32_t offset, uint64_t val)
{
	if (!a->write)
		gic_access64(a, offset, &val);
}

static void word_access(struct gicv3_its *its, struct bus_access *a, uint32_t offset)
{
	if (offset == GITS_CTLR && a->write) {
		its->reg.enabled = a->value & CTLR_ENABLED;
		run_commands(its);
	} else if (offset == GITS_CTLR) {
		a->value = (its->reg.enabled ? CTLR_ENABLED : 0) |
			   (its->reg.enabled && its->reg.creadr != its->reg.cwriter ? 0 : CTLR_QUIESCENT);
	} else if (!a->write) {
		a->value = offset == GITS_IIDR ? GIC_IIDR : offset >= GITS_IDREGS ? gic_id(3, offset & 0xfff) : 0;
	}
}

static void control_access(struct gicv3_its *its, struct bus_access *a, uint32_t offset)
{
	switch (offset & ~7u) {
	case GITS_TYPER:	fixed_access(a, offset, TYPER); return;
	case GITS_CBASER:	cbaser_access(its, a, offset); return;
	case GITS_CWRITER:	cwriter_access(its, a, offset); return;
	case GITS_CREADR:	creadr_access(its, a, offset); return;
	}
	if (offset >= GITS_BASER && offset < GITS_BASER_END)
		baser_access(its, a, offset);
	else if (a->size == 4)
		word_access(its, a, offset);
	else
		a->value = 0;
}

/* A CPU's own write to GITS_TRANSLATER comes from no device: ignored, as is any other access of that frame. */
static enum bus_result its_access(struct region *r, struct bus_access *a)
{
	struct gicv3_its *its = container_of(r, struct gicv3_its, regs);

	if (a->offset >= 0x10000 || a->size < 4) {
		a->value = 0;
		return BUS_OK;
	}
	lock_acquire(&its->lock);
	control_access(its, a, (uint32_t)a->offset);
	lock_release(&its->lock);
	return BUS_OK;
}

/* ---- the device ---- */

static const struct region_ops its_ops = {
	.access = its_access, .min_size = 1, .max_size = 8, .misfit = MISFIT_IGNORE, .flags = BUS_UNLOCKED,
};

static void its_reset(struct device *d, enum reset_kind why)
{
	struct gicv3_its *its = to_its(d);

	lock_acquire(&its->lock);
	its->reg.enabled = false;
	its->reg.cbaser = 0;
	its->reg.creadr = its->reg.cwriter = 0;
	for (unsigned i = 0; i < ITS_TABLES; i++)
		its->reg.baser[i] = baser_fixed[i];
	lock_release(&its->lock);
}

static int its_init(struct device *d, struct arena *a)
{
	struct gicv3_its *its = to_its(d);

	if (!its->gic)
		return -EINVAL;
	lock_set_rank(&its->lock, LOCK_IRQCHIP);
	container_of(its->gic, struct gicv3, gic.dev)->its = its;
	its->regs = (struct region){ .ops = &its_ops, .name = "gits" };
	mem_reader_register(&d->vm->mem, &its->reader);
	its_reset(d, RESET_COLD);
	return 0;
}

int gicv3_its_map(struct device *d, gpa_t base)
{
	struct gicv3_its *its = to_its(d);

	d->mmio_base = base;
	d->mmio_size = GICV3_ITS_SIZE;
	its->target.addr = base + GICV3_ITS_TRANSLATER;
	its->target.send = its_send;
	msi_target_add(gic_chip(its->gic), &its->target);
	return bus_region_add(&d->vm->bus, &its->regs, BUS_MMIO, base, GICV3_ITS_SIZE, 0);
}

static void its_destroy(struct device *d)
{
	struct gicv3_its *its = to_its(d);

	if (its->regs.bus)
		bus_region_remove(&d->vm->bus, &its->regs);
	mem_reader_unregister(&d->vm->mem, &its->reader);
}

void gicv3_its_fdt(struct fdt_writer *w, gpa_t base, uint32_t phandle)
{
	fdt_begin(w, "msi-controller@%llx", (unsigned long long)base);
	fdt_prop_string(w, "compatible", "arm,gic-v3-its");
	fdt_prop_empty(w, "msi-controller");
	fdt_prop_u32(w, "#msi-cells", 1);
	fdt_prop_reg(w, base, GICV3_ITS_SIZE);
	fdt_prop_u32(w, "phandle", phandle);
	fdt_end(w);
}

static const struct prop its_props[] = {
	PROP(struct gicv3_its, gic, PROP_PTR, 0, 0, 0),
	PROP_END
};

int its_loaded(struct gicv3_its *its)
{
	struct gic_its_regs *reg = &its->reg;

	reg->cbaser &= CBASER_BITS;
	for (unsigned i = 0; i < ITS_TABLES; i++)
		reg->baser[i] = (reg->baser[i] & BASER_BITS & ~BASER_FIXED) | baser_fixed[i];
	if (reg->creadr >= queue_size(its) || reg->cwriter >= queue_size(its) || (reg->creadr | reg->cwriter) % COMMAND_SIZE)
		return -EINVAL;
	return 0;
}

const struct dev_class gicv3_its_class = {
	.name		= "gicv3-its",
	.size		= sizeof(struct gicv3_its),
	.version	= 1,
	.props		= its_props,
	.init		= its_init,
	.destroy	= its_destroy,
	.reset		= its_reset,
};
