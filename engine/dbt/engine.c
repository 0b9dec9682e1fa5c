/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The translator as an engine (core/engine.h), and the loop around translated code.
 *
 * vcpu_run stays in translated code, going from block to block through the dispatcher, until the machine's life changes:
 * a pause is asked for, the vCPU is turned off or on, or somebody ends the machine.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/errno.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/platform.h"
#include "base/string.h"
#include "engine/dbt/run.h"
#include "engine/dbt/trace.h"
#include "isa/arm64/reg_id.h"
#include "isa/arm64/sysreg.h"

static const struct dbt_options default_options = { .dump_code = ~0ull };

static int dbt_probe(enum isa_id isa, struct engine_info *out, char *why, size_t why_len)
{
	struct host_cpu host;

	if (isa != ISA_ARM64) {
		fmt_print(why, why_len, "the dbt engine translates arm64 only");
		return -ENOTSUP;
	}
	host_cpu_detect(&host);
	if (!host.avx || !host.sse42 || !host.popcnt) {
		fmt_print(why, why_len, "the dbt engine needs a host with SSE4.2 and AVX");
		return -ENODEV;
	}
	*out = (struct engine_info){ .caps = ENGINE_OWNS_POWER | ENGINE_SOFT_MMU, .max_vcpus = VM_MAX_VCPUS, .gpa_bits = 48 };
	return 0;
}

static void fill_helpers(struct dbt_vm *d)
{
	for (unsigned n = 0; n < HELPER_COUNT; n++)
		d->helpers[n] = (void *)(uintptr_t)dbt_helper_info[n].fn;
	d->helpers[HELPER_COUNT + RUN_SLOW] = (void *)(uintptr_t)dbt_run_slow;
	d->helpers[HELPER_COUNT + RUN_LINK] = (void *)(uintptr_t)dbt_run_link;
	d->helpers[HELPER_COUNT + RUN_DISPATCH] = (void *)(uintptr_t)dbt_run_dispatch;
	d->helpers[HELPER_COUNT + RUN_VECTOR] = (void *)(uintptr_t)dbt_run_vector;
}

static int dbt_vm_init(struct vm *vm)
{
	struct dbt_vm *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	d->vm = vm;
	d->options = vm->engine_options ? vm->engine_options : &default_options;
	d->modes.fp_exact = d->options->flag_exact;
	host_cpu_detect(&d->host);
	fill_helpers(d);
	err = dbt_cache_init(d);
	if (err) {
		free(d);
		return err;
	}
	vm->engine_vm = d;
	return 0;
}

static int dbt_vm_ready(struct vm *vm)
{
	(void)vm;
	return 0;
}

static void dbt_vm_fini(struct vm *vm)
{
	struct dbt_vm *d = vm->engine_vm;

	if (!d)
		return;
	dbt_cache_fini(d);
	free(d);
	vm->engine_vm = NULL;
}

static struct arm_cpu *cpu_of(struct vcpu *v)
{
	return v->engine;
}

static int dbt_vcpu_init(struct vcpu *v)
{
	struct dbt_vm *d = v->vm->engine_vm;
	struct arm_cpu *cpu = mmap(NULL, sizeof(*cpu), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	if (cpu == MAP_FAILED)
		return -ENOMEM;
	cpu->vcpu = v;
	cpu->vm = d;
	cpu->helpers = d->helpers;
	cpu->mxcsr = 0x1f80;
	cpu->power.state = VCPU_OFF;
	err = tlb_create(cpu);
	if (err) {
		munmap(cpu, sizeof(*cpu));
		return err;
	}
	v->engine = cpu;
	arm_cpu_reset(cpu);
	__atomic_store_n(&d->cpu[v->index], cpu, __ATOMIC_RELEASE);
	return 0;
}

static void print_stats(const struct arm_cpu *cpu)
{
	static const char *const names[STAT_COUNT] = {
#define X(name) #name,
		DBT_STATS(X)
#undef X
	};

	for (unsigned n = 0; n < STAT_COUNT; n++)
		log_warn("stat: vCPU %u: %s %llu", cpu->vcpu->index, names[n], (unsigned long long)cpu->stat[n]);
}

static void dbt_vcpu_fini(struct vcpu *v)
{
	struct arm_cpu *cpu = cpu_of(v);

	if (!cpu)
		return;
	if (cpu->vm->options->trace & DBT_TRACE_STAT)
		print_stats(cpu);
	__atomic_store_n(&cpu->vm->cpu[v->index], NULL, __ATOMIC_RELEASE);
	tlb_destroy(cpu);
	v->engine = NULL;
	munmap(cpu, sizeof(*cpu));
}

static int dbt_vm_reset(struct vm *vm)
{
	for (uint32_t n = 0; n < vm->vcpu_count; n++) {
		struct arm_cpu *cpu = cpu_of(vm->vcpu[n]);

		if (!cpu)
			continue;
		arm_cpu_reset(cpu);
		cpu->mxcsr = 0x1f80;
		cpu->rounding = 0;
		cpu->power = (struct vcpu_power){ .state = VCPU_OFF };
		cpu->power_change = 0;
		cpu->kick = 0;
	}
	dbt_flush_all(vm->engine_vm);
	return 0;
}

static void kick(struct vcpu *v)
{
	struct arm_cpu *cpu = cpu_of(v);

	if (cpu)
		arm_kick(cpu, KICK_PAUSE);
}

static void dbt_vcpu_pin(struct vcpu *v, enum cpu_pin pin, bool level)
{
	struct arm_cpu *cpu = cpu_of(v);
	uint32_t bit = 1u << pin, before;

	if (!cpu)
		return;
	if (level) {
		before = __atomic_fetch_or(&cpu->pins, bit, __ATOMIC_SEQ_CST);
		if (!(before & bit))
			arm_kick(cpu, KICK_PINS);
	} else {
		before = __atomic_fetch_and(&cpu->pins, ~bit, __ATOMIC_SEQ_CST);
	}
	if (dbt_tracing(cpu, DBT_TRACE_IRQ) && !(before & bit) == level)
		dbt_trace_pin(cpu, pin, level);
}

static int dbt_vcpu_power(struct vcpu *v, struct vcpu_power *p, bool write)
{
	struct arm_cpu *cpu = cpu_of(v);

	if (!cpu)
		return -ENODEV;
	lock_acquire(&cpu->power_lock);
	if (write) {
		cpu->power = *p;
		__atomic_store_n(&cpu->power_change, 1, __ATOMIC_SEQ_CST);
	} else {
		*p = cpu->power;
		if (p->state == VCPU_ON && __atomic_load_n(&cpu->halted, __ATOMIC_RELAXED))
			p->state = VCPU_WAITING;
	}
	lock_release(&cpu->power_lock);
	if (write)
		arm_kick(cpu, KICK_EXIT);
	return 0;
}

static void start_at(struct arm_cpu *cpu, const struct vcpu_power *p)
{
	if (p->reset)
		arm_cpu_reset(cpu);
	cpu->pc = p->entry;
	cpu->x[0] = p->arg;
}

/* The owner: does what somebody asked of this vCPU's power, and says what it is. */
static enum vcpu_power_state apply_power(struct arm_cpu *cpu)
{
	struct vcpu_power p;
	bool change, woken;

	lock_acquire(&cpu->power_lock);
	woken = cpu->power.state == VCPU_WAITING && arm_interrupt_pending(cpu);
	if (woken)
		cpu->power.state = VCPU_ON;
	p = cpu->power;
	change = __atomic_exchange_n(&cpu->power_change, 0, __ATOMIC_SEQ_CST);
	lock_release(&cpu->power_lock);
	/* Who was suspended without `reset` goes on where it was. */
	if (woken ? p.reset : change && p.state == VCPU_ON)
		start_at(cpu, &p);
	return p.state;
}

/* Off: until the power changes. Waiting: until that, or an interrupt is pending, masked or not. */
static void sleep_in(struct arm_cpu *cpu, enum vcpu_power_state state)
{
	__atomic_store_n(&cpu->sleep_word, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&cpu->power_change, __ATOMIC_SEQ_CST) || __atomic_load_n(&cpu->vcpu->pause_request, __ATOMIC_SEQ_CST))
		return;
	if (state == VCPU_WAITING && arm_interrupt_pending(cpu))
		return;
	platform_wait(&cpu->sleep_word, 0);
}

/* They change only while every vCPU is stopped, so once for each entry is enough. */
static void take_time(struct arm_cpu *cpu)
{
	const struct vm_time *t = &cpu->vm->vm->time;

	cpu->tsc_base = t->tsc_base;
	cpu->tsc_mult = t->mult;
	cpu->counter_base = t->counter_base;
	cpu->counter_shift = t->shift;
}

static void run_code(struct arm_cpu *cpu)
{
	struct dbt_cache *k = &cpu->vm->cache;
	void (*enter)(struct arm_cpu *, void *) = (void (*)(struct arm_cpu *, void *))(uintptr_t)(k->rx + cpu->vm->stubs.enter);

	take_time(cpu);
	mem_reader_enter(&cpu->vcpu->reader);
	dbt_code_enter(cpu);
	__atomic_store_n(&cpu->in_code, 1, __ATOMIC_SEQ_CST);
	enter(cpu, k->rx + cpu->vm->stubs.dispatch);
	__atomic_store_n(&cpu->in_code, 0, __ATOMIC_SEQ_CST);
	dbt_code_leave(cpu);
	mem_reader_exit(&cpu->vcpu->reader);
}

static enum vm_exit dbt_vcpu_run(struct vcpu *v)
{
	struct arm_cpu *cpu = cpu_of(v);
	enum vcpu_power_state state;

	for (;;) {
		__atomic_and_fetch(&cpu->kick, ~(uint32_t)(KICK_PAUSE | KICK_EXIT), __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&v->pause_request, __ATOMIC_SEQ_CST))
			return EXIT_PAUSED;
		state = apply_power(cpu);
		if (state == VCPU_ON)
			run_code(cpu);
		else
			sleep_in(cpu, state);
	}
}

static int one_reg(struct arm_cpu *cpu, struct reg *r, bool write)
{
	uint64_t *field = NULL, val = 0;

	if (r->id >= ARM64_REG_V0 && r->id < ARM64_REG_V0 + 32) {
		if (r->size != 16)
			return -EINVAL;
		memcpy(write ? (void *)&cpu->v[r->id - ARM64_REG_V0] : r->val, write ? r->val : &cpu->v[r->id - ARM64_REG_V0], 16);
		return 0;
	}
	if (r->size != 8)
		return -EINVAL;
	memcpy(&val, r->val, 8);
	if (r->id < 31)
		field = &cpu->x[r->id];
	else if (r->id == ARM64_REG_SP)
		field = &cpu->sp;
	else if (r->id == ARM64_REG_PC)
		field = &cpu->pc;
	if (field) {
		memcpy(write ? (void *)field : r->val, write ? r->val : (void *)field, 8);
		return 0;
	}
	if (write) {
		if (r->id == ARM64_REG_FPCR)
			arm_set_fpcr(cpu, val);
		else if (r->id == ARM64_REG_FPSR)
			arm_set_fpsr(cpu, val);
		else
			return -ENOTSUP;
		return 0;
	}
	if (r->id == ARM64_REG_PSTATE)
		val = arm_pstate(cpu);
	else if (r->id == ARM64_REG_FPCR)
		val = cpu->fpcr;
	else if (r->id == ARM64_REG_FPSR)
		val = arm_fpsr(cpu);
	else if (r->id < ARM64_REG_SYS || !arm_sysreg_peek(cpu, r->id - ARM64_REG_SYS, &val))
		return -ENOENT;
	memcpy(r->val, &val, 8);
	return 0;
}

static int dbt_vcpu_regs(struct vcpu *v, struct reg *list, unsigned n, bool write)
{
	for (unsigned k = 0; k < n; k++) {
		int err = one_reg(cpu_of(v), &list[k], write);

		if (err)
			return err;
	}
	return 0;
}

static int dbt_clock_get(struct vm *vm, struct vm_clock *c)
{
	c->counter = vm_counter(&vm->time);
	c->host_ns = platform_now_ns();
	return 0;
}

static int dbt_irqchip_create(struct vm *vm, const struct irqchip_desc *d, struct irqchip **out)
{
	(void)vm;
	(void)d;
	(void)out;
	return -ENOTSUP;		/* devices' models serve */
}

const struct engine_ops dbt_engine = {
	.name = "dbt",
	.probe = dbt_probe,
	.vm_init = dbt_vm_init,
	.vm_ready = dbt_vm_ready,
	.vm_fini = dbt_vm_fini,
	.vm_reset = dbt_vm_reset,
	.clock_get = dbt_clock_get,
	.irqchip_create = dbt_irqchip_create,
	.vcpu_init = dbt_vcpu_init,
	.vcpu_fini = dbt_vcpu_fini,
	.vcpu_run = dbt_vcpu_run,
	.vcpu_kick = kick,
	.vcpu_regs = dbt_vcpu_regs,
	.vcpu_power = dbt_vcpu_power,
	.vcpu_pin = dbt_vcpu_pin,
};
