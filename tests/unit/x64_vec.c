/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector and floating-point ops as the code generator emits them, run on this host, against the exact path: results bit for
 * bit, sticky flags and QC. Every form of tests/diff/simd_cases.h and every scalar op, under each rounding mode, with
 * operands that are distinct, equal, and with few registers. Outside flag-exact mode UFC may be missing (tininess).
 *
 * X64_VEC_STAT=1 prints how often each form took the exact path.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "base/platform.h"
#include "engine/dbt/run.h"
#include "engine/dbt/x64/vec.h"
#include "tests/diff/simd_cases.h"
#include "tests/diff/simd_state.h"

static const struct { enum simd_op op; uint32_t desc; const char *text; } cases[] = {
#define CASE(op, desc, text) { SIMD_##op, desc, text },
	SIMD_CASES
#undef CASE
};
#define CASES ARRAY_SIZE(cases)

enum variant { DISTINCT, SAME_SOURCES, SOURCE_IS_D, FEW_REGISTERS, OLD_HOST, VARIANTS };

/* Four roundings, the same with default NaNs, flag-exact, and flushing with three roundings, then default NaNs. */
#define MODES		13u
#define CODE_SIZE	(1u << 16)
#define SIDE_WORDS	4096u

struct rig {
	struct dbt_vm vm;
	struct arm_cpu cpu;
	struct gen gen;
	struct ir ir;
	uint32_t side[SIDE_WORDS], snaps[4096];
	uint8_t *code;
	uint32_t at, begin;		/* where blocks go; where the last one begins */
	const struct arm_mode *mode;
	unsigned exact;			/* times that the exact path was taken */
};

/* The platform, for panics alone. */
void platform_wait(uint32_t *word, uint32_t expected) {}
void platform_wake(uint32_t *word, bool all) {}
void platform_log(int level, const char *line, size_t len) { fwrite(line, 1, len, stderr); }
void platform_halt(void) { abort(); }
uint64_t platform_now_ns(void) { return 0; }

/* What select_exit.c wants of helpers.c; none is called. */
const struct dbt_helper_info dbt_helper_info[HELPER_COUNT];

static union v128 operand(const struct arm_cpu *cpu, const struct side_loc *l)
{
	union v128 v = { .d = { 0, 0 } };

	switch (LOC_KIND(l->loc)) {
	case LOC_XMM:	return cpu->save_xmm[LOC_INDEX(l->loc)];
	case LOC_GPR:	v.d[0] = cpu->save_gpr[LOC_INDEX(l->loc)]; break;
	case LOC_CONST:	v.d[0] = l->lo | (uint64_t)l->hi << 32; break;
	case LOC_NONE:	break;
	default:	fail_msg("operand location %x", l->loc);
	}
	return v;
}

static bool is_vec(unsigned type)
{
	return type == IR_F32 || type == IR_F64 || type == IR_V128;
}

static void *slow(struct arm_cpu *cpu, uint32_t number)
{
	struct rig *rig = container_of(cpu, struct rig, cpu);
	const struct side *s = (const struct side *)(rig->side + number);
	union v128 in[3], out;

	rig->exact++;
	for (unsigned k = 0; k < 3; k++)
		in[k] = operand(cpu, &s->operand[k]);
	dbt_exact(cpu, s, in, &out);
	if (is_vec(s->type))
		cpu->save_xmm[s->dst] = out;
	else
		cpu->save_gpr[s->dst] = out.d[0];
	return rig->code + s->resume;
}

static void *dispatch(struct arm_cpu *cpu)
{
	struct rig *rig = container_of(cpu, struct rig, cpu);

	return rig->code + rig->vm.stubs.leave;
}

static struct rig *new_rig(void)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct code c;

	rig->code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(rig->code != MAP_FAILED);
	host_cpu_detect(&rig->vm.host);
	rig->vm.helpers[HELPER_COUNT + RUN_SLOW] = (void *)slow;
	rig->vm.helpers[HELPER_COUNT + RUN_DISPATCH] = (void *)dispatch;
	rig->vm.helpers[HELPER_COUNT + RUN_VECTOR] = (void *)dbt_run_vector;
	rig->cpu.vm = &rig->vm;
	rig->cpu.helpers = rig->vm.helpers;
	c = (struct code){ .buf = rig->code, .size = CODE_SIZE };
	gen_stubs(&c, &rig->vm.stubs, &rig->vm.host);
	rig->at = (c.at + 15) & ~15u;
	for (unsigned k = 0; k < 16; k++)
		rig->vm.modes.mode[k] = (struct arm_mode){ .fp_round = k & 3, .dn = k & 4, .fp_exact = k == 8, .fz = k > 8 };
	return rig;
}

static void free_rig(struct rig *rig)
{
	munmap(rig->code, CODE_SIZE);
	free(rig);
}

static void compile(struct rig *rig, unsigned mode, enum variant how)
{
	struct gen *g = &rig->gen;

	ir_add(&rig->ir, IR_EXIT, IR_VOID, NONE, NONE, NONE, 4);
	rig->ir.ins[rig->ir.count - 1].flags = IRX_DISPATCH;
	rig->mode = &rig->vm.modes.mode[mode];
	g->ir = &rig->ir;
	g->c = (struct code){ .buf = rig->code, .at = rig->at, .size = CODE_SIZE };
	g->mode = rig->mode;
	g->mode_id = mode;
	g->vm = &rig->vm;
	g->host = &rig->vm.host;
	if (how == OLD_HOST)
		rig->vm.host = (struct host_cpu){ .avx = true };
	else
		host_cpu_detect(&rig->vm.host);
	g->gpr_values = GPR_VALUES;
	g->xmm_values = how == FEW_REGISTERS ? 0xf : XMM_VALUES;
	g->snaps = rig->snaps;
	g->snap_max = ARRAY_SIZE(rig->snaps);
	g->side = rig->side;
	g->side_at = 0;
	g->side_max = SIDE_WORDS;
	assert_true(gen_block(g));
	rig->begin = rig->at;
}

static void run(struct rig *rig)
{
	static const uint8_t rc[4] = { 0, 2, 1, 3 };
	void (*enter)(struct arm_cpu *cpu, void *code) = (void *)(rig->code + rig->vm.stubs.enter);

	rig->cpu.mxcsr = 0x1f80 | (uint32_t)rc[rig->mode->fp_round] << 13;
	rig->cpu.fpsr = 0;
	rig->cpu.fpsr_qc = 0;
	rig->cpu.mode = rig->gen.mode_id;
	enter(&rig->cpu, rig->code + rig->begin);
}

static uint32_t flags_of(const struct arm_cpu *cpu)
{
	uint32_t m = cpu->mxcsr;

	return (uint32_t)cpu->fpsr | (m & 1) | (m >> 1 & 0x1e) | (cpu->fpsr_qc ? ARM_FPSR_QC : 0);
}

static void print_vector(const char *name, union v128 v)
{
	print_error("  %s %016llx %016llx\n", name, (unsigned long long)v.d[1], (unsigned long long)v.d[0]);
}

struct expected {
	union v128 out;
	uint32_t flags;
};

static struct expected exactly(struct rig *rig, const struct side *s, const union v128 in[3])
{
	struct expected e;

	rig->cpu.fpsr = rig->cpu.fpsr_qc = rig->cpu.mxcsr = 0;
	dbt_exact(&rig->cpu, s, in, &e.out);
	e.flags = flags_of(&rig->cpu);
	return e;
}

/* Compares what a run left in `got` with the exact result; prints the case if they differ. */
static bool agrees(struct rig *rig, const char *text, const struct side *s, const union v128 in[3], union v128 got)
{
	uint32_t flags = flags_of(&rig->cpu), may_lack = rig->mode->fp_exact ? 0 : FP_UNDERFLOW;
	struct expected e = exactly(rig, s, in);

	if (!memcmp(&got, &e.out, sizeof(got)) && (flags | may_lack) == (e.flags | may_lack) && !(flags & ~e.flags))
		return true;
	print_error("%s (desc %x, rounding %u, dn %u): flags %x, expected %x\n", text, s->op_hi, rig->mode->fp_round,
		    rig->mode->dn, flags, e.flags);
	print_vector("n  ", in[0]);
	print_vector("m  ", in[1]);
	print_vector("d  ", in[2]);
	print_vector("got", got);
	print_vector("exp", e.out);
	return false;
}

/* ---- Advanced SIMD ---- */

/* With DISTINCT, values that stay alive in registers around the operation. Returns its index. */
#define BYSTANDERS	10u
static uint32_t build_vop(struct rig *rig, enum simd_op op, uint32_t desc, enum variant how)
{
	unsigned t = simd_traits(op);
	bool reads_d = (t & SIMD_READS_D) || ((t & SIMD_READS_D_IF_Q) && (desc & SIMD_Q));
	uint32_t n, m = NONE, d = NONE, r, x[BYSTANDERS], inverse = NONE;

	ir_init(&rig->ir, 0);
	n = ir_add(&rig->ir, IR_GET, IR_V128, NONE, NONE, NONE, SLOT_V0 + 1);
	if (how == DISTINCT) {
		x[0] = ir_add(&rig->ir, IR_GET, IR_I64, NONE, NONE, NONE, SLOT_X0);
		for (unsigned k = 1; k < BYSTANDERS; k++)
			x[k] = ir_add(&rig->ir, IR_ADD, IR_I64, x[0], NONE, NONE, k);
		inverse = ir_add(&rig->ir, IR_VOP, IR_V128, n, NONE, NONE, SIMD_not | (uint64_t)SIMD_Q << 32);
	}
	if (t & SIMD_READS_M)
		m = how == SAME_SOURCES ? n : ir_add(&rig->ir, IR_GET, IR_V128, NONE, NONE, NONE, SLOT_V0 + 2);
	if (reads_d)
		d = how == SOURCE_IS_D ? n : ir_add(&rig->ir, IR_GET, IR_V128, NONE, NONE, NONE, SLOT_V0);
	r = ir_add(&rig->ir, IR_VOP, IR_V128, n, m, d, (uint64_t)op | (uint64_t)desc << 32);
	ir_add(&rig->ir, IR_SET, IR_VOID, r, NONE, NONE, SLOT_V0 + 3);
	if (how != DISTINCT)
		return r;
	ir_add(&rig->ir, IR_SET, IR_VOID, n, NONE, NONE, SLOT_V0 + 4);
	ir_add(&rig->ir, IR_SET, IR_VOID, inverse, NONE, NONE, SLOT_V0 + 5);
	for (unsigned k = 1; k < BYSTANDERS; k++)
		ir_add(&rig->ir, IR_SET, IR_VOID, x[k], NONE, NONE, k);
	return r;
}

/* What build_vop computed before the operation and stored after it. */
static bool bystanders_live(const struct rig *rig, union v128 n)
{
	bool ok = !memcmp(&rig->cpu.v[4], &n, 16) && rig->cpu.v[5].d[0] == ~n.d[0] && rig->cpu.v[5].d[1] == ~n.d[1];

	for (unsigned k = 1; k < BYSTANDERS; k++)
		ok = ok && rig->cpu.x[k] == rig->cpu.x[0] + k;
	return ok;
}

static unsigned try_vop(struct rig *rig, unsigned c, uint32_t desc, unsigned mode, enum variant how, unsigned trials)
{
	struct side s = { .kind = SIDE_VOP, .mode = (uint16_t)mode, .op_lo = cases[c].op, .op_hi = desc };
	unsigned bad = 0;
	uint32_t r = build_vop(rig, cases[c].op, desc, how);

	compile(rig, mode, how);
	for (unsigned t = 0; t < trials && !bad; t++) {
		struct simd_state st = simd_inputs((uint64_t)c << 40 | (uint64_t)how << 32 | (uint64_t)mode << 24 | t,
						   simd_case_is_fp(cases[c].op), desc & 3);
		const struct ir_ins *i = &rig->ir.ins[r];
		union v128 in[3] = { st.v[1], st.v[2], st.v[0] };

		if (i->b == NONE)
			in[1] = (union v128){ .d = { 0, 0 } };
		else if (i->b == i->a)
			in[1] = in[0];
		if (i->c == NONE)
			in[2] = (union v128){ .d = { 0, 0 } };
		else if (i->c == i->a)
			in[2] = in[0];
		memcpy(rig->cpu.v, st.v, sizeof(st.v));
		run(rig);
		bad = !agrees(rig, cases[c].text, &s, in, rig->cpu.v[3]);
		if (how == DISTINCT && !bystanders_live(rig, st.v[1])) {
			print_error("%s changed a register that is not its own\n", cases[c].text);
			bad = 1;
		}
	}
	return bad;
}

/* A table of one register is given by itself; longer ones are not ops of the IR. */
static bool usable(unsigned c, uint32_t *desc)
{
	*desc = cases[c].desc;
	if (cases[c].op != SIMD_tbl && cases[c].op != SIMD_tbx)
		return true;
	*desc &= ~SIMD_IMM(0xff);
	return (*desc >> 16 & 0xff) == 0;
}

static void vector_ops_are_what_the_exact_path_gives(void **state)
{
	unsigned bad = 0, trials = getenv("X64_VEC_TRIALS") ? (unsigned)atoi(getenv("X64_VEC_TRIALS")) : 150;
	const char *only = getenv("X64_VEC_ONLY");
	bool stat = getenv("X64_VEC_STAT");

	for (unsigned c = 0; c < CASES; c++) {
		bool fp = simd_traits(cases[c].op) & SIMD_USES_FP;
		struct rig *rig;
		uint32_t desc;

		if (!usable(c, &desc) || (only && strcmp(only, simd_names[cases[c].op])))
			continue;
		rig = new_rig();
		for (unsigned how = 0; how < VARIANTS; how++)
			for (unsigned mode = 0; mode < (fp ? MODES : 1); mode++)
				bad += try_vop(rig, c, desc, mode, (enum variant)how, mode ? trials / 2 : trials);
		if (stat) {
			rig->exact = 0;
			try_vop(rig, c, desc, 0, FEW_REGISTERS, 100);
			printf("%-40s %s %u\n", cases[c].text, vop_rule_find(&rig->gen, cases[c].op, desc) ? "inline" : "exact",
			       rig->exact);
		}
		free_rig(rig);
		if (bad > 400)
			break;
	}
	assert_int_equal(bad, 0);
}

static void aes_rounds_are_fused(void **state)
{
	struct rig *rig = new_rig();

	for (unsigned t = 0; t < 1000; t++) {
		struct simd_state st = simd_inputs(t, false, 0);
		bool inverse = t & 1, visible = t & 2;
		union v128 e = st.v[0];
		uint32_t n, d, r;

		ir_init(&rig->ir, 0);
		n = ir_add(&rig->ir, IR_GET, IR_V128, NONE, NONE, NONE, SLOT_V0 + 1);
		d = ir_add(&rig->ir, IR_GET, IR_V128, NONE, NONE, NONE, SLOT_V0);
		r = ir_add(&rig->ir, IR_VOP, IR_V128, n, NONE, d, (inverse ? SIMD_aesd : SIMD_aese) | (uint64_t)SIMD_Q << 32);
		if (visible)
			ir_add(&rig->ir, IR_SET, IR_VOID, r, NONE, NONE, SLOT_V0);
		r = ir_add(&rig->ir, IR_VOP, IR_V128, r, NONE, NONE, (inverse ? SIMD_aesimc : SIMD_aesmc) | (uint64_t)SIMD_Q << 32);
		ir_add(&rig->ir, IR_SET, IR_VOID, r, NONE, NONE, SLOT_V0 + 3);
		compile(rig, 0, DISTINCT);
		memcpy(rig->cpu.v, st.v, sizeof(st.v));
		run(rig);
		(inverse ? simd_aesd : simd_aese)(&e, &st.v[1], NULL, SIMD_Q, NULL);
		if (visible)
			assert_memory_equal(&rig->cpu.v[0], &e, 16);
		(inverse ? simd_aesimc : simd_aesmc)(&e, &e, NULL, SIMD_Q, NULL);
		assert_memory_equal(&rig->cpu.v[3], &e, 16);
	}
	free_rig(rig);
}

static void sums_of_bit_counts_are_fused(void **state)
{
	struct rig *rig = new_rig();

	for (unsigned t = 0; t < 1000; t++) {
		struct simd_state st = simd_inputs(t, false, 0);
		uint32_t desc = t & 4 ? SIMD_Q : 0, r;
		enum simd_op sum = t & 1 ? SIMD_addv : SIMD_uaddlv;
		union v128 count;

		ir_init(&rig->ir, 0);
		r = ir_add(&rig->ir, IR_GET, IR_V128, NONE, NONE, NONE, SLOT_V0 + 1);
		r = ir_add(&rig->ir, IR_VOP, IR_V128, r, NONE, NONE, SIMD_cnt | (uint64_t)desc << 32);
		if (t & 2)
			ir_add(&rig->ir, IR_SET, IR_VOID, r, NONE, NONE, SLOT_V0);
		r = ir_add(&rig->ir, IR_VOP, IR_V128, r, NONE, NONE, sum | (uint64_t)desc << 32);
		ir_add(&rig->ir, IR_SET, IR_VOID, r, NONE, NONE, SLOT_V0 + 3);
		compile(rig, 0, t & 8 ? OLD_HOST : DISTINCT);
		memcpy(rig->cpu.v, st.v, sizeof(st.v));
		run(rig);
		simd_cnt(&count, &st.v[1], NULL, desc, NULL);
		if (t & 2)
			assert_memory_equal(&rig->cpu.v[0], &count, 16);
		simd_table[sum](&count, &count, NULL, desc, NULL);
		assert_memory_equal(&rig->cpu.v[3], &count, 16);
	}
	free_rig(rig);
}

static void halves_of_sha256_rounds_are_made_together(void **state)
{
	struct rig *rig = new_rig();

	for (unsigned t = 0; t < 1000; t++) {
		struct simd_state st = simd_inputs(t, false, 2);
		union v128 abcd = st.v[0], efgh = st.v[1];
		bool second_first = t & 1;
		uint32_t a, e, w, r[2] = { NONE, NONE };

		ir_init(&rig->ir, 0);
		a = ir_add(&rig->ir, IR_GET, IR_V128, NONE, NONE, NONE, SLOT_V0);
		e = ir_add(&rig->ir, IR_GET, IR_V128, NONE, NONE, NONE, SLOT_V0 + 1);
		w = ir_add(&rig->ir, IR_GET, IR_V128, NONE, NONE, NONE, SLOT_V0 + 2);
		for (unsigned k = 0; k < 2; k++) {
			if (k == second_first)
				r[0] = ir_add(&rig->ir, IR_VOP, IR_V128, e, w, a, SIMD_sha256h | (uint64_t)SIMD_Q << 32);
			else
				r[1] = ir_add(&rig->ir, IR_VOP, IR_V128, a, w, e, SIMD_sha256h2 | (uint64_t)SIMD_Q << 32);
		}
		ir_add(&rig->ir, IR_SET, IR_VOID, r[0], NONE, NONE, SLOT_V0);
		ir_add(&rig->ir, IR_SET, IR_VOID, r[1], NONE, NONE, SLOT_V0 + 1);
		compile(rig, 0, t & 2 ? FEW_REGISTERS : DISTINCT);
		memcpy(rig->cpu.v, st.v, sizeof(st.v));
		run(rig);
		simd_sha256h(&abcd, &st.v[1], &st.v[2], SIMD_Q, NULL);
		simd_sha256h2(&efgh, &st.v[0], &st.v[2], SIMD_Q, NULL);
		assert_memory_equal(&rig->cpu.v[0], &abcd, 16);
		assert_memory_equal(&rig->cpu.v[1], &efgh, 16);
	}
	free_rig(rig);
}

/* ---- scalars ---- */

struct scalar_case {
	uint8_t op, type, sub;
	uint64_t imm;
};

static uint64_t random_operand(uint64_t *seed, unsigned type)
{
	uint64_t v;

	switch (type) {
	case IR_F32:	return simd_random_fp(seed, 2) | simd_random(seed) << 32;	/* anything above */
	case IR_F64:	return simd_random_fp(seed, 3);
	case IR_I32:	return (uint32_t)simd_random_int(seed, 2);
	default:
		v = simd_random_int(seed, 3);
		return simd_random(seed) & 1 ? v : v >> (simd_random(seed) & 63);
	}
}

static unsigned operand_type(struct scalar_case k, unsigned n)
{
	if (k.op == IR_CRC32 && n == 1 && k.sub == 3)
		return IR_I64;
	return k.op == IR_FCVT || k.op == IR_I2F || k.op == IR_F2I ? k.sub : k.type;
}

static bool same_as_first(struct scalar_case k, enum variant how, unsigned n)
{
	return (n == 1 && how == SAME_SOURCES && operand_type(k, 1) == operand_type(k, 0)) || (n == 2 && how == SOURCE_IS_D);
}

static void build_scalar(struct rig *rig, struct scalar_case k, enum variant how)
{
	uint32_t v[3] = { NONE, NONE, NONE }, r;

	ir_init(&rig->ir, 0);
	for (unsigned n = 0; n < ir_op_info[k.op].operands; n++) {
		unsigned type = operand_type(k, n);

		v[n] = v[0];
		if (!same_as_first(k, how, n))
			v[n] = ir_add(&rig->ir, IR_GET, (enum ir_type)type, NONE, NONE, NONE,
				      (is_vec(type) ? SLOT_V0 : SLOT_X0) + n);
	}
	r = ir_add(&rig->ir, (enum ir_op)k.op, (enum ir_type)k.type, v[0], v[1], v[2], k.imm);
	rig->ir.ins[r].sub = k.sub;
	ir_add(&rig->ir, IR_SET, IR_VOID, r, NONE, NONE, (is_vec(k.type) ? SLOT_V0 : SLOT_X0) + 3);
}

static void scalar_inputs(struct scalar_case k, enum variant how, uint64_t seed, union v128 in[3])
{
	for (unsigned n = 0; n < ir_op_info[k.op].operands; n++) {
		in[n].d[0] = random_operand(&seed, operand_type(k, n));
		if (n && simd_random(&seed) % 16 == 0)		/* equal but for the sign */
			in[n].d[0] = in[0].d[0] ^ (simd_random(&seed) & 1ull << (k.type == IR_F64 ? 63 : 31));
		if (same_as_first(k, how, n))
			in[n].d[0] = in[0].d[0];
	}
}

static unsigned try_scalar(struct rig *rig, struct scalar_case k, unsigned mode, enum variant how, unsigned trials)
{
	struct side s = { .kind = SIDE_FP, .mode = (uint16_t)mode, .type = k.type, .sub = k.op, .op_lo = (uint32_t)k.imm,
			  .op_hi = k.sub };
	unsigned bad = 0;
	char text[64];

	snprintf(text, sizeof(text), "%s type %u sub %u imm %x", ir_op_info[k.op].name, k.type, k.sub, (unsigned)k.imm);
	build_scalar(rig, k, how);
	compile(rig, mode, how);
	rig->exact = 0;
	for (unsigned t = 0; t < trials && !bad; t++) {
		union v128 in[3] = { 0 }, got = { 0 };

		scalar_inputs(k, how, (uint64_t)k.op << 40 | (uint64_t)how << 32 | mode << 24 | t, in);
		for (unsigned n = 0; n < 3; n++) {
			rig->cpu.v[n] = in[n];
			rig->cpu.x[n] = in[n].d[0];
		}
		run(rig);
		if (is_vec(k.type))
			got = rig->cpu.v[3];
		else
			got.d[0] = rig->cpu.x[3];
		bad = !agrees(rig, text, &s, in, got);
	}
	if (getenv("X64_VEC_STAT") && how == DISTINCT && (mode == 0 || mode == 12))
		printf("%-40s %s %u of %u exact\n", text, mode ? "flushing" : "", rig->exact, trials);
	return bad;
}

static unsigned try_scalar_all(struct scalar_case k)
{
	struct rig *rig = new_rig();
	unsigned bad = 0;

	for (unsigned how = 0; how < VARIANTS; how++)
		for (unsigned mode = 0; mode < MODES; mode++)
			bad += try_scalar(rig, k, mode, (enum variant)how, 2000);
	free_rig(rig);
	return bad;
}

static void scalar_ops_are_what_the_exact_path_gives(void **state)
{
	static const uint8_t plain[] = { IR_FADD, IR_FSUB, IR_FMUL, IR_FDIV, IR_FSQRT, IR_FMIN, IR_FMAX, IR_FMINNM, IR_FMAXNM,
					 IR_FNEG, IR_FABS };
	unsigned bad = 0;

	for (uint8_t t = IR_F32; t <= IR_F64; t++) {
		uint8_t other = t == IR_F32 ? IR_F64 : IR_F32;

		for (unsigned k = 0; k < sizeof(plain); k++)
			bad += try_scalar_all((struct scalar_case){ plain[k], t, 0, 0 });
		for (uint8_t neg = 0; neg < 4; neg++)
			bad += try_scalar_all((struct scalar_case){ IR_FMA, t, neg, 0 });
		for (uint8_t how = ROUND_EVEN; how <= ROUND_FPCR; how++) {
			bad += try_scalar_all((struct scalar_case){ IR_FRINT, t, how, 0 });
			for (unsigned k = 0; k < 4; k++)
				bad += try_scalar_all((struct scalar_case){ IR_F2I, k & 1 ? IR_I64 : IR_I32, t,
									    how | (k & 2) << 3 });
		}
		bad += try_scalar_all((struct scalar_case){ IR_FRINT, t, ROUND_FPCR, 1 });
		bad += try_scalar_all((struct scalar_case){ IR_FCVT, t, other, 0 });
		for (unsigned k = 0; k < 4; k++)
			bad += try_scalar_all((struct scalar_case){ IR_I2F, t, k & 1 ? IR_I64 : IR_I32, k >> 1 });
	}
	for (uint8_t k = 0; k < 8; k++)
		bad += try_scalar_all((struct scalar_case){ IR_CRC32, IR_I32, k & 3, k >> 2 });
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalar_ops_are_what_the_exact_path_gives),
		cmocka_unit_test(aes_rounds_are_fused),
		cmocka_unit_test(sums_of_bit_counts_are_fused),
		cmocka_unit_test(halves_of_sha256_rounds_are_made_together),
		cmocka_unit_test(vector_ops_are_what_the_exact_path_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
