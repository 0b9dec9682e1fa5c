/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt controller, GICv2 or GICv3 as the CPU says; see rt.h. */
#include "rt.h"

#define GICD		0x08000000ull
#define GICC		0x08010000ull
#define GICR		0x080a0000ull
#define GICR_STRIDE	0x20000ull
#define SGI_FRAME	0x10000ull

#define D_CTLR		0x000
#define D_IGROUPR	0x080
#define D_ISENABLER	0x100
#define D_ICENABLER	0x180
#define D_ISPENDR	0x200
#define D_ICPENDR	0x280
#define D_ISACTIVER	0x300
#define D_IPRIORITYR	0x400
#define D_ITARGETSR	0x800
#define D_ICFGR		0xc00
#define D_SGIR		0xf00
#define D_IROUTER	0x6000

static u32 get(u64 a)
{
	return *(volatile u32 *)a;
}

static void put(u64 a, u32 v)
{
	*(volatile u32 *)a = v;
}

unsigned rt_gic_version(void)
{
	return read_reg(id_aa64pfr0_el1) >> 24 & 15 ? 3 : 2;
}

static u64 redistributor(void)
{
	u64 at = GICR;
	u32 me = (u32)(read_reg(mpidr_el1) & 0xffffff);

	while (get(at + 0xc) != me)		/* GICR_TYPER's affinity */
		at += GICR_STRIDE;
	return at;
}

/* The block that has this interrupt's bits. */
static u64 home(unsigned intid)
{
	return rt_gic_version() == 3 && intid < 32 ? redistributor() + SGI_FRAME : GICD;
}

void rt_gic_init_cpu(void)
{
	if (rt_gic_version() == 2) {
		put(GICC + 4, 0xff);
		put(GICC + 8, 0);
		put(GICC, 1);
		return;
	}
	u64 r = redistributor();

	put(r + 0x14, get(r + 0x14) & ~2u);	/* GICR_WAKER.ProcessorSleep */
	while (get(r + 0x14) & 4)
		;
	put(r + SGI_FRAME + D_IGROUPR, ~0u);
	write_reg_isb(s3_0_c12_c12_5, 7);	/* ICC_SRE_EL1 */
	write_reg(s3_0_c4_c6_0, 0xff);		/* ICC_PMR_EL1 */
	write_reg(s3_0_c12_c12_3, 0);		/* ICC_BPR1_EL1 */
	write_reg(s3_0_c12_c12_4, 0);		/* ICC_CTLR_EL1 */
	write_reg_isb(s3_0_c12_c12_7, 1);	/* ICC_IGRPEN1_EL1 */
}

void rt_gic_init(void)
{
	unsigned lines = ((get(GICD + 4) & 31) + 1) * 32;

	put(GICD + D_CTLR, 0);
	for (unsigned i = 0; i < lines / 32; i++) {
		put(GICD + D_ICENABLER + 4 * i, ~0u);
		put(GICD + D_ICPENDR + 4 * i, ~0u);
		if (rt_gic_version() == 3)
			put(GICD + D_IGROUPR + 4 * i, ~0u);
	}
	if (rt_gic_version() == 3)
		put(GICD + D_CTLR, 0x10);	/* ARE_NS, before the group */
	put(GICD + D_CTLR, rt_gic_version() == 3 ? 0x12 : 1);
	rt_gic_init_cpu();
}

void rt_gic_enable(unsigned intid, unsigned priority)
{
	*(volatile u8 *)(home(intid) + D_IPRIORITYR + intid) = (u8)priority;
	put(home(intid) + D_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

void rt_gic_disable(unsigned intid)
{
	put(home(intid) + D_ICENABLER + intid / 32 * 4, 1u << intid % 32);
}

void rt_gic_pend(unsigned intid)
{
	put(home(intid) + D_ISPENDR + intid / 32 * 4, 1u << intid % 32);
}

void rt_gic_unpend(unsigned intid)
{
	put(home(intid) + D_ICPENDR + intid / 32 * 4, 1u << intid % 32);
}

bool rt_gic_pending(unsigned intid)
{
	return get(home(intid) + D_ISPENDR + intid / 32 * 4) >> intid % 32 & 1;
}

bool rt_gic_active(unsigned intid)
{
	return get(home(intid) + D_ISACTIVER + intid / 32 * 4) >> intid % 32 & 1;
}

void rt_gic_target(unsigned intid, unsigned cpu)
{
	if (rt_gic_version() == 2)
		*(volatile u8 *)(GICD + D_ITARGETSR + intid) = (u8)(1u << cpu);
	else
		*(volatile u64 *)(GICD + D_IROUTER + 8 * intid) = rt_mpidr_of(cpu);
}

void rt_gic_edge(unsigned intid, bool edge)
{
	u64 at = home(intid) + D_ICFGR + intid / 16 * 4;
	u32 bit = 2u << intid % 16 * 2;

	put(at, edge ? get(at) | bit : get(at) & ~bit);
}

u32 rt_gic_ack(void)
{
	u32 v;

	if (rt_gic_version() == 2)
		return get(GICC + 0xc);
	v = (u32)read_reg(s3_0_c12_c12_0);
	dsb();
	return v;
}

void rt_gic_eoi(u32 intid)
{
	if (rt_gic_version() == 2)
		put(GICC + 0x10, intid);
	else
		write_reg_isb(s3_0_c12_c12_1, intid);
}

void rt_gic_mask(u8 priority)
{
	if (rt_gic_version() == 2)
		put(GICC + 4, priority);
	else
		write_reg_isb(s3_0_c4_c6_0, priority);
}

void rt_gic_sgi(unsigned intid, unsigned cpu_mask)
{
	dsb();
	if (rt_gic_version() == 2)
		put(GICD + D_SGIR, cpu_mask << 16 | intid);
	else
		write_reg_isb(s3_0_c12_c11_5, (u64)intid << 24 | cpu_mask);
}

unsigned rt_gic_running(void)
{
	return rt_gic_version() == 2 ? get(GICC + 0x14) : (unsigned)read_reg(s3_0_c12_c11_3);
}

unsigned rt_gic_highest(void)
{
	return rt_gic_version() == 2 ? get(GICC + 0x18) & 1023 : (unsigned)read_reg(s3_0_c12_c12_2);
}
