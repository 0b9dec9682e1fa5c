/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One machine from start to end, on this terminal: memory, back-ends, devices, vCPU threads, control loop.
 *
 * The calling thread becomes the control thread: it runs the loop (timers, signals, console, deferred work) and owns the
 * machine's life. Each vCPU has a thread; virtio devices share one more. What ends or restarts the machine arrives as
 * vm_request from any thread and is done here, with every vCPU parked.
 */
#ifndef CTL_RUN_H
#define CTL_RUN_H

#include "core/engine.h"
#include "ctl/options.h"
#include "ctl/resolve.h"

/* What a process says about its machine's end. */
enum { RUN_OFF = 0, RUN_FAILED = 1, RUN_CRASHED = 3, RUN_STOPPED = 4, RUN_TIMEOUT = 124 };

struct payload_file;

struct run_spec {
	const struct run_options *options;
	const struct resolved *resolved;
	const struct engine_ops *engine;
	const void *engine_options;	/* only the engine knows what they are */
	const void *kernel;		/* what options->kernel or payload names, unpacked; the caller's */
	size_t kernel_size;
	struct payload_file *kernel_file;	/* whose data that is: may be dropped and read again; NULL: built in */
	const void *firmware;		/* runs first; the caller's, like the names */
	size_t firmware_size;
	const char *firmware_name, *flash_name;	/* flash_name: the file of its variables, or NULL */
};

/* The exit status, or a negative errno and a message when it could not start. Nothing is left behind. */
int run_machine(const struct run_spec *spec, struct ctl_error *e);
/* --dump-dtb: writes the tree that the first start would have. */
int run_dump_dtb(const struct run_spec *spec, struct ctl_error *e);

#endif
