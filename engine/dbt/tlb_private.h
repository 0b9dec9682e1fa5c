/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the software TLB (tlb.c: contexts, look-up, fill; tlb_inval.c: invalidation). See tlb.h for what it is for.
 *
 * Spaces. The second level (L2) tags entries with a space number instead of an ASID. Each context has its own, and one is for
 * global pages. Numbers are never used twice (a wrap clears the L2), so giving a context a new number drops all of its L2
 * entries at once; a context that loses its place in the pool loses them too.
 *
 * Who writes what. The owner: everything except that others may
 *   - store TLB_EMPTY into tags of data and fetch arrays, and 0 into tags of the L2,
 *   - set bits in `stale_*` and `dropped*`, give new numbers to `space` and `global_space`, add to `req`, and set KICK_TLB.
 * Everything that two threads touch is accessed atomically; x86 gives acquire and release for nothing.
 *
 * Races, and why each is harmless:
 * 1. A translation under way while another vCPU invalidates. The issuer adds to shared->seq (a locked operation) after the
 *    guest's store to the page table and before it looks at our arrays, and to shared->done when it has finished. What we
 *    insert, we insert and then (XCHG: a full barrier) read seq again: if it has not moved since the translation began, an
 *    issuer's look comes after our insert and finds it. Else we take the insert out. That does not cover an issuer that had
 *    begun already, but not come to us yet: so the L2, which may have what it is about to remove, is used only when seq and
 *    done are equal; otherwise we walk, and find the new tables.
 * 2. An access that has passed its tag comparison but has not been done. The issuer cannot see it. It can see that a match
 *    existed (arrays of the current context, or L2: what the slow path uses is always there), then it asks for an
 *    acknowledgement: req is increased *before* the match is removed, so that a second issuer who finds nothing any more sees
 *    req != ack and waits as well. tlb_sync (DSB) waits until the owner has acknowledged at a point outside translated code,
 *    or is seen outside of it.
 * 3. A vCPU that counts as outside. It enters with a full barrier and then looks at KICK_TLB (tlb_outside_end, the
 *    dispatcher), the issuer sets KICK_TLB before it looks whether the vCPU is outside: one of the two sees the other.
 * 4. Contexts that are not current are only marked stale and cleared when they become current. The owner stores `cur` (XCHG),
 *    then looks at the marks; the issuer sets the marks (locked, or finds them set), then reads `cur` again: if it has changed,
 *    it asks for an acknowledgement. Only then does it remove L2 entries, for the reason given in 2.
 * 5. A context that gets another ASID while an issuer looks. The owner clears it and gives it a new space before the new ASID
 *    can be found; `cur` is stored with a full barrier before the first walk for it. An issuer that did not find it had made
 *    its page-table change visible before that walk.
 * 6. Jump caches are only ever touched by the owner. An issuer that finds a bit of the page in the bitmap of
 *    code pages marks the context's code stale and asks for an acknowledgement. As long as the mark is set KICK_TLB is too,
 *    so pages that the bitmap forgets (the one running) are seen again when the chain is left.
 *    A dropped block asks for less: a bit in `dropped_at`, then `dropped`, then KICK_TLB, and the owner takes them in the opposite
 *    order, out of all contexts. Code looks at the kick word before it looks at a jump entry, and an entry that is filled with a
 *    block that was dropped meanwhile comes after the bits were set, or before they are taken.
 * 7. A new context that copies the kernel's half of the current one. The copy is a fill like others: it is made only when no
 *    broadcast is under way, after the context can be found and marked, and thrown away if seq has moved when it is done.
 */
#ifndef ENGINE_DBT_TLB_PRIVATE_H
#define ENGINE_DBT_TLB_PRIVATE_H

#include "base/bits.h"
#include "engine/dbt/arm64/sysreg_bits.h"
#include "engine/dbt/arm64/walk.h"
#include "engine/dbt/vm.h"

#define CONTEXTS	32u
#define CTX_OFF		0u			/* the context of "MMU off": always there, not in the L2, never flushed */
#define NO_ASID		(-1)

#define L2_SETS		4096u
#define L2_WAYS		4u
#define LARGE_SETS	512u
#define LARGE_WAYS	2u
#define LARGE_SHIFT	21u			/* leaves of 2 MiB and more are kept in pieces of this size */
#define SPACE_BITS	26u
#define RANGE_BITS	65536u			/* bitmap of large ranges */
#define CODE_BITS	65536u			/* bitmap of code pages, per context: a false match costs a full clear */
#define CHUNKS		8u			/* of an array, for `filled` */
#define CHUNK		(TLB_ENTRIES / CHUNKS)
#define JUMP_CHUNK	(JUMP_ENTRIES / 32)	/* for `jumps` */
#define DROP_BITS	1024u			/* instructions of a page */

/*
 * Tag: VA bits 48:12, space, 1. Data: PA 47:12 where it is; rights in 6:0, SH in 8:7, leaf size (log2) in 14..: see l2_pack.
 */
struct l2_entry {
	uint64_t tag;				/* 0: empty */
	uint64_t data;				/* owner only */
};

struct ctx_info {
	int32_t asid;				/* NO_ASID: free (or MMU off) */
	uint32_t space;
	uint64_t last_use;
	uint64_t filled;			/* bit (array * CHUNKS + chunk): may have entries. Owner */
	uint32_t jumps[2];			/* bit (chunk of JUMP_CHUNK entries), by EL. Owner */
	bool any_code;				/* the bitmap is not empty */
	uint64_t code[CODE_BITS / 64];
};

struct tlb {
	struct tlb_shared *shared;
	uint64_t fill_seq;			/* shared->seq before the last translation */
	uint32_t cur;
	uint32_t used;				/* contexts that have arrays worth clearing; CTX_OFF is never in it */
	/* Bit per context: all arrays and code; what is not global (TLBI by ASID); code. */
	uint32_t stale_all, stale_user, stale_code;
	/* Bit per instruction of a page: blocks that began there were dropped, jump entries may lead to them. `dropped`: there
	   is one. */
	uint32_t dropped;
	uint64_t dropped_at[DROP_BITS / 64];
	uint32_t req, ack;
	uint32_t global_space, next_space;
	uint32_t next_way;
	uint64_t clock;
	uint64_t sizes;				/* bit n: leaves of 1 << n bytes (more than 4 KiB) were seen */
	bool global_seen[2];			/* global pages in the low, high half */
	bool private_high;			/* nG pages in the high half (KPTI): then it is not the same for all ASIDs. Owner */
	/* What this vCPU, as issuer, has to wait for. */
	uint64_t wait;				/* bit per vCPU */
	uint32_t need[VM_MAX_VCPUS];
	struct tlb_ctx *pool;
	struct ctx_info info[CONTEXTS];
	uint8_t by_asid[65536];			/* context + 1 */
	uint64_t ranges[RANGE_BITS / 64];
	struct l2_entry l2[L2_SETS][L2_WAYS] __attribute__((aligned(64)));
	struct l2_entry large[LARGE_SETS][LARGE_WAYS] __attribute__((aligned(64)));
};

#define load_relaxed(p)		__atomic_load_n(p, __ATOMIC_RELAXED)
#define store_relaxed(p, v)	__atomic_store_n(p, v, __ATOMIC_RELAXED)

static inline uint64_t l2_tag(uint64_t va, uint32_t space)
{
	return (va >> 12 & MASK(36, 0)) << 27 | (uint64_t)space << 1 | 1;
}

static inline uint32_t l2_tag_space(uint64_t tag)
{
	return tag >> 1 & (uint32_t)MASK(SPACE_BITS - 1, 0);
}

static inline bool l2_tag_is_page(uint64_t tag, uint64_t va)
{
	return (tag & 1) && tag >> 27 == (va >> 12 & MASK(36, 0));
}

static inline unsigned l2_set(uint64_t va)
{
	return (unsigned)(va >> 12 ^ va >> 24) & (L2_SETS - 1);
}

static inline unsigned large_set(uint64_t va)
{
	return (unsigned)(va >> LARGE_SHIFT) & (LARGE_SETS - 1);
}

static inline unsigned range_bit(uint64_t va, unsigned shift)
{
	return (unsigned)(((va << 8 >> 8 >> shift) + shift) * 0x9e3779b97f4a7c15ull >> 48);
}

static inline unsigned code_bit(uint64_t va)
{
	return (unsigned)(va >> 12 ^ va >> 24) & (CODE_BITS - 1);
}

/* A page's tag whatever its top byte and low bits are. */
static inline bool tag_is_page(uint64_t tag, uint64_t va)
{
	return !((tag ^ va) << 8 >> 20);
}

uint32_t tlb_new_space(struct tlb *t);
void tlb_check_spaces(struct tlb *t);		/* the owner, now and then */
/* The owner: what the marks ask for context i. */
void tlb_settle(struct arm_cpu *cpu, unsigned i);
/* Ask the owner of `to` for an acknowledgement; `from` (NULL: nobody waits) will need it at its next tlb_sync. */
void tlb_request(struct arm_cpu *from, struct arm_cpu *to);

#endif
