/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What single instructions lift to where running them beside QEMU doesn't show it: traps, modes, byte order, stepping,
 * PC-relative forms. Values are compared by tests/diff.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "engine/dbt/arm64/lift.h"

static struct ir ir;
static char text[8192], wanted[8192];
static bool ended;

static const struct arm_mode el1 = { .el = 1, .mmu = true, .spsel = 1 }, el0 = { .mmu = true };

/* At offset 0x100 of its page. */
static void lift_one(const struct arm_mode *mode, uint64_t features, uint32_t insn)
{
	struct lift l = { .ir = &ir, .mode = mode, .features = features, .offset = 0x100 };

	ir_init(&ir, 0x100);
	lift_insn(&l, insn);
	ended = l.end;
	assert_int_equal(l.next, 0x104);
	ir_print(&ir, text, sizeof(text));
}

/* The last op leaves by helper h, with constants a and b (~0: none). */
static void leaves_by(enum dbt_helper h, bool pc_next, uint64_t a, uint64_t b)
{
	const struct ir_ins *i = &ir.ins[ir.count - 1];
	uint64_t v;

	assert_true(ended);
	assert_int_equal(i->op, IR_EXIT_HELPER);
	assert_int_equal(i->imm, h);
	assert_int_equal(i->sub, !pc_next);
	assert_int_equal(ir_is_const(&ir, i->a, &v) ? v : ~0ull, a);
	assert_int_equal(ir_is_const(&ir, i->b, &v) ? v : ~0ull, b);
}

static void is(const char *s)
{
	assert_string_equal(text, s);
}

static void unallocated_and_absent_instructions_are_undefined(void **state)
{
	lift_one(&el1, ~0ull, 0x00000000);			/* udf */
	leaves_by(HELPER_udf, false, ~0ull, ~0ull);
	lift_one(&el1, 1, 0xb8210040);				/* ldadd without LSE */
	leaves_by(HELPER_udf, false, ~0ull, ~0ull);
	lift_one(&el1, 1 | BIT(A64_FEAT_lse), 0xb8210040);
	assert_false(ended);
}

static void what_needs_el1_is_undefined_at_el0(void **state)
{
	lift_one(&el0, ~0ull, 0xd69f03e0);			/* eret */
	leaves_by(HELPER_udf, false, ~0ull, ~0ull);
	lift_one(&el1, ~0ull, 0xd69f03e0);
	leaves_by(HELPER_eret, false, ~0ull, ~0ull);
}

static void fp_traps_with_its_syndrome_and_illegal_state_comes_first(void **state)
{
	struct arm_mode m = el0;

	m.fp_trap = true;
	lift_one(&m, ~0ull, 0x1e622820);			/* fadd d0, d1, d2 */
	leaves_by(HELPER_trap, false, EC_FP_ACCESS, 0x1e00000);
	lift_one(&m, ~0ull, 0xd53b4400);			/* mrs x0, fpcr */
	leaves_by(HELPER_trap, false, EC_FP_ACCESS, 0x1e00000);
	m.il = true;
	lift_one(&m, ~0ull, 0x1e622820);
	leaves_by(HELPER_illegal, false, ~0ull, ~0ull);
}

static void el0_traps_tell_the_instruction(void **state)
{
	struct arm_mode m = el0;

	m.el0_trap_daif = m.el0_trap_wfi = m.el0_trap_zva = true;
	lift_one(&m, ~0ull, 0xd50342df);			/* msr daifset, #2 */
	leaves_by(HELPER_trap, false, EC_SYSREG, 6 << 17 | 3 << 14 | 4 << 10 | 31 << 5 | 2 << 1);
	lift_one(&m, ~0ull, 0xd503207f);			/* wfi */
	leaves_by(HELPER_trap, false, EC_WFX, 0x1e00000);
	lift_one(&m, ~0ull, 0xd50b7423);			/* dc zva, x3 */
	leaves_by(HELPER_trap, false, EC_SYSREG, 1 << 20 | 1 << 17 | 3 << 14 | 7 << 10 | 3 << 5 | 4 << 1);
}

static void pc_relative_values_are_offsets_from_the_page(void **state)
{
	lift_one(&el1, ~0ull, 0x10000100);			/* adr x0, +32 */
	is("insn #256\nv1 = pcrel.i64 #288\nset.i64 x0, v1\n");
	lift_one(&el1, ~0ull, 0xb0000000);			/* adrp x0, +4096: of the page, not of the instruction */
	is("insn #256\nv1 = pcrel.i64 #4096\nset.i64 x0, v1\n");
	lift_one(&el1, ~0ull, 0x97ffffff);			/* bl -4 */
	is("insn #256\nv1 = pcrel.i64 #260\nset.i64 x30, v1\nexit_bl #252, #260\n");
	assert_true(ended);
	lift_one(&el1, ~0ull, 0xd63f03c0);			/* blr x30: the old one */
	is("insn #256\nv1 = get.i64 x30\nv2 = pcrel.i64 #260\nset.i64 x30, v2\nexit_blr v1, #0, #260\n");
}

static void blocks_go_on_after_conditional_branches(void **state)
{
	lift_one(&el1, ~0ull, 0x54000041);			/* b.ne +8 */
	is("insn #256\nv1 = get.flags flags\nexit_if/ne v1, #264\n");
	assert_false(ended);
	lift_one(&el1, ~0ull, 0x5400004e);			/* b.al +8 */
	is("insn #256\nexit #264\n");
	assert_true(ended);
	lift_one(&el1, ~0ull, 0xb7f80040);			/* tbnz x0, #63, +8: its sign */
	is("insn #256\nv1 = get.i64 x0\nv2 = flags_and.flags/i64 v1, v1\nexit_if/mi v2, #264\n");
}

static void registers_change_after_the_access(void **state)
{
	lift_one(&el1, ~0ull, 0xf8410c20);			/* ldr x0, [x1, #16]! */
	is("insn #256\nv1 = get.i64 x1\nv2 = load.i64/3 v1, #16\nv3 = add.i64 v1, #16\nset.i64 x1, v3\nset.i64 x0, v2\n");
	lift_one(&el1, ~0ull, 0xa8c10be1);			/* ldp x1, x2, [sp], #16 */
	is("insn #256\nv1 = get.i64 sp\nv2 = loadp.i64/3 v1\nv3 = proj.i64 v2\nv4 = add.i64 v1, #16\nset.i64 sp, v4\n"
	   "set.i64 x1, v2\nset.i64 x2, v3\n");
}

static void accesses_follow_the_mode(void **state)
{
	struct arm_mode m = el1;

	m.sp_align_check = true;
	lift_one(&m, ~0ull, 0xb94003e0);			/* ldr w0, [sp] */
	is("insn #256\nv1 = get.i64 sp\nv2 = load.i32/2!p v1\nv3 = zext32.i64 v2\nset.i64 x0, v3\n");
	lift_one(&m, ~0ull, 0xf8400820);			/* ldtr x0, [x1] */
	is("insn #256\nv1 = get.i64 x1\nv2 = load.i64/3!u v1\nset.i64 x0, v2\n");
	m.uao = true;
	lift_one(&m, ~0ull, 0xf8400820);
	is("insn #256\nv1 = get.i64 x1\nv2 = load.i64/3 v1\nset.i64 x0, v2\n");
	lift_one(&m, ~0ull, 0xc89ffc20);			/* stlr x0, [x1] */
	is("insn #256\nv1 = get.i64 x1\nv2 = get.i64 x0\nstore/3!ar v1, v2\n");
}

static void big_endian_data_is_swapped_beside_the_access(void **state)
{
	struct arm_mode m = el1;

	m.big_endian = true;
	lift_one(&m, ~0ull, 0xf9400020);			/* ldr x0, [x1] */
	is("insn #256\nv1 = get.i64 x1\nv2 = load.i64/3 v1\nv3 = bswap.i64 v2\nset.i64 x0, v3\n");
	lift_one(&m, ~0ull, 0x79800020);			/* ldrsh x0, [x1] */
	is("insn #256\nv1 = get.i64 x1\nv2 = load.i32/1 v1\nv3 = rev16.i32 v2\nv4 = sext16.i64 v3\nset.i64 x0, v4\n");
	lift_one(&m, ~0ull, 0x39400020);			/* ldrb w0, [x1] */
	is("insn #256\nv1 = get.i64 x1\nv2 = load.i32 v1\nv3 = zext32.i64 v2\nset.i64 x0, v3\n");
	lift_one(&m, ~0ull, 0x3dc00020);			/* ldr q0, [x1]: the high half comes first */
	is("insn #256\nv1 = get.i64 x1\nv2 = loadp.i64/3 v1\nv3 = proj.i64 v2\nv4 = bswap.i64 v3\nv5 = bswap.i64 v2\n"
	   "v6 = vzext.v128/i64 v4\nv7 = vlane.v128/3 v6, v5, #1\nset.v128 q0, v7\n");
}

static void stepping_ends_every_instruction(void **state)
{
	struct arm_mode m = el0;

	m.ss = true;
	lift_one(&m, ~0ull, 0xd503201f);			/* nop */
	leaves_by(HELPER_step, true, 1, ~0ull);
	lift_one(&m, ~0ull, 0x14000002);			/* b +8: SS is used up on the way */
	snprintf(wanted, sizeof(wanted), "insn #256\nv1 = lds.i32/2 #%zu\nv2 = and.i32 v1, #0x%x\nsts/2 v2, #%zu\n"
		 "v4 = const.i32 #1\nsts/2 v4, #%zu\nexit!d #264\n",
		 offsetof(struct arm_cpu, pstate_misc), ~(1u << 21), offsetof(struct arm_cpu, pstate_misc),
		 offsetof(struct arm_cpu, stepped));
	is(wanted);
	lift_one(&m, ~0ull, 0xd4000001);			/* svc #0 counts as done */
	leaves_by(HELPER_svc, true, 0, ~0ull);
	assert_int_equal(ir.ins[3].op, IR_STS);
	lift_one(&m, ~0ull, 0xd4200000);			/* brk #0 doesn't */
	leaves_by(HELPER_brk, false, 0, ~0ull);
	assert_int_equal(ir.count, 3);
}

static void opening_a_mask_looks_at_pins_and_debug(void **state)
{
	lift_one(&el1, ~0ull, 0xd50342ff);			/* msr daifclr, #2 */
	snprintf(wanted, sizeof(wanted), "insn #256\nv1 = lds.i64/3 #%zu\nv2 = and.i64 v1, #-129\nsts/3 v2, #%zu\n"
		 "v4 = lds.i32/2 #%zu\nv5 = lds.i32/2 #%zu\nv6 = or.i32 v4, v5\nv7 = flags_and.flags/i32 v6, v6\n"
		 "exit_if/ne!d v7, #260\n", offsetof(struct arm_cpu, daif), offsetof(struct arm_cpu, daif),
		 offsetof(struct arm_cpu, pins), offsetof(struct arm_cpu, debug_el1));
	is(wanted);
	assert_false(ended);
}

static void every_allocated_word_lifts_within_its_room(void **state)
{
	uint64_t seed = 88172645463325252ull;

	for (unsigned n = 0; n < 200000; n++) {
		const struct arm_mode *m = n & 1 ? &el0 : &el1;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		lift_one(m, ~0ull, (uint32_t)(seed >> 16));
		assert_false(ir.overflow);
		for (uint32_t k = 0; k < ir.count; k++) {
			const struct ir_ins *i = &ir.ins[k];
			bool slot = i->op == IR_GET || i->op == IR_SET;

			assert_true(i->a == IR_NONE || i->a < k);
			assert_true(i->b == IR_NONE || i->b < k);
			assert_true(i->c == IR_NONE || i->c < k || i->op == IR_EXIT_BL || i->op == IR_EXIT_BLR);
			assert_true(!slot || i->imm < SLOT_COUNT);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unallocated_and_absent_instructions_are_undefined),
		cmocka_unit_test(what_needs_el1_is_undefined_at_el0),
		cmocka_unit_test(fp_traps_with_its_syndrome_and_illegal_state_comes_first),
		cmocka_unit_test(el0_traps_tell_the_instruction),
		cmocka_unit_test(pc_relative_values_are_offsets_from_the_page),
		cmocka_unit_test(blocks_go_on_after_conditional_branches),
		cmocka_unit_test(registers_change_after_the_access),
		cmocka_unit_test(accesses_follow_the_mode),
		cmocka_unit_test(big_endian_data_is_swapped_beside_the_access),
		cmocka_unit_test(stepping_ends_every_instruction),
		cmocka_unit_test(opening_a_mask_looks_at_pins_and_debug),
		cmocka_unit_test(every_allocated_word_lifts_within_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
