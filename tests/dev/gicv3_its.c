/* SPDX-License-Identifier: BSD-2-Clause */
/* The ITS and LPIs by their registers and commands: translation, masks, moves, tables that are nonsense. And the GICv2m frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/bits.h"
#include "base/errno.h"
#include "dev/irqchip/gic_lpi.h"
#include "dev/irqchip/gicv2.h"
#include "dev/irqchip/gicv2m.h"
#include "dev/irqchip/gicv3_its.h"
#include "isa/arm64/sysreg.h"
#include "tests/dev/board.h"
#include "tests/dev/its_tables.h"

#define DIST		0x08000000ull
#define ITS		0x08080000ull
#define REDIST		0x080a0000ull

struct fixture {
	struct board *b;
	struct device *gic, *its;
	uint8_t *ram;
	uint32_t slot, queue;
};

static void its_write(struct fixture *f, uint64_t reg, uint64_t val)
{
	board_write(f->b, 0, ITS + reg, 8, val);
}

/* One command, run at once. */
static void command(struct fixture *f, uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
	const uint64_t cmd[4] = { w0, w1, w2, w3 };

	memcpy(f->ram + (QUEUE - RAM) + f->queue, cmd, sizeof(cmd));
	f->queue = (f->queue + 32) % 4096;
	its_write(f, 0x88, f->queue);
	assert_int_equal(board_read(f->b, 0, ITS + 0x90, 8), f->queue);
}

static void mapd(struct fixture *f, uint32_t dev, gpa_t itt, unsigned bits, bool valid)
{
	command(f, 0x08 | (uint64_t)dev << 32, bits - 1, itt | (valid ? VALID : 0), 0);
}

static void mapc(struct fixture *f, uint32_t collection, uint64_t cpu, bool valid)
{
	command(f, 0x09, 0, collection | cpu << 16 | (valid ? VALID : 0), 0);
}

static void mapti(struct fixture *f, uint32_t dev, uint32_t event, uint32_t lpi, uint32_t collection)
{
	command(f, 0x0a | (uint64_t)dev << 32, event | (uint64_t)lpi << 32, collection, 0);
}

static void on_event(struct fixture *f, unsigned op, uint32_t dev, uint32_t event, uint64_t w2)
{
	command(f, op | (uint64_t)dev << 32, event, w2, 0);
}

static int send(struct fixture *f, uint32_t dev, uint32_t event)
{
	return msi_send(f->b->vm.irqchip, &(struct msi){ .addr = ITS + GICV3_ITS_TRANSLATER, .data = event, .devid = dev });
}

static void config(struct fixture *f, uint32_t lpi, uint8_t val)
{
	f->ram[CONFIG - RAM + lpi - LPI] = val;
}

static void enable_lpis(struct fixture *f, uint32_t cpu, bool on)
{
	board_write(f->b, cpu, REDIST + 0x20000 * cpu, 4, on);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct mem_slot slot = { .base = RAM, .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .backing = { .fd = -1 } };

	f->b = board_new(2);
	f->ram = aligned_alloc(4096, RAM_SIZE);
	memset(f->ram, 0, RAM_SIZE);
	slot.backing.host = f->ram;
	assert_int_equal(mem_slot_add(&f->b->vm.mem, &slot, &f->slot), 0);
	f->gic = board_device(f->b, &gicv3_class);
	assert_int_equal(device_set(f->gic, "lpis", true), 0);
	assert_int_equal(device_init(f->gic), 0);
	assert_int_equal(gicv3_map(f->gic, DIST, REDIST), 0);
	f->its = board_device(f->b, &gicv3_its_class);
	assert_int_equal(device_set_ptr(f->its, "gic", f->gic), 0);
	assert_int_equal(device_init(f->its), 0);
	assert_int_equal(gicv3_its_map(f->its, ITS), 0);
	board_write(f->b, 0, DIST, 4, 3);
	for (uint32_t c = 0; c < 2; c++) {
		gpa_t r = REDIST + 0x20000 * c;

		board_write(f->b, c, r + 0x14, 4, 0);
		board_write(f->b, c, r + 0x70, 8, CONFIG | 15);
		board_write(f->b, c, r + 0x78, 8, PEND(c));
		enable_lpis(f, c, true);
		board_msr(f->b, c, SYS_ICC_PMR_EL1, 0xf8);
		board_msr(f->b, c, SYS_ICC_IGRPEN1_EL1, 1);
	}
	its_write(f, 0x100, VALID | DEVICES);			/* one page each: 512 entries */
	its_write(f, 0x108, VALID | COLLECTIONS);
	its_write(f, 0x80, VALID | QUEUE);
	board_write(f->b, 0, ITS, 4, 1);
	for (unsigned i = 0; i < 64; i++)
		config(f, LPI + i, 0xa1);
	mapc(f, 0, 0, true);
	mapc(f, 1, 1, true);
	mapd(f, 8, ITT, 4, true);
	mapti(f, 8, 0, LPI, 0);
	mapti(f, 8, 1, LPI + 1, 1);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	device_destroy_all(&f->b->vm);
	board_free(f->b);
	free(f->ram);
	free(f);
	return 0;
}

static uint32_t ack(struct fixture *f, uint32_t cpu)
{
	return (uint32_t)board_mrs(f->b, cpu, SYS_ICC_IAR1_EL1);
}

static void a_message_becomes_an_lpi_at_its_cpu(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(send(f, 8, 1), 1);
	assert_false(f->b->pin[0][CPU_IRQ]);
	assert_true(f->b->pin[1][CPU_IRQ]);
	assert_int_equal(ack(f, 1), LPI + 1);
	assert_false(f->b->pin[1][CPU_IRQ]);
	assert_int_equal(board_mrs(f->b, 1, SYS_ICC_RPR_EL1), 0xa0);
	assert_int_equal(send(f, 8, 1), 1);		/* no active state: pending again, and held by the priority */
	assert_false(f->b->pin[1][CPU_IRQ]);
	board_msr(f->b, 1, SYS_ICC_EOIR1_EL1, LPI + 1);
	assert_true(f->b->pin[1][CPU_IRQ]);
	assert_int_equal(ack(f, 1), LPI + 1);
	board_msr(f->b, 1, SYS_ICC_EOIR1_EL1, LPI + 1);
	assert_int_equal(board_mrs(f->b, 1, SYS_ICC_RPR_EL1), 0xff);
	assert_int_equal(ack(f, 1), 1023);
}

static void what_is_not_mapped_goes_nowhere(void **state)
{
	struct fixture *f = *state;

	assert_true(send(f, 9, 0) < 0);			/* device */
	assert_true(send(f, 8, 2) < 0);			/* event */
	((uint64_t *)(f->ram + (ITT - RAM)))[16] = (uint64_t)(LPI + 16) << 16;	/* what looks like an entry */
	assert_true(send(f, 8, 16) < 0);		/* past the table */
	assert_true(send(f, 8, 0xffffffff) < 0);
	assert_true(send(f, 0xffffffff, 0) < 0);
	mapti(f, 8, 3, LPI + 3, 7);			/* no such collection */
	assert_true(send(f, 8, 3) < 0);
	mapti(f, 8, 3, 8191, 0);			/* no LPI */
	mapti(f, 8, 4, 0x10000, 0);
	mapti(f, 8, 5, 0xffffffff, 0);
	assert_true(send(f, 8, 4) < 0 && send(f, 8, 5) < 0);
	mapc(f, 3, 2, true);				/* no such CPU */
	mapc(f, 4, 0x7ffffffff, true);
	mapti(f, 8, 6, LPI + 6, 3);
	assert_true(send(f, 8, 6) < 0);
	mapd(f, 8, 0, 4, false);
	assert_true(send(f, 8, 0) < 0);
	board_write(f->b, 0, ITS, 4, 0);
	assert_true(send(f, 8, 1) < 0);
	assert_int_equal(f->b->pin_changes, 0);
}

static void a_disabled_lpi_waits_for_an_inv(void **state)
{
	struct fixture *f = *state;

	config(f, LPI, 0xa0);
	assert_int_equal(send(f, 8, 0), 1);
	assert_false(f->b->pin[0][CPU_IRQ]);
	config(f, LPI, 0xa1);
	on_event(f, 0x0c, 8, 0, 0);			/* INV */
	assert_true(f->b->pin[0][CPU_IRQ]);
	config(f, LPI, 0xa0);
	on_event(f, 0x0d, 0, 0, 0);			/* INVALL of collection 0 */
	assert_false(f->b->pin[0][CPU_IRQ]);
	config(f, LPI, 0xa1);
	on_event(f, 0x0d, 0, 0, 0);
	assert_int_equal(ack(f, 0), LPI);
}

static void the_most_urgent_lpi_is_first(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 2; i < 10; i++) {
		mapti(f, 8, i, LPI + i, 0);
		config(f, LPI + i, (uint8_t)(0xf1 - 16 * i));
		assert_int_equal(send(f, 8, i), 1);
	}
	for (uint32_t i = 9; i >= 2; i--) {
		assert_int_equal(ack(f, 0), LPI + i);
		board_msr(f->b, 0, SYS_ICC_EOIR1_EL1, LPI + i);
	}
	assert_int_equal(ack(f, 0), 1023);
}

static void movi_movall_clear_and_discard(void **state)
{
	struct fixture *f = *state;

	config(f, LPI, 0xa0);				/* pending, and not taken */
	send(f, 8, 0);
	config(f, LPI, 0xa1);
	on_event(f, 0x01, 8, 0, 1);			/* MOVI to collection 1 takes it along */
	assert_true(f->b->pin[1][CPU_IRQ]);
	on_event(f, 0x04, 8, 0, 0);			/* CLEAR */
	assert_false(f->b->pin[1][CPU_IRQ]);
	on_event(f, 0x03, 8, 0, 0);			/* INT */
	assert_true(f->b->pin[1][CPU_IRQ]);
	command(f, 0x0e, 0, 1ull << 16, 0);		/* MOVALL from 1 to 0 */
	assert_false(f->b->pin[1][CPU_IRQ]);
	assert_true(f->b->pin[0][CPU_IRQ]);
	assert_int_equal(ack(f, 0), LPI);
	board_msr(f->b, 0, SYS_ICC_EOIR1_EL1, LPI);
	send(f, 8, 0);
	on_event(f, 0x0f, 8, 0, 0);			/* DISCARD */
	assert_false(f->b->pin[1][CPU_IRQ]);
	assert_true(send(f, 8, 0) < 0);
	on_event(f, 0x0b, 8, LPI, 0);			/* MAPI: event past the table */
	command(f, 0xff, ~0ull, ~0ull, ~0ull);
	command(f, 0x05, 0, 0, 0);
	command(f, 0x0e, 0, 99ull << 16, 98ull << 16);
}

static void tables_that_are_not_in_ram_lose_the_guest_its_interrupts(void **state)
{
	struct fixture *f = *state;

	mapd(f, 8, 0x08000000, 4, true);		/* over registers */
	assert_true(send(f, 8, 0) < 0);
	mapti(f, 8, 0, LPI, 0);
	assert_true(send(f, 8, 0) < 0);
	mapd(f, 8, RAM + RAM_SIZE - 256, 16, true);	/* past the end */
	mapti(f, 8, 0xfff0, LPI, 0);
	assert_true(send(f, 8, 0xfff0) < 0);
	memset(f->ram + (DEVICES - RAM), 0xff, 4096);	/* written by the guest itself */
	memset(f->ram + (COLLECTIONS - RAM), 0xff, 4096);
	assert_true(send(f, 8, 0) < 0);
	on_event(f, 0x0d, 0, 0, 0);
	board_write(f->b, 0, ITS, 4, 0);
	its_write(f, 0x100, VALID | 0xfffffffff000);
	its_write(f, 0x108, 0);
	board_write(f->b, 0, ITS, 4, 1);
	mapc(f, 0, 0, true);
	mapd(f, 8, ITT, 4, true);
	assert_true(send(f, 8, 0) < 0);
}

/* Commands that look at every LPI are done a few at a time: a queue full of them does not keep a vCPU; who polls sees the end. */
static void a_queue_of_long_commands_is_done_in_slices(void **state)
{
	struct fixture *f = *state;
	const uint64_t move[2][4] = { { 0x0e, 0, 0, 1ull << 16 }, { 0x0e, 0, 1ull << 16, 0 } };
	unsigned looks = 0;
	uint64_t at;

	for (unsigned i = 0; i < 127; i++)			/* MOVALL, there and back */
		memcpy(f->ram + (QUEUE - RAM) + (f->queue + 32 * i) % 4096, move[i & 1], sizeof(move[0]));
	at = (f->queue + 32 * 127) % 4096;
	its_write(f, 0x88, at);
	assert_int_equal(board_read(f->b, 0, ITS, 4) >> 31, 0);
	while (board_read(f->b, 0, ITS + 0x90, 8) != at)
		assert_true(++looks < 127);
	assert_true(looks > 4);
	assert_int_equal(board_read(f->b, 0, ITS, 4) >> 31, 1);
	f->queue = (uint32_t)at;
	assert_int_equal(send(f, 8, 0), 1);
}

static void a_queue_that_is_nonsense_is_passed_over(void **state)
{
	struct fixture *f = *state;

	its_write(f, 0x88, 0xfffe0);			/* past the end: ignored */
	assert_int_equal(board_read(f->b, 0, ITS + 0x88, 8), f->queue);
	its_write(f, 0x80, VALID | RAM);		/* not while enabled */
	assert_true(board_read(f->b, 0, ITS + 0x80, 8) == (VALID | QUEUE));
	board_write(f->b, 0, ITS, 4, 0);
	its_write(f, 0x80, VALID | 0xffffffff000 | 0xff);
	assert_int_equal(board_read(f->b, 0, ITS + 0x90, 8), 0);
	its_write(f, 0x88, 0xfffe0);
	board_write(f->b, 0, ITS, 4, 1);		/* 32767 commands from nowhere */
	assert_int_equal(board_read(f->b, 0, ITS + 0x90, 8), 0xfffe0);
	assert_int_equal(board_read(f->b, 0, ITS, 4), 0x80000001);
}

static void pending_lpis_live_in_memory_while_disabled(void **state)
{
	struct fixture *f = *state;
	uint8_t *table = f->ram + (PEND(1) - RAM);

	send(f, 8, 1);
	enable_lpis(f, 1, false);
	assert_false(f->b->pin[1][CPU_IRQ]);
	assert_int_equal(table[1024], 2);
	assert_int_equal(send(f, 8, 1), 1);		/* lost */
	table[1024] = 0;
	table[1025] = 0x80;
	enable_lpis(f, 1, true);
	assert_int_equal(ack(f, 1), LPI + 15);
	enable_lpis(f, 1, false);
	assert_int_equal(table[1025], 0);
	board_write(f->b, 1, REDIST + 0x20000 + 0x78, 8, 0x08000000);	/* no table at all */
	enable_lpis(f, 1, true);
	enable_lpis(f, 1, false);
}

static void registers_of_lpis_stand_while_they_are_enabled(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(board_read(f->b, 0, REDIST + 8, 4) & 1, 1);
	assert_int_equal(board_read(f->b, 0, DIST + 4, 4) >> 17 & 1, 1);
	board_write(f->b, 0, REDIST + 0x70, 8, 0);
	assert_int_equal(board_read(f->b, 0, REDIST + 0x70, 8), CONFIG | 15);
	assert_int_equal(board_read(f->b, 0, REDIST, 4), 3);
	enable_lpis(f, 0, false);
	board_write(f->b, 0, REDIST + 0x78, 8, BIT(62) | PEND(0));
	assert_int_equal(board_read(f->b, 0, REDIST + 0x78, 8), PEND(0));
	memset(f->ram + (PEND(0) - RAM), 0xff, 0x2000);
	enable_lpis(f, 0, true);			/* said to be zero, so not looked at */
	assert_false(f->b->pin[0][CPU_IRQ]);
	enable_lpis(f, 0, false);
	board_write(f->b, 0, REDIST + 0x70, 8, CONFIG | 11);	/* too few bits for any LPI */
	enable_lpis(f, 0, true);
	send(f, 8, 0);
	assert_false(f->b->pin[0][CPU_IRQ]);
}

static void collections_come_and_go_in_any_order(void **state)
{
	struct fixture *f = *state;

	mapc(f, 7, 1, true);
	mapti(f, 8, 2, LPI + 2, 7);
	mapc(f, 0, 0, false);
	assert_true(send(f, 8, 0) < 0);
	assert_int_equal(send(f, 8, 1), 1);
	assert_int_equal(send(f, 8, 2), 1);
	mapc(f, 1, 1, false);
	mapc(f, 1, 1, false);
	assert_true(send(f, 8, 1) < 0);
	assert_int_equal(send(f, 8, 2), 1);
	mapc(f, 0, 1, true);
	mapc(f, 1, 1, true);
	mapc(f, 7, 0, true);				/* moves */
	for (uint32_t event = 0; event < 3; event++)
		assert_int_equal(send(f, 8, event), 1);
	mapc(f, 512, 0, true);				/* the table has no such */
	mapti(f, 8, 3, LPI + 3, 512);
	assert_true(send(f, 8, 3) < 0);
	for (uint32_t c = 100; c < 400; c++)
		mapc(f, c, 0, true);
	mapti(f, 8, 3, LPI + 3, 352);			/* the 256th */
	assert_int_equal(send(f, 8, 3), 1);
	mapti(f, 8, 4, LPI + 4, 353);
	assert_true(send(f, 8, 4) < 0);
	mapc(f, 100, 0, false);
	mapc(f, 353, 0, true);
	assert_int_equal(send(f, 8, 4), 1);
}

static void tables_are_in_the_format_that_kvm_saves(void **state)
{
	struct fixture *f = *state;
	uint64_t entry[2];

	mapti(f, 8, 15, LPI + 2, 1);			/* the last of 16 */
	memcpy(entry, f->ram + (DEVICES - RAM) + 8 * 8, 8);
	assert_int_equal(entry[0], VALID | 1ull << 49 | ITT >> 8 << 5 | 3);
	memcpy(entry, f->ram + (COLLECTIONS - RAM), 16);
	assert_int_equal(entry[0], VALID | 0 << 16 | 0);
	assert_int_equal(entry[1], VALID | 1 << 16 | 1);
	memcpy(entry, f->ram + (ITT - RAM) + 8, 8);
	assert_int_equal(entry[0], 1ull << 48 | (LPI + 1) << 16 | 1);
	memcpy(entry, f->ram + (ITT - RAM) + 8 * 15, 8);
	assert_int_equal(entry[0], (LPI + 2) << 16 | 1);
}

static void a_saved_record_and_memory_bring_lpis_back(void **state)
{
	struct fixture *f = *state;
	static uint8_t record[256 * KIB];
	struct state_writer w = { record, sizeof(record), 0, 0 };
	struct state_reader r = { record, 0, 0, 0 };
	struct irqchip *chip = f->b->vm.irqchip;

	send(f, 8, 1);
	assert_int_equal(chip->ops->save(chip, &w), 0);
	r.size = w.used;
	assert_int_equal(ack(f, 1), LPI + 1);
	board_msr(f->b, 1, SYS_ICC_EOIR1_EL1, LPI + 1);
	f->its->cls->reset(f->its, RESET_COLD);
	assert_true(send(f, 8, 0) < 0);
	assert_int_equal(chip->ops->load(chip, &r), 0);
	assert_int_equal(r.at, w.used);
	assert_true(f->b->pin[1][CPU_IRQ]);
	assert_int_equal(ack(f, 1), LPI + 1);
	assert_int_equal(board_read(f->b, 0, ITS + 0x90, 8), f->queue);
	assert_int_equal(send(f, 8, 0), 1);
}

static void a_reset_forgets_lpis(void **state)
{
	struct fixture *f = *state;

	send(f, 8, 1);
	device_reset_all(&f->b->vm, RESET_WARM);
	assert_false(f->b->pin[1][CPU_IRQ]);
	assert_int_equal(board_read(f->b, 0, REDIST, 4), 2);
	assert_int_equal(board_read(f->b, 0, ITS, 4), 0x80000000);
	assert_true(board_read(f->b, 0, ITS + 0x100, 8) == (1ull << 56 | 7ull << 48));
	assert_true(send(f, 8, 1) < 0);
}

/* ---- GICv2m ---- */

static void a_frame_pulses_its_spis_and_no_others(void **state)
{
	struct board *b = board_new(1);
	struct device *gic = board_device(b, &gicv2_class), *frame = board_device(b, &gicv2m_class);
	struct msi m = { .addr = 0x08020040, .data = 80 };

	assert_int_equal(device_init(gic), 0);
	assert_int_equal(gicv2_map(gic, 0x08000000, 0x08010000), 0);
	assert_int_equal(device_init(frame), 0);
	assert_int_equal(gicv2m_map(frame, gic_chip(gic), 0x08020000), 0);
	assert_int_equal(board_read(b, 0, 0x08020008, 4), 80u << 16 | 64);
	board_write(b, 0, 0x08000000, 4, 1);
	board_write(b, 0, 0x08010000, 4, 1);
	board_write(b, 0, 0x08010004, 4, 0xff);
	board_write(b, 0, 0x08000100 + 4 * 2, 4, 1 << 16);	/* SPI 48: INTID 80 */
	board_write(b, 0, 0x08000c00 + 4 * 5, 4, 2);		/* edge */
	assert_int_equal(msi_pin(b->vm.irqchip, &m), 48);
	assert_int_equal(msi_send(b->vm.irqchip, &m), 1);
	assert_true(b->pin[0][CPU_IRQ]);
	assert_int_equal(board_read(b, 0, 0x0801000c, 4), 80);
	board_write(b, 0, 0x08010010, 4, 80);
	board_write(b, 0, 0x08020040, 4, 80);
	assert_int_equal(board_read(b, 0, 0x0801000c, 4), 80);
	board_write(b, 0, 0x08010010, 4, 80);
	for (uint32_t bad = 0; bad < 80; bad++) {
		m.data = bad;
		assert_true(msi_send(b->vm.irqchip, &m) < 0);
		assert_true(msi_pin(b->vm.irqchip, &m) < 0);
	}
	m.data = 144;
	assert_true(msi_send(b->vm.irqchip, &m) < 0);
	m.addr = 0x08020044;
	m.data = 80;
	assert_true(msi_send(b->vm.irqchip, &m) < 0);
	device_destroy_all(&b->vm);
	board_free(b);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_message_becomes_an_lpi_at_its_cpu),
		T(what_is_not_mapped_goes_nowhere),
		T(a_disabled_lpi_waits_for_an_inv),
		T(the_most_urgent_lpi_is_first),
		T(movi_movall_clear_and_discard),
		T(tables_that_are_not_in_ram_lose_the_guest_its_interrupts),
		T(a_queue_of_long_commands_is_done_in_slices),
		T(a_queue_that_is_nonsense_is_passed_over),
		T(pending_lpis_live_in_memory_while_disabled),
		T(registers_of_lpis_stand_while_they_are_enabled),
		T(collections_come_and_go_in_any_order),
		T(tables_are_in_the_format_that_kvm_saves),
		T(a_saved_record_and_memory_bring_lpis_back),
		T(a_reset_forgets_lpis),
		cmocka_unit_test(a_frame_pulses_its_spis_and_no_others),
	};

	return cmocka_run_group_tests_name("its", tests, NULL, NULL);
}
