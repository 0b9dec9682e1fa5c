/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bare image without Linux: on QEMU's virt board, three CPUs enter and leave the engine, use interrupts, are refused what they
 * are, and give one of them to a cell. Prints a line for each case and "ok" or "FAILED" at the end, then turns the machine off.
 * Long because it is one image: each case goes on with what the one before it left on the board.
 */
#include "base/errno.h"
#include "tests/bare/board.h"

#define CELL_BYTES	0x10000ull

extern char inmate[], inmate_end[];

const uint32_t board_cpus = 3;

static struct {
	struct cell_config cell;
	uint8_t cpus[8];
	struct config_memory memory[2];
	struct config_irqchip chip;	/* looked at if num_irqchips is 1 */
} ABI_PACKED cell = {
	.cell = { .signature = CONFIG_CELL_SIGNATURE, .architecture = CONFIG_ARCH_ARM64, .revision = CONFIG_REVISION,
		  .name = "counter", .id = 1, .cpu_set_size = 8, .num_memory = 2, .reply_timeout = 1000000 },
	.cpus = { 2 },
	.memory = {
		{ CELL_BASE, 0, CELL_BYTES, MEMORY_READ | MEMORY_WRITE | MEMORY_EXECUTE | MEMORY_LOADABLE },
		{ 0, COMM_REGION_BASE, 0x1000, MEMORY_READ | MEMORY_WRITE | MEMORY_COMM_REGION },
	},
	.chip = { .pin_base = 32, .bitmap = { 1u << SPI % 32 } },
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

/* For calls that the cell has to agree to. */
static uint64_t call_agreed(uint64_t number)
{
	uint64_t value;

	while ((value = call_hvc(number, 1, 0)) == (uint64_t)-EAGAIN)
		relax();
	return value;
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
		value = call_agreed(HC_CELL_SET_LOADABLE);
		check(value == 0, "set loadable", value);
		memcpy((void *)CELL_BASE, inmate, (unsigned long)(inmate_end - inmate));
		*counter = 0;
		value = call_agreed(HC_CELL_START);
		check(value == 0, "start", value);
		value = call_hvc(HC_CELL_STATE, 1, 0);
		check(value == CELL_RUNNING, "state when running", value);
		interrupts_work_alone();
		value = call_agreed(HC_CELL_SET_LOADABLE);
		check(value == 0, "stop", value);
		seen = *counter;
		check(seen > 0, "the cell counted", seen);
		value = call_hvc(HC_CELL_STATE, 1, 0);
		check(value == CELL_SHUT_DOWN, "state when stopped", value);
	}
	value = call_agreed(HC_CELL_START);
	check(value == 0, "start again", value);
	value = call_agreed(HC_CELL_DESTROY);
	check(value == 0, "destroy", value);
	check(*counter == 0, "memory was scrubbed", *counter);
}

/* ---- tables that the GIC writes by itself ---- */

#define GITS_CBASER	(ITS + 0x80)
#define GITS_BASER0	(ITS + 0x100)
#define GICR_PENDBASER	(GICR + 0x78)
#define VALID		(1ull << 63)

static uint64_t table_written(uint64_t reg, uint64_t value)
{
	*(volatile uint64_t *)reg = value;
	return *(volatile uint64_t *)reg & (VALID | 0xfffffffff000);
}

static void tables_stay_in_the_roots_memory(void)
{
	static const uint64_t bad[] = { HV_BASE, HV_BASE - 0x1000, CELL_BASE + 0x1000000, 0x08000000, 0x10000000000 };
	uint64_t good = HV_BASE - 0x100000, value;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		value = table_written(GITS_BASER0, VALID | bad[i] | 1);
		check(!(value & VALID), "a device table elsewhere", value);
		value = table_written(GITS_CBASER, VALID | bad[i] | 1);
		check(!(value & VALID), "a command queue elsewhere", value);
	}
	value = table_written(GICR_PENDBASER, HV_BASE);
	check(value != HV_BASE, "a pending table elsewhere", value);
	value = table_written(GITS_CBASER, VALID | ((console_at + 0xfff) & ~0xfffull));
	check(!(value & VALID), "a command queue in the log, which the root may read", value);
	value = table_written(GITS_BASER0, VALID | good | 1);
	check(value == (VALID | good), "a device table of the root", value);
	value = table_written(GITS_CBASER, VALID | good | 1);
	check(value == (VALID | good), "a command queue of the root", value);
	w32(ITS, 1);
	value = table_written(GITS_BASER0, 0);
	check(value == (VALID | good), "a device table of an ITS that runs", value);
	w32(ITS, 0);
	table_written(GITS_CBASER, 0);
	table_written(GITS_BASER0, 0);
}

/* What is a cell's is the root's no longer, and the other way round. */
static void tables_and_cells_exclude_each_other(void)
{
	uint64_t value;

	table_written(GITS_BASER0, VALID | CELL_BASE);
	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == (uint64_t)-22, "create where a device table is", value);
	table_written(GITS_BASER0, 0);
	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == 0, "create where it was", value);
	value = table_written(GITS_BASER0, VALID | CELL_BASE);
	check(!(value & VALID), "a device table in a cell", value);
	value = call_hvc(HC_CELL_SET_LOADABLE, 1, 0);
	check(value == 0, "set loadable", value);
	value = table_written(GITS_BASER0, VALID | CELL_BASE);
	check(value == (VALID | CELL_BASE), "a device table in what is loaded", value);
	value = call_hvc(HC_CELL_START, 1, 0);
	check(value == (uint64_t)-16, "start with a device table in it", value);
	table_written(GITS_BASER0, 0);
	value = call_hvc(HC_CELL_DESTROY, 1, 0);
	check(value == 0, "destroy", value);
	cell.memory[0].phys = ITS;
	cell.memory[0].flags = MEMORY_READ | MEMORY_WRITE | MEMORY_IO;
	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == (uint64_t)-22, "create with the ITS", value);
	cell.memory[0].phys = CELL_BASE;
	cell.memory[0].flags = MEMORY_READ | MEMORY_WRITE | MEMORY_EXECUTE | MEMORY_LOADABLE;
}

static void a_table_that_is_elsewhere_already_is_refused(void)
{
	*(volatile uint64_t *)GITS_BASER0 = VALID | HV_BASE;
	enable_refused(-22);
	*(volatile uint64_t *)GITS_BASER0 = 0;
}

/* ---- a cell that doesn't answer ---- */

/* Nobody waits for it inside the engine: its time passes between the calls. */
static void silent_cell_is_stopped(void)
{
	uint64_t value, timeout = cell.cell.reply_timeout;

	cell.cell.reply_timeout = 20000;
	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == 0, "create a silent cell", value);
	value = call_hvc(HC_CELL_SET_LOADABLE, 1, 0);
	check(value == 0, "set loadable", value);
	*(uint32_t *)CELL_BASE = 0x14000000;	/* b . */
	value = call_hvc(HC_CELL_START, 1, 0);
	check(value == 0, "start a silent cell", value);
	value = call_hvc(HC_CELL_SET_LOADABLE, 1, 0);
	check(value == (uint64_t)-EAGAIN, "the first time that it is asked", value);
	value = call_agreed(HC_CELL_START);
	check(value == 0, "start it again", value);
	value = call_hvc(HC_CELL_DESTROY, 1, 0);
	check(value == (uint64_t)-EAGAIN, "the first time that it is asked again", value);
	value = call_hvc(HC_CELL_DESTROY, 1, DESTROY_UNASKED);
	check(value == 0, "destroy unasked", value);
	cell.cell.reply_timeout = timeout;
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

	cpu_mask(1);
	spi_route(1);
	spi_pend();
	spi_route(0);
	cpu_off(1);
	check(wait_until(&irqs[0][SPI % 32], before + 1), "an SPI that another CPU had when it went off", irqs[0][SPI % 32]);
	w32(GICD + 0x180 + SPI / 32 * 4, 1u << SPI % 32);
	cpu_on(1);
}

/* Or the root could interrupt the cell's CPU for ever. */
static void an_interrupt_of_the_root_goes_to_no_cell(void)
{
	uint64_t before = irqs[0][SPI % 32], value;

	spi_route(1);
	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == 0, "create", value);
	w32(GICD + 0x200 + SPI / 32 * 4, 1u << SPI % 32);
	check(wait_until(&irqs[0][SPI % 32], before + 1), "the root's SPI that went to what is a cell's CPU", irqs[0][SPI % 32]);
	w32(GICD + 0x180 + SPI / 32 * 4, 1u << SPI % 32);
	value = call_hvc(HC_CELL_DESTROY, 1, 0);
	check(value == 0, "destroy", value);
}

static void spi_off(void)
{
	w32(GICD + 0x180 + SPI / 32 * 4, 1u << SPI % 32);
}

static int spi_is_active(void)
{
	return r32(GICD + 0x300 + SPI / 32 * 4) >> SPI % 32 & 1;
}

/* Its CPU has been given it, and is held when a cell takes it: it must not come, nor be ended, there. */
static void an_interrupt_that_a_cell_takes_is_given_to_nobody_else(uint64_t cpu)
{
	uint64_t before = irqs[cpu][SPI % 32], value;

	if (cpu)
		cpu_mask(cpu);
	else
		irqs_on(0);
	spi_route(cpu);
	w32(GICD + 0x200 + SPI / 32 * 4, 1u << SPI % 32);
	while (!spi_is_active())
		relax();
	cell.cell.num_irqchips = 1;
	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == 0, "create with an SPI that another CPU has", value);
	if (cpu)
		cpu_unmask(cpu);
	else
		irqs_on(1);
	interrupts_work_alone();
	check(irqs[cpu][SPI % 32] == before, "an SPI that came where it isn't owned", cpu);
	value = call_hvc(HC_CELL_DESTROY, 1, 0);
	check(value == 0, "destroy", value);
	cell.cell.num_irqchips = 0;
	spi_off();
}

/* ---- what a cell makes of its interrupts is over with it ---- */

#define SPI_BIT(reg)	(r32(GICD + (reg) + SPI / 32 * 4) >> SPI % 32 & 1)
#define SPI_IS_EDGE	(r32(GICD + 0xc00 + SPI / 16 * 4) >> (SPI % 16 * 2 + 1) & 1)
#define PPI_CONFIG	(GICR + 0x20000 + 0x10000 + 0xc04)	/* CPU 1's */

static const uint32_t retriggers[] = {
	0xd2a10001,	/* mov x1, #GICD */
	0xb90c083f,	/* str wzr, [x1, #0xc08]: SPIs 32 to 47 are levels */
	0xd2a101a1,	/* mov x1, #GICR + 0x30000 */
	0x12800000,	/* mov w0, #-1 */
	0xb90c0420,	/* str w0, [x1, #0xc04]: PPIs are edges; on a GICv2 that parks it */
	0x14000000,	/* b . */
};

static void an_interrupt_comes_back_as_it_was(void)
{
	uint64_t before = irqs[0][SPI % 32], value, ppis = gic_version == 3 ? r32(PPI_CONFIG) : 0;

	spi_route(0);
	cell.cell.num_irqchips = 1;
	cell.cell.flags = CELL_PASSIVE_COMM_REGION;
	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == 0, "create with an SPI that is on", value);
	check(!SPI_BIT(0x100), "an SPI of a cell, for the root", 0);
	value = call_hvc(HC_CELL_SET_LOADABLE, 1, 0);
	check(value == 0, "set loadable", value);
	memcpy((void *)CELL_BASE, retriggers, sizeof(retriggers));
	value = call_hvc(HC_CELL_START, 1, 0);
	check(value == 0, "start one that changes triggers", value);
	while (call_hvc(HC_CPU_INFO, 1, CPU_INFO_STAT + STAT_MMIO) < 2)
		relax();
	value = call_hvc(HC_CELL_DESTROY, 1, 0);
	check(value == 0, "destroy it", value);
	cell.cell.flags = 0;
	cell.cell.num_irqchips = 0;
	cpu_on(1);
	check(SPI_IS_EDGE, "an SPI's trigger after a cell", r32(GICD + 0xc00 + SPI / 16 * 4));
	check(SPI_BIT(0x100), "an SPI that was on before a cell had it", 0);
	check(gic_version == 2 || r32(PPI_CONFIG) == ppis, "triggers of private interrupts after a cell", r32(PPI_CONFIG));
	w32(GICD + 0x200 + SPI / 32 * 4, 1u << SPI % 32);
	check(wait_until(&irqs[0][SPI % 32], before + 1), "an SPI that a cell had", irqs[0][SPI % 32]);
	spi_off();
	cpu_off(1);
}

static void an_sgi_that_is_off_waits(void)
{
	uint64_t base = gic_version == 3 ? GICR + 0x10000 : GICD, before = irqs[0][7];

	w32(base + 0x180, 1u << 7);
	check(!(r32(base + 0x100) >> 7 & 1), "an SGI that was turned off", r32(base + 0x100));
	sgi_send(0, 7);
	interrupts_work_alone();
	check(irqs[0][7] == before, "an SGI that is off", irqs[0][7]);
	w32(base + 0x100, 1u << 7);
	check(wait_until(&irqs[0][7], before + 1), "an SGI that was turned on", irqs[0][7]);
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

/* ---- a fault inside the engine ---- */

#define NOWHERE		0x09800000ull		/* the root's, and nothing answers there */
#define CPU_LOST	2u

/* With an ivshmem device whose state table the engine can't write. */
static struct {
	struct cell_config cell;
	uint8_t cpus[8];
	struct config_memory memory[4];
	struct config_pci_device device;
} ABI_PACKED lost = {
	.cell = { .signature = CONFIG_CELL_SIGNATURE, .architecture = CONFIG_ARCH_ARM64, .revision = CONFIG_REVISION,
		  .name = "lost", .id = 2, .cpu_set_size = 8, .num_memory = 4, .num_pci_devices = 1 },
	.cpus = { 4 },
	.memory = {
		{ NOWHERE, 0x1000, 0x1000, MEMORY_READ | MEMORY_ROOT_SHARED },
		{ NOWHERE + 0x1000, 0x2000, 0x1000, MEMORY_READ | MEMORY_ROOT_SHARED },
		{ NOWHERE + 0x2000, 0x3000, 0x1000, MEMORY_READ | MEMORY_ROOT_SHARED },
		{ NOWHERE + 0x3000, 0x4000, 0x1000, MEMORY_READ | MEMORY_ROOT_SHARED },
	},
	.device = { .type = 3, .shmem_peers = 2 },
};

/* CPU 1 meets it with two locks and with CPU 0 held; CPU 2 is the cell's already. Only these two are lost. */
static void a_cpu_that_is_lost_takes_nobody_along(void)
{
	uint64_t value, end;

	enable();
	cpu_off(2);
	work_give(1, WORK_CREATE, (uint64_t)&lost);
	end = now() + 2 * sys_read(cntfrq_el0);
	do {
		relax();
		value = call_hvc(HC_CPU_INFO, 1, 0);
	} while (value != CPU_LOST && now() < end);
	check(value == CPU_LOST, "state of a CPU that is lost", value);
	value = call_hvc(HC_CELL_STATE, 1, 0);
	check(value == (uint64_t)-2, "management after it", value);
	interrupts_work_alone();
	value = call_hvc(HC_DISABLE, 0, 0);
	check(value == 0, "disable without the lost ones", value);
	cpu_on(1);
	cpu_on(2);
	interrupts_work("interrupts with those that were lost");
}

/* ---- an LPI that the root sends to a cell's CPU ---- */

#define LPI_TABLES	(HV_BASE - 0x400000)	/* 64 KiB each */
#define LPI_AT(n)	(LPI_TABLES + (n) * 0x10000ull)
enum { LPI_CONFIG, LPI_PENDING, ITS_DEVICES, ITS_COLLECTIONS, ITS_DEVICE, ITS_QUEUE, LPI_TABLE_COUNT };
enum { ITS_INT = 0x03, ITS_MAPD = 0x08, ITS_MAPC = 0x09, ITS_MAPTI = 0x0a };
#define LPI_FIRST	8192ull

static void its_command(uint64_t word0, uint64_t word1, uint64_t word2)
{
	volatile uint64_t *writer = (volatile uint64_t *)(ITS + 0x88);
	uint64_t at = *writer, *command = (uint64_t *)(LPI_AT(ITS_QUEUE) + at);

	command[0] = word0;
	command[1] = word1;
	command[2] = word2;
	command[3] = 0;
	__asm__ volatile("dsb sy" : : : "memory");
	*writer = (at + 32) & 0xfff;
}

/* Device 0's event 0 is the first LPI, at CPU 1. */
static void lpi_set_up(void)
{
	volatile uint64_t *frame = (volatile uint64_t *)(GICR + 0x20000);

	memset((void *)LPI_TABLES, 0, LPI_TABLE_COUNT * 0x10000);
	*(volatile uint8_t *)LPI_AT(LPI_CONFIG) = 0xa1;
	frame[0x70 / 8] = LPI_AT(LPI_CONFIG) | 15;
	frame[0x78 / 8] = LPI_AT(LPI_PENDING);
	w32(GICR + 0x20000, 1);
	table_written(GITS_CBASER, VALID | LPI_AT(ITS_QUEUE));
	*(volatile uint64_t *)(ITS + 0x88) = 0;
	table_written(GITS_BASER0, VALID | LPI_AT(ITS_DEVICES));
	table_written(GITS_BASER0 + 8, VALID | LPI_AT(ITS_COLLECTIONS));
	w32(ITS, 1);
	its_command(ITS_MAPD, 8, VALID | LPI_AT(ITS_DEVICE));
	its_command(ITS_MAPC, 0, VALID | 1 << 16);
	its_command(ITS_MAPTI, LPI_FIRST << 32, 0);
}

static void lpi_shut_down(void)
{
	w32(ITS, 0);
	table_written(GITS_CBASER, 0);
	table_written(GITS_BASER0, 0);
	table_written(GITS_BASER0 + 8, 0);
	w32(GICR + 0x20000, 0);
}

static void an_lpi_is_no_cells(void)
{
	uint64_t value, exits, end;

	lpi_set_up();
	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == 0, "create beside LPIs", value);
	call_hvc(HC_CELL_SET_LOADABLE, 1, 0);
	memcpy((void *)CELL_BASE, inmate, (unsigned long)(inmate_end - inmate));
	value = call_hvc(HC_CELL_START, 1, 0);
	check(value == 0, "start beside LPIs", value);
	exits = call_hvc(HC_CPU_INFO, 1, CPU_INFO_STAT + STAT_EXITS);
	its_command(ITS_INT, 0, 0);
	for (end = now() + 2 * sys_read(cntfrq_el0), value = exits; value == exits && now() < end;) {
		relax();
		value = call_hvc(HC_CPU_INFO, 1, CPU_INFO_STAT + STAT_EXITS);
	}
	check(value > exits, "the LPI came to EL2", value);
	value = call_hvc(HC_CPU_INFO, 1, CPU_INFO_STAT + STAT_VIRQ);
	check(value == 0, "the root's LPI in a cell", value);
	value = call_agreed(HC_CELL_DESTROY);
	check(value == 0, "destroy beside LPIs", value);
	lpi_shut_down();
}

static void an_lpi_survives_its_cpu(void)
{
	uint64_t before = irqs[0][0], given = call_hvc(HC_CPU_INFO, 1, CPU_INFO_STAT + STAT_VIRQ);
	uint64_t end = now() + 2 * sys_read(cntfrq_el0);

	cpu_mask(1);
	lpi_set_up();
	its_command(ITS_INT, 0, 0);
	while (call_hvc(HC_CPU_INFO, 1, CPU_INFO_STAT + STAT_VIRQ) == given && now() < end)
		relax();
	cpu_off(1);
	check(wait_until(&irqs[0][0], before + 1), "an LPI that another CPU had when it went off", irqs[0][0]);
	lpi_shut_down();
	cpu_on(1);
}

#define LPIS_MANY	300u

/* More than the queue of a CPU takes. An SPI that comes then is active in hardware, for ever if it were lost. */
static void an_interrupt_finds_room_behind_many(void)
{
	uint64_t given = call_hvc(HC_CPU_INFO, 1, CPU_INFO_STAT + STAT_VIRQ), end = now() + 2 * sys_read(cntfrq_el0);

	lpi_set_up();
	memset((void *)LPI_AT(LPI_CONFIG), 0xa1, LPIS_MANY);
	for (uint64_t i = 1; i < LPIS_MANY; i++)
		its_command(ITS_MAPTI, i | (LPI_FIRST + i) << 32, 0);
	cpu_mask(1);
	spi_route(1);
	for (uint64_t i = 0; i < LPIS_MANY; i++)
		its_command(ITS_INT, i, 0);
	while (call_hvc(HC_CPU_INFO, 1, CPU_INFO_STAT + STAT_VIRQ) < given + LPIS_MANY && now() < end)
		relax();
	spi_pend();
	cpu_unmask(1);
	end = now() + 2 * sys_read(cntfrq_el0);
	while (spi_is_active() && now() < end)
		relax();
	check(!spi_is_active(), "an SPI behind many LPIs", irqs[1][SPI % 32]);
	spi_off();
	lpi_shut_down();
}

static void cells(void)
{
	uint64_t used = call_hvc(HC_INFO, INFO_POOL_USED, 0), value;

	cpu_off(2);
	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == (uint64_t)-16, "create with a CPU that runs", value);
	cpu_off(1);
	costs_show();
	if (gic_version == 3)
		tables_and_cells_exclude_each_other();
	for (int i = 0; i < 3; i++)
		cell_runs();
	silent_cell_is_stopped();
	an_interrupt_of_the_root_goes_to_no_cell();
	if (gic_version == 3) {
		lpi_tables_stay_the_roots();
		an_lpi_is_no_cells();
	}
	an_interrupt_that_a_cell_takes_is_given_to_nobody_else(0);
	an_interrupt_comes_back_as_it_was();
	cpu_on(2);
	an_interrupt_that_a_cell_takes_is_given_to_nobody_else(2);
	cpu_off(2);
	cpu_on(1);
	an_interrupt_survives_its_cpu();
	if (gic_version == 3) {
		an_lpi_survives_its_cpu();
		an_interrupt_finds_room_behind_many();
	}
	an_sgi_that_is_off_waits();
	cpu_on(2);
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
			if (gic_version == 3)
				tables_stay_in_the_roots_memory();
			put("interrupts\n");
			interrupts_work("interrupts in the root cell");
			put("cells\n");
			cells();
		}
		put("disable\n");
		disable();
		interrupts_work("interrupts after");
	}
	if (gic_version == 3)
		a_table_that_is_elsewhere_already_is_refused();
	a_cpu_that_is_lost_takes_nobody_along();
	an_sgi_sent_before_the_change_arrives();
}
