/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cells from creation to destruction. Each of HC_CELL_* is `begin` (the lock, the cell, does it agree), the change with the
 * root's other CPUs held in the engine, and `end`. Creation unwinds by what destruction does.
 */
#include "base/log.h"
#include "base/string.h"
#include "engine/bare/arch.h"
#include "engine/bare/cell.h"
#include "engine/bare/cell_config.h"
#include "engine/bare/cpu.h"
#include "engine/bare/ivshmem.h"
#include "engine/bare/serve.h"

uint32_t cell_count(const struct bare *sys)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < MAX_CELLS; i++)
		n += sys->cell[i] != NULL;
	return n;
}

static uint32_t pages_of(uint64_t bytes)
{
	return (uint32_t)((bytes + PAGE_BYTES - 1) / PAGE_BYTES);
}

static bool cell_talks(const struct cell_config *c)
{
	if (c->flags & CELL_PASSIVE_COMM_REGION)
		return false;
	for (uint32_t i = 0; i < c->num_memory; i++)
		if (config_memory(c)[i].flags & MEMORY_COMM_REGION)
			return true;
	return false;
}

/* Ranges beside the cell's memory and devices: the architecture's, and the ECAM. */
#define OTHER_RANGES	33u

static void cell_free(struct cell *cell)
{
	struct pool *pool = &cell->sys->pool;

	if (cell->mmio.range)
		pool_free(pool, cell->mmio.range, cell->mmio.room / MMIO_RANGES_PER_PAGE);
	if (cell->comm)
		pool_free(pool, cell->comm, 1);
	if (cell->config_pages)
		pool_free(pool, (void *)(uintptr_t)cell->config, cell->config_pages);
	pool_free(pool, cell, cell->pages);
}

/* The structure and its tables. config_pages: of the configuration, which is the cell's then; 0 for the root. */
static struct cell *cell_alloc(struct bare *sys, const struct cell_config *config, uint32_t config_pages)
{
	uint32_t pages = pages_of(arch_cell_bytes);
	struct cell *cell = pool_alloc(&sys->pool, pages, 1);

	if (!cell)
		return NULL;
	cell->sys = sys;
	cell->pages = pages;
	cell->config = config;
	cell->mmio.room = MMIO_RANGES_PER_PAGE *
		pages_of((config->num_memory + config->num_pci_devices + OTHER_RANGES) * sizeof(struct mmio_range));
	cell->mmio.range = pool_alloc(&sys->pool, cell->mmio.room / MMIO_RANGES_PER_PAGE, 1);
	if (config_pages)
		cell->comm = pool_alloc(&sys->pool, 1, 1);
	cell->talks = config_pages && cell_talks(config);
	if (!cell->mmio.range || (config_pages && !cell->comm)) {
		cell_free(cell);
		return NULL;
	}
	cell->config_pages = config_pages;
	return cell;
}

static int cell_map_all(struct cell *cell)
{
	int err = 0;

	for (uint32_t i = 0; i < cell->config->num_memory && !err; i++)
		err = cell_map_memory(cell, &config_memory(cell->config)[i]);
	return err;
}

int cell_create_root(struct bare *sys)
{
	struct cell *root = cell_alloc(sys, &sys->config->root, 0);
	struct cpu *c;
	int err;

	if (!root)
		return -ENOMEM;
	for (uint32_t i = 0; i < sys->max_cpus; i++)
		root->cpus |= field_put(BIT(i), sys->cpu[i] && sys->cpu[i]->present);
	for_each_cpu(c, sys, root->cpus)
		c->cell = root;
	sys->cell[0] = root;
	err = arch_cell_init(root);
	if (!err)
		err = cell_map_all(root);
	if (!err)
		err = arch_root_finish(root);
	if (!err)
		err = serve_init(sys);
	if (!err)
		err = ivshmem_init(root);
	if (!err)
		arch_cell_flush(root);
	return err;
}

/* ---- what all have in common ---- */

static int management_begin(struct cpu *cpu)
{
	if (cpu->cell != root_of(cpu->sys))
		return -EPERM;
	management_enter(cpu);
	return 0;
}

static struct cell **cell_slot(struct bare *sys, uint64_t id)
{
	for (uint32_t i = 1; i < MAX_CELLS; i++)
		if (sys->cell[i] && sys->cell[i]->config->id == id)
			return &sys->cell[i];
	return NULL;
}

enum cell_end { CELL_STOP, CELL_DESTROY, CELL_DESTROY_UNASKED };

/* Does everybody agree? */
static int cell_may_end(struct cell *cell, enum cell_end how)
{
	if (how == CELL_DESTROY_UNASKED)
		return 0;
	if (how == CELL_DESTROY && !comm_allows_change(cell->sys, cell))
		return -EPERM;
	return comm_allows_shutdown(cell);
}

/* Finds the cell and stops it, if it agrees. On error management is over. */
static int cell_begin(struct cpu *cpu, uint64_t id, enum cell_end how, struct cell ***slot)
{
	int err = management_begin(cpu);

	if (err)
		return err;
	*slot = cell_slot(cpu->sys, id);
	if (!*slot)
		err = id == root_of(cpu->sys)->config->id ? -EINVAL : -ENOENT;
	else
		err = cell_may_end(**slot, how);
	if (err) {
		management_leave(cpu);
		return err;
	}
	cpus_park(cpu, (**slot)->cpus);
	ivshmem_reset(**slot);
	(**slot)->comm->cell_state = CELL_SHUT_DOWN;
	cpus_stop(cpu, root_of(cpu->sys)->cpus);
	return 0;
}

static int management_end(struct cpu *cpu, int result)
{
	cpus_go(cpu, root_of(cpu->sys)->cpus);
	management_leave(cpu);
	return result;
}

/* ---- create ---- */

/* A copy of the root's configuration at `from`, judged; *out is the pool's. */
static int config_copy(struct cpu *cpu, uint64_t from, struct cell_config **out, uint32_t *pages)
{
	struct cell_config head, *copy;
	uint32_t size;
	int err = root_copy(cpu, &head, from, sizeof(head));

	if (!err)
		err = cell_config_size(&head, &size);
	if (err)
		return err;
	*pages = pages_of(size);
	copy = pool_alloc(&cpu->sys->pool, *pages, 1);
	if (!copy)
		return -ENOMEM;
	err = root_copy(cpu, copy, from, size);
	if (!err)
		err = cell_config_check(copy, size);
	if (!err)
		err = cell_config_fits(cpu->sys, copy);
	if (err)
		pool_free(&cpu->sys->pool, copy, *pages);
	*out = copy;
	return err;
}

/* CPUs of the root that are turned off. */
static int cpus_take(struct cell *cell)
{
	struct cell *root = root_of(cell->sys);
	struct cpu *c;
	uint64_t set;
	int err = config_cpu_set(cell->config, &set);

	if (err || (set & ~root->cpus)) {
		log_error("cell '%s': CPUs %#llx are not the root's", cell->config->name, (unsigned long long)set);
		return -EINVAL;
	}
	for_each_cpu(c, cell->sys, set)
		if (read_once(c->power) != POWER_OFF)
			return -EBUSY;
	cell->cpus = set;
	root->cpus &= ~set;
	for_each_cpu(c, cell->sys, set) {
		c->cell = cell;
		memset(c->stat, 0, sizeof(c->stat));
	}
	return 0;
}

static void cpus_return(struct cell *cell)
{
	struct cell *root = root_of(cell->sys);
	struct cpu *c;

	for_each_cpu(c, cell->sys, cell->cpus)
		c->cell = root;
	root->cpus |= cell->cpus;
	cell->cpus = 0;
}

static int memory_take(struct cell *cell)
{
	struct cell *root = root_of(cell->sys);
	int err = 0;

	for (uint32_t i = 0; i < cell->config->num_memory && !err; i++)
		if (memory_is_taken(&config_memory(cell->config)[i]))
			err = root_take_memory(root, &config_memory(cell->config)[i]);
	arch_cell_flush(root);
	return err;
}

static void memory_return(struct cell *cell)
{
	struct cell *root = root_of(cell->sys);

	for (uint32_t i = 0; i < cell->config->num_memory; i++) {
		const struct config_memory *m = &config_memory(cell->config)[i];

		if (memory_is_taken(m) && root_return_memory(root, m))
			log_error("cell '%s': no page left for a table of the root, which has lost memory at %#llx",
				cell->config->name, (unsigned long long)m->phys);
	}
	arch_cell_flush(root);
}

/* With all CPUs of the root held: from nothing to a stopped cell in `slot`. */
static int cell_build(struct bare *sys, struct cell_config *config, uint32_t config_pages, struct cell **slot)
{
	struct cell *cell = cell_alloc(sys, config, config_pages);
	int err;

	if (!cell) {
		pool_free(&sys->pool, config, config_pages);
		return -ENOMEM;
	}
	err = cpus_take(cell);
	if (err)
		goto out_free;
	err = arch_cell_init(cell);
	if (err)
		goto out_cpus;
	err = cell_map_all(cell);
	if (err)
		goto out_arch;
	err = ivshmem_init(cell);
	if (err)
		goto out_devices;
	err = memory_take(cell);
	if (err)
		goto out_memory;
	arch_irqs_take(cell);
	cell->comm->cell_state = CELL_SHUT_DOWN;
	*slot = cell;
	return 0;

out_memory:
	memory_return(cell);
out_devices:
	ivshmem_exit(cell);
out_arch:
	arch_cell_exit(cell);
out_cpus:
	cpus_return(cell);
out_free:
	cell_free(cell);
	return err;
}

static struct cell **free_slot(struct bare *sys)
{
	for (uint32_t i = 1; i < MAX_CELLS; i++)
		if (!sys->cell[i])
			return &sys->cell[i];
	return NULL;
}

int cell_create(struct cpu *cpu, uint64_t at)
{
	struct bare *sys = cpu->sys;
	struct cell_config *config;
	uint32_t config_pages;
	struct cell **slot;
	int err = management_begin(cpu);

	if (err)
		return err;
	slot = free_slot(sys);
	if (!slot)
		err = -ENOSPC;
	else if (!comm_allows_change(sys, NULL))
		err = -EPERM;
	if (err) {
		management_leave(cpu);
		return err;
	}
	cpus_stop(cpu, root_of(sys)->cpus);	/* before it is judged: they could change what counts */
	err = config_copy(cpu, at, &config, &config_pages);
	if (!err)
		err = cell_build(sys, config, config_pages, slot);
	cpus_go(cpu, root_of(sys)->cpus | (err ? 0 : (*slot)->cpus));
	if (!err) {
		log_info("cell '%s' created", (*slot)->config->name);
		comm_changed(cpu->sys, *slot);
	}
	management_leave(cpu);
	return err;
}

/* ---- start, load, destroy ---- */

static bool is_loadable(const struct config_memory *m)
{
	return m->flags & MEMORY_LOADABLE;
}

/* Loadable memory to the root, or from it. */
static int loadable_move(struct cell *cell, bool to_root)
{
	struct cell *root = root_of(cell->sys);
	int err = 0;

	for (uint32_t i = 0; i < cell->config->num_memory && !err; i++) {
		const struct config_memory *m = &config_memory(cell->config)[i];

		if (is_loadable(m) && memory_is_taken(m))
			err = to_root ? root_return_memory(root, m) : root_take_memory(root, m);
	}
	arch_cell_flush(root);
	return err;
}

int cell_set_loadable(struct cpu *cpu, uint64_t id)
{
	struct cell **slot;
	int err = cell_begin(cpu, id, CELL_STOP, &slot);

	if (err)
		return err;
	if (!(*slot)->loadable) {
		err = loadable_move(*slot, true);
		if (err)
			loadable_move(*slot, false);
		else
			(*slot)->loadable = true;
	}
	return management_end(cpu, err);
}

static bool is_own_memory(const struct config_memory *m)
{
	return memory_is_taken(m) && !(m->flags & MEMORY_IO);
}

/* While the root had it, it may have told the architecture's devices to write there (arch_is_reserved). */
static bool loadable_is_free(const struct cell *cell)
{
	const struct config_memory *m = config_memory(cell->config);

	for (uint32_t i = 0; i < cell->config->num_memory; i++)
		if (is_loadable(&m[i]) && memory_is_taken(&m[i]) && arch_is_reserved(cell->sys, m[i].phys, m[i].size)) {
			log_error("cell '%s': memory at %#llx is where the root's devices write by themselves", cell->config->name,
				  (unsigned long long)m[i].phys);
			return false;
		}
	return true;
}

int cell_start(struct cpu *cpu, uint64_t id)
{
	struct cell **slot, *cell;
	int err = cell_begin(cpu, id, CELL_STOP, &slot);

	if (err)
		return err;
	cell = *slot;
	if (cell->loadable) {
		err = loadable_is_free(cell) ? loadable_move(cell, false) : -EBUSY;
		if (err)
			return management_end(cpu, err);
		cell->loadable = false;
	}
	/* The root, or the cell before, wrote through caches; the cell starts without. */
	for (uint32_t i = 0; i < cell->config->num_memory; i++)
		if (is_loadable(&config_memory(cell->config)[i]) || is_own_memory(&config_memory(cell->config)[i]))
			memory_clean(cpu, &config_memory(cell->config)[i], false);
	arch_icache_flush();
	arch_cell_flush(cell);
	arch_irqs_reset(cell);
	comm_start(cell);
	log_info("cell '%s' starts", cell->config->name);
	cpu_start(cell->sys->cpu[ctz64(cell->cpus)], cell->config->reset_address, 0, true);
	return management_end(cpu, 0);
}

static bool must_scrub(const struct config_memory *m)
{
	return is_own_memory(m) && (m->flags & MEMORY_WRITE);
}

int cell_destroy(struct cpu *cpu, uint64_t id, bool unasked)
{
	struct cell **slot, *cell;
	int err = cell_begin(cpu, id, unasked ? CELL_DESTROY_UNASKED : CELL_DESTROY, &slot);

	if (err)
		return err;
	cell = *slot;
	for (uint32_t i = 0; i < cell->config->num_memory; i++)
		if (must_scrub(&config_memory(cell->config)[i]))
			memory_clean(cpu, &config_memory(cell->config)[i], true);
	log_info("cell '%s' destroyed", cell->config->name);
	ivshmem_exit(cell);
	arch_irqs_return(cell);
	arch_cell_exit(cell);
	memory_return(cell);
	*slot = NULL;		/* while nobody of the root can be looking: serve_irq takes no lock */
	cpus_go(cpu, root_of(cpu->sys)->cpus);
	cpus_return(cell);
	cell_free(cell);
	comm_changed(cpu->sys, NULL);
	management_leave(cpu);
	return 0;
}

int cell_get_state(struct cpu *cpu, uint64_t id)
{
	struct cell **slot;
	uint32_t state = CELL_RUNNING;
	int err = management_begin(cpu);

	if (err)
		return err;
	slot = cell_slot(cpu->sys, id);
	if (slot)
		state = (*slot)->comm->cell_state;
	else if (id != root_of(cpu->sys)->config->id)
		err = -ENOENT;
	management_leave(cpu);
	return err ? err : state <= CELL_FAILED_COMM_REV ? (int)state : -EINVAL;
}
