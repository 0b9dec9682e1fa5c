/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 8254 interval timer (Intel 231164) at ports 0x40 to 0x43, and port 0x61, which has channel 2's gate and output. Channel 0's
 * output interrupts; gates 0 and 1 are always on.
 *
 * A channel is guest time since its count was loaded; counts are worked out when somebody looks. The line is pulsed at each
 * rising edge of output 0, no more often than every 200 us, so that a guest cannot have the control loop to itself.
 */
#ifndef DEV_TIMER_I8254_H
#define DEV_TIMER_I8254_H

#include "core/device.h"
#include "core/pc_irqchip.h"

struct i8254 {
	struct device dev;
	struct region ports, speaker;
	struct irq_line irq;
	struct timer edge;
	struct pit_regs regs;		/* age_ns only of channels that a low gate stops */
	uint64_t loaded_ns[PIT_CHANNELS];
};

extern const struct dev_class i8254_class;

int i8254_map(struct device *d);		/* after device_init */
void i8254_connect(struct device *d, struct irqchip *chip, uint32_t pin);
void i8254_get(struct device *d, struct pit_regs *regs);
void i8254_put(struct device *d, const struct pit_regs *regs);

#endif
