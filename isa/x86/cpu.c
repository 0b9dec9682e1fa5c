/* SPDX-License-Identifier: BSD-2-Clause */
/* The state after RESET (Intel SDM vol. 3, table 10-1), and segment descriptors (3.4.5). */
#include "isa/x86/cpu.h"
#include "isa/x86/reg_id.h"

const struct x86_reset_reg x86_reset_regs[] = {
	{ X86_REG_RIP, 0xfff0 },
	{ X86_REG_RFLAGS, X86_RFLAGS_ONE },
	{ X86_REG_CR0, X86_CR0_RESET },
	{ X86_REG_DR0 + 6, X86_DR6_RESET },
	{ X86_REG_DR0 + 7, X86_DR7_RESET },
	{ X86_REG_XCR0, 1 },
	{ 0, 0 }
};

const struct x86_reset_segment x86_reset_segments[] = {
	{ X86_REG_CS, { .base = 0xffff0000, .limit = 0xffff, .selector = 0xf000, .attributes = X86_SEG_CODE16 } },
	{ X86_REG_DS, { .limit = 0xffff, .attributes = X86_SEG_DATA16 } },
	{ X86_REG_ES, { .limit = 0xffff, .attributes = X86_SEG_DATA16 } },
	{ X86_REG_SS, { .limit = 0xffff, .attributes = X86_SEG_DATA16 } },
	{ X86_REG_FS, { .limit = 0xffff, .attributes = X86_SEG_DATA16 } },
	{ X86_REG_GS, { .limit = 0xffff, .attributes = X86_SEG_DATA16 } },
	{ X86_REG_LDTR, { .limit = 0xffff, .attributes = X86_SEG_LDT } },
	{ X86_REG_TR, { .limit = 0xffff, .attributes = X86_SEG_TSS } },
	{ X86_REG_GDTR, { .limit = 0xffff } },
	{ X86_REG_IDTR, { .limit = 0xffff } },
	{ 0, { 0 } }
};

uint64_t x86_descriptor(const struct x86_segment *s)
{
	uint64_t limit = s->attributes & X86_SEG_G ? s->limit >> 12 : s->limit, base = s->base;

	return (limit & 0xffff) | (base & 0xffffff) << 16 | (uint64_t)(s->attributes & 0xff) << 40 |
	       (limit >> 16 & 0xf) << 48 | (uint64_t)(s->attributes & 0xf000) << 40 | (base >> 24 & 0xff) << 56;
}
