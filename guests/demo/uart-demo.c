/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints a line each tenth of a second and echoes what is typed. */
#include "guests/inmate/inmate.h"

void inmate_main(void)
{
	uint64_t next = now();

	for (unsigned n = 1; !comm_poll();) {
		int c = console_getc();

		if (c >= 0)
			print("%c", c);
		if (now() < next)
			continue;
		next += ticks_of_ns(option_number("period_us", 100000) * 1000);
		print("Hello %u from cell!\n", n++);
	}
}
