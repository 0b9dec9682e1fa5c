/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What hostile inmates have in common. Each is a series of numbered steps. The engine may park the CPU at any of them, or give the
 * fault back to the cell, which goes on behind the instruction: so the number of the next step is kept where a new start of
 * the cell finds it (without loading the image again), and the rig starts it until it says "hostile: done".
 *
 * A program defines hostile_step(); the library runs it for all steps below hostile_steps.
 */
#ifndef GUESTS_HOSTILE_HOSTILE_H
#define GUESTS_HOSTILE_HOSTILE_H

#include "guests/inmate/inmate.h"

extern const unsigned hostile_steps;
void hostile_step(unsigned step, uint64_t *seed);
uint64_t hostile_faults(void);		/* that came back to this cell, since its start */

/* Does not return when the engine parks us. Faults are counted and stepped over. */
static inline void touch_read(uint64_t at)
{
	__asm__ volatile("ldr w9, [%0]" : : "r"(at) : "w9", "memory");
}

static inline void touch_write(uint64_t at, uint32_t v)
{
	__asm__ volatile("str %w1, [%0]" : : "r"(at), "r"(v) : "memory");
}

#endif
