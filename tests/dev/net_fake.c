/* SPDX-License-Identifier: BSD-2-Clause */
/* See net_fake.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/net_fake.h"

static struct net_fake *to_fake(struct net_backend *b)
{
	return container_of(b, struct net_fake, b);
}

static int net_attach(struct net_backend *b, struct net_client *c)
{
	to_fake(b)->client = c;
	return 0;
}

void net_fake_queue(struct net_fake *f, const void *frame, size_t len)
{
	assert_true(f->in_count < ARRAY_SIZE(f->in));
	memcpy(f->in[f->in_count], frame, len);
	f->in_len[f->in_count++] = len;
}

static void net_send(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs)
{
	struct net_fake *f = to_fake(b);

	f->sent++;
	f->last_pair = pair;
	f->frame_len = 0;
	assert_int_equal(vec[0].len, sizeof(f->hdr));
	memcpy(&f->hdr, vec[0].base, sizeof(f->hdr));
	for (uint32_t i = 1; i < vecs; i++) {
		memcpy(f->frame + f->frame_len, vec[i].base, vec[i].len);
		f->frame_len += vec[i].len;
	}
	if (f->echo)
		net_fake_queue(f, f->frame, f->frame_len);
}

static void net_sent(struct net_backend *b, unsigned pair)
{
	struct net_fake *f = to_fake(b);

	f->batches++;
	if (f->in_count)
		f->client->readable(f->client, pair);
}

static size_t net_recv(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs)
{
	struct net_fake *f = to_fake(b);
	struct net_hdr hdr = f->in_hdr;
	size_t at = 0;

	hdr.num_buffers = 77;			/* the device's affair */
	if (!f->in_count)
		return 0;
	assert_int_equal(vec[0].len, sizeof(hdr));
	memcpy(vec[0].base, &hdr, sizeof(hdr));
	for (uint32_t i = 1; i < vecs && at < f->in_len[0]; i++) {
		size_t n = MIN(vec[i].len, f->in_len[0] - at);

		memcpy(vec[i].base, f->in[0] + at, n);
		at += n;
	}
	f->lost += at < f->in_len[0];
	f->in_count--;
	memmove(f->in[0], f->in[1], f->in_count * sizeof(f->in[0]));
	memmove(f->in_len, f->in_len + 1, f->in_count * sizeof(f->in_len[0]));
	return sizeof(hdr) + at;
}

static void net_ready(struct net_backend *b, unsigned pair)
{
	to_fake(b)->readies++;
}

static void net_set_offloads(struct net_backend *b, unsigned offloads)
{
	struct net_fake *f = to_fake(b);

	f->offloads = offloads;
	if (f->told)
		f->told(f);
}

static int net_set_pairs(struct net_backend *b, unsigned pairs)
{
	to_fake(b)->pairs = pairs;
	return to_fake(b)->pairs_err;
}

static const struct net_ops net_ops = {
	.attach = net_attach, .send = net_send, .sent = net_sent, .recv = net_recv, .ready = net_ready,
	.set_offloads = net_set_offloads, .set_pairs = net_set_pairs,
};

bool net_fake_receive(struct net_fake *f, const void *frame, size_t len)
{
	bool taken;

	net_fake_queue(f, frame, len);
	f->client->readable(f->client, 0);
	taken = !f->in_count;
	f->in_count = 0;
	return taken;
}

void net_fake_init(struct net_fake *f)
{
	const unsigned all = NET_CSUM | NET_TSO4 | NET_TSO6 | NET_ECN;

	f->b = (struct net_backend){
		.ops = &net_ops, .mac = { 0x52, 0x54, 0, 1, 2, 3 }, .pairs = 2, .tx_offloads = all, .rx_offloads = all,
		.speed = 10000,
	};
}
