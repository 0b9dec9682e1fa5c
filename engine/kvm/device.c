/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt controllers in the kernel, as every architecture has them (Documentation/virt/kvm/api.rst): devices with attributes,
 * lines by the numbers of the routing table, messages.
 */
#include "engine/kvm/engine.h"

int kvm_device_create(int vm_fd, uint32_t type, int *fd)
{
	struct kvm_create_device d = { .type = type };
	int err = kvm_call(vm_fd, KVM_CREATE_DEVICE, &d);

	if (!err)
		*fd = (int)d.fd;
	return err;
}

int kvm_device_attr(int fd, uint32_t group, uint64_t attr, void *val, bool write)
{
	struct kvm_device_attr a = { .group = group, .attr = attr, .addr = (uintptr_t)val };

	return kvm_call(fd, write ? KVM_SET_DEVICE_ATTR : KVM_GET_DEVICE_ATTR, &a);
}

void kvm_line_set(struct kvm_vm *k, uint32_t irq, bool level)
{
	struct kvm_irq_level l = { .irq = irq, .level = level };

	kvm_call(k->fd, KVM_IRQ_LINE, &l);
}

int kvm_msi_send(struct kvm_vm *k, const struct msi *m)
{
	struct kvm_msi msi = {
		.address_lo = (uint32_t)m->addr, .address_hi = (uint32_t)(m->addr >> 32), .data = m->data,
		.flags = k->msi_devid ? KVM_MSI_VALID_DEVID : 0, .devid = k->msi_devid ? m->devid : 0,
	};
	int r = kvm_call(k->fd, KVM_SIGNAL_MSI, &msi);

	return r > 0 ? 1 : r;
}

unsigned kvm_pin_routes(uint32_t pins, struct kvm_irq_routing_entry *e)
{
	for (uint32_t pin = 0; e && pin < pins; pin++)
		e[pin] = (struct kvm_irq_routing_entry){ .gsi = pin, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = { 0, pin } };
	return pins;
}
