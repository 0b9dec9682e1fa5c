/* SPDX-License-Identifier: BSD-2-Clause */
/* A tap interface in a network namespace of the test's own: the test is the guest, the kernel the network. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "backend/net.h"
#include "base/types.h"
#include "os/loop.h"
#include "os/tap.h"
#include "tests/unit/skip.h"

#define HDR	sizeof(struct net_hdr)
static const uint8_t guest_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

struct fixture {
	struct loop loop;
	struct net_backend *b;
	struct net_client client;
	bool deaf;
	unsigned calls;
	struct net_hdr hdr;		/* of the last frame that passed `wanted` */
	uint8_t frame[70000];
	size_t len;
	uint16_t wanted;		/* EtherType; IPv4: UDP or TCP to us only */
	unsigned pair;
};

static bool readable(struct net_client *c, unsigned pair)
{
	struct fixture *f = container_of(c, struct fixture, client);

	f->calls++;
	while (!f->deaf) {
		static uint8_t frame[70000];
		struct net_hdr hdr;
		struct block_vec vec[3] = { { &hdr, HDR }, { frame, 10 }, { frame + 10, sizeof(frame) - 10 } };
		size_t n = f->b->ops->recv(f->b, pair, vec, 3);

		if (!n)
			return true;
		if ((frame[12] << 8 | frame[13]) != f->wanted || (f->wanted == 0x800 && frame[33] != 2))
			continue;			/* the kernel talks of its own, too */
		f->hdr = hdr;
		f->len = n - HDR;
		f->pair = pair;
		memcpy(f->frame, frame, f->len);
	}
	return false;
}

static void guest_sends(struct fixture *f, unsigned pair, void *frame, size_t len)
{
	struct net_hdr hdr = { 0 };
	struct block_vec vec[3] = { { &hdr, HDR }, { frame, 20 }, { (uint8_t *)frame + 20, len - 20 } };

	f->b->ops->send(f->b, pair, vec, 3);
}

static bool wait_frame(struct fixture *f, uint16_t ethertype)
{
	f->wanted = ethertype;
	f->len = 0;
	for (unsigned i = 0; i < 200 && !f->len; i++)
		loop_once(&f->loop, 10);
	return f->len;
}

/* ARP from 10.9.0.2, the guest, to 10.9.0.1: a question, or an answer to who asked. */
static void send_arp(struct fixture *f, unsigned pair, uint8_t op, const uint8_t to[6])
{
	uint8_t a[42] = { [12] = 8, 6, 0, 1, 8, 0, 6, 4, 0, op, [28] = 10, 9, 0, 2, [38] = 10, 9, 0, 1 };

	memset(a, 0xff, 6);
	memcpy(a + 6, guest_mac, 6);
	memcpy(a + 22, guest_mac, 6);
	memcpy(a + 32, to, 6);
	guest_sends(f, pair, a, sizeof(a));
}

static void host_answers_and_frames_arrive_by_the_loop(void **state)
{
	static const uint8_t nobody[6];
	struct fixture *f = *state;

	send_arp(f, 0, 1, nobody);
	assert_true(wait_frame(f, 0x806));
	assert_int_equal(f->len, 42);
	assert_int_equal(f->frame[21], 2);			/* an answer */
	assert_memory_equal(f->frame, guest_mac, 6);
	assert_memory_equal(f->frame + 28, "\x0a\x09\x00\x01", 4);
	assert_int_equal(f->hdr.gso_type, NET_GSO_NONE);
}

/* A datagram from the host's stack, once the guest's address is known. */
static void host_sends(struct fixture *f, size_t len)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9999), .sin_addr.s_addr = htonl(0x0a090002) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	char buf[1400] = { 1 };

	assert_true(sendto(s, buf, len, 0, (struct sockaddr *)&to, sizeof(to)) == (ssize_t)len);
	close(s);
}

static void learn(struct fixture *f)
{
	static const uint8_t nobody[6];

	send_arp(f, 0, 1, nobody);				/* the kernel learns from the question */
	assert_true(wait_frame(f, 0x806));
}

static void checksums_are_left_to_a_guest_that_does_them(void **state)
{
	struct fixture *f = *state;

	learn(f);
	f->b->ops->set_offloads(f->b, NET_CSUM | NET_TSO4);
	host_sends(f, 100);
	assert_true(wait_frame(f, 0x800));
	assert_int_equal(f->len, 14 + 20 + 8 + 100);
	assert_int_equal(f->hdr.flags & NET_HDR_NEEDS_CSUM, NET_HDR_NEEDS_CSUM);
	assert_int_equal(f->hdr.csum_start, 34);
	assert_int_equal(f->hdr.csum_offset, 6);
	f->b->ops->set_offloads(f->b, 0);
	host_sends(f, 100);
	assert_true(wait_frame(f, 0x800));
	assert_int_equal(f->hdr.flags & NET_HDR_NEEDS_CSUM, 0);
}

static void frames_wait_while_the_guest_has_no_buffer(void **state)
{
	struct fixture *f = *state;
	unsigned calls;

	learn(f);
	f->deaf = true;
	host_sends(f, 50);
	loop_once(&f->loop, 100);
	calls = f->calls;
	for (unsigned i = 0; i < 5; i++)
		loop_once(&f->loop, 5);
	assert_int_equal(f->calls, calls);			/* no turning on the spot */
	f->deaf = false;
	f->b->ops->ready(f->b, 0);
	assert_true(wait_frame(f, 0x800));
	assert_int_equal(f->len, 14 + 20 + 8 + 50);
}

static void open_tap(struct fixture *f, unsigned pairs)
{
	struct net_tap_config c = { .ifname = "", .mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 }, .pairs = pairs };

	assert_int_equal(net_tap_open(&c, &f->b, &(int){ 0 }), 0);
	assert_int_equal(f->b->mtu, 1500);
	assert_int_equal(f->b->pairs, pairs);
	assert_int_equal(tap_up(net_tap_name(f->b), "10.9.0.1/24"), 0);
	assert_int_equal(loop_init(&f->loop), 0);
	f->client = (struct net_client){ .readable = readable, .pairs = pairs };
	for (unsigned i = 0; i < pairs; i++)
		f->client.workq[i] = &f->loop.inbox;
	assert_int_equal(f->b->ops->attach(f->b, &f->client), 0);
}

static void several_queues_come_and_go(void **state)
{
	static const uint8_t nobody[6];
	struct fixture *f = *state;

	net_close(f->b);
	loop_fini(&f->loop);
	open_tap(f, 3);
	for (unsigned n = 1; n <= 3; n++) {
		assert_int_equal(f->b->ops->set_pairs(f->b, n), 0);
		for (unsigned i = 0; i < n; i++) {
			send_arp(f, i, 1, nobody);
			assert_true(wait_frame(f, 0x806));
			assert_true(f->pair < n);
		}
	}
	assert_int_equal(f->b->ops->set_pairs(f->b, 1), 0);
	send_arp(f, 0, 1, nobody);
	assert_true(wait_frame(f, 0x806));
	assert_int_equal(f->pair, 0);
}

static void what_cannot_be_opened_says_why(void **state)
{
	struct fixture *f = *state;
	struct net_tap_config c = { .ifname = net_tap_name(f->b), .pairs = 1 };
	struct net_backend *b;

	assert_int_equal(net_tap_open(&c, &b, &(int){ 0 }), -EBUSY);
	c.ifname = "lo";
	assert_int_equal(net_tap_open(&c, &b, &(int){ 0 }), -EINVAL);
	assert_int_equal(tap_up(net_tap_name(f->b), "10.9.0"), -EINVAL);
	assert_int_equal(tap_up(net_tap_name(f->b), "10.9.0.1/33"), -EINVAL);
	assert_int_equal(tap_up(net_tap_name(f->b), "10.9.0.1/"), -EINVAL);
}

static void mtu_can_be_chosen(void **state)
{
	struct net_tap_config c = { .ifname = "chosen0", .pairs = 1, .mtu = 9000 };
	struct net_backend *b;

	assert_int_equal(net_tap_open(&c, &b, &(int){ 0 }), 0);
	assert_int_equal(b->mtu, 9000);
	assert_int_equal(tap_mtu("chosen0"), 9000);
	assert_string_equal(net_tap_name(b), "chosen0");
	net_close(b);
	assert_int_equal(tap_mtu("chosen0"), -ENODEV);		/* it went with us */
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	open_tap(f, 1);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	net_close(f->b);
	loop_fini(&f->loop);
	free(f);
	return 0;
}

static bool can_make_taps(void)
{
	struct net_tap_config c = { .ifname = "", .pairs = 1 };
	struct net_backend *b;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;
	if (net_tap_open(&c, &b, &(int){ 0 }))
		return false;
	net_close(b);
	return true;
}

static void taps_cannot_be_made_here(void **state)
{
	skip_because("there is no /dev/net/tun, or no right to make a network namespace and an interface in it");
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(host_answers_and_frames_arrive_by_the_loop),
		CASE(checksums_are_left_to_a_guest_that_does_them),
		CASE(frames_wait_while_the_guest_has_no_buffer),
		CASE(several_queues_come_and_go),
		CASE(what_cannot_be_opened_says_why),
		CASE(mtu_can_be_chosen),
	};
	const struct CMUnitTest none[] = { cmocka_unit_test(taps_cannot_be_made_here) };

	if (!can_make_taps())
		return cmocka_run_group_tests_name("tap", none, NULL, NULL);
	return cmocka_run_group_tests_name("tap", tests, NULL, NULL);
}
