/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of cells on a GICv2 or GICv3 (ARM IHI 0048B, IHI 0069).
 *
 * Every physical interrupt comes to EL2, which acknowledges it, lowers its priority (EOImode 1) and puts it in a list register
 * of the same CPU, linked to the physical one (HW): what the guest does at its end deactivates both, without a trap. What
 * doesn't fit waits in a queue; the maintenance interrupt (underflow) and each interrupt after it fill up.
 *
 * SGIs of guests are all virtual: the sender sets a bit of the receiver's sgi_pending and kicks it by the one physical SGI
 * that there is, ours. The distributor and redistributors trap and are filtered by the cell's interrupts (gic_dist.c).
 */
#ifndef ENGINE_BARE_ARM64_GIC_H
#define ENGINE_BARE_ARM64_GIC_H

#include "engine/bare/arm64/arm.h"

#define SGI_KICK	0u		/* physical */
#define IRQ_SGIS	16u
#define IRQ_PRIVATE	32u
#define IRQ_SPECIAL	1020u		/* to 1023: nothing there */
#define IRQ_LPI		8192u
#define PRIORITY_DEFAULT	0xa0u

/* Offsets in the distributor, and in a GICv3 redistributor's SGI frame. */
#define GICD_CTLR	0x000u
#define GICD_TYPER	0x004u
#define GICD_SETSPI	0x040u
#define GICD_CLRSPI	0x048u
#define GICD_IGROUPR	0x080u
#define GICD_ISENABLER	0x100u
#define GICD_ICENABLER	0x180u
#define GICD_ISPENDR	0x200u
#define GICD_ICPENDR	0x280u
#define GICD_ISACTIVER	0x300u
#define GICD_ICACTIVER	0x380u
#define GICD_IPRIORITYR	0x400u
#define GICD_ITARGETSR	0x800u
#define GICD_ICFGR	0xc00u
#define GICD_IGRPMODR	0xd00u
#define GICD_SGIR	0xf00u
#define GICD_IROUTER	0x6000u
#define IROUTER_IRM	BIT(31)		/* to any */

struct gic {
	/* What traps, of a cell. */
	int (*cell_init)(struct cell *cell);
	/* This CPU: takes over from the root's system, and gives back. off: it goes to the firmware. */
	int (*enter)(struct arm_cpu *c);
	void (*leave)(struct arm_cpu *c, bool off);
	/* This CPU's private interrupts and its virtual interface, as after reset. */
	void (*reset)(struct arm_cpu *c);
	/* Hardware's. */
	uint32_t id_mask;
	uint32_t (*acknowledge)(void);		/* an INTID in id_mask; 1020 to 1023: none */
	void (*end)(uint32_t acknowledged, bool deactivate);
	uint8_t (*priority)(void);		/* of what was acknowledged last */
	void (*kick)(const struct arm_cpu *target);
	/* A list register for the interrupt, or merged into one; false: all are taken. */
	bool (*insert)(struct arm_cpu *c, uint32_t irq, uint8_t priority);
	void (*refill)(struct arm_cpu *c, bool want);	/* the underflow interrupt */
	bool (*waits)(struct arm_cpu *c);		/* is one pending in a list register? */
	bool (*has_lpi)(struct arm_cpu *c);
	void (*withdraw)(struct arm_cpu *c);		/* empties the list registers of gic_is_withdrawn */
	/* Shared interrupt `irq` goes to this CPU. */
	void (*route)(uint32_t irq, const struct arm_cpu *target);
	bool (*is_routed)(uint32_t irq, const struct arm_cpu *target);	/* perhaps to others, too */
};

extern const struct gic gicv2, gicv3;

static inline uint64_t gicd_base(const struct bare *sys)
{
	return sys->config->platform.gicd_base;
}

/* ---- gic.c ---- */

void gic_irqs(struct arm_cpu *c);
/* An interrupt for the guest of this CPU. */
void gic_inject(struct arm_cpu *c, uint32_t irq, uint8_t priority);
/* An SGI to another CPU of the cell, or this one. */
void gic_send_sgi(struct arm_cpu *from, struct arm_cpu *to, uint32_t sgi);
/* After lr_count was set. */
int gic_lrs_check(const struct arm_cpu *c);
/* Does the guest have one to take? */
bool gic_waits(struct arm_cpu *c);
/* Is it a shared interrupt that isn't the CPU's cell's any more? */
bool gic_is_withdrawn(const struct arm_cpu *c, uint32_t irq);
/* Whatever waits, as far as list registers go. */
void gic_fill(struct arm_cpu *c);
/* The registers of private interrupts at `base` (a redistributor's SGI frame, or the distributor on GICv2). */
void gic_private_take(struct arm_cpu *c, uint64_t base);
void gic_private_give(struct arm_cpu *c, uint64_t base);
void gic_private_reset(struct arm_cpu *c, uint64_t base);
/* A list register's content goes back to hardware. */
void gic_hand_back(struct arm_cpu *c, uint64_t private_base, uint32_t irq, bool pending, bool active);
void gic_queue_hand_back(struct arm_cpu *c, uint64_t private_base);
/* The CPU goes off: a shared interrupt, or an LPI, that pends in a list register or the queue is for others of the cell to take. */
void gic_shared_hand_back(struct arm_cpu *c, uint32_t irq, bool pending);
void gic_irq_bit(uint64_t base, uint32_t reg, uint32_t irq);

/* ---- gicv2.c ---- */

/* The virtual CPU interface where a cell looks for the physical one. */
int gicv2_map_interface(struct cell *cell);

/* ---- gic_dist.c ---- */

enum mmio_result gic_dist_access(struct cpu *cpu, void *arg, struct mmio_access *a);
/* Registers of `c`'s private interrupts at `base`; offset as in the distributor. */
enum mmio_result gic_private_access(struct arm_cpu *c, uint64_t base, struct mmio_access *a);

static inline bool cell_owns_irq(const struct arm_cell *cell, uint32_t irq)
{
	return irq < IRQ_WORDS * 32 && (cell->irq[irq / 32] >> (irq % 32) & 1);
}

#endif
