/* SPDX-License-Identifier: BSD-2-Clause */
/* A network of which the test is the other end: it sees what was sent last, and queues frames for the guest. */
#ifndef TESTS_DEV_NET_FAKE_H
#define TESTS_DEV_NET_FAKE_H

#include "core/net.h"

struct net_fake {
	struct net_backend b;
	struct net_client *client;
	uint8_t frame[70000];		/* last sent */
	struct net_hdr hdr;
	size_t frame_len;
	unsigned sent, readies, batches, last_pair;
	bool echo;			/* what is sent comes back */
	struct net_hdr in_hdr;
	uint8_t in[8][70000];		/* for the guest */
	size_t in_len[8];
	unsigned in_count, lost;
	unsigned offloads, pairs;	/* as set */
	int pairs_err;
	void (*told)(struct net_fake *f);	/* of offloads; or NULL */
};

void net_fake_init(struct net_fake *f);
void net_fake_queue(struct net_fake *f, const void *frame, size_t len);
bool net_fake_receive(struct net_fake *f, const void *frame, size_t len);	/* was it taken? */

#endif
