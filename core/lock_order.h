/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of locks, outermost first: whoever holds one takes only those further down. Builds with sanitizers check it
 * (base/lock.h). Locks that are not named here are leaves: nothing is taken while one is held.
 *
 * Never hold a device lock while sending an MSI, calling a back-end or waiting for a vCPU.
 */
#ifndef CORE_LOCK_ORDER_H
#define CORE_LOCK_ORDER_H

#include "base/lock.h"

enum lock_order {
	LOCK_VM = 1,			/* vm->lock */
	LOCK_SETTLE = 2,		/* what follows from a write to PCI configuration space, one vCPU at a time */
	LOCK_QUEUE = 3 | LOCK_NESTS,	/* a virtqueue's, for a batch; what is sent may be answered into the receiving one */
	LOCK_DEVICE = 4 | LOCK_NESTS,	/* device->lock; a transport's and then its device's */
	LOCK_MAP = 5,			/* writers of struct mem and struct bus */
	LOCK_LINE,			/* what a device holds while it drives its interrupt line (arm_timer_channel) */
	LOCK_IRQCHIP,			/* a controller's */
	LOCK_IRQCHIP_CPU,		/* and a vCPU's part of it */
	LOCK_TIME,			/* struct vm_time: a leaf */
};

#endif
