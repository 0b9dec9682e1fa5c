/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's interrupt controllers of a PC: two 8259s, an IOAPIC, local APICs; and its 8254. Or the local APICs only (split.c).
 *
 * Pins are GSIs 0..23. As on all PCs the timer's ISA line 0 arrives at pin 2 of the IOAPIC, and what would be at pin 2,
 * the second 8259, is nowhere else.
 */
#include <string.h>

#include "core/pc_irqchip.h"
#include "engine/kvm/x86/x86.h"
#include "os/eventfd.h"

static void set(struct irqchip *chip, uint32_t pin, bool level)
{
	kvm_line_set(x86_vm_of_chip(chip)->vm, pin, level);
}

/* An irqfd that nobody signals: it is there for its second half, which tells of the guest's end of interrupt. */
static int eoi_watch(struct irqchip *chip, uint32_t pin, struct notifier *n)
{
	struct x86_vm *x = x86_vm_of_chip(chip);
	int err;

	if (n->fd < 0 || pin >= chip->pins)
		return -EINVAL;
	if (x->watch[pin].fd >= 0)
		return -EBUSY;
	err = eventfd_notifier_init(&x->watch[pin]);
	if (err)
		return err;
	err = kvm_irqfd(x->vm, x->watch[pin].fd, pin, n->fd, true);
	if (err)
		eventfd_notifier_fini(&x->watch[pin]);
	return err;
}

static int reset(struct irqchip *chip)
{
	return x86_irqchip_reset(x86_vm_of_chip(chip)->vm);
}

static const struct irqchip_ops ops = {
	.set = set,
	.msi = x86_send_msi,
	.eoi_watch = eoi_watch,
	.reset = reset,
	.save = x86_irqchip_save,
	.load = x86_irqchip_load,
};

static void route_pin(struct kvm_irq_routing_entry *e, uint32_t gsi, uint32_t chip, uint32_t pin)
{
	*e = (struct kvm_irq_routing_entry){ .gsi = gsi, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = { chip, pin } };
}

unsigned x86_fixed_routes(const struct kvm_vm *k, struct kvm_irq_routing_entry *e)
{
	unsigned n = 0;

	if (((const struct x86_vm *)k->arch)->split)
		return x86_split_routes(k, e);
	if (!e)
		return PIC_PINS + IOAPIC_PINS;
	for (uint32_t gsi = 0; gsi < IOAPIC_PINS; gsi++) {
		if (gsi == PIC_CASCADE)
			continue;
		if (gsi < PIC_PINS)
			route_pin(&e[n++], gsi, gsi < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE, gsi & 7);
		route_pin(&e[n++], gsi, KVM_IRQCHIP_IOAPIC, gsi ? gsi : 2);
	}
	return n;
}

static int read_power_on(struct kvm_vm *k)
{
	struct x86_vm *x = x86_vm_of(k);
	int err = 0;

	for (uint32_t i = 0; i < KVM_NR_IRQCHIPS && !err; i++) {
		x->power_on[i].chip_id = i;
		err = kvm_call(k->fd, KVM_GET_IRQCHIP, &x->power_on[i]);
	}
	return err ? err : kvm_call(k->fd, KVM_GET_PIT2, &x->pit_power_on);
}

int x86_irqchip_create(struct kvm_vm *k, const struct irqchip_desc *d, struct irqchip **out)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	struct x86_vm *x = x86_vm_of(k);
	int err;

	if (!strcmp(d->type, "split"))
		return x86_split_create(k, out);
	if (strcmp(d->type, "kernel"))
		return -ENOTSUP;
	err = kvm_call(k->fd, KVM_CREATE_IRQCHIP, NULL);
	if (!err)
		err = kvm_call(k->fd, KVM_CREATE_PIT2, &pit);
	if (!err)
		err = read_power_on(k);
	if (!err)
		err = kvm_routes_commit(k);
	if (err)
		return err;
	x->chip = (struct irqchip){ .ops = &ops, .name = "kernel", .pins = IOAPIC_PINS };
	*out = &x->chip;
	return 0;
}

int x86_irqchip_reset(struct kvm_vm *k)
{
	struct x86_vm *x = x86_vm_of(k);
	int err = 0;

	if (!x->chip.ops || x->split)
		return 0;
	for (uint32_t i = 0; i < KVM_NR_IRQCHIPS && !err; i++)
		err = kvm_call(k->fd, KVM_SET_IRQCHIP, &x->power_on[i]);
	return err ? err : kvm_call(k->fd, KVM_SET_PIT2, &x->pit_power_on);
}

void x86_irqchip_fini(struct kvm_vm *k)
{
	for (uint32_t pin = 0; pin < IOAPIC_PINS; pin++)
		eventfd_notifier_fini(&x86_vm_of(k)->watch[pin]);
}
