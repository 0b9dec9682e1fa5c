/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What riscv64 boards have in common: an AIA of the engine's own (APLIC, IMSICs), or a PLIC, which is a model; harts whose power
 * and timers are the SBI's (the engine's), the way their first hart starts, and their device tree (Linux's bindings for
 * riscv/cpus).
 */
#include "base/bits.h"
#include "base/errno.h"
#include "core/fdt.h"
#include "dev/irqchip/plic.h"
#include "dev/uart/ns16550.h"
#include "fw/sbi_dbcn.h"
#include "isa/riscv64/extension.h"
#include "machine/board_fdt.h"
#include "machine/machine.h"

enum { PHANDLE_LINES = 1, PHANDLE_MSI, PHANDLE_HART0 };	/* LINES: the PLIC or APLIC */

#define APLIC_SIZE	0x4000u		/* without interrupt delivery control: lines become messages */
#define IMSIC_SIZE	0x1000u
#define EXTERNAL	9		/* a hart's supervisor external interrupt */
#define LEVEL_HIGH	4

#define DEFAULT_EXTENSIONS	(RISCV64_LETTER('i') | RISCV64_LETTER('m') | RISCV64_LETTER('a') | RISCV64_LETTER('f') | \
				 RISCV64_LETTER('d') | RISCV64_LETTER('c'))

static int riscv64_irqchip(struct machine *m)
{
	const struct board_irqchip *g = m->irqchip;
	struct irqchip_desc desc = { g->type, g->dist, g->cpu, PLIC_SOURCES, g->msi };
	struct vm *vm = m->vm;
	struct device *d;
	int err = vm->engine->irqchip_create ? vm->engine->irqchip_create(vm, &desc, &vm->irqchip) : -ENOTSUP;

	vm->firmware_call = sbi_dbcn_call;
	vm->firmware_console = m->config.serial;
	m->has_msi = !err && vm->irqchip->ops->msi;
	if (err != -ENOTSUP)
		return err;
	if (g->msi)			/* of an AIA there is no model */
		return -ENODEV;
	d = device_create(vm, &plic_class);
	if (!d)
		return -ENOMEM;
	device_set(d, "phandle", PHANDLE_LINES);
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
	(void)win;
	lines->phandle = PHANDLE_LINES;
	lines->cells = m->has_msi ? 2 : 1;	/* an APLIC is told the kind of line too */
	lines->cell[0] = lines->first;
	lines->cell[1] = LEVEL_HIGH;
	lines->msi_phandle = m->has_msi ? PHANDLE_MSI : 0;
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
	int err = riscv64_isa_string(extensions | (m->has_msi ? BIT(RISCV64_SSAIA) : 0), isa, sizeof(isa));

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

/* Linux, Documentation/devicetree/bindings/interrupt-controller/riscv,imsics.yaml and riscv,aplic.yaml */
static void fdt_aia(const struct machine *m, struct fdt_writer *w)
{
	const struct board_irqchip *g = m->irqchip;
	uint32_t harts[2 * VM_MAX_VCPUS], n = m->vm->vcpu_count;

	for (uint32_t i = 0; i < n; i++) {
		harts[2 * i] = PHANDLE_HART0 + i;
		harts[2 * i + 1] = EXTERNAL;
	}
	fdt_begin(w, "interrupt-controller@%llx", (unsigned long long)g->msi);
	fdt_prop_string(w, "compatible", "riscv,imsics");
	fdt_prop_reg(w, g->msi, (uint64_t)n * IMSIC_SIZE);
	fdt_prop_empty(w, "interrupt-controller");
	fdt_prop_u32(w, "#interrupt-cells", 0);
	fdt_prop_empty(w, "msi-controller");
	fdt_prop_u32(w, "#msi-cells", 0);
	fdt_prop_cells(w, "interrupts-extended", harts, 2 * n);
	fdt_prop_u32(w, "riscv,num-ids", m->vm->engine_info.msi_ids);
	fdt_prop_u32(w, "phandle", PHANDLE_MSI);
	fdt_end(w);
	fdt_begin(w, "interrupt-controller@%llx", (unsigned long long)g->dist);
	fdt_prop_string(w, "compatible", "riscv,aplic");
	fdt_prop_reg(w, g->dist, APLIC_SIZE);
	fdt_prop_empty(w, "interrupt-controller");
	fdt_prop_u32(w, "#interrupt-cells", 2);
	fdt_prop_u32(w, "#address-cells", 0);
	fdt_prop_u32(w, "msi-parent", PHANDLE_MSI);
	fdt_prop_u32(w, "riscv,num-sources", PLIC_SOURCES - 1);
	fdt_prop_u32(w, "phandle", PHANDLE_LINES);
	fdt_end(w);
}

static int riscv64_fdt(const struct machine *m, const struct machine_chosen *chosen, void *buf, size_t size, size_t *len)
{
	static const char *const compatible[] = { "cella,virt-riscv64", "riscv-virtio" };
	struct fdt_writer w;
	int err;

	fdt_start(&w, buf, size);
	w.interrupt_cells = m->has_msi ? 2 : 1;
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
	fdt_prop_u32(&w, "interrupt-parent", PHANDLE_LINES);
	fdt_prop_empty(&w, "dma-coherent");
	fdt_prop_empty(&w, "ranges");
	if (m->has_msi)
		fdt_aia(m, &w);
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
