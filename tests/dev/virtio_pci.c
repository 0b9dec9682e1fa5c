/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio PCI transport: what its capabilities say, MSI-X vectors, bus mastering, access through configuration space, and
 * answers to a driver that gets it wrong. That devices and rings work over it is shown by the other tests of virtio, which run
 * over every transport.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/errno.h"
#include "tests/dev/virtio_rig.h"

#define SIZE		16u
#define HEADER		(RIG_RAM + 0x40000)
#define DATA		(RIG_RAM + 0x41000)
#define STATUS		(RIG_RAM + 0x42000)
#define NO_VECTOR	0xffffu

enum {
	C_DEVICE_SEL = 0x00, C_DEVICE_FEATURES = 0x04, C_CONFIG_VECTOR = 0x10, C_QUEUES = 0x12, C_STATUS = 0x14,
	C_GENERATION = 0x15, C_QUEUE_SEL = 0x16, C_QUEUE_SIZE = 0x18, C_QUEUE_VECTOR = 0x1a, C_QUEUE_ENABLE = 0x1c,
	C_NOTIFY_OFF = 0x1e, C_DESC = 0x20, C_RESET = 0x3a,
};

struct fixture {
	struct rig r;
	struct mem_disk disk;
	struct pci_func *func;
};

static int open_as(void **state, enum rig_kind kind)
{
	struct fixture *f = calloc(1, sizeof(*f));

	rig_kind = kind;
	mem_disk_init(&f->disk, 64 * 512);
	rig_open(&f->r);
	rig_plug(&f->r, &virtio_blk_class, &f->disk.b);
	f->func = virtio_pci_func(f->r.transport);
	*state = f;
	return 0;
}

static int set_up(void **state)
{
	return open_as(state, RIG_PCI);
}

static int set_up_legacy(void **state)
{
	return open_as(state, RIG_PCI_LEGACY);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rig_close(&f->r);
	mem_disk_free(&f->disk);
	free(f);
	return 0;
}

static uint64_t in(struct fixture *f, unsigned bar, uint64_t offset, unsigned size)
{
	const struct region *r = &f->func->bar[bar].region;

	return rig_access(&f->r, r->space, r->base + offset, size, false, 0);
}

static void out(struct fixture *f, unsigned bar, uint64_t offset, unsigned size, uint64_t val)
{
	const struct region *r = &f->func->bar[bar].region;

	rig_access(&f->r, r->space, r->base + offset, size, true, val);
}

static uint32_t cfg(struct fixture *f, unsigned reg, unsigned size)
{
	return (uint32_t)rig_access(&f->r, BUS_MMIO, RIG_ECAM + 0x8000 + reg, size, false, 0);
}

static void cfg_put(struct fixture *f, unsigned reg, unsigned size, uint32_t val)
{
	rig_access(&f->r, BUS_MMIO, RIG_ECAM + 0x8000 + reg, size, true, val);
}

static unsigned cap(struct fixture *f, uint8_t id, uint8_t type)
{
	for (unsigned at = cfg(f, PCI_CAP_PTR, 1); at; at = cfg(f, at + 1, 1))
		if (cfg(f, at, 1) == id && (id != PCI_CAP_VENDOR || cfg(f, at + 3, 1) == type))
			return at;
	fail_msg("no capability %x of type %u", id, type);
	return 0;
}

static void entry(struct fixture *f, unsigned vector)
{
	out(f, VIRTIO_PCI_BAR_MSIX, 16 * vector, 4, 0xfee00000);
	out(f, VIRTIO_PCI_BAR_MSIX, 16 * vector + 4, 4, 0);
	out(f, VIRTIO_PCI_BAR_MSIX, 16 * vector + 8, 4, vector);
	out(f, VIRTIO_PCI_BAR_MSIX, 16 * vector + 12, 4, 0);
}

static void msix(struct fixture *f, unsigned control)
{
	cfg_put(f, cap(f, PCI_CAP_MSIX, 0) + 2, 2, control);
}

static void read_a_sector(struct fixture *f)
{
	struct rig *r = &f->r;

	memset(rig_ptr(r, HEADER), 0, 16);
	rig_desc(r, r->q[0].desc, 0, HEADER, 16, DESC_F_NEXT, 1);
	rig_desc(r, r->q[0].desc, 1, DATA, 512, DESC_F_NEXT | DESC_F_WRITE, 2);
	rig_desc(r, r->q[0].desc, 2, STATUS, 1, DESC_F_WRITE, 0);
	rig_offer(r, 0, 0);
	rig_kick(r, 0);
}

static void capabilities_say_where_things_are(void **state)
{
	struct fixture *f = *state;
	char text[400] = "";

	assert_int_equal(cfg(f, 0, 4), 0x10421af4);
	assert_int_equal(cfg(f, PCI_REVISION, 4), 0x01000001);
	assert_int_equal(cfg(f, PCI_SUB_VENDOR, 4), 0x10421af4);	/* 0x40 or more: OVMF and others look */
	for (unsigned at = cfg(f, PCI_CAP_PTR, 1); at; at = cfg(f, at + 1, 1)) {
		char line[80];

		if (cfg(f, at, 1) == PCI_CAP_MSIX)
			snprintf(line, sizeof(line), "MSI-X: Count=%u\n", (cfg(f, at + 2, 2) & 0x7ff) + 1);
		else
			snprintf(line, sizeof(line), "%u: bar=%u offset=%x length=%x%s\n", cfg(f, at + 3, 1), cfg(f, at + 4, 1),
				 cfg(f, at + 8, 4), cfg(f, at + 12, 4), cfg(f, at + 2, 1) == 20 ? " +4" : "");
		strcat(text, line);
	}
	assert_string_equal(text, "MSI-X: Count=2\n1: bar=4 offset=0 length=3c\n3: bar=4 offset=1000 length=1\n"
				  "4: bar=4 offset=2000 length=3c\n2: bar=4 offset=3000 length=4 +4\n"
				  "5: bar=0 offset=0 length=0 +4\n");
	assert_int_equal(cfg(f, cap(f, PCI_CAP_VENDOR, 2) + 16, 4), 4);
}

static void a_transitional_device_has_the_old_ids_and_ports(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(cfg(f, 0, 4), 0x10011af4);
	assert_int_equal(cfg(f, PCI_REVISION, 1), 0);
	assert_int_equal(cfg(f, PCI_SUB_VENDOR, 4), 0x00021af4);
	assert_int_equal(cfg(f, PCI_BAR0, 4) & 3, 1);
	assert_int_equal(cfg(f, cap(f, PCI_CAP_VENDOR, 1) + 4, 1), 4);
}

static void each_queue_and_the_configuration_have_vectors(void **state)
{
	struct fixture *f = *state;

	entry(f, 0);
	entry(f, 1);
	msix(f, 0x8000);
	rig_negotiate(&f->r);
	out(f, 4, C_CONFIG_VECTOR, 2, 0);
	out(f, 4, C_QUEUE_SEL, 2, 0);
	out(f, 4, C_QUEUE_VECTOR, 2, 1);
	assert_int_equal(in(f, 4, C_CONFIG_VECTOR, 2), 0);
	assert_int_equal(in(f, 4, C_QUEUE_VECTOR, 2), 1);
	rig_queue_place(&f->r, 0, SIZE);
	rig_queue_enable(&f->r, 0);
	wr(&f->r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	read_a_sector(f);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
	assert_int_equal(f->r.messages[1], 1);
	assert_int_equal(f->r.messages[0], 0);
	assert_false(f->r.line);
	assert_int_equal(in(f, 4, VIRTIO_PCI_ISR, 1), 0);
	rig_offer(&f->r, 0, 999);			/* needs a reset: the configuration's vector */
	rig_kick(&f->r, 0);
	assert_int_equal(f->r.messages[0], 1);
	wr(&f->r, R_STATUS, 0);
	assert_int_equal(in(f, 4, C_CONFIG_VECTOR, 2), NO_VECTOR);
	assert_int_equal(in(f, 4, C_QUEUE_VECTOR, 2), NO_VECTOR);
}

static void a_vector_that_there_is_not_reads_back_as_none(void **state)
{
	struct fixture *f = *state;

	for (unsigned bad = 2; bad < 0x10000; bad += 4095) {
		out(f, 4, C_CONFIG_VECTOR, 2, bad);
		out(f, 4, C_QUEUE_VECTOR, 2, bad);
		assert_int_equal(in(f, 4, C_CONFIG_VECTOR, 2), NO_VECTOR);
		assert_int_equal(in(f, 4, C_QUEUE_VECTOR, 2), NO_VECTOR);
	}
	out(f, 4, C_QUEUE_SEL, 2, 0xffff);
	out(f, 4, C_QUEUE_VECTOR, 2, 0);
	assert_int_equal(in(f, 4, C_QUEUE_VECTOR, 2), NO_VECTOR);
	assert_int_equal(in(f, 4, C_QUEUE_SIZE, 2), 0);
	assert_int_equal(in(f, 4, C_NOTIFY_OFF, 2), 0);
}

static void without_a_vector_nothing_is_sent(void **state)
{
	struct fixture *f = *state;

	msix(f, 0x8000);
	rig_start(&f->r, 1, SIZE);
	read_a_sector(f);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
	assert_int_equal(f->r.messages[0] + f->r.messages[1], 0);
	assert_false(f->r.line);
}

static void a_masked_vector_comes_when_it_is_unmasked(void **state)
{
	struct fixture *f = *state;

	rig_start(&f->r, 1, SIZE);
	entry(f, 1);
	out(f, VIRTIO_PCI_BAR_MSIX, 16 + 12, 4, 1);
	msix(f, 0x8000);
	out(f, 4, C_QUEUE_VECTOR, 2, 1);
	read_a_sector(f);
	assert_int_equal(f->r.messages[1], 0);
	assert_int_equal(in(f, VIRTIO_PCI_BAR_MSIX, 0x800, 4), 2);
	out(f, VIRTIO_PCI_BAR_MSIX, 16 + 12, 4, 0);
	assert_int_equal(f->r.messages[1], 1);
	assert_int_equal(in(f, VIRTIO_PCI_BAR_MSIX, 0x800, 4), 0);
}

static void without_bus_mastering_rings_are_left_alone(void **state)
{
	struct fixture *f = *state;

	rig_start(&f->r, 1, SIZE);
	cfg_put(f, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	read_a_sector(f);
	assert_false(rig_used(&f->r, 0, NULL, NULL));
	cfg_put(f, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	rig_pump(&f->r);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
	assert_memory_equal(rig_ptr(&f->r, DATA), f->disk.data, 512);
}

static void notifications_follow_a_bar_that_moves(void **state)
{
	struct fixture *f = *state;

	rig_start(&f->r, 1, SIZE);
	cfg_put(f, PCI_BAR0 + 16, 4, 0x10800000);
	assert_int_equal(f->func->bar[4].region.base, 0x10800000);
	read_a_sector(f);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
}

static void bars_are_reached_through_configuration_space(void **state)
{
	struct fixture *f = *state;
	unsigned at = cap(f, PCI_CAP_VENDOR, 5);

	cfg_put(f, PCI_COMMAND, 2, 0);			/* not decoded at all */
	cfg_put(f, at + 4, 1, 4);
	cfg_put(f, at + 8, 4, C_STATUS);
	cfg_put(f, at + 12, 4, 1);
	cfg_put(f, at + 16, 4, S_ACK);
	assert_int_equal(cfg(f, at + 16, 1), S_ACK);
	cfg_put(f, at + 16, 1, S_ACK | S_DRIVER);
	assert_int_equal(cfg(f, at + 16, 4), S_ACK | S_DRIVER);
	cfg_put(f, at + 8, 4, VIRTIO_PCI_DEVICE);
	cfg_put(f, at + 12, 4, 4);
	assert_int_equal(cfg(f, at + 16, 4), 64);
}

static void nonsense_in_that_capability_reads_as_ones(void **state)
{
	static const struct { uint8_t bar; uint32_t offset, length; } bad[] = {
		{ 4, 0, 0 }, { 4, 0, 3 }, { 4, 0, 8 }, { 4, 2, 4 }, { 4, 0x4000, 4 }, { 4, 0xfffffffc, 4 }, { 5, 0, 4 },
		{ 0, 0, 4 }, { 6, 0, 4 }, { 255, 0, 4 }, { 4, 0, 0x80000000 },
	};
	struct fixture *f = *state;
	unsigned at = cap(f, PCI_CAP_VENDOR, 5);

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		cfg_put(f, at + 4, 1, bad[i].bar);
		cfg_put(f, at + 8, 4, bad[i].offset);
		cfg_put(f, at + 12, 4, bad[i].length);
		cfg_put(f, at + 16, 4, 0);
		assert_true(cfg(f, at + 16, 1) == 0xff);
	}
}

static void fields_are_written_in_their_own_width(void **state)
{
	struct fixture *f = *state;

	out(f, 4, C_STATUS, 4, S_ACK);
	assert_int_equal(in(f, 4, C_STATUS, 1), 0);
	out(f, 4, C_DESC, 8, 0x123456789abcdef0);
	assert_true(in(f, 4, C_DESC, 8) == 0x123456789abcdef0);
	assert_int_equal(in(f, 4, C_DESC + 4, 4), 0x12345678);
	out(f, 4, C_DESC, 4, 0);
	assert_true(in(f, 4, C_DESC, 8) == 0x1234567800000000);
	assert_int_equal(in(f, 4, 0x800, 4), 0xffffffff);
	assert_int_equal(in(f, 4, VIRTIO_PCI_NOTIFY, 2), 0);
	assert_true(in(f, 4, VIRTIO_PCI_DEVICE + 0xff8, 8) == ~0ull);
}

/* The iPXE of Debian 12 reads the lower half of a word of features and takes it for the whole. */
static void fields_are_read_in_any_width(void **state)
{
	struct fixture *f = *state;
	uint32_t features = (uint32_t)in(f, 4, C_DEVICE_FEATURES, 4), generation = (uint32_t)in(f, 4, C_GENERATION, 1);

	assert_int_equal(in(f, 4, C_DEVICE_FEATURES, 2), features & 0xffff);
	assert_int_equal(in(f, 4, C_DEVICE_FEATURES + 2, 2), features >> 16);
	assert_int_equal(in(f, 4, C_DEVICE_FEATURES + 3, 1), features >> 24);
	assert_int_equal(in(f, 4, C_QUEUES, 1), 1);
	assert_int_equal(in(f, 4, C_QUEUES + 1, 1), 0);
	out(f, 4, C_STATUS, 1, S_ACK);
	assert_int_equal(in(f, 4, C_STATUS, 2), S_ACK | generation << 8);
	assert_int_equal(in(f, 4, C_QUEUES, 4), 1 | S_ACK << 16 | generation << 24);
	assert_int_equal(in(f, 4, C_QUEUE_SIZE, 4), 256u | NO_VECTOR << 16);
	out(f, 4, C_DESC, 8, 0x123456789abcdef0);
	assert_int_equal(in(f, 4, C_DESC + 2, 2), 0x9abc);
	assert_int_equal(in(f, 4, C_DESC + 7, 1), 0x12);
	assert_true(in(f, 4, 0x38, 8) == 0xffffffff00000000);	/* half of it is past the end */
}

static void a_queue_is_turned_off_by_a_reset_only(void **state)
{
	struct fixture *f = *state;

	f->r.features = F_RING_RESET;
	rig_start(&f->r, 1, SIZE);
	out(f, 4, C_QUEUE_ENABLE, 2, 0);
	assert_int_equal(in(f, 4, C_QUEUE_ENABLE, 2), 1);
	out(f, 4, C_RESET, 2, 1);
	assert_int_equal(in(f, 4, C_RESET, 2), 0);
	assert_int_equal(in(f, 4, C_QUEUE_ENABLE, 2), 0);
	rig_queue_place(&f->r, 0, SIZE);
	rig_queue_enable(&f->r, 0);
	read_a_sector(f);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
}

static void legacy_configuration_moves_when_msix_is_on(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(in(f, 0, 20, 4), 64);
	msix(f, 0x8000);
	assert_int_equal(in(f, 0, 24, 4), 64);
	assert_int_equal(in(f, 0, 20, 2), NO_VECTOR);
	out(f, 0, 22, 2, 1);
	assert_int_equal(in(f, 0, 22, 2), 1);
	out(f, 0, 22, 2, 7);
	assert_int_equal(in(f, 0, 22, 2), NO_VECTOR);
	msix(f, 0);
	assert_int_equal(in(f, 0, 20, 4), 64);
}

static void a_legacy_driver_uses_queues_before_driver_ok(void **state)
{
	struct fixture *f = *state;

	rig_negotiate(&f->r);
	rig_queue_place(&f->r, 0, SIZE);
	rig_queue_enable(&f->r, 0);
	assert_int_equal(in(f, 0, 8, 4), f->r.q[0].desc >> 12);
	read_a_sector(f);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
	out(f, 0, 8, 4, 0);				/* off again */
	assert_int_equal(in(f, 0, 8, 4), 0);
	read_a_sector(f);
	assert_false(rig_used(&f->r, 0, NULL, NULL));
}

/* Linux before 2.6.34, for one, drives the device without a word to its command register. */
static void a_legacy_driver_need_not_turn_bus_mastering_on(void **state)
{
	struct fixture *f = *state;

	cfg_put(f, PCI_COMMAND, 2, cfg(f, PCI_COMMAND, 2) & ~PCI_COMMAND_MASTER);
	out(f, 0, 18, 1, 0);
	out(f, 0, 18, 1, S_ACK);			/* it is not said yet who drives */
	assert_int_equal(cfg(f, PCI_COMMAND, 2) & PCI_COMMAND_MASTER, 0);
	rig_start(&f->r, 1, SIZE);
	assert_int_equal(cfg(f, PCI_COMMAND, 2) & PCI_COMMAND_MASTER, PCI_COMMAND_MASTER);
	read_a_sector(f);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
	cfg_put(f, PCI_COMMAND, 2, cfg(f, PCI_COMMAND, 2) & ~PCI_COMMAND_MASTER);
	read_a_sector(f);				/* off is off */
	assert_false(rig_used(&f->r, 0, NULL, NULL));
}

static void a_legacy_driver_is_not_told_of_needs_reset(void **state)
{
	struct fixture *f = *state;

	rig_start(&f->r, 1, SIZE);
	rig_offer(&f->r, 0, 999);
	rig_kick(&f->r, 0);
	assert_int_equal(in(f, 0, 18, 1), S_ACK | S_DRIVER | S_DRIVER_OK);
	assert_int_equal(in(f, 0, 19, 1), 0);
	rig_start(&f->r, 1, SIZE);
	read_a_sector(f);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
}

static void the_two_interfaces_do_not_mix(void **state)
{
	struct fixture *f = *state;

	out(f, 0, 18, 1, S_ACK | S_DRIVER);		/* a legacy driver … */
	out(f, 0, 4, 4, 1 << 9);
	out(f, 4, 0x0c, 4, ~0u);			/* … and somebody at the modern registers */
	assert_int_equal(in(f, 0, 4, 4), 1 << 9);
	out(f, 4, C_STATUS, 1, S_ACK | S_DRIVER | S_FEATURES_OK);
	assert_int_equal(in(f, 0, 18, 1) & S_FEATURES_OK, 0);
	out(f, 0, 18, 1, 0);
	rig_kind = RIG_PCI;
	f->r.kind = RIG_PCI;
	rig_start(&f->r, 1, SIZE);			/* a modern driver */
	out(f, 0, 4, 4, 0);
	out(f, 0, 8, 4, 0x1234);
	out(f, 0, 18, 1, S_FAILED);
	assert_int_equal(in(f, 4, C_STATUS, 1), S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	read_a_sector(f);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
}

static void a_reset_of_the_machine_brings_everything_to_rest(void **state)
{
	struct fixture *f = *state;

	entry(f, 1);
	msix(f, 0x8000);
	out(f, 4, C_QUEUE_VECTOR, 2, 1);
	rig_start(&f->r, 1, SIZE);
	device_reset_all(&f->r.vm, RESET_WARM);
	assert_int_equal(cfg(f, PCI_COMMAND, 2), 0);
	assert_int_equal(cfg(f, cap(f, PCI_CAP_MSIX, 0) + 2, 2), 1);
	assert_int_equal(pci_assign(f->r.host), 0);
	assert_int_equal(in(f, 4, C_STATUS, 1), 0);
	assert_int_equal(in(f, 4, C_QUEUE_VECTOR, 2), NO_VECTOR);
	assert_int_equal(in(f, VIRTIO_PCI_BAR_MSIX, 16 + 8, 8), 1ull << 32);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define L(name)	cmocka_unit_test_setup_teardown(name, set_up_legacy, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(capabilities_say_where_things_are),
		L(a_transitional_device_has_the_old_ids_and_ports),
		T(each_queue_and_the_configuration_have_vectors),
		T(a_vector_that_there_is_not_reads_back_as_none),
		T(without_a_vector_nothing_is_sent),
		T(a_masked_vector_comes_when_it_is_unmasked),
		T(without_bus_mastering_rings_are_left_alone),
		T(notifications_follow_a_bar_that_moves),
		T(bars_are_reached_through_configuration_space),
		T(nonsense_in_that_capability_reads_as_ones),
		T(fields_are_written_in_their_own_width),
		T(fields_are_read_in_any_width),
		T(a_queue_is_turned_off_by_a_reset_only),
		L(legacy_configuration_moves_when_msix_is_on),
		L(a_legacy_driver_uses_queues_before_driver_ok),
		L(a_legacy_driver_need_not_turn_bus_mastering_on),
		L(a_legacy_driver_is_not_told_of_needs_reset),
		L(the_two_interfaces_do_not_mix),
		T(a_reset_of_the_machine_brings_everything_to_rest),
	};

	return cmocka_run_group_tests_name("virtio-pci", tests, NULL, NULL);
}
