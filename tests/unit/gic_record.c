/* SPDX-License-Identifier: BSD-2-Clause */
/* core/gic_record.h by models: what goes in comes out, and what is another GIC's or nonsense does not go in. */
#include <stdlib.h>
#include <string.h>

#include "base/errno.h"
#include "os/arena.h"
#include "tests/unit/gic_random.h"

#define CPUS	3u
#define SPIS	256u

static uint8_t record[GIC_RECORD_BYTES], again[GIC_RECORD_BYTES];
static struct gic_image image;

static struct vm *machine_new(bool v2)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	assert_non_null(vm);
	os_arena_init(&vm->arena);
	gic_model(vm, v2, CPUS, false);
	return vm;
}

static void machine_free(struct vm *vm)
{
	device_destroy_all(vm);
	os_arena_free(&vm->arena);
	free(vm);
}

static void a_models_record_comes_out_as_it_went_in(void **state)
{
	for (unsigned v2 = 0; v2 < 2; v2++) {
		struct vm *m = machine_new(v2);

		for (uint32_t seed = 1; seed <= 20; seed++) {
			size_t size, size2;

			gic_image_draw(&image, v2, CPUS, SPIS, seed);
			size = gic_image_save(&image, record);
			assert_int_equal(gic_chip_load(m->irqchip, record, size), 0);
			size2 = gic_chip_save(m->irqchip, again);
			gic_same(record, size, again, size2, CPUS, SPIS);
		}
		machine_free(m);
	}
}

static void another_gics_record_is_refused(void **state)
{
	struct vm *m = machine_new(false);
	size_t size;

	gic_image_draw(&image, false, CPUS - 1, SPIS, 1);
	size = gic_image_save(&image, record);
	assert_int_equal(gic_chip_load(m->irqchip, record, size), -EINVAL);
	gic_image_draw(&image, false, CPUS, SPIS - 32, 1);
	size = gic_image_save(&image, record);
	assert_int_equal(gic_chip_load(m->irqchip, record, size), -EINVAL);
	gic_image_draw(&image, false, CPUS, SPIS, 1);
	size = gic_image_save(&image, record);
	for (size_t less = 1; less < size; less += 97)
		assert_int_equal(gic_chip_load(m->irqchip, record, size - less), -EINVAL);
	machine_free(m);
}

static void what_no_gic_can_have_is_refused_or_made_possible(void **state)
{
	struct vm *m = machine_new(false);
	size_t size, size2;

	gic_image_draw(&image, false, CPUS, SPIS, 2);
	image.ctlr = 4;
	size = gic_image_save(&image, record);
	assert_int_equal(gic_chip_load(m->irqchip, record, size), -EINVAL);
	gic_image_draw(&image, false, CPUS, SPIS, 2);
	image.regs[0].bpr[0] = 1;
	size = gic_image_save(&image, record);
	assert_int_equal(gic_chip_load(m->irqchip, record, size), -EINVAL);
	gic_image_draw(&image, false, CPUS, SPIS, 2);
	image.regs[1].pmr = 0xff;
	image.own[1].edge = 0;
	image.spi[3].priority[7] = 0xff;
	size = gic_image_save(&image, record);
	assert_int_equal(gic_chip_load(m->irqchip, record, size), 0);
	size2 = gic_chip_save(m->irqchip, again);
	gic_image_load(&image, again, size2);
	assert_int_equal(image.regs[1].pmr, 0xf8);
	assert_int_equal(image.own[1].edge, 0xffff);
	assert_int_equal(image.spi[3].priority[7], 0xf8);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_models_record_comes_out_as_it_went_in),
		cmocka_unit_test(another_gics_record_is_refused),
		cmocka_unit_test(what_no_gic_can_have_is_refused_or_made_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
