/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio block device (virtio 1.2 §5.2) over core/block.h.
 *
 * A request is 16 bytes of header, data, and one byte of status, whatever descriptors these lie in. Requests go to the
 * back-end with the guest's buffers as vectors, all that the ring holds in one batch, and are pushed when it hands them
 * back, with one interrupt for all that are complete; a fixed number can be out, the rest stays in the ring. Each has a
 * reader section of its own, so that guest memory stays while it is out.
 *
 * A driver that did not take VIRTIO_BLK_F_FLUSH believes in a write-through cache: each of its writes is flushed before
 * it completes (§5.2.6.2).
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/block.h"
#include "core/vm.h"
#include "dev/virtio/devices.h"
#include "dev/virtio/virtio.h"

#define BLK_QUEUE_SIZE	256u
#define BLK_SEG_MAX	(BLK_QUEUE_SIZE - 2)
#define BLK_SPANS	(BLK_QUEUE_SIZE + 8)	/* some buffers may cross slots of memory */
#define BLK_REQUESTS	64u			/* out at once, of each queue */
#define BLK_ROUNDS	8u			/* batches before others get their turn */
#define BLK_MAX_SECTORS	0x400000u		/* of one discard or write-zeroes: 2 GiB */
#define SECTOR		512u
#define BLK_ID_BYTES	20u

enum {	/* feature bits */
	BLK_F_SEG_MAX = 2, BLK_F_RO = 5, BLK_F_BLK_SIZE = 6, BLK_F_FLUSH = 9, BLK_F_MQ = 12, BLK_F_DISCARD = 13,
	BLK_F_WRITE_ZEROES = 14,
};
enum {	/* request types */
	BLK_T_IN = 0, BLK_T_OUT = 1, BLK_T_FLUSH = 4, BLK_T_GET_ID = 8, BLK_T_DISCARD = 11, BLK_T_WRITE_ZEROES = 13,
};
enum { BLK_S_OK, BLK_S_IOERR, BLK_S_UNSUPP };

#define ZEROES_UNMAP	1u

struct blk_header {
	uint32_t type, reserved;
	uint64_t sector;
};

struct blk_range {		/* of a discard or write-zeroes */
	uint64_t sector;
	uint32_t sectors, flags;
};

struct blk_config {		/* §5.2.4; all naturally aligned, little-endian like every host we run on */
	uint64_t capacity;
	uint32_t size_max, seg_max;
	uint8_t geometry[4];
	uint32_t blk_size;
	uint8_t topology[8];
	uint8_t writeback, unused0;
	uint16_t num_queues;
	uint32_t max_discard_sectors, max_discard_seg, discard_sector_alignment;
	uint32_t max_write_zeroes_sectors, max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap, unused1[3];
};
_Static_assert(sizeof(struct blk_config) == 64, "layout of §5.2.4, padded");

struct blk_request {
	struct block_io io;
	struct virtqueue *q;
	struct blk_request *next_free;
	struct vring_chain chain;
	struct mem_reader reader;
	bool sync;			/* a flush follows before this write completes */
	struct block_vec *vecs;		/* BLK_SPANS of them, as of the chain's spans */
};

struct blk_queue {			/* the queue's thread only */
	struct block_queue io;
	struct virtqueue *q;
	struct blk_request *free;
	bool starved;			/* the last batch ended for want of one */
};

struct virtio_blk {
	struct virtio_dev vd;
	struct block_backend *backend;
	uint32_t queues;
	struct blk_config config;
	struct blk_queue queue[VIRTIO_MAX_QUEUES];
};

static struct virtio_blk *to_blk(struct virtio_dev *vd)
{
	return container_of(vd, struct virtio_blk, vd);
}

/* Bytes [offset, offset + len) of n spans as vectors. */
static uint32_t vecs_of(const struct mem_span *s, uint32_t n, size_t offset, size_t len, struct block_vec *vec)
{
	uint32_t vecs = 0;

	for (; n && len; s++, n--) {
		size_t part;

		if (offset >= s->len) {
			offset -= s->len;
			continue;
		}
		part = MIN(s->len - offset, len);
		vec[vecs++] = (struct block_vec){ (uint8_t *)s->ptr + offset, part };
		len -= part;
		offset = 0;
	}
	return vecs;
}

static int blk_status(int result)
{
	return !result ? BLK_S_OK : result == -ENOTSUP ? BLK_S_UNSUPP : BLK_S_IOERR;
}

/* Ring mapped. `data` bytes at the start of the writable part have been written. */
static void blk_finish(struct virtqueue *q, struct blk_request *rq, uint32_t data, int result)
{
	struct vring_chain *c = &rq->chain;
	uint8_t status = (uint8_t)blk_status(result);

	vring_chain_write(c, c->writable - 1, &status, 1);
	vring_chain_put(q->ring.mem, c, c->writable);	/* a failed read may have written anywhere */
	vring_push(&q->ring, c, data + 1 == c->writable ? c->writable : data);
}

static void blk_request_free(struct virtio_blk *blk, struct blk_request *rq)
{
	struct blk_queue *bq = &blk->queue[rq->q->index];

	mem_reader_exit(&rq->reader);
	rq->next_free = bq->free;
	bq->free = rq;
}

static bool in_range(const struct virtio_blk *blk, uint64_t sector, uint64_t bytes)
{
	uint64_t sectors = blk->backend->size / SECTOR;

	return sector <= sectors && bytes / SECTOR <= sectors - sector;
}

static int blk_prepare_range(struct virtio_blk *blk, struct blk_request *rq, uint32_t type)
{
	struct blk_range range;
	bool discard = type == BLK_T_DISCARD;

	if (discard ? !virtio_has(&blk->vd, BLK_F_DISCARD) : !virtio_has(&blk->vd, BLK_F_WRITE_ZEROES))
		return -ENOTSUP;
	if (rq->chain.readable != sizeof(struct blk_header) + sizeof(range))
		return -EINVAL;
	vring_chain_read(&rq->chain, sizeof(struct blk_header), &range, sizeof(range));
	if (range.flags & ~(discard ? 0 : ZEROES_UNMAP))
		return -ENOTSUP;
	if (range.sectors > BLK_MAX_SECTORS || !in_range(blk, range.sector, (uint64_t)range.sectors * SECTOR))
		return -EINVAL;
	rq->io.op = discard ? BLOCK_DISCARD : BLOCK_WRITE_ZEROES;
	rq->io.offset = range.sector * SECTOR;
	rq->io.len = (uint64_t)range.sectors * SECTOR;
	return rq->io.len ? 1 : 0;
}

/* 1: rq->io is to be submitted; else the request is complete with this result. *data: bytes written already. */
static int blk_prepare(struct virtio_blk *blk, struct blk_request *rq, uint32_t *data)
{
	struct vring_chain *c = &rq->chain;
	struct blk_header h;
	bool write;
	char id[BLK_ID_BYTES] = { 0 };

	vring_chain_read(c, 0, &h, sizeof(h));
	rq->io.vecs = 0;
	rq->sync = false;
	write = h.type == BLK_T_OUT || h.type == BLK_T_DISCARD || h.type == BLK_T_WRITE_ZEROES;
	if (write && blk->backend->read_only)
		return -EROFS;
	switch (h.type) {
	case BLK_T_IN:
	case BLK_T_OUT:
		rq->io.op = write ? BLOCK_WRITE : BLOCK_READ;
		rq->io.len = write ? c->readable - sizeof(h) : c->writable - 1;
		if (rq->io.len % SECTOR || !in_range(blk, h.sector, rq->io.len))
			return -EINVAL;
		rq->io.offset = h.sector * SECTOR;
		rq->sync = write && !virtio_has(&blk->vd, BLK_F_FLUSH);
		rq->io.vecs = write ? vecs_of(c->span, c->reads, sizeof(h), rq->io.len, rq->vecs)
				    : vecs_of(c->span + c->reads, c->writes, 0, rq->io.len, rq->vecs);
		return rq->io.len ? 1 : 0;
	case BLK_T_FLUSH:
		rq->io.op = BLOCK_FLUSH;
		rq->io.offset = rq->io.len = 0;
		return blk->backend->read_only ? 0 : 1;
	case BLK_T_GET_ID:
		memcpy(id, blk->backend->serial, strnlen(blk->backend->serial, BLK_ID_BYTES));
		*data = (uint32_t)vring_chain_write(c, 0, id, MIN(BLK_ID_BYTES, c->writable - 1));
		return 0;
	case BLK_T_DISCARD:
	case BLK_T_WRITE_ZEROES:
		return blk_prepare_range(blk, rq, h.type);
	default:
		return -ENOTSUP;
	}
}

/* False: nothing left, or no free request. */
static bool blk_one(struct virtio_blk *blk, struct virtqueue *q)
{
	struct blk_queue *bq = &blk->queue[q->index];
	struct blk_request *rq = bq->free;
	uint32_t data = 0;
	int what;

	if (!rq)
		return false;
	mem_reader_enter(&rq->reader);
	if (!virtqueue_pop(q, &rq->chain)) {
		mem_reader_exit(&rq->reader);
		return false;
	}
	bq->free = rq->next_free;
	if (rq->chain.readable < sizeof(struct blk_header) || !rq->chain.writable) {
		vring_broken(&q->ring, "block request without header or status");
		vring_chain_put(q->ring.mem, &rq->chain, 0);
		blk_request_free(blk, rq);
		return false;
	}
	what = blk_prepare(blk, rq, &data);
	if (what == 1) {
		virtqueue_hold(q);
		blk->backend->ops->submit(blk->backend, &rq->io);
	} else {
		blk_finish(q, rq, data, what);
		blk_request_free(blk, rq);
	}
	return true;
}

/* One batch: false when there was nothing, and the driver has been asked to tell. */
static bool blk_batch(struct virtio_blk *blk, struct virtqueue *q)
{
	struct blk_queue *bq = &blk->queue[q->index];
	uint32_t n = 0;

	if (!virtqueue_begin(q))
		return false;
	vring_quiet(&q->ring);
	while (n < BLK_QUEUE_SIZE && blk_one(blk, q))
		n++;
	/* With all requests out, the first completion looks again. */
	bq->starved = !bq->free;
	if (!n && bq->free)
		virtqueue_listen(q);
	virtqueue_end(q);
	if (n && blk->backend->ops->commit)
		blk->backend->ops->commit(blk->backend, &bq->io);
	return n;
}

static void blk_kick(struct virtqueue *q)
{
	struct virtio_blk *blk = to_blk(q->vd);

	for (uint32_t i = 0; i < BLK_ROUNDS; i++)
		if (!blk_batch(blk, q))
			return;
	virtqueue_kick(q);
}

/* A write that is to be flushed goes out again. */
static bool blk_goes_on(struct virtio_blk *blk, struct blk_request *rq)
{
	if (!rq->sync || rq->io.result)
		return false;
	rq->sync = false;
	rq->io.op = BLOCK_FLUSH;
	rq->io.vecs = 0;
	blk->backend->ops->submit(blk->backend, &rq->io);
	return true;
}

static void blk_done(struct block_queue *io, struct block_io *list)
{
	struct blk_queue *bq = container_of(io, struct blk_queue, io);
	struct virtqueue *q = bq->q;
	struct virtio_blk *blk = to_blk(q->vd);
	bool works = virtqueue_begin_push(q), again = false;
	uint32_t n = 0;

	for (struct block_io *i = list, *next; i; i = next) {
		struct blk_request *rq = container_of(i, struct blk_request, io);
		bool read = i->op == BLOCK_READ && !i->result;

		next = i->next;
		if (blk_goes_on(blk, rq)) {
			again = true;
			continue;
		}
		if (works)
			blk_finish(q, rq, read ? (uint32_t)i->len : 0, i->result);
		else
			vring_chain_put(&blk->vd.dev.vm->mem, &rq->chain, rq->chain.writable);
		blk_request_free(blk, rq);
		n++;
	}
	if (works)
		virtqueue_end(q);
	if (n && bq->starved) {
		bq->starved = false;
		virtqueue_kick(q);
	}
	virtqueue_release(q, n);
	if (again && blk->backend->ops->commit)
		blk->backend->ops->commit(blk->backend, io);
}

static const struct virtio_ops blk_ops = {
	.id = 2,
	.kick = blk_kick,
};

static uint64_t blk_features(const struct virtio_blk *blk)
{
	const struct block_backend *b = blk->backend;
	uint64_t f = BIT(BLK_F_SEG_MAX) | BIT(BLK_F_BLK_SIZE) | BIT(BLK_F_FLUSH);

	if (blk->queues > 1)
		f |= BIT(BLK_F_MQ);
	if (b->read_only)
		return f | BIT(BLK_F_RO);
	if (b->can_discard)
		f |= BIT(BLK_F_DISCARD);
	if (b->can_write_zeroes)
		f |= BIT(BLK_F_WRITE_ZEROES);
	return f;
}

/* Spans and vectors are apart from the requests, so that those which are never used take no memory of the host's. */
static int blk_requests_init(struct virtio_blk *blk, struct arena *a, struct virtqueue *q)
{
	struct blk_queue *bq = &blk->queue[q->index];
	struct blk_request *rq = arena_alloc(a, BLK_REQUESTS * sizeof(*rq));
	struct mem_span *spans = arena_alloc(a, BLK_REQUESTS * BLK_SPANS * sizeof(*spans));
	struct block_vec *vecs = arena_alloc(a, BLK_REQUESTS * BLK_SPANS * sizeof(*vecs));

	if (!rq || !spans || !vecs)
		return -ENOMEM;
	bq->q = q;
	block_queue_init(&bq->io, q->workq, blk_done);
	rq += BLK_REQUESTS;
	for (uint32_t i = BLK_REQUESTS; i--;) {		/* the first is on top */
		rq--;
		rq->io.q = &bq->io;
		rq->io.vec = rq->vecs = vecs + i * BLK_SPANS;
		rq->q = q;
		rq->chain.span = spans + i * BLK_SPANS;
		rq->chain.capacity = BLK_SPANS;
		mem_reader_register(&blk->vd.dev.vm->mem, &rq->reader);
		rq->next_free = bq->free;
		bq->free = rq;
	}
	return blk->backend->ops->attach ? blk->backend->ops->attach(blk->backend, &bq->io) : 0;
}

static int blk_init(struct device *d, struct arena *a)
{
	struct virtio_blk *blk = container_of(d, struct virtio_blk, vd.dev);
	int err;

	if (!blk->backend)
		return -EINVAL;
	blk->config = (struct blk_config){
		.capacity = blk->backend->size / SECTOR,
		.seg_max = BLK_SEG_MAX,
		.blk_size = blk->backend->block_size,
		.num_queues = (uint16_t)blk->queues,
		.max_discard_sectors = BLK_MAX_SECTORS,
		.max_discard_seg = 1,
		.discard_sector_alignment = blk->backend->block_size / SECTOR,
		.max_write_zeroes_sectors = BLK_MAX_SECTORS,
		.max_write_zeroes_seg = 1,
		.write_zeroes_may_unmap = 1,
	};
	err = virtio_init(&blk->vd, &blk_ops, blk->queues, BLK_QUEUE_SIZE, blk_features(blk), &blk->config, 60);
	for (uint32_t i = 0; !err && i < blk->queues; i++)
		err = blk_requests_init(blk, a, &blk->vd.queue[i]);
	return err;
}

/* The back-end has no request left by now. */
static void blk_destroy(struct device *d)
{
	struct virtio_blk *blk = container_of(d, struct virtio_blk, vd.dev);

	for (uint32_t i = 0; i < blk->queues; i++)
		for (struct blk_request *rq = blk->queue[i].free; rq; rq = rq->next_free)
			mem_reader_unregister(&d->vm->mem, &rq->reader);
	virtio_destroy(d);
}

static const struct prop blk_props[] = {
	VIRTIO_PROPS(struct virtio_blk),
	PROP(struct virtio_blk, backend, PROP_PTR, 0, 0, 0),
	PROP(struct virtio_blk, queues, PROP_U32, 1, 1, VIRTIO_MAX_QUEUES),
	PROP_END
};

const struct dev_class virtio_blk_class = {
	.name = "virtio-blk",
	.size = sizeof(struct virtio_blk),
	.version = 1,
	.props = blk_props,
	.init = blk_init,
	.destroy = blk_destroy,
	.reset = virtio_dev_reset,
	.quiesce = virtio_quiesce,
	.resume = virtio_resume,
};
