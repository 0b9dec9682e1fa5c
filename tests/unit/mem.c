/* SPDX-License-Identifier: BSD-2-Clause */
/* core/mem: slots, spans, accesses, listeners, dirty bits, and removal under readers. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/errno.h"
#include "core/mem.h"
#include "tests/unit/cmocka_all.h"

#define K	4096ull

static struct mem_slot ram(gpa_t base, uint64_t size, void *host)
{
	return (struct mem_slot){ .base = base, .size = size, .kind = MEM_RAM, .can_write = true,
				  .backing = { .host = host, .fd = -1 } };
}

struct fixture {
	struct mem m;
	uint8_t low[4 * K] __attribute__((aligned(4096))), high[2 * K], rom[K];
	uint32_t low_id, high_id, rom_id;
};

/* RAM at 0x10000..0x14000 and, adjoining, 0x14000..0x16000; ROM at 0. */
static int set_up(void **state)
{
	struct fixture *f = aligned_alloc(4096, (sizeof(*f) + 4095) & ~4095ull);
	struct mem_slot s;

	memset(f, 0, sizeof(*f));
	mem_init(&f->m);
	s = ram(0x14000, 2 * K, f->high);
	assert_int_equal(mem_slot_add(&f->m, &s, &f->high_id), 0);
	s = ram(0x10000, 4 * K, f->low);
	assert_int_equal(mem_slot_add(&f->m, &s, &f->low_id), 0);
	s = ram(0, K, f->rom);
	s.kind = MEM_ROM;
	assert_int_equal(mem_slot_add(&f->m, &s, &f->rom_id), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void slots_that_overlap_wrap_or_are_unaligned_are_refused(void **state)
{
	struct fixture *f = *state;
	struct mem_slot s = ram(0x13000, K, f->low);

	assert_int_equal(mem_slot_add(&f->m, &s, NULL), -EEXIST);
	s = ram(0xf000, 2 * K, f->low);
	assert_int_equal(mem_slot_add(&f->m, &s, NULL), -EEXIST);
	s = ram(0x1000, 0x100000, f->low);
	assert_int_equal(mem_slot_add(&f->m, &s, NULL), -EEXIST);
	s = ram(0x20010, K, f->low);
	assert_int_equal(mem_slot_add(&f->m, &s, NULL), -EINVAL);
	s = ram(0x20000, 0, f->low);
	assert_int_equal(mem_slot_add(&f->m, &s, NULL), -EINVAL);
	s = ram(~0xfffull, 2 * K, f->low);
	assert_int_equal(mem_slot_add(&f->m, &s, NULL), -EINVAL);
	s = ram(~0xfffull, K, f->low);		/* the very top is fine */
	assert_int_equal(mem_slot_add(&f->m, &s, NULL), 0);
	assert_non_null(mem_find(&f->m, ~0ull));
}

static void an_address_finds_its_slot_and_no_other(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mem_find(&f->m, 0x10000)->id, f->low_id);
	assert_int_equal(mem_find(&f->m, 0x13fff)->id, f->low_id);
	assert_int_equal(mem_find(&f->m, 0x14000)->id, f->high_id);
	assert_int_equal(mem_find(&f->m, 0xfff)->id, f->rom_id);
	assert_null(mem_find(&f->m, 0x1000));
	assert_null(mem_find(&f->m, 0xffff));
	assert_null(mem_find(&f->m, 0x16000));
	assert_null(mem_find(&f->m, ~0ull));
}

static void there_is_room_for_64_slots(void **state)
{
	struct fixture *f = *state;
	uint32_t id;

	for (unsigned i = 3; i < 64; i++) {
		struct mem_slot s = ram(0x100000 + 2 * K * ((i * 37) % 64), K, f->low);

		assert_int_equal(mem_slot_add(&f->m, &s, &id), 0);
	}
	struct mem_slot s = ram(0x900000, K, f->low);

	assert_int_equal(mem_slot_add(&f->m, &s, NULL), -ENOSPC);
	assert_int_equal(mem_slot_remove(&f->m, id), 0);
	assert_int_equal(mem_slot_remove(&f->m, id), -ENOENT);
	assert_int_equal(mem_slot_add(&f->m, &s, NULL), 0);
	assert_non_null(mem_find(&f->m, 0x900000));
}

static void a_span_ends_where_its_slot_ends(void **state)
{
	struct fixture *f = *state;
	struct mem_span s;

	assert_int_equal(mem_span_get(&f->m, 0x13ff0, 0x100, true, &s), 0);
	assert_int_equal(s.len, 16);
	assert_ptr_equal(s.ptr, f->low + 0x3ff0);
	assert_int_equal(mem_span_get(&f->m, 0x16000, 1, false, &s), -EFAULT);
	assert_int_equal(mem_span_get(&f->m, 0x10000, SIZE_MAX, false, &s), -EFAULT);
}

static void rom_may_be_read_and_not_written(void **state)
{
	struct fixture *f = *state;
	struct mem_span s;
	uint64_t v = 1;

	assert_int_equal(mem_span_get(&f->m, 0, 4, false, &s), 0);
	assert_int_equal(mem_span_get(&f->m, 0, 4, true, &s), -EFAULT);
	assert_int_equal(mem_write(&f->m, 0, "x", 1), -EFAULT);
	assert_int_equal(mem_store(&f->m, 0, 4, MEM_RELAXED, 1), -EFAULT);
	assert_int_equal(mem_cmpxchg(&f->m, 0, 4, &v, 1), -EFAULT);
}

static void a_window_is_reached_by_copies_only(void **state)
{
	struct fixture *f = *state;
	struct mem_slot w = ram(0x30000, K, f->low);
	struct mem_span s;
	char c;

	w.kind = MEM_WINDOW;
	assert_int_equal(mem_slot_add(&f->m, &w, NULL), 0);
	assert_int_equal(mem_span_get(&f->m, 0x30000, 1, false, &s), -EFAULT);
	assert_int_equal(mem_read(&f->m, 0x30000, &c, 1), 0);
	w.kind = MEM_DEVICE;
	w.base = 0x40000;
	assert_int_equal(mem_slot_add(&f->m, &w, NULL), 0);
	assert_int_equal(mem_read(&f->m, 0x40000, &c, 1), -EFAULT);
}

static void copies_cross_slots_and_stop_at_holes(void **state)
{
	struct fixture *f = *state;
	char in[32] = "across the border of two slots", out[32];

	assert_int_equal(mem_write(&f->m, 0x13ff0, in, sizeof(in)), 0);
	assert_memory_equal(f->low + 0x3ff0, in, 16);
	assert_memory_equal(f->high, in + 16, 16);
	assert_int_equal(mem_read(&f->m, 0x13ff0, out, sizeof(out)), 0);
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(mem_read(&f->m, 0x15ff0, out, 32), -EFAULT);
	assert_int_equal(mem_write(&f->m, ~0ull, in, 2), -EFAULT);
	assert_int_equal(mem_read(&f->m, 0x50000, out, 0), 0);
}

static void atomic_accesses_have_sizes_and_alignment(void **state)
{
	struct fixture *f = *state;
	uint64_t v;

	for (unsigned size = 1; size <= 8; size *= 2) {
		assert_int_equal(mem_store(&f->m, 0x10040, 8, MEM_SEQ_CST, 0x1122334455667788), 0);
		assert_int_equal(mem_load(&f->m, 0x10040, size, MEM_ACQUIRE, &v), 0);
		assert_true(v == (0x1122334455667788 & (size == 8 ? ~0ull : (1ull << 8 * size) - 1)));
		assert_int_equal(mem_store(&f->m, 0x10040, size, MEM_RELEASE, ~0ull), 0);
		assert_int_equal(f->low[0x40 + size - 1], 0xff);
		assert_int_equal(f->low[0x40 + size], size == 8 ? 0 : 0x88 - 0x11 * size);
	}
	assert_int_equal(mem_load(&f->m, 0x10041, 2, MEM_RELAXED, &v), -EINVAL);
	assert_int_equal(mem_load(&f->m, 0x10040, 3, MEM_RELAXED, &v), -EINVAL);
	assert_int_equal(mem_load(&f->m, 0x10040, 16, MEM_RELAXED, &v), -EINVAL);
	assert_int_equal(mem_load(&f->m, 0x50000, 4, MEM_RELAXED, &v), -EFAULT);
}

static void compare_and_exchange_stores_only_on_a_match(void **state)
{
	struct fixture *f = *state;

	for (unsigned size = 1; size <= 8; size *= 2) {
		uint64_t expected = 0x5a, seen = 0x11;
		gpa_t at = 0x10080 + size;		/* narrow ones inside a word */

		at &= ~(gpa_t)(size - 1);
		memset(f->low + 0x80, 0, 32);
		assert_int_equal(mem_store(&f->m, at, size, MEM_RELAXED, 0x5a), 0);
		assert_int_equal(mem_cmpxchg(&f->m, at, size, &seen, 7), -EAGAIN);
		assert_int_equal(seen, 0x5a);
		assert_int_equal(mem_cmpxchg(&f->m, at, size, &expected, 7), 0);
		assert_int_equal(mem_load(&f->m, at, size, MEM_RELAXED, &seen), 0);
		assert_int_equal(seen, 7);
		for (unsigned i = 0; i < 32; i++)
			if (0x10080 + i != at)
				assert_int_equal(f->low[0x80 + i], 0);
	}
}

struct listener {
	struct mem_listener l;
	unsigned added, removed, wrote, fail_at;
	gpa_t gpa;
	uint64_t len;
};

static int on_add(struct mem_listener *l, const struct mem_slot *slot)
{
	struct listener *me = container_of(l, struct listener, l);

	if (++me->added == me->fail_at)
		return -ENOMEM;
	return 0;
}

static void on_remove(struct mem_listener *l, const struct mem_slot *slot)
{
	container_of(l, struct listener, l)->removed++;
}

static void on_wrote(struct mem_listener *l, gpa_t gpa, uint64_t len)
{
	struct listener *me = container_of(l, struct listener, l);

	me->wrote++;
	me->gpa = gpa;
	me->len = len;
}

static void listeners_hear_of_slots_and_may_refuse(void **state)
{
	struct fixture *f = *state;
	struct listener a = { { on_add, on_remove, on_wrote } }, b = { { on_add, on_remove, on_wrote }, .fail_at = 2 };
	struct mem_slot s = ram(0x80000, K, f->low);
	uint32_t id;

	assert_int_equal(mem_listener_add(&f->m, &a.l), 0);
	assert_int_equal(a.added, 3);				/* replayed */
	assert_int_equal(mem_listener_add(&f->m, &b.l), -ENOMEM);
	assert_int_equal(b.removed, 1);				/* what it had taken */
	b = (struct listener){ { on_add, on_remove, on_wrote }, .fail_at = 4 };
	assert_int_equal(mem_listener_add(&f->m, &b.l), 0);
	assert_int_equal(mem_slot_add(&f->m, &s, &id), -ENOMEM);
	assert_int_equal(a.removed, 1);				/* undone for the others */
	assert_null(mem_find(&f->m, 0x80000));
	assert_int_equal(mem_slot_add(&f->m, &s, &id), 0);
	assert_int_equal(mem_slot_remove(&f->m, id), 0);
	assert_int_equal(a.removed, 2);
	assert_int_equal(b.removed, 1);
	mem_listener_remove(&f->m, &a.l);
	assert_int_equal(mem_slot_add(&f->m, &s, &id), 0);
	assert_int_equal(a.added, 5);
}

static void device_writes_to_watched_pages_are_told(void **state)
{
	struct fixture *f = *state;
	struct listener a = { { on_add, on_remove, on_wrote } };
	uint8_t watched[4] = { 0, 1, 0, 0 };
	struct mem_span s;
	uint64_t v = 0;

	assert_int_equal(mem_listener_add(&f->m, &a.l), 0);
	assert_int_equal(mem_watch(&f->m, f->low_id, watched), 0);
	assert_int_equal(mem_watch(&f->m, 50, watched), -ENOENT);
	mem_write(&f->m, 0x10ff0, "0123456789abcdef", 16);
	assert_int_equal(a.wrote, 0);
	mem_write(&f->m, 0x10ff1, "0123456789abcdef", 16);	/* one byte into page 1 */
	assert_int_equal(a.wrote, 1);
	assert_true(a.gpa == 0x10ff1 && a.len == 16);
	mem_store(&f->m, 0x11000, 4, MEM_RELAXED, 1);
	assert_int_equal(a.wrote, 2);
	mem_cmpxchg(&f->m, 0x11008, 8, &v, 5);
	assert_int_equal(a.wrote, 3);
	mem_span_get(&f->m, 0x10800, 0x1000, true, &s);
	mem_span_put(&f->m, &s, 0x100);				/* did not get there */
	assert_int_equal(a.wrote, 3);
	mem_span_put(&f->m, &s, 0x1000);
	assert_int_equal(a.wrote, 4);
	mem_span_get(&f->m, 0x11000, 16, false, &s);
	mem_span_put(&f->m, &s, 16);
	mem_read(&f->m, 0x11000, &v, 8);
	assert_int_equal(a.wrote, 4);
}

static void device_writes_set_dirty_bits_until_they_are_fetched(void **state)
{
	struct fixture *f = *state;
	uint64_t log[1], got[1] = { 0 };

	assert_int_equal(mem_dirty_fetch(&f->m, f->low_id, got, 1), -ENOENT);
	mem_write(&f->m, 0x10000, "x", 1);
	assert_int_equal(mem_dirty_begin(&f->m, f->low_id, log), 0);
	mem_write(&f->m, 0x11fff, "xy", 2);
	assert_int_equal(mem_dirty_fetch(&f->m, f->low_id, got, 1), 0);
	assert_int_equal(got[0], 6);
	got[0] = 0;
	mem_store(&f->m, 0x13000, 1, MEM_RELAXED, 1);
	assert_int_equal(mem_dirty_fetch(&f->m, f->low_id, got, 9), 0);
	assert_int_equal(got[0], 8);
	mem_dirty_end(&f->m, f->low_id);
	mem_write(&f->m, 0x10000, "x", 1);
	assert_int_equal(log[0], 0);
}

struct race {
	struct mem m;
	uint8_t *page[2];
	uint32_t stop;			/* atomic */
	uint64_t hits;			/* atomic */
};

/* Inside a section a slot that was found stays readable; the writer poisons its memory once it is gone. */
static void *read_slots(void *arg)
{
	struct race *r = arg;
	struct mem_reader me = { 0 };
	uint64_t v, bad = 0;

	mem_reader_register(&r->m, &me);
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		mem_reader_enter(&me);
		for (gpa_t at = 0x1000; at <= 0x2000; at += 0x1000) {
			const struct mem_slot *s = mem_find(&r->m, at);

			if (!s)
				continue;
			v = __atomic_load_n((uint64_t *)s->backing.host, __ATOMIC_RELAXED);
			bad += v != at;
			__atomic_fetch_add(&r->hits, 1, __ATOMIC_RELAXED);
		}
		mem_reader_exit(&me);
	}
	mem_reader_unregister(&r->m, &me);
	return (void *)(uintptr_t)bad;
}

static void a_removed_slot_is_not_used_by_any_reader(void **state)
{
	struct race r = { .page = { aligned_alloc(4096, K), aligned_alloc(4096, K) } };
	pthread_t t[2];
	void *bad;

	mem_init(&r.m);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, read_slots, &r);
	for (unsigned i = 0; i < 2000 || (!__atomic_load_n(&r.hits, __ATOMIC_RELAXED) && i < 1000000); i++) {
		unsigned n = i & 1;
		struct mem_slot s = ram(0x1000 * (n + 1), K, r.page[n]);
		uint32_t id;

		__atomic_store_n((uint64_t *)r.page[n], s.base, __ATOMIC_RELAXED);
		assert_int_equal(mem_slot_add(&r.m, &s, &id), 0);
		assert_int_equal(mem_slot_remove(&r.m, id), 0);
		__atomic_store_n((uint64_t *)r.page[n], 0xdead, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&r.stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++) {
		pthread_join(t[i], &bad);
		assert_int_equal((uintptr_t)bad, 0);
	}
	assert_true(r.hits > 0);
	free(r.page[0]);
	free(r.page[1]);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(slots_that_overlap_wrap_or_are_unaligned_are_refused),
		T(an_address_finds_its_slot_and_no_other),
		T(there_is_room_for_64_slots),
		T(a_span_ends_where_its_slot_ends),
		T(rom_may_be_read_and_not_written),
		T(a_window_is_reached_by_copies_only),
		T(copies_cross_slots_and_stop_at_holes),
		T(atomic_accesses_have_sizes_and_alignment),
		T(compare_and_exchange_stores_only_on_a_match),
		T(listeners_hear_of_slots_and_may_refuse),
		T(device_writes_to_watched_pages_are_told),
		T(device_writes_set_dirty_bits_until_they_are_fetched),
		cmocka_unit_test(a_removed_slot_is_not_used_by_any_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
