/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of the communication region (abi/comm_region.h), and the command line. */
#include "guests/inmate/inmate.h"

extern const char cmdline[CMDLINE_SIZE];

bool comm_poll(void)
{
	uint32_t message = comm()->msg_to_cell;

	if (message == MSG_NONE)
		return inmate.ending;
	comm()->msg_to_cell = MSG_NONE;
	if (message == MSG_SHUTDOWN_REQUEST) {
		bool denied = comm()->cell_state == CELL_RUNNING_LOCKED;

		inmate.ending = !denied;
		comm()->reply_from_cell = denied ? REPLY_DENIED : REPLY_APPROVED;
	} else {
		comm()->reply_from_cell = message == MSG_RECONFIG_COMPLETED ? REPLY_RECEIVED : REPLY_UNKNOWN;
	}
	dsb();
	return inmate.ending;
}

void comm_end(enum cell_state state)
{
	irq_off();
	timer_stop();
	comm()->cell_state = state;
	dsb();
	cpu_off();
}

/* What follows `name` in the command line: "" for a plain word, the value behind '='; NULL: it isn't there. */
static const char *find(const char *name)
{
	size_t n = strlen(name);
	const char *at = cmdline, *end = cmdline + CMDLINE_SIZE - 1;

	while (at < end && *at) {
		if (!strncmp(at, name, n) && (at[n] == '=' || at[n] == ' ' || !at[n]))
			return at[n] == '=' ? at + n + 1 : "";
		while (at < end && *at && *at != ' ')
			at++;
		while (at < end && *at == ' ')
			at++;
	}
	return NULL;
}

bool option(const char *name)
{
	return find(name) != NULL;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 99;
}

uint64_t option_number(const char *name, uint64_t otherwise)
{
	const char *at = find(name);
	uint64_t v = 0;
	int base = 10;

	if (!at || !*at)
		return otherwise;
	if (at[0] == '0' && at[1] == 'x') {
		base = 16;
		at += 2;
	}
	for (; digit_of(*at) < base; at++)
		v = v * (unsigned)base + (unsigned)digit_of(*at);
	return v;
}
