/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC32 with the polynomial of IEEE 802.3, for which x86 has no instruction (CRC32C it has), by carry-less
 * multiplication.
 *
 * With V the value to divide, of 64 coefficients, and P the polynomial: V * x^32 mod P. The quotient is the upper part of V * M,
 * where M = floor(x^96 / P); the remainder is the lower part of quotient * P, as V * x^32 has nothing there. Registers are
 * bit-reversed, so that upper parts are low halves and the other way around. Fewer bits are divided as the last of 64:
 * leading zeros do not change a remainder.
 */
#include "engine/dbt/x64/vec.h"

#define RECIPROCAL	0xb4e5b025f7011641ull
#define POLYNOMIAL	0x1db710641ull

static void multiply(struct code *c, uint64_t by)
{
	x_mov_imm(c, RAX, by);
	v_movd_from(c, true, XT1, RAX);
	v_opi(c, PCLMULQDQ, XT0, XT0, XT1, 0);
}

void gen_crc32(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	unsigned bits = 8u << i->sub, a = gen_gpr(g, i->a), b = gen_gpr(g, i->b);

	x_mov(c, false, RAX, a);
	x_alu(c, ALU_XOR, true, RAX, b);
	if (bits < 64)
		x_shift_imm(c, SH_SHL, true, RAX, 64 - bits);
	v_movd_from(c, true, XT0, RAX);
	multiply(c, RECIPROCAL);
	multiply(c, POLYNOMIAL);
	v_rrr(c, 3, 1, false, 0x16, XT0, 0, RAX);		/* vpextrd */
	e8(c, 2);
	if (bits < 32) {
		x_mov(c, false, RCX, a);
		x_shift_imm(c, SH_SHR, false, RCX, bits);
		x_alu(c, ALU_XOR, false, RAX, RCX);
	}
	gen_consume(g);
	x_mov(c, false, gen_def_gpr(g, g->n, NO_REG, 0), RAX);
}
