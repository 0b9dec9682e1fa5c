/* SPDX-License-Identifier: BSD-2-Clause */
/* The x86-64 part of the engine, between its files. */
#ifndef ENGINE_KVM_X86_X86_H
#define ENGINE_KVM_X86_X86_H

#include "base/notifier.h"
#include "engine/kvm/engine.h"

#define X86_IOAPIC_PINS	24

struct x86_vm {
	struct irqchip chip;		/* ops NULL: none */
	struct kvm_vm *vm;
	struct kvm_irqchip power_on[KVM_NR_IRQCHIPS];
	struct kvm_pit_state2 pit_power_on;
	struct notifier watch[X86_IOAPIC_PINS];	/* the irqfds of eoi_watch; fd -1: none */
	struct kvm_cpuid2 *cpuid;	/* what vCPUs get, before each one's own numbers */
	bool user_msr;			/* unknown MSRs come out to us */
};

struct x86_cpu {
	struct kvm_lapic_state lapic_power_on;
	uint64_t apic_base;		/* at power-on */
};

static inline struct x86_vm *x86_vm_of(struct kvm_vm *k)
{
	return k->arch;
}

/* cpuid.c */
int x86_cpuid_init(struct kvm_vm *k);				/* k->arch->cpuid */
int x86_cpuid_set(struct kvm_cpu *c);				/* with its own APIC id */
uint32_t x86_gpa_bits(int dev_fd);
void x86_cpu_print(int dev_fd, FILE *f);

/* irqchip.c */
int x86_irqchip_create(struct kvm_vm *k, const struct irqchip_desc *d, struct irqchip **out);
void x86_irqchip_fini(struct kvm_vm *k);
int x86_irqchip_reset(struct kvm_vm *k);
unsigned x86_fixed_routes(const struct kvm_vm *k, struct kvm_irq_routing_entry *e);

/* cpu.c */
int x86_vcpu_init(struct kvm_cpu *c);
void x86_vcpu_fini(struct kvm_cpu *c);
int x86_vcpu_reset(struct kvm_cpu *c);
int x86_vcpu_on(struct kvm_cpu *c, const struct vcpu_power *p);

/* regs.c */
int x86_regs(struct kvm_cpu *c, struct reg *list, unsigned n, bool write);

/* msr.c */
int x86_msr_reset(struct kvm_cpu *c);
int x86_msr_get(struct kvm_cpu *c, uint32_t number, uint64_t *val);	/* -ENOENT: KVM has none */
int x86_msr_set(struct kvm_cpu *c, uint32_t number, uint64_t val);

/* exit.c, dump.c, debug.c */
enum kvm_step x86_exit(struct kvm_cpu *c, enum vm_exit *what);
void x86_dump(struct kvm_cpu *c);
int x86_fault(struct kvm_cpu *c, const struct isa_fault *f);
int x86_debug(struct kvm_cpu *c, const struct debug_points *p, struct kvm_guest_debug *d);

#endif
