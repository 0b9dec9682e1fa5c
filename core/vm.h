/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine: memory, buses, time, vCPUs, devices and the engine that runs them.
 *
 * The order in which locks are taken: core/lock_order.h.
 */
#ifndef CORE_VM_H
#define CORE_VM_H

#include "base/arena.h"
#include "base/work.h"
#include "core/bus.h"
#include "core/device.h"
#include "core/engine.h"
#include "core/mem.h"
#include "core/time.h"
#include "core/vcpu.h"

#define VM_MAX_VCPUS	64

struct cpu_model;		/* isa/arm64/cpu_model.h and its like */

/* How the machine's life ends or changes, told to whoever runs it (ctl/). Any thread, must not block. */
struct vm_events {
	void (*request)(struct vm *vm, enum vm_exit what);	/* EXIT_SHUTDOWN, EXIT_RESET, EXIT_CRASH … */
	void *ctx;
};

struct vm {
	const char *name;
	enum isa_id isa;
	const struct engine_ops *engine;
	void *engine_vm;				/* the engine's own */
	const void *engine_options;		/* set by cmd/ before vm_init; what it is only the engine knows */
	struct engine_info engine_info;
	const struct cpu_model *cpu_model;
	bool pmu;				/* vCPUs have performance counters; set before vm_init, if engine_info.has_pmu */
	struct arena arena;
	struct lock lock;
	struct mem mem;
	struct bus bus;
	struct vm_time time;
	struct workq *control;			/* the control loop's inbox */
	struct list devices;
	uint32_t vcpu_count;
	struct vcpu *vcpu[VM_MAX_VCPUS];
	struct irqchip *irqchip;
	struct vm_events events;
	/* Calls by which a guest asks for firmware (HVC, SMC, SBI ecall); args in and out: x0..x7 or a0..a7.
	   Returns false when there is no such service (the engine injects UNDEFINED). Set by the machine. */
	bool (*firmware_call)(struct vcpu *v, bool smc, uint64_t args[8]);
	struct chardev *firmware_console;	/* where such firmware prints, or NULL; not ours */
	/* Semihosting, or NULL: op and parameter pointer; returns the result register. */
	uint64_t (*semihosting)(struct vcpu *v, uint64_t op, uint64_t param);
	void *semihosting_ctx;
};

/* The caller owns vm (zeroed), and its arena is set up already. -ENOMEM, -EINVAL. */
int vm_init(struct vm *vm, enum isa_id isa, const struct engine_ops *engine, uint64_t counter_hz);
int vm_vcpus_create(struct vm *vm, uint32_t count);
void vm_request(struct vm *vm, enum vm_exit what);
/* Sets pause_request for every vCPU and kicks those that run; returns at once. Whoever pauses waits for the runners. */
void vm_kick_all(struct vm *vm);

#endif
