/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trapped system registers, by table. SGIs are sent by the engine. Of debug, performance monitors, limited ordering and what an
 * implementation adds, cells other than the root have nothing that keeps a value: a CPU changes hands without a trace.
 */
#include "engine/bare/arm64/gicv3.h"
#include "isa/arm64/sysreg.h"

#define ISS_READ	BIT(0)
#define ISS_REGISTER	MASK(9, 5)

enum action { SEND_SGI, ZERO };		/* ZERO: reads as zero, writes are ignored */

/* Registers whose number, where mask is set, is `reg`. */
static const struct sysreg_rule {
	uint16_t reg, mask;
	uint8_t action;
} sysreg_rules[] = {
	{ SYS_ICC_SGI1R_EL1, 0xffff, SEND_SGI },
	{ SYS_ICC_ASGI1R_EL1, 0xffff, SEND_SGI },
	{ SYS_ICC_SGI0R_EL1, 0xffff, SEND_SGI },
	{ SYSREG(2, 0, 0, 0, 0), 0xc000, ZERO },			/* debug: all of op0 2 */
	{ SYSREG(3, 0, 9, 12, 0), 0xffe0, ZERO },			/* PMU, EL1: CRn 9, CRm 12 to 15 */
	{ SYSREG(3, 3, 9, 12, 0), 0xffe0, ZERO },			/* and EL0 */
	{ SYSREG(3, 3, 14, 8, 0), 0xffc0, ZERO },			/* event counters and types: CRn 14, CRm 8 to 15 */
	{ SYSREG(3, 0, 1, 0, 1), 0xffff, ZERO },			/* ACTLR_EL1 */
	{ SYSREG(3, 0, 10, 4, 0), 0xfff8, ZERO },			/* LOR* */
	{ SYSREG(3, 0, 11, 0, 0), 0xc780, ZERO },			/* implementation defined: CRn 11, any op1 */
	{ SYSREG(3, 0, 15, 0, 0), 0xc780, ZERO },			/* and 15 */
	{ SYSREG(1, 0, 11, 0, 0), 0xc780, ZERO },
	{ SYSREG(1, 0, 15, 0, 0), 0xc780, ZERO },
};

/* ISS: op0 21:20, op2 19:17, op1 16:14, CRn 13:10, Rt 9:5, CRm 4:1. */
static uint32_t sysreg_number(uint32_t iss)
{
	return SYSREG(iss >> 20 & 3, iss >> 14 & 7, iss >> 10 & 15, iss >> 1 & 15, iss >> 17 & 7);
}

bool sysreg_access(struct arm_cpu *c, struct regs *regs, uint32_t iss)
{
	uint32_t number = sysreg_number(iss);
	unsigned reg = (unsigned)field_get(ISS_REGISTER, iss);

	for (unsigned i = 0; i < ARRAY_SIZE(sysreg_rules); i++) {
		if ((number & sysreg_rules[i].mask) != sysreg_rules[i].reg)
			continue;
		if (sysreg_rules[i].action == SEND_SGI) {
			if (iss & ISS_READ)
				return false;
			gicv3_send_sgi(c, reg == 31 ? 0 : regs->x[reg]);
		} else if ((iss & ISS_READ) && reg != 31) {
			regs->x[reg] = 0;
		}
		return true;
	}
	return false;
}
