/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arm64 side of the SIMD differential test: a static program run by qemu-aarch64 (or an arm64 machine). Executes every
 * case `trials` times on inputs from `seed` and writes a struct simd_result each to standard output.
 *
 * The instructions are assembled into slots of eight bytes, each followed by a return, so that case i is at slots + 8 * i.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/diff/fp_cases.h"
#include "tests/diff/simd_cases.h"
#include "tests/diff/simd_state.h"

__asm__(".text\n.balign 8\nslots:\n"
#define CASE(op, desc, text) text "\n\tret\n"
#define SCALAR(text, statement) text "\n\tret\n"
SIMD_CASES FP_CASES
#undef CASE
#undef SCALAR
);

extern const char slots[];

static const struct { uint16_t op; uint8_t size; } cases[] = {
#define CASE(op, desc, text) { SIMD_##op, (desc) & 3 },
	SIMD_CASES
};
static const uint8_t scalars[] = {
#define SCALAR(text, statement) 1,
	FP_CASES
};

static void run(const struct simd_state *in, const char *slot, struct simd_result *out)
{
	register const struct simd_state *s __asm__("x19") = in;
	register const char *code __asm__("x20") = slot;
	register struct simd_result *r __asm__("x21") = out;

	__asm__ volatile(
		"ldr	x0, [x19, #112]\n"
		"msr	fpcr, x0\n"
		"msr	fpsr, xzr\n"
		"msr	nzcv, xzr\n"
		"ldp	q0, q1, [x19]\n"
		"ldp	q2, q3, [x19, #32]\n"
		"ldp	q30, q31, [x19, #64]\n"
		"ldp	x0, x1, [x19, #96]\n"
		"blr	x20\n"
		"str	q0, [x21]\n"
		"str	x0, [x21, #16]\n"
		"mrs	x0, nzcv\n"
		"lsr	w0, w0, #28\n"
		"mrs	x1, fpsr\n"
		"stp	w0, w1, [x21, #24]\n"
		"msr	fpcr, xzr\n"
		: : "r" (s), "r" (code), "r" (r)
		: "x0", "x1", "x30", "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",
		  "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24",
		  "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}

int main(int argc, char **argv)
{
	unsigned trials = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	unsigned vectors = sizeof(cases) / sizeof(cases[0]), all = vectors + sizeof(scalars);

	for (unsigned c = 0; c < all; c++) {
		bool fp = c >= vectors || simd_case_is_fp(cases[c].op);

		for (unsigned t = 0; t < trials; t++) {
			unsigned size = c < vectors ? cases[c].size : 1 + t % 3;
			struct simd_state s = simd_inputs(seed + ((uint64_t)c << 32 | t), fp, size);
			struct simd_result r;

			run(&s, slots + 8 * c, &r);
			fwrite(&r, sizeof(r), 1, stdout);
		}
	}
	return 0;
}
