/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What brings a guest to EL2 (ARM DDI 0487 D1.10, D17.2.37): hypercalls, SMCs, system registers, and addresses that stage 2
 * does not map. The root gets the exception that hardware would give it where nothing is; another cell's CPU is parked.
 */
#include "base/log.h"
#include "engine/bare/arm64/gic.h"
#include "engine/bare/cpu.h"
#include "engine/bare/ivshmem.h"

#define IMMEDIATE	MASK(15, 0)
/* ISS of a data abort */
#define ISS_VALID	BIT(24)
#define ISS_SIZE	MASK(23, 22)
#define ISS_SIGNED	BIT(21)
#define ISS_REGISTER	MASK(20, 16)
#define ISS_64		BIT(15)
#define ISS_S1_WALK	BIT(7)
#define ISS_WRITE	BIT(6)
#define ISS_FAULT	MASK(5, 2)
#define FAULT_TRANSLATION	1u
#define HPFAR_FIPA	MASK(43, 4)

/* EL2 stub calls of Linux (arch/arm64/include/asm/virt.h), answered as the stub would. */
enum { STUB_SET_VECTORS, STUB_SOFT_RESTART, STUB_RESET_VECTORS };
#define STUB_ERROR		0xbadca11u
#define SCTLR_EL1_MMU_OFF	0x30d00800ull

static bool is_root(const struct cpu *cpu)
{
	return cpu->cell == root_of(cpu->sys);
}

static void instruction_skip(void)
{
	sys_write(elr_el2, sys_read(elr_el2) + 4);
}

static void fail(struct cpu *cpu, struct regs *regs, const char *why)
{
	cpu_fail(cpu, regs, why);
	if (!is_root(cpu))
		ivshmem_reset(cpu->cell);
}

/* An instruction that isn't there for this guest. */
static void refuse(struct cpu *cpu, struct regs *regs, const char *why)
{
	if (is_root(cpu))
		inject_undefined();
	else
		fail(cpu, regs, why);
}

static void stub_call(struct regs *regs)
{
	switch (regs->x[0]) {
	case STUB_SET_VECTORS:
	case STUB_RESET_VECTORS:
		regs->x[0] = 0;
		return;
	case STUB_SOFT_RESTART:
		sys_write(elr_el2, regs->x[1]);
		sys_write(spsr_el2, SPSR_EL1H | SPSR_DAIF);
		sys_write(sctlr_el1, SCTLR_EL1_MMU_OFF);
		regs->x[0] = regs->x[2];
		regs->x[1] = regs->x[3];
		regs->x[2] = regs->x[4];
		return;
	default:
		regs->x[0] = STUB_ERROR;
	}
}

static void hvc(struct cpu *cpu, struct regs *regs, uint64_t immediate)
{
	if (immediate == HVC_IMMEDIATE) {
		regs->x[0] = (uint64_t)hypercall(cpu, regs, regs->x[0], regs->x[1], regs->x[2]);
	} else if (immediate) {
		sys_write(elr_el2, sys_read(elr_el2) - 4);
		refuse(cpu, regs, "an HVC that nobody knows");
	} else if (is_root(cpu)) {
		stub_call(regs);
	} else {
		smccc_call(arm_cpu_of(cpu), regs);
	}
}

static uint64_t loaded_value(uint64_t value, uint64_t iss, unsigned size)
{
	value = bits(value, 0, size * 8);
	if (iss & ISS_SIGNED) {
		value = (uint64_t)sign_extend(value, size * 8);
		if (!(iss & ISS_64))
			value = (uint32_t)value;
	}
	return value;
}

/* An access of a trapped range. False: there is none, or it may not. */
static bool data_access(struct cpu *cpu, struct regs *regs, uint64_t iss)
{
	unsigned reg = (unsigned)field_get(ISS_REGISTER, iss);
	struct mmio_access a = { .size = (uint8_t)(1u << field_get(ISS_SIZE, iss)), .write = iss & ISS_WRITE };

	if (!(iss & ISS_VALID) || (iss & ISS_S1_WALK) || field_get(ISS_FAULT, iss) != FAULT_TRANSLATION)
		return false;
	a.address = field_get(HPFAR_FIPA, sys_read(hpfar_el2)) << 12 | (sys_read(far_el2) & 0xfff);
	if (a.write)
		a.value = bits(reg == 31 ? 0 : regs->x[reg], 0, a.size * 8u);
	if (mmio_dispatch(&cpu->cell->mmio, cpu, &a) != MMIO_DONE)
		return false;
	if (!a.write && reg != 31)
		regs->x[reg] = loaded_value(a.value, iss, a.size);
	return true;
}

static void abort_take(struct cpu *cpu, struct regs *regs, bool fetch)
{
	if (is_root(cpu))
		inject_abort(fetch, sys_read(far_el2));
	else
		fail(cpu, regs, fetch ? "it fetched where nothing is" : "it touched what isn't its own");
}

static void data_abort(struct cpu *cpu, struct regs *regs, uint64_t iss)
{
	cpu->stat[STAT_MMIO]++;
	if (data_access(cpu, regs, iss))
		instruction_skip();
	else
		abort_take(cpu, regs, false);
}

void trap_sync(struct regs *regs)
{
	struct arm_cpu *c = this_cpu();
	uint64_t esr = sys_read(esr_el2);

	c->cpu.stat[STAT_EXITS]++;
	switch (field_get(ESR_EC, esr)) {
	case EC_HVC64:
		hvc(&c->cpu, regs, esr & IMMEDIATE);
		break;
	case EC_SMC64:
		instruction_skip();
		smccc_call(c, regs);
		break;
	case EC_DABT_LOWER:
		data_abort(&c->cpu, regs, esr & ESR_ISS);
		break;
	case EC_IABT_LOWER:
		abort_take(&c->cpu, regs, true);
		break;
	case EC_SYSREG:
		if (sysreg_access(c, regs, (uint32_t)(esr & ESR_ISS)))
			instruction_skip();
		else
			refuse(&c->cpu, regs, "a system register that isn't its own");
		break;
	default:
		inject_undefined();
	}
	if (unlikely(cpu_must_stay(&c->cpu)))
		cpu_requests(&c->cpu, regs);
}

void trap_irq(struct regs *regs)
{
	struct arm_cpu *c = this_cpu();

	c->cpu.stat[STAT_EXITS]++;
	gic_irqs(c);
	if (unlikely(cpu_must_stay(&c->cpu)))
		cpu_requests(&c->cpu, regs);
}

/* SErrors go to EL1 by themselves (HCR_EL2.AMO is clear): this one can't happen. */
void trap_serror(struct regs *regs)
{
	struct cpu *cpu = &this_cpu()->cpu;

	cpu_fail(cpu, regs, "an SError came to the engine");
	cpu_requests(cpu, regs);
}

/*
 * A fault of the engine itself, most likely at memory or a device's register that isn't there: the CPU is lost for its guest, and
 * the others go on. One that comes while this is told is not told.
 */
void el2_fault(uint64_t kind, uint64_t sp, struct regs *regs)
{
	struct cpu *cpu = &this_cpu()->cpu;

	engine_locks_drop(cpu);
	if (read_once(cpu->power) == POWER_FAILED) {
		cpu_requests(cpu, regs);
		return;
	}
	__atomic_store_n(&cpu->power, POWER_FAILED, __ATOMIC_RELEASE);
	log_error("EL2 fault %llu: ESR %#llx ELR %#llx FAR %#llx SP %#llx", (unsigned long long)kind,
		(unsigned long long)sys_read(esr_el2), (unsigned long long)sys_read(elr_el2),
		(unsigned long long)sys_read(far_el2), (unsigned long long)sp);
	fail(cpu, regs, "the engine met a fault");
	cpu_requests(cpu, regs);
}

void arch_regs_log(struct cpu *cpu, const struct regs *regs)
{
	log_error("  pc %016llx  pstate %08llx  esr %08llx  far %016llx  ipa %012llx", (unsigned long long)sys_read(elr_el2),
		(unsigned long long)sys_read(spsr_el2), (unsigned long long)sys_read(esr_el2),
		(unsigned long long)sys_read(far_el2),
		(unsigned long long)(field_get(HPFAR_FIPA, sys_read(hpfar_el2)) << 12));
	for (unsigned i = 0; i < 30; i += 3)
		log_error("  x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", i, (unsigned long long)regs->x[i], i + 1,
			(unsigned long long)regs->x[i + 1], i + 2, (unsigned long long)regs->x[i + 2]);
}
