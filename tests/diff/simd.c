/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our vector and FP helpers against qemu-aarch64: every instruction form, inputs from a seed; result and FPSR (and NZCV,
 * x0) must be identical. SIMD_TRIALS and SIMD_SEED in the environment widen it; a failure prints the case to look at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/diff/fp_cases.h"
#include "tests/diff/simd_cases.h"
#include "tests/diff/simd_state.h"
#include "tests/unit/skip.h"

#define FAILURES_SHOWN 40

static const struct { enum simd_op op; uint32_t desc; const char *text; } cases[] = {
#define CASE(op, desc, text) { SIMD_##op, desc, text },
	SIMD_CASES
#undef CASE
};

static const char *const scalar_texts[] = {
#define SCALAR(text, statement) text,
	FP_CASES
#undef SCALAR
};

#define VECTORS (sizeof(cases) / sizeof(cases[0]))
#define SCALARS (sizeof(scalar_texts) / sizeof(scalar_texts[0]))

static uint64_t low_lane(const union v128 *v, enum fp_fmt fmt)
{
	return fmt == FP_F16 ? v->h[0] : fmt == FP_F32 ? v->s[0] : v->d[0];
}

static void run_scalar(unsigned index, const struct simd_state *s, struct arm_simd_env *env, struct simd_result *r)
{
	struct fp_env *fp = &env->fp;
	enum { FIRST = __COUNTER__ + 1 };

#define N(fmt)	low_lane(&s->v[1], fmt)
#define M(fmt)	low_lane(&s->v[2], fmt)
#define A(fmt)	low_lane(&s->v[3], fmt)
#define D(value) (r->v0 = (union v128){ .d = { (value), 0 } })
#define X(value) (r->x0 = (value))
#define F(value) (r->nzcv = (value))
	switch (index) {
#define SCALAR(text, statement) case __COUNTER__ - FIRST: statement; break;
	FP_CASES
#undef SCALAR
	default: break;
	}
}

static struct simd_result run_ours(unsigned c, const struct simd_state *s)
{
	struct arm_simd_env env = { 0 };
	struct simd_result r = { .v0 = s->v[0], .x0 = s->x[0] };

	arm_fp_env_from_fpcr(&env.fp, (uint32_t)s->fpcr);
	if (c >= VECTORS) {
		run_scalar(c - (unsigned)VECTORS, s, &env, &r);
	} else {
		union v128 v[32] = { s->v[0], s->v[1], s->v[2], s->v[3], [30] = s->v30, [31] = s->v31 };
		bool table = cases[c].op == SIMD_tbl || cases[c].op == SIMD_tbx;

		simd_table[cases[c].op](&v[0], table ? v : &v[1], &v[2], cases[c].desc, &env);
		r.v0 = v[0];
	}
	r.fpsr = arm_fpsr_get(&env);
	return r;
}

static void show(const char *name, const union v128 *v)
{
	print_error("  %s %016llx %016llx\n", name, (unsigned long long)v->d[1], (unsigned long long)v->d[0]);
}

static void report(unsigned c, unsigned t, const struct simd_state *s, const struct simd_result *ours,
		   const struct simd_result *theirs)
{
	print_error("%s: trial %u, FPCR %08llx: x0 %llx nzcv %x fpsr %08x, qemu x0 %llx nzcv %x fpsr %08x\n",
		    c < VECTORS ? cases[c].text : scalar_texts[c - VECTORS], t, (unsigned long long)s->fpcr,
		    (unsigned long long)ours->x0, ours->nzcv, ours->fpsr,
		    (unsigned long long)theirs->x0, theirs->nzcv, theirs->fpsr);
	show("d   ", &s->v[0]);
	show("n   ", &s->v[1]);
	show("m   ", &s->v[2]);
	show("a   ", &s->v[3]);
	show("ours", &ours->v0);
	show("qemu", &theirs->v0);
}

/*
 * Where QEMU 7.2 is wrong: a scalar FCVTZS to 16-bit fixed point leaves copies of the sign above the element, and FJCVTZS
 * of a flushed denormal sets Z as if it had been a zero (FPToFixedJS: the fraction must be zero, too).
 */
static void correct_qemu(unsigned c, const struct simd_state *s, struct simd_result *r)
{
	const char *text = c < VECTORS ? cases[c].text : scalar_texts[c - VECTORS];

	if (!strncmp(text, "fcvtzs h0, h1, #", 16))
		r->v0.d[0] &= 0xffff;
	if (!strncmp(text, "fjcvtzs", 7) && s->fpcr & ARM_FPCR_FZ && s->v[1].d[0] && !(s->v[1].d[0] >> 52))
		r->nzcv = 0;
}

static unsigned env_number(const char *name, unsigned fallback)
{
	const char *s = getenv(name);

	return s ? (unsigned)strtoul(s, NULL, 0) : fallback;
}

static void every_simd_and_fp_instruction_equals_qemu(void **state)
{
	unsigned trials = env_number("SIMD_TRIALS", 100), seed = env_number("SIMD_SEED", 1), failures = 0;
	char command[256];
	FILE *qemu;

	if (system("command -v qemu-aarch64 >/dev/null") || access(SIMD_ARM64, X_OK))
		skip_because("qemu-aarch64 or the program for it is missing");
	snprintf(command, sizeof(command), "qemu-aarch64 -cpu max %s %u %u", SIMD_ARM64, trials, seed);
	qemu = popen(command, "r");
	assert_non_null(qemu);
	for (unsigned c = 0; c < VECTORS + SCALARS; c++) {
		bool fp = c >= VECTORS || simd_case_is_fp(cases[c].op), bad = false;

		for (unsigned t = 0; t < trials; t++) {
			unsigned size = c < VECTORS ? cases[c].desc & 3 : 1 + t % 3;
			struct simd_state s = simd_inputs(seed + ((uint64_t)c << 32 | t), fp, size);
			struct simd_result ours = run_ours(c, &s), theirs;

			assert_int_equal(fread(&theirs, sizeof(theirs), 1, qemu), 1);
			correct_qemu(c, &s, &theirs);
			if (memcmp(&ours, &theirs, sizeof(ours)) && !bad) {
				bad = true;
				if (failures++ < FAILURES_SHOWN)
					report(c, t, &s, &ours, &theirs);
			}
		}
	}
	assert_int_equal(pclose(qemu), 0);
	print_message("%zu instruction forms, %u differ\n", VECTORS + SCALARS, failures);
	assert_int_equal(failures, 0);
}

static void every_operation_has_a_case(void **state)
{
	/* These have scalar cases: their instructions' other side is a general register or the flags. */
	bool seen[SIMD_OP_COUNT] = { [SIMD_fcmp] = true, [SIMD_fcvt_to_g] = true, [SIMD_fcvt_from_g] = true };

	for (unsigned c = 0; c < VECTORS; c++)
		seen[cases[c].op] = true;
	for (unsigned op = 0; op < SIMD_OP_COUNT; op++) {
		if (!seen[op])
			print_error("%s has no case\n", simd_names[op]);
		assert_true(seen[op]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_has_a_case),
		cmocka_unit_test(every_simd_and_fp_instruction_equals_qemu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
