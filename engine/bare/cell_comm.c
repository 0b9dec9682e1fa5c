/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages to cells through their communication region (abi/comm_region.h). A cell may write anything there at any time: each
 * field is read once, and what isn't known is a refusal.
 */
#include "base/errno.h"
#include "base/platform.h"
#include "base/string.h"
#include "engine/bare/arch.h"
#include "engine/bare/cell.h"

void comm_start(struct cell *cell)
{
	struct comm_region *comm = cell->comm;

	cell->asked = false;
	memset(comm, 0, PAGE_BYTES);
	memcpy(comm->signature, COMM_REGION_SIGNATURE, sizeof(comm->signature));
	comm->revision = COMM_REGION_REVISION;
	comm->console = cell->config->console;
	if (cell->config->flags & CELL_CONSOLE_PERMITTED)
		comm->flags |= COMM_PUTC_PERMITTED;
	if (cell->config->flags & CELL_CONSOLE_ACTIVE)
		comm->flags |= COMM_PUTC_ACTIVE;
	comm->vpci_irq_base = cell->config->vpci_irq_base;
	arch_comm_fill(cell, comm);
	arch_clean(comm, PAGE_BYTES);
}

static void message_send(struct cell *cell, enum comm_message message)
{
	cell->comm->reply_from_cell = REPLY_NONE;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	cell->comm->msg_to_cell = message;
}

static bool asked_long_enough(const struct cell *cell)
{
	uint64_t timeout_ns;

	if (mul_overflows(cell->config->reply_timeout, 1000ull, &timeout_ns))
		timeout_ns = UINT64_MAX;
	return timeout_ns && platform_now_ns() - cell->asked_at >= timeout_ns;
}

/* A stopped cell has nothing against it, nor one that lets the time pass. A late answer to another message is none. */
static int shutdown_answer(const struct cell *cell)
{
	uint32_t reply = cell->comm->reply_from_cell, state = cell->comm->cell_state;

	if (state == CELL_SHUT_DOWN || state == CELL_FAILED || state == CELL_FAILED_COMM_REV || reply == REPLY_APPROVED)
		return 0;
	if (reply != REPLY_NONE && reply != REPLY_RECEIVED)
		return -EPERM;
	return asked_long_enough(cell) ? 0 : -EAGAIN;
}

int comm_allows_shutdown(struct cell *cell)
{
	int answer;

	if (!cell->talks)
		return 0;
	if (!cell->asked) {
		cell->asked = true;
		cell->asked_at = platform_now_ns();
		message_send(cell, MSG_SHUTDOWN_REQUEST);
	}
	answer = shutdown_answer(cell);
	if (answer != -EAGAIN)
		cell->asked = false;
	return answer;
}

bool comm_allows_change(const struct bare *sys, const struct cell *except)
{
	for (uint32_t i = 1; i < MAX_CELLS; i++) {
		const struct cell *cell = sys->cell[i];

		if (cell && cell != except && cell->talks && cell->comm->cell_state == CELL_RUNNING_LOCKED)
			return false;
	}
	return true;
}

void comm_changed(struct bare *sys, const struct cell *except)
{
	for (uint32_t i = 1; i < MAX_CELLS; i++) {
		struct cell *cell = sys->cell[i];

		if (cell && cell != except && cell->talks && !cell->asked)
			message_send(cell, MSG_RECONFIG_COMPLETED);
	}
}
