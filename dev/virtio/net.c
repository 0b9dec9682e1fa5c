/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio network device (virtio 1.2 §5.1) over core/net.h: queue 0 receives, queue 1 transmits. No offloads, so that
 * a frame is at most the MTU and an Ethernet header, and the virtio_net_hdr before it is all zero but num_buffers.
 *
 * The back-end's send may call receive at once (user networking answers ARP by itself): that takes the receive queue's
 * lock inside the transmit queue's, never the other way round.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/net.h"
#include "dev/virtio/devices.h"
#include "dev/virtio/virtio.h"

#define NET_QUEUE_SIZE	256u
#define NET_SPANS	(NET_QUEUE_SIZE + 8)
#define NET_BATCH	64u		/* frames before others get their turn */
#define ETH_HEADER	14u
#define ETH_VLAN	4u
#define MTU_DEFAULT	1500u

enum { NET_RX, NET_TX };
enum { NET_F_MTU = 3, NET_F_MAC = 5, NET_F_STATUS = 16 };

struct net_hdr {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

struct net_config {
	uint8_t mac[6];
	uint16_t status, max_virtqueue_pairs, mtu;
};

struct virtio_net {
	struct virtio_dev vd;
	struct net_backend *backend;
	struct net_client client;
	struct net_config config;
	struct mem_span spans[2][NET_SPANS];
	struct block_vec vecs[NET_SPANS];
};

/* Chain too short for this frame: the frame is lost, the buffer isn't. */
static bool net_receive(struct net_client *client, const void *frame, size_t len)
{
	struct virtio_net *net = container_of(client, struct virtio_net, client);
	struct virtqueue *q = &net->vd.queue[NET_RX];
	struct vring_chain c = { .span = net->spans[NET_RX], .capacity = NET_SPANS };
	const struct net_hdr hdr = { .num_buffers = 1 };
	bool got;

	if (!virtqueue_begin(q))
		return false;
	got = virtqueue_pop(q, &c);
	if (got && len <= c.writable - MIN(c.writable, sizeof(hdr))) {
		vring_chain_write(&c, 0, &hdr, sizeof(hdr));
		vring_chain_write(&c, sizeof(hdr), frame, len);
		vring_push(&q->ring, &c, (uint32_t)(sizeof(hdr) + len));
	} else if (got) {
		vring_unpop(&q->ring, &c);
	} else {
		virtqueue_listen(q);
	}
	virtqueue_end(q);
	return got;
}

static void net_send(struct virtio_net *net, const struct vring_chain *c)
{
	size_t skip = sizeof(struct net_hdr);
	uint32_t vecs = 0;

	if (c->readable < skip + ETH_HEADER || c->readable > skip + ETH_HEADER + ETH_VLAN + net->config.mtu)
		return;
	for (uint32_t i = 0; i < c->reads; i++) {
		const struct mem_span *s = &c->span[i];

		if (skip < s->len)
			net->vecs[vecs++] = (struct block_vec){ (uint8_t *)s->ptr + skip, s->len - skip };
		skip -= MIN(skip, s->len);
	}
	net->backend->ops->send(net->backend, net->vecs, vecs);
}

static void net_transmit(struct virtio_net *net, struct virtqueue *q)
{
	struct vring_chain c = { .span = net->spans[NET_TX], .capacity = NET_SPANS };

	if (!virtqueue_begin(q))
		return;
	vring_quiet(&q->ring);
	for (uint32_t i = 0; i < NET_BATCH && virtqueue_pop(q, &c); i++) {
		net_send(net, &c);
		vring_push(&q->ring, &c, 0);
	}
	virtqueue_listen(q);
	virtqueue_end(q);
}

static void net_kick(struct virtqueue *q)
{
	struct virtio_net *net = container_of(q->vd, struct virtio_net, vd);

	if (q->index == NET_TX)
		net_transmit(net, q);
	else
		net->backend->ops->ready(net->backend);
}

static const struct virtio_ops net_ops = {
	.id = 1,
	.kick = net_kick,
};

static int net_init(struct device *d, struct arena *a)
{
	struct virtio_net *net = container_of(d, struct virtio_net, vd.dev);
	int err;

	if (!net->backend)
		return -EINVAL;
	memcpy(net->config.mac, net->backend->mac, sizeof(net->config.mac));
	net->config.status = 1;		/* link up */
	net->config.max_virtqueue_pairs = 1;
	net->config.mtu = net->backend->mtu ? net->backend->mtu : MTU_DEFAULT;
	net->client = (struct net_client){ .receive = net_receive, .workq = d->workq };
	err = virtio_init(&net->vd, &net_ops, 2, NET_QUEUE_SIZE, BIT(NET_F_MAC) | BIT(NET_F_STATUS) | BIT(NET_F_MTU),
			  &net->config, sizeof(net->config));
	return err ? err : net->backend->ops->attach(net->backend, &net->client);
}

static const struct prop net_props[] = {
	VIRTIO_PROPS(struct virtio_net),
	PROP(struct virtio_net, backend, PROP_PTR, 0, 0, 0),
	PROP_END
};

const struct dev_class virtio_net_class = {
	.name = "virtio-net",
	.size = sizeof(struct virtio_net),
	.version = 1,
	.props = net_props,
	.init = net_init,
	.destroy = virtio_destroy,
	.reset = virtio_dev_reset,
	.quiesce = virtio_quiesce,
	.resume = virtio_resume,
};
