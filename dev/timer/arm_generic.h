/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The EL1 physical and virtual generic timers of each vCPU (ARM DDI 0487, D12), reached through BUS_SYSREG: CNTP_*
 * and CNTV_* TVAL, CTL, CVAL. There is no EL2, so both count the same counter, vm_counter(). Counter reads, CNTFRQ,
 * CNTKCTL and the checks of EL0 access are the engine's.
 *
 * Threads: a vCPU writes its registers; the control loop fires. A channel has a lock of its own, held while it
 * drives its line. A timer fires early when the guest-time clock is coarser than the counter: it looks again and
 * waits on.
 */
#ifndef DEV_TIMER_ARM_GENERIC_H
#define DEV_TIMER_ARM_GENERIC_H

#include "core/device.h"
#include "core/vm.h"

#define ARM_TIMER_PHYS_PPI	30
#define ARM_TIMER_VIRT_PPI	27

enum arm_timer_id { ARM_TIMER_PHYS, ARM_TIMER_VIRT, ARM_TIMERS };

struct arm_timer_channel {
	struct timer timer;
	struct lock lock;
	struct vm_time *time;
	struct irq_line irq;
	uint64_t cval;
	uint8_t ctl;			/* ENABLE and IMASK */
	bool line;			/* what the controller was told */
};

struct arm_timer {
	struct device dev;
	struct region regs;
	uint32_t vcpus;
	uint32_t phys_ppi, virt_ppi;	/* properties: INTIDs, 30 and 27 */
	struct arm_timer_channel channel[VM_MAX_VCPUS * ARM_TIMERS];	/* vCPU * ARM_TIMERS + id */
};

extern const struct dev_class arm_timer_class;

/* After device_init: PPIs to the controller, registers onto the bus. */
int arm_timer_connect(struct device *d, struct irqchip *chip);
void arm_timer_fdt_node(struct fdt_writer *w, uint32_t phys_ppi, uint32_t virt_ppi);	/* INTIDs; ours or a kernel's */

#endif
