/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What GICv2 (ARM IHI 0048) and GICv3 (ARM IHI 0069) have in common: the state of an interrupt, the choice of the
 * highest-priority pending one, acknowledge and end of interrupt. The two differ in how registers look and in how
 * an SPI finds its CPUs; those parts are in gicv2*.c and gicv3*.c. One security state; 32 priority levels.
 *
 * Interrupts are kept in words of 32, as the registers show them: word 0 (SGIs and PPIs) belongs to a CPU, the
 * others to the distributor. Each CPU keeps the best SPI that is offered to it, so that a CPU's own interrupts,
 * priority mask and SGIs are settled with that CPU's lock alone.
 *
 * Locks: gic->lock (SPIs, routes, GICD_CTLR), then at most one gic_cpu's lock at a time. Both are leaves for
 * everything else. A CPU's `spi` changes only with both held. Pins are driven under the CPU's lock.
 */
#ifndef DEV_IRQCHIP_GIC_H
#define DEV_IRQCHIP_GIC_H

#include "base/bits.h"
#include "core/device.h"
#include "core/gic_record.h"
#include "core/vcpu.h"
#include "core/vm.h"

#define GIC_SPURIOUS		1023
#define GIC_IDLE		0xff		/* running priority when nothing is active; also "no interrupt" */

struct gic_best {
	uint16_t intid;
	uint8_t priority;			/* GIC_IDLE: there is none */
	uint8_t group;
};

struct gic;
struct gic_lpis;

struct gic_cpu {
	struct lock lock;
	uint32_t index;
	struct gic *gic;
	struct vcpu *vcpu;
	uint64_t affinity;			/* Aff3 in bits 39:32, Aff2..Aff0 in 23:0 */
	struct gic_word own;			/* SGIs and PPIs */
	struct gic_best spi, lpi, best;		/* spi: of the enabled groups; best: of own, spi and lpi */
	struct gic_lpis *lpis;			/* v3 with an ITS, else NULL */
	bool signalled;				/* best passes the mask and preempts what runs */
	bool pin[2];				/* by CPU_IRQ, CPU_FIQ: what the engine was told last */
	struct gic_cpu_regs reg;
};

struct gic {
	struct device dev;
	struct irqchip chip;
	struct region dist;
	struct lock lock;
	uint32_t spis;				/* property */
	uint32_t phandle;			/* property: of the FDT node */
	uint32_t cpus, words;			/* words of SPIs */
	struct gic_cpu *cpu;
	uint32_t ctlr;				/* group enables */
	uint32_t busy;				/* bit w: word w may hold a candidate */
	struct gic_word spi[GIC_SPI_WORDS];
	uint64_t target[GIC_MAX_SPIS];		/* CPUs that an SPI is offered to */
	bool v2;
	/* v3: SPIs of the 1-of-N kind move as CPUs come and go. With `lock` held. NULL: there are none. */
	void (*reroute)(struct gic *g);
};

/* Set-up. gic_init wants vm's vCPUs to exist; it becomes the machine's irqchip. -EINVAL, -ENOMEM. */
int gic_init(struct gic *g, struct arena *a, const struct irqchip_ops *ops, const char *name);
void gic_reset(struct gic *g);
void gic_describe(struct gic *g, struct gic_record *rec);	/* without LPIs, ITS and routes */
struct irqchip *gic_chip(struct device *d);	/* of a gicv2 or gicv3 device */

/* Lines; the `set` of both. */
void gic_set(struct irqchip *c, uint32_t pin, bool level);

/* The CPU interface. `groups`: those that the register serves. */
uint32_t gic_acknowledge(struct gic_cpu *c, unsigned groups);	/* an INTID, v2: and its source; or GIC_SPURIOUS */
void gic_end(struct gic_cpu *c, uint32_t intid, unsigned groups);
void gic_deactivate(struct gic_cpu *c, uint32_t intid);
uint32_t gic_highest_pending(struct gic_cpu *c, unsigned groups);
bool gic_signals(struct gic_cpu *c, unsigned groups);	/* would an acknowledge now give an interrupt? */
uint8_t gic_running_priority(const struct gic_cpu *c);
void gic_set_groups(struct gic_cpu *c, unsigned mask, unsigned groups);	/* enables at the CPU interface */
void gic_set_asleep(struct gic_cpu *c, bool asleep);
void gic_send_sgi(struct gic_cpu *to, struct gic_cpu *from, unsigned n, unsigned groups);

/* With c->lock held: choose again and drive the pins. */
void gic_cpu_update(struct gic_cpu *c);
/* With gic->lock held: bits of SPI word w changed (state or route); all CPUs; the CPUs in a mask. */
void gic_spi_changed(struct gic *g, unsigned w, uint32_t bits);
void gic_refresh(struct gic *g, uint64_t cpus);
/* With gic->lock held: offers the SPI (counted from 0) to other CPUs. */
void gic_spi_route(struct gic *g, uint32_t n, uint64_t cpus);

/*
 * Registers at the same offset in GICD of v2 and v3 and in the SGI frame of GICR: groups, enables, pending, active,
 * priorities, configuration. `own`: whose word 0 is meant, NULL: there is none. On v3 a CPU's frame has word 0 and
 * the distributor has the others. False: some other register.
 */
bool gic_word_access(struct gic *g, struct gic_cpu *own, struct bus_access *a, uint32_t offset);
void gic_write_ctlr(struct gic *g, uint32_t groups);
/* The identification registers of a 4 KiB or 64 KiB frame, by offset & 0xfff. */
uint32_t gic_id(unsigned arch, uint32_t offset);

#define GIC_IIDR		0x4300043bu	/* product 'C', implementer code of Arm, whose architecture it is */

/* Part of a 64-bit register: reads give it in place, writes merge into *reg. Sizes 4 and 8, aligned. */
static inline void gic_access64(struct bus_access *a, uint32_t offset, uint64_t *reg)
{
	unsigned shift = (offset & 4) * 8;
	uint64_t mask = a->size == 8 ? ~0ull : 0xffffffffull << shift;

	if (a->write)
		*reg = (*reg & ~mask) | (a->value << shift & mask);
	else
		a->value = (*reg & mask) >> shift;
}

static inline uint32_t gic_pending(const struct gic_word *w)
{
	return w->latch | (w->line & ~w->edge);
}

#endif
