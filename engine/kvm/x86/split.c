/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split irqchip: local APICs in the kernel, 8259s and IOAPIC models of the machine (vm->irqchip).
 *
 * The 8259s' interrupt is the first vCPU's CPU_IRQ pin. Its thread takes the vector and hands it to the kernel when that says
 * that it can be delivered (LINT0 lets it through and interrupts are on); until then it asks to come out when that is so. A
 * vector that was handed over and not yet delivered, which is between two instructions, is in no saved state.
 *
 * The kernel comes out for a local APIC's end of interrupt where its routing table has a level-triggered message for one of the
 * IOAPIC's pins; all others go by KVM_SIGNAL_MSI and need no entry.
 */
#include "base/platform.h"
#include "core/pc_irqchip.h"
#include "engine/kvm/x86/x86.h"

int x86_send_msi(struct irqchip *chip, const struct msi *m)
{
	return kvm_msi_send(x86_vm_of_chip(chip)->vm, m);
}

static const struct irqchip_ops ops = { .msi = x86_send_msi, .save = x86_lapics_save, .load = x86_lapics_load };

int x86_split_create(struct kvm_vm *k, struct irqchip **out)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { IOAPIC_PINS } };
	struct x86_vm *x = x86_vm_of(k);
	int err;

	if (!kvm_has(k->fd, cap.cap))
		return -ENODEV;
	err = kvm_call(k->fd, KVM_ENABLE_CAP, &cap);
	if (err)
		return err;
	x->split = true;
	x->chip = (struct irqchip){ .ops = &ops, .name = "lapics" };
	*out = &x->chip;
	return 0;
}

unsigned x86_split_routes(const struct kvm_vm *k, struct kvm_irq_routing_entry *e)
{
	struct irqchip *chip = k->vm->irqchip;
	unsigned n = 0;
	struct msi m;

	if (!e)
		return IOAPIC_PINS;
	for (uint32_t pin = 0; pin < IOAPIC_PINS; pin++)
		if (chip && chip->ops->level_message && chip->ops->level_message(chip, pin, &m))
			e[n++] = (struct kvm_irq_routing_entry){
				.gsi = pin, .type = KVM_IRQ_ROUTING_MSI,
				.u.msi = { .address_lo = (uint32_t)m.addr, .address_hi = (uint32_t)(m.addr >> 32), .data = m.data },
			};
	return n;
}

void x86_split_eoi(struct kvm_cpu *c)
{
	struct irqchip *chip = c->vm->vm->irqchip;

	if (chip && chip->ops->eoi)
		chip->ops->eoi(chip, c->run->eoi.vector);
}

void x86_pin(struct kvm_cpu *c, enum cpu_pin pin, bool level)
{
	struct x86_cpu *x = c->arch;

	if (pin != CPU_IRQ)
		return;
	__atomic_store_n(&x->intr, level, __ATOMIC_SEQ_CST);
	if (level && __atomic_load_n(&c->thread, __ATOMIC_RELAXED) != platform_thread_id())
		kvm_vcpu_kick(c->vcpu);
}

void x86_before_run(struct kvm_cpu *c)
{
	struct irqchip *chip = c->vm->vm->irqchip;
	struct x86_cpu *x = c->arch;
	struct kvm_interrupt i;

	if (!x86_vm_of(c->vm)->split || !chip->ops->ack)
		return;
	if (__atomic_load_n(&x->intr, __ATOMIC_SEQ_CST) && c->run->ready_for_interrupt_injection) {
		i.irq = (uint32_t)chip->ops->ack(chip);
		kvm_call(c->fd, KVM_INTERRUPT, &i);
	}
	c->run->request_interrupt_window = __atomic_load_n(&x->intr, __ATOMIC_SEQ_CST);
}
