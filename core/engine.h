/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What runs a machine. An engine is chosen by (engine, isa) and is this table.
 *
 * Order: probe; vm_init; memory slots; irqchip_create; vcpu_init for each vCPU on its own thread; vm_ready; vcpu_run
 * until it says something about the machine's life. MMIO, port I/O and trapped registers never leave vcpu_run: they go
 * to the bus from inside. On return from vcpu_run no access is half done and no event is lost. A kick makes vcpu_run
 * return EXIT_PAUSED only if vcpu->pause_request is set; a kick before run is not lost.
 */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include "base/types.h"
#include "core/bus.h"
#include "core/irq.h"
#include "core/vcpu.h"
#include "isa/isa.h"

/* EXIT_FAULTED: the guest left its processor no way to go on (a triple fault), at which hardware resets the machine. */
enum vm_exit { EXIT_PAUSED, EXIT_SHUTDOWN, EXIT_RESET, EXIT_SUSPEND, EXIT_DEBUG, EXIT_CRASH, EXIT_FAILED, EXIT_FAULTED };

enum engine_cap {
	ENGINE_OWNS_IRQCHIP = 1,
	ENGINE_OWNS_POWER = 2,		/* PSCI/HSM in the kernel: power state read by vcpu_power */
	ENGINE_OWNS_TIMER = 4,
	ENGINE_HAS_IRQFD = 8,
	ENGINE_HAS_DOORBELL = 16,
	ENGINE_SOFT_MMU = 32,
};

struct engine_info {
	uint32_t caps;			/* enum engine_cap */
	uint32_t max_vcpus;
	uint32_t gpa_bits;
	uint64_t counter_hz;		/* of the guest's counter where the engine's host sets it; 0: as vm_init was told */
	uint32_t msi_ids;		/* interrupt identities of each IMSIC of irqchip "aia"; or 0 */
	uint64_t extensions;		/* what the CPU can do where a tree has to say so (isa/riscv64/extension.h); or 0 */
	const char *irqchips[3];	/* irqchip_desc.type of what it makes here, ended by NULL; none: all that boards have */
	bool has_pmu;			/* vm->pmu can be had */
};

/* A register: id from isa/ tables; size in bytes: 8, 16 (V), 256 (SVE), 4096+ (XSAVE). */
struct reg {
	uint32_t id;
	uint32_t size;
	void *val;
};

struct irqchip_desc {
	const char *type;		/* "gicv3", "gicv2", … */
	uint64_t dist_base, cpu_base;	/* distributor; redistributors or CPU interface */
	uint32_t spis;
	/* Of an ITS, which the engine makes if it can (then ops->msi is there), or of the IMSICs of an AIA. 0: none wanted. */
	uint64_t msi_base;
};

struct vm_clock {
	uint64_t counter, host_ns;	/* the guest's clock: its counter, on x86 kvmclock's nanoseconds */
	uint64_t tsc;			/* x86: the first vCPU's; 0: leave them */
};

struct debug_points {
	uint32_t count;
	bool step;
	struct { uint64_t va; uint32_t len; uint8_t kind; } point[16];	/* kind: 0 break, 1 write, 2 read, 3 access */
};

enum dirty_op { DIRTY_BEGIN, DIRTY_FETCH, DIRTY_END };

struct engine_ops {
	const char *name;
	/* 0 and *out filled, and a remark in why or nothing; -ENOTSUP: never such guests on such a host; -EACCES, -ENOENT,
	   -ENODEV: not as this host is now. why: what is wrong and what to do. */
	int (*probe)(enum isa_id isa, struct engine_info *out, char *why, size_t why_len);
	int (*vm_init)(struct vm *vm);
	int (*vm_ready)(struct vm *vm);
	void (*vm_fini)(struct vm *vm);
	int (*vm_reset)(struct vm *vm);		/* all paused: vCPUs to power-on state */
	int (*clock_get)(struct vm *vm, struct vm_clock *c);	/* both: all vCPUs parked */
	int (*clock_set)(struct vm *vm, const struct vm_clock *c);
	int (*irqchip_create)(struct vm *vm, const struct irqchip_desc *d, struct irqchip **out);	/* -ENOTSUP: use a model */
	int (*vcpu_init)(struct vcpu *v);	/* on the thread or CPU that will run it */
	void (*vcpu_fini)(struct vcpu *v);
	enum vm_exit (*vcpu_run)(struct vcpu *v);
	void (*vcpu_kick)(struct vcpu *v);	/* any context, async-signal-safe */
	/* Owner, outside run, or anybody while all vCPUs are parked; else by vcpu_call. */
	int (*vcpu_regs)(struct vcpu *v, struct reg *list, unsigned n, bool write);
	int (*vcpu_power)(struct vcpu *v, struct vcpu_power *p, bool write);	/* any thread */
	void (*vcpu_pin)(struct vcpu *v, enum cpu_pin pin, bool level);		/* any context; kicks */
	int (*vcpu_fault)(struct vcpu *v, const struct isa_fault *f);
	int (*vcpu_debug)(struct vcpu *v, const struct debug_points *p);
	int (*doorbell)(struct vm *vm, struct region *r, const struct doorbell *d, bool on);	/* or NULL */
	int (*route)(struct vm *vm, struct irq_route *const *list, unsigned n);	/* see irq_route.h; or NULL */
	void (*eoi_changed)(struct vm *vm);	/* the irqchip's level_message says something new; no lock held; or NULL */
	int (*dirty)(struct vm *vm, uint32_t slot, enum dirty_op op, uint64_t *bitmap, size_t words);
};

#endif
