/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes on their way from one side to the other, in a buffer whose size is a power of two. */
#ifndef BACKEND_BYTE_RING_H
#define BACKEND_BYTE_RING_H

#include "base/types.h"

struct byte_ring {
	uint8_t *buf;
	uint32_t size, at, len;
};

/* Takes as many of len bytes as there is room for. */
static inline uint32_t byte_ring_put(struct byte_ring *r, const uint8_t *buf, size_t len)
{
	uint32_t n = (uint32_t)MIN(len, (size_t)(r->size - r->len));

	for (uint32_t i = 0; i < n; i++)
		r->buf[(r->at + r->len + i) & (r->size - 1)] = buf[i];
	r->len += n;
	return n;
}

/* The longest run of bytes that lie together. */
static inline uint32_t byte_ring_front(const struct byte_ring *r, uint8_t **p)
{
	*p = r->buf + r->at;
	return MIN(r->len, r->size - r->at);
}

static inline void byte_ring_drop(struct byte_ring *r, uint32_t n)
{
	r->at = (r->at + n) & (r->size - 1);
	r->len -= n;
}

#endif
