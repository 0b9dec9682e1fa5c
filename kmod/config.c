/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the driver itself reads of a configuration (abi/config.h), whose bytes are anybody's. */
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "cella.h"

static const struct {
	size_t count_offset, size;
} arrays[] = {
	{ offsetof(struct cell_config, num_memory), sizeof(struct config_memory) },
	{ offsetof(struct cell_config, num_cache), sizeof(struct config_cache) },
	{ offsetof(struct cell_config, num_irqchips), sizeof(struct config_irqchip) },
	{ offsetof(struct cell_config, num_ports), 4 },
	{ offsetof(struct cell_config, num_pci_devices), sizeof(struct config_pci_device) },
	{ offsetof(struct cell_config, num_pci_caps), sizeof(struct config_pci_capability) },
	{ offsetof(struct cell_config, num_stream_ids), 4 },
};

static bool name_is_good(const char *name)
{
	size_t len = strnlen(name, CELL_NAME_SIZE);
	size_t i;

	for (i = 0; i < len; i++)
		if (name[i] < ' ' || name[i] > '~' || name[i] == '/')
			return false;
	return len && len < CELL_NAME_SIZE;
}

int config_check_cell(const void *config, size_t size, struct cell_view *view)
{
	const struct cell_config *c = config;
	u64 need;
	unsigned int i;

	if (size < sizeof(*c))
		return -EINVAL;
	need = sizeof(*c) + (u64)c->cpu_set_size;
	for (i = 0; i < ARRAY_SIZE(arrays); i++) {
		u32 count;

		memcpy(&count, config + arrays[i].count_offset, sizeof(count));
		need += (u64)count * arrays[i].size;	/* at most 2^32 * 56, seven times */
	}
	if (need != size || !c->cpu_set_size || !name_is_good(c->name))
		return -EINVAL;
	view->config = c;
	view->cpu_set = (const u8 *)(c + 1);
	view->memory = (const void *)(view->cpu_set + c->cpu_set_size);
	return 0;
}

bool config_has_cpu(const struct cell_view *view, unsigned int cpu)
{
	return cpu / 8 < view->config->cpu_set_size && view->cpu_set[cpu / 8] >> cpu % 8 & 1;
}

int config_check_ram(u64 phys, u64 size)
{
	u64 end;

	if (!size || check_add_overflow(phys, size - 1, &end))
		return -EINVAL;
	return region_intersects(phys, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) == REGION_DISJOINT ? 0 : -EINVAL;
}
