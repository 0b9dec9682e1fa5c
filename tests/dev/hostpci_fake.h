/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI function of the host that exists only here: BAR0 of 64 KiB can be mapped, BAR1 has 32 ports, BAR2 (64-bit) of 16 KiB
 * holds the MSI-X table (3 vectors) at 0x1000 and the pending bits at 0x2000; capabilities PM, MSI, MSI-X, a vendor's, PCI
 * Express. What the device asks of it is written down.
 */
#ifndef TESTS_DEV_HOSTPCI_FAKE_H
#define TESTS_DEV_HOSTPCI_FAKE_H

#include "core/hostpci.h"
#include "dev/pci/passthrough.h"
#include "tests/dev/pci_rig.h"

#define FUNC		(2u << 3)
#define VECTORS		3u

struct fake {
	struct pci_rig rig;
	struct hostpci host;
	struct device *dev;
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t *bar[PCI_BARS];
	unsigned config_writes, resets, unmasks, bar_accesses, settings;
	uint32_t last_write_reg, command;
	enum hostpci_irq kind;
	struct notifier *irq[VECTORS + 32];
	unsigned irqs;
	bool watch;
	struct notifier *eoi;
};

struct fake *fake_new(void);		/* with a board, not yet plugged: its configuration may be changed */
int fake_plug(struct fake *f);		/* 0, or the device's reason not to take it */
void fake_free(struct fake *f);		/* it has been left quiet */

#endif
