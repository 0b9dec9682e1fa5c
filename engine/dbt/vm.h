/* SPDX-License-Identifier: BSD-2-Clause */
/* The translator's part of a machine: what its vCPUs share. vm->engine_vm points to it. */
#ifndef ENGINE_DBT_VM_H
#define ENGINE_DBT_VM_H

#include "core/vm.h"
#include "engine/dbt/arm64/system.h"
#include "engine/dbt/cache.h"
#include "engine/dbt/dbt.h"
#include "engine/dbt/tlb.h"

struct host_cpu {
	bool avx, avx2, fma, f16c, bmi1, bmi2, lzcnt, movbe, aes, pclmul, sha, sse42, popcnt, avx512;
};
void host_cpu_detect(struct host_cpu *h);

/* Offsets in the code region of what all blocks share (x64/stubs.c). */
struct dbt_stubs {
	uint32_t enter, leave, slow, link, indirect, dispatch, helper, unpredicted[2] /* by EL */, end;
	uint32_t check[16];		/* TLB checks for cold code: 8 * of SP + 2 * class + write; class 3 is none */
};

struct gen;

struct dbt_cache {
	struct lock lock;
	uint8_t *rw, *rx;		/* one memory, two views */
	uint32_t size, at;		/* bytes; at: where the next block goes */
	uint32_t *side;			/* side arena, words */
	uint32_t side_size, side_at;
	struct dbt_link *links;
	uint32_t link_max, link_count;
	struct dbt_block *blocks;
	uint32_t block_max, block_count;
	struct dbt_block **hash;	/* by page, offset and mode */
	uint32_t hash_mask;
	struct dbt_page *pages;
	uint32_t page_max, page_count, page_mask;
	struct dbt_page **page_hash;
	struct gen *gen;		/* workspace of the translator */
	struct ir *ir;
	uint32_t flushing;		/* atomic: somebody waits for all vCPUs to leave code */
	uint64_t flushes, translated;
	int perf_fd;			/* options->perf_map, or -1 */
};

struct dbt_vm {
	struct vm *vm;
	const struct dbt_options *options;	/* never NULL */
	struct tlb_shared tlb;
	struct arm_modes modes;
	struct host_cpu host;
	struct dbt_stubs stubs;
	struct dbt_cache cache;
	void *helpers[HELPER_COUNT + 4];	/* the table translated code calls through: helpers, then run.h's */
	struct arm_cpu *cpu[VM_MAX_VCPUS];
};

#endif
