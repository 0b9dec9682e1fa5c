/* SPDX-License-Identifier: BSD-2-Clause */
/* What --trace exec,irq,mmio,tlb,fault print. Every line begins with its word, so that grep can take them apart. */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/log.h"
#include "engine/dbt/trace.h"

typedef unsigned long long ull;

void dbt_trace_exec(const struct arm_cpu *cpu)
{
	log_info("exec: vCPU %u: pc %llx el%u", cpu->vcpu->index, (ull)cpu->pc, cpu->el);
}

void dbt_trace_pin(const struct arm_cpu *cpu, enum cpu_pin pin, bool level)
{
	static const char *const names[CPU_PINS] = { [CPU_IRQ] = "IRQ", [CPU_FIQ] = "FIQ", [CPU_NMI] = "NMI",
						     [CPU_SEI] = "SError" };

	log_info("irq: vCPU %u: pin %s %s", cpu->vcpu->index, names[pin] ? names[pin] : "?", level ? "up" : "down");
}

void dbt_trace_interrupt(const struct arm_cpu *cpu, bool fiq)
{
	log_info("irq: vCPU %u: takes %s at pc %llx el%u", cpu->vcpu->index, fiq ? "FIQ" : "IRQ", (ull)cpu->pc, cpu->el);
}

void dbt_trace_mmio(const struct arm_cpu *cpu, gpa_t gpa, const struct bus_access *a, bool ok)
{
	const struct region *r = bus_find(&cpu->vm->vm->bus, BUS_MMIO, gpa);
	uint64_t value = a->size < 8 ? a->value & (BIT(8 * a->size) - 1) : a->value;

	if (ok)
		log_info("mmio: vCPU %u: %s %llx size %u value %llx %s+%llx", cpu->vcpu->index, a->write ? "write" : "read",
			 (ull)gpa, a->size, (ull)value, r && r->name ? r->name : "?", (ull)(r ? gpa - r->base : 0));
	else
		log_info("mmio: vCPU %u: %s %llx size %u abort %s", cpu->vcpu->index, a->write ? "write" : "read", (ull)gpa,
			 a->size, r && r->name ? r->name : "nothing is there");
}

void dbt_trace_fill(const struct arm_cpu *cpu, const char *what, uint64_t va, gpa_t gpa, bool slow)
{
	log_info("tlb: vCPU %u: fill %s va %llx pa %llx el%u%s", cpu->vcpu->index, what, (ull)(va & ~4095ull),
		 (ull)(gpa & ~4095ull), cpu->el, slow ? " slow" : "");
}

void dbt_trace_flush(const struct arm_cpu *cpu, bool by_va, uint64_t va, int32_t asid, bool broadcast)
{
	char page[32] = "", space[24] = "";

	if (by_va)
		fmt_print(page, sizeof(page), " va %llx", (ull)va);
	if (asid >= 0)
		fmt_print(space, sizeof(space), " asid %d", asid);
	log_info("tlb: vCPU %u: flush%s%s%s%s", cpu->vcpu->index, by_va || asid >= 0 ? "" : " all", page, space,
		 broadcast ? " on every vCPU" : "");
}

void dbt_trace_fault(const struct arm_cpu *cpu, uint64_t esr)
{
	log_info("fault: vCPU %u: esr %llx (ec %x) far %llx pc %llx el%u", cpu->vcpu->index, (ull)esr,
		 (unsigned)(esr >> 26 & 63), (ull)cpu->far_el1, (ull)cpu->pc, cpu->el);
}
