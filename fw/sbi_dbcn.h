/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debug console of firmware on riscv64 (RISC-V SBI 2.0, chapter 12): what a kernel prints before it has a driver for the UART
 * (earlycon=sbi). It writes to the same back-end as the UART. What is typed is the UART's: a read gives nothing.
 *
 * A machine sets vm->firmware_call to sbi_dbcn_call and vm->firmware_console. The engine calls on the vCPU's thread, inside a
 * reader section of guest memory, for what its kernel does not answer itself.
 */
#ifndef FW_SBI_DBCN_H
#define FW_SBI_DBCN_H

#include "core/vm.h"

#define SBI_DBCN	0x4442434eu	/* the extension's number: "DBCN" */

enum { SBI_DBCN_WRITE, SBI_DBCN_READ, SBI_DBCN_WRITE_BYTE };
enum { SBI_SUCCESS = 0, SBI_FAILED = -1, SBI_NOT_SUPPORTED = -2, SBI_INVALID_PARAM = -3 };

/* args: a0..a7 in; a0 (error) and a1 (value) out. False: no such call. */
bool sbi_dbcn_call(struct vcpu *v, bool smc, uint64_t args[8]);

#endif
