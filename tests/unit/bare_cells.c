/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a cell in the bare engine, on an architecture of this file's: guest memory is an array, and CPU 1, which the root has
 * turned off, is a thread that waits in the engine. engine/bare/arch.h says what is stood in for.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/bare/arch.h"
#include "engine/bare/cell.h"
#include "engine/bare/cpu.h"

#define RAM		0x40000000ull
#define RAM_BYTES	(1ull << 20)
#define POOL_BYTES	(256u << 10)
#define RW		(MEMORY_READ | MEMORY_WRITE)

/* What the cell has: to be loaded, its own, shared with the root, a device's. */
enum { LOADABLE, OWN, SHARED, DEVICE, REGIONS };
#define REGION_BYTES	0x10000ull
#define REGION_AT(n)	(RAM + 0x40000 + (n) * REGION_BYTES)

struct regs {
	int unused;
};

struct rig {
	struct bare sys;
	struct cpu cpu[2];
	struct {
		struct system_config s;
		uint8_t cpus[8];
		struct config_memory m[1];
	} ABI_PACKED system;
	uint8_t *ram, *pool;
	bool cleaned[REGIONS];
	uint32_t resets, waits;		/* of CPU 1; atomic */
	uint32_t withdrawn;		/* by all; atomic */
	bool over;			/* atomic */
	pthread_t thread;
};

/* In guest memory, for the root to point at. */
struct config {
	struct cell_config c;
	uint8_t cpus[8];
	struct config_memory m[REGIONS];
} ABI_PACKED;

static struct rig *rig;
static __thread struct cpu *self;

/* ---- the architecture ---- */

const uint32_t arch_cell_bytes = sizeof(struct cell);

int arch_cell_init(struct cell *cell)
{
	return 0;
}

void arch_cell_exit(struct cell *cell)
{
}

int arch_root_finish(struct cell *root)
{
	return 0;
}

bool arch_is_reserved(const struct bare *sys, uint64_t phys, uint64_t size)
{
	return false;
}

int arch_map(struct cell *cell, uint64_t virt, uint64_t phys, uint64_t size, uint64_t flags)
{
	return 0;
}

int arch_unmap(struct cell *cell, uint64_t virt, uint64_t size)
{
	return 0;
}

void arch_cell_flush(struct cell *cell)
{
}

bool arch_translate(const struct cell *cell, uint64_t virt, uint64_t *phys)
{
	*phys = virt;
	return virt >= RAM && virt - RAM < RAM_BYTES;
}

void arch_irqs_take(struct cell *cell)
{
}

void arch_irqs_reset(struct cell *cell)
{
}

void arch_irqs_return(struct cell *cell)
{
}

void arch_irqs_withdraw(struct cpu *cpu)
{
	__atomic_fetch_add(&rig->withdrawn, 1, __ATOMIC_SEQ_CST);
}

int arch_irq_set(const struct cell *cell, uint32_t irq, bool pending)
{
	return 0;
}

void arch_comm_fill(const struct cell *cell, struct comm_region *comm)
{
}

void *arch_window(struct cpu *cpu, uint64_t phys, uint64_t size, bool device)
{
	assert_true(phys >= RAM && phys - RAM + size <= RAM_BYTES);
	return rig->ram + (phys - RAM);
}

void arch_clean(void *start, uint64_t size)
{
	for (unsigned i = 0; i < REGIONS; i++)
		rig->cleaned[i] |= (uint8_t *)start == rig->ram + (REGION_AT(i) - RAM) && size == REGION_BYTES;
}

void arch_zero(void *start, uint64_t size)
{
	memset(start, 0, size);
}

void arch_icache_flush(void)
{
}

struct cpu *arch_this_cpu(void)
{
	return self;
}

void arch_cpu_kick(struct cpu *cpu)
{
}

void arch_cpu_reset(struct cpu *cpu, struct regs *regs)
{
	__atomic_fetch_add(&rig->resets, 1, __ATOMIC_SEQ_CST);
}

void arch_cpu_quiet(struct cpu *cpu)
{
}

void arch_cpu_wait(struct cpu *cpu)
{
	__atomic_fetch_add(&rig->waits, 1, __ATOMIC_SEQ_CST);
	if (read_once(rig->over))
		pthread_exit(NULL);
	sched_yield();
}

void arch_cpu_leave(struct cpu *cpu, struct regs *regs, int64_t result)
{
	abort();
}

void arch_regs_log(struct cpu *cpu, const struct regs *regs)
{
}

/* ---- the rig ---- */

/* CPU 1: runs a guest that does nothing, and stays in the engine when it is told to. */
static void *run_cpu(void *arg)
{
	struct regs regs;

	self = arg;
	for (;;) {
		cpu_requests(self, &regs);
		if (read_once(rig->over))
			return NULL;
		sched_yield();
	}
}

static int set_up(void **state)
{
	struct rig *r = rig = calloc(1, sizeof(*r));

	r->ram = aligned_alloc(PAGE_BYTES, RAM_BYTES);
	r->pool = aligned_alloc(PAGE_BYTES, POOL_BYTES);
	memset(r->ram, 0, RAM_BYTES);
	r->system.s.hypervisor_memory = (struct config_memory){ .phys = 0x5f000000, .size = 0x400000 };
	r->system.s.root.num_memory = 1;
	r->system.s.root.cpu_set_size = 8;
	r->system.m[0] = (struct config_memory){ RAM, RAM, RAM_BYTES, RW };
	r->sys.config = (void *)&r->system;
	r->sys.max_cpus = 2;
	for (uint32_t i = 0; i < 2; i++) {
		r->cpu[i] = (struct cpu){ .sys = &r->sys, .number = i, .present = true, .power = i ? POWER_OFF : POWER_ON };
		r->sys.cpu[i] = &r->cpu[i];
	}
	self = &r->cpu[0];
	assert_int_equal(pool_init(&r->sys.pool, r->pool, POOL_BYTES), 0);
	assert_int_equal(cell_create_root(&r->sys), 0);
	*state = r;
	return 0;
}

static void cpu_begin(struct rig *r)
{
	assert_int_equal(pthread_create(&r->thread, NULL, run_cpu, &r->cpu[1]), 0);
}

static void cpu_end(struct rig *r)
{
	__atomic_store_n(&r->over, true, __ATOMIC_SEQ_CST);
	pthread_join(r->thread, NULL);
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	free(r->ram);
	free(r->pool);
	free(r);
	return 0;
}

static void cell_describe(struct rig *r)
{
	static const uint64_t flags[REGIONS] = { RW | MEMORY_LOADABLE, RW, RW | MEMORY_ROOT_SHARED, RW | MEMORY_IO };
	struct config *c = (struct config *)r->ram;

	*c = (struct config){ .c = { .signature = CONFIG_CELL_SIGNATURE, .architecture = CONFIG_ARCH_ARM64,
				     .revision = CONFIG_REVISION, .name = "one", .id = 1, .cpu_set_size = 8,
				     .num_memory = REGIONS }, .cpus = { 2 } };
	for (unsigned i = 0; i < REGIONS; i++)
		c->m[i] = (struct config_memory){ REGION_AT(i), i * REGION_BYTES, REGION_BYTES, flags[i] };
}

/* ---- cases ---- */

/* What the root, or the cell before, wrote through caches must not come to memory behind a guest that runs without them. */
static void a_start_cleans_the_caches_of_all_memory_of_the_cells_own(void **state)
{
	struct rig *r = *state;

	cell_describe(r);
	cpu_begin(r);
	assert_int_equal(cell_create(&r->cpu[0], RAM), 0);
	memset(r->cleaned, 0, sizeof(r->cleaned));
	assert_int_equal(cell_start(&r->cpu[0], 1), 0);
	while (!read_once(r->resets))
		sched_yield();
	assert_true(r->cleaned[LOADABLE]);
	assert_true(r->cleaned[OWN]);
	assert_false(r->cleaned[SHARED]);
	assert_false(r->cleaned[DEVICE]);
	assert_int_equal(cell_destroy(&r->cpu[0], 1, false), 0);
	cpu_end(r);
}

/* One CPU of a cell starts another and turns the cell off before that has begun. */
static void a_cpu_that_is_to_turn_off_does_not_start(void **state)
{
	struct rig *r = *state;
	struct cpu *c = &r->cpu[1];

	assert_true(cpu_start(c, 0, 0, true));
	cpu_turn_off(c);
	cpu_begin(r);
	while (!read_once(r->waits) && read_once(c->power) != POWER_ON)
		sched_yield();
	assert_int_equal(read_once(c->power), POWER_OFF);
	assert_int_equal(r->resets, 0);
	assert_true(cpu_start(c, 0, 0, true));
	while (!read_once(r->resets))
		sched_yield();
	cpu_end(r);
}

/* Or its guest would end an interrupt that a cell has by then. */
static void a_cpu_that_was_held_gives_up_interrupts_before_it_goes_on(void **state)
{
	struct rig *r = *state;

	cpu_begin(r);
	cpus_stop(&r->cpu[0], BIT(1));
	assert_int_equal(r->withdrawn, 0);
	cpus_go(&r->cpu[0], BIT(1));
	assert_int_equal(r->withdrawn, 1);
	cpu_end(r);
}

static enum mmio_result word_access(struct rig *r, struct cell *cell, uint64_t at, bool write, uint64_t *value)
{
	struct mmio_access a = { .address = at, .value = *value, .size = 4, .write = write };
	enum mmio_result result = mmio_dispatch(&cell->mmio, &r->cpu[0], &a);

	*value = a.value;
	return result;
}

/* Memory of devices takes no unaligned accesses, and EL2 would be the one to meet the fault. */
static void an_unaligned_access_to_a_piece_of_a_page_is_made_of_bytes_if_those_may_pass(void **state)
{
	struct rig *r = *state;
	struct config_memory m = { REGION_AT(0) + 8, 0x10008, 8,
				   RW | MEMORY_IO | MEMORY_IO_32 | MEMORY_IO_UNALIGNED };
	struct mmio_range range;
	struct cell cell = { .sys = &r->sys, .mmio = { .range = &range, .room = 1 } };
	uint8_t *there = r->ram + (REGION_AT(0) - RAM) + 8;
	static const uint8_t bytes[8] = { 0, 0xdd, 0xcc, 0xbb, 0xaa, 0, 0, 0 };
	uint64_t value = 0xaabbccdd;

	assert_int_equal(cell_map_memory(&cell, &m), 0);
	assert_int_equal(word_access(r, &cell, 0x10009, true, &value), MMIO_BAD);
	m.flags |= MEMORY_IO_8;
	assert_int_equal(word_access(r, &cell, 0x10009, true, &value), MMIO_DONE);
	assert_memory_equal(there, bytes, sizeof(bytes));
	value = 0;
	assert_int_equal(word_access(r, &cell, 0x10009, false, &value), MMIO_DONE);
	assert_int_equal(value, 0xaabbccdd);
	assert_int_equal(word_access(r, &cell, 0x1000d, false, &value), MMIO_BAD);
	m.flags &= ~(uint64_t)MEMORY_IO_UNALIGNED;
	assert_int_equal(word_access(r, &cell, 0x10009, false, &value), MMIO_BAD);
	assert_int_equal(word_access(r, &cell, 0x10008, false, &value), MMIO_DONE);
	assert_int_equal(value, 0xbbccdd00);
}

int main(void)
{
#define CASE(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_start_cleans_the_caches_of_all_memory_of_the_cells_own), CASE(a_cpu_that_is_to_turn_off_does_not_start),
		CASE(a_cpu_that_was_held_gives_up_interrupts_before_it_goes_on),
		CASE(an_unaligned_access_to_a_piece_of_a_page_is_made_of_bytes_if_those_may_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
