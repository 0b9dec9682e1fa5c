/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads, writes and runs what is not in its map: every address that something lies at on the machine, the ends of the map, and
 * each bit of an address alone. The first steps name the worst: the engine's own memory and the root's.
 */
#include "guests/hostile/hostile.h"

static const uint64_t interesting[] = {
	0x40000000, 0x40080000, 0x5ffff000,			/* the root's memory, kernel and all */
	0x60000000, 0x7c000000, 0x7e000000, 0x7f000000, 0x7ffff000, 0xbffff000,	/* where engine and cells are put */
	0x08000000, 0x08010000, 0x08020000, 0x08030000, 0x08040000, 0x08080000,	/* GIC, its virtual half, ITS */
	0x080a0000, 0x080b0000, 0x08100000, 0x081c0000,		/* redistributors, others' too */
	0x09000000, 0x09010000, 0x09020000, 0x09030000,		/* UART, RTC, fw_cfg, GPIO */
	0x0a000000, 0x10000000, 0x3eff0000, 0x4010000000, 0x8000000000,	/* virtio, PCI windows */
	0x80001000, 0x7ffffffc, 0xfffff000, 0x100000000, 0x4000000000, 0x7ffffff000,
};
#define ACCESSES	5

const unsigned hostile_steps = ACCESSES * (ARRAY_SIZE(interesting) + 48);

typedef void call(void);

static void access(uint64_t at, unsigned how)
{
	switch (how) {
	case 0:
		touch_read(at);
		break;
	case 1:
		touch_write(at, 0xdeadbeef);
		break;
	case 2:
		((call *)at)();
		break;
	case 3:		/* no syndrome says which registers */
		__asm__ volatile("ldp x9, x10, [%0]\n\tstp x9, x10, [%0]" : : "r"(at) : "x9", "x10", "memory");
		break;
	default:
		__asm__ volatile("ldaxr w9, [%0]\n\tstlxr w10, w9, [%0]\n\tdc civac, %0\n\tdc zva, %0\n\tat s12e1w, %0"
				 : : "r"(at) : "w9", "w10", "memory");
	}
}

void hostile_step(unsigned step, uint64_t *seed)
{
	unsigned n = step / ACCESSES;
	uint64_t at = n < ARRAY_SIZE(interesting) ? interesting[n] : 1ull << (n - ARRAY_SIZE(interesting));

	/* What the flat map has not, and code anywhere, needs the MMU off. */
	if (step % ACCESSES == 2 || at >> 39) {
		write_reg(sctlr_el1, read_reg(sctlr_el1) & ~(BIT(0) | BIT(2)));
		isb();
	}
	access(at, step % ACCESSES);
	mem_enable();
}
