/* SPDX-License-Identifier: BSD-2-Clause */
/* Running a program of the host's and waiting for it. */
#ifndef OS_SPAWN_H
#define OS_SPAWN_H

/* argv[0] is looked up in PATH when it has no slash. Its standard input is empty, its output is our error output. The exit
   status, 128 + signal, or a negative errno: it could not be started. */
int spawn_wait(const char *const argv[]);

#endif
