/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine's payload, put into guest memory at each start: kernel, initrd and device tree. The tree is made anew each
 * time, with fresh seeds. In between, kernel and initrd are not kept but read again. All of it on the control thread.
 */
#ifndef CTL_START_H
#define CTL_START_H

#include "ctl/payload.h"
#include "ctl/run.h"
#include "machine/machine.h"

struct start {
	const struct run_spec *spec;
	const struct run_options *options;
	struct payload_file initrd, dtb_file;
	struct boot_image image;
	const char *kernel_name;
	struct machine_chosen chosen;	/* of the last start, like what follows */
	void *dtb;
	size_t dtb_size;
};

/* Reads and checks the files. start_close in any case. */
int start_open(struct start *s, const struct run_spec *spec, struct ctl_error *e);
void start_close(struct start *s);
/* Places everything and makes the device tree; memory and devices must exist. */
int start_plan(struct start *s, const struct machine *m, struct boot_place *p, struct ctl_error *e);
/* The same, and into memory, and the first vCPU on. */
int start_machine(struct start *s, struct machine *m, struct ctl_error *e);

#endif
