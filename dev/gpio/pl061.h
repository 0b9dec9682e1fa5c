/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PL061 GPIO (ARM DDI 0190B): eight pins with interrupts. One of them is the machine's power key: the FDT hook
 * writes a gpio-keys node for it, and the control plane presses it with pl061_press.
 */
#ifndef DEV_GPIO_PL061_H
#define DEV_GPIO_PL061_H

#include "dev/primecell.h"

struct pl061 {
	struct mmio_dev mmio;
	struct timer key_up;		/* lets go of the power key */
	uint32_t clock;			/* property: phandle of apb_pclk */
	uint32_t phandle;		/* property: of the GPIO node; 0: no power key */
	uint32_t power_pin;		/* property */
	uint8_t input;			/* level of each pin as driven from outside */
	uint8_t output;			/* level that the guest drives on its output pins */
	uint8_t dir, is, ibe, iev, ie, ris, afsel;
};

extern const struct dev_class pl061_class;

void pl061_set_input(struct device *d, unsigned pin, bool level);	/* pin 0..7, any thread */
void pl061_press(struct device *d);	/* the power key, for long enough to be noticed; any thread */

#endif
