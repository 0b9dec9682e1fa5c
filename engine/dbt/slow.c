/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory accesses that the inline check did not let through: TLB misses, MMIO, accesses across a page, unaligned and
 * Device accesses, watchpoints; and floating point that needs the exact path. One entry for stubs (dbt_run_slow), and the
 * same by virtual address for helpers.
 *
 * An access is resolved completely (both pages, all checks) before it has any effect.
 */
#include "base/bits.h"
#include "base/log.h"
#include "base/string.h"
#include "engine/dbt/recover.h"
#include "engine/dbt/run.h"
#include "engine/dbt/tlb.h"
#include "engine/dbt/trace.h"

/* One part of an access that lies within a page. */
struct part {
	uint8_t *host;		/* RAM, or NULL: MMIO */
	gpa_t gpa;
	uint32_t len;
};

struct access {
	uint64_t va;
	uint32_t size;		/* bytes in all */
	uint32_t element;	/* log2: MMIO and alignment go by this */
	uint32_t align;		/* bytes that va must be a multiple of; 1: any */
	bool write, unprivileged;
	bool both;		/* reads and writes: a fault that reading has, too, is reported as that (ESR_EL1.WnR) */
	bool zva;		/* DC ZVA: not for Device memory; faults report `given` */
	uint64_t given;
	const struct side *side;	/* to recover from; NULL: state is in memory */
	struct part part[2];
	unsigned parts;
};

static bool is_vec(unsigned type)
{
	return type == IR_F32 || type == IR_F64 || type == IR_V128;
}

static enum tlb_class class_of(const struct arm_cpu *cpu, bool unprivileged)
{
	if (cpu->el == 0 || unprivileged)
		return TLB_EL0;
	return cpu->pstate_misc & PSTATE_PAN ? TLB_EL1_PAN : TLB_EL1;
}

static void fault(struct arm_cpu *cpu, const struct access *a, uint32_t fsc, uint64_t va)
{
	struct arm_fault f = { .fsc = fsc, .va = va, .taken = true };

	if (a->side)
		dbt_recover(cpu, a->side);
	arm_data_abort(cpu, &f, a->write && !a->both, false);
	cpu->redirect = 1;
}

/*
 * Structure loads and stores are lifted as accesses of whole registers, but to Device memory they are accesses of elements, and it
 * is elements that must be aligned.
 */
static uint32_t device_element(struct arm_cpu *cpu, const struct access *a)
{
	uint32_t insn;

	if (a->element < 3 || !a->side || !is_vec(a->side->type))
		return a->element;
	insn = arm_insn_at(cpu, cpu->vpage + a->side->guest);
	if ((insn & 0xbfbf0000) == 0x0c000000 || (insn & 0xbfa00000) == 0x0c800000)	/* multiple structures; post-indexed */
		return insn >> 10 & 3;
	return a->element;
}

/* Translates the part of the access that starts at va and stays in its page. */
static bool resolve_part(struct arm_cpu *cpu, struct access *a, uint64_t va, uint32_t len, struct part *p)
{
	enum tlb_class cls = class_of(cpu, a->unprivileged);
	const struct arm_mode *mode = arm_mode_get(cpu->vm, cpu->mode);
	const struct mem_slot *slot;
	struct tlb_result res;
	struct arm_fault f = { 0 };

	if (tlb_translate(cpu, va, a->write ? ACC_WRITE : ACC_READ, cls, &res, &f)) {
		bool write = a->write;

		if (a->zva)
			f.va = a->given;
		if (a->both && tlb_translate(cpu, va, ACC_READ, cls, &res, &f))
			write = false;
		if (a->side)
			dbt_recover(cpu, a->side);
		arm_data_abort(cpu, &f, write, false);
		cpu->redirect = 1;
		return false;
	}
	if (res.device && mode->mmu)
		a->element = device_element(cpu, a);
	if (res.device && (a->zva || (a->va & ((1u << a->element) - 1)))) {
		fault(cpu, a, FSC_ALIGNMENT, a->zva ? a->given : a->va);
		return false;
	}
	slot = mem_find(&cpu->vm->vm->mem, res.gpa);
	p->gpa = res.gpa;
	p->len = len;
	p->host = NULL;
	if (slot && ((slot->kind == MEM_RAM && (slot->can_write || !a->write)) || (slot->kind == MEM_ROM && !a->write))) {
		p->host = (uint8_t *)slot->backing.host + (res.gpa - slot->base);
		if (!mode->watch && (!res.device || !mode->mmu))
			tlb_fill_data(cpu, va, a->write, cls, (void *)((uintptr_t)p->host & ~4095ull));
		if (dbt_tracing(cpu, DBT_TRACE_TLB))
			dbt_trace_fill(cpu, a->write ? "write" : "read", va, res.gpa, mode->watch || (res.device && mode->mmu));
	}
	return true;
}

static bool resolve(struct arm_cpu *cpu, struct access *a)
{
	uint32_t first = MIN(a->size, 4096 - (uint32_t)(a->va & 4095));

	if (a->va & (a->align - 1)) {
		fault(cpu, a, FSC_ALIGNMENT, a->va);
		return false;
	}
	if (!resolve_part(cpu, a, a->va, first, &a->part[0]))
		return false;
	a->parts = 1;
	if (first < a->size) {
		if (!resolve_part(cpu, a, a->va + first, a->size - first, &a->part[1]))
			return false;
		a->parts = 2;
	}
	return true;
}

/* MMIO of up to 16 bytes in pieces of the element's size. False: the bus said abort. */
static bool mmio(struct arm_cpu *cpu, const struct access *a, const struct part *p, uint8_t *buf)
{
	uint32_t step = MIN(MIN(8u, 1u << a->element), p->len);
	bool ok = true;

	while (step > 1 && (!is_pow2(step) || p->len % step))
		step--;
	cpu->stat[STAT_mmio]++;
	tlb_outside_begin(cpu);
	for (uint32_t at = 0; at < p->len && ok; at += step) {
		struct bus_access b = { .vcpu = cpu->vcpu, .size = (uint8_t)step, .write = a->write };

		if (a->write)
			memcpy(&b.value, buf + at, step);
		ok = bus_access(&cpu->vm->vm->bus, BUS_MMIO, p->gpa + at, &b) == BUS_OK;
		if (ok && !a->write)
			memcpy(buf + at, &b.value, step);
		if (dbt_tracing(cpu, DBT_TRACE_MMIO))
			dbt_trace_mmio(cpu, p->gpa + at, &b, ok);
	}
	tlb_outside_end(cpu);
	return ok;
}

/* One load or store of the host whatever the alignment, which the types' names in C do not promise. */
typedef uint16_t __attribute__((aligned(1), may_alias)) any_u16;
typedef uint32_t __attribute__((aligned(1), may_alias)) any_u32;
typedef uint64_t __attribute__((aligned(1), may_alias)) any_u64;

/* Copies that are single-copy atomic for aligned 1, 2, 4 and 8 bytes. */
static void copy_element(void *to, const void *from, uint32_t n)
{
	switch (n) {
	case 1:	*(volatile uint8_t *)to = *(const volatile uint8_t *)from; break;
	case 2:	*(volatile any_u16 *)to = *(const volatile any_u16 *)from; break;
	case 4:	*(volatile any_u32 *)to = *(const volatile any_u32 *)from; break;
	case 8:	*(volatile any_u64 *)to = *(const volatile any_u64 *)from; break;
	default: memcpy(to, from, n);
	}
}

static bool transfer(struct arm_cpu *cpu, struct access *a, uint8_t *buf)
{
	for (unsigned k = 0; k < a->parts; k++) {
		struct part *p = &a->part[k];
		uint32_t element = MIN(1u << a->element, 8u);

		if (!p->host) {
			if (!mmio(cpu, a, p, buf)) {
				fault(cpu, a, FSC_EXTERNAL, a->va);
				return false;
			}
		} else if (p->len % element) {
			memcpy(a->write ? p->host : buf, a->write ? buf : p->host, p->len);
		} else {
			for (uint32_t at = 0; at < p->len; at += element)
				copy_element(a->write ? p->host + at : buf + at, a->write ? buf + at : p->host + at, element);
		}
		buf += p->len;
	}
	return true;
}

static bool watched(struct arm_cpu *cpu, struct access *a)
{
	if (!arm_mode_get(cpu->vm, cpu->mode)->watch)
		return false;
	if (a->side)
		dbt_recover(cpu, a->side);
	if (!(a->both && arm_watchpoint_check(cpu, a->va, a->size, false, a->unprivileged)) &&
	    !arm_watchpoint_check(cpu, a->va, a->size, a->write, a->unprivileged))
		return false;
	cpu->redirect = 1;
	return true;
}

static bool guest_access(struct arm_cpu *cpu, struct access *a, void *buf)
{
	return resolve(cpu, a) && !watched(cpu, a) && transfer(cpu, a, buf);
}

bool dbt_guest_read(struct arm_cpu *cpu, uint64_t va, void *buf, unsigned size, unsigned align)
{
	struct access a = { .va = va, .size = size, .element = (uint32_t)MIN(ctz64(size), 3u), .align = align };

	return guest_access(cpu, &a, buf);
}

bool dbt_guest_write(struct arm_cpu *cpu, uint64_t va, const void *buf, unsigned size, unsigned align)
{
	struct access a = { .va = va, .size = size, .element = (uint32_t)MIN(ctz64(size), 3u), .align = align, .write = true };

	return guest_access(cpu, &a, (void *)(uintptr_t)buf);
}

/* RAM that an atomic operation may work on; MMIO has none: IMPLEMENTATION DEFINED fault (unsupported atomic). */
static void *atomic_location(struct arm_cpu *cpu, struct access *a)
{
	if (!resolve(cpu, a) || watched(cpu, a))
		return NULL;
	if (!a->part[0].host) {
		fault(cpu, a, FSC_ATOMIC, a->va);
		return NULL;
	}
	return a->part[0].host;
}

void *dbt_guest_atomic(struct arm_cpu *cpu, uint64_t va, unsigned size, enum dbt_atomic what)
{
	struct access a = { .va = va, .size = size, .element = (uint32_t)MIN(ctz64(size), 3u), .align = size,
			    .write = what != DBT_ATOMIC_READ, .both = what == DBT_ATOMIC_BOTH };

	return atomic_location(cpu, &a);
}

/* ---- out-of-line ops of translated code ---- */

static uint64_t operand(const struct arm_cpu *cpu, const struct side *s, unsigned k)
{
	const struct side_loc *l = &s->operand[k];

	return dbt_loc_value(cpu, l->loc, l->lo | (uint64_t)l->hi << 32).d[0];
}

static union v128 operand_v(const struct arm_cpu *cpu, const struct side *s, unsigned k)
{
	const struct side_loc *l = &s->operand[k];

	return dbt_loc_value(cpu, l->loc, l->lo | (uint64_t)l->hi << 32);
}

static void result(struct arm_cpu *cpu, const struct side *s, unsigned reg, const uint8_t *buf)
{
	union v128 v = { .d = { 0, 0 } };

	memcpy(v.b, buf, 1u << s->size);
	if (is_vec(s->type)) {
		cpu->save_xmm[reg] = v;
		return;
	}
	if (s->flags & IRM_SEXT) {
		v.d[0] = (uint64_t)sign_extend(v.d[0], 8u << s->size);
		if (s->type == IR_I32)
			v.d[0] = (uint32_t)v.d[0];
	}
	cpu->save_gpr[reg] = v.d[0];
}

static struct access access_of(const struct arm_cpu *cpu, const struct side *s, uint32_t elements, bool write)
{
	return (struct access){
		.va = operand(cpu, s, 0) + (uint64_t)(int64_t)s->offset, .size = elements << s->size, .element = s->size,
		.align = 1u << s->align, .write = write, .unprivileged = s->flags & IRM_UNPRIV, .side = s,
	};
}

static bool slow_load(struct arm_cpu *cpu, const struct side *s)
{
	uint32_t n = s->kind == SIDE_LOADP ? 2 : 1;
	struct access a = access_of(cpu, s, n, false);
	uint8_t buf[32];

	if (!guest_access(cpu, &a, buf))
		return false;
	result(cpu, s, s->dst, buf);
	if (n == 2)
		result(cpu, s, s->dst2, buf + (1u << s->size));
	if (s->kind == SIDE_LDXR) {
		cpu->excl_addr = a.va;
		cpu->excl_val = 0;
		memcpy(&cpu->excl_val, buf, 1u << s->size);
		cpu->excl_size = 1u << s->size;
	}
	return true;
}

static bool slow_store(struct arm_cpu *cpu, const struct side *s)
{
	uint32_t n = s->kind == SIDE_STOREP ? 2 : 1;
	struct access a = access_of(cpu, s, n, true);
	union v128 v = operand_v(cpu, s, 1);
	uint8_t buf[32];

	memcpy(buf, v.b, 16);
	if (n == 2) {
		v = operand_v(cpu, s, 2);
		memcpy(buf + (1u << s->size), v.b, 16);
	}
	if (!guest_access(cpu, &a, buf))
		return false;
	if (s->flags & IRM_RELEASE)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return true;
}

static bool slow_dczva(struct arm_cpu *cpu, const struct side *s)
{
	static const uint8_t zero[64];
	struct access a = access_of(cpu, s, 0, true);

	a.zva = true;
	a.given = a.va;
	a.va &= ~63ull;
	a.size = 64;
	a.element = 0;
	return guest_access(cpu, &a, (void *)(uintptr_t)zero);
}

static bool cmpxchg(void *p, unsigned size, uint64_t *expected, uint64_t desired)
{
	uint8_t e8 = (uint8_t)*expected;
	uint16_t e16 = (uint16_t)*expected;
	uint32_t e32 = (uint32_t)*expected;
	bool ok;

	switch (size) {
	case 0:
		ok = __atomic_compare_exchange_n((uint8_t *)p, &e8, (uint8_t)desired, false, 5, 5);
		*expected = e8;
		return ok;
	case 1:
		ok = __atomic_compare_exchange_n((uint16_t *)p, &e16, (uint16_t)desired, false, 5, 5);
		*expected = e16;
		return ok;
	case 2:
		ok = __atomic_compare_exchange_n((uint32_t *)p, &e32, (uint32_t)desired, false, 5, 5);
		*expected = e32;
		return ok;
	default:
		return __atomic_compare_exchange_n((uint64_t *)p, expected, desired, false, 5, 5);
	}
}

static bool slow_stxr(struct arm_cpu *cpu, const struct side *s)
{
	struct access a = access_of(cpu, s, 1, true);
	uint64_t expected = cpu->excl_val;
	bool stored = false;
	void *p = atomic_location(cpu, &a);

	if (!p)
		return false;
	if (a.va == cpu->excl_addr && cpu->excl_size == a.size)
		stored = cmpxchg(p, s->size, &expected, operand(cpu, s, 1));
	cpu->excl_size = 0;
	cpu->save_gpr[s->dst] = !stored;
	return true;
}

static uint64_t amo_value(enum ir_amo kind, unsigned size, uint64_t old, uint64_t b)
{
	unsigned bits_ = 8u << size;
	int64_t so = sign_extend(old, bits_), sb = sign_extend(b, bits_);

	if (bits_ < 64)
		b &= (1ull << bits_) - 1;
	switch (kind) {
	case AMO_ADD:	return old + b;
	case AMO_CLR:	return old & ~b;
	case AMO_EOR:	return old ^ b;
	case AMO_SET:	return old | b;
	case AMO_SMAX:	return so > sb ? old : b;
	case AMO_SMIN:	return so < sb ? old : b;
	case AMO_UMAX:	return old > b ? old : b;
	case AMO_UMIN:	return old < b ? old : b;
	default:	return b;
	}
}

static bool slow_amo(struct arm_cpu *cpu, const struct side *s)
{
	struct access a = access_of(cpu, s, 1, true);
	uint64_t old = 0, b = operand(cpu, s, 1);
	void *p;

	a.both = true;
	p = atomic_location(cpu, &a);
	if (!p)
		return false;
	if (s->sub == AMO_CAS) {
		old = operand(cpu, s, 2);
		cmpxchg(p, s->size, &old, b);
	} else {
		memcpy(&old, p, 1u << s->size);
		while (!cmpxchg(p, s->size, &old, amo_value((enum ir_amo)s->sub, s->size, old, b)))
			;
	}
	if (s->size < 3)
		old &= (1ull << (8u << s->size)) - 1;
	cpu->save_gpr[s->dst] = old;
	return true;
}

static void slow_exact(struct arm_cpu *cpu, const struct side *s)
{
	union v128 in[3], out;

	for (unsigned k = 0; k < 3; k++)
		if (s->operand[k].loc)
			in[k] = operand_v(cpu, s, k);
		else
			in[k] = (union v128){ .d = { 0, 0 } };
	dbt_exact(cpu, s, in, &out);
	if (is_vec(s->type))
		cpu->save_xmm[s->dst] = out;
	else
		cpu->save_gpr[s->dst] = out.d[0];
}

/* The base of an SP-relative access is checked before anything else. */
static bool sp_misaligned(struct arm_cpu *cpu, const struct side *s)
{
	if (!(s->flags & IRM_SP) || !(operand(cpu, s, 0) & 15))
		return false;
	dbt_recover(cpu, s);
	arm_sync_exception(cpu, EC_SP_ALIGN, 0);
	return true;
}

/* Addends that the block keeps (IR_CHECK) may be of pages that have gone from the TLB meanwhile: it has to check again. */
static void clear_addends(struct arm_cpu *cpu, const struct side *s)
{
	for (uint64_t m = s->op_lo | (uint64_t)s->op_hi << 32; m; m &= m - 1) {
		unsigned k = ctz64(m);

		if (k < 16)
			cpu->save_gpr[k] = 0;
		else
			cpu->spill[k - 16] = 0;
	}
}

void *dbt_run_slow(struct arm_cpu *cpu, uint32_t side)
{
	struct dbt_vm *vm = cpu->vm;
	const struct side *s = (const struct side *)(vm->cache.side + side);
	bool ok = true;

	switch ((enum side_kind)s->kind) {
	case SIDE_VOP: case SIDE_FP:
		cpu->stat[STAT_exact]++;
		slow_exact(cpu, s);
		return vm->cache.rx + s->resume;
	case SIDE_LOAD: case SIDE_LOADP: case SIDE_LDXR:
		cpu->stat[STAT_load]++;
		ok = !sp_misaligned(cpu, s) && slow_load(cpu, s);
		break;
	case SIDE_STORE: case SIDE_STOREP:
		cpu->stat[STAT_store]++;
		ok = !sp_misaligned(cpu, s) && slow_store(cpu, s);
		break;
	case SIDE_STXR:		ok = !sp_misaligned(cpu, s) && slow_stxr(cpu, s); break;
	case SIDE_AMO:		ok = !sp_misaligned(cpu, s) && slow_amo(cpu, s); break;
	case SIDE_DCZVA:	ok = slow_dczva(cpu, s); break;
	}
	if (!ok)
		return vm->cache.rx + vm->stubs.dispatch;
	clear_addends(cpu, s);
	return vm->cache.rx + s->resume;
}
