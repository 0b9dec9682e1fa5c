/* SPDX-License-Identifier: BSD-2-Clause */
/* A CPU's registers: EL2's for the guest of its cell, and the guest's as after reset (ARM DDI 0487 D1.9). */
#include "base/string.h"
#include "engine/bare/arm64/gic.h"

#define SCTLR_EL1_RESET	0x30d00800ull
#define CNTHCTL_EL1	3ull		/* the physical counter and timer are EL1's */
#define LOR_FIELD	MASK(19, 16)	/* ID_AA64MMFR1_EL1.LO */

void stage2_use(const struct arm_cell *cell)
{
	sys_write(vttbr_el2, cell->vttbr);
	isb();
}

void guest_traps_set(struct arm_cpu *c)
{
	struct machine *m = machine_of(c->cpu.sys);
	bool root = c->cpu.cell == root_of(&m->bare);
	uint64_t mdcr = c->saved.mdcr;

	c->hcr = c->saved.hcr | HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_TSC | HCR_RW;
	if (!root) {
		c->hcr |= HCR_TIDCP | HCR_TACR;
		if (field_get(LOR_FIELD, sys_read(id_aa64mmfr1_el1)))
			c->hcr |= HCR_TLOR;
		mdcr |= MDCR_TPM | MDCR_TPMCR | MDCR_TDA | MDCR_TDOSA | MDCR_TDRA;
	}
	sys_write(vtcr_el2, m->vtcr);
	sys_write(hcr_el2, c->hcr);
	sys_write(mdcr_el2, mdcr);
	sys_write(cnthctl_el2, c->saved.cnthctl | CNTHCTL_EL1);
	sys_write(cntvoff_el2, root ? c->saved.cntvoff : 0);
	sys_write(vpidr_el2, c->saved.vpidr);
	sys_write(vmpidr_el2, c->saved.vmpidr);
	stage2_use(arm_cell_of(c->cpu.cell));
}

static void el1_reset(void)
{
	sys_write(sctlr_el1, SCTLR_EL1_RESET);
	sys_write(cpacr_el1, 0);
	sys_write(cntkctl_el1, 0);
	sys_write(cntp_ctl_el0, 0);
	sys_write(cntp_cval_el0, 0);
	sys_write(cntv_ctl_el0, 0);
	sys_write(cntv_cval_el0, 0);
	sys_write(ttbr0_el1, 0);
	sys_write(ttbr1_el1, 0);
	sys_write(tcr_el1, 0);
	sys_write(mair_el1, 0);
	sys_write(amair_el1, 0);
	sys_write(vbar_el1, 0);
	sys_write(esr_el1, 0);
	sys_write(far_el1, 0);
	sys_write(afsr0_el1, 0);
	sys_write(afsr1_el1, 0);
	sys_write(elr_el1, 0);
	sys_write(spsr_el1, 0);
	sys_write(sp_el0, 0);
	sys_write(sp_el1, 0);
	sys_write(par_el1, 0);
	sys_write(contextidr_el1, 0);
	sys_write(csselr_el1, 0);
	sys_write(mdscr_el1, 0);
	sys_write(tpidr_el0, 0);
	sys_write(tpidrro_el0, 0);
	sys_write(tpidr_el1, 0);
}

/* Nothing of the last owner's is left in them. CPTR_EL2 lets EL2 use them, as Linux's own set-up does. */
static void fp_reset(void)
{
	__asm__ volatile(
		".arch_extension fp\n\t.arch_extension simd\n\t"
		"movi v0.2d, #0\n\tmovi v1.2d, #0\n\tmovi v2.2d, #0\n\tmovi v3.2d, #0\n\t"
		"movi v4.2d, #0\n\tmovi v5.2d, #0\n\tmovi v6.2d, #0\n\tmovi v7.2d, #0\n\t"
		"movi v8.2d, #0\n\tmovi v9.2d, #0\n\tmovi v10.2d, #0\n\tmovi v11.2d, #0\n\t"
		"movi v12.2d, #0\n\tmovi v13.2d, #0\n\tmovi v14.2d, #0\n\tmovi v15.2d, #0\n\t"
		"movi v16.2d, #0\n\tmovi v17.2d, #0\n\tmovi v18.2d, #0\n\tmovi v19.2d, #0\n\t"
		"movi v20.2d, #0\n\tmovi v21.2d, #0\n\tmovi v22.2d, #0\n\tmovi v23.2d, #0\n\t"
		"movi v24.2d, #0\n\tmovi v25.2d, #0\n\tmovi v26.2d, #0\n\tmovi v27.2d, #0\n\t"
		"movi v28.2d, #0\n\tmovi v29.2d, #0\n\tmovi v30.2d, #0\n\tmovi v31.2d, #0\n\t"
		"msr fpcr, xzr\n\tmsr fpsr, xzr");
}

void arch_cpu_reset(struct cpu *cpu, struct regs *regs)
{
	struct arm_cpu *c = arm_cpu_of(cpu);

	guest_traps_set(c);
	if (cpu->cold)
		machine_of(cpu->sys)->gic->reset(c);
	el1_reset();
	fp_reset();
	memset(regs, 0, sizeof(*regs));
	regs->x[0] = cpu->arg;
	sys_write(elr_el2, cpu->entry);
	sys_write(spsr_el2, SPSR_EL1H | SPSR_DAIF);
	tlbi(vmalls12e1);
	dsb(nsh);
	__asm__ volatile("ic iallu" : : : "memory");
	dsb(nsh);
	isb();
}

void arch_cpu_quiet(struct cpu *cpu)
{
	sys_write(cntp_ctl_el0, 0);
	sys_write(cntv_ctl_el0, 0);
	machine_of(cpu->sys)->gic->reset(arm_cpu_of(cpu));
}

void arch_cpu_wait(struct cpu *cpu)
{
	dsb(sy);
	__asm__ volatile("wfi" : : : "memory");
	gic_irqs(arm_cpu_of(cpu));
}

bool arch_irq_waits(struct cpu *cpu)
{
	return gic_waits(arm_cpu_of(cpu));
}

void arch_cpu_kick(struct cpu *cpu)
{
	machine_of(cpu->sys)->gic->kick(arm_cpu_of(cpu));
}
