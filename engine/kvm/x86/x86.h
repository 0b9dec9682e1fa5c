/* SPDX-License-Identifier: BSD-2-Clause */
/* The x86-64 part of the engine, between its files. */
#ifndef ENGINE_KVM_X86_X86_H
#define ENGINE_KVM_X86_X86_H

#include "base/notifier.h"
#include "core/pc_irqchip.h"
#include "engine/kvm/engine.h"

struct x86_vm {
	struct irqchip chip;		/* ops NULL: none */
	struct kvm_vm *vm;
	struct kvm_irqchip power_on[KVM_NR_IRQCHIPS];
	struct kvm_pit_state2 pit_power_on;
	struct notifier watch[IOAPIC_PINS];	/* the irqfds of eoi_watch; fd -1: none */
	struct kvm_cpuid2 *cpuid;	/* what vCPUs get, before each one's own numbers */
	bool split;			/* only local APICs are the kernel's */
	bool user_msr;			/* unknown MSRs come out to us */
};

struct x86_cpu {
	struct kvm_lapic_state lapic_power_on;
	uint64_t apic_base;		/* at power-on */
	bool intr;			/* atomic; split: the 8259s' output */
};

static inline struct x86_vm *x86_vm_of(struct kvm_vm *k)
{
	return k->arch;
}

static inline struct x86_vm *x86_vm_of_chip(struct irqchip *chip)
{
	return container_of(chip, struct x86_vm, chip);
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

/* irqchip_state.c */
int x86_lapics_save(struct irqchip *chip, struct state_writer *w);
int x86_lapics_load(struct irqchip *chip, struct state_reader *r);
int x86_irqchip_save(struct irqchip *chip, struct state_writer *w);
int x86_irqchip_load(struct irqchip *chip, struct state_reader *r);

/* split.c */
int x86_send_msi(struct irqchip *chip, const struct msi *m);
int x86_split_create(struct kvm_vm *k, struct irqchip **out);	/* -ENODEV: this KVM has none */
unsigned x86_split_routes(const struct kvm_vm *k, struct kvm_irq_routing_entry *e);
void x86_split_eoi(struct kvm_cpu *c);
void x86_pin(struct kvm_cpu *c, enum cpu_pin pin, bool level);
void x86_before_run(struct kvm_cpu *c);

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

/* msr_filter.c */
int x86_msr_filter(struct kvm_vm *k);

/* clock.c */
int x86_clock_get(struct kvm_vm *k, struct vm_clock *clock);
int x86_clock_set(struct kvm_vm *k, const struct vm_clock *clock);

/* exit.c, dump.c, debug.c */
enum kvm_step x86_exit(struct kvm_cpu *c, enum vm_exit *what);
void x86_dump(struct kvm_cpu *c);
int x86_fault(struct kvm_cpu *c, const struct isa_fault *f);
int x86_debug(struct kvm_cpu *c, const struct debug_points *p, struct kvm_guest_debug *d);

#endif
