/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arm64 part of the engine, between its files. The kernel has the GIC, the timers and PSCI; what reaches us are
 * accesses to devices and the machine's power (Documentation/virt/kvm/api.rst, devices/arm-vgic*.rst).
 */
#ifndef ENGINE_KVM_ARM64_ARM64_H
#define ENGINE_KVM_ARM64_ARM64_H

#include "base/notifier.h"
#include "engine/kvm/engine.h"

#define ARM64_MAX_SPIS	256
#define ARM64_FIRST_SPI	32

struct arm64_vm {
	struct irqchip chip;			/* ops NULL: none */
	struct kvm_vm *vm;
	int gic, its;				/* devices of the kernel; -1: none */
	bool v3;
	uint32_t line[ARM64_MAX_SPIS / 32];	/* atomic; of SPIs, as they were last driven */
	bool abort;				/* the kernel can raise an external abort for us */
	uint32_t features;			/* of every vCPU: bits of kvm_vcpu_init.features[0] */
	struct notifier watch[ARM64_MAX_SPIS];	/* the irqfds of eoi_watch; fd -1: none */
};

static inline struct arm64_vm *arm64_vm_of(struct kvm_vm *k)
{
	return k->arch;
}

/* gic.c */
int arm64_irqchip_create(struct kvm_vm *k, const struct irqchip_desc *d, struct irqchip **out);
void arm64_irqchip_fini(struct kvm_vm *k);
int arm64_irqchip_ready(struct kvm_vm *k);		/* all vCPUs are there */
int arm64_irqchip_reset(struct kvm_vm *k);
unsigned arm64_fixed_routes(const struct kvm_vm *k, struct kvm_irq_routing_entry *e);
int arm64_gic_reset(const struct arm64_vm *a);		/* gic_reset.c: its registers to what they are at power-on */
int arm64_gic_save(struct irqchip *chip, struct state_writer *w);	/* gic_state.c: both, of irqchip_ops */
int arm64_gic_load(struct irqchip *chip, struct state_reader *rd);

/* cpu.c */
uint32_t arm64_cpu_features(int dev_fd);
int arm64_vcpu_init(struct kvm_cpu *c);
void arm64_vcpu_fini(struct kvm_cpu *c);
int arm64_vcpu_reset(struct kvm_cpu *c);
int arm64_pmu_ready(struct kvm_cpu *c);
int arm64_vcpu_on(struct kvm_cpu *c, const struct vcpu_power *p);

/* regs.c */
int arm64_regs(struct kvm_cpu *c, struct reg *list, unsigned n, bool write);

/* exit.c */
enum kvm_step arm64_exit(struct kvm_cpu *c, enum vm_exit *what);
void arm64_abort(struct kvm_cpu *c, gpa_t gpa, bool write);
void arm64_dump(struct kvm_cpu *c);
int arm64_fault(struct kvm_cpu *c, const struct isa_fault *f);
int arm64_debug(struct kvm_cpu *c, const struct debug_points *p, struct kvm_guest_debug *d);

#endif
