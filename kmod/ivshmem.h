/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the drivers of ivshmem devices (abi/ivshmem.h) of both modules share. */
#ifndef KMOD_IVSHMEM_H
#define KMOD_IVSHMEM_H

#include <linux/pci.h>

#include "abi/ivshmem.h"

static inline u64 ivshmem_config64(struct pci_dev *dev, int reg)
{
	u32 low, high;

	pci_read_config_dword(dev, reg, &low);
	pci_read_config_dword(dev, reg + 4, &high);
	return (u64)high << 32 | low;
}

#endif
