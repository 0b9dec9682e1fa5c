/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with RAM, three arm64 vCPUs of the translator that run no code, and a builder of page tables. For tests of the
 * system side: walker, TLB, exceptions, system registers. The threads of vCPUs are the test's.
 */
#ifndef TESTS_UNIT_ARM_RIG_H
#define TESTS_UNIT_ARM_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "base/errno.h"
#include "engine/dbt/arm64/sysreg_bits.h"
#include "engine/dbt/vm.h"
#include "isa/arm64/pagetable.h"
#include "isa/arm64/sysreg.h"

#define RAM_BASE	0x40000000ull
#define RAM_SIZE	(16 * MIB)
#define RIG_CPUS	3

struct rig {
	struct vm vm;
	struct dbt_vm dbt;
	struct vcpu vcpu[RIG_CPUS];
	struct arm_cpu *cpu[RIG_CPUS];
	uint8_t *ram;
	gpa_t next;		/* where the next table comes from */
	void *pool;
};

static inline void *ram_at(struct rig *r, gpa_t gpa)
{
	return r->ram + (gpa - RAM_BASE);
}

static inline void rig_init(struct rig *r, const char *model)
{
	struct mem_slot slot = { .base = RAM_BASE, .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .can_exec = true,
				 .backing = { .fd = -1 } };
	static const struct dbt_options options;
	uint32_t id;

	memset(r, 0, sizeof(*r));
	r->pool = malloc(1 * MIB);
	arena_init(&r->vm.arena, r->pool, 1 * MIB);
	memset(r->pool, 0, 1 * MIB);
	assert_int_equal(vm_init(&r->vm, ISA_ARM64, NULL, 62500000), 0);
	r->ram = aligned_alloc(2 * MIB, RAM_SIZE);
	memset(r->ram, 0, RAM_SIZE);
	slot.backing.host = r->ram;
	assert_int_equal(mem_slot_add(&r->vm.mem, &slot, &id), 0);
	r->next = RAM_BASE;
	r->vm.cpu_model = &arm64_cpu_model_find(model)->model;
	r->vm.engine_vm = &r->dbt;
	r->vm.vcpu_count = RIG_CPUS;
	r->dbt.vm = &r->vm;
	r->dbt.options = &options;
	for (uint32_t i = 0; i < RIG_CPUS; i++) {
		struct arm_cpu *cpu = aligned_alloc(64, ALIGN_UP(sizeof(*cpu), 64));

		memset(cpu, 0, sizeof(*cpu));
		r->vcpu[i] = (struct vcpu){ .vm = &r->vm, .index = i, .hwid = i, .engine = cpu };
		r->vm.vcpu[i] = &r->vcpu[i];
		cpu->vcpu = &r->vcpu[i];
		cpu->vm = &r->dbt;
		r->cpu[i] = r->dbt.cpu[i] = cpu;
		assert_int_equal(tlb_create(cpu), 0);
		arm_cpu_reset(cpu);
	}
}

static inline void rig_free(struct rig *r)
{
	for (uint32_t i = 0; i < RIG_CPUS; i++) {
		tlb_destroy(r->cpu[i]);
		free(r->cpu[i]);
	}
	free(r->ram);
	free(r->pool);
}

/* A zeroed table of a whole granule, aligned to it. */
static inline gpa_t table_new(struct rig *r, unsigned page_bits)
{
	gpa_t t = ALIGN_UP(r->next, BIT(page_bits));

	r->next = t + BIT(page_bits);
	memset(ram_at(r, t), 0, BIT(page_bits));
	return t;
}

/* The descriptor for va at `level`, tables above made as needed with `table_bits` in them. */
static inline uint64_t *desc_at(struct rig *r, gpa_t root, struct pt_geometry g, uint64_t va, unsigned level,
				uint64_t table_bits)
{
	gpa_t table = root;

	for (unsigned l = g.start_level;; l++) {
		uint64_t *d = (uint64_t *)ram_at(r, table) + pt_index(&g, l, va);

		if (l == level)
			return d;
		if (!(*d & PT_VALID))
			*d = table_new(r, g.page_bits) | PT_TABLE | PT_VALID | table_bits;
		table = pt_table_address(&g, *d);
	}
}

#define LEAF	(PT_VALID | PT_AF)
#define PAGE	(LEAF | PT_TABLE)

static inline uint64_t tcr_value(unsigned page_bits, unsigned t0sz, unsigned t1sz)
{
	unsigned tg0 = page_bits == 12 ? 0 : page_bits == 16 ? 1 : 2, tg1 = page_bits == 12 ? 2 : page_bits == 16 ? 3 : 1;

	return t0sz | (uint64_t)tg0 << 14 | (uint64_t)t1sz << 16 | (uint64_t)tg1 << 30 | 5ull << 32 | TCR_AS;
}

static inline void write_reg(struct arm_cpu *cpu, uint32_t enc, uint64_t val)
{
	assert_int_equal(arm_sysreg_write(cpu, enc, val), SYSREG_OK);
}

#define SYS_SCTLR	SYSREG(3, 0, 1, 0, 0)
#define SYS_CPACR	SYSREG(3, 0, 1, 0, 2)
#define SYS_TTBR0	SYSREG(3, 0, 2, 0, 0)
#define SYS_TTBR1	SYSREG(3, 0, 2, 0, 1)
#define SYS_TCR		SYSREG(3, 0, 2, 0, 2)
#define SYS_MAIR	SYSREG(3, 0, 10, 2, 0)
#define MAIR_TEST	0x00000000000004ffull	/* 0: Normal write-back, 1: Device-nGnRE */

/* Turns the MMU on with one root for both halves. */
static inline void mmu_on(struct arm_cpu *cpu, gpa_t root, uint64_t tcr, uint64_t sctlr)
{
	write_reg(cpu, SYS_MAIR, MAIR_TEST);
	write_reg(cpu, SYS_TCR, tcr);
	write_reg(cpu, SYS_TTBR0, root);
	write_reg(cpu, SYS_TTBR1, root);
	write_reg(cpu, SYS_SCTLR, sctlr | SCTLR_M);
}

#endif
