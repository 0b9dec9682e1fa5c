/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio network device (virtio 1.2 §5.1) over core/net.h: the path of frames.
 *
 * Receiving. A frame goes from the back-end straight into the guest's buffers. How long it will be is not known before,
 * so that room is made for what frames took lately; behind it a buffer of our own takes the rest of a longer one, for
 * which more of the guest's are then used (MRG_RXBUF), or which is lost. Buffers that were not needed go back into the
 * ring. Sending hands the guest's buffers over, but for the header, which is copied before it is looked at.
 *
 * A batch is bounded, is shown to the driver as a whole, and raises one interrupt.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/vm.h"
#include "dev/virtio/net.h"

#define NET_BATCH	64u		/* frames before others get their turn */
#define ETH_HEADER	14u
#define ETH_VLAN	4u
#define MTU_DEFAULT	1500u
#define FULL_DUPLEX	1u

/* --- to the guest --- */

static uint32_t header_len(const struct virtio_net *net)
{
	bool with_buffers = virtio_has(&net->vd, VIRTIO_F_VERSION_1) || virtio_has(&net->vd, NET_F_MRG_RXBUF);

	return with_buffers ? sizeof(struct net_hdr) : offsetof(struct net_hdr, num_buffers);
}

struct room {				/* what has been popped for one frame */
	uint32_t chains, spans, vecs;
	size_t bytes;			/* for the header's place and the frame */
};

/* False: no buffer left. */
static bool room_grow(struct virtqueue *q, struct net_rx *rx, struct room *room)
{
	struct vring_chain *c = &rx->chain[room->chains];

	*c = (struct vring_chain){ .span = rx->spans + room->spans, .capacity = NET_SPANS };
	if (!virtqueue_pop(q, c))
		return false;
	room->chains++;
	room->spans += c->reads + c->writes;
	room->bytes += c->writable;
	return true;
}

static bool room_can_grow(const struct virtio_net *net, const struct room *room)
{
	return virtio_has(&net->vd, NET_F_MRG_RXBUF) && room->chains < NET_CHAINS && room->spans < NET_CHAINS;
}

/* The buffers stay the driver's; a frame that is not for it may be in them. */
static void room_drop(struct virtqueue *q, struct net_rx *rx, struct room *room, bool wrote)
{
	while (room->chains) {
		struct vring_chain *c = &rx->chain[--room->chains];

		if (wrote)
			vring_chain_put(q->ring.mem, c, c->writable);
		vring_unpop(&q->ring, c);
	}
}

/* The header's place is left out: it is written when all is known. */
static void room_vecs(struct net_rx *rx, struct room *room, struct net_hdr *hdr, size_t skip)
{
	rx->vecs[0] = (struct block_vec){ hdr, sizeof(*hdr) };
	room->vecs = 1;
	for (uint32_t i = 0; i < room->chains; i++) {
		const struct vring_chain *c = &rx->chain[i];

		for (uint32_t k = c->reads; k < c->reads + c->writes; k++) {
			size_t part = MIN(skip, c->span[k].len);

			skip -= part;
			if (c->span[k].len > part)
				rx->vecs[room->vecs++] = (struct block_vec){ (uint8_t *)c->span[k].ptr + part,
									     c->span[k].len - part };
		}
	}
	rx->vecs[room->vecs++] = (struct block_vec){ rx->rest, sizeof(rx->rest) };
}

/* Copies n bytes of `rest` to the frame's place `at` of chains first and on. */
static void room_append(struct net_rx *rx, const struct room *room, size_t at, size_t n)
{
	const uint8_t *from = rx->rest;

	for (uint32_t i = 0; n && i < room->chains; i++) {
		const struct vring_chain *c = &rx->chain[i];
		size_t done;

		if (at >= c->writable) {
			at -= c->writable;
			continue;
		}
		done = vring_chain_write(c, at, from, n);
		from += done;
		n -= done;
		at = 0;
	}
}

/* `len` bytes with the header's place. Chains that it doesn't reach go back. */
static void room_push(struct virtio_net *net, struct virtqueue *q, struct net_rx *rx, struct room *room,
		      struct net_hdr *hdr, size_t len)
{
	uint32_t used = 0, hdr_len = header_len(net);

	for (size_t sum = 0; sum < len; used++)
		sum += rx->chain[used].writable;
	while (room->chains > used)
		vring_unpop(&q->ring, &rx->chain[--room->chains]);
	hdr->num_buffers = (uint16_t)used;
	for (uint32_t i = 0; i < used; i++) {
		struct vring_chain *c = &rx->chain[i];
		uint32_t part = (uint32_t)MIN(len, (size_t)c->writable);

		if (!i)
			vring_chain_write(c, 0, hdr, hdr_len);
		vring_push(&q->ring, c, part);
		len -= part;
	}
}

/* The first bytes of the frame, from wherever they landed. */
static size_t frame_head(const struct net_rx *rx, const struct room *room, size_t len, uint8_t *head, size_t n)
{
	size_t done = 0;

	n = MIN(n, len);
	for (uint32_t i = 1; i < room->vecs && done < n; i++) {
		size_t part = MIN(n - done, rx->vecs[i].len);

		memcpy(head + done, rx->vecs[i].base, part);
		done += part;
	}
	return done;
}

enum fetched { FETCHED, FETCH_EMPTY, FETCH_NO_BUFFER };

static enum fetched net_fetch(struct virtio_net *net, struct virtqueue *q, unsigned pair)
{
	struct net_rx *rx = net->rx[pair];
	uint32_t hdr_len = header_len(net);
	struct net_hdr hdr = { 0 };
	struct room room = { 0 };
	uint8_t head[ETH_HEADER + ETH_VLAN];
	size_t got, len;

	if (!room_grow(q, rx, &room))
		return FETCH_NO_BUFFER;
	while (room.bytes < rx->want && room_can_grow(net, &room) && room_grow(q, rx, &room))
		;
	if (q->ring.why)
		return FETCH_NO_BUFFER;
	room_vecs(rx, &room, &hdr, hdr_len);
	got = net->backend->ops->recv(net->backend, pair, rx->vecs, room.vecs);
	if (got <= sizeof(hdr)) {
		room_drop(q, rx, &room, false);
		return got ? FETCHED : FETCH_EMPTY;
	}
	if (!virtio_has(&net->vd, NET_F_GUEST_CSUM))		/* a tap tells of good checksums unasked */
		hdr.flags = 0;
	len = got - sizeof(hdr) + hdr_len;
	rx->want = (uint32_t)(len > rx->want ? len : rx->want - (rx->want - len) / 16);
	if (!net_wanted(net, head, frame_head(rx, &room, got - sizeof(hdr), head, sizeof(head)))) {
		room_drop(q, rx, &room, true);
		return FETCHED;
	}
	if (len > room.bytes) {
		size_t at = MAX(room.bytes, (size_t)hdr_len), rest = len - at;

		while (room.bytes < len && room_can_grow(net, &room) && room_grow(q, rx, &room))
			;
		if (q->ring.why)
			return FETCH_NO_BUFFER;
		if (len > room.bytes) {			/* the frame is lost, the buffers aren't */
			room_drop(q, rx, &room, true);
			return FETCHED;
		}
		room_append(rx, &room, at, rest);
	}
	room_push(net, q, rx, &room, &hdr, len);
	return FETCHED;
}

static bool net_readable(struct net_client *client, unsigned pair)
{
	struct virtio_net *net = container_of(client, struct virtio_net, client);
	struct virtqueue *q = &net->vd.queue[2 * pair];
	enum fetched what = FETCHED;

	if (!virtqueue_begin(q))
		return false;
	if (q->index >= net_ctrl_index(net)) {
		virtqueue_end(q);
		return false;
	}
	vring_quiet(&q->ring);
	for (uint32_t i = 0; i < NET_BATCH && what == FETCHED; i++)
		what = net_fetch(net, q, pair);
	if (what == FETCH_NO_BUFFER)
		virtqueue_listen(q);
	virtqueue_end(q);
	return what != FETCH_NO_BUFFER;
}

/* --- from the guest --- */

/* A header may only ask for what was agreed on. */
static bool header_allowed(const struct virtio_net *net, const struct net_hdr *h, size_t frame)
{
	uint8_t gso = h->gso_type & ~NET_GSO_ECN;

	if (h->flags & NET_HDR_NEEDS_CSUM && (uint32_t)h->csum_start + h->csum_offset + 2u > frame)
		return false;
	if (h->gso_type == NET_GSO_NONE)
		return frame <= (size_t)ETH_HEADER + ETH_VLAN + net->config.mtu;
	if (h->gso_type & NET_GSO_ECN && !virtio_has(&net->vd, NET_F_HOST_ECN))
		return false;
	if (!h->gso_size || !(h->flags & NET_HDR_NEEDS_CSUM) || frame > NET_FRAME_MAX)
		return false;
	return (gso == NET_GSO_TCPV4 && virtio_has(&net->vd, NET_F_HOST_TSO4)) ||
	       (gso == NET_GSO_TCPV6 && virtio_has(&net->vd, NET_F_HOST_TSO6));
}

static void net_send(struct virtio_net *net, unsigned pair, const struct vring_chain *c)
{
	struct block_vec *vecs = net->tx[pair]->vecs;
	size_t hdr_len = header_len(net), skip = hdr_len;
	struct net_hdr hdr = { 0 };
	uint32_t n = 1;

	if (c->readable < hdr_len + ETH_HEADER)
		return;
	if (virtio_has(&net->vd, NET_F_CSUM))		/* else it says nothing */
		vring_chain_read(c, 0, &hdr, hdr_len);
	hdr.flags &= NET_HDR_NEEDS_CSUM;
	hdr.num_buffers = 0;
	if (!header_allowed(net, &hdr, c->readable - hdr_len))
		return;
	vecs[0] = (struct block_vec){ &hdr, sizeof(hdr) };
	for (uint32_t i = 0; i < c->reads; i++) {
		const struct mem_span *s = &c->span[i];

		if (skip < s->len)
			vecs[n++] = (struct block_vec){ (uint8_t *)s->ptr + skip, s->len - skip };
		skip -= MIN(skip, s->len);
	}
	net->backend->ops->send(net->backend, pair, vecs, n);
}

static void net_transmit(struct virtio_net *net, struct virtqueue *q, unsigned pair)
{
	struct vring_chain c = { .span = net->tx[pair]->spans, .capacity = NET_SPANS };
	uint32_t n = 0;

	if (!virtqueue_begin(q))
		return;
	vring_quiet(&q->ring);
	for (; n < NET_BATCH && virtqueue_pop(q, &c); n++) {
		net_send(net, pair, &c);
		vring_push(&q->ring, &c, 0);
	}
	virtqueue_listen(q);
	virtqueue_end(q);
	if (n && net->backend->ops->sent)
		net->backend->ops->sent(net->backend, pair);
}

static void net_kick(struct virtqueue *q)
{
	struct virtio_net *net = to_net(q->vd);

	if (q->index == net_ctrl_index(net))
		net_ctrl_kick(net, q);
	else if (q->index >= 2 * net->queues)
		return;
	else if (q->index & 1)
		net_transmit(net, q, q->index / 2);
	else
		net->backend->ops->ready(net->backend, q->index / 2);
}

/* --- life --- */

unsigned net_guest_offloads(uint64_t f)
{
	return (f & BIT(NET_F_GUEST_CSUM) ? NET_CSUM : 0) | (f & BIT(NET_F_GUEST_TSO4) ? NET_TSO4 : 0) |
	       (f & BIT(NET_F_GUEST_TSO6) ? NET_TSO6 : 0) | (f & BIT(NET_F_GUEST_ECN) ? NET_ECN : 0);
}

/* §5.1.3.1 */
static bool net_features_ok(const struct virtio_dev *vd, uint64_t f)
{
	static const struct { uint8_t feature, needs; } rules[] = {
		{ NET_F_GUEST_TSO4, NET_F_GUEST_CSUM }, { NET_F_GUEST_TSO6, NET_F_GUEST_CSUM },
		{ NET_F_HOST_TSO4, NET_F_CSUM }, { NET_F_HOST_TSO6, NET_F_CSUM },
		{ NET_F_CTRL_RX, NET_F_CTRL_VQ }, { NET_F_CTRL_VLAN, NET_F_CTRL_VQ }, { NET_F_CTRL_RX_EXTRA, NET_F_CTRL_VQ },
		{ NET_F_GUEST_ANNOUNCE, NET_F_CTRL_VQ }, { NET_F_MQ, NET_F_CTRL_VQ }, { NET_F_CTRL_MAC_ADDR, NET_F_CTRL_VQ },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++)
		if (f >> rules[i].feature & 1 && !(f >> rules[i].needs & 1))
			return false;
	if (f & BIT(NET_F_GUEST_ECN) && !(f & (BIT(NET_F_GUEST_TSO4) | BIT(NET_F_GUEST_TSO6))))
		return false;
	return !(f & BIT(NET_F_HOST_ECN)) || f & (BIT(NET_F_HOST_TSO4) | BIT(NET_F_HOST_TSO6));
}

static void net_begin(struct virtio_dev *vd)
{
	struct net_backend *b = to_net(vd)->backend;

	if (b->ops->set_pairs)
		b->ops->set_pairs(b, 1);
	if (b->ops->set_offloads)
		b->ops->set_offloads(b, net_guest_offloads(vd->features));
}

static void net_reset(struct virtio_dev *vd)
{
	struct virtio_net *net = to_net(vd);

	memcpy(net->config.mac, net->backend->mac, sizeof(net->config.mac));
	net->config.status = NET_S_LINK_UP;
	net_filter_reset(net);
}

/* A legacy driver that has no command for it writes its address here, byte by byte (§5.1.4.1). */
static void net_config_write(struct virtio_dev *vd, uint32_t offset, unsigned size, uint64_t val)
{
	struct virtio_net *net = to_net(vd);

	lock_acquire(&vd->dev.lock);
	for (unsigned i = 0; i < size && vd->legacy && !virtio_has(vd, NET_F_CTRL_MAC_ADDR); i++)
		if (offset + i < sizeof(net->config.mac))
			net->config.mac[offset + i] = (uint8_t)(val >> 8 * i);
	lock_release(&vd->dev.lock);
}

static bool net_outside(const struct virtqueue *q)
{
	const struct virtio_net *net = to_net(q->vd);

	return q->index < 2 * net->queues && q->index != net_ctrl_index(net);
}

static const struct virtio_ops net_ops = {
	.id = 1,
	.kick = net_kick,
	.outside = net_outside,
	.begin = net_begin,
	.reset = net_reset,
	.config_write = net_config_write,
	.features_ok = net_features_ok,
};

static uint64_t net_features(const struct virtio_net *net)
{
	unsigned tx = net->backend->tx_offloads, rx = net->backend->rx_offloads;
	uint64_t f = BIT(NET_F_MAC) | BIT(NET_F_STATUS) | BIT(NET_F_MTU) | BIT(NET_F_MRG_RXBUF) | BIT(NET_F_CTRL_VQ) |
		     BIT(NET_F_CTRL_RX) | BIT(NET_F_CTRL_VLAN) | BIT(NET_F_CTRL_RX_EXTRA) | BIT(NET_F_CTRL_MAC_ADDR) |
		     BIT(NET_F_GUEST_ANNOUNCE) | BIT(VIRTIO_F_IN_ORDER);

	f |= (tx & NET_CSUM ? BIT(NET_F_CSUM) : 0) | (tx & NET_TSO4 ? BIT(NET_F_HOST_TSO4) : 0) |
	     (tx & NET_TSO6 ? BIT(NET_F_HOST_TSO6) : 0) | (tx & NET_ECN ? BIT(NET_F_HOST_ECN) : 0);
	f |= (rx & NET_CSUM ? BIT(NET_F_GUEST_CSUM) : 0) | (rx & NET_TSO4 ? BIT(NET_F_GUEST_TSO4) : 0) |
	     (rx & NET_TSO6 ? BIT(NET_F_GUEST_TSO6) : 0) | (rx & NET_ECN ? BIT(NET_F_GUEST_ECN) : 0);
	if (rx && net->backend->ops->set_offloads)
		f |= BIT(NET_F_CTRL_GUEST_OFFLOADS);
	if (net->queues > 1)
		f |= BIT(NET_F_MQ);
	if (net->backend->speed)
		f |= BIT(NET_F_SPEED_DUPLEX);
	if (net->backend->vhost)		/* which lets all frames pass */
		f &= ~(BIT(NET_F_CTRL_RX) | BIT(NET_F_CTRL_VLAN) | BIT(NET_F_CTRL_RX_EXTRA) |
		       (BIT(NET_F_MRG_RXBUF) & ~net->backend->vhost->features));
	return f;
}

static int net_pairs_init(struct virtio_net *net, struct arena *a)
{
	for (uint32_t i = 0; i < net->queues; i++) {
		net->rx[i] = arena_alloc(a, sizeof(*net->rx[i]));
		net->tx[i] = arena_alloc(a, sizeof(*net->tx[i]));
		if (!net->rx[i] || !net->tx[i])
			return -ENOMEM;
		net->client.workq[i] = virtio_workq(&net->vd, i);
		virtqueue_set_workq(&net->vd.queue[2 * i], net->client.workq[i]);
		virtqueue_set_workq(&net->vd.queue[2 * i + 1], net->client.workq[i]);
	}
	/* The control queue is in one of two places; with one pair they are the same. */
	virtqueue_set_workq(&net->vd.queue[2 * net->queues], net->client.workq[0]);
	return 0;
}

static int net_init(struct device *d, struct arena *a)
{
	struct virtio_net *net = to_net(container_of(d, struct virtio_dev, dev));
	int err;

	if (!net->backend || net->queues > MAX(net->backend->pairs, 1u))
		return -EINVAL;
	memcpy(net->config.mac, net->backend->mac, sizeof(net->config.mac));
	net->config.status = NET_S_LINK_UP;
	net->config.max_virtqueue_pairs = (uint16_t)net->queues;
	net->config.mtu = net->backend->mtu ? net->backend->mtu : MTU_DEFAULT;
	net->config.speed = net->backend->speed;
	net->config.duplex = FULL_DUPLEX;
	net->vd.vhost = net->backend->vhost;
	err = virtio_init(&net->vd, &net_ops, 2 * net->queues + 1, NET_QUEUE_SIZE, net_features(net), &net->config,
			  NET_CONFIG_SIZE);
	if (!err)
		err = net_pairs_init(net, a);
	if (err)
		return err;
	net_filter_reset(net);
	net->client.readable = net_readable;
	net->client.pairs = net->queues;
	return net->backend->ops->attach(net->backend, &net->client);
}

/* The guest may be somewhere else on its network by now. */
static void net_resume(struct device *d)
{
	struct virtio_net *net = to_net(container_of(d, struct virtio_dev, dev));
	uint16_t status = NET_S_LINK_UP | NET_S_ANNOUNCE;

	virtio_resume(d);
	if (virtio_status_get(&net->vd) & VIRTIO_STATUS_DRIVER_OK && virtio_has(&net->vd, NET_F_GUEST_ANNOUNCE))
		virtio_config_set(&net->vd, offsetof(struct net_config, status), &status, sizeof(status));
}

static const struct prop net_props[] = {
	VIRTIO_PROPS(struct virtio_net),
	PROP(struct virtio_net, backend, PROP_PTR, 0, 0, 0),
	PROP(struct virtio_net, queues, PROP_U32, 1, 1, NET_MAX_PAIRS),
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
	.resume = net_resume,
};
