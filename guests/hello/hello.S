/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hello: a guest that needs nothing. An arm64 Image (booting.rst) for virt-arm64 with GICv3 or GICv2. Each vCPU in turn is
 * started by PSCI, greets on the PL011, and waits in WFI for an interrupt of its virtual timer; then the first one
 * powers the machine off.
 *
 * One vCPU talks at a time, so there are no locks; the MMU stays off, so every access is aligned. Assembler only: any
 * assembler makes the same bytes, and hello.inc holds them so that a build needs no cross tools (make hello-image).
 *
 * Registers kept: x19 index of this vCPU, x20 UART, x21 1 for GICv3, x23 "an interrupt came", x24 counter when the timer was set.
 */
#define UART		0x09000000
#define UARTDR		0x00
#define UARTFR		0x18
#define UARTCR		0x30
#define GICD		0x08000000
#define GICC		0x08010000
#define GICR		0x080a0000
#define TIMER_INTID	27
#define MAX_CPUS	64
#define STACK_SHIFT	9

#define PSCI_CPU_OFF	0x84000002
#define PSCI_CPU_ON	0xc4000003
#define PSCI_SYSTEM_OFF	0x84000008

	.text
head:	b	start
	.long	0
	.quad	0			/* text_offset */
	.quad	end - head		/* image_size, with stacks */
	.quad	0xa			/* flags: little-endian, 4K pages, anywhere in RAM */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.macro	say text
	adr	x0, 9f
	bl	puts
	b	8f
9:	.asciz	"\text"
	.balign	4
8:
	.endm

	.macro	load_address reg, value
	movz	\reg, #((\value) & 0xffff)
	movk	\reg, #((\value) >> 16), lsl #16
	.endm

/* The first vCPU. */
start:	mov	x19, #0
	bl	prepare
	mov	w0, #0x301		/* UARTEN, TXE, RXE */
	str	w0, [x20, #UARTCR]
	say	"\nHello from a guest of Cella: arm64, "
	cbz	x21, 1f
	say	"GICv3, "
	b	2f
1:	say	"GICv2, "
2:	say	"counter at "
	mrs	x0, cntfrq_el0
	load_address x1, 1000000
	udiv	x0, x0, x1
	bl	putn
	say	" MHz.\n"
	bl	gic_dist
	bl	greet

	/* The others, one after another, until PSCI knows no such vCPU. */
	mov	x25, #1
next:	cmp	x25, #MAX_CPUS
	b.eq	done
	adr	x0, ready
	str	xzr, [x0]
	dsb	sy
	lsr	x1, x25, #4		/* Aff1 counts sixteens */
	and	x2, x25, #15
	orr	x1, x2, x1, lsl #8
	load_address x0, PSCI_CPU_ON
	adr	x2, second
	mov	x3, x25
	hvc	#0
	cbnz	x0, done
	adr	x0, ready
1:	yield
	ldr	x1, [x0]
	cbz	x1, 1b
	add	x25, x25, #1
	b	next

done:	say	"All is well: "
	mov	x0, x25
	bl	putn
	say	" vCPU(s) greeted. Powering off.\n"
1:	ldr	w0, [x20, #UARTFR]	/* until the last character has left */
	tbnz	w0, #3, 1b
	load_address x0, PSCI_SYSTEM_OFF
	hvc	#0
	b	.

/* The others: x0 is the context given to CPU_ON. */
second:	mov	x19, x0
	bl	prepare
	bl	greet
	adr	x0, ready
	mov	x1, #1
	dsb	sy
	str	x1, [x0]
	load_address x0, PSCI_CPU_OFF
	hvc	#0
	b	.

/* Stack, vectors, device addresses. */
prepare:
	adr	x0, stacks
	add	x1, x19, #1
	add	x0, x0, x1, lsl #STACK_SHIFT
	msr	spsel, #1
	mov	sp, x0
	adr	x0, vectors
	msr	vbar_el1, x0
	load_address x20, UART
	mrs	x1, id_aa64pfr0_el1
	ubfx	x1, x1, #24, #4		/* GIC system registers */
	cmp	x1, #0
	cset	x21, ne
	isb
	ret

/* "vCPU n: hello", then wait for a timer interrupt. */
greet:	stp	x29, x30, [sp, #-16]!
	say	"vCPU "
	mov	x0, x19
	bl	putn
	say	" greets"
	bl	gic_cpu
	mov	x23, #0
	mrs	x24, cntvct_el0
	mrs	x0, cntfrq_el0
	mov	x1, #100
	udiv	x0, x0, x1		/* 10 ms */
	msr	cntv_tval_el0, x0
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
1:	msr	daifset, #2
	cbnz	x23, 2f
	wfi				/* wakes for a masked interrupt too */
	msr	daifclr, #2
	isb
	b	1b
2:	say	"; its timer interrupt came after "
	mrs	x0, cntvct_el0
	sub	x0, x0, x24
	mrs	x1, cntfrq_el0
	mov	x2, #1000
	mul	x0, x0, x2
	udiv	x0, x0, x1
	bl	putn
	say	" ms.\n"
	ldp	x29, x30, [sp], #16
	ret

/* ---- GIC ---- */
gic_dist:
	load_address x1, GICD
	cbz	x21, 1f
	mov	w0, #0x12		/* ARE, EnableGrp1 */
	str	w0, [x1]
	ret
1:	mov	w0, #1
	str	w0, [x1]
	ret

gic_cpu:
	mov	w2, #(1 << TIMER_INTID)
	mov	w3, #0x80
	cbz	x21, 3f
	load_address x1, GICR
	add	x1, x1, x19, lsl #17
	ldr	w0, [x1, #0x14]		/* GICR_WAKER: ProcessorSleep off, then ChildrenAsleep follows */
	and	w0, w0, #~2
	str	w0, [x1, #0x14]
1:	ldr	w0, [x1, #0x14]
	tbnz	w0, #2, 1b
	add	x1, x1, #0x10000
	mov	w0, #-1
	str	w0, [x1, #0x80]		/* GICR_IGROUPR0: all in group 1 */
	strb	w3, [x1, #(0x400 + TIMER_INTID)]
	str	w2, [x1, #0x100]
	mov	x0, #1
	msr	s3_0_c12_c12_5, x0	/* ICC_SRE_EL1 */
	isb
	mov	x0, #0xf0
	msr	s3_0_c4_c6_0, x0	/* ICC_PMR_EL1 */
	mov	x0, #1
	msr	s3_0_c12_c12_7, x0	/* ICC_IGRPEN1_EL1 */
	isb
	ret
3:	load_address x1, GICD
	strb	w3, [x1, #(0x400 + TIMER_INTID)]
	str	w2, [x1, #0x100]
	load_address x1, GICC
	mov	w0, #0xf0
	str	w0, [x1, #4]
	mov	w0, #1
	str	w0, [x1]
	ret

interrupt:
	stp	x0, x1, [sp, #-16]!
	cbz	x21, 1f
	mrs	x0, s3_0_c12_c12_0	/* ICC_IAR1_EL1 */
	msr	cntv_ctl_el0, xzr	/* lowers the line, before the end of interrupt */
	isb
	msr	s3_0_c12_c12_1, x0	/* ICC_EOIR1_EL1 */
	b	2f
1:	load_address x1, GICC
	ldr	w0, [x1, #0xc]
	msr	cntv_ctl_el0, xzr
	isb
	str	w0, [x1, #0x10]
2:	and	x0, x0, #0x3ff
	cmp	x0, #TIMER_INTID
	cset	x23, eq
	ldp	x0, x1, [sp], #16
	eret

wrong:	say	"\nunexpected exception, ESR_EL1 "
	mrs	x0, esr_el1
	bl	putn
	say	", ELR_EL1 "
	mrs	x0, elr_el1
	bl	putn
	say	"\n"
	load_address x0, PSCI_SYSTEM_OFF
	hvc	#0
	b	.

/* ---- output ---- */
putc:	ldr	w1, [x20, #UARTFR]
	tbnz	w1, #5, putc		/* transmit FIFO full */
	str	w0, [x20, #UARTDR]
	ret

puts:	stp	x29, x30, [sp, #-16]!
	mov	x29, x0
1:	ldrb	w0, [x29], #1
	cbz	w0, 2f
	bl	putc
	b	1b
2:	ldp	x29, x30, [sp], #16
	ret

/* x0 in decimal. */
putn:	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	mov	x1, #10
1:	udiv	x2, x0, x1
	msub	x3, x2, x1, x0
	str	x3, [sp, #-16]!
	mov	x0, x2
	cbnz	x0, 1b
2:	ldr	x0, [sp], #16
	add	w0, w0, #'0'
	bl	putc
	cmp	sp, x29
	b.ne	2b
	ldp	x29, x30, [sp], #16
	ret

	.macro	vector target
	.balign	128
	b	\target
	.endm
	.balign	2048
vectors:
	.rept	5
	vector	wrong
	.endr
	vector	interrupt		/* IRQ, this EL with its own stack */
	.rept	10
	vector	wrong
	.endr
	.balign	128
ready:	.quad	0
file_end:
	.balign	16
	.set	stacks, file_end + 64
	.set	end, stacks + (MAX_CPUS << STACK_SHIFT)
