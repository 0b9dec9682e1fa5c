/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of the flattened format (Devicetree Specification 0.4, sections 5.2 and 5.4), for its writer and reader. */
#ifndef CORE_FDT_FORMAT_H
#define CORE_FDT_FORMAT_H

#define FDT_MAGIC		0xd00dfeedu
#define FDT_VERSION		17u
#define FDT_COMPATIBLE		16u
#define FDT_HEADER_BYTES	40u

enum {				/* byte offsets in the header, each a big-endian u32 */
	FDT_OFF_MAGIC		= 0,
	FDT_OFF_TOTAL		= 4,
	FDT_OFF_STRUCT		= 8,
	FDT_OFF_STRINGS		= 12,
	FDT_OFF_RESERVE		= 16,
	FDT_OFF_VERSION		= 20,
	FDT_OFF_COMPATIBLE	= 24,
	FDT_OFF_BOOT_CPU	= 28,
	FDT_OFF_STRINGS_SIZE	= 32,
	FDT_OFF_STRUCT_SIZE	= 36,
};

enum { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4, FDT_END = 9 };

#endif
