/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dev/pci/passthrough.c with a function that exists only here: BAR0 of 64 KiB can be mapped, BAR1 has 32 ports, BAR2 (64-bit)
 * of 16 KiB holds the MSI-X table (3 vectors) at 0x1000 and the pending bits at 0x2000; capabilities PM, MSI, MSI-X, a vendor's,
 * PCI Express.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/hostpci.h"
#include "dev/pci/passthrough.h"
#include "tests/dev/pci_rig.h"

#define FUNC		(2u << 3)
#define VECTORS		3u

struct fake {
	struct pci_rig rig;
	struct hostpci host;
	struct device *dev;
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t *bar[PCI_BARS];
	unsigned config_writes, resets, unmasks, bar_accesses, settings;
	uint32_t last_write_reg, command;
	enum hostpci_irq kind;
	struct notifier *irq[VECTORS + 32];
	unsigned irqs;
	bool watch;
	struct notifier *eoi;
};

static struct fake *of(struct hostpci *h)
{
	return container_of(h, struct fake, host);
}

static uint32_t fake_config_read(struct hostpci *h, uint32_t reg, unsigned size)
{
	assert_true(reg + size <= PCI_CONFIG_SIZE);
	return pci_get(of(h)->config + reg, size);
}

static void fake_config_write(struct hostpci *h, uint32_t reg, unsigned size, uint32_t val)
{
	struct fake *f = of(h);

	assert_true(reg + size <= PCI_CONFIG_SIZE);
	if (reg == PCI_COMMAND) {
		f->command = val;
		return;
	}
	f->config_writes++;
	f->last_write_reg = reg;
	pci_put(f->config + reg, size, val);
}

static uint64_t fake_bar_read(struct hostpci *h, unsigned bar, uint64_t offset, unsigned size)
{
	uint64_t v = 0;

	assert_true(offset + size <= h->bar[bar].size);
	of(h)->bar_accesses++;
	memcpy(&v, of(h)->bar[bar] + offset, size);
	return v;
}

static void fake_bar_write(struct hostpci *h, unsigned bar, uint64_t offset, unsigned size, uint64_t val)
{
	assert_true(offset + size <= h->bar[bar].size);
	of(h)->bar_accesses++;
	memcpy(of(h)->bar[bar] + offset, &val, size);
}

static int fake_map(struct hostpci *h, unsigned bar, uint64_t offset, uint64_t size, struct mem_backing *out)
{
	assert_true(!((offset | size) & 0xfff) && size && offset + size <= h->bar[bar].size);
	*out = (struct mem_backing){ .host = of(h)->bar[bar] + offset, .fd = -1 };
	return 0;
}

static int fake_interrupts(struct hostpci *h, enum hostpci_irq kind, struct notifier *const *list, unsigned n)
{
	struct fake *f = of(h);

	assert_true(n <= ARRAY_SIZE(f->irq));
	f->kind = kind;
	f->irqs = n;
	f->settings++;
	for (unsigned i = 0; i < n; i++)
		f->irq[i] = list[i];
	return (int)n;
}

static void fake_unmask(struct hostpci *h)
{
	of(h)->unmasks++;
}

static int fake_listen(struct hostpci *h, struct notifier *to)
{
	of(h)->eoi = to;
	return 99;
}

static int fake_reset(struct hostpci *h)
{
	of(h)->resets++;
	return 0;
}

static const struct hostpci_ops fake_ops = {
	.config_read = fake_config_read, .config_write = fake_config_write, .bar_read = fake_bar_read, .bar_write = fake_bar_write,
	.map = fake_map, .interrupts = fake_interrupts, .intx_unmask = fake_unmask, .listen = fake_listen, .reset = fake_reset,
};

static const uint8_t caps[] = {
	[0x00] = 0x01, 0x50, 0x23, 0xc8, 0, 0, 0, 0,				/* 0x40: PM */
	[0x10] = 0x05, 0x70, 0x80, 0x01,					/* 0x50: MSI, 64-bit, masks */
	[0x30] = 0x11, 0x80, VECTORS - 1, 0, 0x02, 0x10, 0, 0, 0x02, 0x20,	/* 0x70: MSI-X */
	[0x40] = 0x09, 0xa0, 0x0c, 0x77, 1, 2, 3, 4, 5, 6, 7, 8,		/* 0x80: vendor */
	[0x60] = 0x10, 0xe0, 0x02, 0x00, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0x11, 0x22,	/* 0xa0: Express, reset */
	[0xa0] = 0x03, 0x00, 0, 0,						/* 0xe0: VPD, which is left out */
};

static void describe(struct fake *f)
{
	pci_put(f->config + PCI_VENDOR, 4, 0x10d38086);
	pci_put(f->config + PCI_COMMAND, 2, 3);
	pci_put(f->config + PCI_STATUS, 2, PCI_STATUS_CAPS);
	pci_put(f->config + PCI_CLASS, 3, 0x020000);
	f->config[PCI_CAP_PTR] = 0x40;
	f->config[PCI_INT_PIN] = 1;
	memcpy(f->config + 0x40, caps, sizeof(caps));
	f->host = (struct hostpci){
		.ops = &fake_ops, .name = "0000:00:06.0", .page = 4096, .vectors = { 1, 1, VECTORS },
		.bar = {
			[0] = { HOSTPCI_MEM32, false, 0x10000, 1, { { 0, 0x10000 } } },
			[1] = { HOSTPCI_IO, false, 32, 0, { { 0, 0 } } },
			[2] = { HOSTPCI_MEM64, true, 0x4000, 1, { { 0, 0x4000 } } },
		},
	};
	for (unsigned i = 0; i < 3; i++)
		f->bar[i] = aligned_alloc(4096, 0x10000);
}

static int set_up(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	pci_rig_open(&f->rig, 2);
	describe(f);
	f->dev = board_device(f->rig.b, &pci_passthrough_class);
	assert_int_equal(device_set_ptr(f->dev, "host", &f->host), 0);
	assert_int_equal(device_init(f->dev), 0);
	assert_int_equal(pci_plug(f->rig.host, pci_passthrough_func(f->dev), -1), 0);
	device_reset_all(&f->rig.b->vm, RESET_COLD);
	assert_int_equal(pci_assign(f->rig.host), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fake *f = *state;

	pci_rig_close(&f->rig);
	assert_int_equal(f->irqs, 0);
	assert_int_equal(f->command, 0);
	for (unsigned i = 0; i < 3; i++)
		free(f->bar[i]);
	free(f);
	return 0;
}

static uint32_t get(struct fake *f, unsigned reg, unsigned size)
{
	return cfg_read(&f->rig, FUNC, reg, size);
}

static void put(struct fake *f, unsigned reg, unsigned size, uint32_t val)
{
	cfg_write(&f->rig, FUNC, reg, size, val);
}

static uint64_t base(struct fake *f, unsigned bar)
{
	uint64_t at = get(f, PCI_BAR0 + 4 * bar, 4) & ~15ull;

	return bar == 2 ? at | (uint64_t)get(f, PCI_BAR0 + 12, 4) << 32 : at;
}

static void the_guest_sees_the_hosts_function(void **state)
{
	struct fake *f = *state;

	assert_int_equal(get(f, PCI_VENDOR, 4), 0x10d38086);
	assert_int_equal(get(f, PCI_CLASS, 1) | get(f, PCI_CLASS + 1, 2) << 8, 0x020000);
	assert_int_equal(cfg_cap(&f->rig, FUNC, 0x01), 0x40);
	assert_int_equal(cfg_cap(&f->rig, FUNC, PCI_CAP_MSI), 0x50);
	assert_int_equal(cfg_cap(&f->rig, FUNC, PCI_CAP_MSIX), 0x70);
	assert_int_equal(cfg_cap(&f->rig, FUNC, PCI_CAP_VENDOR), 0x80);
	assert_int_equal(cfg_cap(&f->rig, FUNC, 0x10), 0xa0);
	assert_int_equal(cfg_cap(&f->rig, FUNC, 0x03), 0);
	assert_int_equal(get(f, 0x42, 2), 0x0023);		/* no wake-up */
	assert_int_equal(get(f, 0xa4, 4), 0);			/* no reset of its own */
	assert_int_equal(get(f, 0xa2, 2), 0x0092);
}

static void configuration_writes_stay_here(void **state)
{
	struct fake *f = *state;

	for (unsigned reg = 0; reg < PCI_CONFIG_SIZE; reg += 4)
		if (reg < 0x80 || reg >= 0x8c)
			put(f, reg, 4, ~0u);
	assert_int_equal(f->config_writes, 0);
	assert_int_equal(get(f, 0x44, 4) & ~3u, 8);
	assert_int_equal(get(f, 0xa8, 2), 0x7fff);
	assert_int_equal(get(f, PCI_VENDOR, 4), 0x10d38086);
}

static void a_vendor_capabilitys_body_is_the_hosts(void **state)
{
	struct fake *f = *state;

	put(f, 0x84, 4, 0xaabbccdd);
	assert_int_equal(f->config_writes, 1);
	assert_int_equal(pci_get(f->config + 0x84, 4), 0xaabbccdd);
	pci_put(f->config + 0x88, 4, 0x12345678);
	assert_int_equal(get(f, 0x88, 4), 0x12345678);
	put(f, 0x80, 4, ~0u);
	assert_int_equal(f->config_writes, 1);
	assert_int_equal(get(f, 0x80, 4), 0x770ca009);
}

static void mapped_pages_are_slots_that_follow_the_bar(void **state)
{
	struct fake *f = *state;
	struct mem *m = &f->rig.b->vm.mem;
	uint64_t at = base(f, 0);
	const struct mem_slot *s = mem_find(m, at);

	assert_non_null(s);
	assert_int_equal(s->kind, MEM_DEVICE);
	assert_int_equal(s->size, 0x10000);
	assert_ptr_equal(s->backing.host, f->bar[0]);
	put(f, PCI_BAR0, 4, MEM32 + 0x5000000);
	assert_null(mem_find(m, at));
	assert_non_null(mem_find(m, MEM32 + 0x5000000));
	put(f, PCI_COMMAND, 2, 0);
	assert_null(mem_find(m, MEM32 + 0x5000000));
	assert_int_equal(f->command & 7, 3);		/* the host's decoding stays on, mastering was never on */
}

static void two_bars_in_one_place_leave_the_second_to_accesses(void **state)
{
	struct fake *f = *state;
	struct mem *m = &f->rig.b->vm.mem;

	put(f, PCI_BAR0, 4, MEM32 + 0x5000000);
	put(f, PCI_BAR0 + 12, 4, 0);
	put(f, PCI_BAR0 + 8, 4, MEM32 + 0x5000000);
	assert_ptr_equal(mem_find(m, MEM32 + 0x5000000)->backing.host, f->bar[0]);
	put(f, PCI_BAR0 + 8, 4, 0);
	put(f, PCI_BAR0, 4, 0);
	assert_null(mem_find(m, MEM32 + 0x5000000));
}

static void the_vector_table_is_never_the_hosts(void **state)
{
	struct fake *f = *state;
	struct mem *m = &f->rig.b->vm.mem;
	uint64_t at = base(f, 2);

	assert_non_null(mem_find(m, at));
	assert_null(mem_find(m, at + 0x1000));
	assert_null(mem_find(m, at + 0x2000));
	assert_non_null(mem_find(m, at + 0x3000));
	memset(f->bar[2], 0x5a, 0x4000);
	for (unsigned size = 1; size <= 8; size *= 2) {
		board_write(f->rig.b, 0, at + 0x1000, size, ~0ull);
		board_write(f->rig.b, 0, at + 0x1000 + 16 * VECTORS - size, size, ~0ull);
		board_write(f->rig.b, 0, at + 0x2000, size, ~0ull);
		board_read(f->rig.b, 0, at + 0x1000, size);
	}
	assert_int_equal(f->bar_accesses, 0);
	board_write(f->rig.b, 0, at + 0x1000 + 16 * VECTORS, 4, 0x01020304);	/* beside it */
	assert_int_equal(f->bar_accesses, 1);
	assert_int_equal(pci_get(f->bar[2] + 0x1000 + 16 * VECTORS, 4), 0x01020304);
}

static void ports_go_through(void **state)
{
	struct fake *f = *state;
	uint64_t port = IO_WINDOW + (get(f, PCI_BAR0 + 4, 4) & ~3u);

	board_write(f->rig.b, 0, port + 4, 4, 0xcafe);
	assert_int_equal(pci_get(f->bar[1] + 4, 4), 0xcafe);
	assert_int_equal(board_read(f->rig.b, 0, port + 4, 2), 0xcafe);
	board_read(f->rig.b, 0, port + 31, 1);
}

static void msix_signals_send_the_guests_messages(void **state)
{
	struct fake *f = *state;
	uint64_t at = base(f, 2) + 0x1000;

	assert_int_equal(f->kind, HOSTPCI_INTX);
	put(f, PCI_COMMAND, 2, 6);
	assert_int_equal(f->command, 7);
	for (unsigned i = 0; i < VECTORS; i++) {
		board_write(f->rig.b, 0, at + 16 * i, 4, 0x08090040);
		board_write(f->rig.b, 0, at + 16 * i + 8, 4, 0x40 + i);
		board_write(f->rig.b, 0, at + 16 * i + 12, 4, 0);
	}
	put(f, 0x72, 2, 0x8000);
	assert_int_equal(f->kind, HOSTPCI_MSIX);
	assert_int_equal(f->irqs, VECTORS);
	notifier_signal(f->irq[2]);
	assert_int_equal(f->rig.messages, 1);
	assert_int_equal(f->rig.last.data, 0x42);
	put(f, 0x72, 2, 0);
	assert_int_equal(f->kind, HOSTPCI_INTX);
	put(f, PCI_COMMAND, 2, 2);
	assert_int_equal(f->command, 3);
}

static void settling_again_sets_nothing_up_again(void **state)
{
	struct fake *f = *state;
	unsigned before;

	put(f, 0x72, 2, 0x8000);
	before = f->settings;
	put(f, PCI_INT_LINE, 1, 5);
	put(f, 0x72, 2, 0xc000);
	assert_int_equal(f->settings, before);
}

static void intx_raises_the_line_until_it_is_looked_at_again(void **state)
{
	struct fake *f = *state;

	notifier_signal(f->irq[0]);
	assert_true(f->rig.line[2]);
	assert_int_equal(f->unmasks, 0);
	board_advance(f->rig.b, 2000000);
	assert_false(f->rig.line[2]);
	assert_int_equal(f->unmasks, 1);
}

static void a_pause_stops_dma_and_a_reset_resets(void **state)
{
	struct fake *f = *state;
	unsigned resets = f->resets;

	put(f, PCI_COMMAND, 2, 6);
	assert_int_equal(pci_passthrough_class.quiesce(f->dev), 0);
	assert_int_equal(f->command, 3);
	pci_passthrough_class.resume(f->dev);
	assert_int_equal(f->command, 7);
	put(f, 0x72, 2, 0x8000);
	device_reset_all(&f->rig.b->vm, RESET_WARM);
	assert_int_equal(f->resets, resets + 1);
	assert_int_equal(f->command, 3);
	assert_int_equal(f->kind, HOSTPCI_INTX);
	assert_null(mem_find(&f->rig.b->vm.mem, base(f, 0)));
}

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed >> 33;
}

/* The host's side asserts that nothing beyond the function is reached; here: nor its own header, table and pending bits. */
static void whatever_a_guest_writes_stays_within_the_function(void **state)
{
	struct fake *f = *state;
	uint64_t seed = 1, val;

	memset(f->bar[2], 0x5a, 0x4000);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned size = 1u << next(&seed) % 4, pick = next(&seed) % 8;
		uint64_t at = MEM32 + next(&seed) % 0x40000;

		val = next(&seed) % 3 ? next(&seed) : ~0ull;
		if (pick < 4)
			at = ECAM + FUNC * 0x1000ull + next(&seed) % 0x120;
		else if (pick < 6)
			at = base(f, pick == 4 ? 0 : 2) + next(&seed) % 0x4000;
		else if (pick == 6)
			at = IO_WINDOW + next(&seed) % 0x2000;
		if (pick < 4 && next(&seed) % 2)
			val = MEM32 + (val & 0x3f0000);
		board_try(f->rig.b, BUS_MMIO, (uint32_t)next(&seed) % 2, at, size, next(&seed) % 4 != 0, &val);
	}
	assert_int_equal(pci_get(f->config + PCI_VENDOR, 4), 0x10d38086);
	assert_int_equal(pci_get(f->config + PCI_BAR0, 4), 0);
	assert_true(f->config_writes > 0);
	assert_in_range(f->last_write_reg, 0x84, 0x8b);
	for (unsigned i = 0; i < 16 * VECTORS; i++)
		assert_int_equal(f->bar[2][0x1000 + i], 0x5a);
}

int main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_guest_sees_the_hosts_function), TEST(configuration_writes_stay_here),
		TEST(a_vendor_capabilitys_body_is_the_hosts), TEST(mapped_pages_are_slots_that_follow_the_bar),
		TEST(two_bars_in_one_place_leave_the_second_to_accesses), TEST(the_vector_table_is_never_the_hosts),
		TEST(ports_go_through), TEST(msix_signals_send_the_guests_messages), TEST(settling_again_sets_nothing_up_again),
		TEST(intx_raises_the_line_until_it_is_looked_at_again), TEST(a_pause_stops_dma_and_a_reset_resets),
		TEST(whatever_a_guest_writes_stays_within_the_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
