/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Selection of scalar floating point (ARM DDI 0487 A1.5; Intel SDM volume 1, chapter 4.8 and appendix E).
 *
 * The dispatcher has put the block's rounding mode into MXCSR, where the sticky flags accumulate too. What x86 computes is
 * then ARM's result unless it is a NaN, which goes to the exact path: the result register is none of the operands', and
 * flags that both raise are ORed. So every sequence here may raise only flags that the exact result raises. (One
 * deviation is accepted outside flag-exact mode: UFC is missing where a result is tiny before rounding only.)
 *
 * In blocks that flush denormals to zero, one among the operands, and a result that is, or might have been before rounding,
 * go to the exact path. What is left is the same with and without flushing.
 */
#include "engine/dbt/x64/vec.h"

enum { F_SQRT = 0x51, F_ADD = 0x58, F_MUL = 0x59, F_CVT = 0x5a, F_SUB = 0x5c, F_MIN = 0x5d, F_DIV = 0x5e, F_MAX = 0x5f };

static bool host_does_it(const struct gen *g, const struct ir_ins *i)
{
	if (!g->host->avx || g->mode->fp_exact)
		return false;
	return i->op != IR_FMA || g->host->fma;
}

/* op d, a, b in one lane. */
static void scalar(struct code *c, bool f64, unsigned op, unsigned d, unsigned a, unsigned b)
{
	v_rrr(c, 1, f64 ? 3 : 2, false, op, d, a, b);
}

static void ucomis(struct code *c, bool f64, unsigned a, unsigned b)
{
	v_rrr(c, 1, f64 ? 1 : 0, false, 0x2e, a, 0, b);
}

/* ---- flushing ---- */

static unsigned fraction_bits(bool f64)
{
	return f64 ? 52 : 23;
}

/* The pattern of v without its sign, as an integer. */
static void magnitude(struct code *c, bool f64, unsigned gpr, unsigned v)
{
	v_movd_to(c, f64, gpr, v);
	x_alu(c, ALU_ADD, f64, gpr, gpr);
	x_shift_imm(c, SH_SHR, f64, gpr, 1);
}

/* Cold if rax, as a signed number, is below n. Uses rcx. */
static void cold_if_less(struct vx *x, int64_t n)
{
	x_mov_imm(x->c, RCX, (uint64_t)n);
	x_alu(x->c, ALU_CMP, true, RAX, RCX);
	vx_cold(x, X_L);
}

/* Cold if v is denormal or the smallest normal number. What is exact may be looked at when it has been computed. */
static void cold_if_tiny(struct vx *x, bool f64, unsigned v)
{
	struct code *c = x->c;

	magnitude(c, f64, RAX, v);
	x_alu_imm(c, ALU_SUB, f64, RAX, 1);
	x_mov_imm(c, RCX, (1ull << fraction_bits(f64)) - 1);
	x_alu(c, ALU_CMP, f64, RAX, RCX);
	vx_cold(x, X_BE);
}

static void cold_if_operand_flushes(struct vx *x, const struct ir_ins *i)
{
	unsigned type = i->op == IR_F2I || i->op == IR_FCVT ? i->sub : i->type;
	const uint32_t v[3] = { i->a, i->b, i->c };
	const unsigned reg[3] = { x->n, x->m, x->a };

	for (unsigned k = 0; k < 3; k++)
		if (v[k] != NONE)
			cold_if_tiny(x, type == IR_F64, reg[k]);
}

/*
 * Products, quotients and narrowed values must not be computed to find that they are tiny: that raises inexact, and flushing
 * does not. But the sum or difference of two patterns is, but for the bias, a lower bound of the result's. For a
 * fused operation the product's last bit has to be normal too; then so is every sum that isn't zero.
 */
static void cold_if_result_flushes(struct vx *x, const struct ir_ins *i)
{
	bool f64 = i->op == IR_FCVT || i->type == IR_F64;
	int64_t one = 1ll << fraction_bits(f64), bias = f64 ? 1023 : 127;
	struct code *c = x->c;
	uint32_t zero, zero2 = 0;

	magnitude(c, f64, RAX, x->n);
	x_test(c, true, RAX, RAX);
	zero = x_jcc8(c, X_E);
	if (i->op == IR_FCVT) {
		cold_if_less(x, (1023 - 126) * one);
	} else {
		magnitude(c, f64, RCX, x->m);
		x_test(c, true, RCX, RCX);
		if (i->op != IR_FDIV)
			zero2 = x_jcc8(c, X_E);
		x_alu(c, i->op == IR_FDIV ? ALU_SUB : ALU_ADD, true, RAX, RCX);
		if (i->op == IR_FDIV) {
			cold_if_less(x, (1 - bias) * one);
		} else {
			x_mov_imm(c, RCX, (uint64_t)(bias + 1 + (i->op == IR_FMA ? 2 * fraction_bits(f64) + 4 : 0)) *
					  (uint64_t)one);
			x_alu(c, ALU_CMP, true, RAX, RCX);
			vx_cold(x, X_B);
		}
	}
	x_patch8(c, zero);
	if (zero2)
		x_patch8(c, zero2);
}

static void check_flushing(struct vx *x, const struct ir_ins *i)
{
	cold_if_operand_flushes(x, i);
	if (i->op == IR_FMUL || i->op == IR_FDIV || i->op == IR_FMA || (i->op == IR_FCVT && i->type == IR_F32))
		cold_if_result_flushes(x, i);
}

/* ---- arithmetic ---- */

static void arithmetic(struct vx *x, bool f64, unsigned op)
{
	scalar(x->c, f64, op, x->d, x->n, op == F_SQRT ? x->n : x->m);
	if (x->g->mode->fz && (op == F_ADD || op == F_SUB))
		cold_if_tiny(x, f64, x->d);
	vx_cold_if_nan(x, f64 ? 3 : 2, false);
}

/* x86 answers the second operand for zeros and NaNs; in both orders, equal operands differ at most in sign. */
static void min_max(struct vx *x, bool f64, bool max)
{
	unsigned op = max ? F_MAX : F_MIN;

	ucomis(x->c, f64, x->n, x->m);
	vx_cold(x, X_P);
	scalar(x->c, f64, op, XT0, x->m, x->n);
	scalar(x->c, f64, op, x->d, x->n, x->m);
	v_op(x->c, max ? ANDPS : ORPS, x->d, x->d, XT0);
}

static void fused(struct vx *x, bool f64, unsigned sub)
{
	static const uint8_t op[4] = { 0xb9, 0xbd, 0xbb, 0xbf };	/* vfmadd, vfnmadd, vfmsub, vfnmsub 231 */

	v_mov(x->c, x->d, x->a);
	v_rrr(x->c, 2, 1, f64, op[sub & 3], x->d, x->n, x->m);
	vx_cold_if_nan(x, f64 ? 3 : 2, false);
}

static void round_op(struct code *c, bool f64, unsigned r, unsigned a, enum ir_round how, bool inexact)
{
	static const uint8_t mode[] = { [ROUND_EVEN] = 0, [ROUND_UP] = 2, [ROUND_DOWN] = 1, [ROUND_ZERO] = 3, [ROUND_FPCR] = 4 };

	v_opi(c, f64 ? V3A(0x0b) : V3A(0x0a), r, a, a, mode[how] | (inexact ? 0u : 8u));
}

/*
 * Ties away: truncate; what was cut off, doubled and truncated, is the 0 or +-1 to add. All of it is exact. An operand that
 * is integral already (or infinite or NaN) skips that.
 */
void vx_round(struct vx *x, unsigned r, unsigned a, unsigned tmp, bool f64, enum ir_round how, bool inexact)
{
	struct code *c = x->c;
	uint32_t integral;

	if (how != ROUND_AWAY) {
		round_op(c, f64, r, a, how, inexact);
		return;
	}
	round_op(c, f64, r, a, ROUND_ZERO, false);
	ucomis(c, f64, r, a);
	integral = x_jcc8(c, X_E);
	scalar(c, f64, F_SUB, tmp, a, r);
	scalar(c, f64, F_ADD, tmp, tmp, tmp);
	round_op(c, f64, tmp, tmp, ROUND_ZERO, false);
	scalar(c, f64, F_ADD, r, r, tmp);
	x_patch8(c, integral);
}

static void convert(struct vx *x, bool from64)
{
	scalar(x->c, from64, F_CVT, x->d, x->n, x->n);
	if (x->g->mode->dn)
		vx_cold_if_nan(x, from64 ? 2 : 3, false);
}

/* ---- integers ---- */

static void from_int(struct vx *x, struct ir_ins *i)
{
	struct code *c = x->c;
	bool f64 = i->type == IR_F64, is_signed = i->imm & 1;
	uint32_t high, done;

	v_zero(c, XT0);				/* conversion merges into its first source */
	if (is_signed) {
		v_rrr(c, 1, f64 ? 3 : 2, i->sub == IR_I64, 0x2a, x->d, XT0, x->n);
		return;
	}
	if (i->sub == IR_I32) {			/* a view may have anything above */
		x_mov(c, false, RAX, x->n);
		v_rrr(c, 1, f64 ? 3 : 2, true, 0x2a, x->d, XT0, RAX);
		return;
	}
	x_test(c, true, x->n, x->n);
	high = x_jcc8(c, X_S);
	v_rrr(c, 1, f64 ? 3 : 2, true, 0x2a, x->d, XT0, x->n);
	done = x_jmp8(c);
	x_patch8(c, high);			/* half of it, its last bit sticky, then twice that */
	x_mov(c, true, RAX, x->n);
	x_mov(c, false, RCX, x->n);
	x_shift_imm(c, SH_SHR, true, RAX, 1);
	x_alu_imm(c, ALU_AND, false, RCX, 1);
	x_alu(c, ALU_OR, true, RAX, RCX);
	v_rrr(c, 1, f64 ? 3 : 2, true, 0x2a, x->d, XT0, RAX);
	scalar(c, f64, F_ADD, x->d, x->d, x->d);
	x_patch8(c, done);
}

/* Cold unless the bit pattern of v says 0 <= v < 2^log2. */
static void check_unsigned(struct vx *x, bool f64, unsigned v, unsigned log2)
{
	struct code *c = x->c;

	v_movd_to(c, f64, RCX, v);
	x_mov_imm(c, RAX, f64 ? (uint64_t)(1023 + log2) << 52 : (127 + log2) << 23);
	x_alu(c, ALU_CMP, f64, RCX, RAX);
	vx_cold(x, X_AE);
}

static void to_int(struct vx *x, struct ir_ins *i)
{
	struct code *c = x->c;
	bool f64 = i->sub == IR_F64, w = i->type == IR_I64, is_signed = i->imm & 16;
	enum ir_round how = (enum ir_round)(i->imm & 15);
	unsigned from = x->n, op = 0x2c, pp = f64 ? 3 : 2;	/* truncating */
	bool rounded = false;

	if (is_signed && (how == ROUND_FPCR || how == (enum ir_round)x->g->mode->fp_round)) {
		op = 0x2d;					/* rounding as MXCSR says */
	} else if (how != ROUND_ZERO) {
		vx_round(x, XT0, x->n, XT1, f64, how, false);
		from = XT0;
		rounded = true;
	}
	if (!is_signed)
		check_unsigned(x, f64, from, w ? 63 : 32);
	v_rrr(c, 1, pp, w || !is_signed, op, x->d, 0, from);
	if (is_signed) {
		x_alu_imm(c, ALU_CMP, w, x->d, 1);		/* overflows for the integer indefinite value alone */
		vx_cold(x, X_O);
	}
	if (rounded)						/* nothing saturated: now inexact may be raised */
		round_op(c, f64, XT0, x->n, how == ROUND_AWAY ? ROUND_ZERO : how, true);
}

/* ---- moves ---- */

static void sign_op(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool f64 = i->type == IR_F64, neg = i->op == IR_FNEG;
	unsigned a = gen_xmm(g, i->a), d;

	gen_consume(g);
	d = gen_def_xmm(g, g->n, a, 0);
	v_ones(c, XT0);
	v_shift(c, f64 ? PSHIFTQ : PSHIFTD, neg ? 6 : 2, XT0, XT0, neg ? (f64 ? 63 : 31) : 1);
	v_op(c, neg ? XORPS : ANDPS, d, a, XT0);
}

static void move(struct gen *g, struct ir_ins *i)
{
	unsigned a, d;

	if (i->op == IR_FMOVI) {
		a = gen_gpr(g, i->a);
		gen_consume(g);
		d = gen_def_xmm(g, g->n, NO_REG, 0);
		v_movd_from(&g->c, i->type == IR_F64, d, a);
	} else {
		a = gen_xmm(g, i->a);
		gen_consume(g);
		d = gen_def_gpr(g, g->n, NO_REG, 0);
		v_movd_to(&g->c, i->sub == IR_F64, d, a);
	}
}

static void emit(struct vx *x, struct ir_ins *i)
{
	bool f64 = i->type == IR_F64;

	if (x->g->mode->fz && i->op != IR_I2F)
		check_flushing(x, i);
	switch (i->op) {
	case IR_FADD:	arithmetic(x, f64, F_ADD); break;
	case IR_FSUB:	arithmetic(x, f64, F_SUB); break;
	case IR_FMUL:	arithmetic(x, f64, F_MUL); break;
	case IR_FDIV:	arithmetic(x, f64, F_DIV); break;
	case IR_FSQRT:	arithmetic(x, f64, F_SQRT); break;
	case IR_FMA:	fused(x, f64, i->sub); break;
	case IR_FMIN: case IR_FMINNM: min_max(x, f64, false); break;
	case IR_FMAX: case IR_FMAXNM: min_max(x, f64, true); break;
	case IR_FRINT:
		vx_round(x, x->d, x->n, XT0, f64, (enum ir_round)i->sub, i->imm & 1);
		if (x->g->mode->dn)
			vx_cold_if_nan(x, f64 ? 3 : 2, false);
		break;
	case IR_FCVT:	convert(x, i->sub == IR_F64); break;
	case IR_I2F:	from_int(x, i); break;
	case IR_F2I:	to_int(x, i); break;
	default: break;
	}
}

void gen_fp(struct gen *g, struct ir_ins *i)
{
	struct vx x;

	switch (i->op) {
	case IR_FNEG: case IR_FABS:
		sign_op(g, i);
		return;
	case IR_FMOVI: case IR_IMOVF:
		move(g, i);
		return;
	}
	if (!host_does_it(g, i) || !vx_begin(&x, g, i, i->op != IR_I2F)) {
		gen_exact_always(g, i);
		return;
	}
	emit(&x, i);
	vx_end(&x);
}
