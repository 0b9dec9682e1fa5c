/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few pieces of code that all blocks share, at the start of the code region; they are never freed. The C functions
 * they call get the vCPU and return the code to go on with.
 */
#include "engine/dbt/returns.h"
#include "engine/dbt/x64/gen.h"
#include "engine/dbt/run.h"

static void load_c_function(struct code *c, unsigned index)
{
	x_load(c, true, RAX, xm(ST, CPU_OFFSET(helpers)));
	x_load(c, true, RAX, xm(RAX, 8 * (int32_t)(HELPER_COUNT + index)));
}

static void call_rax(struct code *c)
{
	x_rr(c, 0xff, false, 2, RAX);
}

/* Calls C. Its answer is where to go; it may have changed the context, and dropped all frames. */
static void call_and_go_on(struct code *c, unsigned index)
{
	x_store(c, true, RSP, xm(ST, CPU_OFFSET(host_sp)));
	load_c_function(c, index);
	call_rax(c);
	x_load(c, true, RSP, xm(ST, CPU_OFFSET(host_sp)));
	x_load(c, true, TLB, xm(ST, CPU_OFFSET(ctx)));
	x_jmp_reg(c, RAX);
}

static const uint8_t callee_saved[] = { RBX, RBP, R12, R13, R14, R15 };

/* The frame at the bottom (returns.h): a return to its address comes here, by which it has been popped. */
static uint32_t bottom_frame(struct code *c)
{
	uint32_t over, indirect;

	e8(c, 0x6a);						/* push 1 */
	e8(c, 1);
	over = x_call(c);
	x_load(c, true, RSP, xm(ST, CPU_OFFSET(returns_base)));	/* rax: the address */
	indirect = x_jmp(c);
	x_patch(c, over, c->at);
	x_store(c, true, RSP, xm(ST, CPU_OFFSET(returns_base)));
	x_store(c, true, RSP, xm(ST, CPU_OFFSET(host_sp)));
	x_lea(c, true, RAX, xm(RSP, -RETURNS_FRAME * RETURNS_MAX));
	x_store(c, true, RAX, xm(ST, CPU_OFFSET(returns_limit)));
	return indirect;
}

/*
 * void enter(struct arm_cpu *cpu, void *code) and its other end. The guest's MXCSR is live in between. Returns a jump to be
 * patched: to `indirect`.
 */
static uint32_t enter_and_leave(struct code *c, struct dbt_stubs *s)
{
	uint32_t indirect;

	s->enter = c->at;
	for (unsigned k = 0; k < sizeof(callee_saved); k++)
		x_push(c, callee_saved[k]);
	x_alu_imm(c, ALU_SUB, true, RSP, 24);			/* 16-aligned; [rsp + 8] keeps our MXCSR */
	x_rm(c, 0x0fae, false, 3, xm(RSP, 8));			/* stmxcsr */
	x_lea(c, true, ST, xm(RDI, CPU_BIAS));
	x_rm(c, 0x0fae, false, 2, xm(ST, CPU_OFFSET(mxcsr)));	/* ldmxcsr */
	x_load(c, true, TLB, xm(ST, CPU_OFFSET(ctx)));
	indirect = bottom_frame(c);
	x_jmp_reg(c, RSI);

	s->leave = c->at;
	x_load(c, true, RSP, xm(ST, CPU_OFFSET(returns_base)));
	x_alu_imm(c, ALU_ADD, true, RSP, RETURNS_FRAME);
	x_rm(c, 0x0fae, false, 3, xm(ST, CPU_OFFSET(mxcsr)));
	x_rm(c, 0x0fae, false, 2, xm(RSP, 8));
	x_alu_imm(c, ALU_ADD, true, RSP, 24);
	for (unsigned k = sizeof(callee_saved); k-- > 0;)
		x_pop(c, callee_saved[k]);
	e8(c, 0xc3);
	return indirect;
}

/* ecx: side record. Everything is saved for C to look at and change, and restored; C returns where to go on. */
static void slow(struct code *c, struct dbt_stubs *s, bool avx)
{
	s->slow = c->at;
	for (unsigned r = 0; r < 15; r++)
		if (r != RSP && r != RBP && r != RCX && r != RDX)
			x_store(c, true, r, xm(ST, CPU_OFFSET(save_gpr) + 8 * (int32_t)r));
	for (unsigned r = 0; r < XT0 && avx; r++)
		v_store(c, r, xm(ST, CPU_OFFSET(save_xmm) + 16 * (int32_t)r));
	x_lea(c, true, RDI, xm(ST, -CPU_BIAS));
	x_mov(c, false, RSI, RCX);
	load_c_function(c, RUN_SLOW);
	call_rax(c);
	x_mov(c, true, RCX, RAX);
	for (unsigned r = 0; r < 15; r++)
		if (r != RSP && r != RBP && r != RCX && r != RDX && r != RAX)
			x_load(c, true, r, xm(ST, CPU_OFFSET(save_gpr) + 8 * (int32_t)r));
	for (unsigned r = 0; r < XT0 && avx; r++)
		v_load(c, r, xm(ST, CPU_OFFSET(save_xmm) + 16 * (int32_t)r));
	x_load(c, true, TLB, xm(ST, CPU_OFFSET(ctx)));
	x_jmp_reg(c, RCX);
}

/* rax: where a return goes that its frame did not predict. Frames are no good any more; then as for other jumps. */
static void unpredicted(struct code *c, struct dbt_stubs *s, unsigned el)
{
	int32_t jump = CTX_JUMP(el);

	s->unpredicted[el] = c->at;
	x_load(c, true, RSP, xm(ST, CPU_OFFSET(returns_base)));
	x_mov(c, false, RCX, RAX);
	x_alu_imm(c, ALU_AND, false, RCX, (JUMP_ENTRIES - 1) << 2);
	x_shift_imm(c, SH_SHL, false, RCX, 3);
	x_alu_mem(c, ALU_CMP, true, RAX, xmi(TLB, RCX, 0, jump));
	x_patch(c, x_jcc(c, X_NE), s->indirect);
	x_load(c, false, RDX, xmi(TLB, RCX, 0, jump + (int32_t)offsetof(struct jump_entry, mode)));
	x_alu_mem(c, ALU_CMP, false, RDX, xm(ST, CPU_OFFSET(mode)));
	x_patch(c, x_jcc(c, X_NE), s->indirect);
	x_alu_imm(c, ALU_AND, true, RAX, -4096);
	x_store(c, true, RAX, xm(ST, CPU_OFFSET(vpage)));
	x_jmp_mem(c, xmi(TLB, RCX, 0, jump + (int32_t)offsetof(struct jump_entry, host)));
}

void gen_stubs(struct code *c, struct dbt_stubs *s, const struct host_cpu *host)
{
	uint32_t bottom = enter_and_leave(c, s);

	slow(c, s, host->avx);
	gen_check_stubs(c, s, host);

	s->link = c->at;			/* ecx: link number */
	x_lea(c, true, RDI, xm(ST, -CPU_BIAS));
	x_mov(c, false, RSI, RCX);
	call_and_go_on(c, RUN_LINK);

	s->indirect = c->at;			/* rax: guest address */
	x_patch(c, bottom, c->at);
	x_store(c, true, RAX, xm(ST, CPU_OFFSET(pc)));
	s->dispatch = c->at;			/* cpu->pc says where */
	x_lea(c, true, RDI, xm(ST, -CPU_BIAS));
	call_and_go_on(c, RUN_DISPATCH);

	s->helper = c->at;			/* eax: byte offset of a helper in the table; arguments are set */
	x_alu_mem(c, ALU_ADD, true, RAX, xm(ST, CPU_OFFSET(helpers)));
	x_call_mem(c, xm(RAX, 0));
	x_patch(c, x_jmp(c), s->dispatch);
	unpredicted(c, s, 0);
	unpredicted(c, s, 1);
}
