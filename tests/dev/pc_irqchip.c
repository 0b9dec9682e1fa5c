/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 8259s, IOAPIC and 8254 at their registers, with local APICs that only remember messages. Long because the three are one board
 * and one saved record: each rule's case drives the same lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/bits.h"
#include "base/errno.h"
#include "base/notifier.h"
#include "dev/irqchip/pc_irqchip.h"
#include "tests/dev/board.h"

#define IOAPIC	0xfec00000ull
enum { SELECT = 0, WINDOW = 0x10, EOIR = 0x40 };

struct lapics {
	struct irqchip chip;
	struct msi last;
	unsigned count;
	int answer;
};

static struct board *b;
static struct lapics lapics;
static struct irqchip *chip;
static unsigned changes, told;

static int take_msi(struct irqchip *c, const struct msi *m)
{
	lapics.last = *m;
	lapics.count++;
	return lapics.answer;
}

static const struct irqchip_ops lapics_ops = { .msi = take_msi };

static void note_change(struct vm *vm)
{
	changes++;
}

static uint32_t in(uint32_t port)
{
	uint64_t v = ~0ull;

	assert_int_equal(board_try(b, BUS_PIO, 0, port, 1, false, &v), BUS_OK);
	return (uint32_t)v;
}

static void out(uint32_t port, uint64_t v)
{
	assert_int_equal(board_try(b, BUS_PIO, 0, port, 1, true, &v), BUS_OK);
}

static uint32_t io_read(uint32_t reg)
{
	board_write(b, 0, IOAPIC + SELECT, 4, reg);
	return (uint32_t)board_read(b, 0, IOAPIC + WINDOW, 4);
}

static void io_write(uint32_t reg, uint32_t v)
{
	board_write(b, 0, IOAPIC + SELECT, 4, reg);
	board_write(b, 0, IOAPIC + WINDOW, 4, v);
}

static void entry(uint32_t pin, uint32_t low, uint32_t dest)
{
	io_write(0x11 + 2 * pin, dest << 24);
	io_write(0x10 + 2 * pin, low);
}

static void line(uint32_t gsi, bool level)
{
	chip->ops->set(chip, gsi, level);
}

static void pulse(uint32_t gsi)
{
	line(gsi, true);
	line(gsi, false);
}

/* Both chips as a PC's firmware does: vectors 0x20 and 0x28, all open. */
static void program_pics(uint8_t icw4)
{
	static const uint16_t port[2] = { 0x20, 0xa0 };

	for (unsigned i = 0; i < 2; i++) {
		out(port[i], 0x11);
		out(port[i] + 1u, 0x20 + 8 * i);
		out(port[i] + 1u, i ? 2 : 4);
		out(port[i] + 1u, icw4);
		out(port[i] + 1u, 0);
	}
}

static bool pin(void)
{
	return b->pin[0][CPU_IRQ];
}

static int ack(void)
{
	return chip->ops->ack(chip);
}

static int setup(void **state)
{
	b = board_new(2);
	b->engine.eoi_changed = note_change;
	lapics = (struct lapics){ .chip = { &lapics_ops, "lapics" }, .answer = 1 };
	changes = told = 0;
	assert_int_equal(pc_irqchip_new(&b->vm, &lapics.chip, IOAPIC, &chip), 0);
	device_reset_all(&b->vm, RESET_COLD);
	return 0;
}

static int teardown(void **state)
{
	device_destroy_all(&b->vm);
	board_free(b);
	return 0;
}

/* ---- 8259 ---- */

static void an_edge_interrupts_once_and_a_held_line_not_again(void **state)
{
	program_pics(1);
	line(5, true);
	assert_true(pin());
	assert_int_equal(ack(), 0x25);
	assert_false(pin());
	out(0x20, 0x20);
	assert_false(pin());
	line(5, false);
	line(5, true);
	assert_true(pin());
	assert_false(b->pin[1][CPU_IRQ]);
}

static void a_short_pulse_is_kept(void **state)
{
	program_pics(1);
	pulse(3);
	assert_int_equal(in(0x20), 1 << 3);
	assert_int_equal(ack(), 0x23);
	assert_int_equal(in(0x20), 0);
}

static void a_level_interrupts_until_its_line_falls(void **state)
{
	program_pics(1);
	out(0x4d0, 0xff);
	assert_int_equal(in(0x4d0), 0xf8);
	line(5, true);
	assert_int_equal(ack(), 0x25);
	out(0x20, 0x65);
	assert_true(pin());
	line(5, false);
	assert_false(pin());
	assert_int_equal(ack(), 0x27);			/* taken too late: spurious, and not in service */
	out(0x20, 0x0b);
	assert_int_equal(in(0x20), 0);
}

static void priorities_nest(void **state)
{
	program_pics(1);
	pulse(5);
	pulse(6);
	assert_int_equal(ack(), 0x25);
	assert_false(pin());
	pulse(1);
	assert_int_equal(ack(), 0x21);
	out(0x20, 0x0b);
	assert_int_equal(in(0x20), 1 << 5 | 1 << 1);
	out(0x20, 0x20);
	assert_false(pin());
	out(0x20, 0x20);
	assert_int_equal(ack(), 0x26);
}

static void masks_hold_back_and_let_go(void **state)
{
	program_pics(1);
	out(0x21, 0xff);
	pulse(7);
	assert_false(pin());
	assert_int_equal(in(0x21), 0xff);
	out(0x21, 0x7f);
	assert_int_equal(ack(), 0x27);
	out(0x20, 0x0b);
	assert_int_equal(in(0x20), 0x80);
}

static void the_second_chip_interrupts_through_the_first(void **state)
{
	program_pics(1);
	pulse(12);
	pulse(3);
	assert_int_equal(ack(), 0x2c);
	assert_false(pin());				/* 3 is below the cascade */
	pulse(9);					/* above 12, but the first chip's IR2 is in service */
	assert_false(pin());
	out(0xa0, 0x20);
	out(0x20, 0x20);
	assert_int_equal(ack(), 0x29);
	out(0xa0, 0x20);
	out(0x20, 0x20);
	assert_int_equal(ack(), 0x23);
}

static void fully_nested_lets_the_second_chip_interrupt_itself(void **state)
{
	program_pics(0x11);
	pulse(12);
	assert_int_equal(ack(), 0x2c);
	pulse(9);
	assert_int_equal(ack(), 0x29);
	assert_false(pin());
}

static void automatic_end_of_interrupt_rotates_if_asked(void **state)
{
	program_pics(3);
	pulse(4);
	assert_int_equal(ack(), 0x24);
	out(0x20, 0x0b);
	assert_int_equal(in(0x20), 0);
	out(0x20, 0x80);
	pulse(1);
	assert_int_equal(ack(), 0x21);			/* now the lowest */
	pulse(1);
	pulse(3);
	assert_int_equal(ack(), 0x23);
}

/* With it nothing is in service after an acknowledgement: the second chip has to ask the first one anew for its next. */
static void automatic_end_of_interrupt_leaves_none_of_the_second_chip_behind(void **state)
{
	program_pics(3);
	pulse(12);
	pulse(9);
	assert_int_equal(ack(), 0x29);
	assert_true(pin());
	assert_int_equal(ack(), 0x2c);
	assert_false(pin());
	out(0x21, 0xff);				/* the same by polling, both chips in turn */
	pulse(12);
	pulse(9);
	for (int i = 0; i < 2; i++) {
		out(0x21, 0);
		out(0x20, 0x0c);
		assert_int_equal(in(0x20), 0x82);
		out(0xa0, 0x0c);
		assert_int_equal(in(0xa0), i ? 0x84 : 0x81);
	}
	out(0x20, 0x0c);
	assert_int_equal(in(0x20), 0);
}

static void priorities_rotate_by_command(void **state)
{
	program_pics(1);
	out(0x20, 0xc4);				/* 4 lowest: 5 highest */
	pulse(1);
	pulse(5);
	assert_int_equal(ack(), 0x25);
	out(0x20, 0xa0);				/* ends it and makes it the lowest */
	pulse(5);
	assert_int_equal(ack(), 0x21);
	out(0x20, 0xe1);
	assert_int_equal(ack(), 0x25);
}

static void special_mask_lets_lower_ones_through(void **state)
{
	program_pics(1);
	pulse(1);
	assert_int_equal(ack(), 0x21);
	pulse(6);
	assert_false(pin());
	out(0x21, 2);
	out(0x20, 0x68);
	assert_int_equal(ack(), 0x26);
	out(0x20, 0x20);				/* ends 6, not the masked 1 */
	out(0x20, 0x0b);
	assert_int_equal(in(0x20), 2);
}

static void a_poll_is_an_acknowledgement(void **state)
{
	program_pics(1);
	out(0x20, 0x0c);
	assert_int_equal(in(0x20), 0);
	pulse(6);
	out(0x20, 0x0c);
	assert_int_equal(in(0x20), 0x86);
	assert_false(pin());
	assert_int_equal(in(0x20), 0);
}

static void initialisation_forgets_edges(void **state)
{
	program_pics(1);
	line(5, true);
	program_pics(1);
	assert_false(pin());
	line(5, false);
	line(5, true);
	assert_true(pin());
}

/* ---- IOAPIC ---- */

static void ioapic_says_what_it_is(void **state)
{
	assert_int_equal(io_read(1), 0x00170020);
	io_write(0, 0xffffffff);
	assert_int_equal(io_read(0), 0x0f000000);
	assert_int_equal(io_read(2), 0x0f000000);
	assert_int_equal(io_read(0x10), 0x10000);
	assert_int_equal(io_read(0x40), 0);
	entry(23, ~0u, 0xab);
	assert_int_equal(io_read(0x3f), 0xab000000);
	assert_int_equal(io_read(0x3e), 0x1afff);
}

static void an_edge_becomes_a_message(void **state)
{
	entry(4, 0x34, 3);
	line(4, true);
	line(4, true);
	assert_int_equal(lapics.count, 1);
	assert_int_equal(lapics.last.addr, 0xfee03000);
	assert_int_equal(lapics.last.data, 0x34);
	line(4, false);
	entry(4, 0x834 | 0x100, 1);			/* lowest priority, logical */
	line(4, true);
	assert_int_equal(lapics.last.addr, 0xfee01004);
	assert_int_equal(lapics.last.data, 0x134);
	assert_int_equal(changes, 1);			/* the reset's: nobody waits for an edge's end */
}

static void an_edge_at_a_masked_pin_is_lost(void **state)
{
	entry(4, 0x10034, 0);
	line(4, true);
	entry(4, 0x34, 0);
	assert_int_equal(lapics.count, 0);
}

static void the_timer_is_at_pin_2_and_gsi_2_nowhere(void **state)
{
	entry(2, 0x30, 0);
	entry(0, 0x31, 0);
	pulse(2);
	assert_int_equal(lapics.count, 0);
	pulse(0);
	assert_int_equal(lapics.last.data, 0x30);
}

static void a_level_waits_for_its_end(void **state)
{
	struct msi m;

	entry(16, 0x8050, 0);
	assert_true(chip->ops->level_message(chip, 16, &m));
	assert_int_equal(m.data, 0xc050);
	assert_int_equal(m.addr, 0xfee00000);
	assert_false(chip->ops->level_message(chip, 17, &m));
	assert_int_equal(changes, 2);
	line(16, true);
	line(16, true);
	assert_int_equal(lapics.count, 1);
	assert_int_equal(lapics.last.data, 0xc050);
	assert_int_equal(io_read(0x30), 0xc050);
	chip->ops->eoi(chip, 0x51);
	assert_int_equal(lapics.count, 1);
	chip->ops->eoi(chip, 0x50);
	assert_int_equal(lapics.count, 2);		/* still up */
	line(16, false);
	chip->ops->eoi(chip, 0x50);
	assert_int_equal(lapics.count, 2);
	assert_int_equal(io_read(0x30), 0x8050);
}

static void a_masked_level_comes_when_it_is_let_through(void **state)
{
	entry(16, 0x18050, 0);
	line(16, true);
	assert_int_equal(lapics.count, 0);
	changes = 0;
	io_write(0x30, 0x8050);
	assert_int_equal(lapics.count, 1);
	assert_int_equal(changes, 0);
	line(16, false);
}

static void a_message_that_nobody_takes_leaves_the_pin_free(void **state)
{
	entry(16, 0x8050, 9);
	lapics.answer = -EINVAL;
	line(16, true);
	assert_int_equal(io_read(0x30), 0x8050);
}

static void remote_irr_goes_by_the_eoi_register_and_by_the_trigger_mode(void **state)
{
	entry(16, 0x8050, 0);
	line(16, true);
	line(16, false);
	board_write(b, 0, IOAPIC + EOIR, 4, 0x50);
	assert_int_equal(io_read(0x30), 0x8050);
	line(16, true);
	line(16, false);
	io_write(0x30, 0x10050);
	io_write(0x30, 0x8050);
	assert_int_equal(io_read(0x30), 0x8050);
}

/* ---- who is told of the end ---- */

static void lower_it(struct notifier *n)
{
	told++;
	line(5, false);
}

static void the_end_of_a_level_is_told_before_it_comes_again(void **state)
{
	struct notifier n = { .signal = lower_it, .fd = -1 };

	assert_int_equal(chip->ops->eoi_watch(chip, 5, &n), 0);
	assert_int_equal(chip->ops->eoi_watch(chip, 5, &n), -EBUSY);
	entry(5, 0x8055, 0);
	line(5, true);
	chip->ops->eoi(chip, 0x55);
	assert_int_equal(told, 1);
	assert_int_equal(lapics.count, 1);
	entry(5, 0x10000, 0);
	program_pics(1);
	out(0x4d0, 0x20);
	line(5, true);
	assert_int_equal(ack(), 0x25);
	out(0x20, 0x20);
	assert_int_equal(told, 2);
	assert_false(pin());
}

/* ---- 8254 ---- */

#define TICKS(n)	((n) * 1000000000ull / PIT_HZ + 1)

static void set_timer(unsigned channel, uint8_t mode, uint16_t count)
{
	out(0x43, channel << 6 | 0x30 | mode << 1);
	out(0x40 + channel, count & 0xff);
	out(0x40 + channel, count >> 8);
}

static uint32_t latched(unsigned channel)
{
	uint32_t low;

	out(0x43, channel << 6);
	low = in(0x40 + channel);
	return low | in(0x40 + channel) << 8;
}

static void a_rate_generator_interrupts_each_period(void **state)
{
	program_pics(1);
	set_timer(0, 2, 11932);				/* 10 ms */
	for (int i = 0; i < 5; i++) {
		board_advance(b, 9990000);
		assert_false(pin());
		board_advance(b, 20000);
		assert_true(pin());
		assert_int_equal(ack(), 0x20);
		out(0x20, 0x20);
		b->host_ns -= 10000;			/* half way back: no drift beyond that */
	}
	set_timer(0, 0, 100);
	board_advance(b, 50000);
	assert_false(pin());
	board_advance(b, 50000);
	assert_true(pin());
	assert_int_equal(ack(), 0x20);
	out(0x20, 0x20);
	board_advance(b, 1000000000);
	assert_false(pin());				/* once */
}

static void a_new_mode_stops_until_there_is_a_count(void **state)
{
	program_pics(1);
	set_timer(0, 2, 1000);
	out(0x43, 0x34);
	board_advance(b, 1000000000);
	assert_false(pin());
	out(0x43, 0xe2);
	assert_int_equal(in(0x40), 0xf4);		/* null count */
	out(0x40, 0);
	out(0x40, 4);
	board_advance(b, TICKS(1024));
	assert_true(pin());
	out(0x43, 0xe2);
	assert_int_equal(in(0x40), 0xb4);
}

static void counts_go_down_and_latches_hold_them(void **state)
{
	set_timer(0, 2, 0);
	assert_int_equal(latched(0), 0);		/* 65536 */
	board_advance(b, TICKS(1000));
	out(0x43, 0);
	board_advance(b, TICKS(1000));
	assert_int_equal(in(0x40), (65536 - 1000) & 0xff);
	assert_int_equal(in(0x40), (65536 - 1000) >> 8);
	assert_in_range(latched(0), 65536 - 2003, 65536 - 2000);
	set_timer(2, 3, 1000);
	out(0x61, 1);
	board_advance(b, TICKS(100));
	assert_in_range(latched(2), 798, 800);		/* by twos */
	out(0x43, 0xb1);				/* BCD */
	out(0x42, 0x99);
	out(0x42, 0x00);
	board_advance(b, TICKS(9));
	assert_int_equal(latched(2), 0x90);
}

static void read_back_latches_status_before_the_count(void **state)
{
	set_timer(0, 2, 0x1234);
	out(0x43, 0xc2);
	assert_int_equal(in(0x40), 0xb4);
	assert_int_equal(in(0x40) | in(0x40) << 8, 0x1234);
	out(0x43, 0x94);				/* channel 2: low byte only, mode 2 */
	out(0x42, 0x77);
	assert_int_equal(in(0x42), 0x77);
	assert_int_equal(in(0x42), 0x77);
}

static void port_61_gates_channel_2_and_shows_its_output(void **state)
{
	out(0x61, 3);
	assert_int_equal(in(0x61) & 3, 3);
	set_timer(2, 0, 1000);
	assert_int_equal(in(0x61) & 0x20, 0);
	board_advance(b, TICKS(500));
	out(0x61, 0);					/* stops */
	board_advance(b, TICKS(5000));
	assert_int_equal(in(0x61) & 0x20, 0);
	assert_in_range(latched(2), 498, 501);
	out(0x61, 1);
	board_advance(b, TICKS(495));
	assert_int_equal(in(0x61) & 0x20, 0);
	board_advance(b, TICKS(6));
	assert_int_equal(in(0x61) & 0x20, 0x20);
	assert_false(pin());
}

static void a_short_period_does_not_take_the_control_loop(void **state)
{
	unsigned before;

	program_pics(3);
	set_timer(0, 2, 1);
	before = b->pin_changes;
	for (int i = 0; i < 1000; i++) {
		board_advance(b, 1000);
		if (pin())
			ack();
	}
	assert_in_range(b->pin_changes - before, 8, 14);	/* 1 ms: 5 interrupts, up and down */
}

/* ---- the record ---- */

static void scramble(void)
{
	program_pics(0x13);
	out(0x4d0, 0x20);
	out(0x4d1, 0x0e);
	line(5, true);
	pulse(12);
	out(0x20, 0xc4);
	out(0xa0, 0x0b);
	out(0xa1, 0x40);
	io_write(0, 0x07000000);
	entry(16, 0x8050, 2);
	line(16, true);
	entry(4, 0x834, 1);
	set_timer(0, 2, 5000);
	set_timer(2, 3, 777);
	out(0x61, 3);
	out(0x43, 0xc4);
	board_advance(b, 1000000);
}

static void the_record_goes_round(void **state)
{
	static uint8_t first[4096], second[4096];
	struct state_writer w1 = { first, sizeof(first), 0, 0 }, w2 = { second, sizeof(second), 0, 0 };
	struct state_reader r = { first, 0, 0, 0 };

	scramble();
	assert_int_equal(chip->ops->save(chip, &w1), 0);
	device_reset_all(&b->vm, RESET_COLD);
	assert_false(pin());
	lapics.count = 0;
	r.size = w1.used;
	assert_int_equal(chip->ops->load(chip, &r), 0);
	assert_int_equal(r.at, r.size);
	assert_int_equal(lapics.count, 0);		/* what waits for its end isn't sent again */
	assert_true(pin());
	assert_int_equal(chip->ops->save(chip, &w2), 0);
	assert_int_equal(w1.used, w2.used);
	assert_memory_equal(first, second, w1.used);
	chip->ops->eoi(chip, 0x50);
	assert_int_equal(lapics.count, 1);
	r = (struct state_reader){ first, w1.used - 1, 0, 0 };
	assert_int_equal(chip->ops->load(chip, &r), -EINVAL);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_edge_interrupts_once_and_a_held_line_not_again),
		CASE(a_short_pulse_is_kept),
		CASE(a_level_interrupts_until_its_line_falls),
		CASE(priorities_nest),
		CASE(masks_hold_back_and_let_go),
		CASE(the_second_chip_interrupts_through_the_first),
		CASE(fully_nested_lets_the_second_chip_interrupt_itself),
		CASE(automatic_end_of_interrupt_rotates_if_asked),
		CASE(automatic_end_of_interrupt_leaves_none_of_the_second_chip_behind),
		CASE(priorities_rotate_by_command),
		CASE(special_mask_lets_lower_ones_through),
		CASE(a_poll_is_an_acknowledgement),
		CASE(initialisation_forgets_edges),
		CASE(ioapic_says_what_it_is),
		CASE(an_edge_becomes_a_message),
		CASE(an_edge_at_a_masked_pin_is_lost),
		CASE(the_timer_is_at_pin_2_and_gsi_2_nowhere),
		CASE(a_level_waits_for_its_end),
		CASE(a_masked_level_comes_when_it_is_let_through),
		CASE(a_message_that_nobody_takes_leaves_the_pin_free),
		CASE(remote_irr_goes_by_the_eoi_register_and_by_the_trigger_mode),
		CASE(the_end_of_a_level_is_told_before_it_comes_again),
		CASE(a_rate_generator_interrupts_each_period),
		CASE(a_new_mode_stops_until_there_is_a_count),
		CASE(counts_go_down_and_latches_hold_them),
		CASE(read_back_latches_status_before_the_count),
		CASE(port_61_gates_channel_2_and_shows_its_output),
		CASE(a_short_period_does_not_take_the_control_loop),
		CASE(the_record_goes_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
