/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio console (virtio 1.2 §5.3) with one port over core/chardev.h: queue 0 takes input to the guest, queue 1 its
 * output.
 *
 * Output is copied out of the ring piece by piece and sent without the queue's lock, for the back-end may call back. Of
 * a chain that did not fit, `taken` says how much has been copied: it is put back and looked at again, so that nothing
 * of the guest's is held while a slow back-end makes us wait. Input waits at the back-end until there is a buffer.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "core/chardev.h"
#include "dev/virtio/devices.h"
#include "dev/virtio/virtio.h"

#define CON_QUEUE_SIZE	64u
#define CON_SPANS	(CON_QUEUE_SIZE + 8)
#define CON_OUT		4096u
#define CON_F_SIZE	0

enum { CON_RX, CON_TX };

struct console_config {
	uint16_t cols, rows;
	uint32_t max_nr_ports, emerg_wr;
};

struct virtio_console {
	struct virtio_dev vd;
	struct chardev *backend;
	struct chardev_client client;
	struct console_config config;
	struct mem_span spans[2][CON_SPANS];
	uint8_t out[CON_OUT];		/* copied from the ring; the queue's thread only */
	uint32_t out_at, out_len;
	uint32_t taken;			/* bytes of the next output chain; queue's lock */
};

static struct virtio_console *client_console(struct chardev_client *c)
{
	return container_of(c, struct virtio_console, client);
}

/* --- output --- */

/* False: the back-end is full and will call writable. */
static bool out_send(struct virtio_console *con)
{
	while (con->out_at < con->out_len) {
		size_t n = con->backend->ops->write(con->backend, con->out + con->out_at, con->out_len - con->out_at);

		if (!n)
			return false;
		con->out_at += (uint32_t)n;
	}
	con->out_at = con->out_len = 0;
	return true;
}

/* Fills the empty `out` from the ring. False: nothing there, and the driver has been asked to tell. */
static bool out_fill(struct virtio_console *con, struct virtqueue *q)
{
	struct vring_chain c = { .span = con->spans[CON_TX], .capacity = CON_SPANS };

	if (!virtqueue_begin(q))
		return false;
	for (uint32_t i = 0; i < CON_QUEUE_SIZE && con->out_len < CON_OUT; i++) {
		uint32_t n;

		if (!virtqueue_pop(q, &c))
			break;
		if (con->taken > c.readable)	/* the driver has changed it */
			con->taken = c.readable;
		n = (uint32_t)vring_chain_read(&c, con->taken, con->out + con->out_len, CON_OUT - con->out_len);
		con->out_len += n;
		con->taken += n;
		if (con->taken < c.readable) {
			vring_unpop(&q->ring, &c);
		} else {
			con->taken = 0;
			vring_push(&q->ring, &c, 0);
		}
	}
	if (!con->out_len)
		virtqueue_listen(q);
	virtqueue_end(q);
	return con->out_len;
}

static void tx_kick(struct virtio_console *con, struct virtqueue *q)
{
	for (uint32_t budget = 16; budget; budget--) {
		if (!out_send(con) || !out_fill(con, q))
			return;
	}
	virtqueue_kick(q);		/* others' turn */
}

static void console_writable(struct chardev_client *client)
{
	struct virtio_console *con = client_console(client);

	tx_kick(con, &con->vd.queue[CON_TX]);
}

/* --- input --- */

static size_t console_input(struct chardev_client *client, const uint8_t *buf, size_t len)
{
	struct virtio_console *con = client_console(client);
	struct virtqueue *q = &con->vd.queue[CON_RX];
	struct vring_chain c = { .span = con->spans[CON_RX], .capacity = CON_SPANS };
	size_t done = 0;

	if (!virtqueue_begin(q))
		return 0;
	for (uint32_t i = 0; i < CON_QUEUE_SIZE && done < len && virtqueue_pop(q, &c); i++) {
		uint32_t n = (uint32_t)vring_chain_write(&c, 0, buf + done, len - done);

		vring_push(&q->ring, &c, n);
		done += n;
	}
	if (done < len)
		virtqueue_listen(q);
	virtqueue_end(q);
	return done;
}

static void console_resized(struct chardev_client *client, uint16_t columns, uint16_t rows)
{
	struct virtio_console *con = client_console(client);
	uint16_t size[2] = { columns, rows };

	virtio_config_set(&con->vd, 0, size, sizeof(size));
}

static void console_kick(struct virtqueue *q)
{
	struct virtio_console *con = container_of(q->vd, struct virtio_console, vd);

	if (q->index == CON_TX)
		tx_kick(con, q);
	else
		con->backend->ops->ready(con->backend);
}

static void console_started(struct virtqueue *q)
{
	if (q->index == CON_TX)
		container_of(q->vd, struct virtio_console, vd)->taken = 0;
}

static const struct virtio_ops console_ops = {
	.id = 3,
	.kick = console_kick,
	.started = console_started,
};

static int console_init(struct device *d, struct arena *a)
{
	struct virtio_console *con = container_of(d, struct virtio_console, vd.dev);
	int err;

	if (!con->backend)
		return -EINVAL;
	con->config.max_nr_ports = 1;
	con->client = (struct chardev_client){
		.input = console_input, .writable = console_writable, .resized = console_resized, .workq = d->workq,
	};
	err = virtio_init(&con->vd, &console_ops, 2, CON_QUEUE_SIZE, BIT(CON_F_SIZE), &con->config, sizeof(con->config));
	if (!err)
		con->backend->ops->attach(con->backend, &con->client);
	return err;
}

static void console_destroy(struct device *d)
{
	struct virtio_console *con = container_of(d, struct virtio_console, vd.dev);

	con->backend->ops->attach(con->backend, NULL);
	virtio_destroy(d);
}

static const struct prop console_props[] = {
	VIRTIO_PROPS(struct virtio_console),
	PROP(struct virtio_console, backend, PROP_PTR, 0, 0, 0),
	PROP_END
};

const struct dev_class virtio_console_class = {
	.name = "virtio-console",
	.size = sizeof(struct virtio_console),
	.version = 1,
	.props = console_props,
	.init = console_init,
	.destroy = console_destroy,
	.reset = virtio_dev_reset,
	.quiesce = virtio_quiesce,
	.resume = virtio_resume,
};
