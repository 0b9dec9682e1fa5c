/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host bridge: bus 0 of a machine, its windows, and its interrupt lines.
 *
 *	struct device *h = device_create(vm, &pci_host_class);
 *
 *	pci_host_setup(h, &windows, &lines);	// both are copied
 *	device_init(h);
 *	pci_host_map(h);
 *	pci_plug(h, func, -1);			// each function, after its device's init
 *	pci_assign(h);				// at each start without firmware
 */
#ifndef DEV_PCI_HOST_H
#define DEV_PCI_HOST_H

#include "dev/pci/pci.h"

/* What of the machine's address space belongs to PCI. Sizes of 0: there is no such window. Bus and CPU addresses of memory
   are the same. */
struct pci_windows {
	gpa_t ecam;
	uint64_t ecam_size;			/* 1 MiB for each bus */
	gpa_t mem32;
	uint64_t mem32_size;
	gpa_t mem64;
	uint64_t mem64_size;
	enum bus_space io_space;		/* of port 0 .. io_size - 1 at io: BUS_PIO, or a window of BUS_MMIO */
	uint64_t io, io_size;
	uint64_t io_first;			/* pci_assign gives out ports from here */
	bool ports;				/* configuration mechanism #1 at ports 0xcf8 and 0xcfc */
	uint16_t vendor, device;		/* of the function 00.0 */
	/* 00.0 has a Q35's PCIEXBAR, which moves ecam; and PAM and SMRAM, which say nothing. */
	bool q35;
};

/* Pin p (0: INTA) of slot s is line (s + p) % count, which is pin first + that of the controller. */
struct pci_lines {
	struct irqchip *chip;
	uint32_t first, count;			/* count: a power of two, at most PCI_LINES */
	uint8_t int_line;			/* PCI_INT_LINE for line 0, as firmware would leave it */
	/* For the device tree: the controller's phandle, address cells, and its specifier of line 0; the cell that counts. */
	uint32_t phandle, address_cells, cells, cell[3], counting;
	uint32_t msi_phandle;			/* 0: no MSI */
	bool msi_ids;				/* the MSI controller knows requesters (ITS): msi-map instead of msi-parent */
};

struct pci_host {
	struct device dev;
	struct pci_windows win;
	struct pci_lines lines;
	struct region ecam, address_port, data_port;
	struct pci_func bridge;			/* 00.0 */
	struct lock settling, lines_lock;
	uint32_t address;			/* 0xcf8; atomic */
	uint32_t asserted[PCI_LINES];		/* functions that assert a line */
	struct pci_func *func[PCI_FUNCS];
};

extern const struct dev_class pci_host_class;

static inline struct pci_host *to_pci_host(struct device *d)
{
	return container_of(d, struct pci_host, dev);
}

/*
 * Begins the device tree's node of an ECAM host bridge from bus 0 on, which the caller goes on with and ends (devicetree
 * specification, PCI bus binding; Linux' pci-host-ecam-generic). ecam_size is 1 MiB for each bus.
 */
void pci_host_fdt_begin(struct fdt_writer *w, gpa_t ecam, uint64_t ecam_size, uint32_t domain, const uint32_t *ranges, size_t n);

void pci_host_setup(struct device *d, const struct pci_windows *win, const struct pci_lines *lines);
int pci_host_map(struct device *d);		/* as bus_region_add */
/* devfn -1: function 0 of the next free slot. -ENOSPC, -EEXIST. */
int pci_plug(struct device *d, struct pci_func *f, int devfn);
/* Does what firmware does: addresses for all BARs, decoding on, interrupt lines. vCPUs stopped. -ENOSPC: a window is full. */
int pci_assign(struct device *d);
/* Settles every function that a write has changed. No lock held, not inside an access. */
void pci_settle(struct pci_host *h);

#endif
