/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software TLB: arrays that translated code probes inline, pooled by translation context.
 *
 * A context is one (regime, ASID): "MMU off", or EL1&0 with an ASID. Its arrays hold, direct-mapped by page number:
 *   data[class][write]  {tag, addend}: guest VA page | low bits, and host address minus guest VA. Class: whose rights count.
 *   fetch[el]           {tag, page id}: pages that may be executed at that EL, and the code page they map to.
 *   jump[el]            {va, mode, host}: indirect branch targets.
 * A tag matches when it equals (address of the access's last byte) & (-4096 | alignment - 1). Tags with a low bit set never
 * match: TLB_SLOW marks a page whose accesses always go out of line, TLB_EMPTY is an empty entry. What must go out of line
 * (MMIO, Device memory, all of a mode with watchpoints) is mostly not entered at all. Pages with code are like others: see
 * cache.h. The arrays' distance from r15 is fixed (CTX_*), so a block's mode picks them without run-time work.
 *
 * The owner fills entries; other vCPUs may only store TLB_EMPTY into tags (broadcast TLBI). A fill notes the
 * invalidation sequence before its walk and looks again after its insert; if it changed, it takes the entry out.
 *
 * Behind the arrays is a per-vCPU second level (tlb_l2: page, ASID or global, PA, rights, size), then the page-table walk.
 */
#ifndef ENGINE_DBT_TLB_H
#define ENGINE_DBT_TLB_H

#include "engine/dbt/arm64/cpu.h"

#define TLB_BITS	12		/* 16 MiB of reach: an entry costs cache only where it is used */
#define TLB_ENTRIES	(1u << TLB_BITS)
#define JUMP_BITS	12
#define JUMP_ENTRIES	(1u << JUMP_BITS)
#define TLB_EMPTY	(~0ull)
#define TLB_SLOW	1ull		/* low tag bit: always out of line */

enum tlb_class { TLB_EL0, TLB_EL1, TLB_EL1_PAN, TLB_CLASSES };

struct tlb_entry {
	uint64_t tag;
	uint64_t addend;		/* host address - guest address; owner only */
};

struct fetch_entry {
	uint64_t tag;			/* guest VA page */
	uint32_t page_id;		/* code page number (cache.h); owner only */
	uint32_t pad;
};

struct jump_entry {
	uint64_t va;			/* ~0 (not 4-aligned, never a PC): empty */
	void *host;
	uint32_t mode;
	uint32_t pad[3];
};

struct tlb_ctx {
	struct tlb_entry data[TLB_CLASSES][2][TLB_ENTRIES];
	struct fetch_entry fetch[2][TLB_ENTRIES];
	struct jump_entry jump[2][JUMP_ENTRIES];
	/* Bookkeeping; not reached from translated code. The rest is in struct tlb (tlb_private.h). */
	uint32_t index;			/* in the pool */
};

#define CTX_DATA(cls, write)	((int32_t)offsetof(struct tlb_ctx, data) + \
	(int32_t)sizeof(struct tlb_entry) * TLB_ENTRIES * (2 * (int)(cls) + (write)))
#define CTX_FETCH(el)		((int32_t)offsetof(struct tlb_ctx, fetch) + \
	(int32_t)sizeof(struct fetch_entry) * TLB_ENTRIES * (el))
#define CTX_JUMP(el)		((int32_t)offsetof(struct tlb_ctx, jump) + (int32_t)sizeof(struct jump_entry) * JUMP_ENTRIES * (el))
#define JUMP_INDEX(va)		((va) >> 2 & (JUMP_ENTRIES - 1))

/* What a translation gives. */
struct tlb_result {
	gpa_t gpa;			/* of the byte asked for */
	bool device;			/* Device memory type (unaligned, exclusives and DC ZVA fault) */
	uint8_t attr;			/* MAIR attribute byte, for PAR_EL1 */
	uint8_t sh;
};

enum access_kind { ACC_READ, ACC_WRITE, ACC_FETCH, ACC_AT_READ, ACC_AT_WRITE, ACC_CACHE };

/* A fault in the form that ESR_ELx takes it. */
struct arm_fault {
	uint32_t fsc;			/* DFSC/IFSC; 0 is "address size fault, level 0", so see `taken` */
	uint64_t va;
	bool taken;
	bool s1ptw;			/* external abort on a walk */
};

/* Of a machine, in struct dbt_vm. `seq` is the invalidation sequence: broadcasts begun; `done`: those that have ended. */
struct tlb_shared {
	struct lock lock;		/* the table */
	uint64_t seq, done;		/* atomic */
	struct arm_cpu *cpu[VM_MAX_VCPUS];	/* atomic; by vCPU index: whose TLB exists */
};

/* cpu->vm and cpu->vcpu are set; the "MMU off" context is current. -ENOMEM. destroy: nobody may broadcast meanwhile. */
int tlb_create(struct arm_cpu *cpu);
void tlb_destroy(struct arm_cpu *cpu);

/* TTBR0/TTBR1/TCR/SCTLR.M/CONTEXTIDR changed: makes the context for the current regime and ASID current (cpu->ctx). */
void tlb_switch(struct arm_cpu *cpu);

/*
 * Translates va for an access by the current regime at `el` (0 or 1; class decides PAN) and enters it into the second
 * level; the tlb_fill_* functions below enter it into the arrays. 0 and *res, or -EFAULT and *fault.
 */
int tlb_translate(struct arm_cpu *cpu, uint64_t va, enum access_kind kind, enum tlb_class cls, struct tlb_result *res,
		  struct arm_fault *fault);
/* Fills come right after the tlb_translate of the same page: what has been invalidated since is not kept.
   Puts an entry into the current context's data arrays. host: of the page's first byte, or NULL for TLB_SLOW. */
void tlb_fill_data(struct arm_cpu *cpu, uint64_t va, bool write, enum tlb_class cls, void *host);
void tlb_fill_fetch(struct arm_cpu *cpu, uint64_t va, unsigned el, uint32_t page_id);
void tlb_fill_jump(struct arm_cpu *cpu, uint64_t va, unsigned el, uint32_t mode, void *host);

/*
 * For whoever enters translated code: in_code becomes 1 with a full barrier before the look-up (fetch array, tlb_translate)
 * whose result is entered, and KICK_TLB is tested (and tlb_drain called) after that barrier and before the look-up. A chain
 * left because of a kick goes through such a look-up again.
 */
/* TLBI. `broadcast` (the IS forms) does all vCPUs of the machine. asid -1: any; va pages; last_level ignored (over-invalidates). */
void tlb_flush_all(struct arm_cpu *cpu, bool broadcast);
void tlb_flush_asid(struct arm_cpu *cpu, uint16_t asid, bool broadcast);
void tlb_flush_va(struct arm_cpu *cpu, uint64_t va, int32_t asid, bool broadcast);
/* DSB after broadcasts: returns when no other vCPU can still use what this one invalidated. */
void tlb_sync(struct arm_cpu *cpu);
/* The owner, outside translated code, before it looks up the next block: do what others asked for (clears KICK_TLB), and
   acknowledge it. */
void tlb_drain(struct arm_cpu *cpu);

/*
 * Brackets what may take long inside a helper or stub of translated code (MMIO, firmware calls, sleeping): in between the
 * vCPU counts as outside, and nobody waits for it. The end does what was asked for meanwhile, so that the block may go on,
 * but leaves KICK_TLB set: the next check leaves the chain.
 */
void tlb_outside_begin(struct arm_cpu *cpu);
void tlb_outside_end(struct arm_cpu *cpu);

/* A block was dropped that began at this offset of a page: no jump entry may lead to it. Fetch entries may stay: they name the
   page, and links to the block are undone (link.c). When, and for whom: as below. */
void tlb_forget_block(struct arm_cpu *cpu, uint32_t offset);
/* All code is gone: no fetch or jump entry may lead there. All vCPUs (each at its next check, the caller's now; cpu NULL: see
   tlb_forget_jumps_vm); see cache.h for when memory is reused. */
void tlb_forget_jumps(struct arm_cpu *cpu);
void tlb_forget_jumps_vm(struct dbt_vm *vm);	/* the same from a thread that is no vCPU */

#endif
