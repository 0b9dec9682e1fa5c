/* SPDX-License-Identifier: BSD-2-Clause */
/* Register numbers for engine_ops.vcpu_regs on riscv64: gdb, snapshots, tests. All are 8 bytes. */
#ifndef ISA_RISCV64_REG_ID_H
#define ISA_RISCV64_REG_ID_H

enum {
	RISCV64_REG_X0 = 0,		/* ..31; x0 is always 0 */
	RISCV64_REG_PC = 32,
	RISCV64_REG_MODE = 33,		/* 0 user, 1 supervisor */
	RISCV64_REG_F0 = 64,		/* ..31 */
	RISCV64_REG_FCSR = 96,
	RISCV64_REG_CSR = 0x10000,	/* + the CSR's number */
};

/* Supervisor CSRs (Privileged Architecture 1.12, table 2.4). */
enum {
	CSR_SSTATUS = 0x100, CSR_SIE = 0x104, CSR_STVEC = 0x105, CSR_SCOUNTEREN = 0x106, CSR_SSCRATCH = 0x140, CSR_SEPC = 0x141,
	CSR_SCAUSE = 0x142, CSR_STVAL = 0x143, CSR_SIP = 0x144, CSR_STIMECMP = 0x14d, CSR_SATP = 0x180,
};

#endif
