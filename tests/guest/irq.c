/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts and timers seen from inside (ARM IHI 0048B, IHI 0069, DDI 0487 D11): generic timers, SGIs, PPIs and SPIs, priority,
 * masks, end of interrupt, WFI; with GICv2 and GICv3.
 */
#include "rt/rt.h"

static volatile u64 order[32], ended;
static volatile u32 ids[32];
static volatile u64 count;

/* Acknowledges, notes, disables what would come again, ends. */
static void note(struct frame *f)
{
	u32 id = rt_gic_ack(), n = id & 1023;

	if (n == INTID_SPURIOUS) {
		ended++;
		return;
	}
	if (count < ARRAY_SIZE(ids))
		ids[count] = id;
	if (n == INTID_VTIMER)
		write_reg_isb(cntv_ctl_el0, 0);
	if (n == INTID_PTIMER)
		write_reg_isb(cntp_ctl_el0, 0);
	rt_gic_eoi(id);
	__atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
}

static void start(void)
{
	count = ended = 0;
	rt_gic_init();
	rt_cpu()->irq = note;
}

/* Long enough for anything that is due. */
static void open_window(void)
{
	irq_on();
	for (unsigned i = 0; i < 50; i++)
		__asm__ volatile("isb");
	irq_off();
}

static u64 timer_read(bool virt, unsigned what)
{
	switch (what) {
	case 0: return virt ? read_reg(cntv_ctl_el0) : read_reg(cntp_ctl_el0);
	case 1: return virt ? read_reg(cntv_cval_el0) : read_reg(cntp_cval_el0);
	default: return virt ? read_reg(cntv_tval_el0) : read_reg(cntp_tval_el0);
	}
}

static void timer_write(bool virt, unsigned what, u64 v)
{
	switch (what) {
	case 0: if (virt) write_reg(cntv_ctl_el0, v); else write_reg(cntp_ctl_el0, v); break;
	case 1: if (virt) write_reg(cntv_cval_el0, v); else write_reg(cntp_cval_el0, v); break;
	default: if (virt) write_reg(cntv_tval_el0, v); else write_reg(cntp_tval_el0, v); break;
	}
	isb();
}
enum { CTL, CVAL, TVAL };

static void timer_registers(bool virt)
{
	u64 now;

	timer_write(virt, CTL, 0);
	timer_write(virt, CVAL, 0x123456789abcdef0);
	equal(timer_read(virt, CVAL), 0x123456789abcdef0);
	timer_write(virt, TVAL, 1000000000);
	now = rt_now();
	check(timer_read(virt, CVAL) - now <= 1000000000, "CVAL is not the counter and TVAL");
	check(timer_read(virt, TVAL) <= 1000000000, "TVAL does not count down");
	timer_write(virt, TVAL, (u64)-5 & 0xffffffff);		/* signed: five ticks ago */
	check(timer_read(virt, CVAL) < rt_now(), "a negative TVAL lies ahead");
	check((int)timer_read(virt, TVAL) < 0, "TVAL is not negative");
	timer_write(virt, CTL, 1);
	equal(timer_read(virt, CTL), 5);		/* ENABLE, ISTATUS */
	timer_write(virt, CTL, 3);
	equal(timer_read(virt, CTL), 7);		/* IMASK hides nothing but the line */
	timer_write(virt, CTL, 0);
	equal(timer_read(virt, CTL) & 3, 0);
	timer_write(virt, TVAL, 0x7fffffff);
	timer_write(virt, CTL, 1);
	equal(timer_read(virt, CTL), 1);
	timer_write(virt, CTL, ~0ull);
	equal(timer_read(virt, CTL) & ~4ull, 3);
	timer_write(virt, CTL, 0);
}

static void timers_registers(void)
{
	timer_registers(true);
	timer_registers(false);
}

static void timer_fires(bool virt)
{
	u32 id = virt ? INTID_VTIMER : INTID_PTIMER;
	u64 begin;

	start();
	rt_gic_enable(id, 0x80);
	for (unsigned i = 0; i < 20; i++) {
		u64 seen = count;

		begin = rt_now();
		timer_write(virt, CVAL, begin + rt_ticks(1000));
		timer_write(virt, CTL, 1);
		irq_on();
		check(rt_wait_for(&count, seen + 1, 3000), "no interrupt");
		irq_off();
		check(rt_now() - begin >= rt_ticks(999), "too early: %lu ticks", rt_now() - begin);
		equal(ids[i], id);
	}
}

static void vtimer(void)	{ timer_fires(true); }
static void ptimer(void)	{ timer_fires(false); }

static void timer_masked(void)
{
	start();
	rt_gic_enable(INTID_VTIMER, 0x80);
	timer_write(true, CVAL, 0);
	timer_write(true, CTL, 3);
	open_window();
	equal(count, 0);
	check(!rt_gic_pending(INTID_VTIMER), "pending though IMASK is set");
	timer_write(true, CTL, 1);
	check(rt_gic_pending(INTID_VTIMER), "not pending");
	timer_write(true, CTL, 0);			/* level: goes with its cause */
	check(!rt_gic_pending(INTID_VTIMER), "pending though the timer is off");
	open_window();
	equal(count, 0);
	timer_write(true, CTL, 1);
	open_window();
	equal(count, 1);
}

static void timer_past(void)
{
	start();
	rt_gic_enable(INTID_VTIMER, 0x80);
	irq_on();
	timer_write(true, CVAL, rt_now() - 1);
	timer_write(true, CTL, 1);
	check(rt_wait_for(&count, 1, 3000), "a deadline in the past is lost");
	irq_off();
	/* Moved to the future before it was taken. */
	timer_write(true, CTL, 1);
	timer_write(true, CVAL, ~0ull >> 1);
	open_window();
	equal(count, 1);
}

/* CNTVOFF is 0 or not: the two counters run alike; EL0 reads the same. */
static void counters(void)
{
	u64 a = read_reg(cntpct_el0), b = read_reg(cntvct_el0), hz = read_reg(cntfrq_el0);

	check(hz >= 1000000 && hz <= 1000000000, "%lu Hz", hz);
	for (unsigned i = 0; i < 1000; i++) {
		u64 now;

		isb();
		now = read_reg(cntvct_el0);
		check(now >= b, "the counter goes back");
		b = now;
	}
	rt_delay_us(1000);
	check(read_reg(cntpct_el0) > a, "the physical counter stands");
}

static void wfi_wakes(void)
{
	u64 begin;

	start();
	rt_gic_enable(INTID_VTIMER, 0x80);
	for (unsigned i = 0; i < 10; i++) {
		begin = rt_now();
		timer_write(true, CVAL, begin + rt_ticks(3000));
		timer_write(true, CTL, 1);
		while (!rt_gic_pending(INTID_VTIMER))
			__asm__ volatile("wfi");	/* masked: wakes all the same, nothing is taken */
		check(rt_now() - begin >= rt_ticks(2999), "too early");
		equal(count, i);
		open_window();
		equal(count, i + 1);
	}
	timer_write(true, CVAL, 0);
	timer_write(true, CTL, 1);
	__asm__ volatile("wfi\n\twfi\n\twfi");	/* pending already: no sleep */
	timer_write(true, CTL, 0);
}

static void isr_register(void)
{
	start();
	rt_gic_enable(INTID_VTIMER, 0x80);
	equal(read_reg(isr_el1), 0);
	timer_write(true, CVAL, 0);
	timer_write(true, CTL, 1);
	equal(read_reg(isr_el1), PSR_I);
	timer_write(true, CTL, 0);
	equal(read_reg(isr_el1), 0);
}

static void frame_of_irq(void)
{
	struct frame f = { 0 };
	extern const char irq_spin[];

	start();
	rt_cpu()->irq = NULL;
	rt_gic_enable(INTID_VTIMER, 0x80);
	timer_write(true, CVAL, rt_now() + rt_ticks(2000));
	timer_write(true, CTL, 1);
	f.elr = (u64)USER(irq_spin);
	f.spsr = 5ull << 28;
	rt_enter(&f);
	equal(f.vector, VEC_EL0 | VEC_IRQ);
	equal(f.spsr, 5ull << 28);
	check(f.elr - (u64)USER(irq_spin) <= 8, "elr %lx", f.elr);
	check(f.x[0] > 0, "it did not run");
	timer_write(true, CTL, 0);
	/* ... and from EL1, where the pin is up before masks open. */
	timer_write(true, CVAL, 0);
	timer_write(true, CTL, 1);
	f = (struct frame){ .elr = PA(irq_spin), .spsr = PSR_EL1H & ~PSR_I };
	rt_enter(&f);
	equal(f.vector, VEC_EL1H | VEC_IRQ);
	equal(f.elr, PA(irq_spin));
	timer_write(true, CTL, 0);
}
__asm__(".text\n\t.balign 8\nirq_spin:\n\tadd x0, x0, #1\n\tb irq_spin\n\tnop\n");

/* ---- GIC ---- */

static void sgi_self(void)
{
	start();
	for (unsigned i = 0; i < 16; i++)
		rt_gic_enable(i, 0x80);
	for (unsigned i = 0; i < 16; i++) {
		rt_gic_sgi(i, 1);
		open_window();
		equal(count, i + 1);
		equal(ids[i] & 1023, i);
	}
}

static void spi_by_software(void)
{
	start();
	for (unsigned i = 0; i < 8; i++) {
		unsigned id = INTID_SPI + 5 * i;

		rt_gic_edge(id, true);
		rt_gic_target(id, 0);
		rt_gic_enable(id, 0x80);
		rt_gic_pend(id);
		check(rt_gic_pending(id), "%u is not pending", id);
		open_window();
		equal(count, i + 1);
		equal(ids[i], id);
		check(!rt_gic_pending(id), "%u is pending still", id);
		check(!rt_gic_active(id), "%u is active still", id);
	}
	/* Taken back. */
	rt_gic_pend(INTID_SPI);
	rt_gic_unpend(INTID_SPI);
	open_window();
	equal(count, 8);
	/* Disabled: waits until it is enabled. */
	rt_gic_disable(INTID_SPI);
	rt_gic_pend(INTID_SPI);
	open_window();
	equal(count, 8);
	rt_gic_enable(INTID_SPI, 0x80);
	open_window();
	equal(count, 9);
}

static void priorities(void)
{
	static const u8 prio[] = { 0x90, 0x30, 0xd0, 0x10, 0x70 };
	static const u8 want[] = { 3, 1, 4, 0, 2 };

	start();
	for (unsigned i = 0; i < 5; i++) {
		rt_gic_edge(INTID_SPI + i, true);
		rt_gic_target(INTID_SPI + i, 0);
		rt_gic_enable(INTID_SPI + i, prio[i]);
		rt_gic_pend(INTID_SPI + i);
	}
	equal(rt_gic_highest(), INTID_SPI + 3);
	open_window();
	equal(count, 5);
	for (unsigned i = 0; i < 5; i++)
		equal(ids[i], INTID_SPI + want[i]);
}

static void priority_mask(void)
{
	start();
	rt_gic_edge(INTID_SPI, true);
	rt_gic_target(INTID_SPI, 0);
	rt_gic_enable(INTID_SPI, 0x80);
	rt_gic_mask(0x80);			/* only what is below */
	rt_gic_pend(INTID_SPI);
	open_window();
	equal(count, 0);
	equal(rt_gic_ack() & 1023, INTID_SPURIOUS);
	rt_gic_mask(0x90);
	open_window();
	equal(count, 1);
	rt_gic_mask(0xff);
}

/* A higher one interrupts the handler of a lower one, the lower not that of a higher. */
static volatile u64 depth, deepest;
static void nested(struct frame *f)
{
	u64 elr = read_reg(elr_el1), spsr = read_reg(spsr_el1);
	u32 id = rt_gic_ack();

	if ((id & 1023) == INTID_SPURIOUS)
		return;
	ids[count] = id;
	count++;
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (id == INTID_SPI + 1) {
		check(rt_gic_running() == 0x80, "running priority %x", rt_gic_running());
		rt_gic_pend(INTID_SPI + 2);	/* higher */
		rt_gic_pend(INTID_SPI);		/* lower */
	}
	open_window();
	rt_gic_eoi(id);
	depth--;
	write_reg(elr_el1, elr);
	write_reg(spsr_el1, spsr);
}

static void preemption(void)
{
	static const u8 prio[] = { 0xc0, 0x80, 0x40 };

	start();
	depth = deepest = 0;
	rt_cpu()->irq = nested;
	for (unsigned i = 0; i < 3; i++) {
		rt_gic_edge(INTID_SPI + i, true);
		rt_gic_target(INTID_SPI + i, 0);
		rt_gic_enable(INTID_SPI + i, prio[i]);
	}
	equal(rt_gic_running(), 0xff);
	rt_gic_pend(INTID_SPI + 1);
	open_window();
	equal(count, 3);
	equal(deepest, 2);
	equal(ids[0], INTID_SPI + 1);
	equal(ids[1], INTID_SPI + 2);
	equal(ids[2], INTID_SPI);
	equal(rt_gic_running(), 0xff);
}

static void active_state(void)
{
	u32 id;

	start();
	rt_gic_edge(INTID_SPI, true);
	rt_gic_target(INTID_SPI, 0);
	rt_gic_enable(INTID_SPI, 0x80);
	rt_gic_pend(INTID_SPI);
	id = rt_gic_ack();
	equal(id, INTID_SPI);
	check(rt_gic_active(INTID_SPI), "not active");
	check(!rt_gic_pending(INTID_SPI), "pending");
	equal(rt_gic_ack() & 1023, INTID_SPURIOUS);
	rt_gic_pend(INTID_SPI);			/* active and pending */
	equal(rt_gic_ack() & 1023, INTID_SPURIOUS);
	rt_gic_eoi(id);
	check(!rt_gic_active(INTID_SPI), "active after its end");
	equal(rt_gic_ack(), INTID_SPI);
	rt_gic_eoi(INTID_SPI);
	equal(rt_gic_ack() & 1023, INTID_SPURIOUS);
}

/* ---- other vCPUs ---- */

static volatile u64 here[8], stop, ready;
static volatile u32 other_id;

static void count_here(struct frame *f)
{
	u32 id = rt_gic_ack();

	if ((id & 1023) == INTID_SPURIOUS)
		return;
	other_id = id;
	if ((id & 1023) == INTID_VTIMER)
		write_reg_isb(cntv_ctl_el0, 0);
	rt_gic_eoi(id);
	__atomic_add_fetch(&here[rt_cpu()->number], 1, __ATOMIC_SEQ_CST);
}

static void sleeper(void *unused)
{
	rt_gic_init_cpu();
	rt_cpu()->irq = count_here;
	for (unsigned i = 0; i < 16; i++)
		rt_gic_enable(i, 0x80);
	rt_gic_enable(INTID_VTIMER, 0x80);
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	while (!stop) {
		irq_off();
		if (!stop)
			__asm__ volatile("wfi");
		irq_on();
		isb();
	}
	irq_off();
}

static unsigned others(void)
{
	unsigned n = rt_cpus();

	start();
	stop = ready = 0;
	for (unsigned i = 0; i < 8; i++)
		here[i] = 0;
	for (unsigned i = 1; i < n; i++)
		rt_start(i, sleeper, NULL);
	check(rt_wait_for(&ready, n - 1, 5000), "no start");
	return n;
}

static void finish(unsigned n)
{
	stop = 1;
	rt_gic_sgi(15, ((1u << n) - 1) & ~1u);
	rt_wait_all();
}

static void sgi_others(void)
{
	unsigned n = others();

	for (u64 i = 1; i <= 200; i++) {
		unsigned to = 1 + i % (n - 1);
		u64 before = here[to];

		rt_gic_sgi(i & 7, 1u << to);
		if (!rt_wait_for(&here[to], before + 1, 5000)) {
			check(false, "SGI %lu did not reach vCPU %u", i, to);
			break;
		}
		equal(other_id & 1023, i & 7);
		if (rt_gic_version() == 2)
			equal(other_id >> 10 & 7, 0);	/* from vCPU 0 */
	}
	finish(n);
}

static void sgi_all(void)
{
	unsigned n = others();

	for (u64 i = 1; i <= 100; i++) {
		rt_gic_sgi(3, ((1u << n) - 1) & ~1u);
		for (unsigned k = 1; k < n; k++)
			check(rt_wait_for(&here[k], i, 5000), "round %lu: vCPU %u got %lu", i, k, here[k]);
	}
	finish(n);
}

static void spi_target(void)
{
	unsigned n = others();

	rt_gic_edge(INTID_SPI, true);
	rt_gic_enable(INTID_SPI, 0x80);
	for (unsigned i = 0; i < 50; i++) {
		unsigned to = 1 + i % (n - 1);
		u64 before = here[to];

		rt_gic_target(INTID_SPI, to);
		rt_gic_pend(INTID_SPI);
		if (!rt_wait_for(&here[to], before + 1, 5000)) {
			check(false, "round %u: nothing arrived at vCPU %u", i, to);
			break;
		}
	}
	equal(count, 0);
	finish(n);
}

static void own_timer(void *unused)
{
	rt_gic_init_cpu();
	rt_cpu()->irq = count_here;
	rt_gic_enable(INTID_VTIMER, 0x80);
	for (u64 i = 1; i <= 30; i++) {
		write_reg(cntv_cval_el0, rt_now() + rt_ticks(500));
		write_reg_isb(cntv_ctl_el0, 1);
		while (here[rt_cpu()->number] < i) {
			__asm__ volatile("wfi");
			irq_on();
			isb();
			irq_off();
		}
	}
}

static void timers_everywhere(void)
{
	unsigned n = rt_cpus();

	start();
	for (unsigned i = 0; i < 8; i++)
		here[i] = 0;
	for (unsigned i = 1; i < n; i++)
		rt_start(i, own_timer, NULL);
	own_timer(NULL);
	rt_wait_all();
	for (unsigned i = 0; i < n; i++)
		equal(here[i], 30);
}

const struct test tests[] = {
	{ "the counters run and do not go back", counters },
	{ "TVAL, CVAL and CTL are views of one timer", timers_registers },
	{ "the virtual timer interrupts when it is due", vtimer },
	{ "the physical timer interrupts when it is due", ptimer },
	{ "IMASK and ENABLE take a timer's level away", timer_masked },
	{ "a deadline in the past interrupts at once", timer_past },
	{ "WFI sleeps until an interrupt is pending, masked or not", wfi_wakes },
	{ "ISR shows what is pending", isr_register },
	{ "an interrupt saves where it came from, at EL0 and EL1", frame_of_irq },
	{ "each SGI arrives at its sender", sgi_self },
	{ "an SPI is made pending, taken back, and waits for its enable", spi_by_software },
	{ "the highest priority comes first", priorities },
	{ "the priority mask holds back what is not above it", priority_mask },
	{ "a higher priority interrupts a handler, a lower waits", preemption },
	{ "an active interrupt comes again only after its end", active_state },
	{ "SGIs wake other vCPUs out of WFI", sgi_others, "2" },
	{ "one SGI goes to all others", sgi_all, "3" },
	{ "an SPI goes where it is sent", spi_target, "3" },
	{ "every vCPU has timers of its own", timers_everywhere, "2" },
	{ NULL }
};
