/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a hostile program's steps, and goes on with the next one where an earlier start was parked; see hostile.h. */
#include "guests/hostile/hostile.h"

#define EC(esr)		((esr) >> 26)
#define EC_IABORT	0x21
#define EC_PC		0x22
#define MODE		0x1fu			/* SPSR_EL1 */
#define EL1H		0x05u
#define ILLEGAL		(1u << 20)
#define MAGIC		0x57e9d0115c1a7ull

static struct {
	uint64_t magic, next, seed;
} kept NOINIT;
static uint64_t faults;

uint64_t hostile_faults(void)
{
	return faults;
}

/* A fetch that failed was a call: back to its caller. So does what ran in another mode than ours. */
static bool skip(struct frame *f)
{
	uint64_t ec = EC(f->esr);

	faults++;
	if (ec == EC_IABORT || ec == EC_PC || (f->spsr & (MODE | ILLEGAL)) != EL1H)
		f->elr = f->x[30];
	else
		f->elr += 4;
	f->spsr = (f->spsr & ~(uint64_t)(MODE | ILLEGAL)) | EL1H;
	return true;
}

void inmate_main(void)
{
	uint64_t only = option_number("step", ~0ull);

	if (kept.magic != MAGIC || option("again"))
		kept = (typeof(kept)) { .magic = MAGIC, .seed = option_number("seed", 0x9e3779b97f4a7c15ull) };
	print("hostile: begins at step %lu of %u\n", kept.next, hostile_steps);
	fault_hook(skip);
	while (kept.next < hostile_steps && !comm_poll()) {
		unsigned step = (unsigned)kept.next++;

		dsb();
		if (only == ~0ull || only == step)
			hostile_step(step, &kept.seed);
	}
	print("hostile: done, %lu faults in the last start\n", faults);
	while (!comm_poll())
		;
}
