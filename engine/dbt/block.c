/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tier 1: what to translate, and the way of a block from guest bytes to host bytes.
 *
 * A block begins where execution arrived, goes on across branches that are not taken, and ends at an unconditional one, at
 * the end of the page, or after BLOCK_INSNS instructions. It is translated from a private copy of its bytes, which stays
 * with it: cache maintenance compares that copy with memory.
 */
#include "base/log.h"
#include "base/string.h"
#include "engine/dbt/arm64/lift.h"
#include "engine/dbt/dump.h"
#include "engine/dbt/run.h"
#include "engine/dbt/trace.h"
#include "engine/dbt/x64/gen.h"

#define BLOCK_INSNS	64

/* IR for up to `max` instructions. Returns how many bytes were lifted. */
static uint32_t lift_block(struct arm_cpu *cpu, struct ir *ir, const uint8_t *bytes, uint32_t offset, uint32_t mode, unsigned max)
{
	struct lift l = { .ir = ir, .mode = arm_mode_get(cpu->vm, mode), .vm = cpu->vm, .features = cpu->model->features,
			  .offset = offset };
	uint32_t at = offset;

	ir_init(ir, offset);
	if (l.mode->ss)
		max = 1;
	while (!l.end && at < 4096 && max-- > 0 && !ir->overflow) {
		uint32_t insn;

		memcpy(&insn, bytes + (at - offset), 4);
		l.offset = at;
		l.next = at + 4;
		lift_insn(&l, insn);
		at += 4;
	}
	if (!l.end) {
		l.offset = at - 4;
		if (l.mode->ss)
			lift_exit_helper(&l, HELPER_step, true, lift_const(&l, IR_I64, 1), IR_NONE, IR_NONE);
		else
			ir_add(ir, IR_EXIT, IR_VOID, IR_NONE, IR_NONE, IR_NONE, at);
	}
	return at - offset;
}

static void run_passes(const struct arm_cpu *cpu, struct ir *ir, const struct arm_mode *mode)
{
	if (!mode->watch && !dbt_tracing(cpu, DBT_TRACE_EXEC))
		ir_pass_loop(ir);
	ir_pass_forward(ir);
	ir_pass_fold(ir);
	ir_pass_cse(ir);
	ir_pass_dead(ir);
	/* Elsewhere each access has its own alignment to check, or goes to C anyway. */
	if (mode->mmu && !mode->align_check && !mode->watch)
		ir_pass_check(ir);
}

static void prepare(struct gen *g, struct arm_cpu *cpu, struct dbt_block *b)
{
	struct dbt_cache *k = &cpu->vm->cache;
	bool few = cpu->vm->options->reg_pressure;

	g->c = (struct code){ .buf = k->rw, .at = k->at, .size = k->size };
	g->mode = arm_mode_get(cpu->vm, b->mode);
	g->mode_id = b->mode;
	g->vm = cpu->vm;
	g->blk = b;
	g->host = &cpu->vm->host;
	g->gpr_values = few ? 1u << RBX | 1u << RSI | 1u << RDI | 1u << R8 | 1u << R12 : GPR_VALUES;
	g->xmm_values = few ? 0xf : XMM_VALUES;
	g->ir = k->ir;
	g->side = k->side + k->side_at;
	g->side_at = 0;
	g->side_max = k->side_size - k->side_at;
	g->side_base = k->side_at;
	g->link_base = k->link_count;
}

static void commit_block(struct dbt_cache *k, struct gen *g, struct dbt_block *b)
{
	b->code_size = g->c.at - b->code;
	k->at = (g->c.at + 15) & ~15u;
	k->side_at += g->side_at;
	b->links = &k->links[k->link_count];
	b->link_count = g->link_count;
	for (uint32_t n = 0; n < g->link_count; n++) {
		b->links[n] = g->links[n];
		b->links[n].from = b;
	}
	k->link_count += g->link_count;
	k->block_count++;
	k->translated++;
}

struct dbt_block *dbt_translate(struct arm_cpu *cpu, struct dbt_page *page, uint32_t offset, uint32_t mode)
{
	struct dbt_cache *k = &cpu->vm->cache;
	struct gen *g = k->gen;
	struct dbt_block *b = &k->blocks[k->block_count];
	uint32_t copy_words = BLOCK_INSNS, max = BLOCK_INSNS;
	uint8_t *copy;

	if (k->block_count >= k->block_max || k->link_count + ARRAY_SIZE(g->links) > k->link_max ||
	    k->side_at + copy_words + 64 > k->side_size)
		return NULL;
	copy = (uint8_t *)(k->side + k->side_at);
	memcpy(copy, page->host + offset, MIN(4 * BLOCK_INSNS, 4096 - offset));
	for (;;) {
		*b = (struct dbt_block){ .page = page, .offset = (uint16_t)offset, .mode = mode, .code = k->at };
		b->guest_bytes = (uint16_t)lift_block(cpu, k->ir, copy, offset, mode, max);
		if (!k->ir->overflow) {
			uint32_t side_at = k->side_at;

			run_passes(cpu, k->ir, arm_mode_get(cpu->vm, mode));
			b->copy = k->side_at;
			k->side_at += (b->guest_bytes + 3u) / 4;
			prepare(g, cpu, b);
			if (gen_block(g)) {
				commit_block(k, g, b);
				cpu->stat[STAT_translate]++;
				dbt_dump_block(cpu, b, copy);
				return b;
			}
			k->side_at = side_at;
		}
		/* Out of room in the cache, or too much for one block; which of them, one instruction shows at last. */
		if ((g->c.full || max == 1) && k->block_count)
			return NULL;
		if (max == 1)
			panic("one instruction at offset %x does not fit", offset);
		max = b->guest_bytes > 4 ? b->guest_bytes / 8u : 1;
		if (!max)
			max = 1;
	}
}
