/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest state from a snapshot (side.h): what translated code had not saved yet, out of the registers that its stub saved.
 */
#include "base/log.h"
#include "engine/dbt/recover.h"
#include "isa/softfloat.h"

union v128 dbt_loc_value(const struct arm_cpu *cpu, uint32_t loc, uint64_t imm)
{
	unsigned n = LOC_INDEX(loc);
	union v128 v = { .d = { 0, 0 } };

	switch (LOC_KIND(loc)) {
	case LOC_GPR:		v.d[0] = cpu->save_gpr[n]; break;
	case LOC_XMM:		v = cpu->save_xmm[n]; break;
	case LOC_SPILL:		v.d[0] = cpu->spill[n]; break;
	case LOC_VSPILL:	v = cpu->vspill[n]; break;
	case LOC_CONST:		v.d[0] = imm; break;
	case LOC_PCREL:		v.d[0] = cpu->vpage + imm; break;
	case LOC_HOME:
		if (n < 31)
			v.d[0] = cpu->x[n];
		else if (n == 31)
			v.d[0] = cpu->sp;
		else if (n == 32)
			v.d[0] = cpu->flags;
		else
			v = cpu->v[n - 33];
		break;
	default:
		panic("side table: location %x", loc);
	}
	return v;
}

static union v128 take(const struct arm_cpu *cpu, const uint32_t **w)
{
	uint32_t loc = *(*w)++;
	uint64_t imm = 0;

	if (LOC_KIND(loc) == LOC_CONST || LOC_KIND(loc) == LOC_PCREL) {
		imm = (*w)[0] | (uint64_t)(*w)[1] << 32;
		*w += 2;
	}
	return dbt_loc_value(cpu, loc, imm);
}

static uint32_t nzcv_add(uint64_t a, uint64_t b, unsigned carry, bool wide)
{
	unsigned top = wide ? 63 : 31;
	uint64_t mask = wide ? ~0ull : 0xffffffff, r;
	bool c, v;

	a &= mask;
	b &= mask;
	r = (a + b + carry) & mask;
	c = r < a || (carry && r == a);
	v = (~(a ^ b) & (a ^ r)) >> top & 1;
	return (uint32_t)(r >> top & 1) << 31 | (uint32_t)!r << 30 | (uint32_t)c << 29 | (uint32_t)v << 28;
}

/* Order of two floating-point numbers by their bits, as NZCV. */
static uint32_t nzcv_fcmp(uint64_t a, uint64_t b, bool wide)
{
	unsigned sign = wide ? 63 : 31;
	uint64_t mask = wide ? ~0ull : 0xffffffff, magnitude = mask >> 1, inf = wide ? 0x7ffull << 52 : 0xffull << 23;
	int64_t x, y;

	a &= mask;
	b &= mask;
	if ((a & magnitude) > inf || (b & magnitude) > inf)
		return 3u << 28;
	x = a >> sign ? -(int64_t)(a & magnitude) : (int64_t)a;
	y = b >> sign ? -(int64_t)(b & magnitude) : (int64_t)b;
	return x == y ? 6u << 28 : x < y ? 8u << 28 : 2u << 28;
}

/* A compare whose flags nothing has read yet raises its exception now. */
static void raise_fcmp(struct arm_cpu *cpu, uint64_t a, uint64_t b, bool wide, bool signal_quiet)
{
	enum fp_fmt fmt = wide ? FP_F64 : FP_F32;

	a &= wide ? ~0ull : 0xffffffff;
	b &= wide ? ~0ull : 0xffffffff;
	if (fp_is_snan(fmt, a) || fp_is_snan(fmt, b) || (signal_quiet && (fp_is_nan(fmt, a) || fp_is_nan(fmt, b))))
		cpu->fpsr |= FP_INVALID;
}

static uint32_t take_flags(struct arm_cpu *cpu, const uint32_t **w)
{
	uint32_t loc = **w;
	bool wide = LOC_INDEX(loc) & 1;
	union v128 a, b;
	uint64_t r;

	if (LOC_KIND(loc) < LOC_FLAGS_SUB)
		return (uint32_t)take(cpu, w).d[0];
	(*w)++;
	if (LOC_KIND(loc) == LOC_FLAGS_IMM)
		return nzcv_to_flags(LOC_INDEX(loc) << 28);
	a = take(cpu, w);
	b = take(cpu, w);
	switch (LOC_KIND(loc)) {
	case LOC_FLAGS_SUB:	return nzcv_to_flags(nzcv_add(a.d[0], ~b.d[0], 1, wide));
	case LOC_FLAGS_ADD:	return nzcv_to_flags(nzcv_add(a.d[0], b.d[0], 0, wide));
	case LOC_FLAGS_FCMP:
		raise_fcmp(cpu, a.d[0], b.d[0], wide, LOC_INDEX(loc) & 2);
		return nzcv_to_flags(nzcv_fcmp(a.d[0], b.d[0], wide));
	default:
		r = a.d[0] & b.d[0] & (wide ? ~0ull : 0xffffffff);
		return nzcv_to_flags((uint32_t)(r >> (wide ? 63 : 31)) << 31 | (uint32_t)!r << 30);
	}
}

void dbt_recover(struct arm_cpu *cpu, const struct side *s)
{
	const uint32_t *w = s->snap;

	while (*w != SNAP_END) {
		unsigned slot = *w & 0xff, width = *w >> 8;
		union v128 v;

		w++;
		if (slot == SLOT_FLAGS) {
			cpu->flags = take_flags(cpu, &w);
			continue;
		}
		v = take(cpu, &w);
		if (slot < 31) {
			cpu->x[slot] = v.d[0];
		} else if (slot == SLOT_SP) {
			cpu->sp = v.d[0];
		} else {
			if (width < 4)
				v.d[1] = 0;
			if (width == 2)
				v.d[0] = (uint32_t)v.d[0];
			cpu->v[slot - SLOT_V0] = v;
		}
	}
	cpu->pc = cpu->vpage + s->guest;
}
