/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading the payload, at power-on and after each reset; see start.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ctl/dtb.h"
#include "ctl/start.h"
#include "isa/arm64/cpu_model.h"

#define MAX_DTB	(1 * MIB)

/* Such a kernel would spin before its first word. */
static int check_page_size(const struct start *s, const struct run_spec *spec, struct ctl_error *e)
{
	if (spec->resolved->cls->isa != ISA_ARM64 || s->image.page_size != 16384 ||
	    arm64_cpu_model_of(spec->resolved->cpu)->system & ARM64_GRANULE16)
		return 0;
	return ctl_fail(e, -EINVAL, "kernel %s: made for 16K pages, which %s does not have: add --cpu max", s->kernel_name,
			spec->options->cpu);
}

static int parse_kernel(struct start *s, const void *data, size_t size, struct ctl_error *e)
{
	const struct run_spec *spec = s->spec;
	const struct machine_class *cls = spec->resolved->cls;
	const char *why;
	int err;

	if (spec->firmware) {
		s->kernel_name = spec->firmware_name;
		s->image = (struct boot_image){ .format = BOOT_FIRMWARE, .isa = cls->isa, .data = spec->firmware,
						.size = spec->firmware_size };
		return 0;
	}
	err = boot_parse(&s->image, cls->isa, data, size, cls->raw_payload, &why);
	return err ? ctl_fail(e, err, "kernel %s: %s", s->kernel_name, why) : check_page_size(s, spec, e);
}

int start_open(struct start *s, const struct run_spec *spec, struct ctl_error *e)
{
	const struct run_options *o = spec->options;
	int err;

	*s = (struct start){ .spec = spec, .options = o, .kernel_name = o->kernel ? o->kernel : o->payload };
	err = parse_kernel(s, spec->kernel, spec->kernel_size, e);
	if (!err && o->initrd)
		err = payload_read(&s->initrd, "initrd", o->initrd, PAYLOAD_MAX, e);
	if (!err && o->dtb)
		err = payload_read(&s->dtb_file, "device tree", o->dtb, MAX_DTB, e);
	return err;
}

void start_close(struct start *s)
{
	payload_free(&s->initrd);
	payload_free(&s->dtb_file);
	free(s->dtb);
	s->dtb = NULL;
}

static int make_chosen(struct start *s, const struct boot_place *p, struct ctl_error *e)
{
	struct machine_chosen *c = &s->chosen;

	*c = (struct machine_chosen){ .bootargs = s->options->params, .initrd = p->initrd, .initrd_size = s->initrd.size };
	if (getrandom(&c->kaslr_seed, sizeof(c->kaslr_seed), 0) != sizeof(c->kaslr_seed) ||
	    getrandom(c->rng_seed, sizeof(c->rng_seed), 0) != sizeof(c->rng_seed))
		return ctl_fail(e, -EIO, "host entropy: %s: the guest needs seeds", strerror(errno));
	if (s->options->kaslr_seed != OPTION_UNSET)
		c->kaslr_seed = s->options->kaslr_seed;
	return 0;
}

static int make_dtb(struct start *s, const struct machine *m, struct ctl_error *e)
{
	int err;

	free(s->dtb);
	s->dtb = NULL;
	s->dtb_size = 0;
	if (s->options->dtb)
		return dtb_edit(s->dtb_file.data, s->dtb_file.size, s->options->dtb, m, &s->chosen, &s->dtb, &s->dtb_size, e);
	if (!m->cls->own_fdt)
		return 0;
	s->dtb = malloc(MACHINE_FDT_SIZE);
	if (!s->dtb)
		return ctl_fail(e, -ENOMEM, "device tree: out of memory");
	err = machine_fdt(m, &s->chosen, s->dtb, MACHINE_FDT_SIZE, &s->dtb_size);
	return err ? ctl_fail(e, err, "device tree: cannot be made (%s): shorten --params", strerror(-err)) : 0;
}

/*
 * The tree holds the initrd's place and a place needs the tree's size: the first pass takes the largest there can be, then
 * the tree made for that place is at most as large.
 */
int start_plan(struct start *s, const struct machine *m, struct boot_place *p, struct ctl_error *e)
{
	struct machine_range range[MACHINE_MAX_RANGES];
	const char *why;
	int err;

	m->cls->ranges(m->config.ram, range);
	*p = (struct boot_place){
		.ram_base = range[m->cls->boot_range].base, .ram_size = range[m->cls->boot_range].size,
		.initrd_size = s->initrd.size,
		.dtb_size = s->options->dtb ? s->dtb_file.size + 64 * KIB : m->cls->own_fdt ? MACHINE_FDT_SIZE : 0,
	};
	err = s->image.format == BOOT_FIRMWARE ? 0 : boot_place(p, &s->image, &why);
	if (err)
		return ctl_fail(e, err, "kernel %s: %s", s->kernel_name, why);
	err = make_chosen(s, p, e);
	return err ? err : make_dtb(s, m, e);
}

/* What an earlier start dropped. */
static int read_again(struct start *s, struct ctl_error *e)
{
	struct payload_file *kernel = s->spec->kernel_file;
	int err = payload_again(&s->initrd, "initrd", s->options->initrd, e);

	if (err || !kernel || kernel->data)
		return err;
	err = payload_again(kernel, "kernel", s->kernel_name, e);
	return err ? err : parse_kernel(s, kernel->data, kernel->size, e);
}

int start_machine(struct start *s, struct machine *m, struct ctl_error *e)
{
	bool firmware = s->image.format == BOOT_FIRMWARE;
	struct mem *mem = &m->vm->mem;
	struct boot_place p;
	struct machine_boot b = {
		.image = &s->image, .place = &p, .chosen = &s->chosen, .initrd = s->initrd.data,
		.kernel = s->spec->kernel, .kernel_size = s->spec->kernel_size,
	};
	int err;

	err = read_again(s, e);
	if (!err)
		err = start_plan(s, m, &p, e);
	if (err)
		return err;
	err = firmware ? 0 : boot_load(mem, &s->image, &p);
	if (!err && s->initrd.size && !firmware)
		err = mem_write(mem, p.initrd, s->initrd.data, s->initrd.size);
	if (!err && s->dtb_size)
		err = mem_write(mem, p.dtb, s->dtb, s->dtb_size);
	if (!err)
		err = machine_start(m, &b);
	if (firmware)
		return err ? ctl_fail(e, err, "firmware %s: cannot be started (%s)", s->kernel_name, strerror(-err)) : 0;
	payload_drop(&s->initrd);
	if (s->spec->kernel_file)
		payload_drop(s->spec->kernel_file);
	return err ? ctl_fail(e, err, "kernel %s: cannot be loaded (%s)", s->kernel_name, strerror(-err)) : 0;
}
