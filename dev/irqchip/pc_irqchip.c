/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines to both controllers, who is told of their end, and the record of all; see pc_irqchip.h. */
#include "base/errno.h"
#include "base/notifier.h"
#include "core/vm.h"
#include "dev/irqchip/i8259.h"
#include "dev/irqchip/ioapic.h"
#include "dev/irqchip/pc_irqchip.h"
#include "dev/timer/i8254.h"

struct pc_irqchip {
	struct irqchip chip;
	struct vm *vm;
	struct irqchip *lapics;
	struct device *pic, *ioapic, *pit;
	struct notifier *watch[IOAPIC_PINS];	/* atomic; each set once */
};

static struct pc_irqchip *of(struct irqchip *c)
{
	return container_of(c, struct pc_irqchip, chip);
}

static void set(struct irqchip *c, uint32_t gsi, bool level)
{
	struct pc_irqchip *pc = of(c);

	if (gsi == PIC_CASCADE)
		return;
	if (gsi < PIC_PINS)
		i8259_set(pc->pic, gsi, level);
	ioapic_set(pc->ioapic, gsi ? gsi : PIC_CASCADE, level);
}

static int send(struct irqchip *c, const struct msi *m)
{
	return msi_send(of(c)->lapics, m);
}

static int ack(struct irqchip *c)
{
	return i8259_ack(of(c)->pic);
}

static void eoi(struct irqchip *c, uint32_t vector)
{
	ioapic_eoi(of(c)->ioapic, vector);
}

static bool level_message(struct irqchip *c, uint32_t pin, struct msi *m)
{
	return ioapic_level_message(of(c)->ioapic, pin, m);
}

static int eoi_watch(struct irqchip *c, uint32_t gsi, struct notifier *n)
{
	struct notifier *none = NULL;

	if (gsi >= IOAPIC_PINS || !n->signal)
		return -EINVAL;
	return __atomic_compare_exchange_n(&of(c)->watch[gsi], &none, n, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ? 0 : -EBUSY;
}

static void ended(struct pc_irqchip *pc, uint32_t gsis)
{
	for (; gsis; gsis &= gsis - 1) {
		struct notifier *n = __atomic_load_n(&pc->watch[__builtin_ctz(gsis)], __ATOMIC_ACQUIRE);

		if (n)
			notifier_signal(n);
	}
}

static void ended_at_pic(void *ctx, uint16_t lines)
{
	ended(ctx, lines);
}

static void ended_at_ioapic(void *ctx, uint32_t pins)
{
	ended(ctx, pins & 1u << PIC_CASCADE ? (pins & ~(1u << PIC_CASCADE)) | 1 : pins);
}

static void changed(void *ctx)
{
	struct pc_irqchip *pc = ctx;

	if (pc->vm->engine->eoi_changed)
		pc->vm->engine->eoi_changed(pc->vm);
}

/* ---- the record ---- */

static int save(struct irqchip *c, struct state_writer *w)
{
	struct pc_irqchip *pc = of(c);
	struct pc_irqchip_regs r;

	i8259_get(pc->pic, r.pic);
	ioapic_get(pc->ioapic, &r.ioapic);
	i8254_get(pc->pit, &r.pit);
	state_save(w, pc_irqchip_fields, &r);
	return w->err || !pc->lapics->ops->save ? w->err : pc->lapics->ops->save(pc->lapics, w);
}

/* Local APICs first: they take what the IOAPIC has to deliver. */
static int load(struct irqchip *c, struct state_reader *rd)
{
	struct pc_irqchip *pc = of(c);
	struct pc_irqchip_regs r;
	int err = state_load(rd, pc_irqchip_fields, &r);

	if (!err && pc->lapics->ops->load)
		err = pc->lapics->ops->load(pc->lapics, rd);
	if (err)
		return err;
	i8259_put(pc->pic, r.pic);
	ioapic_put(pc->ioapic, &r.ioapic);
	i8254_put(pc->pit, &r.pit);
	return 0;
}

static const struct irqchip_ops ops = {
	.set = set, .msi = send, .eoi_watch = eoi_watch, .ack = ack, .eoi = eoi, .level_message = level_message,
	.save = save, .load = load,
};

/* ---- set-up ---- */

static struct device *make(struct vm *vm, const struct dev_class *cls, int *err)
{
	struct device *d = *err ? NULL : device_create(vm, cls);

	if (!*err)
		*err = d ? 0 : -ENOMEM;
	return d;
}

static void wire(struct pc_irqchip *pc)
{
	struct i8259 *pic = container_of(pc->pic, struct i8259, dev);
	struct ioapic *io = container_of(pc->ioapic, struct ioapic, dev);

	pic->ended = ended_at_pic;
	pic->ended_ctx = pc;
	io->ended = ended_at_ioapic;
	io->changed = changed;
	io->ctx = pc;
	device_set_ptr(pc->ioapic, "lapics", pc->lapics);
	i8254_connect(pc->pit, &pc->chip, 0);
}

int pc_irqchip_new(struct vm *vm, struct irqchip *lapics, gpa_t ioapic, struct irqchip **out)
{
	struct pc_irqchip *pc = arena_alloc(&vm->arena, sizeof(*pc));
	int err = 0;

	if (!pc)
		return -ENOMEM;
	*pc = (struct pc_irqchip){ .chip = { .ops = &ops, .name = "split", .pins = IOAPIC_PINS }, .vm = vm, .lapics = lapics };
	pc->pic = make(vm, &i8259_class, &err);
	pc->ioapic = make(vm, &ioapic_class, &err);
	pc->pit = make(vm, &i8254_class, &err);
	if (err)
		return err;
	wire(pc);
	err = device_init(pc->pic);
	if (!err)
		err = device_init(pc->ioapic);
	if (!err)
		err = device_init(pc->pit);
	if (!err)
		err = i8259_map(pc->pic);
	if (!err)
		err = ioapic_map(pc->ioapic, ioapic);
	if (!err)
		err = i8254_map(pc->pit);
	*out = &pc->chip;
	return err;
}
