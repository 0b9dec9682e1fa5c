/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floating point and vector operations exactly, for translated code that cannot or must not do them inline: NaNs, flushed
 * denormals, hosts without the instructions. All results come from isa/softfloat and isa/arm64/simd, under the FPCR that
 * the block was translated for; nothing here touches the host's FPU, so that MXCSR stays the guest's.
 */
#include "base/log.h"
#include "engine/dbt/ir/ir.h"
#include "engine/dbt/run.h"
#include "isa/arm64/simd.h"

static uint32_t fpcr_of(const struct arm_mode *m)
{
	return (uint32_t)m->fp_round << 22 | (m->fz ? ARM_FPCR_FZ : 0) | (m->dn ? ARM_FPCR_DN : 0) |
	       (m->fz16 ? ARM_FPCR_FZ16 : 0) | (m->ahp ? ARM_FPCR_AHP : 0);
}

static enum fp_fmt format(unsigned ir_type)
{
	return ir_type == IR_F64 ? FP_F64 : FP_F32;
}

static enum fp_rounding rounding(const struct fp_env *env, unsigned ir_round)
{
	static const uint8_t fixed[] = {
		[ROUND_EVEN] = FP_TIE_EVEN, [ROUND_UP] = FP_UP, [ROUND_DOWN] = FP_DOWN, [ROUND_ZERO] = FP_TO_ZERO,
		[ROUND_AWAY] = FP_TIE_AWAY,
	};

	return ir_round == ROUND_FPCR ? (enum fp_rounding)env->rounding : (enum fp_rounding)fixed[ir_round];
}

static uint64_t from_int(struct fp_env *env, const struct side *s, uint64_t a)
{
	bool is_signed = s->op_lo & 1;

	if (s->op_hi == IR_I32)
		a = is_signed ? (uint64_t)(int64_t)(int32_t)a : (uint32_t)a;
	return fp_from_int(env, format(s->type), a, is_signed, 0, (enum fp_rounding)env->rounding);
}

static uint64_t scalar(struct fp_env *env, const struct side *s, uint64_t a, uint64_t b, uint64_t c)
{
	enum fp_fmt fmt = format(s->type);

	switch (s->sub) {
	case IR_FADD:	return fp_add(env, fmt, a, b);
	case IR_FSUB:	return fp_sub(env, fmt, a, b);
	case IR_FMUL:	return fp_mul(env, fmt, a, b);
	case IR_FDIV:	return fp_div(env, fmt, a, b);
	case IR_FSQRT:	return fp_sqrt(env, fmt, a);
	case IR_FMA:	return arm_fmadd(env, fmt, a, b, c, s->op_hi & 1, s->op_hi & 2);
	case IR_FMIN:	return fp_min(env, fmt, a, b);
	case IR_FMAX:	return fp_max(env, fmt, a, b);
	case IR_FMINNM:	return fp_minnum(env, fmt, a, b);
	case IR_FMAXNM:	return fp_maxnum(env, fmt, a, b);
	case IR_FNEG:	return fp_neg(fmt, a) & (2 * fp_sign_bit(fmt) - 1);
	case IR_FABS:	return fp_abs(fmt, a);
	case IR_FRINT:	return fp_round_int(env, fmt, a, rounding(env, s->op_hi), s->op_lo & 1);
	case IR_FCVT:	return fp_convert(env, format(s->op_hi), fmt, a, (enum fp_rounding)env->rounding);
	case IR_I2F:	return from_int(env, s, a);
	case IR_F2I:
		return fp_to_int(env, format(s->op_hi), a, s->op_lo & 16, s->type == IR_I64 ? 64 : 32, 0,
				 rounding(env, s->op_lo & 15));
	case IR_CRC32:
		return s->op_lo ? arm_crc32c((uint32_t)a, b, 1u << s->op_hi) : arm_crc32((uint32_t)a, b, 1u << s->op_hi);
	default:
		panic("no exact form of %s", ir_op_info[s->sub].name);
	}
}

static void vector(struct arm_cpu *cpu, const struct arm_mode *mode, unsigned op, uint32_t desc, union v128 *d,
		   const union v128 *n, const union v128 *m)
{
	struct arm_simd_env env = { .qc = 0 };

	arm_fp_env_from_fpcr(&env.fp, fpcr_of(mode));
	simd_table[op](d, n, m, desc, &env);
	cpu->fpsr |= env.fp.flags;
	cpu->fpsr_qc |= env.qc;
}

/* in: operands a, b, c (integers in d[0]). out: the whole register, zero above a scalar. Sticky flags go to cpu. */
void dbt_exact(struct arm_cpu *cpu, const struct side *s, const union v128 in[3], union v128 *out)
{
	const struct arm_mode *mode = arm_mode_get(cpu->vm, s->mode);
	struct fp_env env = { .flags = 0 };

	if (s->kind == SIDE_VOP) {
		*out = in[2];
		vector(cpu, mode, s->op_lo, s->op_hi, out, &in[0], &in[1]);
		return;
	}
	arm_fp_env_from_fpcr(&env, fpcr_of(mode));
	out->d[0] = scalar(&env, s, in[0].d[0], in[1].d[0], in[2].d[0]);
	out->d[1] = 0;
	cpu->fpsr |= env.flags;
}

void dbt_run_vector(struct arm_cpu *cpu, uint32_t op, uint32_t desc)
{
	union v128 *v = &cpu->save_xmm[13];

	vector(cpu, arm_mode_get(cpu->vm, cpu->mode), op, desc, &v[2], &v[0], &v[1]);
}
