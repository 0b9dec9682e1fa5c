/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vCPUs of a machine as PSCI's host. CPU_ON tests the target's power state and then changes it: vm->lock makes that one
 * step among callers.
 */
#include "fw/psci.h"
#include "fw/psci_vm.h"

static void *vcpu_find(void *self, uint64_t affinity)
{
	struct vm *vm = ((struct vcpu *)self)->vm;

	for (uint32_t i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpu[i]->hwid == affinity)
			return vm->vcpu[i];
	return NULL;
}

static bool entry_is_memory(void *self, uint64_t entry)
{
	return mem_find(&((struct vcpu *)self)->vm->mem, entry);
}

static int64_t vcpu_on(void *self, void *cpu, uint64_t entry, uint64_t arg)
{
	struct vcpu_power now, on = { .state = VCPU_ON, .entry = entry, .arg = arg, .reset = true };
	struct vm *vm = ((struct vcpu *)self)->vm;
	int64_t ret = PSCI_SUCCESS;

	lock_acquire(&vm->lock);
	if (vm->engine->vcpu_power(cpu, &now, false))
		ret = PSCI_INTERNAL_FAILURE;
	else if (now.state != VCPU_OFF)
		ret = PSCI_ALREADY_ON;
	else if (vm->engine->vcpu_power(cpu, &on, true))
		ret = PSCI_INTERNAL_FAILURE;
	lock_release(&vm->lock);
	return ret;
}

static int64_t vcpu_affinity_info(void *cpu)
{
	struct vcpu_power now;

	if (((struct vcpu *)cpu)->vm->engine->vcpu_power(cpu, &now, false))
		return PSCI_INVALID_PARAMETERS;
	return now.state == VCPU_OFF ? PSCI_AFFINITY_OFF : PSCI_AFFINITY_ON;
}

static int64_t vcpu_off(void *self)
{
	struct vcpu_power off = { .state = VCPU_OFF };

	((struct vcpu *)self)->vm->engine->vcpu_power(self, &off, true);
	return PSCI_SUCCESS;
}

static int64_t vcpu_suspend(void *self, bool restart, uint64_t entry, uint64_t arg)
{
	struct vcpu_power power = { .state = VCPU_WAITING };

	if (restart)
		power = (struct vcpu_power){ .state = VCPU_WAITING, .entry = entry, .arg = arg, .reset = true };
	return ((struct vcpu *)self)->vm->engine->vcpu_power(self, &power, true) ? PSCI_INTERNAL_FAILURE : PSCI_SUCCESS;
}

/* The machine ends a moment later, on another thread: the caller must not see the next instruction. */
static int64_t vm_end(void *self, bool reset)
{
	vm_request(((struct vcpu *)self)->vm, reset ? EXIT_RESET : EXIT_SHUTDOWN);
	return vcpu_off(self);
}

static const struct psci_host vm_host = {
	.find		= vcpu_find,
	.entry_is_good	= entry_is_memory,
	.cpu_on		= vcpu_on,
	.affinity_info	= vcpu_affinity_info,
	.cpu_off	= vcpu_off,
	.suspend	= vcpu_suspend,
	.system_end	= vm_end,
};

bool psci_call(struct vcpu *v, bool smc, uint64_t args[8])
{
	psci_dispatch(&vm_host, v, args);
	return true;
}
