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

	.macro	frame_store_x4_x29 at
	stp	x4, x5, [\at, #32]
	stp	x6, x7, [\at, #48]
	stp	x8, x9, [\at, #64]
	stp	x10, x11, [\at, #80]
	stp	x12, x13, [\at, #96]
	stp	x14, x15, [\at, #112]
	stp	x16, x17, [\at, #128]
	stp	x18, x19, [\at, #144]
	stp	x20, x21, [\at, #160]
	stp	x22, x23, [\at, #176]
	stp	x24, x25, [\at, #192]
	stp	x26, x27, [\at, #208]
	stp	x28, x29, [\at, #224]
	.endm

	.macro	frame_load_x18_x29 at
	ldp	x18, x19, [\at, #144]
	ldp	x20, x21, [\at, #160]
	ldp	x22, x23, [\at, #176]
	ldp	x24, x25, [\at, #192]
	ldp	x26, x27, [\at, #208]
	ldp	x28, x29, [\at, #224]
	.endm

	.macro	frame_load_x2_x29 at
	ldp	x2, x3, [\at, #16]
	ldp	x4, x5, [\at, #32]
	ldp	x6, x7, [\at, #48]
	ldp	x8, x9, [\at, #64]
	ldp	x10, x11, [\at, #80]
	ldp	x12, x13, [\at, #96]
	ldp	x14, x15, [\at, #112]
	ldp	x16, x17, [\at, #128]
	frame_load_x18_x29 \at
	.endm

	/* A frame of these alone on the stack, and off it. */
	.macro	frame_push
	sub	sp, sp, #FRAME_BYTES
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	frame_store_x4_x29 sp
	str	x30, [sp, #240]
	.endm

	.macro	frame_pop
	frame_load_x2_x29 sp
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp], #FRAME_BYTES
	.endm

#endif
#endif
