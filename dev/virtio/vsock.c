/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio socket device (virtio 1.2 §5.10) over core/vsock.h: queue 0 takes packets to the guest, queue 1 its own, queue 2
 * events, of which there are none without migration. Packets that are malformed are dropped; what makes no sense
 * inside one is the back-end's to answer. With a vhost (core/vhost.h) the first two rings are that one's affair.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "core/vm.h"
#include "core/vsock.h"
#include "dev/virtio/devices.h"
#include "dev/virtio/virtio.h"

#define VSOCK_QUEUE_SIZE	128u
#define VSOCK_SPANS		(VSOCK_QUEUE_SIZE + 8)
#define VSOCK_BATCH		32u	/* packets before others get their turn */
#define VSOCK_F_SEQPACKET	1	/* records besides streams: if the vhost has them */

enum { VSOCK_RX, VSOCK_TX, VSOCK_EVENT, VSOCK_QUEUES };

struct virtio_vsock {
	struct virtio_dev vd;
	struct vsock_backend *backend;
	struct vsock_client client;
	struct work was_reset;
	uint64_t cid;				/* configuration */
	struct mem_span spans[2][VSOCK_SPANS];
	struct block_vec vecs[VSOCK_SPANS];
	uint8_t data[VSOCK_DATA_MAX];		/* of a packet being sent */
};

static struct virtio_vsock *to_vsock(struct virtio_dev *vd)
{
	return container_of(vd, struct virtio_vsock, vd);
}

/* The chain's writable bytes behind a header, as vectors. */
static uint32_t data_vecs(struct virtio_vsock *v, const struct vring_chain *c)
{
	size_t skip = sizeof(struct vsock_header);
	uint32_t n = 0;

	for (uint32_t i = c->reads; i < c->reads + c->writes; i++) {
		const struct mem_span *s = &c->span[i];

		if (s->len > skip)
			v->vecs[n++] = (struct block_vec){ (uint8_t *)s->ptr + skip, s->len - skip };
		skip -= MIN(skip, s->len);
	}
	return n;
}

/* A buffer of so many bytes or more; others are given back. */
static bool pop_room(struct virtqueue *q, struct vring_chain *c, uint32_t bytes)
{
	for (uint32_t i = 0; i < VSOCK_QUEUE_SIZE && virtqueue_pop(q, c); i++) {
		if (c->writable >= bytes)
			return true;
		vring_push(&q->ring, c, 0);
	}
	return false;
}

static int vsock_receive(struct vsock_client *client, struct vsock_header *h, struct vsock_fill *f)
{
	struct virtio_vsock *v = container_of(client, struct virtio_vsock, client);
	struct virtqueue *q = &v->vd.queue[VSOCK_RX];
	struct vring_chain c = { .span = v->spans[VSOCK_RX], .capacity = VSOCK_SPANS };
	int n = 0;

	if (!virtqueue_begin(q))
		return -ENOBUFS;
	if (!pop_room(q, &c, (uint32_t)sizeof(*h) + !!f)) {
		virtqueue_listen(q);
		virtqueue_end(q);
		return -ENOBUFS;
	}
	if (f)
		n = f->fn(f, v->vecs, data_vecs(v, &c), MIN(h->len, c.writable - (uint32_t)sizeof(*h)));
	if (n < 0 || (f && !n)) {
		vring_unpop(&q->ring, &c);
		virtqueue_end(q);
		return n;
	}
	h->len = (uint32_t)n;
	vring_chain_write(&c, 0, h, sizeof(*h));
	vring_push(&q->ring, &c, (uint32_t)(sizeof(*h) + (uint32_t)n));
	virtqueue_end(q);
	return 1;
}

static void send_one(struct virtio_vsock *v, const struct vring_chain *c)
{
	struct vsock_header h;

	if (vring_chain_read(c, 0, &h, sizeof(h)) < sizeof(h) || h.len > c->readable - sizeof(h) || h.len > VSOCK_DATA_MAX) {
		dev_guest_error(&v->vd.dev, "a packet whose length is wrong");
		return;
	}
	if (h.src_cid != v->backend->cid || h.dst_cid != VSOCK_HOST_CID)
		return;
	vring_chain_read(c, sizeof(h), v->data, h.len);
	v->backend->ops->packet(v->backend, &h, v->data);
}

static void tx_kick(struct virtio_vsock *v, struct virtqueue *q)
{
	struct vring_chain c = { .span = v->spans[VSOCK_TX], .capacity = VSOCK_SPANS };
	uint32_t n;

	if (!virtqueue_begin(q))
		return;
	for (n = 0; n < VSOCK_BATCH && virtqueue_pop(q, &c); n++) {
		send_one(v, &c);
		vring_push(&q->ring, &c, 0);
	}
	if (n < VSOCK_BATCH)
		virtqueue_listen(q);
	virtqueue_end(q);
	if (n == VSOCK_BATCH)
		virtqueue_kick(q);
}

static void vsock_kick(struct virtqueue *q)
{
	struct virtio_vsock *v = to_vsock(q->vd);

	if (v->vd.vhost)
		return;
	if (q->index == VSOCK_TX)
		tx_kick(v, q);
	else if (q->index == VSOCK_RX)
		v->backend->ops->ready(v->backend);
}

static bool vsock_outside(const struct virtqueue *q)
{
	return q->index != VSOCK_EVENT;
}

static void tell_reset(struct work *w)
{
	struct virtio_vsock *v = container_of(w, struct virtio_vsock, was_reset);

	v->backend->ops->reset(v->backend);
}

static void vsock_reset(struct virtio_dev *vd)
{
	if (!vd->vhost)
		work_post(vd->queue[VSOCK_RX].workq, &to_vsock(vd)->was_reset);
}

static const struct virtio_ops vsock_ops = {
	.id = 19,
	.kick = vsock_kick,
	.outside = vsock_outside,
	.reset = vsock_reset,
};

static int vsock_init(struct device *d, struct arena *a)
{
	struct virtio_vsock *v = container_of(d, struct virtio_vsock, vd.dev);
	uint64_t own = 0;
	int err;

	if (!v->backend)
		return -EINVAL;
	v->vd.vhost = v->backend->vhost;
	if (v->vd.vhost)
		own = v->vd.vhost->features & BIT(VSOCK_F_SEQPACKET);
	v->cid = v->backend->cid;
	v->client = (struct vsock_client){ .receive = vsock_receive, .workq = d->workq };
	work_init(&v->was_reset, tell_reset);
	err = virtio_init(&v->vd, &vsock_ops, VSOCK_QUEUES, VSOCK_QUEUE_SIZE, own, &v->cid, sizeof(v->cid));
	if (!err && !v->vd.vhost)
		v->backend->ops->attach(v->backend, &v->client);
	return err;
}

static void vsock_destroy(struct device *d)
{
	struct virtio_vsock *v = container_of(d, struct virtio_vsock, vd.dev);

	if (!v->vd.vhost)
		v->backend->ops->attach(v->backend, NULL);
	virtio_destroy(d);
}

static const struct prop vsock_props[] = {
	VIRTIO_PROPS(struct virtio_vsock),
	PROP(struct virtio_vsock, backend, PROP_PTR, 0, 0, 0),
	PROP_END
};

const struct dev_class virtio_vsock_class = {
	.name = "virtio-vsock",
	.size = sizeof(struct virtio_vsock),
	.version = 1,
	.props = vsock_props,
	.init = vsock_init,
	.destroy = vsock_destroy,
	.reset = virtio_dev_reset,
	.quiesce = virtio_quiesce,
	.resume = virtio_resume,
};
