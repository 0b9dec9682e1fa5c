/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software TLB: contexts, second level, fills. What is shared with other threads, and why it is safe: tlb_private.h.
 *
 * The path that matters is an array miss that hits the L2: untag, two sets of the L2, a rights test, no locked operation
 * until the fill's XCHG.
 */
#include <stdlib.h>

#include "base/errno.h"
#include "base/string.h"
#include "engine/dbt/tlb_private.h"

/* L2 data: rights 6:0, SH 8:7, PA 47:12, attribute byte 55:48, log2 size 61:56. Pieces of large leaves hold the piece's PA. */
static uint64_t l2_pack(gpa_t page, const struct walk *w)
{
	return w->rights | (uint64_t)w->sh << 7 | (page & MASK(47, 12)) | (uint64_t)w->attr << 48 | (uint64_t)w->shift << 56;
}

static void unpack(uint64_t data, gpa_t gpa, struct tlb_result *res)
{
	res->gpa = gpa;
	res->attr = (uint8_t)(data >> 48);
	res->sh = data >> 7 & 3;
	res->device = arm_attr_is_device(res->attr);
}

/* ---- clearing, by the owner ---- */

/* Array a of a context: 0..5 data by class and direction, 6 and 7 fetch. Both entry types begin with the tag. */
static void *array_entry(struct tlb_ctx *c, unsigned a, unsigned i)
{
	return a < 6 ? (void *)&c->data[a >> 1][a & 1][i] : (void *)&c->fetch[a - 6][i];
}

static void clear_chunk(struct tlb_ctx *c, unsigned a, unsigned chunk)
{
	for (unsigned i = CHUNK * chunk; i < CHUNK * (chunk + 1); i++)
		store_relaxed((uint64_t *)array_entry(c, a, i), TLB_EMPTY);
}

/* Empties the arrays whose bit is in `arrays`. */
static void clear_arrays(struct tlb *t, unsigned i, unsigned arrays)
{
	struct ctx_info *info = &t->info[i];
	uint64_t keep = 0;

	for (uint64_t left = info->filled; left; left &= left - 1) {
		unsigned bit = ctz64(left);

		if (arrays >> (bit / 8) & 1)
			clear_chunk(&t->pool[i], bit / 8, bit % 8);
		else
			keep |= BIT(bit);
	}
	info->filled = keep;
}

static bool is_high(uint64_t va)
{
	return va >> 55 & 1;
}

/* What an ASID owns: the low half. The bitmap of code pages may stay as it is: it only says "perhaps". */
static void clear_low(struct tlb *t, unsigned i)
{
	struct tlb_ctx *c = &t->pool[i];
	struct ctx_info *info = &t->info[i];

	for (uint64_t left = info->filled; left; left &= left - 1) {
		unsigned a = ctz64(left) / CHUNKS, first = ctz64(left) % CHUNKS * CHUNK;

		for (unsigned n = first; n < first + CHUNK; n++) {
			uint64_t *tag = array_entry(c, a, n);

			if (!is_high(load_relaxed(tag)))
				store_relaxed(tag, TLB_EMPTY);
		}
	}
	for (unsigned el = 0; el < 2; el++)
		for (uint32_t left = info->jumps[el]; left; left &= left - 1)
			for (unsigned n = JUMP_CHUNK * ctz64(left), end = n + JUMP_CHUNK; n < end; n++)
				if (!is_high(c->jump[el][n].va))
					c->jump[el][n].va = ~0ull;
}

static void clear_code(struct tlb *t, unsigned i)
{
	struct ctx_info *info = &t->info[i];

	clear_arrays(t, i, 0xc0);
	for (unsigned el = 0; el < 2; el++) {
		for (uint32_t left = info->jumps[el]; left; left &= left - 1)
			for (unsigned n = JUMP_CHUNK * ctz64(left), end = n + JUMP_CHUNK; n < end; n++)
				t->pool[i].jump[el][n].va = ~0ull;
		info->jumps[el] = 0;
	}
	if (!info->any_code)
		return;
	for (unsigned n = 0; n < ARRAY_SIZE(info->code); n++)
		store_relaxed(&info->code[n], 0);
	store_relaxed(&info->any_code, false);
}

/* Jump entries of all contexts that may lead to blocks that began at instruction n of a page. */
static void forget_jumps_to(struct tlb *t, unsigned n)
{
	for (; n < JUMP_ENTRIES; n += DROP_BITS)
		for (unsigned i = 0; i < CONTEXTS; i++)
			for (unsigned el = 0; el < 2; el++)
				if (t->info[i].jumps[el] >> (n / JUMP_CHUNK) & 1)
					t->pool[i].jump[el][n].va = ~0ull;
}

/* `dropped` goes first: bits that come while we look are for the next time, and have it set again. */
static void forget_dropped(struct tlb *t)
{
	if (likely(!__atomic_load_n(&t->dropped, __ATOMIC_ACQUIRE)))
		return;
	__atomic_store_n(&t->dropped, 0, __ATOMIC_SEQ_CST);
	for (unsigned w = 0; w < ARRAY_SIZE(t->dropped_at); w++) {
		if (!load_relaxed(&t->dropped_at[w]))
			continue;
		for (uint64_t left = __atomic_exchange_n(&t->dropped_at[w], 0, __ATOMIC_SEQ_CST); left; left &= left - 1)
			forget_jumps_to(t, 64 * w + ctz64(left));
	}
}

/* The mark goes first: one that comes while we clear is for the next time. */
static bool take_mark(uint32_t *marks, unsigned i)
{
	if (!(__atomic_load_n(marks, __ATOMIC_ACQUIRE) >> i & 1))
		return false;
	__atomic_and_fetch(marks, ~(1u << i), __ATOMIC_SEQ_CST);
	return true;
}

void tlb_settle(struct arm_cpu *cpu, unsigned i)
{
	struct tlb *t = cpu->tlb;

	bool all = take_mark(&t->stale_all, i), user = take_mark(&t->stale_user, i);

	if (all || (user && t->private_high)) {
		clear_arrays(t, i, 0xff);
		clear_code(t, i);
	} else if (user) {
		clear_low(t, i);
	}
	if (take_mark(&t->stale_code, i))
		clear_code(t, i);
	forget_dropped(t);
}

/* ---- contexts ---- */

uint32_t tlb_new_space(struct tlb *t)
{
	return __atomic_add_fetch(&t->next_space, 1, __ATOMIC_RELAXED) & (uint32_t)MASK(SPACE_BITS - 1, 0);
}

static void clear_l2(struct tlb *t)
{
	for (unsigned i = 0; i < L2_SETS * L2_WAYS; i++)
		store_relaxed(&t->l2[0][i].tag, 0);
	for (unsigned i = 0; i < LARGE_SETS * LARGE_WAYS; i++)
		store_relaxed(&t->large[0][i].tag, 0);
}

/* Numbers come round after 64 million flushes, and then old entries could seem to be new ones: start over in time. */
void tlb_check_spaces(struct tlb *t)
{
	if (likely(load_relaxed(&t->next_space) < BIT(SPACE_BITS - 1)))
		return;
	clear_l2(t);
	store_relaxed(&t->next_space, 1);
	store_relaxed(&t->global_space, tlb_new_space(t));
	for (unsigned i = 1; i < CONTEXTS; i++)
		store_relaxed(&t->info[i].space, tlb_new_space(t));
}

static void init_ctx(struct tlb_ctx *c, unsigned i)
{
	c->index = i;
	for (unsigned a = 0; a < 8; a++)
		for (unsigned chunk = 0; chunk < CHUNKS; chunk++)
			clear_chunk(c, a, chunk);
	for (unsigned el = 0; el < 2; el++)
		for (unsigned n = 0; n < JUMP_ENTRIES; n++)
			c->jump[el][n].va = ~0ull;
}

static void activate(struct arm_cpu *cpu, unsigned i)
{
	struct tlb *t = cpu->tlb;

	t->info[i].last_use = ++t->clock;
	__atomic_exchange_n(&t->cur, i, __ATOMIC_SEQ_CST);
	cpu->ctx = &t->pool[i];
	tlb_settle(cpu, i);
}

/*
 * A new context begins with what the current one has of the kernel's half, where that is global: a new process needs it at
 * once. As careful as a fill: not while a broadcast is under way, and undone if one has begun meanwhile.
 */
static void inherit_kernel(struct arm_cpu *cpu, unsigned to, uint64_t seq)
{
	struct tlb *t = cpu->tlb;
	struct tlb_ctx *src = &t->pool[t->cur], *dst = &t->pool[to];
	struct ctx_info *from = &t->info[t->cur], *info = &t->info[to];

	for (uint64_t left = from->filled & 0xff00ffffffff0000ull; left; left &= left - 1) {
		unsigned a = ctz64(left) / CHUNKS, first = ctz64(left) % CHUNKS * CHUNK;

		info->filled |= left & -left;
		for (unsigned n = first; n < first + CHUNK; n++) {
			uint64_t tag = load_relaxed((uint64_t *)array_entry(src, a, n));

			if (!is_high(tag) || tag == TLB_EMPTY)
				continue;
			if (a < 6)
				store_relaxed(&dst->data[a >> 1][a & 1][n].addend,
					      load_relaxed(&src->data[a >> 1][a & 1][n].addend));
			else
				dst->fetch[a - 6][n].page_id = src->fetch[a - 6][n].page_id;
			store_relaxed((uint64_t *)array_entry(dst, a, n), tag);
		}
	}
	info->jumps[1] = from->jumps[1];
	for (uint32_t left = from->jumps[1]; left; left &= left - 1)
		for (unsigned n = JUMP_CHUNK * ctz64(left), end = n + JUMP_CHUNK; n < end; n++)
			if (is_high(src->jump[1][n].va))
				dst->jump[1][n] = src->jump[1][n];
	for (unsigned n = 0; n < ARRAY_SIZE(info->code); n++)
		store_relaxed(&info->code[n], from->code[n]);
	__atomic_store_n(&info->any_code, from->any_code, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&t->shared->seq, __ATOMIC_SEQ_CST) == seq)
		return;
	clear_arrays(t, to, 0xff);
	clear_code(t, to);
}

/* A context for an ASID that has none: a free one, or the least recently used. */
static unsigned adopt(struct arm_cpu *cpu, unsigned asid)
{
	struct tlb *t = cpu->tlb;
	struct ctx_info *info;
	uint64_t seq, done;
	unsigned best = 0;

	for (unsigned i = 1; i < CONTEXTS && (!best || t->info[best].asid != NO_ASID); i++) {
		if (i == t->cur)
			continue;
		if (!best || t->info[i].asid == NO_ASID || t->info[i].last_use < t->info[best].last_use)
			best = i;
	}
	info = &t->info[best];
	if (info->asid == NO_ASID) {
		init_ctx(&t->pool[best], best);
	} else {
		store_relaxed(&t->by_asid[info->asid], 0);
		clear_arrays(t, best, 0xff);
		clear_code(t, best);
	}
	tlb_check_spaces(t);
	store_relaxed(&info->space, tlb_new_space(t));
	store_relaxed(&info->asid, (int32_t)asid);
	__atomic_or_fetch(&t->used, 1u << best, __ATOMIC_RELEASE);
	__atomic_store_n(&t->by_asid[asid], (uint8_t)(best + 1), __ATOMIC_SEQ_CST);
	done = __atomic_load_n(&t->shared->done, __ATOMIC_ACQUIRE);
	seq = __atomic_load_n(&t->shared->seq, __ATOMIC_ACQUIRE);
	if (t->cur != CTX_OFF && !t->private_high && done == seq) {
		tlb_settle(cpu, t->cur);
		inherit_kernel(cpu, best, seq);
	}
	return best;
}

void tlb_switch(struct arm_cpu *cpu)
{
	struct tlb *t = cpu->tlb;
	unsigned asid, i = CTX_OFF;

	if (cpu->sctlr_el1 & SCTLR_M) {
		asid = (unsigned)((cpu->tcr_el1 & TCR_A1 ? cpu->ttbr1_el1 : cpu->ttbr0_el1) >> 48);
		if (!(cpu->tcr_el1 & TCR_AS))
			asid &= 0xff;
		i = t->by_asid[asid];
		i = likely(i) ? i - 1 : adopt(cpu, asid);
	}
	if (i != t->cur) {
		cpu->stat[STAT_tlb_switch]++;
		activate(cpu, i);
	}
}

int tlb_create(struct arm_cpu *cpu)
{
	struct tlb_shared *shared = &cpu->vm->tlb;
	struct tlb *t = aligned_alloc(64, ALIGN_UP(sizeof(*t), 64));

	if (!t)
		return -ENOMEM;
	memset(t, 0, sizeof(*t));
	t->pool = aligned_alloc(4096, ALIGN_UP(CONTEXTS * sizeof(struct tlb_ctx), 4096));
	if (!t->pool) {
		free(t);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < CONTEXTS; i++)
		t->info[i].asid = NO_ASID;
	t->shared = shared;
	t->global_space = tlb_new_space(t);
	init_ctx(&t->pool[CTX_OFF], CTX_OFF);
	cpu->tlb = t;
	cpu->ctx = &t->pool[CTX_OFF];
	lock_acquire(&shared->lock);
	__atomic_store_n(&shared->cpu[cpu->vcpu->index], cpu, __ATOMIC_RELEASE);
	lock_release(&shared->lock);
	return 0;
}

void tlb_destroy(struct arm_cpu *cpu)
{
	struct tlb_shared *shared = &cpu->vm->tlb;

	if (!cpu->tlb)
		return;
	lock_acquire(&shared->lock);
	__atomic_store_n(&shared->cpu[cpu->vcpu->index], NULL, __ATOMIC_RELEASE);
	lock_release(&shared->lock);
	free(cpu->tlb->pool);
	free(cpu->tlb);
	cpu->tlb = NULL;
	cpu->ctx = NULL;
}

/* ---- translation ---- */

static int translate_flat(struct arm_cpu *cpu, uint64_t va, uint64_t plain, enum access_kind kind, struct tlb_result *res,
			  struct arm_fault *fault)
{
	if (plain >> cpu->model->pa_bits) {
		*fault = (struct arm_fault){ .fsc = FSC_ADDRESS_SIZE, .va = va, .taken = true };
		return -EFAULT;
	}
	res->gpa = plain;
	res->device = kind != ACC_FETCH;
	res->attr = 0;
	res->sh = 2;
	return 0;
}

static bool l2_lookup(struct tlb *t, uint64_t va, uint32_t space, enum access_kind kind, enum tlb_class cls,
		      struct tlb_result *res)
{
	uint32_t global = load_relaxed(&t->global_space);
	uint64_t own = l2_tag(va, space), shared = l2_tag(va, global), tag;
	struct l2_entry *e = t->l2[l2_set(va)];
	uint64_t mask = 0xfff;

	for (unsigned w = 0; w < L2_WAYS; w++, e++) {
		tag = load_relaxed(&e->tag);
		if (tag == own || tag == shared)
			goto found;
	}
	mask = BIT(LARGE_SHIFT) - 1;
	own = l2_tag(va & ~mask, space);
	shared = l2_tag(va & ~mask, global);
	e = t->large[large_set(va)];
	for (unsigned w = 0; w < LARGE_WAYS; w++, e++) {
		tag = load_relaxed(&e->tag);
		if (tag == own || tag == shared)
			goto found;
	}
	return false;
found:
	if (!arm_rights_permit(e->data & 0x7f, kind, cls))
		return false;
	unpack(e->data, (e->data & MASK(47, 12)) | (va & mask), res);
	return true;
}

static void note_range(struct tlb *t, uint64_t va, const struct walk *w)
{
	unsigned bit;

	if (w->global && !t->global_seen[va >> 55 & 1])
		store_relaxed(&t->global_seen[va >> 55 & 1], true);
	if (!w->global && (va >> 55 & 1))
		t->private_high = true;
	if (w->shift == 12)
		return;
	if (!(t->sizes & BIT(w->shift)))
		__atomic_or_fetch(&t->sizes, BIT(w->shift), __ATOMIC_RELAXED);
	if (w->shift < LARGE_SHIFT)
		return;
	bit = range_bit(va, w->shift);
	if (!(t->ranges[bit / 64] >> (bit % 64) & 1))
		__atomic_or_fetch(&t->ranges[bit / 64], BIT(bit % 64), __ATOMIC_RELAXED);
}

/* The entry goes to the way that has the page already, an empty one, or the next in turn. */
static struct l2_entry *l2_insert(struct tlb *t, uint64_t va, uint32_t space, const struct walk *w)
{
	bool large = w->shift >= LARGE_SHIFT;
	uint64_t mask = large ? BIT(LARGE_SHIFT) - 1 : 0xfff, tag;
	unsigned ways = large ? LARGE_WAYS : L2_WAYS, pick = t->next_way++ % ways;
	struct l2_entry *set = large ? t->large[large_set(va)] : t->l2[l2_set(va)], *e;

	note_range(t, va, w);
	if (w->global)
		space = load_relaxed(&t->global_space);
	tag = l2_tag(va & ~mask, space);
	for (unsigned i = 0; i < ways; i++) {
		uint64_t old = load_relaxed(&set[i].tag);

		if (!old)
			pick = i;
		if (old == tag) {
			pick = i;
			break;
		}
	}
	e = &set[pick];
	store_relaxed(&e->tag, 0);
	e->data = l2_pack(w->base + (va & ~mask & (BIT(w->shift) - 1)), w);
	__atomic_exchange_n(&e->tag, tag, __ATOMIC_SEQ_CST);
	return e;
}

/* Walks until the result has got into the L2 with no invalidation in between. */
static int translate_walk(struct arm_cpu *cpu, uint64_t va, enum access_kind kind, enum tlb_class cls, struct walk *w,
			  struct arm_fault *fault)
{
	struct tlb *t = cpu->tlb;

	for (;;) {
		uint32_t space = load_relaxed(&t->info[t->cur].space);
		struct l2_entry *e;
		int err = arm_walk(cpu, va, kind, cls, w, fault);

		if (err || kind == ACC_AT_READ || kind == ACC_AT_WRITE)
			return err;
		e = l2_insert(t, va, space, w);
		if (likely(__atomic_load_n(&t->shared->seq, __ATOMIC_ACQUIRE) == t->fill_seq &&
			   l2_tag_space(load_relaxed(&e->tag)) == load_relaxed(w->global ? &t->global_space :
									       &t->info[t->cur].space)))
			return 0;
		store_relaxed(&e->tag, 0);
		t->fill_seq = __atomic_load_n(&t->shared->seq, __ATOMIC_ACQUIRE);
	}
}

int tlb_translate(struct arm_cpu *cpu, uint64_t va, enum access_kind kind, enum tlb_class cls, struct tlb_result *res,
		  struct arm_fault *fault)
{
	struct tlb *t = cpu->tlb;
	uint64_t plain = arm_untag(cpu, va), done;
	struct walk w;
	int err;

	done = __atomic_load_n(&t->shared->done, __ATOMIC_ACQUIRE);
	t->fill_seq = __atomic_load_n(&t->shared->seq, __ATOMIC_ACQUIRE);
	if (!(cpu->sctlr_el1 & SCTLR_M))
		return translate_flat(cpu, va, plain, kind, res, fault);
	/* Bits above 48 that the L2's tag doesn't have must be a sign: else the walk faults. */
	if (likely((uint64_t)sign_extend(plain, 49) == plain && done == t->fill_seq && kind != ACC_AT_READ &&
		   kind != ACC_AT_WRITE) &&
	    l2_lookup(t, plain, load_relaxed(&t->info[t->cur].space), kind, cls, res))
		return 0;
	cpu->stat[STAT_tlb_walk]++;
	err = translate_walk(cpu, plain, kind, cls, &w, fault);
	if (err) {
		fault->va = va;
		return err;
	}
	unpack(l2_pack(0, &w), w.base + (plain & (BIT(w.shift) - 1)), res);
	return 0;
}

/* ---- fills ---- */

static void note_fill(struct tlb *t, unsigned array, uint64_t va)
{
	t->info[t->cur].filled |= BIT(array * CHUNKS + (va >> 12 & (TLB_ENTRIES - 1)) / CHUNK);
}

static void note_code(struct tlb *t, uint64_t va)
{
	struct ctx_info *info = &t->info[t->cur];
	unsigned bit = code_bit(va);

	if (info->code[bit / 64] >> (bit % 64) & 1)
		return;
	store_relaxed(&info->code[bit / 64], info->code[bit / 64] | BIT(bit % 64));
	__atomic_store_n(&info->any_code, true, __ATOMIC_SEQ_CST);
}

/* Stores a tag for all to see, and takes it back if an invalidation has come since the translation. */
static void publish(struct tlb *t, uint64_t *at, uint64_t tag)
{
	__atomic_exchange_n(at, tag, __ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&t->shared->seq, __ATOMIC_ACQUIRE) != t->fill_seq))
		store_relaxed(at, TLB_EMPTY);
}

void tlb_fill_data(struct arm_cpu *cpu, uint64_t va, bool write, enum tlb_class cls, void *host)
{
	struct tlb_entry *e = &cpu->ctx->data[cls][write][va >> 12 & (TLB_ENTRIES - 1)];
	uint64_t page = va & ~0xfffull;

	note_fill(cpu->tlb, 2 * cls + write, va);
	store_relaxed(&e->tag, TLB_EMPTY);
	store_relaxed(&e->addend, host ? (uint64_t)(uintptr_t)host - page : 0);
	publish(cpu->tlb, &e->tag, host ? page : page | TLB_SLOW);
}

void tlb_fill_fetch(struct arm_cpu *cpu, uint64_t va, unsigned el, uint32_t page_id)
{
	struct fetch_entry *e = &cpu->ctx->fetch[el][va >> 12 & (TLB_ENTRIES - 1)];

	note_fill(cpu->tlb, 6 + el, va);
	note_code(cpu->tlb, va);
	store_relaxed(&e->tag, TLB_EMPTY);
	e->page_id = page_id;
	publish(cpu->tlb, &e->tag, va & ~0xfffull);
}

void tlb_fill_jump(struct arm_cpu *cpu, uint64_t va, unsigned el, uint32_t mode, void *host)
{
	struct tlb *t = cpu->tlb;
	unsigned n = (unsigned)JUMP_INDEX(va);
	struct jump_entry *e = &cpu->ctx->jump[el][n];

	t->info[t->cur].jumps[el] |= 1u << (n / JUMP_CHUNK);
	note_code(t, va);
	e->va = va;
	e->mode = mode;
	e->host = host;
}
