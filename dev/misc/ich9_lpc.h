/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ISA bridge of an ICH9 (Intel 316972, 13.1) as far as firmware looks at it: it is at 00:1f.0, and the base of the PM
 * block, interrupt routing and the like can be written and read back. What they say changes nothing: the PM block is where
 * all firmware puts it.
 */
#ifndef DEV_MISC_ICH9_LPC_H
#define DEV_MISC_ICH9_LPC_H

#include "dev/pci/pci.h"

#define ICH9_LPC_DEVFN	(0x1f << 3)

struct ich9_lpc {
	struct device dev;
	struct pci_func func;
};

extern const struct dev_class ich9_lpc_class;

static inline struct pci_func *ich9_lpc_func(struct device *d)
{
	return &container_of(d, struct ich9_lpc, dev)->func;
}

#endif
