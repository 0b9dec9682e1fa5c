/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The riscv64 part of the engine, between its files. The kernel has harts' power (SBI HSM), timers and IPIs; interrupts of
 * devices come from a model through CPU_SEI, unless the host has AIA.
 */
#ifndef ENGINE_KVM_RISCV64_RISCV64_H
#define ENGINE_KVM_RISCV64_RISCV64_H

#include "engine/kvm/engine.h"

struct riscv64_vm {
	struct irqchip chip;		/* the AIA; ops NULL: there is none, a model serves */
	struct kvm_vm *vm;
	int aia;			/* the kernel's device; -1: none */
	uint32_t ids;			/* interrupt identities of each IMSIC: 64 n - 1 */
	uint64_t imsics;		/* where they are, 4 KiB each */
};

static inline struct riscv64_vm *riscv64_vm_of(struct kvm_vm *k)
{
	return k->arch;
}

/* aia.c */
uint32_t riscv64_aia_ids(int vm_fd);		/* of a machine made to ask; 0: the host has no AIA for guests */
int riscv64_irqchip_create(struct kvm_vm *k, const struct irqchip_desc *d, struct irqchip **out);
int riscv64_irqchip_ready(struct kvm_vm *k);	/* all vCPUs are there */
int riscv64_aia_reset(struct kvm_vm *k);
unsigned riscv64_fixed_routes(const struct kvm_vm *k, struct kvm_irq_routing_entry *e);

/* cpu.c */
int riscv64_one_reg(int fd, uint64_t id, uint64_t *val, bool write);
int riscv64_vcpu_init(struct kvm_cpu *c);
void riscv64_vcpu_fini(struct kvm_cpu *c);
int riscv64_vcpu_reset(struct kvm_cpu *c);
int riscv64_vcpu_on(struct kvm_cpu *c, const struct vcpu_power *p);
void riscv64_pin(struct kvm_cpu *c, enum cpu_pin pin, bool level);
int riscv64_regs(struct kvm_cpu *c, struct reg *list, unsigned n, bool write);

#define RISCV64_REG(type, name)	(KVM_REG_RISCV | KVM_REG_SIZE_U64 | KVM_REG_RISCV_##type | KVM_REG_RISCV_##type##_REG(name))

#endif
