/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modes: what a block's translation depends on besides its bytes (docs/dbt.md, "Blocks hold no virtual address").
 *
 * A mode packs into a 31-bit key. What system registers contribute is kept per EL in cpu->mode_sys and changes rarely;
 * what PSTATE contributes is ORed in at each exception, ERET or MSR. The key is then looked up in a small cache of the
 * vCPU, and on a miss in the machine's table, where it gets its number. What cannot matter in a mode is zero in its key
 * (EL0's traps at EL1, PAN at EL0, rounding while FP traps), so that there are few modes. A guest may still make a great many on
 * purpose: then all are forgotten together with the translated code (arm_modes_renew), and numbers begin anew.
 */
#include "base/bits.h"
#include "base/string.h"
#include "engine/dbt/arm64/sysreg_bits.h"
#include "engine/dbt/vm.h"

enum {
	M_EL = 0, M_MMU, M_BE, M_ALIGN, M_SP_ALIGN, M_SPSEL, M_PAN, M_UAO, M_FP_TRAP, M_FP_EXACT, M_SS, M_IL,
	M_TBI = 12, M_ROUND = 14, M_FZ = 16, M_DN, M_FZ16, M_AHP,
	M_UCI = 20, M_DZE, M_UCT, M_UMA, M_WFI, M_WFE, M_VCT, M_PCT, M_VT, M_PT, M_WATCH,
};
#define M(bit)	(1u << (bit))

static uint32_t put(bool on, unsigned bit)
{
	return (uint32_t)on << bit;
}

static void unpack(struct arm_mode *m, uint32_t k)
{
#define B(bit)	((k >> (bit) & 1) != 0)
	*m = (struct arm_mode) {
		.el = k & 1, .mmu = B(M_MMU), .big_endian = B(M_BE), .align_check = B(M_ALIGN), .sp_align_check = B(M_SP_ALIGN),
		.spsel = B(M_SPSEL), .pan = B(M_PAN), .uao = B(M_UAO), .fp_trap = B(M_FP_TRAP), .fp_exact = B(M_FP_EXACT),
		.ss = B(M_SS), .il = B(M_IL), .tbi = k >> M_TBI & 3, .fp_round = k >> M_ROUND & 3,
		.fz = B(M_FZ), .dn = B(M_DN), .fz16 = B(M_FZ16), .ahp = B(M_AHP),
		.el0_trap_cache = B(M_UCI), .el0_trap_zva = B(M_DZE), .el0_trap_ctr = B(M_UCT), .el0_trap_daif = B(M_UMA),
		.el0_trap_wfi = B(M_WFI), .el0_trap_wfe = B(M_WFE),
		.el0_cntvct = B(M_VCT), .el0_cntpct = B(M_PCT), .el0_cntv = B(M_VT), .el0_cntp = B(M_PT),
		.watch = B(M_WATCH),
	};
#undef B
}

/* Linear probing; the table is twice as large as what it may hold. Returns the slot with the key or a free one. */
static uint32_t probe(const struct arm_modes *t, uint32_t key)
{
	uint32_t i = key * 0x9e3779b1u >> 8;

	for (;; i++) {
		i %= 2 * ARM_MODES_MAX;
		if (!t->hash[i] || t->key[t->hash[i] - 1] == key)
			return i;
	}
}

static uint32_t intern(struct arm_modes *t, uint32_t key, uint32_t own)
{
	uint32_t at, n;

	lock_acquire(&t->lock);
	at = probe(t, key);
	if (!t->hash[at]) {
		n = t->count;
		if (n == ARM_MODES_MAX) {
			t->full = true;
			unpack(&t->mode[own], key);
			lock_release(&t->lock);
			return own;
		}
		t->key[n] = key;
		unpack(&t->mode[n], key);
		t->count = n + 1;
		t->hash[at] = (uint16_t)(n + 1);
	}
	n = t->hash[at] - 1u;
	lock_release(&t->lock);
	return n;
}

void arm_modes_renew(struct dbt_vm *vm)
{
	struct arm_modes *t = &vm->modes;

	lock_acquire(&t->lock);
	if (t->full) {
		t->full = false;
		t->count = 0;
		memset(t->hash, 0, sizeof(t->hash));
		__atomic_store_n(&t->generation, t->generation + 1, __ATOMIC_RELEASE);
	}
	lock_release(&t->lock);
}

void arm_mode_follow(struct arm_cpu *cpu)
{
	uint32_t now = __atomic_load_n(&cpu->vm->modes.generation, __ATOMIC_ACQUIRE);

	if (likely(cpu->mode_generation == now))
		return;
	cpu->mode_generation = now;
	for (unsigned i = 0; i < ARRAY_SIZE(cpu->mode_cache); i++)
		cpu->mode_cache[i].key = ~0u;
	arm_mode_update(cpu);
}

const struct arm_mode *arm_mode_get(struct dbt_vm *vm, uint32_t mode)
{
	return &vm->modes.mode[mode];
}

void arm_mode_update(struct arm_cpu *cpu)
{
	uint32_t key = cpu->mode_sys[cpu->el];
	struct arm_mode_cache *c;

	if (cpu->el) {
		key |= put(cpu->spsel, M_SPSEL) | put(cpu->pstate_misc & PSTATE_PAN, M_PAN) |
		       put(cpu->pstate_misc & PSTATE_UAO, M_UAO);
		if (cpu->daif & PSTATE_D)
			key &= ~(M(M_SS) | M(M_WATCH));
	}
	key |= put(cpu->pstate_misc & PSTATE_IL, M_IL);
	c = &cpu->mode_cache[key * 0x9e3779b1u >> 26];
	if (unlikely(c->key != key)) {
		uint32_t n = intern(&cpu->vm->modes, key, ARM_MODES_MAX + cpu->vcpu->index);

		if (n >= ARM_MODES_MAX) {
			cpu->mode = n;
			return;
		}
		c->number = n;
		c->key = key;
	}
	cpu->mode = c->number;
}

static uint32_t fp_key(const struct arm_cpu *cpu, bool trapped)
{
	if (trapped)
		return M(M_FP_TRAP);
	return put(cpu->vm->modes.fp_exact, M_FP_EXACT) | (uint32_t)field_get(FPCR_RMODE, cpu->fpcr) << M_ROUND |
	       put(cpu->fpcr & FPCR_FZ, M_FZ) | put(cpu->fpcr & FPCR_DN, M_DN) | put(cpu->fpcr & FPCR_FZ16, M_FZ16) |
	       put(cpu->fpcr & FPCR_AHP, M_AHP);
}

static bool any_debug_point(const struct arm_cpu *cpu)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cpu->dbgbcr); i++)
		if ((cpu->dbgbcr[i] | cpu->dbgwcr[i]) & DBGCR_E)
			return true;
	return false;
}

/* Step and watch, as if PSTATE.D were clear. */
static uint32_t debug_key(const struct arm_cpu *cpu, unsigned el)
{
	uint64_t m = cpu->mdscr_el1;

	if (!(m & (MDSCR_SS | MDSCR_MDE)) || arm_debug_locked(cpu))
		return 0;
	if (el && !(m & MDSCR_KDE))
		return 0;
	return put(m & MDSCR_SS, M_SS) | put((m & MDSCR_MDE) && any_debug_point(cpu), M_WATCH);
}

void arm_mode_system_update(struct arm_cpu *cpu)
{
	uint64_t s = cpu->sctlr_el1, k = cpu->cntkctl_el1;
	unsigned fpen = (unsigned)field_get(CPACR_FPEN, cpu->cpacr_el1);
	uint32_t debug = debug_key(cpu, 1), both = put(s & SCTLR_M, M_MMU) | put(s & SCTLR_A, M_ALIGN) |
			(uint32_t)field_get(TCR_TBI, cpu->tcr_el1) << M_TBI;

	cpu->mode_sys[1] = both | M(M_EL) | put(s & SCTLR_EE, M_BE) | put(s & SCTLR_SA, M_SP_ALIGN) |
			   fp_key(cpu, !(fpen & 1)) | debug;
	cpu->debug_el1 = debug;
	cpu->mode_sys[0] = both | put(s & SCTLR_E0E, M_BE) | put(s & SCTLR_SA0, M_SP_ALIGN) |
			   fp_key(cpu, fpen != 3) | debug_key(cpu, 0) |
			   put(!(s & SCTLR_UCI), M_UCI) | put(!(s & SCTLR_DZE), M_DZE) | put(!(s & SCTLR_UCT), M_UCT) |
			   put(!(s & SCTLR_UMA), M_UMA) | put(!(s & SCTLR_NTWI), M_WFI) | put(!(s & SCTLR_NTWE), M_WFE) |
			   put(k & CNTKCTL_EL0VCTEN, M_VCT) | put(k & CNTKCTL_EL0PCTEN, M_PCT) |
			   put(k & CNTKCTL_EL0VTEN, M_VT) | put(k & CNTKCTL_EL0PTEN, M_PT);
	arm_mode_update(cpu);
}
