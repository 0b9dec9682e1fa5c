/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio network device: mergeable buffers, offloads, control queue, several pairs (virtio 1.2 §5.1.6). Long because each rule of
 * the section has its case, and all drive the same fixture of queues and frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/errno.h"
#include "dev/virtio/net.h"
#include "tests/dev/net_fake.h"
#include "tests/dev/virtio_rig.h"

#define SIZE	128u
#define BUF	(RIG_RAM + 0x100000)
/* Of this test's driver. A legacy one has no num_buffers unless it took MRG_RXBUF. */
#define HDR	(rig_legacy(&f->r) && !(f->r.features & 1u << 15) ? 10u : 12u)
enum { RX, TX, RX1, TX1, CTRL };

#define F(n)	(1ull << (n))
enum {
	CSUM = 0, GUEST_CSUM = 1, GUEST_OFFLOADS = 2, GUEST_TSO4 = 7, GUEST_TSO6 = 8, GUEST_ECN = 9, HOST_TSO4 = 11,
	HOST_TSO6 = 12, HOST_ECN = 13, MRG = 15, CTRL_VQ = 17, CTRL_RX = 18, CTRL_VLAN = 19, RX_EXTRA = 20, ANNOUNCE = 21,
	MQ = 22, MAC_ADDR = 23, SPEED = 63,
};

struct fixture {
	struct rig r;
	struct net_fake net;
	uint8_t big[66000];
};

static void start(struct fixture *f, uint64_t features)
{
	f->r.features = features;
	rig_start(&f->r, 5, SIZE);
	assert_true(rd(&f->r, R_STATUS) & S_DRIVER_OK);
}

static void offer(struct fixture *f, unsigned q, uint16_t head, gpa_t addr, uint32_t len)
{
	rig_desc(&f->r, f->r.q[q].desc, head, addr, len, q & 1 || q == CTRL ? 0 : DESC_F_WRITE, 0);
	rig_offer(&f->r, q, head);
}

static void fill(struct fixture *f)
{
	for (unsigned i = 0; i < sizeof(f->big); i++)
		f->big[i] = (uint8_t)(i * 13 + (i >> 8));
	memset(f->big, 0xff, 6);	/* for everybody */
}

/* --- mergeable buffers --- */

/* Receive buffers of `each` bytes; a frame of len bytes, found again over as many as it needs. */
static void merged(struct fixture *f, uint32_t each, unsigned buffers, size_t len)
{
	unsigned needed = (unsigned)((len + HDR + each - 1) / each), seen = 0;
	uint8_t *p = rig_ptr(&f->r, BUF);
	uint32_t id, part, sum = 0, small = MIN(60u, each - HDR);

	for (uint16_t i = 0; i < buffers; i++)
		offer(f, RX, i, BUF + each * i, each);
	assert_true(net_fake_receive(&f->net, f->big, len));
	while (rig_used(&f->r, RX, &id, &part)) {
		assert_int_equal(id, seen);
		sum += part;
		seen++;
	}
	assert_int_equal(seen, needed);
	assert_int_equal(sum, len + HDR);
	assert_int_equal(*(uint16_t *)(p + 10), needed);
	assert_memory_equal(p + HDR, f->big, len);
	/* The others are still the device's. */
	for (unsigned i = needed; i < buffers; i++) {
		assert_true(net_fake_receive(&f->net, f->big, small));
		assert_true(rig_used(&f->r, RX, &id, &part));
		assert_int_equal(id, i);
		assert_int_equal(part, small + HDR);
	}
	assert_false(net_fake_receive(&f->net, f->big, 60));
}

static void frame_takes_as_many_buffers_as_it_needs(void **state)
{
	static const uint64_t kinds[] = { 0, F_EVENT_IDX, F_PACKED, F_PACKED | F_EVENT_IDX, F_IN_ORDER, F_PACKED | F_IN_ORDER };
	struct fixture *f = *state;

	fill(f);
	for (unsigned k = 0; k < (rig_legacy(&f->r) ? 2 : ARRAY_SIZE(kinds)); k++) {
		start(f, kinds[k] | F(MRG) | F(GUEST_CSUM) | F(GUEST_TSO4));
		merged(f, 1536, 50, 65000);		/* longer than what came lately */
		merged(f, 1536, 50, 65000);		/* as long */
		merged(f, 1536, 3, 60);
		merged(f, 1536, 20, 1524);		/* to the byte */
		merged(f, 1536, 20, 1525);
		merged(f, 64, 60, 3000);
		merged(f, 32, 64, 100);
		merged(f, 4096, 30, 65550);
	}
}

static void frame_that_all_buffers_cannot_hold_is_lost_and_they_are_not(void **state)
{
	struct fixture *f = *state;

	fill(f);
	for (unsigned k = 0; k < (rig_legacy(&f->r) ? 1 : 2); k++) {
		start(f, F(MRG) | (k ? F_PACKED : 0));
		for (uint16_t i = 0; i < 3; i++)
			offer(f, RX, i, BUF + 512 * i, 512);
		assert_true(net_fake_receive(&f->net, f->big, 1600));
		assert_false(rig_used(&f->r, RX, NULL, NULL));
		assert_true(net_fake_receive(&f->net, f->big, 1500));
		for (unsigned i = 0; i < 3; i++)
			assert_true(rig_used(&f->r, RX, NULL, NULL));
	}
}

static void frame_may_take_sixty_four_buffers_at_most(void **state)
{
	struct fixture *f = *state;

	fill(f);
	start(f, F(MRG));
	for (uint16_t i = 0; i < 100; i++)
		offer(f, RX, i, BUF + 32 * i, 32);
	assert_true(net_fake_receive(&f->net, f->big, 32 * 64 - HDR + 1));
	assert_false(rig_used(&f->r, RX, NULL, NULL));
	assert_true(net_fake_receive(&f->net, f->big, 32 * 64 - HDR));
	for (unsigned i = 0; i < 64; i++)
		assert_true(rig_used(&f->r, RX, NULL, NULL));
	assert_false(rig_used(&f->r, RX, NULL, NULL));
}

static void frames_of_one_batch_raise_one_interrupt(void **state)
{
	struct fixture *f = *state;
	struct rig *r = &f->r;
	unsigned before;

	fill(f);
	start(f, F(MRG));
	for (uint16_t i = 0; i < 8; i++)
		offer(f, RX, i, BUF + 2048 * i, 2048);
	before = r->edges;
	for (unsigned i = 0; i < 8; i++)
		net_fake_queue(&f->net, f->big, 100 + i);
	f->net.client->readable(f->net.client, 0);
	for (unsigned i = 0; i < 8; i++) {
		uint32_t len;

		assert_true(rig_used(r, RX, NULL, &len));
		assert_int_equal(len, HDR + 100 + i);
	}
	assert_int_equal(r->edges, before + 1);
}

/* --- offloads --- */

static void send_hdr(struct fixture *f, const struct net_hdr *hdr, uint32_t len)
{
	memcpy(rig_ptr(&f->r, BUF), hdr, HDR);
	memcpy(rig_ptr(&f->r, BUF + HDR), f->big, len);
	offer(f, TX, 0, BUF, HDR + len);
	rig_kick(&f->r, TX);
	assert_true(rig_used(&f->r, TX, NULL, NULL));
}

static void large_segment_passes_with_its_header(void **state)
{
	const struct net_hdr hdr = {
		.flags = NET_HDR_NEEDS_CSUM, .gso_type = NET_GSO_TCPV4, .hdr_len = 54, .gso_size = 1448, .csum_start = 34,
		.csum_offset = 16,
	};
	struct fixture *f = *state;

	fill(f);
	start(f, F(CSUM) | F(HOST_TSO4));
	send_hdr(f, &hdr, 60000);
	assert_int_equal(f->net.sent, 1);
	assert_int_equal(f->net.frame_len, 60000);
	assert_memory_equal(f->net.frame, f->big, 60000);
	assert_memory_equal(&f->net.hdr, &hdr, sizeof(hdr));
}

static void header_that_asks_for_what_was_not_agreed_on_or_makes_no_sense_drops_the_frame(void **state)
{
	const struct net_hdr good = {
		.flags = NET_HDR_NEEDS_CSUM, .gso_type = NET_GSO_TCPV4, .hdr_len = 54, .gso_size = 1448, .csum_start = 34,
		.csum_offset = 16,
	};
	struct fixture *f = *state;
	struct net_hdr h;

	fill(f);
	start(f, F(CSUM) | F(HOST_TSO4));
	h = good;
	h.gso_type = NET_GSO_TCPV6;
	send_hdr(f, &h, 3000);
	h.gso_type = NET_GSO_TCPV4 | NET_GSO_ECN;
	send_hdr(f, &h, 3000);
	h.gso_type = 3;				/* UDP */
	send_hdr(f, &h, 3000);
	h.gso_type = 0x7f;
	send_hdr(f, &h, 3000);
	h = good;
	h.flags = 0;
	send_hdr(f, &h, 3000);
	h = good;
	h.gso_size = 0;
	send_hdr(f, &h, 3000);
	h = good;
	h.csum_start = 0xffff;
	send_hdr(f, &h, 3000);
	h.csum_start = 2990;
	send_hdr(f, &h, 3000);
	h = good;
	h.gso_type = 0;
	send_hdr(f, &h, 3000);			/* more than the MTU, and not to be cut */
	assert_int_equal(f->net.sent, 0);
	h.csum_start = 34;
	send_hdr(f, &h, 100);
	assert_int_equal(f->net.sent, 1);
	assert_int_equal(f->net.hdr.flags, NET_HDR_NEEDS_CSUM);
}

static void backend_learns_which_offloads_the_driver_took(void **state)
{
	struct fixture *f = *state;

	start(f, F(GUEST_CSUM) | F(GUEST_TSO6) | F(CTRL_VQ) | F(GUEST_OFFLOADS));
	assert_int_equal(f->net.offloads, NET_CSUM | NET_TSO6);
	start(f, 0);
	assert_int_equal(f->net.offloads, 0);
}

static void features_without_those_they_need_are_refused(void **state)
{
	static const uint64_t bad[] = {
		F(HOST_TSO4), F(HOST_TSO6), F(CSUM) | F(HOST_ECN), F(GUEST_TSO4), F(GUEST_TSO6), F(GUEST_CSUM) | F(GUEST_ECN),
		F(CTRL_RX), F(CTRL_VLAN), F(RX_EXTRA), F(ANNOUNCE), F(MQ), F(MAC_ADDR),
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		f->r.features = bad[i];
		rig_negotiate(&f->r);
		if (rig_legacy(&f->r))		/* there is no way to refuse: it gets none of them */
			assert_int_equal(container_of(f->r.dev, struct virtio_dev, dev)->features, 0);
		else
			assert_false(rd(&f->r, R_STATUS) & S_FEATURES_OK);
	}
	f->r.features = rig_offered(&f->r);
	rig_negotiate(&f->r);
	assert_true(rd(&f->r, R_STATUS) & S_FEATURES_OK);
}

/* A transitional function has the modern registers as well; what is written there was agreed on by nobody. */
static void a_legacy_driver_has_no_features_that_it_did_not_ask_for(void **state)
{
	struct fixture *f = *state;
	struct virtio_dev *vd = container_of(f->r.dev, struct virtio_dev, dev);

	for (unsigned by_status = 0; by_status < 2; by_status++) {
		wr(&f->r, R_STATUS, 0);
		f->net.offloads = 77;
		f->r.kind = RIG_PCI;
		wr(&f->r, R_DRIVER_FEATURES_SEL, 0);
		wr(&f->r, R_DRIVER_FEATURES, ~0u);
		f->r.kind = RIG_PCI_LEGACY;
		if (by_status) {
			wr(&f->r, R_STATUS, S_ACK);
		} else {
			rig_queue_place(&f->r, 2, SIZE);
			rig_queue_enable(&f->r, 2);
			assert_true(vd->queue[2].live);
		}
		assert_int_equal(vd->features, 0);
		assert_int_equal(f->net.offloads, 0);
	}
}

static void reset_now(struct net_fake *n)
{
	struct fixture *f = container_of(n, struct fixture, net);

	n->told = NULL;
	wr(&f->r, R_STATUS, 0);
}

/* Another vCPU's, while the back-end is told of what was agreed on. */
static void a_reset_in_the_middle_of_driver_ok_stays_a_reset(void **state)
{
	struct fixture *f = *state;

	f->r.features = F(GUEST_CSUM);
	rig_negotiate(&f->r);
	f->net.told = reset_now;
	wr(&f->r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	assert_null(f->net.told);
	assert_int_equal(rd(&f->r, R_STATUS), 0);
	start(f, 0);
	assert_int_equal(f->net.offloads, 0);
}

/* --- control queue --- */

#define ALL_CTRL (F(CTRL_VQ) | F(CTRL_RX) | F(CTRL_VLAN) | F(RX_EXTRA) | F(ANNOUNCE) | F(MQ) | F(MAC_ADDR) | \
		  F(GUEST_CSUM) | F(GUEST_TSO4) | F(GUEST_OFFLOADS))

static uint8_t command_on(struct fixture *f, unsigned q, uint8_t cls, uint8_t cmd, const void *data, uint32_t len)
{
	struct rig *r = &f->r;
	uint8_t *p = rig_ptr(r, BUF);
	uint32_t written;

	p[0] = cls;
	p[1] = cmd;
	memcpy(p + 2, data, len);
	p[0x8000] = 0xee;
	rig_desc(r, r->q[q].desc, 0, BUF, 2, DESC_F_NEXT, 1);
	rig_desc(r, r->q[q].desc, 1, BUF + 2, len, DESC_F_NEXT, 2);
	rig_desc(r, r->q[q].desc, 2, BUF + 0x8000, 1, DESC_F_WRITE, 0);
	rig_offer(r, q, 0);
	rig_kick(r, q);
	assert_true(rig_used(r, q, NULL, &written));
	assert_int_equal(written, 1);
	return p[0x8000];
}

static uint8_t command(struct fixture *f, uint8_t cls, uint8_t cmd, const void *data, uint32_t len)
{
	return command_on(f, CTRL, cls, cmd, data, len);
}

static bool wanted(struct fixture *f, const uint8_t to[6], int vlan)
{
	uint8_t frame[60] = { 0 };
	uint32_t id;

	memcpy(frame, to, 6);
	if (vlan >= 0) {
		frame[12] = 0x81;
		frame[14] = (uint8_t)(0xe0 | vlan >> 8);
		frame[15] = (uint8_t)vlan;
	}
	offer(f, RX, 0, BUF, 2000);
	net_fake_receive(&f->net, frame, sizeof(frame));
	if (rig_used(&f->r, RX, &id, NULL))
		return true;
	/* Not wanted: the buffer is still there. A frame for everybody takes it. */
	assert_int_equal(command(f, 0, 0, "\1", 1), 0);
	assert_true(net_fake_receive(&f->net, frame, sizeof(frame)));
	assert_true(rig_used(&f->r, RX, &id, NULL));
	assert_int_equal(command(f, 0, 0, "\0", 1), 0);
	return false;
}

static const uint8_t own[6] = { 0x52, 0x54, 0, 1, 2, 3 }, other[6] = { 0x52, 0x54, 0, 9, 9, 9 },
	group[6] = { 1, 0, 0x5e, 0, 0, 1 }, all[6] = { 255, 255, 255, 255, 255, 255 };

static void driver_that_says_nothing_gets_all_frames(void **state)
{
	struct fixture *f = *state;

	start(f, ALL_CTRL);
	assert_true(wanted(f, own, -1));
	assert_true(wanted(f, other, -1));
	assert_true(wanted(f, group, -1));
	assert_true(wanted(f, all, 7));
}

static void frames_are_filtered_as_the_driver_says(void **state)
{
	struct fixture *f = *state;
	uint8_t table[4 + 6 + 4 + 6] = { 1 };

	start(f, ALL_CTRL);
	assert_int_equal(command(f, 0, 0, "\0", 1), 0);		/* not promiscuous */
	assert_true(wanted(f, own, -1));
	assert_true(wanted(f, all, -1));
	assert_false(wanted(f, other, -1));
	assert_false(wanted(f, group, -1));
	assert_int_equal(command(f, 0, 1, "\1", 1), 0);		/* all multicast */
	assert_true(wanted(f, group, -1));
	assert_int_equal(command(f, 0, 1, "\0", 1), 0);
	assert_int_equal(command(f, 0, 2, "\1", 1), 0);		/* all unicast */
	assert_true(wanted(f, other, -1));
	assert_int_equal(command(f, 0, 2, "\0", 1), 0);
	memcpy(table + 4, other, 6);
	table[10] = 1;
	memcpy(table + 14, group, 6);
	assert_int_equal(command(f, 1, 0, table, sizeof(table)), 0);
	assert_true(wanted(f, other, -1));
	assert_true(wanted(f, group, -1));
	assert_int_equal(command(f, 0, 3, "\1", 1), 0);		/* no multicast, no unicast, no broadcast */
	assert_int_equal(command(f, 0, 4, "\1", 1), 0);
	assert_int_equal(command(f, 0, 5, "\1", 1), 0);
	assert_false(wanted(f, group, -1));
	assert_false(wanted(f, own, -1));
	assert_false(wanted(f, all, -1));
	start(f, ALL_CTRL);
	assert_true(wanted(f, group, -1));			/* a new driver, a new filter */
}

static void vlans_are_filtered_as_the_driver_says(void **state)
{
	struct fixture *f = *state;
	uint16_t vid = 100, last = 4095;

	start(f, ALL_CTRL);
	assert_int_equal(command(f, 0, 0, "\0", 1), 0);
	assert_false(wanted(f, own, 100));
	assert_int_equal(command(f, 2, 0, &vid, 2), 0);
	assert_int_equal(command(f, 2, 0, &last, 2), 0);
	assert_true(wanted(f, own, 100));
	assert_true(wanted(f, own, 4095));
	assert_false(wanted(f, own, 101));
	assert_int_equal(command(f, 2, 1, &vid, 2), 0);
	assert_false(wanted(f, own, 100));
}

static void mac_table_too_long_to_keep_takes_any(void **state)
{
	static uint8_t table[4 + 6 * 65 + 4] = { 65 };
	struct fixture *f = *state;

	start(f, ALL_CTRL);
	assert_int_equal(command(f, 0, 0, "\0", 1), 0);
	assert_int_equal(command(f, 1, 0, table, sizeof(table)), 0);
	assert_true(wanted(f, other, -1));
	assert_false(wanted(f, group, -1));
}

static void mac_address_can_be_changed_until_the_reset(void **state)
{
	struct fixture *f = *state;
	uint32_t generation;

	start(f, ALL_CTRL);
	generation = rd(&f->r, R_GENERATION);
	assert_int_equal(command(f, 0, 0, "\0", 1), 0);
	assert_int_equal(command(f, 1, 1, other, 6), 0);
	assert_true(rig_legacy(&f->r) || rd(&f->r, R_GENERATION) != generation);
	assert_true(wanted(f, other, -1));
	assert_false(wanted(f, own, -1));
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(rig_read(&f->r, R_CONFIG + i, 1), other[i]);
	wr(&f->r, R_STATUS, 0);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(rig_read(&f->r, R_CONFIG + i, 1), own[i]);
}

/* Drivers from before CTRL_MAC_ADDR write the configuration, byte by byte; later ones may only read it (5.1.4.1). */
static void a_legacy_driver_writes_its_mac_address_into_the_configuration(void **state)
{
	static const uint8_t chosen[6] = { 2, 9, 8, 7, 6, 5 };
	struct fixture *f = *state;
	bool legacy = rig_legacy(&f->r);

	fill(f);
	start(f, F(CTRL_VQ) | F(CTRL_RX));
	for (unsigned i = 0; i < 6; i++)
		rig_write(&f->r, R_CONFIG + i, 1, chosen[i]);
	assert_int_equal(rd(&f->r, R_CONFIG), legacy ? 0x07080902 : 0x01005452);
	rig_write(&f->r, R_CONFIG + 6, 1, 0);		/* the status isn't for anybody to write */
	assert_int_equal(rd(&f->r, R_CONFIG + 4) >> 16, 1);
	start(f, F(CTRL_VQ) | F(CTRL_RX));
	assert_int_equal(rd(&f->r, R_CONFIG), 0x01005452);
	start(f, F(CTRL_VQ) | F(MAC_ADDR));		/* with the command there is only that */
	rig_write(&f->r, R_CONFIG, 1, 2);
	assert_int_equal(rd(&f->r, R_CONFIG), 0x01005452);
}

/* 5.1.6.4.1: flags are zero for who did not take GUEST_CSUM. */
static void a_driver_without_guest_checksums_sees_no_flags(void **state)
{
	struct fixture *f = *state;
	uint8_t *p = rig_ptr(&f->r, BUF);

	fill(f);
	for (unsigned csum = 0; csum < 2; csum++) {
		start(f, csum ? F(GUEST_CSUM) : 0);
		f->net.in_hdr = (struct net_hdr){ .flags = NET_HDR_DATA_VALID };
		offer(f, RX, 0, BUF, 2048);
		assert_true(net_fake_receive(&f->net, f->big, 100));
		assert_true(rig_used(&f->r, RX, NULL, NULL));
		assert_int_equal(p[0], csum ? NET_HDR_DATA_VALID : 0);
	}
}

/* What came into buffers that are not given back has changed memory all the same. */
static void a_frame_that_is_not_wanted_leaves_dirty_buffers(void **state)
{
	static uint64_t log[RIG_RAM_SIZE / 4096 / 64], bitmap[RIG_RAM_SIZE / 4096 / 64];
	struct fixture *f = *state;
	struct rig *r = &f->r;
	uint32_t id = mem_find(&r->vm.mem, BUF)->id;
	uint64_t page;

	memset(log, 0, sizeof(log));
	memset(bitmap, 0, sizeof(bitmap));
	fill(f);
	start(f, ALL_CTRL);
	assert_int_equal(command(f, 0, 0, "\0", 1), 0);
	f->big[0] = 2;					/* somebody else's */
	offer(f, RX, 0, BUF, 2048);
	assert_int_equal(mem_dirty_begin(&r->vm.mem, id, log), 0);
	assert_true(net_fake_receive(&f->net, f->big, 100));
	assert_false(rig_used(r, RX, NULL, NULL));
	assert_int_equal(mem_dirty_fetch(&r->vm.mem, id, bitmap, ARRAY_SIZE(bitmap)), 0);
	mem_dirty_end(&r->vm.mem, id);
	page = (BUF - mem_find(&r->vm.mem, BUF)->base) / 4096;
	assert_true(bitmap[page / 64] >> page % 64 & 1);
}

static void pairs_are_used_as_the_driver_says(void **state)
{
	struct fixture *f = *state;
	uint16_t n = 2;

	start(f, ALL_CTRL);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 8, 2), 2);
	assert_int_equal(f->net.pairs, 1);
	assert_int_equal(command(f, 4, 0, &n, 2), 0);
	assert_int_equal(f->net.pairs, 2);
	offer(f, TX1, 0, BUF, HDR + 100);
	rig_kick(&f->r, TX1);
	assert_int_equal(f->net.last_pair, 1);
	offer(f, RX1, 0, BUF, 2000);
	fill(f);
	net_fake_queue(&f->net, f->big, 100);
	f->net.client->readable(f->net.client, 1);
	assert_true(rig_used(&f->r, RX1, NULL, NULL));
	n = 3;
	assert_int_equal(command(f, 4, 0, &n, 2), 1);
	n = 0;
	assert_int_equal(command(f, 4, 0, &n, 2), 1);
	n = 1;
	f->net.pairs_err = -EIO;
	assert_int_equal(command(f, 4, 0, &n, 2), 1);
}

/* Without MQ the control queue is the third, and no frame goes there (§5.1.2). */
static void control_queue_is_the_third_without_several_pairs(void **state)
{
	struct fixture *f = *state;

	start(f, F(CTRL_VQ) | F(CTRL_RX));
	assert_int_equal(command_on(f, 2, 0, 0, "\1", 1), 0);
	rig_desc(&f->r, f->r.q[2].desc, 0, BUF, 2000, DESC_F_WRITE, 0);
	rig_offer(&f->r, 2, 0);
	assert_false(f->net.client->readable(f->net.client, 1));
	assert_false(rig_used(&f->r, 2, NULL, NULL));
}

/* The driver may reset the device and agree on something else between our look at a queue's role and its lock. */
static void a_queue_that_has_changed_its_role_meanwhile_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct virtio_dev *vd = container_of(f->r.dev, struct virtio_dev, dev);

	start(f, ALL_CTRL);
	rig_desc(&f->r, f->r.q[RX1].desc, 0, BUF, 2000, DESC_F_WRITE, 0);
	rig_offer(&f->r, RX1, 0);
	net_ctrl_kick(to_net(vd), &vd->queue[RX1]);
	assert_false(rig_used(&f->r, RX1, NULL, NULL));
}

static void offloads_change_while_the_device_works(void **state)
{
	struct fixture *f = *state;
	uint64_t offloads = F(GUEST_CSUM);

	start(f, ALL_CTRL);
	assert_int_equal(f->net.offloads, NET_CSUM | NET_TSO4);
	assert_int_equal(command(f, 5, 0, &offloads, 8), 0);
	assert_int_equal(f->net.offloads, NET_CSUM);
	offloads = F(GUEST_CSUM) | F(GUEST_TSO6);		/* not agreed on */
	assert_int_equal(command(f, 5, 0, &offloads, 8), 1);
	assert_int_equal(f->net.offloads, NET_CSUM);
}

static void guest_is_asked_to_announce_itself_after_a_pause(void **state)
{
	struct fixture *f = *state;

	start(f, ALL_CTRL);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 6, 2), 1);
	assert_int_equal(f->r.dev->cls->quiesce(f->r.dev), 0);
	f->r.dev->cls->resume(f->r.dev);
	rig_pump(&f->r);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 6, 2), 3);
	assert_int_equal(rd(&f->r, R_ISR) & 2, 2);
	assert_int_equal(command(f, 3, 0, "", 0), 0);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 6, 2), 1);
}

static void commands_that_are_wrong_are_refused_and_change_nothing(void **state)
{
	struct fixture *f = *state;
	static const struct { uint8_t cls, cmd, len; const char *data; } bad[] = {
		{ 0, 0, 0, "" }, { 0, 0, 2, "\0\0" }, { 0, 0, 1, "\2" }, { 0, 6, 1, "\0" }, { 0, 255, 1, "\0" },
		{ 1, 0, 3, "\0\0\0" }, { 1, 0, 4, "\0\0\0\0" }, { 1, 0, 8, "\1\0\0\0\0\0\0\0" },
		{ 1, 0, 8, "\xff\xff\xff\xff\0\0\0\0" },
		{ 1, 0, 9, "\0\0\0\0\0\0\0\0\0" }, { 1, 0, 8, "\0\0\0\0\xff\xff\xff\x7f" }, { 1, 1, 5, "abcde" },
		{ 1, 1, 7, "abcdefg" }, { 1, 2, 6, "abcdef" },
		{ 2, 0, 1, "\0" }, { 2, 0, 2, "\0\x10" }, { 2, 2, 2, "\0\0" }, { 3, 1, 0, "" },
		{ 3, 0, 1, "\0" }, { 4, 0, 1, "\1" }, { 4, 1, 2, "\1\0" }, { 5, 0, 4, "\0\0\0\0" }, { 5, 1, 8, "\0\0\0\0\0\0\0\0" },
		{ 6, 0, 0, "" }, { 255, 255, 1, "\0" },
	};

	start(f, ALL_CTRL);
	assert_int_equal(command(f, 0, 0, "\0", 1), 0);
	f->net.pairs = f->net.offloads = 77;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(command(f, bad[i].cls, bad[i].cmd, bad[i].data, bad[i].len), 1);
	assert_true(wanted(f, own, -1));
	assert_false(wanted(f, other, -1));
	assert_false(wanted(f, group, -1));
	assert_false(wanted(f, own, 0));
	assert_int_equal(f->net.pairs, 77);
	assert_int_equal(f->net.offloads, 77);
	start(f, F(CTRL_VQ) | F(MQ));				/* of the commands only MQ's were agreed on */
	assert_int_equal(command(f, 0, 0, "\0", 1), 1);
	assert_int_equal(command(f, 1, 1, other, 6), 1);
	assert_int_equal(command(f, 2, 0, "\0\0", 2), 1);
}

static void command_of_absurd_size_is_refused(void **state)
{
	struct fixture *f = *state;
	struct rig *r = &f->r;
	uint32_t len;

	start(f, ALL_CTRL);
	rig_desc(r, r->q[CTRL].desc, 0, BUF, 0x1000000, DESC_F_NEXT, 1);
	rig_desc(r, r->q[CTRL].desc, 1, BUF + 0x1000000, 1, DESC_F_WRITE, 0);
	rig_offer(r, CTRL, 0);
	rig_desc(r, r->q[CTRL].desc, 2, BUF, 1, DESC_F_NEXT, 3);
	rig_desc(r, r->q[CTRL].desc, 3, BUF + 0x1000000, 1, DESC_F_WRITE, 0);
	rig_offer(r, CTRL, 2);
	rig_desc(r, r->q[CTRL].desc, 4, BUF, 8, 0, 0);		/* nowhere to answer to */
	rig_offer(r, CTRL, 4);
	rig_kick(r, CTRL);
	assert_true(rig_used(r, CTRL, NULL, &len));
	assert_int_equal(len, 1);
	assert_int_equal(*(uint8_t *)rig_ptr(r, BUF + 0x1000000), 1);
	assert_true(rig_used(r, CTRL, NULL, &len));
	assert_int_equal(len, 1);
	assert_true(rig_used(r, CTRL, NULL, &len));
	assert_int_equal(len, 0);
}

static void speed_is_told_when_it_is_known(void **state)
{
	struct fixture *f = *state;

	assert_true(rig_legacy(&f->r) || rig_offered(&f->r) & F(SPEED));
	assert_int_equal(rig_read(&f->r, R_CONFIG + 12, 4), 10000);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 16, 1), 1);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 17, 1), 0xff);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	net_fake_init(&f->net);
	rig_open(&f->r);
	rig_device(&f->r, &virtio_net_class, &f->net.b);
	assert_int_equal(device_set(f->r.dev, "queues", 2), 0);
	rig_plug_device(&f->r);
	*state = f;
	return 0;
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(frame_takes_as_many_buffers_as_it_needs),
		CASE(frame_that_all_buffers_cannot_hold_is_lost_and_they_are_not),
		CASE(frame_may_take_sixty_four_buffers_at_most),
		CASE(frames_of_one_batch_raise_one_interrupt),
		CASE(large_segment_passes_with_its_header),
		CASE(header_that_asks_for_what_was_not_agreed_on_or_makes_no_sense_drops_the_frame),
		CASE(backend_learns_which_offloads_the_driver_took),
		CASE(features_without_those_they_need_are_refused),
		CASE(driver_that_says_nothing_gets_all_frames),
		CASE(frames_are_filtered_as_the_driver_says),
		CASE(vlans_are_filtered_as_the_driver_says),
		CASE(mac_table_too_long_to_keep_takes_any),
		CASE(mac_address_can_be_changed_until_the_reset),
		CASE(a_legacy_driver_writes_its_mac_address_into_the_configuration),
		CASE(a_driver_without_guest_checksums_sees_no_flags),
		CASE(a_frame_that_is_not_wanted_leaves_dirty_buffers),
		CASE(pairs_are_used_as_the_driver_says),
		CASE(control_queue_is_the_third_without_several_pairs),
		CASE(a_queue_that_has_changed_its_role_meanwhile_is_left_alone),
		CASE(offloads_change_while_the_device_works),
		CASE(guest_is_asked_to_announce_itself_after_a_pause),
		CASE(commands_that_are_wrong_are_refused_and_change_nothing),
		CASE(command_of_absurd_size_is_refused),
		CASE(speed_is_told_when_it_is_known),
	};

	const struct CMUnitTest modern[] = { CASE(a_reset_in_the_middle_of_driver_ok_stays_a_reset) };
	const struct CMUnitTest transitional[] = { CASE(a_legacy_driver_has_no_features_that_it_did_not_ask_for) };

	return rig_run_all("virtio net", tests, ARRAY_SIZE(tests)) +
	       rig_run_modern("virtio net, modern", modern, ARRAY_SIZE(modern)) +
	       rig_run_transitional("virtio net, transitional", transitional, ARRAY_SIZE(transitional));
}
