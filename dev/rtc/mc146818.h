/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MC146818 real-time clock with 128 bytes of CMOS memory, as in PCs (ports 0x70 and 0x71; Motorola MC146818A data sheet).
 *
 * The clock is the wall clock plus an offset that writes of the time change. A write takes effect at once unless SET stops
 * the clock, then when SET is cleared. CMOS bytes that tell firmware and old kernels about memory are set by properties.
 */
#ifndef DEV_RTC_MC146818_H
#define DEV_RTC_MC146818_H

#include "dev/mmio.h"

#define MC146818_BYTES	128u

struct mc146818 {
	struct mmio_dev mmio;
	struct timer second, periodic;
	uint64_t low_ram, high_ram;	/* properties: bytes below 4 GiB, from 4 GiB on */
	uint32_t cpus;			/* property */
	int64_t offset_s;		/* clock minus wall clock, seconds */
	int64_t stopped_s;		/* what the clock shows while SET is on */
	int64_t looked_s;		/* wall clock when register C was last read */
	uint64_t period_ns;		/* of the periodic interrupt as running; 0: none */
	uint8_t index;
	uint8_t cmos[MC146818_BYTES];	/* time registers hold the alarm's and what was written last */
	bool line;
};

extern const struct dev_class mc146818_class;

#endif
