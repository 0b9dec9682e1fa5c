/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The page through which a cell and the engine talk (Jailhouse's communication region, revision 2). It lies where the cell's
 * configuration says, for inmates at COMM_REGION_BASE. A message or reply of 0 is none.
 */
#ifndef ABI_COMM_REGION_H
#define ABI_COMM_REGION_H

#include "abi/types.h"

#define COMM_REGION_BASE	0x80000000ul
#define COMM_REGION_SIGNATURE	"JHCOMM"
#define COMM_REGION_REVISION	2

enum cell_state { CELL_RUNNING, CELL_RUNNING_LOCKED, CELL_SHUT_DOWN, CELL_FAILED, CELL_FAILED_COMM_REV };
enum comm_message { MSG_NONE, MSG_SHUTDOWN_REQUEST, MSG_RECONFIG_COMPLETED };
enum comm_reply { REPLY_NONE, REPLY_UNKNOWN, REPLY_DENIED, REPLY_APPROVED, REPLY_RECEIVED };

/* struct comm_region.flags */
#define COMM_PUTC_PERMITTED	1u
#define COMM_PUTC_ACTIVE	2u

/* struct abi_console */
enum console_type { CONSOLE_NONE = 0, CONSOLE_8250 = 2, CONSOLE_PL011 = 3 };
#define CONSOLE_MMIO		1u
#define CONSOLE_REG_DIST_4	2u

struct abi_console {
	uint64_t address;
	uint32_t size;
	uint16_t type;
	uint16_t flags;
	uint32_t divider;
	uint32_t gate;
	uint64_t clock;
} ABI_PACKED;

struct comm_region {
	char signature[6];
	uint16_t revision;
	volatile uint32_t cell_state;		/* the cell writes running, running locked, shut down, failed */
	volatile uint32_t msg_to_cell;
	volatile uint32_t reply_from_cell;
	uint32_t flags;
	struct abi_console console;
	uint64_t pci_config_base;
	uint8_t gic_version;
	uint8_t pad[7];
	uint64_t gicd_base, gicc_base, gicr_base;
	uint32_t vpci_irq_base;
} ABI_PACKED;

#endif
