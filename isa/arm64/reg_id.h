/* SPDX-License-Identifier: BSD-2-Clause */
/* Register numbers for engine_ops.vcpu_regs on arm64: gdb, snapshots, tests. */
#ifndef ISA_ARM64_REG_ID_H
#define ISA_ARM64_REG_ID_H

enum {
	ARM64_REG_X0 = 0,		/* ..30; 8 bytes */
	ARM64_REG_SP = 31,		/* the current one */
	ARM64_REG_PC = 32,
	ARM64_REG_PSTATE = 33,		/* in SPSR form */
	ARM64_REG_V0 = 64,		/* ..31; 16 bytes */
	ARM64_REG_FPCR = 96,
	ARM64_REG_FPSR = 97,
	ARM64_REG_SYS = 0x10000,	/* + encoding (sysreg.h); 8 bytes */
};

#endif
