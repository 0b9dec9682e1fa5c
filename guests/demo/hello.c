/* SPDX-License-Identifier: BSD-2-Clause */
/* Greets, says what it sees of its cell, and ends when it is asked to. */
#include "guests/inmate/inmate.h"

void inmate_main(void)
{
	print("hello from cell CPU %lx, EL%lu, GICv%u, counter at %lu Hz\n", cpu_mpidr(), read_reg(currentel) >> 2,
	      comm()->gic_version, read_reg(cntfrq_el0));
	print("revision %u of the communication region, state %u\n", comm()->revision, comm()->cell_state);
	while (!option("once") && !comm_poll())
		;
	print("hello: goodbye\n");
}
