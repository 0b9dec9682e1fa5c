/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gzip members (RFC 1952), one after another, through zlib. The output grows by doubling and never past `max`: a small file
 * may claim to be anything, so its trailing size is only a hint. Bytes after the last member are ignored, as gzip does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/types.h"
#include "ctl/payload.h"

#define GZIP_WINDOW	(15 + 16)	/* gzip wrapper only */

bool is_gzip(const uint8_t *data, size_t size)
{
	return size >= 18 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8;
}

struct output {
	uint8_t *data;
	size_t size, capacity;
	uint64_t max;
};

static int output_grow(struct output *o)
{
	size_t want = MIN((uint64_t)o->capacity * 2, o->max);
	uint8_t *grown;

	if (want <= o->capacity)
		return -EFBIG;
	grown = realloc(o->data, want);
	if (!grown)
		return -ENOMEM;
	o->data = grown;
	o->capacity = want;
	return 0;
}

static int inflate_member(z_stream *z, struct output *o)
{
	int err, ret;

	do {
		if (o->size == o->capacity) {
			err = output_grow(o);
			if (err)
				return err;
		}
		z->next_out = o->data + o->size;
		z->avail_out = (uInt)MIN(o->capacity - o->size, (size_t)1 << 30);
		ret = inflate(z, Z_NO_FLUSH);
		o->size = (size_t)(z->next_out - o->data);
		if (ret != Z_OK && ret != Z_STREAM_END && !(ret == Z_BUF_ERROR && !z->avail_out))
			return ret == Z_MEM_ERROR ? -ENOMEM : -EINVAL;
	} while (ret != Z_STREAM_END);
	return 0;
}

int gunzip(const uint8_t *in, size_t in_size, uint64_t max, uint8_t **out, size_t *out_size)
{
	struct output o = { .capacity = MIN(MAX((uint64_t)in_size * 3, (uint64_t)4096), max), .max = max };
	z_stream z = { .next_in = (Bytef *)in };	/* zlib's type; it does not write there */
	size_t left = in_size;
	int err;

	if (in_size > UINT32_MAX)
		return -EFBIG;
	o.data = malloc(o.capacity);
	if (!o.data || inflateInit2(&z, GZIP_WINDOW) != Z_OK) {
		free(o.data);
		return -ENOMEM;
	}
	z.avail_in = (uInt)left;
	do {
		err = inflate_member(&z, &o);
	} while (!err && is_gzip(z.next_in, z.avail_in) && inflateReset(&z) == Z_OK);
	inflateEnd(&z);
	if (err) {
		free(o.data);
		return err;
	}
	*out = o.data;
	*out_size = o.size;
	return 0;
}
