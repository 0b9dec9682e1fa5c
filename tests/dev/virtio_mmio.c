/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-mmio registers, status, negotiation and reset, right and wrong (virtio 1.2 §2.1, §3.1, §4.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/errno.h"
#include "core/fdt.h"
#include "tests/dev/virtio_rig.h"

#define SIZE	16u
#define HEADER	(RIG_RAM + 0x1000)
#define DATA	(RIG_RAM + 0x2000)
#define STATUS	(RIG_RAM + 0x3000)

static void offer_read(struct rig *r)
{
	memset(rig_ptr(r, HEADER), 0, 16);
	rig_desc(r, r->q[0].desc, 0, HEADER, 16, DESC_F_NEXT, 1);
	rig_desc(r, r->q[0].desc, 1, DATA, 512, DESC_F_NEXT | DESC_F_WRITE, 2);
	rig_desc(r, r->q[0].desc, 2, STATUS, 1, DESC_F_WRITE, 0);
	rig_offer(r, 0, 0);
}

static void expect_works(struct rig *r)
{
	offer_read(r);
	rig_kick(r, 0);
	assert_true(rig_used(r, 0, NULL, NULL));
}

static void identification_registers_read_as_specified(void **state)
{
	struct disk_rig *f = *state;

	assert_int_equal(rd(&f->r, R_MAGIC), 0x74726976);
	assert_int_equal(rd(&f->r, R_VERSION), 2);
	assert_int_equal(rd(&f->r, R_DEVICE_ID), 2);
	assert_int_equal(rd(&f->r, R_STATUS), 0);
	assert_true(rig_offered(&f->r) & F_VERSION_1);
	wr(&f->r, R_DEVICE_FEATURES_SEL, 2);
	assert_int_equal(rd(&f->r, R_DEVICE_FEATURES), 0);
}

static void empty_slot_has_device_id_zero(void **state)
{
	struct rig r;
	struct device *t;

	rig_open(&r);
	t = device_create(&r.vm, &virtio_mmio_class);
	assert_int_equal(device_init(t), 0);
	assert_int_equal(virtio_mmio_map(t, RIG_MMIO), 0);
	assert_int_equal(rd(&r, R_MAGIC), 0x74726976);
	assert_int_equal(rd(&r, R_DEVICE_ID), 0);
	wr(&r, R_STATUS, 1);
	assert_int_equal(rd(&r, R_STATUS), 0);
	assert_int_equal(rig_read(&r, R_CONFIG, 1), 0xff);
	t->cls->destroy(t);
	rig_close(&r);
}

static void features_not_offered_leave_features_ok_clear(void **state)
{
	struct disk_rig *f = *state;

	f->r.features = 1ull << 41;
	rig_negotiate(&f->r);
	assert_int_equal(rd(&f->r, R_STATUS), S_ACK | S_DRIVER);
	/* And with that DRIVER_OK means nothing. */
	wr(&f->r, R_STATUS, S_ACK | S_DRIVER | S_DRIVER_OK);
	assert_int_equal(rd(&f->r, R_STATUS), S_ACK | S_DRIVER);
	f->r.features = 0;
	rig_start(&f->r, 1, SIZE);
	expect_works(&f->r);
}

static void driver_without_version_1_is_refused(void **state)
{
	struct disk_rig *f = *state;

	wr(&f->r, R_STATUS, S_ACK | S_DRIVER);
	wr(&f->r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK);
	assert_int_equal(rd(&f->r, R_STATUS), S_ACK | S_DRIVER);
}

static void features_written_after_features_ok_are_ignored(void **state)
{
	struct disk_rig *f = *state;

	rig_negotiate(&f->r);
	wr(&f->r, R_DRIVER_FEATURES_SEL, 0);
	wr(&f->r, R_DRIVER_FEATURES, ~0u);
	rig_queue_place(&f->r, 0, SIZE);
	rig_queue_enable(&f->r, 0);
	wr(&f->r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	/* EVENT_IDX would need used_event to match for an interrupt; flags are what counts. */
	*((uint16_t *)rig_ptr(&f->r, f->r.q[0].driver) + 2 + SIZE) = 77;
	expect_works(&f->r);
	assert_true(f->r.line);
}

static void queue_size_that_is_not_allowed_is_ignored(void **state)
{
	static const uint32_t bad[] = { 0, 3, 17, 512, 0x8000, 0x10000, 0x10010, 0xffffffff };
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_negotiate(r);
	rig_queue_place(r, 0, SIZE);
	assert_int_equal(rd(r, R_QUEUE_NUM_MAX), 256);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		wr(r, R_QUEUE_NUM, bad[i]);
	rig_queue_enable(r, 0);
	wr(r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	for (unsigned i = 0; i < 2 * SIZE + 1; i++)	/* works only if it is SIZE still */
		expect_works(r);
}

static void queue_registers_written_while_live_are_ignored(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	wr(r, R_QUEUE_SEL, 0);
	wr(r, R_QUEUE_NUM, 8);
	for (unsigned i = 0; i < 8; i += 4) {
		wr(r, R_DESC + i, 0x1234000);
		wr(r, R_DRIVER + i, 0x1234000);
		wr(r, R_DEVICE + i, 0x1234000);
	}
	for (unsigned i = 0; i < 2 * SIZE + 1; i++)
		expect_works(r);
}

static void queue_registers_written_after_enable_are_ignored(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_negotiate(r);
	rig_queue_place(r, 0, SIZE);
	rig_queue_enable(r, 0);
	wr(r, R_QUEUE_NUM, 8);
	wr(r, R_DESC, 0x1234000);
	wr(r, R_DRIVER, 0x1234000);
	wr(r, R_DEVICE, 0x1234000);
	wr(r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	for (unsigned i = 0; i < 2 * SIZE + 1; i++)
		expect_works(r);
}

static void second_enable_is_ignored(void **state)
{
	struct disk_rig *f = *state;

	rig_start(&f->r, 1, SIZE);
	expect_works(&f->r);
	rig_queue_enable(&f->r, 0);		/* would begin at index 0 again */
	expect_works(&f->r);
	assert_int_equal(rd(&f->r, R_QUEUE_READY), 1);
}

static void queue_enabled_before_features_ok_stays_off(void **state)
{
	struct disk_rig *f = *state;

	wr(&f->r, R_STATUS, S_ACK | S_DRIVER);
	rig_queue_place(&f->r, 0, SIZE);
	rig_queue_enable(&f->r, 0);
	assert_int_equal(rd(&f->r, R_QUEUE_READY), 0);
}

static void queue_that_does_not_exist_reads_zero_and_takes_nothing(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	for (uint32_t q = 1; q; q = q == 1 ? 16 : q == 16 ? 0xffffffff : 0) {
		wr(r, R_QUEUE_SEL, q);
		assert_int_equal(rd(r, R_QUEUE_NUM_MAX), 0);
		wr(r, R_QUEUE_NUM, 8);
		wr(r, R_DESC, 0x1000);
		wr(r, R_QUEUE_READY, 1);
		assert_int_equal(rd(r, R_QUEUE_READY), 0);
		wr(r, R_QUEUE_NOTIFY, q);
	}
	rig_pump(r);
	expect_works(r);
	assert_false(rd(r, R_STATUS) & S_NEEDS_RESET);
}

static void buffers_offered_before_driver_ok_wait_for_it(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_negotiate(r);
	rig_queue_place(r, 0, SIZE);
	rig_queue_enable(r, 0);
	offer_read(r);
	rig_kick(r, 0);
	assert_false(rig_used(r, 0, NULL, NULL));
	wr(r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	rig_pump(r);
	assert_true(rig_used(r, 0, NULL, NULL));
}

static void bad_ring_before_driver_ok_raises_no_interrupt(void **state)
{
	struct disk_rig *f = *state;

	rig_negotiate(&f->r);
	rig_queue_place(&f->r, 0, SIZE);
	wr(&f->r, R_DESC, 0xffffff8);
	rig_queue_enable(&f->r, 0);
	rig_kick(&f->r, 0);
	assert_false(f->r.line);
	assert_int_equal(rd(&f->r, R_ISR), 0);
}

static void status_bits_are_cleared_by_reset_alone(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	wr(r, R_STATUS, S_ACK);
	assert_int_equal(rd(r, R_STATUS), S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	wr(r, R_STATUS, S_NEEDS_RESET | 0x30);		/* not the driver's to set */
	assert_int_equal(rd(r, R_STATUS), S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	wr(r, R_STATUS, S_FAILED);
	assert_true(rd(r, R_STATUS) & S_FAILED);
	expect_works(r);
	wr(r, R_STATUS, 0);
	assert_int_equal(rd(r, R_STATUS), 0);
	assert_int_equal(rd(r, R_ISR), 0);
	assert_false(r->line);
	assert_int_equal(rd(r, R_QUEUE_READY), 0);
}

static void odd_widths_of_the_configuration_give_bytes_or_ones(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;
	uint64_t capacity = rig_read(r, R_CONFIG, 8);

	assert_int_equal(capacity, DISK_RIG_SECTORS);
	assert_int_equal(rig_read(r, R_CONFIG, 1), DISK_RIG_SECTORS);
	assert_int_equal(rig_read(r, R_CONFIG + 12, 4), 254);		/* seg_max */
	assert_int_equal(rig_read(r, R_CONFIG + 13, 1), 0);
	assert_int_equal(rig_read(r, R_CONFIG + 11, 2), 254 << 8);	/* not aligned */
	assert_int_equal(rig_read(r, R_CONFIG + 0xf0, 1), 0xff);
	assert_int_equal(rig_read(r, R_CONFIG + 0xf0, 4), 0xffffffff);
	assert_true(rig_read(r, R_CONFIG + 0xf8, 8) == ~0ull);
	for (uint64_t off = 0; off < 0x100; off++) {
		for (unsigned size = 1; size <= 8 && off + size <= 0x100; size *= 2) {
			rig_write(r, R_CONFIG + off, size, ~0ull);
			rig_read(r, R_CONFIG + off, size);
		}
	}
	assert_true(rig_read(r, R_CONFIG, 8) == capacity);
}

static void odd_widths_of_registers_read_ones_and_write_nothing(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	assert_int_equal(rig_read(r, R_MAGIC, 1), 0xff);
	assert_int_equal(rig_read(r, R_MAGIC, 2), 0xffff);
	assert_true(rig_read(r, R_MAGIC, 8) == ~0ull);
	assert_int_equal(rig_read(r, R_MAGIC + 2, 4), 0xffffffff);
	rig_write(r, R_STATUS, 1, S_ACK);
	rig_write(r, R_STATUS, 2, S_ACK);
	rig_write(r, R_STATUS, 8, S_ACK);
	assert_int_equal(rd(r, R_STATUS), 0);
}

static void registers_that_do_not_exist_read_zero(void **state)
{
	struct disk_rig *f = *state;

	rig_start(&f->r, 1, SIZE);
	for (uint64_t off = 0xc0; off < 0xfc; off += 4) {
		wr(&f->r, off, ~0u);
		assert_int_equal(rd(&f->r, off), 0);
	}
	assert_int_equal(rd(&f->r, 0xb0), 0xffffffff);	/* no shared memory */
	expect_works(&f->r);
}

static void reset_with_requests_out_completes_when_they_are_back(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	f->disk.hold = true;
	for (unsigned i = 0; i < 3; i++)
		offer_read(r);
	rig_kick(r, 0);
	assert_int_equal(f->disk.held_count, 3);
	wr(r, R_STATUS, 0);
	assert_int_not_equal(rd(r, R_STATUS), 0);
	wr(r, R_STATUS, 0);
	wr(r, R_STATUS, S_ACK);				/* too early: ignored */
	wr(r, R_QUEUE_SEL, 0);
	wr(r, R_QUEUE_READY, 1);
	offer_read(r);
	rig_kick(r, 0);
	assert_int_equal(f->disk.held_count, 3);
	mem_disk_finish(&f->disk);
	assert_int_not_equal(rd(r, R_STATUS), 0);
	rig_pump(r);
	assert_int_equal(rd(r, R_STATUS), 0);
	assert_false(rig_used(r, 0, NULL, NULL));	/* the old ring was left alone */
	assert_false(r->line);
	f->disk.hold = false;
	rig_start(r, 1, SIZE);
	expect_works(r);
}

static void queue_stopped_with_requests_out_reads_ready_until_they_are_back(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	f->disk.hold = true;
	offer_read(r);
	rig_kick(r, 0);
	wr(r, R_QUEUE_SEL, 0);
	wr(r, R_QUEUE_READY, 0);
	assert_int_equal(rd(r, R_QUEUE_READY), 1);
	wr(r, R_QUEUE_READY, 1);			/* too early: ignored */
	mem_disk_finish(&f->disk);
	rig_pump(r);
	assert_int_equal(rd(r, R_QUEUE_READY), 0);
	assert_false(rig_used(r, 0, NULL, NULL));
	f->disk.hold = false;
	rig_queue_place(r, 0, SIZE);
	rig_queue_enable(r, 0);
	expect_works(r);
}

static void request_that_breaks_the_ring_leaves_others_to_finish(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	f->disk.hold = true;
	offer_read(r);
	rig_offer(r, 0, SIZE);
	rig_kick(r, 0);
	assert_true(rd(r, R_STATUS) & S_NEEDS_RESET);
	mem_disk_finish(&f->disk);
	rig_pump(r);
	wr(r, R_STATUS, 0);
	assert_int_equal(rd(r, R_STATUS), 0);
	f->disk.hold = false;
	rig_start(r, 1, SIZE);
	expect_works(r);
}

static void interrupt_line_stays_up_until_all_causes_are_acknowledged(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	expect_works(r);
	rig_offer(r, 0, SIZE);				/* needs a reset: the second cause */
	rig_kick(r, 0);
	assert_int_equal(rd(r, R_ISR), 3);
	wr(r, R_ACK, 1);
	assert_int_equal(rd(r, R_ISR), 2);
	assert_true(r->line);
	wr(r, R_ACK, 2);
	assert_false(r->line);
}

static void machine_reset_brings_the_device_to_rest(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	expect_works(r);
	assert_true(r->line);
	r->dev->cls->reset(r->dev, RESET_WARM);
	r->transport->cls->reset(r->transport, RESET_WARM);
	assert_int_equal(rd(r, R_STATUS), 0);
	assert_false(r->line);
	rig_start(r, 1, SIZE);
	expect_works(r);
}

static void quiesced_device_takes_nothing_and_goes_on_after_resume(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	f->disk.hold = true;
	offer_read(r);
	rig_kick(r, 0);
	assert_int_equal(r->dev->cls->quiesce(r->dev), -EINPROGRESS);
	f->disk.hold = false;
	offer_read(r);
	rig_kick(r, 0);
	assert_false(rig_used(r, 0, NULL, NULL));
	mem_disk_finish(&f->disk);
	rig_pump(r);
	assert_true(rig_used(r, 0, NULL, NULL));	/* what was out is answered */
	assert_false(rig_used(r, 0, NULL, NULL));
	r->dev->cls->resume(r->dev);
	rig_pump(r);
	assert_true(rig_used(r, 0, NULL, NULL));
}

static void device_tree_node_says_where_it_is(void **state)
{
	struct disk_rig *f = *state;
	static uint8_t blob[4096];
	struct fdt_writer w;
	struct fdt t;
	const uint8_t *irq;
	uint32_t len;
	int node;

	fdt_start(&w, blob, sizeof(blob));
	fdt_begin(&w, "%s", "");
	virtio_mmio_class.fdt(f->r.transport, &w);
	fdt_end(&w);
	assert_int_equal(fdt_finish(&w, &(size_t){ 0 }), 0);
	assert_int_equal(fdt_check(&t, blob, sizeof(blob)), 0);
	node = fdt_find(&t, "/virtio_mmio@a000000");
	assert_true(node >= 0);
	irq = fdt_get(&t, node, "interrupts", &len);
	assert_int_equal(len, 12);
	assert_int_equal(irq[7], RIG_INTID - 32);
	assert_string_equal(fdt_get(&t, node, "compatible", &len), "virtio,mmio");
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, disk_rig_set_up, disk_rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(identification_registers_read_as_specified),
		cmocka_unit_test(empty_slot_has_device_id_zero),
		CASE(features_not_offered_leave_features_ok_clear),
		CASE(driver_without_version_1_is_refused),
		CASE(features_written_after_features_ok_are_ignored),
		CASE(queue_size_that_is_not_allowed_is_ignored),
		CASE(queue_registers_written_while_live_are_ignored),
		CASE(queue_registers_written_after_enable_are_ignored),
		CASE(second_enable_is_ignored),
		CASE(queue_enabled_before_features_ok_stays_off),
		CASE(queue_that_does_not_exist_reads_zero_and_takes_nothing),
		CASE(buffers_offered_before_driver_ok_wait_for_it),
		CASE(bad_ring_before_driver_ok_raises_no_interrupt),
		CASE(status_bits_are_cleared_by_reset_alone),
		CASE(odd_widths_of_the_configuration_give_bytes_or_ones),
		CASE(odd_widths_of_registers_read_ones_and_write_nothing),
		CASE(registers_that_do_not_exist_read_zero),
		CASE(reset_with_requests_out_completes_when_they_are_back),
		CASE(queue_stopped_with_requests_out_reads_ready_until_they_are_back),
		CASE(request_that_breaks_the_ring_leaves_others_to_finish),
		CASE(interrupt_line_stays_up_until_all_causes_are_acknowledged),
		CASE(machine_reset_brings_the_device_to_rest),
		CASE(quiesced_device_takes_nothing_and_goes_on_after_resume),
		CASE(device_tree_node_says_where_it_is),
	};

	return cmocka_run_group_tests_name("virtio-mmio", tests, NULL, NULL);
}
