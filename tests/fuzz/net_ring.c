/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kmod/net_ring.c against a peer that writes what it likes, when it likes: frames lie in its section, room lies in ours, and a
 * broken ring works again after a reset. Input: a size, then steps; a step writes the peer's section, sends, receives or reaps.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "kmod/net_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static struct net_ring r;

static void written(uint8_t *peer, const uint8_t *step)
{
	uint32_t bases[] = { 0, r.entries * 16, r.used, r.entries * 16 + 4 + 2 * r.entries, r.data - 8 };
	uint32_t at = bases[step[1] % ARRAY_SIZE(bases)] + (step[1] / 8) * 2u;
	uint16_t value = (uint16_t)(step[2] | step[3] << 8);

	if (step[0] & 0x80)		/* near what is expected */
		value = (uint16_t)((step[1] & 1 ? r.taken : r.sent) + (int8_t)step[2]);
	if (at + sizeof(value) <= r.size)
		memcpy(peer + at, &value, sizeof(value));
}

/* All that a frame needs, with a place and a length from the input. */
static void offered(uint8_t *peer, const uint8_t *step)
{
	struct net_desc d = { .addr = (uint64_t)step[1] << 6, .len = (uint32_t)step[2] << 6 | step[0] >> 3 };
	uint16_t id = step[3] & 31, idx = (uint16_t)(r.taken + 1);
	uint8_t *avail = peer + r.entries * sizeof(d);

	memcpy(peer + id * sizeof(d), &d, sizeof(d));
	memcpy(avail + 4 + 2 * (r.taken % r.entries), &id, sizeof(id));
	memcpy(avail + 2, &idx, sizeof(idx));
}

static void sent(const uint8_t *own, const uint8_t *step)
{
	uint32_t len = step[1] | (uint32_t)(step[2] & 0x3f) << 8;
	volatile uint8_t *at;

	if (!net_ring_frame(&r, len, &at))
		return;
	assert_that(at >= own + r.data && at + len <= own + r.size);
	memset((void *)(uintptr_t)at, step[3], len);
	net_ring_send(&r, len);
	assert_that((uint16_t)(r.sent - r.returned) <= NET_IN_FLIGHT);
}

static void received(const uint8_t *peer)
{
	struct net_frame f;
	int got = net_ring_receive(&r, &f);
	uint8_t sum = 0;

	if (got == NET_BROKEN)
		net_ring_reset(&r);
	if (got != 1)
		return;
	assert_that(f.data >= peer + r.data && f.len <= r.size && f.data + f.len <= peer + r.size);
	for (uint32_t i = 0; i < f.len; i += 61)
		sum ^= f.data[i];
	net_ring_return(&r, &f);
	net_ring_returned(&r, sum);
	net_ring_listen(&r);
}

static void reaped(void)
{
	if (net_ring_reap(&r) == NET_BROKEN)
		net_ring_reset(&r);
	assert_that((uint16_t)(r.sent - r.returned) <= NET_IN_FLIGHT);
	net_ring_want_returns(&r);
	net_ring_has_returns(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t bytes = size ? 0x1000u << (data[0] & 3) : 0;
	uint8_t *own = aligned_alloc(0x1000, bytes + 0x1000), *peer = malloc(bytes ? bytes : 1);

	memset(peer, size > 1 ? data[1] & 1 : 0, bytes);
	if (bytes && net_ring_init(&r, own, peer, bytes))
		for (size_t i = 2; i + 4 <= size; i += 4) {
			switch (data[i] & 7) {
			case 0:		received(peer); break;
			case 1:		reaped(); break;
			case 2:
			case 3:		sent(own, data + i); break;
			case 4:		offered(peer, data + i); break;
			default:	written(peer, data + i);
			}
		}
	free(own);
	free(peer);
	return 0;
}
