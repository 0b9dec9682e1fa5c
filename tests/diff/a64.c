/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The translator against qemu-aarch64: random programs, the same state before; registers, flags and memory after must be
 * identical. A failing program shrinks itself (instructions become NOP while it still fails) and is printed.
 *
 * FPSR is left to insn.c, which runs instructions one at a time; here it is loops, branches and what passes across them.
 *
 * Environment: A64_SEED, A64_CASES (per test), A64_FPCR, A64_PRESSURE=1 (few registers), A64_EXACT=1.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/bits.h"
#include "core/vm.h"
#include "engine/dbt/arm64/system.h"
#include "engine/dbt/dbt.h"
#include "engine/dbt/run.h"
#include "isa/arm64/sysreg.h"
#include "isa/arm64/cpu_model.h"
#include "os/arena.h"
#include "tests/diff/a64_gen.h"

#define RAM		0x40000000ull
#define RAM_SIZE	0x01000000ull
#define TABLE		RAM			/* level 1, then level 2 */
#define VECTORS		(RAM + 0x2000)
#define HVC(n)		(0xd4000002u | (n) << 5)
#define NOP		0xd503201fu
#define FAILURES_SHOWN	8

struct rig {
	struct vm vm;
	struct vcpu *vcpu;
	struct dbt_options options;
	uint8_t *ram;
	bool faulted;
	int to, from;			/* pipes of qemu-aarch64 */
	pid_t qemu;
	uint64_t slot;
};

static struct rig *rig_of(struct vm *vm)
{
	return container_of(vm, struct rig, vm);
}

static bool firmware(struct vcpu *v, bool smc, uint64_t args[8])
{
	struct arm_cpu *cpu = v->engine;

	rig_of(v->vm)->faulted = cpu->pc >= VECTORS && cpu->pc < VECTORS + 0x1000;
	v->pause_request = true;
	v->vm->engine->vcpu_kick(v);
	return true;
}

static void no_request(struct vm *vm, enum vm_exit what)
{
}

static void *host(struct rig *r, uint64_t gpa)
{
	return r->ram + (gpa - RAM);
}

static void sysreg(struct arm_cpu *cpu, uint32_t enc, uint64_t val)
{
	if (arm_sysreg_write(cpu, enc, val) != SYSREG_OK)
		fail_msg("register %x is not writable", enc);
}

static void guest_set_up(struct rig *r)
{
	struct arm_cpu *cpu = r->vcpu->engine;
	uint64_t *table = host(r, TABLE);
	uint32_t *vectors = host(r, VECTORS);

	table[1] = (TABLE + 0x1000) | 3;
	for (unsigned k = 0; k < 8; k++)	/* 2 MiB each: AF, inner shareable, attribute 0; data is EL0's too, for LDTR */
		table[512 + k] = (RAM + k * 0x200000ull) | BIT(10) | 3ull << 8 | (k == 4 ? BIT(6) : 0) | 1;
	for (unsigned k = 0; k < 1024; k++)
		vectors[k] = HVC(1);
	sysreg(cpu, SYSREG(3, 0, 10, 2, 0), 0xff);				/* MAIR_EL1: write-back */
	sysreg(cpu, SYSREG(3, 0, 2, 0, 2), 25 | BIT(8) | BIT(10) | 3ull << 12 | BIT(23));	/* TCR_EL1: 39 bits, no TTBR1 */
	sysreg(cpu, SYSREG(3, 0, 2, 0, 0), TABLE);				/* TTBR0_EL1 */
	sysreg(cpu, SYSREG(3, 0, 12, 0, 0), VECTORS);				/* VBAR_EL1 */
	sysreg(cpu, SYSREG(3, 0, 1, 0, 2), 3ull << 20);				/* CPACR_EL1.FPEN */
	sysreg(cpu, SYSREG(3, 0, 1, 0, 0), 0x30d00800 | BIT(12) | BIT(2) | BIT(0));	/* SCTLR_EL1: I C M */
}

static int machine_set_up(struct rig *r)
{
	struct mem_slot slot = { .base = RAM, .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true, .can_exec = true };
	uint32_t id;

	r->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	slot.backing = (struct mem_backing){ .host = r->ram, .fd = -1 };
	r->options = (struct dbt_options){ .dump_code = ~0ull, .reg_pressure = getenv("A64_PRESSURE") != NULL,
					   .flag_exact = getenv("A64_EXACT") != NULL };
	os_arena_init(&r->vm.arena);
	if (vm_init(&r->vm, ISA_ARM64, &dbt_engine, 1000000000))
		return -1;
	r->vm.engine_options = &r->options;
	r->vm.cpu_model = &arm64_cpu_model_find("max")->model;
	r->vm.firmware_call = firmware;
	r->vm.events.request = no_request;
	if (mem_slot_add(&r->vm.mem, &slot, &id) || dbt_engine.vm_init(&r->vm) || vm_vcpus_create(&r->vm, 1))
		return -1;
	r->vcpu = r->vm.vcpu[0];
	if (dbt_engine.vcpu_init(r->vcpu) || dbt_engine.vm_ready(&r->vm))
		return -1;
	vcpu_start(r->vcpu);
	guest_set_up(r);
	return 0;
}

static bool qemu_start(struct rig *r)
{
	int in[2], out[2];

	if (access(A64_ARM64, X_OK) || pipe(in) || pipe(out))
		return false;
	r->qemu = fork();
	if (!r->qemu) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execlp("qemu-aarch64", "qemu-aarch64", "-cpu", "max", A64_ARM64, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	r->to = in[1];
	r->from = out[0];
	signal(SIGPIPE, SIG_IGN);
	return true;
}

static bool transfer(struct rig *r, const struct a64_case *c, struct a64_state *s)
{
	const char *p = (const char *)c;
	char *q = (char *)s;

	for (size_t n = 0; n < sizeof(*c);) {
		ssize_t k = write(r->to, p + n, sizeof(*c) - n);

		if (k <= 0)
			return false;
		n += (size_t)k;
	}
	for (size_t n = 0; n < sizeof(*s);) {
		ssize_t k = read(r->from, q + n, sizeof(*s) - n);

		if (k <= 0)
			return false;
		n += (size_t)k;
	}
	return true;
}

static void run_ours(struct rig *r, const struct a64_case *c, struct a64_state *s)
{
	struct arm_cpu *cpu = r->vcpu->engine;
	struct vcpu_power on = { .state = VCPU_ON, .entry = c->pc, .arg = c->in.x[0] };
	uint32_t *code = host(r, c->pc);

	memcpy(code, c->word, sizeof(c->word));
	code[c->count] = HVC(0);
	a64_fill(host(r, A64_DATA), c->seed);
	for (unsigned n = 0; n < 31; n++)
		cpu->x[n] = c->in.x[n];
	cpu->sp = c->in.sp;
	cpu->flags = nzcv_to_flags((uint32_t)c->in.nzcv);
	memcpy(cpu->v, c->in.v, sizeof(cpu->v));
	arm_set_fpcr(cpu, c->in.fpcr);
	arm_set_fpsr(cpu, c->in.fpsr);
	dbt_engine.vcpu_power(r->vcpu, &on, true);
	r->vcpu->pause_request = false;
	r->faulted = false;
	dbt_engine.vcpu_run(r->vcpu);
	*s = c->in;
	for (unsigned n = 0; n < 31; n++)
		s->x[n] = cpu->x[n];
	s->sp = cpu->sp;
	s->pc = cpu->pc;
	s->nzcv = flags_to_nzcv((uint16_t)cpu->flags);
	memcpy(s->v, cpu->v, sizeof(s->v));
	s->fpsr = arm_fpsr(cpu);
	s->hash = a64_hash(host(r, A64_DATA));
	s->fault = r->faulted ? cpu->esr_el1 : 0;
	if (r->faulted) {
		/* The exception has moved PSTATE on; what a program starts with is EL1h without masks. */
		cpu->daif = PSTATE_DAIF;
		cpu->pstate_misc = 0;
		arm_mode_update(cpu);
	}
}

/* What differs, or NULL. detail: numbers for the message. */
static const char *difference(const struct a64_state *a, const struct a64_state *b, char *detail, size_t size)
{
	static char name[16];

	*detail = 0;
	if (a->fault || b->fault) {
		snprintf(detail, size, "qemu signal %llu, ours ESR %llx FAR/PC %llx", (unsigned long long)a->fault,
			 (unsigned long long)b->fault, (unsigned long long)b->pc);
		return a->fault && b->fault ? NULL : "fault";
	}
	for (unsigned n = 0; n < 32; n++) {
		uint64_t x = n == 31 ? a->sp : a->x[n], y = n == 31 ? b->sp : b->x[n];

		if (x == y)
			continue;
		snprintf(name, sizeof(name), n == 31 ? "sp" : "x%u", n);
		snprintf(detail, size, "qemu %016llx ours %016llx", (unsigned long long)x, (unsigned long long)y);
		return name;
	}
	for (unsigned n = 0; n < 32; n++)
		if (memcmp(a->v[n], b->v[n], 16)) {
			snprintf(name, sizeof(name), "v%u", n);
			snprintf(detail, size, "qemu %016llx%016llx ours %016llx%016llx", (unsigned long long)a->v[n][1],
				 (unsigned long long)a->v[n][0], (unsigned long long)b->v[n][1], (unsigned long long)b->v[n][0]);
			return name;
		}
	if (a->nzcv != b->nzcv) {
		snprintf(detail, size, "qemu %08llx ours %08llx", (unsigned long long)a->nzcv, (unsigned long long)b->nzcv);
		return "nzcv";
	}
	if (a->hash != b->hash)
		return "memory";
	return NULL;
}

static uint64_t next_slot(struct rig *r)
{
	uint64_t pc = r->slot;

	r->slot += 4 * A64_WORDS;
	if (r->slot + 4 * A64_WORDS > A64_CODE + A64_CODE_SIZE) {
		r->slot = A64_FIRST_SLOT;
		dbt_flush_all(r->vm.engine_vm);
	}
	return pc;
}

/* Runs c on both sides. */
static const char *compare(struct rig *r, const struct a64_case *c, char *detail, size_t size)
{
	struct a64_state q, o;

	if (!transfer(r, c, &q))
		fail_msg("qemu-aarch64 is gone");
	run_ours(r, c, &o);
	return difference(&q, &o, detail, size);
}

/* The same program at another address. */
static void move(struct rig *r, struct a64_case *c)
{
	uint64_t pc = next_slot(r);

	c->in.x[23] += pc - c->pc;
	c->in.x[24] = pc;
	c->pc = pc;
}

/* Without these a loop might not end: mov x24, #n; sub x24, x24, #1. */
static bool keeps_the_loop_finite(uint32_t word)
{
	return (word & 0xffe0001f) == 0xd2800018 || word == 0xd1000718;
}

static void shrink(struct rig *r, struct a64_case *c)
{
	char detail[160];

	for (unsigned k = 0; k < c->count; k++) {
		uint32_t old = c->word[k];

		if (old == NOP || keeps_the_loop_finite(old))
			continue;
		c->word[k] = NOP;
		move(r, c);
		if (!compare(r, c, detail, sizeof(detail)))
			c->word[k] = old;
	}
}

static void report(struct rig *r, struct a64_case *c, uint64_t number)
{
	char detail[160];
	const char *what;

	shrink(r, c);
	move(r, c);
	what = compare(r, c, detail, sizeof(detail));
	print_error("program %llu: %s differs: %s\n", (unsigned long long)number, what ? what : "nothing now", detail);
	for (unsigned k = 0; k < c->count; k++) {
		struct a64_args a;
		enum a64_op op = a64_decode(c->word[k], &a);

		if (c->word[k] != NOP)
			print_error("  %2u: %08x %s rd=%u rn=%u (%llx) rm=%u (%llx)\n", k, c->word[k], a64_info[op].name,
				    c->word[k] & 31,
				    c->word[k] >> 5 & 31, (unsigned long long)c->in.x[c->word[k] >> 5 & 31],
				    c->word[k] >> 16 & 31, (unsigned long long)c->in.x[c->word[k] >> 16 & 31]);
	}
}

static uint64_t from_env(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 0) : otherwise;
}

static void programs_equal_qemu(struct rig *r, unsigned what)
{
	struct a64_gen g = { .seed = from_env("A64_SEED", 12345) * 0x9e3779b97f4a7c15u + 1, .what = what, .max = 12,
			     .features = arm64_cpu_model_find("max")->features, .fpcr = from_env("A64_FPCR", 0) };
	uint64_t cases = from_env("A64_CASES", 2000);
	unsigned failures = 0;
	char detail[160];

	for (uint64_t n = 0; n < cases && failures < FAILURES_SHOWN; n++) {
		struct a64_case c;

		a64_gen_case(&g, next_slot(r), &c);
		if (!compare(r, &c, detail, sizeof(detail)))
			continue;
		failures++;
		report(r, &c, n);
	}
	assert_int_equal(failures, 0);
}

static void integer_programs_equal_qemu(void **state)
{
	programs_equal_qemu(*state, GEN_INT | GEN_BRANCH | GEN_SYSTEM);
}

static void memory_programs_equal_qemu(void **state)
{
	programs_equal_qemu(*state, GEN_INT | GEN_BRANCH | GEN_LDST);
}

static void vector_memory_programs_equal_qemu(void **state)
{
	programs_equal_qemu(*state, GEN_INT | GEN_BRANCH | GEN_LDST_FP);
}

static void fp_programs_equal_qemu(void **state)
{
	programs_equal_qemu(*state, GEN_INT | GEN_FP | GEN_SYSTEM);
}

static void simd_programs_equal_qemu(void **state)
{
	programs_equal_qemu(*state, GEN_SIMD | GEN_CRYPTO);
}

/* Everything at once: what one lifter leaves for another. */
static void mixed_programs_equal_qemu(void **state)
{
	programs_equal_qemu(*state, GEN_INT | GEN_BRANCH | GEN_LDST | GEN_SYSTEM | GEN_LDST_FP | GEN_FP | GEN_SIMD | GEN_CRYPTO);
}

static int set_up(void **state)
{
	static struct rig r;

	if (!qemu_start(&r)) {
		print_message("%s or qemu-aarch64 is missing\n", A64_ARM64);
		exit(77);
	}
	r.slot = A64_FIRST_SLOT;
	*state = &r;
	return machine_set_up(&r);
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	close(r->to);
	waitpid(r->qemu, NULL, 0);
	dbt_engine.vcpu_fini(r->vcpu);
	dbt_engine.vm_fini(&r->vm);
	os_arena_free(&r->vm.arena);
	munmap(r->ram, RAM_SIZE);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integer_programs_equal_qemu),
		cmocka_unit_test(memory_programs_equal_qemu),
		cmocka_unit_test(vector_memory_programs_equal_qemu),
		cmocka_unit_test(fp_programs_equal_qemu),
		cmocka_unit_test(simd_programs_equal_qemu),
		cmocka_unit_test(mixed_programs_equal_qemu),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
