/* SPDX-License-Identifier: BSD-2-Clause */
/* Cells' address spaces: stage 2 (ARM DDI 0487 D8.2.12, D8.3.2) in tables from the pool, and VMIDs. */
#include "engine/bare/arm64/arm.h"
#include "engine/bare/arm64/gic.h"
#include "engine/bare/arm64/gicv3.h"
#include "engine/bare/cell_config.h"

#define MEMATTR_NORMAL	field_put(PT_MEM_ATTR, 0xf)
#define MEMATTR_DEVICE	field_put(PT_MEM_ATTR, 0x1)	/* nGnRE */
#define SH_INNER	field_put(PT_SH, 3)
#define VTCR_RES1	BIT(31)
#define VTCR_CACHED	(BIT(8) | BIT(10) | MASK(13, 12))

const uint32_t arch_cell_bytes = sizeof(struct arm_cell);

static unsigned address_bits(void)
{
	return pt_pa_bits(sys_read(id_aa64mmfr0_el1) & 15);
}

/* Up to 43 bits the tables start at level 1, up to 16 of them side by side; beyond that at level 0. */
static struct pt_geometry geometry(void)
{
	unsigned bits = address_bits();

	return (struct pt_geometry){ .page_bits = 12, .stride = 9, .va_bits = (uint8_t)bits, .start_level = bits < 44 };
}

static uint32_t root_pages(const struct pt_geometry *g)
{
	return (uint32_t)MAX(1ull, (8ull << (g->va_bits - pt_shift(g, g->start_level))) / PAGE_BYTES);
}

uint64_t stage2_vtcr(void)
{
	uint64_t range = MIN(sys_read(id_aa64mmfr0_el1) & 15, 5ull);

	return VTCR_RES1 | VTCR_CACHED | (64 - address_bits()) | (address_bits() < 44 ? 1ull : 2ull) << 6 | range << 16;
}

static void *table_alloc(void *ctx)
{
	return pool_alloc(&((struct arm_cell *)ctx)->cell.sys->pool, 1, 1);
}

static void table_free(void *ctx, void *table)
{
	pool_free(&((struct arm_cell *)ctx)->cell.sys->pool, table, 1);
}

static void map_flush(void *ctx)
{
	const struct arm_cell *cell = ctx;
	uint64_t mine = sys_read(vttbr_el2);

	dsb(ishst);
	sys_write(vttbr_el2, cell->vttbr);
	isb();
	tlbi(vmalls12e1is);
	dsb(ish);
	sys_write(vttbr_el2, mine);
	isb();
}

int arch_cell_init(struct cell *cell)
{
	struct arm_cell *own = arm_cell_of(cell);
	struct machine *m = machine_of(cell->sys);
	uint32_t vmid = ctz64(~m->vmids);
	int err;

	own->map = (struct pt_tree){ .g = geometry(), .alloc = table_alloc, .free = table_free, .flush = map_flush, .ctx = own };
	own->map.root = pool_alloc(&cell->sys->pool, root_pages(&own->map.g), root_pages(&own->map.g));
	if (!own->map.root)
		return -ENOMEM;
	m->vmids |= BIT(vmid);
	own->vttbr = (uintptr_t)own->map.root | (uint64_t)(vmid + 1) << 48;
	map_flush(own);
	own->irq[0] = ~(uint32_t)(MASK(15, 0) | BIT(m->maintenance_irq));
	if (cell == root_of(cell->sys)) {
		for (uint32_t i = 1; i < IRQ_WORDS; i++)
			own->irq[i] = ~0u;
		own->irq[IRQ_WORDS - 1] &= (uint32_t)(BIT(IRQ_SPECIAL % 32) - 1);
	}
	err = m->gic->cell_init(cell);
	if (err)
		arch_cell_exit(cell);
	return err;
}

void arch_cell_exit(struct cell *cell)
{
	struct arm_cell *own = arm_cell_of(cell);

	machine_of(cell->sys)->vmids &= ~BIT((own->vttbr >> 48) - 1);
	pt_clear(&own->map);
	map_flush(own);
	pool_free(&cell->sys->pool, own->map.root, root_pages(&own->map.g));
}

int arch_map(struct cell *cell, uint64_t virt, uint64_t phys, uint64_t size, uint64_t flags)
{
	uint64_t attrs = PT_AF | (flags & MEMORY_IO ? MEMATTR_DEVICE : MEMATTR_NORMAL | SH_INNER);

	if (flags & MEMORY_READ)
		attrs |= PT_S2AP_READ;
	if (flags & MEMORY_WRITE)
		attrs |= PT_S2AP_WRITE;
	if (!(flags & MEMORY_EXECUTE))
		attrs |= PT_UXN;	/* XN, at stage 2 */
	return pt_map(&arm_cell_of(cell)->map, virt, phys, size, attrs, flags & MEMORY_NO_HUGE);
}

int arch_unmap(struct cell *cell, uint64_t virt, uint64_t size)
{
	return pt_unmap(&arm_cell_of(cell)->map, virt, size);
}

void arch_cell_flush(struct cell *cell)
{
	map_flush(arm_cell_of(cell));
}

static bool translate(const struct cell *cell, uint64_t virt, uint64_t access, uint64_t *phys)
{
	const struct pt_tree *t = &arm_cell_of(cell)->map;
	unsigned level;
	uint64_t leaf = pt_lookup(t, virt, &level);

	if ((leaf & access) != access || (leaf & PT_MEM_ATTR) != MEMATTR_NORMAL)
		return false;
	*phys = pt_leaf_address(&t->g, level, leaf) | (virt & MASK(pt_shift(&t->g, level) - 1, 12));
	return true;
}

bool arch_translate(const struct cell *cell, uint64_t virt, uint64_t *phys)
{
	return translate(cell, virt, PT_S2AP_READ, phys);
}

bool stage2_has(const struct cell *cell, uint64_t address)
{
	uint64_t phys;

	return translate(cell, address, PT_S2AP_READ | PT_S2AP_WRITE, &phys) && phys == address;
}

/* ---- what no cell has ---- */

#define GIC_RANGES	(2 + IMAGE_MAX_ITS)

static uint32_t gic_ranges(const struct bare *sys, struct config_memory range[GIC_RANGES])
{
	const struct config_platform *p = &sys->config->platform;
	uint32_t n = 0;
	bool v3 = machine_of((struct bare *)(uintptr_t)sys)->gic == &gicv3;

	range[n++] = (struct config_memory){ .phys = p->gicd_base, .size = v3 ? GICD_BYTES_V3 : GICD_BYTES_V2 };
	if (v3) {
		range[n++] = (struct config_memory){ .phys = p->gicr_base, .size = gicr_bytes(p, sys->max_cpus) };
		for (uint32_t i = 0; i < IMAGE_MAX_ITS; i++)
			if (sys->image->its[i])
				range[n++] = (struct config_memory){ .phys = sys->image->its[i], .size = ITS_BYTES };
		return n;
	}
	range[n++] = (struct config_memory){ .phys = p->gicc_base, .size = 0x2000 };
	range[n++] = (struct config_memory){ .phys = p->gich_base, .size = 0x2000 };
	range[n++] = (struct config_memory){ .phys = p->gicv_base, .size = 0x2000 };
	return n;
}

bool arch_is_reserved(const struct bare *sys, uint64_t phys, uint64_t size)
{
	struct config_memory range[GIC_RANGES];
	uint32_t n = gic_ranges(sys, range);

	while (n--)
		if (ranges_overlap(range[n].phys, range[n].size, phys, size))
			return true;
	return machine_of((struct bare *)(uintptr_t)sys)->gic == &gicv3 && gicv3_has_tables(sys, phys, size);
}

int arch_root_finish(struct cell *root)
{
	const struct bare *sys = root->sys;
	const struct config_memory *hv = &sys->config->hypervisor_memory;
	struct config_memory range[GIC_RANGES];
	uint32_t n = gic_ranges(sys, range);
	int err = arch_unmap(root, hv->phys, hv->size);

	while (n-- && !err)
		err = arch_unmap(root, range[n].phys, range[n].size);
	if (!err && machine_of(root->sys)->gic == &gicv2)
		err = gicv2_map_interface(root);
	if (!err && machine_of(root->sys)->gic == &gicv3)
		err = gicv3_its_check(sys);
	if (!err && (sys->config->flags & SYSTEM_VIRTUAL_CONSOLE))
		err = arch_map(root, (uintptr_t)sys->console, (uintptr_t)sys->console, sys->image->console_size, MEMORY_READ);
	return err;
}
