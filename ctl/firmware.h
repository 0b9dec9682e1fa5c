/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware as a machine has it: code as read-only memory below 4 GiB, and below that a flash chip with its variables,
 * whose file is read once and written as they change. Control thread, but for what the chip keeps.
 */
#ifndef CTL_FIRMWARE_H
#define CTL_FIRMWARE_H

#include "ctl/run.h"
#include "dev/flash/cfi_flash.h"
#include "os/blockfile.h"
#include "os/memfd.h"

#define FIRMWARE_MAX	(16 * MIB)	/* code and variables together */

/* What -f and -F say. */
struct firmware_names {
	char *code, *vars;		/* NULL: none */
};

struct firmware {
	struct memfd code;
	struct memfd array;		/* what the chip holds; */
	struct blockfile file;		/* and where that is kept */
	const char *name;
	struct flash_backend flash;
};

/* Splits "CODE[,VARS]". firmware_names_free in any case. */
int firmware_names(struct firmware_names *n, const struct run_options *o, struct ctl_error *e);
void firmware_names_free(struct firmware_names *n);

/* Adds the code's slot, and tells `config` of the chip. firmware_close in any case, when the machine is gone. */
int firmware_open(struct firmware *f, const struct run_spec *spec, struct mem *m, struct machine_config *config,
		  struct ctl_error *e);
void firmware_close(struct firmware *f);

#endif
