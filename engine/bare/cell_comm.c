/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages to cells through their communication region (abi/comm_region.h). A cell may write anything there at any time: each
 * field is read once, and what isn't known is a refusal.
 */
#include "base/cpu.h"
#include "base/platform.h"
#include "base/string.h"
#include "engine/bare/arch.h"
#include "engine/bare/cell.h"
#include "engine/bare/cpu.h"

void comm_start(struct cell *cell)
{
	struct comm_region *comm = cell->comm;

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

/* Sends and waits for `wanted`. A stopped cell has nothing against it, nor one that lets the time pass. */
static bool message_exchange(struct cpu *cpu, struct cell *cell, enum comm_message message, enum comm_reply wanted)
{
	struct comm_region *comm = cell->comm;
	uint64_t timeout_ns, start = platform_now_ns();

	if (!cell->talks)
		return true;
	if (mul_overflows(cell->config->reply_timeout, 1000ull, &timeout_ns))
		timeout_ns = UINT64_MAX;
	comm->reply_from_cell = REPLY_NONE;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	comm->msg_to_cell = message;
	for (;;) {
		uint32_t reply = comm->reply_from_cell, state = comm->cell_state;

		if (state == CELL_SHUT_DOWN || state == CELL_FAILED || state == CELL_FAILED_COMM_REV || reply == wanted)
			return true;
		if (reply != REPLY_NONE)
			return false;
		if (timeout_ns && platform_now_ns() - start >= timeout_ns)
			return true;
		cpu_poll(cpu);
	}
}

bool comm_allows_shutdown(struct cpu *cpu, struct cell *cell)
{
	return message_exchange(cpu, cell, MSG_SHUTDOWN_REQUEST, REPLY_APPROVED);
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

void comm_changed(struct cpu *cpu, const struct cell *except)
{
	for (uint32_t i = 1; i < MAX_CELLS; i++) {
		struct cell *cell = cpu->sys->cell[i];

		if (cell && cell != except)
			message_exchange(cpu, cell, MSG_RECONFIG_COMPLETED, REPLY_RECEIVED);
	}
}
