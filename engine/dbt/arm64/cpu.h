/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of an arm64 vCPU in the translator. Translated code reaches it from rbp, which points CPU_BIAS bytes into the
 * struct so that x0..x30 and what is hottest are within a one-byte displacement.
 *
 * Owner: the vCPU's thread. Other threads may touch only what is marked atomic, and the TLB as tlb.h says.
 */
#ifndef ENGINE_DBT_ARM64_CPU_H
#define ENGINE_DBT_ARM64_CPU_H

#include "base/log.h"
#include "core/vm.h"
#include "isa/arm64/cpu_model.h"
#include "isa/v128.h"

#define CPU_BIAS	128

/* Why a vCPU must leave translated code at the next check: bits of cpu->kick. Atomic. */
enum {
	KICK_IRQ = 1,		/* an unmasked interrupt is pending (owner recomputes from pins and PSTATE) */
	KICK_PINS = 2,		/* pins changed: look */
	KICK_PAUSE = 4,
	KICK_TLB = 8,		/* invalidations to acknowledge; contexts to clear */
	KICK_CODE = 16,		/* code is being reclaimed */
	KICK_EXIT = 32,		/* power has changed: vcpu_run looks at it */
};

/* PSTATE bits where SPSR has them. */
#define PSTATE_N	BIT(31)
#define PSTATE_Z	BIT(30)
#define PSTATE_C	BIT(29)
#define PSTATE_V	BIT(28)
#define PSTATE_UAO	BIT(23)
#define PSTATE_PAN	BIT(22)
#define PSTATE_SS	BIT(21)
#define PSTATE_IL	BIT(20)
#define PSTATE_SSBS	BIT(12)
#define PSTATE_D	BIT(9)
#define PSTATE_A	BIT(8)
#define PSTATE_I	BIT(7)
#define PSTATE_F	BIT(6)
#define PSTATE_DAIF	(PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)

/* Counters of one vCPU (--trace stat prints them at the end). */
#define DBT_STATS(X) \
	X(dispatch) X(dispatch_hit) X(link) X(find) X(translate) X(load) X(store) X(exact) X(mmio) \
	X(tlb_walk) X(tlb_switch) X(exception)
enum dbt_stat {
#define X(name) STAT_##name,
	DBT_STATS(X)
#undef X
	STAT_COUNT
};

struct tlb;
struct tlb_ctx;
struct dbt_vm;
struct dbt_block;

/*
 * The flags slot in memory holds what lahf and seto give after an x86 compare: bits 15:8 = SF ZF - - - - - CF (of AH; CF
 * means ARM C clear), bits 7:0 = OF (0 or 1). flags_to_nzcv converts.
 */
static inline uint32_t flags_to_nzcv(uint16_t host)
{
	return (uint32_t)(host >> 15 & 1) << 31 | (uint32_t)(host >> 14 & 1) << 30 | (uint32_t)(~host >> 8 & 1) << 29 |
	       (uint32_t)(host & 1) << 28;
}

static inline uint16_t nzcv_to_flags(uint32_t nzcv)
{
	return (uint16_t)((nzcv >> 31 & 1) << 15 | (nzcv >> 30 & 1) << 14 | (~nzcv >> 29 & 1) << 8 | (nzcv >> 28 & 1));
}

struct arm_cpu {
	/* Hot: translated code. */
	uint64_t x[31];
	uint64_t sp;			/* the current SP (SP_EL0 or SP_EL1 by EL and SPSel) */
	uint64_t vpage;			/* page address of the running block */
	uint32_t kick;			/* atomic; KICK_* */
	uint32_t mode;			/* interned number of the current mode (arm_mode) */
	uint32_t flags;			/* NZCV, see above */
	uint32_t mxcsr;			/* the guest's, while outside translated code */
	uint32_t redirect;		/* a helper took an exception: go to the dispatcher instead of on */
	uint32_t pins;			/* atomic; bit per enum cpu_pin */
	struct tlb_ctx *ctx;		/* what r15 holds: the current context's arrays */
	uint64_t host_sp;		/* rsp of translated code while C of the dispatcher runs; C may change it (returns.h) */
	uint64_t returns_base, returns_limit;	/* the host's stack: the frame that no return matches, and where calls start over */
	uint64_t pc;			/* exact outside translated code; inside see vpage */
	uint64_t excl_addr, excl_val, excl_val2;	/* monitor; excl_size 0: open */
	uint32_t excl_size;
	uint32_t fpsr_qc;		/* nonzero: QC set; ORed into FPSR when read */
	uint64_t tpidr_el0, tpidrro_el0, tpidr_el1;
	uint64_t tsc_base, tsc_mult, counter_base, counter_shift;	/* of struct vm_time, taken over by vcpu_run */
	union v128 v[32] __attribute__((aligned(16)));
	void *const *helpers;		/* table that CALL goes through */

	/* Saved by out-of-line stubs, read and written by C (slow.c). */
	uint64_t save_gpr[16] __attribute__((aligned(16)));
	union v128 save_xmm[16];
	uint64_t spill[48];		/* integer spill slots of the running block */
	union v128 vspill[32];

	/* PSTATE outside the flags: DAIF, PAN, UAO, IL, SS, SSBS where SPSR has them; EL and SPSel apart. */
	uint64_t daif;			/* PSTATE_D|A|I|F bits */
	uint32_t pstate_misc;		/* PSTATE_PAN|UAO|IL|SS|SSBS bits */
	uint8_t el;			/* 0 or 1 */
	uint8_t spsel;
	bool event;			/* the event register (WFE); atomic */
	bool halted;			/* atomic; in WFI or WFE */

	/* System registers kept as fields because code outside the table uses them. sp_el[current bank] is stale: see sp. */
	uint64_t sp_el0, sp_el1;
	uint64_t elr_el1, spsr_el1, esr_el1, far_el1, vbar_el1;
	uint64_t sctlr_el1, tcr_el1, ttbr0_el1, ttbr1_el1, mair_el1, amair_el1, cpacr_el1, contextidr_el1;
	uint64_t par_el1, afsr0_el1, afsr1_el1, actlr_el1, cntkctl_el1, csselr_el1, mdscr_el1, osdlr_el1, oslsr_el1, mdccint_el1;
	uint64_t dbgbvr[16], dbgbcr[16], dbgwvr[16], dbgwcr[16], dbgclaim, dbgdtr, dbgprcr, oseccr;
	uint64_t scxtnum[2];		/* by EL */
	uint64_t fpcr, fpsr;		/* fpsr: without what MXCSR and fpsr_qc hold yet to be folded in */

	/* From the CPU model, by arm_cpu_reset. */
	const struct arm64_cpu_model *model;
	uint64_t id[ARM64_ID_COUNT];
	uint64_t tcr_mask, sctlr_mask;	/* bits that this model has */

	/* Of mode.c: the part of the mode that system registers decide, for EL0 and EL1, and recent mode numbers. */
	uint32_t mode_sys[2];
	uint32_t debug_el1;		/* nonzero: EL1 is being debugged, so that a write of PSTATE.D changes the mode */
	uint32_t stepped;		/* since the last exception or return: 1 an instruction was stepped, 2 LDXR or its like */
	struct arm_mode_cache { uint32_t key, number; } mode_cache[64];
	uint32_t mode_generation;	/* of struct arm_modes, when the numbers were taken */

	/* Not guest state. */
	struct vcpu *vcpu;
	struct dbt_vm *vm;
	struct tlb *tlb;
	struct lock power_lock;
	struct vcpu_power power;	/* under power_lock */
	uint32_t power_change;		/* atomic: somebody changed power; the owner looks at it */
	uint32_t sleep_word;		/* platform_wait word of WFI and of the off state */
	uint32_t in_code;		/* atomic: 1 while translated code may run (TLB acknowledgement) */
	uint32_t outside;		/* atomic: 1 between tlb_outside_begin and end (in_code stays 1: code is not reclaimed) */
	uint32_t inside;		/* atomic: between dbt_code_enter and dbt_code_leave (cache.c) */
	uint32_t rounding;		/* MXCSR.RC as it is set now */
	uint32_t wfe_idle;		/* WFEs in a row that waited in vain */
	int32_t yields_left;		/* YIELDs until the host's core is given away */
	uint32_t yield_rounds;		/* how often in a row that was after YIELDs and little else */
	uint64_t yield_ns;		/* the thread's CPU time at the last */
	uint32_t returns_mode;		/* what the frames on the host's stack are good for (returns.h) */
	struct tlb_ctx *returns_ctx;
	struct log_limit log;
	uint64_t stat[STAT_COUNT];	/* owner only */
};

/* What a block's translation depends on besides its bytes. Interned: equal modes have equal numbers (mode.c). */
struct arm_mode {
	uint8_t el;
	bool mmu, big_endian, align_check, sp_align_check, spsel, pan, uao, fp_trap, fp_exact, ss, il;
	uint8_t tbi;			/* bit 0: TBI for low addresses, bit 1: high */
	uint8_t fp_round;		/* FPCR.RMode */
	bool fz, dn, fz16, ahp;
	/* SCTLR UCI DZE UCT UMA nTWI nTWE */
	bool el0_trap_cache, el0_trap_zva, el0_trap_ctr, el0_trap_daif, el0_trap_wfi, el0_trap_wfe;
	bool el0_cntvct, el0_cntpct, el0_cntv, el0_cntp;	/* CNTKCTL: EL0 may read */
	bool watch;			/* watchpoints or breakpoints armed: memory and fetch checks out of line */
};

#define CPU_OFFSET(field)	((int32_t)offsetof(struct arm_cpu, field) - CPU_BIAS)

/* Byte offset from rbp of a slot, and its size. */
static inline int32_t slot_offset(unsigned slot)
{
	if (slot < 31)
		return CPU_OFFSET(x) + 8 * (int32_t)slot;
	if (slot == 31)
		return CPU_OFFSET(sp);
	if (slot == 32)
		return CPU_OFFSET(flags);
	return CPU_OFFSET(v) + 16 * (int32_t)(slot - 33);
}

#endif
