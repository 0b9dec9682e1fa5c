/* SPDX-License-Identifier: BSD-2-Clause */
/* The balloon by its registers and rings; what is given back to the host is counted instead. */
#include <stdlib.h>
#include <string.h>

#include "dev/virtio/balloon.h"
#include "tests/dev/virtio_rig.h"
#include "tests/unit/cmocka_all.h"

#define BUF	(RIG_RAM + 0x100000)
#define LIST	(RIG_RAM + 0x20000)	/* what a driver writes its page numbers to */

enum { INFLATE, DEFLATE, STATISTICS, REPORTING, QUEUES };

struct fixture {
	struct rig r;
	uint64_t bytes, calls;
	gpa_t last;
};

static struct fixture *current(const struct mem_slot *s)
{
	return (struct fixture *)(uintptr_t)s->backing.fd_offset;
}

static int count_discard(const struct mem_slot *s, uint64_t offset, uint64_t len)
{
	struct fixture *f = current(s);

	assert_int_equal((offset | len) & 4095, 0);
	assert_true(offset + len <= s->size);
	f->bytes += len;
	f->calls++;
	f->last = s->base + offset;
	return 0;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	rig_open(&f->r);
	f->r.vm.mem.discard = count_discard;
	for (unsigned i = 0; i < f->r.vm.mem.table->count; i++)
		f->r.vm.mem.table->slot[i]->backing.fd_offset = (uint64_t)(uintptr_t)f;
	rig_plug(&f->r, &virtio_balloon_class, NULL);
	rig_start(&f->r, QUEUES, 8);
	*state = f;
	return 0;
}

static void inflate_pages(struct fixture *f, const uint32_t *pfn, unsigned n)
{
	struct rig *r = &f->r;

	memcpy(rig_ptr(r, LIST), pfn, n * sizeof(*pfn));
	rig_desc(r, r->q[INFLATE].desc, 0, LIST, n * sizeof(*pfn), 0, 0);
	rig_offer(r, INFLATE, 0);
	rig_kick(r, INFLATE);
	assert_true(rig_used(r, INFLATE, NULL, NULL));
}

static void pages_that_lie_together_go_back_in_one_piece(void **state)
{
	const uint32_t first = BUF >> 12, pfn[] = { first, first + 1, first + 2, first + 9, first + 8 };
	struct fixture *f = *state;

	inflate_pages(f, pfn, ARRAY_SIZE(pfn));
	assert_int_equal(f->bytes, 5 * 4096);
	assert_int_equal(f->calls, 3);
}

static void pages_that_are_no_ram_are_left_alone(void **state)
{
	const uint32_t pfn[] = { 0, RIG_ROM >> 12, RIG_MMIO >> 12, 0xffffffff, (RIG_RAM + RIG_RAM_SIZE) >> 12 };
	struct fixture *f = *state;

	inflate_pages(f, pfn, ARRAY_SIZE(pfn));
	assert_int_equal(f->bytes, 0);
	assert_false(rd(&f->r, R_STATUS) & S_NEEDS_RESET);
}

static void more_page_numbers_than_are_copied_at_once(void **state)
{
	static uint32_t pfn[1000];
	struct fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(pfn); i++)
		pfn[i] = (BUF >> 12) + 2 * i;
	inflate_pages(f, pfn, ARRAY_SIZE(pfn));
	assert_int_equal(f->calls, ARRAY_SIZE(pfn));
	assert_int_equal(f->last, BUF + 2 * 4096 * (ARRAY_SIZE(pfn) - 1));
}

/* Eight descriptors with the same list, which is as long as a driver's could be: not millions of system calls. */
static void a_message_of_absurd_length_gives_back_a_bounded_number_of_pages(void **state)
{
	struct fixture *f = *state;
	struct rig *r = &f->r;
	uint32_t *pfn = rig_ptr(r, LIST);

	for (unsigned i = 0; i < 4096; i++)
		pfn[i] = (BUF >> 12) + 2 * i;
	for (uint16_t i = 0; i < 8; i++)
		rig_desc(r, r->q[INFLATE].desc, i, LIST, 4096 * 4, i < 7 ? DESC_F_NEXT : 0, (uint16_t)(i + 1));
	rig_offer(r, INFLATE, 0);
	rig_kick(r, INFLATE);
	assert_true(rig_used(r, INFLATE, NULL, NULL));
	assert_int_equal(f->calls, 4096);
}

static void pinned_memory_is_not_given_back(void **state)
{
	const uint32_t pfn = BUF >> 12;
	struct fixture *f = *state;

	f->r.vm.mem.pinned = 1;
	inflate_pages(f, &pfn, 1);
	assert_int_equal(f->calls, 0);
}

static void reported_ranges_go_back_without_their_broken_pages(void **state)
{
	struct fixture *f = *state;
	struct rig *r = &f->r;

	rig_desc(r, r->q[REPORTING].desc, 0, BUF, 0x10000, DESC_F_WRITE | DESC_F_NEXT, 1);
	rig_desc(r, r->q[REPORTING].desc, 1, BUF + 0x20800, 0x2000, DESC_F_WRITE, 0);
	rig_offer(r, REPORTING, 0);
	rig_kick(r, REPORTING);
	assert_true(rig_used(r, REPORTING, NULL, NULL));
	assert_int_equal(f->bytes, 0x10000 + 0x1000);
	assert_int_equal(f->last, BUF + 0x21000);
}

static void the_wish_is_in_the_configuration_and_the_answer_comes_back(void **state)
{
	struct fixture *f = *state;
	struct balloon_info info;

	virtio_balloon_set(f->r.dev, 64 * MIB + 100);
	assert_int_equal(rd(&f->r, R_CONFIG), 64 * MIB / 4096);
	assert_int_equal(rd(&f->r, R_ISR) & 2, 2);
	wr(&f->r, R_CONFIG + 4, 7);
	wr(&f->r, R_CONFIG, 1);				/* not the driver's to write */
	virtio_balloon_get(f->r.dev, &info);
	assert_int_equal(info.target, 64 * MIB);
	assert_int_equal(info.actual, 7 * 4096);
}

/* As Linux's legacy drivers write configuration fields. */
static void the_answer_may_come_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	struct balloon_info info;

	for (unsigned i = 0; i < 4; i++)
		rig_write(&f->r, R_CONFIG + 4 + i, 1, (uint8_t)(0x0102 >> 8 * i));
	virtio_balloon_get(f->r.dev, &info);
	assert_int_equal(info.actual, 0x0102 * 4096);
	assert_int_equal(rd(&f->r, R_CONFIG + 4), 0x0102);
	rig_write(&f->r, R_CONFIG + 3, 1, 9);		/* neighbours of the field are not the driver's */
	rig_write(&f->r, R_CONFIG + 8, 1, 9);
	assert_int_equal(rd(&f->r, R_CONFIG), 0);
	assert_int_equal(rd(&f->r, R_CONFIG + 8), 0);
}

static void put_stat(struct rig *r, unsigned i, uint16_t tag, uint64_t value)
{
	uint8_t *p = (uint8_t *)rig_ptr(r, LIST) + 10 * i;

	memcpy(p, &tag, 2);
	memcpy(p + 2, &value, 8);
}

static void statistics_stay_until_somebody_asks(void **state)
{
	struct fixture *f = *state;
	struct rig *r = &f->r;
	struct balloon_info info;

	put_stat(r, 0, 4, 1000);
	put_stat(r, 1, 77, 5);				/* a tag of the future */
	rig_desc(r, r->q[STATISTICS].desc, 0, LIST, 20, 0, 0);
	rig_offer(r, STATISTICS, 0);
	rig_kick(r, STATISTICS);
	assert_false(rig_used(r, STATISTICS, NULL, NULL));
	virtio_balloon_get(r->dev, &info);
	assert_int_equal(info.known, 1u << 4);
	assert_int_equal(info.stat[4], 1000);
	rig_pump(r);
	assert_true(rig_used(r, STATISTICS, NULL, NULL));	/* the driver is asked for new ones */
	put_stat(r, 0, 4, 2000);
	rig_offer(r, STATISTICS, 0);
	rig_kick(r, STATISTICS);
	assert_false(rig_used(r, STATISTICS, NULL, NULL));
	virtio_balloon_get(r->dev, &info);
	assert_int_equal(info.stat[4], 2000);
}

static void a_bad_ring_needs_a_reset_and_then_it_works_again(void **state)
{
	const uint32_t pfn = BUF >> 12;
	struct fixture *f = *state;

	for (unsigned q = 0; q < QUEUES; q++) {
		rig_offer(&f->r, q, 8);
		rig_kick(&f->r, q);
		assert_true(rd(&f->r, R_STATUS) & S_NEEDS_RESET);
		rig_start(&f->r, QUEUES, 8);
		inflate_pages(f, &pfn, 1);
	}
}

#define T(t) cmocka_unit_test_setup_teardown(t, set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pages_that_lie_together_go_back_in_one_piece),
		T(pages_that_are_no_ram_are_left_alone),
		T(more_page_numbers_than_are_copied_at_once),
		T(a_message_of_absurd_length_gives_back_a_bounded_number_of_pages),
		T(pinned_memory_is_not_given_back),
		T(reported_ranges_go_back_without_their_broken_pages),
		T(the_wish_is_in_the_configuration_and_the_answer_comes_back),
		T(the_answer_may_come_byte_by_byte),
		T(statistics_stay_until_somebody_asks),
		T(a_bad_ring_needs_a_reset_and_then_it_works_again),
	};

	return rig_run_all("virtio-balloon", tests, ARRAY_SIZE(tests));
}
