/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI 1.1 and SMCCC 1.1; fw/psci.h says how they are reached. One table says for each function which of the 32-bit and
 * 64-bit identifiers exist (DEN 0022D §5.1, table 5); PSCI_FEATURES and the dispatcher both read it.
 *
 * CPU_ON tests the target's power state and then changes it: vm->lock makes that one step among callers.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "core/fdt.h"
#include "fw/psci.h"

enum {
	PSCI_SUCCESS = 0, PSCI_NOT_SUPPORTED = -1, PSCI_INVALID_PARAMETERS = -2, PSCI_DENIED = -3, PSCI_ALREADY_ON = -4,
	PSCI_ON_PENDING = -5, PSCI_INTERNAL_FAILURE = -6, PSCI_NOT_PRESENT = -7, PSCI_DISABLED = -8,
	PSCI_INVALID_ADDRESS = -9,
};

#define PSCI_1_1		0x10001
#define SMCCC_1_1		0x10001
#define SMCCC_64		BIT(30)
#define FN_PSCI			0x84000000u	/* fast call, standard secure service, 32-bit */
#define FN_SMCCC_VERSION	0x80000000u
#define FN_SMCCC_ARCH_FEATURES	0x80000001u
#define AFFINITY_MASK		0xff00ffffffull
#define POWER_STATE_RESERVED	0xfcfe0000u	/* original format: StateID 15:0, StateType 16, PowerLevel 25:24 */
#define POWER_STATE_DOWN	BIT(16)
#define POWER_LEVEL		MASK(25, 24)
#define TOS_NOT_PRESENT		2		/* MIGRATE_INFO_TYPE: no Trusted OS, nothing to migrate */
#define SYSTEM_WARM_RESET	0

struct psci_args {
	struct vcpu *v;
	uint64_t a1, a2, a3;		/* cut to 32 bits for a 32-bit identifier */
};

static struct vcpu *psci_target(struct vm *vm, uint64_t affinity)
{
	for (uint32_t i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpu[i]->hwid == affinity)
			return vm->vcpu[i];
	return NULL;
}

static bool entry_is_good(struct vm *vm, uint64_t entry)
{
	return !(entry & 3) && mem_find(&vm->mem, entry);
}

static int64_t psci_version(const struct psci_args *p)
{
	return PSCI_1_1;
}

/* Stand-by goes on after the call; power-down restarts at the entry point as CPU_ON would (§5.4). */
static int64_t psci_cpu_suspend(const struct psci_args *p)
{
	struct vcpu_power power = { .state = VCPU_WAITING };

	if ((p->a1 & POWER_STATE_RESERVED) || field_get(POWER_LEVEL, p->a1))
		return PSCI_INVALID_PARAMETERS;
	if (p->a1 & POWER_STATE_DOWN) {
		if (!entry_is_good(p->v->vm, p->a2))
			return PSCI_INVALID_ADDRESS;
		power = (struct vcpu_power){ .state = VCPU_WAITING, .entry = p->a2, .arg = p->a3, .reset = true };
	}
	return p->v->vm->engine->vcpu_power(p->v, &power, true) ? PSCI_INTERNAL_FAILURE : PSCI_SUCCESS;
}

static void psci_stop_caller(const struct psci_args *p)
{
	struct vcpu_power off = { .state = VCPU_OFF };

	p->v->vm->engine->vcpu_power(p->v, &off, true);
}

static int64_t psci_cpu_off(const struct psci_args *p)
{
	psci_stop_caller(p);
	return PSCI_SUCCESS;
}

static int64_t psci_cpu_on(const struct psci_args *p)
{
	struct vcpu_power now, on = { .state = VCPU_ON, .entry = p->a2, .arg = p->a3, .reset = true };
	struct vm *vm = p->v->vm;
	struct vcpu *target = psci_target(vm, p->a1);
	int64_t ret = PSCI_SUCCESS;

	if (!target)
		return PSCI_INVALID_PARAMETERS;
	if (!entry_is_good(vm, p->a2))
		return PSCI_INVALID_ADDRESS;
	lock_acquire(&vm->lock);
	if (vm->engine->vcpu_power(target, &now, false))
		ret = PSCI_INTERNAL_FAILURE;
	else if (now.state != VCPU_OFF)
		ret = PSCI_ALREADY_ON;
	else if (vm->engine->vcpu_power(target, &on, true))
		ret = PSCI_INTERNAL_FAILURE;
	lock_release(&vm->lock);
	return ret;
}

/* 0 on, 1 off. Only level 0 is a CPU's own; anything coarser is a guess that §5.7 allows not to support. */
static int64_t psci_affinity_info(const struct psci_args *p)
{
	struct vcpu *target = psci_target(p->v->vm, p->a1);
	struct vcpu_power now;

	if (p->a2 || !target || p->v->vm->engine->vcpu_power(target, &now, false))
		return PSCI_INVALID_PARAMETERS;
	return now.state == VCPU_OFF;
}

static int64_t psci_migrate_info_type(const struct psci_args *p)
{
	return TOS_NOT_PRESENT;
}

/* The machine ends a moment later, on another thread: the caller must not see the next instruction. */
static int64_t psci_system_off(const struct psci_args *p)
{
	vm_request(p->v->vm, EXIT_SHUTDOWN);
	psci_stop_caller(p);
	return PSCI_SUCCESS;
}

static int64_t psci_system_reset(const struct psci_args *p)
{
	vm_request(p->v->vm, EXIT_RESET);
	psci_stop_caller(p);
	return PSCI_SUCCESS;
}

static int64_t psci_system_reset2(const struct psci_args *p)
{
	if ((uint32_t)p->a1 != SYSTEM_WARM_RESET)
		return PSCI_INVALID_PARAMETERS;
	return psci_system_reset(p);
}

static int64_t psci_features(const struct psci_args *p);

enum { ID32 = 1, ID64 = 2 };
static const struct psci_function {
	int64_t (*fn)(const struct psci_args *p);
	uint8_t number, ids;
} psci_functions[] = {
	{ psci_version,			0x00, ID32 },
	{ psci_cpu_suspend,		0x01, ID32 | ID64 },
	{ psci_cpu_off,			0x02, ID32 },
	{ psci_cpu_on,			0x03, ID32 | ID64 },
	{ psci_affinity_info,		0x04, ID32 | ID64 },
	{ psci_migrate_info_type,	0x06, ID32 },
	{ psci_system_off,		0x08, ID32 },
	{ psci_system_reset,		0x09, ID32 },
	{ psci_features,		0x0a, ID32 },
	{ psci_system_reset2,		0x12, ID32 | ID64 },
};

static const struct psci_function *psci_find(uint32_t id)
{
	uint8_t kind = id & SMCCC_64 ? ID64 : ID32;

	for (unsigned i = 0; i < ARRAY_SIZE(psci_functions); i++)
		if ((id & ~(uint32_t)SMCCC_64) == (FN_PSCI | psci_functions[i].number) && (psci_functions[i].ids & kind))
			return &psci_functions[i];
	return NULL;
}

/* Flags of every function here are 0: CPU_SUSPEND has the original format and platform-coordinated mode. */
static int64_t psci_features(const struct psci_args *p)
{
	uint32_t id = (uint32_t)p->a1;

	return id == FN_SMCCC_VERSION || psci_find(id) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
}

/* No firmware workaround exists: which speculation a guest's code meets is the host's affair, and we make no promise. */
static int64_t smccc_arch_features(uint32_t id)
{
	return id == FN_SMCCC_VERSION || id == FN_SMCCC_ARCH_FEATURES ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
}

bool psci_call(struct vcpu *v, bool smc, uint64_t args[8])
{
	uint32_t id = (uint32_t)args[0];	/* W0, whatever the upper half holds (SMCCC §2.5) */
	const struct psci_function *f = psci_find(id);
	struct psci_args p = { v, args[1], args[2], args[3] };
	int64_t ret = PSCI_NOT_SUPPORTED;

	if (f) {
		if (!(id & SMCCC_64)) {
			p.a1 = (uint32_t)p.a1;
			p.a2 = (uint32_t)p.a2;
			p.a3 = (uint32_t)p.a3;
		}
		ret = f->fn(&p);
	} else if (id == FN_SMCCC_VERSION) {
		ret = SMCCC_1_1;
	} else if (id == FN_SMCCC_ARCH_FEATURES) {
		ret = smccc_arch_features((uint32_t)args[1]);
	}
	args[0] = (uint64_t)ret;
	return true;
}

void psci_fdt(struct fdt_writer *w)
{
	static const char *const compatible[] = { "arm,psci-1.0", "arm,psci-0.2", "arm,psci" };

	fdt_begin(w, "psci");
	fdt_prop_strings(w, "compatible", compatible, ARRAY_SIZE(compatible));
	fdt_prop_string(w, "method", "hvc");
	/* For the oldest binding, whose identifiers the tree chooses. */
	fdt_prop_u32(w, "cpu_suspend", FN_PSCI | (uint32_t)SMCCC_64 | 1);
	fdt_prop_u32(w, "cpu_off", FN_PSCI | 2);
	fdt_prop_u32(w, "cpu_on", FN_PSCI | (uint32_t)SMCCC_64 | 3);
	fdt_end(w);
}
