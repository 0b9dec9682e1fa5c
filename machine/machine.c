/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What boards have in common: from a machine_class's tables to devices on a bus. What an ISA's boards do in their own way is
 * in their machine_ops (arm64.c, pc.c).
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "dev/misc/simexit.h"
#include "dev/pci/passthrough.h"
#include "dev/virtio/mmio.h"
#include "dev/virtio/pci.h"
#include "machine/arm64_fdt.h"
#include "machine/machine.h"

const struct machine_class *const machine_classes[] = {
	&machine_virt_arm64, &machine_captive_virt, &machine_simbench, &machine_pc, &machine_virt_riscv64, NULL,
};

const struct machine_class *machine_find(const char *name)
{
	for (unsigned i = 0; machine_classes[i]; i++)
		if (!strcmp(machine_classes[i]->name, name))
			return machine_classes[i];
	return NULL;
}

const struct machine_class *machine_default(enum isa_id isa)
{
	for (unsigned i = 0; machine_classes[i]; i++)
		if (machine_classes[i]->isa == isa)
			return machine_classes[i];
	return NULL;
}

const struct board_irqchip *machine_irqchip(const struct machine_class *cls, const char *type)
{
	for (const struct board_irqchip *g = cls->irqchips; g->type; g++)
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

/* For what tells firmware of them: RAM below and above 4 GiB. */
static void machine_sizes(const struct machine *m, struct device *d)
{
	struct machine_range r[MACHINE_MAX_RANGES];
	uint32_t n = m->cls->ranges(m->config.ram, r);
	uint64_t size[2] = { 0, 0 };

	for (uint32_t i = 0; i < n; i++)
		size[r[i].base >= 4 * GIB] += r[i].size;
	device_set(d, "low_ram", size[0]);
	device_set(d, "high_ram", size[1]);
	device_set(d, "cpus", m->config.vcpus);
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
	if (b->flags & BOARD_DIRECT)
		device_set(d, "gated", false);
	if (b->flags & BOARD_KEYS)
		m->keys = d;
	if (b->flags & BOARD_SIZES)
		machine_sizes(m, d);
	if (b->flags & BOARD_EXIT) {
		m->exit = d;
		if (b->flags & BOARD_PORTS)
			device_set(d, "size", 4);
	}
	if (b->intid)
		mmio_connect(d, m->vm->irqchip, b->intid, m->irqchip->first);
	err = device_init(d);
	return err ? err : mmio_map_in(d, b->flags & BOARD_PORTS ? BUS_PIO : BUS_MMIO, b->base);
}

/* A free transport that takes this kind of device, or -1. */
static int machine_slot(const struct machine *m, const struct dev_class *cls, uint64_t used)
{
	for (uint32_t i = 0; i < m->cls->virtio.slots; i++)
		if (!(used >> i & 1) && (!m->cls->virtio.kinds || m->cls->virtio.kinds[i] == cls))
			return (int)i;
	return -1;
}

int machine_virtio_mmio(struct vm *vm, struct device *d, gpa_t base, uint32_t number, uint32_t first, bool legacy)
{
	struct device *t = device_create(vm, &virtio_mmio_class);
	int err;

	if (!t)
		return -ENOMEM;
	device_set_ptr(t, "device", d);
	device_set(t, "legacy", legacy);
	mmio_connect(t, vm->irqchip, number, first);
	err = device_init(t);
	return err ? err : virtio_mmio_map(t, base);
}

static int machine_plug_mmio(struct machine *m, struct device *d, uint32_t slot, bool legacy)
{
	uint32_t number = m->cls->virtio.lines ? m->cls->virtio.lines[slot] : m->cls->virtio.intid + slot;

	return machine_virtio_mmio(m->vm, d, m->cls->virtio.base + slot * m->cls->virtio.stride, number, m->irqchip->first, legacy);
}

static int machine_plug_pci(struct machine *m, struct device *d, bool transitional)
{
	struct device *t = device_create(m->vm, &virtio_pci_class);
	int err;

	if (!t)
		return -ENOMEM;
	device_set_ptr(t, "device", d);
	device_set(t, "transitional", transitional);
	err = device_init(t);
	return err ? err : pci_plug(m->pci, virtio_pci_func(t), -1);
}

bool machine_has_transport(const struct machine_class *cls, enum machine_transport t)
{
	switch (t) {
	case TRANSPORT_PCI:
	case TRANSPORT_PCI_LEGACY:	return cls->pci;
	case TRANSPORT_MMIO:
	case TRANSPORT_MMIO_LEGACY:	return cls->virtio.slots;
	default:			return true;
	}
}

int machine_virtio_new(struct vm *vm, const struct machine_virtio *v, struct device **out)
{
	struct device *d = device_create(vm, v->cls);
	int err;

	if (!d)
		return -ENOMEM;
	if (v->workq)
		d->workq = v->workq;
	device_set_ptr(d, "backend", v->backend);
	device_set_ptr(d, "threads", &v->threads);
	device_set(d, "packed", v->packed);
	err = v->queues ? device_set(d, "queues", v->queues) : 0;
	*out = d;
	return err ? err : device_init(d);
}

static int machine_plug(struct machine *m, const struct machine_virtio *v, uint64_t *used)
{
	enum machine_transport t = m->config.transport;
	bool pci = m->pci && t != TRANSPORT_MMIO && t != TRANSPORT_MMIO_LEGACY;
	int slot = pci ? 0 : machine_slot(m, v->cls, *used), err;
	struct device *d;

	if (slot < 0)
		return -ENOSPC;
	err = machine_virtio_new(m->vm, v, &d);
	if (err)
		return err;
	if (pci)
		return machine_plug_pci(m, d, t == TRANSPORT_PCI_LEGACY);
	*used |= BIT(slot);
	return machine_plug_mmio(m, d, (uint32_t)slot, t == TRANSPORT_MMIO_LEGACY);
}

static int machine_plug_host(struct machine *m, struct hostpci *host)
{
	struct device *d = device_create(m->vm, &pci_passthrough_class);
	int err;

	if (!d)
		return -ENOMEM;
	device_set_ptr(d, "host", host);
	err = device_init(d);
	return err ? err : pci_plug(m->pci, pci_passthrough_func(d), -1);
}

static int machine_plug_all(struct machine *m)
{
	uint64_t used = 0;
	int err = 0;

	for (uint32_t i = 0; i < m->config.virtio_count && !err; i++)
		err = machine_plug(m, &m->config.virtio[i], &used);
	for (uint32_t i = 0; i < m->config.hostpci_count && !err; i++)
		err = machine_plug_host(m, m->config.hostpci[i]);
	return err;
}

static int machine_flash(struct machine *m)
{
	struct device *d;
	int err;

	if (!m->config.flash)
		return 0;
	d = device_create(m->vm, &cfi_flash_class);
	if (!d)
		return -ENOMEM;
	device_set_ptr(d, "backend", m->config.flash);
	err = device_init(d);
	return err ? err : mmio_map(d, m->config.flash_base);
}

/* RAM goes before the upper window of PCI. */
static void machine_clip(const struct machine *m, struct pci_windows *win)
{
	struct machine_range r[MACHINE_MAX_RANGES];
	uint32_t n = m->cls->ranges(m->config.ram, r);

	for (uint32_t i = 0; i < n; i++)
		if (r[i].base + r[i].size > win->mem64)
			win->mem64_size = 0;
}

static int machine_pci(struct machine *m)
{
	const struct board_pci *b = m->cls->pci;
	struct pci_windows win = b->win;
	struct pci_lines lines = { .chip = m->vm->irqchip, .first = b->intid - m->irqchip->first, .count = b->lines };
	int err;

	machine_clip(m, &win);
	err = m->cls->ops->pci ? m->cls->ops->pci(m, &win, &lines) : 0;
	if (err)
		return err;
	m->pci = device_create(m->vm, &pci_host_class);
	if (!m->pci)
		return -ENOMEM;
	pci_host_setup(m->pci, &win, &lines);
	err = device_init(m->pci);
	return err ? err : pci_host_map(m->pci);
}

int machine_create(struct machine *m, struct vm *vm, const struct machine_class *cls, const struct machine_config *config)
{
	int err;

	*m = (struct machine){ .cls = cls, .vm = vm, .config = *config, .irqchip = machine_irqchip(cls, config->irqchip) };
	if (!m->irqchip || !config->vcpus || config->vcpus > m->irqchip->max_vcpus || config->virtio_count > MACHINE_MAX_VIRTIO ||
	    config->hostpci_count > (cls->pci ? MACHINE_MAX_HOSTPCI : 0) ||
	    !machine_has_transport(cls, config->transport))
		return -EINVAL;
	err = vm_vcpus_create(vm, config->vcpus);
	if (err)
		return err;
	for (uint32_t i = 0; i < vm->vcpu_count; i++)
		vm->vcpu[i]->hwid = m->irqchip->affinity(i);
	err = cls->ops->irqchip(m);
	if (!err && cls->pci)
		err = machine_pci(m);
	for (const struct board_device *b = cls->devices; !err && b->cls; b++)
		err = machine_device(m, b);
	if (!err)
		err = machine_flash(m);
	if (!err)
		err = machine_plug_all(m);
	if (!err && cls->ops->finish)
		err = cls->ops->finish(m);
	return err;
}

void machine_destroy(struct machine *m)
{
	if (m->vm)
		device_destroy_all(m->vm);
}

int machine_fdt(const struct machine *m, const struct machine_chosen *chosen, void *buf, size_t size, size_t *len)
{
	return m->cls->ops->fdt ? m->cls->ops->fdt(m, chosen, buf, size, len) : -ENOTSUP;
}

int machine_start(struct machine *m, const struct machine_boot *b)
{
	int err = m->pci && m->cls->pci->assign && b->image->format != BOOT_FIRMWARE ? pci_assign(m->pci) : 0;

	return err ? err : m->cls->ops->start(m, b);
}

void machine_power_key(struct machine *m)
{
	if (m->power_key && m->cls->ops->power_key)
		m->cls->ops->power_key(m);
}

int machine_exit_status(const struct machine *m)
{
	return m->exit ? simexit_status(m->exit) : -1;
}
