/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry, exception vectors and the few things that C cannot say; see rt.h. Entered at EL1 with the MMU off (Linux booting.rst,
 * ELF entry) on the first vCPU, by PSCI on the others.
 */
#include "isa/arm64/frame.h"

#define FRAME	304		/* struct frame: x0..x30, sp_el0, elr, spsr, esr, far, vector */

	.section .text.start, "ax"
	.globl	_start
_start:	msr	daifset, #15
	ldr	x1, =rt_stacks_end
	mov	sp, x1
	mov	x0, #0
	b	rt_main

	/* x0: number of this vCPU, as PSCI CPU_ON hands it over */
	.globl	rt_secondary
rt_secondary:
	msr	daifset, #15
	ldr	x1, =rt_stacks_end
	mov	x2, #0x8000
	msub	x1, x0, x2, x1
	mov	sp, x1
	b	rt_secondary_main
	.ltorg

	.text
	.macro	vector n
	.balign	128
	sub	sp, sp, #FRAME
	stp	x0, x1, [sp]
	mov	x0, #\n
	b	rt_save
	.endm

	.balign	2048
	.globl	rt_vectors
rt_vectors:
	.irp	n, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
	vector	\n
	.endr

rt_save:
	stp	x2, x3, [sp, #16]
	frame_x4_x29 stp, sp
	mrs	x1, sp_el0
	stp	x30, x1, [sp, #240]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x1, x2, [sp, #256]
	mrs	x1, esr_el1
	mrs	x2, far_el1
	stp	x1, x2, [sp, #272]
	str	x0, [sp, #288]
	mov	x0, sp
	bl	rt_exception
	mov	x0, sp
	add	sp, sp, #FRAME
	/* below sp now, but nothing interrupts: DAIF is masked */

	/* void rt_resume(struct frame *): an exception return to what it says; the stack pointer of EL1 stays */
	.globl	rt_resume
rt_resume:
	ldp	x1, x2, [x0, #256]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x30, x1, [x0, #240]
	msr	sp_el0, x1
	ldp	x2, x3, [x0, #16]
	frame_x4_x29 ldp, x0
	ldp	x0, x1, [x0]
	eret

	/* int rt_setjmp(uint64_t env[14]), void rt_longjmp(uint64_t env[14]): callee-saved registers, SP, DAIF */
	.globl	rt_setjmp
rt_setjmp:
	stp	x19, x20, [x0]
	stp	x21, x22, [x0, #16]
	stp	x23, x24, [x0, #32]
	stp	x25, x26, [x0, #48]
	stp	x27, x28, [x0, #64]
	stp	x29, x30, [x0, #80]
	mov	x1, sp
	mrs	x2, daif
	stp	x1, x2, [x0, #96]
	mov	x0, #0
	ret
	.globl	rt_longjmp
rt_longjmp:
	ldp	x1, x2, [x0, #96]
	msr	daifset, #15
	msr	spsel, #1
	mov	sp, x1
	ldp	x19, x20, [x0]
	ldp	x21, x22, [x0, #16]
	ldp	x23, x24, [x0, #32]
	ldp	x25, x26, [x0, #48]
	ldp	x27, x28, [x0, #64]
	ldp	x29, x30, [x0, #80]
	msr	daif, x2
	mov	x0, #1
	ret

	.bss
	.balign	65536
	.globl	rt_stacks
rt_stacks:
	.space	8 * 0x8000
rt_stacks_end:
