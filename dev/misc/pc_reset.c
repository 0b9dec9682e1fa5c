/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset ports; pc_reset.h says what they do (Intel ICH9 datasheet, 13.7: reset control, and fast A20 and init). */
#include "core/vm.h"
#include "dev/misc/pc_reset.h"

#define PORT92_RESET	0x01u
#define PORT92_A20	0x02u
#define CF9_RESET	0x04u
#define CF9_KEPT	0x0au

static enum bus_result port92_access(struct region *r, struct bus_access *a)
{
	struct pc_reset *p = container_of(r, struct pc_reset, mmio.regs);

	if (!a->write) {
		a->value = p->port92;
		return BUS_OK;
	}
	if (a->value & ~(uint64_t)p->port92 & PORT92_RESET)
		vm_request(p->mmio.dev.vm, EXIT_RESET);
	p->port92 = (uint8_t)a->value & (PORT92_RESET | PORT92_A20);
	return BUS_OK;
}

static enum bus_result cf9_access(struct region *r, struct bus_access *a)
{
	struct pc_reset *p = container_of(r, struct pc_reset, cf9);

	if (!a->write) {
		a->value = p->control;
		return BUS_OK;
	}
	if (a->value & CF9_RESET)
		vm_request(p->mmio.dev.vm, EXIT_RESET);
	p->control = (uint8_t)a->value & CF9_KEPT;
	return BUS_OK;
}

static const struct region_ops port92_ops = { .access = port92_access, .min_size = 1, .max_size = 1, .misfit = MISFIT_SPLIT };
static const struct region_ops cf9_ops = { .access = cf9_access, .min_size = 1, .max_size = 1, .misfit = MISFIT_SPLIT };

/* 0xcf9 lies within the address port of PCI's configuration mechanism, which takes 32-bit accesses at 0xcf8 only. */
static int pc_reset_init(struct device *d, struct arena *arena)
{
	struct pc_reset *p = container_of(d, struct pc_reset, mmio.dev);

	mmio_init(&p->mmio, &port92_ops, 1);
	p->cf9.ops = &cf9_ops;
	p->cf9.name = "reset-control";
	p->cf9.lock = &d->lock;
	return bus_region_add(&d->vm->bus, &p->cf9, BUS_PIO, PC_RESET_PORT, 1, 1);
}

static void pc_reset_reset(struct device *d, enum reset_kind why)
{
	struct pc_reset *p = container_of(d, struct pc_reset, mmio.dev);

	lock_acquire(&d->lock);
	p->port92 = PORT92_A20;
	p->control = 0;
	lock_release(&d->lock);
}

static const struct field pc_reset_state[] = {
	FIELD_RANGE(struct pc_reset, port92, 1, 0, 3),
	FIELD_RANGE(struct pc_reset, control, 1, 0, CF9_KEPT),
	FIELD_END
};

const struct dev_class pc_reset_class = {
	.name		= "pc-reset",
	.size		= sizeof(struct pc_reset),
	.version	= 1,
	.init		= pc_reset_init,
	.reset		= pc_reset_reset,
	.state		= pc_reset_state,
};
