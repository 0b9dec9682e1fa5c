/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every virtio device has, whatever it does and whatever transport shows it (virtio 1.2 §2): feature negotiation,
 * status, configuration space, queues, reset, DEVICE_NEEDS_RESET.
 *
 * A device (blk.c, net.c, …) embeds a virtio_dev and brings virtio_ops. A transport (mmio.c) turns accesses into the
 * virtio_* register functions below, from vCPU threads, and brings virtio_transport, through which interrupts go out.
 *
 * Threads. A queue's ring is worked on by one thread, the owner of its workq: a notification only posts `kick` there.
 * That thread brackets its work by virtqueue_begin and virtqueue_end, which hold the queue's lock, so that a vCPU that
 * stops or resets the queue waits for the batch to end and knows that nobody touches the ring afterwards. Requests that
 * outlive a batch are counted (virtqueue_hold, virtqueue_release): a reset or a queue's stop is complete, and reads as
 * such, when the last one is back.
 *
 * A device with a struct vhost (core/vhost.h) leaves some of its rings to that: vhost.c. Their bells and calls go past us where
 * the engine can do that.
 *
 * Locks, outermost first: queue lock > device lock (registers) > the transport's. A back-end is never
 * called under a device lock, and under a queue's lock only if what it may call back takes another queue's.
 */
#ifndef DEV_VIRTIO_VIRTIO_H
#define DEV_VIRTIO_VIRTIO_H

#include "base/notifier.h"
#include "base/work.h"
#include "core/device.h"
#include "core/vhost.h"
#include "dev/virtio/ring.h"

/* Device status (§2.1). */
#define VIRTIO_STATUS_ACKNOWLEDGE	1u
#define VIRTIO_STATUS_DRIVER		2u
#define VIRTIO_STATUS_DRIVER_OK		4u
#define VIRTIO_STATUS_FEATURES_OK	8u
#define VIRTIO_STATUS_NEEDS_RESET	64u
#define VIRTIO_STATUS_FAILED		128u

/* Features that belong to no device type (§6), as bit numbers. */
#define VIRTIO_F_ANY_LAYOUT		27	/* legacy interface only */
#define VIRTIO_F_INDIRECT_DESC		28
#define VIRTIO_F_EVENT_IDX		29
#define VIRTIO_F_VERSION_1		32
#define VIRTIO_F_RING_PACKED		34
#define VIRTIO_F_IN_ORDER		35
#define VIRTIO_F_RING_RESET		40

#define VIRTIO_MAX_QUEUES		18	/* a network device's eight pairs and its control queue */
#define VIRTIO_CONFIG_CHANGED		(-1)	/* instead of a queue's index */

struct virtio_dev;

enum virtqueue_state {
	VQ_OFF,
	VQ_READY,
	VQ_HALTING,		/* being stopped: its thread may still be in a batch */
	VQ_DRAINING,		/* stopped, with requests out */
};

struct virtqueue {
	struct virtio_dev *vd;
	uint16_t index, max_size;
	struct workq *workq;
	struct work kick;
	struct notifier bell;		/* signalled: kick runs */
	bool has_fd;			/* bell is of the workq's making */

	struct lock lock;
	struct vring ring;
	struct mem_reader reader;
	bool live;			/* the ring may be used */
	bool vhost;			/* but not by us: it is the vhost's in this life; atomic for readers without the lock */
	bool running;			/* and the vhost is at work */
	uint16_t next;			/* where it goes on */
	struct notifier call;		/* what it signals where nothing goes straight: `called` runs */
	struct work called;
	bool call_has_fd;
	uint32_t in_flight;		/* atomic; rises under the queue's lock only */

	/* Under the device lock: */
	enum virtqueue_state state;
	bool resetting;			/* registers go to their defaults when it has stopped */
	uint16_t size;
	gpa_t desc, driver, device;
	struct vring_used *order;	/* where IN_ORDER is offered */
};

struct virtio_transport {
	void (*interrupt)(struct virtio_transport *t, int queue);	/* any thread, maybe under a queue's lock */
	void (*reset)(struct virtio_transport *t);			/* interrupt state to nothing; device lock held */
	/* A notifier with a descriptor that does what `interrupt` does, or NULL; virtio_call_changed when it changes. Or NULL. */
	struct notifier *(*direct)(struct virtio_transport *t, int queue);
};

struct virtio_ops {
	uint16_t id;			/* §5 */
	void (*kick)(struct virtqueue *q);	/* q's thread: there may be work in the ring */
	bool (*outside)(const struct virtqueue *q);	/* with features agreed on: is the ring the vhost's? Or NULL: all are */
	void (*started)(struct virtqueue *q);	/* the ring comes to life: queue's lock held, any thread; or NULL */
	void (*stopped)(struct virtqueue *q);	/* it was live and is no longer; as started; or NULL */
	bool (*features_ok)(const struct virtio_dev *vd, uint64_t features);		/* or NULL */
	void (*begin)(struct virtio_dev *vd);	/* features are agreed on, and no queue lives yet; no lock held; or NULL */
	void (*reset)(struct virtio_dev *vd);	/* a reset is complete; device lock held; or NULL */
	void (*config_write)(struct virtio_dev *vd, uint32_t offset, unsigned size, uint64_t val);	/* or NULL */
};

enum virtio_resetting { VIRTIO_RUNS, VIRTIO_HALTS, VIRTIO_DRAINS };

struct virtio_dev {
	struct device dev;
	const struct virtio_ops *ops;
	struct virtio_transport *transport;	/* NULL until one takes the device */
	uint64_t offered;
	uint8_t *config;			/* little-endian; changes under the device lock */
	uint32_t config_len, queues;

	/* Under the device lock: */
	uint64_t features;			/* what the driver accepted */
	bool legacy;				/* the driver uses a legacy interface, until the reset */
	uint32_t generation;
	uint8_t status;
	enum virtio_resetting resetting;

	bool packed, in_order;			/* properties: offer these */
	const struct virtio_threads *threads;	/* property, or NULL */
	struct vhost *vhost;			/* set before virtio_init, or NULL */
	struct notifier failed;			/* what the vhost signals: `failure` runs */
	struct work failure, sync;
	bool failed_has_fd;
	bool broken;				/* atomic: needs a reset */
	bool paused;				/* atomic */
	bool no_dma;				/* atomic: the transport may not reach memory now */
	struct virtqueue queue[VIRTIO_MAX_QUEUES];
};

/* Properties that every virtio device has: a line of its class's table. */
#define VIRTIO_PROPS(type)	{ "threads", PROP_PTR, offsetof(type, vd.threads), 0, 0, 0 }, \
				{ "packed", PROP_BOOL, offsetof(type, vd.packed), 0, 0, 0 }, \
				{ "in_order", PROP_BOOL, offsetof(type, vd.in_order), 0, 0, 0 }

/* For a device's init. `offered` are the device's own features; `max_size` of each queue a power of two. */
int virtio_init(struct virtio_dev *vd, const struct virtio_ops *ops, uint32_t queues, uint16_t max_size,
		uint64_t offered, void *config, uint32_t config_len);
void virtio_destroy(struct device *d);
void virtqueue_set_workq(struct virtqueue *q, struct workq *workq);	/* in init, for another than virtio_workq(vd, index) */
struct workq *virtio_workq(const struct virtio_dev *vd, uint32_t group);	/* of a group of queues */
/* These three are the dev_class hooks of every virtio device. */
void virtio_dev_reset(struct device *d, enum reset_kind why);
int virtio_quiesce(struct device *d);
void virtio_resume(struct device *d);

/* For devices. */
static inline bool virtio_has(const struct virtio_dev *vd, unsigned feature)	/* after FEATURES_OK */
{
	return vd->features >> feature & 1;
}
void virtio_needs_reset(struct virtio_dev *vd, const char *why);
/* Copies new bytes into the configuration and tells the driver. No lock held. */
void virtio_config_set(struct virtio_dev *vd, uint32_t offset, const void *val, uint32_t len);
/* False: the queue isn't running. Else its lock is held and its ring mapped until virtqueue_end. */
bool virtqueue_begin(struct virtqueue *q);
bool virtqueue_begin_push(struct virtqueue *q);	/* to give back only: also while the device is being quiesced */
void virtqueue_end(struct virtqueue *q);
int virtqueue_pop(struct virtqueue *q, struct vring_chain *c);	/* 1; 0: none, or broken and the driver has been told */
/* Last before virtqueue_end: asks for notifications; if something came meanwhile, kick runs again. */
void virtqueue_listen(struct virtqueue *q);
void virtqueue_publish(struct virtqueue *q);	/* shows what was pushed before the end, and tells who wants to know */
void virtqueue_hold(struct virtqueue *q);	/* between begin and end */
void virtqueue_release(struct virtqueue *q, uint32_t n);	/* n of them; outside; any thread */
void virtqueue_kick(struct virtqueue *q);	/* any thread */

/* Between virtio.c and vhost.c. */
int virtio_vhost_init(struct virtio_dev *vd);
void virtio_vhost_destroy(struct virtio_dev *vd);
void virtqueue_sync(struct virtqueue *q);	/* queue's lock held: the vhost has the ring if and only if it may */

/* For transports; any thread, no lock held. Reads of queues that do not exist give 0, writes do nothing. */
enum virtqueue_reg { VQ_REG_SIZE, VQ_REG_DESC, VQ_REG_DRIVER, VQ_REG_DEVICE };
/* PCI bus mastering: while it is off no ring is touched, and what comes back from a back-end is dropped. */
void virtio_dma_set(struct virtio_dev *vd, bool on);
uint32_t virtio_offered_get(struct virtio_dev *vd, uint32_t word);
uint32_t virtio_features_get(struct virtio_dev *vd, uint32_t word);
void virtio_features_set(struct virtio_dev *vd, uint32_t word, uint32_t val);
uint8_t virtio_status_get(struct virtio_dev *vd);
void virtio_status_set(struct virtio_dev *vd, uint32_t val);
uint32_t virtio_generation(struct virtio_dev *vd);
uint64_t virtio_config_read(struct virtio_dev *vd, uint64_t offset, unsigned size);	/* bytes past the end are ones */
void virtio_config_write(struct virtio_dev *vd, uint64_t offset, unsigned size, uint64_t val);
uint64_t virtio_queue_get(struct virtio_dev *vd, uint32_t index, enum virtqueue_reg reg);
uint16_t virtio_queue_max(struct virtio_dev *vd, uint32_t index);
bool virtio_queue_ready(struct virtio_dev *vd, uint32_t index);
void virtio_queue_enable(struct virtio_dev *vd, uint32_t index, bool on);
/* RING_RESET: stops the queue; then its registers are as after a reset. Reads as resetting until no request is out. */
void virtio_queue_reset(struct virtio_dev *vd, uint32_t index);
bool virtio_queue_resetting(struct virtio_dev *vd, uint32_t index);
/* Sets the bits of a register that `mask` has; ignored while the queue is on, and for a size that isn't allowed. */
void virtio_queue_set(struct virtio_dev *vd, uint32_t index, enum virtqueue_reg reg, uint64_t mask, uint64_t val);
void virtio_queue_notify(struct virtio_dev *vd, uint32_t index);
void virtio_call_changed(struct virtio_dev *vd, uint32_t index);	/* what `direct` gives for a queue */

/*
 * The same for legacy interfaces: 32 features and no VERSION_1, no FEATURES_OK, no NEEDS_RESET (a broken queue stands still
 * until the reset), and a queue that works as soon as it has an address: of its descriptors, with the rings behind them, the
 * used one aligned. 0 turns it off. An alignment that is no power of two is ignored, as is a queue that is on.
 */
uint32_t virtio_legacy_offered(struct virtio_dev *vd);
void virtio_legacy_features_set(struct virtio_dev *vd, uint32_t val);
void virtio_legacy_status_set(struct virtio_dev *vd, uint32_t val);
void virtio_legacy_queue_set(struct virtio_dev *vd, uint32_t index, gpa_t desc, uint64_t align);

#endif
