/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bare image without Linux: on QEMU's virt board, two CPUs enter and leave the engine, use interrupts, are refused what they
 * are, and give one of them to a cell. Prints a line for each case and "ok" or "FAILED" at the end, then turns the machine off.
 */
#include "tests/bare/board.h"

#define CELL_BYTES	0x10000ull

extern char inmate[], inmate_end[];

const uint32_t board_cpus = 2;

static struct {
	struct cell_config cell;
	uint8_t cpus[8];
	struct config_memory memory[2];
} ABI_PACKED cell = {
	.cell = { .signature = CONFIG_CELL_SIGNATURE, .architecture = CONFIG_ARCH_ARM64, .revision = CONFIG_REVISION,
		  .name = "counter", .id = 1, .cpu_set_size = 8, .num_memory = 2, .reply_timeout = 1000000 },
	.cpus = { 2 },
	.memory = {
		{ CELL_BASE, 0, CELL_BYTES, MEMORY_READ | MEMORY_WRITE | MEMORY_EXECUTE | MEMORY_LOADABLE },
		{ 0, COMM_REGION_BASE, 0x1000, MEMORY_READ | MEMORY_WRITE | MEMORY_COMM_REGION },
	},
};

static void interrupts_work(const char *when)
{
	uint64_t before = irqs[1][3], ticks = irqs[0][TIMER_IRQ], mine = irqs[0][5];

	sgi_send(1, 3);
	check(wait_until(&irqs[1][3], before + 1), when, 1);
	sgi_send(0, 5);
	check(wait_until(&irqs[0][5], mine + 1), when, 2);
	sys_write(cntv_tval_el0, 1000);
	sys_write(cntv_ctl_el0, 1);
	check(wait_until(&irqs[0][TIMER_IRQ], ticks + 1), when, 3);
}

static void interrupts_work_alone(void)
{
	uint64_t ticks = irqs[0][TIMER_IRQ];

	sys_write(cntv_tval_el0, 1000);
	sys_write(cntv_ctl_el0, 1);
	check(wait_until(&irqs[0][TIMER_IRQ], ticks + 1), "the timer beside a cell", ticks);
}

static void an_sgi_sent_before_the_change_arrives(void)
{
	uint64_t before = irqs[0][7];

	irqs_on(0);
	sgi_send(0, 7);
	enable();
	check(wait_until(&irqs[0][7], before + 1), "an SGI that waited while enabling", irqs[0][7]);
	irqs_on(0);
	sgi_send(0, 7);
	disable();
	irqs_on(1);
	check(wait_until(&irqs[0][7], before + 2), "an SGI that waited while disabling", irqs[0][7]);
}

static void aborts(uint64_t address, const char *what)
{
	uint64_t before = exceptions;

	r32(address);
	check(exceptions == before + 1 && last_esr >> 26 == 0x25, what, last_esr);
}

static void root_is_kept_out(void)
{
	uint64_t value;

	aborts(HV_BASE, "engine's memory");
	aborts(HV_BASE + HV_BYTES - 4, "engine's pool");
	value = call_hvc(99, 0, 0);
	check(value == (uint64_t)-38, "unknown hypercall", value);
	value = call_hvc(HC_INFO, INFO_CELLS, 0);
	check(value == 1, "number of cells", value);
	value = call_hvc0(77, 0, 0, 0);
	check(value == 0xbadca11, "stub call", value);
	value = call_smc(0x84000000, 0, 0, 0);
	check(value == 0x10001, "PSCI version", value);
	check(r32(GICD + 4), "GICD_TYPER", 0);
}

static void cell_runs(void)
{
	volatile uint64_t *counter = (volatile uint64_t *)(CELL_BASE + 0x1000), seen;
	uint64_t value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);

	check(value == 0, "create", value);
	aborts(CELL_BASE, "the cell's memory");
	value = call_hvc(HC_CELL_STATE, 1, 0);
	check(value == CELL_SHUT_DOWN, "state when created", value);
	for (int round = 0; round < 2; round++) {
		value = call_hvc(HC_CELL_SET_LOADABLE, 1, 0);
		check(value == 0, "set loadable", value);
		memcpy((void *)CELL_BASE, inmate, (unsigned long)(inmate_end - inmate));
		*counter = 0;
		value = call_hvc(HC_CELL_START, 1, 0);
		check(value == 0, "start", value);
		value = call_hvc(HC_CELL_STATE, 1, 0);
		check(value == CELL_RUNNING, "state when running", value);
		interrupts_work_alone();
		value = call_hvc(HC_CELL_SET_LOADABLE, 1, 0);
		check(value == 0, "stop", value);
		seen = *counter;
		check(seen > 0, "the cell counted", seen);
		value = call_hvc(HC_CELL_STATE, 1, 0);
		check(value == CELL_SHUT_DOWN, "state when stopped", value);
	}
	value = call_hvc(HC_CELL_START, 1, 0);
	check(value == 0, "start again", value);
	value = call_hvc(HC_CELL_DESTROY, 1, 0);
	check(value == 0, "destroy", value);
	check(*counter == 0, "memory was scrubbed", *counter);
}

/* ---- costs: under -icount a nanosecond is an instruction; CPU 1 is parked ---- */

#define ROUNDS	1000u

enum { COST_EMPTY, COST_HYPERCALL, COST_SMC, COST_GICD };

static void __attribute__((noinline)) cost_one(int what)
{
	register uint64_t x0 __asm__("x0") = what == COST_SMC ? 0x84000000 : 99;

	switch (what) {
	case COST_HYPERCALL:	__asm__ volatile("hvc #0x4a48" : "+r"(x0) : : "memory"); break;
	case COST_SMC:		__asm__ volatile("smc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory"); break;
	case COST_GICD:		r32(GICD + 4); break;
	default:		__asm__ volatile("nop"); break;
	}
}

static uint64_t cost_loop(int what)
{
	uint64_t start = now();

	for (unsigned i = 0; i < ROUNDS; i++)
		cost_one(what);
	return now() - start;
}

static void costs_show(void)
{
	static const char *const name[] = { "", "null_hypercall ", "trapped_smc ", "gicd_read " };
	uint64_t empty = cost_loop(COST_EMPTY);

	for (int what = COST_HYPERCALL; what <= COST_GICD; what++) {
		put("cost ");
		put(name[what]);
		put_hex((cost_loop(what) - empty) * (1000000000 / sys_read(cntfrq_el0)) / ROUNDS);
		put("\n");
	}
}

/* What a CPU had been given when it went off is for those that stay. */
static void an_interrupt_survives_its_cpu(void)
{
	uint64_t before = irqs[0][SPI % 32];

	cpu_off_with_spi(1);
	check(wait_until(&irqs[0][SPI % 32], before + 1), "an SPI that another CPU had when it went off", irqs[0][SPI % 32]);
	w32(GICD + 0x180 + SPI / 32 * 4, 1u << SPI % 32);
	cpu_on(1);
}

/* The GIC would write there past stage 2. */
static void lpi_tables_stay_the_roots(void)
{
	volatile uint64_t *config = (volatile uint64_t *)(GICR + 0x70), *pending = (volatile uint64_t *)(GICR + 0x78);
	uint64_t value;

	*config = CELL_BASE | 15;
	*pending = CELL_BASE;
	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == 0, "create where LPI tables would be", value);
	w32(GICR, 1);
	check(!(r32(GICR) & 1), "LPIs with tables in a cell", r32(GICR));
	value = call_hvc(HC_CELL_DESTROY, 1, 0);
	check(value == 0, "destroy", value);
	*config = *pending = 0;
}

static void cells(void)
{
	uint64_t used = call_hvc(HC_INFO, INFO_POOL_USED, 0), value;

	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == (uint64_t)-16, "create with a CPU that runs", value);
	cpu_off(1);
	costs_show();
	for (int i = 0; i < 3; i++)
		cell_runs();
	if (gic_version == 3)
		lpi_tables_stay_the_roots();
	cpu_on(1);
	an_interrupt_survives_its_cpu();
	value = call_hvc(HC_INFO, INFO_POOL_USED, 0);
	check(value == used, "the pool is as it was", value);
}

void board_main(void)
{
	interrupts_work("interrupts before");
	for (int i = 0; i < 3; i++) {
		put("enable\n");
		enable();
		if (!failures) {
			root_is_kept_out();
			put("interrupts\n");
			interrupts_work("interrupts in the root cell");
			put("cells\n");
			cells();
		}
		put("disable\n");
		disable();
		interrupts_work("interrupts after");
	}
	an_sgi_sent_before_the_change_arrives();
}
