/* SPDX-License-Identifier: BSD-2-Clause */
/* TAP, exceptions, PSCI, time; see rt.h. */
#include <stdarg.h>

#include "rt.h"

#define UART		((volatile u32 *)0x09000000)
#define UART_FR		6			/* words */
#define FR_TXFF		BIT(5)
#define EXIT_DEVICE	((volatile u32 *)0x0a000000)
#define MAX_CPUS	8

static struct rt_cpu cpus[MAX_CPUS];
static bool started[MAX_CPUS];
static bool failed;			/* the running test */
void rt_memory_init(void);
void rt_cpu_init(void);
void rt_memory_reset(void);

/* ---- output ---- */

static void put_char(char c)
{
	while (UART[UART_FR] & FR_TXFF)
		;
	UART[0] = (u8)c;
}

static void put_number(u64 v, unsigned base, unsigned width, bool sign)
{
	char buf[24];
	unsigned n = 0;

	if (sign && (int64_t)v < 0) {
		put_char('-');
		v = -v;
	}
	do {
		buf[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n < width)
		buf[n++] = '0';
	while (n)
		put_char(buf[--n]);
}

static void print_list(const char *fmt, va_list ap)
{
	for (; *fmt; fmt++) {
		unsigned wide = 0;

		if (*fmt != '%') {
			put_char(*fmt);
			continue;
		}
		while (*++fmt == 'l')
			wide++;
		switch (*fmt) {
		case 's':
			for (const char *s = va_arg(ap, const char *); *s; s++)
				put_char(*s);
			break;
		case 'c':	put_char((char)va_arg(ap, int)); break;
		case 'd':	put_number(wide ? va_arg(ap, u64) : (u64)va_arg(ap, int), 10, 0, true); break;
		case 'u':	put_number(wide ? va_arg(ap, u64) : va_arg(ap, unsigned), 10, 0, false); break;
		case 'x':	put_number(wide ? va_arg(ap, u64) : va_arg(ap, unsigned), 16, 0, false); break;
		default:	put_char(*fmt);
		}
	}
}

void rt_print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_list(fmt, ap);
	va_end(ap);
}

void rt_check(bool ok, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	if (ok)
		return;
	failed = true;
	rt_print("# %s:%d: ", file, line);
	va_start(ap, fmt);
	print_list(fmt, ap);
	va_end(ap);
	put_char('\n');
}

void rt_equal(u64 got, u64 want, const char *what, const char *file, int line)
{
	rt_check(got == want, file, line, "%s is 0x%lx, not 0x%lx", what, (unsigned long)got, (unsigned long)want);
}

/* ---- exceptions ---- */

struct rt_cpu *rt_cpu(void)
{
	return (struct rt_cpu *)read_reg(tpidr_el1);
}

void rt_arm(void)
{
	struct rt_cpu *c = rt_cpu();

	c->taken = 0;
	c->armed = true;
}

unsigned rt_disarm(void)
{
	rt_cpu()->armed = false;
	return rt_cpu()->taken;
}

/* The exit device is simbench's; elsewhere nothing may answer there. */
static void end(unsigned status) __attribute__((noreturn));
static void end(unsigned status)
{
	rt_arm();
	*EXIT_DEVICE = status;
	rt_disarm();
	rt_psci(0x84000008, 0, 0, 0);
	for (;;)
		;
}

static void unexpected(struct rt_cpu *c, struct frame *f)
{
	failed = true;
	rt_print("# vCPU %u: exception %x, esr %lx, elr %lx, far %lx, spsr %lx, x30 %lx\n", (unsigned)c->number,
		 (unsigned)f->vector, f->esr, f->elr, f->far, f->spsr, f->x[30]);
	if (c->number)
		end(99);
	rt_longjmp(c->test_env);
}

/* Where to go on after an exception that was asked for. */
static u64 after(const struct frame *f)
{
	switch (f->esr >> 26) {
	case EC_SVC: case EC_HVC: case EC_SMC:
		return f->elr;
	case EC_IABORT: case EC_PC_ALIGN:
		return f->x[30];
	default:
		return f->elr + 4;
	}
}

void rt_exception(struct frame *f);
void rt_exception(struct frame *f)
{
	struct rt_cpu *c = rt_cpu();
	bool sync = !(f->vector & 0x180);

	if (c->hook && c->hook(f))
		return;
	if (!sync && !c->entered) {
		if (c->irq) {
			c->irq(f);
		} else {
			f->spsr |= PSR_I | PSR_F;
			c->last = *f;
			c->irqs++;
		}
		return;
	}
	if (c->entered) {
		*c->entered = *f;
		c->entered = NULL;
		rt_longjmp(c->env);
	}
	if (!c->armed)
		unexpected(c, f);
	c->last = *f;
	c->taken++;
	f->elr = after(f);
	f->spsr &= ~(u64)PSR_IL;
}

void rt_enter(struct frame *f)
{
	struct rt_cpu *c = rt_cpu();

	if (!rt_setjmp(c->env)) {
		c->entered = f;
		barrier();
		rt_resume(f);
	}
	if (rt_has("pan"))
		__asm__ volatile("msr s0_0_c4_c0_4, xzr" : : : "memory");	/* MSR PAN, #0 */
}

void rt_enter_el0(struct frame *f, const void *label)
{
	f->elr = (u64)USER(label);
	f->spsr = PSR_EL0;
	rt_enter(f);
}

/* ---- PSCI, other vCPUs ---- */

long rt_psci(u32 fn, u64 a, u64 b, u64 c)
{
	register u64 x0 __asm__("x0") = fn;
	register u64 x1 __asm__("x1") = a;
	register u64 x2 __asm__("x2") = b;
	register u64 x3 __asm__("x3") = c;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory", "x4", "x5", "x6", "x7", "x8", "x9",
			 "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17");
	return (long)x0;
}

u64 rt_mpidr_of(unsigned cpu)
{
	return cpu;
}

unsigned rt_cpus(void)
{
	unsigned n = 1;

	while (n < MAX_CPUS && (u64)rt_psci(0xc4000004, rt_mpidr_of(n), 0, 0) < 3)
		n++;
	return n;
}

void rt_secondary(void);
void rt_secondary_main(u64 number);
void rt_secondary_main(u64 number)
{
	struct rt_cpu *c = &cpus[number];

	c->number = number;
	write_reg(tpidr_el1, c);
	write_reg_isb(vbar_el1, rt_vectors);
	rt_cpu_init();
	for (;;) {
		void (*job)(void *) = __atomic_load_n(&c->job, __ATOMIC_ACQUIRE);

		if (!job) {
			__asm__ volatile("wfe" : : : "memory");
			continue;
		}
		job(c->job_arg);
		irq_off();
		c->hook = NULL;
		c->irq = NULL;
		__atomic_store_n(&c->job, NULL, __ATOMIC_RELEASE);
		__asm__ volatile("dsb sy\n\tsev" : : : "memory");
	}
}

void rt_start(unsigned cpu, void (*fn)(void *), void *arg)
{
	struct rt_cpu *c = &cpus[cpu];

	c->irqs = 0;
	c->job_arg = arg;
	__atomic_store_n(&c->job, fn, __ATOMIC_RELEASE);
	if (!started[cpu]) {
		long err = rt_psci(0xc4000003, rt_mpidr_of(cpu), PA(rt_secondary), cpu);

		started[cpu] = true;
		if (err) {
			rt_print("# CPU_ON of %u: %ld\n", cpu, err);
			end(99);
		}
	}
	__asm__ volatile("dsb sy\n\tsev" : : : "memory");
}

void rt_wait(unsigned cpu)
{
	while (__atomic_load_n(&cpus[cpu].job, __ATOMIC_ACQUIRE))
		__asm__ volatile("wfe" : : : "memory");
}

void rt_wait_all(void)
{
	for (unsigned i = 1; i < MAX_CPUS; i++)
		rt_wait(i);
}

/* ---- time ---- */

u64 rt_now(void)
{
	isb();
	return read_reg(cntvct_el0);
}

u64 rt_ticks(u64 us)
{
	return read_reg(cntfrq_el0) * us / 1000000;
}

void rt_delay_us(u64 us)
{
	u64 end = rt_now() + rt_ticks(us);

	while (rt_now() < end)
		__asm__ volatile("yield");
}

bool rt_wait_for(volatile u64 *p, u64 n, u64 ms)
{
	u64 end = rt_now() + rt_ticks(ms * 1000);

	while (__atomic_load_n(p, __ATOMIC_ACQUIRE) < n)
		if (rt_now() > end)
			return false;
	return true;
}

/* ---- features ---- */

static unsigned id_field(u64 reg, unsigned shift)
{
	return reg >> shift & 15;
}

bool rt_has(const char *f)
{
	u64 mmfr1 = read_reg(id_aa64mmfr1_el1);

	switch (f[0]) {
	case 'p':	return id_field(mmfr1, 20) >= 1;				/* pan */
	case 'a':	return id_field(mmfr1, 0) >= 1;					/* af */
	case 'd':	return id_field(mmfr1, 0) >= 2;					/* dirty */
	case 'u':	return id_field(read_reg(id_aa64mmfr2_el1), 4) >= 1;		/* uao */
	case 'l':	return id_field(read_reg(id_aa64isar0_el1), 20) >= 2;		/* lse */
	case '1':	return id_field(read_reg(id_aa64mmfr0_el1), 20) >= 1;		/* 16k */
	case 's':	return id_field(read_reg(id_aa64pfr1_el1), 4) >= 2;		/* ssbs */
	case 'f':	return id_field(read_reg(id_aa64pfr0_el1), 20) != 15;		/* fp16 */
	case 'e':	return id_field(read_reg(id_aa64mmfr2_el1), 60) >= 1;		/* e0pd */
	case 'g':	return rt_gic_version() == 3;					/* gicv3 */
	case 'c':	return (id_field(read_reg(id_aa64pfr0_el1), 56) >= 2);		/* csv2_2: SCXTNUM */
	default:	return false;
	}
}

static bool holds(const char *need)
{
	if (*need == '!')
		return !rt_has(need + 1);
	if (*need >= '2' && *need <= '8')
		return rt_cpus() >= (unsigned)(*need - '0');
	return rt_has(need);
}

/* Is the test for this CPU and machine? Others are left out: each is for some variant that guest.py runs. */
static bool is_for_us(const struct test *t)
{
	for (const char *p = t->needs ? t->needs : ""; *p;) {
		if (!holds(p))
			return false;
		while (*p && *p != ' ')
			p++;
		while (*p == ' ')
			p++;
	}
	return true;
}

/* ---- running ---- */

static void begin(void)
{
	struct rt_cpu *c = &cpus[0];

	c->entered = NULL;
	c->armed = false;
	c->hook = NULL;
	c->irq = NULL;
	c->irqs = 0;
	write_reg(cntv_ctl_el0, 0);
	write_reg(cntp_ctl_el0, 0);
	__asm__ volatile("msr daifset, #15");
	rt_memory_reset();
}

static void run(const struct test *t, unsigned number, unsigned *failures)
{
	failed = false;
	begin();
	if (!rt_setjmp(cpus[0].test_env))
		t->run();
	begin();
	rt_print("%sok %u - %s\n", failed ? "not " : "", number, t->name);
	*failures += failed;
}

void rt_main(void);
void rt_main(void)
{
	unsigned n = 0, failures = 0;

	write_reg(tpidr_el1, &cpus[0]);
	write_reg_isb(vbar_el1, rt_vectors);
	rt_memory_init();
	rt_cpu_init();
	for (const struct test *t = tests; t->name; t++)
		n += is_for_us(t);
	rt_print("1..%u\n", n);
	n = 0;
	for (const struct test *t = tests; t->name; t++)
		if (is_for_us(t))
			run(t, ++n, &failures);
		else
			rt_print("# for another machine (%s): %s\n", t->needs, t->name);
	end(failures);
}
