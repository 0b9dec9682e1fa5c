/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ITS and LPIs: any register accesses, commands, messages, acknowledgements, and any bytes in tables. The board ends the
 * test when a pin is told the same level twice; a reset lets all pins fall.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/bits.h"
#include "dev/irqchip/gic_lpi.h"
#include "dev/irqchip/gicv3_its.h"
#include "isa/arm64/sysreg.h"
#include "tests/dev/board.h"
#include "tests/fuzz/input.h"

#define DIST		0x08000000ull
#define ITS		0x08080000ull
#define REDIST		0x080a0000ull
#define RAM		0x40000000ull
#define RAM_SIZE	(1 * MIB)
#define CPUS		2u

static struct board *b;
static uint8_t *ram;

static void open_board(void)
{
	struct mem_slot slot = { .base = RAM, .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .backing = { .fd = -1 } };
	struct device *gic, *its;
	uint32_t id;

	b = board_new(CPUS);
	ram = aligned_alloc(4096, RAM_SIZE);
	slot.backing.host = ram;
	assert_int_equal(mem_slot_add(&b->vm.mem, &slot, &id), 0);
	gic = board_device(b, &gicv3_class);
	assert_int_equal(device_set(gic, "lpis", true), 0);
	assert_int_equal(device_init(gic), 0);
	assert_int_equal(gicv3_map(gic, DIST, REDIST), 0);
	its = board_device(b, &gicv3_its_class);
	assert_int_equal(device_set_ptr(its, "gic", gic), 0);
	assert_int_equal(device_init(its), 0);
	assert_int_equal(gicv3_its_map(its, ITS), 0);
}

/* Everything enabled; collections 0 and 1, device 0 with 16 events, each an LPI. */
static void prepare(void)
{
	uint64_t *q = (uint64_t *)(ram + 0x30000);

	memset(ram, 0, RAM_SIZE);
	memset(ram + 0x40000, 0xa1, 0x10000);
	board_write(b, 0, DIST, 4, 3);
	for (uint32_t c = 0; c < CPUS; c++) {
		board_write(b, c, REDIST + 0x20000 * c + 0x14, 4, 0);
		board_write(b, c, REDIST + 0x20000 * c + 0x70, 8, (RAM + 0x40000) | 15);
		board_write(b, c, REDIST + 0x20000 * c + 0x78, 8, RAM + 0x60000 + 0x10000 * c);
		board_write(b, c, REDIST + 0x20000 * c, 4, 1);
		board_msr(b, c, SYS_ICC_PMR_EL1, 0xf8);
		board_msr(b, c, SYS_ICC_IGRPEN1_EL1, 1);
	}
	board_write(b, 0, ITS + 0x100, 8, BIT(63) | (RAM + 0x10000));
	board_write(b, 0, ITS + 0x108, 8, BIT(63) | (RAM + 0x20000));
	board_write(b, 0, ITS + 0x80, 8, BIT(63) | (RAM + 0x30000));
	board_write(b, 0, ITS, 4, 1);
	q[0] = 0x09;
	q[2] = BIT(63);
	q[4] = 0x09;
	q[6] = BIT(63) | 1 << 16 | 1;
	q[8] = 0x08;
	q[9] = 3;
	q[10] = BIT(63) | (RAM + 0x50000);
	for (uint64_t i = 0; i < 16; i++) {
		q[12 + 4 * i] = 0x0a;
		q[13 + 4 * i] = i | (8192 + i) << 32;
		q[14 + 4 * i] = i & 1;
	}
	board_write(b, 0, ITS + 0x88, 8, 32 * 19);
}

static uint64_t word(struct input *in)
{
	switch (take(in, 1) % 4) {
	case 0:		return take(in, 8);
	case 1:		return BIT(63) | (RAM + (take(in, 1) << 12)) | take(in, 1);
	case 2:		return take(in, 1);
	default:	return take(in, 1) << 32 | take(in, 1);
	}
}

static void step(struct input *in)
{
	static const uint16_t its_regs[] = { 0, 0x80, 0x88, 0x90, 0x100, 0x108, 0x110, 0x84 };
	static const uint16_t redist_regs[] = { 0, 0x14, 0x70, 0x78 };
	static const uint8_t ops[] = { 1, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15 };
	uint8_t op = (uint8_t)take(in, 1);
	uint32_t cpu = op & 1, at;
	uint64_t v, cmd[4];

	switch (op >> 1 & 7) {
	case 0:
		v = word(in);
		board_try(b, BUS_MMIO, cpu, ITS + its_regs[take(in, 1) % ARRAY_SIZE(its_regs)], op & 32 ? 8 : 4, op & 16, &v);
		break;
	case 1:
		v = word(in);
		board_try(b, BUS_MMIO, cpu, REDIST + 0x20000 * cpu + redist_regs[take(in, 1) & 3], op & 32 ? 8 : 4, op & 16, &v);
		break;
	case 2:
		at = (uint32_t)take(in, 3);
		ram[at % RAM_SIZE] = (uint8_t)take(in, 1);
		break;
	case 3:
	case 4:
		cmd[0] = ops[take(in, 1) % ARRAY_SIZE(ops)] | (take(in, 1) & 1) << 32;
		for (unsigned i = 1; i < 4; i++)
			cmd[i] = word(in);
		memcpy(ram + 0x30000, cmd, sizeof(cmd));
		board_write(b, 0, ITS + 0x88, 8, 0);
		board_write(b, 0, ITS + 0x88, 8, 32);
		break;
	case 5:
		msi_send(b->vm.irqchip, &(struct msi){ .addr = ITS + GICV3_ITS_TRANSLATER, .devid = (uint32_t)take(in, 1) & 1,
						       .data = (uint32_t)take(in, 1) });
		break;
	case 6:
		at = (uint32_t)board_mrs(b, cpu, SYS_ICC_IAR1_EL1);
		if (op & 16)
			board_msr(b, cpu, SYS_ICC_EOIR1_EL1, at);
		break;
	default:
		board_msr(b, cpu, SYS_ICC_EOIR1_EL1, take(in, 3));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	if (!b)
		open_board();
	prepare();
	while (in.left)
		step(&in);
	device_reset_all(&b->vm, RESET_WARM);
	for (uint32_t c = 0; c < CPUS; c++)
		assert_false(b->pin[c][CPU_IRQ] || b->pin[c][CPU_FIQ]);
	return 0;
}
