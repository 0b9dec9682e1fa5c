/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register numbers for engine_ops.vcpu_regs on x86-64: starting a vCPU, gdb, snapshots, tests.
 *
 * An MSR's id is its number; everything else is in a range that no MSR uses. Sizes in bytes are given with each id.
 */
#ifndef ISA_X86_REG_ID_H
#define ISA_X86_REG_ID_H

enum {
	/* General registers in the order of their encoding; 8 bytes each, like all up to X86_REG_XCR0. */
	X86_REG_RAX = 0x10000000,
	X86_REG_RCX,
	X86_REG_RDX,
	X86_REG_RBX,
	X86_REG_RSP,
	X86_REG_RBP,
	X86_REG_RSI,
	X86_REG_RDI,
	X86_REG_R8,			/* ..15 */
	X86_REG_RIP = X86_REG_R8 + 8,
	X86_REG_RFLAGS,
	X86_REG_CR0 = 0x10000020,	/* + 0, 2, 3, 4, 8 */
	X86_REG_DR0 = 0x10000030,	/* + 0..3, 6, 7 */
	X86_REG_XCR0 = 0x10000040,

	/* struct x86_segment (cpu.h), 16 bytes; in the order of their encoding. */
	X86_REG_ES = 0x10000050,
	X86_REG_CS,
	X86_REG_SS,
	X86_REG_DS,
	X86_REG_FS,
	X86_REG_GS,
	X86_REG_LDTR,
	X86_REG_TR,
	X86_REG_GDTR,			/* base and limit only */
	X86_REG_IDTR,

	X86_REG_XSAVE = 0x10000060,	/* XSAVE area in its standard form, 4096 bytes or what CPUID 0xd says */
	X86_REG_LAPIC,			/* the local APIC's register page, first 1024 bytes */
	X86_REG_XMM0 = 0x10000080,	/* ..15; 16 bytes */
};

#endif
