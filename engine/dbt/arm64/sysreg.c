/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers: access rules and effects (ARM DDI 0487 C5.2, D19). The registers themselves are in arm_sysregs.h.
 *
 * A register is found by a switch over its encoding that the compiler makes into a tree; its row says who may access it and
 * how. Translated code reads and writes plain registers itself (arm_sysreg_inline_*), so what comes here has effects, is
 * trapped, or belongs to a device on BUS_SYSREG.
 */
#include "base/bits.h"
#include "base/log.h"
#include "engine/dbt/arm64/arm_sysregs.h"
#include "engine/dbt/arm64/sys_private.h"
#include "engine/dbt/arm64/sysreg_bits.h"
#include "engine/dbt/vm.h"
#include "isa/arm64/a64_ops.h"
#include "isa/arm64/sysreg.h"

/* ---- effects of writes to stored registers: old is the value before ---- */

static void after_mode(struct arm_cpu *cpu, uint64_t old)
{
	arm_mode_system_update(cpu);
}

static void after_sctlr(struct arm_cpu *cpu, uint64_t old)
{
	uint64_t changed;

	cpu->sctlr_el1 = (cpu->sctlr_el1 & cpu->sctlr_mask) | SCTLR_RES1 |
			 (~cpu->sctlr_mask & (SCTLR_SPAN | SCTLR_TSCXT));
	changed = cpu->sctlr_el1 ^ old;
	if (changed & (SCTLR_WXN | SCTLR_EE))
		tlb_flush_all(cpu, false);
	if (changed & SCTLR_M)
		tlb_switch(cpu);
	arm_mode_system_update(cpu);
}

static void after_ttbr(struct arm_cpu *cpu, uint64_t old)
{
	tlb_switch(cpu);
}

/* Fields of TCR_EL1 may be cached in a TLB, and the guest must invalidate when it changes them; it is rare enough to do so. */
static void after_tcr(struct arm_cpu *cpu, uint64_t old)
{
	uint64_t changed;

	cpu->tcr_el1 &= cpu->tcr_mask;
	changed = cpu->tcr_el1 ^ old;
	if (!changed)
		return;
	if (changed & ~(TCR_A1 | TCR_AS))
		tlb_flush_all(cpu, false);
	tlb_switch(cpu);
	arm_mode_system_update(cpu);
}

static void after_mair(struct arm_cpu *cpu, uint64_t old)
{
	if (cpu->mair_el1 != old)
		tlb_flush_all(cpu, false);
}

static void after_daif(struct arm_cpu *cpu, uint64_t old)
{
	if ((cpu->daif ^ old) & PSTATE_D)
		arm_mode_update(cpu);
	arm_irq_update(cpu);
}

void arm_set_daif(struct arm_cpu *cpu, uint64_t daif)
{
	uint64_t old = cpu->daif;

	cpu->daif = daif & PSTATE_DAIF;
	after_daif(cpu, old);
}

/* ---- registers made of code ---- */

static enum sr sr_ccsidr(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	/* CSSELR: level - 1 in bits 3:1, bit 0 instruction. L1 data and instruction, L2 unified. */
	*v = cpu->csselr_el1 < 3 ? cpu->model->ccsidr[cpu->csselr_el1] : 0;
	return SR_OK;
}

static enum sr sr_dczid(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	*v = cpu->id[ARM64_DCZID] | (!cpu->el && !(cpu->sctlr_el1 & SCTLR_DZE) ? BIT(4) : 0);
	return SR_OK;
}

/* UNDEFINED where SP_EL0 is the current stack pointer. */
static enum sr sr_sp_el0(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	if (!cpu->spsel)
		return SR_UNDEFINED;
	if (write)
		cpu->sp_el0 = *v;
	else
		*v = cpu->sp_el0;
	return SR_OK;
}

static enum sr sr_isr(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	uint32_t pins = __atomic_load_n(&cpu->pins, __ATOMIC_ACQUIRE);

	*v = (pins >> CPU_IRQ & 1 ? BIT(7) : 0) | (pins >> CPU_FIQ & 1 ? BIT(6) : 0);
	return SR_OK;
}

static enum sr sr_spsel(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	if (write) {
		arm_set_sp_bank(cpu, cpu->el, *v & 1);
		arm_mode_update(cpu);
	} else {
		*v = cpu->spsel;
	}
	return SR_OK;
}

static enum sr sr_currentel(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	*v = (uint64_t)cpu->el << 2;
	return SR_OK;
}

static enum sr pstate_bit(struct arm_cpu *cpu, bool write, uint64_t *v, uint32_t feature, uint32_t bit)
{
	if (!(cpu->model->system & feature))
		return SR_UNDEFINED;
	if (write) {
		cpu->pstate_misc = (cpu->pstate_misc & ~bit) | (uint32_t)(*v & bit);
		arm_mode_update(cpu);
	} else {
		*v = cpu->pstate_misc & bit;
	}
	return SR_OK;
}

static enum sr sr_pan(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	return pstate_bit(cpu, write, v, ARM64_PAN, PSTATE_PAN);
}

static enum sr sr_uao(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	return pstate_bit(cpu, write, v, ARM64_UAO, PSTATE_UAO);
}

static enum sr sr_ssbs(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	return pstate_bit(cpu, write, v, ARM64_SSBS, PSTATE_SSBS);
}

static enum sr scxtnum(struct arm_cpu *cpu, bool write, uint64_t *v, unsigned el)
{
	if (!(cpu->model->system & ARM64_SCXTNUM))
		return SR_UNDEFINED;
	if (!cpu->el && (cpu->sctlr_el1 & SCTLR_TSCXT))
		return SR_TRAP;
	if (write)
		cpu->scxtnum[el] = *v;
	else
		*v = cpu->scxtnum[el];
	return SR_OK;
}

static enum sr sr_scxtnum_el0(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	return scxtnum(cpu, write, v, 0);
}

static enum sr sr_scxtnum_el1(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	return scxtnum(cpu, write, v, 1);
}

static enum sr sr_nzcv(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	if (write)
		cpu->flags = nzcv_to_flags((uint32_t)*v);
	else
		*v = flags_to_nzcv((uint16_t)cpu->flags);
	return SR_OK;
}

static enum sr sr_fpcr(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	if (write)
		arm_set_fpcr(cpu, *v);
	else
		*v = cpu->fpcr;
	return SR_OK;
}

static enum sr sr_fpsr(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	if (write)
		arm_set_fpsr(cpu, *v);
	else
		*v = arm_fpsr(cpu);
	return SR_OK;
}

/* EL1 is the highest level, so it may write the frequency; the counter's own doesn't change by that. */
static enum sr sr_cntfrq(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	if (!write)
		*v = cpu->vm->vm->time.counter_hz;
	return SR_OK;
}

static enum sr sr_counter(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	*v = vm_counter(&cpu->vm->vm->time);
	return SR_OK;
}

static enum sr sr_oslar(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	cpu->oslsr_el1 = OSLSR_OSLM | (*v & 1 ? OSLSR_OSLK : 0);
	arm_mode_system_update(cpu);
	return SR_OK;
}

static enum sr sr_claim_set(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	if (write)
		cpu->dbgclaim |= *v & 0xff;
	else
		*v = 0xff;
	return SR_OK;
}

static enum sr sr_claim_clear(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	if (write)
		cpu->dbgclaim &= ~*v;
	else
		*v = cpu->dbgclaim;
	return SR_OK;
}

/* Non-secure invasive and non-invasive debug are implemented and enabled. */
static enum sr sr_authstatus(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	*v = 0xf;
	return SR_OK;
}

/* ---- the table ---- */

enum el0_access { EL0_NO, EL0_RO, EL0_RW, EL0_UCT, EL0_UMA, EL0_CNTF, EL0_PCT, EL0_VCT, EL0_VT, EL0_PT, EL0_DCC, EL0_FP };
enum el1_access { EL1_RO = 1, EL1_WO = 2, EL1_RW = 3 };

struct sysreg {
	const char *name;
	uint32_t enc;
	uint8_t el0, el1;
	int32_t offset;				/* in arm_cpu; -1: not stored */
	uint64_t mask;
	void (*after)(struct arm_cpu *cpu, uint64_t old);
	enum sr (*access)(struct arm_cpu *cpu, bool write, uint64_t *v);
};

#define AT(field)	((int32_t)offsetof(struct arm_cpu, field))
#define ROW(reg, o0, o1, n, m, o2, e0, e1) \
	.name = #reg, .enc = SYSREG(o0, o1, n, m, o2), .el0 = EL0_##e0, .el1 = EL1_##e1
#define P(name, o0, o1, n, m, o2, e0, e1, field, bits) \
	{ ROW(name, o0, o1, n, m, o2, e0, e1), .offset = AT(field), .mask = bits },
#define W(name, o0, o1, n, m, o2, e0, e1, field, bits, fn) \
	{ ROW(name, o0, o1, n, m, o2, e0, e1), .offset = AT(field), .mask = bits, .after = fn },
#define F(name, o0, o1, n, m, o2, e0, e1, fn)	{ ROW(name, o0, o1, n, m, o2, e0, e1), .offset = -1, .access = fn },
#define I(name, o0, o1, n, m, o2, e0, index)	{ ROW(name, o0, o1, n, m, o2, e0, RO), .offset = AT(id[index]) },
#define Z(name, o0, o1, n, m, o2, e0, e1)	F(name, o0, o1, n, m, o2, e0, e1, read_zero)
static enum sr read_zero(struct arm_cpu *cpu, bool write, uint64_t *v)
{
	if (!write)
		*v = 0;
	return SR_OK;
}

static const struct sysreg sysregs[] = {
	ARM_SYSREGS(P, W, F, I, Z)
};
#undef P
#undef W
#undef F
#undef I
#undef Z
#undef ROW

/* The same order as the table. */
enum {
#define P(name, ...)	R_##name,
	ARM_SYSREGS(P, P, P, P, P)
#undef P
	R_COUNT
};

static const struct sysreg *sysreg_find(uint32_t enc)
{
	switch (enc) {
#define P(name, o0, o1, n, m, o2, ...)	case SYSREG(o0, o1, n, m, o2): return &sysregs[R_##name];
	ARM_SYSREGS(P, P, P, P, P)
#undef P
	default:
		return NULL;
	}
}

const char *arm_sysreg_name(uint32_t enc)
{
	const struct sysreg *r = sysreg_find(enc);

	return r ? r->name : NULL;
}

/* ID registers that no extension here defines: op0 3, op1 0, CRn 0, CRm 1 to 7. */
static bool is_reserved_id(uint32_t enc)
{
	return enc >= SYSREG(3, 0, 0, 1, 0) && enc <= SYSREG(3, 0, 0, 7, 7);
}

static uint64_t *stored(struct arm_cpu *cpu, const struct sysreg *r)
{
	return (uint64_t *)((char *)cpu + r->offset);
}

/* What EL0 may do. */
static enum sr el0_check(const struct arm_cpu *cpu, const struct sysreg *r, bool write)
{
	uint64_t s = cpu->sctlr_el1, k = cpu->cntkctl_el1;
	bool ok = true;

	if (write && !(r->el1 & EL1_WO))
		return SR_UNDEFINED;
	switch ((enum el0_access)r->el0) {
	case EL0_NO:	return SR_UNDEFINED;
	case EL0_RO:	return write ? SR_UNDEFINED : SR_OK;
	case EL0_RW:	return SR_OK;
	case EL0_FP:	return SR_OK;
	case EL0_CNTF:
		if (write)
			return SR_UNDEFINED;
		ok = k & (CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN);
		break;
	case EL0_UCT:	ok = s & SCTLR_UCT; break;
	case EL0_UMA:	ok = s & SCTLR_UMA; break;
	case EL0_PCT:	ok = k & CNTKCTL_EL0PCTEN; break;
	case EL0_VCT:	ok = k & CNTKCTL_EL0VCTEN; break;
	case EL0_PT:	ok = k & CNTKCTL_EL0PTEN; break;
	case EL0_VT:	ok = k & CNTKCTL_EL0VTEN; break;
	case EL0_DCC:	ok = !(cpu->mdscr_el1 & MDSCR_TDCC); break;
	}
	return ok ? SR_OK : SR_TRAP;
}

static bool fp_trapped(const struct arm_cpu *cpu)
{
	unsigned fpen = (unsigned)field_get(CPACR_FPEN, cpu->cpacr_el1);

	return cpu->el ? !(fpen & 1) : fpen != 3;
}

static enum sr check(const struct arm_cpu *cpu, const struct sysreg *r, bool write)
{
	if (r->el0 == EL0_FP && fp_trapped(cpu))
		return SR_FP;
	if (!cpu->el)
		return el0_check(cpu, r, write);
	return r->el1 & (write ? EL1_WO : EL1_RO) ? SR_OK : SR_UNDEFINED;
}

static enum sr bus_register(struct arm_cpu *cpu, uint32_t enc, bool write, uint64_t *v)
{
	struct bus_access a = { .vcpu = cpu->vcpu, .value = write ? *v : 0, .size = 8, .write = write };

	if (bus_access(&cpu->vm->vm->bus, BUS_SYSREG, enc, &a) != BUS_OK)
		return SR_UNDEFINED;
	if (!write)
		*v = a.value;
	return SR_OK;
}

static enum sr sysreg_access(struct arm_cpu *cpu, uint32_t enc, bool write, uint64_t *v)
{
	const struct sysreg *r = sysreg_find(enc);
	enum sr sr;
	uint64_t *p, old;

	if (!r) {
		if (!cpu->el)
			return SR_UNDEFINED;
		if (!write && is_reserved_id(enc)) {
			*v = 0;
			return SR_OK;
		}
		return bus_register(cpu, enc, write, v);
	}
	sr = check(cpu, r, write);
	if (sr != SR_OK)
		return sr;
	if (r->offset < 0)
		return r->access ? r->access(cpu, write, v) : bus_register(cpu, enc, write, v);
	p = stored(cpu, r);
	if (!write) {
		*v = *p;
		return SR_OK;
	}
	old = *p;
	*p = *v & r->mask;
	if (r->after)
		r->after(cpu, old);
	return SR_OK;
}

static enum sysreg_result finish(struct arm_cpu *cpu, uint32_t enc, bool write, enum sr sr)
{
	if (likely(sr == SR_OK))
		return SYSREG_OK;
	if (sr == SR_UNDEFINED && cpu->el)
		log_limited(&cpu->log, LOG_DEBUG, "vCPU %u: %s of system register S%u_%u_C%u_C%u_%u (%s) at pc 0x%llx is UNDEFINED",
			    cpu->vcpu->index, write ? "write" : "read", enc >> 14, enc >> 11 & 7, enc >> 7 & 15, enc >> 3 & 15,
			    enc & 7, arm_sysreg_name(enc) ? arm_sysreg_name(enc) : "unknown", (unsigned long long)cpu->pc);
	arm_sys_fault(cpu, enc, !write, sr);
	return SYSREG_FAULTED;
}

enum sysreg_result arm_sysreg_read(struct arm_cpu *cpu, uint32_t enc, uint64_t *val)
{
	return finish(cpu, enc, false, sysreg_access(cpu, enc, false, val));
}

enum sysreg_result arm_sysreg_write(struct arm_cpu *cpu, uint32_t enc, uint64_t val)
{
	return finish(cpu, enc, true, sysreg_access(cpu, enc, true, &val));
}

bool arm_sysreg_peek(struct arm_cpu *cpu, uint32_t enc, uint64_t *val)
{
	const struct sysreg *r = sysreg_find(enc);

	*val = 0;
	if (!r || !(r->el1 & EL1_RO))
		return r == NULL && is_reserved_id(enc);
	if (r->offset >= 0) {
		*val = *stored(cpu, r);
		return true;
	}
	return r->access && r->access(cpu, false, val) == SR_OK;
}

/* ---- what translated code may do itself ---- */

/* EL0 access rules as the mode has them. */
static bool mode_permits(const struct arm_mode *m, const struct sysreg *r, bool write)
{
	if (m->el)
		return r->el1 & (write ? EL1_WO : EL1_RO);
	switch ((enum el0_access)r->el0) {
	case EL0_RO:	return !write;
	case EL0_RW:	return true;
	case EL0_UCT:	return !write && !m->el0_trap_ctr;
	case EL0_UMA:	return !write && !m->el0_trap_daif;
	default:	return false;
	}
}

int32_t arm_sysreg_inline_read(const struct arm_mode *m, uint32_t enc)
{
	const struct sysreg *r = sysreg_find(enc);

	if (!r)
		return -1;
	switch ((int)(r - sysregs)) {
	case R_SP_EL0:
		return m->el && m->spsel ? AT(sp_el0) : -1;
	case R_FPCR:
		return m->fp_trap ? -1 : AT(fpcr);
	case R_DCZID_EL0:
		return m->el || !m->el0_trap_zva ? AT(id[ARM64_DCZID]) : -1;
	default:
		return r->offset >= 0 && mode_permits(m, r, false) ? r->offset : -1;
	}
}

int32_t arm_sysreg_inline_write(const struct arm_mode *m, uint32_t enc)
{
	const struct sysreg *r = sysreg_find(enc);

	if (!r)
		return -1;
	if (r - sysregs == R_SP_EL0)
		return m->el && m->spsel ? AT(sp_el0) : -1;
	return r->offset >= 0 && !r->after && r->mask == ~0ull && mode_permits(m, r, true) ? r->offset : -1;
}

bool arm_sysreg_write_is_quiet(uint32_t enc)
{
	const struct sysreg *r = sysreg_find(enc);

	switch (enc) {
	case SYS_ICC_EOIR0_EL1: case SYS_ICC_EOIR1_EL1: case SYS_ICC_DIR_EL1:
	case SYS_ICC_SGI0R_EL1: case SYS_ICC_SGI1R_EL1: case SYS_ICC_ASGI1R_EL1:
		return true;
	default:
		break;
	}
	if (!r)
		return false;
	switch ((int)(r - sysregs)) {
	case R_MAIR_EL1: case R_NZCV: case R_FPSR: case R_SP_EL0: case R_CNTFRQ_EL0:
		return true;
	default:
		/* Plain ones, and the timers': they raise their interrupt later. */
		return r->offset >= 0 ? !r->after : !r->access || r->access == read_zero;
	}
}

/* ---- floating point control and status ---- */

uint64_t arm_fpsr(struct arm_cpu *cpu)
{
	/* MXCSR: IE DE ZE OE UE PE in bits 5:0; FPSR: IOC DZC OFC UFC IXC in 4:0. A host denormal operand is no FPSR event. */
	uint32_t csr = cpu->mxcsr;

	return cpu->fpsr | (csr & 1) | (csr >> 1 & 0x1e) | (cpu->fpsr_qc ? FPSR_QC : 0);
}

void arm_set_fpsr(struct arm_cpu *cpu, uint64_t val)
{
	cpu->mxcsr &= ~0x3fu;
	cpu->fpsr = val & (FPSR_CUMULATIVE | FPSR_QC);
	cpu->fpsr_qc = 0;
}

void arm_set_fpcr(struct arm_cpu *cpu, uint64_t val)
{
	uint64_t mask = FPCR_RMODE | FPCR_FZ | FPCR_DN | FPCR_AHP;

	if (cpu->model->features & BIT(A64_FEAT_fp16))
		mask |= FPCR_FZ16;
	cpu->fpcr = val & mask;
	arm_mode_system_update(cpu);
}

/* ---- reset ---- */

void arm_cpu_reset(struct arm_cpu *cpu)
{
	const struct arm64_cpu_model *m = arm64_cpu_model_of(cpu->vm->vm->cpu_model);
	bool gicv3 = bus_find(&cpu->vm->vm->bus, BUS_SYSREG, SYS_ICC_SRE_EL1) != NULL;

	cpu->model = m;
	arm64_id_registers(m, cpu->vcpu->hwid, gicv3, cpu->id);
	cpu->tcr_mask = TCR_BASE | (m->system & ARM64_HAFDBS ? TCR_HA | TCR_HD : 0) |
			(m->system & ARM64_E0PD ? TCR_E0PD0 | TCR_E0PD1 : 0);
	cpu->sctlr_mask = SCTLR_BASE | (m->system & ARM64_PAN ? SCTLR_SPAN : 0) |
			  (m->system & ARM64_SSBS ? SCTLR_DSSBS : 0) | (m->system & ARM64_SCXTNUM ? SCTLR_TSCXT : 0);
	for (unsigned i = 0; i < 31; i++)
		cpu->x[i] = 0;
	for (unsigned i = 0; i < 32; i++)
		cpu->v[i].d[0] = cpu->v[i].d[1] = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(cpu->mode_cache); i++)
		cpu->mode_cache[i].key = ~0u;
	for (unsigned i = 0; i < ARRAY_SIZE(cpu->dbgbcr); i++)
		cpu->dbgbvr[i] = cpu->dbgbcr[i] = cpu->dbgwvr[i] = cpu->dbgwcr[i] = 0;
	cpu->sp = cpu->sp_el0 = cpu->sp_el1 = 0;
	cpu->el = cpu->spsel = 1;
	cpu->daif = PSTATE_DAIF;
	cpu->pstate_misc = 0;
	cpu->flags = nzcv_to_flags(0);
	cpu->excl_size = cpu->fpsr_qc = cpu->redirect = 0;
	cpu->mxcsr = 0x1f80;
	cpu->fpcr = cpu->fpsr = 0;
	cpu->elr_el1 = cpu->spsr_el1 = cpu->esr_el1 = cpu->far_el1 = cpu->vbar_el1 = cpu->par_el1 = 0;
	cpu->tcr_el1 = cpu->ttbr0_el1 = cpu->ttbr1_el1 = cpu->mair_el1 = cpu->cpacr_el1 = cpu->contextidr_el1 = 0;
	cpu->tpidr_el0 = cpu->tpidrro_el0 = cpu->tpidr_el1 = 0;
	cpu->cntkctl_el1 = cpu->csselr_el1 = cpu->mdscr_el1 = cpu->osdlr_el1 = cpu->mdccint_el1 = 0;
	cpu->dbgclaim = cpu->dbgdtr = cpu->dbgprcr = cpu->oseccr = 0;
	cpu->oslsr_el1 = OSLSR_OSLM | OSLSR_OSLK;
	cpu->scxtnum[0] = cpu->scxtnum[1] = 0;
	cpu->sctlr_el1 = SCTLR_RES1 | SCTLR_SPAN | SCTLR_TSCXT;
	if (cpu->tlb) {
		tlb_flush_all(cpu, false);
		tlb_switch(cpu);
	}
	arm_mode_system_update(cpu);
	arm_irq_update(cpu);
}
