/* SPDX-License-Identifier: BSD-2-Clause */
/* Model-specific registers by number (Intel SDM vol. 4; AMD APM vol. 2, appendix A), and which make up a vCPU's state. */
#ifndef ISA_X86_MSR_H
#define ISA_X86_MSR_H

#include "base/types.h"

enum {
	X86_MSR_TSC = 0x10,
	X86_MSR_APIC_BASE = 0x1b,
	X86_MSR_TSC_ADJUST = 0x3b,
	X86_MSR_SPEC_CTRL = 0x48,
	X86_MSR_BIOS_SIGN_ID = 0x8b,
	X86_MSR_MTRR_CAP = 0xfe,
	X86_MSR_SYSENTER_CS = 0x174,
	X86_MSR_SYSENTER_ESP = 0x175,
	X86_MSR_SYSENTER_EIP = 0x176,
	X86_MSR_MCG_CAP = 0x179,
	X86_MSR_MCG_STATUS = 0x17a,
	X86_MSR_MISC_ENABLE = 0x1a0,
	X86_MSR_MTRR_PHYSBASE0 = 0x200,		/* base, mask, base, mask, …: 8 pairs */
	X86_MSR_MTRR_FIX64K = 0x250,
	X86_MSR_MTRR_FIX16K = 0x258,		/* 2 */
	X86_MSR_MTRR_FIX4K = 0x268,		/* 8 */
	X86_MSR_PAT = 0x277,
	X86_MSR_MTRR_DEF_TYPE = 0x2ff,
	X86_MSR_TSC_DEADLINE = 0x6e0,
	X86_MSR_XSS = 0xda0,
	X86_MSR_KVM_WALL_CLOCK = 0x4b564d00,
	X86_MSR_KVM_SYSTEM_TIME = 0x4b564d01,
	X86_MSR_KVM_ASYNC_PF_EN = 0x4b564d02,
	X86_MSR_KVM_STEAL_TIME = 0x4b564d03,
	X86_MSR_KVM_PV_EOI_EN = 0x4b564d04,
	X86_MSR_KVM_POLL_CONTROL = 0x4b564d05,
	X86_MSR_KVM_ASYNC_PF_INT = 0x4b564d06,
	X86_MSR_EFER = 0xc0000080,
	X86_MSR_STAR = 0xc0000081,
	X86_MSR_LSTAR = 0xc0000082,
	X86_MSR_CSTAR = 0xc0000083,
	X86_MSR_SYSCALL_MASK = 0xc0000084,
	X86_MSR_FS_BASE = 0xc0000100,
	X86_MSR_GS_BASE = 0xc0000101,
	X86_MSR_KERNEL_GS_BASE = 0xc0000102,
	X86_MSR_TSC_AUX = 0xc0000103,
};

#define X86_APIC_BASE_RESET	0xfee00800u	/* enabled; the boot processor has bit 8 as well */
#define X86_APIC_BASE_BSP	0x100u
#define X86_PAT_RESET		0x0007040600070406ull
#define X86_MISC_ENABLE_FAST_STRING 1u
#define X86_MTRR_ENABLE		0x800u
#define X86_MTRR_TYPE_WB	6u

#define X86_MTRR_VARIABLE_PAIRS	8

/* Those of a vCPU's state, in the order in which they are to be written, with their values after RESET. */
struct x86_msr {
	uint32_t number;
	uint64_t reset;
};

extern const struct x86_msr x86_msr_state[];
extern const unsigned x86_msr_state_count;

#endif
