/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio sockets (virtio 1.2 §5.10) over Unix sockets: a driver with a ring on one side, programs of the host on the other. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "backend/vsock.h"
#include "os/loop.h"
#include "tests/dev/virtio_rig.h"

#define SIZE	64u
#define BUF	(RIG_RAM + 0x100000)
#define SEND	(RIG_RAM + 0x200000)
#define ROOM	4096u
#define CID	42u

enum { RX, TX };

struct fixture {
	struct rig r;
	struct loop loop;
	struct vsock_backend *b;
	char dir[32], path[64];
	struct vsock_header h;		/* the last packet received */
	char data[ROOM];
	uint16_t next_rx;
};

static void settle(struct fixture *f)
{
	for (unsigned i = 0; i < 12; i++) {
		rig_pump(&f->r);
		loop_once(&f->loop, 0);
	}
}

static void give_buffer(struct fixture *f, uint32_t room)
{
	uint16_t i = f->next_rx++ % SIZE;

	rig_desc(&f->r, f->r.q[RX].desc, i, BUF + i * ROOM, room, DESC_F_WRITE, 0);
	rig_offer(&f->r, RX, i);
	rig_kick(&f->r, RX);
}

static void start(struct fixture *f, unsigned buffers)
{
	rig_start(&f->r, 3, SIZE);
	f->next_rx = 0;
	while (buffers--)
		give_buffer(f, ROOM);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/cella-vsock-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/v", f->dir);
	assert_int_equal(loop_init(&f->loop), 0);
	assert_int_equal(vsock_unix_open(&f->loop, CID, f->path, &f->b), 0);
	rig_open(&f->r);
	rig_plug(&f->r, &virtio_vsock_class, f->b);
	start(f, 32);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char cmd[64];

	rig_close(&f->r);
	vsock_close(f->b);
	loop_fini(&f->loop);
	snprintf(cmd, sizeof(cmd), "rm -r %s", f->dir);
	assert_int_equal(system(cmd), 0);
	free(f);
	return 0;
}

/* A packet from the guest. */
static void send_packet(struct fixture *f, const struct vsock_header *h, const char *data, uint32_t len)
{
	uint8_t *p = rig_ptr(&f->r, SEND);

	memcpy(p, h, sizeof(*h));
	memcpy(p + sizeof(*h), data, len);
	rig_desc(&f->r, f->r.q[TX].desc, 0, SEND, (uint32_t)sizeof(*h) + len, 0, 0);
	rig_offer(&f->r, TX, 0);
	rig_kick(&f->r, TX);
	settle(f);
	assert_true(rig_used(&f->r, TX, NULL, NULL));
}

static struct vsock_header head(uint32_t src_port, uint32_t dst_port, uint16_t op, uint32_t len)
{
	return (struct vsock_header){ CID, VSOCK_HOST_CID, src_port, dst_port, len, VSOCK_STREAM, op, 0, 100000, 0 };
}

static void send_op(struct fixture *f, uint32_t src_port, uint32_t dst_port, uint16_t op, uint32_t flags)
{
	struct vsock_header h = head(src_port, dst_port, op, 0);

	h.flags = flags;
	send_packet(f, &h, "", 0);
}

static void send_data(struct fixture *f, uint32_t src_port, uint32_t dst_port, const char *data, uint32_t len)
{
	struct vsock_header h = head(src_port, dst_port, VSOCK_RW, len);

	send_packet(f, &h, data, len);
}

/* The next packet to the guest: its op, or 0. */
static int take(struct fixture *f)
{
	uint32_t id, len;

	settle(f);
	if (!rig_used(&f->r, RX, &id, &len))
		return 0;
	assert_in_range(len, sizeof(f->h), ROOM);
	memcpy(&f->h, rig_ptr(&f->r, BUF + id * ROOM), sizeof(f->h));
	memcpy(f->data, (uint8_t *)rig_ptr(&f->r, BUF + id * ROOM) + sizeof(f->h), len - sizeof(f->h));
	assert_int_equal(f->h.len, len - sizeof(f->h));
	assert_int_equal(f->h.src_cid, VSOCK_HOST_CID);
	assert_int_equal(f->h.dst_cid, CID);
	return f->h.op;
}

static struct sockaddr_un address(const struct fixture *f, const char *suffix)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s%s", f->path, suffix);
	return a;
}

static int listen_host(struct fixture *f, const char *suffix)
{
	struct sockaddr_un a = address(f, suffix);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static int connect_host(struct fixture *f)
{
	struct sockaddr_un a = address(f, "");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* The guest's port 1000 to the host's 7. */
static int connected(struct fixture *f)
{
	int l = listen_host(f, "_7"), fd;

	send_op(f, 1000, 7, VSOCK_REQUEST, 0);
	assert_int_equal(take(f), VSOCK_RESPONSE);
	fd = accept(l, NULL, NULL);
	close(l);
	return fd;
}

static bool gone(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

static void config_has_the_cid(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rd(&f->r, R_DEVICE_ID), 19);
	assert_int_equal(rig_read(&f->r, R_CONFIG, 4), CID);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 4, 4), 0);
}

static void guest_connects_to_a_socket_of_the_host(void **state)
{
	struct fixture *f = *state;
	int fd = connected(f);
	char text[16];

	assert_int_equal(f->h.src_port, 7);
	assert_int_equal(f->h.dst_port, 1000);
	assert_int_equal(f->h.buf_alloc, 65536);
	send_data(f, 1000, 7, "to the host", 11);
	assert_int_equal(read(fd, text, sizeof(text)), 11);
	assert_memory_equal(text, "to the host", 11);
	assert_int_equal(write(fd, "to the guest", 12), 12);
	assert_int_equal(take(f), VSOCK_RW);
	assert_int_equal(f->h.fwd_cnt, 11);
	assert_int_equal(f->h.len, 12);
	assert_memory_equal(f->data, "to the guest", 12);
	close(fd);
	assert_int_equal(take(f), VSOCK_SHUTDOWN);
	assert_int_equal(f->h.flags, VSOCK_SHUTDOWN_SEND);
	send_op(f, 1000, 7, VSOCK_SHUTDOWN, 3);
	assert_int_equal(take(f), VSOCK_RST);
	assert_int_equal(take(f), 0);
}

static void connection_to_where_nobody_listens_is_reset(void **state)
{
	struct fixture *f = *state;

	send_op(f, 1000, 8, VSOCK_REQUEST, 0);
	assert_int_equal(take(f), VSOCK_RST);
	assert_int_equal(f->h.src_port, 8);
	assert_int_equal(f->h.dst_port, 1000);
}

static void host_connects_to_a_port_of_the_guest(void **state)
{
	struct fixture *f = *state;
	int fd = connect_host(f);
	char text[32] = "", want[32];

	assert_int_equal(write(fd, "CONN", 4), 4);
	assert_int_equal(take(f), 0);
	assert_int_equal(write(fd, "ECT 5000\nearly", 14), 14);
	assert_int_equal(take(f), VSOCK_REQUEST);
	assert_int_equal(f->h.dst_port, 5000);
	send_op(f, 5000, f->h.src_port, VSOCK_RESPONSE, 0);
	snprintf(want, sizeof(want), "OK %u\n", f->h.src_port);
	assert_int_equal(read(fd, text, sizeof(text)), (ssize_t)strlen(want));
	assert_string_equal(text, want);
	assert_int_equal(take(f), VSOCK_RW);
	assert_memory_equal(f->data, "early", 5);
	send_op(f, 5000, f->h.src_port, VSOCK_SHUTDOWN, 3);
	assert_true(gone(fd));
	close(fd);
}

static void host_that_says_something_else_is_turned_away(void **state)
{
	static const char *const lines[] = {
		"CONNECT\n", "CONNECT x\n", "CONNECT 5 \n", "CONNECT -1\n", "CONNECT 4294967296\n", "GET / HTTP/1.1\r\n", "\n",
		"CONNECT 000000000000000000000000000000000005\n",
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
		int fd = connect_host(f);

		assert_int_equal(write(fd, lines[i], strlen(lines[i])), (ssize_t)strlen(lines[i]));
		assert_int_equal(take(f), 0);
		assert_true(gone(fd) || errno == ECONNRESET);
		close(fd);
	}
}

static void guest_that_refuses_closes_the_hosts_connection(void **state)
{
	struct fixture *f = *state;
	int fd = connect_host(f);

	assert_int_equal(write(fd, "CONNECT 1\n", 10), 10);
	assert_int_equal(take(f), VSOCK_REQUEST);
	send_op(f, 1, f->h.src_port, VSOCK_RST, 0);
	assert_true(gone(fd));
	assert_int_equal(take(f), 0);
	close(fd);
}

static void guest_is_sent_no_more_than_it_has_room_for(void **state)
{
	struct fixture *f = *state;
	int l = listen_host(f, "_7"), fd;
	struct vsock_header h = head(1000, 7, VSOCK_REQUEST, 0);

	h.buf_alloc = 10;
	send_packet(f, &h, "", 0);
	assert_int_equal(take(f), VSOCK_RESPONSE);
	fd = accept(l, NULL, NULL);
	assert_int_equal(write(fd, "0123456789abcdef", 16), 16);
	assert_int_equal(take(f), VSOCK_RW);
	assert_int_equal(f->h.len, 10);
	assert_int_equal(take(f), 0);
	h = head(1000, 7, VSOCK_CREDIT_UPDATE, 0);
	h.buf_alloc = 10;
	h.fwd_cnt = 4;
	send_packet(f, &h, "", 0);
	assert_int_equal(take(f), VSOCK_RW);
	assert_int_equal(f->h.len, 4);
	h.fwd_cnt = 1000000;			/* more than it was ever sent */
	send_packet(f, &h, "", 0);
	assert_int_equal(take(f), 0);
	h.fwd_cnt = 14;
	send_packet(f, &h, "", 0);
	assert_int_equal(take(f), VSOCK_RW);
	assert_memory_equal(f->data, "ef", 2);
	close(fd);
	close(l);
}

static void guest_that_sends_more_than_its_credit_is_reset(void **state)
{
	struct fixture *f = *state;
	int fd = connected(f), small = 2048;
	static char data[60000];
	unsigned n = 0;
	int op;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	do {
		send_data(f, 1000, 7, data, sizeof(data));
		while ((op = take(f)) == VSOCK_CREDIT_UPDATE)
			give_buffer(f, ROOM);
	} while (!op && ++n < 100);
	assert_int_equal(op, VSOCK_RST);
	assert_true(n > 0);
	close(fd);
}

static void credit_comes_back_as_the_host_reads(void **state)
{
	struct fixture *f = *state;
	int fd = connected(f);
	static char data[30000], got[30000];
	uint32_t sent = 0, forwarded = 0;

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7);
	while (sent < 600000) {
		ssize_t n;

		assert_true(sent + sizeof(data) - forwarded <= 65536);
		send_data(f, 1000, 7, data, sizeof(data));
		sent += (uint32_t)sizeof(data);
		for (uint32_t at = 0; at < sizeof(data); at += (uint32_t)n) {
			n = read(fd, got, sizeof(got) - at);
			assert_true(n > 0);
			assert_memory_equal(got, data + at, n);
			settle(f);
		}
		while (take(f) == VSOCK_CREDIT_UPDATE) {
			forwarded = f->h.fwd_cnt;
			give_buffer(f, ROOM);
		}
	}
	close(fd);
}

static void packets_wait_for_receive_buffers(void **state)
{
	struct fixture *f = *state;
	int fd = connected(f);
	unsigned n = 0;

	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(write(fd, "piece", 5), 5);
		settle(f);
	}
	while (take(f) == VSOCK_RW)
		n += f->h.len;
	assert_int_equal(n, 31 * 5);
	close(fd);
	settle(f);
	give_buffer(f, 44);			/* takes control packets only */
	give_buffer(f, 20);			/* takes none */
	for (unsigned i = 0; i < 8; i++)
		give_buffer(f, 44 + 8);
	settle(f);
	for (;;) {
		uint32_t id, len;
		struct vsock_header *h;

		if (!rig_used(&f->r, RX, &id, &len))
			break;
		h = rig_ptr(&f->r, BUF + id * ROOM);
		if (len)
			n += h->op == VSOCK_RW ? h->len : 0;
		if (len && h->op == VSOCK_SHUTDOWN)
			n += 10000;
	}
	assert_int_equal(n, 40 * 5 + 10000);
}

static void packets_of_no_stream_are_reset(void **state)
{
	struct fixture *f = *state;
	struct vsock_header h = head(1, 2, VSOCK_RW, 4);

	send_packet(f, &h, "data", 4);
	assert_int_equal(take(f), VSOCK_RST);
	for (uint16_t op = 0; op < 20; op++) {
		if (op == VSOCK_REQUEST)
			continue;
		send_op(f, 1, 2, op, ~0u);
		assert_int_equal(take(f), op == VSOCK_RST ? 0 : VSOCK_RST);
	}
	h = head(1, 2, VSOCK_REQUEST, 0);
	h.type = 2;
	send_packet(f, &h, "", 0);
	assert_int_equal(take(f), VSOCK_RST);
	assert_int_equal(f->h.type, 2);
}

static void packets_of_wrong_addresses_and_lengths_are_dropped(void **state)
{
	struct fixture *f = *state;
	struct vsock_header h = head(1, 2, VSOCK_RW, 5);

	send_packet(f, &h, "data", 4);
	h.len = ~0u;
	send_packet(f, &h, "data", 4);
	h = head(1, 2, VSOCK_RW, 0);
	h.src_cid = 43;
	send_packet(f, &h, "", 0);
	h = head(1, 2, VSOCK_RW, 0);
	h.dst_cid = 3;
	send_packet(f, &h, "", 0);
	rig_desc(&f->r, f->r.q[TX].desc, 0, SEND, 43, 0, 0);
	rig_offer(&f->r, TX, 0);
	rig_kick(&f->r, TX);
	assert_true(rig_used(&f->r, TX, NULL, NULL));
	assert_int_equal(take(f), 0);
}

static void streams_that_misbehave_are_reset(void **state)
{
	static const uint16_t ops[] = { VSOCK_REQUEST, VSOCK_RESPONSE, 0, 8, 0xffff };
	struct fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
		int fd = connected(f);

		send_op(f, 1000, 7, ops[i], 0);
		assert_int_equal(take(f), VSOCK_RST);
		assert_true(gone(fd));
		close(fd);
		unlink(address(f, "_7").sun_path);
		give_buffer(f, ROOM);
		give_buffer(f, ROOM);
	}
}

static void streams_are_limited(void **state)
{
	struct fixture *f = *state;
	int l = listen_host(f, "_7"), fds[400];
	unsigned n = 0, refused = 0;

	assert_int_equal(listen(l, 400), 0);
	for (unsigned i = 0; i < 400; i++) {
		send_op(f, 2000 + i, 7, VSOCK_REQUEST, 0);
		refused += take(f) == VSOCK_RST;
		give_buffer(f, ROOM);
		if (refused)
			break;
		fds[n++] = accept(l, NULL, NULL);
	}
	assert_int_equal(refused, 1);
	assert_int_equal(n, 256);
	while (n--)
		close(fds[n]);
	close(l);
}

static void reset_closes_all_and_the_device_works_again(void **state)
{
	struct fixture *f = *state;
	int fd = connected(f);

	wr(&f->r, R_STATUS, 0);
	settle(f);
	assert_true(gone(fd));
	close(fd);
	unlink(address(f, "_7").sun_path);
	start(f, 8);
	close(connected(f));
	rig_offer(&f->r, TX, SIZE);
	rig_kick(&f->r, TX);
	assert_true(rd(&f->r, R_STATUS) & S_NEEDS_RESET);
	unlink(address(f, "_7").sun_path);
	start(f, 8);
	settle(f);
	close(connected(f));
}

static void stale_socket_is_replaced_and_a_live_one_is_not(void **state)
{
	struct fixture *f = *state;
	struct vsock_backend *b;
	struct stat st;
	char long_path[200];

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(vsock_unix_open(&f->loop, CID, f->path, &b), -EADDRINUSE);
	settle(f);
	close(listen_host(f, "-old"));
	assert_int_equal(vsock_unix_open(&f->loop, CID, address(f, "-old").sun_path, &b), 0);
	vsock_close(b);
	assert_int_equal(stat(address(f, "-old").sun_path, &st), -1);
	memset(long_path, 'a', sizeof(long_path));
	long_path[100] = 0;
	assert_int_equal(vsock_unix_open(&f->loop, CID, long_path, &b), -ENAMETOOLONG);
	assert_int_equal(vsock_unix_open(&f->loop, 2, f->path, &b), -EINVAL);
}

#define T(t)	cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(config_has_the_cid),
		T(guest_connects_to_a_socket_of_the_host),
		T(connection_to_where_nobody_listens_is_reset),
		T(host_connects_to_a_port_of_the_guest),
		T(host_that_says_something_else_is_turned_away),
		T(guest_that_refuses_closes_the_hosts_connection),
		T(guest_is_sent_no_more_than_it_has_room_for),
		T(guest_that_sends_more_than_its_credit_is_reset),
		T(credit_comes_back_as_the_host_reads),
		T(packets_wait_for_receive_buffers),
		T(packets_of_no_stream_are_reset),
		T(packets_of_wrong_addresses_and_lengths_are_dropped),
		T(streams_that_misbehave_are_reset),
		T(streams_are_limited),
		T(reset_closes_all_and_the_device_works_again),
		T(stale_socket_is_replaced_and_a_live_one_is_not),
	};

	return cmocka_run_group_tests_name("virtio vsock", tests, NULL, NULL);
}
