/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's GIC to and from the record of core/gic_record.h. All vCPUs are parked, and a record is loaded after memory: what
 * is pending of LPIs and the ITS's tables are there (arm-vgic-its.rst, "ITS Restore Sequence").
 *
 * What the kernel's GIC has in its own way: GICD_CTLR is one enable for both groups; a redistributor is never asleep; routes
 * have no Aff3 and no 1-of-N; PPIs are level-sensitive; a GICv2 has one register of active priorities. It tells the lines of
 * level-sensitive interrupts of a GICv3, no others: those of SPIs are what we drove, and that a PPI of a GICv2 is pending is its
 * line.
 */
#include <stdlib.h>
#include <string.h>

#include "core/gic_record.h"
#include "engine/kvm/arm64/gic_regs.h"
#include "isa/arm64/sysreg.h"

enum { GITS_CTLR = 0x00, GITS_CBASER = 0x80, GITS_CWRITER = 0x88, GITS_CREADR = 0x90, GITS_BASER = 0x100 };

#define GICD_ENABLE_V2		1u
#define GICD_ENABLE_V3		2u		/* group 1 */
#define GICC_ACKCTL		4u
#define GICC_FIQEN		8u
#define GICC_CBPR		0x10u
#define GICC_EOIMODE		0x200u
#define ICC_PRIBITS(v)		((v) >> 8 & 7)
#define ICC_FIVE_BITS		4u

struct image {
	uint32_t ctlr;
	struct gic_word spi[GIC_SPI_WORDS];
	uint64_t route[GIC_MAX_SPIS];
	struct gic_its_regs its;
	struct {
		struct gic_word own;
		struct gic_cpu_regs regs;
		struct gic_lpi_regs lpi;
	} cpu[VM_MAX_VCPUS];
};

static void describe(const struct arm64_vm *a, struct image *i, struct gic_record *r)
{
	memset(r, 0, sizeof(*r));
	r->cpus = a->vm->vm->vcpu_count;
	r->spis = a->chip.pins;
	r->ctlr = &i->ctlr;
	r->spi = i->spi;
	r->route = i->route;
	r->its = a->its >= 0 ? &i->its : NULL;
	for (uint32_t n = 0; n < r->cpus; n++) {
		r->cpu[n].own = &i->cpu[n].own;
		r->cpu[n].regs = &i->cpu[n].regs;
		r->cpu[n].lpi = a->its >= 0 ? &i->cpu[n].lpi : NULL;
	}
}

/* ---- words of interrupts ---- */

static int get32(const struct gic_bank *b, uint32_t offset, uint32_t *val)
{
	uint64_t wide;
	int err = gic_get(b, offset, &wide);

	*val = (uint32_t)wide;
	return err;
}

static int line_level(const struct arm64_vm *a, uint32_t cpu, uint32_t first, uint32_t *line, bool write)
{
	struct gic_bank levels = { a->gic, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, 0, false };

	levels.where = (first < ARM64_FIRST_SPI ? gic_bank_cpu(a, cpu) : 0) |
		       VGIC_LEVEL_INFO_LINE_LEVEL << KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT;
	return write ? gic_put(&levels, first, *line) : get32(&levels, first, line);
}

static int word_save(const struct arm64_vm *a, const struct gic_bank *b, uint32_t cpu, uint32_t first, struct gic_word *w)
{
	uint32_t frame = a->v3 && first < ARM64_FIRST_SPI ? SGI_FRAME : 0, word = frame + first / 8;
	uint32_t config[2], priority, driven = 0;
	int err = get32(b, word + IGROUPR, &w->group);

	if (!err)
		err = get32(b, word + ISENABLER, &w->enabled);
	if (!err)
		err = get32(b, word + ISPENDR, &w->latch);
	if (!err)
		err = get32(b, word + ISACTIVER, &w->active);
	for (uint32_t i = 0; i < 2 && !err; i++)
		err = get32(b, frame + ICFGR + first / 4 + 4 * i, &config[i]);
	for (uint32_t i = 0; i < 8 && !err; i++) {
		err = get32(b, frame + IPRIORITYR + first + 4 * i, &priority);
		memcpy(&w->priority[4 * i], &priority, 4);
	}
	if (!err && a->v3)
		err = line_level(a, cpu, first, &w->line, false);
	if (err)
		return err;
	w->edge = 0;
	for (unsigned i = 0; i < 32; i++)
		w->edge |= (config[i / 16] >> (2 * (i % 16) + 1) & 1) << i;
	if (first >= ARM64_FIRST_SPI)
		driven = __atomic_load_n(&a->line[first / 32 - 1], __ATOMIC_RELAXED);
	if (a->v3) {
		w->line |= driven & w->edge;
	} else {
		w->line = first < ARM64_FIRST_SPI ? w->latch & ~w->edge : driven;
		w->latch &= w->edge | ~w->line;
	}
	return 0;
}

/* A line that comes up latches an edge, so that lines are before what is pending. */
static int lines_load(struct arm64_vm *a, uint32_t cpu, uint32_t first, const struct gic_word *w)
{
	uint32_t line = w->line;

	if (a->v3 && first >= ARM64_FIRST_SPI)
		__atomic_store_n(&a->line[first / 32 - 1], line, __ATOMIC_RELAXED);
	if (a->v3)
		return line_level(a, cpu, first, &line, true);
	for (uint32_t n = 0; n < 32 && first >= ARM64_FIRST_SPI; n++)
		a->chip.ops->set(&a->chip, first - ARM64_FIRST_SPI + n, line >> n & 1);
	return 0;
}

/* SGIs of a GICv2 become pending by their sources. */
static int pending_load(const struct arm64_vm *a, const struct gic_bank *b, uint32_t word, const struct gic_word *w, bool own)
{
	int err = a->v3 ? 0 : gic_put(b, word + ICPENDR, ~0u);

	return err ? err : gic_put(b, word + ISPENDR, !a->v3 && own ? w->latch & ~0xffffu : w->latch);
}

static int word_load(struct arm64_vm *a, const struct gic_bank *b, uint32_t cpu, uint32_t first, const struct gic_word *w)
{
	uint32_t frame = a->v3 && first < ARM64_FIRST_SPI ? SGI_FRAME : 0, word = frame + first / 8;
	uint32_t config[2] = { 0, 0 }, priority;
	int err = gic_put(b, word + ICENABLER, ~0u);

	for (unsigned i = 0; i < 32; i++)
		config[i / 16] |= (w->edge >> i & 1) << (2 * (i % 16) + 1);
	for (uint32_t i = 0; i < 2 && !err && first >= ARM64_FIRST_SPI; i++)
		err = gic_put(b, frame + ICFGR + first / 4 + 4 * i, config[i]);
	for (uint32_t i = 0; i < 8 && !err; i++) {
		memcpy(&priority, &w->priority[4 * i], 4);
		err = gic_put(b, frame + IPRIORITYR + first + 4 * i, priority);
	}
	if (!err)
		err = gic_put(b, word + IGROUPR, w->group);
	if (!err)
		err = lines_load(a, cpu, first, w);
	if (!err)
		err = pending_load(a, b, word, w, first < ARM64_FIRST_SPI);
	if (!err)
		err = gic_put(b, word + ICACTIVER, ~0u);
	if (!err)
		err = gic_put(b, word + ISACTIVER, w->active);
	return err ? err : gic_put(b, word + ISENABLER, w->enabled);
}

/* ---- CPU interfaces ---- */

/* The record's priorities have five bits, as those of most hosts. */
static int icc_save(const struct gic_bank *icc, struct gic_cpu_regs *r)
{
	static const uint16_t regs[] = {
		SYS_ICC_CTLR_EL1, SYS_ICC_PMR_EL1, SYS_ICC_BPR0_EL1, SYS_ICC_BPR1_EL1, SYS_ICC_AP0R0_EL1, SYS_ICC_AP1R0_EL1,
		SYS_ICC_IGRPEN0_EL1, SYS_ICC_IGRPEN1_EL1,
	};
	uint64_t v[ARRAY_SIZE(regs)];

	for (size_t n = 0; n < ARRAY_SIZE(regs); n++) {
		int err = gic_get(icc, regs[n], &v[n]);

		if (err)
			return err;
	}
	*r = (struct gic_cpu_regs){
		.common_bpr = v[0] & ICC_CBPR, .eoi_mode = v[0] & ICC_EOIMODE, .pmr = v[1] & GIC_PRIORITY_MASK,
		.bpr = { MAX((uint8_t)(v[2] & 7), GIC_MIN_BPR0), MAX((uint8_t)(v[3] & 7), GIC_MIN_BPR1) },
		.apr = { (uint32_t)v[4], (uint32_t)v[5] }, .groups = (v[6] & 1) | (v[7] & 1) << 1, .fiq_enable = true,
	};
	return ICC_PRIBITS(v[0]) == ICC_FIVE_BITS ? 0 : -ENOTSUP;
}

/* BPR1 takes writes while CBPR is clear. */
static int icc_load(const struct gic_bank *icc, const struct gic_cpu_regs *r)
{
	uint64_t ctlr;
	int err = gic_get(icc, SYS_ICC_CTLR_EL1, &ctlr);
	struct { uint16_t reg; uint64_t val; } list[] = {
		{ SYS_ICC_CTLR_EL1, ctlr & ~(ICC_CBPR | ICC_EOIMODE) }, { SYS_ICC_PMR_EL1, r->pmr },
		{ SYS_ICC_BPR0_EL1, r->bpr[0] }, { SYS_ICC_BPR1_EL1, r->bpr[1] }, { SYS_ICC_AP0R0_EL1, r->apr[0] },
		{ SYS_ICC_AP1R0_EL1, r->apr[1] }, { SYS_ICC_IGRPEN0_EL1, r->groups & 1 }, { SYS_ICC_IGRPEN1_EL1, r->groups >> 1 },
		{ SYS_ICC_CTLR_EL1, (ctlr & ~(ICC_CBPR | ICC_EOIMODE)) | (r->common_bpr ? ICC_CBPR : 0) |
				    (r->eoi_mode ? ICC_EOIMODE : 0) },
	};

	if (!err && ICC_PRIBITS(ctlr) != ICC_FIVE_BITS)
		return -ENOTSUP;
	for (size_t n = 0; n < ARRAY_SIZE(list) && !err; n++)
		err = gic_put(icc, list[n].reg, list[n].val);
	return err;
}

/* The kernel gives PMR as the five bits that there are. */
static int gicc_save(const struct gic_bank *dist, const struct gic_bank *gicc, struct gic_cpu_regs *r)
{
	static const uint16_t regs[] = { GICC_CTLR, GICC_PMR, GICC_BPR, GICC_ABPR, GICC_APR };
	uint32_t v[ARRAY_SIZE(regs)];
	int err = 0;

	for (size_t n = 0; n < ARRAY_SIZE(regs) && !err; n++)
		err = get32(gicc, regs[n], &v[n]);
	if (err)
		return err;
	*r = (struct gic_cpu_regs){
		.groups = v[0] & GIC_GROUPS, .ack_ctl = v[0] & GICC_ACKCTL, .fiq_enable = v[0] & GICC_FIQEN,
		.common_bpr = v[0] & GICC_CBPR, .eoi_mode = v[0] & GICC_EOIMODE, .pmr = (uint8_t)(v[1] << 3),
		.bpr = { MAX((uint8_t)(v[2] & 7), GIC_MIN_BPR0), MAX((uint8_t)(v[3] & 7), GIC_MIN_BPR1) },
	};
	r->apr[r->groups == 2] = v[4];
	for (uint32_t n = 0; n < 4 && !err; n++) {
		err = get32(dist, SPENDSGIR + 4 * n, &v[0]);
		memcpy(&r->sgi_source[4 * n], &v[0], 4);
	}
	return err;
}

static int gicc_load(const struct gic_bank *dist, const struct gic_bank *gicc, const struct gic_cpu_regs *r)
{
	const struct { uint16_t reg; uint32_t val; } list[] = {
		{ GICC_PMR, r->pmr >> 3 }, { GICC_BPR, r->bpr[0] }, { GICC_ABPR, r->bpr[1] }, { GICC_APR, r->apr[0] | r->apr[1] },
		{ GICC_CTLR, r->groups | (r->ack_ctl ? GICC_ACKCTL : 0) | (r->fiq_enable ? GICC_FIQEN : 0) |
			     (r->common_bpr ? GICC_CBPR : 0) | (r->eoi_mode ? GICC_EOIMODE : 0) },
	};
	int err = gic_fill(dist, CPENDSGIR, 4, ~0u);
	uint32_t sources;

	for (uint32_t n = 0; n < 4 && !err; n++) {
		memcpy(&sources, &r->sgi_source[4 * n], 4);
		err = gic_put(dist, SPENDSGIR + 4 * n, sources);
	}
	for (size_t n = 0; n < ARRAY_SIZE(list) && !err; n++)
		err = gic_put(gicc, list[n].reg, list[n].val);
	return err;
}

/* ---- LPIs and the ITS ---- */

static int get_pair(const struct gic_bank *b, uint32_t offset, uint64_t *val)
{
	uint64_t high = 0;
	int err = gic_get(b, offset, val);

	if (!err)
		err = gic_get(b, offset + 4, &high);
	*val |= high << 32;
	return err;
}

static int put_pair(const struct gic_bank *b, uint32_t offset, uint64_t val)
{
	int err = gic_put(b, offset, (uint32_t)val);

	return err ? err : gic_put(b, offset + 4, val >> 32);
}

static int lpi_save(const struct gic_bank *redist, struct gic_lpi_regs *l)
{
	uint32_t ctlr;
	int err = get32(redist, GICR_CTLR, &ctlr);

	if (!err)
		err = get_pair(redist, GICR_PROPBASER, &l->propbaser);
	if (!err)
		err = get_pair(redist, GICR_PENDBASER, &l->pendbaser);
	l->enabled = !err && ctlr & 1;
	return err;
}

static int lpi_load(const struct gic_bank *redist, const struct gic_lpi_regs *l)
{
	int err = gic_put(redist, GICR_CTLR, 0);

	if (!err)
		err = put_pair(redist, GICR_PROPBASER, l->propbaser);
	if (!err)
		err = put_pair(redist, GICR_PENDBASER, l->pendbaser);
	return err ? err : gic_put(redist, GICR_CTLR, l->enabled);
}

static int control(int fd, uint64_t what)
{
	return kvm_device_attr(fd, KVM_DEV_ARM_VGIC_GRP_CTRL, what, NULL, true);
}

static struct gic_bank its_bank(const struct arm64_vm *a)
{
	return (struct gic_bank){ a->its, KVM_DEV_ARM_VGIC_GRP_ITS_REGS, 0, true };
}

static int its_save(const struct arm64_vm *a, struct gic_its_regs *r)
{
	struct gic_bank b = its_bank(a);
	uint64_t ctlr, creadr, cwriter;
	int err = control(a->its, KVM_DEV_ARM_ITS_SAVE_TABLES);

	if (!err)
		err = gic_get(&b, GITS_CTLR, &ctlr);
	if (!err)
		err = gic_get(&b, GITS_CBASER, &r->cbaser);
	if (!err)
		err = gic_get(&b, GITS_CREADR, &creadr);
	if (!err)
		err = gic_get(&b, GITS_CWRITER, &cwriter);
	for (uint32_t n = 0; n < ITS_TABLES && !err; n++)
		err = gic_get(&b, GITS_BASER + 8 * n, &r->baser[n]);
	if (err)
		return err;
	r->enabled = ctlr & 1;
	r->creadr = (uint32_t)creadr;
	r->cwriter = (uint32_t)cwriter;
	return 0;
}

static int its_load(const struct arm64_vm *a, const struct gic_its_regs *r)
{
	struct gic_bank b = its_bank(a);
	int err = control(a->its, KVM_DEV_ARM_ITS_CTRL_RESET);

	if (!err)
		err = gic_put(&b, GITS_CBASER, r->cbaser);
	if (!err)
		err = gic_put(&b, GITS_CREADR, r->creadr);
	if (!err)
		err = gic_put(&b, GITS_CWRITER, r->cwriter);
	for (uint32_t n = 0; n < ITS_TABLES && !err; n++)
		err = gic_put(&b, GITS_BASER + 8 * n, r->baser[n]);
	if (!err)
		err = control(a->its, KVM_DEV_ARM_ITS_RESTORE_TABLES);
	return err ? err : gic_put(&b, GITS_CTLR, r->enabled);
}

/* ---- all of it ---- */

static int routes_save(const struct arm64_vm *a, const struct gic_bank *dist, uint64_t *route)
{
	bool one = a->vm->vm->vcpu_count == 1;		/* has no GICD_ITARGETSR */
	uint32_t targets;
	int err = 0;

	for (uint32_t n = 0; n < a->chip.pins && !err; n++) {
		if (a->v3) {
			err = get_pair(dist, IROUTER + 8 * n, &route[n]);
			continue;
		}
		err = get32(dist, ITARGETSR + ARM64_FIRST_SPI + (n & ~3u), &targets);
		route[n] = one ? 1 : targets >> 8 * (n & 3) & 0xff;
	}
	return err;
}

static int routes_load(const struct arm64_vm *a, const struct gic_bank *dist, const uint64_t *route)
{
	int err = 0;

	for (uint32_t n = 0; n < a->chip.pins && !err; n += a->v3 ? 1 : 4)
		err = a->v3 ? put_pair(dist, IROUTER + 8 * n, route[n]) :
			      gic_put(dist, ITARGETSR + ARM64_FIRST_SPI + n, (route[n] & 0xff) | (route[n + 1] & 0xff) << 8 |
				      (route[n + 2] & 0xff) << 16 | (route[n + 3] & 0xff) << 24);
	return err;
}

static int cpu_save(const struct arm64_vm *a, uint32_t n, struct image *i)
{
	struct gic_bank dist = gic_dist(a, n), redist = gic_redist(a, n), cpu = gic_cpu_interface(a, n);
	int err = word_save(a, a->v3 ? &redist : &dist, n, 0, &i->cpu[n].own);

	if (!err)
		err = a->v3 ? icc_save(&cpu, &i->cpu[n].regs) : gicc_save(&dist, &cpu, &i->cpu[n].regs);
	return err || a->its < 0 ? err : lpi_save(&redist, &i->cpu[n].lpi);
}

static int cpu_load(struct arm64_vm *a, uint32_t n, const struct image *i)
{
	struct gic_bank dist = gic_dist(a, n), redist = gic_redist(a, n), cpu = gic_cpu_interface(a, n);
	int err = word_load(a, a->v3 ? &redist : &dist, n, 0, &i->cpu[n].own);

	if (!err)
		err = a->v3 ? icc_load(&cpu, &i->cpu[n].regs) : gicc_load(&dist, &cpu, &i->cpu[n].regs);
	return err || a->its < 0 ? err : lpi_load(&redist, &i->cpu[n].lpi);
}

static int image_save(const struct arm64_vm *a, struct image *i)
{
	struct gic_bank dist = gic_dist(a, 0);
	uint32_t ctlr, group1 = 0;
	int err = a->its >= 0 ? control(a->gic, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES) : 0;

	if (!err)
		err = get32(&dist, GICD_CTLR, &ctlr);
	for (uint32_t n = 0; n < a->chip.pins / 32 && !err; n++)
		err = word_save(a, &dist, 0, 32 * (n + 1), &i->spi[n]);
	for (uint32_t n = 0; n < a->vm->vm->vcpu_count && !err; n++) {
		err = cpu_save(a, n, i);
		group1 |= i->cpu[n].regs.groups & 2;
	}
	if (!err && a->its >= 0)
		err = its_save(a, &i->its);
	if (!err)
		err = routes_save(a, &dist, i->route);
	if (!err && a->v3)
		i->ctlr = ctlr & GICD_ENABLE_V3;
	else if (!err)
		i->ctlr = ctlr & GICD_ENABLE_V2 ? GICD_ENABLE_V2 | group1 : 0;
	return err;
}

/* A GICv2's groups can be written once its own revision was. */
static int image_load(struct arm64_vm *a, const struct image *i)
{
	struct gic_bank dist = gic_dist(a, 0);
	uint64_t iidr = 0;
	int err = gic_put(&dist, GICD_CTLR, 0);

	if (!err && !a->v3)
		err = gic_get(&dist, GICD_IIDR, &iidr);
	if (!err && !a->v3)
		err = gic_put(&dist, GICD_IIDR, iidr);
	if (!err)
		err = routes_load(a, &dist, i->route);
	for (uint32_t n = 0; n < a->chip.pins / 32 && !err; n++)
		err = word_load(a, &dist, 0, 32 * (n + 1), &i->spi[n]);
	for (uint32_t n = 0; n < a->vm->vm->vcpu_count && !err; n++)
		err = cpu_load(a, n, i);
	if (!err && a->its >= 0)
		err = its_load(a, &i->its);
	return err ? err : gic_put(&dist, GICD_CTLR, !i->ctlr ? 0 : a->v3 ? GICD_ENABLE_V3 : GICD_ENABLE_V2);
}

int arm64_gic_save(struct irqchip *chip, struct state_writer *w)
{
	struct arm64_vm *a = container_of(chip, struct arm64_vm, chip);
	struct image *i = calloc(1, sizeof(*i));
	struct gic_record r;
	int err = i ? image_save(a, i) : -ENOMEM;

	if (!err) {
		describe(a, i, &r);
		err = gic_record_save(&r, w);
	}
	free(i);
	return err;
}

int arm64_gic_load(struct irqchip *chip, struct state_reader *rd)
{
	struct arm64_vm *a = container_of(chip, struct arm64_vm, chip);
	struct image *i = calloc(1, sizeof(*i));
	struct gic_record r;
	int err = -ENOMEM;

	if (i) {
		describe(a, i, &r);
		err = gic_record_load(&r, rd);
	}
	if (!err)
		err = image_load(a, i);
	free(i);
	return err;
}
