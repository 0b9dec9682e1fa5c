/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of trapped address ranges. A cell has few: they are searched one by one. */
#include "base/errno.h"
#include "engine/bare/mmio.h"

int mmio_add(struct mmio_table *t, uint64_t start, uint64_t size, mmio_handler handler, void *arg)
{
	if (t->count == t->room)
		return -ENOSPC;
	t->range[t->count++] = (struct mmio_range){ start, size, handler, arg };
	return 0;
}

enum mmio_result mmio_dispatch(const struct mmio_table *t, struct cpu *cpu, struct mmio_access *a)
{
	for (const struct mmio_range *r = t->range, *end = r + t->count; r < end; r++) {
		uint64_t offset = a->address - r->start;

		if (offset >= r->size)
			continue;
		if (r->size - offset < a->size)
			return MMIO_BAD;
		a->address = offset;
		return r->handler(cpu, r->arg, a);
	}
	return MMIO_NONE;
}

uint64_t mmio_read(uint64_t address, unsigned size)
{
	uintptr_t at = (uintptr_t)address;

	switch (size) {
	case 1: return *(volatile uint8_t *)at;
	case 2: return *(volatile uint16_t *)at;
	case 4: return *(volatile uint32_t *)at;
	default: return *(volatile uint64_t *)at;
	}
}

void mmio_write(uint64_t address, uint64_t value, unsigned size)
{
	uintptr_t at = (uintptr_t)address;

	switch (size) {
	case 1: *(volatile uint8_t *)at = (uint8_t)value; break;
	case 2: *(volatile uint16_t *)at = (uint16_t)value; break;
	case 4: *(volatile uint32_t *)at = (uint32_t)value; break;
	default: *(volatile uint64_t *)at = value; break;
	}
}
