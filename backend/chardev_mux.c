/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See chardev_mux.h. Only this object posts work to the client's queue; a socket's part is touched by the control thread, and
 * under the lock by writers. So a socket may go at any time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/byte_ring.h"
#include "backend/chardev.h"
#include "backend/chardev_mux.h"
#include "base/lock.h"
#include "os/loop.h"

#define SOCKET_OUT	65536u
#define INPUT		4096u

struct chardev_mux;
struct mux_socket {
	struct chardev_mux *mux;
	struct loop_fd watch;		/* fd -1: free */
	struct byte_ring out;		/* mux->lock */
	bool in_full, in_ended;		/* mux->lock: reading waits for the guest, or there is no more */
	bool hears;			/* mux->lock: was there before what is being written */
};

struct chardev_mux {
	struct chardev c;
	struct chardev_client below;	/* what `under` talks to */
	struct chardev *under;
	struct chardev_client *client;
	struct loop *loop;
	struct lock lock;
	struct byte_ring in;		/* from sockets; under the lock */
	struct work deliver, brk;	/* on the client's queue */
	struct mux_socket socket[CHARDEV_MUX_SOCKETS];
};

static struct chardev_mux *to_mux(struct chardev *c)
{
	return container_of(c, struct chardev_mux, c);
}

/* ---- output ---- */

/* Lock held. A Unix socket has no EPOLLPRI: it is there so that a hang-up is told when nothing else is of interest. */
static void socket_watch(struct mux_socket *s)
{
	uint32_t in = s->in_full || s->in_ended ? 0 : EPOLLIN, out = s->out.len ? EPOLLOUT : 0;

	loop_fd_set(s->mux->loop, &s->watch, in | out | EPOLLPRI);
}

/* Lock held. */
static void socket_flush(struct mux_socket *s)
{
	while (s->out.len) {
		uint8_t *p;
		uint32_t n = byte_ring_front(&s->out, &p);
		ssize_t done = send(s->watch.fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (done <= 0)
			return;
		byte_ring_drop(&s->out, (uint32_t)done);
	}
}

/* Not under the lock as a whole, which `under` may call back into: a socket that comes meanwhile begins after it. */
static size_t mux_write(struct chardev *c, const uint8_t *buf, size_t len)
{
	struct chardev_mux *m = to_mux(c);
	size_t done;

	lock_acquire(&m->lock);
	for (unsigned i = 0; i < CHARDEV_MUX_SOCKETS; i++)
		m->socket[i].hears = m->socket[i].watch.fd >= 0;
	lock_release(&m->lock);
	done = m->under->ops->write(m->under, buf, len);
	lock_acquire(&m->lock);
	for (unsigned i = 0; i < CHARDEV_MUX_SOCKETS && done; i++) {
		struct mux_socket *s = &m->socket[i];

		if (s->watch.fd < 0 || !s->hears)
			continue;
		byte_ring_put(&s->out, buf, done);
		socket_flush(s);
		if (s->out.len)
			socket_watch(s);
	}
	lock_release(&m->lock);
	return done;
}

/* ---- input ---- */

/* On the client's queue. */
static void deliver_now(struct chardev_mux *m)
{
	uint8_t buf[256];

	while (m->client) {
		uint32_t n;
		size_t taken;
		uint8_t *p;

		lock_acquire(&m->lock);
		n = MIN(byte_ring_front(&m->in, &p), (uint32_t)sizeof(buf));
		memcpy(buf, p, n);
		lock_release(&m->lock);
		if (!n)
			return;
		taken = m->client->input(m->client, buf, n);
		lock_acquire(&m->lock);
		byte_ring_drop(&m->in, (uint32_t)taken);
		for (unsigned i = 0; i < CHARDEV_MUX_SOCKETS; i++)
			if (m->socket[i].watch.fd >= 0 && m->socket[i].in_full) {
				m->socket[i].in_full = false;
				socket_watch(&m->socket[i]);
			}
		lock_release(&m->lock);
		if (taken < n)
			return;			/* until ready */
	}
}

static void deliver_work(struct work *w)
{
	deliver_now(container_of(w, struct chardev_mux, deliver));
}

static void brk_work(struct work *w)
{
	struct chardev_mux *m = container_of(w, struct chardev_mux, brk);

	if (m->client && m->client->brk)
		m->client->brk(m->client);
}

static void mux_ready(struct chardev *c)
{
	struct chardev_mux *m = to_mux(c);

	deliver_now(m);
	m->under->ops->ready(m->under);
}

size_t chardev_mux_type(struct chardev *mux, const void *text, size_t len)
{
	struct chardev_mux *m = to_mux(mux);
	uint32_t n;

	lock_acquire(&m->lock);
	n = byte_ring_put(&m->in, text, len);
	lock_release(&m->lock);
	if (m->client)
		work_post(m->client->workq, &m->deliver);
	return n;
}

void chardev_mux_break(struct chardev *mux)
{
	struct chardev_mux *m = to_mux(mux);

	if (m->client)
		work_post(m->client->workq, &m->brk);
}

/* ---- sockets ---- */

static void socket_close(struct mux_socket *s)
{
	lock_acquire(&s->mux->lock);
	loop_fd_remove(s->mux->loop, &s->watch);
	close(s->watch.fd);
	s->watch.fd = -1;
	free(s->out.buf);
	s->out.buf = NULL;
	lock_release(&s->mux->lock);
}

static void socket_read(struct mux_socket *s)
{
	struct chardev_mux *m = s->mux;
	uint8_t buf[INPUT];
	uint32_t room;
	ssize_t n;

	lock_acquire(&m->lock);
	room = m->in.size - m->in.len;
	lock_release(&m->lock);
	n = room ? recv(s->watch.fd, buf, room, MSG_DONTWAIT) : 0;
	if (n > 0)
		chardev_mux_type(&m->c, buf, (size_t)n);
	lock_acquire(&m->lock);
	s->in_full = !room;
	s->in_ended = room && !n;
	socket_watch(s);
	lock_release(&m->lock);
}

/* A peer that has said all it will may still listen; EPOLLHUP comes when it is gone. */
static void socket_event(struct loop_fd *w, uint32_t events)
{
	struct mux_socket *s = container_of(w, struct mux_socket, watch);

	if (events & EPOLLOUT) {
		lock_acquire(&s->mux->lock);
		socket_flush(s);
		socket_watch(s);
		lock_release(&s->mux->lock);
	}
	if (events & EPOLLIN)
		socket_read(s);
	if (events & (EPOLLERR | EPOLLHUP))
		socket_close(s);
}

bool chardev_mux_room(const struct chardev *mux)
{
	const struct chardev_mux *m = container_of(mux, const struct chardev_mux, c);

	for (unsigned i = 0; i < CHARDEV_MUX_SOCKETS; i++)
		if (m->socket[i].watch.fd < 0)
			return true;
	return false;
}

int chardev_mux_add(struct chardev *mux, int fd)
{
	struct chardev_mux *m = to_mux(mux);

	for (unsigned i = 0; i < CHARDEV_MUX_SOCKETS; i++) {
		struct mux_socket *s = &m->socket[i];
		int err;

		if (s->watch.fd >= 0)
			continue;
		s->out = (struct byte_ring){ .buf = malloc(SOCKET_OUT), .size = SOCKET_OUT };
		if (!s->out.buf)
			return -ENOMEM;
		s->in_full = s->in_ended = false;
		lock_acquire(&m->lock);
		s->hears = false;
		s->watch = (struct loop_fd){ fd, EPOLLIN, socket_event };
		err = loop_fd_add(m->loop, &s->watch);
		if (err) {
			s->watch.fd = -1;
			free(s->out.buf);
		}
		lock_release(&m->lock);
		return err;
	}
	return -EBUSY;
}

/* ---- the back-end below, and life ---- */

static size_t below_input(struct chardev_client *c, const uint8_t *buf, size_t len)
{
	struct chardev_mux *m = container_of(c, struct chardev_mux, below);

	return m->client->input(m->client, buf, len);
}

static void below_writable(struct chardev_client *c)
{
	struct chardev_mux *m = container_of(c, struct chardev_mux, below);

	if (m->client->writable)
		m->client->writable(m->client);
}

static void below_brk(struct chardev_client *c)
{
	struct chardev_mux *m = container_of(c, struct chardev_mux, below);

	if (m->client->brk)
		m->client->brk(m->client);
}

static void below_resized(struct chardev_client *c, uint16_t columns, uint16_t rows)
{
	struct chardev_mux *m = container_of(c, struct chardev_mux, below);

	if (m->client->resized)
		m->client->resized(m->client, columns, rows);
}

static void mux_attach(struct chardev *c, struct chardev_client *client)
{
	struct chardev_mux *m = to_mux(c);

	m->client = client;
	if (client)
		m->below.workq = client->workq;
	m->under->ops->attach(m->under, client ? &m->below : NULL);
}

static void mux_destroy(struct chardev *c)
{
	struct chardev_mux *m = to_mux(c);

	for (unsigned i = 0; i < CHARDEV_MUX_SOCKETS; i++)
		if (m->socket[i].watch.fd >= 0)
			socket_close(&m->socket[i]);
	chardev_close(m->under);
	free(m->in.buf);
	free(m);
}

static const struct chardev_ops mux_ops = {
	.attach = mux_attach,
	.write = mux_write,
	.ready = mux_ready,
	.destroy = mux_destroy,
};

int chardev_mux_open(struct loop *loop, struct chardev *under, struct chardev **out)
{
	struct chardev_mux *m = calloc(1, sizeof(*m));
	uint8_t *in = malloc(INPUT);

	if (!m || !in) {
		free(m);
		free(in);
		chardev_close(under);
		return -ENOMEM;
	}
	m->c.ops = &mux_ops;
	m->below = (struct chardev_client){ below_input, below_writable, below_brk, below_resized, NULL };
	m->under = under;
	m->loop = loop;
	m->in = (struct byte_ring){ .buf = in, .size = INPUT };
	work_init(&m->deliver, deliver_work);
	work_init(&m->brk, brk_work);
	for (unsigned i = 0; i < CHARDEV_MUX_SOCKETS; i++)
		m->socket[i] = (struct mux_socket){ .mux = m, .watch = { .fd = -1 } };
	*out = &m->c;
	return 0;
}

struct chardev *chardev_mux_under(struct chardev *mux)
{
	return to_mux(mux)->under;
}
