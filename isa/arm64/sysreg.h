/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How AArch64 system registers are named as numbers: op0:op1:CRn:CRm:op2 packed into 16 bits, the form that KVM uses
 * too. It is the address in BUS_SYSREG.
 */
#ifndef ISA_ARM64_SYSREG_H
#define ISA_ARM64_SYSREG_H

#include "base/types.h"

#define SYSREG(op0, op1, crn, crm, op2) \
	((uint32_t)(op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

#define SYS_ICC_PMR_EL1		SYSREG(3, 0, 4, 6, 0)
#define SYS_ICC_IAR0_EL1	SYSREG(3, 0, 12, 8, 0)
#define SYS_ICC_EOIR0_EL1	SYSREG(3, 0, 12, 8, 1)
#define SYS_ICC_HPPIR0_EL1	SYSREG(3, 0, 12, 8, 2)
#define SYS_ICC_BPR0_EL1	SYSREG(3, 0, 12, 8, 3)
#define SYS_ICC_AP0R0_EL1	SYSREG(3, 0, 12, 8, 4)	/* ..7: AP0R<n> */
#define SYS_ICC_AP1R0_EL1	SYSREG(3, 0, 12, 9, 0)	/* ..3: AP1R<n> */
#define SYS_ICC_DIR_EL1		SYSREG(3, 0, 12, 11, 1)
#define SYS_ICC_RPR_EL1		SYSREG(3, 0, 12, 11, 3)
#define SYS_ICC_SGI1R_EL1	SYSREG(3, 0, 12, 11, 5)
#define SYS_ICC_ASGI1R_EL1	SYSREG(3, 0, 12, 11, 6)
#define SYS_ICC_SGI0R_EL1	SYSREG(3, 0, 12, 11, 7)
#define SYS_ICC_IAR1_EL1	SYSREG(3, 0, 12, 12, 0)
#define SYS_ICC_EOIR1_EL1	SYSREG(3, 0, 12, 12, 1)
#define SYS_ICC_HPPIR1_EL1	SYSREG(3, 0, 12, 12, 2)
#define SYS_ICC_BPR1_EL1	SYSREG(3, 0, 12, 12, 3)
#define SYS_ICC_CTLR_EL1	SYSREG(3, 0, 12, 12, 4)
#define SYS_ICC_SRE_EL1		SYSREG(3, 0, 12, 12, 5)
#define SYS_ICC_IGRPEN0_EL1	SYSREG(3, 0, 12, 12, 6)
#define SYS_ICC_IGRPEN1_EL1	SYSREG(3, 0, 12, 12, 7)

#define SYS_CNTKCTL_EL1		SYSREG(3, 0, 14, 1, 0)
#define SYS_CNTFRQ_EL0		SYSREG(3, 3, 14, 0, 0)
#define SYS_CNTPCT_EL0		SYSREG(3, 3, 14, 0, 1)
#define SYS_CNTVCT_EL0		SYSREG(3, 3, 14, 0, 2)
#define SYS_CNTP_TVAL_EL0	SYSREG(3, 3, 14, 2, 0)
#define SYS_CNTP_CTL_EL0	SYSREG(3, 3, 14, 2, 1)
#define SYS_CNTP_CVAL_EL0	SYSREG(3, 3, 14, 2, 2)
#define SYS_CNTV_TVAL_EL0	SYSREG(3, 3, 14, 3, 0)
#define SYS_CNTV_CTL_EL0	SYSREG(3, 3, 14, 3, 1)
#define SYS_CNTV_CVAL_EL0	SYSREG(3, 3, 14, 3, 2)

#endif
