/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Files that serve a cell's devices (abi/serve.h): memory to map, and the doorbell interrupt that wakes them.
 *
 * Pages are given out at each first touch and taken back when the cell goes, under `lock`, so that none is left over. The
 * order of locks is cella.lock, lock; a fault takes lock alone, below the process's mmap_lock, so no user memory is touched
 * with it held.
 */
#define pr_fmt(fmt) "cella: " fmt

#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_irq.h>
#include <linux/irqdomain.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include "cella.h"

#define ADDRESS_BITS	48

struct serve {
	struct list_head list;
	struct address_space *mapping;		/* of the file, which outlives this */
	const struct cell *cell;		/* NULL once it is gone */
	u32 id;
	u64 slots;				/* physical */
	u64 seen;				/* rings */
};

static struct {
	struct mutex lock;
	struct list_head files;
	unsigned int virq;			/* while there are files */
	atomic64_t rings;
	wait_queue_head_t wait;
} serving = {
	.lock = __MUTEX_INITIALIZER(serving.lock),
	.files = LIST_HEAD_INIT(serving.files),
	.wait = __WAIT_QUEUE_HEAD_INITIALIZER(serving.wait),
};

/* ---- the doorbell ---- */

static irqreturn_t on_doorbell(int irq, void *cookie)
{
	atomic64_inc(&serving.rings);
	wake_up_all(&serving.wait);
	return IRQ_HANDLED;
}

static const struct of_device_id gics[] = {
	{ .compatible = "arm,gic-v3" },
	{ .compatible = "arm,gic-400" },
	{ .compatible = "arm,cortex-a15-gic" },
	{ .compatible = "arm,cortex-a7-gic" },
	{ }
};

unsigned int spi_map(u32 spi)
{
	struct of_phandle_args spec = { .args_count = 3 };
	unsigned int virq;

	spec.np = of_find_matching_node(NULL, gics);
	if (!spec.np) {
		pr_err("no GIC in the device tree: no interrupts from the engine\n");
		return 0;
	}
	spec.args[0] = 0;			/* a shared one */
	spec.args[1] = spi;
	spec.args[2] = IRQ_TYPE_EDGE_RISING;
	virq = irq_create_of_mapping(&spec);
	of_node_put(spec.np);
	return virq;
}

static int doorbell_take(void)
{
	int err;

	serving.virq = spi_map(cella.doorbell - 32);
	if (!serving.virq)
		return -ENODEV;
	err = request_irq(serving.virq, on_doorbell, 0, "cella-serve", &serving);
	if (err)
		irq_dispose_mapping(serving.virq);
	return err;
}

static void doorbell_give(void)
{
	free_irq(serving.virq, &serving);
	irq_dispose_mapping(serving.virq);
}

/* ---- a file's life ---- */

static struct serve *find(const struct cell *cell)
{
	struct serve *s;

	list_for_each_entry(s, &serving.files, list)
		if (s->cell == cell)
			return s;
	return NULL;
}

int serve_begin(struct file *file, struct reader *r, struct cell *cell)
{
	struct serve *s;
	long slots;
	int err = 0;

	if (r->serve)
		return -EINVAL;
	slots = cella.doorbell ? hypercall(HC_SERVE_INFO, 0, 0) : -ENODEV;
	if (slots < 0)
		return slots;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	*s = (struct serve){ .mapping = file->f_mapping, .cell = cell, .id = cell->id, .slots = slots };
	mutex_lock(&serving.lock);
	if (find(cell))
		err = -EBUSY;
	else if (list_empty(&serving.files))
		err = doorbell_take();
	if (!err)
		list_add(&s->list, &serving.files);
	mutex_unlock(&serving.lock);
	if (err)
		kfree(s);
	else
		WRITE_ONCE(r->serve, s);
	return err;
}

/* What other files of the same node have mapped comes back to them at the next touch. */
static void detach(struct serve *s)
{
	WRITE_ONCE(s->cell, NULL);
	unmap_mapping_range(s->mapping, (loff_t)s->id << ADDRESS_BITS, 1ull << ADDRESS_BITS, 1);
	unmap_mapping_range(s->mapping, 0, PAGE_SIZE, 1);
	list_del(&s->list);
	if (list_empty(&serving.files))
		doorbell_give();
}

void serve_end(const struct cell *cell)
{
	struct serve *s;

	mutex_lock(&serving.lock);
	s = find(cell);
	if (s)
		detach(s);
	mutex_unlock(&serving.lock);
	wake_up_all(&serving.wait);
}

void serve_release(struct serve *s)
{
	mutex_lock(&serving.lock);
	if (s->cell)
		detach(s);
	mutex_unlock(&serving.lock);
	kfree(s);
}

int serve_irq(struct reader *r, const struct cella_serve_irq *irq)
{
	struct serve *s = READ_ONCE(r->serve);
	int err = -ENOENT;

	if (!s || irq->pending > 1)
		return -EINVAL;
	mutex_lock(&serving.lock);
	if (s->cell)
		err = hypercall(HC_SERVE_IRQ, SERVE_IRQ(s->id, irq->intid), irq->pending);
	mutex_unlock(&serving.lock);
	return err;
}

/* ---- waiting ---- */

static bool has_news(const struct serve *s)
{
	return !READ_ONCE(s->cell) || atomic64_read(&serving.rings) != READ_ONCE(s->seen);
}

ssize_t serve_read(struct serve *s, struct file *file, char __user *to, size_t len)
{
	u64 rings, news;

	if (len < sizeof(news))
		return -EINVAL;
	if (!has_news(s)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(serving.wait, has_news(s)))
			return -ERESTARTSYS;
	}
	if (!READ_ONCE(s->cell))
		return 0;
	rings = atomic64_read(&serving.rings);
	news = rings - s->seen;
	WRITE_ONCE(s->seen, rings);
	return copy_to_user(to, &news, sizeof(news)) ? -EFAULT : sizeof(news);
}

__poll_t serve_poll(struct file *file, struct poll_table_struct *wait)
{
	struct reader *r = file->private_data;
	struct serve *s = READ_ONCE(r->serve);

	if (!s)
		return DEFAULT_POLLMASK;	/* the log: as without a poll of our own */
	poll_wait(file, &serving.wait, wait);
	if (!READ_ONCE(s->cell))
		return EPOLLIN | EPOLLHUP;
	return has_news(s) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* ---- memory ---- */

/* Where the page is, physically; 0: not there, or not for this file. */
static u64 page_of(const struct serve *s, u64 offset)
{
	u64 address = offset & GENMASK_ULL(ADDRESS_BITS - 1, 0);
	u32 i;

	if (!s->cell)
		return 0;
	if (!offset)
		return s->slots;
	if (offset >> ADDRESS_BITS != s->id)
		return 0;
	for (i = 0; i < s->cell->num_memory; i++) {
		const struct config_memory *m = &s->cell->memory[i];

		if (!(m->flags & MEMORY_ROOT_SHARED) ||
		    m->flags & (MEMORY_IO | MEMORY_COMM_REGION | MEMORY_SERVED) || (m->virt | m->phys | m->size) & ~PAGE_MASK)
			continue;
		if (address >= m->virt && address - m->virt < m->size)
			return m->phys + (address - m->virt);
	}
	return 0;
}

static vm_fault_t on_fault(struct vm_fault *vmf)
{
	struct reader *r = vmf->vma->vm_file->private_data;
	vm_fault_t result = VM_FAULT_SIGBUS;
	u64 phys;

	mutex_lock(&serving.lock);
	phys = page_of(r->serve, (u64)vmf->pgoff << PAGE_SHIFT);
	if (phys)
		result = vmf_insert_pfn(vmf->vma, vmf->address, phys >> PAGE_SHIFT);
	mutex_unlock(&serving.lock);
	return result;
}

static const struct vm_operations_struct serve_vm = { .fault = on_fault };

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}
#endif

int serve_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct reader *r = file->private_data;

	if (!READ_ONCE(r->serve) || !(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &serve_vm;
	return 0;
}
