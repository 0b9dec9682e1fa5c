/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inmate library: what a program needs that is a cell of the bare engine by itself, at EL1, with no operating system.
 *
 * A program defines inmate_main(). It is called on the cell's first CPU with MMU and caches on (a flat map of 39 bits: the
 * image and what mem_map_normal() names are normal memory, all else is device memory that can't be executed), exceptions
 * in place, interrupts masked, the console chosen and the interrupt controller ready. When it returns, the cell says that it
 * is shut down and its CPU goes off.
 *
 * The image is linked at 0 and moves itself to where it lies. It keeps no initialised data that it writes, so that a cell can be
 * started again on the memory it left; what is NOINIT outlives that. CMDLINE_OFFSET bytes behind its start lies the command
 * line, for `cella cell load CELL IMAGE -s WORDS -a 0x1000`.
 *
 * State is one struct for all CPUs, below; each CPU has a stack of STACK_SIZE bytes.
 */
#ifndef GUESTS_INMATE_INMATE_H
#define GUESTS_INMATE_INMATE_H

#define CMDLINE_OFFSET	0x1000
#define CMDLINE_SIZE	0x1000
#define STACK_SIZE	0x4000
#define MAX_CPUS	8		/* of one cell */

#ifndef __ASSEMBLER__
#include "abi/comm_region.h"
#include "abi/hypercall.h"
#include "abi/ivshmem.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"

#define NOINIT		__attribute__((section(".noinit")))

/* ---- registers ---- */
#define read_reg(r)		({ uint64_t v_; __asm__ volatile("mrs %0, " #r : "=r"(v_) :: "memory"); v_; })
#define write_reg(r, val)	__asm__ volatile("msr " #r ", %0" :: "r"((uint64_t)(val)) : "memory")
#define isb()			__asm__ volatile("isb" ::: "memory")
#define dsb()			__asm__ volatile("dsb sy" ::: "memory")
#define wfi()			__asm__ volatile("wfi" ::: "memory")
#define irq_on()		__asm__ volatile("msr daifclr, #2" ::: "memory")
#define irq_off()		__asm__ volatile("msr daifset, #2" ::: "memory")

#define MMIO(width) \
static inline uint##width##_t mmio_read##width(uint64_t at) \
{ \
	return *(volatile uint##width##_t *)at; \
} \
static inline void mmio_write##width(uint64_t at, uint##width##_t v) \
{ \
	*(volatile uint##width##_t *)at = v; \
}
MMIO(8)
MMIO(16)
MMIO(32)
MMIO(64)

/* ---- programs and CPUs (start.S, cpu.c) ---- */
void inmate_main(void);
extern char image_start[], image_end[];

/* Runs fn(arg) on another CPU of this cell, which goes off when it returns. PSCI's error, or 0. */
long cpu_start(uint64_t mpidr, void (*fn)(void *arg), void *arg);
unsigned cpu_others(uint64_t *mpidr, unsigned max);	/* fills in those of this cell's other CPUs; how many */
void cpu_off(void) __attribute__((noreturn));
uint64_t cpu_mpidr(void);				/* affinity bits */
#define PSCI_VERSION		0x84000000ul
#define PSCI_CPU_SUSPEND	0xc4000001ul
#define PSCI_CPU_OFF		0x84000002ul
#define PSCI_CPU_ON		0xc4000003ul
#define PSCI_AFFINITY_INFO	0xc4000004ul
#define PSCI_SYSTEM_OFF		0x84000008ul
long smc_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);

static inline long hypercall(uint64_t number, uint64_t a, uint64_t b)
{
	register uint64_t x0 __asm__("x0") = number, x1 __asm__("x1") = a, x2 __asm__("x2") = b;

	__asm__ volatile("hvc %3" : "+r"(x0), "+r"(x1), "+r"(x2) : "i"(HVC_IMMEDIATE) : "memory", "x3");
	return (long)x0;
}

/* ---- exceptions ---- */
struct frame {
	uint64_t x[31], elr, spsr, esr, far;
};

/* Called for every synchronous exception and SError; false: it is printed and the cell says that it has failed. NULL: none. */
void fault_hook(bool (*hook)(struct frame *f));

/* ---- the communication region (comm.c) ---- */
static inline struct comm_region *comm(void)
{
	return (struct comm_region *)COMM_REGION_BASE;
}

/*
 * Answers a message if there is one; true if it asks for the end, which was approved: return from inmate_main soon.
 * Programs that wait call it now and then.
 */
bool comm_poll(void);
void comm_end(enum cell_state state) __attribute__((noreturn));	/* says so and turns this CPU off */

/* Words `name=value` and `name` of the command line. Numbers as 10, 0x10. */
bool option(const char *name);
uint64_t option_number(const char *name, uint64_t otherwise);

/* ---- console (console.c): the region's UART, else the debug console, else none ---- */
void print(const char *format, ...) PRINTF_LIKE(1, 2);
int console_getc(void);				/* -1: nothing came, or it can't */

/* ---- interrupts (gic.c): GICv2 or GICv3, as the region says ---- */
void irq_init(void);				/* distributor and this CPU's part */
void irq_init_cpu(void);
void irq_handler(void (*fn)(unsigned intid));	/* for all CPUs */
void irq_enable(unsigned intid);		/* an SPI goes to this CPU */
void irq_disable(unsigned intid);
void irq_pend(unsigned intid);
void irq_send(unsigned intid, unsigned aff0);	/* an SGI to the CPU with that affinity, in this CPU's cluster */
void irq_all(void);				/* the exception vector's: takes what is pending */
uint64_t gicr_here(void);			/* GICv3: this CPU's redistributor; 0 if none is found */
#define GICD_CTLR	0x000
#define GICD_TYPER	0x004
#define GICD_IGROUPR	0x080
#define GICD_ISENABLER	0x100
#define GICD_ICENABLER	0x180
#define GICD_ISPENDR	0x200
#define GICD_ICPENDR	0x280
#define GICD_ICACTIVER	0x380
#define GICD_IPRIORITYR	0x400
#define GICD_ITARGETSR	0x800
#define GICD_ICFGR	0xc00
#define GICD_SGIR	0xf00
#define GICD_IROUTER	0x6000
#define GICR_FRAME	0x10000ul		/* of two for each CPU; the second is for SGIs and PPIs */

/* ---- time (timer.c): the virtual counter and timer ---- */
#define TIMER_IRQ	27
uint64_t now(void);				/* ticks */
uint64_t ticks_of_ns(uint64_t ns);
uint64_t ns_of_ticks(uint64_t ticks);
void timer_at(uint64_t tick);			/* raises TIMER_IRQ then; irq_enable(TIMER_IRQ) first */
void timer_stop(void);
void delay_us(uint64_t us);

/* ---- memory (mem.c) ---- */
void mem_init(void);				/* start.S's: builds the map */
void mem_enable(void);				/* this CPU's MMU */
void mem_map_normal(uint64_t at, uint64_t size);	/* whole 2 MiB blocks around it become shared, cached memory */
uint32_t mem_sum(const void *at, size_t bytes);	/* a checksum; bytes a multiple of 8 */

/* ---- PCI behind the region's ECAM (pci.c) ---- */
uint64_t pci_config(uint16_t bdf, unsigned reg);	/* address of that register */
int pci_find(uint16_t vendor, uint16_t device, int after);	/* bdf, or -1; after: -1 for the first */
unsigned pci_capability(uint16_t bdf, uint8_t id);	/* its offset, or 0 */

/* ---- shared memory with doorbells (ivshmem.c) ---- */
struct shmem {
	uint64_t regs;				/* IVSHMEM_ID... lie there */
	uint64_t states, shared, output;	/* sections; the output sections of all peers lie side by side */
	uint64_t shared_size, output_size;
	uint32_t id, peers;
	unsigned irq;
	uint16_t bdf;
};

/* The first device that speaks that; its memory is mapped, its interrupt isn't on. False: there is none. */
bool shmem_open(struct shmem *s, enum ivshmem_protocol protocol);
uint32_t shmem_state(const struct shmem *s, uint32_t peer);
void shmem_ring(const struct shmem *s, uint32_t peer);	/* it finds what was written before */

/* ---- all state ---- */
struct inmate {
	struct cpu_call {
		uint64_t stack_end, mpidr;
		void (*fn)(void *);
		void *arg;
	} call[MAX_CPUS];
	unsigned cpus;
	void (*on_irq)(unsigned intid);
	bool (*on_fault)(struct frame *f);
	bool ending;
};
extern struct inmate inmate;

/* A xorshift generator, for those that do things at random. */
uint64_t random_next(uint64_t *state);

#endif
#endif
