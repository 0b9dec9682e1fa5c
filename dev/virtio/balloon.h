/* SPDX-License-Identifier: BSD-2-Clause */
/* What the control plane asks of a balloon (dev/virtio/balloon.c). Any thread. */
#ifndef DEV_VIRTIO_BALLOON_H
#define DEV_VIRTIO_BALLOON_H

#include "core/device.h"

#define BALLOON_STATS	16u	/* tags below this are kept (virtio 1.2 §5.5.6.3) */

struct balloon_info {
	uint64_t target, actual;	/* bytes the host wants back, and those the guest has given */
	uint64_t stat[BALLOON_STATS];	/* by tag; bytes or counts */
	uint32_t known;			/* bit per tag that the guest has told */
};

void virtio_balloon_set(struct device *d, uint64_t bytes);	/* rounded down to 4 KiB; the guest takes its time */
/* What is known now. Asks the guest for new figures too, for the next call. */
void virtio_balloon_get(struct device *d, struct balloon_info *info);

#endif
