/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI function of the host that a guest is to have: what backend/vfio.c offers and dev/pci/passthrough.c shows.
 *
 * The function's BARs stay where the host has put them, and its memory and I/O decoding stays on; a guest's addresses are
 * those of the slots that are made of its mappings. The back-end maps guest memory for DMA. Interrupts arrive as signals of
 * notifiers: where a notifier has a descriptor the host's kernel writes to that, and else the back-end's loop calls it.
 *
 * Threads: accesses from any; `interrupts`, `reset` one at a time. Nothing is called with a lock held.
 */
#ifndef CORE_HOSTPCI_H
#define CORE_HOSTPCI_H

#include "base/notifier.h"
#include "core/mem.h"

#define HOSTPCI_BARS	6
#define HOSTPCI_AREAS	4

enum hostpci_kind { HOSTPCI_NONE, HOSTPCI_IO, HOSTPCI_MEM32, HOSTPCI_MEM64 };
enum hostpci_irq { HOSTPCI_INTX, HOSTPCI_MSI, HOSTPCI_MSIX, HOSTPCI_IRQS };

struct hostpci_bar {
	enum hostpci_kind kind;
	bool prefetchable;
	uint64_t size;				/* bytes */
	unsigned areas;				/* parts that `map` may be asked for, of whole host pages */
	struct { uint64_t offset, size; } area[HOSTPCI_AREAS];
};

struct hostpci;
struct hostpci_ops {
	/* Configuration space, reg + size <= 256; 1 2 4 bytes. What cannot be read is ones. */
	uint32_t (*config_read)(struct hostpci *h, uint32_t reg, unsigned size);
	void (*config_write)(struct hostpci *h, uint32_t reg, unsigned size, uint32_t val);
	/* A BAR's registers, offset + size within it; 1 2 4 8 bytes. */
	uint64_t (*bar_read)(struct hostpci *h, unsigned bar, uint64_t offset, unsigned size);
	void (*bar_write)(struct hostpci *h, unsigned bar, uint64_t offset, unsigned size, uint64_t val);
	/* For a slot of MEM_DEVICE; lives as long as h. Negative errno: it cannot be mapped. */
	int (*map)(struct hostpci *h, unsigned bar, uint64_t offset, uint64_t size, struct mem_backing *out);
	/*
	 * From now on the function interrupts so, by these notifiers, which outlive h; n 0: not at all. Fewer than asked for
	 * may work: the number that does is returned, or a negative errno. An INTx that was signalled is masked until intx_unmask.
	 */
	int (*interrupts)(struct hostpci *h, enum hostpci_irq kind, struct notifier *const *list, unsigned n);
	void (*intx_unmask)(struct hostpci *h);
	/* A descriptor whose signals call `to` on the back-end's loop, or a negative errno. One for each h. */
	int (*listen)(struct hostpci *h, struct notifier *to);
	int (*reset)(struct hostpci *h);	/* -ENOTSUP: the function has no reset of its own */
};

struct hostpci {
	const struct hostpci_ops *ops;
	const char *name;			/* 0000:00:06.0 */
	struct hostpci_bar bar[HOSTPCI_BARS];
	unsigned vectors[HOSTPCI_IRQS];
	uint64_t page;				/* bytes of a host page */
};

#endif
