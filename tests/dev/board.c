/* SPDX-License-Identifier: BSD-2-Clause */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/platform.h"
#include "tests/dev/board.h"

#define ARENA_BYTES	(16 * MIB)

/* What a platform has to give the freestanding layers. A lock that its own thread holds ends the test. */
void platform_wait(uint32_t *word, uint32_t expected)
{
	for (unsigned i = 0; __atomic_load_n(word, __ATOMIC_RELAXED) == expected; i++) {
		if (i == 100000000)
			abort();
		sched_yield();
	}
}

void platform_wake(uint32_t *word, bool all)
{
}

void platform_log(int level, const char *line, size_t len)
{
	if (level <= 0)
		fprintf(stderr, "%.*s\n", (int)len, line);
}

void platform_halt(void)
{
	abort();
}

uint64_t platform_now_ns(void)
{
	return 1;
}

uint32_t platform_thread_id(void)
{
	static uint32_t last;
	static _Thread_local uint32_t id;

	if (!id)
		id = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	return id;
}

static void board_pin(struct vcpu *v, enum cpu_pin pin, bool level)
{
	struct board *b = container_of(v->vm, struct board, vm);

	if (__atomic_exchange_n(&b->pin[v->index][pin], level, __ATOMIC_SEQ_CST) == level)
		abort();				/* engines are told of changes only */
	__atomic_fetch_add(&b->pin_changes, 1, __ATOMIC_RELAXED);
}

static void board_kick(struct vcpu *v)
{
}

static uint64_t board_source(void *ctx)
{
	return ((struct board *)ctx)->host_ns;
}

static void board_request(struct vm *vm, enum vm_exit what)
{
	struct board *b = container_of(vm, struct board, vm);

	b->requests++;
	b->request = what;
}

struct board *board_new(uint32_t vcpus)
{
	struct board *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->memory = malloc(ARENA_BYTES);
	assert_non_null(b->memory);
	arena_init(&b->vm.arena, b->memory, ARENA_BYTES);
	b->engine.name = "none";
	b->engine.vcpu_pin = board_pin;
	b->engine.vcpu_kick = board_kick;
	b->host_ns = 1000;
	assert_int_equal(vm_init(&b->vm, ISA_ARM64, &b->engine, BOARD_HZ), 0);
	b->vm.time.source = board_source;
	b->vm.time.source_ctx = b;
	b->vm.time.host_base = b->host_ns;
	b->vm.time.ns_base = 0;
	vm_time_resume(&b->vm.time);
	b->vm.events.request = board_request;
	workq_init(&b->control, NULL);
	b->vm.control = &b->control;
	assert_int_equal(vm_vcpus_create(&b->vm, vcpus), 0);
	for (uint32_t i = 0; i < vcpus; i++)
		b->vm.vcpu[i]->hwid = (i / 16) << 8 | i % 16;
	return b;
}

void board_free(struct board *b)
{
	free(b->memory);
	free(b);
}

struct device *board_device(struct board *b, const struct dev_class *cls)
{
	struct device *d = device_create(&b->vm, cls);

	assert_non_null(d);
	return d;
}

enum bus_result board_try(struct board *b, enum bus_space s, uint32_t cpu, uint64_t addr, unsigned size, bool write,
			  uint64_t *value)
{
	struct bus_access a = { .vcpu = b->vm.vcpu[cpu], .value = *value, .size = (uint8_t)size, .write = write };
	enum bus_result res = bus_access(&b->vm.bus, s, addr, &a);

	*value = size < 8 ? a.value & ((1ull << 8 * size) - 1) : a.value;
	return res;
}

uint64_t board_read(struct board *b, uint32_t cpu, uint64_t addr, unsigned size)
{
	uint64_t v = 0xa5a5a5a5a5a5a5a5;

	assert_int_equal(board_try(b, BUS_MMIO, cpu, addr, size, false, &v), BUS_OK);
	return v;
}

void board_write(struct board *b, uint32_t cpu, uint64_t addr, unsigned size, uint64_t value)
{
	assert_int_equal(board_try(b, BUS_MMIO, cpu, addr, size, true, &value), BUS_OK);
}

uint64_t board_mrs(struct board *b, uint32_t cpu, uint32_t reg)
{
	uint64_t v = 0xa5a5a5a5a5a5a5a5;

	assert_int_equal(board_try(b, BUS_SYSREG, cpu, reg, 8, false, &v), BUS_OK);
	return v;
}

void board_msr(struct board *b, uint32_t cpu, uint32_t reg, uint64_t value)
{
	assert_int_equal(board_try(b, BUS_SYSREG, cpu, reg, 8, true, &value), BUS_OK);
}

void board_run(struct board *b)
{
	vm_time_run(&b->vm.time);
	while (workq_run(&b->control))
		;
}

void board_advance(struct board *b, uint64_t ns)
{
	b->host_ns += ns;
	board_run(b);
}

void board_tree(struct fdt *tree, struct device *const *devices, size_t count)
{
	static uint8_t blob[4096];
	struct fdt_writer w;
	size_t len;

	fdt_start(&w, blob, sizeof(blob));
	fdt_begin(&w, "%s", "");
	for (size_t i = 0; i < count; i++)
		devices[i]->cls->fdt(devices[i], &w);
	fdt_end(&w);
	assert_int_equal(fdt_finish(&w, &len), 0);
	assert_int_equal(fdt_check(tree, blob, len), 0);
}

void board_round_trip(struct device *d)
{
	static uint8_t first[64 * KIB], second[64 * KIB];
	struct state_writer w1 = { first, sizeof(first), 0, 0 }, w2 = { second, sizeof(second), 0, 0 };
	struct state_reader r = { first, 0, 0, 0 };

	assert_int_equal(state_save(&w1, d->cls->state, d), 0);
	for (const struct field *f = d->cls->state; f->name; f++)
		for (uint32_t i = 0; i < f->count; i++)
			memset((uint8_t *)d + f->offset + (size_t)i * f->stride, 0x5a, f->size);
	r.size = w1.used;
	assert_int_equal(state_load(&r, d->cls->state, d), 0);
	assert_int_equal(r.at, r.size);
	assert_int_equal(state_save(&w2, d->cls->state, d), 0);
	assert_int_equal(w1.used, w2.used);
	assert_memory_equal(first, second, w1.used);
	if (d->cls->state_post)
		assert_int_equal(d->cls->state_post(d), 0);
}
