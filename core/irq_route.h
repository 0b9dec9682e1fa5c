/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A route: one message-signalled interrupt of a device, as its guest set it up, and a notifier that raises it. An MSI-X
 * table's entry, an MSI function's message and a vhost call fd each own one.
 *
 * The owner (a PCI function) tells the route its message and its mask. Whoever has an interrupt to raise calls
 * irq_route_signal or hands out irq_route_notifier. What is signalled while the route is masked or has no message stays
 * pending, once, and goes out when that changes. Everything may be called from any thread; irq_route_stage under a device
 * lock too, while signal, set and commit send messages and so want none held.
 *
 * Without an engine's help a signal is a call of msi_send. An engine with routes of its own (engine_ops.route) makes the
 * notifier's fd an irqfd, so that producers in the kernel reach a controller in the kernel without us. Its hook is called
 * after irq_route_init, after changes, and with r->ending before the end; under a lock of the engine's own it asks
 * irq_route_get what holds now and makes that so:
 *
 *	the first time	takes a GSI, creates an eventfd, sets notifier.signal and notifier.fd;
 *	live		the eventfd raises the message;
 *	not live	the eventfd raises nothing; what is written to it stays there, and is delivered when it is live again;
 *	ending		gives everything back.
 *
 * An error leaves the routes of the batch to core, which calls msi_send for them.
 */
#ifndef CORE_IRQ_ROUTE_H
#define CORE_IRQ_ROUTE_H

#include "base/lock.h"
#include "base/notifier.h"
#include "core/irq.h"

struct vm;

struct irq_route {
	struct vm *vm;
	struct lock lock;		/* leaf; the next four: */
	struct msi msi;
	bool armed;			/* msi holds a message */
	bool masked;
	bool pending;
	bool linked;			/* atomic: the engine takes the signals */
	bool ending;
	struct notifier notifier;
	uint32_t gsi;			/* the engine's own, as is the next */
	void *engine_route;
};

void irq_route_init(struct irq_route *r, struct vm *vm);
void irq_route_fini(struct irq_route *r);	/* nobody signals any more */
/* What the guest wants now; msi NULL: no message. Takes effect with irq_route_commit. */
void irq_route_stage(struct irq_route *r, const struct msi *msi, bool masked);
/* Tells the engine of n routes at once, and sends what was pending. The engine's error. */
int irq_route_commit(struct irq_route *const *list, unsigned n);
int irq_route_set(struct irq_route *r, const struct msi *msi, bool masked);	/* both, for one */
bool irq_route_get(struct irq_route *r, struct msi *msi);	/* is it live, that is armed and not masked; and how */
void irq_route_signal(struct irq_route *r);
struct notifier *irq_route_notifier(struct irq_route *r);
struct notifier *irq_route_direct(struct irq_route *r);	/* that with a descriptor of the engine's, or NULL */
bool irq_route_pending(struct irq_route *r);
void irq_route_forget(struct irq_route *r);	/* what is pending, at a reset */

#endif
