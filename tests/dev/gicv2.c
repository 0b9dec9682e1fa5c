/* SPDX-License-Identifier: BSD-2-Clause */
/* GICv2 as a guest sees it. What it shares with the GICv3 is tested there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/errno.h"
#include "dev/irqchip/gicv2.h"
#include "tests/dev/board.h"

#define DIST	0x08000000ull
#define CPU	0x08010000ull
#define PRIO	0xa0

enum { CTLR = 0, TYPER = 4, GROUP = 0x80, SENABLE = 0x100, CENABLE = 0x180, SPEND = 0x200, SACTIVE = 0x300,
       IPRIO = 0x400, TARGET = 0x800, ICFG = 0xc00, SGIR = 0xf00, CPENDSGI = 0xf10, SPENDSGI = 0xf20 };
enum { C_CTLR = 0, PMR = 4, BPR = 8, IAR = 0xc, EOIR = 0x10, RPR = 0x14, HPPIR = 0x18, ABPR = 0x1c, AIAR = 0x20,
       AEOIR = 0x24, AHPPIR = 0x28, DIR = 0x1000 };

static struct board *b;
static struct device *gic;
static struct irqchip *chip;

static uint32_t rd(unsigned cpu, uint64_t addr)
{
	return (uint32_t)board_read(b, cpu, addr, 4);
}

static void wr(unsigned cpu, uint64_t addr, uint32_t v)
{
	board_write(b, cpu, addr, 4, v);
}

static void make(uint32_t cpus)
{
	b = board_new(cpus);
	gic = board_device(b, &gicv2_class);
	assert_int_equal(device_init(gic), 0);
	assert_int_equal(gicv2_map(gic, DIST, CPU), 0);
	chip = gic_chip(gic);
	device_reset_all(&b->vm, RESET_COLD);
}

/* As Linux does: group 0, one priority, SPIs to CPU 0. */
static int setup(void **state)
{
	make(4);
	for (unsigned i = 32; i < 288; i += 4) {
		wr(0, DIST + IPRIO + i, PRIO * 0x01010101u);
		wr(0, DIST + TARGET + i, 0x01010101);
	}
	wr(0, DIST + CTLR, 1);
	for (unsigned c = 0; c < 4; c++) {
		for (unsigned i = 0; i < 32; i += 4)
			wr(c, DIST + IPRIO + i, PRIO * 0x01010101u);
		wr(c, DIST + SENABLE, ~0u);
		wr(c, CPU + PMR, 0xf0);
		wr(c, CPU + C_CTLR, 1);
	}
	return 0;
}

static int setup_cold(void **state)
{
	make(4);
	return 0;
}

static int teardown(void **state)
{
	board_free(b);
	return 0;
}

static void registers_have_their_reset_values(void **state)
{
	assert_int_equal(rd(0, DIST + CTLR), 0);
	assert_int_equal(rd(0, DIST + TYPER), 8 | 3 << 5);
	assert_int_equal(rd(0, DIST + 0xfe8), 0x2b);
	assert_int_equal(rd(2, DIST + SENABLE), 0xffff);
	wr(2, DIST + CENABLE, ~0u);
	assert_int_equal(rd(2, DIST + SENABLE), 0xffff);	/* SGIs always are */
	assert_int_equal(rd(2, DIST + TARGET), 0x04040404);
	wr(2, DIST + TARGET, 0xffffffff);
	assert_int_equal(rd(2, DIST + TARGET), 0x04040404);
	assert_int_equal(rd(2, DIST + TARGET + 32), 0);
	assert_int_equal(rd(0, DIST + ICFG), 0xaaaaaaaa);
	assert_int_equal(rd(0, CPU + C_CTLR), 0);
	assert_int_equal(rd(0, CPU + PMR), 0);
	assert_int_equal(rd(0, CPU + BPR), 2);
	assert_int_equal(rd(0, CPU + ABPR), 3);
	assert_int_equal(rd(0, CPU + RPR), 0xff);
	assert_int_equal(rd(0, CPU + IAR), 1023);
	assert_int_equal(rd(0, CPU + 0xfc) >> 16 & 0xf, 2);
}

static void any_width_at_any_offset_is_answered(void **state)
{
	for (uint32_t off = 0; off < 0x1000; off++)
		for (unsigned size = 1; size <= 8; size *= 2)
			for (int write = 1; write >= 0; write--) {
				uint64_t v = ~0ull, c = ~0ull;

				if (off + size <= 0x1000)
					board_try(b, BUS_MMIO, 3, DIST + off, size, write, &v);
				board_try(b, BUS_MMIO, 3, CPU + off * 2 % 0x1ff8, size, write, &c);
			}
}

static void an_spi_is_taken_by_the_first_of_its_targets(void **state)
{
	board_write(b, 0, DIST + TARGET + 40, 1, 0xf6);
	assert_int_equal(board_read(b, 0, DIST + TARGET + 40, 1), 6);	/* four CPUs */
	wr(0, DIST + SENABLE + 4, 1 << 8);
	gic_set(chip, 8, true);
	assert_false(b->pin[0][CPU_IRQ]);
	assert_true(b->pin[1][CPU_IRQ]);
	assert_true(b->pin[2][CPU_IRQ]);
	assert_int_equal(rd(2, CPU + IAR), 40);
	assert_false(b->pin[1][CPU_IRQ]);
	assert_int_equal(rd(1, CPU + IAR), 1023);
	gic_set(chip, 8, false);
	wr(2, CPU + EOIR, 40);
	assert_int_equal(rd(0, DIST + SACTIVE + 4), 0);
}

static void an_sgi_is_pending_once_for_each_sender(void **state)
{
	wr(3, DIST + SGIR, 1 << 16 | 5);
	wr(1, DIST + SGIR, 1 << 16 | 5);
	wr(1, DIST + SGIR, 1 << 16 | 5);
	assert_int_equal(board_read(b, 0, DIST + SPENDSGI + 5, 1), 0xa);
	assert_int_equal(rd(0, CPU + HPPIR), 1 << 10 | 5);
	assert_int_equal(rd(0, CPU + IAR), 1 << 10 | 5);
	assert_false(b->pin[0][CPU_IRQ]);
	wr(0, CPU + EOIR, 1 << 10 | 5);
	assert_int_equal(rd(0, CPU + IAR), 3 << 10 | 5);
	wr(0, CPU + EOIR, 3 << 10 | 5);
	assert_int_equal(rd(0, CPU + IAR), 1023);
}

static void sgi_filters_choose_others_or_self(void **state)
{
	wr(1, DIST + SGIR, 1 << 24 | 7);
	assert_true(b->pin[0][CPU_IRQ] && b->pin[2][CPU_IRQ] && b->pin[3][CPU_IRQ]);
	assert_false(b->pin[1][CPU_IRQ]);
	wr(1, DIST + SGIR, 2 << 24 | 7);
	assert_true(b->pin[1][CPU_IRQ]);
	board_write(b, 1, DIST + CPENDSGI + 7, 1, 1 << 1);
	assert_false(b->pin[1][CPU_IRQ]);
	board_write(b, 1, DIST + SPENDSGI + 7, 1, 0xff);
	assert_int_equal(board_read(b, 1, DIST + CPENDSGI + 7, 1), 0xf);
	assert_true(b->pin[1][CPU_IRQ]);
	wr(0, DIST + SGIR, 3 << 24 | 0xff << 16 | 7);		/* reserved */
}

static void ppis_are_banked_by_the_accessing_cpu(void **state)
{
	gic_set(chip, IRQ_PPI(3, 27), true);
	assert_true(b->pin[3][CPU_IRQ]);
	assert_int_equal(rd(3, DIST + SPEND), 1 << 27);
	assert_int_equal(rd(0, DIST + SPEND), 0);
	assert_int_equal(rd(3, CPU + IAR), 27);
	gic_set(chip, IRQ_PPI(3, 27), false);
	wr(3, CPU + EOIR, 27);
	assert_false(b->pin[3][CPU_IRQ]);
}

static void group_0_is_a_fiq_only_if_fiqen_says_so(void **state)
{
	gic_set(chip, IRQ_PPI(0, 27), true);
	assert_true(b->pin[0][CPU_IRQ]);
	wr(0, CPU + C_CTLR, 1 | 1 << 3);
	assert_false(b->pin[0][CPU_IRQ]);
	assert_true(b->pin[0][CPU_FIQ]);
}

static void group_1_is_acknowledged_by_its_alias_or_with_ackctl(void **state)
{
	wr(0, DIST + CTLR, 3);
	wr(0, CPU + C_CTLR, 3);
	wr(0, DIST + GROUP, 1 << 27);
	gic_set(chip, IRQ_PPI(0, 27), true);
	assert_int_equal(rd(0, CPU + IAR), 1022);
	wr(0, CPU + PMR, PRIO);
	assert_int_equal(rd(0, CPU + IAR), 1023);
	assert_int_equal(rd(0, CPU + HPPIR), 1022);
	wr(0, CPU + PMR, 0xf0);
	assert_int_equal(rd(0, CPU + AHPPIR), 27);
	assert_int_equal(rd(0, CPU + AIAR), 27);
	wr(0, CPU + AEOIR, 27);
	assert_int_equal(rd(0, CPU + RPR), 0xff);
	wr(0, CPU + C_CTLR, 7);
	assert_int_equal(rd(0, CPU + IAR), 27);
	wr(0, CPU + EOIR, 27);
	assert_int_equal(rd(0, CPU + RPR), 0xff);
}

static void eoimode_splits_drop_from_deactivation(void **state)
{
	wr(0, CPU + C_CTLR, 1 | 1 << 9);
	gic_set(chip, IRQ_PPI(0, 27), true);
	assert_int_equal(rd(0, CPU + IAR), 27);
	wr(0, CPU + EOIR, 27);
	assert_int_equal(rd(0, CPU + RPR), 0xff);
	assert_int_equal(rd(0, DIST + SACTIVE), 1 << 27);
	wr(0, CPU + DIR, 27);
	assert_int_equal(rd(0, DIST + SACTIVE), 0);
}

static void a_uniprocessor_has_no_targets(void **state)
{
	board_free(b);
	make(1);
	wr(0, DIST + CTLR, 1);
	wr(0, CPU + PMR, 0xf0);
	wr(0, CPU + C_CTLR, 1);
	wr(0, DIST + SENABLE + 4, 1 << 8);
	assert_int_equal(rd(0, DIST + TARGET + 40), 0);
	gic_set(chip, 8, true);
	assert_int_equal(rd(0, CPU + IAR), 40);
}

static void more_than_eight_cpus_are_refused(void **state)
{
	board_free(b);
	b = board_new(9);
	assert_int_equal(device_init(board_device(b, &gicv2_class)), -EINVAL);
}

static void a_saved_record_restores_everything(void **state)
{
	static uint8_t first[64 * KIB], second[64 * KIB];
	struct state_writer w1 = { first, sizeof(first), 0, 0 }, w2 = { second, sizeof(second), 0, 0 };
	struct state_reader r = { first, 0, 0, 0 };

	wr(0, DIST + SENABLE + 4, 1 << 8);
	board_write(b, 0, DIST + TARGET + 40, 1, 8);
	gic_set(chip, 8, true);
	wr(2, DIST + SGIR, 1 << 16 | 5);
	assert_int_equal(chip->ops->save(chip, &w1), 0);
	board_free(b);
	make(4);
	r.size = w1.used;
	assert_int_equal(chip->ops->load(chip, &r), 0);
	assert_int_equal(chip->ops->save(chip, &w2), 0);
	assert_int_equal(w1.used, w2.used);
	assert_memory_equal(first, second, w1.used);
	assert_int_equal(rd(0, CPU + IAR), 2 << 10 | 5);
	assert_int_equal(rd(3, CPU + IAR), 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(registers_have_their_reset_values, setup_cold, teardown),
		cmocka_unit_test_setup_teardown(any_width_at_any_offset_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(an_spi_is_taken_by_the_first_of_its_targets, setup, teardown),
		cmocka_unit_test_setup_teardown(an_sgi_is_pending_once_for_each_sender, setup, teardown),
		cmocka_unit_test_setup_teardown(sgi_filters_choose_others_or_self, setup, teardown),
		cmocka_unit_test_setup_teardown(ppis_are_banked_by_the_accessing_cpu, setup, teardown),
		cmocka_unit_test_setup_teardown(group_0_is_a_fiq_only_if_fiqen_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(group_1_is_acknowledged_by_its_alias_or_with_ackctl, setup, teardown),
		cmocka_unit_test_setup_teardown(eoimode_splits_drop_from_deactivation, setup, teardown),
		cmocka_unit_test_setup_teardown(a_uniprocessor_has_no_targets, setup, teardown),
		cmocka_unit_test_setup_teardown(more_than_eight_cpus_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_saved_record_restores_everything, setup, teardown),
	};

	return cmocka_run_group_tests_name("gicv2", tests, NULL, NULL);
}
