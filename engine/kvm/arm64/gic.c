/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's GICv3 or GICv2 (Documentation/virt/kvm/devices/arm-vgic-v3.rst, arm-vgic.rst).
 *
 * Pins are SPIs from 0, and so are the numbers (GSIs) that routes and irqfds know them by. The controller is made before
 * the vCPUs, so that each finds its redistributor, and initialised when all of them are there.
 */
#include <string.h>
#include <unistd.h>

#include "engine/kvm/arm64/arm64.h"
#include "os/eventfd.h"

static struct arm64_vm *vm_of(struct irqchip *chip)
{
	return container_of(chip, struct arm64_vm, chip);
}

/* What a record has to know, and the kernel does not tell. */
static void note_line(struct arm64_vm *a, uint32_t pin, bool level)
{
	if (pin >= ARM64_MAX_SPIS)
		return;
	if (level)
		__atomic_or_fetch(&a->line[pin / 32], 1u << (pin & 31), __ATOMIC_RELAXED);
	else
		__atomic_and_fetch(&a->line[pin / 32], ~(1u << (pin & 31)), __ATOMIC_RELAXED);
}

static void set(struct irqchip *chip, uint32_t pin, bool level)
{
	uint32_t irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | (pin + ARM64_FIRST_SPI);

	if (pin & IRQ_PPI(0, 0))
		irq = KVM_ARM_IRQ_TYPE_PPI << KVM_ARM_IRQ_TYPE_SHIFT | (pin >> 8 & 0xff) << KVM_ARM_IRQ_VCPU_SHIFT | (pin & 0xff);
	note_line(vm_of(chip), pin, level);
	kvm_line_set(vm_of(chip)->vm, irq, level);
}

static int send_msi(struct irqchip *chip, const struct msi *m)
{
	return kvm_msi_send(vm_of(chip)->vm, m);
}

/* An irqfd that nobody signals: it is there for its second half, which tells of the guest's end of interrupt. */
static int eoi_watch(struct irqchip *chip, uint32_t pin, struct notifier *n)
{
	struct arm64_vm *a = vm_of(chip);
	int err;

	if (n->fd < 0 || pin >= chip->pins)
		return -EINVAL;
	if (a->watch[pin].fd >= 0)
		return -EBUSY;
	err = eventfd_notifier_init(&a->watch[pin]);
	if (err)
		return err;
	err = kvm_irqfd(a->vm, a->watch[pin].fd, pin, n->fd, true);
	if (err)
		eventfd_notifier_fini(&a->watch[pin]);
	return err;
}

static int reset(struct irqchip *chip)
{
	return arm64_irqchip_reset(vm_of(chip)->vm);
}

static const struct irqchip_ops ops = {
	.set = set,
	.eoi_watch = eoi_watch,
	.reset = reset,
	.save = arm64_gic_save,
	.load = arm64_gic_load,
};

static const struct irqchip_ops ops_with_its = {
	.set = set,
	.msi = send_msi,
	.eoi_watch = eoi_watch,
	.reset = reset,
	.save = arm64_gic_save,
	.load = arm64_gic_load,
};

unsigned arm64_fixed_routes(const struct kvm_vm *k, struct kvm_irq_routing_entry *e)
{
	return kvm_pin_routes(((const struct arm64_vm *)k->arch)->chip.pins, e);
}

static int place(int fd, uint64_t what, uint64_t base)
{
	return kvm_device_attr(fd, KVM_DEV_ARM_VGIC_GRP_ADDR, what, &base, true);
}

/* Without one messages are not to be had, and the machine goes without. */
static int create_its(struct kvm_vm *k, uint64_t base)
{
	struct arm64_vm *a = arm64_vm_of(k);
	int err = kvm_device_create(k->fd, KVM_DEV_TYPE_ARM_VGIC_ITS, &a->its);

	if (err)
		return err == -ENODEV ? 0 : err;
	k->msi_devid = true;
	return place(a->its, KVM_VGIC_ITS_ADDR_TYPE, base);
}

/* -ENODEV where the host's GIC has no such thing to offer (a GICv3 without the GICv2's way of working). */
int arm64_irqchip_create(struct kvm_vm *k, const struct irqchip_desc *d, struct irqchip **out)
{
	struct arm64_vm *a = arm64_vm_of(k);
	uint32_t irqs = d->spis + ARM64_FIRST_SPI;
	int err;

	a->v3 = !strcmp(d->type, "gicv3");
	if ((!a->v3 && strcmp(d->type, "gicv2")) || d->spis > ARM64_MAX_SPIS)
		return -ENODEV;
	err = kvm_device_create(k->fd, a->v3 ? KVM_DEV_TYPE_ARM_VGIC_V3 : KVM_DEV_TYPE_ARM_VGIC_V2, &a->gic);
	if (err)
		return err;
	err = place(a->gic, a->v3 ? KVM_VGIC_V3_ADDR_TYPE_DIST : KVM_VGIC_V2_ADDR_TYPE_DIST, d->dist_base);
	if (!err)
		err = place(a->gic, a->v3 ? KVM_VGIC_V3_ADDR_TYPE_REDIST : KVM_VGIC_V2_ADDR_TYPE_CPU, d->cpu_base);
	if (!err)
		err = kvm_device_attr(a->gic, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &irqs, true);
	if (!err && a->v3 && d->msi_base)
		err = create_its(k, d->msi_base);
	if (err)
		return err;
	a->chip = (struct irqchip){ .ops = a->its >= 0 ? &ops_with_its : &ops, .name = d->type, .pins = d->spis };
	*out = &a->chip;
	return kvm_routes_commit(k);
}

int arm64_irqchip_ready(struct kvm_vm *k)
{
	struct arm64_vm *a = arm64_vm_of(k);
	int err = 0;

	if (a->chip.ops)
		err = kvm_device_attr(a->gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL, true);
	if (!err && a->its >= 0)
		err = kvm_device_attr(a->its, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL, true);
	for (uint32_t n = 0; k->vm->pmu && n < k->vm->vcpu_count && !err; n++)
		err = arm64_pmu_ready(k->cpu[n]);
	return err;
}

int arm64_irqchip_reset(struct kvm_vm *k)
{
	struct arm64_vm *a = arm64_vm_of(k);
	int err = 0;

	if (a->its >= 0)
		err = kvm_device_attr(a->its, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_ITS_CTRL_RESET, NULL, true);
	return err || !a->chip.ops ? err : arm64_gic_reset(a);
}

void arm64_irqchip_fini(struct kvm_vm *k)
{
	struct arm64_vm *a = arm64_vm_of(k);

	for (uint32_t pin = 0; pin < ARM64_MAX_SPIS; pin++)
		eventfd_notifier_fini(&a->watch[pin]);
	if (a->its >= 0)
		close(a->its);
	if (a->gic >= 0)
		close(a->gic);
}
