/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 8259s, IOAPIC and 8254 behind one irqchip: any register accesses, lines, acknowledgements, ends, passing time, and records to
 * load. The board ends the test when the pin is told the same level twice; afterwards a reset with all lines down lets it fall.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "dev/irqchip/pc_irqchip.h"
#include "tests/dev/board.h"
#include "tests/fuzz/input.h"

#define IOAPIC	0xfec00000ull

static struct board *b;
static struct irqchip *chip;
static unsigned sent;

static int take_msi(struct irqchip *c, const struct msi *m)
{
	(void)c;
	if ((m->addr & ~0xff004ull) != 0xfee00000)
		abort();
	return ++sent & 7 ? 1 : -1;
}

static const struct irqchip_ops lapics_ops = { .msi = take_msi };
static struct irqchip lapics = { .ops = &lapics_ops, .name = "lapics" };

static void ask(struct vm *vm)
{
	struct msi m;

	(void)vm;
	for (uint32_t pin = 0; pin <= IOAPIC_PINS; pin++)
		chip->ops->level_message(chip, pin, &m);
}

static void open_board(void)
{
	b = board_new(1);
	b->engine.eoi_changed = ask;
	assert_int_equal(pc_irqchip_new(&b->vm, &lapics, IOAPIC, &chip), 0);
}

static void go_round(struct input *in)
{
	static uint8_t buf[4096];
	struct state_writer w = { buf, sizeof(buf), 0, 0 };
	struct state_reader r = { buf, 0, 0, 0 };

	assert_int_equal(chip->ops->save(chip, &w), 0);
	for (unsigned n = take(in, 1) & 7; n; n--)
		buf[take(in, 2) % w.used] = (uint8_t)take(in, 1);
	r.size = w.used;
	chip->ops->load(chip, &r);
}

static void step(struct input *in)
{
	static const uint16_t ports[] = { 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x40, 0x41, 0x42, 0x43, 0x61 };
	static const uint16_t regs[] = { 0, 0x10, 0x10, 0x40, 4, 0x11 };
	uint8_t op = (uint8_t)take(in, 1);
	uint64_t v;

	switch (op & 7) {
	case 0:
	case 1:
		v = take(in, 1);
		board_try(b, BUS_PIO, 0, ports[take(in, 1) % ARRAY_SIZE(ports)], op & 16 ? 2 : 1, op & 8, &v);
		break;
	case 2:
		v = op & 16 ? 0x10 + take(in, 1) % 48 : take(in, 4);
		board_try(b, BUS_MMIO, 0, IOAPIC + regs[take(in, 1) % ARRAY_SIZE(regs)], op & 32 ? 8 : 4, op & 8, &v);
		break;
	case 3:
	case 4:
		chip->ops->set(chip, (uint32_t)take(in, 1) % (IOAPIC_PINS + 1), op & 8);
		break;
	case 5:
		if (op & 8)
			chip->ops->eoi(chip, (uint32_t)take(in, 1));
		else if (chip->ops->ack(chip) > 255)
			abort();
		break;
	case 6:
		board_advance(b, take(in, op >> 6) * (op & 8 ? 1 : 10000));
		break;
	default:
		go_round(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	if (!b)
		open_board();
	device_reset_all(&b->vm, RESET_COLD);
	while (in.left)
		step(&in);
	for (uint32_t gsi = 0; gsi < IOAPIC_PINS; gsi++)
		chip->ops->set(chip, gsi, false);
	device_reset_all(&b->vm, RESET_COLD);
	assert_false(b->pin[0][CPU_IRQ]);
	return 0;
}
