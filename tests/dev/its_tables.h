/* SPDX-License-Identifier: BSD-2-Clause */
/* Where in a test's memory an ITS and its redistributors have what they share with software. */
#ifndef TESTS_DEV_ITS_TABLES_H
#define TESTS_DEV_ITS_TABLES_H

#include "base/bits.h"

#define RAM		0x40000000ull
#define RAM_SIZE	(4 * MIB)
#define DEVICES		(RAM + 0x10000)
#define COLLECTIONS	(RAM + 0x20000)
#define QUEUE		(RAM + 0x30000)
#define CONFIG		(RAM + 0x40000)		/* 64 KiB */
#define PEND(cpu)	(RAM + 0x80000 + 0x10000 * (cpu))
#define ITT		(RAM + 0x100000)
#define VALID		BIT(63)
#define LPI		8192u

#endif
