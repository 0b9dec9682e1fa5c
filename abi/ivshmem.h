/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Shared memory between cells as a PCI device: ivshmem version 2 (Jailhouse, Documentation/ivshmem-v2-specification.md).
 *
 * BAR 0 has the registers, aligned and of 32 bits each. A vendor's capability says where in the cell's memory the sections are,
 * one behind the other: the state table, one u32 for each peer, which nobody but the engine writes; the read/write
 * section, everybody's; an output section for each peer, which that peer alone writes. All but the table may be empty. The base
 * class is 0xff, and what is below it in the class code is the protocol that is spoken.
 */
#ifndef ABI_IVSHMEM_H
#define ABI_IVSHMEM_H

#include "abi/types.h"

#define IVSHMEM_VENDOR		0x110au
#define IVSHMEM_DEVICE		0x4106u
#define IVSHMEM_CLASS(protocol)	(0xff0000u | (protocol))

enum ivshmem_protocol { IVSHMEM_UNDEFINED = 0, IVSHMEM_NET = 1 };

/* Registers */
#define IVSHMEM_ID		0x00
#define IVSHMEM_PEERS		0x04
#define IVSHMEM_INTERRUPT	0x08		/* bit 0: interrupts may come */
#define IVSHMEM_DOORBELL	0x0c		/* peer << 16 | vector */
#define IVSHMEM_STATE		0x10		/* goes to the state table, and the peers get an interrupt */

/* The capability, PCI's id 9 */
#define IVSHMEM_CAP_CONTROL	0x00		/* its fourth byte; bit 0: each interrupt clears IVSHMEM_INTERRUPT */
#define IVSHMEM_CAP_ONE_SHOT	0x01000000u
#define IVSHMEM_CAP_STATES	0x04		/* u32, bytes */
#define IVSHMEM_CAP_SHARED	0x08		/* u64, bytes: of the read/write section */
#define IVSHMEM_CAP_OUTPUT	0x10		/* u64, bytes: of each output section */
#define IVSHMEM_CAP_ADDRESS	0x18		/* u64: of the state table */

#endif
