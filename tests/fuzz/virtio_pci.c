/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk over PCI, modern or transitional, or over legacy virtio-mmio, by the name of the program: any accesses of BARs,
 * configuration space and registers, with whatever lies in memory as rings. After a reset of the machine the disk can be started
 * and read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/virtio_rig.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/name.h"

static struct mem_disk disk;

static void any_access(struct rig *r, enum bus_space space, uint64_t addr, uint64_t room, struct input *in)
{
	uint8_t how = (uint8_t)take(in, 1);
	struct bus_access a = { .size = (uint8_t)(1u << (how & 3)), .write = how & 4 };

	switch (how >> 4) {
	case 0: a.value = take(in, 8); break;
	case 1: a.value = RIG_RAM + (take(in, 2) << 4); break;
	case 2: a.value = (RIG_RAM >> 12) + take(in, 1); break;
	case 3: a.value = S_ACK | S_DRIVER | S_FEATURES_OK | (take(in, 1) & S_DRIVER_OK); break;
	default: a.value = take(in, 1);
	}
	if (room >= a.size)
		bus_access(&r->vm.bus, space, addr, &a);
}

static void step(struct rig *r, struct input *in)
{
	static const uint8_t bars[] = { VIRTIO_PCI_BAR_LEGACY, VIRTIO_PCI_BAR_MSIX, VIRTIO_PCI_BAR, VIRTIO_PCI_BAR };
	uint8_t op = (uint8_t)take(in, 1);
	uint64_t at = take(in, 1), v;

	if (op < 60 && r->host) {			/* the common part, or all of a BAR */
		const struct pci_bar *b = &virtio_pci_func(r->transport)->bar[bars[op & 3]];

		at = op & 16 ? at << 8 | take(in, 1) : at & 0x3f;
		if (b->mapped)
			any_access(r, b->region.space, b->region.base + at % b->size, b->size - at % b->size, in);
	} else if (op < 120 && r->host) {
		any_access(r, BUS_MMIO, RIG_ECAM + 0x8000 + at, 256, in);
	} else if (op < 120) {
		any_access(r, BUS_MMIO, RIG_MMIO + 2 * at, VIRTIO_MMIO_SIZE - 2 * at, in);
	} else if (op < 200) {
		v = take(in, 4);
		*(uint8_t *)rig_ptr(r, RIG_RAM + (v & 0x7ffff)) = (uint8_t)(v >> 24);
	} else {
		rig_pump(r);
	}
}

static void restart(struct rig *r)
{
	device_reset_all(&r->vm, RESET_WARM);
	rig_pump(r);
	assert_false(r->line);
	r->isr = 0;
	if (!r->host)
		return;
	assert_int_equal(pci_assign(r->host), 0);
	pci_config_write(virtio_pci_func(r->transport), PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	pci_settle(to_pci_host(r->host));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig rig, *r = &rig;
	struct input in = { data, size };

	if (!r->ram) {
		rig_kind = fuzz_is("virtio_mmio_legacy") ? RIG_MMIO_LEGACY :
			   fuzz_is("virtio_pci_legacy") ? RIG_PCI_LEGACY : RIG_PCI;
		mem_disk_init(&disk, 64 * 512);
		rig_open(r);
		rig_plug(r, &virtio_blk_class, &disk.b);
	}
	r->features = take(&in, 4) & rig_offered(r) & 0xffffffff;
	rig_start(r, 1, 8);
	while (in.left)
		step(r, &in);
	rig_pump(r);
	restart(r);
	r->features = 0;
	rig_start(r, 1, 8);
	assert_int_equal(rd(r, R_STATUS), S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	memset(rig_ptr(r, RIG_RAM + 0x40000), 0, 0x1000);
	rig_desc(r, r->q[0].desc, 0, RIG_RAM + 0x40000, 16, DESC_F_NEXT, 1);
	rig_desc(r, r->q[0].desc, 1, RIG_RAM + 0x41000, 513, DESC_F_WRITE, 0);
	rig_offer(r, 0, 0);
	rig_kick(r, 0);
	assert_true(rig_used(r, 0, NULL, NULL));
	restart(r);
	return 0;
}
