/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings that a vhost works on (core/vhost.h): it has a ring while that lives and the device is neither broken nor paused nor
 * kept from memory. Whatever changes one of these calls virtqueue_sync, which starts or stops the ring.
 *
 * While the vhost has it the queue's bell is deaf for us, and is the vhost's. Its calls go straight to the guest where the
 * transport has a notifier with a descriptor for the queue; else they come to the device's thread, which interrupts.
 */
#include "base/errno.h"
#include "core/vm.h"
#include "dev/virtio/virtio.h"

static struct notifier *call_of(struct virtqueue *q)
{
	struct virtio_transport *t = q->vd->transport;
	struct notifier *n = t->direct ? t->direct(t, q->index) : NULL;

	return n ? n : &q->call;
}

static void set_deaf(struct virtqueue *q, bool deaf)
{
	if (q->has_fd)
		q->workq->bell_deaf(q->workq, &q->bell, deaf);
}

static void ring_start(struct virtqueue *q)
{
	const struct vring_config *c = &q->ring.cfg;
	struct virtio_dev *vd = q->vd;
	struct vhost_ring r = {
		.features = vd->features, .size = c->size, .next = q->next, .desc = c->desc, .driver = c->driver,
		.device = c->device, .kick = &q->bell, .call = call_of(q),
	};

	set_deaf(q, true);
	if (!vd->vhost->ops->start(vd->vhost, q->index, &r)) {
		q->running = true;
		return;
	}
	set_deaf(q, false);
	virtio_needs_reset(vd, "a queue that the host's vhost does not take");
}

void virtqueue_sync(struct virtqueue *q)
{
	struct virtio_dev *vd = q->vd;
	bool run = q->live && q->vhost && !__atomic_load_n(&vd->broken, __ATOMIC_RELAXED) &&
		   !__atomic_load_n(&vd->paused, __ATOMIC_RELAXED) && !__atomic_load_n(&vd->no_dma, __ATOMIC_RELAXED);

	if (run && !q->running) {
		ring_start(q);
	} else if (!run && q->running) {
		q->next = vd->vhost->ops->stop(vd->vhost, q->index);
		q->running = false;
		set_deaf(q, false);
	}
	if (!q->live)
		__atomic_store_n(&q->vhost, false, __ATOMIC_RELEASE);
}

void virtio_call_changed(struct virtio_dev *vd, uint32_t index)
{
	struct virtqueue *q;

	if (!vd->vhost || index >= vd->queues)
		return;
	q = &vd->queue[index];
	lock_acquire(&q->lock);
	if (q->running)
		vd->vhost->ops->call(vd->vhost, index, call_of(q));
	lock_release(&q->lock);
}

/* The device's thread, as all works here. */
static void ring_called(struct work *w)
{
	struct virtqueue *q = container_of(w, struct virtqueue, called);

	lock_acquire(&q->lock);
	if (q->live)
		q->vd->transport->interrupt(q->vd->transport, q->index);
	lock_release(&q->lock);
}

static void call_signal(struct notifier *n)
{
	struct virtqueue *q = container_of(n, struct virtqueue, call);

	work_post(q->vd->dev.workq, &q->called);
}

static void vhost_failed(struct work *w)
{
	virtio_needs_reset(container_of(w, struct virtio_dev, failure), "a ring that makes no sense to the host's vhost");
}

static void failed_signal(struct notifier *n)
{
	struct virtio_dev *vd = container_of(n, struct virtio_dev, failed);

	work_post(vd->dev.workq, &vd->failure);
}

/* Something broke the device: its other rings stop. */
static void sync_all(struct work *w)
{
	struct virtio_dev *vd = container_of(w, struct virtio_dev, sync);

	for (uint32_t i = 0; i < vd->queues; i++) {
		struct virtqueue *q = &vd->queue[i];

		lock_acquire(&q->lock);
		virtqueue_sync(q);
		lock_release(&q->lock);
	}
}

/* A notifier that is a descriptor where w's owner can wait for one. */
static bool pumped(struct workq *workq, struct notifier *n, void (*signal)(struct notifier *n), struct work *w)
{
	if (workq->bell_add && !workq->bell_add(workq, n, w))
		return true;
	*n = (struct notifier){ .signal = signal, .fd = -1 };
	return false;
}

int virtio_vhost_init(struct virtio_dev *vd)
{
	work_init(&vd->failure, vhost_failed);
	work_init(&vd->sync, sync_all);
	vd->failed_has_fd = pumped(vd->dev.workq, &vd->failed, failed_signal, &vd->failure);
	for (uint32_t i = 0; i < vd->queues; i++) {
		struct virtqueue *q = &vd->queue[i];

		work_init(&q->called, ring_called);
		q->call_has_fd = pumped(vd->dev.workq, &q->call, call_signal, &q->called);
	}
	return vd->vhost->ops->attach(vd->vhost, &vd->dev.vm->mem, &vd->failed);
}

void virtio_vhost_destroy(struct virtio_dev *vd)
{
	for (uint32_t i = 0; i < vd->queues; i++) {
		struct virtqueue *q = &vd->queue[i];

		lock_acquire(&q->lock);
		q->live = false;
		virtqueue_sync(q);
		lock_release(&q->lock);
		if (q->call_has_fd)
			vd->dev.workq->bell_remove(vd->dev.workq, &q->call);
		q->call_has_fd = false;
	}
	vd->vhost->ops->detach(vd->vhost);
	if (vd->failed_has_fd)
		vd->dev.workq->bell_remove(vd->dev.workq, &vd->failed);
	vd->failed_has_fd = false;
}
