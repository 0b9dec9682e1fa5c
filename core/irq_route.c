/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Message routes: mask, pending, and who delivers; see irq_route.h.
 *
 * A signal looks at the mask and takes the message under the route's lock, and sends outside of it: a mask that is set
 * meanwhile lets at most the interrupt through that was on its way.
 */
#include "core/engine.h"
#include "core/irq_route.h"
#include "core/vm.h"

static void route_signalled(struct notifier *n)
{
	irq_route_signal(container_of(n, struct irq_route, notifier));
}

static int tell_engine(struct irq_route *const *list, unsigned n)
{
	struct vm *vm = list[0]->vm;
	int err = vm->engine && vm->engine->route ? vm->engine->route(vm, list, n) : 0;
	bool linked = vm->engine && vm->engine->route && !err;

	for (unsigned i = 0; i < n; i++)
		__atomic_store_n(&list[i]->linked, linked, __ATOMIC_RELEASE);
	return err;
}

void irq_route_init(struct irq_route *r, struct vm *vm)
{
	*r = (struct irq_route){ .vm = vm, .notifier = { .signal = route_signalled, .fd = -1 } };
	tell_engine(&r, 1);
}

void irq_route_fini(struct irq_route *r)
{
	r->ending = true;
	irq_route_stage(r, NULL, true);
	tell_engine(&r, 1);
	r->linked = false;
}

void irq_route_stage(struct irq_route *r, const struct msi *msi, bool masked)
{
	lock_acquire(&r->lock);
	r->armed = msi;
	if (msi)
		r->msi = *msi;
	r->masked = masked;
	lock_release(&r->lock);
}

bool irq_route_get(struct irq_route *r, struct msi *msi)
{
	bool live;

	lock_acquire(&r->lock);
	live = r->armed && !r->masked;
	*msi = r->msi;
	lock_release(&r->lock);
	return live;
}

/* The message to send, or false and `pending` says that there is one. */
static bool take(struct irq_route *r, struct msi *msi, bool raise)
{
	bool go;

	lock_acquire(&r->lock);
	go = (raise || r->pending) && r->armed && !r->masked;
	r->pending = (raise || r->pending) && !go;
	*msi = r->msi;
	lock_release(&r->lock);
	return go;
}

static void deliver(struct irq_route *r, const struct msi *msi)
{
	if (__atomic_load_n(&r->linked, __ATOMIC_ACQUIRE))
		notifier_signal(&r->notifier);
	else
		msi_send(r->vm->irqchip, msi);
}

int irq_route_commit(struct irq_route *const *list, unsigned n)
{
	int err = n ? tell_engine(list, n) : 0;
	struct msi msi;

	for (unsigned i = 0; i < n; i++)
		if (take(list[i], &msi, false))
			deliver(list[i], &msi);
	return err;
}

int irq_route_set(struct irq_route *r, const struct msi *msi, bool masked)
{
	irq_route_stage(r, msi, masked);
	return irq_route_commit(&r, 1);
}

void irq_route_signal(struct irq_route *r)
{
	struct msi msi;

	if (take(r, &msi, true))
		deliver(r, &msi);
}

struct notifier *irq_route_notifier(struct irq_route *r)
{
	return &r->notifier;
}

struct notifier *irq_route_direct(struct irq_route *r)
{
	return __atomic_load_n(&r->linked, __ATOMIC_ACQUIRE) && r->notifier.fd >= 0 ? &r->notifier : NULL;
}

bool irq_route_pending(struct irq_route *r)
{
	bool pending;

	lock_acquire(&r->lock);
	pending = r->pending;
	lock_release(&r->lock);
	return pending;
}

void irq_route_forget(struct irq_route *r)
{
	lock_acquire(&r->lock);
	r->pending = false;
	lock_release(&r->lock);
}
