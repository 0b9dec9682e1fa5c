/* SPDX-License-Identifier: BSD-2-Clause */
/* See firmware.h. The file of variables is never mapped: one that somebody shortens gives an error, no signal. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ctl/firmware.h"
#include "machine/machine.h"

int firmware_names(struct firmware_names *n, const struct run_options *o, struct ctl_error *e)
{
	const char *text = o->flash ? o->flash : o->firmware, *comma;

	*n = (struct firmware_names){ 0 };
	if (!text)
		return 0;
	if (o->flash && o->firmware)
		return ctl_fail(e, -EINVAL, "--firmware: --flash names the code already: leave one out");
	comma = o->flash ? strchr(text, ',') : NULL;
	n->code = comma ? strndup(text, (size_t)(comma - text)) : strdup(text);
	n->vars = comma ? strdup(comma + 1) : NULL;
	if (!n->code || (comma && !n->vars))
		return ctl_fail(e, -ENOMEM, "out of memory");
	if (!n->code[0] || (n->vars && !n->vars[0]))
		return ctl_fail(e, -EINVAL, "--flash %s: is not CODE[,VARS]: name the two files", text);
	return 0;
}

void firmware_names_free(struct firmware_names *n)
{
	free(n->code);
	free(n->vars);
}

static void keep(struct flash_backend *b, uint64_t offset, uint64_t len)
{
	struct firmware *f = container_of(b, struct firmware, flash);
	struct iovec vec = { b->data + offset, len };
	int err = blockfile_write(&f->file, &vec, 1, offset, len);

	if (err)
		log_error("flash %s: %s: what the firmware wrote there is lost", f->name, strerror(-err));
}

static int open_vars(struct firmware *f, const char *name, uint64_t code_size, struct ctl_error *e)
{
	struct iovec vec;
	int err = blockfile_open(&f->file, name, 0);

	if (err == -EBUSY)
		return ctl_fail(e, err, "flash %s: another machine has it: give each a copy of its own", name);
	if (err)
		return ctl_fail(e, err, "flash %s: %s: variables are written: give a copy of the package's file", name,
				strerror(-err));
	f->name = name;
	if (!f->file.size || f->file.size % CFI_BLOCK || f->file.size > FIRMWARE_MAX - code_size)
		return ctl_fail(e, -EINVAL, "flash %s: %llu bytes is no size of one (in steps of 4K, with the code up to 16M): "
				"check the file", name, (unsigned long long)f->file.size);
	err = memfd_create_mapped(&f->array, "flash", f->file.size, 0);
	if (!err) {
		vec = (struct iovec){ f->array.map, f->file.size };
		err = blockfile_read(&f->file, &vec, 1, 0, f->file.size);
	}
	if (err)
		return ctl_fail(e, err, "flash %s: cannot be read (%s)", name, strerror(-err));
	f->flash = (struct flash_backend){ .data = f->array.map, .fd = f->array.fd, .size = f->file.size, .keep = keep };
	return 0;
}

int firmware_open(struct firmware *f, const struct run_spec *spec, struct mem *m, struct machine_config *config,
		  struct ctl_error *e)
{
	struct mem_slot slot = { .size = spec->firmware_size, .kind = MEM_ROM, .can_exec = true };
	uint32_t id;
	int err;

	f->file.fd = -1;
	if (!spec->firmware)
		return 0;
	slot.base = spec->resolved->cls->rom(spec->firmware_size);
	err = memfd_create_mapped(&f->code, "firmware", spec->firmware_size, 0);
	if (!err) {
		memcpy(f->code.map, spec->firmware, spec->firmware_size);
		slot.backing = (struct mem_backing){ .host = f->code.map, .fd = f->code.fd };
		err = mem_slot_add(m, &slot, &id);
	}
	if (err)
		return ctl_fail(e, err, "firmware %s: cannot be mapped (%s)", spec->firmware_name, strerror(-err));
	if (!spec->flash_name)
		return 0;
	err = open_vars(f, spec->flash_name, spec->firmware_size, e);
	if (err)
		return err;
	config->flash = &f->flash;
	config->flash_base = spec->resolved->cls->rom(spec->firmware_size + f->flash.size);
	return 0;
}

void firmware_close(struct firmware *f)
{
	if (f->code.size)
		memfd_destroy(&f->code);
	if (f->array.size)
		memfd_destroy(&f->array);
	if (f->name)
		blockfile_close(&f->file);
}
