/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user's terminal in raw mode: one per process. Its modes come back at exit, on fatal signals (SIGINT, SIGTERM,
 * SIGHUP and SIGQUIT where nobody else takes them, crashes through os/platform.h), and around a stop (SIGTSTP, SIGCONT).
 */
#ifndef OS_TTY_H
#define OS_TTY_H

#include <stdbool.h>
#include <stdint.h>

int tty_raw(int fd);		/* keeps fd in use until tty_restore; -ENOTTY, -EBUSY (another is raw already) */
void tty_restore(void);		/* async-signal-safe; any number of times */
const char *tty_newline(void);	/* how a line of ours ends: raw terminals want a carriage return too */
int tty_size(int fd, uint16_t *columns, uint16_t *rows);	/* -ENOTTY */

#endif
