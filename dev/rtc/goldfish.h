/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goldfish real-time clock (the Android emulator's GOLDFISH-VIRTUAL-HARDWARE): wall-clock nanoseconds as one 64-bit
 * number in two halves, and an alarm. Linux's binding google,goldfish-rtc.
 */
#ifndef DEV_RTC_GOLDFISH_H
#define DEV_RTC_GOLDFISH_H

#include "core/time.h"
#include "dev/mmio.h"

struct goldfish_rtc {
	struct mmio_dev mmio;
	struct timer alarm;
	uint64_t offset_ns;		/* what the guest has set, less the host's wall clock */
	uint64_t alarm_ns;		/* of the guest's clock */
	uint32_t high;			/* TIME_HIGH as of the last read of TIME_LOW; or written, for TIME_LOW */
	uint32_t alarm_high;
	bool armed, irq_enabled, irq_raw;
};

extern const struct dev_class goldfish_rtc_class;

#endif
