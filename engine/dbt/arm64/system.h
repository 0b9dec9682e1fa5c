/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system side of an arm64 vCPU: modes, exceptions, system registers, interrupts. All functions run on the owner, in C,
 * outside translated code or called from it with all guest state in memory (cpu->pc exact, slots saved).
 */
#ifndef ENGINE_DBT_ARM64_SYSTEM_H
#define ENGINE_DBT_ARM64_SYSTEM_H

#include "engine/dbt/arm64/cpu.h"
#include "engine/dbt/tlb.h"

/* Exception syndrome classes (ESR_ELx.EC). */
enum {
	EC_UNKNOWN = 0x00, EC_WFX = 0x01, EC_FP_ACCESS = 0x07, EC_ILLEGAL = 0x0e, EC_SVC64 = 0x15, EC_HVC64 = 0x16,
	EC_SMC64 = 0x17, EC_SYSREG = 0x18, EC_IABORT_LOW = 0x20, EC_IABORT = 0x21, EC_PC_ALIGN = 0x22, EC_DABORT_LOW = 0x24,
	EC_DABORT = 0x25, EC_SP_ALIGN = 0x26, EC_FP_EXC = 0x2c, EC_SERROR = 0x2f, EC_BREAK_LOW = 0x30, EC_BREAK = 0x31,
	EC_STEP_LOW = 0x32, EC_STEP = 0x33, EC_WATCH_LOW = 0x34, EC_WATCH = 0x35, EC_BRK64 = 0x3c,
};

/* Fault status codes (DFSC, IFSC). */
enum {
	FSC_ADDRESS_SIZE = 0x00, FSC_TRANSLATION = 0x04, FSC_ACCESS_FLAG = 0x08, FSC_PERMISSION = 0x0c,	/* + level */
	FSC_EXTERNAL = 0x10, FSC_EXTERNAL_WALK = 0x14 /* + level */, FSC_ALIGNMENT = 0x21, FSC_TLB_CONFLICT = 0x30,
	FSC_ATOMIC = 0x35, FSC_DEBUG = 0x22,
};

/* ---- mode.c: what translations depend on ---- */
/*
 * The modes that a machine has met; in struct dbt_vm. Entries don't move or change until all are forgotten, which happens when
 * the table is full and the code cache is emptied. Until then a vCPU in one more mode has a number of its own past the table
 * (ARM_MODES_MAX + index), for which nothing may be translated.
 */
#define ARM_MODES_MAX	4096
struct arm_modes {
	struct lock lock;
	uint32_t count;
	uint32_t generation;		/* atomic: how often all were forgotten */
	bool full;			/* there was one more */
	uint32_t key[ARM_MODES_MAX];
	struct arm_mode mode[ARM_MODES_MAX + VM_MAX_VCPUS];
	uint16_t hash[2 * ARM_MODES_MAX];	/* number + 1; 0: free */
	bool fp_exact;			/* options->flag_exact: set before the first vCPU */
};

/* Recomputes cpu->mode from PSTATE, after anything in it that a mode depends on has changed. Fast. */
void arm_mode_update(struct arm_cpu *cpu);
/* The same after a system register that a mode depends on (SCTLR, TCR, CPACR, CNTKCTL, FPCR, MDSCR, DBG*) has changed. */
void arm_mode_system_update(struct arm_cpu *cpu);
const struct arm_mode *arm_mode_get(struct dbt_vm *vm, uint32_t mode);	/* interned; valid while the vCPU is inside code */
/* With no vCPU inside code and the cache empty: forgets all modes if there were too many. */
void arm_modes_renew(struct dbt_vm *vm);
/* The owner, before it runs code: its mode's number if modes have been forgotten since the last time. */
void arm_mode_follow(struct arm_cpu *cpu);

/* ---- except.c: exception entry and return; cpu->pc is the preferred return address on entry, the new PC after ---- */
enum arm_vector { VEC_SYNC = 0x000, VEC_IRQ = 0x080, VEC_FIQ = 0x100, VEC_SERROR = 0x180 };
void arm_take_exception(struct arm_cpu *cpu, enum arm_vector vector, uint64_t esr);
/* Synchronous, with EC and ISS (IL set); SYNC exceptions set FAR only where va is given. */
void arm_sync_exception(struct arm_cpu *cpu, unsigned ec, uint32_t iss);
void arm_undefined(struct arm_cpu *cpu);
/* A data or instruction abort; `write` for WnR; fault.va goes to FAR. cpu->pc is the faulting instruction. */
void arm_data_abort(struct arm_cpu *cpu, const struct arm_fault *f, bool write, bool cache_op);
void arm_fetch_abort(struct arm_cpu *cpu, const struct arm_fault *f);
void arm_eret(struct arm_cpu *cpu);
/* Current PSTATE in SPSR form, and the reverse (no checks). */
uint32_t arm_pstate(const struct arm_cpu *cpu);
void arm_set_sp_bank(struct arm_cpu *cpu, unsigned el, unsigned spsel);	/* saves cpu->sp to its bank, loads the other */

/* ---- interrupts ---- */
/* True and the exception taken, if a pin is up that PSTATE lets through. Clears KICK_PINS once no pin is up. */
bool arm_take_interrupt(struct arm_cpu *cpu);
bool arm_interrupt_pending(const struct arm_cpu *cpu);	/* for WFI: masked ones wake too */
bool arm_interrupt_unmasked(const struct arm_cpu *cpu);	/* for WFE */
void arm_irq_update(struct arm_cpu *cpu);		/* KICK_IRQ from pins and masks; after a mask has changed */
/* Any thread: sets bits of cpu->kick and ends a WFI. Pins and the like are to be set before. */
void arm_kick(struct arm_cpu *cpu, uint32_t kick_bits);

/* ---- sysreg.c: one table (arm_sysregs.h, X-macro) of every register: access rules, reset values, names ---- */
enum sysreg_result { SYSREG_OK, SYSREG_FAULTED /* exception taken, cpu->pc is the vector */ };
enum sysreg_result arm_sysreg_read(struct arm_cpu *cpu, uint32_t enc, uint64_t *val);
/* The write's side effects (tlb_switch, arm_mode_update …) are done on return. cpu->pc is the MSR itself on entry. */
enum sysreg_result arm_sysreg_write(struct arm_cpu *cpu, uint32_t enc, uint64_t val);
/* For a debugger: stored and computed registers with EL1's rights and no effect on the guest. False: there is none. */
bool arm_sysreg_peek(struct arm_cpu *cpu, uint32_t enc, uint64_t *val);
/* SYS: TLBI, IC, DC, AT (enc with op0 = 1). */
enum sysreg_result arm_sys_insn(struct arm_cpu *cpu, uint32_t enc, uint64_t val);
/* The instruction at pc, for what is rarely asked of it (registers in a syndrome). 0 if it cannot be read any more. */
uint32_t arm_insn_at(struct arm_cpu *cpu, uint64_t pc);
const char *arm_sysreg_name(uint32_t enc);	/* NULL: unknown */
/* What the lifter may do inline: byte offset in arm_cpu of a register that is plain storage, readable (writable) in this mode
   without effect; -1 otherwise. */
int32_t arm_sysreg_inline_read(const struct arm_mode *m, uint32_t enc);
int32_t arm_sysreg_inline_write(const struct arm_mode *m, uint32_t enc);
/* The write can change neither mode, context nor unmasked interrupts: HELPER_msr_quiet will do. */
bool arm_sysreg_write_is_quiet(uint32_t enc);

/* Reset state of the architecture; PC, x0 and power are the engine's. */
void arm_cpu_reset(struct arm_cpu *cpu);
uint64_t arm_fpsr(struct arm_cpu *cpu);		/* folds MXCSR and QC */
void arm_set_fpsr(struct arm_cpu *cpu, uint64_t val);
void arm_set_fpcr(struct arm_cpu *cpu, uint64_t val);

/* ---- debug.c: self-hosted debug ---- */
/* OS lock or double lock: no debug exceptions but those of BRK. DBGPRCR_EL1.CORENPDRQ keeps the double lock open. */
bool arm_debug_locked(const struct arm_cpu *cpu);
/* The step state machine: `advance` after an instruction that did not fault (PSTATE.SS is used up), 2 if that was a load-exclusive;
   takes the step exception if it is due. True: it was. */
bool arm_step_check(struct arm_cpu *cpu, unsigned advance);
/* Only with mode->watch. Takes the exception and returns true if a breakpoint matches cpu->pc; if a watchpoint matches. */
bool arm_breakpoint_check(struct arm_cpu *cpu);
bool arm_watchpoint_check(struct arm_cpu *cpu, uint64_t va, unsigned size, bool write, bool unprivileged);
void arm_software_break(struct arm_cpu *cpu, uint32_t imm16);

/* Cache maintenance to the point of unification, and its like: provided by cache.c. */
void dbt_ic_ivau(struct arm_cpu *cpu, gpa_t gpa);	/* the line's translations are compared with memory and dropped if stale */
void dbt_ic_iall(struct arm_cpu *cpu);

/* ---- helpers.c: what translated code calls ---- */
/*
 * HELPER(name, flags): uint64_t dbt_h_<name>(struct arm_cpu *cpu, uint64_t a, uint64_t b, uint64_t c). Flags:
 * S: all slots saved and cpu->pc stored before the call (it looks at or changes guest state);
 * C: slots may have changed: forget what registers hold; F: may take an exception: then it sets cpu->redirect.
 * Helpers of EXIT_HELPER always have S; after them the dispatcher runs whatever cpu->pc says.
 */
#define DBT_HELPERS(H) \
	H(mrs, "SF")		/* a=enc -> value */ \
	H(msr, "SF")		/* a=enc, b=value; EXIT_HELPER; pc=insn; advances pc unless it faulted */ \
	H(msr_quiet, "SF")	/* CALL form for registers whose write can change neither mode nor translation */ \
	H(sys, "SF")		/* a=enc, b=value: TLBI, IC, DC, AT; CALL */ \
	H(msr_imm, "S")		/* a=op1<<3|op2, b=imm4; EXIT_HELPER; pc=insn; advances */ \
	H(svc, "S")		/* a=imm16; EXIT_HELPER, pc=next */ \
	H(hvc, "S")		/* a=imm16; pc=next */ \
	H(smc, "S")		/* a=imm16; pc=insn (SMC is trapped or advances) */ \
	H(brk, "S")		/* a=imm16; pc=insn */ \
	H(hlt, "S")		/* a=imm16; pc=insn: semihosting or UNDEFINED; advances when served */ \
	H(udf, "S")		/* pc=insn */ \
	H(trap, "S")		/* a=EC, b=ISS; pc=insn: synchronous exception */ \
	H(eret, "S")		/* pc=insn */ \
	H(wfi, "S")		/* pc=next */ \
	H(wfe, "S")		/* pc=next */ \
	H(yield, "S")		/* pc=next */ \
	H(sev, "") \
	H(isb, "S")		/* pc=next: pending effects, interrupts */ \
	H(dsb, "S")		/* tlb_sync; CALL */ \
	H(counter, "")		/* -> CNTVCT, where it can't be read inline */ \
	H(fpsr_read, "") H(fpcr_write, "S") H(fpsr_write, "") \
	H(illegal, "S")		/* illegal execution state; pc=insn */ \
	H(step, "S")		/* a=1: the instruction has run (2: a load-exclusive), take the step exception; pc=next */ \
	H(ldxp, "SCF")		/* a=address, b=size (4,8)|rt<<8|rt2<<16: pair exclusive load into x[] */ \
	H(stxp, "SF")		/* a=address, b=size|rt<<8|rt2<<16 -> status */ \
	H(casp, "SCF")		/* a=address, b=size|rs<<8|rt<<16 */ \
	H(sp_check, "SF")	/* a=SP: an exception if it is not 16-aligned; CALL */ \
	H(pc_align, "S")	/* a=address: PC alignment fault */

#define X(name, flags) uint64_t dbt_h_##name(struct arm_cpu *cpu, uint64_t a, uint64_t b, uint64_t c);
DBT_HELPERS(X)
#undef X
enum dbt_helper {
#define X(name, flags) HELPER_##name,
	DBT_HELPERS(X)
#undef X
	HELPER_COUNT
};
struct dbt_helper_info { const char *name; uint64_t (*fn)(struct arm_cpu *, uint64_t, uint64_t, uint64_t); const char *flags; };
extern const struct dbt_helper_info dbt_helper_info[HELPER_COUNT];

#endif
