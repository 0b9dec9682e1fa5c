/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A victim's cell on CPU 2 and an attacker's on CPU 1, while the root's CPU 0 sleeps; QEMU has put both inmates where the cells
 * are. The attacker is started again and again, each time for a slice of time: hostile inmates go on with their next step. What
 * the victim's interrupts cost meanwhile is read out of QEMU's log (tests/system/rig/jitter.py), which also writes `order`.
 */
#include "tests/bare/board.h"

#define CELL_BYTES	0x100000ull
#define VICTIM		(CELL_BASE + CELL_BYTES)
#define ATTACKER	CELL_BASE
#define NAP_US		10u
#define CONSOLE		(CELL_CONSOLE_PERMITTED | CELL_CONSOLE_ACTIVE)

/* At the start of a page that nothing else is in. */
struct order {
	uint32_t starts;	/* of the attacker; 0: it stays parked for one slice */
	uint32_t slice_us;
};
#define ORDER	((const volatile struct order *)0x5d000000)

struct config {
	struct cell_config cell;
	uint8_t cpus[8];
	struct config_memory memory[2];
} ABI_PACKED;

#define CONFIG(name_, id_, cpu, phys, flags_) { \
	.cell = { .signature = CONFIG_CELL_SIGNATURE, .architecture = CONFIG_ARCH_ARM64, .revision = CONFIG_REVISION, \
		  .name = name_, .id = id_, .flags = flags_, .cpu_set_size = 8, .num_memory = 2, .reply_timeout = 1000000 }, \
	.cpus = { 1u << (cpu) }, \
	.memory = { \
		{ phys, 0, CELL_BYTES, MEMORY_READ | MEMORY_WRITE | MEMORY_EXECUTE | MEMORY_LOADABLE }, \
		{ 0, COMM_REGION_BASE, 0x1000, MEMORY_READ | MEMORY_WRITE | MEMORY_COMM_REGION }, \
	} \
}

static const struct config attacker = CONFIG("attacker", 1, 1, ATTACKER, CELL_PASSIVE_COMM_REGION | CONSOLE);
static const struct config victim = CONFIG("victim", 2, 2, VICTIM, CELL_PASSIVE_COMM_REGION | CONSOLE);

const uint32_t board_cpus = 3;

/*
 * In short naps: under -icount a CPU's turn lasts until the next timer of any, and when the victim's is the next, the attacker gets
 * another turn before the victim wakes. That one must not be a long one.
 */
static void sleep_us(uint64_t us)
{
	uint64_t each = sys_read(cntfrq_el0) / 1000000 * NAP_US, end = now() + sys_read(cntfrq_el0) / 1000000 * us;

	irqs_on(0);
	while (now() < end) {
		uint64_t ticks = irqs[0][TIMER_IRQ];

		sys_write(cntv_tval_el0, each);
		sys_write(cntv_ctl_el0, 1);
		while (irqs[0][TIMER_IRQ] == ticks) {
			__asm__ volatile("wfi" : : : "memory");
			irqs_on(1);
			isb();
			irqs_on(0);
		}
	}
	irqs_on(1);
}

static void make(const struct config *config)
{
	uint64_t value = call_hvc(HC_CELL_CREATE, (uint64_t)config, 0);

	check(value == 0, "create", value);
}

static void start(const struct config *config)
{
	uint64_t value = call_hvc(HC_CELL_START, config->cell.id, 0);

	check(value == 0, "start", value);
}

static void runs(const struct config *config)
{
	uint64_t value = call_hvc(HC_CELL_STATE, config->cell.id, 0);

	check(value == CELL_RUNNING, "state of the victim", value);
}

void board_main(void)
{
	enable();
	cpu_off(1);
	cpu_off(2);
	make(&victim);
	make(&attacker);
	start(&victim);
	sleep_us(100);
	put("begin\n");
	for (uint32_t i = 0; i < ORDER->starts; i++) {
		start(&attacker);
		sleep_us(ORDER->slice_us);
	}
	if (!ORDER->starts)
		sleep_us(ORDER->slice_us);
	runs(&victim);
}
