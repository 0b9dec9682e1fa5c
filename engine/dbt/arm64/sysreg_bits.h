/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of the system registers that the translator looks into (ARM DDI 0487 D19). */
#ifndef ENGINE_DBT_ARM64_SYSREG_BITS_H
#define ENGINE_DBT_ARM64_SYSREG_BITS_H

#include "base/bits.h"

#define SCTLR_M			BIT(0)
#define SCTLR_A			BIT(1)
#define SCTLR_C			BIT(2)
#define SCTLR_SA		BIT(3)
#define SCTLR_SA0		BIT(4)
#define SCTLR_UMA		BIT(9)
#define SCTLR_I			BIT(12)
#define SCTLR_DZE		BIT(14)
#define SCTLR_UCT		BIT(15)
#define SCTLR_NTWI		BIT(16)
#define SCTLR_NTWE		BIT(18)
#define SCTLR_WXN		BIT(19)
#define SCTLR_TSCXT		BIT(20)
#define SCTLR_SPAN		BIT(23)
#define SCTLR_E0E		BIT(24)
#define SCTLR_EE		BIT(25)
#define SCTLR_UCI		BIT(26)
#define SCTLR_DSSBS		BIT(44)
/* RES1 without later extensions and AArch32: ITD, SED, EOS, EIS, nTLSMD, LSMAOE; SPAN and TSCXT with theirs missing. */
#define SCTLR_RES1		(BIT(7) | BIT(8) | BIT(11) | BIT(22) | BIT(28) | BIT(29))
#define SCTLR_BASE		(SCTLR_M | SCTLR_A | SCTLR_C | SCTLR_SA | SCTLR_SA0 | SCTLR_UMA | SCTLR_I | \
				 SCTLR_DZE | SCTLR_UCT | \
				 SCTLR_NTWI | SCTLR_NTWE | SCTLR_WXN | SCTLR_E0E | SCTLR_EE | SCTLR_UCI)

#define TCR_T0SZ		MASK(5, 0)
#define TCR_EPD0		BIT(7)
#define TCR_TG0			MASK(15, 14)
#define TCR_T1SZ		MASK(21, 16)
#define TCR_A1			BIT(22)
#define TCR_EPD1		BIT(23)
#define TCR_TG1			MASK(31, 30)
#define TCR_IPS			MASK(34, 32)
#define TCR_AS			BIT(36)
#define TCR_TBI			MASK(38, 37)
#define TCR_TBI0		BIT(37)
#define TCR_TBI1		BIT(38)
#define TCR_HA			BIT(39)
#define TCR_HD			BIT(40)
#define TCR_E0PD0		BIT(55)
#define TCR_E0PD1		BIT(56)
#define TCR_BASE		(MASK(5, 0) | MASK(34, 7) | MASK(38, 36))

#define CPACR_FPEN		MASK(21, 20)
#define CNTKCTL_EL0PCTEN	BIT(0)
#define CNTKCTL_EL0VCTEN	BIT(1)
#define CNTKCTL_EVNTEN		BIT(2)
#define CNTKCTL_EL0VTEN		BIT(8)
#define CNTKCTL_EL0PTEN		BIT(9)

#define FPCR_FZ16		BIT(19)
#define FPCR_RMODE		MASK(23, 22)
#define FPCR_FZ			BIT(24)
#define FPCR_DN			BIT(25)
#define FPCR_AHP		BIT(26)
#define FPSR_QC			BIT(27)
#define FPSR_CUMULATIVE		(MASK(4, 0) | BIT(7))

#define MDSCR_SS		BIT(0)
#define MDSCR_ERR		BIT(6)
#define MDSCR_TDCC		BIT(12)
#define MDSCR_KDE		BIT(13)
#define MDSCR_HDE		BIT(14)
#define MDSCR_MDE		BIT(15)
#define OSLSR_OSLM		(BIT(3))
#define OSLSR_OSLK		BIT(1)
#define DBGCR_E			BIT(0)		/* of DBGBCR and DBGWCR */

#define PAR_F			BIT(0)

#endif
