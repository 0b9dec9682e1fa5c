/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of a device tree that are the same on every board (Devicetree Specification 0.4, chapter 3); see board_fdt.h. */
#include "base/fmt.h"
#include "core/fdt.h"
#include "machine/board_fdt.h"

static void fdt_put_u64(uint8_t out[8], uint64_t v)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static const struct device *serial_of(const struct machine *m, const struct dev_class *cls)
{
	list_for_each(n, &m->vm->devices) {
		const struct device *d = list_entry(n, struct device, node);

		if (d->cls == cls)
			return d;
	}
	return NULL;
}

void board_fdt_chosen(const struct machine *m, const struct machine_chosen *c, struct fdt_writer *w,
		      const struct dev_class *serial_class, const char *name)
{
	const struct device *serial = serial_of(m, serial_class);
	char path[32];

	if (serial)
		fmt_print(path, sizeof(path), "/%s@%llx", name, (unsigned long long)serial->mmio_base);
	fdt_begin(w, "chosen");
	if (c->bootargs)
		fdt_prop_string(w, "bootargs", c->bootargs);
	if (serial)
		fdt_prop_string(w, "stdout-path", path);
	if (c->initrd_size) {
		fdt_prop_u64(w, "linux,initrd-start", c->initrd);
		fdt_prop_u64(w, "linux,initrd-end", c->initrd + c->initrd_size);
	}
	fdt_prop_u64(w, "kaslr-seed", c->kaslr_seed);
	fdt_prop(w, "rng-seed", c->rng_seed, sizeof(c->rng_seed));
	fdt_end(w);
	if (!serial)
		return;
	fdt_begin(w, "aliases");
	fdt_prop_string(w, "serial0", path);
	fdt_end(w);
}

void board_fdt_memory(const struct machine *m, struct fdt_writer *w)
{
	struct machine_range r[MACHINE_MAX_RANGES];
	uint32_t n = m->cls->ranges(m->config.ram, r);
	uint8_t reg[MACHINE_MAX_RANGES * 16];

	for (uint32_t i = 0; i < n; i++) {
		fdt_put_u64(reg + 16 * i, r[i].base);
		fdt_put_u64(reg + 16 * i + 8, r[i].size);
	}
	fdt_begin(w, "memory@%llx", (unsigned long long)r[0].base);
	fdt_prop_string(w, "device_type", "memory");
	fdt_prop(w, "reg", reg, 16 * n);
	fdt_end(w);
}

void board_fdt_devices(const struct machine *m, struct fdt_writer *w)
{
	list_for_each(n, &m->vm->devices) {
		const struct device *d = list_entry(n, struct device, node);

		if (d->cls->fdt)
			d->cls->fdt(d, w);
	}
}
