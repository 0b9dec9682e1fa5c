/* SPDX-License-Identifier: BSD-2-Clause */
/* What this host has for the engines, and what to do about what it lacks. */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include <stdio.h>

#include "core/engine.h"

/* Prints one line for each check. engines: ended by NULL. Returns how many checks failed that a machine needs. */
unsigned doctor(const struct engine_ops *const *engines, FILE *f);

#endif
