/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that stand in for Linux below the bare image (board.c, start.S). A program says how many CPUs the board has and defines
 * board_main(), which runs on CPU 0 with interrupts on while the others wait for work.
 */
#ifndef TESTS_BARE_BOARD_H
#define TESTS_BARE_BOARD_H

#include "abi/config.h"
#include "abi/hypercall.h"
#include "abi/image.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define HV_BASE		0x5e000000ull
#define HV_BYTES	0x400000ull
#define CELL_BASE	0x5f000000ull		/* for cells, to the end of memory */
#define UART		0x09000000ull
#define GICD		0x08000000ull
#define GICC		0x08010000ull
#define GICR		0x080a0000ull
#define ITS		0x08080000ull
#define TIMER_IRQ	27u
#define SPI		40u			/* nobody's: set pending by hand, edge */
#define CPUS_MAX	4u

#define sys_read(name) ({ uint64_t v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })
#define sys_write(name, value) __asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)) : "memory")
#define relax()	__asm__ volatile("yield" : : : "memory")	/* under -icount the other CPU's turn comes by it */
#define isb()	__asm__ volatile("isb" : : : "memory")

enum { WORK_NONE, WORK_ENTER, WORK_HVC, WORK_CREATE, WORK_OFF, WORK_MASK, WORK_UNMASK, WORK_NOTHING };

/* The program's. */
extern const uint32_t board_cpus;
void board_main(void);

extern volatile uint32_t gic_version, failures;
extern volatile uint64_t irqs[CPUS_MAX][32], exceptions, last_esr;	/* how many came */

uint64_t call_hvc0(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);
uint64_t call_hvc(uint64_t x0, uint64_t x1, uint64_t x2);
uint64_t call_smc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);
void *memcpy(void *d, const void *s, unsigned long n);
void *memset(void *d, int c, unsigned long n);

uint32_t r32(uint64_t a);
void w32(uint64_t a, uint32_t v);
void put(const char *s);
void put_hex(uint64_t v);
void check(int good, const char *what, uint64_t value);		/* value is printed when it isn't */
uint64_t now(void);
int wait_until(volatile uint64_t *what, uint64_t at_least);	/* two seconds at most */
void sgi_send(uint64_t cpu, uint32_t sgi);
void spi_route(uint64_t cpu);					/* SPI goes there, and is on */
void spi_pend(void);						/* and has been acknowledged by somebody */
void irqs_on(int on);

/* Another CPU does it; work_wait waits for it and says what came of it. */
void work_give(uint64_t cpu, uint64_t what, uint64_t arg);
uint64_t work_wait(uint64_t cpu);
void cpu_off(uint64_t cpu);
void cpu_mask(uint64_t cpu);		/* it takes no interrupts any more */
void cpu_unmask(uint64_t cpu);
void cpu_on(uint64_t cpu);

/* All CPUs into the engine and out of it. */
void enable(void);
/* All get this error, and are as they were. */
void enable_refused(int64_t err);
extern uint64_t console_at;			/* the engine's log, which the root may read */
void disable(void);

#endif
