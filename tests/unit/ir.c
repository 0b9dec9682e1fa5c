/* SPDX-License-Identifier: BSD-2-Clause */
/* IR as text, and each pass by what it makes of a few lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/errno.h"
#include "engine/dbt/ir/ir.h"

static struct ir ir;
static char text[65536];

static void parse(const char *in)
{
	if (ir_parse(&ir, in))
		fail_msg("line %u doesn't parse", ir.count);
}

static void expect(const char *out)
{
	assert_true(ir_print(&ir, text, sizeof(text)) < sizeof(text));
	assert_string_equal(text, out);
}

static void check(void (*pass)(struct ir *), const char *in, const char *out)
{
	parse(in);
	pass(&ir);
	expect(out);
}

/* ---- text ---- */

static void what_is_printed_parses_to_the_same(void **state)
{
	static const char all[] =
		"insn #16\n"
		"v1 = get.i64 x3\n"
		"v2 = get.i64 sp\n"
		"v3 = get.flags flags\n"
		"v4 = get.v128 q31\n"
		"v5 = const.i64 #0x123456789abcdef0\n"
		"v6 = add.i64 v1, #-16\n"
		"v7 = select.i64/lt v1, v2, v3\n"
		"v8 = flags_sub.flags/i32 v1, v5\n"
		"v9 = load.i32/1!sap v2, #8\n"
		"v10 = loadp.i64/3 v2\n"
		"v11 = proj.i64 v10\n"
		"storep/3 v2, v10, v11, #-32\n"
		"v13 = amo.i32/2 v1, v2, #8\n"
		"v14 = call.i64!1 -, v1, #5\n"
		"v15 = vget.i64/3!1 v4, #1\n"
		"set.i64 x30, v15\n"
		"set.flags flags, v8\n"
		"exit_if/ne!d v8, #64\n"
		"exit_bl #-4096, #20\n";

	parse(all);
	assert_int_equal(ir.count, 20);
	assert_int_equal(ir.head_offset, 16);
	assert_int_equal(ir.ins[14].a, IR_NONE);
	assert_int_equal(ir.ins[9].flags, IRM_SEXT | IRM_ALIGN | IRM_SP);
	assert_int_equal(ir.ins[19].c, 20);
	expect(all);
}

static void labels_need_no_order_and_comments_end_lines(void **state)
{
	parse("; nothing\n\n v70 = get.i64 x0	; a comment, v1\nv3 = not.i64 v70\n");
	expect("v0 = get.i64 x0\nv1 = not.i64 v0\n");
}

static void what_is_wrong_is_told_by_its_line(void **state)
{
	static const struct { const char *in; unsigned line; } bad[] = {
		{ "v0 = get.i64 x31\n", 1 }, { "insn #0\nv1 = nonsense.i64 v0\n", 2 }, { "v1 = not.i64 v2\n", 1 },
		{ "v1 = const.i65 #0\n", 1 }, { "v1 = const.i64 #\n", 1 }, { "\n\nv1 get.i64 x0\n", 3 },
		{ "v0 = get.flags flags\nexit_if/xx v0, #0\n", 2 }, { "v0 = const.i64 #1, #2\n", 1 },
	};

	for (unsigned k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		assert_int_equal(ir_parse(&ir, bad[k].in), -EINVAL);
		assert_int_equal(ir.count, bad[k].line);
	}
}

static void a_block_that_is_too_long_overflows_and_says_so(void **state)
{
	ir_init(&ir, 0);
	for (unsigned k = 0; k < IR_MAX + 10; k++)
		ir_add(&ir, IR_CONST, IR_I64, IR_NONE, IR_NONE, IR_NONE, k);
	assert_true(ir.overflow);
	assert_true(ir.count < IR_MAX);
}

/* ---- loop ---- */

static void exits_to_the_own_head_become_back_edges(void **state)
{
	check(ir_pass_loop,
	      "insn #8\nv1 = get.flags flags\nexit_if/ne v1, #8\nexit #8\n",
	      "insn #8\nv1 = get.flags flags\nloop_if/ne v1, #8\nloop #8\n");
	assert_true(ir.loop);
}

static void exits_elsewhere_or_through_the_dispatcher_stay(void **state)
{
	static const char same[] = "insn #8\nv1 = get.flags flags\nexit_if/ne!d v1, #8\nexit #12\n";

	check(ir_pass_loop, same, same);
	assert_false(ir.loop);
}

/* ---- forward ---- */

static void a_get_after_a_set_or_get_is_its_value(void **state)
{
	check(ir_pass_forward,
	      "v0 = get.i64 x0\nv1 = get.i64 x0\nv2 = add.i64 v0, v1\nset.i64 x0, v2\nv4 = get.i64 x0\nset.i64 x1, v4\n",
	      "v0 = get.i64 x0\nv2 = add.i64 v0, v0\nset.i64 x0, v2\nset.i64 x1, v2\n");
}

static void a_vector_set_by_its_low_lane_is_that_lane_and_zeros(void **state)
{
	check(ir_pass_forward,
	      "v0 = get.f64 q0\nv1 = fneg.f64 v0\nset.f64 q1, v1\nv3 = get.v128 q1\nset.v128 q2, v3\n",
	      "v0 = get.f64 q0\nv1 = fneg.f64 v0\nset.f64 q1, v1\nv3 = vzext.v128/f64 v1\nset.v128 q2, v3\n");
}

static void a_lane_that_was_read_says_nothing_about_the_rest(void **state)
{
	static const char same[] = "v0 = get.f32 q0\nv1 = get.v128 q0\nset.f32 q1, v0\nset.v128 q2, v1\n";

	check(ir_pass_forward, same, same);
}

static void a_call_that_changes_registers_ends_what_is_known(void **state)
{
	static const char same[] = "v0 = get.i64 x0\ncall!1 v0, #3\nv2 = get.i64 x0\nset.i64 x1, v2\n";

	check(ir_pass_forward, same, same);
	check(ir_pass_forward, "v0 = get.i64 x0\ncall v0, #3\nv2 = get.i64 x0\nset.i64 x1, v2\n",
	      "v0 = get.i64 x0\ncall v0, #3\nset.i64 x1, v0\n");
}

static void only_reads_before_writes_and_calls_are_values_of_a_loops_head(void **state)
{
	parse("insn #0\nv1 = get.i64 x0\nset.i64 x1, v1\nv3 = get.i64 x1\ncall!1 v3, #3\nv5 = get.i64 x2\nloop #0\n");
	ir.loop = true;
	ir_pass_forward(&ir);
	assert_int_equal(ir.head_get[0], 1);
	assert_int_equal(ir.head_get[1], IR_NONE);
	assert_int_equal(ir.head_get[2], IR_NONE);
	assert_true(ir.written[1]);
}

/* ---- fold ---- */

static void constants_are_computed(void **state)
{
	check(ir_pass_fold,
	      "v0 = const.i64 #6\nv1 = const.i64 #7\nv2 = mul.i64 v0, v1\nv3 = sub.i32 v0, v1\nv4 = sext32.i64 v3\nset.i64 x0, v2\n"
	      "set.i64 x1, v4\n",
	      "v0 = const.i64 #6\nv1 = const.i64 #7\nv2 = const.i64 #42\nv3 = const.i32 #0xffffffff\nv4 = const.i64 #-1\n"
	      "set.i64 x0, v2\nset.i64 x1, v4\n");
}

static void a_constant_operand_becomes_an_immediate_on_the_right(void **state)
{
	check(ir_pass_fold,
	      "v0 = get.i64 x0\nv1 = const.i64 #5\nv2 = add.i64 v1, v0\nv3 = sub.i64 v0, v1\nset.i64 x0, v2\nset.i64 x1, v3\n",
	      "v0 = get.i64 x0\nv1 = const.i64 #5\nv2 = add.i64 v0, #5\nv3 = add.i64 v0, #-5\nset.i64 x0, v2\nset.i64 x1, v3\n");
}

static void identities_vanish_where_the_upper_half_is_right(void **state)
{
	check(ir_pass_fold, "v0 = get.i64 x0\nv1 = or.i64 v0, #0\nset.i64 x1, v1\n", "v0 = get.i64 x0\nset.i64 x1, v0\n");
	/* A 32-bit add of 0 to a 64-bit value clears the upper half. */
	check(ir_pass_fold, "v0 = get.i64 x0\nv1 = trunc.i32 v0\nv2 = add.i32 v1, #0\nv3 = zext32.i64 v2\nset.i64 x1, v3\n",
	      "v0 = get.i64 x0\nv2 = add.i32 v0\nset.i64 x1, v2\n");
}

static void extensions_of_what_is_extended_vanish(void **state)
{
	check(ir_pass_fold,
	      "v0 = get.i64 x0\nv1 = load.i32/0 v0\nv2 = zext32.i64 v1\nset.i64 x1, v2\nv4 = zext8.i32 v1\nv5 = zext32.i64 v4\n"
	      "set.i64 x2, v5\n",
	      "v0 = get.i64 x0\nv1 = load.i32 v0\nset.i64 x1, v1\nset.i64 x2, v1\n");
}

static void an_offset_moves_into_the_access(void **state)
{
	check(ir_pass_fold, "v0 = get.i64 x0\nv1 = add.i64 v0, #32\nv2 = load.i64/3 v1, #8\nset.i64 x1, v2\n",
	      "v0 = get.i64 x0\nv1 = add.i64 v0, #32\nv2 = load.i64/3 v0, #40\nset.i64 x1, v2\n");
}

static void offsets_stay_where_they_would_change_a_check(void **state)
{
	/* The alignment of SP is that of the operand; DC ZVA's operand is the address. */
	check(ir_pass_fold, "v0 = get.i64 x0\nv1 = add.i64 v0, #8\nv2 = load.i64/3!p v1\nset.i64 x1, v2\n",
	      "v0 = get.i64 x0\nv1 = add.i64 v0, #8\nv2 = load.i64/3!p v1\nset.i64 x1, v2\n");
	check(ir_pass_fold, "v0 = get.i64 x0\nv1 = add.i64 v0, #64\nstore/6!z v1\n",
	      "v0 = get.i64 x0\nv1 = add.i64 v0, #64\nstore/6!z v1\n");
}

/* ---- cse ---- */

static void equal_pure_ops_are_one(void **state)
{
	check(ir_pass_cse,
	      "v0 = get.i64 x0\nv1 = get.i64 x1\nv2 = add.i64 v0, v1\nv3 = add.i64 v1, v0\n"
	      "v4 = sub.i64 v0, v1\nv5 = sub.i64 v1, v0\n"
	      "v6 = xor.i64 v2, v3\nset.i64 x2, v6\nset.i64 x3, v4\nset.i64 x4, v5\n",
	      "v0 = get.i64 x0\nv1 = get.i64 x1\nv2 = add.i64 v0, v1\nv4 = sub.i64 v0, v1\nv5 = sub.i64 v1, v0\n"
	      "v6 = xor.i64 v2, v2\nset.i64 x2, v6\nset.i64 x3, v4\nset.i64 x4, v5\n");
}

static void loads_and_different_types_or_subs_are_not_one(void **state)
{
	static const char same[] = "v0 = get.i64 x0\nv1 = load.i64/3 v0\nv2 = load.i64/3 v0\nv3 = not.i64 v0\nv4 = not.i32 v0\n"
				   "v5 = flags_and.flags/i64 v0, v0\nv6 = flags_and.flags/i32 v0, v0\nv7 = setcc.i64 v5\n"
				   "v8 = setcc.i64/ne v5\n";

	check(ir_pass_cse, same, same);
}

/* ---- dead ---- */

static void what_nobody_sees_goes(void **state)
{
	check(ir_pass_dead,
	      "insn #0\nv1 = get.i64 x0\nv2 = not.i64 v1\nv3 = neg.i64 v1\nset.i64 x1, v2\nset.i64 x1, v3\nexit #4\n",
	      "insn #0\nv1 = get.i64 x0\nv3 = neg.i64 v1\nset.i64 x1, v3\nexit #4\n");
}

static void a_set_before_an_access_that_may_fault_stays(void **state)
{
	static const char same[] = "insn #0\nv1 = get.i64 x0\nset.i64 x1, v1\nv3 = load.i64/3 v1\nset.i64 x1, v3\nexit #4\n";

	check(ir_pass_dead, same, same);
}

static void accesses_and_calls_stay_without_a_use(void **state)
{
	static const char same[] = "v0 = get.i64 x0\nv1 = load.i64/3 v0\nv2 = loadp.i64/3 v0\nv3 = proj.i64 v2\nv4 = call.i64 #0\n"
				   "v5 = amo.i64/3 v0, v0\n";

	check(ir_pass_dead, same, same);
}

/* ---- check ---- */

static void accesses_off_one_base_share_a_check(void **state)
{
	check(ir_pass_check,
	      "insn #0\nv1 = get.i64 x0\nv2 = loadp.i64/3 v1\nv3 = proj.i64 v2\ninsn #4\nv5 = load.i32/2 v1, #-4\n"
	      "v6 = load.v128/4 v1, #64\nset.i64 x1, v2\nset.i64 x2, v3\nset.i32 x3, v5\nexit #8\n",
	      "insn #0\nv1 = get.i64 x0\nv2 = check.i64 v1, #-4, #84\nv3 = loadp.i64/3 v1 @v2\nv4 = proj.i64 v3\ninsn #4\n"
	      "v6 = load.i32/2 v1, #-4 @v2\nv7 = load.v128/4 v1, #64 @v2\nset.i64 x1, v3\nset.i64 x2, v4\nset.i32 x3, v6\n"
	      "exit #8\n");
}

static void two_bases_by_turns_have_a_check_each(void **state)
{
	check(ir_pass_check,
	      "v0 = get.i64 x0\nv1 = get.i64 x1\nv2 = load.i64/3 v1\nstore/3 v0, v2\nv4 = load.i64/3 v1, #8\nstore/3 v0, v4, #8\n",
	      "v0 = get.i64 x0\nv1 = get.i64 x1\nv2 = check.i64 v1, #0, #16\nv3 = load.i64/3 v1 @v2\n"
	      "v4 = check.i64/1 v0, #0, #16\nstore/3 v0, v3 @v4\nv6 = load.i64/3 v1, #8 @v2\nstore/3 v0, v6, #8 @v4\n");
}

static void a_load_uses_a_stores_check_but_no_store_a_loads(void **state)
{
	static const char same[] = "v0 = get.i64 x0\nv1 = load.i64/3 v0\nstore/3 v0, v1, #8\n";

	check(ir_pass_check, same, same);
	check(ir_pass_check, "v0 = get.i64 sp\nstore/3!p v0, v0\nv2 = load.i64/3 v0, #8\n",
	      "v0 = get.i64 sp\nv1 = check.i64/1!p v0, #0, #16\nstore/3!p v0, v0 @v1\nv3 = load.i64/3 v0, #8 @v1\n");
}

static void what_is_far_apart_or_alone_checks_for_itself(void **state)
{
	static const char far[] = "v0 = get.i64 x0\nv1 = load.i64/3 v0\nv2 = load.i64/3 v0, #512\nv3 = get.i64 x1\n"
		"v4 = load.i64/3 v3\n";

	check(ir_pass_check, far, far);
	check(ir_pass_check, "v0 = get.i64 x0\nv1 = load.i64/3 v0\nv2 = load.i64/3 v0, #504\n",
	      "v0 = get.i64 x0\nv1 = check.i64 v0, #0, #512\nv2 = load.i64/3 v0 @v1\nv3 = load.i64/3 v0, #504 @v1\n");
}

static void a_call_ends_a_group_and_an_exit_does_not(void **state)
{
	static const char same[] = "v0 = get.i64 x0\nv1 = load.i64/3 v0\ncall #3\nv3 = load.i64/3 v0, #8\n";

	check(ir_pass_check, same, same);
	check(ir_pass_check,
	      "v0 = get.i64 x0\nv1 = load.i64/3 v0\nv2 = get.flags flags\nexit_if/ne v2, #64\nv4 = load.i64/3 v0, #8\n"
	      "exit_bl #-4096, #20\n",
	      "v0 = get.i64 x0\nv1 = check.i64 v0, #0, #16\nv2 = load.i64/3 v0 @v1\nv3 = get.flags flags\nexit_if/ne v3, #64\n"
	      "v5 = load.i64/3 v0, #8 @v1\nexit_bl #-4096, #20\n");
}

static void aligned_atomic_and_unprivileged_accesses_are_not_grouped(void **state)
{
	static const char same[] = "v0 = get.i64 x0\nv1 = load.i64/3 v0\nv2 = load.i64/3!aq v0, #8\nstore/3!ar v0, v1, #8\n"
		"v4 = ldxr.i64/3!a v0\nv5 = amo.i64/3 v0, v1\nv6 = load.i64/3!u v0, #16\nstore!z v0, v1\n";

	check(ir_pass_check, same, same);
}

static void a_loops_head_is_still_known_when_ops_have_moved(void **state)
{
	parse("insn #0\nv1 = get.i64 x0\nv2 = load.i64/3 v1\nv3 = load.i64/3 v1, #8\nv4 = get.i64 x5\nset.i64 x0, v4\nexit #0\n");
	ir_pass_loop(&ir);
	ir_pass_forward(&ir);
	ir_pass_check(&ir);
	assert_int_equal(ir.head_get[0], 1);
	assert_int_equal(ir.head_get[5], 5);
	assert_int_equal(ir.ins[5].op, IR_GET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_parses_to_the_same),
		cmocka_unit_test(labels_need_no_order_and_comments_end_lines),
		cmocka_unit_test(what_is_wrong_is_told_by_its_line),
		cmocka_unit_test(a_block_that_is_too_long_overflows_and_says_so),
		cmocka_unit_test(exits_to_the_own_head_become_back_edges),
		cmocka_unit_test(exits_elsewhere_or_through_the_dispatcher_stay),
		cmocka_unit_test(a_get_after_a_set_or_get_is_its_value),
		cmocka_unit_test(a_vector_set_by_its_low_lane_is_that_lane_and_zeros),
		cmocka_unit_test(a_lane_that_was_read_says_nothing_about_the_rest),
		cmocka_unit_test(a_call_that_changes_registers_ends_what_is_known),
		cmocka_unit_test(only_reads_before_writes_and_calls_are_values_of_a_loops_head),
		cmocka_unit_test(constants_are_computed),
		cmocka_unit_test(a_constant_operand_becomes_an_immediate_on_the_right),
		cmocka_unit_test(identities_vanish_where_the_upper_half_is_right),
		cmocka_unit_test(extensions_of_what_is_extended_vanish),
		cmocka_unit_test(an_offset_moves_into_the_access),
		cmocka_unit_test(offsets_stay_where_they_would_change_a_check),
		cmocka_unit_test(equal_pure_ops_are_one),
		cmocka_unit_test(loads_and_different_types_or_subs_are_not_one),
		cmocka_unit_test(what_nobody_sees_goes),
		cmocka_unit_test(a_set_before_an_access_that_may_fault_stays),
		cmocka_unit_test(accesses_and_calls_stay_without_a_use),
		cmocka_unit_test(accesses_off_one_base_share_a_check),
		cmocka_unit_test(two_bases_by_turns_have_a_check_each),
		cmocka_unit_test(a_load_uses_a_stores_check_but_no_store_a_loads),
		cmocka_unit_test(what_is_far_apart_or_alone_checks_for_itself),
		cmocka_unit_test(a_call_ends_a_group_and_an_exit_does_not),
		cmocka_unit_test(aligned_atomic_and_unprivileged_accesses_are_not_grouped),
		cmocka_unit_test(a_loops_head_is_still_known_when_ops_have_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
