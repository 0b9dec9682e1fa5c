/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * General registers to memory and back, for whoever takes exceptions (ARM DDI 0487 B1.2): macros for the assembler. x0 to x30 are
 * words 0 to 30 of a frame; x0 to x3 and x30 apart, because vectors want a few registers first and have more to put behind.
 */
#ifndef ISA_ARM64_FRAME_H
#define ISA_ARM64_FRAME_H

#define FRAME_BYTES	256		/* x0 to x30, and one word */

#ifdef __ASSEMBLER__
/* clang-format off */

	/* `op` is stp or ldp. */
	.macro	frame_x18_x29 op, at
	\op	x18, x19, [\at, #144]
	\op	x20, x21, [\at, #160]
	\op	x22, x23, [\at, #176]
	\op	x24, x25, [\at, #192]
	\op	x26, x27, [\at, #208]
	\op	x28, x29, [\at, #224]
	.endm

	.macro	frame_x4_x29 op, at
	\op	x4, x5, [\at, #32]
	\op	x6, x7, [\at, #48]
	\op	x8, x9, [\at, #64]
	\op	x10, x11, [\at, #80]
	\op	x12, x13, [\at, #96]
	\op	x14, x15, [\at, #112]
	\op	x16, x17, [\at, #128]
	frame_x18_x29 \op, \at
	.endm

	/* A frame of these alone on the stack, and off it. */
	.macro	frame_push
	sub	sp, sp, #FRAME_BYTES
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	frame_x4_x29 stp, sp
	str	x30, [sp, #240]
	.endm

	.macro	frame_pop
	ldp	x2, x3, [sp, #16]
	frame_x4_x29 ldp, sp
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp], #FRAME_BYTES
	.endm

#endif
#endif
