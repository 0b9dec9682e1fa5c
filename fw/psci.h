/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power State Coordination Interface 1.1 (ARM DEN 0022D) and SMC Calling Convention 1.1 (ARM DEN 0028B), by HVC or SMC: the
 * functions and what they check. Whose CPUs they switch is the host's: a virtual machine (fw/psci_vm.h), or a cell of the bare
 * engine. `self` is the CPU that calls, `cpu` one that find gave; the host knows what they are.
 */
#ifndef FW_PSCI_H
#define FW_PSCI_H

#include "base/types.h"

enum psci_result {
	PSCI_SUCCESS = 0, PSCI_NOT_SUPPORTED = -1, PSCI_INVALID_PARAMETERS = -2, PSCI_DENIED = -3, PSCI_ALREADY_ON = -4,
	PSCI_ON_PENDING = -5, PSCI_INTERNAL_FAILURE = -6, PSCI_NOT_PRESENT = -7, PSCI_DISABLED = -8,
	PSCI_INVALID_ADDRESS = -9,
};

enum psci_affinity { PSCI_AFFINITY_ON, PSCI_AFFINITY_OFF, PSCI_AFFINITY_ON_PENDING };

#define SMCCC_FN_VERSION	0x80000000u
#define SMCCC_FN_ARCH_FEATURES	0x80000001u

struct psci_host {
	void *(*find)(void *self, uint64_t affinity);			/* a CPU of the caller's machine, or NULL */
	bool (*entry_is_good)(void *self, uint64_t entry);
	/* Tests that it is off, and starts it, in one step. */
	int64_t (*cpu_on)(void *self, void *cpu, uint64_t entry, uint64_t arg);
	int64_t (*affinity_info)(void *cpu);				/* enum psci_affinity, or an error */
	int64_t (*cpu_off)(void *self);					/* stops at the end of this call */
	int64_t (*suspend)(void *self, bool restart, uint64_t entry, uint64_t arg);	/* restart: from entry when woken */
	int64_t (*system_end)(void *self, bool reset);
	bool (*arch_feature)(uint32_t id);				/* SMCCC_ARCH_FEATURES but for these two; may be NULL */
};

/* args: x0..x7 in, x0..x3 out. An unknown function gets NOT_SUPPORTED, as SMCCC demands. */
void psci_dispatch(const struct psci_host *host, void *self, uint64_t args[8]);

/* The device tree's /psci node. */
struct fdt_writer;
void psci_fdt(struct fdt_writer *w);

#endif
