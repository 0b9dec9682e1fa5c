/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All vCPUs but the first, as many as PSCI starts of 16, wait by YIELD with interrupts masked, as Linux's stop_machine does, until
 * the first has counted to its end and powers off.
 */
	.text
	.globl	_start
_start:	mov	x19, #1
1:	movz	x0, #0xc400, lsl #16		/* PSCI CPU_ON */
	movk	x0, #3
	mov	x1, x19
	adr	x2, waits
	hvc	#0
	add	x19, x19, #1
	cmp	x19, #16
	b.ne	1b
	movz	x0, #0x4000, lsl #16
2:	subs	x0, x0, #1
	b.ne	2b
	movz	x0, #0x8400, lsl #16		/* PSCI SYSTEM_OFF */
	movk	x0, #8
	hvc	#0
waits:	msr	daifset, #15
	adr	x1, flag
3:	yield
	ldr	w0, [x1]
	cbz	w0, 3b
	b	waits
	.balign	8
flag:	.word	0
