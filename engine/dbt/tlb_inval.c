/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invalidation of the software TLB: TLBI, its broadcast forms, and what the code cache asks for. Read tlb_private.h first.
 *
 * Every operation has the shape: add to the sequence once; then for each vCPU remove what matches, or mark it stale; ask for
 * an acknowledgement where translated code may be between a comparison and its access.
 */
#include <sched.h>

#include "base/platform.h"
#include "engine/dbt/tlb_private.h"
#include "engine/dbt/trace.h"

#define SPIN_NS		5000u

static struct arm_cpu *cpu_at(struct tlb_shared *s, unsigned i)
{
	return __atomic_load_n(&s->cpu[i], __ATOMIC_ACQUIRE);
}

static void begin(struct tlb_shared *s)
{
	__atomic_add_fetch(&s->seq, 1, __ATOMIC_SEQ_CST);
}

static void end(struct tlb_shared *s)
{
	__atomic_add_fetch(&s->done, 1, __ATOMIC_SEQ_CST);
}

void tlb_request(struct arm_cpu *from, struct arm_cpu *to)
{
	uint32_t ticket;

	if (from == to) {
		/* Only to leave the chain: nobody waits for himself. */
		__atomic_or_fetch(&to->kick, KICK_TLB, __ATOMIC_RELAXED);
		return;
	}
	ticket = __atomic_add_fetch(&to->tlb->req, 1, __ATOMIC_SEQ_CST);
	__atomic_or_fetch(&to->kick, KICK_TLB, __ATOMIC_SEQ_CST);
	if (from) {
		from->tlb->need[to->vcpu->index] = ticket;
		from->tlb->wait |= BIT(to->vcpu->index);
	}
}

/* Nothing was found at `to`; but somebody before us may have taken it, and not been acknowledged yet. */
static void share_request(struct arm_cpu *from, struct arm_cpu *to)
{
	uint32_t req = __atomic_load_n(&to->tlb->req, __ATOMIC_SEQ_CST);

	if (from == to || __atomic_load_n(&to->tlb->ack, __ATOMIC_ACQUIRE) == req)
		return;
	from->tlb->need[to->vcpu->index] = req;
	from->tlb->wait |= BIT(to->vcpu->index);
}

static void mark(uint32_t *marks, uint32_t which)
{
	if (which)
		__atomic_or_fetch(marks, which, __ATOMIC_SEQ_CST);
}

/* ---- by address ---- */

/* One page or range in one vCPU's TLB. */
struct victim {
	struct tlb *t;
	uint64_t va, size;
	int32_t asid;			/* -1: any */
	uint32_t space;			/* of the ASID's context; 0: it has none */
	uint32_t global;
};

static bool space_matches(const struct victim *v, uint64_t tag)
{
	uint32_t s = l2_tag_space(tag);

	return v->asid < 0 || s == v->global || (v->space && s == v->space);
}

/* Calls for each tag of the context's arrays in the page or range; `clear`: removes. True: there was one. */
static bool scan_slot(uint64_t *tag, const struct victim *v, bool clear)
{
	uint64_t old = load_relaxed(tag);

	if (old == TLB_EMPTY || (((old & ~0xfffull) - (v->va & ~0xfffull)) << 8) >> 8 >= v->size)
		return false;
	if (clear)
		store_relaxed(tag, TLB_EMPTY);
	return true;
}

static bool scan_arrays(struct tlb_ctx *c, const struct victim *v, bool clear)
{
	unsigned first = v->va >> 12 & (TLB_ENTRIES - 1), n = v->size >= (uint64_t)TLB_ENTRIES << 12 ? TLB_ENTRIES :
							      (unsigned)(v->size >> 12);
	bool found = false;

	for (unsigned k = 0; k < n; k++) {
		unsigned i = (first + k) & (TLB_ENTRIES - 1);

		for (unsigned a = 0; a < 6; a++)
			found |= scan_slot(&c->data[a >> 1][a & 1][i].tag, v, clear);
		found |= scan_slot(&c->fetch[0][i].tag, v, clear);
		found |= scan_slot(&c->fetch[1][i].tag, v, clear);
	}
	return found;
}

static bool scan_ways(struct l2_entry *e, unsigned ways, const struct victim *v, bool clear)
{
	bool found = false;

	for (unsigned w = 0; w < ways; w++) {
		uint64_t tag = load_relaxed(&e[w].tag);

		/* The tag holds VA bits 48:12; ranges are at most 2^30. */
		if (!(tag & 1) || (((tag >> 27) - (v->va >> 12)) & MASK(36, 0)) >= v->size >> 12 || !space_matches(v, tag))
			continue;
		found = true;
		if (clear)
			store_relaxed(&e[w].tag, 0);
	}
	return found;
}

static bool scan_l2(const struct victim *v, bool clear)
{
	struct tlb *t = v->t;
	bool found = false;

	if (v->size < BIT(LARGE_SHIFT)) {
		for (uint64_t va = v->va; va - v->va < v->size; va += 4096)
			found |= scan_ways(t->l2[l2_set(va)], L2_WAYS, v, clear);
		return found;
	}
	if (v->size == BIT(LARGE_SHIFT))
		return scan_ways(t->large[large_set(v->va)], LARGE_WAYS, v, clear);
	for (unsigned s = 0; s < LARGE_SETS; s++)
		found |= scan_ways(t->large[s], LARGE_WAYS, v, clear);
	return found;
}

static bool has_code(const struct ctx_info *info, const struct victim *v)
{
	unsigned bit = code_bit(v->va);

	if (!load_relaxed(&info->any_code))
		return false;
	return v->size > 4096 || (load_relaxed(&info->code[bit / 64]) >> (bit % 64) & 1);
}

/* Marks the contexts that are not current and may hold a match: globals of that half can be in any. */
static void mark_others(const struct victim *v, unsigned cur)
{
	struct tlb *t = v->t;
	uint32_t which, own;

	if (v->asid < 0 || load_relaxed(&t->global_seen[v->va >> 55 & 1])) {
		which = __atomic_load_n(&t->used, __ATOMIC_ACQUIRE);
	} else {
		own = load_relaxed(&t->by_asid[v->asid]);
		which = own ? 1u << (own - 1) : 0;
	}
	which &= ~(1u << cur);
	/* What is marked already need not be written again. */
	if (which & ~load_relaxed(&t->stale_all))
		mark(&t->stale_all, which);
}

/* Find, ask, remove, in this order: see race 2. `from` may be the owner itself. */
static void flush_range(struct arm_cpu *from, struct arm_cpu *to, uint64_t va, uint64_t size, int32_t asid)
{
	struct tlb *t = to->tlb;
	struct victim v = { .t = t, .va = va & ~(size - 1), .size = size, .asid = asid };
	unsigned own = asid >= 0 ? load_relaxed(&t->by_asid[asid]) : 0;
	unsigned cur = __atomic_load_n(&t->cur, __ATOMIC_SEQ_CST);
	struct ctx_info *info = &t->info[cur];
	bool concerned = cur != CTX_OFF && (asid < 0 || load_relaxed(&info->asid) == asid ||
					    load_relaxed(&t->global_seen[va >> 55 & 1]));
	bool code = concerned && has_code(info, &v), in_l2, in_arrays;

	v.space = own ? load_relaxed(&t->info[own - 1].space) : 0;
	v.global = load_relaxed(&t->global_space);
	in_l2 = scan_l2(&v, false);
	in_arrays = concerned && scan_arrays(&t->pool[cur], &v, false);
	if (code)
		mark(&t->stale_code, 1u << cur);
	mark_others(&v, cur);
	if (code || (from != to && concerned && (in_l2 || in_arrays)) || __atomic_load_n(&t->cur, __ATOMIC_SEQ_CST) != cur)
		tlb_request(from, to);
	else
		share_request(from, to);
	if (in_l2)
		scan_l2(&v, true);
	if (in_arrays)
		scan_arrays(&t->pool[cur], &v, true);
}

static void flush_va_of(struct arm_cpu *from, struct arm_cpu *to, uint64_t va, int32_t asid)
{
	struct tlb *t = to->tlb;

	flush_range(from, to, va, 4096, asid);
	/* Larger leaves that va may lie in. */
	for (uint64_t sizes = load_relaxed(&t->sizes); sizes; sizes &= sizes - 1) {
		unsigned shift = ctz64(sizes), bit = range_bit(va, shift);

		if (shift < LARGE_SHIFT || (load_relaxed(&t->ranges[bit / 64]) >> (bit % 64) & 1))
			flush_range(from, to, va, BIT(shift), asid);
	}
}

void tlb_flush_va(struct arm_cpu *cpu, uint64_t va, int32_t asid, bool broadcast)
{
	struct tlb_shared *s = cpu->tlb->shared;

	va = (uint64_t)sign_extend(va, 56);
	if (dbt_tracing(cpu, DBT_TRACE_TLB))
		dbt_trace_flush(cpu, true, va, asid, broadcast);
	flush_va_of(cpu, cpu, va, asid);
	if (!broadcast || cpu->vcpu->vm->vcpu_count == 1)
		return;
	begin(s);
	for (unsigned i = 0; i < cpu->vcpu->vm->vcpu_count; i++) {
		struct arm_cpu *to = cpu_at(s, i);

		if (to && to != cpu)
			flush_va_of(cpu, to, va, asid);
	}
	end(s);
}

/* ---- by ASID, and all ---- */

/* Contexts in `which` have new spaces: their arrays go too (marks: how much of them), when they become current or at once. */
static void drop_contexts(struct arm_cpu *from, struct arm_cpu *to, uint32_t *marks, uint32_t which)
{
	struct tlb *t = to->tlb;

	mark(marks, which);
	if (!(which >> __atomic_load_n(&t->cur, __ATOMIC_SEQ_CST) & 1)) {
		share_request(from, to);
		return;
	}
	tlb_request(from, to);
	if (from == to) {
		tlb_settle(to, t->cur);
		tlb_check_spaces(t);
	}
}

static void flush_asid_of(struct arm_cpu *from, struct arm_cpu *to, uint16_t asid)
{
	struct tlb *t = to->tlb;
	unsigned own = load_relaxed(&t->by_asid[asid]);

	if (!own) {
		share_request(from, to);
		return;
	}
	store_relaxed(&t->info[own - 1].space, tlb_new_space(t));
	drop_contexts(from, to, &t->stale_user, 1u << (own - 1));
}

static void flush_all_of(struct arm_cpu *from, struct arm_cpu *to)
{
	struct tlb *t = to->tlb;
	uint32_t used = __atomic_load_n(&t->used, __ATOMIC_ACQUIRE);

	store_relaxed(&t->global_space, tlb_new_space(t));
	for (uint32_t left = used; left; left &= left - 1) {
		unsigned i = ctz64(left);

		store_relaxed(&t->info[i].space, tlb_new_space(t));
	}
	drop_contexts(from, to, &t->stale_all, used);
	if (from == to) {
		/* Nothing is left that these speak of. */
		store_relaxed(&t->sizes, 0);
		for (unsigned i = 0; i < ARRAY_SIZE(t->ranges); i++)
			store_relaxed(&t->ranges[i], 0);
		store_relaxed(&t->global_seen[0], false);
		store_relaxed(&t->global_seen[1], false);
		t->private_high = false;
	}
}

void tlb_flush_asid(struct arm_cpu *cpu, uint16_t asid, bool broadcast)
{
	struct tlb_shared *s = cpu->tlb->shared;

	if (dbt_tracing(cpu, DBT_TRACE_TLB))
		dbt_trace_flush(cpu, false, 0, asid, broadcast);
	flush_asid_of(cpu, cpu, asid);
	if (!broadcast || cpu->vcpu->vm->vcpu_count == 1)
		return;
	begin(s);
	for (unsigned i = 0; i < cpu->vcpu->vm->vcpu_count; i++) {
		struct arm_cpu *to = cpu_at(s, i);

		if (to && to != cpu)
			flush_asid_of(cpu, to, asid);
	}
	end(s);
}

void tlb_flush_all(struct arm_cpu *cpu, bool broadcast)
{
	struct tlb_shared *s = cpu->tlb->shared;

	if (dbt_tracing(cpu, DBT_TRACE_TLB))
		dbt_trace_flush(cpu, false, 0, -1, broadcast);
	flush_all_of(cpu, cpu);
	if (!broadcast || cpu->vcpu->vm->vcpu_count == 1)
		return;
	begin(s);
	for (unsigned i = 0; i < cpu->vcpu->vm->vcpu_count; i++) {
		struct arm_cpu *to = cpu_at(s, i);

		if (to && to != cpu)
			flush_all_of(cpu, to);
	}
	end(s);
}

/* ---- waiting and acknowledging ---- */

static bool passed(const struct arm_cpu *to, uint32_t need)
{
	return (int32_t)(__atomic_load_n(&to->tlb->ack, __ATOMIC_ACQUIRE) - need) >= 0 ||
	       !__atomic_load_n(&to->in_code, __ATOMIC_SEQ_CST) || __atomic_load_n(&to->outside, __ATOMIC_SEQ_CST);
}

void tlb_sync(struct arm_cpu *cpu)
{
	struct tlb *t = cpu->tlb;
	uint64_t start = 0;

	if (likely(!t->wait))
		return;
	/* While we wait nobody need wait for us: two vCPUs may well have invalidated each other's pages. */
	tlb_outside_begin(cpu);
	for (uint64_t left = t->wait; left; left &= left - 1) {
		struct arm_cpu *to = cpu_at(t->shared, ctz64(left));

		while (to && !passed(to, t->need[ctz64(left)])) {
			uint64_t now = platform_now_ns();

			if (!start)
				start = now;
			if (now - start > SPIN_NS)
				sched_yield();
			else
				__builtin_ia32_pause();
		}
	}
	t->wait = 0;
	tlb_outside_end(cpu);
}

void tlb_drain(struct arm_cpu *cpu)
{
	struct tlb *t = cpu->tlb;
	uint32_t req;

	__atomic_and_fetch(&cpu->kick, ~(uint32_t)KICK_TLB, __ATOMIC_SEQ_CST);
	req = __atomic_load_n(&t->req, __ATOMIC_SEQ_CST);
	tlb_settle(cpu, t->cur);
	tlb_check_spaces(t);
	__atomic_store_n(&t->ack, req, __ATOMIC_SEQ_CST);
}

void tlb_outside_begin(struct arm_cpu *cpu)
{
	__atomic_store_n(&cpu->outside, 1, __ATOMIC_SEQ_CST);
}

void tlb_outside_end(struct arm_cpu *cpu)
{
	__atomic_store_n(&cpu->outside, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&cpu->kick, __ATOMIC_SEQ_CST) & KICK_TLB)
		tlb_settle(cpu, cpu->tlb->cur);
}

/* ---- for the code cache ---- */

void tlb_forget_jumps_vm(struct dbt_vm *vm)
{
	for (unsigned i = 0; i < VM_MAX_VCPUS; i++) {
		struct arm_cpu *to = cpu_at(&vm->tlb, i);

		if (!to)
			continue;
		mark(&to->tlb->stale_code, ~0u);
		__atomic_or_fetch(&to->kick, KICK_TLB, __ATOMIC_SEQ_CST);
	}
}

void tlb_forget_jumps(struct arm_cpu *cpu)
{
	tlb_forget_jumps_vm(cpu->vm);
	tlb_settle(cpu, cpu->tlb->cur);
}

void tlb_forget_block(struct arm_cpu *cpu, uint32_t offset)
{
	uint32_t n = offset / 4;

	for (unsigned i = 0; i < VM_MAX_VCPUS; i++) {
		struct arm_cpu *to = cpu_at(&cpu->vm->tlb, i);

		if (!to)
			continue;
		__atomic_or_fetch(&to->tlb->dropped_at[n / 64], BIT(n % 64), __ATOMIC_SEQ_CST);
		__atomic_store_n(&to->tlb->dropped, 1, __ATOMIC_SEQ_CST);
		if (to != cpu)
			__atomic_or_fetch(&to->kick, KICK_TLB, __ATOMIC_SEQ_CST);
	}
	tlb_settle(cpu, cpu->tlb->cur);
}
