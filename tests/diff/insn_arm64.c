/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arm64 side of the instruction differential test, a static program for qemu-aarch64 or an arm64 machine. The state
 * goes in and out through a signal frame: each case ends in a signal (BRK, usually), whose handler notes the interrupted
 * state as the result and makes the frame the next case's state.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/diff/insn_case.h"

static struct insn_case *cases;
static struct insn_state *results;
static uint32_t case_count;
static int32_t current = -1;

static struct fpsimd_context *fpsimd(ucontext_t *uc)
{
	struct _aarch64_ctx *c = (void *)uc->uc_mcontext.__reserved;

	while (c->magic != FPSIMD_MAGIC)
		c = (void *)((char *)c + c->size);
	return (void *)c;
}

static void *middle(void)
{
	return (void *)(WINDOW_MIDDLE - MEM_BYTES / 2);
}

static uint32_t event_of(int sig)
{
	switch (sig) {
	case SIGTRAP:	return EVENT_BREAK;
	case SIGILL:	return EVENT_UNDEFINED;
	case SIGSEGV: case SIGBUS: return EVENT_FAULT;
	default:	return EVENT_OTHER;
	}
}

static void save(struct insn_state *s, ucontext_t *uc, int sig)
{
	const struct fpsimd_context *fp = fpsimd(uc);

	memcpy(s->v, fp->vregs, sizeof(s->v));
	memcpy(s->x, uc->uc_mcontext.regs, sizeof(s->x));
	s->sp = uc->uc_mcontext.sp;
	s->pc = uc->uc_mcontext.pc;
	s->nzcv = (uint32_t)uc->uc_mcontext.pstate & 0xf0000000;
	s->fpcr = fp->fpcr;
	s->fpsr = fp->fpsr;
	s->event = event_of(sig);
	memcpy(s->mem, middle(), MEM_BYTES);
}

static void load(const struct insn_state *s, ucontext_t *uc)
{
	struct fpsimd_context *fp = fpsimd(uc);

	memcpy(fp->vregs, s->v, sizeof(s->v));
	memcpy(uc->uc_mcontext.regs, s->x, sizeof(s->x));
	uc->uc_mcontext.sp = s->sp;
	uc->uc_mcontext.pc = s->pc;
	uc->uc_mcontext.pstate = (uc->uc_mcontext.pstate & 0x0fffffff) | s->nzcv;
	fp->fpcr = s->fpcr;
	fp->fpsr = s->fpsr;
	memcpy(middle(), s->mem, MEM_BYTES);
}

static void finish(void)
{
	const char *p = (const char *)results;
	size_t left = case_count * sizeof(*results);

	while (left) {
		ssize_t n = write(1, p, left);

		if (n <= 0)
			_exit(1);
		p += n;
		left -= (size_t)n;
	}
	_exit(0);
}

static void handler(int sig, siginfo_t *info, void *context)
{
	if (current >= 0)
		save(&results[current], context, sig);
	if (++current == (int32_t)case_count)
		finish();
	load(&cases[current].in, context);
}

static void *map(uint64_t at, size_t size, int prot)
{
	void *p = mmap((void *)at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

static void place(void)
{
	uint32_t *code = map(CODE_BASE, CODE_SIZE, PROT_READ | PROT_WRITE);

	for (uint32_t i = 0; i < CODE_SIZE / 4; i++)
		code[i] = BRK_WORD;
	for (uint32_t i = 0; i < case_count; i++)
		memcpy((void *)SLOT_PC(i), cases[i].insn, 4 * cases[i].count);
	__builtin___clear_cache((char *)code, (char *)code + CODE_SIZE);
	mprotect(code, CODE_SIZE, PROT_READ | PROT_EXEC);
}

int main(void)
{
	static const int signals[] = { SIGTRAP, SIGILL, SIGSEGV, SIGBUS, SIGFPE };
	struct sigaction act = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_sp = map(0, 1 << 16, PROT_READ | PROT_WRITE), .ss_size = 1 << 16 };

	if (fread(&case_count, 4, 1, stdin) != 1 || case_count > CASES_MAX)
		return 1;
	cases = map(0, CASES_MAX * sizeof(*cases), PROT_READ | PROT_WRITE);
	results = map(0, CASES_MAX * sizeof(*results), PROT_READ | PROT_WRITE);
	if (fread(cases, sizeof(*cases), case_count, stdin) != case_count)
		return 1;
	map(WINDOW_BASE, WINDOW_SIZE, PROT_READ | PROT_WRITE);
	place();
	sigaltstack(&stack, NULL);
	sigfillset(&act.sa_mask);
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &act, NULL);
	__asm__ volatile("brk #0");
	return 1;
}
