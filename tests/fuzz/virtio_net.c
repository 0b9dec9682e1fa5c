/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver of a network device that sends any frames with any headers and any control commands, gives any receive
 * buffers, and takes any features; the network sends frames of any length. Whatever happened, after a reset a frame
 * passes either way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/net_fake.h"
#include "tests/dev/virtio_rig.h"
#include "tests/fuzz/input.h"

#define SIZE	16u
#define DATA	(RIG_RAM + 0x100000)
#define PAIRS	2u
#define QUEUES	(2 * PAIRS + 1)

static void header(struct rig *r, gpa_t at, struct input *in)
{
	const struct net_hdr h = {
		.flags = (uint8_t)take(in, 1) & 3, .gso_type = (uint8_t)take(in, 1) & 0x85, .gso_size = (uint16_t)take(in, 2),
		.csum_start = (uint16_t)take(in, 1), .csum_offset = (uint16_t)take(in, 1),
	};

	memcpy(rig_ptr(r, at), &h, sizeof(h));
}

static void command(struct rig *r, gpa_t at, struct input *in)
{
	uint8_t *p = rig_ptr(r, at);

	p[0] = (uint8_t)take(in, 1) % 7;
	p[1] = (uint8_t)take(in, 1) % 7;
	for (unsigned i = 2; i < 34; i++)
		p[i] = (uint8_t)take(in, 1);
}

static void step(struct rig *r, struct net_fake *net, struct input *in)
{
	uint8_t op = (uint8_t)take(in, 1);
	unsigned q = take(in, 1) % QUEUES, d, n;
	uint64_t v;

	switch (op % 8) {
	case 0: case 1: case 2:			/* a chain of up to four pieces */
		d = take(in, 1) % SIZE;
		n = op % 4 + 1u;
		for (unsigned i = 0; i < n; i++) {
			v = take(in, 3);
			rig_desc(r, r->q[q].desc, (d + i) % SIZE, DATA + 0x10000 * (v & 7) + (v >> 20), v >> 3 & 0x1ffff,
				 (uint16_t)((i + 1 < n ? DESC_F_NEXT : 0) | (v >> 23 & 1 ? DESC_F_WRITE : 0)),
				 (uint16_t)((d + i + 1) % SIZE));
		}
		rig_offer(r, q, (uint16_t)d);
		break;
	case 3:
		header(r, DATA + 0x10000 * (take(in, 1) & 7), in);
		break;
	case 4:
		command(r, DATA + 0x10000 * (take(in, 1) & 7), in);
		break;
	case 5: case 6:
		rig_kick(r, q);
		break;
	case 7:
		v = take(in, 2);
		if (net->in_count < 8)
			net_fake_queue(net, rig_ptr(r, DATA), v % 65551);
		net->client->readable(net->client, op >> 3 & 1);
		break;
	}
}

static void frame_passes(struct rig *r, struct net_fake *net)
{
	r->features = 0;
	rig_start(r, 2, SIZE);
	memset(rig_ptr(r, DATA), 0xff, 100);
	net->in_count = 0;
	rig_desc(r, r->q[1].desc, 0, DATA, 100, 0, 0);
	rig_offer(r, 1, 0);
	rig_kick(r, 1);
	assert_true(rig_used(r, 1, NULL, NULL));
	assert_int_equal(net->frame_len, 88);
	rig_desc(r, r->q[0].desc, 0, DATA, 2000, DESC_F_WRITE, 0);
	rig_offer(r, 0, 0);
	assert_true(net_fake_receive(net, net->frame, 88));
	assert_true(rig_used(r, 0, NULL, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig r;
	static struct net_fake net;
	struct input in = { data, size };

	if (!r.ram) {
		net_fake_init(&net);
		rig_open(&r);
		rig_device(&r, &virtio_net_class, &net.b);
		assert_int_equal(device_set(r.dev, "queues", PAIRS), 0);
		rig_plug_device(&r);
	}
	r.features = take(&in, 4) | take(&in, 1) << 32;
	r.features &= rig_offered(&r);
	rig_negotiate(&r);
	if (!(rd(&r, R_STATUS) & S_FEATURES_OK))
		r.features &= F_INDIRECT | F_EVENT_IDX | F_PACKED | F_IN_ORDER | 1 << 15;
	rig_start(&r, QUEUES, SIZE);
	while (in.left)
		step(&r, &net, &in);
	wr(&r, R_STATUS, 0);
	rig_pump(&r);
	frame_passes(&r, &net);
	wr(&r, R_STATUS, 0);
	rig_pump(&r);
	return 0;
}
