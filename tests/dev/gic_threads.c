/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A GICv3 under load: vCPU threads take interrupts and send SGIs to each other while device threads raise lines.
 * Nothing may be lost, taken twice, or leave a pin high. Run it under the thread sanitizer for the rest.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "dev/irqchip/gicv3.h"
#include "isa/arm64/sysreg.h"
#include "tests/dev/board.h"

#define VCPUS		4
#define LINES		6		/* device threads, each with one SPI */
#define ROUNDS		3000
#define DIST		0x08000000ull
#define REDIST		0x080a0000ull
#define PPI		27

static struct board *b;
static struct irqchip *chip;
static uint32_t high[LINES], taken[LINES];	/* by the handler: line n was high when its interrupt came */
static uint32_t ppis[VCPUS], sgis_seen[VCPUS], sgis_asked[VCPUS];
static uint32_t stop, errors;

static void count(uint32_t *n)
{
	__atomic_fetch_add(n, 1, __ATOMIC_SEQ_CST);
}

static uint32_t get(uint32_t *n)
{
	return __atomic_load_n(n, __ATOMIC_SEQ_CST);
}

static uint64_t reg(unsigned cpu, uint32_t r, bool write, uint64_t v)
{
	struct bus_access a = { .vcpu = b->vm.vcpu[cpu], .size = 8, .write = write, .value = v };

	if (bus_access(&b->vm.bus, BUS_SYSREG, r, &a) != BUS_OK)
		count(&errors);
	return a.value;
}

static void poke(unsigned cpu, uint64_t addr, uint64_t v)
{
	struct bus_access a = { .vcpu = b->vm.vcpu[cpu], .size = 4, .write = true, .value = v };

	if (bus_access(&b->vm.bus, BUS_MMIO, addr, &a) != BUS_OK)
		count(&errors);
}

/* One interrupt, if there is one; what a device's handler does is here too. */
static bool take(unsigned cpu)
{
	uint64_t intid = reg(cpu, SYS_ICC_IAR1_EL1, false, 0);

	if (intid == 1023)
		return false;
	if (intid < 16) {
		count(&sgis_seen[cpu]);
	} else if (intid == PPI) {
		gic_set(chip, IRQ_PPI(cpu, PPI), false);
		count(&ppis[cpu]);
	} else {
		unsigned n = (unsigned)intid - 40;

		gic_set(chip, 8 + n, false);
		count(&taken[n]);
		if (!__atomic_exchange_n(&high[n], 0, __ATOMIC_SEQ_CST))
			count(&errors);			/* taken twice */
	}
	reg(cpu, SYS_ICC_EOIR1_EL1, true, intid);
	return true;
}

static void *vcpu_thread(void *arg)
{
	unsigned cpu = (unsigned)(uintptr_t)arg, to, n = cpu;

	while (!get(&stop)) {
		n = n * 1103515245 + 12345;
		to = n >> 16 & 3;
		if ((n >> 20 & 7) == 0) {
			count(&sgis_asked[to]);
			reg(cpu, SYS_ICC_SGI1R_EL1, true, 1u << 24 | 1u << to);
		}
		if ((n >> 23 & 7) == 0) {
			reg(cpu, SYS_ICC_PMR_EL1, true, 0x80);
			reg(cpu, SYS_ICC_PMR_EL1, true, 0xf0);
		}
		if ((n >> 26 & 15) == 0)
			poke(cpu, DIST + 0x6000 + 8 * (40 + to), cpu);	/* moves an SPI to itself */
		if (__atomic_load_n(&b->pin[cpu][CPU_IRQ], __ATOMIC_SEQ_CST))
			take(cpu);
		else
			sched_yield();
	}
	return NULL;
}

static void *line_thread(void *arg)
{
	unsigned n = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		__atomic_store_n(&high[n], 1, __ATOMIC_SEQ_CST);
		gic_set(chip, 8 + n, true);
		if (n < VCPUS)
			gic_set(chip, IRQ_PPI(n, PPI), true);
		for (unsigned spin = 0; get(&high[n]) && spin < 50000000; spin++)
			sched_yield();
		if (get(&high[n]))
			count(&errors);			/* lost */
	}
	return NULL;
}

static void gic_up(void)
{
	struct device *gic;

	b = board_new(VCPUS);
	gic = board_device(b, &gicv3_class);
	assert_int_equal(device_init(gic), 0);
	assert_int_equal(gicv3_map(gic, DIST, REDIST), 0);
	chip = gic_chip(gic);
	poke(0, DIST, 2);
	poke(0, DIST + 0x84, ~0u);
	for (unsigned n = 0; n < LINES; n++) {
		poke(0, DIST + 0x104, 1u << (8 + n));
		poke(0, DIST + 0x6000 + 8 * (40 + n), n % VCPUS);
	}
	for (unsigned c = 0; c < VCPUS; c++) {
		poke(c, REDIST + c * 0x20000 + 0x14, 0);
		poke(c, REDIST + c * 0x20000 + 0x10080, ~0u);
		poke(c, REDIST + c * 0x20000 + 0x10100, ~0u);
		reg(c, SYS_ICC_PMR_EL1, true, 0xf0);
		reg(c, SYS_ICC_IGRPEN1_EL1, true, 1);
	}
}

static void no_interrupt_is_lost_or_taken_twice_when_all_act_at_once(void **state)
{
	pthread_t vcpu[VCPUS], line[LINES];

	gic_up();
	for (uintptr_t i = 0; i < VCPUS; i++)
		assert_int_equal(pthread_create(&vcpu[i], NULL, vcpu_thread, (void *)i), 0);
	for (uintptr_t i = 0; i < LINES; i++)
		assert_int_equal(pthread_create(&line[i], NULL, line_thread, (void *)i), 0);
	for (unsigned i = 0; i < LINES; i++)
		pthread_join(line[i], NULL);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < VCPUS; i++)
		pthread_join(vcpu[i], NULL);
	for (unsigned i = 0; i < VCPUS; i++) {
		while (take(i))
			;
		assert_false(b->pin[i][CPU_IRQ]);
		assert_int_equal(reg(i, SYS_ICC_RPR_EL1, false, 0), 0xff);
		assert_true(sgis_seen[i] <= sgis_asked[i]);	/* they merge, but come */
		assert_true(!sgis_asked[i] || sgis_seen[i]);
		assert_true(ppis[i] && ppis[i] <= ROUNDS);
	}
	for (unsigned i = 0; i < LINES; i++)
		assert_int_equal(taken[i], ROUNDS);
	assert_int_equal(errors, 0);
	board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_interrupt_is_lost_or_taken_twice_when_all_act_at_once),
	};

	return cmocka_run_group_tests_name("gic_threads", tests, NULL, NULL);
}
