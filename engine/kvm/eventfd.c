/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doorbells as ioeventfds, and message routes as irqfds.
 *
 * The kernel takes its routing table whole: entries that are always there, and one for each route that has a message.
 * A route that is not live keeps its place but has no irqfd: what is written to its eventfd waits there, and KVM looks
 * for that when the irqfd comes back.
 */
#include <stdlib.h>

#include "engine/kvm/engine.h"
#include "os/eventfd.h"

int kvm_doorbell(struct vm *vm, struct region *r, const struct doorbell *d, bool on)
{
	struct kvm_ioeventfd e = {
		.datamatch = d->match, .addr = r->base + d->offset, .len = d->size, .fd = d->to->fd,
		.flags = (r->space == BUS_PIO ? KVM_IOEVENTFD_FLAG_PIO : 0) | (on ? 0 : KVM_IOEVENTFD_FLAG_DEASSIGN) |
			 (d->any_value ? 0 : KVM_IOEVENTFD_FLAG_DATAMATCH),
	};

	if (d->to->fd < 0 || r->space == BUS_SYSREG || (!d->size && !d->any_value))
		return -ENOTSUP;
	return kvm_call(kvm_of(vm)->fd, KVM_IOEVENTFD, &e);
}

int kvm_irqfd(struct kvm_vm *k, int fd, uint32_t gsi, int resample, bool on)
{
	struct kvm_irqfd i = { .fd = (uint32_t)fd, .gsi = gsi, .flags = on ? 0 : KVM_IRQFD_FLAG_DEASSIGN };

	if (on && resample >= 0) {
		i.flags |= KVM_IRQFD_FLAG_RESAMPLE;
		i.resamplefd = (uint32_t)resample;
	}
	return kvm_call(k->fd, KVM_IRQFD, &i);
}

/* ---- the table ---- */

/* A message that pulses one of the controller's pins (GICv2m) is that pin's to the kernel, which knows nothing of the frame. */
static void fill_message(const struct kvm_vm *k, const struct msi *m, struct kvm_irq_routing_entry *e)
{
	int pin = msi_pin(k->vm->irqchip, m);

	if (pin >= 0) {
		e->type = KVM_IRQ_ROUTING_IRQCHIP;
		e->u.irqchip.pin = (uint32_t)pin;
		return;
	}
	e->type = KVM_IRQ_ROUTING_MSI;
	e->flags = k->msi_devid ? KVM_MSI_VALID_DEVID : 0;
	e->u.msi.address_lo = (uint32_t)m->addr;
	e->u.msi.address_hi = (uint32_t)(m->addr >> 32);
	e->u.msi.data = m->data;
	e->u.msi.devid = k->msi_devid ? m->devid : 0;
}

static unsigned fill_messages(const struct kvm_vm *k, struct kvm_irq_routing_entry *e)
{
	unsigned n = 0;

	for (uint32_t i = 0; k->gsi && i < KVM_MAX_MSI; i++) {
		const struct kvm_gsi *g = &k->gsi[i];

		if (!g->route || !g->known)
			continue;
		e[n].gsi = KVM_FIRST_MSI + i;
		fill_message(k, &g->msi, &e[n++]);
	}
	return n;
}

static int send_table(struct kvm_vm *k)
{
	unsigned fixed = kvm_arch.fixed_routes(k, NULL);
	struct kvm_irq_routing *t = malloc(sizeof(*t) + (fixed + KVM_MAX_MSI) * sizeof(t->entries[0]));
	int err;

	if (!t)
		return -ENOMEM;
	fixed = kvm_arch.fixed_routes(k, t->entries);
	t->flags = 0;
	t->nr = fixed + fill_messages(k, t->entries + fixed);
	err = kvm_call(k->fd, KVM_SET_GSI_ROUTING, t);
	free(t);
	if (!err)
		k->routes_stale = false;
	return err;
}

int kvm_routes_commit(struct kvm_vm *k)
{
	int err;

	lock_acquire(&k->route_lock);
	err = send_table(k);
	lock_release(&k->route_lock);
	return err;
}

/* ---- routes ---- */

static int take_gsi(struct kvm_vm *k, struct irq_route *r)
{
	int err;

	if (!k->gsi)
		k->gsi = calloc(KVM_MAX_MSI, sizeof(*k->gsi));
	if (!k->gsi)
		return -ENOMEM;
	for (uint32_t i = 0; i < KVM_MAX_MSI; i++) {
		if (k->gsi[i].route)
			continue;
		err = eventfd_notifier_init(&r->notifier);
		if (err)
			return err;
		k->gsi[i] = (struct kvm_gsi){ .route = r };
		r->gsi = KVM_FIRST_MSI + i;
		r->engine_route = &k->gsi[i];
		return 0;
	}
	return -ENOSPC;
}

static void give_back(struct kvm_vm *k, struct irq_route *r)
{
	struct kvm_gsi *g = r->engine_route;

	if (!g)
		return;
	if (g->live)
		kvm_irqfd(k, r->notifier.fd, r->gsi, -1, false);
	*g = (struct kvm_gsi){ 0 };
	eventfd_notifier_fini(&r->notifier);
	r->engine_route = NULL;
}

static bool same_message(const struct msi *a, const struct msi *b)
{
	return a->addr == b->addr && a->data == b->data && a->devid == b->devid;
}

/* First half: what the table has to say. Those that go quiet are cut off at once. */
static int stage(struct kvm_vm *k, struct irq_route *r)
{
	struct kvm_gsi *g;
	struct msi msi;
	int err;

	if (r->ending) {
		give_back(k, r);
		return 0;
	}
	if (!r->engine_route) {
		err = take_gsi(k, r);
		if (err)
			return err;
	}
	g = r->engine_route;
	g->wanted = irq_route_get(r, &msi);
	if (g->wanted && (!g->known || !same_message(&msi, &g->msi))) {
		g->msi = msi;
		g->known = k->routes_stale = true;
	}
	if (!g->wanted && g->live) {
		kvm_irqfd(k, r->notifier.fd, r->gsi, -1, false);
		g->live = false;
	}
	return 0;
}

/* Second half, once the table is the kernel's: a message comes before the irqfd that uses it. */
static int go_live(struct kvm_vm *k, struct irq_route *r)
{
	struct kvm_gsi *g = r->engine_route;
	int err;

	if (!g || !g->wanted || g->live)
		return 0;
	err = kvm_irqfd(k, r->notifier.fd, r->gsi, -1, true);
	g->live = !err;
	return err;
}

int kvm_route(struct vm *vm, struct irq_route *const *list, unsigned n)
{
	struct kvm_vm *k = kvm_of(vm);
	int err = 0;

	lock_acquire(&k->route_lock);
	for (unsigned i = 0; i < n && !err; i++)
		err = stage(k, list[i]);
	if (!err && k->routes_stale)
		err = send_table(k);
	for (unsigned i = 0; i < n && !err; i++)
		err = go_live(k, list[i]);
	lock_release(&k->route_lock);
	return err;
}
