/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The root's ivshmem devices: a PCI host bridge over the ECAM that the engine makes, while it is enabled and the configuration
 * asks for one (platform.pci_is_virtual, and a vpci_irq_base for INTA to INTD); and a driver for the devices but those of a
 * network (net.c), which leaves the protocol to programs. Those map registers from `resource0` and shared memory from `memory`;
 * `interrupts` counts, and poll() for POLLPRI waits until it has changed. Behind the ECAM lies a megabyte for BARs.
 */
#define pr_fmt(fmt) "cella: " fmt

#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irqdomain.h>
#include <linux/kernfs.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "cella.h"
#include "ivshmem.h"

#define PINS		4
#define BARS_SIZE	SZ_1M

/* ---- the host bridge ---- */

static struct {
	struct pci_host_bridge *host;		/* NULL: there is none */
	void __iomem *ecam;
	struct resource bus, config, bars;
	unsigned int virq[PINS];
} bridge;

static void __iomem *map_bus(struct pci_bus *bus, unsigned int devfn, int where)
{
	return bridge.ecam + ((size_t)bus->number << 20) + (devfn << 12) + where;
}

static struct pci_ops ops = {
	.map_bus = map_bus,
	.read = pci_generic_config_read,
	.write = pci_generic_config_write,
};

static int map_irq(const struct pci_dev *dev, u8 slot, u8 pin)
{
	return pin && pin <= PINS && bridge.virq[pin - 1] ? bridge.virq[pin - 1] : -1;
}

static void irqs_unmap(void)
{
	unsigned int i;

	for (i = 0; i < PINS; i++) {
		if (bridge.virq[i])
			irq_dispose_mapping(bridge.virq[i]);
		bridge.virq[i] = 0;
	}
}

static int irqs_map(u32 base)
{
	unsigned int i;

	for (i = 0; i < PINS; i++) {
		bridge.virq[i] = spi_map(base + i);
		if (!bridge.virq[i])
			return -ENODEV;
	}
	return 0;
}

static int resources_take(const struct config_platform *p)
{
	u64 size = (p->pci_end_bus + 1ull) << 20;
	int err;

	bridge.bus = (struct resource){ .name = "cella PCI", .end = p->pci_end_bus, .flags = IORESOURCE_BUS };
	bridge.config = (struct resource)DEFINE_RES_MEM_NAMED(p->pci_config_base, size, "cella PCI ECAM");
	bridge.bars = (struct resource)DEFINE_RES_MEM_NAMED(p->pci_config_base + size, BARS_SIZE, "cella PCI");
	err = request_resource(&iomem_resource, &bridge.config);
	if (err)
		return err;
	err = request_resource(&iomem_resource, &bridge.bars);
	if (!err) {
		bridge.ecam = ioremap(p->pci_config_base, size);
		if (bridge.ecam)
			return 0;
		err = -ENOMEM;
		release_resource(&bridge.bars);
	}
	release_resource(&bridge.config);
	return err;
}

static void resources_give(void)
{
	iounmap(bridge.ecam);
	release_resource(&bridge.bars);
	release_resource(&bridge.config);
}

static int scan(const struct config_platform *p)
{
	struct pci_host_bridge *host = pci_alloc_host_bridge(0);
	int err;

	if (!host)
		return -ENOMEM;
	host->ops = &ops;
	host->domain_nr = p->pci_domain;
	host->map_irq = map_irq;
	host->swizzle_irq = pci_common_swizzle;
	pci_add_resource(&host->windows, &bridge.bus);
	pci_add_resource(&host->windows, &bridge.bars);
	pci_lock_rescan_remove();
	err = pci_scan_root_bus_bridge(host);
	if (!err) {
		pci_bus_assign_resources(host->bus);
		pci_bus_add_devices(host->bus);
		bridge.host = host;
	}
	pci_unlock_rescan_remove();
	if (err)
		pci_free_host_bridge(host);
	return err;
}

int pci_host_add(void)
{
	const struct config_platform *p = &cella.platform;
	int err;

	if (!p->pci_is_virtual || !p->pci_config_base || !cella.vpci_irq_base)
		return 0;
	err = irqs_map(cella.vpci_irq_base);
	if (err)
		goto out_irqs;
	err = resources_take(p);
	if (err)
		goto out_irqs;
	err = scan(p);
	if (!err)
		return 0;
	resources_give();
out_irqs:
	irqs_unmap();
	pr_warn("no PCI bus for ivshmem devices of domain %u: %d\n", p->pci_domain, err);
	return err;
}

void pci_host_remove(void)
{
	struct pci_host_bridge *host = bridge.host;

	if (!host)
		return;
	bridge.host = NULL;
	pci_lock_rescan_remove();
	pci_stop_root_bus(host->bus);
	pci_remove_root_bus(host->bus);
	pci_unlock_rescan_remove();
	pci_free_host_bridge(host);
	resources_give();
	irqs_unmap();
}

/* ---- the devices ---- */

struct ivshmem {
	void __iomem *regs;
	phys_addr_t memory;
	atomic_t interrupts;
	struct kernfs_node *node;		/* of the attribute `interrupts` */
	struct bin_attribute attribute;		/* memory */
};

static irqreturn_t on_irq(int irq, void *cookie)
{
	struct ivshmem *s = cookie;

	atomic_inc(&s->interrupts);
	sysfs_notify_dirent(s->node);
	return IRQ_HANDLED;
}

static ssize_t interrupts_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ivshmem *s = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", atomic_read(&s->interrupts));
}
static DEVICE_ATTR_RO(interrupts);

/* What of it this side may write is the engine's to say. */
static int memory_mmap(struct file *file, struct kobject *kobj, struct bin_attribute *attr, struct vm_area_struct *vma)
{
	struct ivshmem *s = attr->private;

	return vm_iomap_memory(vma, s->memory, attr->size);
}

static int memory_find(struct pci_dev *dev, struct ivshmem *s)
{
	int cap = pci_find_capability(dev, PCI_CAP_ID_VNDR);
	u32 states;

	if (!cap)
		return -ENODEV;
	pci_read_config_dword(dev, cap + IVSHMEM_CAP_STATES, &states);
	s->memory = ivshmem_config64(dev, cap + IVSHMEM_CAP_ADDRESS);
	sysfs_bin_attr_init(&s->attribute);
	s->attribute.attr.name = "memory";
	s->attribute.attr.mode = 0600;
	s->attribute.private = s;
	s->attribute.mmap = memory_mmap;
	s->attribute.size = states + ivshmem_config64(dev, cap + IVSHMEM_CAP_SHARED) +
			    readl(s->regs + IVSHMEM_PEERS) * ivshmem_config64(dev, cap + IVSHMEM_CAP_OUTPUT);
	return sysfs_create_bin_file(&dev->dev.kobj, &s->attribute);
}

static int probe(struct pci_dev *dev, const struct pci_device_id *id)
{
	struct ivshmem *s;
	int err;

	if (dev->class == IVSHMEM_CLASS(IVSHMEM_NET))
		return -ENODEV;			/* cella-net.ko's */
	s = devm_kzalloc(&dev->dev, sizeof(*s), GFP_KERNEL);
	err = s ? pcim_enable_device(dev) : -ENOMEM;
	if (err)
		return err;
	s->regs = pcim_iomap(dev, 0, 0);
	if (!s->regs)
		return -ENOMEM;
	pci_set_drvdata(dev, s);
	err = memory_find(dev, s);
	if (err)
		return err;
	err = device_create_file(&dev->dev, &dev_attr_interrupts);
	if (err)
		goto out_memory;
	s->node = sysfs_get_dirent(dev->dev.kobj.sd, "interrupts");
	err = request_irq(dev->irq, on_irq, IRQF_SHARED, "cella-ivshmem", s);
	if (!err)
		return 0;
	sysfs_put(s->node);
	device_remove_file(&dev->dev, &dev_attr_interrupts);
out_memory:
	sysfs_remove_bin_file(&dev->dev.kobj, &s->attribute);
	return err;
}

static void gone(struct pci_dev *dev)
{
	struct ivshmem *s = pci_get_drvdata(dev);

	writel(0, s->regs + IVSHMEM_INTERRUPT);
	writel(0, s->regs + IVSHMEM_STATE);
	free_irq(dev->irq, s);
	device_remove_file(&dev->dev, &dev_attr_interrupts);
	sysfs_put(s->node);
	sysfs_remove_bin_file(&dev->dev.kobj, &s->attribute);
}

static const struct pci_device_id ids[] = { { PCI_DEVICE(IVSHMEM_VENDOR, IVSHMEM_DEVICE) }, { } };

static struct pci_driver driver = { .name = "cella-ivshmem", .id_table = ids, .probe = probe, .remove = gone };

int pci_init(void)
{
	return pci_register_driver(&driver);
}

void pci_exit(void)
{
	pci_unregister_driver(&driver);
}
