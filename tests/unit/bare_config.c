/* SPDX-License-Identifier: BSD-2-Clause */
/* The bare engine's parts without an architecture: the page pool, and what is wrong with a configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engine/bare/arch.h"
#include "engine/bare/cell_config.h"

#define RWX	(MEMORY_READ | MEMORY_WRITE | MEMORY_EXECUTE)

/* For the architecture: the controller's registers. */
bool arch_is_reserved(const struct bare *sys, uint64_t phys, uint64_t size)
{
	return ranges_overlap(phys, size, 0x8000000, 0x10000);
}

struct config {
	struct cell_config c;
	uint8_t cpus[8];
	struct config_memory m[4];
} ABI_PACKED;

/* A cell with an ivshmem device: state table, shared part, two outputs. */
struct shmem_config {
	struct cell_config c;
	uint8_t cpus[8];
	struct config_memory m[4];
	struct config_pci_device d[2];
} ABI_PACKED;

struct rig {
	struct bare sys;
	struct cell root, cell;
	struct {
		struct system_config s;
		uint8_t cpus[8];
		struct config_memory m[2];
	} ABI_PACKED system;
	struct config other, c;
};

static struct config config_of(const char *name, uint32_t id)
{
	struct config c = { .c = { .signature = CONFIG_CELL_SIGNATURE, .architecture = CONFIG_ARCH_ARM64,
				   .revision = CONFIG_REVISION, .id = id, .cpu_set_size = 8, .num_memory = 1 },
			    .cpus = { 2 },
			    .m = { { 0x50000000, 0, 0x100000, RWX | MEMORY_LOADABLE } } };

	strncpy(c.c.name, name, sizeof(c.c.name) - 1);
	return c;
}

static int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->system.s.hypervisor_memory = (struct config_memory){ .phys = 0x5f000000, .size = 0x400000 };
	r->system.s.root.num_memory = 2;
	r->system.s.root.cpu_set_size = 8;
	r->system.m[0] = (struct config_memory){ 0x40000000, 0x40000000, 0x20000000, RWX };
	r->system.m[1] = (struct config_memory){ 0x8000000, 0x8000000, 0x2000000, MEMORY_READ | MEMORY_WRITE | MEMORY_IO };
	r->sys.config = (void *)&r->system;
	r->root.config = &r->system.s.root;
	r->sys.cell[0] = &r->root;
	r->c = config_of("one", 1);
	r->other = config_of("other", 2);
	r->other.m[0].phys = 0x58000000;
	r->cell.config = &r->other.c;
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static int judge(struct rig *r)
{
	int err = cell_config_check(&r->c.c, sizeof(r->c));

	return err ? err : cell_config_fits(&r->sys, &r->c.c);
}

static void a_good_cell_passes(void **state)
{
	assert_int_equal(judge(*state), 0);
}

static struct shmem_config shmem_config(void)
{
	const uint32_t ro = MEMORY_READ | MEMORY_ROOT_SHARED, rw = ro | MEMORY_WRITE;
	struct config one = config_of("one", 1);
	struct shmem_config s = { .c = one.c, .cpus = { 2 },
				  .m = { { 0x50000000, 0x1000, 0x1000, ro }, { 0x50001000, 0x2000, 0x1000, rw },
					 { 0x50002000, 0x3000, 0x2000, ro }, { 0x50004000, 0x5000, 0x2000, rw } },
				  .d = { { .type = 3, .shmem_dev_id = 1, .shmem_peers = 2 },
					 { .type = 3, .bdf = 8, .shmem_peers = 2 } } };

	s.c.num_memory = 4;
	s.c.num_pci_devices = 2;
	return s;
}

static int judge_shmem(struct rig *r, const struct shmem_config *s)
{
	int err = cell_config_check(&s->c, sizeof(*s));

	return err ? err : cell_config_fits(&r->sys, &s->c);
}

static void an_ivshmem_device_has_all_of_its_memory_and_a_table_to_read(void **state)
{
	struct shmem_config good = shmem_config(), s = good;

	assert_int_equal(judge_shmem(*state, &s), 0);
	s.d[1].bdf = 0;				/* twice */
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.d[0].shmem_regions_start = 1;		/* past the last */
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s.d[0].shmem_regions_start = UINT32_MAX;
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.d[0].shmem_peers = 255;
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.d[0].shmem_dev_id = 2;
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.m[0].flags |= MEMORY_WRITE;
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.m[0].flags |= MEMORY_IO;
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.m[0].flags |= MEMORY_SERVED;
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.m[3].virt += 0x1000;			/* a hole */
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.m[3].size = 0x1000;			/* outputs of two sizes */
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.m[1] = (struct config_memory){ 0 };	/* no shared part, and a hole where it was */
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s.m[2].virt -= 0x1000;
	s.m[3].virt -= 0x1000;
	assert_int_equal(judge_shmem(*state, &s), 0);
	s.m[3] = s.m[1];			/* an output can't be empty */
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
}

static void an_ivshmem_device_can_do_without_all_but_the_table(void **state)
{
	struct shmem_config good = shmem_config(), s;

	good.m[1] = (struct config_memory){ 0 };	/* as Jailhouse's files have it for a network */
	good.m[2].virt -= 0x1000;
	good.m[3].virt -= 0x1000;
	s = good;
	assert_int_equal(judge_shmem(*state, &s), 0);
	s.m[2].virt += 0x1000;			/* a hole */
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.m[1].flags = MEMORY_COMM_REGION;
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.m[2] = s.m[3] = s.m[1];
	assert_int_equal(judge_shmem(*state, &s), 0);
	s.m[3] = good.m[3];			/* one output alone */
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
	s = good;
	s.m[0].size = 0;
	assert_int_equal(judge_shmem(*state, &s), -EINVAL);
}

static void counts_that_are_too_large_are_refused(void **state)
{
	struct rig *r = *state;

	r->c.c.num_memory = 5;
	assert_int_equal(judge(r), -EINVAL);
	r->c.c.num_memory = UINT32_MAX;
	assert_int_equal(judge(r), -E2BIG);
	r->c.c.num_memory = 1;
	r->c.c.cpu_set_size = UINT32_MAX;
	assert_int_equal(judge(r), -E2BIG);
}

static void cpus_past_the_last_and_none_are_refused(void **state)
{
	struct rig *r = *state;

	r->c.cpus[0] = 0;
	assert_int_equal(judge(r), -EINVAL);
}

static void a_name_without_end_is_refused(void **state)
{
	struct rig *r = *state;

	memset(r->c.c.name, 'a', sizeof(r->c.c.name));
	assert_int_equal(judge(r), -EINVAL);
}

static void memory_that_wraps_or_is_not_aligned_is_refused(void **state)
{
	struct rig *r = *state;

	r->c.m[0].size = 0;
	assert_int_equal(judge(r), -EINVAL);
	r->c.m[0].size = ~0xfffull;
	assert_int_equal(judge(r), -EINVAL);
	r->c.m[0].size = 0x1000;
	r->c.m[0].phys += 8;
	assert_int_equal(judge(r), -EINVAL);
	r->c.m[0].phys -= 8;
	r->c.m[0].virt = ~0xfffull;
	assert_int_equal(judge(r), -EINVAL);
}

static void two_regions_at_one_address_are_refused(void **state)
{
	struct rig *r = *state;

	r->c.c.num_memory = 2;
	r->c.m[1] = (struct config_memory){ 0x51000000, 0xff000, 0x2000, RWX };
	assert_int_equal(judge(r), -EINVAL);
	r->c.m[1].virt = 0x100000;
	assert_int_equal(judge(r), 0);
}

static void a_piece_of_a_page_needs_widths(void **state)
{
	struct rig *r = *state;

	r->c.c.num_memory = 2;
	r->c.m[1] = (struct config_memory){ 0x9000000, 0x9000000, 0x100, MEMORY_READ | MEMORY_IO };
	assert_int_equal(judge(r), -EINVAL);
	r->c.m[1].flags |= MEMORY_IO_32;
	assert_int_equal(judge(r), 0);
}

static void what_is_not_the_roots_is_refused(void **state)
{
	struct rig *r = *state;

	r->c.m[0].phys = 0x5f3ff000;		/* the engine's last page and more */
	assert_int_equal(judge(r), -EINVAL);
	r->c.m[0].phys = 0x5ff80000;		/* past the root's end */
	assert_int_equal(judge(r), -EINVAL);
	r->c.m[0] = (struct config_memory){ 0x8000000, 0x8000000, 0x1000, MEMORY_READ | MEMORY_IO };
	assert_int_equal(judge(r), -EINVAL);
}

static void memory_of_another_cell_needs_both_to_share_it(void **state)
{
	struct rig *r = *state;

	r->sys.cell[3] = &r->cell;
	r->c.m[0].phys = r->other.m[0].phys + 0xff000;
	r->c.m[0].flags = RWX;
	assert_int_equal(judge(r), -EBUSY);
	r->c.m[0].flags |= MEMORY_ROOT_SHARED;
	assert_int_equal(judge(r), -EBUSY);
	r->other.m[0].flags |= MEMORY_ROOT_SHARED;
	assert_int_equal(judge(r), 0);
}

static void a_second_cell_of_a_name_or_id_is_refused(void **state)
{
	struct rig *r = *state;

	r->sys.cell[1] = &r->cell;
	r->c.c.id = 2;
	assert_int_equal(judge(r), -EEXIST);
	r->c.c.id = 1;
	strcpy(r->c.c.name, "other");
	assert_int_equal(judge(r), -EEXIST);
	r->c.c.name[0] = 'm';
	r->c.c.id = 0;
	assert_int_equal(judge(r), -EINVAL);
}

static void the_pool_counts_what_it_gives(void **state)
{
	char *memory = aligned_alloc(4096, 64 * 4096);
	struct pool p;
	char *a, *b;

	memset(memory, 0x5a, 64 * 4096);
	assert_int_equal(pool_init(&p, memory + 8, 3 * 4096), -ENOMEM);
	assert_int_equal(pool_init(&p, memory + 8, 64 * 4096 - 8), 0);
	assert_int_equal(p.pages, 62);
	a = pool_alloc(&p, 1, 1);
	b = pool_alloc(&p, 4, 4);
	assert_non_null(a);
	assert_int_equal(a[0] | a[4095], 0);
	assert_int_equal((uintptr_t)b % (4 * 4096), 0);
	assert_int_equal(p.used, 5);
	assert_null(pool_alloc(&p, 62, 1));
	pool_free(&p, a, 1);
	pool_free(&p, b, 4);
	assert_int_equal(p.used, 0);
	assert_non_null(pool_alloc(&p, 62, 1));
	assert_null(pool_alloc(&p, 1, 1));
	free(memory);
}

int main(void)
{
#define CASE(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_good_cell_passes), CASE(counts_that_are_too_large_are_refused),
		CASE(an_ivshmem_device_has_all_of_its_memory_and_a_table_to_read),
		CASE(an_ivshmem_device_can_do_without_all_but_the_table),
		CASE(cpus_past_the_last_and_none_are_refused),
		CASE(a_name_without_end_is_refused), CASE(memory_that_wraps_or_is_not_aligned_is_refused),
		CASE(two_regions_at_one_address_are_refused), CASE(a_piece_of_a_page_needs_widths),
		CASE(what_is_not_the_roots_is_refused), CASE(memory_of_another_cell_needs_both_to_share_it),
		CASE(a_second_cell_of_a_name_or_id_is_refused), CASE(the_pool_counts_what_it_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
