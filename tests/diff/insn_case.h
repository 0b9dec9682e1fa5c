/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both sides of the instruction differential test share: the form of a case and of a result, and where in the
 * (virtual) address space code and memory are. The arm64 program reads a stream of cases from standard input and writes
 * a state for each to standard output, in order.
 *
 * Case i's instructions begin at the second word of slot i; every other word of the code area is BRK, so that whatever
 * happens ends at one. A window of memory is mapped; its middle is set before each case and part of the result.
 */
#ifndef TESTS_DIFF_INSN_CASE_H
#define TESTS_DIFF_INSN_CASE_H

#include <stdint.h>

#include "isa/v128.h"

#define CODE_BASE	0x40200000ull
#define CODE_PAD	0x10000u		/* BRKs before the first and after the last slot */
#define CASES_MAX	16384u
#define SLOT_WORDS	16u
#define CODE_SIZE	(2 * CODE_PAD + CASES_MAX * SLOT_WORDS * 4)
#define WINDOW_BASE	0x40400000ull
#define WINDOW_SIZE	0x40000u
#define WINDOW_MIDDLE	(WINDOW_BASE + WINDOW_SIZE / 2)	/* a page boundary */
#define MEM_BYTES	512u			/* around the middle */
#define INSNS_MAX	12u
#define BRK_WORD	0xd4200000u

#define SLOT_PC(i)	(CODE_BASE + CODE_PAD + 4 * SLOT_WORDS * (uint64_t)(i) + 4)

enum insn_event { EVENT_BREAK = 1, EVENT_UNDEFINED, EVENT_FAULT, EVENT_OTHER };

struct insn_state {
	union v128 v[32];
	uint64_t x[31], sp, pc;
	uint32_t nzcv, fpcr, fpsr, event;	/* nzcv in bits 31:28; event: of a result, enum insn_event */
	uint64_t mem[MEM_BYTES / 8];
};

struct insn_case {
	uint32_t count, reserved[3];
	uint32_t insn[INSNS_MAX];
	struct insn_state in;
};

#endif
