/* SPDX-License-Identifier: BSD-2-Clause */
/* Creation, properties and reset of devices: the same few steps for every class. */
#include "base/errno.h"
#include "base/fmt.h"
#include "base/string.h"
#include "core/device.h"
#include "core/lock_order.h"
#include "core/vm.h"

static void *field_of(struct device *d, const struct prop *p)
{
	return (uint8_t *)d + p->offset;
}

static void store(struct device *d, const struct prop *p, uint64_t value)
{
	switch (p->type) {
	case PROP_U32: *(uint32_t *)field_of(d, p) = (uint32_t)value; break;
	case PROP_U64: *(uint64_t *)field_of(d, p) = value; break;
	case PROP_BOOL: *(bool *)field_of(d, p) = value; break;
	case PROP_STRING:
	case PROP_PTR: *(const void **)field_of(d, p) = (const void *)(uintptr_t)value; break;
	}
}

struct device *device_create(struct vm *vm, const struct dev_class *cls)
{
	struct device *d = arena_alloc(&vm->arena, cls->size);

	if (!d)
		return NULL;
	lock_set_rank(&d->lock, LOCK_DEVICE);
	d->cls = cls;
	d->vm = vm;
	list_for_each(n, &vm->devices)
		if (list_entry(n, struct device, node)->cls == cls)
			d->instance++;
	for (const struct prop *p = cls->props; p && p->name; p++)
		store(d, p, p->def);
	list_push_back(&vm->devices, &d->node);
	return d;
}

static const struct prop *find_prop(const struct device *d, const char *name)
{
	for (const struct prop *p = d->cls->props; p && p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

int device_set(struct device *d, const char *prop, uint64_t value)
{
	const struct prop *p = find_prop(d, prop);

	if (!p)
		return -ENOENT;
	if (p->type == PROP_STRING || p->type == PROP_PTR)
		return -EINVAL;
	if (p->type == PROP_BOOL ? value > 1 : value < p->min || value > p->max)
		return -ERANGE;
	if (p->type == PROP_U32 && value > UINT32_MAX)
		return -ERANGE;
	store(d, p, value);
	return 0;
}

int device_set_ptr(struct device *d, const char *prop, const void *value)
{
	const struct prop *p = find_prop(d, prop);

	if (!p)
		return -ENOENT;
	if (p->type != PROP_STRING && p->type != PROP_PTR)
		return -EINVAL;
	store(d, p, (uintptr_t)value);
	return 0;
}

int device_init(struct device *d)
{
	if (!d->workq)
		d->workq = d->vm->control;
	return d->cls->init ? d->cls->init(d, &d->vm->arena) : 0;
}

void device_reset_all(struct vm *vm, enum reset_kind why)
{
	list_for_each(n, &vm->devices) {
		struct device *d = list_entry(n, struct device, node);

		if (d->cls->reset)
			d->cls->reset(d, why);
	}
}

void device_destroy_all(struct vm *vm)
{
	while (!list_empty(&vm->devices)) {
		struct device *d = list_entry(vm->devices.prev, struct device, node);

		list_remove(&d->node);
		if (d->cls->destroy)
			d->cls->destroy(d);
	}
}

void dev_defer(struct device *d, struct work *w)
{
	work_post(d->workq ? d->workq : d->vm->control, w);
}

void dev_quiesced(struct device *d)
{
	__atomic_store_n(&d->quiesced, true, __ATOMIC_RELEASE);
}

void dev_guest_error(struct device *d, const char *format, ...)
{
	char text[200];
	va_list ap;

	if (!log_allowed(&d->log))
		return;
	va_start(ap, format);
	fmt_vprint(text, sizeof(text), format, ap);
	va_end(ap);
	log_warn("%s %u: guest error: %s", d->cls->name, d->instance, text);
}
