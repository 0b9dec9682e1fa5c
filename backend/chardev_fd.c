/* SPDX-License-Identifier: BSD-2-Clause */
/* See chardev_fd.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>
#include "backend/chardev.h"
#include "backend/chardev_fd.h"
#include "base/types.h"
#include "os/tty.h"

#define POLLED_WRITE	512u		/* after POLLOUT a pipe or terminal takes this much without blocking */
#define CLOSE_WAIT_MS	1000

static struct chardev_fd *to_fd(struct chardev *c)
{
	return container_of(c, struct chardev_fd, c);
}

/* --- output --- */

static bool writable_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && p.revents & POLLOUT;
}

/* Bytes written without blocking. A reader that is gone takes everything. */
static size_t try_write(struct chardev_fd *f, const uint8_t *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n = f->out_blocks ? MIN(len - done, POLLED_WRITE) : len - done;
		ssize_t got;

		if (f->out_blocks && !writable_now(f->out))
			break;
		got = write(f->out, buf + done, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EAGAIN)
			return len;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

/* Lock held. The loop watches for room while there is something to write. */
static void watch_out(struct chardev_fd *f, bool on)
{
	if (on == f->watching_out)
		return;
	f->watching_out = on;
	loop_fd_set(f->loop, &f->watch_out, on ? EPOLLOUT : 0);
}

size_t chardev_fd_write(struct chardev *c, const uint8_t *buf, size_t len)
{
	struct chardev_fd *f = to_fd(c);
	size_t done = 0;

	if (f->out < 0)
		return len;
	lock_acquire(&f->lock);
	if (!f->to_out.len)
		done = try_write(f, buf, len);
	if (done < len)
		done += byte_ring_put(&f->to_out, buf + done, len - done);
	watch_out(f, f->to_out.len);
	if (done < len)
		f->starved = true;
	lock_release(&f->lock);
	return done;
}

/* Lock held. */
static void flush_out(struct chardev_fd *f)
{
	while (f->to_out.len) {
		uint8_t *p;
		uint32_t n = byte_ring_front(&f->to_out, &p);
		size_t done = try_write(f, p, n);

		byte_ring_drop(&f->to_out, (uint32_t)done);
		if (done < n)
			return;
	}
}

static void out_event(struct loop_fd *w, uint32_t events)
{
	struct chardev_fd *f = container_of(w, struct chardev_fd, watch_out);

	lock_acquire(&f->lock);
	flush_out(f);
	watch_out(f, f->to_out.len);
	if (f->starved && f->to_out.len <= f->to_out.size / 2) {
		f->starved = false;
		if (f->client)
			work_post(f->client->workq, &f->room);
	}
	lock_release(&f->lock);
}

static void room_work(struct work *w)
{
	struct chardev_fd *f = container_of(w, struct chardev_fd, room);

	if (f->client && f->client->writable)
		f->client->writable(f->client);
}

/* --- input --- */

/* Lock held. */
static void watch_in(struct chardev_fd *f, bool on)
{
	if (f->in_always || on == f->watching_in)
		return;
	f->watching_in = on;
	loop_fd_set(f->loop, &f->watch_in, on ? EPOLLIN : 0);
}

/* Reads once, at most what the ring takes, or anything if there is a filter. */
static void read_in(struct chardev_fd *f)
{
	uint8_t buf[CHARDEV_IN_MAX];
	size_t room;
	ssize_t n;

	lock_acquire(&f->lock);
	room = f->filter ? sizeof(buf) : f->to_client.size - f->to_client.len;
	lock_release(&f->lock);
	if (!room || f->in_ended)
		return;
	n = read(f->in, buf, room);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0 && f->filter)
		n = (ssize_t)f->filter(f, buf, (size_t)n);
	else if (n <= 0)
		f->in_ended = true;
	lock_acquire(&f->lock);
	if (n > 0)
		byte_ring_put(&f->to_client, buf, (size_t)n);
	watch_in(f, !f->in_ended && (f->filter || f->to_client.len < f->to_client.size));
	lock_release(&f->lock);
}

static void in_event(struct loop_fd *w, uint32_t events)
{
	struct chardev_fd *f = container_of(w, struct chardev_fd, watch_in);

	read_in(f);
	if (f->client)
		work_post(f->client->workq, &f->deliver);
}

/* On the client's queue. */
static void deliver_now(struct chardev_fd *f)
{
	uint8_t buf[256];

	while (f->client) {
		uint32_t n;
		size_t taken;
		uint8_t *p;

		if (f->in_always && !f->to_client.len)
			read_in(f);
		lock_acquire(&f->lock);
		n = MIN(byte_ring_front(&f->to_client, &p), sizeof(buf));
		memcpy(buf, p, n);
		lock_release(&f->lock);
		if (!n)
			return;
		taken = f->client->input(f->client, buf, n);
		lock_acquire(&f->lock);
		byte_ring_drop(&f->to_client, (uint32_t)taken);
		watch_in(f, f->in >= 0 && !f->in_ended);
		lock_release(&f->lock);
		if (taken < n)
			return;			/* until ready */
	}
}

static void deliver_work(struct work *w)
{
	deliver_now(container_of(w, struct chardev_fd, deliver));
}

static void fd_ready(struct chardev *c)
{
	deliver_now(to_fd(c));
}

static void brk_work(struct work *w)
{
	struct chardev_fd *f = container_of(w, struct chardev_fd, brk);

	if (f->client && f->client->brk)
		f->client->brk(f->client);
}

void chardev_fd_brk(struct chardev_fd *f)
{
	if (f->client)
		work_post(f->client->workq, &f->brk);
}

/* --- life --- */

static void fd_attach(struct chardev *c, struct chardev_client *client)
{
	struct chardev_fd *f = to_fd(c);

	f->client = client;
	if (!client)
		return;
	chardev_resized(c);
	if (f->in >= 0)
		work_post(client->workq, &f->deliver);
}

static void fd_free(struct chardev_fd *f)
{
	if (f->closing)
		f->closing(f);
	if (f->watch_in.fn)
		loop_fd_remove(f->loop, &f->watch_in);
	if (f->watch_out.fn)
		loop_fd_remove(f->loop, &f->watch_out);
	if (f->in >= 0)
		close(f->in);
	if (f->out >= 0 && f->out != f->in)
		close(f->out);
	free(f->to_out.buf);
	free(f->to_client.buf);
	free(f);
}

static void fd_destroy(struct chardev *c)
{
	struct chardev_fd *f = to_fd(c);

	f->client = NULL;
	lock_acquire(&f->lock);
	for (int waited = 0; f->to_out.len && waited < CLOSE_WAIT_MS; waited += 10) {
		struct pollfd p = { .fd = f->out, .events = POLLOUT };

		poll(&p, 1, 10);
		flush_out(f);
	}
	lock_release(&f->lock);
	fd_free(f);
}

static const struct chardev_ops fd_ops = {
	.attach = fd_attach,
	.write = chardev_fd_write,
	.ready = fd_ready,
	.destroy = fd_destroy,
};

void chardev_resized(struct chardev *c)
{
	struct chardev_fd *f = to_fd(c);
	uint16_t columns, rows;

	if (c->ops != &fd_ops)
		return;
	if (f->client && f->client->resized && f->out >= 0 && !tty_size(f->out, &columns, &rows) && columns)
		f->client->resized(f->client, columns, rows);
}

int chardev_fd_writer(int fd, bool *blocks)
{
	char path[32];
	struct stat st;
	int again = -1;

	*blocks = false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again >= 0)
		return again;
	*blocks = true;
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int watch(struct chardev_fd *f, struct loop_fd *w, int fd, uint32_t events,
		 void (*fn)(struct loop_fd *w, uint32_t events))
{
	int err;

	w->fd = fd;
	w->events = events;
	w->fn = fn;
	err = loop_fd_add(f->loop, w);
	if (err)
		w->fn = NULL;
	return err;
}

int chardev_fd_init(struct chardev_fd *f, struct loop *loop, int in, int out)
{
	int err = 0;

	f->c.ops = &fd_ops;
	f->loop = loop;
	f->in = in;
	f->out = out;
	work_init(&f->deliver, deliver_work);
	work_init(&f->room, room_work);
	work_init(&f->brk, brk_work);
	f->to_out = (struct byte_ring){ .buf = malloc(CHARDEV_OUT_MAX), .size = CHARDEV_OUT_MAX };
	f->to_client = (struct byte_ring){ .buf = malloc(CHARDEV_IN_MAX), .size = CHARDEV_IN_MAX };
	if (!f->to_out.buf || !f->to_client.buf)
		err = -ENOMEM;
	if (!err && in >= 0) {
		f->watching_in = true;
		err = watch(f, &f->watch_in, in, EPOLLIN, in_event);
		if (err == -EPERM) {
			f->in_always = true;
			err = 0;
		}
	}
	if (!err && out >= 0) {
		err = watch(f, &f->watch_out, out, 0, out_event);
		if (err == -EPERM)		/* a file: it never makes us wait */
			err = 0;
	}
	if (err)
		fd_free(f);
	return err;
}
