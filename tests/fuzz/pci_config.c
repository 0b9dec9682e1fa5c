/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any configuration accesses by ECAM and ports, any accesses of BARs wherever they are, and a device that raises interrupts
 * meanwhile. What identifies the function never changes, its capability list stays a list, and a reset brings it to rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "tests/dev/pci_rig.h"
#include "tests/fuzz/input.h"

static void any_access(struct pci_rig *r, enum bus_space space, uint64_t addr, struct input *in)
{
	uint8_t how = (uint8_t)take(in, 1);
	unsigned size = 1u << (how & 3);
	uint64_t val = how & 8 ? take(in, 8) : how & 16 ? ~0ull : take(in, 2);

	board_try(r->b, space, 0, addr, size, how & 4, &val);
}

static void step(struct pci_rig *r, struct input *in)
{
	static const uint64_t places[] = { MEM32, MEM64, IO_WINDOW, MEM32 + MEM32_SIZE - 0x1000, 0x08000000, 0x3f000000 };
	struct pci_bar *bar = &r->toy->pci.bar[take(in, 1) % 3];
	uint64_t addr;

	switch (take(in, 1) % 8) {
	case 0:
	case 1:
		any_access(r, BUS_MMIO, ECAM + TOY * 0x1000 + take(in, 1), in);
		break;
	case 2:
		any_access(r, BUS_MMIO, ECAM + take(in, 3) % (2 * MIB - 8), in);
		break;
	case 3:
		any_access(r, BUS_PIO, 0xcf8 + take(in, 1) % 8, in);
		break;
	case 4:
		if (bar->mapped)
			any_access(r, bar->region.space, bar->region.base + take(in, 2) % bar->size, in);
		break;
	case 5:			/* a BAR to some place, and decoding on */
		addr = places[take(in, 1) % ARRAY_SIZE(places)] + (take(in, 2) << 4);
		cfg_write(r, TOY, PCI_BAR0 + 4, 4, (uint32_t)addr);
		cfg_write(r, TOY, PCI_BAR0 + 8, 4, (uint32_t)addr);
		cfg_write(r, TOY, PCI_BAR0 + 12, 4, (uint32_t)(addr >> 32));
		cfg_write(r, TOY, PCI_COMMAND, 2, (uint32_t)take(in, 2) | 2);
		break;
	case 6:
		pci_signal(&r->toy->pci, (unsigned)take(in, 2));
		break;
	default:
		pci_intx_set(&r->toy->pci, take(in, 1) & 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pci_rig rig;
	struct pci_rig *r = &rig;
	struct input in = { data, size };

	if (!r->b)
		pci_rig_open(r, 1);
	assert_int_equal(pci_assign(r->host), 0);
	while (in.left)
		step(r, &in);
	assert_int_equal(cfg_read(r, TOY, PCI_VENDOR, 4), 0x56781234);
	assert_int_equal(cfg_cap(r, TOY, PCI_CAP_MSIX), 0x40);
	assert_int_equal(cfg_cap(r, TOY, 0xff), 0);
	device_reset_all(&r->b->vm, RESET_WARM);
	for (unsigned i = 0; i < PCI_LINES; i++)
		assert_false(r->line[i]);
	for (unsigned i = 0; i < PCI_BARS; i++)
		assert_false(r->toy->pci.bar[i].mapped);
	return 0;
}
