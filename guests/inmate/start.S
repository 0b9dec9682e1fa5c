/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of an inmate's CPUs and exception vectors (Arm DDI 0487 D1.3; SMCCC, DEN 0028 §3). A CPU
 * comes here with the MMU off: the first at image_start, others at cpu_entry with their struct cpu_call in x0. A cell's CPU is at
 * EL1. On a bare board, where inmates are compared with themselves in a cell, it is at EL2 and goes down to EL1 first.
 */
#include "guests/inmate/inmate.h"
#include "isa/arm64/frame.h"

#define FRAME		288		/* struct frame */
#define R_RELATIVE	1027

	.macro	go_to_el1
	msr	daifset, #15
	mrs	x4, currentel
	cmp	x4, #8
	b.ne	9f
	mov	x4, #1 << 31			/* HCR_EL2.RW */
	msr	hcr_el2, x4
	mov	x4, #3
	msr	cnthctl_el2, x4
	msr	cntvoff_el2, xzr
	mrs	x4, mpidr_el1
	msr	vmpidr_el2, x4
	mrs	x4, midr_el1
	msr	vpidr_el2, x4
	mrs	x4, id_aa64pfr0_el1
	tst	x4, #15 << 24			/* GICv3 registers are there */
	b.eq	8f
	mov	x4, #15
	msr	s3_4_c12_c9_5, x4		/* ICC_SRE_EL2 */
8:	mov	x4, #0x3c5
	msr	spsr_el2, x4
	adr	x4, 9f
	msr	elr_el2, x4
	eret
9:
	.endm

	.section .text.start, "ax"
	.globl	image_start
image_start:
	go_to_el1
	/* The image may lie anywhere: add where it is to each word that holds an address of it (AAELF64 §5.7.16). */
	adr	x4, image_start
	adrp	x1, rela_start
	add	x1, x1, :lo12:rela_start
	adrp	x2, rela_end
	add	x2, x2, :lo12:rela_end
1:	cmp	x1, x2
	b.hs	2f
	ldp	x5, x6, [x1], #16
	ldr	x7, [x1], #8
	cmp	w6, #R_RELATIVE
	b.ne	1b
	add	x7, x7, x4
	str	x7, [x4, x5]
	b	1b
2:	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, bss_end
	add	x2, x2, :lo12:bss_end
3:	cmp	x1, x2
	b.hs	4f
	stp	xzr, xzr, [x1], #16
	b	3b
4:	adrp	x1, stacks
	add	x1, x1, :lo12:stacks
	mov	x2, #STACK_SIZE
	add	sp, x1, x2
	bl	set_vectors
	bl	mem_init
	bl	mem_enable
	b	first_cpu

	.globl	cpu_entry
cpu_entry:
	go_to_el1
	ldr	x1, [x0]
	mov	sp, x1
	mov	x19, x0
	bl	set_vectors
	bl	mem_enable
	mov	x0, x19
	b	other_cpu

set_vectors:
	adr	x1, vectors
	msr	vbar_el1, x1
	isb
	ret

	/* long smc_call(function, a, b, c) */
	.globl	smc_call
smc_call:
	smc	#0
	ret

	.macro	vector target
	.balign	128
	sub	sp, sp, #FRAME
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	adr	x0, \target
	b	save
	.endm

	.text
	.balign	2048
vectors:
	.rept	4
	vector	fault		/* synchronous */
	vector	irq_all		/* IRQ, FIQ */
	vector	irq_all
	vector	fault		/* SError */
	.endr

save:	frame_x4_x29 stp, sp
	mrs	x1, elr_el1
	stp	x30, x1, [sp, #240]
	mrs	x1, spsr_el1
	mrs	x2, esr_el1
	stp	x1, x2, [sp, #256]
	mrs	x1, far_el1
	str	x1, [sp, #272]
	mov	x1, x0
	mov	x0, sp
	blr	x1
	ldp	x1, x2, [sp, #248]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x2, x3, [sp, #16]
	frame_x4_x29 ldp, sp
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp]
	add	sp, sp, #FRAME
	eret

	.bss
	.balign	16
	.globl	stacks
stacks:	.space	MAX_CPUS * STACK_SIZE
