/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PSCI 1.1 and SMCCC 1.1; fw/psci.h says how they are reached. One table says for each function which of the 32-bit and
 * 64-bit identifiers exist (DEN 0022D §5.1, table 5); PSCI_FEATURES and the dispatcher both read it.
 */
#include "base/bits.h"
#include "fw/psci.h"

#define PSCI_1_1		0x10001
#define SMCCC_1_1		0x10001
#define SMCCC_64		BIT(30)
#define FN_PSCI			0x84000000u	/* fast call, standard secure service, 32-bit */
#define POWER_STATE_RESERVED	0xfcfe0000u	/* original format: StateID 15:0, StateType 16, PowerLevel 25:24 */
#define POWER_STATE_DOWN	BIT(16)
#define POWER_LEVEL		MASK(25, 24)
#define TOS_NOT_PRESENT		2		/* MIGRATE_INFO_TYPE: no Trusted OS, nothing to migrate */
#define SYSTEM_WARM_RESET	0

struct psci_args {
	const struct psci_host *host;
	void *self;
	uint64_t a1, a2, a3;		/* cut to 32 bits for a 32-bit identifier */
};

static bool entry_is_good(const struct psci_args *p, uint64_t entry)
{
	return !(entry & 3) && p->host->entry_is_good(p->self, entry);
}

static int64_t psci_version(const struct psci_args *p)
{
	return PSCI_1_1;
}

/* Stand-by goes on after the call; power-down restarts at the entry point as CPU_ON would (§5.4). */
static int64_t psci_cpu_suspend(const struct psci_args *p)
{
	bool down = p->a1 & POWER_STATE_DOWN;

	if ((p->a1 & POWER_STATE_RESERVED) || field_get(POWER_LEVEL, p->a1))
		return PSCI_INVALID_PARAMETERS;
	if (down && !entry_is_good(p, p->a2))
		return PSCI_INVALID_ADDRESS;
	return p->host->suspend(p->self, down, p->a2, p->a3);
}

static int64_t psci_cpu_off(const struct psci_args *p)
{
	return p->host->cpu_off(p->self);
}

static int64_t psci_cpu_on(const struct psci_args *p)
{
	void *target = p->host->find(p->self, p->a1);

	if (!target)
		return PSCI_INVALID_PARAMETERS;
	if (!entry_is_good(p, p->a2))
		return PSCI_INVALID_ADDRESS;
	return p->host->cpu_on(p->self, target, p->a2, p->a3);
}

/* Only level 0 is a CPU's own; anything coarser is a guess that §5.7 allows not to support. */
static int64_t psci_affinity_info(const struct psci_args *p)
{
	void *target = p->host->find(p->self, p->a1);

	return p->a2 || !target ? PSCI_INVALID_PARAMETERS : p->host->affinity_info(target);
}

static int64_t psci_migrate_info_type(const struct psci_args *p)
{
	return TOS_NOT_PRESENT;
}

static int64_t psci_system_off(const struct psci_args *p)
{
	return p->host->system_end(p->self, false);
}

static int64_t psci_system_reset(const struct psci_args *p)
{
	return p->host->system_end(p->self, true);
}

static int64_t psci_system_reset2(const struct psci_args *p)
{
	if ((uint32_t)p->a1 != SYSTEM_WARM_RESET)
		return PSCI_INVALID_PARAMETERS;
	return psci_system_reset(p);
}

static int64_t psci_features(const struct psci_args *p);

/* By function number. */
enum { ID32 = 1, ID64 = 2 };
static const struct psci_function {
	int64_t (*fn)(const struct psci_args *p);
	uint8_t ids;
} psci_functions[] = {
	[0x00] = { psci_version,		ID32 },
	[0x01] = { psci_cpu_suspend,		ID32 | ID64 },
	[0x02] = { psci_cpu_off,		ID32 },
	[0x03] = { psci_cpu_on,			ID32 | ID64 },
	[0x04] = { psci_affinity_info,		ID32 | ID64 },
	[0x06] = { psci_migrate_info_type,	ID32 },
	[0x08] = { psci_system_off,		ID32 },
	[0x09] = { psci_system_reset,		ID32 },
	[0x0a] = { psci_features,		ID32 },
	[0x12] = { psci_system_reset2,		ID32 | ID64 },
};

static const struct psci_function *psci_find(uint32_t id)
{
	uint32_t number = (id & ~(uint32_t)SMCCC_64) - FN_PSCI;
	uint8_t kind = id & SMCCC_64 ? ID64 : ID32;

	return number < ARRAY_SIZE(psci_functions) && (psci_functions[number].ids & kind) ? &psci_functions[number] : NULL;
}

/* Flags of every function here are 0: CPU_SUSPEND has the original format and platform-coordinated mode. */
static int64_t psci_features(const struct psci_args *p)
{
	uint32_t id = (uint32_t)p->a1;

	return id == SMCCC_FN_VERSION || psci_find(id) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
}

/* Firmware workarounds are the host's to have: a virtual machine has none, and makes no promise. */
static int64_t smccc_arch_features(const struct psci_host *host, uint32_t id)
{
	bool there = id == SMCCC_FN_VERSION || id == SMCCC_FN_ARCH_FEATURES || (host->arch_feature && host->arch_feature(id));

	return there ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
}

void psci_dispatch(const struct psci_host *host, void *self, uint64_t args[8])
{
	uint32_t id = (uint32_t)args[0];	/* W0, whatever the upper half holds (SMCCC §2.5) */
	const struct psci_function *f = psci_find(id);
	struct psci_args p = { host, self, args[1], args[2], args[3] };
	int64_t ret = PSCI_NOT_SUPPORTED;

	if (f) {
		if (!(id & SMCCC_64)) {
			p.a1 = (uint32_t)p.a1;
			p.a2 = (uint32_t)p.a2;
			p.a3 = (uint32_t)p.a3;
		}
		ret = f->fn(&p);
	} else if (id == SMCCC_FN_VERSION) {
		ret = SMCCC_1_1;
	} else if (id == SMCCC_FN_ARCH_FEATURES) {
		ret = smccc_arch_features(host, (uint32_t)args[1]);
	}
	args[0] = (uint64_t)ret;
}
