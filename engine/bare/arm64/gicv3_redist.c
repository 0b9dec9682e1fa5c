/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Redistributors as a cell sees them (ARM IHI 0069 §12.10), and its SGIs (§12.2.34). All frames are there to be walked; those of
 * CPUs that aren't the cell's have an identification and nothing else. LPI tables are the root's (gicv3_its.c).
 */
#include "engine/bare/arm64/gic.h"
#include "engine/bare/arm64/gicv3.h"
#include "engine/bare/cell_config.h"

static bool is_table(uint64_t offset)
{
	return offset == GICR_PROPBASER || offset == GICR_PENDBASER;
}

static enum mmio_result control_write(struct bare *sys, bool root, uint64_t frame, uint64_t offset,
	const struct mmio_access *a)
{
	if (!root)
		return MMIO_DONE;
	if (offset == GICR_CTLR && a->size == 4 && (!(a->value & CTLR_ENABLE_LPIS) || gicv3_lpi_tables_are_good(sys, frame)))
		mmio_write(frame + GICR_CTLR, a->value, 4);
	else if (is_table(offset) && a->size == 8)
		gicv3_lpi_table_write(sys, frame, offset, a->value);
	return MMIO_DONE;
}

/* The control frame of a CPU of the cell's. GICR_WAKER reads as it is: awake. */
static enum mmio_result control_access(struct cpu *cpu, uint64_t frame, uint64_t offset, struct mmio_access *a)
{
	bool root = cpu->cell == root_of(cpu->sys);
	bool readable = offset <= GICR_WAKER || offset == GICR_SYNCR || offset >= 0xffd0 || (root && is_table(offset & ~7ull));

	if (a->size < 4 || (offset & (a->size - 1u)))
		return MMIO_BAD;
	if (a->write)
		return control_write(cpu->sys, root, frame, offset, a);
	a->value = readable ? mmio_read(frame + offset, a->size) : 0;
	if (!root && offset == GICR_CTLR)
		a->value &= ~CTLR_ENABLE_LPIS;
	return MMIO_DONE;
}

static enum mmio_result foreign_access(uint64_t frame, uint64_t offset, struct mmio_access *a)
{
	bool readable = (offset & ~7ull) == GICR_TYPER || offset == GICR_PIDR2;

	if (a->size < 4 || (offset & (a->size - 1u)))
		return MMIO_BAD;
	a->value = !a->write && readable ? mmio_read(frame + offset, a->size) : 0;
	return MMIO_DONE;
}

static struct arm_cpu *cpu_of_frame(const struct cell *cell, uint64_t frame)
{
	struct cpu *c;

	for_each_cpu(c, cell->sys, cell->cpus)
		if (arm_cpu_of(c)->gicr == frame)
			return arm_cpu_of(c);
	return NULL;
}

static enum mmio_result redist_access(struct cpu *cpu, void *arg, struct mmio_access *a)
{
	uint64_t base = cpu->sys->config->platform.gicr_base, stride = gicr_stride(mmio_read(base + GICR_TYPER, 8));
	uint64_t frame = base + a->address / stride * stride, offset = a->address % stride;
	struct arm_cpu *target = cpu_of_frame(cpu->cell, frame);

	if (!target)
		return foreign_access(frame, offset, a);
	if (offset < GICR_SGI_FRAME)
		return control_access(cpu, frame, offset, a);
	if (offset >= 2 * GICR_SGI_FRAME) {
		a->value = 0;
		return MMIO_DONE;
	}
	a->address = offset - GICR_SGI_FRAME;
	return gic_private_access(target, frame + GICR_SGI_FRAME, a);
}

int gicv3_cell_init(struct cell *cell)
{
	const struct config_platform *p = &cell->sys->config->platform;
	int err = mmio_add(&cell->mmio, p->gicd_base, GICD_BYTES_V3, gic_dist_access, NULL);

	if (!err)
		err = mmio_add(&cell->mmio, p->gicr_base, gicr_bytes(p, cell->sys->max_cpus), redist_access, NULL);
	return err || root_of(cell->sys) != cell ? err : gicv3_its_init(cell);
}

#define SGI_LIST	MASK(15, 0)
#define SGI_RANGE	MASK(47, 44)
#define SGI_ALL_OTHERS	BIT(40)

void gicv3_send_sgi(struct arm_cpu *c, uint64_t value)
{
	uint64_t cluster = field_get(MASK(23, 16), value) << 8 | field_get(MASK(39, 32), value) << 16 |
			   field_get(MASK(55, 48), value) << 32;
	uint32_t sgi = value >> 24 & 15;
	struct cpu *other;

	c->cpu.stat[STAT_VSGI]++;
	for_each_cpu(other, c->cpu.sys, c->cpu.cell->cpus) {
		struct arm_cpu *to = arm_cpu_of(other);
		uint64_t aff0 = to->mpidr & 0xff;
		bool hit = (to->mpidr & MPIDR_AFFINITY & ~0xffull) == cluster && aff0 >> 4 == field_get(SGI_RANGE, value) &&
			   (value & SGI_LIST) >> (aff0 & 15) & 1;

		if (value & SGI_ALL_OTHERS)
			hit = to != c;
		if (hit)
			gic_send_sgi(c, to, sgi);
	}
}
