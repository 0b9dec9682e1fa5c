/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The riscv64 part of the engine, between its files. The kernel has harts' power (SBI HSM), timers and IPIs; interrupts of
 * devices come from a model through CPU_SEI, unless the host has AIA.
 */
#ifndef ENGINE_KVM_RISCV64_RISCV64_H
#define ENGINE_KVM_RISCV64_RISCV64_H

#include "engine/kvm/engine.h"

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
