/* SPDX-License-Identifier: BSD-2-Clause */
/* Says that it is ready, then sleeps. */
	.text
	.globl	_start
_start:	movz	x0, #0x0900, lsl #16
	adr	x1, text
1:	ldrb	w2, [x1], #1
	cbz	w2, 2f
	str	w2, [x0]
	b	1b
2:	wfi
	b	2b
text:	.asciz	"ready\n"
