/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bare image without Linux: on QEMU's virt board, two CPUs enter and leave the engine, use interrupts, are refused what they
 * are, and give one of them to a cell. Prints a line for each case and "ok" or "FAILED" at the end, then turns the machine off.
 */
#include "abi/config.h"
#include "abi/hypercall.h"
#include "abi/image.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define HV_BASE		0x5e000000ull
#define HV_BYTES	0x400000ull
#define CELL_BASE	0x5f000000ull
#define CELL_BYTES	0x10000ull
#define UART		0x09000000ull
#define GICD		0x08000000ull
#define GICC		0x08010000ull
#define GICR		0x080a0000ull
#define TIMER_IRQ	27u
#define CPUS		2u

#define sys_read(name) ({ uint64_t v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })
#define sys_write(name, value) __asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)) : "memory")
#define relax()	__asm__ volatile("yield" : : : "memory")	/* under -icount the other CPU's turn comes by it */
#define isb()	__asm__ volatile("isb" : : : "memory")

extern char image[], image_end[], inmate[], inmate_end[];
uint64_t call_hvc0(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);
uint64_t call_hvc(uint64_t x0, uint64_t x1, uint64_t x2);
uint64_t call_smc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);
void cpu_main(uint64_t cpu);
void took_exception(void);
void took_irq(void);
void *memcpy(void *d, const void *s, unsigned long n);
void *memset(void *d, int c, unsigned long n);

static volatile uint32_t gic_version, failures;
static volatile uint64_t irqs[CPUS][32], exceptions, last_esr;
static volatile uint64_t work[CPUS], work_arg[CPUS], work_result[CPUS];

/* ---- a little library ---- */

void *memcpy(void *d, const void *s, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		((volatile char *)d)[i] = ((const char *)s)[i];
	return d;
}

void *memset(void *d, int c, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		((volatile char *)d)[i] = (char)c;
	return d;
}

/* Forms that a trap can tell apart: no write-back of the address. */
static uint32_t r32(uint64_t a)
{
	uint32_t v;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(v) : "r"(a) : "memory");
	return v;
}

static void w32(uint64_t a, uint32_t v)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(v), "r"(a) : "memory");
}

static void put(const char *s)
{
	while (*s)
		w32(UART, (uint8_t)*s++);
}

static void put_hex(uint64_t v)
{
	for (int i = 60; i >= 0; i -= 4)
		w32(UART, (uint8_t)"0123456789abcdef"[v >> i & 15]);
}

static void check(int good, const char *what, uint64_t value)
{
	if (good)
		return;
	failures++;
	put("  failed: ");
	put(what);
	put(" ");
	put_hex(value);
	put("\n");
}

static uint64_t now(void)
{
	return sys_read(cntvct_el0);
}

static int wait_until(volatile uint64_t *what, uint64_t at_least)
{
	uint64_t end = now() + sys_read(cntfrq_el0) * 2;

	while (*what < at_least) {
		relax();
		if (now() > end)
			return 0;
	}
	return 1;
}

/* ---- interrupts, as Linux has them after a boot at EL2: EOImode 1 ---- */

static void gic_init_cpu(uint64_t cpu)
{
	uint64_t sgi = gic_version == 3 ? GICR + cpu * 0x20000 + 0x10000 : GICD;

	if (gic_version == 3) {
		w32(GICR + cpu * 0x20000 + 0x14, 0);
		w32(sgi + 0x80, ~0u);
	}
	for (unsigned i = 0; i < 32; i += 4)
		w32(sgi + 0x400 + i, 0xa0a0a0a0);
	w32(sgi + 0x180, 0xffff0000);
	w32(sgi + 0x100, 0xffff | 1u << TIMER_IRQ);
	if (gic_version == 3) {
		sys_write(S3_0_C12_C12_5, 7);
		isb();
		sys_write(S3_0_C4_C6_0, 0xf0);
		sys_write(S3_0_C12_C12_4, 2);
		sys_write(S3_0_C12_C12_7, 1);
		isb();
	} else {
		w32(GICC + 4, 0xf0);
		w32(GICC, 0x201);
	}
}

void took_irq(void)
{
	uint64_t cpu = sys_read(mpidr_el1) & 0xff;
	uint32_t iar = gic_version == 3 ? (uint32_t)sys_read(S3_0_C12_C12_0) : r32(GICC + 0xc), irq = iar & 0x3ff;

	if (irq >= 1020)
		return;
	if (irq == TIMER_IRQ)
		sys_write(cntv_ctl_el0, 0);
	if (gic_version == 3) {
		sys_write(S3_0_C12_C12_1, iar);
		sys_write(S3_0_C12_C11_1, iar);
	} else {
		w32(GICC + 0x10, iar);
		w32(GICC + 0x1000, iar);
	}
	irqs[cpu][irq % 32]++;
}

void took_exception(void)
{
	exceptions++;
	last_esr = sys_read(esr_el1);
	sys_write(elr_el1, sys_read(elr_el1) + 4);
}

static void sgi_send(uint64_t cpu, uint32_t sgi)
{
	if (gic_version == 3)
		sys_write(S3_0_C12_C11_5, (uint64_t)sgi << 24 | 1u << cpu);
	else
		w32(GICD + 0xf00, 1u << (16 + cpu) | sgi);
	isb();
}

static void irqs_on(int on)
{
	if (on)
		__asm__ volatile("msr daifclr, #2" : : : "memory");
	else
		__asm__ volatile("msr daifset, #2" : : : "memory");
}

/* ---- the other CPU does what it is told ---- */

enum { WORK_NONE, WORK_ENTER, WORK_HVC, WORK_OFF, WORK_NOTHING };

static uint64_t engine_enter(uint64_t cpu)
{
	struct image_header *h = (struct image_header *)HV_BASE;
	uint64_t result;

	irqs_on(0);
	result = call_hvc0(1, HV_BASE + h->entry, cpu, 0);
	irqs_on(1);
	return result;
}

static void work_do(uint64_t cpu)
{
	uint64_t what = work[cpu];

	if (what == WORK_NONE)
		return;
	if (what == WORK_ENTER)
		work_result[cpu] = engine_enter(cpu);
	else if (what == WORK_HVC)
		work_result[cpu] = call_hvc(work_arg[cpu], 0, 0);
	work[cpu] = WORK_NONE;
	if (what == WORK_OFF) {
		irqs_on(0);
		call_smc(0x84000002, 0, 0, 0);
	}
}

static void work_give(uint64_t cpu, uint64_t what, uint64_t arg)
{
	work_arg[cpu] = arg;
	work[cpu] = what;
}

static uint64_t work_wait(uint64_t cpu)
{
	while (work[cpu] != WORK_NONE)
		relax();
	return work_result[cpu];
}

/* ---- cases ---- */

static struct {
	struct system_config system;
	uint8_t cpus[8];
	struct config_memory memory[3];
} ABI_PACKED system = {
	.system = {
		.signature = CONFIG_SYSTEM_SIGNATURE, .architecture = CONFIG_ARCH_ARM64, .revision = CONFIG_REVISION,
		.flags = SYSTEM_VIRTUAL_CONSOLE,
		.hypervisor_memory = { .phys = HV_BASE, .size = HV_BYTES },
		.platform = { .gicd_base = GICD, .gicc_base = GICC, .gich_base = 0x08030000, .gicv_base = 0x08040000,
			      .gicr_base = GICR, .maintenance_irq = 25 },
		.root = { .name = "root", .cpu_set_size = 8, .num_memory = 3 },
	},
	.cpus = { 3 },
	.memory = {
		{ 0x40000000, 0x40000000, HV_BASE - 0x40000000, MEMORY_READ | MEMORY_WRITE | MEMORY_EXECUTE | MEMORY_DMA },
		{ CELL_BASE, CELL_BASE, 0x1000000, MEMORY_READ | MEMORY_WRITE | MEMORY_EXECUTE | MEMORY_DMA },
		{ 0x08000000, 0x08000000, 0x02000000, MEMORY_READ | MEMORY_WRITE | MEMORY_IO },
	},
};

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

static void image_load(void)
{
	struct image_header *h = (struct image_header *)HV_BASE;

	memset((void *)HV_BASE, 0, 0x100000);
	memcpy((void *)HV_BASE, image, (unsigned long)(image_end - image));
	h->max_cpus = CPUS;
	h->online_cpus = CPUS;
	h->config_offset = h->core_size + CPUS * h->percpu_size;
	h->config_size = sizeof(system);
	h->phys = HV_BASE;
	h->size = HV_BYTES;
	system.system.platform.gic_version = (uint8_t)gic_version;
	memcpy((void *)(HV_BASE + h->config_offset), &system, sizeof(system));
}

static void console_show(void)
{
	struct image_header *h = (struct image_header *)HV_BASE;
	struct image_console *ring = (struct image_console *)(HV_BASE + h->console_offset);

	for (uint32_t i = 0; i < ring->tail; i++)
		w32(UART, (uint8_t)ring->content[i & (ring->size - 1)]);
}

static void enable(void)
{
	uint64_t mine;

	image_load();
	work_give(1, WORK_ENTER, 0);
	mine = engine_enter(0);
	check(mine == 0, "enable on CPU 0", mine);
	mine = work_wait(1);
	check(mine == 0, "enable on CPU 1", mine);
}

static void disable(void)
{
	uint64_t mine;

	work_give(1, WORK_HVC, HC_DISABLE);
	mine = call_hvc(HC_DISABLE, 0, 0);
	check(mine == 0, "disable on CPU 0", mine);
	mine = work_wait(1);
	check(mine == 0, "disable on CPU 1", mine);
	mine = call_hvc0(77, 0, 0, 0);
	check(mine == 0xbadca11, "the stub answers again", mine);
}

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

static void cpu1_off(void)
{
	work_give(1, WORK_OFF, 0);
	while (call_smc(0xc4000004, 1, 0, 0) != 1)
		relax();
}

static void cpu1_on(void)
{
	extern char _start[];
	uint64_t value = call_smc(0xc4000003, 1, (uint64_t)_start, 0);

	check(value == 0, "CPU_ON", value);
	work_give(1, WORK_HVC, HC_INFO);
	work_wait(1);
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

static void cells(void)
{
	uint64_t used = call_hvc(HC_INFO, INFO_POOL_USED, 0), value;

	value = call_hvc(HC_CELL_CREATE, (uint64_t)&cell, 0);
	check(value == (uint64_t)-16, "create with a CPU that runs", value);
	cpu1_off();
	costs_show();
	for (int i = 0; i < 3; i++)
		cell_runs();
	cpu1_on();
	value = call_hvc(HC_INFO, INFO_POOL_USED, 0);
	check(value == used, "the pool is as it was", value);
}

void cpu_main(uint64_t cpu)
{
	gic_version = (sys_read(id_aa64pfr0_el1) >> 24 & 15) ? 3 : 2;
	if (!cpu)
		w32(GICD, gic_version == 3 ? 0x12 : 1);
	gic_init_cpu(cpu);
	irqs_on(1);
	if (cpu)
		for (;;) {
			relax();
			work_do(cpu);
		}
	extern char _start[];
	call_smc(0xc4000003, 1, (uint64_t)_start, 0);
	work_give(1, WORK_NOTHING, 0);
	work_wait(1);
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
	console_show();
	put(failures ? "FAILED\n" : "ok\n");
	call_smc(0x84000008, 0, 0, 0);
}
