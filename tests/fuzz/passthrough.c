/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function of the host's: a configuration space that the host may have filled with anything, then any accesses of
 * configuration space and BARs by the guest, interrupts of all kinds, and time. In the end the host's function is quiet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/hostpci_fake.h"
#include "tests/fuzz/input.h"

static void tamper(struct fake *f, struct input *in)
{
	for (unsigned n = take(in, 1) % 8; n; n--) {
		uint8_t at = (uint8_t)take(in, 1);

		f->config[at] = (uint8_t)take(in, 1);
	}
}

static uint64_t word(struct input *in)
{
	switch (take(in, 1) % 6) {
	case 0:		return take(in, 8);
	case 1:		return MEM32 + (take(in, 2) << 12);
	case 2:		return 1ull << (take(in, 1) & 63);
	case 3:		return ~take(in, 1);
	case 4:		return 0xc0000000ull | take(in, 2);
	default:	return take(in, 2);
	}
}

static void access(struct fake *f, uint64_t addr, uint64_t left, struct input *in)
{
	uint8_t how = (uint8_t)take(in, 1);
	unsigned size = 1u << (how & 3);
	uint64_t v = how & 4 ? word(in) : 0;

	if (left >= size)
		board_try(f->rig.b, BUS_MMIO, how >> 3 & 1, addr, size, how & 4, &v);
}

static void bar(struct fake *f, struct input *in)
{
	const struct pci_bar *b = &pci_passthrough_func(f->dev)->bar[take(in, 1) % 4];
	uint64_t at = take(in, 2);

	if (b->mapped)
		access(f, b->region.base + at % b->size, b->size - at % b->size, in);
}

static void step(struct fake *f, struct input *in)
{
	uint8_t op = (uint8_t)take(in, 1);

	switch (op % 8) {
	case 0: case 1: case 2:
		access(f, ECAM + FUNC * 0x1000ull + (op & 8 ? take(in, 2) % 0x1000 : take(in, 1)), 8, in);
		break;
	case 3: case 4:
		bar(f, in);
		break;
	case 5:
		if (f->irqs)
			notifier_signal(f->irq[(op >> 3) % f->irqs]);
		break;
	case 6:
		if (f->eoi)
			notifier_signal(f->eoi);
		board_advance(f->rig.b, 1000000ull * (op >> 3));
		break;
	case 7:
		if (op >> 3 == 31)
			device_reset_all(&f->rig.b->vm, RESET_WARM);
		else
			f->config[take(in, 1)] = (uint8_t)take(in, 1);	/* the host's function changes by itself */
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake *whole;		/* a board takes long to make */
	static uint8_t config[PCI_CONFIG_SIZE];
	struct input in = { data, size };
	struct fake *f;

	if (!(take(&in, 1) & 15)) {
		f = fake_new();
		tamper(f, &in);
		if (!fake_plug(f))
			while (in.left)
				step(f, &in);
		fake_free(f);
		return 0;
	}
	if (!whole) {
		whole = fake_new();
		memcpy(config, whole->config, sizeof(config));
		assert_int_equal(fake_plug(whole), 0);
	}
	f = whole;
	while (in.left)
		step(f, &in);
	memcpy(f->config, config, sizeof(config));
	device_reset_all(&f->rig.b->vm, RESET_WARM);
	assert_true(!f->irqs || f->kind == HOSTPCI_INTX);
	assert_false(f->command & PCI_COMMAND_MASTER);
	assert_int_equal(pci_assign(f->rig.host), 0);
	return 0;
}
