/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands in for Linux in tests of the bare image: a CPU starts at EL2, gets the vectors that Linux's stub has, and goes on in
 * EL1, MMU off, with vectors that count. CPU n has 16 KiB of stack.
 */
#include "isa/arm64/frame.h"

	.section .text.start, "ax"
	.global	_start
_start:
	mrs	x1, CurrentEL
	cmp	x1, #8
	b.ne	el1
	adr	x1, stub
	msr	vbar_el2, x1
	mov	x1, #0x80000000
	msr	hcr_el2, x1
	mov	x1, #3
	msr	cnthctl_el2, x1
	msr	cntvoff_el2, xzr
	mov	x1, #0x33ff
	msr	cptr_el2, x1
	mrs	x1, id_aa64pfr0_el1
	ubfx	x1, x1, #24, #4
	cbz	x1, 1f
	mov	x1, #0xf
	msr	S3_4_C12_C9_5, x1
	isb
1:	mrs	x1, midr_el1
	msr	vpidr_el2, x1
	mrs	x1, mpidr_el1
	msr	vmpidr_el2, x1
	mov	x1, #0x3c5
	msr	spsr_el2, x1
	adr	x1, el1
	msr	elr_el2, x1
	eret
el1:
	ldr	x1, =0x30d00800
	msr	sctlr_el1, x1
	adr	x1, vectors
	msr	vbar_el1, x1
	isb
	mrs	x2, mpidr_el1
	and	x0, x2, #0xff
	adrp	x1, stacks
	add	x1, x1, :lo12:stacks
	add	x2, x0, #1
	add	x1, x1, x2, lsl #14
	mov	sp, x1
	bl	cpu_main
1:	wfi
	b	1b

	.macro	el1_vector handler
	.balign	128
	frame_push
	bl	\handler
	b	el1_exit
	.endm

	.balign	2048
vectors:
	.rept	4
	.balign	128
	b	.
	.endr
	el1_vector took_exception
	el1_vector took_irq
	.balign	128
	b	.
	.balign	128
	b	.
	.rept	8
	.balign	128
	b	.
	.endr

el1_exit:
	frame_pop
	eret

	.balign	2048
stub:
	.rept	8
	.balign	128
	b	.
	.endr
	.balign	128
	cmp	x0, #1
	b.eq	1f
	cmp	x0, #2
	b.ls	2f
	ldr	x0, =0xbadca11
	eret
1:	mov	x5, x1
	mov	x0, x2
	mov	x1, x3
	mov	x2, x4
	br	x5
2:	mov	x0, #0
	eret
	.rept	7
	.balign	128
	b	.
	.endr

	.global	call_hvc0, call_hvc, call_smc
call_hvc0:
	hvc	#0
	ret
call_hvc:
	hvc	#0x4a48
	ret
call_smc:
	smc	#0
	ret

	.section .rodata
	.global	image, image_end
	.balign	4096
image:
	.incbin	IMAGE
image_end:
	.global	inmate, inmate_end
	.balign	64
inmate:
	/* Counts at 0x1000 of its memory; answers messages with approval, and shuts down when asked. */
	mov	x10, #0x80000000
	mov	x11, #0x1000
1:	yield
	ldr	x0, [x11]
	add	x0, x0, #1
	str	x0, [x11]
	ldr	w1, [x10, #12]
	cbz	w1, 1b
	str	wzr, [x10, #12]
	cmp	w1, #1
	b.ne	2f
	mov	w2, #2
	str	w2, [x10, #8]
	mov	w2, #3
	str	w2, [x10, #16]
3:	wfi
	b	3b
2:	mov	w2, #4
	str	w2, [x10, #16]
	b	1b
inmate_end:

	.bss
	.balign	4096
stacks:	.skip	16384 * 8
