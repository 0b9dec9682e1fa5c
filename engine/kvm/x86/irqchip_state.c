/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's interrupt controllers in the record of core/pc_irqchip.h, and local APICs after it: 64 registers for each vCPU, a
 * register in 16 bytes as its page has them (SDM vol. 3, table 11-1). All vCPUs are parked, and their registers are loaded first:
 * the APIC's mode is one.
 */
#include "base/platform.h"
#include "core/pc_irqchip.h"
#include "engine/kvm/x86/x86.h"

static const struct field lapic_fields[] = {
	{ "lapic", offsetof(struct kvm_lapic_state, regs), 4, 1, 64, 16, 0, 0xffffffff },
	FIELD_END
};

int x86_lapics_save(struct irqchip *chip, struct state_writer *w)
{
	struct kvm_vm *k = x86_vm_of_chip(chip)->vm;
	struct kvm_lapic_state l;
	int err = 0;

	for (uint32_t n = 0; n < k->vm->vcpu_count && !err; n++) {
		err = k->cpu[n] ? kvm_call(k->cpu[n]->fd, KVM_GET_LAPIC, &l) : -ENODEV;
		if (!err)
			err = state_save(w, lapic_fields, &l);
	}
	return err;
}

int x86_lapics_load(struct irqchip *chip, struct state_reader *r)
{
	struct kvm_vm *k = x86_vm_of_chip(chip)->vm;
	int err = 0;

	for (uint32_t n = 0; n < k->vm->vcpu_count && !err; n++) {
		struct kvm_lapic_state l = { .regs = { 0 } };

		err = state_load(r, lapic_fields, &l);
		if (!err)
			err = k->cpu[n] ? kvm_call(k->cpu[n]->fd, KVM_SET_LAPIC, &l) : -ENODEV;
	}
	return err;
}

/* ---- to and from KVM's structures ---- */

static void pic_from(struct pic_regs *p, const struct kvm_pic_state *k)
{
	*p = (struct pic_regs){
		.irr = k->irr, .imr = k->imr, .isr = k->isr, .elcr = k->elcr, .lines = k->last_irr, .first = k->priority_add & 7,
		.base = k->irq_base, .init_state = k->init_state, .init4 = k->init4, .read_isr = k->read_reg_select,
		.poll = k->poll, .special_mask = k->special_mask, .auto_eoi = k->auto_eoi,
		.rotate_auto_eoi = k->rotate_on_auto_eoi, .nested = k->special_fully_nested_mode,
	};
}

static void pic_to(struct kvm_pic_state *k, const struct pic_regs *p)
{
	*k = (struct kvm_pic_state){
		.irr = p->irr, .imr = p->imr, .isr = p->isr, .elcr = p->elcr & k->elcr_mask, .elcr_mask = k->elcr_mask,
		.last_irr = p->lines, .priority_add = p->first, .irq_base = p->base, .init_state = p->init_state,
		.init4 = p->init4, .read_reg_select = p->read_isr, .poll = p->poll, .special_mask = p->special_mask,
		.auto_eoi = p->auto_eoi, .rotate_on_auto_eoi = p->rotate_auto_eoi, .special_fully_nested_mode = p->nested,
	};
}

#define KVM_PIT_IDLE	0xff

static void channel_from(struct pit_channel_regs *c, const struct kvm_pit_channel_state *k, uint64_t now)
{
	*c = (struct pit_channel_regs){
		.age_ns = now - MIN((uint64_t)k->count_load_time, now), .count = k->count, .latched = k->latched_count,
		.latch_state = k->count_latched, .read_state = k->read_state, .write_state = k->write_state,
		.access = k->rw_mode, .write_latch = k->write_latch, .status = k->status,
		.mode = k->mode == KVM_PIT_IDLE ? PIT_IDLE : k->mode, .status_latched = k->status_latched, .bcd = k->bcd,
		.gate = k->gate,
	};
}

static void channel_to(struct kvm_pit_channel_state *k, const struct pit_channel_regs *c, uint64_t now)
{
	*k = (struct kvm_pit_channel_state){
		.count_load_time = (int64_t)(now - MIN(c->age_ns, now)), .count = c->count, .latched_count = c->latched,
		.count_latched = c->latch_state, .read_state = c->read_state, .write_state = c->write_state,
		.rw_mode = c->access, .write_latch = c->write_latch, .status = c->status,
		.mode = c->mode == PIT_IDLE ? KVM_PIT_IDLE : c->mode, .status_latched = c->status_latched, .bcd = c->bcd,
		.gate = c->gate,
	};
}

struct kernel_chips {
	struct kvm_irqchip chip[KVM_NR_IRQCHIPS];
	struct kvm_pit_state2 pit;
};

static int read_all(struct kvm_vm *k, struct kernel_chips *s)
{
	int err = 0;

	for (uint32_t i = 0; i < KVM_NR_IRQCHIPS && !err; i++) {
		s->chip[i] = (struct kvm_irqchip){ .chip_id = i };
		err = kvm_call(k->fd, KVM_GET_IRQCHIP, &s->chip[i]);
	}
	return err ? err : kvm_call(k->fd, KVM_GET_PIT2, &s->pit);
}

static int write_all(struct kvm_vm *k, struct kernel_chips *s)
{
	int err = 0;

	for (uint32_t i = 0; i < KVM_NR_IRQCHIPS && !err; i++)
		err = kvm_call(k->fd, KVM_SET_IRQCHIP, &s->chip[i]);
	return err ? err : kvm_call(k->fd, KVM_SET_PIT2, &s->pit);
}

static void ioapic_from(struct ioapic_regs *r, const struct kvm_ioapic_state *k)
{
	*r = (struct ioapic_regs){ .irr = k->irr & ((1u << IOAPIC_PINS) - 1), .select = k->ioregsel & 0xff, .id = k->id & 15 };
	for (uint32_t pin = 0; pin < IOAPIC_PINS; pin++)
		r->entry[pin] = k->redirtbl[pin].bits;
}

static void ioapic_to(struct kvm_ioapic_state *k, const struct ioapic_regs *r)
{
	k->irr = r->irr;
	k->ioregsel = r->select;
	k->id = r->id;
	for (uint32_t pin = 0; pin < IOAPIC_PINS; pin++)
		k->redirtbl[pin].bits = r->entry[pin];
}

int x86_irqchip_save(struct irqchip *chip, struct state_writer *w)
{
	struct pc_irqchip_regs r = { .pit.speaker = false };
	struct kernel_chips s;
	uint64_t now;
	int err = read_all(x86_vm_of_chip(chip)->vm, &s);

	if (err)
		return err;
	now = platform_now_ns();
	pic_from(&r.pic[0], &s.chip[KVM_IRQCHIP_PIC_MASTER].chip.pic);
	pic_from(&r.pic[1], &s.chip[KVM_IRQCHIP_PIC_SLAVE].chip.pic);
	ioapic_from(&r.ioapic, &s.chip[KVM_IRQCHIP_IOAPIC].chip.ioapic);
	for (unsigned n = 0; n < PIT_CHANNELS; n++)
		channel_from(&r.pit.channel[n], &s.pit.channels[n], now);
	r.pit.speaker = s.pit.flags & KVM_PIT_FLAGS_SPEAKER_DATA_ON;
	err = state_save(w, pc_irqchip_fields, &r);
	return err ? err : x86_lapics_save(chip, w);
}

/* Local APICs first: they take what the IOAPIC has to deliver. */
int x86_irqchip_load(struct irqchip *chip, struct state_reader *rd)
{
	struct kvm_vm *k = x86_vm_of_chip(chip)->vm;
	struct pc_irqchip_regs r;
	struct kernel_chips s;
	uint64_t now;
	int err = state_load(rd, pc_irqchip_fields, &r);

	if (!err)
		err = x86_lapics_load(chip, rd);
	if (!err)
		err = read_all(k, &s);
	if (err)
		return err;
	now = platform_now_ns();
	pic_to(&s.chip[KVM_IRQCHIP_PIC_MASTER].chip.pic, &r.pic[0]);
	pic_to(&s.chip[KVM_IRQCHIP_PIC_SLAVE].chip.pic, &r.pic[1]);
	ioapic_to(&s.chip[KVM_IRQCHIP_IOAPIC].chip.ioapic, &r.ioapic);
	for (unsigned n = 0; n < PIT_CHANNELS; n++)
		channel_to(&s.pit.channels[n], &r.pit.channel[n], now);
	s.pit.flags &= ~(uint32_t)KVM_PIT_FLAGS_SPEAKER_DATA_ON;
	s.pit.flags |= r.pit.speaker ? KVM_PIT_FLAGS_SPEAKER_DATA_ON : 0;
	return write_all(k, &s);
}
