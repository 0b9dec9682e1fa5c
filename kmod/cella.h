/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The driver of the bare engine: what its files share.
 *
 * It puts the image into the memory that the system's configuration names, takes each CPU of Linux to EL2 and back (el2.c),
 * gives CPUs and memory to cells and takes them again (cell.c), and shows what there is (sysfs.c, console.c). What a
 * configuration means is the image's affair and the command's; the driver reads of it only what it acts on (config.c).
 *
 * cella.lock is held by every ioctl from its check of `enabled` to its end. Cells' sysfs files don't take it: kobject_del
 * waits for their readers, and is called before the cell, or the engine, goes.
 */
#ifndef KMOD_CELLA_H
#define KMOD_CELLA_H

#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "abi/config.h"
#include "abi/hypercall.h"
#include "abi/image.h"
#include "abi/ioctl.h"
#include "abi/serve.h"

/* A configuration that config_check_cell accepted: everything lies inside it. */
struct cell_view {
	const struct cell_config *config;
	const u8 *cpu_set;
	const struct config_memory *memory;
};

struct cell {
	struct kobject kobj;			/* owns this struct */
	struct list_head list;
	u32 id;
	char name[CELL_NAME_SIZE];
	cpumask_t cpus;				/* the root's: those it began with */
	u32 num_memory;
	struct config_memory memory[];		/* only those that are loadable, or shared with the root */
};

/* One open of /dev/cella. */
struct reader {
	struct mutex lock;
	u32 head;				/* bytes of the log that it has seen, or lost */
	char buf[1024];
	struct serve *serve;			/* once it is a server; set once, under cella.lock */
};

struct cella {
	struct mutex lock;
	bool enabled;
	bool shutting_down;			/* the machine: nothing is enabled any more */
	phys_addr_t phys;
	size_t size;
	struct list_head cells;			/* the root first */
	cpumask_t assigned;			/* to cells other than the root */
	struct device *device;			/* /sys/devices/cella */
	struct kobject *cells_dir;
	struct config_platform platform;	/* of the configuration, while enabled: pci.c's */
	u32 vpci_irq_base;
	/* console.c's, while enabled and if the configuration allows it. */
	const struct image_console *console;
	u32 console_size;
	wait_queue_head_t console_gone;
	u32 doorbell;				/* interrupt id for serve.c; 0: none */
};

extern struct cella cella;

/* A call to the engine at EL2: a negative errno or its result. Not before it is enabled, where the stub would answer. */
long hypercall(enum hypercall number, unsigned long arg1, unsigned long arg2);

/* config.c. -EINVAL unless the counts fit the size; the view points into `config`. */
int config_check_cell(const void *config, size_t size, struct cell_view *view);
bool config_has_cpu(const struct cell_view *view, unsigned int cpu);
/* 0 if no part of it is Linux's memory. */
int config_check_ram(u64 phys, u64 size);

/* el2.c. The caller holds cella.lock. */
int el2_enable(const void *image, u32 image_size, const struct system_config *config, u32 config_size);
int el2_disable(void);
void clean_to_poc(const void *start, size_t size);

/* cell.c. The caller holds cella.lock. */
int cell_add_root(const struct cell_view *view);
int cell_create(void *config, size_t size, s32 *id);	/* fills in the id of the configuration, too */
int cell_load(const struct cella_load *load);
int cell_start(const struct cella_cell_ref *ref);
int cell_shutdown(const struct cella_cell_ref *ref);
int cell_destroy(const struct cella_cell_ref *ref);
int cells_destroy(void);				/* all of them and the root's entry; -EPERM: one is locked */

/* sysfs.c */
int sysfs_create(void);
void sysfs_remove(void);
int sysfs_add_cell(struct cell *cell);			/* from now on kobject_put frees it, after an error too */

/* console.c */
extern const struct file_operations cella_file;
int console_map(const struct image_header *header);
void console_unmap(void);
void console_print(const struct image_header *header);		/* into the kernel's log */

struct cell *cell_find(const struct cella_cell_ref *ref);	/* or ERR_PTR; never the root */

/* serve.c */
struct vm_area_struct;
struct poll_table_struct;
int serve_begin(struct file *file, struct reader *r, struct cell *cell);	/* the caller holds cella.lock */
void serve_end(const struct cell *cell);			/* the same; it stops, and its rings mean nothing any more */
void serve_release(struct serve *s);
int serve_irq(struct reader *r, const struct cella_serve_irq *irq);
ssize_t serve_read(struct serve *s, struct file *file, char __user *to, size_t len);
__poll_t serve_poll(struct file *file, struct poll_table_struct *wait);
int serve_mmap(struct file *file, struct vm_area_struct *vma);
/* Linux's number of a shared interrupt of the GIC, its number less 32, that only the engine raises; 0: none. The end:
   irq_dispose_mapping. */
unsigned int spi_map(u32 spi);

/* pci.c. A host bridge after enable, where the configuration has one; without before disable. The caller holds cella.lock. */
int pci_host_add(void);
void pci_host_remove(void);
int pci_init(void);
void pci_exit(void);

/* main.c */
long cella_ioctl(struct file *file, unsigned int command, unsigned long argument);

#endif
