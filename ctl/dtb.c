/* SPDX-License-Identifier: BSD-2-Clause */
/* Edits of --dtb files with libfdt; see dtb.h. fdt_check_full accepts a hostile blob before anything else reads it. */
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/dtb.h"

#define ROOM	(16 * KIB)	/* for what is added, besides bootargs */

static int put_cells(uint8_t *out, uint64_t v, int cells)
{
	fdt64_t be = cpu_to_fdt64(v);

	memcpy(out, (uint8_t *)&be + (cells == 1 ? 4 : 0), (size_t)cells * 4);
	return cells * 4;
}

static int add_memory(void *fdt, const struct machine *m)
{
	int ac = fdt_address_cells(fdt, 0), sc = fdt_size_cells(fdt, 0), node, len = 0, err;
	struct machine_range r[MACHINE_MAX_RANGES];
	uint8_t reg[MACHINE_MAX_RANGES * 16];
	uint32_t n = m->cls->ranges(m->config.ram, r);
	char name[32];

	if (fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", 7) >= 0 || fdt_subnode_offset(fdt, 0, "memory") >= 0)
		return 0;
	if (ac < 1 || ac > 2 || sc < 1 || sc > 2)
		return -FDT_ERR_BADNCELLS;
	for (uint32_t i = 0; i < n; i++) {
		len += put_cells(reg + len, r[i].base, ac);
		len += put_cells(reg + len, r[i].size, sc);
	}
	snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)r[0].base);
	node = fdt_add_subnode(fdt, 0, name);
	if (node < 0)
		return node;
	err = fdt_setprop_string(fdt, node, "device_type", "memory");
	return err ? err : fdt_setprop(fdt, node, "reg", reg, len);
}

static int add_seed(void *fdt, int node, const char *name, const void *val, int len)
{
	return fdt_getprop(fdt, node, name, NULL) ? 0 : fdt_setprop(fdt, node, name, val, len);
}

static int edit_chosen(void *fdt, const struct machine_chosen *c)
{
	int node = fdt_path_offset(fdt, "/chosen"), err = 0;

	if (node == -FDT_ERR_NOTFOUND)
		node = fdt_add_subnode(fdt, 0, "chosen");
	if (node < 0)
		return node;
	if (c->bootargs)
		err = fdt_setprop_string(fdt, node, "bootargs", c->bootargs);
	if (!err && c->initrd_size) {
		err = fdt_setprop_u64(fdt, node, "linux,initrd-start", c->initrd);
		if (!err)
			err = fdt_setprop_u64(fdt, node, "linux,initrd-end", c->initrd + c->initrd_size);
	}
	if (!err)
		err = add_seed(fdt, node, "kaslr-seed", &c->kaslr_seed, sizeof(c->kaslr_seed));
	if (!err)
		err = add_seed(fdt, node, "rng-seed", c->rng_seed, sizeof(c->rng_seed));
	return err;
}

int dtb_edit(const void *blob, size_t size, const char *name, const struct machine *m, const struct machine_chosen *chosen,
	     void **out, size_t *out_size, struct ctl_error *e)
{
	size_t room = size + ROOM + (chosen->bootargs ? strlen(chosen->bootargs) : 0);
	void *fdt;
	int err;

	/* The header's own size must be looked at before fdt_check_full may compare against it. */
	if (size < sizeof(struct fdt_header) || room > INT32_MAX || fdt_check_full(blob, size))
		return ctl_fail(e, -EINVAL, "device tree %s: not a valid flattened device tree: compile it with dtc -O dtb", name);
	fdt = malloc(room);
	if (!fdt)
		return ctl_fail_errno(e, -ENOMEM, "device tree", name);
	err = fdt_open_into(blob, fdt, (int)room);
	if (!err)
		err = add_memory(fdt, m);
	if (!err)
		err = edit_chosen(fdt, chosen);
	if (!err)
		err = fdt_pack(fdt);
	if (err) {
		free(fdt);
		return ctl_fail(e, -EINVAL, "device tree %s: cannot be completed (%s): check its root and /chosen nodes", name,
				fdt_strerror(err));
	}
	*out = fdt;
	*out_size = fdt_totalsize(fdt);
	return 0;
}
