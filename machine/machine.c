/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What boards have in common: from a machine_class's tables to devices on a bus. An engine that brings its own interrupt
 * controller or timers (kvm) is asked first; models serve where it says -ENOTSUP.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "dev/gpio/pl061.h"
#include "dev/irqchip/gicv2.h"
#include "dev/irqchip/gicv3.h"
#include "dev/misc/simexit.h"
#include "dev/timer/arm_generic.h"
#include "dev/virtio/mmio.h"
#include "fw/psci.h"
#include "machine/arm64_fdt.h"
#include "machine/machine.h"

const struct machine_class *const machine_classes[] = {
	&machine_virt_arm64, &machine_captive_virt, &machine_simbench, NULL,
};

const struct machine_class *machine_find(const char *name)
{
	for (unsigned i = 0; machine_classes[i]; i++)
		if (!strcmp(machine_classes[i]->name, name))
			return machine_classes[i];
	return NULL;
}

const struct board_gic *machine_irqchip(const struct machine_class *cls, const char *type)
{
	for (const struct board_gic *g = cls->irqchips; g->type; g++)
		if (!type || !strcmp(g->type, type))
			return g;
	return NULL;
}

uint64_t affinity_of_16(uint32_t index)
{
	return (uint64_t)(index / 16) << 8 | index % 16;
}

uint64_t affinity_flat(uint32_t index)
{
	return index;
}

static int machine_gic(struct machine *m)
{
	const struct board_gic *g = m->gic;
	bool v3 = !strcmp(g->type, "gicv3");
	struct irqchip_desc desc = { g->type, g->dist, g->cpu, 256 };
	struct vm *vm = m->vm;
	struct device *d;
	int err = vm->engine->irqchip_create ? vm->engine->irqchip_create(vm, &desc, &vm->irqchip) : -ENOTSUP;

	if (err != -ENOTSUP)
		return err;
	d = device_create(vm, v3 ? &gicv3_class : &gicv2_class);
	if (!d)
		return -ENOMEM;
	device_set(d, "phandle", FDT_PHANDLE_GIC);
	err = device_init(d);
	if (err)
		return err;
	m->gic_device = d;
	vm->irqchip = gic_chip(d);
	return v3 ? gicv3_map(d, g->dist, g->cpu) : gicv2_map(d, g->dist, g->cpu);
}

static int machine_timer(struct machine *m)
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

static int machine_device(struct machine *m, const struct board_device *b)
{
	struct device *d = device_create(m->vm, b->cls);
	int err;

	if (!d)
		return -ENOMEM;
	if (b->flags & BOARD_CLOCK)
		device_set(d, "clock", FDT_PHANDLE_CLOCK);
	if (b->flags & BOARD_SERIAL)
		device_set_ptr(d, "chardev", m->config.serial);
	if (b->flags & BOARD_POWER_KEY) {
		device_set(d, "phandle", FDT_PHANDLE_GPIO);
		m->power_key = d;
	}
	if (b->flags & BOARD_EXIT)
		m->exit = d;
	if (b->intid)
		mmio_connect(d, m->vm->irqchip, b->intid);
	err = device_init(d);
	return err ? err : mmio_map(d, b->base);
}

/* A free transport that takes this kind of device, or -1. */
static int machine_slot(const struct machine *m, const struct dev_class *cls, uint64_t used)
{
	for (uint32_t i = 0; i < m->cls->virtio.slots; i++)
		if (!(used >> i & 1) && (!m->cls->virtio.kinds || m->cls->virtio.kinds[i] == cls))
			return (int)i;
	return -1;
}

static int machine_plug(struct machine *m, uint32_t slot, const struct machine_virtio *v)
{
	gpa_t base = m->cls->virtio.base + slot * m->cls->virtio.stride;
	struct device *d = device_create(m->vm, v->cls), *t;
	int err;

	if (!d)
		return -ENOMEM;
	if (v->workq)
		d->workq = v->workq;
	device_set_ptr(d, "backend", v->backend);
	err = device_init(d);
	if (err)
		return err;
	t = device_create(m->vm, &virtio_mmio_class);
	if (!t)
		return -ENOMEM;
	device_set_ptr(t, "device", d);
	mmio_connect(t, m->vm->irqchip, m->cls->virtio.intid + slot);
	err = device_init(t);
	return err ? err : virtio_mmio_map(t, base);
}

static int machine_plug_all(struct machine *m)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < m->config.virtio_count; i++) {
		const struct machine_virtio *v = &m->config.virtio[i];
		int slot = machine_slot(m, v->cls, used), err;

		if (slot < 0)
			return -ENOSPC;
		err = machine_plug(m, (uint32_t)slot, v);
		if (err)
			return err;
		used |= BIT(slot);
	}
	return 0;
}

int machine_create(struct machine *m, struct vm *vm, const struct machine_class *cls, const struct machine_config *config)
{
	int err;

	*m = (struct machine){ .cls = cls, .vm = vm, .config = *config, .gic = machine_irqchip(cls, config->irqchip) };
	if (!m->gic || !config->vcpus || config->vcpus > m->gic->max_vcpus || config->virtio_count > MACHINE_MAX_VIRTIO)
		return -EINVAL;
	err = vm_vcpus_create(vm, config->vcpus);
	if (err)
		return err;
	for (uint32_t i = 0; i < vm->vcpu_count; i++)
		vm->vcpu[i]->hwid = m->gic->affinity(i);
	err = machine_gic(m);
	if (!err)
		err = machine_timer(m);
	for (const struct board_device *b = cls->devices; !err && b->cls; b++)
		err = machine_device(m, b);
	if (!err)
		err = machine_plug_all(m);
	vm->firmware_call = psci_call;
	return err;
}

void machine_destroy(struct machine *m)
{
	if (m->vm)
		device_destroy_all(m->vm);
}

int machine_start(struct machine *m, gpa_t entry, gpa_t dtb)
{
	struct vcpu_power on = { .state = VCPU_ON, .entry = entry, .arg = dtb, .reset = true };

	return m->vm->engine->vcpu_power(m->vm->vcpu[0], &on, true);
}

void machine_power_key(struct machine *m)
{
	if (m->power_key)
		pl061_press(m->power_key);
}

int machine_exit_status(const struct machine *m)
{
	return m->exit ? simexit_status(m->exit) : -1;
}
