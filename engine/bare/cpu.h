/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one CPU asks of another. A request is a bit in cpu->request and a kick; the other looks when it is in the engine, before
 * it goes back to its guest, while it is parked and while it waits for something (cpu_poll), so that two that wait for each
 * other get on.
 */
#ifndef ENGINE_BARE_CPU_H
#define ENGINE_BARE_CPU_H

#include "engine/bare/bare.h"

/* Before the return to the guest when anything is in cpu->request, or the CPU isn't on. Comes back when it may run. */
void cpu_requests(struct cpu *cpu, struct regs *regs);
/* In loops that wait for others. */
void cpu_poll(struct cpu *cpu);

/*
 * All of the engine's locks are taken by these, so that those of a CPU that met a fault inside the engine can be given up
 * (engine_locks_drop), and the CPUs that it had stopped go on: what it was changing stays as it is, half done.
 */
void engine_lock(struct lock *l);
bool engine_lock_try(struct lock *l);
void engine_unlock(struct lock *l);
void engine_locks_drop(struct cpu *cpu);

/* sys->management, with cpu_poll while another has it. */
void management_enter(struct cpu *cpu);
void management_leave(struct cpu *cpu);

/* Holds CPUs (but the caller) in the engine, and lets them go. A parked one counts as held. */
void cpus_stop(struct cpu *self, uint64_t set);
void cpus_go(struct cpu *self, uint64_t set);
/* Parks them, and waits for it. Not the caller. */
void cpus_park(struct cpu *self, uint64_t set);
/* A parked CPU starts in its cell. False: it isn't off. Without sys->management for one's own cell. */
bool cpu_start(struct cpu *cpu, uint64_t entry, uint64_t arg, bool cold);

/* It turns off before it runs its guest again; nobody waits. */
void cpu_turn_off(struct cpu *cpu);

/* The guest of this CPU did what can't go on: logged, parked; the cell has failed when it was running. */
void cpu_fail(struct cpu *cpu, struct regs *regs, const char *why);

static inline bool cpu_must_stay(struct cpu *cpu)
{
	return read_once(cpu->request) || read_once(cpu->power) != POWER_ON;
}

#endif
