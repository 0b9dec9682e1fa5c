/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What assembly and C both know: the memory of each CPU behind the image. Numbers only.
 *
 *	0		guard page, never mapped
 *	0x1000		stack, downwards from CPU_OFFSET; a trap's frame is the first thing on it
 *	CPU_OFFSET	struct arm_cpu, and at its end the stack for faults of our own
 *	TABLES_OFFSET	translation tables of EL2, for this CPU alone
 */
#ifndef ENGINE_BARE_ARM64_LAYOUT_H
#define ENGINE_BARE_ARM64_LAYOUT_H

#include "isa/arm64/frame.h"

#define PAGE_SHIFT	12
#define STACK_OFFSET	0x1000
#define CPU_OFFSET	0x4000
#define CPU_BYTES	0x2000
#define TABLES_OFFSET	(CPU_OFFSET + CPU_BYTES)
#define TABLES		20
#define PERCPU_BYTES	(TABLES_OFFSET + TABLES * 0x1000)

/* struct image_header */
#define HEADER_CORE_SIZE	16
#define HEADER_PERCPU_SIZE	20
#define HEADER_MAX_CPUS		36

/* struct el2_late */
#define LATE_SCTLR	0
#define LATE_VBAR	8
#define LATE_MAIR	16
#define LATE_TCR	24
#define LATE_TTBR0	32
#define LATE_TPIDR	40

#define SCTLR_EL2_RES1	0x30c50830
#define SCTLR_M		0x1
#define SCTLR_C		0x4
#define SCTLR_SA	0x8
#define SCTLR_I		0x1000
#define SCTLR_WXN	0x80000

#define R_RELATIVE	1027		/* R_AARCH64_RELATIVE */
#define EINVAL_CODE	22

#endif
