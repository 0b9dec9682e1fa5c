/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random A64 instructions under our translator and under qemu-aarch64: general and vector registers, SP, PC, flags, FPSR,
 * memory and the way the case ended must be the same. First every line of the decode table by itself, then sequences,
 * and both with the translator's options that change what code it makes.
 *
 * INSN_TRIALS (cases of each line), INSN_SEQUENCES, INSN_SEED and INSN_OP (one line only) in the environment; INSN_SHOWN
 * limits how many failing lines are shrunk and printed; INSN_COVERAGE prints how often each line was run. INSN_TEST runs
 * one test only. With the argument `names` it only says which lines the words on standard input are (coverage.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/bits.h"
#include "isa/arm64/fp.h"
#include "tests/diff/insn.h"
#include "tests/diff/simd_state.h"
#include "tests/unit/skip.h"

#define NOP_WORD	0xd503201fu
#define QEMU		"qemu-aarch64 -cpu max,sve=off,sme=off,pauth=off "

struct batch {
	struct insn_case *cases;
	struct insn_state *ours, *theirs;
	uint32_t count;
	uint16_t *op;			/* of each case; A64_UNALLOCATED: a sequence */
};

struct run {
	struct insn_machine *machine;
	bool exact;
	bool align_check;		/* structure loads and stores only, and with aligned bases */
	unsigned shown, failures;
	uint32_t tried[A64_OP_COUNT], failed[A64_OP_COUNT];
};

static unsigned env_number(const char *name, unsigned fallback)
{
	const char *s = getenv(name);

	return s ? (unsigned)strtoul(s, NULL, 0) : fallback;
}

static bool have_qemu(void)
{
	return !system("command -v qemu-aarch64 >/dev/null") && !access(INSN_ARM64, X_OK);
}

static void batch_create(struct batch *b)
{
	b->cases = calloc(CASES_MAX, sizeof(*b->cases));
	b->ours = calloc(CASES_MAX, sizeof(*b->ours));
	b->theirs = calloc(CASES_MAX, sizeof(*b->theirs));
	b->op = calloc(CASES_MAX, sizeof(*b->op));
	assert_true(b->cases && b->ours && b->theirs && b->op);
	b->count = 0;
}

static void batch_destroy(struct batch *b)
{
	free(b->cases);
	free(b->ours);
	free(b->theirs);
	free(b->op);
}

static void run_qemu(const struct batch *b)
{
	char in[] = "/tmp/cella-insn-XXXXXX", command[256];
	int fd = mkstemp(in);
	FILE *f = fdopen(fd, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(&b->count, 4, 1, f), 1);
	assert_int_equal(fwrite(b->cases, sizeof(*b->cases), b->count, f), b->count);
	fclose(f);
	snprintf(command, sizeof(command), QEMU "%s <%s", INSN_ARM64, in);
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(fread(b->theirs, sizeof(*b->theirs), b->count, f), b->count);
	assert_int_equal(pclose(f), 0);
	unlink(in);
}

static void run_both(struct run *r, struct batch *b)
{
	insn_machine_run(r->machine, b->cases, b->count, b->ours);
	run_qemu(b);
}

static bool has_compare(const struct insn_case *c)
{
	for (unsigned k = 0; k < c->count; k++) {
		struct a64_args a;
		enum a64_op op = a64_decode(c->insn[k], &a);

		if (op == A64_FCMP_s || op == A64_FCMPZ_s)
			return true;
	}
	return false;
}

/*
 * Vectors of a structure load that faulted are UNKNOWN. Outside flag-exact mode the underflow flag may miss results that are
 * tiny before rounding only, and the invalid-operation flag compares whose condition flags nothing can see.
 */
static bool differ(const struct run *r, const struct insn_case *c, const struct insn_state *a, const struct insn_state *b)
{
	uint32_t fpsr = r->exact ? ~0u : c->count > 1 && has_compare(c) ? ~9u : ~8u;

	if (a->event != EVENT_FAULT && memcmp(a->v, b->v, sizeof(a->v)))
		return true;
	return memcmp(a->x, b->x, sizeof(a->x)) || a->sp != b->sp || a->pc != b->pc || a->nzcv != b->nzcv ||
	       ((a->fpsr ^ b->fpsr) & fpsr) || a->event != b->event || memcmp(a->mem, b->mem, sizeof(a->mem));
}

/* ---- shrinking: variants of a case, each simpler in one thing; the first that still fails is the next one ---- */

static uint32_t simpler(const struct insn_case *c, struct insn_case *out)
{
	uint32_t n = 0;

#define VARIANT(change) do { out[n] = *c; change; if (memcmp(&out[n], c, sizeof(*c))) n++; } while (0)
	for (unsigned k = 0; c->count > 1 && k < c->count; k++)
		VARIANT(out[n].insn[k] = NOP_WORD);
	VARIANT(out[n].in.fpcr = 0);
	VARIANT(out[n].in.fpsr = 0);
	VARIANT(out[n].in.nzcv = 0);
	VARIANT(memset(out[n].in.mem, 0, MEM_BYTES));
	for (unsigned k = 0; k < 31; k++)
		VARIANT(out[n].in.x[k] = 0);
	for (unsigned k = 0; k < 32; k++) {
		VARIANT(memset(&out[n].in.v[k], 0, 16));
		VARIANT(out[n].in.v[k].d[1] = 0);
	}
#undef VARIANT
	return n;
}

static void move_to_slot(struct insn_case *c, uint32_t slot)
{
	c->in.pc = SLOT_PC(slot);
}

static void shrink(struct run *r, struct insn_case *c)
{
	struct batch b;
	bool again = true;

	batch_create(&b);
	for (unsigned round = 0; again && round < 100; round++) {
		again = false;
		b.count = simpler(c, b.cases);
		for (uint32_t i = 0; i < b.count; i++)
			move_to_slot(&b.cases[i], i);
		run_both(r, &b);
		for (uint32_t i = 0; i < b.count && !again; i++)
			if (differ(r, &b.cases[i], &b.ours[i], &b.theirs[i])) {
				*c = b.cases[i];
				move_to_slot(c, 0);
				again = true;
			}
	}
	batch_destroy(&b);
}

static void show_field(const char *name, unsigned n, const void *in, const void *ours, const void *theirs, size_t size)
{
	const uint64_t *i = in, *o = ours, *t = theirs;

	if (!memcmp(ours, theirs, size) && (!memcmp(in, ours, size) || strcmp(name, "v")))
		return;
	for (unsigned k = (unsigned)(size / 8); k-- > 0;)
		print_error("  %s%u%s in %016llx ours %016llx qemu %016llx\n", name, n, size == 8 ? "" : k ? ".hi" : ".lo",
			    (unsigned long long)i[k], (unsigned long long)o[k], (unsigned long long)t[k]);
}

static void show_inputs(const struct insn_state *s)
{
	for (unsigned k = 0; k < 31; k++)
		if (s->x[k])
			print_error("  x%u = %llx\n", k, (unsigned long long)s->x[k]);
	for (unsigned k = 0; k < 32; k++)
		if (s->v[k].d[0] | s->v[k].d[1])
			print_error("  v%u = %016llx %016llx\n", k, (unsigned long long)s->v[k].d[1],
				    (unsigned long long)s->v[k].d[0]);
}

static void report(struct run *r, const struct insn_case *original)
{
	struct insn_case c = *original;
	struct batch b;
	struct insn_state *o, *t;

	shrink(r, &c);
	batch_create(&b);
	b.count = 1;
	move_to_slot(&c, 0);
	b.cases[0] = c;
	run_both(r, &b);
	o = &b.ours[0];
	t = &b.theirs[0];
	for (unsigned k = 0; k < c.count; k++) {
		struct a64_args a;

		if (c.insn[k] != NOP_WORD)
			print_error("%08x %s\n", c.insn[k], a64_info[a64_decode(c.insn[k], &a)].name);
	}
	print_error("  fpcr %08x; event ours %u qemu %u; fpsr in %08x ours %08x qemu %08x; nzcv in %x ours %x qemu %x\n",
		    c.in.fpcr, o->event, t->event, c.in.fpsr, o->fpsr, t->fpsr, c.in.nzcv >> 28, o->nzcv >> 28, t->nzcv >> 28);
	show_inputs(&c.in);
	for (unsigned k = 0; k < 31; k++)
		show_field("x", k, &c.in.x[k], &o->x[k], &t->x[k], 8);
	for (unsigned k = 0; k < 32; k++)
		show_field("v", k, &c.in.v[k], &o->v[k], &t->v[k], 16);
	show_field("sp", 0, &c.in.sp, &o->sp, &t->sp, 8);
	show_field("pc", 0, &c.in.pc, &o->pc, &t->pc, 8);
	for (unsigned k = 0; k < MEM_BYTES / 8; k++)
		show_field("mem", k, &c.in.mem[k], &o->mem[k], &t->mem[k], 8);
	batch_destroy(&b);
}

/* Runs what is in the batch, compares, empties it. */
static void flush(struct run *r, struct batch *b)
{
	if (!b->count)
		return;
	run_both(r, b);
	for (uint32_t i = 0; i < b->count; i++) {
		unsigned op = b->op[i];

		r->tried[op]++;
		if (!differ(r, &b->cases[i], &b->ours[i], &b->theirs[i]))
			continue;
		if ((!r->failed[op]++ || op == A64_UNALLOCATED) && r->shown) {
			r->shown--;
			report(r, &b->cases[i]);
		}
		r->failures++;
	}
	b->count = 0;
}

static void align_base(struct insn_case *c)
{
	unsigned rn = c->insn[0] >> 5 & 31;

	*(rn == 31 ? &c->in.sp : &c->in.x[rn]) &= ~15ull;
}

static void add(struct run *r, struct batch *b, uint64_t *seed, enum a64_op op, unsigned count)
{
	struct insn_case *c = &b->cases[b->count];

	insn_generate(seed, b->count, op, count, c);
	if (r->align_check)
		align_base(c);
	b->op[b->count++] = (uint16_t)op;
	if (b->count == CASES_MAX)
		flush(r, b);
}

static void single_instructions(struct run *r, unsigned trials)
{
	const char *only = getenv("INSN_OP");
	uint64_t seed = env_number("INSN_SEED", 1);
	struct batch b;

	batch_create(&b);
	for (unsigned op = 1; op < A64_OP_COUNT; op++) {
		if (!insn_wanted((enum a64_op)op) || (only && strcmp(only, a64_info[op].name)) ||
		    (r->align_check && a64_info[op].group != A64_GROUP_ldst_struct))
			continue;
		for (unsigned t = 0; t < trials; t++)
			add(r, &b, &seed, (enum a64_op)op, 1);
	}
	flush(r, &b);
	batch_destroy(&b);
}

static void sequences(struct run *r, unsigned trials)
{
	uint64_t seed = env_number("INSN_SEED", 1) + 0x5eed;
	struct batch b;

	batch_create(&b);
	for (unsigned t = 0; t < trials; t++)
		add(r, &b, &seed, A64_UNALLOCATED, 2 + (unsigned)(simd_random(&seed) % (INSNS_MAX - 1)));
	flush(r, &b);
	batch_destroy(&b);
}

static void summarize(const struct run *r)
{
	unsigned lines = 0, bad = 0;
	uint32_t cases = 0;

	for (unsigned op = 0; op < A64_OP_COUNT; op++) {
		cases += r->tried[op];
		lines += op && r->tried[op];
		if (r->failed[op]) {
			bad++;
			print_error("%s: %u of %u cases differ\n", op ? a64_info[op].name : "sequences", r->failed[op],
				    r->tried[op]);
		}
	}
	for (unsigned op = 1; getenv("INSN_COVERAGE") && op < A64_OP_COUNT; op++)
		print_message("%6u %s\n", r->tried[op], a64_info[op].name);
	print_message("%u cases of %u table lines; %u lines differ\n", cases, lines, bad);
}

static void compare_with(const struct dbt_options *options, unsigned scale)
{
	struct run r = { .exact = options->flag_exact, .shown = env_number("INSN_SHOWN", 5) };

	if (!have_qemu())
		skip_because("qemu-aarch64 or the program for it is missing");
	r.machine = insn_machine_create(options, false);
	assert_non_null(r.machine);
	single_instructions(&r, MAX(env_number("INSN_TRIALS", 20) / scale, 1u));
	if (!getenv("INSN_OP"))
		sequences(&r, env_number("INSN_SEQUENCES", 4000) / scale);
	insn_machine_destroy(r.machine);
	summarize(&r);
	assert_int_equal(r.failures, 0);
}

static void instructions_equal_qemu(void **state)
{
	compare_with(&(struct dbt_options){ .dump_code = ~0ull }, 1);
}

static void instructions_equal_qemu_by_the_exact_path(void **state)
{
	compare_with(&(struct dbt_options){ .dump_code = ~0ull, .flag_exact = true }, 2);
}

static void instructions_equal_qemu_with_few_registers(void **state)
{
	compare_with(&(struct dbt_options){ .dump_code = ~0ull, .reg_pressure = true }, 2);
}

static void instructions_equal_qemu_with_a_tiny_code_cache(void **state)
{
	compare_with(&(struct dbt_options){ .dump_code = ~0ull, .tiny_cache = true }, 4);
}

/* Alignment checking makes structure loads and stores go by elements. */
static void structure_accesses_equal_qemu_with_alignment_checking(void **state)
{
	struct run r = { .align_check = true, .shown = env_number("INSN_SHOWN", 5) };

	if (!have_qemu())
		skip_because("qemu-aarch64 or the program for it is missing");
	r.machine = insn_machine_create(&(struct dbt_options){ .dump_code = ~0ull }, true);
	assert_non_null(r.machine);
	single_instructions(&r, env_number("INSN_TRIALS", 20));
	insn_machine_destroy(r.machine);
	summarize(&r);
	assert_int_equal(r.failures, 0);
}

static int print_names(void)
{
	struct a64_args a;
	uint32_t insn;

	while (fread(&insn, 4, 1, stdin) == 1)
		printf("%s\n", a64_info[a64_decode(insn, &a)].name);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_equal_qemu),
		cmocka_unit_test(instructions_equal_qemu_by_the_exact_path),
		cmocka_unit_test(instructions_equal_qemu_with_few_registers),
		cmocka_unit_test(instructions_equal_qemu_with_a_tiny_code_cache),
		cmocka_unit_test(structure_accesses_equal_qemu_with_alignment_checking),
	};

	if (argc == 2 && !strcmp(argv[1], "names"))
		return print_names();
	if (getenv("INSN_TEST"))
		cmocka_set_test_filter(getenv("INSN_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
