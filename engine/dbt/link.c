/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chaining: exits that jump straight to their target block.
 *
 * A patch is one aligned 4-byte store through the writable view while other vCPUs may run the jump. A jump to another page
 * also compares the fetch entry's page id with an immediate: ~0 until the jump is right, so the order of the two stores
 * decides. Cache lock held.
 *
 * A vCPU may stop for long between that comparison and the jump, and vpage is the target's by then. So unlinking changes the
 * immediate alone: who has passed still gets to the dropped block, as if he had been there a moment earlier. And such a link never
 * gets a target in another page than its first.
 */
#include "base/bits.h"
#include "engine/dbt/run.h"
#include "engine/dbt/trace.h"

static void put_code(struct dbt_vm *vm, uint32_t at, uint32_t v)
{
	__atomic_store_n((uint32_t *)(void *)(vm->cache.rw + at), v, __ATOMIC_RELEASE);
}

static void point(struct dbt_vm *vm, struct dbt_link *l, uint32_t target)
{
	put_code(vm, l->jump, target - (l->jump + 4));
}

void dbt_link(struct dbt_vm *vm, struct dbt_link *l, struct dbt_block *to)
{
	l->to = to;
	l->next_in = to->links_in;
	to->links_in = l;
	point(vm, l, to->code);
	if (l->page_id_at) {
		l->page = to->page;
		put_code(vm, l->page_id_at, to->page->id);
	}
}

static void unlink_one(struct dbt_vm *vm, struct dbt_link *l)
{
	if (l->page_id_at)
		put_code(vm, l->page_id_at, ~0u);
	else
		point(vm, l, l->unlinked);
	l->to = NULL;
	l->next_in = NULL;
}

void dbt_unlink_in(struct dbt_vm *vm, struct dbt_block *b)
{
	struct dbt_link *l = b->links_in;

	while (l) {
		struct dbt_link *next = l->next_in;

		unlink_one(vm, l);
		l = next;
	}
	b->links_in = NULL;
}

/* An exit that is not linked yet: find the target, link if that is allowed, go there. */
void *dbt_run_link(struct arm_cpu *cpu, uint32_t link)
{
	struct dbt_vm *vm = cpu->vm;
	struct dbt_link *l = &vm->cache.links[link];
	bool no_chain = vm->options->no_chain || dbt_tracing(cpu, DBT_TRACE_EXEC);
	uint64_t flushes = vm->cache.flushes;
	struct dbt_block *b;

	cpu->stat[STAT_link]++;
	cpu->pc = cpu->vpage + (uint64_t)l->target;
	if (__atomic_load_n(&cpu->kick, __ATOMIC_ACQUIRE))
		return dbt_run_dispatch(cpu);
	b = dbt_find_block(cpu);
	/* A flush by another vCPU in between makes our arrays stale: KICK_TLB says so. */
	if (!b || (__atomic_load_n(&cpu->kick, __ATOMIC_ACQUIRE) & (KICK_CODE | KICK_TLB)))
		return dbt_run_dispatch(cpu);
	lock_acquire(&vm->cache.lock);
	/* Finding may have flushed the cache, and l with it; another vCPU may have linked it already. */
	if (vm->cache.flushes == flushes && !b->dead && !l->to && !no_chain && b->mode == cpu->mode &&
	    (!l->page || l->page == b->page))
		dbt_link(vm, l, b);
	lock_release(&vm->cache.lock);
	cpu->vpage = cpu->pc & ~4095ull;
	if (dbt_tracing(cpu, DBT_TRACE_EXEC))
		dbt_trace_exec(cpu);
	return vm->cache.rx + b->code;
}
