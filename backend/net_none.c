/* SPDX-License-Identifier: BSD-2-Clause */
/* A network without anybody else, and what all network back-ends share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "backend/net.h"

static int none_attach(struct net_backend *b, struct net_client *c)
{
	return 0;
}

static void none_send(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs)
{
}

static size_t none_recv(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs)
{
	return 0;
}

static void none_ready(struct net_backend *b, unsigned pair)
{
}

static void none_destroy(struct net_backend *b)
{
	free(b);
}

static const struct net_ops none_ops = {
	.attach = none_attach,
	.send = none_send,
	.recv = none_recv,
	.ready = none_ready,
	.destroy = none_destroy,
};

int net_none_open(const uint8_t mac[6], struct net_backend **out)
{
	struct net_backend *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->ops = &none_ops;
	b->mtu = 1500;
	memcpy(b->mac, mac, sizeof(b->mac));
	*out = b;
	return 0;
}

void net_close(struct net_backend *b)
{
	if (b)
		b->ops->destroy(b);
}
