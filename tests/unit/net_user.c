/* SPDX-License-Identifier: BSD-2-Clause */
/* User networking: the test is the guest and speaks ARP, DHCP, UDP and the beginning of TCP in bare frames. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "backend/net.h"
#include "backend/slirp_lib.h"
#include "base/types.h"
#include "os/loop.h"

#define FRAMES	32
static const uint8_t guest_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static const uint8_t guest_ip[4] = { 10, 0, 2, 15 }, host_ip[4] = { 10, 0, 2, 2 };

struct fixture {
	struct loop loop;
	struct net_backend *b;
	struct net_client client;
	bool deaf;				/* the guest has no buffer */
	unsigned offloads;
	bool in_a_hurry;			/* send_frame doesn't wait for answers */
	uint8_t frame[FRAMES][1600];
	size_t len[FRAMES];
	unsigned frames;
	uint8_t host_mac[6];
};

static bool readable(struct net_client *c, unsigned pair)
{
	struct fixture *f = container_of(c, struct fixture, client);

	while (!f->deaf) {
		uint8_t frame[1600];
		struct net_hdr hdr;
		struct block_vec vec[3] = { { &hdr, sizeof(hdr) }, { frame, 7 }, { frame + 7, sizeof(frame) - 7 } };
		size_t len = f->b->ops->recv(f->b, 0, vec, 3);

		if (!len)
			return true;
		len -= sizeof(hdr);
		assert_int_equal(hdr.flags, f->offloads ? NET_HDR_DATA_VALID : 0);
		assert_int_equal(hdr.gso_type, NET_GSO_NONE);
		if (f->frames < FRAMES) {
			memcpy(f->frame[f->frames], frame, len);
			f->len[f->frames++] = len;
		}
	}
	return false;
}

static void run(struct fixture *f)
{
	for (unsigned i = 0; i < 10; i++)
		loop_once(&f->loop, 2);
}

static void send_frame(struct fixture *f, uint8_t *frame, size_t len)
{
	struct net_hdr hdr = { 0 };
	struct block_vec vec[3] = { { &hdr, sizeof(hdr) }, { frame, 14 }, { frame + 14, len - 14 } };

	f->b->ops->send(f->b, 0, vec, 3);
	f->b->ops->sent(f->b, 0);
	if (!f->in_a_hurry)
		run(f);
}

static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void send_udp(struct fixture *f, const uint8_t *from, const uint8_t *to, unsigned sport, unsigned dport,
		     const void *data, size_t len)
{
	uint8_t frame[1514] = { 0 }, *ip = frame + 14, *udp = ip + 20;

	memset(frame, 0xff, 6);
	memcpy(frame + 6, guest_mac, 6);
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(28 + len));
	ip[8] = 64;
	ip[9] = 17;
	memcpy(ip + 12, from, 4);
	memcpy(ip + 16, to, 4);
	put16(ip + 10, checksum(ip, 20));
	put16(udp, sport);
	put16(udp + 2, dport);
	put16(udp + 4, (unsigned)(8 + len));
	memcpy(udp + 8, data, len);
	send_frame(f, frame, 42 + len);
}

static void send_arp(struct fixture *f, unsigned op, const uint8_t *target_mac)
{
	uint8_t frame[42] = { 0 }, *arp = frame + 14;

	memset(frame, 0xff, 6);
	memcpy(frame + 6, guest_mac, 6);
	put16(frame + 12, 0x0806);
	put16(arp, 1);
	put16(arp + 2, 0x0800);
	arp[4] = 6;
	arp[5] = 4;
	put16(arp + 6, op);
	memcpy(arp + 8, guest_mac, 6);
	memcpy(arp + 14, guest_ip, 4);
	memcpy(arp + 18, target_mac, 6);
	memcpy(arp + 24, host_ip, 4);
	send_frame(f, frame, sizeof(frame));
}

/* The latest frame of this type (and IP protocol), or NULL. */
static uint8_t *find(struct fixture *f, unsigned type, unsigned proto)
{
	for (unsigned i = f->frames; i--;) {
		uint8_t *p = f->frame[i];

		if (get16(p + 12) == type && (type != 0x0800 || p[14 + 9] == proto))
			return p;
	}
	return NULL;
}

static void resolve(struct fixture *f)
{
	static const uint8_t nobody[6];
	uint8_t *p;

	send_arp(f, 1, nobody);
	p = find(f, 0x0806, 0);
	assert_non_null(p);
	memcpy(f->host_mac, p + 6, 6);
	f->frames = 0;
}

static void arp_for_the_host_is_answered(void **state)
{
	struct fixture *f = *state;

	resolve(f);
	assert_int_equal(f->host_mac[0], 0x52);
}

static void dhcp_offers_the_address(void **state)
{
	static const uint8_t zero[4], all[4] = { 255, 255, 255, 255 };
	struct fixture *f = *state;
	uint8_t m[300] = { 1, 1, 6, 0, 1, 2, 3, 4 }, *p;

	memcpy(m + 28, guest_mac, 6);
	memcpy(m + 236, "\x63\x82\x53\x63\x35\x01\x01\xff", 8);	/* discover */
	send_udp(f, zero, all, 68, 67, m, sizeof(m));
	p = find(f, 0x0800, 17);
	assert_non_null(p);
	assert_memory_equal(p + 42 + 16, guest_ip, 4);
}

static int bound_socket(int type, struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int s = socket(AF_INET, type, 0);

	*a = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(s, (struct sockaddr *)a, sizeof(*a)), 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)a, &len), 0);
	return s;
}

static void datagram_reaches_the_host_and_is_answered(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in a, from;
	socklen_t len = sizeof(from);
	int s = bound_socket(SOCK_DGRAM, &a);
	char buf[16];
	uint8_t *p;

	resolve(f);
	send_udp(f, guest_ip, host_ip, 4000, ntohs(a.sin_port), "ping", 4);
	assert_int_equal(recvfrom(s, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&from, &len), 4);
	assert_memory_equal(buf, "ping", 4);
	f->frames = 0;
	assert_int_equal(sendto(s, "pong!", 5, 0, (struct sockaddr *)&from, len), 5);
	run(f);
	p = find(f, 0x0800, 17);
	assert_non_null(p);
	assert_int_equal(get16(p + 36), 4000);
	assert_memory_equal(p + 42, "pong!", 5);
	close(s);
}

static void frames_wait_for_a_buffer(void **state)
{
	static const uint8_t nobody[6];
	struct fixture *f = *state;

	f->deaf = true;
	send_arp(f, 1, nobody);
	assert_int_equal(f->frames, 0);
	f->deaf = false;
	f->b->ops->ready(f->b, 0);
	assert_non_null(find(f, 0x0806, 0));
}

/* A host port that is free now. */
static unsigned free_port(int type)
{
	struct sockaddr_in a;
	int s = bound_socket(type, &a);

	close(s);
	return ntohs(a.sin_port);
}

static void published_tcp_port_leads_to_the_guest(void **state)
{
	struct fixture *f = *state;
	unsigned port = free_port(SOCK_STREAM);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char spec[40];
	uint8_t *p;
	int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(spec, sizeof(spec), "%u:80", port);
	assert_int_equal(net_user_publish(f->b, spec), 0);
	assert_int_not_equal(net_user_publish(f->b, spec), 0);		/* taken */
	send_arp(f, 2, guest_mac);			/* the guest is known by now, as after DHCP */
	resolve(f);
	connect(s, (struct sockaddr *)&a, sizeof(a));
	run(f);
	p = find(f, 0x0800, 6);
	assert_non_null(p);
	assert_memory_equal(p + 30, guest_ip, 4);
	assert_int_equal(get16(p + 36), 80);
	assert_int_equal(p[14 + 20 + 13] & 0x12, 0x02);	/* SYN */
	close(s);
}

static void published_udp_port_leads_to_the_guest(void **state)
{
	struct fixture *f = *state;
	unsigned port = free_port(SOCK_DGRAM);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char spec[40];
	uint8_t *p;
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(spec, sizeof(spec), "127.0.0.1:%u:53/udp", port);
	assert_int_equal(net_user_publish(f->b, spec), 0);
	send_arp(f, 2, guest_mac);
	resolve(f);
	assert_int_equal(sendto(s, "query", 5, 0, (struct sockaddr *)&a, sizeof(a)), 5);
	run(f);
	p = find(f, 0x0800, 17);
	assert_non_null(p);
	assert_int_equal(get16(p + 36), 53);
	assert_memory_equal(p + 42, "query", 5);
	close(s);
}

static void publish_that_says_nonsense_is_refused(void **state)
{
	static const char *const bad[] = {
		"", ":", "80", "80:", ":80", "x:80", "80:x", "0:80", "80:0", "65536:80", "80:65536", "1:2:3", "300.1.1.1:80:80",
		"80:80/sctp", "80:80/", "127.0.0.1:80", "::1:80:80", "80:80/udp/tcp", "-1:80", "80: 80", "99999999999:80",
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(net_user_publish(f->b, bad[i]), -EINVAL);
}

static void idle_network_lets_the_loop_sleep(void **state)
{
	struct fixture *f = *state;
	struct timespec a, b;

	resolve(f);
	run(f);
	clock_gettime(CLOCK_MONOTONIC, &a);
	loop_once(&f->loop, 100);
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_true((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 >= 90);
}

static void hostile_frames_do_no_harm(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[1518];

	srandom(3);
	f->in_a_hurry = true;
	for (unsigned i = 0; i < 3000; i++) {
		size_t len = 14 + (size_t)random() % (sizeof(frame) - 14);

		for (size_t k = 0; k < len; k++)
			frame[k] = (uint8_t)random();
		put16(frame + 12, i % 3 ? 0x0800 : 0x0806);
		frame[14] = 0x45;
		send_frame(f, frame, len);
		f->frames = 0;
		if (!(i % 64))
			loop_once(&f->loop, 0);
	}
	f->in_a_hurry = false;
	resolve(f);
}

static void frames_say_that_their_checksums_are_right_if_the_guest_wants_to_know(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->b->rx_offloads, NET_CSUM);
	f->offloads = NET_CSUM;
	f->b->ops->set_offloads(f->b, NET_CSUM);
	resolve(f);
	f->offloads = 0;
	f->b->ops->set_offloads(f->b, 0);
	resolve(f);
}

static void no_network_takes_frames_and_gives_none(void **state)
{
	struct net_backend *b;

	assert_int_equal(net_none_open(guest_mac, &b), 0);
	assert_memory_equal(b->mac, guest_mac, 6);
	assert_int_equal(b->ops->attach(b, NULL), 0);
	b->ops->send(b, 0, NULL, 0);
	b->ops->ready(b, 0);
	assert_int_equal(b->ops->recv(b, 0, NULL, 0), 0);
	net_close(b);
	net_close(NULL);
}

static void a_library_that_is_missing_or_another_is_refused(void **state)
{
	struct slirp_lib l;

	assert_int_equal(slirp_lib_open(&l, "libcella-no-such.so.0"), -ELIBACC);
	assert_null(l.handle);
	assert_int_equal(slirp_lib_open(&l, "libc.so.6"), -ELIBACC);
	assert_null(l.handle);
	assert_int_equal(slirp_lib_open(&l, SLIRP_LIB), 0);
	slirp_lib_close(&l);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(loop_init(&f->loop), 0);
	assert_int_equal(net_user_open(&f->loop, guest_mac, 0, &f->b), 0);
	f->client = (struct net_client){ readable, { &f->loop.inbox }, 1 };
	assert_int_equal(f->b->ops->attach(f->b, &f->client), 0);
	run(f);
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

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(frames_say_that_their_checksums_are_right_if_the_guest_wants_to_know),
		CASE(arp_for_the_host_is_answered),
		CASE(dhcp_offers_the_address),
		CASE(datagram_reaches_the_host_and_is_answered),
		CASE(frames_wait_for_a_buffer),
		CASE(published_tcp_port_leads_to_the_guest),
		CASE(published_udp_port_leads_to_the_guest),
		CASE(publish_that_says_nonsense_is_refused),
		CASE(idle_network_lets_the_loop_sleep),
		CASE(hostile_frames_do_no_harm),
		cmocka_unit_test(no_network_takes_frames_and_gives_none),
		cmocka_unit_test(a_library_that_is_missing_or_another_is_refused),
	};

	return cmocka_run_group_tests_name("user network", tests, NULL, NULL);
}
