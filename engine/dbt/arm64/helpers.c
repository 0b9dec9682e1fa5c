/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What translated code calls for the system side: DBT_HELPERS of system.h. A helper gets its guest state in memory; it
 * takes exceptions by setting cpu->pc and the rest, and says so in cpu->redirect where the block would otherwise go on.
 *
 * Those that may take long or sleep count as outside meanwhile (tlb.h). WFI leaves everything: memory readers, code epochs.
 */
#include <sched.h>
#include <time.h>

#include "base/bits.h"
#include "base/platform.h"
#include "engine/dbt/arm64/sys_private.h"
#include "engine/dbt/arm64/sysreg_bits.h"
#include "engine/dbt/run.h"
#include "isa/arm64/sysreg.h"

#define HELPER(name)	uint64_t dbt_h_##name(struct arm_cpu *cpu, uint64_t a, uint64_t b, uint64_t c)

#define SYS_FPCR	SYSREG(3, 3, 4, 4, 0)
#define SYS_FPSR	SYSREG(3, 3, 4, 4, 1)
#define MSR_IMM(op1, op2)	((op1) << 3 | (op2))
#define SEMIHOSTING	0xf000u

const struct dbt_helper_info dbt_helper_info[HELPER_COUNT] = {
#define X(name, flags)	{ #name, dbt_h_##name, flags },
	DBT_HELPERS(X)
#undef X
};

/* An instruction that ends its block has run: software step may be due. */
static void retire(struct arm_cpu *cpu)
{
	if (unlikely(cpu->mdscr_el1 & MDSCR_SS))
		arm_step_check(cpu, 1);
}

/* ---- system registers ---- */

/* Inside helpers the guest's MXCSR is live; arm_fpsr and arm_set_fpsr work on the copy. */
static void mxcsr_save(struct arm_cpu *cpu)
{
	__asm__ volatile("stmxcsr %0" : "=m"(cpu->mxcsr));
}

static void mxcsr_load(struct arm_cpu *cpu)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(cpu->mxcsr));
}

HELPER(mrs)
{
	uint64_t val = 0;

	if (a == SYS_FPSR)
		mxcsr_save(cpu);
	if (arm_sysreg_read(cpu, (uint32_t)a, &val) != SYSREG_OK)
		cpu->redirect = 1;
	return val;
}

static bool write_register(struct arm_cpu *cpu, uint32_t enc, uint64_t val)
{
	if (enc == SYS_FPSR)
		mxcsr_save(cpu);
	if (arm_sysreg_write(cpu, enc, val) != SYSREG_OK) {
		cpu->redirect = 1;
		return false;
	}
	if (enc == SYS_FPSR)
		mxcsr_load(cpu);
	return true;
}

HELPER(msr)
{
	if (write_register(cpu, (uint32_t)a, b)) {
		cpu->pc += 4;
		retire(cpu);
	}
	return 0;
}

HELPER(msr_quiet)
{
	write_register(cpu, (uint32_t)a, b);
	return 0;
}

HELPER(sys)
{
	if (arm_sys_insn(cpu, (uint32_t)a, b) != SYSREG_OK)
		cpu->redirect = 1;
	return 0;
}

/* False: an exception was taken. */
static bool msr_immediate(struct arm_cpu *cpu, uint32_t which, uint32_t imm)
{
	static const struct { uint32_t which, enc, bit; } pstate[] = {
		{ MSR_IMM(0, 3), SYSREG(3, 0, 4, 2, 4), PSTATE_UAO }, { MSR_IMM(0, 4), SYSREG(3, 0, 4, 2, 3), PSTATE_PAN },
		{ MSR_IMM(0, 5), SYSREG(3, 0, 4, 2, 0), 1 }, { MSR_IMM(3, 1), SYSREG(3, 3, 4, 2, 6), PSTATE_SSBS },
	};
	uint64_t daif = (uint64_t)imm << 6;

	if (which == MSR_IMM(3, 6) || which == MSR_IMM(3, 7)) {
		if (!cpu->el && !(cpu->sctlr_el1 & SCTLR_UMA)) {
			arm_sys_fault(cpu, SYSREG(0, 3, 4, imm, which & 7), false, SR_TRAP);
			return false;
		}
		arm_set_daif(cpu, which == MSR_IMM(3, 6) ? cpu->daif | daif : cpu->daif & ~daif);
		return true;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(pstate); i++)
		if (pstate[i].which == which)
			return arm_sysreg_write(cpu, pstate[i].enc, imm & 1 ? pstate[i].bit : 0) == SYSREG_OK;
	arm_undefined(cpu);
	return false;
}

HELPER(msr_imm)
{
	if (msr_immediate(cpu, (uint32_t)a, (uint32_t)b & 15)) {
		cpu->pc += 4;
		retire(cpu);
	}
	return 0;
}

HELPER(fpsr_read)
{
	mxcsr_save(cpu);
	return arm_fpsr(cpu);
}

HELPER(fpsr_write)
{
	mxcsr_save(cpu);
	arm_set_fpsr(cpu, a);
	mxcsr_load(cpu);
	return 0;
}

HELPER(fpcr_write)
{
	arm_set_fpcr(cpu, a);
	return 0;
}

HELPER(counter)
{
	return vm_counter(&cpu->vm->vm->time);
}

/* ---- exceptions ---- */

/* The step of an instruction that generates an exception is over when it does. */
static void step_used(struct arm_cpu *cpu)
{
	if (unlikely(cpu->mdscr_el1 & MDSCR_SS))
		cpu->pstate_misc &= ~(uint32_t)PSTATE_SS;
}

HELPER(svc)
{
	step_used(cpu);
	arm_sync_exception(cpu, EC_SVC64, (uint32_t)a & 0xffff);
	return 0;
}

static bool firmware(struct arm_cpu *cpu, bool smc)
{
	struct vm *vm = cpu->vm->vm;
	uint64_t args[8];
	bool served;

	if (!cpu->el || !vm->firmware_call)
		return false;
	for (unsigned i = 0; i < 8; i++)
		args[i] = cpu->x[i];
	tlb_outside_begin(cpu);
	served = vm->firmware_call(cpu->vcpu, smc, args);
	tlb_outside_end(cpu);
	for (unsigned i = 0; served && i < 8; i++)
		cpu->x[i] = args[i];
	return served;
}

HELPER(hvc)
{
	if (firmware(cpu, false)) {
		retire(cpu);
	} else {
		cpu->pc -= 4;
		arm_undefined(cpu);
	}
	return 0;
}

HELPER(smc)
{
	if (firmware(cpu, true)) {
		cpu->pc += 4;
		retire(cpu);
	} else {
		arm_undefined(cpu);
	}
	return 0;
}

HELPER(brk)
{
	arm_software_break(cpu, (uint32_t)a & 0xffff);
	return 0;
}

HELPER(hlt)
{
	struct vm *vm = cpu->vm->vm;

	if (a != SEMIHOSTING || !vm->semihosting) {
		arm_undefined(cpu);
		return 0;
	}
	tlb_outside_begin(cpu);
	cpu->x[0] = vm->semihosting(cpu->vcpu, cpu->x[0] & 0xffffffff, cpu->x[1]);
	tlb_outside_end(cpu);
	cpu->pc += 4;
	retire(cpu);
	return 0;
}

HELPER(udf)
{
	arm_undefined(cpu);
	return 0;
}

HELPER(trap)
{
	arm_sync_exception(cpu, (unsigned)a, (uint32_t)b);
	return 0;
}

HELPER(eret)
{
	arm_eret(cpu);
	return 0;
}

HELPER(illegal)
{
	arm_sync_exception(cpu, EC_ILLEGAL, 0);
	return 0;
}

HELPER(step)
{
	arm_step_check(cpu, (unsigned)a);
	return 0;
}

HELPER(pc_align)
{
	cpu->pc = cpu->far_el1 = a;
	arm_sync_exception(cpu, EC_PC_ALIGN, 0);
	return 0;
}

HELPER(sp_check)
{
	if (a & 15) {
		arm_sync_exception(cpu, EC_SP_ALIGN, 0);
		cpu->redirect = 1;
	}
	return 0;
}

/* ---- barriers and waiting ---- */

HELPER(isb)
{
	arm_irq_update(cpu);
	retire(cpu);
	return 0;
}

HELPER(dsb)
{
	tlb_sync(cpu);
	return 0;
}

/* Sets every vCPU's event register and wakes those that may be waiting for it. */
HELPER(sev)
{
	struct dbt_vm *vm = cpu->vm;

	for (unsigned i = 0; i < vm->vm->vcpu_count; i++) {
		struct arm_cpu *other = __atomic_load_n(&vm->cpu[i], __ATOMIC_ACQUIRE);

		if (!other)
			continue;
		__atomic_store_n(&other->event, true, __ATOMIC_SEQ_CST);
		if (other == cpu || __atomic_load_n(&other->in_code, __ATOMIC_SEQ_CST))
			continue;
		__atomic_store_n(&other->sleep_word, 1, __ATOMIC_SEQ_CST);
		platform_wake(&other->sleep_word, true);
	}
	return 0;
}

/* Out of code, memory and epochs. Only from helpers that end a block: they return through a common stub. */
static void leave_all(struct arm_cpu *cpu)
{
	__atomic_store_n(&cpu->halted, true, __ATOMIC_RELAXED);
	__atomic_store_n(&cpu->in_code, 0, __ATOMIC_SEQ_CST);
	dbt_code_leave(cpu);
	mem_reader_exit(&cpu->vcpu->reader);
}

static void enter_all(struct arm_cpu *cpu)
{
	mem_reader_enter(&cpu->vcpu->reader);
	dbt_code_enter(cpu);
	__atomic_store_n(&cpu->in_code, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&cpu->halted, false, __ATOMIC_RELAXED);
}

/* Somebody wants something of this vCPU that isn't an interrupt. */
static bool is_asked(const struct arm_cpu *cpu)
{
	return (__atomic_load_n(&cpu->kick, __ATOMIC_SEQ_CST) & (KICK_PAUSE | KICK_EXIT)) ||
	       __atomic_load_n(&cpu->power_change, __ATOMIC_SEQ_CST) ||
	       __atomic_load_n(&cpu->vcpu->pause_request, __ATOMIC_SEQ_CST);
}

HELPER(wfi)
{
	if (!cpu->el && !(cpu->sctlr_el1 & SCTLR_NTWI)) {
		cpu->pc -= 4;
		arm_sync_exception(cpu, EC_WFX, ISS_COND_ALWAYS);
		return 0;
	}
	if (!arm_interrupt_pending(cpu) && !is_asked(cpu)) {
		leave_all(cpu);
		for (;;) {
			__atomic_store_n(&cpu->sleep_word, 0, __ATOMIC_SEQ_CST);
			if (arm_interrupt_pending(cpu) || is_asked(cpu))
				break;
			platform_wait(&cpu->sleep_word, 0);
		}
		enter_all(cpu);
	}
	retire(cpu);
	return 0;
}

/* The location that the exclusive monitor watches has another value. Read through the TLB's arrays; not there: unknown. */
static bool monitor_hit(const struct arm_cpu *cpu)
{
	uint64_t va = cpu->excl_addr, val;
	enum tlb_class cls = !cpu->el ? TLB_EL0 : cpu->pstate_misc & PSTATE_PAN ? TLB_EL1_PAN : TLB_EL1;
	const struct tlb_entry *e = &cpu->ctx->data[cls][0][va >> 12 & (TLB_ENTRIES - 1)];
	const void *p;

	if (__atomic_load_n(&e->tag, __ATOMIC_RELAXED) != (va & ~4095ull))
		return true;
	p = (const void *)(uintptr_t)(va + e->addend);
	switch (cpu->excl_size) {
	case 1:	val = __atomic_load_n((const uint8_t *)p, __ATOMIC_ACQUIRE); break;
	case 2:	val = __atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE); break;
	case 4:	val = __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE); break;
	case 8:	val = __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE); break;
	default: return true;
	}
	return val != cpu->excl_val;
}

#define WFE_POLLS		200	/* a few microseconds */
#define WFE_YIELDS		50	/* WFEs in a row that waited in vain before we sleep */
#define WFE_MONITOR_NS		50000	/* for stores that nobody tells us of */
#define WFE_STREAM_NS		100000	/* Linux's event stream; any rate will do, WFE may end at any time */
#define WFE_LONG_NS		10000000

/* What ends a WFE (D1.16.1): an interrupt only if PSTATE lets it through, else who waits for a lock with a timer due would spin. */
static bool event_or_wake(const struct arm_cpu *cpu)
{
	return __atomic_load_n(&cpu->event, __ATOMIC_SEQ_CST) || arm_interrupt_unmasked(cpu) || is_asked(cpu);
}

/* Sleeps for a bounded time; what would end a WFE ends it early. */
static void sleep_for(struct arm_cpu *cpu, uint64_t ns)
{
	__atomic_store_n(&cpu->sleep_word, 0, __ATOMIC_SEQ_CST);
	if (!event_or_wake(cpu))
		platform_wait_for(&cpu->sleep_word, 0, ns);
}

/*
 * Linux waits for spinlocks with LDXR and WFE, and releases them with a plain STLR, so the location is polled; then the core
 * is offered to others; only a long wait sleeps, for a bounded time or until SEV.
 */
static void wait_for_event(struct arm_cpu *cpu)
{
	for (unsigned i = 0; i < WFE_POLLS; i++) {
		if (event_or_wake(cpu) || (cpu->excl_size && monitor_hit(cpu))) {
			cpu->wfe_idle = 0;
			return;
		}
		__builtin_ia32_pause();
	}
	leave_all(cpu);
	if (++cpu->wfe_idle < WFE_YIELDS) {
		sched_yield();
	} else {
		sleep_for(cpu, cpu->excl_size ? WFE_MONITOR_NS : cpu->cntkctl_el1 & CNTKCTL_EVNTEN ? WFE_STREAM_NS : WFE_LONG_NS);
	}
	enter_all(cpu);
}

HELPER(wfe)
{
	if (__atomic_load_n(&cpu->event, __ATOMIC_RELAXED)) {
		__atomic_store_n(&cpu->event, false, __ATOMIC_SEQ_CST);
	} else if (!cpu->el && !(cpu->sctlr_el1 & SCTLR_NTWE)) {
		cpu->pc -= 4;
		arm_sync_exception(cpu, EC_WFX, ISS_COND_ALWAYS | 1);
		return 0;
	} else {
		wait_for_event(cpu);
		__atomic_store_n(&cpu->event, false, __ATOMIC_SEQ_CST);
	}
	retire(cpu);
	return 0;
}

#define YIELDS_TO_HOST	2048		/* a pure loop's 50 to 500 us */
#define YIELDS_WAITING	64
#define YIELD_NS	250		/* of CPU time: more between two of them is a loop that does something as well */
#define YIELD_SLACK_NS	20000		/* and the giving away itself */
#define YIELD_ROUNDS	8		/* in a row that did nothing else before we sleep */
#define YIELD_SLEEP_NS	50000		/* at first; longer the longer it waits, so that delays stay a fraction */
#define YIELD_SLEEPS	128		/* rounds until the sleep does not grow any more */

static uint64_t thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/*
 * Linux waits by YIELD where no monitor helps (stop_machine, with interrupts masked); the one that it waits for may have no core
 * of the host. sched_yield is no more than a hint among many that do the same, so who does nothing else for about a
 * millisecond sleeps between short looks.
 */
static void give_core_away(struct arm_cpu *cpu)
{
	bool slept = cpu->yield_rounds > YIELD_ROUNDS;
	uint64_t loop_ns = (slept ? YIELDS_WAITING : YIELDS_TO_HOST) * YIELD_NS + YIELD_SLACK_NS;

	if (thread_ns() - cpu->yield_ns > loop_ns)
		cpu->yield_rounds = 0;
	else if (cpu->yield_rounds < YIELD_ROUNDS + YIELD_SLEEPS)
		cpu->yield_rounds++;
	leave_all(cpu);
	if (cpu->yield_rounds <= YIELD_ROUNDS) {
		sched_yield();
		cpu->yields_left = YIELDS_TO_HOST;
	} else {
		sleep_for(cpu, YIELD_SLEEP_NS + YIELD_SLEEP_NS * (cpu->yield_rounds - YIELD_ROUNDS) / 16);
		cpu->yields_left = YIELDS_WAITING;
	}
	enter_all(cpu);
	cpu->yield_ns = thread_ns();
}

HELPER(yield)
{
	if (unlikely(--cpu->yields_left <= 0))
		give_core_away(cpu);
	retire(cpu);
	return 0;
}

/* ---- pairs of registers, atomically ---- */

#define EXCL_PAIR	0x100u		/* in excl_size: set by LDXP, so that no single STXR matches */

struct pair {
	uint64_t lo, hi;		/* as memory has them, lower address first */
};

static bool big_endian(const struct arm_cpu *cpu)
{
	return cpu->sctlr_el1 & (cpu->el ? SCTLR_EE : SCTLR_E0E);
}

static uint64_t element(const struct arm_cpu *cpu, uint64_t val, unsigned size)
{
	if (size == 4)
		val = (uint32_t)val;
	if (!big_endian(cpu))
		return val;
	return size == 4 ? __builtin_bswap32((uint32_t)val) : __builtin_bswap64(val);
}

static struct pair get_pair(const struct arm_cpu *cpu, unsigned r, unsigned r2, unsigned size)
{
	return (struct pair){ element(cpu, r < 31 ? cpu->x[r] : 0, size), element(cpu, r2 < 31 ? cpu->x[r2] : 0, size) };
}

static void set_pair(struct arm_cpu *cpu, unsigned r, unsigned r2, unsigned size, struct pair p)
{
	if (r < 31)
		cpu->x[r] = element(cpu, p.lo, size);
	if (r2 < 31)
		cpu->x[r2] = element(cpu, p.hi, size);
}

/* *old is what memory held. */
static bool cmpxchg_pair(void *host, unsigned size, struct pair *old, struct pair val)
{
	uint64_t both;
	bool same;

	if (size == 4) {
		both = old->lo | old->hi << 32;
		same = __atomic_compare_exchange_n((uint64_t *)host, &both, val.lo | val.hi << 32, false, __ATOMIC_SEQ_CST,
						   __ATOMIC_SEQ_CST);
		*old = (struct pair){ (uint32_t)both, both >> 32 };
		return same;
	}
	__asm__ volatile("lock cmpxchg16b %1"
			 : "=@ccz"(same), "+m"(*(struct pair *)host), "+a"(old->lo), "+d"(old->hi)
			 : "b"(val.lo), "c"(val.hi)
			 : "memory");
	return same;
}

#define PAIR_SIZE(b)	((unsigned)(b) & 0xff)
#define PAIR_R1(b)	((unsigned)((b) >> 8) & 31)
#define PAIR_R2(b)	((unsigned)((b) >> 16) & 31)

HELPER(ldxp)
{
	unsigned size = PAIR_SIZE(b);
	void *host = dbt_guest_atomic(cpu, a, 2 * size, DBT_ATOMIC_READ);
	struct pair p;

	if (!host)
		return 0;
	/* Two loads: should another vCPU come between, STXP compares both. */
	if (size == 4) {
		uint64_t both = __atomic_load_n((uint64_t *)host, __ATOMIC_ACQUIRE);

		p = (struct pair){ (uint32_t)both, both >> 32 };
	} else {
		p.lo = __atomic_load_n((uint64_t *)host, __ATOMIC_ACQUIRE);
		p.hi = __atomic_load_n((uint64_t *)host + 1, __ATOMIC_ACQUIRE);
	}
	cpu->excl_addr = a;
	cpu->excl_val = p.lo;
	cpu->excl_val2 = p.hi;
	cpu->excl_size = EXCL_PAIR | size;
	set_pair(cpu, PAIR_R1(b), PAIR_R2(b), size, p);
	return 0;
}

HELPER(stxp)
{
	unsigned size = PAIR_SIZE(b);
	struct pair old = { cpu->excl_val, cpu->excl_val2 };
	void *host = dbt_guest_atomic(cpu, a, 2 * size, DBT_ATOMIC_WRITE);
	bool stored = false;

	if (!host)
		return 0;
	if (cpu->excl_addr == a && cpu->excl_size == (EXCL_PAIR | size))
		stored = cmpxchg_pair(host, size, &old, get_pair(cpu, PAIR_R1(b), PAIR_R2(b), size));
	cpu->excl_size = 0;
	return !stored;
}

HELPER(casp)
{
	unsigned size = PAIR_SIZE(b), s = PAIR_R1(b), t = PAIR_R2(b);
	struct pair old = get_pair(cpu, s, s + 1, size);
	void *host = dbt_guest_atomic(cpu, a, 2 * size, DBT_ATOMIC_BOTH);

	if (!host)
		return 0;
	cmpxchg_pair(host, size, &old, get_pair(cpu, t, t + 1, size));
	set_pair(cpu, s, s + 1, size, old);
	return 0;
}
