/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of the GICv3 (ARM IHI 0069 §12); system registers by number, as not every assembler knows their names. */
#ifndef ENGINE_BARE_ARM64_GICV3_H
#define ENGINE_BARE_ARM64_GICV3_H

#include "engine/bare/arm64/arm.h"

#define icc_read(name)		icc_read_(name)
#define icc_read_(name)		sys_read(name)
#define icc_write(name, v)	icc_write_(name, v)
#define icc_write_(name, v)	sys_write(name, v)

#define ICC_PMR		S3_0_C4_C6_0
#define ICC_DIR		S3_0_C12_C11_1
#define ICC_RPR		S3_0_C12_C11_3
#define ICC_SGI1R	S3_0_C12_C11_5
#define ICC_AP1R0	S3_0_C12_C9_0
#define ICC_IAR1	S3_0_C12_C12_0
#define ICC_EOIR1	S3_0_C12_C12_1
#define ICC_BPR1	S3_0_C12_C12_3
#define ICC_CTLR	S3_0_C12_C12_4
#define ICC_IGRPEN1	S3_0_C12_C12_7
#define ICC_SRE_EL2	S3_4_C12_C9_5
#define ICH_AP0R0	S3_4_C12_C8_0
#define ICH_AP1R0	S3_4_C12_C9_0
#define ICH_HCR		S3_4_C12_C11_0
#define ICH_VTR		S3_4_C12_C11_1
#define ICH_ELRSR	S3_4_C12_C11_5
#define ICH_VMCR	S3_4_C12_C11_7
#define ICH_LR0		S3_4_C12_C12_0
#define ICH_LR1		S3_4_C12_C12_1
#define ICH_LR2		S3_4_C12_C12_2
#define ICH_LR3		S3_4_C12_C12_3
#define ICH_LR4		S3_4_C12_C12_4
#define ICH_LR5		S3_4_C12_C12_5
#define ICH_LR6		S3_4_C12_C12_6
#define ICH_LR7		S3_4_C12_C12_7
#define ICH_LR8		S3_4_C12_C13_0
#define ICH_LR9		S3_4_C12_C13_1
#define ICH_LR10	S3_4_C12_C13_2
#define ICH_LR11	S3_4_C12_C13_3
#define ICH_LR12	S3_4_C12_C13_4
#define ICH_LR13	S3_4_C12_C13_5
#define ICH_LR14	S3_4_C12_C13_6
#define ICH_LR15	S3_4_C12_C13_7

/* A redistributor: 64 KiB of control, 64 KiB for private interrupts, and on GICv4 two more. */
#define GICR_CTLR	0x0000u
#define GICR_IIDR	0x0004u
#define GICR_TYPER	0x0008u
#define GICR_WAKER	0x0014u
#define GICR_PROPBASER	0x0070u
#define GICR_PENDBASER	0x0078u
#define GICR_SYNCR	0x00c0u
#define GICR_PIDR2	0xffe8u
#define GICR_SGI_FRAME	0x10000ull
#define GICR_TYPER_LAST	BIT(4)
#define GICR_TYPER_VLPIS	BIT(1)
#define GICR_FRAMES_MAX(sys)	((sys)->max_cpus)
#define CTLR_ENABLE_LPIS	BIT(0)		/* of GICR_CTLR */

/* An ITS: 64 KiB of control, 64 KiB where devices write their interrupts. */
#define ITS_FRAME	0x10000ull
#define ITS_BYTES	0x20000ull

static inline uint64_t gicr_stride(uint64_t typer)
{
	return typer & GICR_TYPER_VLPIS ? 0x40000 : 0x20000;
}

/* All redistributors, of as many CPUs. */
static inline uint64_t gicr_bytes(const struct config_platform *p, uint32_t max_cpus)
{
	return max_cpus * gicr_stride(mmio_read(p->gicr_base + GICR_TYPER, 8));
}

static inline uint64_t gicr_affinity(uint64_t typer)
{
	uint64_t a = typer >> 32;

	return (a & 0xffffff) | (a & 0xff000000) << 8;
}

/* What a cell sees of the distributor and of redistributors (gicv3_redist.c). */
int gicv3_cell_init(struct cell *cell);

/* ---- gicv3_its.c ---- */

/* The root's accesses of ITSs; and what they were told before, when its memory is mapped. */
int gicv3_its_init(struct cell *root);
int gicv3_its_check(const struct bare *sys);
/* The same of a redistributor that has LPIs on; and before it gets them: memory of its tables may have become a cell's. */
int gicv3_lpi_tables_check(const struct bare *sys, uint64_t frame);
bool gicv3_lpi_tables_are_good(const struct bare *sys, uint64_t frame);
/* GICR_PROPBASER or GICR_PENDBASER, if it is good. */
void gicv3_lpi_table_write(struct bare *sys, uint64_t frame, uint64_t offset, uint64_t value);
/* Does the GIC read or write tables of the root's there? */
bool gicv3_has_tables(const struct bare *sys, uint64_t phys, uint64_t size);

/* A write to ICC_SGI1R_EL1, ASGI1R or SGI0R: all become group 1 SGIs to the cell's own CPUs. */
void gicv3_send_sgi(struct arm_cpu *c, uint64_t value);

#endif
