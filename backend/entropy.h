/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes from the host's kernel. */
#ifndef BACKEND_ENTROPY_H
#define BACKEND_ENTROPY_H

#include "core/entropy.h"

int entropy_host_open(struct entropy **out);
void entropy_close(struct entropy *e);

#endif
