/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64 instruction encoding (Intel SDM volume 2, chapter 2): REX, ModRM, SIB, VEX. One function for each form that
 * the selector uses; no operand checking beyond what assertions give. Emitting past the end sets `full` and goes on
 * over the last bytes, so that callers check once.
 */
#ifndef ENGINE_DBT_X64_ENC_H
#define ENGINE_DBT_X64_ENC_H

#include "base/string.h"
#include "base/types.h"

enum gpr { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NO_REG = 0xff };

/* Conditions as x86 numbers them. */
enum x_cc { X_O, X_NO, X_B, X_AE, X_E, X_NE, X_BE, X_A, X_S, X_NS, X_P, X_NP, X_L, X_GE, X_LE, X_G };

/* Opcodes of the eight classic ALU operations, as /digit. */
enum x_alu { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
enum x_shift { SH_ROL, SH_ROR, SH_SHL = 4, SH_SHR, SH_SAR = 7 };

struct code {
	uint8_t *buf;		/* where bytes are written */
	uint32_t at, size;
	bool full;
};

/* A memory operand: [base + index * 2^scale + disp]; index NO_REG: none. */
struct xmem {
	uint8_t base, index, scale;
	int32_t disp;
};

static inline struct xmem xm(unsigned base, int32_t disp)
{
	return (struct xmem){ (uint8_t)base, NO_REG, 0, disp };
}

static inline struct xmem xmi(unsigned base, unsigned index, unsigned scale, int32_t disp)
{
	return (struct xmem){ (uint8_t)base, (uint8_t)index, (uint8_t)scale, disp };
}

static inline void e8(struct code *c, unsigned b)
{
	if (unlikely(c->at >= c->size)) {
		c->full = true;
		return;
	}
	c->buf[c->at++] = (uint8_t)b;
}

static inline void e32(struct code *c, uint32_t v)
{
	if (unlikely(c->at + 4 > c->size)) {
		c->full = true;
		return;
	}
	memcpy(c->buf + c->at, &v, 4);
	c->at += 4;
}

static inline void e64(struct code *c, uint64_t v)
{
	e32(c, (uint32_t)v);
	e32(c, (uint32_t)(v >> 32));
}

/* ModRM (and SIB, displacement) for a memory operand. */
static inline void e_mem(struct code *c, unsigned reg, struct xmem m)
{
	unsigned mod = m.disp == 0 && (m.base & 7) != RBP ? 0 : m.disp >= -128 && m.disp <= 127 ? 1 : 2;

	if (m.index != NO_REG || (m.base & 7) == RSP) {
		e8(c, mod << 6 | (reg & 7) << 3 | 4);
		e8(c, (unsigned)m.scale << 6 | (m.index == NO_REG ? 4u : m.index & 7u) << 3 | (m.base & 7));
	} else {
		e8(c, mod << 6 | (reg & 7) << 3 | (m.base & 7));
	}
	if (mod == 1)
		e8(c, (uint8_t)m.disp);
	else if (mod == 2)
		e32(c, (uint32_t)m.disp);
}

/* REX; `byte`: registers 4..7 mean spl..dil and need one. */
static inline void e_rex(struct code *c, bool w, unsigned reg, unsigned index, unsigned rm, bool byte)
{
	unsigned rex = 0x40u | (unsigned)w << 3 | (reg >> 3 & 1) << 2 | (index == NO_REG ? 0 : index >> 3 & 1) << 1 | (rm >> 3 & 1);

	if (rex != 0x40 || byte)
		e8(c, rex);
}

/* op reg, rm (register form). Two-byte opcodes have 0x0f00 in op; 0x0f38xx and 0x0f3axx three; a mandatory prefix apart. */
static inline void e_op(struct code *c, unsigned op)
{
	if (op > 0xffff)
		e8(c, op >> 16);
	if (op > 0xff)
		e8(c, op >> 8 & 0xff);
	e8(c, op & 0xff);
}

static inline void x_rr(struct code *c, unsigned op, bool w, unsigned reg, unsigned rm)
{
	e_rex(c, w, reg, NO_REG, rm, false);
	e_op(c, op);
	e8(c, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline void x_rr_byte(struct code *c, unsigned op, bool w, unsigned reg, unsigned rm)
{
	e_rex(c, w, reg, NO_REG, rm, true);
	e_op(c, op);
	e8(c, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline void x_rm(struct code *c, unsigned op, bool w, unsigned reg, struct xmem m)
{
	e_rex(c, w, reg, m.index, m.base, false);
	e_op(c, op);
	e_mem(c, reg, m);
}

static inline void x_rm_byte(struct code *c, unsigned op, unsigned reg, struct xmem m)
{
	e_rex(c, false, reg, m.index, m.base, reg >= 4);
	e_op(c, op);
	e_mem(c, reg, m);
}

/* With a mandatory or operand-size prefix before REX. */
static inline void x_prr(struct code *c, unsigned prefix, unsigned op, bool w, unsigned reg, unsigned rm)
{
	e8(c, prefix);
	x_rr(c, op, w, reg, rm);
}

static inline void x_prm(struct code *c, unsigned prefix, unsigned op, bool w, unsigned reg, struct xmem m)
{
	e8(c, prefix);
	x_rm(c, op, w, reg, m);
}

static inline void x_mov(struct code *c, bool w, unsigned d, unsigned s)
{
	x_rr(c, 0x8b, w, d, s);
}

static inline void x_mov_imm(struct code *c, unsigned d, uint64_t v)
{
	if (v == 0) {
		x_rr(c, 0x31, false, d, d);	/* xor: callers know that it changes the flags */
	} else if (v <= 0xffffffff) {
		e_rex(c, false, 0, NO_REG, d, false);
		e8(c, 0xb8 | (d & 7));
		e32(c, (uint32_t)v);
	} else if ((int64_t)v == (int32_t)v) {
		x_rr(c, 0xc7, true, 0, d);
		e32(c, (uint32_t)v);
	} else {
		e_rex(c, true, 0, NO_REG, d, false);
		e8(c, 0xb8 | (d & 7));
		e64(c, v);
	}
}

/* The same without touching the flags. */
static inline void x_mov_imm_keep(struct code *c, unsigned d, uint64_t v)
{
	if (v == 0) {
		e_rex(c, false, 0, NO_REG, d, false);
		e8(c, 0xb8 | (d & 7));
		e32(c, 0);
	} else {
		x_mov_imm(c, d, v);
	}
}

static inline void x_load(struct code *c, bool w, unsigned d, struct xmem m)
{
	x_rm(c, 0x8b, w, d, m);
}

static inline void x_store(struct code *c, bool w, unsigned s, struct xmem m)
{
	x_rm(c, 0x89, w, s, m);
}

static inline void x_store_imm(struct code *c, bool w, int32_t v, struct xmem m)
{
	x_rm(c, 0xc7, w, 0, m);
	e32(c, (uint32_t)v);
}

static inline void x_lea(struct code *c, bool w, unsigned d, struct xmem m)
{
	x_rm(c, 0x8d, w, d, m);
}

static inline void x_alu(struct code *c, enum x_alu op, bool w, unsigned d, unsigned s)
{
	x_rr(c, (unsigned)op << 3 | 3, w, d, s);
}

static inline void x_alu_mem(struct code *c, enum x_alu op, bool w, unsigned d, struct xmem m)
{
	x_rm(c, (unsigned)op << 3 | 3, w, d, m);
}

static inline void x_alu_imm(struct code *c, enum x_alu op, bool w, unsigned d, int32_t v)
{
	if (v >= -128 && v <= 127) {
		x_rr(c, 0x83, w, op, d);
		e8(c, (uint8_t)v);
	} else {
		x_rr(c, 0x81, w, op, d);
		e32(c, (uint32_t)v);
	}
}

static inline void x_alu_mem_imm(struct code *c, enum x_alu op, bool w, struct xmem m, int32_t v)
{
	if (v >= -128 && v <= 127) {
		x_rm(c, 0x83, w, op, m);
		e8(c, (uint8_t)v);
	} else {
		x_rm(c, 0x81, w, op, m);
		e32(c, (uint32_t)v);
	}
}

static inline void x_test(struct code *c, bool w, unsigned a, unsigned b)
{
	x_rr(c, 0x85, w, b, a);
}

static inline void x_test_imm(struct code *c, bool w, unsigned a, int32_t v)
{
	x_rr(c, 0xf7, w, 0, a);
	e32(c, (uint32_t)v);
}

static inline void x_shift_imm(struct code *c, enum x_shift op, bool w, unsigned d, unsigned n)
{
	x_rr(c, 0xc1, w, op, d);
	e8(c, n);
}

static inline void x_shift_cl(struct code *c, enum x_shift op, bool w, unsigned d)
{
	x_rr(c, 0xd3, w, op, d);
}

/* F7 group: 2 not, 3 neg, 4 mul, 5 imul, 6 div, 7 idiv. */
static inline void x_f7(struct code *c, unsigned digit, bool w, unsigned r)
{
	x_rr(c, 0xf7, w, digit, r);
}

static inline void x_setcc(struct code *c, enum x_cc cc, unsigned d)
{
	x_rr_byte(c, 0x0f90u | cc, false, 0, d);
}

static inline void x_cmov(struct code *c, enum x_cc cc, bool w, unsigned d, unsigned s)
{
	x_rr(c, 0x0f40u | cc, w, d, s);
}

/* Jumps whose target is patched later: return where the rel32 is. */
static inline uint32_t x_jcc(struct code *c, enum x_cc cc)
{
	e8(c, 0x0f);
	e8(c, 0x80u | cc);
	e32(c, 0);
	return c->at - 4;
}

static inline uint32_t x_call(struct code *c)
{
	e8(c, 0xe8);
	e32(c, 0);
	return c->at - 4;
}

static inline uint32_t x_jmp(struct code *c)
{
	e8(c, 0xe9);
	e32(c, 0);
	return c->at - 4;
}

/* Short forward jumps within an emitted sequence: return where the rel8 is. */
static inline uint32_t x_jcc8(struct code *c, enum x_cc cc)
{
	e8(c, 0x70u | cc);
	e8(c, 0);
	return c->at - 1;
}

static inline uint32_t x_jmp8(struct code *c)
{
	e8(c, 0xeb);
	e8(c, 0);
	return c->at - 1;
}

static inline void x_patch(struct code *c, uint32_t rel, uint32_t target)
{
	uint32_t v = target - (rel + 4);

	if (!c->full)
		memcpy(c->buf + rel, &v, 4);
}

static inline void x_patch8(struct code *c, uint32_t rel)
{
	if (!c->full)
		c->buf[rel] = (uint8_t)(c->at - (rel + 1));
}

static inline void x_jmp_reg(struct code *c, unsigned r)
{
	x_rr(c, 0xff, false, 4, r);
}

static inline void x_jmp_mem(struct code *c, struct xmem m)
{
	x_rm(c, 0xff, false, 4, m);
}

static inline void x_call_mem(struct code *c, struct xmem m)
{
	x_rm(c, 0xff, false, 2, m);
}

static inline void x_push(struct code *c, unsigned r)
{
	e_rex(c, false, 0, NO_REG, r, false);
	e8(c, 0x50 | (r & 7));
}

static inline void x_pop(struct code *c, unsigned r)
{
	e_rex(c, false, 0, NO_REG, r, false);
	e8(c, 0x58 | (r & 7));
}

static inline void x_push_mem(struct code *c, struct xmem m)
{
	x_rm(c, 0xff, false, 6, m);
}

/*
 * VEX. map: 1 = 0F, 2 = 0F38, 3 = 0F3A; pp: 0 none, 1 = 66, 2 = F3, 3 = F2; l: 256-bit. v = 0 when there is no second source.
 */
static inline void e_vex(struct code *c, unsigned map, unsigned pp, bool w, bool l, unsigned reg, unsigned v, unsigned index,
			 unsigned rm)
{
	unsigned r = ~reg >> 3 & 1, x = index == NO_REG ? 1u : ~index >> 3 & 1, b = ~rm >> 3 & 1;

	if (map == 1 && x && b && !w) {
		e8(c, 0xc5);
		e8(c, r << 7 | (~v & 15) << 3 | (unsigned)l << 2 | pp);
		return;
	}
	e8(c, 0xc4);
	e8(c, r << 7 | x << 6 | b << 5 | map);
	e8(c, (unsigned)w << 7 | (~v & 15) << 3 | (unsigned)l << 2 | pp);
}

static inline void v_rrr(struct code *c, unsigned map, unsigned pp, bool w, unsigned op, unsigned d, unsigned v, unsigned rm)
{
	e_vex(c, map, pp, w, false, d, v, NO_REG, rm);
	e8(c, op);
	e8(c, 0xc0 | (d & 7) << 3 | (rm & 7));
}

static inline void v_rrm(struct code *c, unsigned map, unsigned pp, bool w, unsigned op, unsigned d, unsigned v, struct xmem m)
{
	e_vex(c, map, pp, w, false, d, v, m.index, m.base);
	e8(c, op);
	e_mem(c, d, m);
}

/* movups, as VEX where the host has AVX; translated code never mixes in legacy SSE encodings then. */
static inline void v_load(struct code *c, unsigned d, struct xmem m)
{
	v_rrm(c, 1, 0, false, 0x10, d, 0, m);
}

static inline void v_store(struct code *c, unsigned s, struct xmem m)
{
	v_rrm(c, 1, 0, false, 0x11, s, 0, m);
}

static inline void v_mov(struct code *c, unsigned d, unsigned s)
{
	v_rrr(c, 1, 0, false, 0x28, d, 0, s);
}

#endif
