/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that an arm64 machine hands to its guest (Devicetree Specification 0.4; Linux's bindings for arm CPUs,
 * PSCI and chosen). A device's own node comes from its class; what belongs to the board is here.
 */
#include "base/fmt.h"
#include "base/string.h"
#include "core/fdt.h"
#include "dev/irqchip/gicv2.h"
#include "dev/irqchip/gicv3.h"
#include "dev/timer/arm_generic.h"
#include "dev/uart/pl011.h"
#include "fw/psci.h"
#include "isa/arm64/cpu_model.h"
#include "machine/arm64_fdt.h"
#include "machine/board_fdt.h"
#include "machine/machine.h"

#define CLOCK_HZ	24000000

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

/* The engine's own controller, which is no device of ours. */
static void fdt_gic(const struct machine *m, struct fdt_writer *w)
{
	const struct board_irqchip *g = m->irqchip;

	if (!strcmp(g->type, "gicv3"))
		gicv3_fdt_node(w, g->dist, g->cpu, m->vm->vcpu_count, FDT_PHANDLE_GIC, m->has_msi ? g->msi : 0, FDT_PHANDLE_MSI);
	else
		gicv2_fdt_node(w, g->dist, g->cpu, FDT_PHANDLE_GIC, m->has_msi ? g->msi : 0, FDT_PHANDLE_MSI);
}

/* The engine's performance counters, whose overflow is a PPI of each vCPU. */
static void fdt_pmu(struct fdt_writer *w)
{
	uint32_t irq[] = { 1, ARM64_PMU_INTID - 16, 4 };

	fdt_begin(w, "pmu");
	fdt_prop_string(w, "compatible", "arm,armv8-pmuv3");
	fdt_prop_cells(w, "interrupts", irq, ARRAY_SIZE(irq));
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
	board_fdt_chosen(m, chosen, &w, &pl011_class, "pl011");
	board_fdt_memory(m, &w);
	fdt_cpus(m, &w);
	psci_fdt(&w);
	fdt_clock(&w);
	if (!m->irqchip_device)
		fdt_gic(m, &w);
	if (m->vm->engine_info.caps & ENGINE_OWNS_TIMER)
		arm_timer_fdt_node(&w, ARM_TIMER_PHYS_PPI, ARM_TIMER_VIRT_PPI);
	if (m->vm->pmu)
		fdt_pmu(&w);
	board_fdt_devices(m, &w);
	fdt_end(&w);
	return fdt_finish(&w, len);
}
