/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with vCPUs that run nothing, for tests of devices: time moves by hand, the engine only remembers the
 * levels of the vCPUs' pins, accesses go through the bus as a guest's would.
 */
#ifndef TESTS_DEV_BOARD_H
#define TESTS_DEV_BOARD_H

#include "core/device.h"
#include "core/fdt.h"
#include "core/vm.h"

#define BOARD_HZ	62500000u	/* the architected counter: 16 ns */
#define TICK_NS		16u

struct board {
	struct vm vm;
	struct workq control;
	struct engine_ops engine;
	uint64_t host_ns;
	bool pin[VM_MAX_VCPUS][CPU_PINS];
	unsigned pin_changes;
	unsigned requests;
	enum vm_exit request;
	uint8_t *memory;
};

/* hwid of vCPU i: Aff1 = i / 16, Aff0 = i % 16. Stops the test when something fails. */
struct board *board_new(uint32_t vcpus);
void board_free(struct board *b);
struct device *board_device(struct board *b, const struct dev_class *cls);	/* created, not initialised */

/* A guest's accesses, by vCPU. board_try tells what the bus said; the others want BUS_OK. */
enum bus_result board_try(struct board *b, enum bus_space s, uint32_t cpu, uint64_t addr, unsigned size, bool write,
			  uint64_t *value);
uint64_t board_read(struct board *b, uint32_t cpu, uint64_t addr, unsigned size);
void board_write(struct board *b, uint32_t cpu, uint64_t addr, unsigned size, uint64_t value);
uint64_t board_mrs(struct board *b, uint32_t cpu, uint32_t reg);
void board_msr(struct board *b, uint32_t cpu, uint32_t reg, uint64_t value);

void board_run(struct board *b);			/* due timers and deferred work */
void board_advance(struct board *b, uint64_t ns);	/* time passes, then board_run */

/* The device tree that these devices' nodes make, in a buffer that the next call uses again. */
void board_tree(struct fdt *tree, struct device *const *devices, size_t count);

/* Saves the device's state table, spoils the fields, loads them again and compares. */
void board_round_trip(struct device *d);

#endif
