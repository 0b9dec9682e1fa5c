/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device model alone on a board, by the name that the program is started by: any accesses of its registers by either vCPU,
 * in any widths, with time passing, with what comes from outside (characters, keys, pins), and with saved states that were
 * tampered with. The board ends the test when a vCPU's pin is told the same level twice. After a reset no line is up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/bits.h"
#include "core/chardev.h"
#include "dev/gpio/pl061.h"
#include "dev/input/i8042.h"
#include "dev/irqchip/gicv2.h"
#include "dev/irqchip/gicv2m.h"
#include "dev/irqchip/gicv3.h"
#include "dev/irqchip/plic.h"
#include "dev/misc/acpi_pm.h"
#include "dev/misc/fw_cfg.h"
#include "dev/misc/pc_reset.h"
#include "dev/misc/simexit.h"
#include "dev/misc/syscon.h"
#include "dev/rtc/goldfish.h"
#include "dev/rtc/mc146818.h"
#include "dev/rtc/pl031.h"
#include "dev/timer/arm_generic.h"
#include "dev/uart/ns16550.h"
#include "dev/uart/pl011.h"
#include "tests/dev/board.h"
#include "tests/fuzz/console.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/name.h"

#define BASE		0x09000000ull
#define PORT		0x600u
#define RAM		0x40000000ull
#define RAM_SIZE	(64 * KIB)
#define CPUS		2u
#define MAX_REGIONS	32u
#define LINES		64u

static struct board *b;
static struct device *dev;
static struct irqchip *sink;		/* whose pins something outside drives, or NULL */
static struct region *regions[MAX_REGIONS];
static unsigned region_count;
static uint8_t *ram;
static bool level[LINES];
static const uint8_t long_item[5000] = { 1, 2, 3 };

static void chip_set(struct irqchip *c, uint32_t pin, bool up)
{
	level[pin % LINES] = up;
}

static const struct irqchip_ops chip_ops = { .set = chip_set };
static struct irqchip chip = { &chip_ops, "test", 0, NULL };

static struct fuzz_console terminal;

/* ---- opening ---- */

static void open_mmio(const struct dev_class *cls)
{
	dev = board_device(b, cls);
	device_set_ptr(dev, "chardev", &terminal.dev);	/* of those that have one, and so on */
	device_set(dev, "phandle", 7);
	mmio_connect(dev, &chip, 33, 32);
	assert_int_equal(device_init(dev), 0);
	assert_int_equal(mmio_map(dev, BASE), 0);
}

static void open_ports(const struct dev_class *cls)
{
	dev = board_device(b, cls);
	device_set_ptr(dev, "chardev", &terminal.dev);
	device_set(dev, "low_ram", GIB);
	device_set(dev, "cpus", CPUS);
	device_set(dev, "size", 4);
	mmio_connect(dev, &chip, 3, 0);
	assert_int_equal(device_init(dev), 0);
	if (cls == &i8042_class)
		i8042_connect_mouse(dev, &chip, 12, 0);
	if (cls == &fw_cfg_class) {
		assert_int_equal(fw_cfg_file(dev, "etc/one", "one", 3), 0);
		assert_int_equal(fw_cfg_file(dev, "etc/long", long_item, sizeof(long_item)), 0);
	}
	assert_int_equal(mmio_map_in(dev, BUS_PIO, PORT), 0);
}

static void open_timer(const struct dev_class *cls)
{
	dev = board_device(b, cls);
	assert_int_equal(device_init(dev), 0);
	assert_int_equal(arm_timer_connect(dev, &chip), 0);
}

static void open_plic(const struct dev_class *cls)
{
	dev = board_device(b, cls);
	assert_int_equal(device_init(dev), 0);
	assert_int_equal(plic_map(dev, BASE), 0);
	sink = plic_chip(dev);
}

static void open_gicv2(const struct dev_class *cls)
{
	dev = board_device(b, &gicv2_class);
	assert_int_equal(device_init(dev), 0);
	assert_int_equal(gicv2_map(dev, BASE, BASE + 0x10000), 0);
	sink = gic_chip(dev);
}

static void open_gicv2m(const struct dev_class *cls)
{
	struct device *frame;

	open_gicv2(cls);
	frame = board_device(b, cls);
	assert_int_equal(device_set(frame, "first", 8), 0);
	assert_int_equal(device_set(frame, "count", 8), 0);
	assert_int_equal(device_init(frame), 0);
	assert_int_equal(gicv2m_map(frame, sink, BASE + 0x20000), 0);
}

static void open_gicv3(const struct dev_class *cls)
{
	dev = board_device(b, cls);
	assert_int_equal(device_init(dev), 0);
	assert_int_equal(gicv3_map(dev, BASE, BASE + 0x100000), 0);
	sink = gic_chip(dev);
}

static const struct {
	const char *name;
	const struct dev_class *cls;
	void (*open)(const struct dev_class *cls);
} kinds[] = {
	{ "pl011", &pl011_class, open_mmio }, { "pl031", &pl031_class, open_mmio }, { "pl061", &pl061_class, open_mmio },
	{ "goldfish_rtc", &goldfish_rtc_class, open_mmio }, { "syscon", &syscon_class, open_mmio },
	{ "ns16550", &ns16550_class, open_ports },
	{ "mc146818", &mc146818_class, open_ports }, { "i8042", &i8042_class, open_ports },
	{ "acpi_pm", &acpi_pm_class, open_ports }, { "fw_cfg", &fw_cfg_class, open_ports },
	{ "pc_reset", &pc_reset_class, open_ports }, { "simexit", &simexit_class, open_ports },
	{ "arm_timer", &arm_timer_class, open_timer }, { "plic", &plic_class, open_plic }, { "gicv2", &gicv2_class, open_gicv2 },
	{ "gicv2m", &gicv2m_class, open_gicv2m }, { "gicv3", &gicv3_class, open_gicv3 },
};

static void open_board(void)
{
	struct mem_slot slot = { .base = RAM, .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .backing = { .fd = -1 } };
	unsigned k = 0;
	uint32_t id;

	while (!fuzz_is(kinds[k].name))
		assert_true(++k < ARRAY_SIZE(kinds));
	b = board_new(CPUS);
	fuzz_console_init(&terminal);
	ram = aligned_alloc(4096, RAM_SIZE);
	slot.backing.host = ram;
	assert_int_equal(mem_slot_add(&b->vm.mem, &slot, &id), 0);
	kinds[k].open(kinds[k].cls);
	for (unsigned s = 0; s < BUS_SPACES; s++)
		for (uint32_t i = 0; i < b->vm.bus.region_count[s] && region_count < MAX_REGIONS; i++)
			regions[region_count++] = b->vm.bus.regions[s][i];
	assert_true(region_count > 0);
	device_reset_all(&b->vm, RESET_COLD);
}

/* ---- steps ---- */

static uint64_t word(struct input *in)
{
	switch (take(in, 1) % 6) {
	case 0:		return take(in, 8);
	case 1:		return RAM + take(in, 2);
	case 2:		return take(in, 1);
	case 3:		return BIT(take(in, 1) & 63);
	case 4:		return ~take(in, 1);
	default:	return take(in, 4);
	}
}

static void access(struct input *in)
{
	uint8_t how = (uint8_t)take(in, 1);
	const struct region *r = regions[take(in, 1) % region_count];
	unsigned size = 1u << (how & 3);
	uint64_t at = take(in, how & 8 ? 3 : 1), v = how & 4 ? word(in) : 0;

	if (r->space == BUS_SYSREG)
		size = 8;
	else if (how & 16)
		at *= size;
	board_try(b, r->space, how >> 5 & 1, r->base + at % r->size, size, how & 4, &v);
}

/* What comes from elsewhere than registers. */
static void outside(struct input *in)
{
	uint8_t what = (uint8_t)take(in, 1), text[16];

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)take(in, 1);
	if (terminal.client) {
		terminal.room = what;
		if (what & 1)
			terminal.client->input(terminal.client, text, text[0] % sizeof(text));
		else if (what & 2 && terminal.client->brk)
			terminal.client->brk(terminal.client);
		else if (terminal.client->writable)
			terminal.client->writable(terminal.client);
	}
	if (sink)
		irq_set(&(struct irq_line){ sink, what & 64 ? IRQ_PPI(what & 1u, 16u + (text[0] & 15u)) : text[0] % 32u, false },
			what & 128);
	if (dev->cls == &pl061_class && what & 1)
		pl061_press(dev);
	else if (dev->cls == &pl061_class)
		pl061_set_input(dev, text[0] & 7, what & 2);
	if (dev->cls == &acpi_pm_class)
		acpi_pm_press(dev);
	if (dev->cls == &i8042_class && what & 1)
		i8042_keys(dev, text, text[0] % sizeof(text));
	else if (dev->cls == &i8042_class)
		i8042_move(dev, (int8_t)text[1], (int8_t)text[2], (int8_t)text[3], text[4]);
}

static int load(const uint8_t *buf, size_t size)
{
	struct state_reader r = { buf, size, 0, 0 };
	int err;

	if (!dev->cls->state)
		return sink->ops->load(sink, &r);
	err = state_load(&r, dev->cls->state, dev);
	return err || !dev->cls->state_post ? err : dev->cls->state_post(dev);
}

/* Saved, changed at up to four places, loaded: accepted or refused. What was saved is always accepted. */
static void tamper(struct input *in)
{
	static uint8_t good[64 * KIB], bad[64 * KIB];
	struct state_writer w = { good, sizeof(good), 0, 0 };
	unsigned n = take(in, 1) % 5;

	if (!dev->cls->state && (!sink || !sink->ops->save))
		return;
	assert_int_equal(dev->cls->state ? state_save(&w, dev->cls->state, dev) : sink->ops->save(sink, &w), 0);
	memcpy(bad, good, w.used);
	for (unsigned i = 0; i < n && w.used; i++) {
		size_t at = take(in, 2) % w.used;

		bad[at] = (uint8_t)take(in, 1);
	}
	if (!n || load(bad, w.used))
		assert_int_equal(load(good, w.used), 0);
}

static void step(struct input *in)
{
	static const uint64_t spans[] = { 1, 1000, 1000000, 1000000000, 60000000000, 3600000000000 };
	uint8_t op = (uint8_t)take(in, 1);

	switch (op % 16) {
	default:
		access(in);
		break;
	case 12:
		ram[take(in, 2)] = (uint8_t)take(in, 1);
		break;
	case 13:
		outside(in);
		break;
	case 14:
		board_advance(b, spans[op / 16 % ARRAY_SIZE(spans)] * take(in, 1));
		break;
	case 15:
		tamper(in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	if (!b)
		open_board();
	memset(ram, 0, RAM_SIZE);
	terminal.room = 100;
	while (in.left)
		step(&in);
	board_run(b);
	for (unsigned i = 0; sink && i < 32; i++)
		irq_set(&(struct irq_line){ sink, i, false }, false);
	device_reset_all(&b->vm, RESET_COLD);
	for (unsigned i = 0; i < LINES; i++)
		assert_false(level[i]);
	for (uint32_t c = 0; c < CPUS; c++)
		for (unsigned p = 0; p < CPU_PINS; p++)
			assert_false(b->pin[c][p]);
	return 0;
}
