/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A runtime for tests that run inside a machine, at EL1 and EL0, on simbench or virt-arm64 (or QEMU's virt, the control
 * experiment: same addresses). A test program is one image: it defines `tests`, a table of functions named by sentences; rt_main
 * prints TAP on the PL011 and ends the machine with the number of failures.
 *
 * Each test begins with: MMU on (4K granule, 48 bits, TTBR0 `rt_root`: identity map of devices and RAM for EL1, and at
 * USER_BASE + pa an alias of RAM that EL0 may read, write and execute), ASID 1, DAIF masked, timers and GIC off, FP on.
 */
#ifndef TESTS_GUEST_RT_H
#define TESTS_GUEST_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__asm__(".arch armv8.4-a+fp16+crypto");		/* the assembler's; the compiler makes plain ARMv8.0 */

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;

/* ---- tests ---- */
struct test {
	const char *name;
	void (*run)(void);
	const char *needs;	/* features (rt_has), as "pan !16k"; vCPUs, as "2"; NULL: nothing. Left out where missing */
};
extern const struct test tests[];	/* ends with a NULL name */

void rt_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void rt_check(bool ok, const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void rt_equal(u64 got, u64 want, const char *what, const char *file, int line);
#define check(cond, ...)	rt_check(cond, __FILE__, __LINE__, __VA_ARGS__)
#define equal(got, want)	rt_equal((u64)(got), (u64)(want), #got, __FILE__, __LINE__)
bool rt_has(const char *feature);
unsigned rt_cpus(void);		/* vCPUs that this machine has, at most 8 */

/* ---- registers ---- */
#define read_reg(r)		({ u64 v_; __asm__ volatile("mrs %0, " #r : "=r"(v_) :: "memory"); v_; })
#define write_reg(r, val)	do { __asm__ volatile("msr " #r ", %0" :: "r"((u64)(val)) : "memory"); } while (0)
#define write_reg_isb(r, val)	do { write_reg(r, val); isb(); } while (0)
#define isb()			__asm__ volatile("isb" ::: "memory")
#define dsb()			__asm__ volatile("dsb sy" ::: "memory")
#define dmb()			__asm__ volatile("dmb ish" ::: "memory")
#define barrier()		__asm__ volatile("" ::: "memory")
#define BIT(n)			(1ull << (n))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof(*(a)))

/* ---- exceptions ---- */
struct frame {
	u64 x[31], sp_el0, elr, spsr, esr, far, vector;
};
#define ESR(ec, iss)	((u64)(ec) << 26 | BIT(25) | (iss))
enum { VEC_EL1T = 0x000, VEC_EL1H = 0x200, VEC_EL0 = 0x400, VEC_IRQ = 0x80, VEC_FIQ = 0x100 };
enum {
	EC_UNKNOWN = 0, EC_WFX = 1, EC_FP = 7, EC_ILLEGAL = 0xe, EC_SVC = 0x15, EC_HVC = 0x16, EC_SMC = 0x17, EC_SYSREG = 0x18,
	EC_IABORT_EL0 = 0x20, EC_IABORT = 0x21, EC_PC_ALIGN = 0x22, EC_DABORT_EL0 = 0x24, EC_DABORT = 0x25, EC_SP_ALIGN = 0x26,
	EC_BREAK_EL0 = 0x30, EC_BREAK = 0x31, EC_STEP_EL0 = 0x32, EC_STEP = 0x33, EC_WATCH_EL0 = 0x34, EC_WATCH = 0x35,
	EC_BRK = 0x3c,
};
enum { PSR_EL0 = 0x3c0, PSR_EL1T = 0x3c4, PSR_EL1H = 0x3c5, PSR_SS = 1 << 21, PSR_IL = 1 << 20, PSR_PAN = 1 << 22,
	PSR_UAO = 1 << 23, PSR_D = 0x200, PSR_A = 0x100, PSR_I = 0x80, PSR_F = 0x40 };

struct rt_cpu {
	u64 number;
	u64 env[14], test_env[14];
	struct frame *entered;		/* rt_enter is under way */
	bool armed;			/* synchronous exceptions are recorded and skipped */
	unsigned taken;			/* since rt_arm */
	struct frame last;		/* the last of them */
	bool (*hook)(struct frame *f);	/* before all of that; true: dealt with */
	void (*irq)(struct frame *f);	/* NULL: counts in irqs and masks I in the interrupted state */
	volatile u64 irqs;
	void (*volatile job)(void *);
	void *job_arg;
};
struct rt_cpu *rt_cpu(void);

/* Records exceptions: the instruction is stepped over (a call returns behind itself, a fetch that faulted to x30). */
void rt_arm(void);
unsigned rt_disarm(void);		/* how many came */
#define exc		(rt_cpu()->last)		/* the last of them */

/*
 * TRY("ldr x1, [%1]", "r"(va)): runs one instruction at `at`; true if it took an exception, which is `exc`. Operands start at
 * %1; x1 to x7 are the instruction's to change.
 */
#define TRY(at, insn, ...) ({ \
	rt_arm(); \
	__asm__ volatile("adr %0, 77f\n77:\t" insn : "=&r"(at) : __VA_ARGS__ \
			 : "memory", "cc", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x30"); \
	rt_disarm() != 0; })

/* The recorded exception has this syndrome and return address. */
#define expect_exception(want_esr, want_elr) do { \
	equal(rt_cpu()->taken, 1); \
	equal(exc.esr, want_esr); \
	equal(exc.elr, want_elr); \
} while (0)

/* Runs at f->elr with f->spsr, f->x and f->sp_el0 until an exception comes; *f is then its frame. */
void rt_enter(struct frame *f);
/* The same from EL0, in the alias; a label of this image. */
void rt_enter_el0(struct frame *f, const void *label);
void rt_resume(struct frame *f) __attribute__((noreturn));
int rt_setjmp(u64 env[14]) __attribute__((returns_twice));
void rt_longjmp(u64 env[14]) __attribute__((noreturn));
extern char rt_vectors[];

/* ---- memory ---- */
#define RAM_BASE	0x40000000ull
#define USER_BASE	0x8000000000ull
#define TEST_BASE	0x9000000000ull		/* nothing mapped; 4K tables to level 3 exist on demand */
#define HIGH_BASE	0xffff000000000000ull	/* TTBR1, nothing mapped */
#define USER(p)		((void *)((u64)(uintptr_t)(p) + USER_BASE))
#define PA(p)		((u64)(uintptr_t)(p))

enum { MT_DEVICE, MT_NORMAL, MT_NC, MT_DEVICE_RE };	/* MAIR index: nGnRnE, WB, NC, nGnRE */
#define PTE_VALID	1ull
#define PTE_TABLE	2ull		/* also: page at level 3 */
#define PTE_ATTR(n)	((u64)(n) << 2)
#define PTE_EL0		BIT(6)
#define PTE_RO		BIT(7)
#define PTE_SH		(3ull << 8)
#define PTE_AF		BIT(10)
#define PTE_NG		BIT(11)
#define PTE_DBM		BIT(51)
#define PTE_PXN		BIT(53)
#define PTE_UXN		BIT(54)
#define PTE_NORMAL	(PTE_VALID | PTE_ATTR(MT_NORMAL) | PTE_SH | PTE_AF)

extern u64 *rt_root, *rt_root1;		/* TTBR0's and TTBR1's tables, 4K */
/* Zeroed pages; taken back before each test. */
void *rt_pages(unsigned count);
void *rt_alloc(u64 bytes, u64 align);
/* The descriptor of va at that level in a tree of that granule (12, 14, 16); makes the tables above it. */
u64 *rt_entry(u64 *root, unsigned granule, u64 va, unsigned level);
u64 *rt_new_root(unsigned granule);
void rt_identity(u64 *root, unsigned granule);	/* devices and RAM for EL1, as rt_root has them */
/* A page (level 3) of rt_root or, for high addresses, rt_root1; no TLBI. */
u64 *rt_map(u64 va, u64 pa, u64 attrs);
void rt_put(u64 *entry, u64 desc);		/* store + DSB */
void rt_tlbi_all(void);				/* inner shareable, with DSB and ISB */
void rt_tlbi_va(u64 va);
void rt_space(u64 *root, unsigned asid);	/* TTBR0; ISB, no TLBI */
void rt_mmu(u64 *root, unsigned granule);	/* off, TTBR0 and TCR for that granule, TLBI, on; root NULL: stays off */
#define RT_TCR		(16ull | 16ull << 16 | 1ull << 8 | 1ull << 10 | 3ull << 12 | 1ull << 24 | 1ull << 26 | \
			 3ull << 28 | 2ull << 30 | 2ull << 32)	/* 48 bits, WB, inner shareable, 4K both, 40-bit PA */
#define SCTLR_M		BIT(0)
#define SCTLR_A		BIT(1)
#define SCTLR_SPAN	BIT(23)
void rt_sync_code(void *p, u64 bytes);		/* DC CVAU, IC IVAU, barriers */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);

/* ---- other vCPUs ---- */
void rt_start(unsigned cpu, void (*fn)(void *), void *arg);	/* turns it on if need be */
void rt_wait(unsigned cpu);					/* until fn has returned */
void rt_wait_all(void);
long rt_psci(u32 fn, u64 a, u64 b, u64 c);			/* by HVC */
u64 rt_mpidr_of(unsigned cpu);

/* ---- time ---- */
u64 rt_now(void);		/* counter ticks */
u64 rt_ticks(u64 us);
void rt_delay_us(u64 us);
/* Waits until *p is at least n, at most ms milliseconds. */
bool rt_wait_for(volatile u64 *p, u64 n, u64 ms);

/* ---- GIC, version 2 or 3 (rt_gic.c) ---- */
void rt_gic_init(void);		/* distributor; and this vCPU's part */
void rt_gic_init_cpu(void);
unsigned rt_gic_version(void);
void rt_gic_enable(unsigned intid, unsigned priority);
void rt_gic_disable(unsigned intid);
void rt_gic_pend(unsigned intid);	/* SPI or PPI, by ISPENDR */
void rt_gic_unpend(unsigned intid);
bool rt_gic_pending(unsigned intid);
bool rt_gic_active(unsigned intid);
void rt_gic_target(unsigned intid, unsigned cpu);
void rt_gic_edge(unsigned intid, bool edge);
u32 rt_gic_ack(void);
void rt_gic_eoi(u32 intid);
void rt_gic_mask(u8 priority);
void rt_gic_sgi(unsigned intid, unsigned cpu_mask);
unsigned rt_gic_running(void);		/* running priority */
unsigned rt_gic_highest(void);		/* highest pending INTID */
enum { INTID_VTIMER = 27, INTID_PTIMER = 30, INTID_SPURIOUS = 1023, INTID_SPI = 48 };

#define irq_on()	__asm__ volatile("msr daifclr, #2" ::: "memory")
#define irq_off()	__asm__ volatile("msr daifset, #2" ::: "memory")

#endif
