/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio 9P transport (device 9; its layout is in the Linux driver's header virtio_9p.h, for virtio 1.2 only reserves the
 * number) over core/share.h: one queue of requests, each a message to read and room for its answer, and the mount tag
 * as configuration.
 *
 * The back-end gets the guest's buffers as vectors and answers from any thread; answers collect in `finished` and are
 * pushed by the queue's thread, all that are there with one interrupt. Each request has a reader section of its own, so
 * that guest memory stays while it is out.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/share.h"
#include "core/vm.h"
#include "dev/virtio/devices.h"
#include "dev/virtio/virtio.h"

#define P9_QUEUE_SIZE	128u
#define P9_SPANS	(P9_QUEUE_SIZE + 8)
#define P9_REQUESTS	16u		/* out at once; the rest waits in the ring */
#define P9_F_MOUNT_TAG	0

struct p9_config {
	uint16_t tag_len;
	char tag[SHARE_TAG_MAX];
} __attribute__((packed));

struct p9_request {
	struct share_call call;
	struct virtio_p9 *p9;
	struct p9_request *next;	/* free, or finished */
	struct vring_chain chain;
	struct mem_reader reader;
	struct mem_span spans[P9_SPANS];
	struct block_vec vecs[P9_SPANS];
};

struct virtio_p9 {
	struct virtio_dev vd;
	struct share *backend;
	struct p9_config config;
	struct p9_request *free;	/* the queue's thread only, as is starved */
	bool starved;
	struct p9_request *finished;	/* atomic */
	struct work work;
	struct p9_request request[P9_REQUESTS];
};

static struct virtio_p9 *to_p9(struct virtio_dev *vd)
{
	return container_of(vd, struct virtio_p9, vd);
}

static void p9_free(struct virtio_p9 *p9, struct p9_request *rq)
{
	mem_reader_exit(&rq->reader);
	rq->next = p9->free;
	p9->free = rq;
}

static void p9_done(struct share_call *c)
{
	struct p9_request *rq = container_of(c, struct p9_request, call);
	struct virtio_p9 *p9 = rq->p9;

	rq->next = __atomic_load_n(&p9->finished, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&p9->finished, &rq->next, rq, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	work_post(p9->vd.queue[0].workq, &p9->work);
}

static void p9_finished(struct work *w)
{
	struct virtio_p9 *p9 = container_of(w, struct virtio_p9, work);
	struct virtqueue *q = &p9->vd.queue[0];
	struct p9_request *rq = __atomic_exchange_n(&p9->finished, NULL, __ATOMIC_ACQUIRE), *next, *list = NULL;
	bool works;
	uint32_t n = 0;

	for (; rq; rq = next) {		/* the oldest first */
		next = rq->next;
		rq->next = list;
		list = rq;
	}
	if (!list)
		return;
	works = virtqueue_begin_push(q);
	for (rq = list; rq; rq = next, n++) {
		next = rq->next;
		vring_chain_put(&p9->vd.dev.vm->mem, &rq->chain, rq->call.written);
		if (works)
			vring_push(&q->ring, &rq->chain, rq->call.written);
		p9_free(p9, rq);
	}
	if (works)
		virtqueue_end(q);
	if (p9->starved) {
		p9->starved = false;
		virtqueue_kick(q);
	}
	virtqueue_release(q, n);
}

static void p9_submit(struct virtio_p9 *p9, struct p9_request *rq)
{
	struct vring_chain *c = &rq->chain;

	for (uint32_t i = 0; i < c->reads + c->writes; i++)
		rq->vecs[i] = (struct block_vec){ c->span[i].ptr, c->span[i].len };
	rq->call = (struct share_call){
		.in = rq->vecs, .ins = c->reads, .in_len = c->readable,
		.out = rq->vecs + c->reads, .outs = c->writes, .out_len = c->writable, .done = p9_done,
	};
	virtqueue_hold(&p9->vd.queue[0]);
	p9->backend->ops->submit(p9->backend, &rq->call);
}

static void p9_kick(struct virtqueue *q)
{
	struct virtio_p9 *p9 = to_p9(q->vd);
	struct p9_request *rq;

	if (!virtqueue_begin(q))
		return;
	while ((rq = p9->free)) {
		mem_reader_enter(&rq->reader);
		if (!virtqueue_pop(q, &rq->chain)) {
			mem_reader_exit(&rq->reader);
			break;
		}
		p9->free = rq->next;
		p9_submit(p9, rq);
	}
	p9->starved = !rq;		/* the first that comes back looks again */
	if (rq)
		virtqueue_listen(q);
	virtqueue_end(q);
}

static const struct virtio_ops p9_ops = {
	.id = 9,
	.kick = p9_kick,
};

static int p9_init(struct device *d, struct arena *a)
{
	struct virtio_p9 *p9 = container_of(d, struct virtio_p9, vd.dev);
	size_t len;

	if (!p9->backend)
		return -EINVAL;
	for (uint32_t i = 0; i < P9_REQUESTS; i++) {
		struct p9_request *rq = &p9->request[i];

		rq->p9 = p9;
		rq->chain.span = rq->spans;
		rq->chain.capacity = P9_SPANS;
		rq->next = p9->free;
		p9->free = rq;
		mem_reader_register(&d->vm->mem, &rq->reader);
	}
	work_init(&p9->work, p9_finished);
	len = strnlen(p9->backend->tag, SHARE_TAG_MAX);
	p9->config.tag_len = (uint16_t)len;
	memcpy(p9->config.tag, p9->backend->tag, len);
	return virtio_init(&p9->vd, &p9_ops, 1, P9_QUEUE_SIZE, BIT(P9_F_MOUNT_TAG), &p9->config,
			   (uint32_t)(offsetof(struct p9_config, tag) + len));
}

/* The back-end has no request left by now. */
static void p9_destroy(struct device *d)
{
	struct virtio_p9 *p9 = container_of(d, struct virtio_p9, vd.dev);

	for (struct p9_request *rq = p9->free; rq; rq = rq->next)
		mem_reader_unregister(&d->vm->mem, &rq->reader);
	virtio_destroy(d);
}

static const struct prop p9_props[] = {
	VIRTIO_PROPS(struct virtio_p9),
	PROP(struct virtio_p9, backend, PROP_PTR, 0, 0, 0),
	PROP_END
};

const struct dev_class virtio_p9_class = {
	.name = "virtio-9p",
	.size = sizeof(struct virtio_p9),
	.version = 1,
	.props = p9_props,
	.init = p9_init,
	.destroy = p9_destroy,
	.reset = virtio_dev_reset,
	.quiesce = virtio_quiesce,
	.resume = virtio_resume,
};
