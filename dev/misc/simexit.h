/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exit device of the simbench board, for small images without firmware. One register of 32 bits at offset 0: a
 * write of N ends the machine with status N (its low byte); it reads as zero until then.
 */
#ifndef DEV_MISC_SIMEXIT_H
#define DEV_MISC_SIMEXIT_H

#include "dev/mmio.h"

struct simexit {
	struct mmio_dev mmio;
	uint32_t size;		/* property: of the region, bytes */
	uint8_t status;
	bool ended;
};

extern const struct dev_class simexit_class;

/* The status written, or -1: the guest has not ended the machine. */
int simexit_status(struct device *d);

#endif
