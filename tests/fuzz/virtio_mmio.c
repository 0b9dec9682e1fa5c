/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any accesses to the registers of each device in turn, with whatever lies in memory as rings. The device must stay
 * alive: a reset brings the status to 0, and then it can be started again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/chardev.h"
#include "core/entropy.h"
#include "core/net.h"
#include "tests/dev/virtio_rig.h"
#include "tests/fuzz/input.h"

static struct chardev_client *con_client;
static struct net_client *net_client;

static int net_attach(struct net_backend *b, struct net_client *c)
{
	net_client = c;
	return 0;
}

static unsigned net_frames;

static void net_send(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs)
{
	net_frames += 3;
	net_client->readable(net_client, pair);
}

/* Frames of many lengths, up to the longest. */
static size_t net_recv(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs)
{
	size_t len = 20 + net_frames * 2999 % 65000, at = 0;

	if (!net_frames)
		return 0;
	net_frames--;
	for (uint32_t i = 0; i < vecs && at < len; i++) {
		size_t n = MIN(vec[i].len, len - at);

		memset(vec[i].base, i ? 0xff : 0, n);
		at += n;
	}
	return at;
}

static void net_ready(struct net_backend *b, unsigned pair)
{
	net_client->readable(net_client, pair);
}

static int net_set_pairs(struct net_backend *b, unsigned pairs)
{
	return 0;
}

static void net_set_offloads(struct net_backend *b, unsigned offloads)
{
}

static void con_attach(struct chardev *b, struct chardev_client *c)
{
	con_client = c;
}

static size_t con_write(struct chardev *b, const uint8_t *buf, size_t len)
{
	return len > 100 ? 100 : len;
}

static void con_ready(struct chardev *b)
{
	con_client->input(con_client, (const uint8_t *)"0123456789", 10);
}

static int entropy_fill(struct entropy *e, void *buf, size_t len)
{
	memset(buf, 0x11, len);
	return (int)len;
}

static const struct net_ops net_ops = {
	.attach = net_attach, .send = net_send, .recv = net_recv, .ready = net_ready, .set_pairs = net_set_pairs,
	.set_offloads = net_set_offloads,
};
static const struct chardev_ops con_ops = { .attach = con_attach, .write = con_write, .ready = con_ready };
static const struct entropy_ops entropy_ops = { .fill = entropy_fill };
static struct net_backend net = { .ops = &net_ops, .pairs = 2, .tx_offloads = 15, .rx_offloads = 15 };
static struct chardev con = { .ops = &con_ops };
static struct entropy entropy = { .ops = &entropy_ops };
static struct mem_disk disk;

#define KINDS	4u

static void set_up(struct rig *r)
{
	static const struct dev_class *const cls[KINDS] = {
		&virtio_blk_class, &virtio_net_class, &virtio_console_class, &virtio_rng_class,
	};
	void *backend[KINDS] = { &disk.b, &net, &con, &entropy };

	mem_disk_init(&disk, 64 * 512);
	for (unsigned i = 0; i < KINDS; i++) {
		rig_open(&r[i]);
		rig_device(&r[i], cls[i], backend[i]);
		if (i == 1)
			assert_int_equal(device_set(r[i].dev, "queues", 2), 0);
		rig_plug_device(&r[i]);
	}
}

/* A value that means something to the register now and then. */
static uint64_t value(struct input *in)
{
	switch (take(in, 1) % 8) {
	case 0:		return take(in, 8);
	case 1:		return 0;
	case 2:		return S_ACK | S_DRIVER | S_FEATURES_OK;
	case 3:		return S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK;
	case 4:		return RIG_RAM + (take(in, 2) << 4);
	case 5:		return 1;
	case 6:		return 1u << take(in, 1) % 10;
	default:	return take(in, 2);
	}
}

static void step(struct rig *r, struct input *in)
{
	static const uint16_t registers[] = {
		R_DRIVER_FEATURES, R_DRIVER_FEATURES_SEL, R_QUEUE_SEL, R_QUEUE_NUM, R_QUEUE_READY, R_QUEUE_NOTIFY, R_ACK, R_STATUS,
		R_QUEUE_RESET, R_DESC, R_DRIVER, R_DEVICE, R_CONFIG,
	};
	uint8_t op = (uint8_t)take(in, 1);
	uint64_t offset = take(in, 1), v;

	if (op < 128) {
		offset = registers[offset % ARRAY_SIZE(registers)];
		rig_write(r, offset, 4, value(in));
	} else if (op < 200) {
		unsigned size = 1u << op % 4;

		offset = offset * 2 % (VIRTIO_MMIO_SIZE - size);
		if (op & 16)
			rig_write(r, offset, size, value(in));
		else
			rig_read(r, offset, size);
	} else if (op < 240) {
		v = take(in, 4);
		*(uint8_t *)rig_ptr(r, RIG_RAM + (v & 0x7ffff)) = (uint8_t)(v >> 24);
	} else {
		rig_pump(r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig rigs[KINDS];
	struct input in = { data, size };
	struct rig *r;

	if (!rigs[0].ram)
		set_up(rigs);
	r = &rigs[take(&in, 1) % KINDS];
	r->features = (uint64_t)(take(&in, 1) & 0xf) << 32 | take(&in, 4);
	r->features &= rig_offered(r);
	rig_negotiate(r);
	if (!(rd(r, R_STATUS) & S_FEATURES_OK))
		r->features = 0;
	rig_start(r, r == &rigs[3] ? 1 : r == &rigs[1] ? 5 : 1 + (r == &rigs[2]), 8);
	while (in.left)
		step(r, &in);
	rig_pump(r);
	wr(r, R_STATUS, 0);
	rig_pump(r);
	assert_int_equal(rd(r, R_STATUS), 0);
	assert_false(r->line);
	r->features = 0;
	rig_start(r, 1, 8);
	assert_int_equal(rd(r, R_STATUS), S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	wr(r, R_STATUS, 0);
	return 0;
}
