/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rig's device behind any of the transports. Tests name registers as virtio-mmio (version 2) has them; here they become
 * accesses of the transport's own. What a legacy interface cannot say is made good where a driver would know it by itself:
 * FEATURES_OK reads back as written, a device that stands still until its reset reads as NEEDS_RESET, and the size of a queue
 * is written through the modern interface, which a transitional function has as well. A test of what legacy drivers
 * cannot ask for is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/virtio_rig.h"
#include "tests/unit/skip.h"

#define GUEST_PAGE_SIZE	0x28
#define QUEUE_ALIGN	0x3c
#define QUEUE_PFN	0x40
#define PAGE		4096u

enum rig_kind rig_kind;

const char *const rig_kind_names[RIG_KINDS] = { "mmio", "mmio-legacy", "pci", "pci-legacy" };

bool rig_legacy(const struct rig *r)
{
	return r->kind == RIG_MMIO_LEGACY || r->kind == RIG_PCI_LEGACY;
}

static struct virtio_dev *vd_of(struct rig *r)
{
	return container_of(r->dev, struct virtio_dev, dev);
}

static struct pci_func *func_of(struct rig *r)
{
	return virtio_pci_func(r->transport);
}

/* ---- plugging ---- */

static void plug_mmio(struct rig *r)
{
	r->transport = device_create(&r->vm, &virtio_mmio_class);
	assert_non_null(r->transport);
	assert_int_equal(device_set_ptr(r->transport, "device", r->dev), 0);
	assert_int_equal(device_set(r->transport, "legacy", rig_legacy(r)), 0);
	mmio_connect(r->transport, &r->chip, RIG_INTID, 32);
	assert_int_equal(device_init(r->transport), 0);
	assert_int_equal(virtio_mmio_map(r->transport, RIG_MMIO), 0);
}

static void plug_pci(struct rig *r)
{
	const struct pci_windows win = {
		.ecam = RIG_ECAM, .ecam_size = MIB, .mem32 = 0x10000000, .mem32_size = 0x10000000, .io_space = BUS_PIO,
		.io_size = 0x10000, .io_first = 0x1000,
	};
	const struct pci_lines lines = { .chip = &r->chip, .first = RIG_INTID - 32, .count = 1 };

	r->host = device_create(&r->vm, &pci_host_class);
	assert_non_null(r->host);
	pci_host_setup(r->host, &win, &lines);
	assert_int_equal(device_init(r->host), 0);
	assert_int_equal(pci_host_map(r->host), 0);
	r->transport = device_create(&r->vm, &virtio_pci_class);
	assert_non_null(r->transport);
	assert_int_equal(device_set_ptr(r->transport, "device", r->dev), 0);
	assert_int_equal(device_set(r->transport, "transitional", rig_legacy(r)), 0);
	assert_int_equal(device_init(r->transport), 0);
	assert_int_equal(pci_plug(r->host, func_of(r), -1), 0);
	pci_func_reset(func_of(r));
	assert_int_equal(pci_assign(r->host), 0);
	pci_config_write(func_of(r), PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	pci_settle(to_pci_host(r->host));
	r->vm.irqchip = &r->chip;
}

void rig_transport_plug(struct rig *r)
{
	r->kind = rig_kind;
	if (r->kind == RIG_PCI || r->kind == RIG_PCI_LEGACY)
		plug_pci(r);
	else
		plug_mmio(r);
}

void rig_transport_destroy(struct rig *r)
{
	r->transport->cls->destroy(r->transport);
	if (r->host)
		r->host->cls->destroy(r->host);
}

/* ---- accesses ---- */

uint64_t rig_access(struct rig *r, enum bus_space space, uint64_t addr, unsigned size, bool write, uint64_t val)
{
	struct bus_access a = { .size = (uint8_t)size, .write = write, .value = val };

	assert_int_equal(bus_access(&r->vm.bus, space, addr, &a), BUS_OK);
	return size == 8 ? a.value : a.value & ((1ull << 8 * size) - 1);
}

static uint64_t mmio(struct rig *r, uint64_t offset, unsigned size, bool write, uint64_t val)
{
	return rig_access(r, BUS_MMIO, RIG_MMIO + offset, size, write, val);
}

static uint64_t bar(struct rig *r, unsigned n, uint64_t offset, unsigned size, bool write, uint64_t val)
{
	const struct region *reg = &func_of(r)->bar[n].region;

	return rig_access(r, reg->space, reg->base + offset, size, write, val);
}

/* The modern PCI interface: where the register is, and its width. */
static const struct { uint16_t reg, at; uint8_t size; } modern[] = {
	{ R_DEVICE_FEATURES_SEL, 0x00, 4 }, { R_DEVICE_FEATURES, 0x04, 4 }, { R_DRIVER_FEATURES_SEL, 0x08, 4 },
	{ R_DRIVER_FEATURES, 0x0c, 4 }, { R_STATUS, 0x14, 1 }, { R_GENERATION, 0x15, 1 }, { R_QUEUE_SEL, 0x16, 2 },
	{ R_QUEUE_NUM, 0x18, 2 }, { R_QUEUE_NUM_MAX, 0x18, 2 }, { R_QUEUE_READY, 0x1c, 2 }, { R_DESC, 0x20, 4 },
	{ R_DESC + 4, 0x24, 4 }, { R_DRIVER, 0x28, 4 }, { R_DRIVER + 4, 0x2c, 4 }, { R_DEVICE, 0x30, 4 },
	{ R_DEVICE + 4, 0x34, 4 }, { R_QUEUE_RESET, 0x3a, 2 },
}, legacy[] = {
	{ R_DEVICE_FEATURES, 0, 4 }, { R_DRIVER_FEATURES, 4, 4 }, { R_QUEUE_NUM_MAX, 12, 2 }, { R_QUEUE_SEL, 14, 2 },
	{ R_STATUS, 18, 1 },
};

static uint64_t pci_register(struct rig *r, uint64_t offset, bool write, uint64_t val)
{
	bool old = rig_legacy(r);
	unsigned n = old ? VIRTIO_PCI_BAR_LEGACY : VIRTIO_PCI_BAR;

	switch (offset) {
	case R_ISR:			/* reading clears it, and lets the line fall */
	case R_ACK:
		__atomic_or_fetch(&r->isr, (uint32_t)bar(r, n, old ? 19 : VIRTIO_PCI_ISR, 1, false, 0), __ATOMIC_RELAXED);
		if (write)
			__atomic_and_fetch(&r->isr, (uint32_t)~val, __ATOMIC_RELAXED);
		return __atomic_load_n(&r->isr, __ATOMIC_RELAXED);
	case R_QUEUE_NOTIFY:
		if (old)
			return bar(r, n, 16, 2, true, val);
		return bar(r, n, VIRTIO_PCI_NOTIFY + VIRTIO_PCI_NOTIFY_STEP * (val & 0xff), 2, true, val);
	case R_DEVICE_ID:
		return pci_config_read(func_of(r), PCI_SUB_DEVICE, 2) & 0x3f;	/* modern: 0x1040 more */
	case R_GENERATION:
		old = false;		/* a legacy driver has none, and no way to tell */
		break;
	case R_QUEUE_NUM:
		if (old) {		/* the size can't be chosen there */
			bar(r, VIRTIO_PCI_BAR, 0x18, 2, write, val);
			return 0;
		}
		break;
	}
	n = old ? VIRTIO_PCI_BAR_LEGACY : VIRTIO_PCI_BAR;
	for (unsigned i = 0; i < (old ? ARRAY_SIZE(legacy) : ARRAY_SIZE(modern)); i++)
		if ((old ? legacy[i].reg : modern[i].reg) == offset)
			return bar(r, n, old ? legacy[i].at : modern[i].at, old ? legacy[i].size : modern[i].size, write, val);
	return 0;
}

static uint64_t config(struct rig *r, uint64_t offset, unsigned size, bool write, uint64_t val)
{
	switch (r->kind) {
	case RIG_PCI:		return bar(r, VIRTIO_PCI_BAR, VIRTIO_PCI_DEVICE + offset, size, write, val);
	case RIG_PCI_LEGACY:	return bar(r, VIRTIO_PCI_BAR_LEGACY, 20 + offset, size, write, val);
	default:		return mmio(r, R_CONFIG + offset, size, write, val);
	}
}

static uint64_t hardware(struct rig *r, uint64_t offset, unsigned size, bool write, uint64_t val)
{
	return r->host ? pci_register(r, offset, write, val) : mmio(r, offset, size, write, val);
}

static uint64_t legacy_access(struct rig *r, uint64_t offset, unsigned size, bool write, uint64_t val)
{
	bool broken = __atomic_load_n(&vd_of(r)->broken, __ATOMIC_RELAXED);
	uint64_t seen;

	switch (offset) {
	case R_STATUS:
		if (write) {
			__atomic_store_n(&r->features_ok, val & S_FEATURES_OK, __ATOMIC_RELAXED);
			return hardware(r, offset, size, true, val & ~S_FEATURES_OK);
		}
		seen = hardware(r, offset, size, false, 0);
		return seen ? seen | (__atomic_load_n(&r->features_ok, __ATOMIC_RELAXED) ? S_FEATURES_OK : 0) |
			      (broken ? S_NEEDS_RESET : 0) : 0;
	case R_ISR:
		return hardware(r, offset, size, write, val) | (broken ? 2 : 0);
	case R_DESC:
	case R_DESC + 4:
	case R_DRIVER:
	case R_DRIVER + 4:
	case R_DEVICE:
	case R_DEVICE + 4:
	case R_QUEUE_RESET:
		skip_because("a legacy driver has no such register");
	}
	return hardware(r, offset, size, write, val);
}

static uint64_t access(struct rig *r, uint64_t offset, unsigned size, bool write, uint64_t val)
{
	if (offset >= R_CONFIG)
		return config(r, offset - R_CONFIG, size, write, val);
	return rig_legacy(r) ? legacy_access(r, offset, size, write, val) : hardware(r, offset, size, write, val);
}

uint64_t rig_read(struct rig *r, uint64_t offset, unsigned size)
{
	return access(r, offset, size, false, 0);
}

void rig_write(struct rig *r, uint64_t offset, unsigned size, uint64_t val)
{
	access(r, offset, size, true, val);
}

/* The queue is selected: its page frame, and with it the queue is on. */
void rig_legacy_enable(struct rig *r, struct rig_queue *q)
{
	if (r->host) {
		bar(r, VIRTIO_PCI_BAR_LEGACY, 8, 4, true, q->desc / PAGE);
		return;
	}
	mmio(r, GUEST_PAGE_SIZE, 4, true, PAGE);
	mmio(r, QUEUE_ALIGN, 4, true, PAGE);
	mmio(r, QUEUE_PFN, 4, true, q->desc / PAGE);
}

static int run(const char *name, const struct CMUnitTest *tests, size_t count, unsigned kinds)
{
	int failed = 0;

	for (unsigned k = 0; k < RIG_KINDS; k++) {
		char text[80];

		if (!(kinds >> k & 1))
			continue;
		rig_kind = (enum rig_kind)k;
		snprintf(text, sizeof(text), "%s, %s", name, rig_kind_names[k]);
		failed += _cmocka_run_group_tests(text, tests, count, NULL, NULL);
	}
	return failed;
}

int rig_run_all(const char *name, const struct CMUnitTest *tests, size_t count)
{
	return run(name, tests, count, (1u << RIG_KINDS) - 1);
}

int rig_run_modern(const char *name, const struct CMUnitTest *tests, size_t count)
{
	return run(name, tests, count, 1u << RIG_MMIO_MODERN | 1u << RIG_PCI);
}

int rig_run_transitional(const char *name, const struct CMUnitTest *tests, size_t count)
{
	return run(name, tests, count, 1u << RIG_PCI_LEGACY);
}
