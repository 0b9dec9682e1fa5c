/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an architecture does for the bare engine. Its files lie in a folder of their own below engine/bare; a test may stand in
 * for it. Called with sys->management held unless it says otherwise.
 */
#ifndef ENGINE_BARE_ARCH_H
#define ENGINE_BARE_ARCH_H

#include "engine/bare/bare.h"

/* ---- cells ---- */

/* Bytes of the architecture's structure, which begins with struct cell. */
extern const uint32_t arch_cell_bytes;

/* The guest's address space, nothing mapped, its interrupts and trapped devices; cell->config and ->mmio are there. */
int arch_cell_init(struct cell *cell);
void arch_cell_exit(struct cell *cell);
/* After the root's memory was mapped: takes out what is nobody's, and lets it read the log. */
int arch_root_finish(struct cell *root);
/* Is anything there that no cell may have as its own, but for the engine's memory? */
bool arch_is_reserved(const struct bare *sys, uint64_t phys, uint64_t size);

/* The cell's address space. After a number of these, arch_cell_flush. flags: MEMORY_*. */
int arch_map(struct cell *cell, uint64_t virt, uint64_t phys, uint64_t size, uint64_t flags);
int arch_unmap(struct cell *cell, uint64_t virt, uint64_t size);
void arch_cell_flush(struct cell *cell);
/* Where the page at `virt` is, if the cell may read it as memory. */
bool arch_translate(const struct cell *cell, uint64_t virt, uint64_t *phys);

/* The cell's shared interrupts: from the root; reset, for a start; back to the root. */
void arch_irqs_take(struct cell *cell);
void arch_irqs_reset(struct cell *cell);
void arch_irqs_return(struct cell *cell);
/* This CPU, before it goes on after it was held: what it had for its guest of interrupts that a cell took is gone. */
void arch_irqs_withdraw(struct cpu *cpu);

/*
 * Sets a shared interrupt of the cell pending, or takes that back, when all that was written before can be seen. -EPERM: it isn't
 * the cell's. Without sys->management, but the cell must stay.
 */
int arch_irq_set(const struct cell *cell, uint32_t irq, bool pending);

/* What the cell is told of the machine: interrupt controller, PCI. */
void arch_comm_fill(const struct cell *cell, struct comm_region *comm);

/* ---- memory ---- */

#define WINDOW_BYTES	(2ull << 20)

/* Memory that isn't the engine's, or a device's registers, until the next call on this CPU; whole pages, at most WINDOW_BYTES. */
void *arch_window(struct cpu *cpu, uint64_t phys, uint64_t size, bool device);
/* Clean and invalidate in all caches. zero: first. */
void arch_clean(void *start, uint64_t size);
void arch_zero(void *start, uint64_t size);
/* All instruction caches, when code was loaded. */
void arch_icache_flush(void);

/* ---- CPUs; also without sys->management ---- */

struct cpu *arch_this_cpu(void);
/* Makes it enter the engine and look at its requests. */
void arch_cpu_kick(struct cpu *cpu);
/* Its registers as after reset, at cpu->entry with cpu->arg; cpu->cold: its interrupts too. For its present cell. */
void arch_cpu_reset(struct cpu *cpu, struct regs *regs);
/* It is off: nothing more of the guest's comes to it. */
void arch_cpu_quiet(struct cpu *cpu);
/* Waits for an interrupt and takes it; wakes for nothing, too. */
void arch_cpu_wait(struct cpu *cpu);
/* Does the guest have an interrupt to take? */
bool arch_irq_waits(struct cpu *cpu);
/* The engine is over for this CPU. Back to what was before, to the caller of regs, or with regs NULL to the firmware: off. */
void arch_cpu_leave(struct cpu *cpu, struct regs *regs, int64_t result) NORETURN;
/* Has the firmware got it? */
bool arch_cpu_is_gone(struct cpu *cpu);
/* May this CPU of the root leave now? 0, or -EAGAIN: in a moment. */
int arch_may_leave(struct cpu *cpu);
/* Before the first CPU leaves: what all share, as it was. Every CPU is in the engine. */
void arch_disable(struct bare *sys);
/* Registers into the log. */
void arch_regs_log(struct cpu *cpu, const struct regs *regs);

#endif
