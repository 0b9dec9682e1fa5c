/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A system controller with one register (Linux's bindings syscon-poweroff and syscon-reboot): a write of 0x5555 to offset 0
 * turns the machine off, 0x7777 starts it again, 0x3333 in the low half is a failure of the guest's. Reads are 0.
 */
#ifndef DEV_MISC_SYSCON_H
#define DEV_MISC_SYSCON_H

#include "dev/mmio.h"

struct syscon {
	struct mmio_dev mmio;
};

extern const struct dev_class syscon_class;

#endif
