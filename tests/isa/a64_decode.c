/* SPDX-License-Identifier: BSD-2-Clause */
/* The A64 decoder: words whose meaning is known, holes that stay unallocated, and the tables' agreement with each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/types.h"
#include "isa/arm64/a64_ops.h"

static enum a64_op decode(uint32_t insn, struct a64_args *a)
{
	memset(a, 0, sizeof(*a));
	return a64_decode(insn, a);
}

static void words_decode_to_their_operation(void **state)
{
	static const struct { uint32_t insn; enum a64_op op; } c[] = {
		{ 0x91000420, A64_ADD_imm },	{ 0x8b020020, A64_ADD_shift },	{ 0x8b22c020, A64_ADD_ext },
		{ 0xd65f03c0, A64_RET },	{ 0xd69f03e0, A64_ERET },	{ 0xd4000001, A64_SVC },
		{ 0x54000000, A64_B_cond },	{ 0xb4000000, A64_CBZ },	{ 0xd503201f, A64_NOP },
		{ 0xd503203f, A64_YIELD },	{ 0xd503207f, A64_WFI },	{ 0xd503205f, A64_WFE },
		{ 0xd503233f, A64_HINT },	/* PACIASP */
		{ 0xd503245f, A64_HINT },	/* BTI c */
		{ 0xd50342df, A64_MSR_imm_DAIFSet }, { 0xd50342ff, A64_MSR_imm_DAIFClr }, { 0xd50041bf, A64_MSR_imm_SPSel },
		{ 0xd500419f, A64_MSR_imm_PAN }, { 0xd500407f, A64_MSR_imm_UAO }, { 0xd503413f, A64_MSR_imm_SSBS },
		{ 0xd500401f, A64_CFINV },	{ 0xd50330ff, A64_SB },		{ 0xd5033fdf, A64_ISB },
		{ 0xd5033b9f, A64_DSB },	{ 0xd5033bbf, A64_DMB },	{ 0xd5033f5f, A64_CLREX },
		{ 0xd538d080, A64_MRS },	{ 0xd518d080, A64_MSR },	{ 0xd5087620, A64_SYS },
		{ 0xf9400020, A64_LDR_imm },	{ 0xa9bf7bfd, A64_STP_pre },	{ 0xa8c17bfd, A64_LDP_post },
		{ 0x3dc00020, A64_LDR_imm_fp },	{ 0xc85f7c20, A64_LDXR },	{ 0xc8027c20, A64_STXR },
		{ 0xc8a07c41, A64_CAS },	{ 0x48207c82, A64_CASP },	{ 0xb8200041, A64_LDADD },
		{ 0x4c407020, A64_LD1_mult },	{ 0x4d40c020, A64_LD1R },	{ 0x1e622820, A64_FADD_s },
		{ 0x4e62d420, A64_FADD_v },	{ 0x4e421420, A64_FADD_vh },	{ 0x1ee22820, A64_FADD_h },
		{ 0x4ee28420, A64_ADD_v },	{ 0x4f000400, A64_MOVI },	{ 0x6f00e400, A64_MOVI },
		{ 0x4e284820, A64_AESE },	{ 0x0ee0e020, A64_PMULL_1q },	{ 0x5e280820, A64_SHA1H },
		{ 0x00000000, A64_UDF },	{ 0xd4200000, A64_BRK },	{ 0xd503305f, A64_CLREX },
	};
	struct a64_args a;

	for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
		assert_string_equal(a64_info[decode(c[i].insn, &a)].name, a64_info[c[i].op].name);
}

static void holes_are_unallocated(void **state)
{
	static const uint32_t c[] = {
		0x92000000 | 0x3f << 10,	/* AND with imms all ones (N=0) */
		0x12400000,			/* AND W with N=1 */
		0x8bc00000,			/* ADD with ROR */
		0x8b201400,			/* ADD extended by 5 */
		0x12c00000,			/* MOVN W, LSL #32 */
		0x0e008400 | 3 << 22 | 1 << 21,	/* ADD .1D */
		0x48217c82,			/* CASP with odd Rs */
		0xf8e00820,			/* LDRSW-like load of 8 bytes, register offset, not PRFM's place */
		0xd503405f,			/* MSR DIT */
		0xd500403f,			/* XAFLAG */
		0xd5031000,			/* WFET */
		0xdac10000,			/* PACIA */
		0x04000000, 0x25000000,		/* SVE */
		0xd9200000,			/* MTE */
		0xd4a00001,			/* DCPS1 */
		0x1e800000, 0xffffffff, 0x00010000,
	};
	struct a64_args a;

	for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
		assert_string_equal(a64_info[decode(c[i], &a)].name, "UNALLOCATED");
}

static void derived_fields_are_ready_for_use(void **state)
{
	struct a64_args a;

	assert_int_equal(decode(0xb0ffffe0, &a), A64_ADRP);		/* adrp x0, three pages back */
	assert_int_equal(a.imm, -4096 * 3);
	assert_int_equal(decode(0x17ffffff, &a), A64_B);
	assert_int_equal(a.imm, -4);
	assert_int_equal(decode(0xb7f80001, &a), A64_TBNZ);
	assert_int_equal(a.bit, 63);
	assert_int_equal(decode(0xf9400420, &a), A64_LDR_imm);
	assert_int_equal(a.imm, 8);
	assert_int_equal(decode(0xa9bf7bfd, &a), A64_STP_pre);
	assert_int_equal(a.imm, -16);
	assert_int_equal(a.size, 3);
	assert_int_equal(decode(0x3dc00420, &a), A64_LDR_imm_fp);	/* ldr q0, [x1, #16] */
	assert_int_equal(a.imm, 16);
	assert_int_equal(a.size, 4);
	assert_int_equal(decode(0xd538d080, &a), A64_MRS);		/* mrs x0, tpidr_el1 */
	assert_int_equal(a.sysreg, 3 << 14 | 0 << 11 | 13 << 7 | 0 << 3 | 4);
	assert_int_equal(decode(0x5f7e0420, &a), A64_SSHR_s);		/* sshr d0, d1, #2 */
	assert_int_equal(a.amount, 2);
	assert_int_equal(decode(0x6e1c4420, &a), A64_INS_elem);		/* mov v0.s[3], v1.s[2] */
	assert_int_equal(a.size, 2);
	assert_int_equal(a.index, 3);
	assert_int_equal(a.index2, 2);
}

/* The X-macro, the enum and the information table follow one order. */
static void info_describes_every_operation(void **state)
{
#define NAME(n) #n,
	static const char *const names[] = { A64_OPS(NAME) };
	struct a64_args a;

	assert_int_equal(ARRAY_SIZE(names) + 1, A64_OP_COUNT);
	for (unsigned op = 1; op < A64_OP_COUNT; op++) {
		const struct a64_info *info = &a64_info[op];

		assert_string_equal(info->name, names[op - 1]);
		assert_int_equal(info->value & ~info->mask, 0);
		assert_int_equal(info->width, 32);
		assert_true(info->feature < A64_FEAT_COUNT && info->group < A64_GROUP_COUNT);
		a64_decode(info->value, &a);
		assert_int_equal(a.raw, info->value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_decode_to_their_operation),
		cmocka_unit_test(holes_are_unallocated),
		cmocka_unit_test(derived_fields_are_ready_for_use),
		cmocka_unit_test(info_describes_every_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
