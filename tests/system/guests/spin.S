/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs until it is stopped. */
	.text
	.globl	_start
_start:	add	x0, x0, #1
	b	_start
