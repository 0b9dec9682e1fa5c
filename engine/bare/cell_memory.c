/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory on its way between the root and a cell. The root's configuration says what of it the root had, and with which rights. */
#include "base/string.h"
#include "engine/bare/arch.h"
#include "engine/bare/cell.h"
#include "engine/bare/cell_config.h"
#include "engine/bare/serve.h"

/*
 * Accesses to a piece of a page, of the widths that are allowed. An unaligned one is made of bytes, as devices' memory
 * takes no other: these have to be allowed, too. arg: its struct config_memory.
 */
static enum mmio_result subpage_access(struct cpu *cpu, void *arg, struct mmio_access *a)
{
	const struct config_memory *m = arg;
	uint64_t at = m->phys + a->address, page = ALIGN_DOWN(at, PAGE_BYTES);
	unsigned step = at & (a->size - 1u) ? 1 : a->size;

	if (!(m->flags & (a->write ? MEMORY_WRITE : MEMORY_READ)) || !(m->flags & (MEMORY_IO_8 * a->size)))
		return MMIO_BAD;
	if (step != a->size && (~m->flags & (MEMORY_IO_UNALIGNED | MEMORY_IO_8)))
		return MMIO_BAD;
	at = (uintptr_t)arch_window(cpu, page, ALIGN_UP(at + a->size, PAGE_BYTES) - page, true) + (at - page);
	if (!a->write)
		a->value = 0;
	for (unsigned i = 0; i < a->size; i += step) {
		if (a->write)
			mmio_write(at + i, a->value >> (8 * i), step);
		else
			a->value |= mmio_read(at + i, step) << (8 * i);
	}
	return MMIO_DONE;
}

int cell_map_memory(struct cell *cell, const struct config_memory *m)
{
	if (m->flags & MEMORY_COMM_REGION)
		return !cell->comm ? -EINVAL : arch_map(cell, m->virt, (uintptr_t)cell->comm, PAGE_BYTES,
			MEMORY_READ | MEMORY_WRITE);
	if (m->flags & MEMORY_SERVED)
		return mmio_add(&cell->mmio, m->virt, m->size, serve_access, (void *)(uintptr_t)m);
	if (memory_is_subpage(m))
		return mmio_add(&cell->mmio, m->virt, m->size, subpage_access, (void *)(uintptr_t)m);
	if (memory_is_empty(m))
		return 0;
	return arch_map(cell, m->virt, m->phys, m->size, m->flags);
}

/* The part of one region of the root that lies in m, whose memory it is. */
static bool root_part(const struct config_memory *r, const struct config_memory *m, struct config_memory *part)
{
	uint64_t start = MAX(r->phys, m->phys), end = MIN(r->phys + r->size, m->phys + m->size);

	if (!memory_is_mapped(r) || start >= end)
		return false;
	*part = (struct config_memory){ .phys = start, .virt = r->virt + (start - r->phys), .size = end - start,
					.flags = r->flags };
	return true;
}

int root_take_memory(struct cell *root, const struct config_memory *m)
{
	const struct config_memory *r = config_memory(root->config);
	struct config_memory part;
	int err = 0;

	for (uint32_t i = 0; i < root->config->num_memory && !err; i++)
		if (root_part(&r[i], m, &part))
			err = arch_unmap(root, part.virt, part.size);
	return err;
}

int root_return_memory(struct cell *root, const struct config_memory *m)
{
	const struct config_memory *r = config_memory(root->config);
	struct config_memory part;
	int err = 0;

	for (uint32_t i = 0; i < root->config->num_memory && !err; i++)
		if (root_part(&r[i], m, &part))
			err = arch_map(root, part.virt, part.phys, part.size, part.flags);
	return err;
}

void memory_clean(struct cpu *cpu, const struct config_memory *m, bool zero)
{
	for (uint64_t done = 0, piece; done < m->size; done += piece) {
		void *at;

		piece = MIN(m->size - done, WINDOW_BYTES - (m->phys + done) % WINDOW_BYTES);
		at = arch_window(cpu, m->phys + done, piece, false);
		if (zero)
			arch_zero(at, piece);
		arch_clean(at, piece);
	}
}

int root_copy(struct cpu *cpu, void *to, uint64_t from, uint64_t size)
{
	for (uint64_t done = 0, piece, phys; done < size; done += piece) {
		uint64_t offset = (from + done) % PAGE_BYTES;

		piece = MIN(size - done, PAGE_BYTES - offset);
		if (from + done < from || !arch_translate(root_of(cpu->sys), from + done - offset, &phys))
			return -EFAULT;
		memcpy((char *)to + done, (char *)arch_window(cpu, phys, PAGE_BYTES, false) + offset, piece);
	}
	return 0;
}
