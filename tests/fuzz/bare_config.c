/* SPDX-License-Identifier: BSD-2-Clause */
/* A cell's configuration from a hostile root: whatever passes lies in its buffer, and asks for nothing that isn't the root's. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/bare/arch.h"
#include "engine/bare/cell_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

bool arch_is_reserved(const struct bare *sys, uint64_t phys, uint64_t size)
{
	return ranges_overlap(phys, size, 0x8000000, 0x10000);
}

static struct {
	struct system_config s;
	struct config_memory m[2];
} ABI_PACKED root = {
	.s = { .hypervisor_memory = { .phys = 0x5f000000, .size = 0x400000 }, .root = { .num_memory = 2 } },
	.m = {
		{ 0x40000000, 0x40000000, 0x20000000, MEMORY_READ | MEMORY_WRITE },
		{ 0x8000000, 0x8000000, 0x2000000, MEMORY_READ | MEMORY_WRITE | MEMORY_IO },
	},
};

static void memory_is_the_roots(const struct config_memory *m)
{
	if (m->flags & (MEMORY_COMM_REGION | MEMORY_SERVED) || !(m->phys | m->virt | m->size | m->flags))
		return;
	assert_that(m->phys >= 0x8000000 && m->phys + m->size > m->phys && m->phys + m->size <= 0x60000000);
	assert_that(!ranges_overlap(m->phys, m->size, 0x5f000000, 0x400000));
	assert_that(!ranges_overlap(m->phys, m->size, 0x8000000, 0x10000));
	assert_that(m->virt + m->size > m->virt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bare sys = { .config = (const struct system_config *)&root };
	struct cell cell = { .config = &root.s.root };
	struct cell_config *c = malloc(size ? size : 1);	/* of just this size: the sanitizer sees what reaches past it */
	uint64_t cpus;

	sys.cell[0] = &cell;
	memcpy(c, data, size);
	if (size >= sizeof(*c)) {			/* what the fuzzer would take long to find */
		memcpy(c->signature, CONFIG_CELL_SIGNATURE, sizeof(c->signature));
		c->architecture = CONFIG_ARCH_ARM64;
		c->revision = CONFIG_REVISION;
		c->name[0] |= 0x40;
	}
	if (!cell_config_check(c, (uint32_t)size) && !cell_config_fits(&sys, c)) {
		assert_that(!config_cpu_set(c, &cpus) && cpus);
		for (uint32_t i = 0; i < c->num_memory; i++)
			memory_is_the_roots(&config_memory(c)[i]);
		assert_that((const uint8_t *)(config_pci_devices(c) + c->num_pci_devices) <= (uint8_t *)c + size);
	}
	free(c);
	return 0;
}
