/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that sends packets of any content, gives receive buffers of any size, or resets, while a program of the host connects,
 * talks and goes. Nothing crashes, and after a reset a connection works.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "backend/vsock.h"
#include "os/loop.h"
#include "tests/dev/virtio_rig.h"
#include "tests/fuzz/input.h"

#define SIZE	16u
#define BUF	(RIG_RAM + 0x100000)
#define SEND	(RIG_RAM + 0x200000)
#define CID	42u

static struct rig r;
static struct loop loop;
static struct vsock_backend *b;
static struct sockaddr_un address = { .sun_family = AF_UNIX }, service = { .sun_family = AF_UNIX };
static int listener, host[4] = { -1, -1, -1, -1 };
static uint16_t rx;

static void settle(void)
{
	for (unsigned i = 0; i < 3; i++) {
		rig_pump(&r);
		loop_once(&loop, 0);
	}
}

static void give_buffer(uint32_t room)
{
	uint16_t i = rx++ % SIZE;

	rig_desc(&r, r.q[0].desc, i, BUF + i * 0x1000u, room, DESC_F_WRITE, 0);
	rig_offer(&r, 0, i);
	rig_kick(&r, 0);
}

static void send_packet(const struct vsock_header *h, uint32_t data)
{
	memcpy(rig_ptr(&r, SEND), h, sizeof(*h));
	rig_desc(&r, r.q[1].desc, 0, SEND, (uint32_t)sizeof(*h) + data, 0, 0);
	rig_offer(&r, 1, 0);
	rig_kick(&r, 1);
	while (rig_used(&r, 1, NULL, NULL))
		;
}

static void any_packet(struct input *in)
{
	uint8_t lie = (uint8_t)take(in, 1), ports = (uint8_t)take(in, 1);
	struct vsock_header h = {
		CID, VSOCK_HOST_CID, ports & 3, ports & 4 ? 7 : 0x40000001 + (ports >> 5), 0, VSOCK_STREAM,
		(uint16_t)take(in, 1) % 9, ports >> 3, (uint32_t)take(in, 2), (uint32_t)take(in, 2),
	};
	uint32_t data = (uint32_t)take(in, 2);

	h.len = lie & 1 ? (uint32_t)take(in, 4) : data;
	if (lie & 2)
		h.type = (uint16_t)take(in, 2);
	if (lie & 4)
		h.src_cid = take(in, 8);
	if (lie & 8)
		h.fwd_cnt = (uint32_t)take(in, 4);
	send_packet(&h, data);
}

static void host_acts(struct input *in)
{
	static const char *const lines[] = { "CONNECT 1\n", "CONNECT 2\nmore", "CONN", "ECT 3\n", "nonsense", "\n" };
	uint8_t what = (uint8_t)take(in, 1);
	int *fd = &host[what & 3];
	char buf[4096];

	if (*fd < 0) {
		*fd = what & 4 ? accept4(listener, NULL, NULL, SOCK_NONBLOCK) : socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (*fd >= 0 && !(what & 4))
			connect(*fd, (struct sockaddr *)&address, sizeof(address));
		return;
	}
	switch (what >> 3 & 3) {
	case 0:
		close(*fd);
		*fd = -1;
		break;
	case 1:
		(void)!recv(*fd, buf, sizeof(buf), MSG_DONTWAIT);
		break;
	default:
		send(*fd, lines[(what >> 5) % 6], strlen(lines[(what >> 5) % 6]), MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

static void start(void)
{
	rig_start(&r, 3, SIZE);
	rx = 0;
}

static void set_up(void)
{
	static char dir[] = "/tmp/cella-fuzz-XXXXXX";

	assert_non_null(mkdtemp(dir));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/v", dir);
	snprintf(service.sun_path, sizeof(service.sun_path), "%s/v_7", dir);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&service, sizeof(service)), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(vsock_unix_open(&loop, CID, address.sun_path, &b), 0);
	rig_open(&r);
	rig_plug(&r, &virtio_vsock_class, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vsock_header request = { CID, VSOCK_HOST_CID, 9, 7, 0, VSOCK_STREAM, VSOCK_REQUEST, 0, 100, 0 };
	struct input in = { data, size };
	int fd;

	if (!b)
		set_up();
	start();
	while (in.left) {
		uint8_t op = (uint8_t)take(&in, 1);

		if (op < 110)
			any_packet(&in);
		else if (op < 170)
			host_acts(&in);
		else if (op < 220)
			give_buffer(op & 1 ? (uint32_t)take(&in, 1) : 4096);
		else if (op < 250)
			settle();
		else
			start();
	}
	wr(&r, R_STATUS, 0);
	settle();
	for (unsigned i = 0; i < 4; i++)
		if (host[i] >= 0)
			close(host[i]);
	for (unsigned i = 0; i < 4; i++)
		host[i] = -1;
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		close(fd);
	start();
	give_buffer(4096);
	send_packet(&request, 0);
	assert_true(rig_used(&r, 0, NULL, NULL));
	assert_int_equal(((struct vsock_header *)rig_ptr(&r, BUF))->op, VSOCK_RESPONSE);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	close(fd);
	wr(&r, R_STATUS, 0);
	settle();
	return 0;
}
