/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * User networking over libslirp.
 *
 * slirp wants to be asked before each sleep which descriptors and what timeout it waits for. These go into an epoll
 * instance of our own with a timer in it, and that one descriptor is what the device's loop watches. After anything
 * that may have changed slirp's mind, `refresh` asks again; frames of one batch share one refresh.
 *
 * Everything runs on the loop's thread. Frames for the guest wait in a bounded queue, from which the device fetches all
 * that one turn brought at once, and are lost when it is full, as on any network.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "backend/net.h"
#include "backend/slirp_lib.h"
#include "base/log.h"
#include "base/types.h"
#include "os/loop.h"

#define QUEUE_MAX	512u		/* frames for the guest */
#define FRAME_MAX	65536u
#define NET(a, b, c, d)	htonl((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

struct frame {
	struct frame *next;
	size_t len;
	uint8_t data[];
};

struct fd_state {			/* by descriptor */
	uint32_t events;		/* what epoll watches it for; 0: not there */
	uint32_t round;			/* of the refresh that wanted it last */
};

struct net_user {
	struct net_backend b;
	struct net_client *client;
	struct loop *loop;
	struct loop_fd watch;		/* the epoll instance */
	struct work refresh;
	struct slirp_lib lib;
	Slirp *slirp;
	int epoll, timer;
	struct pollfd *fds;		/* what slirp waits for, by the index it got */
	uint32_t fds_count, fds_room;
	int *known;			/* descriptors of the refresh before */
	uint32_t known_count, known_room;
	struct fd_state *state;
	uint32_t states, round;
	struct frame *queue, **queue_tail;
	uint32_t queued;
	unsigned offloads;		/* atomic */
	struct log_limit log;
};

/* --- from slirp to the guest --- */

/* Comes out of slirp_pollfds_poll and slirp_input; the device fetches it when those are done. */
static ssize_t cb_send_packet(const void *buf, size_t len, void *opaque)
{
	struct net_user *u = opaque;
	struct frame *f;

	f = u->queued < QUEUE_MAX ? malloc(sizeof(*f) + len) : NULL;
	if (!f)
		return (ssize_t)len;
	f->next = NULL;
	f->len = len;
	memcpy(f->data, buf, len);
	*u->queue_tail = f;
	u->queue_tail = &f->next;
	u->queued++;
	return (ssize_t)len;
}

static void queue_pop(struct net_user *u)
{
	struct frame *f = u->queue;

	u->queue = f->next;
	if (!u->queue)
		u->queue_tail = &u->queue;
	u->queued--;
	free(f);
}

static size_t user_recv(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs)
{
	struct net_user *u = container_of(b, struct net_user, b);
	unsigned offloads = __atomic_load_n(&u->offloads, __ATOMIC_RELAXED);
	const struct net_hdr hdr = { .flags = offloads & NET_CSUM ? NET_HDR_DATA_VALID : 0 };
	struct frame *f = u->queue;
	size_t at = 0;

	if (!f)
		return 0;
	memcpy(vec[0].base, &hdr, sizeof(hdr));
	for (uint32_t i = 1; i < vecs && at < f->len; i++) {
		size_t n = MIN(vec[i].len, f->len - at);

		memcpy(vec[i].base, f->data + at, n);
		at += n;
	}
	queue_pop(u);
	return sizeof(hdr) + at;
}

static void deliver(struct net_user *u)
{
	while (u->queue && u->client && u->client->readable(u->client, 0))
		;
}

static void user_ready(struct net_backend *b, unsigned pair)
{
	deliver(container_of(b, struct net_user, b));
}

static void user_set_offloads(struct net_backend *b, unsigned offloads)
{
	__atomic_store_n(&container_of(b, struct net_user, b)->offloads, offloads, __ATOMIC_RELAXED);
}

/* --- slirp's other callbacks --- */

static void cb_guest_error(const char *msg, void *opaque)
{
	struct net_user *u = opaque;

	log_limited(&u->log, LOG_WARN, "user network: %s", msg);
}

static int64_t cb_clock(void *opaque)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Timers serve IPv6 router advertisements alone, which are off. */
static void *cb_timer_new(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
	return opaque;
}

static void cb_timer_free(void *timer, void *opaque)
{
}

static void cb_timer_mod(void *timer, int64_t expire_ms, void *opaque)
{
}

/* A descriptor's number is new, or about to be somebody else's: whatever was known of it is over. */
static void cb_register(int fd, void *opaque)
{
	struct net_user *u = opaque;

	if ((uint32_t)fd >= u->states)
		return;
	if (u->state[fd].events)
		epoll_ctl(u->epoll, EPOLL_CTL_DEL, fd, NULL);
	u->state[fd].events = 0;
}

static void cb_notify(void *opaque)
{
}

static const SlirpCb callbacks = {
	.send_packet = cb_send_packet,
	.guest_error = cb_guest_error,
	.clock_get_ns = cb_clock,
	.timer_new = cb_timer_new,
	.timer_free = cb_timer_free,
	.timer_mod = cb_timer_mod,
	.register_poll_fd = cb_register,
	.unregister_poll_fd = cb_register,
	.notify = cb_notify,
};

/* --- what to wait for --- */

static bool grow(void *array, uint32_t *room, uint32_t need, size_t size)
{
	uint32_t n = MAX(need, 2 * *room);
	void **a = array, *p;

	if (need <= *room)
		return true;
	p = realloc(*a, n * size);
	if (!p)
		return false;
	memset((char *)p + *room * size, 0, (n - *room) * size);
	*a = p;
	*room = n;
	return true;
}

/* The numbers of SLIRP_POLL_* are slirp's own. */
static short to_poll(int events)
{
	return (short)((events & SLIRP_POLL_IN ? POLLIN : 0) | (events & SLIRP_POLL_OUT ? POLLOUT : 0) |
		       (events & SLIRP_POLL_PRI ? POLLPRI : 0));
}

static int from_poll(short events)
{
	return (events & POLLIN ? SLIRP_POLL_IN : 0) | (events & POLLOUT ? SLIRP_POLL_OUT : 0) |
	       (events & POLLPRI ? SLIRP_POLL_PRI : 0) | (events & (POLLERR | POLLNVAL) ? SLIRP_POLL_ERR : 0) |
	       (events & POLLHUP ? SLIRP_POLL_HUP : 0);
}

static int cb_add_poll(int fd, int events, void *opaque)
{
	struct net_user *u = opaque;

	if (!grow(&u->fds, &u->fds_room, u->fds_count + 1, sizeof(u->fds[0])) ||
	    !grow(&u->state, &u->states, (uint32_t)fd + 1, sizeof(u->state[0])))
		return -1;
	u->fds[u->fds_count] = (struct pollfd){ .fd = fd, .events = to_poll(events) };
	return (int)u->fds_count++;
}

static int cb_revents(int index, void *opaque)
{
	struct net_user *u = opaque;

	return index >= 0 && (uint32_t)index < u->fds_count ? from_poll(u->fds[index].revents) : 0;
}

static void watch_fd(struct net_user *u, const struct pollfd *p)
{
	struct fd_state *s = &u->state[p->fd];
	uint32_t events = (uint32_t)p->events;		/* EPOLLIN and its like have the values of POLLIN */
	struct epoll_event ev = { .events = events, .data.fd = p->fd };

	s->round = u->round;
	if (s->events == events)
		return;
	if (epoll_ctl(u->epoll, s->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, p->fd, &ev) && errno == ENOENT)
		epoll_ctl(u->epoll, EPOLL_CTL_ADD, p->fd, &ev);
	s->events = events;
}

static void arm_timer(struct net_user *u, uint32_t timeout_ms)
{
	struct itimerspec t = { 0 };

	if (timeout_ms != UINT32_MAX) {
		t.it_value.tv_sec = timeout_ms / 1000;
		t.it_value.tv_nsec = timeout_ms % 1000 * 1000000 + 1;	/* 0 would disarm */
	}
	timerfd_settime(u->timer, 0, &t, NULL);
}

static void refresh(struct net_user *u)
{
	uint32_t timeout_ms = UINT32_MAX;

	u->fds_count = 0;
	u->round++;
	u->lib.pollfds_fill(u->slirp, &timeout_ms, cb_add_poll, u);
	for (uint32_t i = 0; i < u->fds_count; i++)
		watch_fd(u, &u->fds[i]);
	for (uint32_t i = 0; i < u->known_count; i++) {
		if (u->state[u->known[i]].round != u->round)
			cb_register(u->known[i], u);
	}
	u->known_count = 0;
	if (grow(&u->known, &u->known_room, u->fds_count, sizeof(u->known[0]))) {
		for (uint32_t i = 0; i < u->fds_count; i++)
			u->known[u->known_count++] = u->fds[i].fd;
	}
	arm_timer(u, timeout_ms);
}

static void refresh_work(struct work *w)
{
	struct net_user *u = container_of(w, struct net_user, refresh);

	deliver(u);
	refresh(u);
}

static void user_event(struct loop_fd *w, uint32_t events)
{
	struct net_user *u = container_of(w, struct net_user, watch);
	uint64_t expirations;
	int n;

	if (read(u->timer, &expirations, sizeof(expirations)) < 0)
		expirations = 0;
	n = poll(u->fds, u->fds_count, 0);
	u->lib.pollfds_poll(u->slirp, n < 0, cb_revents, u);
	deliver(u);
	refresh(u);
}

/* --- the device's side --- */

static int user_attach(struct net_backend *b, struct net_client *c)
{
	struct net_user *u = container_of(b, struct net_user, b);

	u->client = c;
	work_post(c->workq[0], &u->refresh);
	return 0;
}

static void user_send(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs)
{
	struct net_user *u = container_of(b, struct net_user, b);
	uint8_t frame[FRAME_MAX];
	size_t len = 0;

	for (uint32_t i = 1; i < vecs; i++) {		/* the header asks for nothing */
		if (vec[i].len > sizeof(frame) - len)
			return;
		memcpy(frame + len, vec[i].base, vec[i].len);
		len += vec[i].len;
	}
	u->lib.input(u->slirp, frame, (int)len);
}

static void user_sent(struct net_backend *b, unsigned pair)
{
	struct net_user *u = container_of(b, struct net_user, b);

	work_post(u->client->workq[0], &u->refresh);
}

static void user_destroy(struct net_backend *b)
{
	struct net_user *u = container_of(b, struct net_user, b);

	u->client = NULL;
	if (u->slirp)
		u->lib.cleanup(u->slirp);
	if (u->watch.fn)
		loop_fd_remove(u->loop, &u->watch);
	while (u->queue)
		queue_pop(u);
	if (u->epoll >= 0)
		close(u->epoll);
	if (u->timer >= 0)
		close(u->timer);
	slirp_lib_close(&u->lib);
	free(u->fds);
	free(u->known);
	free(u->state);
	free(u);
}

static const struct net_ops user_ops = {
	.attach = user_attach,
	.send = user_send,
	.sent = user_sent,
	.recv = user_recv,
	.ready = user_ready,
	.set_offloads = user_set_offloads,
	.destroy = user_destroy,
};

static int user_watch(struct net_user *u)
{
	struct epoll_event ev = { .events = EPOLLIN };

	u->epoll = epoll_create1(EPOLL_CLOEXEC);
	u->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (u->epoll < 0 || u->timer < 0 || epoll_ctl(u->epoll, EPOLL_CTL_ADD, u->timer, &ev))
		return -errno;
	u->watch.fd = u->epoll;
	u->watch.events = EPOLLIN;
	u->watch.fn = user_event;
	return loop_fd_add(u->loop, &u->watch);
}

int net_user_open(struct loop *loop, const uint8_t mac[6], unsigned mtu, struct net_backend **out)
{
	const SlirpConfig cfg = {
		.version = 1,
		.in_enabled = true,
		.vnetwork.s_addr = NET(10, 0, 2, 0),
		.vnetmask.s_addr = NET(255, 255, 255, 0),
		.vhost.s_addr = NET(10, 0, 2, 2),
		.vdhcp_start.s_addr = NET(10, 0, 2, 15),
		.vnameserver.s_addr = NET(10, 0, 2, 3),
		.vhostname = "cella",
		.if_mtu = mtu ? mtu : 1500,
		.if_mru = mtu ? mtu : 1500,
	};
	struct net_user *u = calloc(1, sizeof(*u));
	int err;

	if (!u)
		return -ENOMEM;
	u->b.ops = &user_ops;
	u->b.mtu = (uint16_t)cfg.if_mtu;
	u->b.rx_offloads = NET_CSUM;		/* what slirp says has right checksums */
	memcpy(u->b.mac, mac, sizeof(u->b.mac));
	u->loop = loop;
	u->epoll = u->timer = -1;
	u->queue_tail = &u->queue;
	work_init(&u->refresh, refresh_work);
	err = slirp_lib_open(&u->lib, SLIRP_LIB);
	if (!err)
		err = user_watch(u);
	if (err)
		goto out_destroy;
	u->slirp = u->lib.create(&cfg, &callbacks, u);
	if (u->slirp) {
		*out = &u->b;
		return 0;
	}
	err = -EIO;
out_destroy:
	user_destroy(&u->b);
	return err;
}

/* --- published ports --- */

static bool parse_port(const char *s, const char *end, int *port)
{
	int v = 0;

	if (s == end || end - s > 5)
		return false;
	for (; s < end; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (*s - '0');
	}
	*port = v;
	return v >= 1 && v <= 65535;
}

int net_user_publish(struct net_backend *b, const char *spec)
{
	struct net_user *u = container_of(b, struct net_user, b);
	struct in_addr host = { NET(127, 0, 0, 1) }, guest = { NET(10, 0, 2, 15) };
	const char *end = spec + strlen(spec), *slash = strchr(spec, '/'), *guest_port, *host_port = spec;
	int from, to;
	bool udp = false;

	if (slash) {
		udp = !strcmp(slash, "/udp");
		if (!udp && strcmp(slash, "/tcp"))
			return -EINVAL;
		end = slash;
	}
	guest_port = memrchr(spec, ':', (size_t)(end - spec));
	if (!guest_port)
		return -EINVAL;
	host_port = memrchr(spec, ':', (size_t)(guest_port - spec));
	if (host_port) {
		char ip[INET_ADDRSTRLEN];

		if (host_port - spec >= (int)sizeof(ip))
			return -EINVAL;
		memcpy(ip, spec, (size_t)(host_port - spec));
		ip[host_port - spec] = 0;
		if (inet_pton(AF_INET, ip, &host) != 1)
			return -EINVAL;
		host_port++;
	} else {
		host_port = spec;
	}
	if (!parse_port(host_port, guest_port, &from) || !parse_port(guest_port + 1, end, &to))
		return -EINVAL;
	errno = 0;
	if (u->lib.add_hostfwd(u->slirp, udp, host, from, guest, to))
		return errno ? -errno : -EADDRINUSE;
	return 0;
}
