/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and judging the configurations of abi/config.h. They come from the root, which is not trusted once the engine runs: the
 * engine copies first, judges its copy, and nothing here believes a count.
 */
#ifndef ENGINE_BARE_CELL_CONFIG_H
#define ENGINE_BARE_CELL_CONFIG_H

#include "engine/bare/bare.h"

#define CONFIG_BYTES_MAX	(64u << 10)	/* CELLA_CONFIG_MAX of abi/ioctl.h */

/* Bytes of a cell's configuration with its arrays, by its counts. -E2BIG past CONFIG_BYTES_MAX. */
int cell_config_size(const struct cell_config *c, uint32_t *size);

/* The arrays behind it; the entries are not aligned. */
const uint8_t *config_cpus(const struct cell_config *c);
const struct config_memory *config_memory(const struct cell_config *c);
const struct config_irqchip *config_irqchips(const struct cell_config *c);
const struct config_pci_device *config_pci_devices(const struct cell_config *c);

#define PCI_TYPE_IVSHMEM	3u		/* config_pci_device.type */

/* CPUs below IMAGE_MAX_CPUS; -EINVAL if it names others, or none. */
int config_cpu_set(const struct cell_config *c, uint64_t *set);

/* An entry of zeroes, which is no region: Jailhouse's files have it for an ivshmem device without a shared region. */
bool memory_is_empty(const struct config_memory *m);
/* Does the memory need a page table entry: neither trapped piece of a page, nor comm region, nor served, nor empty. */
bool memory_is_mapped(const struct config_memory *m);
bool memory_is_subpage(const struct config_memory *m);
/* Does it take away from the root, and come back: physical and not shared. */
bool memory_is_taken(const struct config_memory *m);

static inline bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/*
 * A cell's configuration on its own: signature, sizes, memory (alignment, overflow, no two at one address), ivshmem devices, CPU
 * set. size: bytes that are there. -EINVAL, or -E2BIG.
 */
int cell_config_check(const struct cell_config *c, uint32_t size);
/* A system's with its root cell. */
int system_config_check(const struct system_config *s, uint32_t size);
/*
 * A new cell against the engine, the root and the other cells: its memory is the root's, and neither the engine's nor another
 * cell's; id and name are free. -EINVAL, -EEXIST, -EBUSY.
 */
int cell_config_fits(const struct bare *sys, const struct cell_config *c);

#endif
