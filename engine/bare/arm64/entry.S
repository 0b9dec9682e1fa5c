/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In, out, and the vectors of EL2 (abi/image.h says how we are called; ARM DDI 0487 D1.10 for the vectors).
 *
 * entry runs with the MMU off, at any address that is a multiple of 4 KiB: it relocates the image, each CPU for itself, which
 * is harmless as all store the same; builds the CPU's tables; and drops from the caches what was written past them.
 * The frame it makes on the stack is that of a trap, so that there is one way out.
 */
#include "engine/bare/arm64/layout.h"

	/* Invalidates from \start to \end; clobbers \start and x5, x6. */
	.macro	dcache_drop start, end
	mrs	x5, ctr_el0
	ubfx	x5, x5, #16, #4
	mov	x6, #4
	lsl	x5, x6, x5
	sub	x6, x5, #1
	bic	\start, \start, x6
9:	dc	ivac, \start
	add	\start, \start, x5
	cmp	\start, \end
	b.lo	9b
	dsb	sy
	.endm

	.section .text.entry, "ax"
	.global	image_entry
image_entry:
	msr	daifset, #15
	adrp	x9, image_start
	ldr	w10, [x9, #HEADER_MAX_CPUS]
	cmp	w0, w10
	b.hs	entry_refuse
	ldr	w10, [x9, #HEADER_CORE_SIZE]
	ldr	w11, [x9, #HEADER_PERCPU_SIZE]
	/* Sizes in a damaged header would lay one thing over another. */
	adrp	x12, core_end
	add	x12, x12, :lo12:core_end
	sub	x12, x12, x9
	cmp	x10, x12
	b.ne	entry_refuse
	mov	w12, #PERCPU_BYTES >> 12
	cmp	w12, w11, lsr #12
	b.ne	entry_refuse
	add	x10, x9, x10
	umaddl	x10, w0, w11, x10
	add	x11, x10, #CPU_OFFSET
	mov	sp, x11
	frame_push

	adrp	x2, rela_start
	add	x2, x2, :lo12:rela_start
	adrp	x3, rela_end
	add	x3, x3, :lo12:rela_end
1:	cmp	x2, x3
	b.hs	2f
	ldp	x4, x5, [x2], #16
	ldr	x6, [x2], #8
	cmp	w5, #R_RELATIVE
	b.ne	1b
	add	x6, x6, x9
	str	x6, [x9, x4]
	b	1b
2:	dsb	sy
	mov	x20, x9
	mov	x21, x10
	mov	w2, w0
	mov	x0, x9
	mov	x1, x10
	bl	el2_prepare			/* x0: 0 or an error */
	mov	x22, x0
	cbnz	x0, entry_undo

	adrp	x2, text_end
	adrp	x3, data_start
	dcache_drop x2, x3
	mov	x2, x21
	add	x3, x21, #PERCPU_BYTES & 0xfff000
	dcache_drop x2, x3

	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el2, x0
	add	x0, x21, #CPU_OFFSET
	msr	tpidr_el2, x0
	bl	el2_mmu_on
	add	x0, x21, #CPU_OFFSET
	mov	x1, sp
	bl	el2_enter			/* 0 or an error, already in the frame; or it leaves */
	b	trap_exit

	/* MMU still off, nothing changed but SP. */
entry_undo:
	mov	x1, sp
	frame_x18_x29 ldp, x1
	ldr	x30, [x1, #240]
	mov	x0, x22
	eret
entry_refuse:
	mov	x0, #-EINVAL_CODE
	eret

	.text
/* Tables are in struct arm_cpu's el2_late twin: MAIR, TCR and TTBR0 were set by el2_prepare. */
el2_mmu_on:
	ic	iallu
	tlbi	alle2
	dsb	sy
	isb
	ldr	x0, =SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_SA | SCTLR_WXN
	msr	sctlr_el2, x0
	isb
	ret

/*
 * el2_leave(struct el2_late *, struct regs *, firmware): what EL2 was before, and the guest goes on, or the CPU goes off.
 * C has put all other registers back. Nothing is loaded once the MMU is off.
 */
	.global	el2_leave
el2_leave:
	mov	x17, x2
	ldp	x10, x11, [x0, #LATE_SCTLR]
	ldp	x12, x13, [x0, #LATE_MAIR]
	ldp	x14, x15, [x0, #LATE_TTBR0]
	cbnz	x17, 1f
	ldr	x16, [x1]
	frame_x18_x29 ldp, x1
	ldr	x30, [x1, #240]
1:	dsb	sy
	msr	sctlr_el2, x10
	isb
	msr	vbar_el2, x11
	msr	mair_el2, x12
	msr	tcr_el2, x13
	msr	ttbr0_el2, x14
	msr	tpidr_el2, x15
	tlbi	alle2
	dsb	sy
	ic	iallu
	dsb	sy
	isb
	cbnz	x17, 2f
	mov	x0, x16
	eret
2:	mov	w0, #0x0002			/* CPU_OFF */
	movk	w0, #0x8400, lsl #16
	smc	#0
	wfi
	b	2b

	.macro	vector_trap handler
	.balign	128
	frame_push
	mov	x0, sp
	bl	\handler
	b	trap_exit
	.endm

	.macro	vector_own kind
	.balign	128
	mov	x0, #\kind
	b	own_fault
	.endm

	.balign	2048
vectors:
	vector_own 0
	vector_own 1
	vector_own 2
	vector_own 3
	vector_own 4
	vector_own 5
	vector_own 6
	vector_own 7
	vector_trap trap_sync
	vector_trap trap_irq
	vector_trap trap_irq
	vector_trap trap_serror
	vector_trap trap_sync
	vector_trap trap_irq
	vector_trap trap_irq
	vector_trap trap_serror
	.balign	128

trap_exit:
	frame_pop
	eret
	dsb	nsh				/* nothing is guessed past an eret */
	isb

/* A fault of our own, perhaps of the stack: on the other stack. Comes back when the CPU was started anew. */
own_fault:
	mov	x1, sp
	mrs	x2, tpidr_el2
	add	x3, x2, #CPU_BYTES
	mov	sp, x3
	sub	x2, x2, #FRAME_BYTES
	mov	x19, x2
	bl	el2_fault
	mov	sp, x19
	b	trap_exit
