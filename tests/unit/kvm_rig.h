/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with some memory and no board, on this machine's /dev/kvm. Ports 0x100..0x107 and addresses 0xd0000..0xd0fff
 * are a device that records what it is asked. A write to port 0x1f0 pauses the vCPU that does it.
 */
#ifndef TESTS_KVM_RIG_H
#define TESTS_KVM_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/vm.h"
#include "engine/kvm/kvm.h"
#include "isa/x86/cpu.h"
#include "isa/x86/msr.h"
#include "isa/x86/reg_id.h"

#define KVM_RIG_RAM	0x80000u
#define KVM_RIG_PORT	0x100u
#define KVM_RIG_PAUSE	0x1f0u
#define KVM_RIG_MMIO	0xd0000u
#define KVM_RIG_CODE	0x1000u
#define KVM_RIG_IOAPIC	0xfec00000u
#define KVM_RIG_MAX	64

/* GUEST(name, text): bytes of 16-bit code, from name to name_end. Labels end in %=. */
#define GUEST(name, ...)						\
	extern const uint8_t name[], name##_end[];			\
	__asm__(".pushsection .rodata\n.code16\n.globl " #name "\n" #name ":\n" __VA_ARGS__ \
		"\n.globl " #name "_end\n" #name "_end:\n.code64\n.popsection\n")

struct kvm_rig_access {
	enum bus_space space;
	uint64_t offset, value;
	uint8_t size;
	bool write;
};

struct kvm_rig {
	struct vm vm;
	uint8_t *ram;
	uint32_t ram_id;
	struct lock lock;
	struct region ports, pause, mmio, extra;	/* extra: the case's own */
	struct kvm_rig_access seen[KVM_RIG_MAX];
	uint32_t count;				/* atomic */
	uint64_t answer;			/* what reads give */
	int requested;				/* atomic; -1: nothing */
};

bool kvm_rig_usable(void);			/* prints why not */
/* vCPUs are there, but not set up: kvm_rig_init on the thread that is to run each. */
struct kvm_rig *kvm_rig_new(uint32_t vcpus);
struct kvm_rig *kvm_rig_new_with(uint32_t vcpus, const char *irqchip);	/* kernel (above), or split: with models */
void kvm_rig_free(struct kvm_rig *r);
/* Real mode, all segments at 0, stack below the code. */
void kvm_rig_load(struct kvm_rig *r, const uint8_t *code, const uint8_t *end);
void kvm_rig_start(struct kvm_rig *r, uint32_t vcpu, uint64_t rip);
uint64_t kvm_rig_get(struct kvm_rig *r, uint32_t vcpu, uint32_t id);
void kvm_rig_set(struct kvm_rig *r, uint32_t vcpu, uint32_t id, uint64_t val);
void kvm_rig_wait(struct kvm_rig *r, uint32_t count);		/* until so many accesses were seen; fails after 10 s */

#endif
