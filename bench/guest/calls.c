/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control flow that a translator can't see through: calls, returns, calls by pointer, a function called from many places, a
 * bytecode interpreter.
 */
#include "bench.h"

#define FIB_N		28
#define FIB_CALLS	1028457	/* calls that fib(28) makes, itself included */
#define ICALLS		1000000
#define SITES_LOOPS	60000
#define INTERP_LOOPS	200000
#define INTERP_OPS	9	/* per loop */

static __attribute__((noinline)) uint64_t fib(uint64_t n)
{
	/* Two real calls: the compiler must not make a loop of one. */
	if (n < 2)
		return n;
	return fib(opaque(n - 1)) + opaque(fib(n - 2));
}

static void fib_run(void)
{
	if (fib(opaque(FIB_N)) != 317811)
		bench_die("fib: value");
}

static __attribute__((noinline)) uint64_t op_add(uint64_t a) { return a + 0x9e37; }
static __attribute__((noinline)) uint64_t op_xor(uint64_t a) { return a ^ a >> 7; }
static __attribute__((noinline)) uint64_t op_mul(uint64_t a) { return a * 5; }
static __attribute__((noinline)) uint64_t op_not(uint64_t a) { return ~a; }
static __attribute__((noinline)) uint64_t op_shl(uint64_t a) { return a << 1 | a >> 63; }
static __attribute__((noinline)) uint64_t op_sub(uint64_t a) { return a - 0x1234567; }
static __attribute__((noinline)) uint64_t op_neg(uint64_t a) { return -a; }
static __attribute__((noinline)) uint64_t op_and(uint64_t a) { return a & 0xffffffffffffull; }

static uint64_t (*const volatile icall_table[8])(uint64_t) = {
	op_add, op_xor, op_mul, op_not, op_shl, op_sub, op_neg, op_and,
};

static void icall_run(void)
{
	uint64_t a = 1, order = 88172645463325252ull;

	for (int i = 0; i < ICALLS; i++) {
		if (!(i & 15))
			rnd(&order);
		a = icall_table[order >> (i & 15) * 4 & 7](a);
	}
	sink(a);
}

/* Data decides what it does: neither its branches nor, by their history, its return can be foreseen. */
static __attribute__((noinline)) uint64_t leaf(uint64_t a, uint64_t bits)
{
	if (bits & 1)
		a = opaque(a + 3);
	if (bits & 2)
		a = opaque(a ^ 5);
	return a + bits;
}

static void sites_run(void)
{
	uint64_t a = 1, b = 88172645463325252ull;

	for (int i = 0; i < SITES_LOOPS; i++) {
		rnd(&b);
		a = leaf(a, b), a = leaf(a, b >> 2), a = leaf(a, b >> 4), a = leaf(a, b >> 6);
		a = leaf(a, b >> 8), a = leaf(a, b >> 10), a = leaf(a, b >> 12), a = leaf(a, b >> 14);
	}
	sink(a);
}

enum { PUSH, LOAD, STORE, ADD, XOR, SHR, DEC, JNZ, DUP, HALT };

/* while (n) { x = (x + n) ^ (x >> 3)...; n--; } on a stack of 64-bit values. */
static const uint8_t program[] = {
	LOAD, 0, LOAD, 1, ADD,		/* x + n */
	LOAD, 0, SHR, 3, XOR,		/* ^ x >> 3 */
	STORE, 0,
	DEC, 1, JNZ, 0,
	HALT,
};

static __attribute__((noinline)) uint64_t interpret(const uint8_t *code, uint64_t n)
{
	uint64_t var[2] = { 1, n }, stack[16], *sp = stack;
	const uint8_t *pc = code;

	for (;;) {
		switch (*pc++) {
		case PUSH:	*sp++ = *pc++; break;
		case LOAD:	*sp++ = var[*pc++]; break;
		case STORE:	var[*pc++] = *--sp; break;
		case ADD:	sp--; sp[-1] += sp[0]; break;
		case XOR:	sp--; sp[-1] ^= sp[0]; break;
		case SHR:	sp[-1] >>= *pc++; break;
		case DEC:	var[*pc++]--; break;
		case JNZ:	pc = var[1] ? code + *pc : pc + 1; break;
		case DUP:	*sp = sp[-1]; sp++; break;
		case HALT:	return var[0];
		}
	}
}

static void interp_run(void)
{
	sink(interpret((const uint8_t *)opaque((uintptr_t)program), INTERP_LOOPS));
}

const struct row call_rows[] = {
	{ "fib", "call", FIB_CALLS, 0, fib_run, 1 },
	{ "icall", "call", ICALLS, 0, icall_run, 1 },
	{ "sites", "call", 8 * SITES_LOOPS, 0, sites_run, 1 },
	{ "interp", "op", INTERP_LOOPS * INTERP_OPS, 0, interp_run, 1 },
	{ 0 }
};
