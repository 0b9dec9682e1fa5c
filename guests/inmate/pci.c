/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions behind the ECAM that the communication region names (PCI Express 3.0 §7.2.2). Bus 0 is all there is. */
#include "guests/inmate/inmate.h"

#define PCI_STATUS	0x06
#define PCI_CAPS	0x34
#define STATUS_CAPS	BIT(4)
#define FUNCTIONS	256

uint64_t pci_config(uint16_t bdf, unsigned reg)
{
	return comm()->pci_config_base + ((uint64_t)bdf << 12) + reg;
}

int pci_find(uint16_t vendor, uint16_t device, int after)
{
	if (!comm()->pci_config_base)
		return -1;
	for (int bdf = after + 1; bdf < FUNCTIONS; bdf++)
		if (mmio_read32(pci_config((uint16_t)bdf, 0)) == ((uint32_t)device << 16 | vendor))
			return bdf;
	return -1;
}

unsigned pci_capability(uint16_t bdf, uint8_t id)
{
	unsigned at;

	if (!(mmio_read16(pci_config(bdf, PCI_STATUS)) & STATUS_CAPS))
		return 0;
	at = mmio_read8(pci_config(bdf, PCI_CAPS)) & ~3u;
	for (unsigned n = 0; at && n < 48; n++) {
		if (mmio_read8(pci_config(bdf, at)) == id)
			return at;
		at = mmio_read8(pci_config(bdf, at + 1)) & ~3u;
	}
	return 0;
}
