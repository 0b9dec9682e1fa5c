/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every encoding of MRS, MSR and SYS (op0 1 to 3) with wild values: runs of instructions are written and called; those that
 * fault are stepped over. What the program itself lives by is left out.
 */
#include "guests/hostile/hostile.h"

#define ENCODINGS	(3u << 14)	/* op0, op1, CRn, CRm, op2 */
#define CHUNK		2048u		/* in a step */
#define RUN		64u
#define MRS		0xd5200000u
#define MSR		0xd5000000u
#define NOP		0xd503201fu
#define RET		0xd65f03c0u
#define WAYS		3		/* read, write ones, write anything */

const unsigned hostile_steps = WAYS * (ENCODINGS / CHUNK);

static uint32_t code[1024] __attribute__((aligned(4096)));

static void run(uint64_t value)
{
	register uint64_t x0 __asm__("x0") = value;
	register uint32_t *at __asm__("x9") = code;

	__asm__ volatile("dsb ish\n\tic iallu\n\tdsb ish\n\tisb\n\tblr %1" : "+r"(x0) : "r"(at) : "x30", "memory", "cc");
}

/* Registers whose change would only end this program: translation, vectors, stack, alignment, masks and flags. */
static bool lives_by(unsigned op0, unsigned enc)
{
	unsigned op1 = enc >> 11 & 7, crn = enc >> 7 & 15, crm = enc >> 3 & 15, op2 = enc & 7;

	if (op0 != 3 || op1)
		return op0 == 3 && op1 == 3 && crn == 4 && crm == 2;
	return (crn == 1 && crm == 0) || (crn == 2 && crm == 0) || (crn == 4 && crm <= 2 && op2 <= 2) ||
	       (crn == 10 && crm == 2) || (crn == 12 && crm == 0 && op2 == 0);
}

void hostile_step(unsigned step, uint64_t *seed)
{
	unsigned way = step % WAYS, first = step / WAYS * CHUNK, op0 = 1 + first / (1u << 14);

	for (unsigned at = 0; at < CHUNK; at += RUN) {
		for (unsigned i = 0; i < RUN; i++) {
			unsigned enc = (first + at + i) & 0x3fff;

			code[i] = (way ? MSR : MRS) | op0 << 19 | enc << 5;
			if (way && lives_by(op0, enc))
				code[i] = NOP;
			__asm__ volatile("dc cvau, %0" : : "r"(&code[i]) : "memory");
		}
		code[RUN] = RET;
		run(way == 1 ? ~0ull : random_next(seed));
	}
	irq_off();
	timer_stop();
	write_reg(mdscr_el1, 0);
	isb();
}
