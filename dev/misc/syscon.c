/* SPDX-License-Identifier: BSD-2-Clause */
/* System controller; syscon.h is its specification. */
#include "core/fdt.h"
#include "core/vm.h"
#include "dev/misc/syscon.h"

#define SYSCON_SIZE	0x1000u

enum { SYSCON_FAIL = 0x3333, SYSCON_OFF = 0x5555, SYSCON_RESET = 0x7777 };

static enum bus_result syscon_access(struct region *r, struct bus_access *a)
{
	struct vm *vm = container_of(r, struct syscon, mmio.regs)->mmio.dev.vm;

	if (!a->write) {
		a->value = 0;
		return BUS_OK;
	}
	switch (a->offset ? 0 : a->value & 0xffff) {
	case SYSCON_OFF:
		vm_request(vm, EXIT_SHUTDOWN);
		break;
	case SYSCON_RESET:
		vm_request(vm, EXIT_RESET);
		break;
	case SYSCON_FAIL:
		vm_request(vm, EXIT_CRASH);
		break;
	}
	return BUS_OK;
}

static const struct region_ops syscon_ops = {
	.access = syscon_access, .min_size = 4, .max_size = 4, .misfit = MISFIT_IGNORE,
};

static int syscon_init(struct device *d, struct arena *a)
{
	(void)a;
	mmio_init(to_mmio(d), &syscon_ops, SYSCON_SIZE);
	return 0;
}

static void syscon_action(struct fdt_writer *w, const char *name, const char *compatible, uint32_t phandle, uint32_t value)
{
	fdt_begin(w, "%s", name);
	fdt_prop_string(w, "compatible", compatible);
	fdt_prop_u32(w, "regmap", phandle);
	fdt_prop_u32(w, "offset", 0);
	fdt_prop_u32(w, "value", value);
	fdt_end(w);
}

static void syscon_fdt(const struct device *d, struct fdt_writer *w)
{
	uint32_t phandle = fdt_phandle(w);

	fdt_begin(w, "syscon@%llx", (unsigned long long)d->mmio_base);
	fdt_prop_string(w, "compatible", "syscon");
	fdt_prop_reg(w, d->mmio_base, d->mmio_size);
	fdt_prop_u32(w, "phandle", phandle);
	fdt_end(w);
	syscon_action(w, "poweroff", "syscon-poweroff", phandle, SYSCON_OFF);
	syscon_action(w, "reboot", "syscon-reboot", phandle, SYSCON_RESET);
}

const struct dev_class syscon_class = {
	.name		= "syscon",
	.size		= sizeof(struct syscon),
	.version	= 1,
	.init		= syscon_init,
	.fdt		= syscon_fdt,
};
