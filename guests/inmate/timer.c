/* SPDX-License-Identifier: BSD-2-Clause */
/* The generic timer's virtual half (Arm DDI 0487 D11). */
#include "guests/inmate/inmate.h"

#define NS	1000000000ull

uint64_t now(void)
{
	isb();
	return read_reg(cntvct_el0);
}

uint64_t ticks_of_ns(uint64_t ns)
{
	uint64_t hz = read_reg(cntfrq_el0);

	return ns / NS * hz + ns % NS * hz / NS;
}

uint64_t ns_of_ticks(uint64_t ticks)
{
	uint64_t hz = read_reg(cntfrq_el0);

	return ticks / hz * NS + ticks % hz * NS / hz;
}

void timer_at(uint64_t tick)
{
	write_reg(cntv_cval_el0, tick);
	write_reg(cntv_ctl_el0, 1);
	isb();
}

void timer_stop(void)
{
	write_reg(cntv_ctl_el0, 0);
	isb();
}

void delay_us(uint64_t us)
{
	uint64_t end = now() + ticks_of_ns(us * 1000);

	while (now() < end)
		;
}
