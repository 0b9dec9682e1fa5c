/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The module's life and its ioctls (abi/ioctl.h). While the engine is enabled the module holds a reference to itself, so that
 * it cannot be removed; the machine cannot sleep, because nothing would bring EL2 back; and CPUs of cells cannot be brought
 * online by anybody else. Before a reboot, or a kexec, EL2 goes back to Linux.
 */
#define pr_fmt(fmt) "cella: " fmt

#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <linux/uaccess.h>

#include "cella.h"

struct cella cella = {
	.lock = __MUTEX_INITIALIZER(cella.lock),
	.cells = LIST_HEAD_INIT(cella.cells),
	.console_gone = __WAIT_QUEUE_HEAD_INITIALIZER(cella.console_gone),
};

/* A copy of `size` bytes from the user, at most `max`; kfree is for what has to be contiguous. */
static void *copy_in(u64 from, u32 size, u32 max)
{
	if (!size)
		return ERR_PTR(-EINVAL);
	if (size > max)
		return ERR_PTR(-E2BIG);
	return memdup_user(u64_to_user_ptr(from), size);
}

static int do_enable(const void __user *arg)
{
	struct cella_enable enable;
	void *image, *config;
	int err;

	if (copy_from_user(&enable, arg, sizeof(enable)))
		return -EFAULT;
	if (cella.enabled)
		return -EBUSY;
	if (cella.shutting_down)
		return -ESHUTDOWN;
	if (enable.image_size > CELLA_IMAGE_MAX)
		return -E2BIG;
	image = vmemdup_user(u64_to_user_ptr(enable.image), enable.image_size);
	if (IS_ERR(image))
		return PTR_ERR(image);
	config = copy_in(enable.config, enable.config_size, CELLA_CONFIG_MAX);
	err = PTR_ERR_OR_ZERO(config);
	if (!err) {
		err = try_module_get(THIS_MODULE) ? 0 : -ESHUTDOWN;
		if (!err) {
			err = el2_enable(image, enable.image_size, config, enable.config_size);
			if (!cella.enabled)
				module_put(THIS_MODULE);
		}
		kfree(config);
	}
	kvfree(image);
	return err;
}

static int do_disable(void)
{
	int err;

	if (!cella.enabled)
		return -ENODEV;
	err = el2_disable();
	if (!cella.enabled)
		module_put(THIS_MODULE);
	return err;
}

static int do_create(struct cella_create __user *arg)
{
	struct cella_create create;
	void *config;
	int err;

	if (copy_from_user(&create, arg, sizeof(create)))
		return -EFAULT;
	config = copy_in(create.config, create.config_size, CELLA_CONFIG_MAX);
	if (IS_ERR(config))
		return PTR_ERR(config);
	err = cell_create(config, create.config_size, &create.id);
	kfree(config);
	if (!err && put_user(create.id, &arg->id))
		err = -EFAULT;
	return err;
}

static int do_load(const void __user *arg)
{
	struct cella_load *load = memdup_user(arg, sizeof(*load));
	int err;

	if (IS_ERR(load))
		return PTR_ERR(load);
	err = cell_load(load);
	kfree(load);
	return err;
}

static int on_cell(const void __user *arg, int (*fn)(const struct cella_cell_ref *))
{
	struct cella_cell_ref ref;

	if (copy_from_user(&ref, arg, sizeof(ref)))
		return -EFAULT;
	return fn(&ref);
}

static int do_serve(struct file *file, const void __user *arg)
{
	struct cella_cell_ref ref;
	struct cell *cell;

	if (copy_from_user(&ref, arg, sizeof(ref)))
		return -EFAULT;
	cell = cell_find(&ref);
	return IS_ERR(cell) ? PTR_ERR(cell) : serve_begin(file, file->private_data, cell);
}

/* Without cella.lock, under which somebody may be waiting for the cell, which waits for this. */
static int do_serve_irq(struct file *file, const void __user *arg)
{
	struct cella_serve_irq irq;

	if (copy_from_user(&irq, arg, sizeof(irq)))
		return -EFAULT;
	return serve_irq(file->private_data, &irq);
}

long cella_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	void __user *arg = (void __user *)argument;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (command == CELLA_IOC_SERVE_IRQ)
		return do_serve_irq(file, arg);
	if (mutex_lock_interruptible(&cella.lock))
		return -ERESTARTSYS;
	switch (command) {
	case CELLA_IOC_ENABLE:
		err = do_enable(arg);
		break;
	case CELLA_IOC_DISABLE:
		err = do_disable();
		break;
	case CELLA_IOC_CREATE:
		err = do_create(arg);
		break;
	case CELLA_IOC_LOAD:
		err = do_load(arg);
		break;
	case CELLA_IOC_START:
		err = on_cell(arg, cell_start);
		break;
	case CELLA_IOC_SHUTDOWN:
		err = on_cell(arg, cell_shutdown);
		break;
	case CELLA_IOC_DESTROY:
		err = on_cell(arg, cell_destroy);
		break;
	case CELLA_IOC_SERVE:
		err = do_serve(file, arg);
		break;
	default:
		err = -ENOTTY;
	}
	mutex_unlock(&cella.lock);
	return err;
}

static struct miscdevice cella_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "cella",
	.fops = &cella_file,
	.mode = 0600,
};

/* ---- what else happens to the machine ---- */

static int on_reboot(struct notifier_block *nb, unsigned long event, void *data)
{
	int err = 0;

	WRITE_ONCE(cella.shutting_down, true);	/* first: who waits for a cell's answer with the lock stops waiting by it */
	mutex_lock(&cella.lock);
	if (cella.enabled)
		err = do_disable();
	mutex_unlock(&cella.lock);
	if (err)
		pr_emerg("still at EL2 while the machine goes down: %d\n", err);
	return NOTIFY_DONE;
}

static int on_sleep(struct notifier_block *nb, unsigned long event, void *data)
{
	if ((event == PM_SUSPEND_PREPARE || event == PM_HIBERNATION_PREPARE) && READ_ONCE(cella.enabled)) {
		pr_err("the machine cannot sleep while it is enabled\n");
		return notifier_from_errno(-EBUSY);
	}
	return NOTIFY_DONE;
}

static int on_panic(struct notifier_block *nb, unsigned long event, void *data)
{
	if (cella.enabled)
		pr_emerg("the engine is enabled, and cells go on\n");
	return NOTIFY_DONE;
}

static int on_cpu_up(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, &cella.assigned) ? -EBUSY : 0;
}

static struct notifier_block reboot_block = { .notifier_call = on_reboot };
static struct notifier_block sleep_block = { .notifier_call = on_sleep };
static struct notifier_block panic_block = { .notifier_call = on_panic };
static int cpu_up_state;

static int __init cella_init(void)
{
	int err = sysfs_create();

	if (err)
		return err;
	cpu_up_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "cella:online", on_cpu_up, NULL);
	if (cpu_up_state < 0) {
		err = cpu_up_state;
		goto out_sysfs;
	}
	err = register_reboot_notifier(&reboot_block);
	if (err)
		goto out_cpu;
	err = register_pm_notifier(&sleep_block);
	if (err)
		goto out_reboot;
	err = pci_init();
	if (err)
		goto out_sleep;
	err = misc_register(&cella_misc);
	if (err)
		goto out_pci;
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return 0;

out_pci:
	pci_exit();
out_sleep:
	unregister_pm_notifier(&sleep_block);
out_reboot:
	unregister_reboot_notifier(&reboot_block);
out_cpu:
	cpuhp_remove_state_nocalls(cpu_up_state);
out_sysfs:
	sysfs_remove();
	return err;
}

static void __exit cella_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	misc_deregister(&cella_misc);
	pci_exit();
	unregister_pm_notifier(&sleep_block);
	unregister_reboot_notifier(&reboot_block);
	cpuhp_remove_state_nocalls(cpu_up_state);
	sysfs_remove();
}

module_init(cella_init);
module_exit(cella_exit);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("Cella: cells beside Linux on arm64");
MODULE_VERSION("0.1");
