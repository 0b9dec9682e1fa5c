/* SPDX-License-Identifier: BSD-2-Clause */
/* Generic timers, with time moved by hand; a controller that only remembers levels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "dev/timer/arm_generic.h"
#include "isa/arm64/sysreg.h"
#include "tests/dev/board.h"

#define VIRT_CTL	SYS_CNTV_CTL_EL0
#define VIRT_CVAL	SYS_CNTV_CVAL_EL0
#define VIRT_TVAL	SYS_CNTV_TVAL_EL0

static struct board *b;
static struct device *timer;
static bool level[4][32];
static unsigned changes;

static void chip_set(struct irqchip *c, uint32_t pin, bool on)
{
	level[pin >> 8 & 0x7fffff][pin & 0x1f] = on;
	changes++;
}

static const struct irqchip_ops chip_ops = { .set = chip_set };
static struct irqchip chip = { &chip_ops, "test", 0 };

static int setup(void **state)
{
	for (unsigned i = 0; i < 4; i++)
		for (unsigned j = 0; j < 32; j++)
			level[i][j] = false;
	b = board_new(4);
	timer = board_device(b, &arm_timer_class);
	assert_int_equal(device_init(timer), 0);
	assert_int_equal(arm_timer_connect(timer, &chip), 0);
	device_reset_all(&b->vm, RESET_COLD);
	changes = 0;
	board_advance(b, 1000 * TICK_NS);
	return 0;
}

static int teardown(void **state)
{
	board_free(b);
	return 0;
}

static uint64_t now(void)
{
	return vm_counter(&b->vm.time);
}

static void timers_are_off_after_reset(void **state)
{
	for (unsigned c = 0; c < 4; c++) {
		assert_int_equal(board_mrs(b, c, SYS_CNTP_CTL_EL0), 0);
		assert_int_equal(board_mrs(b, c, SYS_CNTV_CTL_EL0), 0);
		assert_int_equal(board_mrs(b, c, SYS_CNTP_CVAL_EL0), 0);
		assert_int_equal(board_mrs(b, c, SYS_CNTV_CVAL_EL0), 0);
	}
	assert_int_equal(changes, 0);
}

static void the_virtual_timer_raises_ppi_27_when_the_counter_is_there(void **state)
{
	board_msr(b, 1, VIRT_CVAL, now() + 100);
	board_msr(b, 1, VIRT_CTL, 1);
	assert_int_equal(board_mrs(b, 1, VIRT_CTL), 1);
	board_advance(b, 99 * TICK_NS);
	assert_false(level[1][27]);
	assert_int_equal(board_mrs(b, 1, VIRT_TVAL), 1);
	board_advance(b, 2 * TICK_NS);
	assert_true(level[1][27]);
	assert_int_equal(board_mrs(b, 1, VIRT_CTL), 5);
	assert_int_equal(changes, 1);
	board_msr(b, 1, VIRT_CVAL, now() + 100);	/* the guest's next deadline lowers it */
	assert_false(level[1][27]);
	board_advance(b, 101 * TICK_NS);
	assert_true(level[1][27]);
	board_msr(b, 1, VIRT_CTL, 0);
	assert_false(level[1][27]);
}

static void the_physical_timer_raises_ppi_30(void **state)
{
	board_msr(b, 2, SYS_CNTP_TVAL_EL0, 10);
	board_msr(b, 2, SYS_CNTP_CTL_EL0, 1);
	board_advance(b, 11 * TICK_NS);
	assert_true(level[2][30]);
	assert_false(level[2][27]);
	assert_int_equal(changes, 1);
}

static void a_deadline_in_the_past_fires_at_once(void **state)
{
	board_msr(b, 0, VIRT_CVAL, now());
	board_msr(b, 0, VIRT_CTL, 1);
	assert_true(level[0][27]);
	board_msr(b, 0, VIRT_TVAL, 0xffffffff);		/* -1 */
	assert_true(level[0][27]);
	assert_int_equal(board_mrs(b, 0, VIRT_CVAL), now() - 1);
	assert_int_equal(board_mrs(b, 0, VIRT_TVAL), 0xffffffff);
}

static void imask_hides_the_line_but_not_istatus(void **state)
{
	board_msr(b, 0, VIRT_CVAL, now() + 10);
	board_msr(b, 0, VIRT_CTL, 3);
	board_advance(b, 20 * TICK_NS);
	assert_false(level[0][27]);
	assert_int_equal(board_mrs(b, 0, VIRT_CTL), 7);
	board_msr(b, 0, VIRT_CTL, 1);
	assert_true(level[0][27]);
	board_msr(b, 0, VIRT_CTL, 3);
	assert_false(level[0][27]);
	board_msr(b, 0, VIRT_CTL, 2);
	assert_int_equal(board_mrs(b, 0, VIRT_CTL), 2);
}

static void a_deadline_at_the_end_of_time_never_fires(void **state)
{
	board_msr(b, 0, VIRT_CVAL, ~0ull);
	board_msr(b, 0, VIRT_CTL, 1);
	board_advance(b, 1000000000000ull);
	assert_false(level[0][27]);
	assert_int_equal(board_mrs(b, 0, VIRT_CTL), 1);
	board_msr(b, 0, VIRT_TVAL, 0x80000000);		/* the farthest past: wraps below zero, so far ahead again */
	assert_int_equal(level[0][27], now() >= board_mrs(b, 0, VIRT_CVAL));
	board_msr(b, 0, VIRT_TVAL, 0x7fffffff);
	assert_false(level[0][27]);
}

static void a_machine_that_is_paused_has_no_expiry(void **state)
{
	board_msr(b, 0, VIRT_TVAL, 10);
	board_msr(b, 0, VIRT_CTL, 1);
	vm_time_pause(&b->vm.time);
	board_advance(b, 100 * TICK_NS);
	assert_false(level[0][27]);
	vm_time_resume(&b->vm.time);
	board_advance(b, 5 * TICK_NS);
	assert_false(level[0][27]);
	board_advance(b, 6 * TICK_NS);
	assert_true(level[0][27]);
}

static void registers_that_are_not_there_abort(void **state)
{
	uint64_t v = 0;

	assert_int_equal(board_try(b, BUS_SYSREG, 0, SYS_CNTP_TVAL_EL0 + 3, 8, false, &v), BUS_ABORT);
	assert_int_equal(board_try(b, BUS_SYSREG, 0, SYS_CNTV_CVAL_EL0 + 1, 8, false, &v), BUS_ABORT);
}

static void saved_timers_fire_after_a_load(void **state)
{
	board_msr(b, 3, VIRT_TVAL, 50);
	board_msr(b, 3, VIRT_CTL, 1);
	board_msr(b, 2, VIRT_CVAL, 1);
	board_msr(b, 2, VIRT_CTL, 1);
	board_round_trip(timer);
	assert_true(level[2][27]);
	assert_false(level[3][27]);
	board_advance(b, 51 * TICK_NS);
	assert_true(level[3][27]);
	device_reset_all(&b->vm, RESET_WARM);
	assert_false(level[2][27]);
	assert_false(level[3][27]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(timers_are_off_after_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(the_virtual_timer_raises_ppi_27_when_the_counter_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(the_physical_timer_raises_ppi_30, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deadline_in_the_past_fires_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(imask_hides_the_line_but_not_istatus, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deadline_at_the_end_of_time_never_fires, setup, teardown),
		cmocka_unit_test_setup_teardown(a_machine_that_is_paused_has_no_expiry, setup, teardown),
		cmocka_unit_test_setup_teardown(registers_that_are_not_there_abort, setup, teardown),
		cmocka_unit_test_setup_teardown(saved_timers_fire_after_a_load, setup, teardown),
	};

	return cmocka_run_group_tests_name("arm_timer", tests, NULL, NULL);
}
