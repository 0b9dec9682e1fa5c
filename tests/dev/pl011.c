/* SPDX-License-Identifier: BSD-2-Clause */
/* PL011 between a guest's accesses and a back-end that takes and gives what the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/fdt.h"
#include "dev/uart/pl011.h"
#include "tests/dev/board.h"

#define UART	0x09000000ull

enum { DR = 0, RSR = 4, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR_H = 0x2c, CR = 0x30, IFLS = 0x34, IMSC = 0x38,
       RIS = 0x3c, MIS = 0x40, ICR = 0x44, DMACR = 0x48 };
enum { RX = 1 << 4, TX = 1 << 5, RT = 1 << 6, FE = 1 << 7, BE = 1 << 9, OE = 1 << 10 };

struct terminal {
	struct chardev dev;
	struct chardev_client *client;
	char out[256];
	size_t out_len, room;
	unsigned ready_calls;
};

static struct terminal terminal;
static struct board *b;
static struct device *uart;
static bool irq;

static void chip_set(struct irqchip *c, uint32_t pin, bool on)
{
	assert_int_equal(pin, 1);
	irq = on;
}

static const struct irqchip_ops chip_ops = { .set = chip_set };
static struct irqchip chip = { &chip_ops, "test", 0 };

static void terminal_attach(struct chardev *d, struct chardev_client *c)
{
	terminal.client = c;
}

static size_t terminal_write(struct chardev *d, const uint8_t *buf, size_t len)
{
	size_t n = len < terminal.room ? len : terminal.room;

	assert_int_equal(uart->lock.word, 0);		/* no lock is held across a back-end's write */
	memcpy(terminal.out + terminal.out_len, buf, n);
	terminal.out_len += n;
	terminal.room -= n;
	return n;
}

static void terminal_ready(struct chardev *d)
{
	assert_int_equal(uart->lock.word, 0);
	terminal.ready_calls++;
}

static const struct chardev_ops terminal_ops = {
	.attach = terminal_attach, .write = terminal_write, .ready = terminal_ready,
};

static uint32_t rd(uint32_t reg)
{
	return (uint32_t)board_read(b, 0, UART + reg, 4);
}

static void wr(uint32_t reg, uint32_t v)
{
	board_write(b, 0, UART + reg, 4, v);
}

static size_t type(const char *s)
{
	return terminal.client->input(terminal.client, (const uint8_t *)s, strlen(s));
}

static int setup(void **state)
{
	memset(&terminal, 0, sizeof(terminal));
	terminal.dev.ops = &terminal_ops;
	terminal.room = sizeof(terminal.out);
	irq = false;
	b = board_new(1);
	uart = board_device(b, &pl011_class);
	assert_int_equal(device_set_ptr(uart, "chardev", &terminal.dev), 0);
	assert_int_equal(device_set(uart, "clock", 2), 0);
	mmio_connect(uart, &chip, 33, 32);
	assert_int_equal(device_init(uart), 0);
	assert_int_equal(mmio_map(uart, UART), 0);
	device_reset_all(&b->vm, RESET_COLD);
	return 0;
}

static int setup_open(void **state)
{
	setup(state);
	wr(LCR_H, 0x70);		/* 8 bits, FIFOs */
	wr(CR, 0x301);
	return 0;
}

static int teardown(void **state)
{
	uart->cls->destroy(uart);
	assert_null(terminal.client);
	board_free(b);
	return 0;
}

static void registers_have_their_reset_values(void **state)
{
	static const uint32_t zero[] = { RSR, 0x20, IBRD, FBRD, LCR_H, IMSC, RIS, MIS, DMACR };
	static const uint8_t id[] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	for (unsigned i = 0; i < ARRAY_SIZE(zero); i++)
		assert_int_equal(rd(zero[i]), 0);
	assert_int_equal(rd(FR), 0x97);
	assert_int_equal(rd(CR), 0x300);
	assert_int_equal(rd(IFLS), 0x12);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(rd(0xfe0 + 4 * i), id[i]);
}

static void registers_keep_the_bits_they_have(void **state)
{
	static const struct { uint32_t reg, mask; } kept[] = {
		{ 0x20, 0xff }, { IBRD, 0xffff }, { FBRD, 0x3f }, { LCR_H, 0xff }, { CR, 0xff87 }, { IFLS, 0x3f },
		{ IMSC, 0x7ff }, { DMACR, 7 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(kept); i++) {
		wr(kept[i].reg, ~0u);
		assert_int_equal(rd(kept[i].reg), kept[i].mask);
	}
}

static void any_width_at_any_offset_is_answered(void **state)
{
	for (uint32_t off = 0; off < 0x1000; off++)
		for (unsigned size = 1; size <= 8; size *= 2)
			for (int write = 1; write >= 0; write--) {
				uint64_t v = ~0ull;

				if (off + size <= 0x1000)
					board_try(b, BUS_MMIO, 0, UART + off, size, write, &v);
			}
}

static void a_character_goes_out_at_once_even_from_a_console_that_enabled_nothing(void **state)
{
	board_write(b, 0, UART + DR, 1, 'h');
	board_write(b, 0, UART + DR, 2, 'i');
	wr(DR, '!');
	assert_int_equal(terminal.out_len, 3);
	assert_memory_equal(terminal.out, "hi!", 3);
	assert_int_equal(rd(RIS), TX);
	wr(ICR, TX);
	assert_int_equal(rd(RIS), 0);
}

static void the_transmit_fifo_fills_while_the_backend_takes_nothing(void **state)
{
	terminal.room = 0;
	wr(IMSC, TX);
	for (unsigned i = 0; i < 32; i++) {
		assert_int_equal(rd(FR) & 0x20, 0);
		wr(DR, 'a' + i % 26);
	}
	assert_int_equal(rd(FR) & 0xa8, 0x28);		/* full, busy */
	wr(DR, '#');					/* lost: there is no room */
	assert_false(irq);
	terminal.room = 10;
	terminal.client->writable(terminal.client);
	assert_int_equal(terminal.out_len, 10);
	assert_false(irq);				/* 22 left, trigger at 16 */
	terminal.room = 10;
	terminal.client->writable(terminal.client);
	assert_true(irq);
	terminal.room = 100;
	terminal.client->writable(terminal.client);
	assert_int_equal(terminal.out_len, 32);
	assert_memory_equal(terminal.out, "abcdefghijklmnopqrstuvwxyzabcdef", 32);
	assert_int_equal(rd(FR) & 0xa8, 0x80);
}

static void input_below_the_trigger_comes_as_a_timeout(void **state)
{
	wr(IMSC, RX | RT);
	assert_int_equal(type("ab"), 2);
	assert_true(irq);
	assert_int_equal(rd(MIS), RT);
	assert_int_equal(rd(DR), 'a');
	assert_true(irq);
	assert_int_equal(rd(FR) & 0x10, 0);
	assert_int_equal(rd(DR), 'b');
	assert_false(irq);
	assert_int_equal(rd(FR) & 0x10, 0x10);
	assert_int_equal(rd(DR), 0);
}

static void the_receive_interrupt_follows_the_trigger(void **state)
{
	static const uint8_t trigger[] = { 4, 8, 16, 24, 28 };

	wr(IMSC, RX);
	for (unsigned i = 0; i < 5; i++) {
		wr(IFLS, i << 3);
		for (unsigned n = 1; n <= 32; n++) {
			assert_int_equal(type("x"), 1);
			assert_int_equal(irq, n >= trigger[i]);
		}
		for (unsigned n = 31; n < 32; n--) {
			rd(DR);
			assert_int_equal(irq, n >= trigger[i]);
		}
	}
}

static void without_fifos_there_is_room_for_one(void **state)
{
	wr(LCR_H, 0x60);
	wr(IMSC, RX);
	assert_int_equal(type("ab"), 1);
	assert_true(irq);
	assert_int_equal(rd(FR) & 0x50, 0x40);
	assert_int_equal(rd(DR), 'a');
	assert_false(irq);
	board_run(b);
	assert_int_equal(terminal.ready_calls, 1);
}

static void a_backend_that_was_turned_away_is_told_of_room(void **state)
{
	assert_int_equal(type("0123456789012345678901234567890123456789"), 32);
	assert_int_equal(rd(FR) & 0x40, 0x40);
	board_run(b);
	assert_int_equal(terminal.ready_calls, 0);
	rd(DR);
	rd(DR);
	board_run(b);
	assert_int_equal(terminal.ready_calls, 1);
	assert_int_equal(rd(RSR), 0);				/* nothing was overrun */
}

static void input_waits_until_the_receiver_is_on(void **state)
{
	assert_int_equal(type("a"), 0);
	wr(CR, 0x301);
	board_run(b);
	assert_int_equal(terminal.ready_calls, 1);
	assert_int_equal(type("a"), 1);
}

static void a_break_is_a_zero_with_error_bits(void **state)
{
	wr(IMSC, BE);
	terminal.client->brk(terminal.client);
	assert_true(irq);
	assert_int_equal(rd(RIS) & (BE | RT), BE | RT);
	assert_int_equal(rd(DR), 0x400);
	assert_int_equal(rd(RSR), 4);
	wr(RSR, 0);
	assert_int_equal(rd(RSR), 0);
	wr(ICR, 0x7ff);
	assert_false(irq);
}

static void loopback_gives_back_what_is_sent_and_overruns(void **state)
{
	wr(CR, 0x381 | 1 << 11 | 1 << 10);		/* RTS, DTR */
	assert_int_equal(rd(FR) & 0x107, 3);
	for (unsigned i = 0; i < 33; i++)
		wr(DR, i);
	assert_int_equal(terminal.out_len, 0);
	assert_int_equal(rd(RIS) & OE, OE);
	assert_int_equal(rd(RSR), 8);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(rd(DR), i);
	assert_int_equal(type("a"), 0);
}

static void state_survives_a_round_trip(void **state)
{
	wr(IBRD, 13);
	wr(IMSC, RT);
	type("xy");
	board_round_trip(uart);
	assert_true(irq);
	assert_int_equal(rd(IBRD), 13);
	assert_int_equal(rd(DR), 'x');
	assert_int_equal(rd(DR), 'y');
	type("z");
	device_reset_all(&b->vm, RESET_WARM);
	assert_false(irq);
	assert_int_equal(rd(FR), 0x97);
}

static void the_device_tree_has_clocks_and_an_spi(void **state)
{
	const uint8_t *p;
	struct fdt f;
	uint32_t n;
	int node;

	board_tree(&f, &uart, 1);
	node = fdt_find_compatible(&f, -1, "arm,primecell");
	assert_true(node >= 0);
	assert_string_equal(fdt_name(&f, node), "pl011@9000000");
	p = fdt_get(&f, node, "interrupts", &n);
	assert_int_equal(n, 12);
	assert_int_equal(p[7], 1);
	fdt_get(&f, node, "clocks", &n);
	assert_int_equal(n, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(registers_have_their_reset_values, setup, teardown),
		cmocka_unit_test_setup_teardown(registers_keep_the_bits_they_have, setup, teardown),
		cmocka_unit_test_setup_teardown(any_width_at_any_offset_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(a_character_goes_out_at_once_even_from_a_console_that_enabled_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_transmit_fifo_fills_while_the_backend_takes_nothing, setup_open, teardown),
		cmocka_unit_test_setup_teardown(input_below_the_trigger_comes_as_a_timeout, setup_open, teardown),
		cmocka_unit_test_setup_teardown(the_receive_interrupt_follows_the_trigger, setup_open, teardown),
		cmocka_unit_test_setup_teardown(without_fifos_there_is_room_for_one, setup_open, teardown),
		cmocka_unit_test_setup_teardown(a_backend_that_was_turned_away_is_told_of_room, setup_open, teardown),
		cmocka_unit_test_setup_teardown(input_waits_until_the_receiver_is_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_break_is_a_zero_with_error_bits, setup_open, teardown),
		cmocka_unit_test_setup_teardown(loopback_gives_back_what_is_sent_and_overruns, setup_open, teardown),
		cmocka_unit_test_setup_teardown(state_survives_a_round_trip, setup_open, teardown),
		cmocka_unit_test_setup_teardown(the_device_tree_has_clocks_and_an_spi, setup, teardown),
	};

	return cmocka_run_group_tests_name("pl011", tests, NULL, NULL);
}
