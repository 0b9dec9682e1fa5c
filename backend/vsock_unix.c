/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See vsock.h. Each stream (virtio 1.2 §5.10.6) is a socket of the host with what was agreed on: how much the guest may
 * send (BUFFER bytes that its socket has not taken yet; who sends more is reset) and how much it will take.
 *
 * What we have to say to the guest about a stream is a set of bits, sent in the order of their numbers as soon as there are
 * receive buffers: so nothing is queued, however many packets the guest sends without taking any. Answers to packets that
 * belong to no stream are the exception, and are lost then; a peer that hears nothing asks again or gives up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include "backend/vsock.h"
#include "base/list.h"
#include "os/listener.h"
#include "os/loop.h"

#define BUFFER		65536u		/* a power of two; the guest's credit with each stream */
#define MAX_STREAMS	256u
#define FIRST_PORT	0x40000000u	/* of the host's ends that we name */
#define HELLO_MAX	32u

enum state { HELLO, REQUESTED, CONNECTED, DEAD };
enum { SAY_REQUEST = 1, SAY_RESPONSE = 2, SAY_CREDIT = 4, SAY_SHUTDOWN = 8, SAY_RST = 16 };

struct stream {
	struct list node;
	struct vsock_unix *v;
	struct loop_fd watch;		/* fd -1: closed */
	enum state state;
	unsigned say;
	uint32_t port, host_port;	/* the guest's, ours */
	uint8_t *buf;			/* from the guest, not yet written: a ring, when there is any */
	uint32_t head, held;
	uint32_t forwarded, told;	/* bytes written in all; of which the guest knows */
	uint32_t sent, peer_alloc, peer_forwarded;
	bool host_done, guest_done, guest_deaf;	/* who sends or reads no more */
};

struct vsock_unix {
	struct vsock_backend b;
	struct loop *loop;
	struct vsock_client *client;
	struct listener listener;
	struct list streams;
	uint32_t count, next_port;
	bool starved;			/* no receive buffer: wait for ready */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void stream_free(struct stream *s)
{
	if (s->watch.fd >= 0) {
		loop_fd_remove(s->v->loop, &s->watch);
		close(s->watch.fd);
	}
	list_remove(&s->node);
	s->v->count--;
	free(s->buf);
	free(s);
}

static void stream_close(struct stream *s, unsigned say)
{
	if (s->watch.fd >= 0) {
		loop_fd_remove(s->v->loop, &s->watch);
		close(s->watch.fd);
		s->watch.fd = -1;
	}
	s->state = DEAD;
	s->say = say;
}

static struct vsock_header header(const struct stream *s, uint16_t op)
{
	return (struct vsock_header){
		.src_cid = VSOCK_HOST_CID, .dst_cid = s->v->b.cid, .src_port = s->host_port, .dst_port = s->port,
		.type = VSOCK_STREAM, .op = op, .buf_alloc = BUFFER, .fwd_cnt = s->forwarded,
	};
}

/* False: no buffer. */
static bool say(struct stream *s, unsigned what, uint16_t op, uint32_t flags)
{
	struct vsock_header h = header(s, op);

	if (!(s->say & what))
		return true;
	h.flags = flags;
	if (s->v->starved || !s->v->client || s->v->client->receive(s->v->client, &h, NULL) != 1) {
		s->v->starved = true;
		return false;
	}
	s->say &= ~what;
	s->told = s->forwarded;
	return true;
}

static uint32_t credit(const struct stream *s)
{
	uint32_t out = s->sent - s->peer_forwarded;

	return out < s->peer_alloc ? s->peer_alloc - out : 0;
}

/* Says what is to be said and waits for what can be done. The stream may be gone afterwards. */
static void stream_update(struct stream *s)
{
	uint32_t events = 0;
	bool said = say(s, SAY_REQUEST, VSOCK_REQUEST, 0) && say(s, SAY_RESPONSE, VSOCK_RESPONSE, 0) &&
		    say(s, SAY_CREDIT, VSOCK_CREDIT_UPDATE, 0) && say(s, SAY_SHUTDOWN, VSOCK_SHUTDOWN, VSOCK_SHUTDOWN_SEND) &&
		    say(s, SAY_RST, VSOCK_RST, 0);

	if (s->state == DEAD) {
		if (said)
			stream_free(s);
		return;
	}
	if (s->state == HELLO)
		return;			/* edges are enough, and what was looked at is still there */
	if (s->state == CONNECTED && said && !s->v->starved && !s->host_done && !s->guest_deaf && credit(s))
		events |= EPOLLIN;
	if (s->held)
		events |= EPOLLOUT;
	loop_fd_set(s->v->loop, &s->watch, events);
}

/* ---- to the host ---- */

/* False: the host's end is gone. */
static bool stream_write(struct stream *s)
{
	while (s->held) {
		uint32_t part = MIN(s->held, BUFFER - s->head);
		ssize_t n = send(s->watch.fd, s->buf + s->head, part, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		s->head = (s->head + (uint32_t)n) % BUFFER;
		s->held -= (uint32_t)n;
		s->forwarded += (uint32_t)n;
	}
	free(s->buf);			/* streams that are idle cost little */
	s->buf = NULL;
	return true;
}

static void stream_drain(struct stream *s)
{
	if (!stream_write(s)) {
		stream_close(s, SAY_RST);
		return;
	}
	if (s->forwarded - s->told >= BUFFER / 4)
		s->say |= SAY_CREDIT;
	if (s->guest_done && !s->held) {
		if (s->guest_deaf)
			stream_close(s, SAY_RST);
		else
			shutdown(s->watch.fd, SHUT_WR);
	}
}

static void guest_data(struct stream *s, const uint8_t *data, uint32_t len)
{
	uint32_t at, part;

	if (!len)
		return;
	if (!s->buf)
		s->buf = malloc(BUFFER);
	if (!s->buf || len > BUFFER - s->held || s->guest_done) {
		stream_close(s, SAY_RST);
		return;
	}
	at = (s->head + s->held) % BUFFER;
	part = MIN(len, BUFFER - at);
	memcpy(s->buf + at, data, part);
	memcpy(s->buf, data + part, len - part);
	s->held += len;
	stream_drain(s);
}

/* ---- to the guest ---- */

struct fill {
	struct vsock_fill f;
	int fd;
};

static int fill_read(struct vsock_fill *f, const struct block_vec *vec, uint32_t vecs, uint32_t max)
{
	struct iovec iov[16];
	int n = 0;
	ssize_t got;

	for (uint32_t i = 0; i < vecs && n < 16 && max; i++) {
		size_t part = MIN(vec[i].len, (size_t)max);

		iov[n++] = (struct iovec){ vec[i].base, part };
		max -= (uint32_t)part;
	}
	if (!n)
		return -EMSGSIZE;
	got = readv(container_of(f, struct fill, f)->fd, iov, n);
	return got < 0 ? -errno : (int)got;
}

static void stream_read(struct stream *s)
{
	struct vsock_header h = header(s, VSOCK_RW);
	struct fill fill = { { fill_read }, s->watch.fd };
	int n;

	if (s->v->starved || !s->v->client)
		return;
	h.len = MIN(credit(s), VSOCK_DATA_MAX);
	n = s->v->client->receive(s->v->client, &h, &fill.f);
	if (n == 1) {
		s->sent += h.len;
		s->told = s->forwarded;
	} else if (!n) {
		s->host_done = true;
		s->say |= SAY_SHUTDOWN;
	} else if (n == -ENOBUFS) {
		s->v->starved = true;
	} else if (n != -EAGAIN && n != -EINTR) {
		stream_close(s, SAY_RST);
	}
}

/* "CONNECT port\n", and not a byte of what comes after. False: it isn't that. */
static bool stream_hello(struct stream *s)
{
	char text[HELLO_MAX + 1], *end, *rest;
	ssize_t n = recv(s->watch.fd, text, HELLO_MAX, MSG_PEEK | MSG_DONTWAIT);
	unsigned long port;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	text[n] = 0;
	end = memchr(text, '\n', (size_t)n);
	if (!end)
		return n < (ssize_t)HELLO_MAX && !strncmp(text, "CONNECT ", MIN((size_t)n, (size_t)8));
	if (strncmp(text, "CONNECT ", 8) || text[8] < '0' || text[8] > '9')
		return false;
	port = strtoul(text + 8, &rest, 10);
	if (rest != end || port > 0xffffffff || recv(s->watch.fd, text, (size_t)(end - text) + 1, MSG_DONTWAIT) < 0)
		return false;
	s->port = (uint32_t)port;
	s->state = REQUESTED;
	s->say = SAY_REQUEST;
	return true;
}

static void stream_event(struct loop_fd *w, uint32_t events)
{
	struct stream *s = container_of(w, struct stream, watch);

	if (s->state == HELLO) {
		if (!stream_hello(s))
			stream_close(s, 0);
	} else if (s->held && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
		stream_drain(s);
	}
	if (s->state == CONNECTED && events & (EPOLLIN | EPOLLHUP) && !s->host_done && !s->guest_deaf && credit(s))
		stream_read(s);
	stream_update(s);
}

/* ---- streams ---- */

static struct stream *stream_new(struct vsock_unix *v, int fd, enum state state)
{
	struct stream *s = v->count < MAX_STREAMS ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return NULL;
	s->v = v;
	s->state = state;
	s->watch = (struct loop_fd){ .fd = fd, .fn = stream_event };
	s->watch.events = state == HELLO ? EPOLLIN | EPOLLET : 0;
	if (loop_fd_add(v->loop, &s->watch)) {
		free(s);
		return NULL;
	}
	list_push_back(&v->streams, &s->node);
	v->count++;
	return s;
}

static struct stream *stream_find(struct vsock_unix *v, uint32_t port, uint32_t host_port)
{
	list_for_each(n, &v->streams) {
		struct stream *s = list_entry(n, struct stream, node);

		if (s->state != DEAD && s->state != HELLO && s->port == port && s->host_port == host_port)
			return s;
	}
	return NULL;
}

static void peer_credit(struct stream *s, const struct vsock_header *h)
{
	s->peer_alloc = h->buf_alloc;
	s->peer_forwarded = h->fwd_cnt;
}

/* To a packet of no stream. */
static void refuse(struct vsock_unix *v, const struct vsock_header *h)
{
	struct vsock_header rst = {
		.src_cid = VSOCK_HOST_CID, .dst_cid = v->b.cid, .src_port = h->dst_port, .dst_port = h->src_port,
		.type = h->type, .op = VSOCK_RST,
	};

	if (h->op != VSOCK_RST && v->client && !v->starved)
		v->client->receive(v->client, &rst, NULL);
}

static int connect_host(const struct vsock_unix *v, uint32_t port)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, n = snprintf(a.sun_path, sizeof(a.sun_path), "%s_%u", v->path, port);

	if (n < 0 || n >= (int)sizeof(a.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		n = -errno;
		close(fd);
		return n;
	}
	return fd;
}

static void guest_request(struct vsock_unix *v, const struct vsock_header *h)
{
	int fd = v->count < MAX_STREAMS ? connect_host(v, h->dst_port) : -1;
	struct stream *s = fd >= 0 ? stream_new(v, fd, CONNECTED) : NULL;

	if (!s) {
		if (fd >= 0)
			close(fd);
		refuse(v, h);
		return;
	}
	s->port = h->src_port;
	s->host_port = h->dst_port;
	peer_credit(s, h);
	s->say = SAY_RESPONSE;
	stream_update(s);
}

static void guest_accepted(struct stream *s)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "OK %u\n", s->host_port);

	if (s->state != REQUESTED || send(s->watch.fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n)
		stream_close(s, SAY_RST);
	else
		s->state = CONNECTED;
}

static void guest_shutdown(struct stream *s, uint32_t flags)
{
	s->guest_deaf |= !!(flags & VSOCK_SHUTDOWN_RECEIVE);
	s->guest_done |= !!(flags & VSOCK_SHUTDOWN_SEND);
	stream_drain(s);
}

static void unix_packet(struct vsock_backend *b, const struct vsock_header *h, const uint8_t *data)
{
	struct vsock_unix *v = container_of(b, struct vsock_unix, b);
	struct stream *s = h->type == VSOCK_STREAM ? stream_find(v, h->src_port, h->dst_port) : NULL;

	if (!s && h->type == VSOCK_STREAM && h->op == VSOCK_REQUEST) {
		guest_request(v, h);
		return;
	}
	if (!s) {
		refuse(v, h);
		return;
	}
	peer_credit(s, h);
	if (h->op == VSOCK_RST)
		stream_close(s, 0);
	else if (h->op == VSOCK_RESPONSE)
		guest_accepted(s);
	else if (s->state != CONNECTED)
		stream_close(s, SAY_RST);
	else if (h->op == VSOCK_RW)
		guest_data(s, data, h->len);
	else if (h->op == VSOCK_SHUTDOWN)
		guest_shutdown(s, h->flags);
	else if (h->op == VSOCK_CREDIT_REQUEST)
		s->say |= SAY_CREDIT;
	else if (h->op != VSOCK_CREDIT_UPDATE)
		stream_close(s, SAY_RST);
	stream_update(s);
}

static void unix_ready(struct vsock_backend *b)
{
	struct vsock_unix *v = container_of(b, struct vsock_unix, b);

	if (!v->starved)
		return;
	v->starved = false;
	list_for_each_safe(n, &v->streams)
		stream_update(list_entry(n, struct stream, node));
}

static void unix_reset(struct vsock_backend *b)
{
	struct vsock_unix *v = container_of(b, struct vsock_unix, b);

	v->starved = false;
	list_for_each_safe(n, &v->streams)
		stream_free(list_entry(n, struct stream, node));
}

static void unix_attach(struct vsock_backend *b, struct vsock_client *c)
{
	container_of(b, struct vsock_unix, b)->client = c;
}

static void unix_accept(struct listener *l, int fd)
{
	struct vsock_unix *v = container_of(l, struct vsock_unix, listener);
	struct stream *s = stream_new(v, fd, HELLO);

	if (!s) {
		close(fd);
		return;
	}
	v->next_port = v->next_port == 0x7fffffff ? FIRST_PORT : v->next_port + 1;
	s->host_port = v->next_port;
}

static void unix_destroy(struct vsock_backend *b)
{
	struct vsock_unix *v = container_of(b, struct vsock_unix, b);

	unix_reset(b);
	listener_close(&v->listener);
	unlink(v->path);
	free(v);
}

static const struct vsock_ops unix_ops = {
	.attach = unix_attach, .packet = unix_packet, .ready = unix_ready, .reset = unix_reset, .destroy = unix_destroy,
};

/* A socket that a killed process has left does not answer. */
static int listen_at(struct vsock_unix *v)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, err = 0;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", v->path);
	if (!lstat(v->path, &st) && S_ISSOCK(st.st_mode)) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		if (!connect(fd, (struct sockaddr *)&a, sizeof(a)) || errno != ECONNREFUSED)
			err = -EADDRINUSE;
		else
			unlink(v->path);
		close(fd);
	}
	return err ? err : listener_open(&v->listener, v->loop, &a, 16, unix_accept);
}

int vsock_unix_open(struct loop *loop, uint64_t cid, const char *path, struct vsock_backend **out)
{
	struct vsock_unix *v;
	int err;

	if (cid <= VSOCK_HOST_CID || cid >= 0xffffffff)
		return -EINVAL;
	if (strlen(path) + sizeof("_4294967295") > sizeof(v->path))
		return -ENAMETOOLONG;
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	list_init(&v->streams);
	v->loop = loop;
	v->next_port = FIRST_PORT;
	v->b = (struct vsock_backend){ &unix_ops, cid };
	strcpy(v->path, path);
	err = listen_at(v);
	if (err) {
		free(v);
		return err;
	}
	*out = &v->b;
	return 0;
}

void vsock_close(struct vsock_backend *b)
{
	if (b)
		b->ops->destroy(b);
}
