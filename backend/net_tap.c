/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tap interface as a network: what the guest sends the host receives there, and the other way round. The kernel takes
 * and gives the same header as the guest does, so that checksums and large segments pass as they are.
 *
 * Each pair of queues is a descriptor, watched by the pair's loop; frames go by one system call each between the
 * guest's buffers and the kernel. When the guest has no buffers the descriptor is not watched, and frames wait in the
 * kernel's queue. With vhost-net the kernel does all that, and nothing is watched here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>
#include "backend/net.h"
#include "backend/vhost_net.h"
#include "base/lock.h"
#include "base/types.h"
#include "os/loop.h"
#include "os/tap.h"

_Static_assert(sizeof(struct iovec) == sizeof(struct block_vec) &&
	       offsetof(struct iovec, iov_len) == offsetof(struct block_vec, len), "vectors are passed as they are");

struct tap_pair {
	struct net_tap *tap;
	unsigned index;
	int fd;
	struct loop *loop;
	struct loop_fd watch;
	/* Under the lock: */
	bool attached, starved;		/* the interface uses it; the guest has no buffers */
};

struct net_tap {
	struct net_backend b;
	struct net_client *client;
	struct lock lock;		/* changes of what is watched */
	char name[TAP_NAME_MAX];
	struct tap_pair pair[NET_MAX_PAIRS];
};

static struct net_tap *to_tap(struct net_backend *b)
{
	return container_of(b, struct net_tap, b);
}

/* Lock held. */
static void watch_as_it_is(struct tap_pair *p)
{
	if (p->loop)
		loop_fd_set(p->loop, &p->watch, p->attached && !p->starved ? EPOLLIN : 0);
}

static void set_starved(struct tap_pair *p, bool starved)
{
	lock_acquire(&p->tap->lock);
	p->starved = starved;
	watch_as_it_is(p);
	lock_release(&p->tap->lock);
}

static void tap_readable(struct loop_fd *w, uint32_t events)
{
	struct tap_pair *p = container_of(w, struct tap_pair, watch);

	if (events & EPOLLERR || !p->tap->client->readable(p->tap->client, p->index))
		set_starved(p, true);
}

/* Only the pair's thread makes it starved, so that the look without the lock is right. */
static void tap_ready(struct net_backend *b, unsigned pair)
{
	struct tap_pair *p = &to_tap(b)->pair[pair];

	if (__atomic_load_n(&p->starved, __ATOMIC_RELAXED))
		set_starved(p, false);
}

static size_t tap_recv(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs)
{
	ssize_t n = readv(to_tap(b)->pair[pair].fd, (const struct iovec *)(const void *)vec, (int)vecs);

	return n > 0 ? (size_t)n : 0;
}

static void tap_send(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs)
{
	ssize_t n = writev(to_tap(b)->pair[pair].fd, (const struct iovec *)(const void *)vec, (int)vecs);

	(void)n;		/* what the kernel does not take is lost, as on any network */
}

static void tap_offloads(struct net_backend *b, unsigned f)
{
	tap_set_offloads(to_tap(b)->pair[0].fd, f & NET_CSUM, f & NET_TSO4, f & NET_TSO6, f & NET_ECN);
}

static int tap_pairs(struct net_backend *b, unsigned pairs)
{
	struct net_tap *tap = to_tap(b);
	int err = 0;

	lock_acquire(&tap->lock);
	for (unsigned i = 1; i < b->pairs && !err; i++) {	/* the first always takes part */
		struct tap_pair *p = &tap->pair[i];
		bool on = i < pairs;

		if (p->attached == on)
			continue;
		if (!on && p->loop)
			loop_fd_set(p->loop, &p->watch, 0);
		err = tap_attach(p->fd, on);
		if (!err)
			p->attached = on;
		watch_as_it_is(p);
	}
	lock_release(&tap->lock);
	return err;
}

static int attach(struct net_backend *b, struct net_client *c)
{
	struct net_tap *tap = to_tap(b);
	int err = 0;

	tap->client = c;
	for (unsigned i = 0; i < c->pairs && !err; i++) {
		struct tap_pair *p = &tap->pair[i];

		if (b->vhost)
			break;
		p->loop = loop_of(c->workq[i]);
		p->watch = (struct loop_fd){ p->fd, p->attached ? EPOLLIN : 0, tap_readable };
		err = p->loop ? loop_fd_add(p->loop, &p->watch) : -EINVAL;
	}
	return err ? err : tap_pairs(b, 1);
}

static void tap_destroy(struct net_backend *b)
{
	struct net_tap *tap = to_tap(b);

	vhost_net_close(b->vhost);
	for (unsigned i = 0; i < b->pairs; i++) {
		if (tap->pair[i].loop)
			loop_fd_remove(tap->pair[i].loop, &tap->pair[i].watch);
		close(tap->pair[i].fd);
	}
	free(tap);
}

static const struct net_ops tap_ops = {
	.attach = attach,
	.send = tap_send,
	.recv = tap_recv,
	.ready = tap_ready,
	.set_offloads = tap_offloads,
	.set_pairs = tap_pairs,
	.destroy = tap_destroy,
};

int net_tap_open(const struct net_tap_config *c, struct net_backend **out, int *vhost_err)
{
	struct net_tap *tap = calloc(1, sizeof(*tap));
	const unsigned all = NET_CSUM | NET_TSO4 | NET_TSO6 | NET_ECN;
	int fds[NET_MAX_PAIRS], err;

	if (!tap)
		return -ENOMEM;
	memcpy(tap->name, c->ifname, strnlen(c->ifname, sizeof(tap->name) - 1));
	err = tap_open(tap->name, c->pairs, fds);
	if (err) {
		free(tap);
		return err;
	}
	for (unsigned i = 0; i < c->pairs; i++)
		tap->pair[i] = (struct tap_pair){ .tap = tap, .index = i, .fd = fds[i], .attached = true };
	tap->b = (struct net_backend){
		.ops = &tap_ops, .pairs = c->pairs, .tx_offloads = all, .speed = 10000,
		.rx_offloads = tap_set_offloads(fds[0], true, true, true, true) ? 0 : all,
	};
	memcpy(tap->b.mac, c->mac, sizeof(tap->b.mac));
	if (c->mtu)
		err = tap_set_mtu(tap->name, c->mtu);
	if (!err)
		err = tap_mtu(tap->name);
	if (err >= 0) {
		tap->b.mtu = (uint16_t)MIN(err, 65535);
		*vhost_err = c->vhost ? vhost_net_open(c->pairs, fds, &tap->b.vhost) : 0;
		err = *vhost_err ? -ENOTCONN : 0;
	}
	if (err < 0) {
		tap_destroy(&tap->b);
		return err;
	}
	*out = &tap->b;
	return 0;
}

const char *net_tap_name(const struct net_backend *b)
{
	return container_of(b, struct net_tap, b)->name;
}
