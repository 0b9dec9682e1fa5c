/* SPDX-License-Identifier: BSD-2-Clause */
/* Which board, CPU, engine and sizes; see resolve.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "ctl/names.h"
#include "ctl/resolve.h"
#include "isa/arm64/cpu_model.h"

#define LINUX_COMMAND_LINE	2047	/* COMMAND_LINE_SIZE of arm64, less its NUL */

static int set_default(char **field, const char *value, struct ctl_error *e)
{
	if (*field)
		return 0;
	*field = strdup(value);
	return *field ? 0 : ctl_fail(e, -ENOMEM, "out of memory");
}

/* A name of its own for each machine that nobody named, after the known guest in it. --dry-run leaves it open. */
static int resolve_name(struct run_options *o, struct resolved *r, struct ctl_error *e)
{
	r->named = o->name;
	if (o->name && !name_valid(o->name))
		return ctl_fail(e, -EINVAL, "--name: '%s' is no name: use up to %d letters, digits, '.', '_' and '-'", o->name,
				NAME_MAX_LEN);
	if (!o->name && !o->dry_run && asprintf(&o->name, "%s-%d", o->payload ? o->payload : "guest",
						   (int)getpid()) < 0) {
		o->name = NULL;
		return ctl_fail(e, -ENOMEM, "out of memory");
	}
	return 0;
}

static int resolve_board(struct run_options *o, struct resolved *r, struct ctl_error *e)
{
	r->cls = machine_find(o->machine);
	r->irqchip = r->cls ? machine_irqchip(r->cls, o->irqchip) : NULL;
	if (!r->irqchip)
		return ctl_fail(e, -EINVAL, "--irqchip: machine %s has no %s: leave the option out", o->machine, o->irqchip);
	if (set_default(&o->irqchip, r->irqchip->type, e))
		return -ENOMEM;
	if (r->cls->needs_dtb && !o->dtb)
		return ctl_fail(e, -EINVAL, "machine %s: has no device tree of its own: give one with --dtb", o->machine);
	r->cpu = &arm64_cpu_model_find(o->cpu)->model;
	r->pa_bits = arm64_cpu_model_of(r->cpu)->pa_bits;
	return 0;
}

static int resolve_sizes(struct run_options *o, struct resolved *r, struct ctl_error *e)
{
	uint64_t end = 0;
	struct machine_range range[MACHINE_MAX_RANGES];
	uint32_t n;

	if (o->cpus == OPTION_UNSET)
		o->cpus = 1;
	if (o->cpus > r->irqchip->max_vcpus)
		return ctl_fail(e, -ERANGE, "--cpus: machine %s with %s has at most %u, not %llu: ask for fewer%s", o->machine,
				o->irqchip, r->irqchip->max_vcpus, (unsigned long long)o->cpus,
				!strcmp(o->irqchip, "gicv2") && !strcmp(o->machine, "virt-arm64") ? ", or --irqchip gicv3" : "");
	if (o->mem == OPTION_UNSET)
		o->mem = r->cls->default_ram;
	if (o->mem < r->cls->min_ram || o->mem > r->cls->max_ram)
		return ctl_fail(e, -ERANGE, "--mem: machine %s takes %llu KiB to %llu GiB: ask for a size within", o->machine,
				(unsigned long long)(r->cls->min_ram / KIB), (unsigned long long)(r->cls->max_ram / GIB));
	if (o->mem & 4095)
		return ctl_fail(e, -EINVAL, "--mem: %llu bytes is no multiple of 4K: round it", (unsigned long long)o->mem);
	n = r->cls->ranges(o->mem, range);
	for (uint32_t i = 0; i < n; i++)
		end = MAX(end, range[i].base + range[i].size);
	if (end > 1ull << r->pa_bits)
		return ctl_fail(e, -ERANGE, "--mem: CPU %s has %u-bit physical addresses: ask for less than %llu GiB, or --cpu max",
				o->cpu, r->pa_bits, (unsigned long long)((1ull << r->pa_bits) - range[0].base) / GIB);
	r->vcpus = (uint32_t)o->cpus;
	r->ram = o->mem;
	return 0;
}

int run_options_resolve(struct run_options *o, bool built_in, struct resolved *r, struct ctl_error *e)
{
	int err;

	if (!o->kernel && !built_in)
		return ctl_fail(e, -EINVAL, "nothing to run: give a kernel with -k, or 'cella run hello' for a first try");
	if (o->initrd && !strcmp(o->machine ? o->machine : "", "simbench"))
		return ctl_fail(e, -EINVAL, "--initrd: machine simbench has no place for one: leave it out");
	if (o->publish.count && !o->nets.count)
		return ctl_fail(e, -EINVAL, "--publish: there is no network to publish from: add -n user");
	err = set_default(&o->arch, "arm64", e);
	if (!err)
		err = set_default(&o->engine, "dbt", e);
	if (!err)
		err = set_default(&o->machine, "virt-arm64", e);
	if (!err)
		err = set_default(&o->cpu, "max", e);
	if (!err)
		err = set_default(&o->console, "serial", e);
	if (!err)
		err = resolve_name(o, r, e);
	if (!err)
		err = resolve_board(o, r, e);
	if (!err)
		err = resolve_sizes(o, r, e);
	if (!err && o->params && strlen(o->params) > LINUX_COMMAND_LINE)
		err = ctl_fail(e, -E2BIG, "--params: %zu bytes; a kernel takes at most %d: shorten them", strlen(o->params),
			       LINUX_COMMAND_LINE);
	return err;
}
