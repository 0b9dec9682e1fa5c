/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio memory balloon (virtio 1.2 §5.5): the guest gives pages that it does not need back to the host, because the host asks
 * for them (inflate), or as soon as they are free (reporting). A page given back reads as zeros when the guest takes it again,
 * and needs no word for it: the host puts memory there at the first touch.
 *
 * Statistics: the driver leaves one buffer in its queue, which stays there until somebody asks; giving it back makes the
 * driver fill it anew.
 *
 * Queues that the features in use do not need are not counted: reporting is queue 3 although the specification numbers it 4
 * after a queue for hints, which we do not offer. Linux counts like this, and so does QEMU.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "core/vm.h"
#include "dev/virtio/balloon.h"
#include "dev/virtio/devices.h"
#include "dev/virtio/virtio.h"

#define BALLOON_QUEUE_SIZE	128u
#define BALLOON_SPANS		(BALLOON_QUEUE_SIZE + 8)
#define BALLOON_BATCH		16u	/* chains before others get their turn */
#define PFN_SHIFT		12	/* pages of 4 KiB, whatever the guest's are */
#define PAGE_BYTES		(1ull << PFN_SHIFT)
#define PFNS			256u	/* copied at once */
#define PFNS_MAX		4096u	/* of one message; each may cost a system call */

enum { BALLOON_INFLATE, BALLOON_DEFLATE, BALLOON_STATISTICS, BALLOON_REPORTING, BALLOON_QUEUES };
enum { BALLOON_F_STATS_VQ = 1, BALLOON_F_DEFLATE_ON_OOM = 2, BALLOON_F_REPORTING = 5 };

struct balloon_config {
	uint32_t num_pages, actual, free_page_hint_cmd_id, poison_val;
};

struct balloon_stat {
	uint16_t tag;
	uint64_t value;
} __attribute__((packed));

struct virtio_balloon {
	struct virtio_dev vd;
	struct balloon_config config;
	struct mem_span spans[BALLOON_SPANS];	/* the queues' thread */
	uint32_t pfn[PFNS];
	struct balloon_info info;		/* device lock */
	bool refresh;				/* atomic: the statistics are to be asked for */
};

static struct virtio_balloon *to_balloon(struct device *d)
{
	return container_of(d, struct virtio_balloon, vd.dev);
}

/* What isn't whole pages of RAM stays as it is: the guest loses nothing by it. */
static void give_back(struct virtio_balloon *b, gpa_t gpa, uint64_t len)
{
	gpa_t rest = PAGE_BYTES - 1, first = (gpa + rest) & ~rest, end = (gpa + len) & ~rest;

	if (end > first && mem_discard(&b->vd.dev.vm->mem, first, end - first) == -EFAULT)
		dev_guest_error(&b->vd.dev, "page %llx is not in RAM", (unsigned long long)first);
}

/* Neighbours go together: one call for each run of pages. */
static void inflate_pfns(struct virtio_balloon *b, unsigned n)
{
	for (unsigned i = 0, run; i < n; i += run) {
		for (run = 1; i + run < n && b->pfn[i + run] == b->pfn[i] + run; run++)
			;
		give_back(b, (gpa_t)b->pfn[i] << PFN_SHIFT, (uint64_t)run << PFN_SHIFT);
	}
}

/* What a longer message says besides stays with the guest as well: 4 GiB of page numbers would keep the thread for hours. */
static void inflate(struct virtio_balloon *b, const struct vring_chain *c)
{
	size_t offset = 0, got;

	while (offset < PFNS_MAX * sizeof(b->pfn[0]) &&
	       (got = vring_chain_read(c, offset, b->pfn, sizeof(b->pfn))) >= sizeof(b->pfn[0])) {
		inflate_pfns(b, (unsigned)(got / sizeof(b->pfn[0])));
		offset += got;
	}
}

static void report(struct virtio_balloon *b, const struct vring_chain *c)
{
	for (uint32_t i = c->reads; i < c->reads + c->writes; i++)
		give_back(b, c->span[i].gpa, c->span[i].len);
}

static void statistics(struct virtio_balloon *b, const struct vring_chain *c)
{
	struct balloon_stat s;

	lock_acquire(&b->vd.dev.lock);
	for (size_t at = 0; at < 64 * sizeof(s) && vring_chain_read(c, at, &s, sizeof(s)) == sizeof(s); at += sizeof(s)) {
		if (s.tag >= BALLOON_STATS)
			continue;
		b->info.stat[s.tag] = s.value;
		b->info.known |= BIT(s.tag);
	}
	lock_release(&b->vd.dev.lock);
}

/* The buffer goes back only if new figures are wanted. */
static void statistics_kick(struct virtio_balloon *b, struct virtqueue *q, struct vring_chain *c)
{
	while (virtqueue_pop(q, c)) {
		statistics(b, c);
		if (!__atomic_exchange_n(&b->refresh, false, __ATOMIC_SEQ_CST)) {
			vring_unpop(&q->ring, c);
			return;
		}
		vring_push(&q->ring, c, 0);
	}
	virtqueue_listen(q);
}

static void balloon_kick(struct virtqueue *q)
{
	struct virtio_balloon *b = container_of(q->vd, struct virtio_balloon, vd);
	struct vring_chain c = { .span = b->spans, .capacity = BALLOON_SPANS };
	unsigned n;

	if (!virtqueue_begin(q))
		return;
	if (q->index == BALLOON_STATISTICS) {
		statistics_kick(b, q, &c);
		virtqueue_end(q);
		return;
	}
	for (n = 0; n < BALLOON_BATCH && virtqueue_pop(q, &c); n++) {
		if (q->index == BALLOON_INFLATE)
			inflate(b, &c);
		else if (q->index == BALLOON_REPORTING)
			report(b, &c);
		vring_push(&q->ring, &c, 0);
	}
	virtqueue_listen(q);
	virtqueue_end(q);
}

/* The driver tells how much it has given; Linux's legacy drivers do so byte by byte. */
static void balloon_config_write(struct virtio_dev *vd, uint32_t offset, unsigned size, uint64_t val)
{
	struct virtio_balloon *b = container_of(vd, struct virtio_balloon, vd);
	uint32_t at = offset - (uint32_t)offsetof(struct balloon_config, actual);

	if (at >= sizeof(b->config.actual) || size > sizeof(b->config.actual) - at)
		return;
	lock_acquire(&vd->dev.lock);
	b->config.actual = (uint32_t)field_set(b->config.actual, (BIT(8 * size) - 1) << 8 * at, val);
	lock_release(&vd->dev.lock);
}

void virtio_balloon_set(struct device *d, uint64_t bytes)
{
	struct virtio_balloon *b = to_balloon(d);
	uint64_t pages = bytes >> PFN_SHIFT;
	uint32_t val = (uint32_t)MIN(pages, 0xffffffffull);

	virtio_config_set(&b->vd, offsetof(struct balloon_config, num_pages), &val, sizeof(val));
}

void virtio_balloon_get(struct device *d, struct balloon_info *info)
{
	struct virtio_balloon *b = to_balloon(d);

	lock_acquire(&d->lock);
	*info = b->info;
	info->target = (uint64_t)b->config.num_pages << PFN_SHIFT;
	info->actual = (uint64_t)b->config.actual << PFN_SHIFT;
	lock_release(&d->lock);
	__atomic_store_n(&b->refresh, true, __ATOMIC_SEQ_CST);
	virtqueue_kick(&b->vd.queue[BALLOON_STATISTICS]);
}

static const struct virtio_ops balloon_ops = {
	.id = 5,
	.kick = balloon_kick,
	.config_write = balloon_config_write,
};

static int balloon_init(struct device *d, struct arena *a)
{
	struct virtio_balloon *b = to_balloon(d);

	return virtio_init(&b->vd, &balloon_ops, BALLOON_QUEUES, BALLOON_QUEUE_SIZE,
			   BIT(BALLOON_F_STATS_VQ) | BIT(BALLOON_F_DEFLATE_ON_OOM) | BIT(BALLOON_F_REPORTING), &b->config,
			   sizeof(b->config));
}

/* A new guest has given nothing yet. What the host wants stays. */
static void balloon_reset(struct device *d, enum reset_kind why)
{
	struct virtio_balloon *b = to_balloon(d);

	virtio_dev_reset(d, why);
	lock_acquire(&d->lock);
	b->config.actual = 0;
	b->info = (struct balloon_info){ .known = 0 };
	lock_release(&d->lock);
}

static const struct prop balloon_props[] = {
	VIRTIO_PROPS(struct virtio_balloon),
	PROP_END
};

const struct dev_class virtio_balloon_class = {
	.name = "virtio-balloon",
	.size = sizeof(struct virtio_balloon),
	.version = 1,
	.props = balloon_props,
	.init = balloon_init,
	.destroy = virtio_destroy,
	.reset = balloon_reset,
	.quiesce = virtio_quiesce,
	.resume = virtio_resume,
};
