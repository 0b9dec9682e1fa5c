/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cases under the translator: a machine with one vCPU whose cases run at EL0 with the MMU on. Each ends in an exception to
 * EL1, whose vector is HVC and ERET; the firmware call that HVC makes is ours, notes the state and puts the next case's
 * in place.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "core/vm.h"
#include "engine/dbt/run.h"
#include "isa/arm64/cpu_model.h"
#include "isa/arm64/pagetable.h"
#include "isa/arm64/sysreg.h"
#include "os/arena.h"
#include "tests/diff/insn.h"

#define RAM_BASE	0x40000000ull
#define RAM_SIZE	0x01000000u
#define VECTORS		0x40600000ull
#define L1		0x40700000ull
#define L2		0x40701000ull
#define L3		0x40702000ull		/* one for each 2 MiB of RAM that is used */
#define HVC_WORD	0xd4000002u
#define ERET_WORD	0xd69f03e0u
#define ESR_EC(esr)	((esr) >> 26 & 63)

struct insn_machine {
	struct vm vm;
	struct dbt_options options;
	uint8_t *ram;
	const struct insn_case *cases;
	struct insn_state *results;
	uint32_t count;
	int32_t current;
	bool align_check;
};

static void *at(struct insn_machine *m, uint64_t pa)
{
	return m->ram + (pa - RAM_BASE);
}

static void map_pages(struct insn_machine *m, uint64_t va, uint64_t size, uint64_t attributes)
{
	for (uint64_t end = va + size; va < end; va += 4096) {
		uint64_t big = (va - RAM_BASE) >> 21, *l3 = at(m, L3 + 4096 * big), *l2 = at(m, L2);

		l2[big] = (L3 + 4096 * big) | PT_TABLE | PT_VALID;
		l3[va >> 12 & 511] = va | attributes | PT_AF | 3u << 8 | PT_TABLE | PT_VALID;
	}
}

static void prepare_ram(struct insn_machine *m)
{
	uint64_t *l1 = at(m, L1);
	uint32_t *code = at(m, CODE_BASE);

	l1[RAM_BASE >> 30] = L2 | PT_TABLE | PT_VALID;
	map_pages(m, CODE_BASE, CODE_SIZE, PT_AP_EL0 | PT_AP_RO | PT_PXN);
	map_pages(m, WINDOW_BASE, WINDOW_SIZE, PT_AP_EL0 | PT_UXN | PT_PXN);
	map_pages(m, VECTORS, 4096, PT_UXN);
	for (unsigned v = 0; v < 4096; v += 128) {
		uint32_t *vector = at(m, VECTORS + v);

		vector[0] = HVC_WORD;
		vector[1] = ERET_WORD;
	}
	for (uint32_t i = 0; i < CODE_SIZE / 4; i++)
		code[i] = BRK_WORD;
}

static void set_up_system(struct arm_cpu *cpu, bool align_check)
{
	arm_sysreg_write(cpu, SYSREG(3, 0, 10, 2, 0), 0xff);			/* MAIR_EL1: normal memory */
	arm_sysreg_write(cpu, SYSREG(3, 0, 2, 0, 2), 25 | BIT(23) | 3u << 12 | 5u << 8 | 5ull << 32 | BIT(37));	/* TCR_EL1 */
	arm_sysreg_write(cpu, SYSREG(3, 0, 2, 0, 0), L1);			/* TTBR0_EL1 */
	arm_sysreg_write(cpu, SYSREG(3, 0, 12, 0, 0), VECTORS);		/* VBAR_EL1 */
	arm_sysreg_write(cpu, SYSREG(3, 0, 1, 0, 2), 3u << 20);		/* CPACR_EL1 */
	/* SCTLR_EL1: MMU and caches on; EL0 as under Linux, but SP may be unaligned, as QEMU doesn't check it. */
	arm_sysreg_write(cpu, SYSREG(3, 0, 1, 0, 0), 0x30d00800 | BIT(26) | BIT(18) | BIT(16) | BIT(15) | BIT(14) | BIT(12) |
			 BIT(2) | (align_check ? BIT(1) : 0) | BIT(0));
}

static uint32_t event_of(uint64_t esr)
{
	switch (ESR_EC(esr)) {
	case EC_BRK64:	return EVENT_BREAK;
	case EC_UNKNOWN: return EVENT_UNDEFINED;
	case EC_DABORT_LOW: case EC_IABORT_LOW: case EC_PC_ALIGN: case EC_SP_ALIGN: return EVENT_FAULT;
	default:	return EVENT_OTHER;
	}
}

static void *middle(struct insn_machine *m)
{
	return at(m, WINDOW_MIDDLE - MEM_BYTES / 2);
}

static void save(struct insn_machine *m, struct arm_cpu *cpu, const uint64_t args[8], struct insn_state *s)
{
	memcpy(s->v, cpu->v, sizeof(s->v));
	memcpy(s->x, cpu->x, sizeof(s->x));
	memcpy(s->x, args, 64);
	s->sp = cpu->sp_el0;
	s->pc = cpu->elr_el1;
	s->nzcv = (uint32_t)cpu->spsr_el1 & 0xf0000000;
	s->fpcr = (uint32_t)cpu->fpcr;
	s->fpsr = (uint32_t)dbt_h_fpsr_read(cpu, 0, 0, 0);
	s->event = event_of(cpu->esr_el1);
	memcpy(s->mem, middle(m), MEM_BYTES);
}

static void load(struct insn_machine *m, struct arm_cpu *cpu, uint64_t args[8], const struct insn_state *s)
{
	memcpy(cpu->v, s->v, sizeof(s->v));
	memcpy(cpu->x, s->x, sizeof(s->x));
	memcpy(args, s->x, 64);
	cpu->sp_el0 = s->sp;
	cpu->elr_el1 = s->pc;
	cpu->spsr_el1 = s->nzcv;
	arm_set_fpcr(cpu, s->fpcr);
	dbt_h_fpsr_write(cpu, s->fpsr, 0, 0);
	memcpy(middle(m), s->mem, MEM_BYTES);
}

static bool firmware_call(struct vcpu *v, bool smc, uint64_t args[8])
{
	struct insn_machine *m = container_of(v->vm, struct insn_machine, vm);
	struct arm_cpu *cpu = v->engine;

	if (!cpu->vbar_el1)
		set_up_system(cpu, m->align_check);
	if (m->current >= 0 && m->current < (int32_t)m->count)
		save(m, cpu, args, &m->results[m->current]);
	if (++m->current < (int32_t)m->count) {
		load(m, cpu, args, &m->cases[m->current].in);
		return true;
	}
	v->pause_request = true;
	v->vm->engine->vcpu_kick(v);
	return true;
}

static int create(struct insn_machine *m)
{
	struct mem_slot slot = { .base = RAM_BASE, .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .can_exec = true };
	uint32_t id;
	int err = vm_init(&m->vm, ISA_ARM64, &dbt_engine, 62500000);

	if (err)
		return err;
	m->vm.cpu_model = &arm64_cpu_model_find("max")->model;
	m->vm.engine_options = &m->options;
	m->vm.firmware_call = firmware_call;
	slot.backing = (struct mem_backing){ .host = m->ram, .fd = -1 };
	err = dbt_engine.vm_init(&m->vm);
	if (!err)
		err = mem_slot_add(&m->vm.mem, &slot, &id);
	if (!err)
		err = vm_vcpus_create(&m->vm, 1);
	if (!err)
		err = dbt_engine.vcpu_init(m->vm.vcpu[0]);
	return err ? err : dbt_engine.vm_ready(&m->vm);
}

struct insn_machine *insn_machine_create(const struct dbt_options *options, bool align_check)
{
	struct insn_machine *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	os_arena_init(&m->vm.arena);
	m->options = *options;
	m->align_check = align_check;
	m->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->ram == MAP_FAILED || create(m)) {
		free(m);
		return NULL;
	}
	prepare_ram(m);
	return m;
}

void insn_machine_destroy(struct insn_machine *m)
{
	dbt_engine.vcpu_fini(m->vm.vcpu[0]);
	dbt_engine.vm_fini(&m->vm);
	os_arena_free(&m->vm.arena);
	munmap(m->ram, RAM_SIZE);
	free(m);
}

void insn_machine_run(struct insn_machine *m, const struct insn_case *cases, uint32_t count, struct insn_state *results)
{
	struct vcpu *v = m->vm.vcpu[0];
	struct vcpu_power on = { .state = VCPU_ON, .entry = VECTORS, .reset = true };

	m->cases = cases;
	m->results = results;
	m->count = count;
	m->current = -1;
	memset(results, 0, count * sizeof(*results));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *code = at(m, SLOT_PC(i));

		for (unsigned k = 0; k < INSNS_MAX; k++)
			code[k] = k < cases[i].count ? cases[i].insn[k] : BRK_WORD;
	}
	memset(at(m, WINDOW_BASE), 0, WINDOW_SIZE);
	dbt_flush_all(m->vm.engine_vm);
	dbt_engine.vcpu_power(v, &on, true);
	v->pause_request = false;
	vcpu_start(v);
	while (m->current < (int32_t)count && dbt_engine.vcpu_run(v) == EXIT_PAUSED && m->current < (int32_t)count)
		vcpu_run_calls(v);
	vcpu_stop(v);
}
