/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 1 translation table walks (ARM DDI 0487 D8: "AArch64 Virtual Memory System Architecture"): three granules, 16 to 48
 * address bits, hierarchical permissions, access flag and dirty state by hardware, big-endian tables.
 *
 * Order of faults at a level: external abort, translation, address size, access flag; permission comes last. What TLBs may
 * cache is the caller's business: an entry is only ever made from a leaf with its access flag set.
 */
#include "base/errno.h"
#include "engine/dbt/arm64/sysreg_bits.h"
#include "engine/dbt/arm64/walk.h"
#include "engine/dbt/vm.h"
#include "isa/arm64/pagetable.h"

#define TXSZ_MIN	16u
#define TXSZ_MAX	39u
#define ATTR_NON_CACHEABLE	0x44	/* inner and outer, in MAIR_EL1 */

static int fault(struct arm_fault *f, uint32_t fsc, unsigned level)
{
	f->fsc = fsc | level;
	f->taken = true;
	f->s1ptw = fsc == FSC_EXTERNAL_WALK;
	return -EFAULT;
}

static unsigned granule_bits(const struct arm_cpu *cpu, bool high)
{
	static const uint8_t tg0[] = { 12, 16, 14, 12 }, tg1[] = { 12, 14, 12, 16 };
	unsigned n = high ? tg1[field_get(TCR_TG1, cpu->tcr_el1)] : tg0[field_get(TCR_TG0, cpu->tcr_el1)];

	return n == 14 && !(cpu->model->system & ARM64_GRANULE16) ? 12 : n;
}

static uint64_t swap(const struct arm_cpu *cpu, uint64_t desc)
{
	return cpu->sctlr_el1 & SCTLR_EE ? __builtin_bswap64(desc) : desc;
}

/* What the tables above say about everything below. */
struct inherited {
	bool ro, no_el0, pxn, uxn;
};

static void inherit(struct inherited *h, uint64_t table)
{
	h->ro |= (table & PT_AP_TABLE_RO) != 0;
	h->no_el0 |= (table & PT_AP_TABLE_NO_EL0) != 0;
	h->pxn |= (table & PT_PXN_TABLE) != 0;
	h->uxn |= (table & PT_UXN_TABLE) != 0;
}

static uint8_t leaf_rights(const struct arm_cpu *cpu, uint64_t desc, const struct inherited *h)
{
	bool user = (desc & PT_AP_EL0) && !h->no_el0, ro = (desc & PT_AP_RO) || h->ro;
	bool wxn = cpu->sctlr_el1 & SCTLR_WXN;
	uint8_t r = RIGHT_R1;

	if (user)
		r |= RIGHT_USER | RIGHT_R0;
	if (!ro)
		r |= RIGHT_W1 | (user ? RIGHT_W0 : 0);
	if (!(desc & PT_PXN) && !h->pxn && !(r & RIGHT_W0) && !(wxn && (r & RIGHT_W1)))
		r |= RIGHT_X1;
	if (!(desc & PT_UXN) && !h->uxn && !(wxn && (r & RIGHT_W0)))
		r |= RIGHT_X0;
	return r;
}

bool arm_rights_permit(uint8_t rights, enum access_kind kind, enum tlb_class cls)
{
	switch (kind) {
	case ACC_FETCH:
		return rights & (cls == TLB_EL0 ? RIGHT_X0 : RIGHT_X1);
	case ACC_CACHE:
		return cls != TLB_EL0 || (rights & RIGHT_R0);
	default:
		break;
	}
	if (cls == TLB_EL1_PAN && (rights & RIGHT_USER))
		return false;
	if (kind == ACC_WRITE || kind == ACC_AT_WRITE)
		return rights & (cls == TLB_EL0 ? RIGHT_W0 : RIGHT_W1);
	return rights & (cls == TLB_EL0 ? RIGHT_R0 : RIGHT_R1);
}

/*
 * Access flag and rights of a leaf. Changes the descriptor in memory if hardware is to manage it: 1 means that it has
 * changed under us and must be read again.
 */
static int check_leaf(struct arm_cpu *cpu, gpa_t at, uint64_t raw, unsigned level, enum access_kind kind, enum tlb_class cls,
		      const struct inherited *h, uint8_t *rights, struct arm_fault *f)
{
	bool at_insn = kind == ACC_AT_READ || kind == ACC_AT_WRITE, write = kind == ACC_WRITE || kind == ACC_AT_WRITE;
	uint64_t desc = swap(cpu, raw), updated = desc, tcr = cpu->tcr_el1;
	int err;

	if (!(desc & PT_AF)) {
		if (!(tcr & TCR_HA))
			return fault(f, FSC_ACCESS_FLAG, level);
		updated |= PT_AF;
	}
	/* DBM: writable, and clean while AP says read-only. */
	if (write && (tcr & TCR_HA) && (tcr & TCR_HD) && (desc & PT_DBM))
		updated &= ~PT_AP_RO;
	*rights = leaf_rights(cpu, updated, h);
	if (!arm_rights_permit(*rights, kind, cls))
		return fault(f, FSC_PERMISSION, level);
	if (updated == desc || at_insn)
		return 0;
	err = mem_cmpxchg(&cpu->vm->vm->mem, at, 8, &raw, swap(cpu, updated));
	if (raw != swap(cpu, desc))
		return 1;
	return err ? fault(f, FSC_EXTERNAL_WALK, level) : 0;
}

static int walk_tables(struct arm_cpu *cpu, uint64_t va, enum access_kind kind, enum tlb_class cls,
		       const struct pt_geometry *g, gpa_t table, struct walk *w, struct arm_fault *f)
{
	unsigned pa_bits = MIN(pt_pa_bits((unsigned)field_get(TCR_IPS, cpu->tcr_el1)), (unsigned)cpu->model->pa_bits);
	struct inherited h = { 0 };
	uint64_t raw, desc;

	if (table >> pa_bits)
		return fault(f, FSC_ADDRESS_SIZE, 0);
	for (unsigned level = g->start_level;; level++) {
		gpa_t at = table + 8 * pt_index(g, level, va), out;
		int changed;

again:
		if (mem_load(&cpu->vm->vm->mem, at, 8, MEM_ACQUIRE, &raw))
			return fault(f, FSC_EXTERNAL_WALK, level);
		desc = swap(cpu, raw);
		switch (pt_type(g, level, desc)) {
		case PT_TYPE_INVALID:
			return fault(f, FSC_TRANSLATION, level);
		case PT_TYPE_TABLE:
			table = pt_table_address(g, desc);
			if (table >> pa_bits)
				return fault(f, FSC_ADDRESS_SIZE, level);
			inherit(&h, desc);
			continue;
		case PT_TYPE_LEAF:
			break;
		}
		out = pt_leaf_address(g, level, desc);
		if (out >> pa_bits)
			return fault(f, FSC_ADDRESS_SIZE, level);
		changed = check_leaf(cpu, at, raw, level, kind, cls, &h, &w->rights, f);
		if (changed == 1)
			goto again;
		if (changed)
			return changed;
		w->base = out;
		w->shift = (uint8_t)pt_shift(g, level);
		w->attr = (uint8_t)(cpu->mair_el1 >> 8 * field_get(PT_ATTR_INDEX, desc));
		w->sh = (uint8_t)field_get(PT_SH, desc);
		w->global = !(desc & PT_NG);
		return 0;
	}
}

int arm_walk(struct arm_cpu *cpu, uint64_t va, enum access_kind kind, enum tlb_class cls, struct walk *w,
	     struct arm_fault *f)
{
	bool high = va >> 55 & 1, e0pd;
	uint64_t tcr = cpu->tcr_el1;
	unsigned txsz = (unsigned)(high ? field_get(TCR_T1SZ, tcr) : field_get(TCR_T0SZ, tcr));
	struct pt_geometry g;
	int err;

	f->va = va;
	txsz = MIN(MAX(txsz, TXSZ_MIN), TXSZ_MAX);
	if ((uint64_t)((int64_t)va >> (64 - txsz)) != (high ? ~0ull : 0))
		return fault(f, FSC_TRANSLATION, 0);
	if (tcr & (high ? TCR_EPD1 : TCR_EPD0))
		return fault(f, FSC_TRANSLATION, 0);
	e0pd = tcr & (high ? TCR_E0PD1 : TCR_E0PD0);
	if (e0pd && cls == TLB_EL0)
		return fault(f, FSC_TRANSLATION, 0);
	g = pt_geometry_of(granule_bits(cpu, high), 64 - txsz);
	err = walk_tables(cpu, va, kind, cls, &g, (high ? cpu->ttbr1_el1 : cpu->ttbr0_el1) & pt_base_mask(&g), w, f);
	if (e0pd)
		w->rights &= (uint8_t)~(RIGHT_R0 | RIGHT_W0 | RIGHT_X0);
	return err;
}

/* PAR_EL1.SH: Device memory and what no cache may hold are outer shareable, whatever the descriptor says. */
static unsigned par_shareability(const struct tlb_result *r)
{
	return r->device || r->attr == ATTR_NON_CACHEABLE ? 2 : r->sh;
}

bool arm_address_translate(struct arm_cpu *cpu, unsigned op, bool pan, uint64_t va)
{
	enum tlb_class cls = op & 2 ? TLB_EL0 : pan && (cpu->pstate_misc & PSTATE_PAN) ? TLB_EL1_PAN : TLB_EL1;
	struct tlb_result r;
	struct arm_fault f;

	if (tlb_translate(cpu, va, op & 1 ? ACC_AT_WRITE : ACC_AT_READ, cls, &r, &f)) {
		if (f.s1ptw) {
			arm_data_abort(cpu, &f, false, true);
			return false;
		}
		cpu->par_el1 = PAR_F | BIT(11) | (uint64_t)f.fsc << 1;
		return true;
	}
	cpu->par_el1 = (uint64_t)r.attr << 56 | BIT(11) | (r.gpa & MASK(47, 12)) | (uint64_t)par_shareability(&r) << 7;
	return true;
}
