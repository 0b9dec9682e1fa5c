/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The small devices of a PC: 16550, MC146818, i8042, ACPI's fixed hardware, reset ports; driven at their ports. Long: one small
 * case for each rule of many small devices, which share a board.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/bits.h"
#include "base/errno.h"
#include "dev/input/i8042.h"
#include "dev/misc/acpi_pm.h"
#include "dev/misc/fw_cfg.h"
#include "dev/misc/pc_reset.h"
#include "dev/misc/simexit.h"
#include "dev/rtc/mc146818.h"
#include "dev/uart/ns16550.h"
#include "tests/dev/board.h"

#define SECOND	1000000000ull
#define EPOCH	1700000000ull		/* 2023-11-14 22:13:20, a Tuesday */

struct terminal {
	struct chardev dev;
	struct chardev_client *client;
	char out[256];
	size_t out_len, room;
	unsigned ready_calls;
};

static struct terminal terminal;
static struct board *b;
static struct device *uart, *rtc, *kbd, *pm, *resets, *ender, *cfg;
static bool level[24];

static void chip_set(struct irqchip *c, uint32_t pin, bool on)
{
	level[pin] = on;
}

static const struct irqchip_ops chip_ops = { .set = chip_set };
static struct irqchip chip = { &chip_ops, "test", 24 };

static void terminal_attach(struct chardev *d, struct chardev_client *c)
{
	terminal.client = c;
}

static size_t terminal_write(struct chardev *d, const uint8_t *buf, size_t len)
{
	size_t n = len < terminal.room ? len : terminal.room;

	memcpy(terminal.out + terminal.out_len, buf, n);
	terminal.out_len += n;
	terminal.room -= n;
	return n;
}

static void terminal_ready(struct chardev *d)
{
	terminal.ready_calls++;
}

static const struct chardev_ops terminal_ops = {
	.attach = terminal_attach, .write = terminal_write, .ready = terminal_ready,
};

static uint32_t in(uint32_t port, unsigned size)
{
	uint64_t v = ~0ull;

	assert_int_equal(board_try(b, BUS_PIO, 0, port, size, false, &v), BUS_OK);
	return (uint32_t)v;
}

static void out(uint32_t port, unsigned size, uint64_t v)
{
	assert_int_equal(board_try(b, BUS_PIO, 0, port, size, true, &v), BUS_OK);
}

static struct device *place(const struct dev_class *cls, uint32_t port, uint32_t gsi)
{
	struct device *d = board_device(b, cls);

	mmio_connect(d, &chip, gsi, 0);
	if (cls == &ns16550_class)
		device_set_ptr(d, "chardev", &terminal.dev);
	if (cls == &simexit_class)
		device_set(d, "size", 4);
	if (cls == &mc146818_class) {
		device_set(d, "low_ram", 512 * MIB);
		device_set(d, "high_ram", GIB);
		device_set(d, "cpus", 2);
	}
	assert_int_equal(device_init(d), 0);
	assert_int_equal(mmio_map_in(d, BUS_PIO, port), 0);
	return d;
}

static int setup(void **state)
{
	memset(&terminal, 0, sizeof(terminal));
	memset(level, 0, sizeof(level));
	terminal.dev.ops = &terminal_ops;
	terminal.room = sizeof(terminal.out);
	b = board_new(1);
	uart = place(&ns16550_class, 0x3f8, 4);
	rtc = place(&mc146818_class, 0x70, 8);
	kbd = place(&i8042_class, 0x60, 1);
	i8042_connect_mouse(kbd, &chip, 12, 0);
	pm = place(&acpi_pm_class, 0x600, 9);
	resets = place(&pc_reset_class, 0x92, 0);
	ender = place(&simexit_class, 0xf4, 0);
	cfg = place(&fw_cfg_class, 0x510, 0);
	device_reset_all(&b->vm, RESET_COLD);
	b->vm.time.wall_offset_ns = EPOCH * SECOND + SECOND / 4 - vm_now_ns(&b->vm.time);
	return 0;
}

static int teardown(void **state)
{
	uart->cls->destroy(uart);
	board_free(b);
	return 0;
}

/* ---- 16550 ---- */

enum { DATA = 0x3f8, IER, IIR, LCR, MCR, LSR, MSR, SCR };

static size_t type(const char *s)
{
	return terminal.client->input(terminal.client, (const uint8_t *)s, strlen(s));
}

static void uart_sends_and_says_when_it_has_room(void **state)
{
	assert_int_equal(in(LSR, 1), 0x60);
	out(IIR, 1, 7);
	assert_int_equal(in(IIR, 1), 0xc1);
	out(MCR, 1, 0xb);
	out(DATA, 1, 'a');
	assert_int_equal(terminal.out[0], 'a');
	assert_false(level[4]);
	out(IER, 1, 2);				/* enabled while empty: at once */
	assert_true(level[4]);
	assert_int_equal(in(IIR, 1), 0xc2);
	assert_false(level[4]);			/* looking is enough */
	out(DATA, 1, 'b');
	assert_true(level[4]);
	out(MCR, 1, 0);				/* OUT2 gates the line */
	assert_false(level[4]);
}

static void uart_keeps_what_a_slow_terminal_does_not_take(void **state)
{
	out(IIR, 1, 1);
	terminal.room = 2;
	for (int i = 0; i < 5; i++)
		out(DATA, 1, (uint64_t)('a' + i));
	assert_int_equal(terminal.out_len, 2);
	assert_int_equal(in(LSR, 1) & 0x60, 0);
	terminal.room = 100;
	terminal.client->writable(terminal.client);
	assert_memory_equal(terminal.out, "abcde", 5);
	assert_int_equal(in(LSR, 1) & 0x60, 0x60);
}

static void uart_receives_by_trigger_level_and_by_timeout(void **state)
{
	out(IIR, 1, 0x81);			/* FIFO, level 8 */
	out(MCR, 1, 8);
	out(IER, 1, 1);
	assert_int_equal(type("abc"), 3);
	assert_true(level[4]);
	assert_int_equal(in(IIR, 1), 0xcc);
	assert_int_equal(type("defgh"), 5);
	assert_int_equal(in(IIR, 1), 0xc4);
	for (const char *c = "abcdefgh"; *c; c++)
		assert_int_equal(in(DATA, 1), *c);
	assert_false(level[4]);
	assert_int_equal(in(LSR, 1) & 1, 0);
}

static void uart_turns_the_terminal_away_when_full_and_calls_it_back(void **state)
{
	assert_int_equal(type("abc"), 1);	/* no FIFO */
	assert_int_equal(in(DATA, 1), 'a');
	board_run(b);
	assert_int_equal(terminal.ready_calls, 1);
	out(IIR, 1, 1);
	assert_int_equal(type("0123456789abcdefXX"), 16);
}

static void uart_loops_back_what_it_sends(void **state)
{
	out(IIR, 1, 1);
	out(MCR, 1, 0x10 | 0xf);
	assert_int_equal(in(MSR, 1) & 0xf0, 0xf0);
	out(MCR, 1, 0x10 | 0xa);
	assert_int_equal(in(MSR, 1) & 0xf0, 0x90);
	out(DATA, 1, 'x');
	assert_int_equal(terminal.out_len, 0);
	assert_int_equal(in(LSR, 1) & 1, 1);
	assert_int_equal(in(DATA, 1), 'x');
}

/* OUT2 is a pin like another on boards that have no PC's gate behind it, and loopback interrupts there (data sheet, 8.6.8). */
static void uart_interrupts_without_out2_on_a_board_without_a_gate(void **state)
{
	out(IER, 1, 1);
	type("a");
	assert_false(level[4]);
	assert_int_equal(device_set(uart, "gated", false), 0);
	in(SCR, 1);
	assert_true(level[4]);
	in(DATA, 1);
	assert_false(level[4]);
	out(MCR, 1, 0x10);
	out(DATA, 1, 'x');
	assert_true(level[4]);
}

static void uart_keeps_scratch_and_divisor(void **state)
{
	out(SCR, 1, 0x5a);
	assert_int_equal(in(SCR, 1), 0x5a);
	out(LCR, 1, 0x83);
	out(DATA, 2, 0x1234);
	assert_int_equal(in(DATA, 1), 0x34);
	assert_int_equal(in(IER, 1), 0x12);
	out(LCR, 1, 3);
	assert_int_equal(in(IER, 1), 0);
}

static void uart_tells_of_a_break(void **state)
{
	out(MCR, 1, 8);
	out(IER, 1, 4);
	terminal.client->brk(terminal.client);
	assert_true(level[4]);
	assert_int_equal(in(LSR, 1) & 0x11, 0x11);
	assert_false(level[4]);
	assert_int_equal(in(DATA, 1), 0);
}

/* ---- MC146818 ---- */

static uint32_t cmos(uint32_t i)
{
	out(0x70, 1, i);
	return in(0x71, 1);
}

static void cmos_write(uint32_t i, uint32_t v)
{
	out(0x70, 1, i | 0x80);
	out(0x71, 1, v);
}

static void clock_shows_the_wall_clock_in_bcd(void **state)
{
	static const uint8_t want[][2] = { { 0, 0x20 }, { 2, 0x13 }, { 4, 0x22 }, { 6, 3 }, { 7, 0x14 }, { 8, 0x11 }, { 9, 0x23 },
					   { 0x32, 0x20 }, { 0xd, 0x80 } };

	for (unsigned i = 0; i < ARRAY_SIZE(want); i++)
		assert_int_equal(cmos(want[i][0]), want[i][1]);
	cmos_write(0xb, 4);				/* binary, 12 hours */
	assert_int_equal(cmos(4), 0x80 | 10);
	assert_int_equal(cmos(0), 20);
	board_advance(b, 2 * 3600 * SECOND);
	assert_int_equal(cmos(4), 12);			/* a quarter past midnight */
	assert_int_equal(cmos(7), 15);
}

static void clock_goes_on_from_what_is_written(void **state)
{
	cmos_write(0xb, 0x82);
	cmos_write(9, 0x24);
	cmos_write(8, 0x02);
	cmos_write(7, 0x28);
	cmos_write(4, 0x23);
	cmos_write(2, 0x59);
	cmos_write(0, 0x58);
	board_advance(b, 100 * SECOND);			/* it stands still */
	assert_int_equal(cmos(0), 0x58);
	cmos_write(0xb, 2);
	board_advance(b, 3 * SECOND);
	assert_int_equal(cmos(0), 0x01);
	assert_int_equal(cmos(7), 0x29);		/* a leap year */
	board_advance(b, 24 * 3600 * SECOND);
	assert_int_equal(cmos(8), 0x03);
	assert_int_equal(cmos(7), 0x01);
	device_reset_all(&b->vm, RESET_WARM);
	assert_int_equal(cmos(8), 0x03);
}

static void clock_rings_at_the_alarm_and_each_second(void **state)
{
	cmos_write(1, 0x25);
	cmos_write(3, 0xff);
	cmos_write(5, 0xff);
	cmos_write(0xb, 0x22);
	board_advance(b, 4 * SECOND);
	assert_false(level[8]);
	board_advance(b, SECOND);
	assert_true(level[8]);
	assert_int_equal(cmos(0xc) & 0xf0, 0xb0);
	assert_false(level[8]);
	assert_int_equal(cmos(0xc), 0);
	cmos_write(0xb, 0x12);
	board_advance(b, SECOND);
	assert_int_equal(cmos(0xc), 0x90);
}

/* UF says that a second has passed whether that interrupts or not: who polls sees it once a look (data sheet, register C). */
static void clock_says_that_seconds_passed_to_who_polls(void **state)
{
	cmos(0xc);
	assert_int_equal(cmos(0xc), 0);
	board_advance(b, SECOND);
	assert_int_equal(cmos(0xc), 0x10);
	assert_int_equal(cmos(0xc), 0);
	board_round_trip(rtc);
	board_advance(b, 3 * SECOND);
	assert_int_equal(cmos(0xc), 0x10);
	assert_int_equal(cmos(0xc), 0);
	assert_false(level[8]);
	cmos_write(0xb, 0x82);				/* it stands still */
	board_advance(b, 2 * SECOND);
	assert_int_equal(cmos(0xc), 0);
	board_advance(b, 2 * SECOND);
	cmos_write(0xb, 2);				/* and has not moved yet */
	assert_int_equal(cmos(0xc), 0);
}

/* Digits that are none make a year past all that a saved state may hold. */
static void clock_of_an_absurd_year_can_be_saved(void **state)
{
	cmos_write(0xb, 0x82);
	cmos_write(0x32, 0xff);
	cmos_write(9, 0xff);
	cmos_write(0xb, 2);
	board_round_trip(rtc);
	cmos_write(0xb, 0x82);
	board_round_trip(rtc);
}

static void clock_ticks_periodically(void **state)
{
	cmos_write(0xa, 0x2f);				/* 2 Hz */
	cmos_write(0xb, 0x42);
	board_advance(b, SECOND / 2);
	assert_true(level[8]);
	assert_int_equal(cmos(0xc), 0xd0);		/* a second has begun, too */
	board_round_trip(rtc);
	board_advance(b, SECOND);
	assert_int_equal(cmos(0xc) & 0xc0, 0xc0);
	cmos_write(0xb, 2);
	board_advance(b, SECOND);
	assert_false(level[8]);
}

static void cmos_says_how_much_memory_there_is(void **state)
{
	assert_int_equal(cmos(0x34) | cmos(0x35) << 8, (512 - 16) * 16);
	assert_int_equal(cmos(0x5b) | cmos(0x5c) << 8, 1024 * 16);
	assert_int_equal(cmos(0x17) | cmos(0x18) << 8, 0xffff);
	assert_int_equal(cmos(0x5f), 1);
	cmos_write(0x40, 0x77);
	device_reset_all(&b->vm, RESET_WARM);
	assert_int_equal(cmos(0x40), 0x77);
}

/* ---- i8042 ---- */

static void expect_bytes(const uint8_t *want, unsigned n, uint32_t status)
{
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(in(0x64, 1) & 0x21, status);
		assert_int_equal(in(0x60, 1), want[i]);
	}
	assert_int_equal(in(0x64, 1) & 1, 0);
}
#define EXPECT(status, ...)	expect_bytes((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), status)

static void keys_come_translated_by_interrupt(void **state)
{
	static const uint8_t a_key[] = { 0x1c, 0xf0, 0x1c }, up[] = { 0xe0, 0x75, 0xe0, 0xf0, 0x75 };

	i8042_keys(kbd, a_key, sizeof(a_key));
	assert_true(level[1]);
	EXPECT(1, 0x1e, 0x9e);
	assert_false(level[1]);
	i8042_keys(kbd, up, sizeof(up));
	EXPECT(1, 0xe0, 0x48, 0xe0, 0xc8);
	out(0x64, 1, 0x60);
	out(0x60, 1, 0x04);				/* no interrupts, no translation */
	i8042_keys(kbd, a_key, sizeof(a_key));
	assert_false(level[1]);
	EXPECT(1, 0x1c, 0xf0, 0x1c);
}

static void controller_and_devices_answer_their_tests(void **state)
{
	out(0x64, 1, 0xaa);
	EXPECT(1, 0x55);
	out(0x64, 1, 0xab);
	EXPECT(1, 0);
	out(0x64, 1, 0x20);
	EXPECT(1, 0x45);
	out(0x60, 1, 0xff);
	EXPECT(1, 0xfa, 0xaa);
	out(0x60, 1, 0xf2);
	EXPECT(1, 0xfa, 0xab, 0x41);
	out(0x60, 1, 0xed);
	out(0x60, 1, 7);
	EXPECT(1, 0xfa, 0xfa);
	out(0x64, 1, 0xd4);
	out(0x60, 1, 0xff);
	EXPECT(0x21, 0xfa, 0xaa, 0);
	out(0x64, 1, 0xd3);
	out(0x60, 1, 0x77);
	EXPECT(0x21, 0x77);
}

static void mouse(uint8_t v)
{
	out(0x64, 1, 0xd4);
	out(0x60, 1, v);
	assert_int_equal(in(0x60, 1), 0xfa);
}

static void mouse_moves_and_turns_into_one_with_a_wheel(void **state)
{
	i8042_move(kbd, 1, 1, 0, 0);			/* not asked for */
	assert_int_equal(in(0x64, 1) & 1, 0);
	out(0x64, 1, 0x60);
	out(0x60, 1, 0x47);
	mouse(0xf4);
	i8042_move(kbd, 5, -3, 0, 1);
	assert_true(level[12]);
	EXPECT(0x21, 0x29, 5, 0xfd);
	assert_false(level[12]);
	mouse(0xf3), mouse(200), mouse(0xf3), mouse(100), mouse(0xf3), mouse(80);
	mouse(0xf2);
	EXPECT(0x21, 3);
	i8042_move(kbd, 0, 0, -1, 0);
	EXPECT(0x21, 8, 0, 0, 0xff);
	for (int i = 0; i < 1000; i++)			/* nobody reads: nothing is overrun */
		i8042_move(kbd, -1000, 1000, 100, 0xff);
	board_round_trip(kbd);
}

static void reset_lines_reset(void **state)
{
	out(0x64, 1, 0xff);
	out(0x64, 1, 0xfd);
	assert_int_equal(b->requests, 0);
	out(0x64, 1, 0xfe);
	assert_int_equal(b->requests, 1);
	assert_int_equal(b->request, EXIT_RESET);
	out(0x64, 1, 0xd1);
	out(0x60, 1, 2);
	assert_int_equal(b->requests, 2);
	out(0x92, 1, 2);
	assert_int_equal(b->requests, 2);
	out(0x92, 1, 3);
	assert_int_equal(b->requests, 3);
	out(0x92, 1, 3);				/* it is the edge */
	assert_int_equal(b->requests, 3);
	out(0xcf9, 1, 2);
	assert_int_equal(in(0xcf9, 1), 2);
	out(0xcf9, 1, 6);
	assert_int_equal(b->requests, 4);
	assert_int_equal(b->request, EXIT_RESET);
}

/* ---- ACPI ---- */

static void power_button_raises_the_sci_until_it_is_seen(void **state)
{
	acpi_pm_press(pm);
	assert_false(level[9]);				/* not enabled */
	assert_int_equal(in(0x600, 2), 0x100);
	out(0x602, 2, 0x100);
	assert_true(level[9]);
	board_round_trip(pm);
	assert_true(level[9]);
	out(0x600, 2, 0x100);
	assert_false(level[9]);
	assert_int_equal(in(0x600, 2), 0);
	assert_int_equal(in(0x604, 2) & 1, 1);
}

static void sleep_type_of_s5_powers_off_and_others_do_not(void **state)
{
	out(0x604, 2, 0x2000 | 5 << 10);
	assert_int_equal(b->requests, 0);
	out(0x604, 2, 0x2001);
	assert_int_equal(b->requests, 1);
	assert_int_equal(b->request, EXIT_SHUTDOWN);
}

static void pm_timer_counts_and_tells_of_its_top_bit(void **state)
{
	uint32_t before = in(0x608, 4);

	board_advance(b, SECOND);
	assert_in_range((in(0x608, 4) - before) & 0xffffff, 3579545 - 2, 3579545 + 2);
	out(0x602, 2, 1);
	board_advance(b, 3 * SECOND);			/* half a period is 2.3 s */
	assert_true(level[9]);
	out(0x600, 2, 1);
	assert_false(level[9]);
	board_advance(b, 3 * SECOND);
	assert_true(level[9]);
}

static void exit_port_ends_with_a_status(void **state)
{
	out(0xf4, 1, 7);
	assert_int_equal(b->request, EXIT_SHUTDOWN);
	assert_int_equal(simexit_status(ender), 7);
}

/* ---- fw_cfg ---- */

static uint8_t ram[64 * KIB] __attribute__((aligned(4096)));

static void with_ram(void)
{
	struct mem_slot slot = { .size = sizeof(ram), .kind = MEM_RAM, .can_write = true,
				 .backing = { .host = ram, .fd = -1 } };
	uint32_t id;

	memset(ram, 0xa5, sizeof(ram));
	assert_int_equal(mem_slot_add(&b->vm.mem, &slot, &id), 0);
}

/* The descriptor is at 0x100. */
static uint32_t fw_dma(uint32_t control, uint32_t len, uint64_t to)
{
	put_be32(ram + 0x100, control);
	put_be32(ram + 0x104, len);
	put_be32(ram + 0x108, (uint32_t)(to >> 32));
	put_be32(ram + 0x10c, (uint32_t)to);
	out(0x514, 4, 0);
	out(0x518, 4, __builtin_bswap32(0x100));
	return get_be32(ram + 0x100);
}

static void fw_cfg_gives_items_by_port_and_by_dma(void **state)
{
	with_ram();
	assert_int_equal(fw_cfg_file(cfg, "etc/test", "0123456789", 10), 0);
	assert_int_equal(fw_cfg_file(cfg, "etc/test", "abcdefghij", 10), 0);	/* the same again */
	out(0x510, 2, 0);
	for (const char *c = "QEMU"; *c; c++)
		assert_int_equal(in(0x511, 1), *c);
	assert_int_equal(in(0x511, 1), 0);
	assert_int_equal(in(0x514, 4), 0x554d4551);
	assert_int_equal(in(0x518, 4), 0x47464320);
	out(0x510, 2, 0x8000);				/* not item 0 */
	assert_int_equal(in(0x511, 1), 0);
	assert_int_equal(fw_dma(0x19u << 16 | 8 | 2, 68, 0x1000), 0);
	assert_int_equal(get_be32(ram + 0x1000), 1);
	assert_int_equal(get_be32(ram + 0x1004), 10);
	assert_string_equal(ram + 0x100c, "etc/test");
	assert_int_equal(ram[0x1008] << 8 | ram[0x1009], fw_cfg_key(cfg, "etc/test"));
	assert_int_equal(fw_dma((uint32_t)fw_cfg_key(cfg, "etc/test") << 16 | 8, 0, 0), 0);
	assert_int_equal(fw_dma(4, 3, 0), 0);
	assert_int_equal(fw_dma(2, 12, 0x2000), 0);
	assert_memory_equal(ram + 0x2000, "defghij\0\0\0\0\0\xa5", 13);
}

static void fw_cfg_refuses_what_cannot_be(void **state)
{
	with_ram();
	assert_int_equal(fw_dma(8 | 2, 4, sizeof(ram) - 2), 1);
	assert_int_equal(fw_dma(8 | 2, 0xffffffff, 0x1000), 1);
	assert_int_equal(fw_dma(8 | 2, 4, ~0ull - 1), 1);
	assert_int_equal(fw_dma(8 | 16, 4, 0x1000), 1);
	assert_int_equal(fw_dma(4, 0xffffffff, 0), 0);
	out(0x514, 4, ~0ull);				/* a descriptor that is nowhere */
	out(0x518, 4, ~0ull);
	assert_int_equal(fw_cfg_file(cfg, "a name that is longer than what a directory entry has room for", "", 0), -EINVAL);
	for (unsigned i = 0; i < 100; i++)
		fw_cfg_set(cfg, (uint16_t)(0x8000 + i), "x", 1);
	assert_int_equal(fw_cfg_set(cfg, 0x9000, "x", 1), -ENOSPC);
	board_round_trip(cfg);
}

static void state_survives_a_round_trip(void **state)
{
	struct device *all[] = { uart, rtc, kbd, pm, resets, ender };

	out(IIR, 1, 1);
	type("abc");
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		board_round_trip(all[i]);
	assert_int_equal(in(DATA, 1), 'a');
}

static void any_width_at_any_port_is_answered(void **state)
{
	static const struct { uint32_t base, len; } ports[] = {
		{ 0x3f8, 8 }, { 0x70, 2 }, { 0x60, 5 }, { 0x600, 0x80 }, { 0x92, 1 }, { 0xcf9, 1 }, { 0x510, 12 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(ports); i++)
		for (uint32_t off = 0; off < ports[i].len; off++)
			for (unsigned size = 1; size <= 4; size *= 2)
				for (unsigned n = 0; n < 512; n++) {
					uint64_t v = n & 255;

					if (off + size <= ports[i].len)
						board_try(b, BUS_PIO, 0, ports[i].base + off, size, n < 256, &v);
				}
	board_advance(b, 10 * SECOND);
}

static void load(struct device *d, struct state_writer *w)
{
	struct state_reader r = { w->buf, w->used, 0, 0 };

	assert_int_equal(state_load(&r, d->cls->state, d), 0);
	assert_int_equal(d->cls->state_post(d), 0);
}

/* The controller may have been told otherwise before. */
static void a_loaded_state_tells_the_controller(void **state)
{
	static uint8_t up[4096], down[4096], odd[4096];
	struct state_writer u = { up, sizeof(up), 0, 0 }, d = { down, sizeof(down), 0, 0 }, o = { odd, sizeof(odd), 0, 0 };
	struct mc146818 *clock = container_of(rtc, struct mc146818, mmio.dev);

	out(MCR, 1, 8);
	assert_int_equal(state_save(&d, uart->cls->state, uart), 0);
	out(IER, 1, 2);
	assert_true(level[4]);
	assert_int_equal(state_save(&u, uart->cls->state, uart), 0);
	load(uart, &d);
	assert_false(level[4]);
	load(uart, &u);
	assert_true(level[4]);

	out(0x70, 1, 12);
	clock->cmos[12] = 0x80;			/* says an interrupt, and none of its reasons */
	assert_int_equal(state_save(&o, rtc->cls->state, rtc), 0);
	clock->cmos[12] = 0;
	out(0x70, 1, 11);
	out(0x71, 1, 0x12);
	board_advance(b, SECOND);
	assert_true(level[8]);
	load(rtc, &o);
	assert_false(level[8]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(uart_sends_and_says_when_it_has_room),
		T(uart_keeps_what_a_slow_terminal_does_not_take),
		T(uart_receives_by_trigger_level_and_by_timeout),
		T(uart_turns_the_terminal_away_when_full_and_calls_it_back),
		T(uart_loops_back_what_it_sends),
		T(uart_interrupts_without_out2_on_a_board_without_a_gate),
		T(uart_keeps_scratch_and_divisor),
		T(uart_tells_of_a_break),
		T(clock_shows_the_wall_clock_in_bcd),
		T(clock_goes_on_from_what_is_written),
		T(clock_rings_at_the_alarm_and_each_second),
		T(clock_says_that_seconds_passed_to_who_polls),
		T(clock_of_an_absurd_year_can_be_saved), T(clock_ticks_periodically),
		T(cmos_says_how_much_memory_there_is),
		T(keys_come_translated_by_interrupt),
		T(controller_and_devices_answer_their_tests),
		T(mouse_moves_and_turns_into_one_with_a_wheel),
		T(reset_lines_reset),
		T(power_button_raises_the_sci_until_it_is_seen),
		T(sleep_type_of_s5_powers_off_and_others_do_not),
		T(pm_timer_counts_and_tells_of_its_top_bit),
		T(exit_port_ends_with_a_status),
		T(fw_cfg_gives_items_by_port_and_by_dma),
		T(fw_cfg_refuses_what_cannot_be),
		T(state_survives_a_round_trip),
		T(a_loaded_state_tells_the_controller),
		T(any_width_at_any_port_is_answered),
	};

	return cmocka_run_group_tests_name("pc devices", tests, NULL, NULL);
}
