/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an x86-64 processor is made of, as far as somebody outside sees it: bits of control registers, segments, and the
 * state that RESET and INIT leave (Intel SDM vol. 3, 10.1.1; AMD APM vol. 2, 14.1).
 */
#ifndef ISA_X86_CPU_H
#define ISA_X86_CPU_H

#include "base/types.h"

#define X86_CR0_PE	0x00000001u
#define X86_CR0_MP	0x00000002u
#define X86_CR0_EM	0x00000004u
#define X86_CR0_TS	0x00000008u
#define X86_CR0_ET	0x00000010u
#define X86_CR0_NE	0x00000020u
#define X86_CR0_WP	0x00010000u
#define X86_CR0_AM	0x00040000u
#define X86_CR0_NW	0x20000000u
#define X86_CR0_CD	0x40000000u
#define X86_CR0_PG	0x80000000u
#define X86_CR0_RESET	(X86_CR0_CD | X86_CR0_NW | X86_CR0_ET)

#define X86_CR4_PSE	0x00000010u
#define X86_CR4_PAE	0x00000020u
#define X86_CR4_PGE	0x00000080u
#define X86_CR4_OSFXSR	0x00000200u
#define X86_CR4_OSXMMEXCPT 0x00000400u
#define X86_CR4_OSXSAVE	0x00040000u

#define X86_EFER_SCE	0x001u
#define X86_EFER_LME	0x100u
#define X86_EFER_LMA	0x400u
#define X86_EFER_NXE	0x800u

#define X86_RFLAGS_ONE	0x002u		/* always set */
#define X86_RFLAGS_TF	0x100u
#define X86_RFLAGS_IF	0x200u

#define X86_DR6_RESET	0xffff0ff0u
#define X86_DR7_RESET	0x400u

/* Page-table entries, all levels. */
#define X86_PTE_P	0x001u
#define X86_PTE_W	0x002u
#define X86_PTE_U	0x004u
#define X86_PTE_PS	0x080u

/*
 * A segment register with its hidden part. attributes are bits 8..23 of a descriptor's upper half without the limit's:
 * type 3:0, S 4, DPL 6:5, P 7, AVL 12, L 13, D/B 14, G 15. P clear: nothing is loaded. limit is in bytes, G or not.
 */
struct x86_segment {
	uint64_t base;
	uint32_t limit;
	uint16_t selector;
	uint16_t attributes;
};

#define X86_SEG_TYPE	0x000fu
#define X86_SEG_S	0x0010u
#define X86_SEG_DPL	0x0060u
#define X86_SEG_P	0x0080u
#define X86_SEG_AVL	0x1000u
#define X86_SEG_L	0x2000u
#define X86_SEG_DB	0x4000u
#define X86_SEG_G	0x8000u

#define X86_SEG_CODE64	0xa09bu		/* flat, DPL 0, accessed; limit 0xffffffff */
#define X86_SEG_CODE32	0xc09bu
#define X86_SEG_DATA32	0xc093u
#define X86_SEG_CODE16	0x009bu
#define X86_SEG_DATA16	0x0093u
#define X86_SEG_LDT	0x0082u
#define X86_SEG_TSS	0x008bu		/* busy, as a loaded one is */

/* One register's value after RESET; what is not in the list is 0. */
struct x86_reset_reg {
	uint32_t id;			/* reg_id.h */
	uint64_t value;
};

struct x86_reset_segment {
	uint32_t id;
	struct x86_segment value;
};

extern const struct x86_reset_reg x86_reset_regs[];		/* ended by id 0 */
extern const struct x86_reset_segment x86_reset_segments[];	/* ended by id 0 */

/* The 8 bytes that a descriptor table holds for s. */
uint64_t x86_descriptor(const struct x86_segment *s);

#endif
