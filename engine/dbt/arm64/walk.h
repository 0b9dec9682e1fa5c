/* SPDX-License-Identifier: BSD-2-Clause */
/* The stage 1 table walk of the EL1&0 regime. Runs on the vCPU's thread, inside a memory reader section. */
#ifndef ENGINE_DBT_ARM64_WALK_H
#define ENGINE_DBT_ARM64_WALK_H

#include "engine/dbt/tlb.h"

/* Rights of a page. USER: EL0 may access it by AP, which is what PAN looks at. */
enum {
	RIGHT_R0 = 1, RIGHT_W0 = 2, RIGHT_X0 = 4, RIGHT_R1 = 8, RIGHT_W1 = 16, RIGHT_X1 = 32, RIGHT_USER = 64,
};

struct walk {
	gpa_t base;		/* of the leaf's range */
	uint8_t shift;		/* log2 of its size */
	uint8_t rights;
	uint8_t attr;		/* MAIR byte */
	uint8_t sh;
	bool global;
};

/* The address without its tag byte where TBI says so. */
static inline uint64_t arm_untag(const struct arm_cpu *cpu, uint64_t va)
{
	return cpu->tcr_el1 >> (37 + (va >> 55 & 1)) & 1 ? (uint64_t)((int64_t)(va << 8) >> 8) : va;
}

static inline bool arm_attr_is_device(uint8_t attr)
{
	return !(attr & 0xf0);
}

/* Do these rights permit the access? ACC_CACHE needs EL0's right to read, and nothing at EL1. */
bool arm_rights_permit(uint8_t rights, enum access_kind kind, enum tlb_class cls);

/*
 * Walks for an untagged va. Checks rights and, with TCR.HA and HD, updates access flag and dirty state (not for AT). 0 and
 * *w, or -EFAULT and *f (f->va is va; the caller puts the tag back).
 */
int arm_walk(struct arm_cpu *cpu, uint64_t va, enum access_kind kind, enum tlb_class cls, struct walk *w,
	     struct arm_fault *f);

/* AT: op = 0 S1E1R, 1 S1E1W, 2 S1E0R, 3 S1E0W; pan: the forms that honour PSTATE.PAN. Sets PAR_EL1. False:
   a walk has met an external abort, which has been taken. */
bool arm_address_translate(struct arm_cpu *cpu, unsigned op, bool pan, uint64_t va);

#endif
