/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI (fw/psci.h) of a virtual machine.
 *
 * The engine calls vm->firmware_call on the vCPU's thread; a machine sets it to psci_call. Power states are the engine's
 * and change through engine_ops.vcpu_power: state VCPU_OFF for the caller stops it at the end of this call, VCPU_WAITING
 * makes it wait as WFI does (with `reset`: and then start over at `entry`), VCPU_ON with `reset` starts another one. The
 * machine's end goes to vm_request.
 */
#ifndef FW_PSCI_VM_H
#define FW_PSCI_VM_H

#include "core/vm.h"

/* args: x0..x7 in, x0..x3 out. Always true: an unknown function gets NOT_SUPPORTED, as SMCCC demands. */
bool psci_call(struct vcpu *v, bool smc, uint64_t args[8]);

#endif
