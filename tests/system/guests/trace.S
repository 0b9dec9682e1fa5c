/* SPDX-License-Identifier: BSD-2-Clause */
/* For simbench: known blocks, invalidations, faults and MMIO, for the lines of --trace (trace.py). Ends with status 0. */
	.text
	.globl	_start, loop, call, callee, back, undefined, hole
_start:	adr	x0, vectors
	msr	vbar_el1, x0
	mov	x1, #5
loop:	sub	x1, x1, #1		/* a block that goes to its own head */
	cbnz	x1, loop
	mov	x2, #4
call:	bl	callee
back:	sub	x2, x2, #1
	cbnz	x2, call
	movz	x3, #0x0012, lsl #48	/* ASID 0x12, page 0x345000 */
	movk	x3, #0x345
	tlbi	vae1, x3
	tlbi	vaae1is, x3
	tlbi	aside1, x3
	tlbi	vmalle1is
	dsb	sy
	isb
undefined:
	udf	#0
	mov	x5, #0x30000000
hole:	ldr	x4, [x5, #8]
	svc	#0
	movz	x0, #0x0900, lsl #16
	mov	w1, #'t'
	str	w1, [x0]
	ldrh	w1, [x0, #0x18]
	movz	x0, #0x0a00, lsl #16
	str	wzr, [x0]
	b	.
callee:	ret

	.balign	2048
vectors:
	.skip	0x200
	mrs	x9, elr_el1		/* on to the next instruction; SVC is there already */
	mrs	x10, esr_el1
	lsr	x10, x10, #26
	cmp	x10, #0x15
	b.eq	1f
	add	x9, x9, #4
	msr	elr_el1, x9
1:	eret
