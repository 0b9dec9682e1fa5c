/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device class, and a device on a machine.
 *
 * Life: device_create allocates from the machine's arena and sets properties' defaults; the machine sets properties
 * (device_set_*), connects lines, then device_init (the only hook that may allocate or fail) and maps its regions.
 * Then reset at power-on, and quiesce/resume around pauses. The device lock protects registers; it is never held
 * across msi_send, a back-end call, or a copy of guest memory that may fault.
 */
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include "base/arena.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/work.h"
#include "core/bus.h"
#include "core/irq.h"
#include "core/mem.h"
#include "core/state.h"
#include "core/time.h"

struct vm;
struct fdt_writer;
struct aml_writer;
struct device;

enum reset_kind { RESET_COLD, RESET_WARM };

enum prop_type { PROP_U32, PROP_U64, PROP_BOOL, PROP_STRING, PROP_PTR };
struct prop {
	const char *name;	/* NULL ends the table */
	enum prop_type type;
	uint32_t offset;	/* in the device's struct */
	uint64_t def;
	uint64_t min, max;	/* U32 and U64 */
};
#define PROP(s, m, t, d, lo, hi)	{ #m, t, offsetof(s, m), d, lo, hi }
#define PROP_END			{ NULL, PROP_U32, 0, 0, 0, 0 }

struct dev_class {
	const char *name;
	size_t size;
	uint16_t version;		/* of its state table */
	const struct prop *props;
	int (*init)(struct device *d, struct arena *a);
	void (*destroy)(struct device *d);
	void (*reset)(struct device *d, enum reset_kind why);
	int (*quiesce)(struct device *d);	/* 0, or -EINPROGRESS and then dev_quiesced(d) */
	void (*resume)(struct device *d);
	const struct field *state;
	int (*state_post)(struct device *d);	/* after load: rebuild timers, lines; -EINVAL refuses the snapshot */
	void (*fdt)(const struct device *d, struct fdt_writer *w);
	void (*acpi)(const struct device *d, struct aml_writer *w);
};

struct device {
	const struct dev_class *cls;
	struct vm *vm;
	struct lock lock;
	uint32_t instance;		/* with cls->name: the snapshot key */
	struct list node;		/* in vm->devices, in order of creation */
	struct workq *workq;		/* where dev_defer runs; the machine's control loop unless set before init */
	/* Where the machine put it, for the fdt hook: */
	uint64_t mmio_base, mmio_size;
	uint32_t irq;			/* the controller's own number (GIC: INTID) */
	bool quiesced;
	struct log_limit log;
};

/* NULL: arena full. The device is on vm's list; properties have their defaults. */
struct device *device_create(struct vm *vm, const struct dev_class *cls);
int device_set(struct device *d, const char *prop, uint64_t value);	/* U32 U64 BOOL; -ENOENT, -ERANGE, -EINVAL (type) */
int device_set_ptr(struct device *d, const char *prop, const void *value);	/* STRING, PTR; not copied */
int device_init(struct device *d);
void device_reset_all(struct vm *vm, enum reset_kind why);	/* in order of creation */
void device_destroy_all(struct vm *vm);				/* in reverse; nothing runs any more */

void dev_defer(struct device *d, struct work *w);	/* later: queue thread hosted, this CPU's soft list on bare */
void dev_quiesced(struct device *d);
/* One line about a guest's misuse, rate-limited. */
void dev_guest_error(struct device *d, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
