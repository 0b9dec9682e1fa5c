/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be asked of a running machine: one table, docs/api.md in the same order. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/chardev_mux.h"
#include "ctl/control.h"
#include "ctl/debug.h"
#include "ctl/keys.h"
#include "dev/input/i8042.h"
#include "dev/virtio/balloon.h"
#include "dev/virtio/devices.h"
#include "os/thread.h"

#define STOP_SECONDS	30
#define STOP_SECONDS_MAX	86400

typedef int (*method_fn)(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e);

static const char *const isa_names[ISA_COUNT] = { "arm64", "riscv64", "x86-64" };

static int done(json_t **result)
{
	*result = json_object();
	return *result ? 0 : -ENOMEM;
}

static int call_info(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e)
{
	*result = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:i, s:I}", "name", t->vm->name, "pid", (int)getpid(), "state",
			    t->paused ? "paused" : "running", "machine", t->machine->cls->name, "arch", isa_names[t->vm->isa],
			    "engine", t->vm->engine->name, "vcpus", (int)t->vm->vcpu_count, "memory",
			    (json_int_t)t->machine->config.ram);
	return *result ? 0 : -ENOMEM;
}

static int call_pause(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e)
{
	int err = t->pause(t);

	return err ? ctl_fail(e, err, "machine %s: cannot be paused (%s)", t->vm->name, strerror(-err)) : done(result);
}

static int call_resume(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e)
{
	int err = t->resume(t);

	return err ? ctl_fail(e, err, "machine %s: cannot go on (%s)", t->vm->name, strerror(-err)) : done(result);
}

/* An integer parameter in its range, or `def` where it is missing. */
static int param_number(const json_t *params, const char *name, json_int_t min, json_int_t max, json_int_t *v, struct ctl_error *e)
{
	const json_t *p = json_object_get(params, name);

	if (p && !json_is_integer(p))
		return ctl_fail(e, -EINVAL, "\"%s\" is a whole number", name);
	if (p)
		*v = json_integer_value(p);
	if (*v < min || *v > max)
		return ctl_fail(e, -EINVAL, "\"%s\" is %lld to %lld", name, (long long)min, (long long)max);
	return 0;
}

static int call_stop(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e)
{
	json_int_t seconds = STOP_SECONDS;
	int err = param_number(params, "timeout", 0, STOP_SECONDS_MAX, &seconds, e);

	if (err)
		return err;
	t->stop(t, (uint64_t)seconds * 1000000000u);
	return done(result);
}

static json_int_t resident_bytes(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return (json_int_t)(pages * (unsigned long long)sysconf(_SC_PAGESIZE));
}

static const char *power_name(struct vcpu *v)
{
	struct vcpu_power p = { .state = VCPU_ON };

	if (v->vm->engine->vcpu_power(v, &p, false))
		return "unknown";
	return p.state == VCPU_OFF ? "off" : p.state == VCPU_ON ? "on" : "waiting";
}

/* ---- balloon ---- */

static struct device *find_balloon(struct vm *vm)
{
	list_for_each(n, &vm->devices) {
		struct device *d = list_entry(n, struct device, node);

		if (d->cls == &virtio_balloon_class)
			return d;
	}
	return NULL;
}

/* Without a balloon null. */
static json_t *balloon_stat(struct vm *vm)
{
	static const char *const names[BALLOON_STATS] = {	/* virtio 1.2 §5.5.6.4 */
		"swap_in", "swap_out", "major_faults", "minor_faults", "free", "total", "available", "disk_caches",
		"hugetlb_allocations", "hugetlb_failures",
	};
	struct device *d = find_balloon(vm);
	struct balloon_info info;
	json_t *stats;

	if (!d)
		return json_null();
	virtio_balloon_get(d, &info);
	stats = json_object();
	for (unsigned i = 0; i < BALLOON_STATS; i++)
		if (info.known >> i & 1 && names[i])
			json_object_set_new(stats, names[i], json_integer((json_int_t)info.stat[i]));
	return json_pack("{s:I, s:I, s:o}", "size", (json_int_t)info.target, "actual", (json_int_t)info.actual, "guest", stats);
}

static int call_balloon(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e)
{
	struct device *d = find_balloon(t->vm);
	json_int_t size = 0;
	int err = param_number(params, "size", 0, (json_int_t)t->machine->config.ram, &size, e);

	if (err)
		return err;
	if (!d)
		return ctl_fail(e, -ENODEV, "machine %s: has no balloon: start it with --balloon", t->vm->name);
	if (json_object_get(params, "size"))
		virtio_balloon_set(d, (uint64_t)size);
	*result = balloon_stat(t->vm);
	return *result ? 0 : -ENOMEM;
}

static int call_stat(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e)
{
	struct vm *vm = t->vm;
	json_t *vcpus = json_array();

	for (uint32_t i = 0; i < vm->vcpu_count; i++)
		json_array_append_new(vcpus, json_pack("{s:i, s:s, s:I}", "vcpu", (int)i, "power", power_name(vm->vcpu[i]),
						       "cpu_ns", (json_int_t)thread_cpu_ns(vm->vcpu[i]->thread)));
	*result = json_pack("{s:s, s:I, s:o, s:{s:I, s:I}, s:o}", "state", t->paused ? "paused" : "running", "guest_ns",
			    (json_int_t)vm_now_ns(&vm->time), "vcpus", vcpus, "memory", "size",
			    (json_int_t)t->machine->config.ram, "resident", resident_bytes(), "balloon", balloon_stat(vm));
	return *result ? 0 : -ENOMEM;
}

static int call_debug(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e)
{
	*result = json_pack("{s:o, s:o}", "vcpus", debug_vcpus(t->vm), "devices", debug_devices(t->vm));
	return *result ? 0 : -ENOMEM;
}

/* The console's break and one key: Linux's magic SysRq on a serial line. */
static int call_sysrq(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e)
{
	const char *key = json_string_value(json_object_get(params, "key"));

	if (!key || !key[0] || key[1])
		return ctl_fail(e, -EINVAL, "\"key\" is one character");
	if (t->paused)
		return ctl_fail(e, -EBUSY, "machine %s: is paused: resume it first", t->vm->name);
	chardev_mux_break(t->console);
	chardev_mux_type(t->console, key, 1);
	return done(result);
}

static struct device *find_i8042(struct control_target *t)
{
	struct device *d = t->machine->keys;

	return d && d->cls == &i8042_class ? d : NULL;
}

static int call_key(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e)
{
	const char *press = json_string_value(json_object_get(params, "press"));
	uint8_t codes[KEYS_BYTES];
	int n = press ? keys_encode(press, codes) : -EINVAL;

	if (n < 0)
		return ctl_fail(e, n, n == -E2BIG ? "\"press\": at most 8 keys at once" :
				"\"press\" is keys by name, joined by '-': ctrl-alt-delete");
	if (!find_i8042(t))
		return ctl_fail(e, -ENODEV, "machine %s: has no keyboard", t->vm->name);
	i8042_keys(find_i8042(t), codes, (size_t)n);
	return done(result);
}

static int call_mouse(struct control_target *t, const json_t *params, json_t **result, struct ctl_error *e)
{
	json_int_t x = 0, y = 0, wheel = 0, buttons = 0;
	int err = param_number(params, "x", -255, 255, &x, e);

	if (!err)
		err = param_number(params, "y", -255, 255, &y, e);
	if (!err)
		err = param_number(params, "wheel", -8, 7, &wheel, e);
	if (!err)
		err = param_number(params, "buttons", 0, 7, &buttons, e);
	if (err)
		return err;
	if (!find_i8042(t))
		return ctl_fail(e, -ENODEV, "machine %s: has no mouse", t->vm->name);
	i8042_move(find_i8042(t), (int)x, (int)y, (int)wheel, (uint8_t)buttons);
	return done(result);
}

static const struct {
	const char *name;
	method_fn fn;
} methods[] = {
	{ "info", call_info },
	{ "pause", call_pause },
	{ "resume", call_resume },
	{ "stop", call_stop },
	{ "stat", call_stat },
	{ "balloon", call_balloon },
	{ "debug", call_debug },
	{ "sysrq", call_sysrq },
	{ "key", call_key },
	{ "mouse", call_mouse },
};

int control_call(struct control_target *t, const char *method, const json_t *params, json_t **result, struct ctl_error *e)
{
	int err;

	if (params && !json_is_object(params))
		return ctl_fail(e, -EINVAL, "\"params\" is an object");
	for (unsigned i = 0; i < ARRAY_SIZE(methods); i++)
		if (!strcmp(methods[i].name, method)) {
			err = methods[i].fn(t, params, result, e);
			return err == -ENOMEM && !e->text[0] ? ctl_fail(e, err, "out of memory") : err;
		}
	return ctl_fail(e, -ENOSYS, "method %s: not known: docs/api.md lists all", method);
}
