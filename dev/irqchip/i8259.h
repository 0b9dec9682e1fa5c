/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two 8259A interrupt controllers of a PC and their ELCRs (Intel 231468; ICH9 datasheet, 5.8 and 13.4): ports 0x20, 0xa0
 * and 0x4d0. The output is the first vCPU's CPU_IRQ pin, whose engine asks for the vector with i8259_ack when the processor
 * takes the interrupt.
 *
 * Always cascaded (ICW1.SNGL and ICW3 have no effect) and in 8086 mode. An edge is kept although its line falls again before
 * the acknowledgement. The lock is a leaf.
 */
#ifndef DEV_IRQCHIP_I8259_H
#define DEV_IRQCHIP_I8259_H

#include "core/device.h"
#include "core/pc_irqchip.h"

struct i8259 {
	struct device dev;
	struct region ports[2], elcr;
	struct lock lock;
	struct pic_regs chip[2];
	bool pin;			/* what the engine was told */
	/* Called without the lock when level-triggered lines were ended, before they are looked at again; or NULL. */
	void (*ended)(void *ctx, uint16_t lines);
	void *ended_ctx;
};

extern const struct dev_class i8259_class;

int i8259_map(struct device *d);			/* after device_init */
void i8259_set(struct device *d, uint32_t line, bool level);	/* 0..15 but the cascade's 2; any thread */
uint8_t i8259_ack(struct device *d);			/* the vector; a spurious one when nothing is pending any more */
void i8259_get(struct device *d, struct pic_regs regs[2]);
void i8259_put(struct device *d, const struct pic_regs regs[2]);

#endif
