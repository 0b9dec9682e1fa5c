/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The cells' life as far as Linux takes part: CPUs go by hotplug before the engine creates a cell and come back when it has
 * destroyed it; loadable memory is mapped for the time of a copy, while the engine lets the root have it.
 */
#define pr_fmt(fmt) "cella: " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cella.h"

#define GOING_DOWN_SECONDS	5	/* for a cell's answer when the machine is switched off */

static struct cell *cell_new(const struct cell_view *view, u32 id)
{
	u32 i, n = 0;
	struct cell *cell;

	for (i = 0; i < view->config->num_memory; i++)
		n += !!(view->memory[i].flags & (MEMORY_LOADABLE | MEMORY_ROOT_SHARED));
	cell = kzalloc(struct_size(cell, memory, n), GFP_KERNEL);
	if (!cell)
		return NULL;
	cell->id = id;
	cell->num_memory = n;
	memcpy(cell->name, view->config->name, sizeof(cell->name));
	for (i = 0, n = 0; i < view->config->num_memory; i++)
		if (view->memory[i].flags & (MEMORY_LOADABLE | MEMORY_ROOT_SHARED))
			cell->memory[n++] = view->memory[i];
	return cell;
}

int cell_add_root(const struct cell_view *view)
{
	struct cell *cell = cell_new(view, 0);

	if (!cell)
		return -ENOMEM;
	cella.doorbell = view->config->vpci_irq_base ? SERVE_DOORBELL(view->config->vpci_irq_base) : 0;
	cpumask_copy(&cell->cpus, cpu_online_mask);
	list_add_tail(&cell->list, &cella.cells);
	return sysfs_add_cell(cell);
}

static struct cell *find_id(u32 id)
{
	struct cell *cell;

	list_for_each_entry(cell, &cella.cells, list)
		if (cell->id == id)
			return cell;
	return NULL;
}

static struct cell *find_name(const char *name)
{
	struct cell *cell;

	list_for_each_entry(cell, &cella.cells, list)
		if (!strncmp(cell->name, name, CELL_NAME_SIZE))
			return cell;
	return NULL;
}

/* What the reference means, which is never the root. */
static int find(const struct cella_cell_ref *ref, struct cell **out)
{
	if (!cella.enabled)
		return -ENODEV;
	if (ref->pad || ref->id < -1)
		return -EINVAL;
	*out = ref->id >= 0 ? find_id(ref->id) : find_name(ref->name);
	if (!*out)
		return -ENOENT;
	return (*out)->id ? 0 : -EINVAL;
}

struct cell *cell_find(const struct cella_cell_ref *ref)
{
	struct cell *cell;
	int err = find(ref, &cell);

	return err ? ERR_PTR(err) : cell;
}

static int give_back(const struct cpumask *cpus)
{
	int err = 0;
	unsigned int cpu;

	cpumask_andnot(&cella.assigned, &cella.assigned, cpus);
	for_each_cpu(cpu, cpus) {
		int failed = add_cpu(cpu);

		if (failed) {
			pr_err("CPU %u doesn't come back: %d\n", cpu, failed);
			err = failed;
		}
	}
	return err;
}

static int take_cpus(struct cell *cell, const struct cell_view *view)
{
	cpumask_t taken;
	unsigned int cpu;
	int err;

	for (cpu = 0; cpu < view->config->cpu_set_size * 8; cpu++)
		if (config_has_cpu(view, cpu)) {
			if (cpu >= nr_cpu_ids || !cpu_online(cpu)) {
				pr_err("cell %s: CPU %u isn't online\n", cell->name, cpu);
				return cpu < nr_cpu_ids && cpumask_test_cpu(cpu, &cella.assigned) ? -EBUSY : -EINVAL;
			}
			cpumask_set_cpu(cpu, &cell->cpus);
		}
	if (cpumask_empty(&cell->cpus))
		return -EINVAL;
	cpumask_clear(&taken);
	for_each_cpu(cpu, &cell->cpus) {
		err = remove_cpu(cpu);
		if (err) {
			pr_err("cell %s: CPU %u cannot go offline: %d\n", cell->name, cpu, err);
			give_back(&taken);
			return err;
		}
		cpumask_set_cpu(cpu, &taken);
	}
	cpumask_or(&cella.assigned, &cella.assigned, &cell->cpus);
	return 0;
}

/* A mistake here would give Linux's memory away. */
static int check_memory(const struct cell_view *view)
{
	u32 i;

	for (i = 0; i < view->config->num_memory; i++) {
		const struct config_memory *m = &view->memory[i];

		if (m->flags & (MEMORY_COMM_REGION | MEMORY_SERVED))
			continue;
		if (!(m->phys | m->virt | m->size | m->flags))	/* an entry that is no region */
			continue;
		if (config_check_ram(m->phys, m->size)) {
			pr_err("cell %s: memory at %#llx is Linux's\n", view->config->name, m->phys);
			return -EINVAL;
		}
	}
	return 0;
}

int cell_create(void *bytes, size_t size, s32 *id)
{
	struct cell_config *config = bytes;
	struct cell_view view;
	struct cell *cell;
	int err;

	if (!cella.enabled)
		return -ENODEV;
	err = config_check_cell(bytes, size, &view);
	if (err)
		return err;
	if (memcmp(config->signature, CONFIG_CELL_SIGNATURE, sizeof(config->signature)) ||
	    config->architecture != CONFIG_ARCH_ARM64 || config->revision != CONFIG_REVISION)
		return -EINVAL;
	if (find_name(config->name))
		return -EEXIST;
	err = check_memory(&view);
	if (err)
		return err;
	for (config->id = 1; find_id(config->id); config->id++)
		;
	cell = cell_new(&view, config->id);
	if (!cell)
		return -ENOMEM;
	err = take_cpus(cell, &view);
	if (err) {
		kfree(cell);
		return err;
	}
	clean_to_poc(bytes, size);
	err = hypercall(HC_CELL_CREATE, virt_to_phys(bytes), 0);
	if (err < 0) {
		give_back(&cell->cpus);
		kfree(cell);
		return err;
	}
	*id = cell->id;
	list_add_tail(&cell->list, &cella.cells);
	err = sysfs_add_cell(cell);
	if (err)
		pr_warn("cell %s: not in sysfs: %d\n", cell->name, err);
	return 0;
}

/* A call that the cell has to agree to, which it may take its time for: a signal ends the wait, and the machine's end. */
static long hypercall_agreed(enum hypercall number, const struct cell *cell)
{
	unsigned long patience = jiffies + GOING_DOWN_SECONDS * HZ;
	long err;

	while ((err = hypercall(number, cell->id, 0)) == -EAGAIN) {
		bool down = READ_ONCE(cella.shutting_down);

		if (down && time_after(jiffies, patience))
			return hypercall(number, cell->id, DESTROY_UNASKED);
		if (!down && signal_pending(current))
			return -EINTR;
		usleep_range(100, 1000);
	}
	return err;
}

static int destroy(struct cell *cell)
{
	long err = hypercall_agreed(HC_CELL_DESTROY, cell);
	cpumask_t cpus;

	if (err < 0)
		return err;
	serve_end(cell);
	cpumask_copy(&cpus, &cell->cpus);
	list_del(&cell->list);
	kobject_del(&cell->kobj);
	kobject_put(&cell->kobj);
	return give_back(&cpus);
}

int cell_destroy(const struct cella_cell_ref *ref)
{
	struct cell *cell;
	int err = find(ref, &cell);

	return err ? err : destroy(cell);
}

int cells_destroy(void)
{
	struct cell *cell, *next;
	int err;

	list_for_each_entry(cell, &cella.cells, list)
		if (cell->id && hypercall(HC_CELL_STATE, cell->id, 0) == CELL_RUNNING_LOCKED)
			return -EPERM;
	list_for_each_entry_safe(cell, next, &cella.cells, list) {
		err = cell->id ? destroy(cell) : 0;
		if (err)
			return err;
	}
	list_for_each_entry_safe(cell, next, &cella.cells, list) {
		list_del(&cell->list);
		kobject_del(&cell->kobj);
		kobject_put(&cell->kobj);
	}
	return 0;
}

int cell_start(const struct cella_cell_ref *ref)
{
	struct cell *cell;
	int err = find(ref, &cell);

	return err ? err : (int)hypercall_agreed(HC_CELL_START, cell);
}

int cell_shutdown(const struct cella_cell_ref *ref)
{
	struct cell *cell;
	int err = find(ref, &cell);

	if (!err)
		err = hypercall_agreed(HC_CELL_SET_LOADABLE, cell);
	if (!err)
		serve_end(cell);
	return err;
}

/* The loadable region that has all of the piece. */
static const struct config_memory *region_of(const struct cell *cell, const struct cella_piece *p)
{
	u32 i;

	for (i = 0; i < cell->num_memory; i++) {
		const struct config_memory *m = &cell->memory[i];

		if (m->flags & MEMORY_LOADABLE && p->target >= m->virt && p->target - m->virt < m->size &&
		    p->size <= m->size - (p->target - m->virt))
			return m;
	}
	return NULL;
}

static int load_piece(const struct cell *cell, const struct cella_piece *p)
{
	const struct config_memory *m = region_of(cell, p);
	void *memory;
	int err = 0;

	if (!m)
		return -EINVAL;
	if (!p->size)
		return 0;
	memory = memremap(m->phys + (p->target - m->virt), p->size, MEMREMAP_WB);
	if (!memory)
		return -ENOMEM;
	if (copy_from_user(memory, u64_to_user_ptr(p->source), p->size))
		err = -EFAULT;
	clean_to_poc(memory, p->size);
	memunmap(memory);
	return err;
}

int cell_load(const struct cella_load *load)
{
	struct cell *cell;
	int err = find(&load->cell, &cell);
	u32 i;

	if (err)
		return err;
	if (load->count > CELLA_LOAD_MAX || load->pad)
		return -EINVAL;
	for (i = 0; i < load->count; i++)
		if (!region_of(cell, &load->piece[i]))
			return -EINVAL;
	err = hypercall_agreed(HC_CELL_SET_LOADABLE, cell);
	if (!err)
		serve_end(cell);
	for (i = 0; i < load->count && !err; i++)
		err = load_piece(cell, &load->piece[i]);
	return err;
}
