/* SPDX-License-Identifier: BSD-2-Clause */
/* A raw image for simbench: one character on the UART, then status 7 by the exit device. */
	.text
	.globl	_start
_start:	movz	x0, #0x0900, lsl #16
	mov	w1, #'r'
	str	w1, [x0]
	movz	x0, #0x0a00, lsl #16
	mov	w1, #7
	str	w1, [x0]
	b	.
