/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt controller as a cell sees it: GICv2 (ARM IHI 0048) or GICv3 with system registers (ARM IHI 0069 §12), where
 * the communication region says. All interrupts are group 1 with one priority.
 */
#include "guests/inmate/inmate.h"

#define GICC_CTLR	0x00
#define GICC_PMR	0x04
#define GICC_BPR	0x08
#define GICC_IAR	0x0c
#define GICC_EOIR	0x10
#define GICR_TYPER	0x08
#define GICR_WAKER	0x14
#define TYPER_LAST	BIT(4)
#define WAKER_SLEEP	BIT(1)
#define WAKER_ASLEEP	BIT(2)
#define CTLR_ARE_NS	BIT(4)
#define CTLR_GRP1_NS	BIT(1)
#define SPURIOUS	1020
#define PRIORITY	0x80

static bool version3(void)
{
	return comm()->gic_version == 3;
}

uint64_t gicr_here(void)
{
	uint64_t aff = cpu_mpidr(), at = comm()->gicr_base, typer;

	aff = (aff & 0xffffff) | (aff >> 32 << 24);
	for (;; at += 2 * GICR_FRAME) {
		typer = mmio_read64(at + GICR_TYPER);
		if (typer >> 32 == aff)
			return at;
		if (typer & TYPER_LAST)
			return 0;
	}
}

/* The block that has this interrupt's bits. */
static uint64_t home(unsigned intid)
{
	return version3() && intid < 32 ? gicr_here() + GICR_FRAME : comm()->gicd_base;
}

void irq_init_cpu(void)
{
	if (!version3()) {
		uint64_t c = comm()->gicc_base;

		mmio_write32(c + GICC_PMR, 0xff);
		mmio_write32(c + GICC_BPR, 0);
		mmio_write32(c + GICC_CTLR, 1);
		return;
	}
	uint64_t r = gicr_here();

	if (!r)
		return;
	mmio_write32(r + GICR_WAKER, mmio_read32(r + GICR_WAKER) & (uint32_t)~WAKER_SLEEP);
	while (mmio_read32(r + GICR_WAKER) & WAKER_ASLEEP)
		;
	mmio_write32(r + GICR_FRAME + GICD_IGROUPR, ~0u);
	write_reg(s3_0_c12_c12_5, 7);		/* ICC_SRE_EL1 */
	isb();
	write_reg(s3_0_c4_c6_0, 0xff);		/* ICC_PMR_EL1 */
	write_reg(s3_0_c12_c12_3, 0);		/* ICC_BPR1_EL1 */
	write_reg(s3_0_c12_c12_4, 0);		/* ICC_CTLR_EL1: EOI deactivates as well */
	write_reg(s3_0_c12_c12_7, 1);		/* ICC_IGRPEN1_EL1 */
	isb();
}

void irq_init(void)
{
	mmio_write32(comm()->gicd_base + GICD_CTLR, version3() ? CTLR_ARE_NS | CTLR_GRP1_NS : 1);
	irq_init_cpu();
}

void irq_handler(void (*fn)(unsigned intid))
{
	inmate.on_irq = fn;
}

void irq_enable(unsigned intid)
{
	uint64_t d = comm()->gicd_base;

	mmio_write8(home(intid) + GICD_IPRIORITYR + intid, PRIORITY);
	if (intid >= 32 && version3()) {
		mmio_write32(d + GICD_IGROUPR + intid / 32 * 4, mmio_read32(d + GICD_IGROUPR + intid / 32 * 4) | 1u << intid % 32);
		mmio_write64(d + GICD_IROUTER + 8ul * intid, cpu_mpidr());
	} else if (intid >= 32) {
		/* Which bit is this CPU's: what its private interrupts' targets read. */
		mmio_write8(d + GICD_ITARGETSR + intid, mmio_read8(d + GICD_ITARGETSR));
	}
	mmio_write32(home(intid) + GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

void irq_disable(unsigned intid)
{
	mmio_write32(home(intid) + GICD_ICENABLER + intid / 32 * 4, 1u << intid % 32);
}

void irq_pend(unsigned intid)
{
	mmio_write32(home(intid) + GICD_ISPENDR + intid / 32 * 4, 1u << intid % 32);
}

void irq_send(unsigned intid, unsigned aff0)
{
	uint64_t cluster = cpu_mpidr();

	dsb();
	if (!version3()) {
		mmio_write32(comm()->gicd_base + GICD_SGIR, 1u << (16 + aff0) | intid);
		return;
	}
	/* ICC_SGI1R_EL1 */
	write_reg(s3_0_c12_c11_5, (cluster >> 32 & 0xff) << 48 | (cluster >> 16 & 0xff) << 32 | (uint64_t)intid << 24 |
		  (cluster >> 8 & 0xff) << 16 | 1ull << aff0 % 16);
	isb();
}

void irq_all(void)
{
	for (;;) {
		uint32_t ack;

		if (version3()) {
			ack = (uint32_t)read_reg(s3_0_c12_c12_0);	/* ICC_IAR1_EL1 */
			dsb();
		} else {
			ack = mmio_read32(comm()->gicc_base + GICC_IAR);
		}
		if ((ack & 0x3ff) >= SPURIOUS)
			return;
		if (inmate.on_irq)
			inmate.on_irq(ack & 0x3ff);
		if (version3())
			write_reg(s3_0_c12_c12_1, ack);			/* ICC_EOIR1_EL1 */
		else
			mmio_write32(comm()->gicc_base + GICC_EOIR, ack);
	}
}
