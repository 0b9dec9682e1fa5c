/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back-end contract of a source of random bytes (virtio-rng, FDT seeds). `fill` may be called from any thread, does
 * not sleep for long, and returns how many bytes it put (at least 1), or a negative error: -EAGAIN, -EIO.
 */
#ifndef CORE_ENTROPY_H
#define CORE_ENTROPY_H

#include "base/types.h"

struct entropy;
struct entropy_ops {
	int (*fill)(struct entropy *e, void *buf, size_t len);
	void (*destroy)(struct entropy *e);
};

struct entropy {
	const struct entropy_ops *ops;
};

#endif
