/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio devices, the common part: registers and life of a device (virtio 1.2 §2.1-2.6, §3.1).
 *
 * What a driver gets wrong in registers is ignored and reads back unchanged; what it gets wrong in rings needs a reset.
 *
 * Long because starting, stopping, resetting and the registers that cause them are one state machine under one pair of locks: cut
 * in two, half of its functions would be public only for the other half.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/lock_order.h"
#include "core/vm.h"
#include "dev/virtio/devices.h"
#include "dev/virtio/virtio.h"

/* What a vhost has to know of as well: how rings are written. */
#define VHOST_DECIDES	(BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX) | BIT(VIRTIO_F_VERSION_1) | \
			 BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_IN_ORDER))

#define STATUS_BY_DRIVER (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK | \
			  VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_FAILED)

static void queue_kicked(struct work *w)
{
	struct virtqueue *q = container_of(w, struct virtqueue, kick);

	if (!__atomic_load_n(&q->vhost, __ATOMIC_ACQUIRE))
		q->vd->ops->kick(q);
	else if (q->has_fd)
		notifier_signal(&q->bell);
}

void virtqueue_kick(struct virtqueue *q)
{
	work_post(q->workq, &q->kick);
}

static void bell_signal(struct notifier *n)
{
	virtqueue_kick(container_of(n, struct virtqueue, bell));
}

/* With a descriptor if the engine can make use of one: then a notification reaches the queue's thread past the vCPU's. And if
   a vhost may have to wait for it. */
static void bell_init(struct virtqueue *q)
{
	const struct engine_ops *engine = q->vd->dev.vm->engine;

	q->bell = (struct notifier){ .signal = bell_signal, .fd = -1 };
	if (((engine && engine->doorbell) || q->vd->vhost) && q->workq->bell_add)
		q->has_fd = !q->workq->bell_add(q->workq, &q->bell, &q->kick);
	if (!q->has_fd)
		q->bell = (struct notifier){ .signal = bell_signal, .fd = -1 };
}

void virtqueue_set_workq(struct virtqueue *q, struct workq *workq)
{
	if (q->workq == workq)
		return;
	if (q->has_fd)
		q->workq->bell_remove(q->workq, &q->bell);
	q->has_fd = false;
	q->workq = workq;
	bell_init(q);
}

static void queue_registers_reset(struct virtqueue *q)
{
	q->state = VQ_OFF;
	q->resetting = false;
	q->size = q->max_size;
	q->desc = q->driver = q->device = 0;
}

struct workq *virtio_workq(const struct virtio_dev *vd, uint32_t group)
{
	return vd->threads && vd->threads->count ? vd->threads->workq[group % vd->threads->count] : vd->dev.workq;
}

int virtio_init(struct virtio_dev *vd, const struct virtio_ops *ops, uint32_t queues, uint16_t max_size,
		uint64_t offered, void *config, uint32_t config_len)
{
	if (queues > VIRTIO_MAX_QUEUES)
		return -EINVAL;
	vd->ops = ops;
	vd->offered = offered | BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX) |
		      BIT(VIRTIO_F_RING_RESET);
	if (vd->packed)
		vd->offered |= BIT(VIRTIO_F_RING_PACKED);
	if (vd->in_order)
		vd->offered |= BIT(VIRTIO_F_IN_ORDER);
	if (vd->vhost)
		vd->offered &= vd->vhost->features | ~VHOST_DECIDES;
	if (!(vd->offered & BIT(VIRTIO_F_VERSION_1)))
		return -ENOTSUP;
	vd->config = config;
	vd->config_len = config_len;
	vd->queues = queues;
	for (uint32_t i = 0; i < queues; i++) {
		struct virtqueue *q = &vd->queue[i];

		lock_set_rank(&q->lock, LOCK_QUEUE);
		q->vd = vd;
		q->index = (uint16_t)i;
		q->max_size = max_size;
		q->workq = virtio_workq(vd, i);
		work_init(&q->kick, queue_kicked);
		bell_init(q);
		mem_reader_register(&vd->dev.vm->mem, &q->reader);
		queue_registers_reset(q);
		if (vd->offered & BIT(VIRTIO_F_IN_ORDER)) {
			q->order = arena_alloc(&vd->dev.vm->arena, max_size * sizeof(*q->order));
			if (!q->order)
				return -ENOMEM;
		}
	}
	return vd->vhost ? virtio_vhost_init(vd) : 0;
}

void virtio_destroy(struct device *d)
{
	struct virtio_dev *vd = container_of(d, struct virtio_dev, dev);

	if (vd->vhost)
		virtio_vhost_destroy(vd);
	for (uint32_t i = 0; i < vd->queues; i++) {
		struct virtqueue *q = &vd->queue[i];

		mem_reader_unregister(&d->vm->mem, &q->reader);
		if (q->has_fd)
			q->workq->bell_remove(q->workq, &q->bell);
		q->has_fd = false;
	}
}

/* --- the queues' threads --- */

static bool queue_begin(struct virtqueue *q, bool push_only)
{
	struct virtio_dev *vd = q->vd;

	lock_acquire(&q->lock);
	if (!q->live || q->vhost || __atomic_load_n(&vd->broken, __ATOMIC_RELAXED))
		goto out_unlock;
	if (__atomic_load_n(&vd->no_dma, __ATOMIC_RELAXED))
		goto out_unlock;
	if (!push_only && __atomic_load_n(&vd->paused, __ATOMIC_RELAXED))
		goto out_unlock;
	mem_reader_enter(&q->reader);
	if (likely(!vring_enter(&q->ring)))
		return true;
	mem_reader_exit(&q->reader);
	virtio_needs_reset(vd, q->ring.why);
out_unlock:
	lock_release(&q->lock);
	return false;
}

bool virtqueue_begin(struct virtqueue *q)
{
	return queue_begin(q, false);
}

bool virtqueue_begin_push(struct virtqueue *q)
{
	return queue_begin(q, true);
}

void virtqueue_end(struct virtqueue *q)
{
	struct virtio_dev *vd = q->vd;

	virtqueue_publish(q);
	vring_exit(&q->ring);
	mem_reader_exit(&q->reader);
	if (q->ring.why)
		virtio_needs_reset(vd, q->ring.why);
	lock_release(&q->lock);
}

int virtqueue_pop(struct virtqueue *q, struct vring_chain *c)
{
	return vring_pop(&q->ring, c) == 1;
}

void virtqueue_listen(struct virtqueue *q)
{
	if (vring_listen(&q->ring))
		virtqueue_kick(q);
}

void virtqueue_publish(struct virtqueue *q)
{
	if (vring_wants_interrupt(&q->ring))
		q->vd->transport->interrupt(q->vd->transport, q->index);
}

void virtqueue_hold(struct virtqueue *q)
{
	__atomic_add_fetch(&q->in_flight, 1, __ATOMIC_RELAXED);
}

static uint32_t queue_in_flight(const struct virtqueue *q)
{
	return __atomic_load_n(&q->in_flight, __ATOMIC_ACQUIRE);
}

static uint32_t in_flight(const struct virtio_dev *vd)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < vd->queues; i++)
		n += queue_in_flight(&vd->queue[i]);
	return n;
}

/* Device lock held. Completes a reset whose last request is back. */
static void reset_finish(struct virtio_dev *vd)
{
	if (vd->resetting != VIRTIO_DRAINS || in_flight(vd))
		return;
	for (uint32_t i = 0; i < vd->queues; i++)
		queue_registers_reset(&vd->queue[i]);
	if (vd->ops->reset)
		vd->ops->reset(vd);
	vd->features = 0;
	vd->legacy = false;
	vd->status = 0;
	vd->resetting = VIRTIO_RUNS;
	__atomic_store_n(&vd->broken, false, __ATOMIC_RELAXED);
	if (vd->transport)
		vd->transport->reset(vd->transport);
}

/* Device lock held. Completes a queue's stop. */
static void queue_stopped(struct virtqueue *q)
{
	q->state = VQ_OFF;
	if (q->resetting)
		queue_registers_reset(q);
}

/* Only the last one out can be somebody's last: whoever waits looks at the count after saying so under the lock. */
void virtqueue_release(struct virtqueue *q, uint32_t n)
{
	struct virtio_dev *vd = q->vd;
	bool quiesced;

	if (!n || __atomic_sub_fetch(&q->in_flight, n, __ATOMIC_SEQ_CST))
		return;
	lock_acquire(&vd->dev.lock);
	if (!queue_in_flight(q) && q->state == VQ_DRAINING)
		queue_stopped(q);
	reset_finish(vd);
	quiesced = __atomic_load_n(&vd->paused, __ATOMIC_RELAXED) && !in_flight(vd);
	lock_release(&vd->dev.lock);
	if (quiesced)
		dev_quiesced(&vd->dev);
}

void virtio_needs_reset(struct virtio_dev *vd, const char *why)
{
	bool tell = false;

	lock_acquire(&vd->dev.lock);
	if (vd->resetting == VIRTIO_RUNS && !(vd->status & VIRTIO_STATUS_NEEDS_RESET)) {
		vd->status |= VIRTIO_STATUS_NEEDS_RESET;
		__atomic_store_n(&vd->broken, true, __ATOMIC_RELAXED);
		tell = vd->status & VIRTIO_STATUS_DRIVER_OK && !vd->legacy;
		dev_guest_error(&vd->dev, "%s; the device needs a reset", why);
	}
	lock_release(&vd->dev.lock);
	if (vd->vhost)
		work_post(vd->dev.workq, &vd->sync);
	if (tell)
		vd->transport->interrupt(vd->transport, VIRTIO_CONFIG_CHANGED);
}

void virtio_config_set(struct virtio_dev *vd, uint32_t offset, const void *val, uint32_t len)
{
	bool tell;

	lock_acquire(&vd->dev.lock);
	memcpy(vd->config + offset, val, len);
	vd->generation++;
	tell = vd->transport && vd->status & VIRTIO_STATUS_DRIVER_OK && vd->resetting == VIRTIO_RUNS;
	lock_release(&vd->dev.lock);
	if (tell)
		vd->transport->interrupt(vd->transport, VIRTIO_CONFIG_CHANGED);
}

/* --- stopping and starting --- */

/* After this returns nobody is in the ring, and nobody will be. */
static void queue_halt(struct virtqueue *q)
{
	lock_acquire(&q->lock);
	if (q->live && q->vd->ops->stopped)
		q->vd->ops->stopped(q);
	q->live = false;
	virtqueue_sync(q);
	lock_release(&q->lock);
}

/* The ring comes to life when the queue is ready and the driver has said DRIVER_OK, whichever is last. Legacy drivers use
   queues before they say so. */
static void queue_go_live(struct virtqueue *q)
{
	struct virtio_dev *vd = q->vd;
	struct vring_config cfg;
	bool go;

	lock_acquire(&q->lock);
	lock_acquire(&vd->dev.lock);
	go = q->state == VQ_READY && (vd->status & VIRTIO_STATUS_DRIVER_OK || vd->legacy) &&
	     vd->resetting == VIRTIO_RUNS && !q->live;
	cfg = (struct vring_config){
		.size = q->size, .desc = q->desc, .driver = q->driver, .device = q->device,
		.event_idx = virtio_has(vd, VIRTIO_F_EVENT_IDX), .indirect = virtio_has(vd, VIRTIO_F_INDIRECT_DESC),
		.packed = virtio_has(vd, VIRTIO_F_RING_PACKED),
		.order = virtio_has(vd, VIRTIO_F_IN_ORDER) ? q->order : NULL,
	};
	lock_release(&vd->dev.lock);
	if (go && vring_start(&q->ring, &vd->dev.vm->mem, &cfg))
		virtio_needs_reset(vd, "queue at a misaligned address or past the end of memory");
	else if (go)
		q->live = true;
	if (q->live && go && vd->ops->started)
		vd->ops->started(q);
	if (q->live && go && vd->vhost) {
		q->next = 0;
		__atomic_store_n(&q->vhost, !vd->ops->outside || vd->ops->outside(q), __ATOMIC_RELEASE);
		virtqueue_sync(q);
	}
	lock_release(&q->lock);
	if (go)
		virtqueue_kick(q);
}

static void reset_start(struct virtio_dev *vd)
{
	lock_acquire(&vd->dev.lock);
	if (vd->resetting != VIRTIO_RUNS) {
		lock_release(&vd->dev.lock);
		return;
	}
	vd->resetting = VIRTIO_HALTS;
	lock_release(&vd->dev.lock);
	for (uint32_t i = 0; i < vd->queues; i++)
		queue_halt(&vd->queue[i]);
	lock_acquire(&vd->dev.lock);
	vd->resetting = VIRTIO_DRAINS;
	reset_finish(vd);
	lock_release(&vd->dev.lock);
}

void virtio_dev_reset(struct device *d, enum reset_kind why)
{
	reset_start(container_of(d, struct virtio_dev, dev));
}

/* Waits for a batch under way; a vhost begins or ends. */
static void queue_settle(struct virtqueue *q)
{
	lock_acquire(&q->lock);
	virtqueue_sync(q);
	lock_release(&q->lock);
}

int virtio_quiesce(struct device *d)
{
	struct virtio_dev *vd = container_of(d, struct virtio_dev, dev);
	uint32_t out;

	__atomic_store_n(&vd->paused, true, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < vd->queues; i++)
		queue_settle(&vd->queue[i]);
	lock_acquire(&d->lock);
	out = in_flight(vd);
	lock_release(&d->lock);
	return out ? -EINPROGRESS : 0;
}

void virtio_resume(struct device *d)
{
	struct virtio_dev *vd = container_of(d, struct virtio_dev, dev);

	__atomic_store_n(&vd->paused, false, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < vd->queues; i++) {
		queue_settle(&vd->queue[i]);
		virtqueue_kick(&vd->queue[i]);
	}
}

void virtio_dma_set(struct virtio_dev *vd, bool on)
{
	__atomic_store_n(&vd->no_dma, !on, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < vd->queues; i++) {
		queue_settle(&vd->queue[i]);
		if (on)
			virtqueue_kick(&vd->queue[i]);
	}
}

/* --- registers --- */

uint32_t virtio_offered_get(struct virtio_dev *vd, uint32_t word)
{
	return word < 2 ? (uint32_t)(vd->offered >> (32 * word)) : 0;
}

uint32_t virtio_features_get(struct virtio_dev *vd, uint32_t word)
{
	uint64_t features;

	lock_acquire(&vd->dev.lock);
	features = vd->features;
	lock_release(&vd->dev.lock);
	return word < 2 ? (uint32_t)(features >> (32 * word)) : 0;
}

void virtio_features_set(struct virtio_dev *vd, uint32_t word, uint32_t val)
{
	lock_acquire(&vd->dev.lock);
	if (vd->resetting == VIRTIO_RUNS && !(vd->status & VIRTIO_STATUS_FEATURES_OK) && !vd->legacy) {
		if (word < 2)
			vd->features = field_set(vd->features, 0xffffffffull << (32 * word), val);
	}
	lock_release(&vd->dev.lock);
}

uint8_t virtio_status_get(struct virtio_dev *vd)
{
	uint8_t status;

	lock_acquire(&vd->dev.lock);
	status = vd->status;
	if (vd->legacy)
		status &= (uint8_t)~VIRTIO_STATUS_NEEDS_RESET;
	lock_release(&vd->dev.lock);
	return status;
}

static bool features_acceptable(const struct virtio_dev *vd)
{
	return !(vd->features & ~vd->offered) && virtio_has(vd, VIRTIO_F_VERSION_1) &&
	       (!vd->ops->features_ok || vd->ops->features_ok(vd, vd->features));
}

/* 0 resets; other values only ever add bits. */
void virtio_status_set(struct virtio_dev *vd, uint32_t val)
{
	bool begins;
	uint8_t add;

	if (!(val & 0xff)) {
		reset_start(vd);
		return;
	}
	lock_acquire(&vd->dev.lock);
	add = val & STATUS_BY_DRIVER & ~vd->status;
	if (vd->resetting != VIRTIO_RUNS)
		add = 0;
	if (add & VIRTIO_STATUS_FEATURES_OK && !features_acceptable(vd))
		add &= ~VIRTIO_STATUS_FEATURES_OK;
	if (!((vd->status | add) & VIRTIO_STATUS_FEATURES_OK))
		add &= ~VIRTIO_STATUS_DRIVER_OK;
	begins = add & VIRTIO_STATUS_DRIVER_OK;
	vd->status |= add & ~VIRTIO_STATUS_DRIVER_OK;
	lock_release(&vd->dev.lock);
	if (!begins)
		return;
	if (vd->ops->begin)
		vd->ops->begin(vd);
	lock_acquire(&vd->dev.lock);
	if (vd->resetting == VIRTIO_RUNS && vd->status & VIRTIO_STATUS_FEATURES_OK)	/* no reset has come between */
		vd->status |= VIRTIO_STATUS_DRIVER_OK;
	lock_release(&vd->dev.lock);
	for (uint32_t i = 0; i < vd->queues; i++)
		queue_go_live(&vd->queue[i]);
}

uint32_t virtio_generation(struct virtio_dev *vd)
{
	uint32_t generation;

	lock_acquire(&vd->dev.lock);
	generation = vd->generation;
	lock_release(&vd->dev.lock);
	return generation;
}

uint64_t virtio_config_read(struct virtio_dev *vd, uint64_t offset, unsigned size)
{
	uint64_t val = 0;

	lock_acquire(&vd->dev.lock);
	for (unsigned i = 0; i < size; i++) {
		uint64_t byte = offset + i < vd->config_len ? vd->config[offset + i] : 0xff;

		val |= byte << (8 * i);
	}
	lock_release(&vd->dev.lock);
	return val;
}

void virtio_config_write(struct virtio_dev *vd, uint64_t offset, unsigned size, uint64_t val)
{
	if (vd->ops->config_write && offset + size <= vd->config_len)
		vd->ops->config_write(vd, (uint32_t)offset, size, val);
}

uint64_t virtio_queue_get(struct virtio_dev *vd, uint32_t index, enum virtqueue_reg reg)
{
	const struct virtqueue *q;
	uint64_t val = 0;

	if (index >= vd->queues)
		return 0;
	q = &vd->queue[index];
	lock_acquire(&vd->dev.lock);
	switch (reg) {
	case VQ_REG_SIZE:	val = q->size; break;
	case VQ_REG_DESC:	val = q->desc; break;
	case VQ_REG_DRIVER:	val = q->driver; break;
	case VQ_REG_DEVICE:	val = q->device; break;
	}
	lock_release(&vd->dev.lock);
	return val;
}

uint16_t virtio_queue_max(struct virtio_dev *vd, uint32_t index)
{
	return index < vd->queues ? vd->queue[index].max_size : 0;
}

bool virtio_queue_ready(struct virtio_dev *vd, uint32_t index)
{
	bool ready = false;

	lock_acquire(&vd->dev.lock);
	if (index < vd->queues)
		ready = vd->queue[index].state != VQ_OFF;
	lock_release(&vd->dev.lock);
	return ready;
}

/* Its state is VQ_HALTING by now. */
static void queue_stop(struct virtqueue *q)
{
	struct virtio_dev *vd = q->vd;

	queue_halt(q);
	lock_acquire(&vd->dev.lock);
	if (q->state == VQ_HALTING) {
		q->state = VQ_DRAINING;
		if (!queue_in_flight(q))
			queue_stopped(q);
	}
	lock_release(&vd->dev.lock);
}

void virtio_queue_enable(struct virtio_dev *vd, uint32_t index, bool on)
{
	struct virtqueue *q;
	bool change;

	if (index >= vd->queues)
		return;
	q = &vd->queue[index];
	lock_acquire(&vd->dev.lock);
	change = vd->resetting == VIRTIO_RUNS && (vd->status & VIRTIO_STATUS_FEATURES_OK || vd->legacy) &&
		 q->state == (on ? VQ_OFF : VQ_READY);
	if (change)
		q->state = on ? VQ_READY : VQ_HALTING;
	lock_release(&vd->dev.lock);
	if (change && on)
		queue_go_live(q);
	else if (change)
		queue_stop(q);
}

void virtio_queue_reset(struct virtio_dev *vd, uint32_t index)
{
	struct virtqueue *q;
	bool stop;

	if (index >= vd->queues)
		return;
	q = &vd->queue[index];
	lock_acquire(&vd->dev.lock);
	stop = vd->resetting == VIRTIO_RUNS && virtio_has(vd, VIRTIO_F_RING_RESET) &&
	       vd->status & VIRTIO_STATUS_FEATURES_OK && (q->state == VQ_READY || q->state == VQ_OFF) && !q->resetting;
	if (stop) {
		q->state = VQ_HALTING;
		q->resetting = true;
	}
	lock_release(&vd->dev.lock);
	if (stop)
		queue_stop(q);
}

bool virtio_queue_resetting(struct virtio_dev *vd, uint32_t index)
{
	bool resetting = false;

	lock_acquire(&vd->dev.lock);
	if (index < vd->queues)
		resetting = vd->queue[index].resetting;
	lock_release(&vd->dev.lock);
	return resetting;
}

void virtio_queue_set(struct virtio_dev *vd, uint32_t index, enum virtqueue_reg reg, uint64_t mask, uint64_t val)
{
	struct virtqueue *q;

	if (index >= vd->queues)
		return;
	q = &vd->queue[index];
	lock_acquire(&vd->dev.lock);
	if (vd->resetting != VIRTIO_RUNS || q->state != VQ_OFF)
		goto out_unlock;
	switch (reg) {
	case VQ_REG_SIZE:
		if (val && val <= q->max_size && (is_pow2(val) || virtio_has(vd, VIRTIO_F_RING_PACKED)))
			q->size = (uint16_t)val;
		break;
	case VQ_REG_DESC:
		q->desc = (q->desc & ~mask) | (val & mask);
		break;
	case VQ_REG_DRIVER:
		q->driver = (q->driver & ~mask) | (val & mask);
		break;
	case VQ_REG_DEVICE:
		q->device = (q->device & ~mask) | (val & mask);
		break;
	}
out_unlock:
	lock_release(&vd->dev.lock);
}

void virtio_queue_notify(struct virtio_dev *vd, uint32_t index)
{
	if (index < vd->queues)
		virtqueue_kick(&vd->queue[index]);
}

/* --- legacy interfaces --- */

uint32_t virtio_legacy_offered(struct virtio_dev *vd)
{
	return (uint32_t)(vd->offered | BIT(VIRTIO_F_ANY_LAYOUT));
}

static bool any_queue_on(const struct virtio_dev *vd)
{
	for (uint32_t i = 0; i < vd->queues; i++)
		if (vd->queue[i].state != VQ_OFF)
			return true;
	return false;
}

/*
 * Device lock held. The driver shows itself as a legacy one: what has been written to the modern interface, and was never
 * looked at, counts for nothing. True the first time: ops->begin follows.
 */
static bool legacy_begins(struct virtio_dev *vd)
{
	if (vd->legacy)
		return false;
	vd->legacy = true;
	vd->features = 0;
	return true;
}

static void legacy_begun(struct virtio_dev *vd, bool begins)
{
	if (begins && vd->ops->begin)
		vd->ops->begin(vd);
}

void virtio_legacy_features_set(struct virtio_dev *vd, uint32_t val)
{
	bool begins = false;

	lock_acquire(&vd->dev.lock);
	if (vd->resetting == VIRTIO_RUNS && !(vd->status & VIRTIO_STATUS_FEATURES_OK) && !any_queue_on(vd)) {
		vd->legacy = begins = true;
		vd->features = val & virtio_legacy_offered(vd);
		if (vd->ops->features_ok && !vd->ops->features_ok(vd, vd->features))
			vd->features = 0;	/* there is no way to refuse */
	}
	lock_release(&vd->dev.lock);
	legacy_begun(vd, begins);
}

void virtio_legacy_status_set(struct virtio_dev *vd, uint32_t val)
{
	bool begins = false;

	if (!val) {
		reset_start(vd);
		return;
	}
	lock_acquire(&vd->dev.lock);
	if (vd->resetting == VIRTIO_RUNS && !(vd->status & VIRTIO_STATUS_FEATURES_OK)) {
		begins = legacy_begins(vd);
		vd->status |= val & STATUS_BY_DRIVER & ~VIRTIO_STATUS_FEATURES_OK;
	}
	lock_release(&vd->dev.lock);
	legacy_begun(vd, begins);
}

void virtio_legacy_queue_set(struct virtio_dev *vd, uint32_t index, gpa_t desc, uint64_t align)
{
	struct virtqueue *q;
	bool on, begins = false;

	if (!desc)
		virtio_queue_enable(vd, index, false);
	if (!desc || index >= vd->queues || !is_pow2(align))
		return;
	q = &vd->queue[index];
	lock_acquire(&vd->dev.lock);
	on = vd->resetting == VIRTIO_RUNS && !(vd->status & VIRTIO_STATUS_FEATURES_OK) && q->state == VQ_OFF;
	if (on) {
		begins = legacy_begins(vd);
		q->desc = desc;
		q->driver = desc + 16ull * q->size;
		q->device = ALIGN_UP(q->driver + 4 + 2ull * q->size + 2, align);
		q->state = VQ_READY;
	}
	lock_release(&vd->dev.lock);
	legacy_begun(vd, begins);
	if (on)
		queue_go_live(q);
}
