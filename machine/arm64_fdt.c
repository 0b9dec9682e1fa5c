/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that an arm64 machine hands to its guest (Devicetree Specification 0.4; Linux's bindings for arm CPUs,
 * PSCI and chosen). A device's own node comes from its class; what belongs to the board is here.
 */
#include "base/fmt.h"
#include "core/fdt.h"
#include "dev/uart/pl011.h"
#include "fw/psci.h"
#include "isa/cpu_model.h"
#include "machine/arm64_fdt.h"
#include "machine/machine.h"

#define CLOCK_HZ	24000000

static void fdt_put_u64(uint8_t out[8], uint64_t v)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static const struct device *machine_serial(const struct machine *m)
{
	list_for_each(n, &m->vm->devices) {
		const struct device *d = list_entry(n, struct device, node);

		if (d->cls == &pl011_class)
			return d;
	}
	return NULL;
}

static void fdt_chosen(const struct machine *m, const struct machine_chosen *c, struct fdt_writer *w)
{
	const struct device *serial = machine_serial(m);
	char path[32];

	if (serial)
		fmt_print(path, sizeof(path), "/pl011@%llx", (unsigned long long)serial->mmio_base);
	fdt_begin(w, "chosen");
	if (c->bootargs)
		fdt_prop_string(w, "bootargs", c->bootargs);
	if (serial)
		fdt_prop_string(w, "stdout-path", path);
	if (c->initrd_size) {
		fdt_prop_u64(w, "linux,initrd-start", c->initrd);
		fdt_prop_u64(w, "linux,initrd-end", c->initrd + c->initrd_size);
	}
	fdt_prop_u64(w, "kaslr-seed", c->kaslr_seed);
	fdt_prop(w, "rng-seed", c->rng_seed, sizeof(c->rng_seed));
	fdt_end(w);
	if (!serial)
		return;
	fdt_begin(w, "aliases");
	fdt_prop_string(w, "serial0", path);
	fdt_end(w);
}

static void fdt_memory(const struct machine *m, struct fdt_writer *w)
{
	struct machine_range r[MACHINE_MAX_RANGES];
	uint32_t n = m->cls->ranges(m->config.ram, r);
	uint8_t reg[MACHINE_MAX_RANGES * 16];

	for (uint32_t i = 0; i < n; i++) {
		fdt_put_u64(reg + 16 * i, r[i].base);
		fdt_put_u64(reg + 16 * i + 8, r[i].size);
	}
	fdt_begin(w, "memory@%llx", (unsigned long long)r[0].base);
	fdt_prop_string(w, "device_type", "memory");
	fdt_prop(w, "reg", reg, 16 * n);
	fdt_end(w);
}

static void fdt_cpus(const struct machine *m, struct fdt_writer *w)
{
	const struct cpu_model *model = m->vm->cpu_model;
	char compatible[64];

	if (model && model->name[0] == 'c')	/* cortex-a57 and its like; "max" is no product */
		fmt_print(compatible, sizeof(compatible), "arm,%s", model->name);
	else
		fmt_print(compatible, sizeof(compatible), "arm,armv8");
	fdt_begin(w, "cpus");
	fdt_prop_u32(w, "#address-cells", 1);
	fdt_prop_u32(w, "#size-cells", 0);
	for (uint32_t i = 0; i < m->vm->vcpu_count; i++) {
		uint32_t mpidr = (uint32_t)m->vm->vcpu[i]->hwid;

		fdt_begin(w, "cpu@%x", mpidr);
		fdt_prop_string(w, "device_type", "cpu");
		fdt_prop_string(w, "compatible", compatible);
		fdt_prop_u32(w, "reg", mpidr);
		fdt_prop_string(w, "enable-method", "psci");
		fdt_end(w);
	}
	fdt_end(w);
}

static void fdt_clock(struct fdt_writer *w)
{
	fdt_begin(w, "apb-pclk");
	fdt_prop_string(w, "compatible", "fixed-clock");
	fdt_prop_u32(w, "#clock-cells", 0);
	fdt_prop_u32(w, "clock-frequency", CLOCK_HZ);
	fdt_prop_string(w, "clock-output-names", "clk24mhz");
	fdt_prop_u32(w, "phandle", FDT_PHANDLE_CLOCK);
	fdt_end(w);
}

int arm64_fdt(const struct machine *m, const struct machine_chosen *chosen, void *buf, size_t size, size_t *len)
{
	static const char *const compatible[] = { "cella,virt-arm64", "linux,dummy-virt" };
	struct fdt_writer w;

	fdt_start(&w, buf, size);
	w.phandles = FDT_PHANDLE_NEXT - 1;
	fdt_begin(&w, "%s", "");
	fdt_prop_u32(&w, "#address-cells", 2);
	fdt_prop_u32(&w, "#size-cells", 2);
	fdt_prop_strings(&w, "compatible", compatible, ARRAY_SIZE(compatible));
	fdt_prop_string(&w, "model", "Cella virt-arm64");
	fdt_prop_u32(&w, "interrupt-parent", FDT_PHANDLE_GIC);
	fdt_prop_empty(&w, "dma-coherent");
	fdt_chosen(m, chosen, &w);
	fdt_memory(m, &w);
	fdt_cpus(m, &w);
	psci_fdt(&w);
	fdt_clock(&w);
	list_for_each(n, &m->vm->devices) {
		const struct device *d = list_entry(n, struct device, node);

		if (d->cls->fdt)
			d->cls->fdt(d, &w);
	}
	fdt_end(&w);
	return fdt_finish(&w, len);
}
