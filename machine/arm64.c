/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arm64 boards have in common: a GIC, generic timers, PSCI, and the way their first CPU starts. An engine that brings its
 * own interrupt controller or timers (kvm) is asked first; models serve where it says -ENOTSUP.
 */
#include "base/errno.h"
#include "base/string.h"
#include "dev/gpio/pl061.h"
#include "dev/irqchip/gicv2.h"
#include "dev/irqchip/gicv2m.h"
#include "dev/irqchip/gicv3.h"
#include "dev/irqchip/gicv3_its.h"
#include "dev/timer/arm_generic.h"
#include "fw/psci_vm.h"
#include "machine/arm64_fdt.h"
#include "machine/machine.h"

/* What takes messages; its node is inside the GIC's. */
static int arm64_msi(struct machine *m, struct device *gic, bool v3)
{
	struct device *d = device_create(m->vm, v3 ? &gicv3_its_class : &gicv2m_class);
	int err;

	if (!d)
		return -ENOMEM;
	if (v3)
		device_set_ptr(d, "gic", gic);
	if (gic) {
		device_set(gic, "msi", m->irqchip->msi);
		device_set(gic, "msi_phandle", FDT_PHANDLE_MSI);
	}
	m->has_msi = true;
	err = device_init(d);
	if (err)
		return err;
	return v3 ? gicv3_its_map(d, m->irqchip->msi) : gicv2m_map(d, m->vm->irqchip, m->irqchip->msi);
}

static int arm64_gic(struct machine *m)
{
	const struct board_irqchip *g = m->irqchip;
	bool v3 = !strcmp(g->type, "gicv3");
	struct irqchip_desc desc = { g->type, g->dist, g->cpu, 256, v3 ? g->msi : 0 };
	struct vm *vm = m->vm;
	struct device *d;
	int err = vm->engine->irqchip_create ? vm->engine->irqchip_create(vm, &desc, &vm->irqchip) : -ENOTSUP;

	if (!err && vm->irqchip->ops->msi)
		m->has_msi = true;
	if (!err && !v3 && g->msi)		/* a frame of ours serves a kernel's GICv2 */
		return arm64_msi(m, NULL, false);
	if (err != -ENOTSUP)
		return err;
	d = device_create(vm, v3 ? &gicv3_class : &gicv2_class);
	if (!d)
		return -ENOMEM;
	device_set(d, "phandle", FDT_PHANDLE_GIC);
	if (v3)
		device_set(d, "lpis", g->msi != 0);
	err = device_init(d);
	if (err)
		return err;
	m->irqchip_device = d;
	vm->irqchip = gic_chip(d);
	err = v3 ? gicv3_map(d, g->dist, g->cpu) : gicv2_map(d, g->dist, g->cpu);
	return err || !g->msi ? err : arm64_msi(m, d, v3);
}

static int arm64_timer(struct machine *m)
{
	struct device *d;
	int err;

	if (m->vm->engine_info.caps & ENGINE_OWNS_TIMER)
		return 0;
	d = device_create(m->vm, &arm_timer_class);
	if (!d)
		return -ENOMEM;
	err = device_init(d);
	return err ? err : arm_timer_connect(d, m->vm->irqchip);
}

static int arm64_irqchip(struct machine *m)
{
	int err = arm64_gic(m);

	m->vm->firmware_call = psci_call;
	return err ? err : arm64_timer(m);
}

static int arm64_pci(struct machine *m, struct pci_windows *win, struct pci_lines *lines)
{
	(void)win;
	lines->phandle = FDT_PHANDLE_GIC;
	lines->address_cells = 2;
	lines->cells = 3;
	lines->cell[0] = 0;			/* an SPI, level-sensitive, active high */
	lines->cell[1] = lines->first;
	lines->cell[2] = 4;
	lines->counting = 1;
	lines->msi_phandle = m->has_msi ? FDT_PHANDLE_MSI : 0;
	lines->msi_ids = !strcmp(m->irqchip->type, "gicv3");
	return 0;
}

/* Linux, Documentation/arm64/booting.rst: x0 = dtb, MMU off. */
static int arm64_start(struct machine *m, const struct machine_boot *b)
{
	struct vcpu_power on = { .state = VCPU_ON, .entry = b->place->entry, .arg = b->place->dtb, .reset = true };

	return m->vm->engine->vcpu_power(m->vm->vcpu[0], &on, true);
}

static void arm64_power_key(struct machine *m)
{
	pl061_press(m->power_key);
}

const struct machine_ops machine_arm64_ops = {
	.irqchip	= arm64_irqchip,
	.pci		= arm64_pci,
	.fdt		= arm64_fdt,
	.start		= arm64_start,
	.power_key	= arm64_power_key,
};
