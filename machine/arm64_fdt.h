/* SPDX-License-Identifier: BSD-2-Clause */
/* The device tree of an arm64 machine, and the phandles that its nodes refer to each other by. */
#ifndef MACHINE_ARM64_FDT_H
#define MACHINE_ARM64_FDT_H

#include "machine/machine.h"

enum { FDT_PHANDLE_GIC = 1, FDT_PHANDLE_CLOCK, FDT_PHANDLE_GPIO, FDT_PHANDLE_MSI, FDT_PHANDLE_NEXT };

/* machine_fdt of arm64 boards. */
int arm64_fdt(const struct machine *m, const struct machine_chosen *chosen, void *buf, size_t size, size_t *len);

#endif
