/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IR as text, for tests and dumps. One instruction a line; NOPs are left out:
 *
 *	[vN = ] name[.type][/sub][!flags] [slot,] [a, b, c,] [#imm] [@check]
 *
 * name is the op's in lower case. sub is a condition (select, setcc, exit_if, loop_if), a type (flags_*, fcvt, i2f, f2i,
 * imovf, vzext) or a number, and left out when it is zero (i.e. EQ or no type). flags are letters for memory ops and exits,
 * a number for others. Operands are values vN, or - where one is left out before another. Slots are x0..x30, sp, flags,
 * q0..q31. Numbers are decimal or 0x. A label only names its line: numbers need not be in order. From ';' on, a comment.
 */
#ifndef ENGINE_DBT_IR_TEXT_H
#define ENGINE_DBT_IR_TEXT_H

#include "engine/dbt/ir/ir.h"

enum ir_sub_kind { SUB_NUMBER, SUB_COND, SUB_TYPE };

enum ir_sub_kind ir_sub_kind(unsigned op);
bool ir_c_is_offset(unsigned op);		/* EXIT_BL, EXIT_BLR, CHECK: c is not a value */
bool ir_imm_is_slot(unsigned op);		/* GET, SET */
const char *ir_flag_letters(unsigned op);	/* letter of bit 0, 1, …; NULL: flags are a number */

extern const char *const ir_type_names[7];
extern const char *const ir_cond_names[16];

#endif
