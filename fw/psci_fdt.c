/* SPDX-License-Identifier: BSD-2-Clause */
/* How a guest's device tree tells of PSCI (bindings/arm/psci.yaml). */
#include "core/fdt.h"
#include "fw/psci.h"

#define FN_PSCI		0x84000000u
#define SMCCC_64	0x40000000u

void psci_fdt(struct fdt_writer *w)
{
	static const char *const compatible[] = { "arm,psci-1.0", "arm,psci-0.2", "arm,psci" };

	fdt_begin(w, "psci");
	fdt_prop_strings(w, "compatible", compatible, ARRAY_SIZE(compatible));
	fdt_prop_string(w, "method", "hvc");
	/* For the oldest binding, whose identifiers the tree chooses. */
	fdt_prop_u32(w, "cpu_suspend", FN_PSCI | SMCCC_64 | 1);
	fdt_prop_u32(w, "cpu_off", FN_PSCI | 2);
	fdt_prop_u32(w, "cpu_on", FN_PSCI | SMCCC_64 | 3);
	fdt_end(w);
}
