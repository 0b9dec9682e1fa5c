/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The distributor as a cell sees it (ARM IHI 0069 §12.9, IHI 0048B §4.3): of each register, the fields of its own interrupts;
 * the rest reads as zero and ignores writes. Groups and the control register are the engine's. SGIs are virtual.
 */
#include "engine/bare/arm64/gic.h"
#include "engine/bare/cpu.h"

enum rule { RULE_READ, RULE_BITS, RULE_MERGE, RULE_TARGETS };

/* Registers with `bits` for each interrupt. BITS: a written 0 does nothing; MERGE: others' fields are written back. */
static const struct dist_block {
	uint16_t start, end;
	uint8_t bits, rule;
} dist_blocks[] = {
	{ GICD_ISENABLER, GICD_IPRIORITYR, 1, RULE_BITS },
	{ GICD_IPRIORITYR, GICD_ITARGETSR, 8, RULE_MERGE },
	{ GICD_ITARGETSR, GICD_ICFGR, 8, RULE_TARGETS },
	{ GICD_ICFGR, GICD_IGRPMODR, 2, RULE_MERGE },
	{ GICD_IGROUPR, GICD_ISENABLER, 1, RULE_READ },
	{ GICD_IGRPMODR, GICD_IGRPMODR + 0x80, 1, RULE_READ },
};

static const struct dist_block *block_of(uint64_t offset)
{
	for (unsigned i = 0; i < ARRAY_SIZE(dist_blocks); i++)
		if (offset >= dist_blocks[i].start && offset < dist_blocks[i].end)
			return &dist_blocks[i];
	return NULL;
}

/* The first interrupt that a register has. Each of the six sets of bits begins at interrupt 0. */
static uint32_t first_irq(const struct dist_block *b, uint64_t offset)
{
	uint64_t at = b->bits == 1 ? offset & 0x7f : offset - b->start;

	return (uint32_t)(at * 8 / b->bits);
}

static uint64_t own_mask(const struct arm_cell *cell, const struct dist_block *b, uint32_t irq, unsigned size)
{
	uint64_t mask = 0;

	if (b->bits == 1)
		return irq < IRQ_SPECIAL ? cell->irq[irq / 32] : 0;
	for (unsigned at = 0; at < size * 8; at += b->bits, irq++)
		if (cell_owns_irq(cell, irq))
			mask |= MASK(b->bits - 1, 0) << at;
	return mask;
}

static bool size_is_good(const struct dist_block *b, const struct mmio_access *a)
{
	return !(a->address & (a->size - 1u)) && (a->size == 4 || (a->size == 1 && b->bits == 8));
}

/* CPUs of a cell as bits of GICD_ITARGETSR, in each byte. */
static uint64_t targets_mask(const struct cell *cell)
{
	uint64_t set = 0;
	struct cpu *c;

	for_each_cpu(c, cell->sys, cell->cpus)
		set |= arm_cpu_of(c)->gicc_mask;
	return set * 0x01010101u;
}

static void block_write(const struct cell *cell, const struct dist_block *b, uint64_t reg, const struct mmio_access *a,
	uint64_t mask)
{
	struct machine *m = machine_of(cell->sys);

	if (b->rule == RULE_READ || !mask)
		return;
	if (b->rule == RULE_BITS) {
		mmio_write(reg, a->value & mask, a->size);
		return;
	}
	if (b->rule == RULE_TARGETS)
		mask &= targets_mask(cell) | ~MASK(31, 0);
	engine_lock(&m->dist_lock);
	mmio_write(reg, (mmio_read(reg, a->size) & ~mask) | (a->value & mask), a->size);
	engine_unlock(&m->dist_lock);
}

/* ---- private interrupts ---- */

static uint64_t sgi_bits_read(const struct arm_cpu *c, uint64_t offset)
{
	return offset == GICD_ISENABLER || offset == GICD_ICENABLER ? c->sgi_enable : 0;
}

static void sgi_bits_write(struct arm_cpu *c, uint64_t offset, uint64_t value)
{
	if (offset == GICD_ICENABLER)
		__atomic_fetch_and(&c->sgi_enable, ~(uint32_t)value, __ATOMIC_SEQ_CST);
	if (offset != GICD_ISENABLER)
		return;
	__atomic_fetch_or(&c->sgi_enable, (uint32_t)(value & MASK(15, 0)), __ATOMIC_SEQ_CST);
	if (!(read_once(c->sgi_pending) & value))
		return;
	if (c == this_cpu())
		gic_fill(c);
	else
		machine_of(c->cpu.sys)->gic->kick(c);
}

static void sgi_priority_access(struct arm_cpu *c, uint32_t first, struct mmio_access *a)
{
	for (unsigned i = 0; i < a->size; i++) {
		if (a->write)
			c->sgi_priority[first + i] = (uint8_t)(a->value >> (8 * i));
		else
			a->value |= (uint64_t)c->sgi_priority[first + i] << (8 * i);
	}
}

enum mmio_result gic_private_access(struct arm_cpu *c, uint64_t base, struct mmio_access *a)
{
	const struct dist_block *b = block_of(a->address);
	uint32_t irq;
	uint64_t mask;

	if (!a->write)
		a->value = 0;
	if (!b)
		return MMIO_DONE;
	if (!size_is_good(b, a))
		return MMIO_BAD;
	irq = first_irq(b, a->address);
	if (irq >= IRQ_PRIVATE)
		return MMIO_DONE;
	if (b->rule == RULE_MERGE && b->bits == 8 && irq < IRQ_SGIS) {
		sgi_priority_access(c, irq, a);
		return MMIO_DONE;
	}
	mask = own_mask(arm_cell_of(c->cpu.cell), b, irq, a->size);
	if (a->write) {
		if (b->rule == RULE_BITS)
			sgi_bits_write(c, a->address, a->value);
		if (b->rule != RULE_TARGETS)
			block_write(c->cpu.cell, b, base + a->address, a, mask);
		return MMIO_DONE;
	}
	if (b->rule == RULE_READ || b->rule == RULE_TARGETS)
		mask = ~0ull;
	a->value = mmio_read(base + a->address, a->size) & mask;
	if (b->rule == RULE_BITS)
		a->value |= sgi_bits_read(c, a->address);
	return MMIO_DONE;
}

/* ---- shared ones ---- */

static struct arm_cpu *cpu_of_affinity(const struct cell *cell, uint64_t affinity)
{
	struct cpu *c;

	for_each_cpu(c, cell->sys, cell->cpus)
		if ((arm_cpu_of(c)->mpidr & MPIDR_AFFINITY) == (affinity & MPIDR_AFFINITY))
			return arm_cpu_of(c);
	return NULL;
}

/* To a CPU of the cell; "any" is its first one. */
static enum mmio_result router_access(const struct arm_cell *own, struct mmio_access *a)
{
	const struct cell *cell = &own->cell;
	uint32_t irq = (uint32_t)((a->address - GICD_IROUTER) / 8);
	uint64_t reg = gicd_base(cell->sys) + GICD_IROUTER + irq * 8ull, shift = (a->address & 4) * 8, route;

	if (a->size < 4 || (a->address & (a->size - 1u)))
		return MMIO_BAD;
	if (irq < IRQ_PRIVATE || !cell_owns_irq(own, irq)) {
		a->value = 0;
		return MMIO_DONE;
	}
	route = mmio_read(reg, 8);
	if (!a->write) {
		a->value = route >> shift;
		return MMIO_DONE;
	}
	route = a->size == 8 ? a->value : field_set(route, MASK(31, 0) << shift, a->value);
	if (route & IROUTER_IRM)
		route = arm_cpu_of(cell->sys->cpu[ctz64(cell->cpus)])->mpidr & MPIDR_AFFINITY;
	if (cpu_of_affinity(cell, route))
		mmio_write(reg, route, 8);
	return MMIO_DONE;
}

/* GICv2: to a list of CPUs, all but this one, or this one. */
static void sgir_write(struct arm_cpu *c, uint64_t value)
{
	unsigned filter = (unsigned)field_get(MASK(25, 24), value);
	struct cpu *other;

	for_each_cpu(other, c->cpu.sys, c->cpu.cell->cpus) {
		struct arm_cpu *to = arm_cpu_of(other);
		bool hit = filter == 0 ? (value >> 16 & to->gicc_mask) : filter == 1 ? to != c : filter == 2 && to == c;

		if (hit)
			gic_send_sgi(c, to, value & 15);
	}
}

static enum mmio_result dist_other(struct arm_cpu *c, const struct arm_cell *own, struct mmio_access *a)
{
	bool v3 = machine_of(c->cpu.sys)->gic == &gicv3;

	if (v3 && a->address >= GICD_IROUTER && a->address < GICD_IROUTER + 8 * IRQ_SPECIAL)
		return router_access(own, a);
	if (a->size != 4 || (a->address & 3))
		return MMIO_BAD;
	if (!a->write) {
		a->value = mmio_read(gicd_base(c->cpu.sys) + a->address, 4);
	} else if (!v3 && a->address == GICD_SGIR) {
		c->cpu.stat[STAT_VSGI]++;
		sgir_write(c, a->value);
	} else if (v3 && (a->address == GICD_SETSPI || a->address == GICD_CLRSPI)) {
		if ((a->value & MASK(9, 0)) >= IRQ_PRIVATE && cell_owns_irq(own, a->value & MASK(9, 0)))
			mmio_write(gicd_base(c->cpu.sys) + a->address, a->value & MASK(9, 0), 4);
	}
	return MMIO_DONE;
}

enum mmio_result gic_dist_access(struct cpu *cpu, void *arg, struct mmio_access *a)
{
	struct arm_cpu *c = arm_cpu_of(cpu);
	const struct arm_cell *own = arm_cell_of(cpu->cell);
	const struct dist_block *b = block_of(a->address);
	uint64_t reg = gicd_base(cpu->sys) + a->address, mask;
	uint32_t irq;

	if (!b)
		return dist_other(c, own, a);
	irq = first_irq(b, a->address);
	if (irq < IRQ_PRIVATE && machine_of(cpu->sys)->gic == &gicv2)
		return gic_private_access(c, gicd_base(cpu->sys), a);
	if (!size_is_good(b, a))
		return MMIO_BAD;
	mask = irq < IRQ_PRIVATE ? 0 : own_mask(own, b, irq, a->size);
	if (a->write)
		block_write(&own->cell, b, reg, a, mask);
	else
		a->value = mask ? mmio_read(reg, a->size) & mask : 0;
	return MMIO_DONE;
}
