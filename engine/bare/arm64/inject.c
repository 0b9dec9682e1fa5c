/* SPDX-License-Identifier: BSD-2-Clause */
/* A synchronous exception for EL1, as the CPU would take it (ARM DDI 0487 D1.3). ELR_EL2 is the instruction's. */
#include "engine/bare/arm64/arm.h"

#define SPSR_PAN	BIT(22)
#define SPSR_AARCH32	BIT(4)
#define SCTLR_SPAN	BIT(23)
#define ESR_IL		BIT(25)
#define EC_ABORT_SAME	1u		/* added to the exception class of a lower level's */
#define FSC_EXTERNAL	0x10u

static bool from_el0(uint64_t spsr)
{
	return (spsr & SPSR_AARCH32) || !(spsr & 0xc);
}

static void exception_enter(uint64_t esr)
{
	uint64_t spsr = sys_read(spsr_el2), offset = 0, next = SPSR_EL1H | SPSR_DAIF;

	if (spsr & SPSR_AARCH32)
		offset = 0x600;
	else if (from_el0(spsr))
		offset = 0x400;
	else if (spsr & 1)
		offset = 0x200;
	if (field_get(MASK(23, 20), sys_read(id_aa64mmfr1_el1)) && ((spsr & SPSR_PAN) || !(sys_read(sctlr_el1) & SCTLR_SPAN)))
		next |= SPSR_PAN;
	sys_write(esr_el1, esr | ESR_IL);
	sys_write(elr_el1, sys_read(elr_el2));
	sys_write(spsr_el1, spsr);
	sys_write(elr_el2, sys_read(vbar_el1) + offset);
	sys_write(spsr_el2, next);
}

void inject_undefined(void)
{
	exception_enter(field_put(ESR_EC, EC_UNKNOWN));
}

void inject_abort(bool fetch, uint64_t address)
{
	unsigned class = fetch ? EC_IABT_LOWER : EC_DABT_LOWER;

	if (!from_el0(sys_read(spsr_el2)))
		class += EC_ABORT_SAME;
	sys_write(far_el1, address);
	exception_enter(field_put(ESR_EC, class) | FSC_EXTERNAL);
}
