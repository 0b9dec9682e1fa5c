/* SPDX-License-Identifier: BSD-2-Clause */
/* A back-end of characters for whatever device a fuzzer drives: it takes what there is room for, and always has more to say. */
#ifndef TESTS_FUZZ_CONSOLE_H
#define TESTS_FUZZ_CONSOLE_H

#include "core/chardev.h"

struct fuzz_console {
	struct chardev dev;
	struct chardev_client *client;	/* NULL: nobody is attached */
	unsigned room;			/* bytes of output that are still taken */
};

void fuzz_console_init(struct fuzz_console *c);

#endif
