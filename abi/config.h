/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a system and a cell are made of, in the binary form that the driver and the image take: Jailhouse's configuration
 * revision 14 for arm64, little endian and packed, so that its files load. `cella cell compile` makes it from TOML.
 *
 * A cell's file is a struct cell_config and after it, in this order: the CPU set (cpu_set_size bytes, bit n: Linux's CPU n),
 * memory, cache regions, interrupt chips, port ranges, PCI devices, PCI capabilities, stream ids. A system's file is a struct
 * system_config, whose last member is the root cell's struct cell_config, and then the same arrays.
 */
#ifndef ABI_CONFIG_H
#define ABI_CONFIG_H

#include "abi/comm_region.h"

#define CONFIG_SYSTEM_SIGNATURE	"JHSYS"		/* 5 bytes */
#define CONFIG_CELL_SIGNATURE	"JHCLL"
#define CONFIG_REVISION		14
#define CONFIG_ARCH_ARM64	2
#define CELL_NAME_SIZE		32		/* with its NUL */

/* struct cell_config.flags */
#define CELL_PASSIVE_COMM_REGION	0x00000001u	/* the cell doesn't answer messages: none is waited for */
#define CELL_CONSOLE_PERMITTED		0x40000000u
#define CELL_CONSOLE_ACTIVE		0x80000000u

/* struct config_memory.flags */
#define MEMORY_READ		0x1u
#define MEMORY_WRITE		0x2u
#define MEMORY_EXECUTE		0x4u
#define MEMORY_DMA		0x8u
#define MEMORY_IO		0x10u
#define MEMORY_COMM_REGION	0x20u
#define MEMORY_LOADABLE		0x40u		/* the root's while the cell is stopped */
#define MEMORY_ROOT_SHARED	0x80u		/* stays the root's as well */
#define MEMORY_NO_HUGE		0x100u
#define MEMORY_IO_UNALIGNED	0x8000u
#define MEMORY_IO_8		0x10000u	/* widths that pass, for part-page regions */
#define MEMORY_IO_16		0x20000u
#define MEMORY_IO_32		0x40000u
#define MEMORY_IO_64		0x80000u
/* Ours: nothing is mapped; accesses are answered by `cella cell serve` in the root (serve.h). phys: the interrupt of the device
   there, for those who serve and describe it; 0: none. The engine doesn't look at it. */
#define MEMORY_SERVED		(1ull << 32)

struct config_memory {
	uint64_t phys, virt, size, flags;
} ABI_PACKED;

struct config_cache {
	uint32_t start, size;
	uint8_t type, pad;
	uint16_t flags;
} ABI_PACKED;

/* Bit n of the bitmap: GIC interrupt pin_base + n; pin_base is 32 (the first SPI) or more. `address`, `id`: not looked at. */
struct config_irqchip {
	uint64_t address;
	uint32_t id, pin_base;
	uint32_t bitmap[4];
} ABI_PACKED;

struct config_pci_device {
	uint8_t type;				/* 1 device, 2 bridge, 3 ivshmem */
	uint8_t iommu;
	uint16_t domain, bdf;
	uint32_t bar_mask[6];
	uint16_t caps_start, num_caps;
	uint8_t num_msi_vectors, msi_flags;
	uint16_t num_msix_vectors, msix_region_size;
	uint64_t msix_address;
	uint32_t shmem_regions_start;		/* ivshmem: state table, shared, then one output region a peer */
	uint8_t shmem_dev_id, shmem_peers;
	uint16_t shmem_protocol;
} ABI_PACKED;

struct config_pci_capability {
	uint16_t id, start, len, flags;
} ABI_PACKED;

struct cell_config {
	char signature[5];
	uint8_t architecture;
	uint16_t revision;
	char name[CELL_NAME_SIZE];
	uint32_t id;				/* 0: the root; the driver chooses others' */
	uint32_t flags;
	uint32_t cpu_set_size;
	uint32_t num_memory, num_cache, num_irqchips, num_ports, num_pci_devices, num_pci_caps, num_stream_ids;
	uint32_t vpci_irq_base;			/* SPI of the first virtual PCI interrupt, less 32 */
	uint64_t reset_address;
	uint64_t reply_timeout;			/* for messages, in microseconds; 0: for ever */
	struct abi_console console;
} ABI_PACKED;

struct config_iommu {
	uint32_t type;
	uint64_t base;
	uint32_t size;
	uint8_t arch[12];
} ABI_PACKED;

struct config_platform {
	uint64_t pci_config_base;		/* ECAM */
	uint8_t pci_end_bus, pci_is_virtual;
	uint16_t pci_domain;
	struct config_iommu iommu[8];
	uint8_t maintenance_irq, gic_version, pad[2];
	uint64_t gicd_base, gicc_base, gich_base, gicv_base, gicr_base;
} ABI_PACKED;

struct system_config {
	char signature[5];
	uint8_t architecture;
	uint16_t revision;
	uint32_t flags;				/* SYSTEM_VIRTUAL_CONSOLE */
	struct config_memory hypervisor_memory;
	struct abi_console console;
	struct config_platform platform;
	struct cell_config root;
} ABI_PACKED;

#define SYSTEM_VIRTUAL_CONSOLE	1u		/* what the engine logs can be read through the driver */

_Static_assert(sizeof(struct config_memory) == 32 && sizeof(struct config_cache) == 12 && sizeof(struct config_irqchip) == 32 &&
	       sizeof(struct config_pci_device) == 56 && sizeof(struct config_pci_capability) == 8 &&
	       sizeof(struct config_iommu) == 28 && sizeof(struct config_platform) == 280, "sizes of revision 14");
_Static_assert(sizeof(struct cell_config) == 132 && sizeof(struct system_config) == 356 + sizeof(struct cell_config) &&
	       __builtin_offsetof(struct system_config, root) == 356, "sizes of revision 14");

#endif
