/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fw_cfg: how firmware built for QEMU asks what machine it is on (QEMU, docs/specs/fw_cfg.rst). A list of items by number, some
 * with a name in a directory; the guest selects one and reads it byte by byte, or by DMA. Items are read only.
 *
 *	+0	selector, 16 bits	+1	data, 8 bits		+4	DMA address, big-endian, 64 bits
 *
 * Item data belong to the machine and outlive the device. They change only in `selected`, or with all vCPUs stopped.
 */
#ifndef DEV_MISC_FW_CFG_H
#define DEV_MISC_FW_CFG_H

#include "dev/mmio.h"

#define FW_CFG_PORTS	12u
#define FW_CFG_ITEMS	32u
#define FW_CFG_NAME	56u

struct fw_cfg_item {
	char name[FW_CFG_NAME];		/* empty: known by its number only */
	uint16_t key;
	uint32_t size;
	const void *data;
};

struct fw_cfg {
	struct mmio_dev mmio;
	struct fw_cfg_item item[FW_CFG_ITEMS];
	uint32_t items;
	uint8_t directory[4 + FW_CFG_ITEMS * 64];
	uint16_t key;
	uint32_t offset;
	uint32_t dma_high;
	/* Somebody is about to read an item: brings its data up to date. No lock held. May be NULL. */
	void (*selected)(void *ctx, uint16_t key);
	void *selected_ctx;
};

extern const struct dev_class fw_cfg_class;

/* All vCPUs stopped. The same key or name again replaces what was there. -ENOSPC; -EINVAL: name too long. */
int fw_cfg_set(struct device *d, uint16_t key, const void *data, uint32_t size);
int fw_cfg_file(struct device *d, const char *name, const void *data, uint32_t size);
uint16_t fw_cfg_key(const struct device *d, const char *name);	/* of a file; 0: there is none */

#endif
