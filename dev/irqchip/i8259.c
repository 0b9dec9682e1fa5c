/* SPDX-License-Identifier: BSD-2-Clause */
/* 8259A: priorities, command words (Intel 231468, "Programming the 8259A") and the edge/level registers; see i8259.h. */
#include "base/bits.h"
#include "base/string.h"
#include "core/lock_order.h"
#include "core/vm.h"
#include "dev/irqchip/i8259.h"

enum { MASTER, SLAVE };
#define NONE		8u
#define SPURIOUS	7u
#define CASCADE_BIT	(1u << PIC_CASCADE)

#define ICW1		0x10u
#define ICW1_IC4	0x01u
#define ICW4_AEOI	0x02u
#define ICW4_SFNM	0x10u
#define OCW3		0x08u
#define OCW3_RIS	0x01u
#define OCW3_RR		0x02u
#define OCW3_POLL	0x04u
#define OCW3_SMM	0x20u
#define OCW3_ESMM	0x40u
#define OCW2_LEVEL	0x07u
enum { ROTATE_AEOI_CLEAR, EOI, NOTHING, EOI_OF, ROTATE_AEOI_SET, ROTATE_EOI, SET_PRIORITY, ROTATE_EOI_OF };

/* Inputs that may be level-triggered: not timer, keyboard and cascade; not clock and coprocessor. */
static const uint8_t elcr_mask[2] = { 0xf8, 0xde };

/* ---- priorities ---- */

static unsigned rank(const struct pic_regs *c, unsigned ir)
{
	return ir == NONE ? NONE : (ir - c->first) & 7;
}

/* The IR of highest priority in a set. */
static unsigned highest(const struct pic_regs *c, uint8_t set)
{
	uint8_t turned = (uint8_t)(set >> c->first | set << (8 - c->first));

	return set ? ((unsigned)__builtin_ctz(turned) + c->first) & 7 : NONE;
}

/* The IR that the chip asks for now. What is in service holds back what is not above it. */
static unsigned request(const struct pic_regs *c, unsigned which)
{
	uint8_t serving = c->isr;
	unsigned ir = highest(c, c->irr & (uint8_t)~c->imr);

	if (c->special_mask)
		serving &= (uint8_t)~c->imr;
	if (c->nested && which == MASTER)
		serving &= (uint8_t)~CASCADE_BIT;
	return rank(c, ir) < rank(c, highest(c, serving)) ? ir : NONE;
}

static void drive(struct pic_regs *c, unsigned ir, bool level)
{
	uint8_t bit = (uint8_t)(1u << ir);

	if (level && (c->elcr & bit || !(c->lines & bit)))
		c->irr |= bit;
	if (!level && c->elcr & bit)
		c->irr &= (uint8_t)~bit;
	c->lines = level ? c->lines | bit : c->lines & (uint8_t)~bit;
}

/* The second chip's output is the first one's IR2, and the first one's is the processor's pin. */
static void update(struct i8259 *p)
{
	struct pic_regs *m = &p->chip[MASTER];
	bool slave = request(&p->chip[SLAVE], SLAVE) != NONE, pin;

	drive(m, PIC_CASCADE, slave);
	if (!slave)
		m->irr &= (uint8_t)~CASCADE_BIT;
	pin = request(m, MASTER) != NONE;
	if (pin == p->pin)
		return;
	p->pin = pin;
	vcpu_pin_set(p->dev.vm->vcpu[0], CPU_IRQ, pin);
}

void i8259_set(struct device *d, uint32_t line, bool level)
{
	struct i8259 *p = container_of(d, struct i8259, dev);

	if (line >= PIC_PINS || line == PIC_CASCADE)
		return;
	lock_acquire(&p->lock);
	drive(&p->chip[line / 8], line & 7, level);
	update(p);
	lock_release(&p->lock);
}

/* The second chip's output falls with this; should there be more it rises again, which the first one has to see. */
static void take(struct i8259 *p, unsigned which, unsigned ir)
{
	struct pic_regs *c = &p->chip[which];
	uint8_t bit = (uint8_t)(1u << ir);

	if (!(c->elcr & bit))
		c->irr &= (uint8_t)~bit;
	if (!c->auto_eoi)
		c->isr |= bit;
	else if (c->rotate_auto_eoi)
		c->first = (ir + 1) & 7;
	if (which == SLAVE)
		drive(&p->chip[MASTER], PIC_CASCADE, false);
}

/* One chip's half of an acknowledgement: the IR. */
static unsigned acknowledge(struct i8259 *p, unsigned which)
{
	unsigned ir = request(&p->chip[which], which);

	if (ir == NONE)
		return SPURIOUS;
	take(p, which, ir);
	return ir;
}

uint8_t i8259_ack(struct device *d)
{
	struct i8259 *p = container_of(d, struct i8259, dev);
	unsigned ir, vector;

	lock_acquire(&p->lock);
	ir = acknowledge(p, MASTER);
	vector = ir == PIC_CASCADE ? p->chip[SLAVE].base + acknowledge(p, SLAVE) : p->chip[MASTER].base + ir;
	update(p);
	lock_release(&p->lock);
	return (uint8_t)vector;
}

/* ---- command words ---- */

static void initialise(struct i8259 *p, unsigned which, uint8_t icw1)
{
	struct pic_regs *c = &p->chip[which];

	*c = (struct pic_regs){
		.elcr = c->elcr, .lines = c->lines, .base = c->base, .irr = c->lines & c->elcr, .init_state = 1,
		.init4 = icw1 & ICW1_IC4,
	};
}

/* Returns the IRs that are not in service any more. */
static uint8_t ocw2(struct pic_regs *c, uint8_t v)
{
	unsigned op = v >> 5, ir = v & OCW2_LEVEL;
	uint8_t before = c->isr;

	if (op == EOI || op == ROTATE_EOI)
		ir = highest(c, c->special_mask ? c->isr & (uint8_t)~c->imr : c->isr);
	switch (op) {
	case ROTATE_AEOI_CLEAR:
	case ROTATE_AEOI_SET:
		c->rotate_auto_eoi = op == ROTATE_AEOI_SET;
		return 0;
	case NOTHING:
		return 0;
	case SET_PRIORITY:
		c->first = (ir + 1) & 7;
		return 0;
	default:
		if (ir == NONE)
			return 0;
		c->isr &= (uint8_t)~(1u << ir);
		if (op == ROTATE_EOI || op == ROTATE_EOI_OF)
			c->first = (ir + 1) & 7;
		return before & (uint8_t)~c->isr;
	}
}

static void ocw3(struct pic_regs *c, uint8_t v)
{
	c->poll = v & OCW3_POLL;
	if (v & OCW3_RR)
		c->read_isr = v & OCW3_RIS;
	if (v & OCW3_ESMM)
		c->special_mask = v & OCW3_SMM;
}

static void data_write(struct pic_regs *c, uint8_t v)
{
	switch (c->init_state) {
	case 0:
		c->imr = v;
		break;
	case 1:
		c->base = v & 0xf8;
		c->init_state = 2;
		break;
	case 2:
		c->init_state = c->init4 ? 3 : 0;
		break;
	default:
		c->nested = v & ICW4_SFNM;
		c->auto_eoi = v & ICW4_AEOI;
		c->init_state = 0;
	}
}

static uint8_t pic_write(struct i8259 *p, unsigned which, bool data, uint8_t v)
{
	struct pic_regs *c = &p->chip[which];

	if (data)
		data_write(c, v);
	else if (v & ICW1)
		initialise(p, which, v);
	else if (v & OCW3)
		ocw3(c, v);
	else
		return ocw2(c, v);
	return 0;
}

static uint8_t pic_read(struct i8259 *p, unsigned which, bool data)
{
	struct pic_regs *c = &p->chip[which];
	unsigned ir;

	if (c->poll) {
		c->poll = false;
		ir = request(c, which);
		if (ir == NONE)
			return 0;
		take(p, which, ir);
		return (uint8_t)(0x80 | ir);
	}
	return data ? c->imr : c->read_isr ? c->isr : c->irr;
}

static enum bus_result pic_access(struct region *r, struct bus_access *a, struct i8259 *p, unsigned which)
{
	uint8_t ended = 0;

	lock_acquire(&p->lock);
	if (a->write)
		ended = pic_write(p, which, a->offset & 1, (uint8_t)a->value) & p->chip[which].elcr;
	else
		a->value = pic_read(p, which, a->offset & 1);
	if (ended && p->ended) {
		lock_release(&p->lock);
		p->ended(p->ended_ctx, (uint16_t)(ended << 8 * which));
		lock_acquire(&p->lock);
	}
	update(p);
	lock_release(&p->lock);
	return BUS_OK;
}

static enum bus_result master_access(struct region *r, struct bus_access *a)
{
	return pic_access(r, a, container_of(r, struct i8259, ports[MASTER]), MASTER);
}

static enum bus_result slave_access(struct region *r, struct bus_access *a)
{
	return pic_access(r, a, container_of(r, struct i8259, ports[SLAVE]), SLAVE);
}

static void set_elcr(struct i8259 *p, unsigned which, uint8_t v)
{
	struct pic_regs *c = &p->chip[which];

	c->elcr = v & elcr_mask[which];
	c->irr = (uint8_t)((c->irr & ~c->elcr) | (c->lines & c->elcr));
	update(p);
}

static enum bus_result elcr_access(struct region *r, struct bus_access *a)
{
	struct i8259 *p = container_of(r, struct i8259, elcr);
	unsigned which = a->offset & 1;

	lock_acquire(&p->lock);
	if (a->write)
		set_elcr(p, which, (uint8_t)a->value);
	else
		a->value = p->chip[which].elcr;
	lock_release(&p->lock);
	return BUS_OK;
}

#define BYTES(fn)	{ .access = fn, .min_size = 1, .max_size = 1, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED }
static const struct region_ops master_ops = BYTES(master_access), slave_ops = BYTES(slave_access),
			       elcr_ops = BYTES(elcr_access);

/* ---- class ---- */

static int i8259_init(struct device *d, struct arena *a)
{
	struct i8259 *p = container_of(d, struct i8259, dev);

	(void)a;
	lock_set_rank(&p->lock, LOCK_IRQCHIP);
	p->ports[MASTER] = (struct region){ .ops = &master_ops, .name = "8259" };
	p->ports[SLAVE] = (struct region){ .ops = &slave_ops, .name = "8259-second" };
	p->elcr = (struct region){ .ops = &elcr_ops, .name = "elcr" };
	return 0;
}

int i8259_map(struct device *d)
{
	struct i8259 *p = container_of(d, struct i8259, dev);
	struct bus *bus = &d->vm->bus;
	int err;

	err = bus_region_add(bus, &p->ports[MASTER], BUS_PIO, 0x20, 2, 0);
	if (!err)
		err = bus_region_add(bus, &p->ports[SLAVE], BUS_PIO, 0xa0, 2, 0);
	return err ? err : bus_region_add(bus, &p->elcr, BUS_PIO, 0x4d0, 2, 0);
}

/* Lines belong to the devices, which lower theirs. */
static void i8259_reset(struct device *d, enum reset_kind why)
{
	struct i8259 *p = container_of(d, struct i8259, dev);

	(void)why;
	lock_acquire(&p->lock);
	for (unsigned which = MASTER; which <= SLAVE; which++)
		p->chip[which] = (struct pic_regs){ .lines = p->chip[which].lines };
	update(p);
	lock_release(&p->lock);
}

void i8259_get(struct device *d, struct pic_regs regs[2])
{
	struct i8259 *p = container_of(d, struct i8259, dev);

	lock_acquire(&p->lock);
	memcpy(regs, p->chip, sizeof(p->chip));
	lock_release(&p->lock);
}

void i8259_put(struct device *d, const struct pic_regs regs[2])
{
	struct i8259 *p = container_of(d, struct i8259, dev);

	lock_acquire(&p->lock);
	memcpy(p->chip, regs, sizeof(p->chip));
	for (unsigned which = MASTER; which <= SLAVE; which++)
		p->chip[which].elcr &= elcr_mask[which];
	update(p);
	lock_release(&p->lock);
}

const struct dev_class i8259_class = {
	.name		= "i8259",
	.size		= sizeof(struct i8259),
	.init		= i8259_init,
	.reset		= i8259_reset,
};
