/* SPDX-License-Identifier: BSD-2-Clause */
/* The small ones: PL031 clock, PL061 GPIO with its power key, and the exit device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/fdt.h"
#include "dev/gpio/pl061.h"
#include "dev/misc/simexit.h"
#include "dev/rtc/pl031.h"
#include "tests/dev/board.h"

#define RTC		0x09010000ull
#define GPIO		0x09030000ull
#define EXIT		0x09100000ull
#define SECOND		1000000000ull
#define EPOCH		1700000000ull

static struct board *b;
static struct device *rtc, *gpio, *ender;
static bool level[8];

static void chip_set(struct irqchip *c, uint32_t pin, bool on)
{
	level[pin] = on;
}

static const struct irqchip_ops chip_ops = { .set = chip_set };
static struct irqchip chip = { &chip_ops, "test", 0 };

static uint32_t rd(uint64_t addr)
{
	return (uint32_t)board_read(b, 0, addr, 4);
}

static void wr(uint64_t addr, uint32_t v)
{
	board_write(b, 0, addr, 4, v);
}

static int setup(void **state)
{
	b = board_new(1);
	rtc = board_device(b, &pl031_class);
	gpio = board_device(b, &pl061_class);
	ender = board_device(b, &simexit_class);
	assert_int_equal(device_set(gpio, "phandle", 7), 0);
	mmio_connect(rtc, &chip, 34, 32);
	mmio_connect(gpio, &chip, 35, 32);
	assert_int_equal(device_init(rtc), 0);
	assert_int_equal(device_init(gpio), 0);
	assert_int_equal(device_init(ender), 0);
	assert_int_equal(mmio_map(rtc, RTC), 0);
	assert_int_equal(mmio_map(gpio, GPIO), 0);
	assert_int_equal(mmio_map(ender, EXIT), 0);
	device_reset_all(&b->vm, RESET_COLD);
	b->vm.time.wall_offset_ns = EPOCH * SECOND + SECOND / 4 - vm_now_ns(&b->vm.time);
	return 0;
}

static int teardown(void **state)
{
	board_free(b);
	return 0;
}

static void the_clock_shows_the_wall_clock_and_runs(void **state)
{
	assert_int_equal(rd(RTC), EPOCH);
	board_advance(b, 3 * SECOND);
	assert_int_equal(rd(RTC), EPOCH + 3);
	assert_int_equal(rd(RTC + 0xc), 1);
	assert_int_equal(rd(RTC + 0xfe0), 0x31);
	assert_int_equal(rd(RTC + 0xfe4), 0x10);
	assert_int_equal(rd(RTC + 0xff4), 0xf0);
}

static void a_loaded_time_runs_on_and_survives_a_warm_reset(void **state)
{
	wr(RTC + 8, 1000);
	assert_int_equal(rd(RTC), 1000);
	assert_int_equal(rd(RTC + 8), 1000);
	board_advance(b, 5 * SECOND);
	device_reset_all(&b->vm, RESET_WARM);
	assert_int_equal(rd(RTC), 1005);
	device_reset_all(&b->vm, RESET_COLD);
	assert_int_equal(rd(RTC), EPOCH + 5);
}

static void the_alarm_rings_in_its_second(void **state)
{
	wr(RTC + 0x10, 1);
	wr(RTC + 4, EPOCH + 10);
	board_advance(b, 10 * SECOND - SECOND / 4 - 1);
	assert_false(level[2]);
	board_advance(b, 2);
	assert_true(level[2]);
	assert_int_equal(rd(RTC + 0x14), 1);
	assert_int_equal(rd(RTC + 0x18), 1);
	wr(RTC + 0x10, 0);
	assert_false(level[2]);
	assert_int_equal(rd(RTC + 0x18), 0);
	wr(RTC + 0x1c, 1);
	assert_int_equal(rd(RTC + 0x14), 0);
	wr(RTC + 4, EPOCH + 5);					/* passed: not before the counter has gone round */
	board_advance(b, 100 * SECOND);
	assert_int_equal(rd(RTC + 0x14), 0);
}

static void a_saved_alarm_rings_after_a_load(void **state)
{
	wr(RTC + 0x10, 1);
	wr(RTC + 4, EPOCH + 10);
	board_round_trip(rtc);
	board_advance(b, 20 * SECOND);			/* a control loop that is late still rings */
	assert_true(level[2]);
}

static void gpio_data_is_masked_by_its_address(void **state)
{
	pl061_set_input(gpio, 0, true);
	pl061_set_input(gpio, 7, true);
	assert_int_equal(rd(GPIO + 0x3fc), 0x81);
	assert_int_equal(rd(GPIO + 4), 1);
	assert_int_equal(rd(GPIO + (0x7f << 2)), 1);
	wr(GPIO + 0x3fc, 0x08);			/* no output yet: not kept */
	wr(GPIO + 0x400, 0x0f);
	wr(GPIO + (0x03 << 2), 0xff);
	assert_int_equal(rd(GPIO + 0x3fc), 0x83);
	wr(GPIO + 0x3fc, 0);
	assert_int_equal(rd(GPIO + 0x3fc), 0x80);
	assert_int_equal(rd(GPIO + 0xfe0), 0x61);
}

static void gpio_interrupts_are_edges_or_levels(void **state)
{
	wr(GPIO + 0x410, 0xff);
	pl061_set_input(gpio, 1, true);			/* falling is the reset's choice */
	assert_false(level[3]);
	pl061_set_input(gpio, 1, false);
	assert_true(level[3]);
	assert_int_equal(rd(GPIO + 0x414), 2);
	wr(GPIO + 0x41c, 2);
	assert_false(level[3]);
	wr(GPIO + 0x40c, 2);				/* rising */
	pl061_set_input(gpio, 1, true);
	assert_int_equal(rd(GPIO + 0x418), 2);
	wr(GPIO + 0x41c, 0xff);
	wr(GPIO + 0x408, 2);				/* both */
	pl061_set_input(gpio, 1, false);
	assert_true(level[3]);
	wr(GPIO + 0x41c, 0xff);
	wr(GPIO + 0x40c, 0xff);
	wr(GPIO + 0x404, 4);				/* pin 2: high level */
	pl061_set_input(gpio, 2, true);
	assert_true(level[3]);
	wr(GPIO + 0x41c, 0xff);
	assert_true(level[3]);
	wr(GPIO + 0x408, 4);				/* a level pin has no edges */
	pl061_set_input(gpio, 2, false);
	assert_false(level[3]);
}

static void the_power_key_is_pressed_and_let_go(void **state)
{
	wr(GPIO + 0x408, 8);
	wr(GPIO + 0x410, 8);
	pl061_press(gpio);
	assert_true(level[3]);
	assert_int_equal(rd(GPIO + 0x3fc), 8);
	wr(GPIO + 0x41c, 8);
	timer_cancel(&b->vm.time, &container_of(gpio, struct pl061, mmio.dev)->key_up);
	board_round_trip(gpio);			/* as on another host: the key still comes up */
	board_advance(b, SECOND);
	assert_int_equal(rd(GPIO + 0x3fc), 0);
	assert_true(level[3]);
}

static void any_width_at_any_offset_is_answered(void **state)
{
	static const uint64_t base[] = { RTC, GPIO };

	for (unsigned i = 0; i < 2; i++)
		for (uint32_t off = 0; off < 0x1000; off++)
			for (unsigned size = 1; size <= 8; size *= 2)
				for (int write = 1; write >= 0; write--) {
					uint64_t v = ~0ull;

					if (off + size <= 0x1000)
						board_try(b, BUS_MMIO, 0, base[i] + off, size, write, &v);
				}
}

static void the_exit_device_ends_the_machine_with_a_status(void **state)
{
	assert_int_equal(simexit_status(ender), -1);
	wr(EXIT + 4, 9);
	assert_int_equal(b->requests, 0);
	wr(EXIT, 42);
	assert_int_equal(b->requests, 1);
	assert_int_equal(b->request, EXIT_SHUTDOWN);
	assert_int_equal(simexit_status(ender), 42);
	device_reset_all(&b->vm, RESET_WARM);
	assert_int_equal(simexit_status(ender), -1);
}

static void the_device_tree_has_a_power_key(void **state)
{
	struct device *const devices[] = { rtc, gpio, ender };
	struct fdt f;

	board_tree(&f, devices, ARRAY_SIZE(devices));
	assert_true(fdt_find_compatible(&f, -1, "arm,pl031") >= 0);
	assert_true(fdt_find_compatible(&f, -1, "arm,pl061") >= 0);
	assert_true(fdt_find_compatible(&f, -1, "gpio-keys") >= 0);
	assert_true(fdt_find_compatible(&f, -1, "cella,simexit") >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_clock_shows_the_wall_clock_and_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(a_loaded_time_runs_on_and_survives_a_warm_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(the_alarm_rings_in_its_second, setup, teardown),
		cmocka_unit_test_setup_teardown(a_saved_alarm_rings_after_a_load, setup, teardown),
		cmocka_unit_test_setup_teardown(gpio_data_is_masked_by_its_address, setup, teardown),
		cmocka_unit_test_setup_teardown(gpio_interrupts_are_edges_or_levels, setup, teardown),
		cmocka_unit_test_setup_teardown(the_power_key_is_pressed_and_let_go, setup, teardown),
		cmocka_unit_test_setup_teardown(any_width_at_any_offset_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(the_exit_device_ends_the_machine_with_a_status, setup, teardown),
		cmocka_unit_test_setup_teardown(the_device_tree_has_a_power_key, setup, teardown),
	};

	return cmocka_run_group_tests_name("primecells", tests, NULL, NULL);
}
