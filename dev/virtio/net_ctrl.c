/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network device's control queue (virtio 1.2 §5.1.6.5): which frames the driver wants, its address, offloads, how
 * many pairs of queues it uses. Each command is copied out of the ring, then checked, then done; what is wrong with it
 * is answered with VIRTIO_NET_ERR and changes nothing.
 */
#include "base/bits.h"
#include "base/string.h"
#include "dev/virtio/net.h"

#define CTRL_MAX	(2u + 2 * (4 + 6 * 1024u))	/* two tables of a thousand addresses */

enum { CTRL_RX, CTRL_MAC, CTRL_VLAN, CTRL_ANNOUNCE, CTRL_MQ, CTRL_OFFLOADS };
enum { CTRL_OK, CTRL_ERR };

struct command {
	struct virtio_net *net;
	const struct vring_chain *c;
	uint8_t cls, cmd;
	uint32_t len;			/* of what follows these two */
};

static bool arg(const struct command *k, uint32_t offset, void *to, uint32_t len)
{
	return offset + len <= k->len && vring_chain_read(k->c, 2u + offset, to, len) == len;
}

static bool ctrl_rx(const struct command *k)
{
	struct net_filter *f = &k->net->filter;
	bool *const flag[] = {
		&f->promiscuous, &f->all_multicast, &f->all_unicast, &f->no_multicast, &f->no_unicast, &f->no_broadcast,
	};
	uint8_t on;

	if (k->cmd >= ARRAY_SIZE(flag) || k->len != 1 || !arg(k, 0, &on, 1) || on > 1 ||
	    !virtio_has(&k->net->vd, k->cmd < 2 ? NET_F_CTRL_RX : NET_F_CTRL_RX_EXTRA))
		return false;
	*flag[k->cmd] = on;
	return true;
}

/* A table: a 32-bit count and addresses. More than we keep stand for any. Returns where it ends, 0: past the end. */
static uint32_t take_macs(const struct command *k, uint32_t at, struct net_macs *m)
{
	uint32_t n;

	if (!arg(k, at, &n, 4) || n > (k->len - at - 4) / 6)
		return 0;
	m->count = n;
	if (n <= NET_MACS && n && !arg(k, at + 4, m->mac, 6 * n))
		return 0;
	return at + 4 + 6 * n;
}

static bool ctrl_mac(const struct command *k)
{
	struct virtio_net *net = k->net;
	struct net_macs unicast, multicast;
	uint32_t at;

	if (k->cmd == 1) {
		uint8_t mac[6];

		if (k->len != 6 || !arg(k, 0, mac, 6) || !virtio_has(&net->vd, NET_F_CTRL_MAC_ADDR))
			return false;
		lock_acquire(&net->vd.dev.lock);
		memcpy(net->config.mac, mac, 6);
		net->vd.generation++;
		lock_release(&net->vd.dev.lock);
		return true;
	}
	if (k->cmd || !virtio_has(&net->vd, NET_F_CTRL_RX))
		return false;
	at = take_macs(k, 0, &unicast);
	if (!at || take_macs(k, at, &multicast) != k->len)
		return false;
	net->filter.unicast = unicast;
	net->filter.multicast = multicast;
	return true;
}

static bool ctrl_vlan(const struct command *k)
{
	uint64_t *word;
	uint16_t vid;

	if (k->cmd > 1 || k->len != 2 || !arg(k, 0, &vid, 2) || vid > 4095 || !virtio_has(&k->net->vd, NET_F_CTRL_VLAN))
		return false;
	word = &k->net->filter.vlan[vid / 64];
	*word = k->cmd ? *word & ~BIT(vid % 64) : *word | BIT(vid % 64);
	return true;
}

static bool ctrl_announce(const struct command *k)
{
	struct virtio_net *net = k->net;

	if (k->cmd || k->len || !virtio_has(&net->vd, NET_F_GUEST_ANNOUNCE))
		return false;
	lock_acquire(&net->vd.dev.lock);
	net->config.status &= (uint16_t)~NET_S_ANNOUNCE;
	net->vd.generation++;
	lock_release(&net->vd.dev.lock);
	return true;
}

static bool ctrl_mq(const struct command *k)
{
	struct virtio_net *net = k->net;
	const struct net_ops *ops = net->backend->ops;
	uint16_t pairs;

	if (k->cmd || k->len != 2 || !arg(k, 0, &pairs, 2) || !pairs || pairs > net->queues ||
	    !virtio_has(&net->vd, NET_F_MQ))
		return false;
	return !ops->set_pairs || !ops->set_pairs(net->backend, pairs);
}

static bool ctrl_offloads(const struct command *k)
{
	struct virtio_net *net = k->net;
	uint64_t f;

	if (k->cmd || k->len != 8 || !arg(k, 0, &f, 8) || !virtio_has(&net->vd, NET_F_CTRL_GUEST_OFFLOADS) ||
	    f & ~(net->vd.features & (BIT(NET_F_GUEST_CSUM) | BIT(NET_F_GUEST_TSO4) | BIT(NET_F_GUEST_TSO6) |
				      BIT(NET_F_GUEST_ECN))))
		return false;
	net->backend->ops->set_offloads(net->backend, net_guest_offloads(f));
	return true;
}

static bool (*const classes[])(const struct command *k) = {
	[CTRL_RX] = ctrl_rx, [CTRL_MAC] = ctrl_mac, [CTRL_VLAN] = ctrl_vlan, [CTRL_ANNOUNCE] = ctrl_announce,
	[CTRL_MQ] = ctrl_mq, [CTRL_OFFLOADS] = ctrl_offloads,
};

static uint8_t ctrl_do(struct virtio_net *net, const struct vring_chain *c)
{
	struct command k = { .net = net, .c = c };
	uint8_t head[2];
	bool ok, filters;

	if (c->readable < 2 || c->readable > CTRL_MAX)
		return CTRL_ERR;
	vring_chain_read(c, 0, head, 2);
	k.cls = head[0];
	k.cmd = head[1];
	k.len = c->readable - 2;
	if (k.cls >= ARRAY_SIZE(classes))
		return CTRL_ERR;
	filters = k.cls <= CTRL_VLAN && !(k.cls == CTRL_MAC && k.cmd == 1);
	if (filters)
		lock_acquire(&net->filter_lock);
	ok = classes[k.cls](&k);
	if (filters)
		lock_release(&net->filter_lock);
	return ok ? CTRL_OK : CTRL_ERR;
}

void net_ctrl_kick(struct virtio_net *net, struct virtqueue *q)
{
	struct vring_chain c = { .span = net->ctrl_spans, .capacity = NET_SPANS };

	if (!virtqueue_begin(q))
		return;
	if (q->index != net_ctrl_index(net)) {		/* any more: the spans are another thread's now */
		virtqueue_end(q);
		return;
	}
	for (uint32_t i = 0; i < NET_QUEUE_SIZE && virtqueue_pop(q, &c); i++) {
		uint8_t ack = ctrl_do(net, &c);

		vring_push(&q->ring, &c, (uint32_t)vring_chain_write(&c, 0, &ack, 1));
	}
	virtqueue_listen(q);
	virtqueue_end(q);
}

void net_filter_reset(struct virtio_net *net)
{
	lock_acquire(&net->filter_lock);
	memset(&net->filter, 0, sizeof(net->filter));
	net->filter.promiscuous = true;
	lock_release(&net->filter_lock);
}

static bool among(const struct net_macs *m, const uint8_t *mac)
{
	if (m->count > NET_MACS)
		return true;
	for (uint32_t i = 0; i < m->count; i++)
		if (!memcmp(m->mac[i], mac, 6))
			return true;
	return false;
}

static bool address_wanted(const struct virtio_net *net, const uint8_t *to)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const struct net_filter *f = &net->filter;

	if (!memcmp(to, broadcast, 6))
		return !f->no_broadcast;
	if (to[0] & 1)
		return !f->no_multicast && (f->all_multicast || among(&f->multicast, to));
	return !f->no_unicast && (f->all_unicast || !memcmp(to, net->config.mac, 6) || among(&f->unicast, to));
}

bool net_wanted(struct virtio_net *net, const uint8_t *head, size_t len)
{
	const struct net_filter *f = &net->filter;
	bool wanted;

	if (len < 14)
		return false;
	lock_acquire(&net->filter_lock);
	wanted = f->promiscuous || address_wanted(net, head);
	if (wanted && !f->promiscuous && virtio_has(&net->vd, NET_F_CTRL_VLAN) && head[12] == 0x81 && head[13] == 0 && len >= 16) {
		uint16_t vid = (uint16_t)((head[14] & 15) << 8 | head[15]);

		wanted = f->vlan[vid / 64] >> (vid % 64) & 1;
	}
	lock_release(&net->filter_lock);
	return wanted;
}
