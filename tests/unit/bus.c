/* SPDX-License-Identifier: BSD-2-Clause */
/* core/bus: overlaps, widths, doorbells, and removal under accesses. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/bits.h"
#include "base/errno.h"
#include "base/notifier.h"
#include "core/bus.h"
#include "core/vcpu.h"
#include "tests/unit/cmocka_all.h"

/* A device that is 16 bytes of memory and remembers its last accesses. */
struct toy {
	struct region r;
	struct lock lock;
	uint8_t mem[16];
	unsigned calls;
	struct bus_access last[8];
	bool was_locked;
};

static enum bus_result toy_access(struct region *r, struct bus_access *a)
{
	struct toy *t = container_of(r, struct toy, r);

	t->last[t->calls++ % 8] = *a;
	t->was_locked = !lock_try(&t->lock);
	if (!t->was_locked)
		lock_release(&t->lock);
	if (a->offset + a->size > sizeof(t->mem))
		return BUS_ABORT;
	if (a->write) {
		memcpy(t->mem + a->offset, &a->value, a->size);
	} else {
		a->value = ~0ull;		/* the bits beyond size are nobody's */
		memcpy(&a->value, t->mem + a->offset, a->size);
	}
	return BUS_OK;
}

static const struct region_ops any_width = { toy_access, 1, 8, MISFIT_ABORT, 0 };
static const struct region_ops words_split = { toy_access, 4, 4, MISFIT_SPLIT, 0 };
static const struct region_ops words_abort = { toy_access, 4, 4, MISFIT_ABORT, 0 };
static const struct region_ops words_ignore = { toy_access, 4, 4, MISFIT_IGNORE, BUS_UNLOCKED };

struct fixture {
	struct bus b;
	struct toy t[3];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	bus_init(&f->b);
	for (int i = 0; i < 3; i++) {
		f->t[i].r.ops = &any_width;
		f->t[i].r.lock = &f->t[i].lock;
		for (unsigned k = 0; k < 16; k++)
			f->t[i].mem[k] = (uint8_t)(k | i << 4);
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static enum bus_result access_at(struct fixture *f, uint64_t addr, unsigned size, bool write, uint64_t *value)
{
	struct bus_access a = { .size = (uint8_t)size, .write = write, .value = *value };
	enum bus_result res = bus_access(&f->b, BUS_MMIO, addr, &a);

	*value = size < 8 ? a.value & ((1ull << 8 * size) - 1) : a.value;
	return res;
}

static void where_regions_overlap_the_higher_priority_answers(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0x1000, 0x1000, 0), 0);
	assert_int_equal(bus_region_add(&f->b, &f->t[1].r, BUS_MMIO, 0x1400, 0x100, 1), 0);
	assert_int_equal(bus_region_add(&f->b, &f->t[2].r, BUS_MMIO, 0, 0, -1), 0);	/* everything else */
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0xfff), &f->t[2].r);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x1000), &f->t[0].r);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x13ff), &f->t[0].r);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x1400), &f->t[1].r);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x14ff), &f->t[1].r);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x1500), &f->t[0].r);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, ~0ull), &f->t[2].r);
	assert_null(bus_find(&f->b, BUS_PIO, 0x1000));
	bus_region_remove(&f->b, &f->t[0].r);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x1000), &f->t[2].r);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x1400), &f->t[1].r);
	bus_region_remove(&f->b, &f->t[2].r);
	assert_null(bus_find(&f->b, BUS_MMIO, 0x1500));
}

static void regions_that_collide_wrap_or_are_there_already_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0x1000, 0x1000, 0), 0);
	assert_int_equal(bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0x5000, 0x1000, 0), -EINVAL);
	assert_int_equal(bus_region_add(&f->b, &f->t[1].r, BUS_MMIO, 0x1fff, 2, 0), -EEXIST);
	assert_int_equal(bus_region_add(&f->b, &f->t[1].r, BUS_MMIO, ~0ull, 2, 0), -EINVAL);
	assert_int_equal(bus_region_add(&f->b, &f->t[1].r, BUS_PIO, 0x1000, 0x1000, 0), 0);
	assert_int_equal(bus_region_add(&f->b, &f->t[2].r, BUS_MMIO, 0x2000, 0, 0), 0);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, ~0ull), &f->t[2].r);
}

static void two_hundred_and_fifty_six_regions_fit(void **state)
{
	struct fixture *f = *state;
	struct toy *many = calloc(256, sizeof(*many));

	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(bus_region_add(&f->b, &many[i].r, BUS_MMIO, i * 37 % 256 * 0x20, 0x10, 0), 0);
	assert_int_equal(bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0x100000, 16, 0), -ENOSPC);
	for (unsigned i = 0; i < 256; i++)
		assert_ptr_equal(bus_find(&f->b, BUS_MMIO, i * 37 % 256 * 0x20 + 15), &many[i].r);
	bus_region_remove(&f->b, &many[7].r);
	assert_int_equal(bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0, 0, -1), 0);	/* 511 pieces */
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x1f), &f->t[0].r);
	free(many);
}

static void a_hole_and_the_end_of_a_region_abort(void **state)
{
	struct fixture *f = *state;
	uint64_t v = 0;

	assert_int_equal(bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0x1000, 10, 0), 0);
	assert_int_equal(access_at(f, 0x2000, 4, false, &v), BUS_ABORT);
	assert_int_equal(access_at(f, 0x1008, 4, false, &v), BUS_ABORT);
	assert_int_equal(access_at(f, 0x1008, 2, false, &v), BUS_OK);
	assert_int_equal(v, 0x0908);
}

static void the_device_lock_is_held_unless_the_region_says_no(void **state)
{
	struct fixture *f = *state;
	uint64_t v = 0;

	bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0x1000, 16, 0);
	assert_int_equal(access_at(f, 0x1000, 4, false, &v), BUS_OK);
	assert_true(f->t[0].was_locked);
	f->t[1].r.ops = &words_ignore;
	bus_region_add(&f->b, &f->t[1].r, BUS_MMIO, 0x2000, 16, 0);
	assert_int_equal(access_at(f, 0x2000, 4, false, &v), BUS_OK);
	assert_false(f->t[1].was_locked);
}

static void wide_accesses_are_split_low_address_first(void **state)
{
	struct fixture *f = *state;
	uint64_t v = 0x1122334455667788;

	f->t[0].r.ops = &words_split;
	bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0x1000, 16, 0);
	assert_int_equal(access_at(f, 0x1000, 8, true, &v), BUS_OK);
	assert_int_equal(f->t[0].calls, 2);
	assert_true(f->t[0].last[0].offset == 0 && f->t[0].last[0].value == 0x55667788);
	assert_true(f->t[0].last[1].offset == 4 && f->t[0].last[1].value == 0x11223344);
	v = 0;
	assert_int_equal(access_at(f, 0x1000, 8, false, &v), BUS_OK);
	assert_true(v == 0x1122334455667788);
}

static void narrow_accesses_take_their_part_of_a_word(void **state)
{
	struct fixture *f = *state;
	uint64_t v = 0;

	f->t[0].r.ops = &words_split;
	bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0x1000, 16, 0);
	assert_int_equal(access_at(f, 0x1006, 2, false, &v), BUS_OK);
	assert_int_equal(v, 0x0706);
	v = 0xee;
	assert_int_equal(access_at(f, 0x1005, 1, true, &v), BUS_OK);
	assert_int_equal(get_le32(f->t[0].mem + 4), 0x0706ee04);
	v = 0;
	assert_int_equal(access_at(f, 0x1002, 4, false, &v), BUS_OK);	/* misaligned */
	assert_int_equal(v, 0xee040302);
}

static void widths_that_do_not_fit_abort_or_are_ignored(void **state)
{
	struct fixture *f = *state;
	uint64_t v = 0x99;

	f->t[0].r.ops = &words_abort;
	f->t[1].r.ops = &words_ignore;
	bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0x1000, 16, 0);
	bus_region_add(&f->b, &f->t[1].r, BUS_MMIO, 0x2000, 16, 0);
	assert_int_equal(access_at(f, 0x1000, 8, false, &v), BUS_ABORT);
	assert_int_equal(access_at(f, 0x1002, 4, false, &v), BUS_ABORT);
	assert_int_equal(access_at(f, 0x2000, 1, true, &v), BUS_OK);
	assert_int_equal(access_at(f, 0x2000, 1, false, &v), BUS_OK);
	assert_int_equal(v, 0);
	assert_int_equal(f->t[0].calls + f->t[1].calls, 0);
}

static void register_numbers_need_no_alignment(void **state)
{
	struct fixture *f = *state;
	struct bus_access a = { .size = 8 };

	bus_region_add(&f->b, &f->t[0].r, BUS_SYSREG, 0xc661, 3, 0);
	assert_int_equal(bus_access(&f->b, BUS_SYSREG, 0xc663, &a), BUS_OK);
	assert_int_equal(f->t[0].last[0].offset, 2);
	assert_int_equal(f->t[0].last[0].size, 8);
}

static unsigned rings;

static void ring(struct notifier *n)
{
	__atomic_fetch_add(&rings, 1, __ATOMIC_RELAXED);
}

static int hook(void *ctx, struct region *r, struct doorbell *d, bool on)
{
	*(int *)ctx += on ? 1 : -1;
	return -ENOTSUP;
}

static void a_doorbell_takes_the_write_that_matches(void **state)
{
	struct fixture *f = *state;
	struct notifier n = { .signal = ring };
	struct doorbell one = { .to = &n, .offset = 4, .size = 4, .match = 1 };
	struct doorbell any = { .to = &n, .offset = 8, .any_value = true };
	int hooked = 0;
	uint64_t v = 1;

	rings = 0;
	assert_int_equal(bus_doorbell_add(&f->t[0].r, &one), -EINVAL);
	bus_region_add(&f->b, &f->t[0].r, BUS_MMIO, 0x1000, 16, 0);
	f->b.doorbell_hook = hook;
	f->b.hook_ctx = &hooked;
	assert_int_equal(bus_doorbell_add(&f->t[0].r, &one), 0);
	assert_int_equal(bus_doorbell_add(&f->t[0].r, &any), 0);
	assert_int_equal(hooked, 2);
	access_at(f, 0x1004, 4, true, &v);
	assert_int_equal(rings, 1);
	access_at(f, 0x1008, 1, true, &v);
	assert_int_equal(rings, 2);
	assert_int_equal(f->t[0].calls, 0);
	access_at(f, 0x1004, 2, true, &v);		/* size */
	v = 2;
	access_at(f, 0x1004, 4, true, &v);		/* value */
	access_at(f, 0x1004, 4, false, &v);		/* a read */
	assert_int_equal(rings, 2);
	assert_int_equal(f->t[0].calls, 3);
	bus_doorbell_remove(&f->t[0].r, &any);
	bus_doorbell_remove(&f->t[0].r, &any);
	assert_int_equal(hooked, 1);
	access_at(f, 0x1008, 1, true, &v);
	assert_int_equal(rings, 2);
}

struct race {
	struct bus b;
	struct toy t;
	uint32_t stop, alive;		/* atomic; alive: the region may be called */
	uint64_t bad, hits;		/* atomic */
};

static enum bus_result alive_access(struct region *r, struct bus_access *a)
{
	struct race *x = container_of(r, struct race, t.r);

	__atomic_fetch_add(&x->hits, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2000; i++)
		if (!__atomic_load_n(&x->alive, __ATOMIC_RELAXED))
			__atomic_fetch_add(&x->bad, 1, __ATOMIC_RELAXED);
	return BUS_OK;
}

static const struct region_ops alive_ops = { alive_access, 1, 8, MISFIT_ABORT, BUS_UNLOCKED };

struct race_thread {
	struct race *x;
	struct vcpu v;
};

static void *access_all_the_time(void *arg)
{
	struct race_thread *t = arg;

	while (!__atomic_load_n(&t->x->stop, __ATOMIC_RELAXED)) {
		struct bus_access a = { .vcpu = &t->v, .size = 4 };

		bus_access(&t->x->b, BUS_MMIO, 0x1000, &a);
	}
	return NULL;
}

static void a_removed_region_is_never_called(void **state)
{
	struct race *x = calloc(1, sizeof(*x));
	struct race_thread rt[2] = { { x }, { x } };
	pthread_t t[2];

	bus_init(&x->b);
	x->t.r.ops = &alive_ops;
	for (unsigned i = 0; i < 2; i++) {
		rt[i].v.index = i;
		pthread_create(&t[i], NULL, access_all_the_time, &rt[i]);
	}
	for (unsigned i = 0; i < 2000 || (!__atomic_load_n(&x->hits, __ATOMIC_RELAXED) && i < 1000000); i++) {
		__atomic_store_n(&x->alive, 1, __ATOMIC_SEQ_CST);
		assert_int_equal(bus_region_add(&x->b, &x->t.r, BUS_MMIO, 0x1000, 16, 0), 0);
		bus_region_remove(&x->b, &x->t.r);
		__atomic_store_n(&x->alive, 0, __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&x->stop, 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(x->bad, 0);
	assert_true(x->hits > 0);
	free(x);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- a device that moves its own region ---- */

struct mover {
	struct region r;
	struct bus *b;
	uint64_t to;
};

static void move(void *ctx)
{
	struct mover *m = ctx;

	bus_region_remove(m->b, &m->r);
	assert_int_equal(bus_region_add(m->b, &m->r, BUS_MMIO, m->to, 8, 0), 0);
}

static enum bus_result mover_access(struct region *r, struct bus_access *a)
{
	struct mover *m = container_of(r, struct mover, r);

	if (a->write) {
		m->to = a->value << 8 & 0xff00;
		a->after = move;
		a->after_ctx = m;
	}
	return BUS_OK;
}

static void a_region_moves_itself_when_its_access_is_over(void **state)
{
	static const struct region_ops ops = { mover_access, 4, 4, MISFIT_SPLIT, BUS_UNLOCKED };
	struct fixture *f = *state;
	struct mover m = { .r.ops = &ops, .b = &f->b };
	struct bus_access a = { .size = 4, .write = true, .value = 0x20 };

	assert_int_equal(bus_region_add(&f->b, &m.r, BUS_MMIO, 0x1000, 8, 0), 0);
	assert_int_equal(bus_access(&f->b, BUS_MMIO, 0x1000, &a), BUS_OK);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x2000), &m.r);
	assert_null(bus_find(&f->b, BUS_MMIO, 0x1000));
	a = (struct bus_access){ .size = 1, .write = true, .value = 0x30 };	/* a part of a word */
	assert_int_equal(bus_access(&f->b, BUS_MMIO, 0x2000, &a), BUS_OK);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x3000), &m.r);
	a = (struct bus_access){ .size = 8, .write = true, .value = 0x40ull << 32 };	/* two words: the last counts */
	assert_int_equal(bus_access(&f->b, BUS_MMIO, 0x3000, &a), BUS_OK);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x4000), &m.r);
	a = (struct bus_access){ .size = 4 };
	assert_int_equal(bus_access(&f->b, BUS_MMIO, 0x4000, &a), BUS_OK);
	assert_ptr_equal(bus_find(&f->b, BUS_MMIO, 0x4000), &m.r);
	bus_region_remove(&f->b, &m.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(where_regions_overlap_the_higher_priority_answers),
		T(regions_that_collide_wrap_or_are_there_already_are_refused),
		T(two_hundred_and_fifty_six_regions_fit),
		T(a_hole_and_the_end_of_a_region_abort),
		T(the_device_lock_is_held_unless_the_region_says_no),
		T(wide_accesses_are_split_low_address_first),
		T(narrow_accesses_take_their_part_of_a_word),
		T(widths_that_do_not_fit_abort_or_are_ignored),
		T(register_numbers_need_no_alignment),
		T(a_doorbell_takes_the_write_that_matches),
		cmocka_unit_test(a_removed_region_is_never_called),
		T(a_region_moves_itself_when_its_access_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
