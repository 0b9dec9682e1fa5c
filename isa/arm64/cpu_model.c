/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arm64 CPU models. Field positions are those of ARM DDI 0487, D19.2 (AArch64 system registers); what real CPUs say is in
 * their technical reference manuals (Cortex-A57 DDI 0488, Cortex-A72 100095).
 */
#include "base/bits.h"
#include "base/string.h"
#include "isa/arm64/a64_ops.h"
#include "isa/arm64/cpu_model.h"

/* A four-bit field of an ID register. */
#define F(value, lsb)		((uint64_t)(value) << (lsb))
#define FEAT(name)		BIT(A64_FEAT_##name)

/* CCSIDR_EL1: line of 64 bytes. */
#define CACHE(ways, sets)	(2u | ((ways) - 1) << 3 | ((uint32_t)(sets) - 1) << 13)

#define A5X_FEATURES	(FEAT(base) | FEAT(aes) | FEAT(pmull) | FEAT(sha1) | FEAT(sha2) | FEAT(crc32))
#define A5X_ISAR0	(F(2, 4) | F(1, 8) | F(1, 12) | F(1, 16))	/* AES with PMULL, SHA1, SHA256, CRC32 */

/* 64-byte lines, physically tagged instruction cache, no IDC and no DIC: the guest must do its cache maintenance. */
#define COMMON_CTR	(BIT(31) | F(4, 24) | F(4, 20) | F(4, 16) | F(3, 14) | F(4, 0))
#define COMMON_DCZID	4u						/* 16 words */
#define COMMON_CLIDR	(F(1, 27) | F(2, 24) | F(1, 21) | F(4, 3) | F(3, 0))
#define COMMON_DFR0	(F(6, 0) | F(5, 12) | F(3, 20) | F(1, 28))	/* v8 debug, 6 breakpoints, 4 watchpoints */
#define EL0_EL1_A64	(F(1, 0) | F(1, 4))

static const struct arm64_cpu_model models[] = {
	{
		.model = { "max", ISA_ARM64 },
		.features = A5X_FEATURES | FEAT(lse) | FEAT(rdm) | FEAT(lrcpc) | FEAT(fp16) | FEAT(dotprod) | FEAT(flagm) |
			    FEAT(frintts) | FEAT(sb) | FEAT(ssbs) | FEAT(pan) | FEAT(uao),
		.system = ARM64_PAN | ARM64_UAO | ARM64_SSBS | ARM64_HAFDBS | ARM64_E0PD | ARM64_GRANULE16 |
			  ARM64_SCXTNUM,
		.pa_bits = 48,
		.id = {
			[ARM64_MIDR] = 0x000fce10,
			[ARM64_CTR] = COMMON_CTR, [ARM64_DCZID] = COMMON_DCZID, [ARM64_CLIDR] = COMMON_CLIDR,
			/* FP and Advanced SIMD with half precision; CSV2_3 (with SCXTNUM), CSV3 */
			[ARM64_PFR0] = EL0_EL1_A64 | F(1, 16) | F(1, 20) | F(3, 56) | F(1, 60),
			[ARM64_PFR1] = F(2, 4),					/* SSBS with MSR */
			[ARM64_DFR0] = COMMON_DFR0,
			[ARM64_ISAR0] = A5X_ISAR0 | F(2, 20) | F(1, 28) | F(1, 44) | F(1, 52),	/* Atomic RDM DP TS */
			[ARM64_ISAR1] = F(1, 20) | F(1, 32) | F(1, 36),		/* LRCPC FRINTTS SB */
			/* 48-bit PA, 16-bit ASID, BigEnd, granules 4K 16K 64K */
			[ARM64_MMFR0] = F(5, 0) | F(2, 4) | F(1, 8) | F(1, 20),
			[ARM64_MMFR1] = F(2, 0) | F(2, 20),			/* HAFDBS PAN */
			[ARM64_MMFR2] = F(1, 4) | F(1, 60),			/* UAO E0PD */
		},
		.ccsidr = { CACHE(4, 256), CACHE(4, 256), CACHE(16, 2048) },
	}, {
		.model = { "cortex-a57", ISA_ARM64 },
		.features = A5X_FEATURES,
		.pa_bits = 44,
		.id = {
			[ARM64_MIDR] = 0x411fd070,
			[ARM64_CTR] = COMMON_CTR, [ARM64_DCZID] = COMMON_DCZID, [ARM64_CLIDR] = COMMON_CLIDR,
			[ARM64_PFR0] = EL0_EL1_A64,
			[ARM64_DFR0] = COMMON_DFR0,
			[ARM64_ISAR0] = A5X_ISAR0,
			[ARM64_MMFR0] = F(4, 0) | F(2, 4) | F(1, 8),
		},
		.ccsidr = { CACHE(2, 256), CACHE(3, 256), CACHE(16, 2048) },
	}, {
		.model = { "cortex-a72", ISA_ARM64 },
		.features = A5X_FEATURES,
		.pa_bits = 44,
		.id = {
			[ARM64_MIDR] = 0x410fd083,
			[ARM64_CTR] = COMMON_CTR, [ARM64_DCZID] = COMMON_DCZID, [ARM64_CLIDR] = COMMON_CLIDR,
			[ARM64_PFR0] = EL0_EL1_A64,
			[ARM64_DFR0] = COMMON_DFR0,
			[ARM64_ISAR0] = A5X_ISAR0,
			[ARM64_MMFR0] = F(4, 0) | F(2, 4) | F(1, 8),
		},
		.ccsidr = { CACHE(2, 256), CACHE(3, 256), CACHE(16, 1024) },
	},
};

const struct arm64_cpu_model *arm64_cpu_model_at(unsigned i)
{
	return i < ARRAY_SIZE(models) ? &models[i] : NULL;
}

const struct arm64_cpu_model *arm64_cpu_model_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(models); i++)
		if (!strcmp(models[i].model.name, name))
			return &models[i];
	return NULL;
}

void arm64_id_registers(const struct arm64_cpu_model *m, uint64_t affinity, bool gicv3, uint64_t id[ARM64_ID_COUNT])
{
	for (unsigned i = 0; i < ARM64_ID_COUNT; i++)
		id[i] = m->id[i];
	id[ARM64_MPIDR] = BIT(31) | (affinity & 0xff00ffffffull);
	if (gicv3)
		id[ARM64_PFR0] |= F(1, 24);
}
