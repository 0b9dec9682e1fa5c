/* SPDX-License-Identifier: BSD-2-Clause */
/* What virt-riscv64 has of its own: PLIC, Goldfish clock, system controller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/bits.h"
#include "dev/irqchip/plic.h"
#include "dev/misc/syscon.h"
#include "dev/rtc/goldfish.h"
#include "tests/dev/board.h"

#define PLIC		0x0c000000ull
#define RTC		0x00101000ull
#define SYSCON		0x00100000ull
#define SECOND		1000000000ull
#define EPOCH		1700000000ull
#define PRIORITY(n)	(PLIC + 4 * (n))
#define ENABLE(hart)	(PLIC + 0x2000 + 0x80 * (hart))
#define THRESHOLD(hart)	(PLIC + 0x200000 + 0x1000 * (hart))
#define CLAIM(hart)	(THRESHOLD(hart) + 4)

static struct board *b;
static struct device *plic, *rtc, *syscon;
static struct irqchip *chip;

static uint32_t rd(uint64_t addr)
{
	return (uint32_t)board_read(b, 0, addr, 4);
}

static void wr(uint64_t addr, uint32_t v)
{
	board_write(b, 0, addr, 4, v);
}

static void line(uint32_t source, bool level)
{
	irq_set(&(struct irq_line){ chip, source, false }, level);
}

static int setup(void **state)
{
	b = board_new(2);
	plic = board_device(b, &plic_class);
	rtc = board_device(b, &goldfish_rtc_class);
	syscon = board_device(b, &syscon_class);
	assert_int_equal(device_init(plic), 0);
	chip = plic_chip(plic);
	mmio_connect(rtc, chip, 11, 0);
	assert_int_equal(device_init(rtc), 0);
	assert_int_equal(device_init(syscon), 0);
	assert_int_equal(plic_map(plic, PLIC), 0);
	assert_int_equal(mmio_map(rtc, RTC), 0);
	assert_int_equal(mmio_map(syscon, SYSCON), 0);
	device_reset_all(&b->vm, RESET_COLD);
	b->vm.time.wall_offset_ns = EPOCH * SECOND - vm_now_ns(&b->vm.time);
	return 0;
}

static int teardown(void **state)
{
	board_free(b);
	return 0;
}

static void enable(uint32_t hart, uint32_t source, uint32_t priority)
{
	wr(PRIORITY(source), priority);
	wr(ENABLE(hart), rd(ENABLE(hart)) | 1u << source);
}

static void a_line_reaches_only_the_hart_that_enabled_it(void **state)
{
	enable(1, 5, 1);
	line(5, true);
	assert_false(b->pin[0][CPU_SEI]);
	assert_true(b->pin[1][CPU_SEI]);
	assert_int_equal(rd(PLIC + 0x1000), 1u << 5);
	assert_int_equal(rd(CLAIM(1)), 5);
	assert_false(b->pin[1][CPU_SEI]);
}

/* Specification, "Interrupt Gateways": what was forwarded is served, and its handler finds that there is nothing to do. */
static void an_interrupt_that_was_passed_on_stays_pending_when_its_line_falls(void **state)
{
	enable(0, 5, 1);
	line(5, true);
	line(5, false);
	assert_true(b->pin[0][CPU_SEI]);
	assert_int_equal(rd(PLIC + 0x1000), 1u << 5);
	assert_int_equal(rd(CLAIM(0)), 5);
	wr(CLAIM(0), 5);
	assert_false(b->pin[0][CPU_SEI]);
	assert_int_equal(rd(CLAIM(0)), 0);
}

static void a_claim_takes_the_highest_priority_then_the_lowest_number(void **state)
{
	enable(0, 3, 1);
	enable(0, 4, 2);
	enable(0, 6, 2);
	line(3, true);
	line(6, true);
	line(4, true);
	assert_int_equal(rd(CLAIM(0)), 4);
	assert_int_equal(rd(CLAIM(0)), 6);
	assert_int_equal(rd(CLAIM(0)), 3);
	assert_int_equal(rd(CLAIM(0)), 0);
	assert_false(b->pin[0][CPU_SEI]);
}

static void a_level_that_is_still_up_comes_back_after_completion_and_not_before(void **state)
{
	enable(0, 7, 1);
	line(7, true);
	assert_int_equal(rd(CLAIM(0)), 7);
	line(7, false);
	line(7, true);
	assert_false(b->pin[0][CPU_SEI]);
	wr(CLAIM(0), 8);
	assert_false(b->pin[0][CPU_SEI]);
	wr(CLAIM(0), 7);
	assert_true(b->pin[0][CPU_SEI]);
}

static void a_threshold_masks_the_pin_and_priority_0_masks_all(void **state)
{
	enable(0, 2, 3);
	line(2, true);
	wr(THRESHOLD(0), 3);
	assert_false(b->pin[0][CPU_SEI]);
	wr(THRESHOLD(0), 2);
	assert_true(b->pin[0][CPU_SEI]);
	wr(PRIORITY(2), 0);
	assert_false(b->pin[0][CPU_SEI]);
	assert_int_equal(rd(CLAIM(0)), 0);
}

static void registers_keep_what_exists_and_the_rest_is_zero(void **state)
{
	wr(PRIORITY(0), 5);
	wr(PRIORITY(1), 0xff);
	wr(ENABLE(0), ~0u);
	wr(ENABLE(0) + 4, ~0u);
	wr(ENABLE(5), ~0u);
	wr(ENABLE(15871), ~0u);		/* the last that the map has room for */
	wr(CLAIM(0), 4000000000u);
	wr(PRIORITY(200), 1);
	assert_int_equal(rd(PRIORITY(0)), 0);
	assert_int_equal(rd(PRIORITY(1)), 7);
	assert_int_equal(rd(ENABLE(0)), ~1u);
	assert_int_equal(rd(ENABLE(0) + 4), ~0u);
	assert_int_equal(rd(ENABLE(0) + 8), 0);
	assert_int_equal(rd(ENABLE(5)), 0);
	assert_int_equal(rd(CLAIM(5)), 0);
	assert_int_equal(rd(PRIORITY(200)), 0);
	assert_int_equal(rd(PLIC + PLIC_SIZE - 4), 0);
	line(0, true);
	line(64, true);
	assert_int_equal(rd(PLIC + 0x1000), 0);
}

static void plic_reset_clears_what_the_guest_set_and_keeps_lines(void **state)
{
	enable(0, 2, 3);
	line(2, true);
	rd(CLAIM(0));
	device_reset_all(&b->vm, RESET_WARM);
	assert_int_equal(rd(ENABLE(0)), 0);
	assert_int_equal(rd(PRIORITY(2)), 0);
	assert_false(b->pin[0][CPU_SEI]);
	enable(0, 2, 1);
	assert_true(b->pin[0][CPU_SEI]);
}

static uint64_t now(void)
{
	uint64_t low = rd(RTC);

	return (uint64_t)rd(RTC + 4) << 32 | low;
}

static void the_clock_is_wall_time_and_can_be_set(void **state)
{
	assert_int_equal(now() / SECOND, EPOCH);
	wr(RTC + 4, 0x12345678);
	wr(RTC, 0x9abcdef0);
	assert_int_equal(now() >> 32, 0x12345678);
	board_advance(b, 5 * SECOND);
	assert_true(now() - 0x123456789abcdef0 >= 5 * SECOND);
	device_reset_all(&b->vm, RESET_WARM);
	assert_int_equal(now() >> 40, 0x123456);
}

static void an_alarm_raises_the_line_once(void **state)
{
	uint64_t at = now() + 2 * SECOND;

	enable(0, 11, 1);
	wr(RTC + 0x10, 1);
	wr(RTC + 0x0c, (uint32_t)(at >> 32));
	wr(RTC + 0x08, (uint32_t)at);
	assert_int_equal(rd(RTC + 0x18), 1);
	board_advance(b, SECOND);
	assert_false(b->pin[0][CPU_SEI]);
	board_advance(b, SECOND + TICK_NS);
	assert_true(b->pin[0][CPU_SEI]);
	assert_int_equal(rd(RTC + 0x18), 0);
	assert_int_equal(rd(CLAIM(0)), 11);
	wr(RTC + 0x1c, 1);
	wr(CLAIM(0), 11);
	assert_int_equal(rd(CLAIM(0)), 0);
}

static void a_cleared_alarm_does_not_ring(void **state)
{
	uint64_t at = now() + SECOND;

	enable(0, 11, 1);
	wr(RTC + 0x10, 1);
	wr(RTC + 0x0c, (uint32_t)(at >> 32));
	wr(RTC + 0x08, (uint32_t)at);
	wr(RTC + 0x14, 1);
	board_advance(b, 2 * SECOND);
	assert_false(b->pin[0][CPU_SEI]);
}

static void the_system_controller_ends_and_restarts(void **state)
{
	wr(SYSCON + 4, 0x5555);
	wr(SYSCON, 1);
	assert_int_equal(b->requests, 0);
	assert_int_equal(rd(SYSCON), 0);
	wr(SYSCON, 0x5555);
	assert_int_equal(b->request, EXIT_SHUTDOWN);
	wr(SYSCON, 0x7777);
	assert_int_equal(b->request, EXIT_RESET);
	wr(SYSCON, 0x33333);
	assert_int_equal(b->request, EXIT_CRASH);
	assert_int_equal(b->requests, 3);
}

static void state_survives_a_round_trip(void **state)
{
	enable(0, 2, 3);
	enable(1, 11, 2);
	wr(THRESHOLD(1), 1);
	line(2, true);
	rd(CLAIM(0));
	board_round_trip(plic);
	board_round_trip(rtc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_line_reaches_only_the_hart_that_enabled_it),
		T(an_interrupt_that_was_passed_on_stays_pending_when_its_line_falls),
		T(a_claim_takes_the_highest_priority_then_the_lowest_number),
		T(a_level_that_is_still_up_comes_back_after_completion_and_not_before),
		T(a_threshold_masks_the_pin_and_priority_0_masks_all),
		T(registers_keep_what_exists_and_the_rest_is_zero),
		T(plic_reset_clears_what_the_guest_set_and_keeps_lines),
		T(the_clock_is_wall_time_and_can_be_set),
		T(an_alarm_raises_the_line_once),
		T(a_cleared_alarm_does_not_ring),
		T(the_system_controller_ends_and_restarts),
		T(state_survives_a_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
