/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a GIC (ARM IHI 0048, IHI 0069) as a saved machine has them: the same record whether models in dev/ or the
 * kernel under an engine holds them. It has architected registers, and input lines as KVM's level information has them; what
 * is pending of LPIs and what an ITS translates is in guest memory, in tables of one format (dev/irqchip/gicv3_its_cmd.c).
 *
 * Order: how many CPUs and SPIs, LPIs or not; the distributor; each word of SPIs; each CPU's word 0, CPU interface and LPIs;
 * the ITS; where SPIs go. Whoever saves or loads says by a struct gic_record where each part is.
 */
#ifndef CORE_GIC_RECORD_H
#define CORE_GIC_RECORD_H

#include "core/state.h"
#include "core/vm.h"

#define GIC_MAX_SPIS		988
#define GIC_SPI_WORDS		31		/* the last has 28 */
#define GIC_FIRST_SPI		32
#define GIC_PRIORITY_MASK	0xf8u
#define GIC_MIN_BPR0		2		/* five bits of priority, all of them used for preemption */
#define GIC_MIN_BPR1		3
#define GIC_GROUPS		3u		/* both; bit g stands for group g, in GICD_CTLR too */

/* Thirty-two interrupts. Pending is `latch`, or `line` for a level-sensitive one. */
struct gic_word {
	uint32_t group, enabled, latch, active, line, edge;
	uint8_t priority[32];
};

/* A CPU interface. */
struct gic_cpu_regs {
	uint8_t pmr, bpr[2];
	uint8_t groups;				/* enabled at the CPU interface */
	bool common_bpr, eoi_mode;		/* CBPR, EOImode (drop only) */
	bool asleep;				/* v3: GICR_WAKER.ProcessorSleep */
	bool ack_ctl, fiq_enable;		/* v2: AckCtl, FIQEn */
	uint32_t apr[2];			/* active priorities by group, one bit a level */
	uint8_t sgi_source[16];			/* v2: CPUs whose SGI n is pending here */
};

/* LPIs of a redistributor. */
struct gic_lpi_regs {
	uint64_t propbaser, pendbaser;
	bool enabled;				/* GICR_CTLR.EnableLPIs */
};

enum { ITS_DEVICES, ITS_COLLECTIONS, ITS_TABLES };

struct gic_its_regs {
	bool enabled;
	uint64_t cbaser, baser[ITS_TABLES];
	uint32_t creadr, cwriter;
};

struct gic_record {
	uint32_t cpus, spis;
	uint32_t *ctlr;				/* group enables */
	struct gic_word *spi;			/* (spis + 31) / 32 */
	uint64_t *route;			/* GIC_MAX_SPIS: v3 GICD_IROUTER, v2 a set of CPUs */
	struct gic_its_regs *its;		/* NULL: there is none */
	struct {
		struct gic_word *own;		/* SGIs and PPIs */
		struct gic_cpu_regs *regs;
		struct gic_lpi_regs *lpi;	/* of all CPUs, or of none: NULL */
	} cpu[VM_MAX_VCPUS];
};

int gic_record_save(const struct gic_record *g, struct state_writer *w);
/* -EINVAL also where the record is another GIC's. What is loaded is possible for the model; the ITS is for its owner to check. */
int gic_record_load(const struct gic_record *g, struct state_reader *r);

#endif
