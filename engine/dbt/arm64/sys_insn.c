/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System instructions (SYS): TLBI, cache maintenance, address translation (ARM DDI 0487 C5.3 to C5.5), and the exceptions
 * that system registers and instructions end in.
 *
 * There are no data caches to maintain: DC operations by address only fault as they should. IC IVAU finds the physical line
 * and has its translations compared with memory.
 */
#include "base/bits.h"
#include "engine/dbt/arm64/sys_private.h"
#include "engine/dbt/arm64/sysreg_bits.h"
#include "engine/dbt/arm64/walk.h"
#include "engine/dbt/vm.h"
#include "isa/arm64/sysreg.h"

#define OP1(enc)	((enc) >> 11 & 7)
#define CRN(enc)	((enc) >> 7 & 15)
#define CRM(enc)	((enc) >> 3 & 15)
#define OP2(enc)	((enc) & 7)

uint32_t arm_insn_at(struct arm_cpu *cpu, uint64_t pc)
{
	struct tlb_result res;
	struct arm_fault f;
	uint64_t insn;

	if (tlb_translate(cpu, pc, ACC_FETCH, cpu->el ? TLB_EL1 : TLB_EL0, &res, &f) ||
	    mem_load(&cpu->vm->vm->mem, res.gpa, 4, MEM_RELAXED, &insn))
		return 0;
	return (uint32_t)insn;
}

void arm_sys_fault(struct arm_cpu *cpu, uint32_t enc, bool read, enum sr why)
{
	uint32_t iss;

	switch (why) {
	case SR_OK:
	case SR_TAKEN:
		return;
	case SR_UNDEFINED:
		arm_undefined(cpu);
		return;
	case SR_FP:
		arm_sync_exception(cpu, EC_FP_ACCESS, ISS_COND_ALWAYS);
		return;
	case SR_TRAP:
		iss = enc >> 14 << 20 | OP2(enc) << 17 | OP1(enc) << 14 | CRN(enc) << 10 | (arm_insn_at(cpu, cpu->pc) & 31) << 5 |
		      CRM(enc) << 1 | read;
		arm_sync_exception(cpu, EC_SYSREG, iss);
		return;
	}
}

/* ---- TLBI: CRn 8; CRm 3 inner shareable, 7 this PE only ---- */

/* Bits 43:0 are VA[55:12], the rest of the address its sign. */
static uint64_t tlbi_va(uint64_t val)
{
	return (uint64_t)sign_extend(val << 12, 56);
}

static int32_t tlbi_asid(const struct arm_cpu *cpu, uint64_t val)
{
	return (int32_t)(val >> 48) & (cpu->tcr_el1 & TCR_AS ? 0xffff : 0xff);
}

static enum sr tlbi(struct arm_cpu *cpu, uint32_t enc, uint64_t val)
{
	bool broadcast = CRM(enc) == 3;

	if (!cpu->el || OP1(enc) != 0 || (CRM(enc) != 3 && CRM(enc) != 7))
		return SR_UNDEFINED;
	switch (OP2(enc)) {
	case 0:		/* VMALLE1 */
		tlb_flush_all(cpu, broadcast);
		return SR_OK;
	case 1:		/* VAE1 */
	case 5:		/* VALE1 */
		tlb_flush_va(cpu, tlbi_va(val), tlbi_asid(cpu, val), broadcast);
		return SR_OK;
	case 2:		/* ASIDE1 */
		tlb_flush_asid(cpu, (uint16_t)tlbi_asid(cpu, val), broadcast);
		return SR_OK;
	case 3:		/* VAAE1 */
	case 7:		/* VAALE1 */
		tlb_flush_va(cpu, tlbi_va(val), -1, broadcast);
		return SR_OK;
	default:
		return SR_UNDEFINED;
	}
}

/* ---- caches: CRn 7 ---- */

/* Cache maintenance by address checks the address as a load would; UCI opens it to EL0. */
static enum sr by_address(struct arm_cpu *cpu, uint64_t va, gpa_t *gpa)
{
	struct tlb_result res;
	struct arm_fault f;

	if (!cpu->el && !(cpu->sctlr_el1 & SCTLR_UCI))
		return SR_TRAP;
	if (tlb_translate(cpu, va, ACC_CACHE, cpu->el ? TLB_EL1 : TLB_EL0, &res, &f)) {
		arm_data_abort(cpu, &f, false, true);
		return SR_TAKEN;
	}
	*gpa = res.gpa;
	return SR_OK;
}

static enum sr zero_block(struct arm_cpu *cpu, uint64_t va)
{
	struct tlb_result res;
	struct arm_fault f;
	static const uint8_t zero[64];

	if (!cpu->el && !(cpu->sctlr_el1 & SCTLR_DZE))
		return SR_TRAP;
	if (tlb_translate(cpu, va, ACC_WRITE, !cpu->el ? TLB_EL0 : cpu->pstate_misc & PSTATE_PAN ? TLB_EL1_PAN : TLB_EL1,
			  &res, &f)) {
		f.va = va;
		arm_data_abort(cpu, &f, true, false);
		return SR_TAKEN;
	}
	if (res.device || mem_write(&cpu->vm->vm->mem, res.gpa & ~63ull, zero, sizeof(zero))) {
		f = (struct arm_fault){ .fsc = res.device ? FSC_ALIGNMENT : FSC_EXTERNAL, .va = va, .taken = true };
		arm_data_abort(cpu, &f, true, false);
		return SR_TAKEN;
	}
	return SR_OK;
}

static enum sr cache_op(struct arm_cpu *cpu, uint32_t enc, uint64_t val)
{
	enum sr sr;
	gpa_t gpa;

	switch (enc) {
	case SYSREG(1, 0, 7, 1, 0):	/* IC IALLUIS */
	case SYSREG(1, 0, 7, 5, 0):	/* IC IALLU */
		if (!cpu->el)
			return SR_UNDEFINED;
		dbt_ic_iall(cpu);
		return SR_OK;
	case SYSREG(1, 3, 7, 5, 1):	/* IC IVAU */
		sr = by_address(cpu, val, &gpa);
		if (sr == SR_OK)
			dbt_ic_ivau(cpu, gpa);
		return sr;
	case SYSREG(1, 0, 7, 6, 1):	/* DC IVAC */
		return cpu->el ? by_address(cpu, val, &gpa) : SR_UNDEFINED;
	case SYSREG(1, 3, 7, 10, 1):	/* DC CVAC */
	case SYSREG(1, 3, 7, 11, 1):	/* DC CVAU */
	case SYSREG(1, 3, 7, 14, 1):	/* DC CIVAC */
		return by_address(cpu, val, &gpa);
	case SYSREG(1, 3, 7, 4, 1):	/* DC ZVA */
		return zero_block(cpu, val);
	case SYSREG(1, 0, 7, 6, 2):	/* DC ISW */
	case SYSREG(1, 0, 7, 10, 2):	/* DC CSW */
	case SYSREG(1, 0, 7, 14, 2):	/* DC CISW */
		return cpu->el ? SR_OK : SR_UNDEFINED;
	default:
		return SR_UNDEFINED;
	}
}

/* ---- AT: CRn 7, CRm 8 and, with PAN, 9 ---- */

static enum sr address_translate(struct arm_cpu *cpu, uint32_t enc, uint64_t va)
{
	bool pan = CRM(enc) == 9;

	if (!cpu->el || OP1(enc) || OP2(enc) > (pan ? 1 : 3) || (pan && !(cpu->model->system & ARM64_PAN)))
		return SR_UNDEFINED;
	return arm_address_translate(cpu, OP2(enc), pan, va) ? SR_OK : SR_TAKEN;
}

enum sysreg_result arm_sys_insn(struct arm_cpu *cpu, uint32_t enc, uint64_t val)
{
	enum sr sr = SR_UNDEFINED;

	if (CRN(enc) == 8)
		sr = tlbi(cpu, enc, val);
	else if (CRN(enc) == 7)
		sr = CRM(enc) == 8 || CRM(enc) == 9 ? address_translate(cpu, enc, val) : cache_op(cpu, enc, val);
	if (likely(sr == SR_OK))
		return SYSREG_OK;
	arm_sys_fault(cpu, enc, false, sr);
	return SYSREG_FAULTED;
}
