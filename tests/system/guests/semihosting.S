/* SPDX-License-Identifier: BSD-2-Clause */
/* Semihosting from a bare image: a line on the console, the command line into a file, an escape that must fail, status 42. */
	.macro	sys number, block
	mov	w0, #\number
	adr	x1, \block
	hlt	#0xf000
	.endm
	.text
	.globl	_start
_start:	sys	0x04, hello
	sys	0x15, cmdline
	cbnz	x0, bad
	sys	0x01, inside
	cmn	x0, #1
	b.eq	bad
	adr	x1, write
	str	x0, [x1]
	ldr	x2, [x1, #cmdline - write + 8]	/* length that SYS_GET_CMDLINE stored */
	str	x2, [x1, #16]
	sys	0x05, write
	cbnz	x0, bad
	sys	0x01, outside
	cmn	x0, #1
	b.ne	bad
	sys	0x18, good
bad:	sys	0x18, failure
	b	.
	.balign	8
inside:	.quad	name, 4, 8
outside: .quad	up, 4, 9
write:	.quad	0, buffer, 0
cmdline: .quad	buffer, 64
good:	.quad	0x20026, 42
failure: .quad	0x20026, 9
buffer:	.space	64
hello:	.asciz	"from the image\n"
name:	.asciz	"file.txt"
up:	.asciz	"../up.txt"
