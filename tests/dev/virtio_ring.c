/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile driver's rings (docs/virtio.md has the table). Each case spoils one thing of a correct request to a block
 * device, with split and packed rings, each plain and with EVENT_IDX; then the device must ask for a reset, with a
 * configuration interrupt, do nothing more, and work again after the reset. Long because it is one case for each row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/virtio_rig.h"

#define SIZE	16u
#define HEADER	(RIG_RAM + 0x1000)
#define DATA	(RIG_RAM + 0x2000)
#define STATUS	(RIG_RAM + 0x3000)
#define TABLE	(RIG_RAM + 0x4000)

static void header(struct rig *r, uint32_t type, uint64_t sector)
{
	uint32_t h[4] = { type, 0, (uint32_t)sector, (uint32_t)(sector >> 32) };

	memcpy(rig_ptr(r, HEADER), h, sizeof(h));
}

/* A correct read of sector 1, as descriptors 0, 1, 2. */
static void good_chain(struct rig *r, gpa_t table)
{
	header(r, 0, 1);
	rig_desc(r, table, 0, HEADER, 16, DESC_F_NEXT, 1);
	rig_desc(r, table, 1, DATA, 512, DESC_F_NEXT | DESC_F_WRITE, 2);
	rig_desc(r, table, 2, STATUS, 1, DESC_F_WRITE, 0);
	memset(rig_ptr(r, DATA), 0, 512);
	memset(rig_ptr(r, STATUS), 0xee, 1);
}

static void expect_read_works(struct disk_rig *f)
{
	struct rig *r = &f->r;
	uint32_t id, len;

	good_chain(r, r->q[0].desc);
	rig_offer(r, 0, 0);
	rig_kick(r, 0);
	assert_true(rig_used(r, 0, &id, &len));
	assert_int_equal(id, 0);
	assert_int_equal(len, 513);
	assert_int_equal(*(uint8_t *)rig_ptr(r, STATUS), 0);
	assert_memory_equal(rig_ptr(r, DATA), f->disk.data + 512, 512);
	assert_false(rig_used(r, 0, NULL, NULL));
}

static void expect_needs_reset(struct disk_rig *f)
{
	struct rig *r = &f->r;

	assert_true(rd(r, R_STATUS) & S_NEEDS_RESET);
	assert_true(r->line || rig_legacy(r));		/* legacy drivers aren't told */
	assert_int_equal(rd(r, R_ISR) & 2, 2);
	assert_false(rig_used(r, 0, NULL, NULL));
	/* It stays so, without doing anything, until it is reset. */
	wr(r, R_ACK, 3);
	assert_false(r->line);
	good_chain(r, r->q[0].desc);
	rig_offer(r, 0, 0);
	rig_kick(r, 0);
	assert_false(rig_used(r, 0, NULL, NULL));
	assert_false(r->line);
	rig_start(r, 1, SIZE);
	assert_false(rd(r, R_STATUS) & S_NEEDS_RESET);
	expect_read_works(f);
}

typedef void spoil_fn(struct rig *r);

#define KINDS	4u
static const uint64_t kinds[KINDS] = {
	F_INDIRECT, F_INDIRECT | F_EVENT_IDX, F_INDIRECT | F_PACKED, F_INDIRECT | F_PACKED | F_EVENT_IDX,
};
enum { SPLIT = 3, PACKED = 12, BOTH = 15 };

/* Of these a legacy driver can have the first. */
static unsigned kinds_of(const struct disk_rig *f)
{
	return rig_legacy(&f->r) ? 2 : KINDS;
}

static void hostile(struct disk_rig *f, spoil_fn *spoil, unsigned which)
{
	for (unsigned i = 0; i < kinds_of(f); i++) {
		if (!(which >> i & 1))
			continue;
		f->r.features = kinds[i];
		rig_start(&f->r, 1, SIZE);
		expect_read_works(f);
		good_chain(&f->r, f->r.q[0].desc);
		spoil(&f->r);
		rig_kick(&f->r, 0);
		expect_needs_reset(f);
	}
}

static void go(struct rig *r)
{
	rig_offer(r, 0, 0);
}

static void head_past_size(struct rig *r)
{
	rig_offer(r, 0, SIZE);
}

static void head_of_all_ones(struct rig *r)
{
	rig_offer(r, 0, 0xffff);
}

static void chain_that_loops(struct rig *r)
{
	rig_desc(r, r->q[0].desc, 1, DATA, 512, DESC_F_NEXT | DESC_F_WRITE, 1);
	go(r);
}

static void chain_that_loops_to_its_head(struct rig *r)
{
	rig_desc(r, r->q[0].desc, 0, HEADER, 16, DESC_F_NEXT, 0);
	go(r);
}

static void next_past_the_table(struct rig *r)
{
	rig_desc(r, r->q[0].desc, 1, DATA, 512, DESC_F_NEXT | DESC_F_WRITE, SIZE);
	rig_desc(r, r->q[0].desc, SIZE, STATUS, 1, DESC_F_WRITE, 0);
	go(r);
}

static void indirect(struct rig *r, gpa_t table, uint32_t len, uint16_t more_flags)
{
	rig_desc(r, r->q[0].desc, 0, table, len, DESC_F_INDIRECT | more_flags, 1);
	go(r);
}

/* Two in the ring and SIZE - 1 in the table: each is legal alone. */
static void chain_longer_than_the_queue(struct rig *r)
{
	rig_desc(r, r->q[0].desc, 0, HEADER, 8, DESC_F_NEXT, 1);
	rig_desc(r, r->q[0].desc, 1, HEADER + 8, 8, DESC_F_NEXT, 2);
	rig_desc(r, r->q[0].desc, 2, TABLE, 16 * (SIZE - 1), DESC_F_INDIRECT, 0);
	for (unsigned i = 0; i < SIZE - 1; i++)
		rig_desc(r, TABLE, i, DATA + 512 * i, 512, DESC_F_WRITE | (i < SIZE - 2 ? DESC_F_NEXT : 0),
			 (uint16_t)(i + 1));
	go(r);
}

static void indirect_inside_indirect(struct rig *r)
{
	good_chain(r, TABLE);
	rig_desc(r, TABLE, 1, TABLE + 0x100, 32, DESC_F_INDIRECT, 0);
	rig_desc(r, TABLE + 0x100, 0, DATA, 512, DESC_F_NEXT | DESC_F_WRITE, 1);
	rig_desc(r, TABLE + 0x100, 1, STATUS, 1, DESC_F_WRITE, 0);
	indirect(r, TABLE, 48, 0);
}

static void indirect_of_length_zero(struct rig *r)
{
	indirect(r, TABLE, 0, 0);
}

static void indirect_of_odd_length(struct rig *r)
{
	good_chain(r, TABLE);
	indirect(r, TABLE, 56, 0);
}

static void indirect_longer_than_the_queue(struct rig *r)
{
	good_chain(r, TABLE);
	indirect(r, TABLE, 16 * (SIZE + 1), 0);
}

static void indirect_of_huge_length(struct rig *r)
{
	indirect(r, TABLE, 0xfffffff0u, 0);
}

static void indirect_next_past_its_table(struct rig *r)
{
	good_chain(r, TABLE);
	rig_desc(r, TABLE, 1, DATA, 512, DESC_F_NEXT | DESC_F_WRITE, 3);
	rig_desc(r, TABLE, 3, STATUS, 1, DESC_F_WRITE, 0);
	indirect(r, TABLE, 48, 0);
}

static void indirect_with_next(struct rig *r)
{
	good_chain(r, TABLE);
	indirect(r, TABLE, 48, DESC_F_NEXT);
}

static void indirect_that_wraps(struct rig *r)
{
	indirect(r, 0ull - 16, 48, 0);
}

static void indirect_in_a_hole(struct rig *r)
{
	indirect(r, RIG_RAM - 0x10000, 48, 0);
}

static void indirect_over_mmio(struct rig *r)
{
	indirect(r, RIG_MMIO, 48, 0);
}

static void data_at(struct rig *r, gpa_t addr, uint32_t len)
{
	rig_desc(r, r->q[0].desc, 1, addr, len, DESC_F_NEXT | DESC_F_WRITE, 2);
	go(r);
}

static void buffer_that_wraps(struct rig *r)
{
	data_at(r, 0ull - 256, 512);
}

static void buffer_at_the_very_end(struct rig *r)
{
	data_at(r, 0ull - 512, 512);
}

static void buffer_in_a_hole(struct rig *r)
{
	data_at(r, RIG_RAM - 0x10000, 512);
}

static void buffer_past_the_end_of_ram(struct rig *r)
{
	data_at(r, RIG_RAM + RIG_RAM_SIZE - 256, 512);
}

static void buffer_over_mmio(struct rig *r)
{
	data_at(r, RIG_MMIO, 512);
}

static void buffer_to_write_in_rom(struct rig *r)
{
	data_at(r, RIG_ROM, 512);
}

static void chain_of_four_gib(struct rig *r)
{
	for (unsigned i = 1; i < 8; i++)
		rig_desc(r, r->q[0].desc, i, RIG_RAM, 0x30000000, DESC_F_WRITE | (i < 7 ? DESC_F_NEXT : 0),
			 (uint16_t)(i + 1));
	go(r);
}

static void writable_before_readable(struct rig *r)
{
	rig_desc(r, r->q[0].desc, 0, DATA, 512, DESC_F_NEXT | DESC_F_WRITE, 1);
	rig_desc(r, r->q[0].desc, 1, HEADER, 16, DESC_F_NEXT, 2);
	go(r);
}

static void avail_index_jumps(struct rig *r)
{
	uint16_t *avail = rig_ptr(r, r->q[0].driver);

	avail[1] = (uint16_t)(r->q[0].avail + SIZE + 1);
}

static void avail_index_goes_back(struct rig *r)
{
	uint16_t *avail = rig_ptr(r, r->q[0].driver);

	avail[1] = (uint16_t)(r->q[0].avail - 1);
}

static void request_without_header(struct rig *r)
{
	rig_desc(r, r->q[0].desc, 0, HEADER, 15, DESC_F_NEXT, 1);
	go(r);
}

static void request_without_status(struct rig *r)
{
	rig_desc(r, r->q[0].desc, 0, HEADER, 16, 0, 0);
	go(r);
}

static void packed_ring_all_one_chain(struct rig *r)
{
	uint16_t ids[2] = { 0x8123, 0xffff };

	for (unsigned i = 0; i < SIZE; i++)
		rig_packed_put(r, 0, HEADER, 1, ids[i % 2], DESC_F_NEXT);
}

static void indirect_in_a_list(struct rig *r)
{
	good_chain(r, TABLE);
	rig_desc(r, r->q[0].desc, 0, HEADER, 16, DESC_F_NEXT, 1);
	rig_desc(r, r->q[0].desc, 1, TABLE, 48, DESC_F_INDIRECT, 0);
	go(r);
}

#define HOSTILE(spoil, which, sentence) \
	static void sentence(void **state) { hostile(*state, spoil, which); }

HOSTILE(head_past_size, SPLIT, ring_with_head_past_size_needs_reset)
HOSTILE(head_of_all_ones, SPLIT, ring_with_head_of_all_ones_needs_reset)
HOSTILE(chain_that_loops, BOTH, chain_that_loops_needs_reset)
HOSTILE(chain_that_loops_to_its_head, BOTH, chain_that_loops_to_its_head_needs_reset)
HOSTILE(next_past_the_table, SPLIT, descriptor_with_next_past_the_table_needs_reset)
HOSTILE(chain_longer_than_the_queue, SPLIT, chain_longer_than_the_queue_needs_reset)
HOSTILE(indirect_inside_indirect, SPLIT, indirect_inside_indirect_needs_reset)
HOSTILE(indirect_of_length_zero, BOTH, indirect_table_of_length_zero_needs_reset)
HOSTILE(indirect_of_odd_length, BOTH, indirect_table_of_odd_length_needs_reset)
HOSTILE(indirect_longer_than_the_queue, BOTH, indirect_table_longer_than_the_queue_needs_reset)
HOSTILE(indirect_of_huge_length, BOTH, indirect_table_of_huge_length_needs_reset)
HOSTILE(indirect_next_past_its_table, SPLIT, indirect_descriptor_with_next_past_its_table_needs_reset)
HOSTILE(indirect_with_next, BOTH, indirect_descriptor_that_has_a_next_needs_reset)
HOSTILE(indirect_that_wraps, BOTH, indirect_table_that_wraps_needs_reset)
HOSTILE(indirect_in_a_hole, BOTH, indirect_table_in_a_hole_needs_reset)
HOSTILE(indirect_over_mmio, BOTH, indirect_table_over_mmio_needs_reset)
HOSTILE(buffer_that_wraps, BOTH, buffer_that_wraps_needs_reset)
HOSTILE(buffer_at_the_very_end, BOTH, buffer_at_the_end_of_the_address_space_needs_reset)
HOSTILE(buffer_in_a_hole, BOTH, buffer_in_a_hole_needs_reset)
HOSTILE(buffer_past_the_end_of_ram, BOTH, buffer_past_the_end_of_ram_needs_reset)
HOSTILE(buffer_over_mmio, BOTH, buffer_over_mmio_needs_reset)
HOSTILE(buffer_to_write_in_rom, BOTH, buffer_to_write_in_rom_needs_reset)
HOSTILE(chain_of_four_gib, BOTH, chain_of_four_gib_needs_reset)
HOSTILE(writable_before_readable, BOTH, readable_descriptor_after_a_writable_one_needs_reset)
HOSTILE(avail_index_jumps, SPLIT, available_index_that_jumps_past_size_needs_reset)
HOSTILE(avail_index_goes_back, SPLIT, available_index_that_goes_back_needs_reset)
HOSTILE(request_without_header, BOTH, block_request_without_a_header_needs_reset)
HOSTILE(request_without_status, BOTH, block_request_without_a_status_needs_reset)
HOSTILE(packed_ring_all_one_chain, PACKED, packed_ring_that_is_all_one_chain_needs_reset)
HOSTILE(indirect_in_a_list, PACKED, packed_indirect_descriptor_in_a_list_needs_reset)

static void indirect_descriptor_without_the_feature_needs_reset(void **state)
{
	struct disk_rig *f = *state;

	for (unsigned i = 0; i < kinds_of(f) / 2; i++) {
		f->r.features = i ? F_PACKED : 0;
		rig_start(&f->r, 1, SIZE);
		good_chain(&f->r, TABLE);
		indirect(&f->r, TABLE, 48, 0);
		rig_kick(&f->r, 0);
		expect_needs_reset(f);
	}
}

/* A device keeps a few places more than its queue has entries, for buffers that cross slots of memory. */
static void chain_in_too_many_pieces_needs_reset(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	for (unsigned k = 0; k < kinds_of(f); k++) {
		r->features = kinds[k];
		rig_start(r, 1, 256);
		good_chain(r, r->q[0].desc);
		for (unsigned i = 1; i < 255; i++)
			rig_desc(r, r->q[0].desc, i, RIG_SEAM - 256, 512, DESC_F_NEXT | DESC_F_WRITE, (uint16_t)(i + 1));
		rig_desc(r, r->q[0].desc, 255, STATUS, 1, DESC_F_WRITE, 0);
		go(r);
		rig_kick(r, 0);
		expect_needs_reset(f);
	}
}

/* Where the ring itself lies. */
static void ring_of_kind_at(struct disk_rig *f, uint64_t features, uint64_t reg, gpa_t addr)
{
	struct rig *r = &f->r;

	r->features = features;
	rig_negotiate(r);
	rig_queue_place(r, 0, SIZE);
	wr(r, reg, (uint32_t)addr);
	wr(r, reg + 4, (uint32_t)(addr >> 32));
	rig_queue_enable(r, 0);
	assert_false(rd(r, R_STATUS) & S_NEEDS_RESET);
	wr(r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	rig_kick(r, 0);
	expect_needs_reset(f);
}

static void ring_at(struct disk_rig *f, uint64_t reg, gpa_t addr)
{
	ring_of_kind_at(f, 0, reg, addr);
	ring_of_kind_at(f, F_PACKED, reg, addr);
}

static void ring_in_a_hole_needs_reset(void **state)
{
	ring_at(*state, R_DESC, RIG_RAM - 0x10000);
	ring_at(*state, R_DRIVER, RIG_RAM - 0x10000);
	ring_at(*state, R_DEVICE, RIG_RAM - 0x10000);
}

static void ring_over_mmio_needs_reset(void **state)
{
	ring_at(*state, R_DESC, RIG_MMIO);
	ring_at(*state, R_DRIVER, RIG_MMIO);
	ring_at(*state, R_DEVICE, RIG_MMIO);
}

static void ring_past_the_end_of_ram_needs_reset(void **state)
{
	ring_at(*state, R_DESC, RIG_RAM + RIG_RAM_SIZE - 16);
	ring_of_kind_at(*state, 0, R_DEVICE, RIG_RAM + RIG_RAM_SIZE - 16);
	ring_of_kind_at(*state, F_PACKED, R_DEVICE, RIG_RAM + RIG_RAM_SIZE);
}

static void used_ring_in_rom_needs_reset(void **state)
{
	ring_at(*state, R_DEVICE, RIG_ROM);
	ring_of_kind_at(*state, F_PACKED, R_DESC, RIG_ROM);
}

static void ring_that_wraps_needs_reset(void **state)
{
	ring_at(*state, R_DESC, 0ull - 16);
	ring_at(*state, R_DRIVER, 0ull - 16);
	ring_at(*state, R_DEVICE, 0ull - 16);
}

static void misaligned_ring_needs_reset(void **state)
{
	ring_at(*state, R_DESC, RIG_RAM + 0x10008);
	ring_at(*state, R_DRIVER, RIG_RAM + 0x14001);
	ring_at(*state, R_DEVICE, RIG_RAM + 0x18002);
}

/* --- what is legal, though unusual --- */

static void ring_across_slots_of_memory_works(void **state)
{
	static const struct { uint64_t reg, features; } cases[] = {
		{ R_DESC, 0 }, { R_DRIVER, 0 }, { R_DEVICE, 0 }, { R_DESC, F_PACKED },
	};
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		uint64_t reg = cases[i / 2].reg;
		gpa_t at = RIG_SEAM - 32;
		struct rig_queue *q = &r->q[0];

		r->features = cases[i / 2].features | F_INDIRECT | (i % 2 ? F_EVENT_IDX : 0);
		rig_negotiate(r);
		rig_queue_place(r, 0, SIZE);
		memset(rig_ptr(r, at), 0, 32);
		memset(rig_ptr(r, RIG_SEAM), 0, 0x1000);
		wr(r, reg, (uint32_t)at);
		*(reg == R_DESC ? &q->desc : reg == R_DRIVER ? &q->driver : &q->device) = at;
		rig_queue_enable(r, 0);
		wr(r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
		for (unsigned n = 0; n < 3 * SIZE; n++)
			expect_read_works(f);
	}
}

static void buffer_across_slots_of_memory_is_whole(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;
	uint8_t got[512];
	uint32_t len;

	for (unsigned k = 0; k < kinds_of(f); k++) {
		r->features = kinds[k];
		rig_start(r, 1, SIZE);
		good_chain(r, r->q[0].desc);
		rig_desc(r, r->q[0].desc, 1, RIG_SEAM - 200, 512, DESC_F_NEXT | DESC_F_WRITE, 2);
		go(r);
		rig_kick(r, 0);
		assert_true(rig_used(r, 0, NULL, &len));
		assert_int_equal(len, 513);
		assert_int_equal(mem_read(&r->vm.mem, RIG_SEAM - 200, got, 512), 0);
		assert_memory_equal(got, f->disk.data + 512, 512);
		memset(got, 0, sizeof(got));
		assert_int_equal(mem_write(&r->vm.mem, RIG_SEAM - 200, got, 512), 0);
	}
}

static void indirect_table_works_and_its_write_flag_is_ignored(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;
	static const gpa_t tables[] = { TABLE, RIG_SEAM - 24, TABLE + 4 };

	for (unsigned i = 0; i < 3 * kinds_of(f); i++) {
		uint64_t copy[6];

		if (!(i % 3)) {
			r->features = kinds[i / 3];
			rig_start(r, 1, SIZE);
		}
		good_chain(r, TABLE + 0x100);
		memcpy(copy, rig_ptr(r, TABLE + 0x100), 48);
		assert_int_equal(mem_write(&r->vm.mem, tables[i % 3], copy, 48), 0);
		indirect(r, tables[i % 3], 48, DESC_F_WRITE);
		rig_kick(r, 0);
		assert_true(rig_used(r, 0, NULL, NULL));
		assert_memory_equal(rig_ptr(r, DATA), f->disk.data + 512, 512);
	}
}

/* Of the flags in an indirect table only WRITE counts, and the table ends where its length says (§2.8.7). */
static void packed_indirect_descriptors_need_no_flag_but_write(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	r->features = F_INDIRECT | F_PACKED;
	rig_start(r, 1, SIZE);
	good_chain(r, TABLE);
	rig_desc(r, TABLE, 0, HEADER, 16, DESC_F_INDIRECT | 0x8080, 77);
	rig_desc(r, TABLE, 1, DATA, 512, DESC_F_WRITE | DESC_F_INDIRECT, 0xffff);
	rig_desc(r, TABLE, 2, STATUS, 1, DESC_F_WRITE | DESC_F_NEXT, 3);
	indirect(r, TABLE, 48, 0);
	rig_kick(r, 0);
	assert_true(rig_used(r, 0, NULL, NULL));
	assert_memory_equal(rig_ptr(r, DATA), f->disk.data + 512, 512);
}

static void packed_queue_may_have_any_size(void **state)
{
	static const uint16_t sizes[] = { 3, 5, 100, 127 };
	struct disk_rig *f = *state;

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		f->r.features = F_PACKED | F_INDIRECT | (i % 2 ? F_EVENT_IDX : 0);
		rig_start(&f->r, 1, sizes[i / 2]);
		for (unsigned n = 0; n < 300; n++)
			expect_read_works(f);
	}
}

static void reads_as_used_or_not(struct disk_rig *f, const char *ids)
{
	uint32_t id;

	for (; *ids; ids++) {
		assert_true(rig_used(&f->r, 0, &id, NULL));
		assert_int_equal(id, *ids - '0');
	}
	assert_false(rig_used(&f->r, 0, NULL, NULL));
}

/* Three requests at the back-end; the middle, the last and the first come back, in that order. */
static void out_of_order(struct disk_rig *f, uint64_t features, const char *after[3])
{
	static const unsigned back[3] = { 1, 1, 0 };
	struct rig *r = &f->r;

	r->features = features | F_INDIRECT;
	rig_start(r, 1, SIZE);
	good_chain(r, TABLE);
	f->disk.hold = true;
	for (unsigned round = 0; round < 2 * SIZE; round++) {
		for (uint16_t i = 0; i < 3; i++) {
			rig_desc(r, r->q[0].desc, i, TABLE, 48, DESC_F_INDIRECT, 0);
			rig_offer(r, 0, i);
		}
		rig_kick(r, 0);
		assert_int_equal(f->disk.held_count, 3);
		for (unsigned i = 0; i < 3; i++) {
			mem_disk_finish_one(&f->disk, back[i]);
			rig_pump(r);
			reads_as_used_or_not(f, after[i]);
		}
	}
	f->disk.hold = false;
}

static void chains_come_back_in_the_order_of_completion(void **state)
{
	const char *after[] = { "1", "2", "0" };

	for (unsigned k = 0; k < kinds_of(*state); k++)
		out_of_order(*state, kinds[k], after);
}

static void chains_come_back_in_the_order_of_the_ring_with_in_order(void **state)
{
	const char *after[] = { "", "", "012" };

	for (unsigned k = 0; k < kinds_of(*state); k++)
		out_of_order(*state, kinds[k] | F_IN_ORDER, after);
}

/* While requests are out their descriptors are not the driver's: it cannot have more than `size` of them available. */
static void more_chains_than_entries_needs_reset(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	for (unsigned k = 0; k < kinds_of(f); k++) {
		r->features = kinds[k];
		rig_start(r, 1, 8);
		good_chain(r, TABLE);
		f->disk.hold = true;
		for (uint16_t i = 0; i < 9; i++) {
			rig_desc(r, r->q[0].desc, i % 8, TABLE, 48, DESC_F_INDIRECT, 0);
			rig_offer(r, 0, i % 8);
			rig_kick(r, 0);
			assert_int_equal(!(rd(r, R_STATUS) & S_NEEDS_RESET), i < 8);
		}
		f->disk.hold = false;
		mem_disk_finish(&f->disk);
		rig_pump(r);
		expect_needs_reset(f);
	}
}

static void direct_descriptors_may_end_in_an_indirect_one(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	r->features = F_INDIRECT;
	rig_start(r, 1, SIZE);
	good_chain(r, r->q[0].desc);
	rig_desc(r, TABLE, 0, DATA, 512, DESC_F_NEXT | DESC_F_WRITE, 1);
	rig_desc(r, TABLE, 1, STATUS, 1, DESC_F_WRITE, 0);
	rig_desc(r, r->q[0].desc, 1, TABLE, 32, DESC_F_INDIRECT, 0);
	go(r);
	rig_kick(r, 0);
	assert_true(rig_used(r, 0, NULL, NULL));
	assert_memory_equal(rig_ptr(r, DATA), f->disk.data + 512, 512);
}

static void descriptor_of_length_zero_is_skipped(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	for (unsigned k = 0; k < kinds_of(f); k++) {
		r->features = kinds[k];
		rig_start(r, 1, SIZE);
		good_chain(r, r->q[0].desc);
		rig_desc(r, r->q[0].desc, 0, HEADER, 16, DESC_F_NEXT, 3);
		rig_desc(r, r->q[0].desc, 3, 0, 0, DESC_F_NEXT, 1);
		go(r);
		rig_kick(r, 0);
		assert_true(rig_used(r, 0, NULL, NULL));
		assert_memory_equal(rig_ptr(r, DATA), f->disk.data + 512, 512);
	}
}

static void indices_wrap_at_65536(void **state)
{
	struct disk_rig *f = *state;

	f->r.features = F_EVENT_IDX;
	rig_start(&f->r, 1, SIZE);
	for (unsigned i = 0; i < 66000; i++) {
		*((uint16_t *)rig_ptr(&f->r, f->r.q[0].driver) + 2 + SIZE) = (uint16_t)i;	/* used_event */
		expect_read_works(f);
		assert_true(f->r.line);
		wr(&f->r, R_ACK, 1);
	}
}

static void packed_rings_go_round(void **state)
{
	struct disk_rig *f = *state;

	f->r.features = F_EVENT_IDX | F_PACKED;
	rig_start(&f->r, 1, SIZE);
	for (unsigned i = 0; i < 5000; i++)
		expect_read_works(f);
}

static void full_ring_is_taken_whole(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;
	uint32_t id;

	for (unsigned k = 0; k < kinds_of(f); k++) {
		unsigned seen = 0;

		r->features = kinds[k];
		rig_start(r, 1, SIZE);
		good_chain(r, TABLE);
		for (uint16_t i = 0; i < SIZE; i++) {
			rig_desc(r, r->q[0].desc, i, TABLE, 48, DESC_F_INDIRECT, 0);
			rig_offer(r, 0, i);
		}
		rig_kick(r, 0);
		while (rig_used(r, 0, &id, NULL))
			seen |= 1u << id;
		assert_int_equal(seen, 0xffff);
	}
}

static void interrupt_comes_only_when_the_driver_wants_one(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;
	uint16_t *avail;

	rig_start(r, 1, SIZE);
	avail = rig_ptr(r, r->q[0].driver);
	avail[0] = 1;				/* no interrupts, please */
	expect_read_works(f);
	assert_false(r->line);
	avail[0] = 0;
	expect_read_works(f);
	assert_true(r->line);
	assert_int_equal(rd(r, R_ISR), 1);

	r->features = F_EVENT_IDX;
	rig_start(r, 1, SIZE);
	assert_false(r->line);
	avail = rig_ptr(r, r->q[0].driver);
	avail[2 + SIZE] = 2;			/* used_event: at the third */
	expect_read_works(f);
	expect_read_works(f);
	assert_false(r->line);
	expect_read_works(f);
	assert_true(r->line);
	wr(r, R_ACK, 1);
	expect_read_works(f);
	assert_false(r->line);
}

static uint32_t *packed_events(struct rig *r, gpa_t at)
{
	return rig_ptr(r, at);
}

/* The driver's word: which place, in which round, and whether at all. A request takes three places of sixteen. */
static void packed_interrupt_comes_only_when_the_driver_wants_one(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;
	uint32_t *event;

	r->features = F_PACKED;
	rig_start(r, 1, SIZE);
	event = packed_events(r, r->q[0].driver);
	*event = 1u << 16;			/* no interrupts, please */
	expect_read_works(f);
	assert_false(r->line);
	*event = 2u << 16;			/* not agreed on: counts as enabled */
	expect_read_works(f);
	assert_true(r->line);

	r->features = F_PACKED | F_EVENT_IDX;
	rig_start(r, 1, SIZE);
	for (unsigned n = 0; n < 40; n++) {
		unsigned at = 3 * n + 7, round = at / SIZE;	/* in the third request from here */

		*event = 2u << 16 | (round % 2 ? 0 : 0x8000) | at % SIZE;
		expect_read_works(f);
		assert_false(r->line);
		if (n % 2)
			continue;
		expect_read_works(f);
		assert_false(r->line);
		expect_read_works(f);
		assert_true(r->line);
		wr(r, R_ACK, 1);
		expect_read_works(f);
		assert_false(r->line);
		n += 3;
	}
	*event = 1u << 16;
	expect_read_works(f);
	assert_false(r->line);
	*event = 0;
	expect_read_works(f);
	assert_true(r->line);
	wr(r, R_ACK, 1);
	*event = 3u << 16 | 0xffff;		/* reserved */
	expect_read_works(f);
	*event = 2u << 16 | 0x7fff;		/* a place the ring hasn't got */
	expect_read_works(f);
	assert_false(rd(r, R_STATUS) & S_NEEDS_RESET);
}

static void packed_device_asks_for_notifications_when_idle(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	r->features = F_PACKED;
	rig_start(r, 1, SIZE);
	expect_read_works(f);
	assert_int_equal(*packed_events(r, r->q[0].device), 0);
	r->features = F_PACKED | F_EVENT_IDX;
	rig_start(r, 1, SIZE);
	for (unsigned n = 1; n < 20; n++) {
		expect_read_works(f);
		assert_int_equal(*packed_events(r, r->q[0].device),
				 2u << 16 | (3 * n / SIZE % 2 ? 0 : 0x8000) | 3 * n % SIZE);
	}
}

static void queue_that_is_reset_starts_anew(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	for (unsigned k = 0; k < kinds_of(f); k++) {
		r->features = kinds[k] | F_RING_RESET;
		rig_start(r, 1, SIZE);
		expect_read_works(f);
		good_chain(r, r->q[0].desc);
		f->disk.hold = true;
		rig_offer(r, 0, 0);
		rig_kick(r, 0);
		wr(r, R_QUEUE_RESET, 1);
		assert_int_equal(rd(r, R_QUEUE_RESET), 1);	/* a request is out */
		assert_int_equal(rd(r, R_QUEUE_READY), 1);
		wr(r, R_QUEUE_RESET, 1);
		f->disk.hold = false;
		mem_disk_finish(&f->disk);
		rig_pump(r);
		assert_int_equal(rd(r, R_QUEUE_RESET), 0);
		assert_int_equal(rd(r, R_QUEUE_READY), 0);
		assert_false(rig_used(r, 0, NULL, NULL));
		rig_queue_place(r, 0, 8);
		rig_queue_enable(r, 0);
		rig_pump(r);
		for (unsigned i = 0; i < 20; i++)
			expect_read_works(f);
		assert_int_equal(rd(r, R_STATUS), S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	}
}

static void queue_reset_without_the_feature_is_ignored(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	wr(r, R_QUEUE_RESET, 1);
	assert_int_equal(rd(r, R_QUEUE_READY), 1);
	expect_read_works(f);
}

static void device_asks_for_notifications_when_idle(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	expect_read_works(f);
	assert_int_equal(rig_used_flags(r, 0) & 1, 0);
	r->features = F_EVENT_IDX;
	rig_start(r, 1, SIZE);
	expect_read_works(f);
	assert_int_equal(*((uint16_t *)rig_ptr(r, r->q[0].device + 4 + 8 * SIZE)), 1);	/* avail_event */
}

static bool is_dirty(const uint64_t *bitmap, gpa_t gpa)
{
	uint64_t page = (gpa - RIG_RAM) >> 12;

	return bitmap[page / 64] >> (page % 64) & 1;
}

static void pages_the_device_writes_are_logged_and_no_others(void **state)
{
	static uint64_t bitmap[(RIG_SEAM - RIG_RAM) / 4096 / 64], log[(RIG_SEAM - RIG_RAM) / 4096 / 64];
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	rig_start(r, 1, SIZE);
	good_chain(r, r->q[0].desc);
	assert_int_equal(mem_dirty_begin(&r->vm.mem, mem_find(&r->vm.mem, RIG_RAM)->id, log), 0);
	go(r);
	rig_kick(r, 0);
	assert_int_equal(mem_dirty_fetch(&r->vm.mem, mem_find(&r->vm.mem, RIG_RAM)->id, bitmap, ARRAY_SIZE(bitmap)), 0);
	mem_dirty_end(&r->vm.mem, mem_find(&r->vm.mem, RIG_RAM)->id);
	assert_true(is_dirty(bitmap, DATA));
	assert_true(is_dirty(bitmap, STATUS));
	assert_true(is_dirty(bitmap, r->q[0].device));
	assert_false(is_dirty(bitmap, HEADER));
	assert_false(is_dirty(bitmap, r->q[0].desc));
	assert_false(is_dirty(bitmap, r->q[0].driver));
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, disk_rig_set_up, disk_rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ring_with_head_past_size_needs_reset),
		CASE(ring_with_head_of_all_ones_needs_reset),
		CASE(chain_that_loops_needs_reset),
		CASE(chain_that_loops_to_its_head_needs_reset),
		CASE(descriptor_with_next_past_the_table_needs_reset),
		CASE(chain_longer_than_the_queue_needs_reset),
		CASE(indirect_inside_indirect_needs_reset),
		CASE(indirect_table_of_length_zero_needs_reset),
		CASE(indirect_table_of_odd_length_needs_reset),
		CASE(indirect_table_longer_than_the_queue_needs_reset),
		CASE(indirect_table_of_huge_length_needs_reset),
		CASE(indirect_descriptor_with_next_past_its_table_needs_reset),
		CASE(indirect_descriptor_that_has_a_next_needs_reset),
		CASE(indirect_table_that_wraps_needs_reset),
		CASE(indirect_table_in_a_hole_needs_reset),
		CASE(indirect_table_over_mmio_needs_reset),
		CASE(indirect_descriptor_without_the_feature_needs_reset),
		CASE(buffer_that_wraps_needs_reset),
		CASE(buffer_at_the_end_of_the_address_space_needs_reset),
		CASE(buffer_in_a_hole_needs_reset),
		CASE(buffer_past_the_end_of_ram_needs_reset),
		CASE(buffer_over_mmio_needs_reset),
		CASE(buffer_to_write_in_rom_needs_reset),
		CASE(chain_of_four_gib_needs_reset),
		CASE(readable_descriptor_after_a_writable_one_needs_reset),
		CASE(available_index_that_jumps_past_size_needs_reset),
		CASE(available_index_that_goes_back_needs_reset),
		CASE(block_request_without_a_header_needs_reset),
		CASE(block_request_without_a_status_needs_reset),
		CASE(chain_in_too_many_pieces_needs_reset),
		CASE(buffer_across_slots_of_memory_is_whole),
		CASE(indirect_table_works_and_its_write_flag_is_ignored),
		CASE(direct_descriptors_may_end_in_an_indirect_one),
		CASE(descriptor_of_length_zero_is_skipped),
		CASE(indices_wrap_at_65536),
		CASE(full_ring_is_taken_whole),
		CASE(interrupt_comes_only_when_the_driver_wants_one),
		CASE(device_asks_for_notifications_when_idle),
		CASE(more_chains_than_entries_needs_reset),
		CASE(chains_come_back_in_the_order_of_completion),
		CASE(pages_the_device_writes_are_logged_and_no_others),
	};
	/* What a legacy driver cannot ask for. */
	const struct CMUnitTest modern[] = {
		CASE(ring_in_a_hole_needs_reset),
		CASE(ring_over_mmio_needs_reset),
		CASE(ring_past_the_end_of_ram_needs_reset),
		CASE(used_ring_in_rom_needs_reset),
		CASE(ring_that_wraps_needs_reset),
		CASE(misaligned_ring_needs_reset),
		CASE(ring_across_slots_of_memory_works),
		CASE(packed_ring_that_is_all_one_chain_needs_reset),
		CASE(packed_indirect_descriptor_in_a_list_needs_reset),
		CASE(packed_indirect_descriptors_need_no_flag_but_write),
		CASE(packed_queue_may_have_any_size),
		CASE(packed_rings_go_round),
		CASE(chains_come_back_in_the_order_of_the_ring_with_in_order),
		CASE(packed_interrupt_comes_only_when_the_driver_wants_one),
		CASE(packed_device_asks_for_notifications_when_idle),
		CASE(queue_that_is_reset_starts_anew),
		CASE(queue_reset_without_the_feature_is_ignored),
	};

	return rig_run_all("virtio rings", tests, ARRAY_SIZE(tests)) +
	       rig_run_modern("virtio rings, modern", modern, ARRAY_SIZE(modern));
}
