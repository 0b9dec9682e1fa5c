/* SPDX-License-Identifier: BSD-2-Clause */
/* Repeats each byte from the UART in angle brackets; Ctrl-D ends the machine with status 0. */
	.text
	.globl	_start
_start:	movz	x0, #0x0900, lsl #16
	mov	w1, #0x301		/* UARTCR: enable, both directions */
	str	w1, [x0, #0x30]
	adr	x1, text
1:	ldrb	w2, [x1], #1
	cbz	w2, 2f
	str	w2, [x0]
	b	1b
2:	ldr	w2, [x0, #0x18]
	tbnz	w2, #4, 2b		/* UARTFR.RXFE */
	ldr	w3, [x0]
	and	w3, w3, #0xff
	cmp	w3, #4
	b.eq	3f
	mov	w4, #'<'
	str	w4, [x0]
	str	w3, [x0]
	mov	w4, #'>'
	str	w4, [x0]
	b	2b
3:	movz	x0, #0x0a00, lsl #16
	str	wzr, [x0]
	b	.
text:	.asciz	"ready\n"
