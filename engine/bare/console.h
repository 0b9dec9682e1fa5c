/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's log: a ring in the image that the root may read (struct image_console of abi/image.h). What the engine says and
 * what cells say by HC_CONSOLE_PUTC. Any CPU.
 */
#ifndef ENGINE_BARE_CONSOLE_H
#define ENGINE_BARE_CONSOLE_H

#include "engine/bare/bare.h"

void console_write(struct bare *sys, const char *text, size_t length);

#endif
