/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* /sys/devices/cella: the engine's pool of pages, and the cells with their states and statistics. */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "cella.h"

static ssize_t enabled_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", cella.enabled);
}

static ssize_t pool_show(char *buf, enum hypercall_info what)
{
	long pages = 0;

	mutex_lock(&cella.lock);
	if (cella.enabled)
		pages = hypercall(HC_INFO, what, 0);
	mutex_unlock(&cella.lock);
	return pages < 0 ? pages : sysfs_emit(buf, "%ld\n", pages);
}

static ssize_t mem_pool_size_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return pool_show(buf, INFO_POOL_SIZE);
}

static ssize_t mem_pool_used_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return pool_show(buf, INFO_POOL_USED);
}

static DEVICE_ATTR_RO(enabled);
static DEVICE_ATTR_RO(mem_pool_size);
static DEVICE_ATTR_RO(mem_pool_used);

static struct attribute *root_attrs[] = {
	&dev_attr_enabled.attr,
	&dev_attr_mem_pool_size.attr,
	&dev_attr_mem_pool_used.attr,
	NULL
};
static const struct attribute_group root_group = { .attrs = root_attrs };

/* ---- a cell's ---- */

static struct cell *cell_of(struct kobject *kobj)
{
	return container_of(kobj, struct cell, kobj);
}

static void current_cpus(const struct cell *cell, struct cpumask *out)
{
	cpumask_copy(out, &cell->cpus);
	if (!cell->id)
		cpumask_andnot(out, out, &cella.assigned);
}

static ssize_t name_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", cell_of(kobj)->name);
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	static const char *const names[] = { "running", "running/locked", "shut down", "failed", "failed" };
	long state = hypercall(HC_CELL_STATE, cell_of(kobj)->id, 0);

	if (state < 0)
		return state;
	return sysfs_emit(buf, "%s\n", state < ARRAY_SIZE(names) ? names[state] : "unknown");
}

static ssize_t cpus_assigned_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	cpumask_t cpus;

	current_cpus(cell_of(kobj), &cpus);
	return sysfs_emit(buf, "%*pbl\n", cpumask_pr_args(&cpus));
}

static ssize_t cpus_failed_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	cpumask_t cpus, failed;
	unsigned int cpu;

	current_cpus(cell_of(kobj), &cpus);
	cpumask_clear(&failed);
	for_each_cpu(cpu, &cpus)
		if (hypercall(HC_CPU_INFO, cpu, CPU_INFO_STATE) == CPU_FAILED)
			cpumask_set_cpu(cpu, &failed);
	return sysfs_emit(buf, "%*pbl\n", cpumask_pr_args(&failed));
}

static struct kobj_attribute cell_name = __ATTR_RO(name);
static struct kobj_attribute cell_state = __ATTR_RO(state);
static struct kobj_attribute cell_cpus_assigned = __ATTR_RO(cpus_assigned);
static struct kobj_attribute cell_cpus_failed = __ATTR_RO(cpus_failed);

static struct attribute *cell_attrs[] = {
	&cell_name.attr,
	&cell_state.attr,
	&cell_cpus_assigned.attr,
	&cell_cpus_failed.attr,
	NULL
};
static const struct attribute_group cell_group = { .attrs = cell_attrs };

struct stat_attribute {
	struct kobj_attribute attr;
	enum cpu_stat stat;
};

static ssize_t stat_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	enum cpu_stat stat = container_of(attr, struct stat_attribute, attr)->stat;
	u64 sum = 0;
	cpumask_t cpus;
	unsigned int cpu;

	current_cpus(cell_of(kobj), &cpus);
	for_each_cpu(cpu, &cpus) {
		long n = hypercall(HC_CPU_INFO, cpu, CPU_INFO_STAT + stat);

		if (n > 0)
			sum += n;
	}
	return sysfs_emit(buf, "%llu\n", sum);
}

#define STAT_ATTR(file, number) \
	static struct stat_attribute stat_##file = { .attr = __ATTR(vmexits_##file, 0444, stat_show, NULL), .stat = number }
STAT_ATTR(total, STAT_EXITS);
STAT_ATTR(mmio, STAT_MMIO);
STAT_ATTR(management, STAT_MANAGEMENT);
STAT_ATTR(hypercall, STAT_HYPERCALL);
STAT_ATTR(maintenance, STAT_MAINTENANCE);
STAT_ATTR(virt_irq, STAT_VIRQ);
STAT_ATTR(virt_sgi, STAT_VSGI);
STAT_ATTR(psci, STAT_PSCI);
STAT_ATTR(smccc, STAT_SMCCC);

static struct attribute *stat_attrs[] = {
	&stat_total.attr.attr,
	&stat_mmio.attr.attr,
	&stat_management.attr.attr,
	&stat_hypercall.attr.attr,
	&stat_maintenance.attr.attr,
	&stat_virt_irq.attr.attr,
	&stat_virt_sgi.attr.attr,
	&stat_psci.attr.attr,
	&stat_smccc.attr.attr,
	NULL
};
static const struct attribute_group stat_group = { .name = "statistics", .attrs = stat_attrs };

static const struct attribute_group *cell_groups[] = { &cell_group, &stat_group, NULL };

static void cell_release(struct kobject *kobj)
{
	kfree(cell_of(kobj));
}

static const struct kobj_type cell_type = {
	.release = cell_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = cell_groups,
};

int sysfs_add_cell(struct cell *cell)
{
	return kobject_init_and_add(&cell->kobj, &cell_type, cella.cells_dir, "%u", cell->id);
}

int sysfs_create(void)
{
	int err;

	cella.device = root_device_register("cella");
	if (IS_ERR(cella.device))
		return PTR_ERR(cella.device);
	err = sysfs_create_group(&cella.device->kobj, &root_group);
	if (err)
		goto out_device;
	cella.cells_dir = kobject_create_and_add("cells", &cella.device->kobj);
	if (!cella.cells_dir) {
		err = -ENOMEM;
		goto out_group;
	}
	return 0;

out_group:
	sysfs_remove_group(&cella.device->kobj, &root_group);
out_device:
	root_device_unregister(cella.device);
	return err;
}

void sysfs_remove(void)
{
	kobject_put(cella.cells_dir);
	sysfs_remove_group(&cella.device->kobj, &root_group);
	root_device_unregister(cella.device);
}
