/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arm64 side of the A64 differential test, run by qemu-aarch64 (or an arm64 machine): executes each struct a64_case from
 * standard input and writes the struct a64_state after it to standard output. x29 points to the state all the time.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/diff/a64_state.h"

#define PAIRS(op) \
	op " q0, q1, [x29, #288]\n" op " q2, q3, [x29, #320]\n" op " q4, q5, [x29, #352]\n" op " q6, q7, [x29, #384]\n" \
	op " q8, q9, [x29, #416]\n" op " q10, q11, [x29, #448]\n" op " q12, q13, [x29, #480]\n" op " q14, q15, [x29, #512]\n" \
	op " q16, q17, [x29, #544]\n" op " q18, q19, [x29, #576]\n" op " q20, q21, [x29, #608]\n" op " q22, q23, [x29, #640]\n" \
	op " q24, q25, [x29, #672]\n" op " q26, q27, [x29, #704]\n" op " q28, q29, [x29, #736]\n" op " q30, q31, [x29, #768]\n" \
	op " x2, x3, [x29, #16]\n" op " x4, x5, [x29, #32]\n" op " x6, x7, [x29, #48]\n" op " x8, x9, [x29, #64]\n" \
	op " x10, x11, [x29, #80]\n" op " x12, x13, [x29, #96]\n" op " x14, x15, [x29, #112]\n" op " x16, x17, [x29, #128]\n" \
	op " x18, x19, [x29, #144]\n" op " x20, x21, [x29, #160]\n" op " x22, x23, [x29, #176]\n" op " x24, x25, [x29, #192]\n" \
	op " x26, x27, [x29, #208]\n"

void a64_enter(struct a64_state *s);
extern const char a64_leave[], a64_leave_end[];

/* a64_leave is copied to where the cases' last branch reaches it. */
__asm__(".text\n.globl a64_enter\na64_enter:\n"
	"stp x29, x30, [sp, #-160]!\n" "stp x19, x20, [sp, #16]\n" "stp x21, x22, [sp, #32]\n" "stp x23, x24, [sp, #48]\n"
	"stp x25, x26, [sp, #64]\n" "stp x27, x28, [sp, #80]\n"
	"stp d8, d9, [sp, #96]\n" "stp d10, d11, [sp, #112]\n" "stp d12, d13, [sp, #128]\n" "stp d14, d15, [sp, #144]\n"
	"mov x29, x0\n" "mov x0, sp\n" "str x0, [x29, #800]\n" "adr x0, 1f\n" "str x0, [x29, #808]\n"
	"ldr x0, [x29, #248]\n" "mov sp, x0\n" "ldr x0, [x29, #264]\n" "msr nzcv, x0\n"
	"ldr x0, [x29, #272]\n" "msr fpcr, x0\n" "ldr x0, [x29, #280]\n" "msr fpsr, x0\n"
	PAIRS("ldp") "ldr x28, [x29, #224]\n" "ldr x30, [x29, #240]\n" "ldp x0, x1, [x29]\n" "br x24\n"
	".globl a64_leave\na64_leave:\n"
	"stp x0, x1, [x29]\n" PAIRS("stp") "str x28, [x29, #224]\n" "str x30, [x29, #240]\n"
	"mov x0, sp\n" "str x0, [x29, #248]\n" "mrs x0, nzcv\n" "str x0, [x29, #264]\n"
	"mrs x0, fpsr\n" "str x0, [x29, #280]\n" "msr fpcr, xzr\n"
	"ldr x0, [x29, #800]\n" "mov sp, x0\n" "ldr x30, [x29, #808]\n" "ret\n"
	".globl a64_leave_end\na64_leave_end:\n"
	"1: ldp d14, d15, [sp, #144]\n" "ldp d12, d13, [sp, #128]\n" "ldp d10, d11, [sp, #112]\n" "ldp d8, d9, [sp, #96]\n"
	"ldp x27, x28, [sp, #80]\n" "ldp x25, x26, [sp, #64]\n" "ldp x23, x24, [sp, #48]\n" "ldp x21, x22, [sp, #32]\n"
	"ldp x19, x20, [sp, #16]\n" "ldp x29, x30, [sp], #160\n" "ret\n");

static sigjmp_buf back;

static void fault(int sig)
{
	siglongjmp(back, sig);
}

static void *map(uint64_t at, uint64_t size)
{
	return mmap((void *)at, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static int read_all(void *buf, size_t n)
{
	for (char *p = buf; n;) {
		ssize_t r = read(0, p, n);

		if (r <= 0)
			return -1;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

int main(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_handler = fault, .sa_flags = SA_ONSTACK | SA_NODEFER };
	static struct a64_case c;
	struct a64_state *s = map(A64_STATE, 0x1000);

	if (map(A64_CODE, A64_CODE_SIZE) == MAP_FAILED || map(A64_DATA, A64_DATA_SIZE) == MAP_FAILED || s == MAP_FAILED)
		return 1;
	sigaltstack(&ss, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	sigaction(SIGTRAP, &sa, NULL);
	memcpy((void *)A64_CODE, a64_leave, (size_t)(a64_leave_end - a64_leave));
	while (!read_all(&c, sizeof(c))) {
		uint32_t *code = (uint32_t *)c.pc;
		uint64_t end = c.pc + 4 * c.count;

		memcpy(code, c.word, sizeof(c.word));
		code[c.count] = 0x14000000 | (uint32_t)((A64_CODE - end) >> 2 & 0x3ffffff);
		__builtin___clear_cache((char *)code, (char *)(code + A64_WORDS));
		a64_fill((uint64_t *)A64_DATA, c.seed);
		*s = c.in;
		s->fault = (uint64_t)sigsetjmp(back, 1);
		if (!s->fault)
			a64_enter(s);
		s->hash = a64_hash((uint64_t *)A64_DATA);
		if (write(1, s, sizeof(*s)) != sizeof(*s))
			return 1;
	}
	return 0;
}
