/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends at its first instructions: a PVH guest whose 32-bit entry writes to the debug exit port, padded to 64 KiB. With
   -DSTAY it stays. */
	.section .note.Xen, "a", @note
	.long	4, 4, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	_start

	.text
	.code32
	.globl	_start
_start:
	movl	$0xf4, %edx
	xorl	%eax, %eax
#ifndef STAY
	outl	%eax, %dx
#endif
1:	hlt
	jmp	1b

	.data
	.fill	61440, 1, 0x5a
