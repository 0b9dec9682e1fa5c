/* SPDX-License-Identifier: BSD-2-Clause */
/* Exit device; simexit.h is its specification. */
#include "core/fdt.h"
#include "core/vm.h"
#include "dev/misc/simexit.h"

#define SIMEXIT_SIZE	0x1000u		/* in memory */

static enum bus_result simexit_access(struct region *r, struct bus_access *a)
{
	struct simexit *e = container_of(r, struct simexit, mmio.regs);

	if (!a->write) {
		a->value = a->offset == 0 ? e->status : 0;
	} else if (a->offset == 0) {
		e->status = (uint8_t)a->value;
		e->ended = true;
		vm_request(e->mmio.dev.vm, EXIT_SHUTDOWN);
	}
	return BUS_OK;
}

static const struct region_ops simexit_ops = {
	.access = simexit_access, .min_size = 1, .max_size = 4, .misfit = MISFIT_IGNORE,
};

int simexit_status(struct device *d)
{
	struct simexit *e = container_of(d, struct simexit, mmio.dev);
	int status;

	lock_acquire(&d->lock);
	status = e->ended ? e->status : -1;
	lock_release(&d->lock);
	return status;
}

static int simexit_init(struct device *d, struct arena *a)
{
	mmio_init(to_mmio(d), &simexit_ops, container_of(d, struct simexit, mmio.dev)->size);
	return 0;
}

static void simexit_reset(struct device *d, enum reset_kind why)
{
	struct simexit *e = container_of(d, struct simexit, mmio.dev);

	lock_acquire(&d->lock);
	e->ended = false;
	e->status = 0;
	lock_release(&d->lock);
}

static void simexit_fdt(const struct device *d, struct fdt_writer *w)
{
	fdt_begin(w, "exit@%llx", (unsigned long long)d->mmio_base);
	fdt_prop_string(w, "compatible", "cella,simexit");
	fdt_prop_reg(w, d->mmio_base, d->mmio_size);
	fdt_end(w);
}

static const struct prop simexit_props[] = {
	PROP(struct simexit, size, PROP_U32, SIMEXIT_SIZE, 4, SIMEXIT_SIZE),
	PROP_END
};

static const struct field simexit_state[] = {
	FIELD(struct simexit, status, 1),
	FIELD(struct simexit, ended, 1),
	FIELD_END
};

const struct dev_class simexit_class = {
	.name		= "simexit",
	.size		= sizeof(struct simexit),
	.version	= 1,
	.props		= simexit_props,
	.init		= simexit_init,
	.reset		= simexit_reset,
	.state		= simexit_state,
	.fdt		= simexit_fdt,
};
