/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What riscv64 boards have in common: a PLIC, which the engine may bring itself, harts whose power and timers are the SBI's
 * (the engine's), the way their first hart starts, and their device tree (Linux's bindings for riscv/cpus).
 */
#include "base/bits.h"
#include "base/errno.h"
#include "core/fdt.h"
#include "dev/irqchip/plic.h"
#include "dev/uart/ns16550.h"
#include "isa/riscv64/extension.h"
#include "machine/board_fdt.h"
#include "machine/machine.h"

enum { PHANDLE_PLIC = 1, PHANDLE_HART0 };

#define DEFAULT_EXTENSIONS	(RISCV64_LETTER('i') | RISCV64_LETTER('m') | RISCV64_LETTER('a') | RISCV64_LETTER('f') | \
				 RISCV64_LETTER('d') | RISCV64_LETTER('c'))

static int riscv64_irqchip(struct machine *m)
{
	const struct board_irqchip *g = m->irqchip;
	struct irqchip_desc desc = { g->type, g->dist, g->cpu, PLIC_SOURCES };
	struct vm *vm = m->vm;
	struct device *d;
	int err = vm->engine->irqchip_create ? vm->engine->irqchip_create(vm, &desc, &vm->irqchip) : -ENOTSUP;

	if (err != -ENOTSUP)
		return err;
	d = device_create(vm, &plic_class);
	if (!d)
		return -ENOMEM;
	device_set(d, "phandle", PHANDLE_PLIC);
	device_set(d, "hart_phandle", PHANDLE_HART0);
	err = device_init(d);
	if (err)
		return err;
	m->irqchip_device = d;
	vm->irqchip = plic_chip(d);
	return plic_map(d, g->dist);
}

static int riscv64_pci(struct machine *m, struct pci_windows *win, struct pci_lines *lines)
{
	(void)m;
	(void)win;
	lines->phandle = PHANDLE_PLIC;
	lines->cells = 1;
	lines->cell[0] = lines->first;
	return 0;
}

/* Linux, Documentation/arch/riscv/boot.rst; a0 is the engine's affair. */
static int riscv64_start(struct machine *m, const struct machine_boot *b)
{
	struct vcpu_power on = { .state = VCPU_ON, .entry = b->place->entry, .arg = b->place->dtb, .reset = true };

	return m->vm->engine->vcpu_power(m->vm->vcpu[0], &on, true);
}

static const char *mmu_type(uint64_t extensions)
{
	return extensions & BIT(RISCV64_SV57) ? "riscv,sv57" : extensions & BIT(RISCV64_SV48) ? "riscv,sv48" : "riscv,sv39";
}

static void fdt_hart(struct fdt_writer *w, const struct vcpu *v, const char *isa, const char *mmu)
{
	uint32_t hart = (uint32_t)v->hwid;

	fdt_begin(w, "cpu@%x", hart);
	fdt_prop_string(w, "device_type", "cpu");
	fdt_prop_string(w, "compatible", "riscv");
	fdt_prop_string(w, "status", "okay");
	fdt_prop_u32(w, "reg", hart);
	fdt_prop_string(w, "riscv,isa", isa);
	fdt_prop_string(w, "mmu-type", mmu);
	fdt_begin(w, "interrupt-controller");
	fdt_prop_string(w, "compatible", "riscv,cpu-intc");
	fdt_prop_u32(w, "#interrupt-cells", 1);
	fdt_prop_empty(w, "interrupt-controller");
	fdt_prop_u32(w, "phandle", PHANDLE_HART0 + v->index);
	fdt_end(w);
	fdt_end(w);
}

static int fdt_harts(const struct machine *m, struct fdt_writer *w)
{
	const struct vm *vm = m->vm;
	uint64_t extensions = vm->engine_info.extensions ? vm->engine_info.extensions : DEFAULT_EXTENSIONS;
	char isa[128];
	int err = riscv64_isa_string(extensions, isa, sizeof(isa));

	if (err)
		return err;
	fdt_begin(w, "cpus");
	fdt_prop_u32(w, "#address-cells", 1);
	fdt_prop_u32(w, "#size-cells", 0);
	fdt_prop_u32(w, "timebase-frequency", (uint32_t)vm->engine_info.counter_hz);
	for (uint32_t i = 0; i < vm->vcpu_count; i++)
		fdt_hart(w, vm->vcpu[i], isa, mmu_type(extensions));
	fdt_end(w);
	return 0;
}

static int riscv64_fdt(const struct machine *m, const struct machine_chosen *chosen, void *buf, size_t size, size_t *len)
{
	static const char *const compatible[] = { "cella,virt-riscv64", "riscv-virtio" };
	struct fdt_writer w;
	int err;

	fdt_start(&w, buf, size);
	w.interrupt_cells = 1;
	w.phandles = PHANDLE_HART0 + m->vm->vcpu_count - 1;
	fdt_begin(&w, "%s", "");
	fdt_prop_u32(&w, "#address-cells", 2);
	fdt_prop_u32(&w, "#size-cells", 2);
	fdt_prop_strings(&w, "compatible", compatible, ARRAY_SIZE(compatible));
	fdt_prop_string(&w, "model", "Cella virt-riscv64");
	board_fdt_chosen(m, chosen, &w, &ns16550_class, "soc/serial");
	board_fdt_memory(m, &w);
	err = fdt_harts(m, &w);
	if (err)
		return err;
	/* Not the root: harts' own controllers must not inherit a parent. */
	fdt_begin(&w, "soc");
	fdt_prop_u32(&w, "#address-cells", 2);
	fdt_prop_u32(&w, "#size-cells", 2);
	fdt_prop_string(&w, "compatible", "simple-bus");
	fdt_prop_u32(&w, "interrupt-parent", PHANDLE_PLIC);
	fdt_prop_empty(&w, "dma-coherent");
	fdt_prop_empty(&w, "ranges");
	board_fdt_devices(m, &w);
	fdt_end(&w);
	fdt_end(&w);
	return fdt_finish(&w, len);
}

const struct machine_ops machine_riscv64_ops = {
	.irqchip	= riscv64_irqchip,
	.pci		= riscv64_pci,
	.fdt		= riscv64_fdt,
	.start		= riscv64_start,
};
