/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs share that test the bare image without Linux: console, interrupts as Linux has them, CPUs that do what they are
 * told, the root's configuration, and the way in and out of the engine.
 */
#include "tests/bare/board.h"

extern char image[], image_end[], _start[];
void cpu_main(uint64_t cpu);
void took_exception(void);
void took_irq(void);

volatile uint32_t gic_version, failures;
volatile uint64_t irqs[CPUS_MAX][32], exceptions, last_esr;
static volatile uint64_t work[CPUS_MAX], work_arg[CPUS_MAX], work_result[CPUS_MAX];
uint64_t console_at;

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
uint32_t r32(uint64_t a)
{
	uint32_t v;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(v) : "r"(a) : "memory");
	return v;
}

void w32(uint64_t a, uint32_t v)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(v), "r"(a) : "memory");
}

void put(const char *s)
{
	while (*s)
		w32(UART, (uint8_t)*s++);
}

void put_hex(uint64_t v)
{
	for (int i = 60; i >= 0; i -= 4)
		w32(UART, (uint8_t)"0123456789abcdef"[v >> i & 15]);
}

void check(int good, const char *what, uint64_t value)
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

uint64_t now(void)
{
	return sys_read(cntvct_el0);
}

int wait_until(volatile uint64_t *what, uint64_t at_least)
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

void sgi_send(uint64_t cpu, uint32_t sgi)
{
	if (gic_version == 3)
		sys_write(S3_0_C12_C11_5, (uint64_t)sgi << 24 | 1u << cpu);
	else
		w32(GICD + 0xf00, 1u << (16 + cpu) | sgi);
	isb();
}

void spi_route(uint64_t cpu)
{
	uint32_t shift = SPI % 16 * 2;

	w32(GICD + 0xc00 + SPI / 16 * 4, (r32(GICD + 0xc00 + SPI / 16 * 4) & ~(3u << shift)) | 2u << shift);
	if (gic_version == 3) {
		w32(GICD + 0x6000 + 8 * SPI, (uint32_t)cpu);
	} else {
		shift = SPI % 4 * 8;
		w32(GICD + 0x800 + SPI / 4 * 4, (r32(GICD + 0x800 + SPI / 4 * 4) & ~(0xffu << shift)) | 1u << (shift + cpu));
	}
	w32(GICD + 0x100 + SPI / 32 * 4, 1u << SPI % 32);
}

void spi_pend(void)
{
	w32(GICD + 0x200 + SPI / 32 * 4, 1u << SPI % 32);
	while (!(r32(GICD + 0x300 + SPI / 32 * 4) >> SPI % 32 & 1))
		relax();
}

void irqs_on(int on)
{
	if (on)
		__asm__ volatile("msr daifclr, #2" : : : "memory");
	else
		__asm__ volatile("msr daifset, #2" : : : "memory");
}

/* ---- the other CPU does what it is told ---- */

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
	else if (what == WORK_CREATE)
		work_result[cpu] = call_hvc(HC_CELL_CREATE, work_arg[cpu], 0);
	else if (what == WORK_MASK)
		irqs_on(0);
	else if (what == WORK_UNMASK)
		irqs_on(1);
	else if (what == WORK_HVC)
		work_result[cpu] = call_hvc(work_arg[cpu], 0, 0);
	work[cpu] = WORK_NONE;
	if (what != WORK_OFF)
		return;
	irqs_on(0);
	call_smc(0x84000002, 0, 0, 0);
}

void work_give(uint64_t cpu, uint64_t what, uint64_t arg)
{
	work_arg[cpu] = arg;
	work[cpu] = what;
}

uint64_t work_wait(uint64_t cpu)
{
	while (work[cpu] != WORK_NONE)
		relax();
	return work_result[cpu];
}

/* ---- the engine ---- */

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
			      .gicr_base = GICR, .maintenance_irq = 25, .pci_config_base = 0x0b000000, .pci_is_virtual = 1 },
		.root = { .name = "root", .cpu_set_size = 8, .num_memory = 3 },
	},
	.memory = {
		{ 0x40000000, 0x40000000, HV_BASE - 0x40000000, MEMORY_READ | MEMORY_WRITE | MEMORY_EXECUTE | MEMORY_DMA },
		{ CELL_BASE, CELL_BASE, 0x1000000, MEMORY_READ | MEMORY_WRITE | MEMORY_EXECUTE | MEMORY_DMA },
		{ 0x08000000, 0x08000000, 0x02000000, MEMORY_READ | MEMORY_WRITE | MEMORY_IO },
	},
};

static void image_load(void)
{
	struct image_header *h = (struct image_header *)HV_BASE;

	memset((void *)HV_BASE, 0, 0x100000);
	memcpy((void *)HV_BASE, image, (unsigned long)(image_end - image));
	h->max_cpus = board_cpus;
	h->online_cpus = board_cpus;
	h->config_offset = h->core_size + board_cpus * h->percpu_size;
	h->config_size = sizeof(system);
	h->phys = HV_BASE;
	h->size = HV_BYTES;
	h->its[0] = gic_version == 3 ? ITS : 0;
	system.cpus[0] = (uint8_t)((1u << board_cpus) - 1);
	system.system.platform.gic_version = (uint8_t)gic_version;
	console_at = HV_BASE + h->console_offset;
	memcpy((void *)(HV_BASE + h->config_offset), &system, sizeof(system));
}

/* What it has logged, the last of it: the root may read it. */
static void console_show(void)
{
	struct image_console *ring = (struct image_console *)console_at;
	uint32_t tail = ring->tail;

	for (uint32_t i = tail > ring->size ? tail - ring->size : 0; i < tail; i++)
		w32(UART, (uint8_t)ring->content[i & (ring->size - 1)]);
}

/* 0, or what all CPUs are to get. */
static void enter_all(int64_t result)
{
	uint64_t mine;

	image_load();
	for (uint64_t cpu = 1; cpu < board_cpus; cpu++)
		work_give(cpu, WORK_ENTER, 0);
	mine = engine_enter(0);
	check(mine == (uint64_t)result, "enable on CPU 0", mine);
	for (uint64_t cpu = 1; cpu < board_cpus; cpu++) {
		mine = work_wait(cpu);
		check(mine == (uint64_t)result, "enable on another CPU", mine);
	}
}

void enable(void)
{
	enter_all(0);
}

void enable_refused(int64_t err)
{
	enter_all(err);
}

void disable(void)
{
	uint64_t mine;

	for (uint64_t cpu = 1; cpu < board_cpus; cpu++)
		work_give(cpu, WORK_HVC, HC_DISABLE);
	mine = call_hvc(HC_DISABLE, 0, 0);
	check(mine == 0, "disable on CPU 0", mine);
	for (uint64_t cpu = 1; cpu < board_cpus; cpu++) {
		mine = work_wait(cpu);
		check(mine == 0, "disable on another CPU", mine);
	}
	mine = call_hvc0(77, 0, 0, 0);
	check(mine == 0xbadca11, "the stub answers again", mine);
}

void cpu_off(uint64_t cpu)
{
	work_give(cpu, WORK_OFF, 0);
	while (call_smc(0xc4000004, cpu, 0, 0) != 1)
		relax();
}

void cpu_mask(uint64_t cpu)
{
	work_give(cpu, WORK_MASK, 0);
	work_wait(cpu);
}

void cpu_unmask(uint64_t cpu)
{
	work_give(cpu, WORK_UNMASK, 0);
	work_wait(cpu);
}

void cpu_on(uint64_t cpu)
{
	uint64_t value;

	work_give(cpu, WORK_NONE, 0);		/* what it was lost in */
	value = call_smc(0xc4000003, cpu, (uint64_t)_start, 0);
	check(value == 0, "CPU_ON", value);
	work_give(cpu, WORK_NOTHING, 0);
	work_wait(cpu);
}

void cpu_main(uint64_t cpu)
{
	gic_version = (sys_read(id_aa64pfr0_el1) >> 24 & 15) ? 3 : 2;
	if (!cpu) {
		w32(GICD, gic_version == 3 ? 0x12 : 1);
		if (gic_version == 3)
			w32(GICD + 0x80 + SPI / 32 * 4, ~0u);
	}
	gic_init_cpu(cpu);
	irqs_on(1);
	if (cpu)
		for (;;) {
			relax();
			work_do(cpu);
		}
	for (uint64_t other = 1; other < board_cpus; other++)
		cpu_on(other);
	board_main();
	console_show();
	put(failures ? "FAILED\n" : "ok\n");
	call_smc(0x84000008, 0, 0, 0);
}
