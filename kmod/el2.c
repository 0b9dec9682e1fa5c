/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * To EL2 and back. Linux that began at EL2 without VHE leaves a stub there (Linux, arch/arm64/kernel/hyp-stub.S; KVM has the same
 * calls): `hvc #0` with x0 = 1 jumps to the physical address in x1, at EL2, its MMU off. abi/image.h says what is there.
 *
 * Which other Linux there is: one at EL2 itself (VHE); one whose EL2 is KVM's, which answers an unknown call otherwise than the
 * stub; one below another's hypervisor, whose firmware is called by HVC. None of them can be entered.
 */
#define pr_fmt(fmt) "cella: " fmt

#include <linux/arm-smccc.h>
#include <linux/cpu.h>
#include <linux/io.h>
#include <linux/of_address.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/sysreg.h>
#include <asm/virt.h>

#include "cella.h"

#define STUB_SOFT_RESTART	1
#define STUB_UNKNOWN		0x1cef		/* no call of the stub, of KVM or of ours */
#define STUB_ERROR		0x0badca11ul
#define LEAVE_TRIES		100

#define CALL_CLOBBERS		"x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", \
				"cc", "memory"

static unsigned long stub_call(unsigned long number, unsigned long arg1, unsigned long arg2)
{
	register unsigned long x0 asm("x0") = number;
	register unsigned long x1 asm("x1") = arg1;
	register unsigned long x2 asm("x2") = arg2;

	asm volatile("hvc #0" : "+r" (x0), "+r" (x1), "+r" (x2) : : CALL_CLOBBERS);
	return x0;
}

long hypercall(enum hypercall number, unsigned long arg1, unsigned long arg2)
{
	register unsigned long x0 asm("x0") = number;
	register unsigned long x1 asm("x1") = arg1;
	register unsigned long x2 asm("x2") = arg2;

	asm volatile("hvc %3" : "+r" (x0), "+r" (x1), "+r" (x2) : "i" (HVC_IMMEDIATE) : CALL_CLOBBERS);
	return (long)x0;
}

void clean_to_poc(const void *start, size_t size)
{
	/* CTR_EL0.DminLine: log2 of the words of the smallest line. */
	unsigned long line = 4ul << (read_sysreg(ctr_el0) >> 16 & 0xf);
	unsigned long at = (unsigned long)start & ~(line - 1), end = (unsigned long)start + size;

	for (; at < end; at += line)
		asm volatile("dc civac, %0" : : "r" (at) : "memory");
	asm volatile("dsb sy" : : : "memory");
}

/*
 * What is asked of each CPU, and whether one could not. They wait for each other at EL2. Beside stop_machine that ends: on_each_cpu
 * keeps its own CPU, so no other gets beyond stop_machine's first state, in which interrupts are on.
 */
struct all_cpus {
	unsigned long entry;
	atomic_t err;
};

static void probe_cpu(void *info)
{
	struct all_cpus *all = info;

	if (stub_call(STUB_UNKNOWN, 0, 0) != STUB_ERROR)
		atomic_set(&all->err, -EBUSY);
}

static void enter_cpu(void *info)
{
	struct all_cpus *all = info;
	int err = (int)stub_call(STUB_SOFT_RESTART, all->entry, smp_processor_id());

	if (err)
		atomic_set(&all->err, err);
}

static void leave_cpu(void *info)
{
	struct all_cpus *all = info;
	int err = (int)hypercall(HC_DISABLE, 0, 0);

	if (err)
		atomic_set(&all->err, err);
}

static int el2_is_free(void)
{
	struct all_cpus all = { .err = ATOMIC_INIT(0) };

	if (is_kernel_in_hyp_mode()) {
		pr_err("Linux runs at EL2 (VHE): boot it with kvm-arm.mode=nvhe or id_aa64mmfr1.vh=0\n");
		return -ENODEV;
	}
	if (!(read_sysreg_s(SYS_ID_AA64PFR0_EL1) >> 8 & 0xf)) {
		pr_err("this processor has no EL2\n");
		return -ENODEV;
	}
	if (arm_smccc_1_1_get_conduit() == SMCCC_CONDUIT_HVC) {
		pr_err("firmware is called by HVC: EL2 is another hypervisor's\n");
		return -ENODEV;
	}
	on_each_cpu(probe_cpu, &all, 1);
	if (atomic_read(&all.err))
		pr_err("EL2 is KVM's: end its machines; boot with kvm-arm.mode=none, or without kvm-arm.mode=protected and with "
		       "kvm.enable_virt_at_load=0\n");
	return atomic_read(&all.err);
}

/* The header is the file's word for it. A file that was cut short is none: its end would be zeros, and run. */
static bool header_is_good(const struct image_header *h, u32 file_size)
{
	return !memcmp(h->signature, IMAGE_SIGNATURE, sizeof(h->signature)) && h->revision == IMAGE_REVISION &&
	       file_size == h->image_size && file_size <= h->core_size && h->entry < file_size &&
	       IS_ALIGNED(h->core_size, SZ_4K) && h->percpu_size && IS_ALIGNED(h->percpu_size, SZ_4K) &&
	       h->console_size <= h->core_size && h->console_offset <= h->core_size - h->console_size &&
	       h->console_size >= sizeof(struct image_console) && IS_ALIGNED(h->console_offset, 4);
}

/* Offsets in the memory, each within it. */
static int lay_out(struct image_header *h, u32 image_size, u32 config_size, u64 size)
{
	u64 config = h->core_size + (u64)h->percpu_size * nr_cpu_ids;

	if (!header_is_good(h, image_size)) {
		pr_err("the image is none, or damaged, or of another revision than %d\n", IMAGE_REVISION);
		return -EINVAL;
	}
	if (nr_cpu_ids > IMAGE_MAX_CPUS) {
		pr_err("CPUs past %d are not supported: boot with nr_cpus=%d\n", IMAGE_MAX_CPUS, IMAGE_MAX_CPUS);
		return -EINVAL;
	}
	if (config + config_size > size || config > U32_MAX) {
		pr_err("the hypervisor's memory is too small: %llu bytes are needed, and then pages for its pool\n",
		       config + config_size);
		return -ENOMEM;
	}
	h->max_cpus = nr_cpu_ids;
	h->online_cpus = num_online_cpus();
	h->config_offset = config;
	h->config_size = config_size;
	h->pad = 0;
	return 0;
}

/* The engine keeps their tables within the root's memory; a board without a device tree has none that it knows of. */
static int find_its(struct image_header *h)
{
	struct device_node *node;
	struct resource r;
	unsigned int n = 0;

	memset(h->its, 0, sizeof(h->its));
	for_each_compatible_node(node, NULL, "arm,gic-v3-its") {
		if (!of_device_is_available(node) || of_address_to_resource(node, 0, &r))
			continue;
		if (n == IMAGE_MAX_ITS) {
			pr_err("more than %d ITSs are not supported\n", IMAGE_MAX_ITS);
			of_node_put(node);
			return -E2BIG;
		}
		h->its[n++] = r.start;
	}
	return 0;
}

static int place(const void *image, u32 image_size, const struct system_config *config, u32 config_size,
		 struct image_header *h)
{
	size_t used;
	void *memory;
	int err;

	memcpy(h, image, sizeof(*h));
	err = lay_out(h, image_size, config_size, cella.size);
	if (!err)
		err = find_its(h);
	if (err)
		return err;
	h->phys = cella.phys;
	h->size = cella.size;
	used = h->config_offset + (size_t)config_size;
	memory = memremap(cella.phys, used, MEMREMAP_WB);
	if (!memory)
		return -ENOMEM;
	memcpy(memory, image, image_size);
	memset(memory + image_size, 0, used - image_size);
	memcpy(memory, h, sizeof(*h));
	memcpy(memory + h->config_offset, config, config_size);
	clean_to_poc(memory, used);
	memunmap(memory);
	return 0;
}

/* The CPUs of Linux and of the root cell are the same ones, and all are there. */
static int check_cpus(const struct cell_view *root)
{
	unsigned int cpu, bit;

	if (!cpumask_equal(cpu_online_mask, cpu_present_mask)) {
		pr_err("CPUs are offline: bring them online before\n");
		return -EBUSY;
	}
	for_each_online_cpu(cpu) {
		if (config_has_cpu(root, cpu))
			continue;
		pr_err("CPU %u is online and not in the configuration's cpus\n", cpu);
		return -EINVAL;
	}
	for (bit = 0; bit < root->config->cpu_set_size * 8; bit++)
		if (config_has_cpu(root, bit) && (bit >= nr_cpu_ids || !cpu_online(bit))) {
			pr_err("CPU %u of the configuration doesn't exist\n", bit);
			return -EINVAL;
		}
	return 0;
}

static int check_memory(const struct system_config *config)
{
	u64 phys = config->hypervisor_memory.phys, size = config->hypervisor_memory.size;

	if (!IS_ALIGNED(phys, SZ_4K) || !IS_ALIGNED(size, SZ_4K) || !size || size > SZ_1G) {
		pr_err("the hypervisor's memory is no whole pages, or more than 1 GiB\n");
		return -EINVAL;
	}
	if (config_check_ram(phys, size)) {
		pr_err("the hypervisor's memory at %#llx is Linux's: reserve it by mem= or a no-map node\n", phys);
		return -EINVAL;
	}
	cella.phys = phys;
	cella.size = size;
	return 0;
}

static int bad_config(void)
{
	pr_err("the configuration is none, or damaged, or of another revision than %d\n", CONFIG_REVISION);
	return -EINVAL;
}

int el2_enable(const void *image, u32 image_size, const struct system_config *config, u32 config_size)
{
	struct all_cpus all = { .err = ATOMIC_INIT(0) };
	struct image_header header;
	struct cell_view root;
	int err;

	if (image_size < sizeof(header) || config_size < sizeof(*config) ||
	    memcmp(config->signature, CONFIG_SYSTEM_SIGNATURE, sizeof(config->signature)) ||
	    config->architecture != CONFIG_ARCH_ARM64 || config->revision != CONFIG_REVISION)
		return bad_config();
	if (config_check_cell(&config->root, config_size - offsetof(struct system_config, root), &root))
		return bad_config();
	err = check_memory(config);
	if (err)
		return err;
	cpus_read_lock();
	err = check_cpus(&root);
	if (!err)
		err = el2_is_free();
	if (!err)
		err = place(image, image_size, config, config_size, &header);
	if (!err) {
		all.entry = cella.phys + header.entry;
		on_each_cpu(enter_cpu, &all, 1);
		err = atomic_read(&all.err);
		cella.enabled = !err;
		if (err)
			console_print(&header);
	}
	cpus_read_unlock();
	if (err) {
		pr_err("not enabled: %d\n", err);
		return err;
	}
	if (config->flags & SYSTEM_VIRTUAL_CONSOLE && console_map(&header))
		pr_warn("the engine's log cannot be read\n");
	err = cell_add_root(&root);
	if (err) {
		el2_disable();
		return err;
	}
	cella.platform = config->platform;
	cella.vpci_irq_base = config->root.vpci_irq_base;
	pci_host_add();
	pr_info("enabled on %u CPUs; KVM can have no machines meanwhile\n", header.online_cpus);
	return 0;
}

/* -EAGAIN: one of them has a message interrupt on its way, which comes as soon as interrupts may. */
static int leave_all(void)
{
	struct all_cpus all = { .err = ATOMIC_INIT(-EAGAIN) };
	int tries;

	for (tries = 0; tries < LEAVE_TRIES && atomic_read(&all.err) == -EAGAIN; tries++) {
		atomic_set(&all.err, 0);
		on_each_cpu(leave_cpu, &all, 1);
	}
	return atomic_read(&all.err);
}

/* Every CPU has to leave, so those that the user had taken offline come back for that moment. */
int el2_disable(void)
{
	cpumask_t offline;
	unsigned int cpu;
	int err;

	err = cells_destroy();
	if (err)
		return err;
	cpumask_andnot(&offline, cpu_present_mask, cpu_online_mask);
	for_each_cpu(cpu, &offline) {
		err = add_cpu(cpu);
		if (err) {
			pr_err("CPU %u doesn't come online, and has to leave EL2, too: %d\n", cpu, err);
			return err;
		}
	}
	console_unmap();
	pci_host_remove();
	cpus_read_lock();
	err = leave_all();
	cella.enabled = !!err;
	cpus_read_unlock();
	for_each_cpu(cpu, &offline)
		remove_cpu(cpu);
	if (err) {
		pr_err("the engine doesn't leave: %d\n", err);
		pci_host_add();
	} else {
		pr_info("disabled\n");
	}
	return err;
}
