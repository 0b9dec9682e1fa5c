/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls by number (abi/hypercall.h), and the way out that all CPUs of the root take together. */
#include "base/cpu.h"
#include "base/log.h"
#include "base/platform.h"
#include "engine/bare/arch.h"
#include "engine/bare/cell.h"
#include "engine/bare/console.h"
#include "engine/bare/cpu.h"
#include "engine/bare/serve.h"

#define LEAVE_TIMEOUT_NS	10000000000ull

static uint64_t cpus_on(const struct cell *cell)
{
	struct cpu *c;
	uint64_t on = 0;

	for_each_cpu(c, cell->sys, cell->cpus)
		if (read_once(c->power) == POWER_ON || read_once(c->power) == POWER_STARTING)
			on |= BIT(c->number);
	return on;
}

/* The last one to come: CPUs that Linux has turned off, or that are lost, go to the firmware, and what all share is put right. */
static void engine_end(struct cpu *self)
{
	struct bare *sys = self->sys;
	struct cpu *c;

	for_each_cpu(c, sys, ~sys->leaving) {
		__atomic_fetch_or(&c->request, REQUEST_LEAVE, __ATOMIC_SEQ_CST);
		arch_cpu_kick(c);
		while (!arch_cpu_is_gone(c))
			cpu_relax();
	}
	arch_disable(sys);
}

/* With management: are all there, and what comes of it? */
static bool leave_decide(struct cpu *cpu)
{
	struct bare *sys = cpu->sys;

	sys->leaving |= BIT(cpu->number);
	if (!sys->leave_error)
		sys->leave_error = arch_may_leave(cpu);
	if (sys->leaving != cpus_on(root_of(sys)))
		return false;
	sys->leave_result = cell_count(sys) > 1 ? -EBUSY : sys->leave_error;
	if (!sys->leave_result)
		engine_end(cpu);
	sys->leaving = 0;
	sys->leave_error = 0;
	__atomic_fetch_add(&sys->leave_round, 1, __ATOMIC_SEQ_CST);
	return true;
}

/* Nobody else may come: takes its own vote back. False: the decision came after all. */
static bool leave_give_up(struct cpu *cpu, uint32_t round)
{
	bool alone;

	management_enter(cpu);
	alone = cpu->sys->leave_round == round;
	if (alone)
		cpu->sys->leaving &= ~BIT(cpu->number);
	management_leave(cpu);
	return alone;
}

static int64_t engine_disable(struct cpu *cpu, struct regs *regs)
{
	struct bare *sys = cpu->sys;
	uint64_t start = platform_now_ns();
	uint32_t round;
	bool decided;

	if (cpu->cell != root_of(sys))
		return -EPERM;
	management_enter(cpu);
	round = sys->leave_round;
	decided = leave_decide(cpu);
	management_leave(cpu);
	while (!decided && read_once(sys->leave_round) == round) {
		if (platform_now_ns() - start > LEAVE_TIMEOUT_NS && leave_give_up(cpu, round))
			return -ETIMEDOUT;
		cpu_poll(cpu);
	}
	if (sys->leave_result)
		return sys->leave_result;
	arch_cpu_leave(cpu, regs, 0);
}

static int64_t engine_info(const struct bare *sys, uint64_t what)
{
	switch (what) {
	case INFO_POOL_SIZE:	return sys->pool.pages;
	case INFO_POOL_USED:	return sys->pool.used;
	case INFO_REMAP_SIZE:	return (int64_t)(sys->max_cpus * (WINDOW_BYTES / PAGE_BYTES));
	case INFO_REMAP_USED:	return 0;
	case INFO_CELLS:	return cell_count(sys);
	default:		return -EINVAL;
	}
}

/* The root may ask about every CPU, others about their own. */
static int64_t cpu_info(struct cpu *cpu, uint64_t number, uint64_t type)
{
	struct cpu *c = number < IMAGE_MAX_CPUS ? cpu->sys->cpu[number] : NULL;

	if (!c || !c->present)
		return -EINVAL;
	if (cpu->cell != root_of(cpu->sys) && c->cell != cpu->cell)
		return -EPERM;
	if (type == CPU_INFO_STATE)
		return read_once(c->power) == POWER_FAILED ? CPU_FAILED : CPU_RUNNING;
	if (type >= CPU_INFO_STAT && type - CPU_INFO_STAT < STAT_COUNT)
		return c->stat[type - CPU_INFO_STAT] & INT32_MAX;
	return -EINVAL;
}

static int64_t console_putc(struct cpu *cpu, uint64_t c)
{
	if (!(cpu->cell->config->flags & CELL_CONSOLE_PERMITTED))
		return -EPERM;
	console_write(cpu->sys, &(char){ (char)c }, 1);
	return 0;
}

int64_t hypercall(struct cpu *cpu, struct regs *regs, uint64_t number, uint64_t a1, uint64_t a2)
{
	cpu->stat[STAT_HYPERCALL]++;
	switch (number) {
	case HC_DISABLE:		return engine_disable(cpu, regs);
	case HC_CELL_CREATE:		return cell_create(cpu, a1);
	case HC_CELL_START:		return cell_start(cpu, a1);
	case HC_CELL_SET_LOADABLE:	return cell_set_loadable(cpu, a1);
	case HC_CELL_DESTROY:		return cell_destroy(cpu, a1, a2 == DESTROY_UNASKED);
	case HC_INFO:			return engine_info(cpu->sys, a1);
	case HC_CELL_STATE:		return cell_get_state(cpu, a1);
	case HC_CPU_INFO:		return cpu_info(cpu, a1, a2);
	case HC_CONSOLE_PUTC:		return console_putc(cpu, a1);
	case HC_SERVE_INFO:		return serve_info(cpu);
	case HC_SERVE_IRQ:		return serve_irq(cpu, a1, a2);
	default:			return -ENOSYS;
	}
}
