/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio entropy device (virtio 1.2 §5.4): one queue of buffers to fill. A buffer gets at most RNG_MAX bytes, which the
 * specification allows, so that one request cannot keep the thread.
 */
#include "base/errno.h"
#include "core/entropy.h"
#include "dev/virtio/devices.h"
#include "dev/virtio/virtio.h"

#define RNG_QUEUE_SIZE	8u
#define RNG_SPANS	(RNG_QUEUE_SIZE + 8u)
#define RNG_MAX		4096u

struct virtio_rng {
	struct virtio_dev vd;
	struct entropy *backend;
	struct mem_span spans[RNG_SPANS];
	uint8_t bytes[RNG_MAX];
};

static uint32_t rng_fill(struct virtio_rng *rng, const struct vring_chain *c)
{
	int got = rng->backend->ops->fill(rng->backend, rng->bytes, MIN(c->writable, RNG_MAX));

	return got > 0 ? (uint32_t)vring_chain_write(c, 0, rng->bytes, (size_t)got) : 0;
}

static void rng_kick(struct virtqueue *q)
{
	struct virtio_rng *rng = container_of(q->vd, struct virtio_rng, vd);
	struct vring_chain c = { .span = rng->spans, .capacity = RNG_SPANS };

	if (!virtqueue_begin(q))
		return;
	for (uint32_t i = 0; i < q->ring.cfg.size && virtqueue_pop(q, &c); i++)
		vring_push(&q->ring, &c, rng_fill(rng, &c));
	virtqueue_listen(q);
	virtqueue_end(q);
}

static const struct virtio_ops rng_ops = {
	.id = 4,
	.kick = rng_kick,
};

static int rng_init(struct device *d, struct arena *a)
{
	struct virtio_rng *rng = container_of(d, struct virtio_rng, vd.dev);

	if (!rng->backend)
		return -EINVAL;
	return virtio_init(&rng->vd, &rng_ops, 1, RNG_QUEUE_SIZE, 0, NULL, 0);
}

static const struct prop rng_props[] = {
	VIRTIO_PROPS(struct virtio_rng),
	PROP(struct virtio_rng, backend, PROP_PTR, 0, 0, 0),
	PROP_END
};

const struct dev_class virtio_rng_class = {
	.name = "virtio-rng",
	.size = sizeof(struct virtio_rng),
	.version = 1,
	.props = rng_props,
	.init = rng_init,
	.destroy = virtio_destroy,
	.reset = virtio_dev_reset,
	.quiesce = virtio_quiesce,
	.resume = virtio_resume,
};
