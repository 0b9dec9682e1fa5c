/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls and returns as the code generator emits them (engine/dbt/returns.h): blocks of a small program, run on this host with a
 * linker that never links and a dispatcher that notes who comes. A predicted return arrives at the linker, by the jump behind its
 * call; any other at the dispatcher.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "base/platform.h"
#include "engine/dbt/returns.h"
#include "engine/dbt/run.h"
#include "engine/dbt/x64/gen.h"

#define CODE_SIZE	(1u << 16)
#define PAGE		0x40000000ull
#define END		0xf00u			/* no block: translated code is left */
#define BLOCKS		8u

/* The platform, for panics alone; and what select_exit.c wants of helpers.c. */
void platform_wait(uint32_t *word, uint32_t expected) {}
void platform_wake(uint32_t *word, bool all) {}
void platform_log(int level, const char *line, size_t len) { fwrite(line, 1, len, stderr); }
void platform_halt(void) { abort(); }
uint64_t platform_now_ns(void) { return 0; }
const struct dbt_helper_info dbt_helper_info[HELPER_COUNT];

struct rig {
	struct dbt_vm vm;
	struct arm_cpu cpu;
	struct gen gen;
	struct ir ir;
	uint32_t side[256], snaps[4096];
	uint8_t *code;
	uint32_t at;
	struct { uint64_t pc; uint32_t code; } block[BLOCKS];
	unsigned blocks;
	int64_t target[64];		/* of links */
	uint32_t links;
	uint64_t predicted[64], dispatched[64];		/* PCs that came by a link, by the dispatcher; how many */
	unsigned predictions, dispatches;
	uint64_t kick_at;		/* a link to this address raises the kick word */
};

static void *go_to(struct rig *rig, uint64_t pc)
{
	for (unsigned k = 0; k < rig->blocks; k++)
		if (rig->block[k].pc == pc)
			return rig->code + rig->block[k].code;
	return rig->code + rig->vm.stubs.leave;
}

static void *follow(struct arm_cpu *cpu, uint32_t link)
{
	struct rig *rig = container_of(cpu, struct rig, cpu);
	uint64_t pc = cpu->vpage + (uint64_t)rig->target[link];

	rig->predicted[rig->predictions++ % ARRAY_SIZE(rig->predicted)] = pc;
	if (pc == rig->kick_at)
		cpu->kick = KICK_TLB;
	cpu->vpage = pc & ~4095ull;
	return go_to(rig, pc);
}

static void *dispatch(struct arm_cpu *cpu)
{
	struct rig *rig = container_of(cpu, struct rig, cpu);

	rig->dispatched[rig->dispatches++ % ARRAY_SIZE(rig->dispatched)] = cpu->pc;
	if (cpu->kick) {
		cpu->kick = 0;
		dbt_returns_drop(cpu);
	}
	dbt_returns_check(cpu);
	cpu->vpage = cpu->pc & ~4095ull;
	return go_to(rig, cpu->pc);
}

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct code c;

	rig->code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(rig->code != MAP_FAILED);
	host_cpu_detect(&rig->vm.host);
	rig->vm.helpers[HELPER_COUNT + RUN_LINK] = (void *)follow;
	rig->vm.helpers[HELPER_COUNT + RUN_DISPATCH] = (void *)dispatch;
	rig->cpu.vm = &rig->vm;
	rig->cpu.helpers = rig->vm.helpers;
	rig->cpu.mxcsr = 0x1f80;
	rig->cpu.ctx = malloc(sizeof(struct tlb_ctx));
	memset(rig->cpu.ctx, 0xff, sizeof(struct tlb_ctx));
	rig->cpu.returns_ctx = rig->cpu.ctx;
	c = (struct code){ .buf = rig->code, .size = CODE_SIZE };
	gen_stubs(&c, &rig->vm.stubs, &rig->vm.host);
	rig->at = c.at;
	rig->vm.modes.mode[0] = (struct arm_mode){ .el = 0 };
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	munmap(rig->code, CODE_SIZE);
	free(rig->cpu.ctx);
	free(rig);
	return 0;
}

/* ---- the program ---- */

static void begin(struct rig *rig, uint32_t offset)
{
	ir_init(&rig->ir, offset);
	ir_add(&rig->ir, IR_INSN, IR_VOID, NONE, NONE, NONE, offset);
}

static uint32_t add(struct rig *rig, enum ir_op op, uint32_t a, uint32_t b, uint32_t c, uint64_t imm)
{
	return ir_add(&rig->ir, op, op == IR_SET || ir_op_info[op].cls == 'x' ? IR_VOID : IR_I64, a, b, c, imm);
}

static uint32_t get(struct rig *rig, unsigned slot)
{
	return add(rig, IR_GET, NONE, NONE, NONE, slot);
}

static void set(struct rig *rig, unsigned slot, uint32_t v)
{
	add(rig, IR_SET, v, NONE, NONE, slot);
}

static void finish(struct rig *rig, uint32_t offset)
{
	struct gen *g = &rig->gen;

	ir_pass_forward(&rig->ir);
	g->ir = &rig->ir;
	g->c = (struct code){ .buf = rig->code, .at = rig->at, .size = CODE_SIZE };
	g->mode = &rig->vm.modes.mode[0];
	g->vm = &rig->vm;
	g->host = &rig->vm.host;
	g->gpr_values = GPR_VALUES;
	g->xmm_values = XMM_VALUES;
	g->snaps = rig->snaps;
	g->snap_max = ARRAY_SIZE(rig->snaps);
	g->side = rig->side;
	g->side_max = ARRAY_SIZE(rig->side);
	g->link_base = rig->links;
	assert_true(gen_block(g));
	rig->block[rig->blocks++] = (typeof(rig->block[0])){ PAGE + offset, rig->at };
	for (uint32_t n = 0; n < g->link_count; n++)
		rig->target[rig->links++] = g->links[n].target;
	rig->at = (g->c.at + 15) & ~15u;
}

/* A block that adds one to x[n] and then: */
static void count(struct rig *rig, uint32_t offset, unsigned n)
{
	begin(rig, offset);
	set(rig, n, add(rig, IR_ADD, get(rig, n), NONE, NONE, 1));
}

static void then_call(struct rig *rig, uint32_t offset, int64_t target)
{
	set(rig, 30, add(rig, IR_PCREL, NONE, NONE, NONE, offset + 4));
	add(rig, IR_EXIT_BL, NONE, NONE, offset + 4, (uint64_t)target);
	finish(rig, offset);
}

static void then_return(struct rig *rig, uint32_t offset)
{
	uint32_t v = add(rig, IR_EXIT_IND, get(rig, 30), NONE, NONE, 0);

	rig->ir.ins[v].sub = IND_RET;
	finish(rig, offset);
}

static void then_end(struct rig *rig, uint32_t offset)
{
	ir_add(&rig->ir, IR_EXIT, IR_VOID, NONE, NONE, NONE, END);
	rig->ir.ins[rig->ir.count - 1].flags = IRX_DISPATCH;
	finish(rig, offset);
}

/* 0: calls 0x100. 4: end. */
static void caller(struct rig *rig)
{
	count(rig, 0, 0);
	then_call(rig, 0, 0x100);
	count(rig, 4, 1);
	then_end(rig, 4);
}

static void run(struct rig *rig, uint64_t pc)
{
	void (*enter)(struct arm_cpu *cpu, void *code) = (void *)(rig->code + rig->vm.stubs.enter);

	rig->predictions = rig->dispatches = 0;
	rig->cpu.pc = pc;
	enter(&rig->cpu, rig->code + rig->vm.stubs.dispatch);
	assert_int_equal(rig->dispatched[0], pc);
}

/* ---- tests ---- */

static void a_return_to_its_call_goes_behind_the_call(void **state)
{
	struct rig *rig = *state;

	caller(rig);
	count(rig, 0x100, 2);
	then_return(rig, 0x100);
	run(rig, PAGE);
	assert_int_equal(rig->predictions, 2);
	assert_int_equal(rig->predicted[0], PAGE + 0x100);
	assert_int_equal(rig->predicted[1], PAGE + 4);
	assert_int_equal(rig->dispatches, 2);
	assert_int_equal(rig->dispatched[1], PAGE + END);
	assert_int_equal(rig->cpu.x[1], 1);
	assert_int_equal(rig->cpu.x[2], 1);
	assert_int_equal(rig->cpu.host_sp, rig->cpu.returns_base);	/* the frame is gone */
}

/* One translation of a page serves any address of it. */
static void the_page_behind_a_call_is_that_of_the_frame(void **state)
{
	struct rig *rig = *state;

	caller(rig);
	begin(rig, 0x100);
	ir_add(&rig->ir, IR_STS, IR_VOID, add(rig, IR_CONST, NONE, NONE, NONE, 0x5000), NONE, NONE,
	       offsetof(struct arm_cpu, vpage));
	rig->ir.ins[rig->ir.count - 1].sub = 3;
	then_return(rig, 0x100);
	run(rig, PAGE);
	assert_int_equal(rig->predicted[1], PAGE + 4);
	assert_int_equal(rig->cpu.x[1], 1);
}

static void a_return_to_elsewhere_drops_all_frames(void **state)
{
	struct rig *rig = *state;

	caller(rig);
	begin(rig, 0x100);
	set(rig, 29, get(rig, 30));
	then_call(rig, 0x100, 0x200);
	begin(rig, 0x200);			/* returns not behind its call, but behind the first */
	set(rig, 30, get(rig, 29));
	then_return(rig, 0x200);
	run(rig, PAGE);
	assert_int_equal(rig->predictions, 2);
	assert_int_equal(rig->dispatches, 3);
	assert_int_equal(rig->dispatched[1], PAGE + 4);
	assert_int_equal(rig->cpu.host_sp, rig->cpu.returns_base);
}

static void a_return_asks_the_kick_word_first(void **state)
{
	struct rig *rig = *state;

	caller(rig);
	count(rig, 0x100, 2);
	then_return(rig, 0x100);
	rig->kick_at = PAGE + 0x100;
	run(rig, PAGE);
	assert_int_equal(rig->predictions, 1);
	assert_int_equal(rig->dispatches, 3);
	assert_int_equal(rig->dispatched[1], PAGE + 4);
	assert_int_equal(rig->cpu.x[1], 1);
	assert_int_equal(rig->cpu.host_sp, rig->cpu.returns_base);
}

static void frames_of_another_mode_are_dropped(void **state)
{
	struct rig *rig = *state;

	caller(rig);
	count(rig, 0x100, 2);
	ir_add(&rig->ir, IR_STS, IR_VOID, add(rig, IR_CONST, NONE, NONE, NONE, 7), NONE, NONE, offsetof(struct arm_cpu, mode));
	rig->ir.ins[rig->ir.count - 1].sub = 2;
	ir_add(&rig->ir, IR_EXIT, IR_VOID, NONE, NONE, NONE, 0x200);
	rig->ir.ins[rig->ir.count - 1].flags = IRX_DISPATCH;
	finish(rig, 0x100);
	begin(rig, 0x200);
	then_return(rig, 0x200);
	run(rig, PAGE);
	assert_int_equal(rig->dispatched[1], PAGE + 0x200);
	assert_int_equal(rig->dispatched[2], PAGE + 4);
	assert_int_equal(rig->cpu.returns_mode, 7);
}

/* x30 = 1 is what the frame below all others has. */
static void a_return_to_the_bottom_frame_is_an_odd_jump(void **state)
{
	struct rig *rig = *state;

	begin(rig, 0);
	set(rig, 30, add(rig, IR_CONST, NONE, NONE, NONE, 1));
	then_return(rig, 0);
	run(rig, PAGE);
	assert_int_equal(rig->dispatches, 2);
	assert_int_equal(rig->dispatched[1], 1);
	assert_int_equal(rig->cpu.host_sp, rig->cpu.returns_base);
}

/* Calls itself until x3 is zero, then ends: no frame is ever popped. */
static void calls_without_end_start_over(void **state)
{
	struct rig *rig = *state;
	uint32_t v, f, e;

	begin(rig, 0x100);
	v = add(rig, IR_ADD, get(rig, 3), NONE, NONE, ~0ull);
	set(rig, 3, v);
	f = ir_add(&rig->ir, IR_FLAGS_AND, IR_FLAGS, v, v, NONE, 0);
	rig->ir.ins[f].sub = IR_I64;
	e = ir_add(&rig->ir, IR_EXIT_IF, IR_VOID, f, NONE, NONE, END);
	rig->ir.ins[e].sub = CC_EQ;
	rig->ir.ins[e].flags = IRX_DISPATCH;
	then_call(rig, 0x100, 0x100);
	for (unsigned n = RETURNS_MAX - 2; n < RETURNS_MAX + 4; n++) {
		rig->cpu.x[3] = n;
		run(rig, PAGE + 0x100);
		assert_int_equal(rig->cpu.x[3], 0);
		assert_int_equal((rig->cpu.returns_base - rig->cpu.host_sp) / RETURNS_FRAME, n - 1 <= RETURNS_MAX + 1 ?
				 n - 1 : n - 1 - (RETURNS_MAX + 1));
		assert_true(rig->cpu.host_sp >= rig->cpu.returns_limit - RETURNS_FRAME);
	}
	rig->cpu.x[3] = 5000000;
	run(rig, PAGE + 0x100);
	assert_int_equal(rig->cpu.x[3], 0);
}

/* By way of the jump array, or of the dispatcher when that has nothing: the frame is the same. */
static void an_indirect_call_has_a_frame(void **state)
{
	struct rig *rig = *state;
	struct jump_entry *j = &rig->cpu.ctx->jump[0][JUMP_INDEX(PAGE + 0x100)];

	begin(rig, 0);
	set(rig, 30, add(rig, IR_PCREL, NONE, NONE, NONE, 4));
	add(rig, IR_EXIT_BLR, get(rig, 5), NONE, 4, 0);
	finish(rig, 0);
	count(rig, 4, 1);
	then_end(rig, 4);
	count(rig, 0x100, 2);
	then_return(rig, 0x100);
	rig->cpu.x[5] = PAGE + 0x100;
	run(rig, PAGE);
	assert_int_equal(rig->dispatches, 3);
	assert_int_equal(rig->dispatched[1], PAGE + 0x100);
	assert_int_equal(rig->predicted[0], PAGE + 4);
	*j = (struct jump_entry){ .va = PAGE + 0x100, .host = go_to(rig, PAGE + 0x100) };
	run(rig, PAGE);
	assert_int_equal(rig->dispatches, 2);
	assert_int_equal(rig->predictions, 1);
	assert_int_equal(rig->cpu.x[1], 2);
	assert_int_equal(rig->cpu.x[2], 2);
}

/* A return that no frame predicts uses the jump array too, and only an entry of the mode that runs. */
static void an_unpredicted_return_uses_the_jump_array(void **state)
{
	struct rig *rig = *state;
	struct jump_entry *j = &rig->cpu.ctx->jump[0][JUMP_INDEX(PAGE + 4)];

	begin(rig, 0x100);
	then_return(rig, 0x100);
	count(rig, 4, 1);
	then_end(rig, 4);
	*j = (struct jump_entry){ .va = PAGE + 4, .host = go_to(rig, PAGE + 4) };
	rig->cpu.x[30] = PAGE + 4;
	run(rig, PAGE + 0x100);
	assert_int_equal(rig->dispatches, 2);
	assert_int_equal(rig->cpu.x[1], 1);
	j->mode = 1;
	run(rig, PAGE + 0x100);
	assert_int_equal(rig->dispatches, 3);
	assert_int_equal(rig->cpu.x[1], 2);
}

static void a_call_at_the_end_of_its_page_returns_by_the_jump_array(void **state)
{
	struct rig *rig = *state;

	begin(rig, 4092);
	then_call(rig, 4092, 0x100);
	begin(rig, 0x100);
	then_return(rig, 0x100);
	run(rig, PAGE + 4092);
	assert_int_equal(rig->predictions, 1);			/* the call itself */
	assert_int_equal(rig->dispatches, 2);
	assert_int_equal(rig->dispatched[1], PAGE + 4096);
	assert_int_equal(rig->cpu.host_sp, rig->cpu.returns_base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(a_return_to_its_call_goes_behind_the_call),
		T(the_page_behind_a_call_is_that_of_the_frame),
		T(a_return_to_elsewhere_drops_all_frames),
		T(a_return_asks_the_kick_word_first),
		T(frames_of_another_mode_are_dropped),
		T(a_return_to_the_bottom_frame_is_an_odd_jump),
		T(calls_without_end_start_over),
		T(an_indirect_call_has_a_frame),
		T(an_unpredicted_return_uses_the_jump_array),
		T(a_call_at_the_end_of_its_page_returns_by_the_jump_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
