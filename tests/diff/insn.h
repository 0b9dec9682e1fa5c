/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of the instruction differential test on the host: making cases, and running them under the translator. */
#ifndef TESTS_DIFF_INSN_H
#define TESTS_DIFF_INSN_H

#include "engine/dbt/dbt.h"
#include "isa/arm64/a64_ops.h"
#include "tests/diff/insn_case.h"

/* ---- insn_gen.c ---- */
/* Whether the test draws this operation: EL0's, and the same for a user-mode emulator. */
bool insn_wanted(enum a64_op op);
/* A case for slot `index`: one instruction of op, or with A64_UNALLOCATED `count` random ones. Each with its state. */
void insn_generate(uint64_t *seed, uint32_t index, enum a64_op op, unsigned count, struct insn_case *c);

/* ---- insn_dbt.c ---- */
struct insn_machine;
/* NULL: no memory, or the host can't. The options are copied. align_check: SCTLR_EL1.A is set. */
struct insn_machine *insn_machine_create(const struct dbt_options *options, bool align_check);
void insn_machine_destroy(struct insn_machine *m);
/* Case i in slot i. results[i].event is 0 if the case did not end. */
void insn_machine_run(struct insn_machine *m, const struct insn_case *cases, uint32_t count, struct insn_state *results);

#endif
