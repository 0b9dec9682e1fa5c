/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI: functions, and the host bridge that they sit behind (PCI Local Bus 3.0; PCI Express Base 3.0 §7 for ECAM).
 *
 * A device that is a PCI function embeds a pci_func. Its init calls pci_func_init, then pci_bar_add, pci_cap_add,
 * pci_msix_add or pci_msi_add; the machine plugs it with pci_plug. From then on the function answers configuration accesses by
 * itself, maps and unmaps its BARs on the machine's bus as the guest says, and keeps message routes up to date.
 *
 *	raise	pci_signal(f, vector) when pci_messages(f), else pci_intx_set(f, level). Any thread, under queue locks too.
 *	DMA	only while pci_bus_master(f); ops->bus_master tells of changes. Messages are held back by us.
 *	BARs	a region whose ops are the device's. For memory that the guest shall reach directly (VFIO) ops->moved adds and
 *		removes MEM_DEVICE slots over it; doorbells are added and removed there, too.
 *
 * What a configuration write entails for others (regions, routes, lines, ops->bus_master, ops->moved) happens in `settle`, on
 * the vCPU that wrote, when its access has left the bus and before its next instruction; one vCPU at a time for each bridge.
 *
 * Locks: host->settling is outside of queues' and devices' (core/lock_order.h); f->lock (configuration, MSI-X table) has only
 * routes' inside; host->lines_lock is what drives lines.
 */
#ifndef DEV_PCI_PCI_H
#define DEV_PCI_PCI_H

#include "core/device.h"
#include "core/irq_route.h"

/* Configuration registers. */
enum {
	PCI_VENDOR = 0x00, PCI_DEVICE = 0x02, PCI_COMMAND = 0x04, PCI_STATUS = 0x06, PCI_REVISION = 0x08, PCI_CLASS = 0x09,
	PCI_HEADER = 0x0e, PCI_BAR0 = 0x10, PCI_SUB_VENDOR = 0x2c, PCI_SUB_DEVICE = 0x2e, PCI_ROM = 0x30, PCI_CAP_PTR = 0x34,
	PCI_INT_LINE = 0x3c, PCI_INT_PIN = 0x3d, PCI_FIRST_CAP = 0x40,
};
#define PCI_COMMAND_IO		1u
#define PCI_COMMAND_MEMORY	2u
#define PCI_COMMAND_MASTER	4u
#define PCI_COMMAND_INTX_OFF	0x400u
#define PCI_STATUS_INTX		8u
#define PCI_STATUS_CAPS		0x10u
#define PCI_HEADER_MULTI	0x80u
#define PCI_CAP_MSI		0x05u
#define PCI_CAP_VENDOR		0x09u
#define PCI_CAP_MSIX		0x11u

#define PCI_CONFIG_SIZE		256u
#define PCI_BARS		6u
#define PCI_FUNCS		256u		/* of the one bus there is */
#define PCI_LINES		8u
#define PCI_MSI_VECTORS		32u
#define PCI_MSIX_VECTORS	2048u
#define PCI_NO_VECTOR		0xffffu

struct pci_func;
struct pci_host;

struct pci_id {
	uint16_t vendor, device, sub_vendor, sub_device;
	uint32_t class_code;			/* class, subclass, interface: 24 bits */
	uint8_t revision;
	bool intx;				/* has an interrupt pin (INTA) */
};

enum pci_bar_kind { PCI_BAR_NONE, PCI_BAR_IO, PCI_BAR_MEM32, PCI_BAR_MEM64 };

struct pci_bar {
	enum pci_bar_kind kind;
	bool prefetchable;
	uint64_t size;				/* power of two; at least 16, I/O 4 */
	struct region region;
	bool mapped;				/* host->settling; then region.base is where */
};

struct pci_func_ops {
	/* All may be NULL. A configuration read is about to return [reg, reg + size); a write has changed it. No lock held. */
	void (*reads)(struct pci_func *f, uint32_t reg, unsigned size);
	void (*wrote)(struct pci_func *f, uint32_t reg, unsigned size);
	/* Settling: the BAR's region is on the bus now, or is about to leave it. */
	void (*moved)(struct pci_func *f, unsigned bar, bool on);
	void (*bus_master)(struct pci_func *f, bool on);
	/* The end of settling: registers, routes and BARs agree. */
	void (*settled)(struct pci_func *f);
};

enum pci_mode { PCI_INTX, PCI_MSI, PCI_MSIX };

/* One entry of an MSI-X table. */
struct pci_msix_entry {
	uint32_t addr_low, addr_high, data, control;
};

struct pci_func {
	struct device *dev;
	const struct pci_func_ops *ops;
	struct pci_host *host;			/* NULL until plugged */
	uint8_t devfn;
	struct lock lock;
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t fixed[PCI_CONFIG_SIZE];		/* after a reset */
	uint8_t writable[PCI_CONFIG_SIZE];	/* bits that a write changes */
	uint8_t clearable[PCI_CONFIG_SIZE];	/* bits that writing 1 clears */
	struct pci_bar bar[PCI_BARS];
	uint8_t last_cap, free;			/* for pci_cap_add */
	bool dirty;				/* atomic: to be settled */
	bool master;				/* atomic */
	uint8_t mode;				/* atomic: enum pci_mode */

	bool intx, intx_off, intx_driven;	/* host->lines_lock */

	uint8_t msi_cap, msi_count;		/* 0: none */
	bool msi_masks;
	uint8_t msi_share;			/* atomic: granted vectors - 1; those beyond share their messages */
	struct irq_route *msi_route;
	uint8_t msix_cap, msix_bar;
	uint16_t msix_count;
	uint32_t msix_table, pba;		/* offsets in the BAR */
	struct pci_msix_entry *msix;
	struct irq_route *msix_route;
};

/* Set-up, in the device's init. */
void pci_func_init(struct pci_func *f, struct device *d, const struct pci_id *id, const struct pci_func_ops *ops);
/* The region's ops are the device's; `lock` as region.lock. MEM64 takes bar + 1 as well. -EINVAL. */
int pci_bar_add(struct pci_func *f, unsigned bar, enum pci_bar_kind kind, uint64_t size, const struct region_ops *ops,
		struct lock *lock, const char *name);
/* A capability of `len` bytes (with its two of header): its offset, or -ENOSPC. Fill f->config and f->writable yourself. */
int pci_cap_add(struct pci_func *f, uint8_t id, unsigned len);
/* `count` vectors in `table` and `routes`, both the caller's, shown at offsets of a BAR, which passes accesses to
   pci_msix_access. -ENOSPC, -EINVAL. */
int pci_msix_add(struct pci_func *f, unsigned bar, uint32_t table_offset, uint32_t pba_offset, unsigned count,
		 struct pci_msix_entry *table, struct irq_route *routes);
int pci_msi_add(struct pci_func *f, unsigned count, bool masks, struct irq_route *routes);
void pci_func_fini(struct pci_func *f);		/* off the bus; nobody signals any more */

/* The device's part of its class's hooks. */
void pci_func_reset(struct pci_func *f);	/* all vCPUs stopped */
/* After f->config and the table were loaded: unwritable bits are made good, everything is settled. */
int pci_func_state_post(struct pci_func *f);

/* An access of the MSI-X BAR: false, it is neither in the table nor in the pending bits. Aligned 4 and 8 bytes. No lock held. */
bool pci_msix_access(struct pci_func *f, struct bus_access *a);

static inline bool pci_messages(const struct pci_func *f)	/* MSI or MSI-X is on: INTx isn't used */
{
	return __atomic_load_n(&f->mode, __ATOMIC_RELAXED) != PCI_INTX;
}
static inline bool pci_bus_master(const struct pci_func *f)
{
	return __atomic_load_n(&f->master, __ATOMIC_ACQUIRE);
}
void pci_signal(struct pci_func *f, unsigned vector);		/* no such vector: nothing */
void pci_intx_set(struct pci_func *f, bool level);
/* The route of an MSI-X vector, for kernel producers; NULL: there is no such vector. */
struct irq_route *pci_msix_route(struct pci_func *f, unsigned vector);

/* Configuration registers from outside of the bus (tests, the bridge, pci_assign); reg + size <= 4096, 1 2 4 bytes. */
uint32_t pci_config_read(struct pci_func *f, uint32_t reg, unsigned size);
void pci_config_write(struct pci_func *f, uint32_t reg, unsigned size, uint32_t val);	/* takes effect by pci_settle */
/* Inside an access `a` of one of its regions: as if the guest had turned bus mastering on, when the access is over. */
void pci_master_on(struct pci_func *f, struct bus_access *a);

static inline uint32_t pci_get(const uint8_t *p, unsigned size)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < size; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

static inline void pci_put(uint8_t *p, unsigned size, uint64_t v)
{
	for (unsigned i = 0; i < size; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Between the files of dev/pci. With f->lock held: the messages' state follows the registers; then, unlocked, commit. */
void pci_msi_stage(struct pci_func *f);
void pci_msi_commit(struct pci_func *f);
uint32_t pci_msi_pending(struct pci_func *f);
void pci_intx_update(struct pci_func *f);
void pci_func_settle(struct pci_func *f);
void pci_unmap(struct pci_func *f);

#endif
