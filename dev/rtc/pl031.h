/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PL031 real-time clock (ARM DDI 0224C): seconds since 1970 of the guest's wall clock, plus what the guest has set.
 * Registers run on the vCPU thread that touches them, under the device lock; the alarm on the control loop.
 */
#ifndef DEV_RTC_PL031_H
#define DEV_RTC_PL031_H

#include "dev/primecell.h"

struct pl031 {
	struct mmio_dev mmio;
	struct timer alarm;
	uint32_t clock;			/* property: phandle of apb_pclk */
	uint32_t offset_s;		/* RTCDR minus wall-clock seconds, modulo 2^32 */
	uint32_t match, load;
	bool irq_enabled, irq_raw;
};

extern const struct dev_class pl031_class;

#endif
