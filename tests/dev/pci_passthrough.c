/* SPDX-License-Identifier: BSD-2-Clause */
/* dev/pci/passthrough.c with a function that exists only here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/hostpci_fake.h"

static int set_up(void **state)
{
	struct fake *f = fake_new();

	assert_int_equal(fake_plug(f), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	fake_free(*state);
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
