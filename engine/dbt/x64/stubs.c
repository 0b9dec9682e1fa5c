/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few pieces of code that all blocks share, at the start of the code region; they are never freed. The C functions
 * they call get the vCPU and return the code to go on with.
 */
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

/* C's answer is where to go; it may have changed the context. */
static void go_on(struct code *c)
{
	x_load(c, true, TLB, xm(ST, CPU_OFFSET(ctx)));
	x_jmp_reg(c, RAX);
}

static void push(struct code *c, unsigned r)
{
	e_rex(c, false, 0, NO_REG, r, false);
	e8(c, 0x50 | (r & 7));
}

static void pop(struct code *c, unsigned r)
{
	e_rex(c, false, 0, NO_REG, r, false);
	e8(c, 0x58 | (r & 7));
}

static const uint8_t callee_saved[] = { RBX, RBP, R12, R13, R14, R15 };

/* void enter(struct arm_cpu *cpu, void *code) and its other end. The guest's MXCSR is live in between. */
static void enter_and_leave(struct code *c, struct dbt_stubs *s)
{
	s->enter = c->at;
	for (unsigned k = 0; k < sizeof(callee_saved); k++)
		push(c, callee_saved[k]);
	x_alu_imm(c, ALU_SUB, true, RSP, 24);			/* 16-aligned; [rsp + 8] keeps our MXCSR */
	x_rm(c, 0x0fae, false, 3, xm(RSP, 8));			/* stmxcsr */
	x_lea(c, true, ST, xm(RDI, CPU_BIAS));
	x_rm(c, 0x0fae, false, 2, xm(ST, CPU_OFFSET(mxcsr)));	/* ldmxcsr */
	x_load(c, true, TLB, xm(ST, CPU_OFFSET(ctx)));
	x_jmp_reg(c, RSI);

	s->leave = c->at;
	x_rm(c, 0x0fae, false, 3, xm(ST, CPU_OFFSET(mxcsr)));
	x_rm(c, 0x0fae, false, 2, xm(RSP, 8));
	x_alu_imm(c, ALU_ADD, true, RSP, 24);
	for (unsigned k = sizeof(callee_saved); k-- > 0;)
		pop(c, callee_saved[k]);
	e8(c, 0xc3);
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

void gen_stubs(struct code *c, struct dbt_stubs *s, const struct host_cpu *host)
{
	enter_and_leave(c, s);
	slow(c, s, host->avx);
	gen_check_stubs(c, s, host);

	s->link = c->at;			/* ecx: link number */
	x_lea(c, true, RDI, xm(ST, -CPU_BIAS));
	x_mov(c, false, RSI, RCX);
	load_c_function(c, RUN_LINK);
	call_rax(c);
	go_on(c);

	s->indirect = c->at;			/* rax: guest address */
	x_store(c, true, RAX, xm(ST, CPU_OFFSET(pc)));
	s->dispatch = c->at;			/* cpu->pc says where */
	x_lea(c, true, RDI, xm(ST, -CPU_BIAS));
	load_c_function(c, RUN_DISPATCH);
	call_rax(c);
	go_on(c);

	s->helper = c->at;			/* eax: byte offset of a helper in the table; arguments are set */
	x_alu_mem(c, ALU_ADD, true, RAX, xm(ST, CPU_OFFSET(helpers)));
	x_call_mem(c, xm(RAX, 0));
	x_patch(c, x_jmp(c), s->dispatch);
}
