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
#include "ctl/shares.h"
#include "isa/arm64/cpu_model.h"

#define LINUX_COMMAND_LINE	2047	/* COMMAND_LINE_SIZE of arm64 and x86, less its NUL */

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

static const char *const isa_names[] = { [ISA_ARM64] = "arm64", [ISA_RISCV64] = "riscv64", [ISA_X86_64] = "x86-64" };

static enum isa_id isa_of(const char *name)
{
	enum isa_id isa = 0;

	while (isa < ISA_COUNT && strcmp(isa_names[isa], name))
		isa++;
	return isa;
}

/* The architecture is the one asked for, else the machine's, else the kernel's. */
static int resolve_arch(struct run_options *o, enum isa_id payload, struct ctl_error *e)
{
	const struct machine_class *asked = o->machine ? machine_find(o->machine) : NULL;
	const char *what = o->kernel ? o->kernel : o->payload;
	enum isa_id isa = o->arch ? isa_of(o->arch) : asked ? asked->isa : payload != ISA_COUNT ? payload :
			  o->firmware || o->flash ? ISA_X86_64 : ISA_ARM64;
	const struct machine_class *cls = asked ? asked : isa < ISA_COUNT ? machine_default(isa) : NULL;

	if (isa == ISA_COUNT)
		return ctl_fail(e, -EINVAL, "--arch %s: no such architecture: arm64, riscv64 or x86-64", o->arch);
	if (!cls)
		return ctl_fail(e, -ENOTSUP, "kernel %s: for %s, and there is no machine for that: give one for arm64 or x86-64",
				what, isa_names[isa]);
	if (cls->isa != isa)
		return ctl_fail(e, -EINVAL, "--machine %s: is %s, not %s: leave --arch or --machine out", o->machine,
				isa_names[cls->isa], o->arch);
	if (payload != ISA_COUNT && payload != isa)
		return ctl_fail(e, -EINVAL, "kernel %s: for %s; this machine is %s: give %s %s kernel", what,
				isa_names[payload], isa_names[isa], isa == ISA_RISCV64 ? "a" : "an", isa_names[isa]);
	return set_default(&o->arch, isa_names[isa], e) ? -ENOMEM : set_default(&o->machine, cls->name, e);
}

static int resolve_board(struct run_options *o, struct resolved *r, struct ctl_error *e)
{
	r->cls = machine_find(o->machine);
	if (!r->cls)
		return ctl_fail(e, -EINVAL, "--machine: there is no %s: leave the option out", o->machine);
	if (r->cls->needs_dtb && !o->dtb)
		return ctl_fail(e, -EINVAL, "machine %s: has no device tree of its own: give one with --dtb", o->machine);
	if (o->vfio_pci.count && !r->cls->pci)
		return ctl_fail(e, -EINVAL, "--vfio-pci: machine %s has no PCI: leave it out, or choose another machine",
				o->machine);
	if (o->dtb && r->cls->isa == ISA_X86_64)
		return ctl_fail(e, -EINVAL, "--dtb: machine %s has no use for a device tree: leave it out", o->machine);
	if (r->cls->isa == ISA_X86_64 && (o->kaslr_seed != OPTION_UNSET || o->dump_dtb))
		return ctl_fail(e, -EINVAL, "--%s: machine %s has no device tree: leave it out",
				o->dump_dtb ? "dump-dtb" : "kaslr-seed", o->machine);
	if ((o->firmware || o->flash) && !r->cls->rom)
		return ctl_fail(e, -EINVAL, "--firmware: machine %s has no place for it: ask for --machine pc", o->machine);
	if ((o->initrd || o->params) && (o->firmware || o->flash) && !o->kernel && !o->payload)
		return ctl_fail(e, -EINVAL, "--%s: firmware gets it with a kernel only: add -k, or leave it out",
				o->initrd ? "initrd" : "params");
	if (o->initrd && r->cls->raw_payload)
		return ctl_fail(e, -EINVAL, "--initrd: machine %s has no place for one: leave it out", o->machine);
	r->cpu = cpu_model_find(r->cls->isa, o->cpu);
	return r->cpu ? 0 : ctl_fail(e, -EINVAL, "--cpu: %s is not %s: leave the option out", o->cpu, o->arch);
}

/* PCI where there is any: it is what guests look for first, and its interrupts need no register accesses. */
static int resolve_transport(struct run_options *o, struct resolved *r, struct ctl_error *e)
{
	static const struct { const char *name; enum machine_transport t; } names[] = {
		{ "pci", TRANSPORT_PCI }, { "pci-legacy", TRANSPORT_PCI_LEGACY }, { "mmio", TRANSPORT_MMIO },
		{ "mmio-legacy", TRANSPORT_MMIO_LEGACY },
	};
	unsigned i = 0;

	r->transport = TRANSPORT_DEFAULT;
	if (!o->transport && !r->cls->pci && !r->cls->virtio.slots)
		return 0;
	if (set_default(&o->transport, r->cls->pci ? "pci" : "mmio", e))
		return -ENOMEM;
	while (strcmp(names[i].name, o->transport))
		i++;
	r->transport = names[i].t;
	if (!machine_has_transport(r->cls, r->transport))
		return ctl_fail(e, -EINVAL, "--virtio-transport %s: machine %s has no such place: leave the option out",
				o->transport, o->machine);
	return 0;
}

static int resolve_engine(struct run_options *o, const struct engine_ops *const *engines, struct resolved *r,
			  struct ctl_error *e)
{
	const char *asked = o->engine, *last = NULL;
	char why[128] = "it is not in this build";
	int err = -ENOTSUP;

	for (unsigned i = 0; engines[i]; i++) {
		if (asked && strcmp(asked, engines[i]->name))
			continue;
		last = engines[i]->name;
		r->engine = engines[i];
		err = engines[i]->probe(r->cls->isa, &r->engine_info, why, sizeof(why));
		if (!err)
			break;
	}
	if (err)
		return ctl_fail(e, err, "engine %s: cannot run %s guests here: %s: see 'cella doctor'", last ? last : asked,
				o->arch, why);
	r->pa_bits = r->cls->isa == ISA_ARM64 ? arm64_cpu_model_of(r->cpu)->pa_bits : r->engine_info.gpa_bits;
	return set_default(&o->engine, r->engine->name, e);
}

static bool engine_makes(const struct engine_info *info, const char *type)
{
	const char *const *t = info->irqchips;

	while (*t && strcmp(*t, type))
		t++;
	return *t || !info->irqchips[0];
}

/* The board's first that the engine can make. kvmtool has names of their own for a GIC with what takes messages, as ours have. */
static int resolve_irqchip(struct run_options *o, struct resolved *r, struct ctl_error *e)
{
	const struct engine_info *info = &r->engine_info;
	const char *asked = o->irqchip, *messages = NULL;
	const struct board_irqchip *b = r->cls->irqchips;

	if (asked && !strcmp(asked, "gicv2m"))
		messages = "gicv2";
	else if (asked && !strcmp(asked, "gicv3-its"))
		messages = "gicv3";
	if (asked)
		b = machine_irqchip(r->cls, messages ? messages : asked);
	while (!asked && b->type && !engine_makes(info, b->type))
		b++;
	if (!b || !b->type || (messages && !b->msi))
		return ctl_fail(e, -EINVAL, "--irqchip: machine %s has no %s: leave the option out", o->machine,
				asked ? asked : info->irqchips[0]);
	if (!engine_makes(info, b->type))
		return ctl_fail(e, -ENODEV, "--irqchip %s: this host's %s has none: leave the option out, or ask for %s", asked,
				o->engine, info->irqchips[0]);
	r->irqchip = b;
	if (messages) {
		free(o->irqchip);
		o->irqchip = NULL;
	}
	return set_default(&o->irqchip, b->type, e);
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
		return ctl_fail(e, -ERANGE, "--mem: CPU %s has %u-bit physical addresses: ask for less than %llu GiB%s",
				o->cpu, r->pa_bits, (unsigned long long)((1ull << r->pa_bits) - range[0].base) / GIB,
				r->cls->isa == ISA_ARM64 ? ", or --cpu max" : "");
	r->vcpus = (uint32_t)o->cpus;
	r->ram = o->mem;
	return 0;
}

int run_options_resolve(struct run_options *o, enum isa_id payload, const struct engine_ops *const *engines,
			struct resolved *r, struct ctl_error *e)
{
	int err;

	if (!o->kernel && !o->payload && !o->firmware && !o->flash)
		return ctl_fail(e, -EINVAL, "nothing to run: give a kernel with -k, or 'cella run hello' for a first try");
	if (o->publish.count && !o->nets.count)
		return ctl_fail(e, -EINVAL, "--publish: there is no network to publish from: add -n user");
	err = resolve_arch(o, payload, e);
	if (!err)
		err = set_default(&o->cpu, "max", e);
	if (!err)
		err = set_default(&o->console, "serial", e);
	if (!err)
		err = resolve_name(o, r, e);
	if (!err)
		err = resolve_board(o, r, e);
	if (!err)
		err = resolve_transport(o, r, e);
	if (!err)
		err = resolve_engine(o, engines, r, e);
	if (!err)
		err = resolve_irqchip(o, r, e);
	if (!err && o->pmu && !r->engine_info.has_pmu)
		err = ctl_fail(e, -ENODEV, "--pmu: this host's %s has no performance counters for guests: leave the option out",
			       o->engine);
	if (!err)
		err = resolve_sizes(o, r, e);
	if (!err)
		err = shares_resolve(o, e);
	if (!err && o->params && strlen(o->params) > LINUX_COMMAND_LINE)
		err = ctl_fail(e, -E2BIG, "--params: %zu bytes; a kernel takes at most %d: shorten them", strlen(o->params),
			       LINUX_COMMAND_LINE);
	return err;
}
