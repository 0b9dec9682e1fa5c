/* SPDX-License-Identifier: BSD-2-Clause */
/* GICv3 as a guest sees it, through MMIO and ICC_* accesses of its vCPUs. Long: one small case for each rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/errno.h"
#include "core/fdt.h"
#include "dev/irqchip/gicv3.h"
#include "isa/arm64/sysreg.h"
#include "tests/dev/board.h"

#define DIST		0x08000000ull
#define REDIST		0x080a0000ull
#define RD(cpu)		(REDIST + (cpu) * 0x20000ull)
#define SGI(cpu)	(RD(cpu) + 0x10000)
#define PRIO		0xa0

enum { CTLR = 0, TYPER = 4, GROUP = 0x80, SENABLE = 0x100, CENABLE = 0x180, SPEND = 0x200, CPEND = 0x280,
       SACTIVE = 0x300, CACTIVE = 0x380, IPRIO = 0x400, ICFG = 0xc00, ROUTER = 0x6000, WAKER = 0x14 };

static struct board *b;
static struct device *gic;
static struct irqchip *chip;

static void make(uint32_t cpus, uint32_t spis)
{
	b = board_new(cpus);
	gic = board_device(b, &gicv3_class);
	assert_int_equal(device_set(gic, "spis", spis), 0);
	assert_int_equal(device_init(gic), 0);
	assert_int_equal(gicv3_map(gic, DIST, REDIST), 0);
	chip = gic_chip(gic);
	device_reset_all(&b->vm, RESET_COLD);
}

/* What Linux does at boot: everything in group 1 at one priority, SPIs to CPU 0, PPIs and SGIs on. */
static void linux_up(void)
{
	board_write(b, 0, DIST + CTLR, 4, 0x13);
	for (unsigned w = 1; w <= (chip->pins + 31) / 32; w++)
		board_write(b, 0, DIST + GROUP + 4 * w, 4, ~0u);
	for (unsigned i = 32; i < 32 + chip->pins; i += 4)
		board_write(b, 0, DIST + IPRIO + i, 4, PRIO * 0x01010101u);
	for (uint32_t c = 0; c < b->vm.vcpu_count; c++) {
		board_write(b, c, RD(c) + WAKER, 4, 0);
		board_write(b, c, SGI(c) + GROUP, 4, ~0u);
		for (unsigned i = 0; i < 32; i += 4)
			board_write(b, c, SGI(c) + IPRIO + i, 4, PRIO * 0x01010101u);
		board_write(b, c, SGI(c) + SENABLE, 4, ~0u);
		board_msr(b, c, SYS_ICC_PMR_EL1, 0xf0);
		board_msr(b, c, SYS_ICC_IGRPEN1_EL1, 1);
	}
}

static int setup(void **state)
{
	make(4, 256);
	linux_up();
	return 0;
}

static int setup_cold(void **state)
{
	make(2, 256);
	return 0;
}

static int setup_64(void **state)
{
	make(64, 988);
	linux_up();
	return 0;
}

static int teardown(void **state)
{
	board_free(b);
	return 0;
}

static void enable_spi(unsigned intid)
{
	board_write(b, 0, DIST + SENABLE + intid / 32 * 4, 4, 1u << intid % 32);
}

static uint64_t iar(unsigned cpu)
{
	return board_mrs(b, cpu, SYS_ICC_IAR1_EL1);
}

static void eoi(unsigned cpu, uint64_t intid)
{
	board_msr(b, cpu, SYS_ICC_EOIR1_EL1, intid);
}

static void registers_have_their_reset_values(void **state)
{
	assert_int_equal(board_read(b, 0, DIST + CTLR, 4), 0x50);	/* ARE, DS */
	assert_int_equal(board_read(b, 0, DIST + TYPER, 4) & 0x1f, 8);	/* 32 * (8 + 1) interrupts */
	assert_int_equal(board_read(b, 0, DIST + 0xffe8, 4), 0x3b);	/* GICv3 */
	assert_int_equal(board_read(b, 0, DIST + 0xfff0, 4), 0x0d);
	assert_int_equal(board_read(b, 0, RD(0) + 0xffe8, 4), 0x3b);
	for (unsigned off = GROUP; off < ICFG; off += 4)
		assert_int_equal(board_read(b, 0, DIST + off, 4), 0);
	assert_int_equal(board_read(b, 0, SGI(1) + ICFG, 4), 0xaaaaaaaa);
	assert_int_equal(board_read(b, 0, SGI(1) + ICFG + 4, 4), 0);
	assert_int_equal(board_read(b, 0, RD(0) + WAKER, 4), 6);
	assert_int_equal(board_read(b, 0, RD(0) + 8, 8), 0);
	assert_int_equal(board_read(b, 0, RD(1) + 8, 8), 1ull << 32 | 1 << 8 | 1 << 4);
	assert_int_equal(board_read(b, 0, RD(1) + 12, 4), 1);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_PMR_EL1), 0);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_CTLR_EL1), 0x48400);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_SRE_EL1), 7);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_BPR0_EL1), 2);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_BPR1_EL1), 3);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), 0xff);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_IGRPEN0_EL1), 0);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_IGRPEN1_EL1), 0);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_AP0R0_EL1), 0);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_AP1R0_EL1), 0);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_IAR1_EL1), 1023);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_HPPIR0_EL1), 1023);
}

static void registers_of_the_wrong_direction_abort(void **state)
{
	static const uint32_t write_only[] = { SYS_ICC_EOIR0_EL1, SYS_ICC_EOIR1_EL1, SYS_ICC_DIR_EL1, SYS_ICC_SGI1R_EL1 };
	static const uint32_t read_only[] = { SYS_ICC_IAR0_EL1, SYS_ICC_IAR1_EL1, SYS_ICC_HPPIR1_EL1, SYS_ICC_RPR_EL1 };
	uint64_t v = 0;

	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(board_try(b, BUS_SYSREG, 0, write_only[i], 8, false, &v), BUS_ABORT);
		assert_int_equal(board_try(b, BUS_SYSREG, 0, read_only[i], 8, true, &v), BUS_ABORT);
	}
}

static void any_width_at_any_offset_is_answered(void **state)
{
	static const uint32_t around[] = { 0, 4, 0x80, 0x100, 0x3fc, 0x400, 0x41c, 0x7fc, 0x800, 0xbfc, 0xc00, 0xcfc, 0xd00,
					   0xf00, 0x6000, 0x6100, 0x7fd8, 0x7ff8, 0xffe8, 0xfffc };

	for (unsigned i = 0; i < ARRAY_SIZE(around); i++)
		for (unsigned size = 1; size <= 8; size *= 2)
			for (uint32_t off = around[i]; off < around[i] + 4 && off + size <= 0x10000; off++)
				for (int write = 1; write >= 0; write--) {
					uint64_t v = ~0ull, s = ~0ull, c = ~0ull;

					board_try(b, BUS_MMIO, 1, DIST + off, size, write, &v);
					board_try(b, BUS_MMIO, 1, RD(3) + off, size, write, &c);
					board_try(b, BUS_MMIO, 1, SGI(3) + off, size, write, &s);
				}
	assert_int_equal(board_read(b, 0, DIST + SENABLE, 2), 0);	/* bit registers are words */
}

static void interrupts_that_do_not_exist_read_as_zero(void **state)
{
	board_write(b, 0, DIST + SENABLE + 4 * 9, 4, ~0u);
	assert_int_equal(board_read(b, 0, DIST + SENABLE + 4 * 9, 4), 0);
	board_write(b, 0, SGI(0) + SENABLE + 4, 4, ~0u);		/* there is no word 1 in a redistributor */
	assert_int_equal(board_read(b, 0, SGI(0) + SENABLE + 4, 4), 0);
	assert_int_equal(board_read(b, 0, DIST + SENABLE + 4, 4), 0);
	board_write(b, 0, DIST + SENABLE, 4, ~0u);			/* and no word 0 in the distributor */
	assert_int_equal(board_read(b, 0, DIST + SENABLE, 4), 0);
	board_write(b, 0, SGI(0) + ICFG, 4, 0);				/* SGIs are edges */
	assert_int_equal(board_read(b, 0, SGI(0) + ICFG, 4), 0xaaaaaaaa);
	gic_set(chip, 256, true);
	gic_set(chip, IRQ_PPI(64, 27), true);
	gic_set(chip, IRQ_PPI(0, 3), true);
	assert_false(b->pin[0][CPU_IRQ]);
}

static void a_level_interrupt_is_pending_while_its_line_is_high(void **state)
{
	enable_spi(40);
	gic_set(chip, 8, true);
	assert_true(b->pin[0][CPU_IRQ]);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_HPPIR1_EL1), 40);
	assert_int_equal(iar(0), 40);
	assert_false(b->pin[0][CPU_IRQ]);
	assert_int_equal(board_read(b, 0, DIST + SPEND + 4, 4), 1 << 8);
	assert_int_equal(board_read(b, 0, DIST + SACTIVE + 4, 4), 1 << 8);
	eoi(0, 40);
	assert_true(b->pin[0][CPU_IRQ]);		/* still high: again */
	assert_int_equal(iar(0), 40);
	gic_set(chip, 8, false);
	eoi(0, 40);
	assert_false(b->pin[0][CPU_IRQ]);
	assert_int_equal(iar(0), 1023);
}

static void a_line_that_falls_before_acknowledge_leaves_nothing(void **state)
{
	enable_spi(40);
	gic_set(chip, 8, true);
	gic_set(chip, 8, false);
	assert_false(b->pin[0][CPU_IRQ]);
	assert_int_equal(iar(0), 1023);
}

static void an_edge_is_remembered_once(void **state)
{
	struct irq_line line = { chip, 8, true };

	board_write(b, 0, DIST + ICFG + 4 * (40 / 16), 4, 2u << 2 * (40 % 16));
	assert_int_equal(board_read(b, 0, DIST + ICFG + 4 * (40 / 16), 4), 2u << 2 * (40 % 16));
	enable_spi(40);
	irq_pulse(&line);
	assert_int_equal(iar(0), 40);
	irq_pulse(&line);				/* while active: pending again, delivered after the end */
	assert_false(b->pin[0][CPU_IRQ]);
	eoi(0, 40);
	assert_true(b->pin[0][CPU_IRQ]);
	assert_int_equal(iar(0), 40);
	eoi(0, 40);
	gic_set(chip, 8, true);
	assert_int_equal(iar(0), 40);
	eoi(0, 40);
	assert_false(b->pin[0][CPU_IRQ]);		/* the line is still high, but that is no edge */
}

static void pending_can_be_set_and_cleared_by_software(void **state)
{
	enable_spi(40);
	board_write(b, 0, DIST + SPEND + 4, 4, 1 << 8);
	assert_true(b->pin[0][CPU_IRQ]);
	board_write(b, 0, DIST + CPEND + 4, 4, 1 << 8);
	assert_false(b->pin[0][CPU_IRQ]);
	gic_set(chip, 8, true);
	board_write(b, 0, DIST + CPEND + 4, 4, 1 << 8);
	assert_true(b->pin[0][CPU_IRQ]);		/* not what a wire says */
}

static void a_masked_interrupt_waits(void **state)
{
	gic_set(chip, 8, true);
	assert_false(b->pin[0][CPU_IRQ]);
	enable_spi(40);
	assert_true(b->pin[0][CPU_IRQ]);
	board_write(b, 0, DIST + CENABLE + 4, 4, 1 << 8);
	assert_false(b->pin[0][CPU_IRQ]);
	enable_spi(40);
	board_write(b, 0, DIST + CTLR, 4, 0);
	assert_false(b->pin[0][CPU_IRQ]);
	board_write(b, 0, DIST + CTLR, 4, 2);
	assert_true(b->pin[0][CPU_IRQ]);
	board_msr(b, 0, SYS_ICC_IGRPEN1_EL1, 0);
	assert_false(b->pin[0][CPU_IRQ]);
	board_msr(b, 0, SYS_ICC_IGRPEN1_EL1, 1);
	assert_true(b->pin[0][CPU_IRQ]);
	board_msr(b, 0, SYS_ICC_PMR_EL1, PRIO);		/* not lower than the mask: waits */
	assert_false(b->pin[0][CPU_IRQ]);
	assert_int_equal(iar(0), 1023);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_HPPIR1_EL1), 40);
	board_msr(b, 0, SYS_ICC_PMR_EL1, PRIO + 8);
	assert_true(b->pin[0][CPU_IRQ]);
	board_write(b, 0, RD(0) + WAKER, 4, 2);
	assert_false(b->pin[0][CPU_IRQ]);
}

static void ppis_are_each_cpus_own(void **state)
{
	gic_set(chip, IRQ_PPI(2, 27), true);
	assert_false(b->pin[0][CPU_IRQ]);
	assert_true(b->pin[2][CPU_IRQ]);
	assert_int_equal(iar(0), 1023);
	assert_int_equal(iar(2), 27);
	gic_set(chip, IRQ_PPI(2, 27), false);
	eoi(2, 27);
	assert_int_equal(b->pin_changes, 2);
}

static void group_0_goes_to_the_fiq_pin(void **state)
{
	board_write(b, 0, SGI(0) + GROUP, 4, ~(1u << 27));
	board_msr(b, 0, SYS_ICC_IGRPEN0_EL1, 1);
	gic_set(chip, IRQ_PPI(0, 27), true);
	assert_true(b->pin[0][CPU_FIQ]);
	assert_false(b->pin[0][CPU_IRQ]);
	assert_int_equal(iar(0), 1023);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_HPPIR1_EL1), 1023);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_HPPIR0_EL1), 27);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_IAR0_EL1), 27);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_AP0R0_EL1), 1u << (PRIO >> 3));
	gic_set(chip, IRQ_PPI(0, 27), false);
	eoi(0, 27);					/* the wrong register: no effect */
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), PRIO);
	board_msr(b, 0, SYS_ICC_EOIR0_EL1, 27);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), 0xff);
}

static void a_lower_number_wins_among_equals_and_priority_wins_among_all(void **state)
{
	enable_spi(60);
	enable_spi(40);
	gic_set(chip, 60 - 32, true);
	gic_set(chip, 40 - 32, true);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_HPPIR1_EL1), 40);
	gic_set(chip, IRQ_PPI(0, 30), true);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_HPPIR1_EL1), 30);
	board_write(b, 0, DIST + IPRIO + 60, 1, 0x58);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_HPPIR1_EL1), 60);
	assert_int_equal(board_read(b, 0, DIST + IPRIO + 60, 1), 0x58);
	assert_int_equal(board_read(b, 0, DIST + IPRIO + 60, 4), 0xa0a0a058);
	board_write(b, 0, DIST + IPRIO + 60, 1, 0x5f);	/* five bits */
	assert_int_equal(board_read(b, 0, DIST + IPRIO + 60, 1), 0x58);
}

static void a_higher_priority_preempts_and_a_lower_one_waits(void **state)
{
	enable_spi(40);
	enable_spi(41);
	enable_spi(42);
	board_write(b, 0, DIST + IPRIO + 41, 1, 0x50);
	board_write(b, 0, DIST + IPRIO + 42, 1, 0xc0);
	gic_set(chip, 8, true);
	assert_int_equal(iar(0), 40);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), PRIO);
	gic_set(chip, 10, true);
	assert_false(b->pin[0][CPU_IRQ]);
	gic_set(chip, 9, true);
	assert_true(b->pin[0][CPU_IRQ]);
	assert_int_equal(iar(0), 41);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), 0x50);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_AP1R0_EL1), 1u << 10 | 1u << 20);
	gic_set(chip, 9, false);
	eoi(0, 41);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), PRIO);
	assert_false(b->pin[0][CPU_IRQ]);
	gic_set(chip, 8, false);
	eoi(0, 40);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), 0xff);
	assert_int_equal(iar(0), 42);
}

static void the_binary_point_limits_preemption(void **state)
{
	enable_spi(40);
	enable_spi(41);
	board_write(b, 0, DIST + IPRIO + 40, 1, 0x98);
	board_write(b, 0, DIST + IPRIO + 41, 1, 0x90);
	board_msr(b, 0, SYS_ICC_BPR1_EL1, 4);		/* groups of 16 */
	gic_set(chip, 8, true);
	assert_int_equal(iar(0), 40);
	gic_set(chip, 9, true);
	assert_false(b->pin[0][CPU_IRQ]);
	board_msr(b, 0, SYS_ICC_BPR1_EL1, 0);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_BPR1_EL1), 3);
	board_msr(b, 0, SYS_ICC_CTLR_EL1, 1);		/* CBPR */
	assert_int_equal(board_mrs(b, 0, SYS_ICC_BPR1_EL1), 3);
	board_msr(b, 0, SYS_ICC_BPR1_EL1, 7);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_BPR0_EL1), 2);
	board_msr(b, 0, SYS_ICC_BPR0_EL1, 7);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_BPR1_EL1), 7);
	board_msr(b, 0, SYS_ICC_CTLR_EL1, 0);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_BPR1_EL1), 3);
}

static void eoimode_1_splits_drop_from_deactivation(void **state)
{
	board_msr(b, 0, SYS_ICC_CTLR_EL1, 2);
	enable_spi(40);
	gic_set(chip, 8, true);
	assert_int_equal(iar(0), 40);
	eoi(0, 40);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), 0xff);
	assert_int_equal(board_read(b, 0, DIST + SACTIVE + 4, 4), 1 << 8);
	assert_false(b->pin[0][CPU_IRQ]);
	board_msr(b, 0, SYS_ICC_DIR_EL1, 40);
	assert_int_equal(board_read(b, 0, DIST + SACTIVE + 4, 4), 0);
	assert_true(b->pin[0][CPU_IRQ]);
	gic_set(chip, IRQ_PPI(0, 27), true);
	assert_int_equal(iar(0), 27);
	eoi(0, 27);
	assert_int_equal(board_read(b, 0, SGI(0) + SACTIVE, 4), 1 << 27);
	board_msr(b, 0, SYS_ICC_DIR_EL1, 27);
	assert_int_equal(board_read(b, 0, SGI(0) + SACTIVE, 4), 0);
}

static void dir_without_eoimode_and_odd_numbers_do_nothing(void **state)
{
	enable_spi(40);
	gic_set(chip, 8, true);
	assert_int_equal(iar(0), 40);
	board_msr(b, 0, SYS_ICC_DIR_EL1, 40);
	assert_int_equal(board_read(b, 0, DIST + SACTIVE + 4, 4), 1 << 8);
	eoi(0, 1023);
	eoi(0, 0xffffffff);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), PRIO);
	eoi(0, 40);
	eoi(0, 1000);
	eoi(1, 40);
	board_msr(b, 0, SYS_ICC_CTLR_EL1, 2);
	board_msr(b, 0, SYS_ICC_DIR_EL1, 0xffffff);
	board_msr(b, 0, SYS_ICC_DIR_EL1, 1019);
}

static void an_sgi_reaches_the_cpus_of_its_list(void **state)
{
	board_msr(b, 0, SYS_ICC_SGI1R_EL1, 5ull << 24 | 0xa);
	assert_false(b->pin[0][CPU_IRQ]);
	assert_true(b->pin[1][CPU_IRQ]);
	assert_false(b->pin[2][CPU_IRQ]);
	assert_true(b->pin[3][CPU_IRQ]);
	assert_int_equal(iar(1), 5);
	eoi(1, 5);
	assert_false(b->pin[1][CPU_IRQ]);
	assert_int_equal(iar(3), 5);
	board_msr(b, 0, SYS_ICC_SGI1R_EL1, 5ull << 24 | 0xfff0);	/* nobody there */
	board_msr(b, 0, SYS_ICC_SGI1R_EL1, 5ull << 24 | 1ull << 32 | 1);
	board_msr(b, 0, SYS_ICC_SGI0R_EL1, 6ull << 24 | 1);		/* group 0: the SGI is in group 1 */
	assert_false(b->pin[0][CPU_IRQ]);
}

static void an_sgi_to_all_leaves_out_the_sender(void **state)
{
	board_msr(b, 17, SYS_ICC_SGI1R_EL1, 3ull << 24 | 1ull << 40);
	for (uint32_t i = 0; i < 64; i++) {
		assert_int_equal(b->pin[i][CPU_IRQ], i != 17);
		assert_int_equal(iar(i), i == 17 ? 1023 : 3);
	}
}

static void a_cluster_is_named_by_its_affinity(void **state)
{
	board_msr(b, 0, SYS_ICC_SGI1R_EL1, 3ull << 24 | 2ull << 16 | 1u << 5);
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(b->pin[i][CPU_IRQ], i == 37);
	assert_int_equal(board_read(b, 0, RD(63) + 8, 8), 0x030full << 32 | 63 << 8 | 1 << 4);
	assert_int_equal(board_read(b, 0, RD(62) + 8, 4) & 0x10, 0);
	for (unsigned off = GROUP; off < IPRIO; off += 0x80) {
		board_write(b, 0, DIST + off + 31 * 4, 4, ~0u);
		assert_int_equal(board_read(b, 0, DIST + off + 31 * 4, 4) >> 28, 0);
	}
	board_write(b, 0, DIST + CENABLE + 31 * 4, 4, ~0u);
	board_write(b, 0, DIST + CPEND + 31 * 4, 4, ~0u);
	board_write(b, 0, DIST + CACTIVE + 31 * 4, 4, ~0u);
	board_write(b, 0, DIST + ROUTER + 8 * 1019, 8, 0x0301);
	enable_spi(1019);
	gic_set(chip, 987, true);
	assert_true(b->pin[49][CPU_IRQ]);
	assert_int_equal(iar(49), 1019);
}

static void an_spi_follows_its_route(void **state)
{
	enable_spi(40);
	gic_set(chip, 8, true);
	assert_true(b->pin[0][CPU_IRQ]);
	board_write(b, 0, DIST + ROUTER + 8 * 40, 8, 2);
	assert_false(b->pin[0][CPU_IRQ]);
	assert_true(b->pin[2][CPU_IRQ]);
	board_write(b, 0, DIST + ROUTER + 8 * 40, 4, 3);
	assert_false(b->pin[2][CPU_IRQ]);
	assert_true(b->pin[3][CPU_IRQ]);
	assert_int_equal(board_read(b, 0, DIST + ROUTER + 8 * 40, 8), 3);
	board_write(b, 0, DIST + ROUTER + 8 * 40, 8, ~0ull);		/* 1 of N, other bits ignored */
	assert_int_equal(board_read(b, 0, DIST + ROUTER + 8 * 40, 8), 0xff80ffffffull);
	assert_true(b->pin[0][CPU_IRQ]);
	assert_false(b->pin[3][CPU_IRQ]);
	board_msr(b, 0, SYS_ICC_IGRPEN1_EL1, 0);			/* CPU 0 leaves, so it is CPU 1's */
	assert_false(b->pin[0][CPU_IRQ]);
	assert_true(b->pin[1][CPU_IRQ]);
	board_write(b, 0, RD(1) + WAKER, 4, 2);				/* CPU 1 sleeps */
	assert_true(b->pin[2][CPU_IRQ]);
	board_msr(b, 3, SYS_ICC_IGRPEN0_EL1, 1);
	board_write(b, 0, DIST + GROUP + 4, 4, ~(1u << 8));		/* group 0: only CPU 3 takes that */
	assert_false(b->pin[2][CPU_IRQ]);
	assert_true(b->pin[3][CPU_FIQ]);
	board_write(b, 0, DIST + ROUTER + 8 * 40, 8, 9);		/* nobody */
	assert_false(b->pin[3][CPU_FIQ]);
}

static void a_message_raises_an_spi(void **state)
{
	struct msi m = { DIST + 0x40, 50, 0 };

	board_write(b, 0, DIST + ICFG + 4 * 3, 4, 2u << 2 * 2);
	enable_spi(50);
	board_write(b, 0, DIST + 0x40, 4, 50);
	assert_int_equal(iar(0), 50);
	eoi(0, 50);
	assert_int_equal(chip->ops->msi(chip, &m), 1);
	assert_int_equal(iar(0), 50);
	eoi(0, 50);
	m.data = 5000;
	assert_true(chip->ops->msi(chip, &m) < 0);
	board_write(b, 0, DIST + 0x40, 4, ~0u);
	board_write(b, 0, DIST + 0x40, 2, 3);
	assert_false(b->pin[0][CPU_IRQ]);
}

static void reset_forgets_all_but_the_wires(void **state)
{
	enable_spi(40);
	gic_set(chip, 8, true);
	assert_int_equal(iar(0), 40);
	gic_set(chip, IRQ_PPI(1, 27), true);
	assert_true(b->pin[1][CPU_IRQ]);
	device_reset_all(&b->vm, RESET_WARM);
	assert_false(b->pin[1][CPU_IRQ]);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), 0xff);
	linux_up();
	assert_true(b->pin[1][CPU_IRQ]);
	enable_spi(40);
	assert_true(b->pin[0][CPU_IRQ]);
}

static void a_saved_record_restores_everything(void **state)
{
	static uint8_t first[256 * KIB], second[256 * KIB];
	struct state_writer w1 = { first, sizeof(first), 0, 0 }, w2 = { second, sizeof(second), 0, 0 };
	struct state_reader r = { first, 0, 0, 0 };

	enable_spi(40);
	enable_spi(41);
	board_write(b, 0, DIST + ROUTER + 8 * 41, 8, 2);
	gic_set(chip, 8, true);
	gic_set(chip, 9, true);
	assert_int_equal(iar(0), 40);
	board_msr(b, 3, SYS_ICC_SGI1R_EL1, 7ull << 24 | 1 << 1);
	assert_int_equal(chip->ops->save(chip, &w1), 0);
	board_free(b);

	make(4, 256);
	r.size = w1.used;
	assert_int_equal(chip->ops->load(chip, &r), 0);
	assert_int_equal(r.at, r.size);
	assert_int_equal(chip->ops->save(chip, &w2), 0);
	assert_int_equal(w1.used, w2.used);
	assert_memory_equal(first, second, w1.used);
	assert_int_equal(board_mrs(b, 0, SYS_ICC_RPR_EL1), PRIO);
	assert_true(b->pin[1][CPU_IRQ]);
	assert_true(b->pin[2][CPU_IRQ]);
	assert_int_equal(iar(1), 7);
	assert_int_equal(iar(2), 41);
	eoi(0, 40);
	assert_true(b->pin[0][CPU_IRQ]);
	board_free(b);

	make(2, 256);					/* a machine of another shape */
	r = (struct state_reader){ first, w1.used, 0, 0 };
	assert_int_equal(chip->ops->load(chip, &r), -EINVAL);
}

static void a_spoilt_record_is_refused_or_harmless(void **state)
{
	static uint8_t good[256 * KIB], bad[256 * KIB];
	struct state_writer w = { good, sizeof(good), 0, 0 };
	uint32_t seed = 1;

	enable_spi(40);
	gic_set(chip, 8, true);
	assert_int_equal(chip->ops->save(chip, &w), 0);
	for (unsigned i = 0; i < 500; i++) {
		struct state_reader r = { bad, i & 1 ? w.used : i * w.used / 500, 0, 0 };

		memcpy(bad, good, w.used);
		for (unsigned j = 0; j < i % 7 + 1; j++) {
			seed = seed * 1103515245 + 12345;
			bad[(seed >> 8) % w.used] = (uint8_t)(seed >> 3);
		}
		chip->ops->load(chip, &r);
		for (unsigned c = 0; c < 4; c++)
			eoi(c, iar(c));
	}
	device_reset_all(&b->vm, RESET_COLD);
	linux_up();
	enable_spi(40);
	assert_int_equal(iar(0), 40);
}

static void the_device_tree_names_frames_and_phandle(void **state)
{
	struct fdt f;
	uint32_t n;
	int node;

	board_tree(&f, &gic, 1);
	node = fdt_find_compatible(&f, -1, "arm,gic-v3");
	assert_true(node >= 0);
	assert_string_equal(fdt_name(&f, node), "interrupt-controller@8000000");
	assert_non_null(fdt_get(&f, node, "phandle", &n));
	assert_non_null(fdt_get(&f, node, "reg", &n));
	assert_int_equal(n, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(registers_have_their_reset_values, setup_cold, teardown),
		cmocka_unit_test_setup_teardown(registers_of_the_wrong_direction_abort, setup_cold, teardown),
		cmocka_unit_test_setup_teardown(any_width_at_any_offset_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupts_that_do_not_exist_read_as_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(a_level_interrupt_is_pending_while_its_line_is_high, setup, teardown),
		cmocka_unit_test_setup_teardown(a_line_that_falls_before_acknowledge_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(an_edge_is_remembered_once, setup, teardown),
		cmocka_unit_test_setup_teardown(pending_can_be_set_and_cleared_by_software, setup, teardown),
		cmocka_unit_test_setup_teardown(a_masked_interrupt_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(ppis_are_each_cpus_own, setup, teardown),
		cmocka_unit_test_setup_teardown(group_0_goes_to_the_fiq_pin, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lower_number_wins_among_equals_and_priority_wins_among_all, setup, teardown),
		cmocka_unit_test_setup_teardown(a_higher_priority_preempts_and_a_lower_one_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(the_binary_point_limits_preemption, setup, teardown),
		cmocka_unit_test_setup_teardown(eoimode_1_splits_drop_from_deactivation, setup, teardown),
		cmocka_unit_test_setup_teardown(dir_without_eoimode_and_odd_numbers_do_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(an_sgi_reaches_the_cpus_of_its_list, setup, teardown),
		cmocka_unit_test_setup_teardown(an_sgi_to_all_leaves_out_the_sender, setup_64, teardown),
		cmocka_unit_test_setup_teardown(a_cluster_is_named_by_its_affinity, setup_64, teardown),
		cmocka_unit_test_setup_teardown(an_spi_follows_its_route, setup, teardown),
		cmocka_unit_test_setup_teardown(a_message_raises_an_spi, setup, teardown),
		cmocka_unit_test_setup_teardown(reset_forgets_all_but_the_wires, setup, teardown),
		cmocka_unit_test_setup_teardown(a_saved_record_restores_everything, setup, teardown),
		cmocka_unit_test_setup_teardown(a_spoilt_record_is_refused_or_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(the_device_tree_names_frames_and_phandle, setup, teardown),
	};

	return cmocka_run_group_tests_name("gicv3", tests, NULL, NULL);
}
