/* SPDX-License-Identifier: BSD-2-Clause */
/* kmod/net_ring.c: frames between two peers by shared memory, and what a peer can't do with what it writes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "kmod/net_ring.h"
#include "tests/unit/cmocka_all.h"

#define SECTION		0x10000u
#define ENTRIES		256u
#define AVAIL		(16u * ENTRIES)
#define USED		4672u		/* 16 n, and 3 + n of 16 bits, to a line of the cache */
#define DATA		6784u		/* and 3 of 16 bits, and n of 64 */

struct pair {
	uint8_t *section[2];
	struct net_ring r[2];
};

static int set_up(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	for (unsigned i = 0; i < 2; i++)
		p->section[i] = aligned_alloc(4096, SECTION);
	for (unsigned i = 0; i < 2; i++)
		assert_true(net_ring_init(&p->r[i], p->section[i], p->section[!i], SECTION));
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *p = *state;

	free(p->section[0]);
	free(p->section[1]);
	free(p);
	return 0;
}

/* Of len bytes of one value. */
static bool send(struct net_ring *r, uint32_t len, uint8_t value)
{
	volatile uint8_t *at;

	if (!net_ring_frame(r, len, &at))
		return false;
	for (uint32_t i = 0; i < len; i++)
		at[i] = value;
	net_ring_send(r, len);
	return true;
}

static void receive(struct net_ring *r, uint32_t len, uint8_t value)
{
	struct net_frame f;

	assert_int_equal(net_ring_receive(r, &f), 1);
	assert_int_equal(f.len, len);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(f.data[i], value);
	net_ring_return(r, &f);
}

static void put16(struct pair *p, unsigned peer, uint32_t at, uint16_t value)
{
	memcpy(p->section[peer] + at, &value, sizeof(value));
}

static void put32(struct pair *p, unsigned peer, uint32_t at, uint32_t value)
{
	memcpy(p->section[peer] + at, &value, sizeof(value));
}

static void queues_lie_where_the_other_driver_looks_for_them(void **state)
{
	static const struct {
		uint32_t size, entries, data;
	} is[] = { { 0x1000, 32, 1792 }, { 0x2000, 32, 1792 }, { 0x4000, 64, 1792 }, { SECTION, ENTRIES, DATA },
		   { 0x7f000, 2048, 53376 }, { 0x100000, 4096, 106624 } };
	struct pair *p = *state;
	struct net_ring r;

	for (unsigned i = 0; i < ARRAY_SIZE(is); i++) {
		uint8_t *own = aligned_alloc(4096, is[i].size);

		assert_true(net_ring_init(&r, own, own, is[i].size));
		assert_int_equal(r.entries, is[i].entries);
		assert_int_equal(r.data, is[i].data);
		free(own);
	}
	assert_false(net_ring_init(&r, p->section[0], p->section[1], 2048));
	assert_false(net_ring_init(&r, p->section[0], p->section[1], 0));
	assert_false(net_ring_init(&r, p->section[0], p->section[1], (1ull << 30) + 1));
	assert_int_equal(p->r[0].used, USED);
	assert_true(send(&p->r[0], 100, 7));
	assert_int_equal(p->section[0][AVAIL + 2], 1);
	assert_int_equal(p->section[0][DATA], 7);
	receive(&p->r[1], 100, 7);
	assert_int_equal(p->section[1][USED + 2], 1);
	assert_int_equal(p->section[1][USED + 8], 1);
}

/* Of many lengths and more than 2^16 of them, as many at a time as there is room for. */
static void frames_arrive_whole_and_in_order(void **state)
{
	struct pair *p = *state;
	unsigned sent = 0, got = 0;

	while (got < 70000) {
		unsigned burst = 0;

		while (sent < 70000 && send(&p->r[0], 14 + sent * 37 % 1500, (uint8_t)sent)) {
			sent++;
			burst++;
		}
		assert_true(burst);
		while (burst--) {
			receive(&p->r[1], 14 + got * 37 % 1500, (uint8_t)got);
			got++;
		}
		assert_true(net_ring_reap(&p->r[0]) > 0);
	}
}

static void there_is_room_again_for_the_longest_after_any_others(void **state)
{
	struct pair *p = *state;
	uint32_t longest = net_ring_longest(&p->r[0]);
	volatile uint8_t *at;

	assert_in_range(longest, 1518, SECTION / 4);
	for (unsigned n = 0; n < 200; n++) {
		assert_true(send(&p->r[0], 60 + n, 1));
		receive(&p->r[1], 60 + n, 1);
		assert_int_equal(net_ring_reap(&p->r[0]), 1);
		assert_true(net_ring_frame(&p->r[0], longest, &at));
		assert_in_range(at - p->section[0], DATA, SECTION - longest);
	}
	assert_false(net_ring_frame(&p->r[0], SECTION, &at));
	assert_false(net_ring_frame(&p->r[0], UINT32_MAX, &at));
}

/* One doorbell for the first frame after who receives said that it looks no more, and for the first returned one asked for. */
static void doorbells_ring_when_they_are_asked_for(void **state)
{
	struct pair *p = *state;

	assert_false(net_ring_listen(&p->r[1]));
	assert_true(net_ring_send(&p->r[0], 60));
	assert_false(net_ring_send(&p->r[0], 60));
	assert_true(net_ring_listen(&p->r[1]));
	for (unsigned i = 0; i < 2; i++) {
		struct net_frame f;

		assert_int_equal(net_ring_receive(&p->r[1], &f), 1);
		net_ring_return(&p->r[1], &f);
	}
	assert_true(net_ring_returned(&p->r[1], 2));		/* nobody said that it isn't wanted */
	assert_false(net_ring_listen(&p->r[1]));
	assert_true(net_ring_has_returns(&p->r[0]));
	assert_int_equal(net_ring_reap(&p->r[0]), 2);
	assert_true(net_ring_send(&p->r[0], 60));
	receive(&p->r[1], 60, p->section[0][DATA]);
	assert_false(net_ring_returned(&p->r[1], 1));
	net_ring_reap(&p->r[0]);
	net_ring_want_returns(&p->r[0]);
	net_ring_send(&p->r[0], 60);
	receive(&p->r[1], 60, p->section[0][DATA]);
	assert_true(net_ring_returned(&p->r[1], 1));
}

static void a_peer_that_returns_nothing_stops_who_sends(void **state)
{
	struct pair *p = *state;
	unsigned sent = 0;

	while (send(&p->r[0], 14, 1))
		sent++;
	assert_int_equal(sent, ENTRIES);
	assert_int_equal(net_ring_reap(&p->r[0]), 0);
}

static void sent_entries_that_lie_break_the_ring(void **state)
{
	static const struct {
		uint32_t at, value;
		bool wide;
	} lies[] = {
		{ AVAIL + 2, ENTRIES + 1, false },	/* more than there are */
		{ AVAIL + 2, 0xffff, false },
		{ AVAIL + 4, ENTRIES, false },		/* a descriptor that isn't there */
		{ AVAIL + 4, 0xffff, false },
		{ 0, SECTION + 1, true },		/* its frame: behind the section, */
		{ 4, 1, true },				/* far behind it, */
		{ 0, 64, true },			/* in the queues */
		{ 0, DATA - 1, true },
		{ 8, SECTION - DATA + 1, true },	/* a length that leads out */
		{ 8, 0xffffffff, true },
		{ 12, 1, false },			/* a chain of virtio's */
	};
	struct net_frame f;

	for (unsigned i = 0; i < ARRAY_SIZE(lies); i++) {
		struct pair *p;

		tear_down(state);
		set_up(state);
		p = *state;
		assert_true(send(&p->r[0], 100, 1));
		assert_int_equal(net_ring_receive(&p->r[1], &f), 1);
		if (lies[i].wide)
			put32(p, 0, lies[i].at, lies[i].value);
		else
			put16(p, 0, lies[i].at, (uint16_t)lies[i].value);
		assert_int_equal(net_ring_receive(&p->r[1], &f), NET_BROKEN);
		net_ring_reset(&p->r[0]);
		net_ring_reset(&p->r[1]);
		assert_int_equal(net_ring_receive(&p->r[1], &f), 0);
		assert_true(send(&p->r[0], 100, 2));
		receive(&p->r[1], 100, 2);
	}
}

static void returned_entries_that_lie_break_the_ring(void **state)
{
	static const uint16_t counts[] = { 3, 0x8000, 0xffff }, ids[] = { 1, ENTRIES, 0xffff };
	struct pair *p = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(counts) + ARRAY_SIZE(ids); i++) {
		net_ring_reset(&p->r[0]);
		net_ring_reset(&p->r[1]);
		assert_true(send(&p->r[0], 60, 1) && send(&p->r[0], 60, 1));
		receive(&p->r[1], 60, 1);
		if (i < ARRAY_SIZE(counts))
			put16(p, 1, USED + 2, counts[i]);
		else
			put32(p, 1, USED + 4, ids[i - ARRAY_SIZE(counts)]);
		assert_int_equal(net_ring_reap(&p->r[0]), NET_BROKEN);
	}
}

static void states_lead_both_to_run_and_back_together(void **state)
{
	uint32_t s[2] = { NET_RESET, NET_RESET };

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		s[i & 1] = net_state_next(s[i & 1], s[!(i & 1)], true);
	assert_int_equal(s[0], NET_RUN);
	assert_int_equal(s[1], NET_RUN);
	assert_int_equal(net_state_next(NET_READY, NET_READY, false), NET_READY);
	assert_int_equal(net_state_next(NET_READY, NET_INIT, true), NET_READY);
	assert_int_equal(net_state_next(NET_INIT, NET_RESET, true), NET_INIT);
	assert_int_equal(net_state_next(NET_RESET, NET_RUN, true), NET_RESET);	/* it hasn't seen that this one is gone */
	assert_int_equal(net_state_next(NET_RUN, NET_RESET, true), NET_RESET);
	assert_int_equal(net_state_next(NET_RUN, NET_INIT, true), NET_RESET);
	assert_int_equal(net_state_next(NET_RUN, 0xdeadbeef, true), NET_RUN);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(queues_lie_where_the_other_driver_looks_for_them),
		TEST(frames_arrive_whole_and_in_order),
		TEST(there_is_room_again_for_the_longest_after_any_others),
		TEST(doorbells_ring_when_they_are_asked_for),
		TEST(a_peer_that_returns_nothing_stops_who_sends),
		TEST(sent_entries_that_lie_break_the_ring),
		TEST(returned_entries_that_lie_break_the_ring),
		TEST(states_lead_both_to_run_and_back_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
