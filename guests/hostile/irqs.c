/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts as a weapon: SGIs to every CPU there may be, a storm of SGIs to itself that fills the list registers, a timer that is
 * always due, the distributor and redistributors of others written all over, and interrupts never ended.
 */
#include "guests/hostile/hostile.h"

#define STORM		20000
#define V3		(comm()->gic_version == 3)

static volatile uint64_t taken;

static void count(unsigned intid)
{
	taken++;
}

static void count_timer(unsigned intid)
{
	taken++;
	if (taken > STORM)
		timer_stop();
}

/* Both forms of the broadcast, all target lists and ranges. */
static void sgis_to_all(uint64_t *seed)
{
	for (unsigned i = 0; i < 4 * STORM / 16; i++) {
		uint64_t v = random_next(seed);

		if (!V3) {
			mmio_write32(comm()->gicd_base + GICD_SGIR, (uint32_t)v & 0x03ff800f);
			continue;
		}
		write_reg(s3_0_c12_c11_5, i & 1 ? v : BIT(40) | (v & 15) << 24 | 0xffff);	/* ICC_SGI1R_EL1 */
		write_reg(s3_0_c12_c11_6, i & 1 ? v : BIT(40) | (v & 15) << 24 | 0xffff);	/* ICC_ASGI1R_EL1 */
		write_reg(s3_0_c12_c11_7, i & 1 ? v : BIT(40) | (v & 15) << 24 | 0xffff);	/* ICC_SGI0R_EL1 */
	}
}

/* More of them pending than there are list registers, again and again. */
static void own_sgis(uint64_t *seed)
{
	irq_handler(count);
	for (unsigned sgi = 0; sgi < 16; sgi++)
		irq_enable(sgi);
	for (unsigned i = 0; i < STORM / 100; i++) {
		irq_off();
		for (unsigned sgi = 0; sgi < 16; sgi++)
			irq_send(sgi, cpu_mpidr() & 0xff);
		irq_on();
		isb();
	}
	irq_off();
}

static void timer_storm(uint64_t *seed)
{
	taken = 0;
	irq_handler(count_timer);
	irq_enable(TIMER_IRQ);
	timer_at(0);
	irq_on();
	for (uint64_t end = now() + ticks_of_ns(300000000); now() < end && taken <= STORM;)
		;
	irq_off();
	timer_stop();
}

/* Every word of the distributor, for each: random, all ones, zero. */
static void distributor(uint64_t *seed)
{
	uint64_t d = comm()->gicd_base;

	for (unsigned at = 0; at < 0x10000; at += 4) {
		mmio_write32(d + at, (uint32_t)random_next(seed));
		mmio_write32(d + at, ~0u);
		mmio_write32(d + at, 0);
		mmio_read32(d + at);
	}
	for (unsigned at = 0; at < 0x1000; at += 3)
		mmio_write8(d + at, (uint8_t)random_next(seed));
	irq_init();
}

static void redistributors(uint64_t *seed)
{
	if (!V3) {
		for (unsigned at = 0; at < 0x2000; at += 4)
			mmio_write32(comm()->gicc_base + at, at == 0 ? 1 : (uint32_t)random_next(seed));
		irq_init();
		return;
	}
	for (unsigned cpu = 0; cpu < 8; cpu++)
		for (unsigned at = 0; at < 0x20000; at += 4) {
			/* GICR_WAKER asleep would wait for ever in irq_init, which is our own fault. */
			mmio_write32(comm()->gicr_base + cpu * 2 * GICR_FRAME + at, at & 64 ? ~0u : (uint32_t)random_next(seed));
			mmio_read32(comm()->gicr_base + cpu * 2 * GICR_FRAME + at);
		}
	irq_init();
}

/* Taken and never ended: the running priority stays, and list registers stay full. */
static void never_ended(uint64_t *seed)
{
	for (unsigned i = 0; i < 64; i++) {
		irq_send(i % 16, cpu_mpidr() & 0xff);
		if (V3)
			read_reg(s3_0_c12_c12_0);
		else
			mmio_read32(comm()->gicc_base + 0xc);
		/* Ends of what never began. */
		if (V3) {
			write_reg(s3_0_c12_c12_1, random_next(seed) & 0xffffff);
			write_reg(s3_0_c12_c11_1, random_next(seed) & 0xffffff);	/* ICC_DIR_EL1 */
			write_reg(s3_0_c12_c8_1, random_next(seed) & 0xffffff);
		} else {
			mmio_write32(comm()->gicc_base + 0x10, (uint32_t)random_next(seed) & 0x1fff);
			mmio_write32(comm()->gicc_base + 0x1000, (uint32_t)random_next(seed) & 0x1fff);
		}
	}
}

static void (*const steps[])(uint64_t *) = {
	sgis_to_all, own_sgis, timer_storm, distributor, sgis_to_all, redistributors, timer_storm, never_ended, sgis_to_all,
};
const unsigned hostile_steps = ARRAY_SIZE(steps);

void hostile_step(unsigned step, uint64_t *seed)
{
	steps[step](seed);
}
