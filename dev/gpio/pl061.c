/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PL061 registers: ARM DDI 0190B chapter 3. GPIODATA's address bits 9:2 are a mask of the pins that an access
 * means.
 */
#include "base/bits.h"
#include "core/fdt.h"
#include "core/vm.h"
#include "dev/gpio/pl061.h"

enum {
	GPIODATA_END = 0x400, GPIODIR = 0x400, GPIOIS = 0x404, GPIOIBE = 0x408, GPIOIEV = 0x40c, GPIOIE = 0x410,
	GPIORIS = 0x414, GPIOMIS = 0x418, GPIOIC = 0x41c, GPIOAFSEL = 0x420,
};

#define PART		0x061
#define PRESS_NS	100000000ull	/* longer than Linux's debouncing */
#define KEY_POWER	116		/* as in Linux's input-event-codes.h */

static uint8_t pl061_pins(const struct pl061 *g)
{
	return (uint8_t)((g->input & ~g->dir) | (g->output & g->dir));
}

/* Pins went from `before` to what they are now: edges are remembered, levels followed (§2.2). */
static void pl061_update(struct pl061 *g, uint8_t before)
{
	uint8_t now = pl061_pins(g), changed = now ^ before;
	uint8_t edges = changed & (g->ibe | (uint8_t)~(now ^ g->iev));

	g->ris = (uint8_t)((g->ris & ~g->is) | (edges & ~g->is) | (~(now ^ g->iev) & g->is));
	irq_set(&g->mmio.irq, g->ris & g->ie);
}

static uint32_t pl061_read(struct pl061 *g, uint64_t offset)
{
	if (offset < GPIODATA_END)
		return pl061_pins(g) & (uint32_t)(offset >> 2);
	switch (offset) {
	case GPIODIR:	return g->dir;
	case GPIOIS:	return g->is;
	case GPIOIBE:	return g->ibe;
	case GPIOIEV:	return g->iev;
	case GPIOIE:	return g->ie;
	case GPIORIS:	return g->ris;
	case GPIOMIS:	return g->ris & g->ie;
	case GPIOAFSEL:	return g->afsel;
	default:	return primecell_id(PART, 0, offset);
	}
}

static void pl061_write(struct pl061 *g, uint64_t offset, uint8_t v)
{
	uint8_t before = pl061_pins(g), mask = (uint8_t)(offset >> 2);

	if (offset < GPIODATA_END) {
		mask &= g->dir;
		g->output = (uint8_t)((g->output & ~mask) | (v & mask));
	}
	switch (offset) {
	case GPIODIR:	g->dir = v; break;
	case GPIOIS:	g->is = v; break;
	case GPIOIBE:	g->ibe = v; break;
	case GPIOIEV:	g->iev = v; break;
	case GPIOIE:	g->ie = v; break;
	case GPIOIC:	g->ris &= (uint8_t)~v; break;
	case GPIOAFSEL:	g->afsel = v; break;
	}
	pl061_update(g, before);
}

static enum bus_result pl061_access(struct region *r, struct bus_access *a)
{
	struct pl061 *g = container_of(r, struct pl061, mmio.regs);

	if (a->write)
		pl061_write(g, a->offset, (uint8_t)a->value);
	else
		a->value = pl061_read(g, a->offset);
	return BUS_OK;
}

static const struct region_ops pl061_ops = {
	.access = pl061_access, .min_size = 1, .max_size = 4, .misfit = MISFIT_IGNORE,
};

void pl061_set_input(struct device *d, unsigned pin, bool level)
{
	struct pl061 *g = container_of(d, struct pl061, mmio.dev);
	uint8_t before;

	lock_acquire(&d->lock);
	before = pl061_pins(g);
	g->input = (uint8_t)((g->input & ~(1u << (pin & 7))) | (unsigned)level << (pin & 7));
	pl061_update(g, before);
	lock_release(&d->lock);
}

static void pl061_key_up(struct timer *t)
{
	struct pl061 *g = container_of(t, struct pl061, key_up);

	pl061_set_input(&g->mmio.dev, g->power_pin, false);
}

void pl061_press(struct device *d)
{
	struct pl061 *g = container_of(d, struct pl061, mmio.dev);
	struct vm_time *t = &d->vm->time;

	pl061_set_input(d, g->power_pin, true);
	timer_set(t, &g->key_up, vm_now_ns(t) + PRESS_NS);
}

static int pl061_init(struct device *d, struct arena *a)
{
	struct pl061 *g = container_of(d, struct pl061, mmio.dev);

	mmio_init(&g->mmio, &pl061_ops, PRIMECELL_SIZE);
	timer_init(&g->key_up, pl061_key_up);
	return 0;
}

static void pl061_reset(struct device *d, enum reset_kind why)
{
	struct pl061 *g = container_of(d, struct pl061, mmio.dev);

	lock_acquire(&d->lock);
	g->output = g->dir = g->is = g->ibe = g->iev = g->ie = g->ris = g->afsel = 0;
	pl061_update(g, pl061_pins(g));
	lock_release(&d->lock);
}

/* A key that was held down when the machine was saved is let go. */
static int pl061_loaded(struct device *d)
{
	struct pl061 *g = container_of(d, struct pl061, mmio.dev);

	lock_acquire(&d->lock);
	pl061_update(g, pl061_pins(g));
	lock_release(&d->lock);
	if (g->input >> g->power_pin & 1)
		pl061_press(d);
	return 0;
}

static void pl061_fdt(const struct device *d, struct fdt_writer *w)
{
	static const char *const clocks[] = { "apb_pclk" };
	const struct pl061 *g = container_of(d, const struct pl061, mmio.dev);
	uint32_t key[3] = { g->phandle, g->power_pin, 0 };

	primecell_fdt_begin(d, w, "pl061", "arm,pl061", g->clock, clocks, ARRAY_SIZE(clocks));
	fdt_prop_u32(w, "#gpio-cells", 2);
	fdt_prop_empty(w, "gpio-controller");
	fdt_prop_u32(w, "#address-cells", 0);
	fdt_prop_u32(w, "#interrupt-cells", 2);
	fdt_prop_empty(w, "interrupt-controller");
	if (g->phandle)
		fdt_prop_u32(w, "phandle", g->phandle);
	fdt_end(w);
	if (!g->phandle)
		return;
	fdt_begin(w, "gpio-keys");
	fdt_prop_string(w, "compatible", "gpio-keys");
	fdt_begin(w, "power");
	fdt_prop_string(w, "label", "Power key");
	fdt_prop_u32(w, "linux,code", KEY_POWER);
	fdt_prop_cells(w, "gpios", key, ARRAY_SIZE(key));
	fdt_end(w);
	fdt_end(w);
}

static const struct prop pl061_props[] = {
	PROP(struct pl061, clock, PROP_U32, 0, 0, 0xfffffffe),
	PROP(struct pl061, phandle, PROP_U32, 0, 0, 0xfffffffe),
	PROP(struct pl061, power_pin, PROP_U32, 3, 0, 7),
	PROP_END
};

static const struct field pl061_state[] = {
	FIELD(struct pl061, input, 1),
	FIELD(struct pl061, output, 1),
	FIELD(struct pl061, dir, 1),
	FIELD(struct pl061, is, 1),
	FIELD(struct pl061, ibe, 1),
	FIELD(struct pl061, iev, 1),
	FIELD(struct pl061, ie, 1),
	FIELD(struct pl061, ris, 1),
	FIELD(struct pl061, afsel, 1),
	FIELD_END
};

const struct dev_class pl061_class = {
	.name		= "pl061",
	.size		= sizeof(struct pl061),
	.version	= 1,
	.props		= pl061_props,
	.init		= pl061_init,
	.reset		= pl061_reset,
	.state		= pl061_state,
	.state_post	= pl061_loaded,
	.fdt		= pl061_fdt,
};
