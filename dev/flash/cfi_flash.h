/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A parallel NOR flash chip, eight bits wide, with Intel's command set (JEDEC JESD68.01: the common flash interface;
 * JEP137: set 1). Firmware keeps its variables in it. OVMF's driver and Linux's cfi_cmdset_0001 know it.
 *
 * While it shows its array it is a memory slot that reads go to directly, and only writes, which are commands, come
 * here. In its other modes there is no slot. Programming and erasing take no time.
 *
 * One thing is as QEMU's chip has it and not as Intel's: a cleared status register reads as 0, without "ready", because
 * that is how OVMF tells flash from memory.
 *
 * What the array holds is the back-end's and is no part of the device's state.
 */
#ifndef DEV_FLASH_CFI_FLASH_H
#define DEV_FLASH_CFI_FLASH_H

#include "dev/mmio.h"

#define CFI_BLOCK	4096u		/* what an erase clears */
#define CFI_BUFFER	256u		/* what one buffered write takes at most, within an aligned area of that size */

/* The array, in the caller's memory, which outlives the device. */
struct flash_backend {
	uint8_t *data;
	int fd;				/* behind data, for the engine; -1: none */
	uint64_t size;			/* bytes, a multiple of CFI_BLOCK */
	bool read_only;			/* programming and erasing fail as on a locked block */
	/* A range has changed and the chip shows its array again. On a vCPU's or the control thread. May be NULL. */
	void (*keep)(struct flash_backend *b, uint64_t offset, uint64_t len);
};

struct cfi_flash {
	struct mmio_dev mmio;
	struct flash_backend *backend;
	uint8_t mode, expect, status;
	uint32_t left;			/* of a buffered write: bytes to come */
	uint64_t start;			/* and where it begins */
	uint8_t buffer[CFI_BUFFER];	/* by offset in the aligned area; */
	uint8_t given[CFI_BUFFER / 8];	/* which of them came */
	uint64_t changed, changed_end;	/* not kept yet; equal: nothing */
	struct lock settling;
	bool mapped;			/* the slot is there; under settling */
	uint32_t slot;
};

/* Property "backend": struct flash_backend. -EINVAL: none, or a size that isn't possible. */
extern const struct dev_class cfi_flash_class;

#endif
