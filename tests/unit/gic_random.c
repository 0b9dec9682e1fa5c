/* SPDX-License-Identifier: BSD-2-Clause */
/* See gic_random.h. */
#include <string.h>

#include "dev/irqchip/gicv2.h"
#include "dev/irqchip/gicv3.h"
#include "dev/irqchip/gicv3_its.h"
#include "tests/unit/gic_random.h"

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16 | (*seed * 22695477 + 1) << 16;
}

static void wire(struct gic_image *i, uint32_t cpus, uint32_t spis)
{
	i->record = (struct gic_record){ .cpus = cpus, .spis = spis, .ctlr = &i->ctlr, .spi = i->spi, .route = i->route };
	for (uint32_t n = 0; n < cpus; n++) {
		i->record.cpu[n].own = &i->own[n];
		i->record.cpu[n].regs = &i->regs[n];
	}
}

static void draw_word(struct gic_word *w, bool v2, uint32_t *seed)
{
	*w = (struct gic_word){ .group = draw(seed), .enabled = draw(seed), .latch = draw(seed), .active = draw(seed),
				.line = draw(seed), .edge = draw(seed) };
	if (v2)
		w->latch &= w->edge | ~w->line;
	for (unsigned n = 0; n < 32; n++)
		w->priority[n] = draw(seed) & GIC_PRIORITY_MASK;
}

static void draw_cpu(struct gic_word *own, struct gic_cpu_regs *r, bool v2, uint32_t cpus, uint32_t *seed)
{
	draw_word(own, v2, seed);
	own->edge = 0xffff;
	own->line = v2 ? 0 : own->line & 0xffff0000;
	*r = (struct gic_cpu_regs){
		.pmr = draw(seed) & GIC_PRIORITY_MASK, .bpr = { 2 + draw(seed) % 6, 3 + draw(seed) % 5 }, .groups = draw(seed) & 3,
		.common_bpr = draw(seed) & 1, .eoi_mode = draw(seed) & 1, .ack_ctl = v2 && draw(seed) & 1,
		.fiq_enable = !v2 || draw(seed) & 1, .apr = { draw(seed), draw(seed) },
	};
	if (!v2) {
		if (r->common_bpr)
			r->bpr[1] = MIN(r->bpr[0] + 1, 7);
		return;
	}
	own->enabled |= 0xffff;
	own->latch = 0;
	r->apr[r->groups != 2] = 0;
	for (unsigned n = 0; n < 16; n++) {
		r->sgi_source[n] = draw(seed) & draw(seed) & ((1u << cpus) - 1);
		own->latch |= (uint32_t)!!r->sgi_source[n] << n;
	}
}

void gic_image_draw(struct gic_image *i, bool v2, uint32_t cpus, uint32_t spis, uint32_t seed)
{
	uint32_t group1 = 0;

	memset(i, 0, sizeof(*i));
	wire(i, cpus, spis);
	for (uint32_t n = 0; n < spis / 32; n++)
		draw_word(&i->spi[n], v2, &seed);
	for (uint32_t n = 0; n < cpus; n++) {
		draw_cpu(&i->own[n], &i->regs[n], v2, cpus, &seed);
		group1 |= i->regs[n].groups & 2;
	}
	for (uint32_t n = 0; n < spis; n++)
		i->route[n] = v2 ? draw(&seed) & ((1u << cpus) - 1) : draw(&seed) % cpus;
	i->ctlr = draw(&seed) & 1 ? 0 : v2 ? 1 | group1 : 2;
}

size_t gic_image_save(struct gic_image *i, uint8_t *buf)
{
	struct state_writer w = { buf, GIC_RECORD_BYTES, 0, 0 };

	assert_int_equal(gic_record_save(&i->record, &w), 0);
	return w.used;
}

void gic_image_load(struct gic_image *i, const uint8_t *buf, size_t size)
{
	struct state_reader r = { buf, size, 0, 0 };

	assert_int_equal(gic_record_load(&i->record, &r), 0);
	assert_int_equal(r.at, size);
}

size_t gic_chip_save(struct irqchip *chip, uint8_t *buf)
{
	struct state_writer w = { buf, GIC_RECORD_BYTES, 0, 0 };

	assert_int_equal(chip->ops->save(chip, &w), 0);
	return w.used;
}

int gic_chip_load(struct irqchip *chip, const uint8_t *buf, size_t size)
{
	struct state_reader r = { buf, size, 0, 0 };

	return chip->ops->load(chip, &r);
}

static void same_word(const struct gic_word *a, const struct gic_word *b, const char *what, uint32_t n)
{
	const uint32_t *x = &a->group, *y = &b->group;
	static const char *const names[] = { "group", "enabled", "latch", "active", "line", "edge" };

	for (unsigned f = 0; f < ARRAY_SIZE(names); f++)
		if (x[f] != y[f])
			fail_msg("%s %u: %s is %08x and %08x", what, n, names[f], x[f], y[f]);
	assert_memory_equal(a->priority, b->priority, sizeof(a->priority));
}

void gic_same(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint32_t cpus, uint32_t spis)
{
	static struct gic_image x, y;

	assert_int_equal(a_size, b_size);
	memset(&x, 0, sizeof(x));
	memset(&y, 0, sizeof(y));
	wire(&x, cpus, spis);
	wire(&y, cpus, spis);
	gic_image_load(&x, a, a_size);
	gic_image_load(&y, b, b_size);
	assert_int_equal(x.ctlr, y.ctlr);
	for (uint32_t n = 0; n < spis / 32; n++)
		same_word(&x.spi[n], &y.spi[n], "word of SPIs", n);
	for (uint32_t n = 0; n < cpus; n++) {
		same_word(&x.own[n], &y.own[n], "word 0 of CPU", n);
		assert_memory_equal(&x.regs[n], &y.regs[n], sizeof(x.regs[n]));
	}
	for (uint32_t n = 0; n < GIC_MAX_SPIS; n++)
		if (x.route[n] != y.route[n])
			fail_msg("SPI %u goes to %llx and %llx", n, (unsigned long long)x.route[n], (unsigned long long)y.route[n]);
	assert_memory_equal(a, b, a_size);
}

/* ---- a model ---- */

static void pin(struct vcpu *v, enum cpu_pin which, bool level)
{
	(void)v;
	(void)which;
	(void)level;
}

static void kick(struct vcpu *v)
{
	(void)v;
}

static const struct engine_ops none = { .name = "none", .vcpu_pin = pin, .vcpu_kick = kick };

void gic_model(struct vm *vm, bool v2, uint32_t cpus, bool its)
{
	struct device *d, *i;

	assert_int_equal(vm_init(vm, ISA_ARM64, &none, 1000000000), 0);
	assert_int_equal(vm_vcpus_create(vm, cpus), 0);
	for (uint32_t n = 0; n < cpus; n++)
		vm->vcpu[n]->hwid = n;
	d = device_create(vm, v2 ? &gicv2_class : &gicv3_class);
	assert_non_null(d);
	if (its)
		assert_int_equal(device_set(d, "lpis", true), 0);
	assert_int_equal(device_init(d), 0);
	vm->irqchip = gic_chip(d);
	if (v2)
		assert_int_equal(gicv2_map(d, GIC_TEST_DIST, GIC_TEST_GICC), 0);
	else
		assert_int_equal(gicv3_map(d, GIC_TEST_DIST, GIC_TEST_REDIST), 0);
	if (!its)
		return;
	i = device_create(vm, &gicv3_its_class);
	assert_non_null(i);
	assert_int_equal(device_set_ptr(i, "gic", d), 0);
	assert_int_equal(device_init(i), 0);
	assert_int_equal(gicv3_its_map(i, GIC_TEST_ITS), 0);
}
