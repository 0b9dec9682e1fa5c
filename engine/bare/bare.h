/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bare engine: cells beside a running operating system, which becomes the root cell (docs/bare.md).
 *
 * A cell is a set of CPUs, memory and interrupts; a CPU belongs to one cell at a time and runs nothing else, so there is no
 * scheduler. What is here knows no architecture; an architecture embeds struct cell and struct cpu in its own structures and has
 * the functions of engine/bare/arch.h.
 *
 * Everything runs on the CPU that trapped, interrupts off. Fields say who changes them:
 * - management: what holds sys->management, and has stopped the CPUs concerned (engine/bare/cpu.h);
 * - owner: that CPU itself;
 * - atomic: anybody.
 */
#ifndef ENGINE_BARE_BARE_H
#define ENGINE_BARE_BARE_H

#include "abi/config.h"
#include "abi/hypercall.h"
#include "abi/image.h"
#include "abi/serve.h"
#include "base/bits.h"
#include "base/errno.h"
#include "base/lock.h"
#include "base/types.h"
#include "engine/bare/mmio.h"
#include "engine/bare/pool.h"

#define PAGE_BYTES	4096ull
#define MAX_CELLS	32u

struct bare;
struct regs;			/* the architecture's: a trapped CPU's registers */

enum cpu_power { POWER_OFF, POWER_STARTING, POWER_ON, POWER_FAILED };

/* struct cpu.request */
#define REQUEST_STOP	BIT(0)	/* stay in the engine while it is set */
#define REQUEST_OFF	BIT(1)	/* leave the guest; park */
#define REQUEST_START	BIT(2)	/* from `entry`, reset */
#define REQUEST_LEAVE	BIT(3)	/* a parked one: to the firmware, for ever */

#define ENGINE_LOCKS	4u	/* management, ivshmem_lock, an architecture's, console_lock: taken in this order */

struct cpu {
	struct bare *sys;
	struct cell *cell;		/* management */
	uint32_t number;		/* Linux's */
	bool present;			/* it entered: EL2 is ours there */
	bool stopped;			/* atomic; answers REQUEST_STOP */
	enum cpu_power power;		/* owner; from OFF to STARTING by whoever asks for the start */
	uint64_t request;		/* atomic */
	uint64_t entry, arg;		/* of REQUEST_START */
	bool cold;			/* of REQUEST_START: interrupts start over as well */
	uint32_t stat[STAT_COUNT];	/* owner */
	uint32_t served;		/* owner; accesses that the root was asked for */
	struct lock *held[ENGINE_LOCKS];	/* owner; the last one last: engine_lock */
	uint32_t locks;
};

struct cell {
	struct bare *sys;
	const struct cell_config *config;	/* our copy; for the root inside the system's */
	uint64_t cpus;			/* management; bit n: CPU n */
	struct comm_region *comm;	/* NULL for the root */
	bool talks;			/* it has a region to see comm in, and isn't passive */
	bool asked;			/* management; to shut down, at the time below */
	uint64_t asked_at;		/* ns */
	struct mmio_table mmio;
	struct ivshmem *ivshmem;	/* its devices: a page of the pool, or NULL */
	uint32_t num_ivshmem;
	bool loadable;			/* its loadable memory is mapped to the root */
	uint32_t pages, config_pages;	/* what the pool gave for this and for the configuration */
};

struct bare {
	const struct image_header *image;
	const struct system_config *config;
	struct image_console *console;
	struct lock console_lock;
	struct pool pool;
	struct serve_slot *slots;	/* a page, the root's to write as well; NULL: nothing can be served */
	struct lock ivshmem_lock;
	struct ivshmem *ivshmem;	/* with that: the devices of all cells */
	struct lock management;
	struct cell *cell[MAX_CELLS];	/* management; [0] the root */
	struct cpu *cpu[IMAGE_MAX_CPUS];
	uint32_t max_cpus;
	uint64_t leaving;		/* management: CPUs in HC_DISABLE */
	int leave_error;		/* management: what one of them has against it */
	uint32_t leave_round;		/* atomic: counts decisions */
	int leave_result;		/* of the last one */
};

static inline struct cell *root_of(const struct bare *sys)
{
	return sys->cell[0];
}

/* Loads of what other CPUs change. */
#define read_once(x)	__atomic_load_n(&(x), __ATOMIC_ACQUIRE)

#define for_each_cpu(c, sys, set) \
	for (uint64_t c##_set = (set), c##_n; c##_set; c##_set &= c##_set - 1) \
		if ((c##_n = ctz64(c##_set)), (c = (sys)->cpu[c##_n]) != NULL)

/* A trapped hypercall; the result for the caller. May not return (HC_DISABLE). */
int64_t hypercall(struct cpu *cpu, struct regs *regs, uint64_t number, uint64_t a1, uint64_t a2);

#endif
