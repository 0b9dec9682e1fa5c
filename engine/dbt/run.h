/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C side of running translated code: what the common stubs call, and the code cache's functions.
 *
 * Who returns what: each RUN_* function returns the host address to go on with.
 */
#ifndef ENGINE_DBT_RUN_H
#define ENGINE_DBT_RUN_H

#include "engine/dbt/arm64/cpu.h"
#include "engine/dbt/cache.h"
#include "engine/dbt/side.h"
#include "engine/dbt/vm.h"

/* Behind the helpers in the table that translated code calls through. */
enum { RUN_SLOW, RUN_LINK, RUN_DISPATCH, RUN_VECTOR, RUN_COUNT };

void *dbt_run_slow(struct arm_cpu *cpu, uint32_t side);		/* slow.c */
void *dbt_run_link(struct arm_cpu *cpu, uint32_t link);		/* link.c */
void *dbt_run_dispatch(struct arm_cpu *cpu);			/* run.c: cpu->pc */

/* ---- slow.c ---- */
/*
 * Guest memory by virtual address, for helpers: with the rights of the current EL (unprivileged: EL0's). True: done.
 * False: an exception was taken (cpu->redirect is set). cpu->pc must be exact. Accesses that cross a page check both
 * before any effect.
 */
bool dbt_guest_read(struct arm_cpu *cpu, uint64_t va, void *buf, unsigned size, unsigned align);
bool dbt_guest_write(struct arm_cpu *cpu, uint64_t va, const void *buf, unsigned size, unsigned align);
/* The host address of a naturally aligned RAM location, for atomic operations of helpers; NULL: exception taken. */
enum dbt_atomic { DBT_ATOMIC_READ, DBT_ATOMIC_WRITE, DBT_ATOMIC_BOTH };
void *dbt_guest_atomic(struct arm_cpu *cpu, uint64_t va, unsigned size, enum dbt_atomic what);

/* arm64/exact.c: the exact result of a SIDE_VOP or SIDE_FP record; integers in d[0] */
void dbt_exact(struct arm_cpu *cpu, const struct side *s, const union v128 in[3], union v128 *out);
/* Called from translated code: vector operation `op` on save_xmm[13..15] (n, m, d), the result in d's place. */
void dbt_run_vector(struct arm_cpu *cpu, uint32_t op, uint32_t desc);

/* ---- cache.c ---- */
int dbt_cache_init(struct dbt_vm *vm);
void dbt_cache_fini(struct dbt_vm *vm);
/* The code for cpu->pc in the current mode; translates if need be. NULL: a fetch fault was taken, cpu->pc is its vector. */
void *dbt_find_code(struct arm_cpu *cpu);
struct dbt_block *dbt_find_block(struct arm_cpu *cpu);		/* the same, as a block; valid until the next safe point */
void dbt_flush_all(struct dbt_vm *vm);		/* all vCPUs stopped (reset, snapshot load) */
/* Between dbt_code_leave and dbt_code_enter the vCPU neither runs translated code nor will it return into any: code may be
   reclaimed. Entering waits for a flush that is under way. */
void dbt_code_enter(struct arm_cpu *cpu);
void dbt_code_leave(struct arm_cpu *cpu);

/* ---- block.c ---- */
/* Translates the block at page/offset in the current mode. cache lock held. NULL: no space (flush and try again). */
struct dbt_block *dbt_translate(struct arm_cpu *cpu, struct dbt_page *page, uint32_t offset, uint32_t mode);

/* ---- link.c; cache lock held ---- */
void dbt_link(struct dbt_vm *vm, struct dbt_link *l, struct dbt_block *to);
void dbt_unlink_in(struct dbt_vm *vm, struct dbt_block *b);	/* nobody jumps to b any more */

#endif
