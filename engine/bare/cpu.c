/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests between CPUs, parking and failing; engine/bare/cpu.h tells how. */
#include "base/cpu.h"
#include "base/log.h"
#include "engine/bare/arch.h"
#include "engine/bare/cpu.h"

static void request_set(struct cpu *cpu, uint64_t bits)
{
	__atomic_fetch_or(&cpu->request, bits, __ATOMIC_SEQ_CST);
	arch_cpu_kick(cpu);
}

static void request_clear(struct cpu *cpu, uint64_t bits)
{
	__atomic_fetch_and(&cpu->request, ~bits, __ATOMIC_SEQ_CST);
}

static void cpu_stay(struct cpu *cpu)
{
	__atomic_store_n(&cpu->stopped, true, __ATOMIC_SEQ_CST);
	while (read_once(cpu->request) & REQUEST_STOP)
		cpu_relax();
	arch_irqs_withdraw(cpu);
	__atomic_store_n(&cpu->stopped, false, __ATOMIC_SEQ_CST);
}

void cpu_poll(struct cpu *cpu)
{
	if (read_once(cpu->request) & REQUEST_STOP)
		cpu_stay(cpu);
	cpu_relax();
}

/* A start that was asked for before is off, too. */
static void cpu_is_off(struct cpu *cpu)
{
	arch_cpu_quiet(cpu);
	request_clear(cpu, REQUEST_START);
	__atomic_store_n(&cpu->power, POWER_OFF, __ATOMIC_RELEASE);
	request_clear(cpu, REQUEST_OFF);
}

void cpu_requests(struct cpu *cpu, struct regs *regs)
{
	bool quiet = false;

	while (cpu_must_stay(cpu)) {
		uint64_t request = read_once(cpu->request);

		if (request & REQUEST_STOP) {
			cpu_stay(cpu);
		} else if (request & REQUEST_OFF) {
			cpu_is_off(cpu);
		} else if (request & REQUEST_LEAVE) {
			arch_cpu_leave(cpu, NULL, 0);
		} else if (request & REQUEST_START) {
			request_clear(cpu, REQUEST_START);
			arch_cpu_reset(cpu, regs);
			__atomic_store_n(&cpu->power, POWER_ON, __ATOMIC_RELEASE);
		} else {
			if (!quiet)
				arch_cpu_quiet(cpu);
			quiet = true;
			arch_cpu_wait(cpu);
		}
	}
}

bool engine_lock_try(struct lock *l)
{
	struct cpu *cpu = arch_this_cpu();

	if (!lock_try(l))
		return false;
	cpu->held[cpu->locks++] = l;
	return true;
}

void engine_lock(struct lock *l)
{
	while (!engine_lock_try(l))
		cpu_relax();
}

void engine_unlock(struct lock *l)
{
	arch_this_cpu()->locks--;
	lock_release(l);
}

void engine_locks_drop(struct cpu *cpu)
{
	struct cpu *c;

	while (cpu->locks) {
		struct lock *l = cpu->held[--cpu->locks];

		for_each_cpu(c, cpu->sys, l == &cpu->sys->management ? ~0ull : 0)
			request_clear(c, REQUEST_STOP);
		lock_release(l);
	}
}

void management_enter(struct cpu *cpu)
{
	while (!engine_lock_try(&cpu->sys->management))
		cpu_poll(cpu);
}

void management_leave(struct cpu *cpu)
{
	engine_unlock(&cpu->sys->management);
}

void cpus_stop(struct cpu *self, uint64_t set)
{
	struct cpu *c;

	set &= ~BIT(self->number);
	for_each_cpu(c, self->sys, set)
		request_set(c, REQUEST_STOP);
	for_each_cpu(c, self->sys, set)
		while (!read_once(c->stopped))
			cpu_relax();
}

void cpus_go(struct cpu *self, uint64_t set)
{
	struct cpu *c;

	set &= ~BIT(self->number);
	for_each_cpu(c, self->sys, set)
		request_clear(c, REQUEST_STOP);
	for_each_cpu(c, self->sys, set)
		while (read_once(c->stopped))
			cpu_relax();
}

/* Held first: or one that is parked already would be started by one that isn't yet. */
void cpus_park(struct cpu *self, uint64_t set)
{
	struct cpu *c;

	cpus_stop(self, set);
	for_each_cpu(c, self->sys, set)
		request_set(c, REQUEST_OFF);
	cpus_go(self, set);
	for_each_cpu(c, self->sys, set)
		while (read_once(c->request) & REQUEST_OFF)
			cpu_relax();
}

bool cpu_start(struct cpu *cpu, uint64_t entry, uint64_t arg, bool cold)
{
	enum cpu_power off = POWER_OFF;

	if (!__atomic_compare_exchange_n(&cpu->power, &off, POWER_STARTING, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return false;
	cpu->entry = entry;
	cpu->arg = arg;
	cpu->cold = cold;
	request_set(cpu, REQUEST_START);
	return true;
}

void cpu_turn_off(struct cpu *cpu)
{
	__atomic_fetch_or(&cpu->request, REQUEST_OFF, __ATOMIC_SEQ_CST);
	if (cpu != arch_this_cpu())
		arch_cpu_kick(cpu);
}

void cpu_fail(struct cpu *cpu, struct regs *regs, const char *why)
{
	struct comm_region *comm = cpu->cell->comm;

	log_error("CPU %u of cell '%s' is parked: %s", cpu->number, cpu->cell->config->name, why);
	arch_regs_log(cpu, regs);
	__atomic_store_n(&cpu->power, POWER_FAILED, __ATOMIC_RELEASE);
	if (comm)
		comm->cell_state = CELL_FAILED;
}
