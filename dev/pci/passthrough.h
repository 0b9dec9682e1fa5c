/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI function of the host (core/hostpci.h) on the guest's bus. Property "host" is the struct hostpci; after device_init the
 * machine plugs pci_passthrough_func().
 */
#ifndef DEV_PCI_PASSTHROUGH_H
#define DEV_PCI_PASSTHROUGH_H

#include "dev/pci/pci.h"

extern const struct dev_class pci_passthrough_class;
struct pci_func *pci_passthrough_func(struct device *d);

#endif
