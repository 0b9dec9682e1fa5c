/* SPDX-License-Identifier: BSD-2-Clause */
/* Exception entry and return, interrupts, debug exceptions, system register rules. */
#include "tests/unit/arm_rig.h"

#include "engine/dbt/arm64/arm_sysregs.h"

#define VBAR	0xffff000000080000ull
#define PC	0x1000ull
#define EC(esr)	((unsigned)((esr) >> 26))

static struct rig rig;
static struct arm_cpu *cpu;

static void start(const char *model)
{
	rig_init(&rig, model);
	cpu = rig.cpu[0];
	cpu->pc = PC;
	cpu->vbar_el1 = VBAR;
	write_reg(cpu, SYS_CPACR, 3 << 20);
}

static int set_up(void **state)
{
	start("max");
	return 0;
}

static int tear_down(void **state)
{
	rig_free(&rig);
	return 0;
}

static const struct arm_mode *mode(void)
{
	return arm_mode_get(&rig.dbt, cpu->mode);
}

static void to_el0(void)
{
	cpu->spsr_el1 = 0;
	cpu->elr_el1 = PC;
	arm_eret(cpu);
	assert_int_equal(cpu->el, 0);
}

static void vectors_depend_on_where_the_exception_comes_from(void **state)
{
	arm_sync_exception(cpu, EC_SVC64, 5);
	assert_true(cpu->pc == VBAR + 0x200 && cpu->elr_el1 == PC);
	assert_true(cpu->esr_el1 == ((uint64_t)EC_SVC64 << 26 | BIT(25) | 5));
	arm_set_sp_bank(cpu, 1, 0);
	arm_take_exception(cpu, VEC_IRQ, 0);
	assert_true(cpu->pc == VBAR + 0x80);
	to_el0();
	arm_take_exception(cpu, VEC_FIQ, 0);
	assert_true(cpu->pc == VBAR + 0x500);
	to_el0();
	arm_take_exception(cpu, VEC_SERROR, 0);
	assert_true(cpu->pc == VBAR + 0x580);
}

static void entry_saves_and_masks_and_return_restores(void **state)
{
	uint64_t spsr = PSTATE_N | PSTATE_V | PSTATE_SSBS | PSTATE_I;

	cpu->sp = 0x111;
	cpu->spsr_el1 = spsr;
	cpu->elr_el1 = PC + 8;
	cpu->sp_el0 = 0x222;
	cpu->excl_size = 8;
	arm_eret(cpu);
	assert_true(cpu->el == 0 && cpu->sp == 0x222 && cpu->sp_el1 == 0x111 && cpu->pc == PC + 8);
	assert_true(arm_pstate(cpu) == spsr);
	assert_int_equal(cpu->excl_size, 0);
	assert_true(cpu->event);
	assert_int_equal(mode()->el, 0);
	arm_sync_exception(cpu, EC_SVC64, 0);
	assert_true(cpu->spsr_el1 == spsr);
	assert_true(cpu->el == 1 && cpu->spsel == 1 && cpu->sp == 0x111 && cpu->sp_el0 == 0x222);
	assert_true(cpu->daif == PSTATE_DAIF);
	/* SPAN is 0 after a write of zero: PAN is set; UAO cleared; DSSBS is 0. */
	write_reg(cpu, SYS_SCTLR, 0);
	cpu->pstate_misc = PSTATE_UAO | PSTATE_IL | PSTATE_SS;
	arm_take_exception(cpu, VEC_IRQ, 0);
	assert_true(cpu->pstate_misc == PSTATE_PAN);
	assert_true((cpu->spsr_el1 & (PSTATE_UAO | PSTATE_IL | PSTATE_SS)) == (PSTATE_UAO | PSTATE_IL | PSTATE_SS));
	assert_true(mode()->pan);
	write_reg(cpu, SYS_SCTLR, SCTLR_SPAN | SCTLR_DSSBS);
	cpu->pstate_misc = 0;
	arm_take_exception(cpu, VEC_IRQ, 0);
	assert_true(cpu->pstate_misc == PSTATE_SSBS);
}

static void models_without_pan_never_set_it(void **state)
{
	tear_down(NULL);
	start("cortex-a57");
	write_reg(cpu, SYS_SCTLR, 0);
	arm_take_exception(cpu, VEC_IRQ, 0);
	assert_true(cpu->pstate_misc == 0);
	cpu->spsr_el1 = 5 | PSTATE_PAN | PSTATE_UAO | PSTATE_SSBS;
	arm_eret(cpu);
	assert_true(cpu->pstate_misc == 0);
}

static void illegal_returns_set_il_and_stay(void **state)
{
	static const uint32_t bad[] = { 1, 2, 3, 6, 7, 8, 9, 12, 13, 16, 0x13, 0x10 };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		cpu->spsr_el1 = bad[i] | PSTATE_C;
		cpu->elr_el1 = PC + 4;
		cpu->pstate_misc = 0;
		arm_mode_update(cpu);
		arm_eret(cpu);
		assert_true(cpu->el == 1 && cpu->spsel == 1 && cpu->pc == PC + 4);
		assert_true(cpu->pstate_misc & PSTATE_IL);
		assert_true(arm_pstate(cpu) & PSTATE_C);
		assert_true(mode()->il);
	}
	dbt_h_illegal(cpu, 0, 0, 0);
	assert_int_equal(EC(cpu->esr_el1), EC_ILLEGAL);
	assert_false(mode()->il);
	assert_true(cpu->spsr_el1 & PSTATE_IL);
}

static void aborts_report_where_and_what(void **state)
{
	struct arm_fault f = { .fsc = FSC_PERMISSION + 3, .va = 0x1234, .taken = true };

	arm_data_abort(cpu, &f, true, false);
	assert_true(cpu->esr_el1 == ((uint64_t)EC_DABORT << 26 | BIT(25) | BIT(6) | 0xf) && cpu->far_el1 == 0x1234);
	to_el0();
	arm_data_abort(cpu, &f, false, true);
	assert_true(cpu->esr_el1 == ((uint64_t)EC_DABORT_LOW << 26 | BIT(25) | BIT(8) | BIT(6) | 0xf));
	to_el0();
	arm_fetch_abort(cpu, &f);
	assert_true(cpu->esr_el1 == ((uint64_t)EC_IABORT_LOW << 26 | BIT(25) | 0xf));
}

static void interrupts_are_taken_when_unmasked_and_fiq_first(void **state)
{
	cpu->pins = 1 << CPU_IRQ;
	arm_kick(cpu, KICK_PINS);
	assert_false(arm_take_interrupt(cpu));
	assert_false(cpu->kick & KICK_IRQ);
	write_reg(cpu, SYSREG(3, 3, 4, 2, 1), 0);
	assert_true(cpu->kick & KICK_IRQ);
	assert_true(arm_take_interrupt(cpu));
	assert_true(cpu->pc == VBAR + 0x280);
	assert_false(cpu->kick & KICK_IRQ);
	/* Still up: found again without a new kick. */
	assert_true(cpu->kick & KICK_PINS);
	cpu->pins |= 1 << CPU_FIQ;
	cpu->daif = 0;
	assert_true(arm_take_interrupt(cpu));
	assert_true(cpu->pc == VBAR + 0x300);
	cpu->pins = 0;
	assert_false(arm_take_interrupt(cpu));
	assert_false(cpu->kick & KICK_PINS);
}

static void returning_to_open_masks_asks_for_the_interrupt(void **state)
{
	cpu->pins = 1 << CPU_IRQ;
	cpu->spsr_el1 = 5;
	arm_eret(cpu);
	assert_true(cpu->kick & KICK_IRQ);
	cpu->spsr_el1 = 5 | PSTATE_I;
	arm_eret(cpu);
	assert_false(cpu->kick & KICK_IRQ);
}

/* ---- modes ---- */

static void equal_states_have_equal_modes(void **state)
{
	uint32_t el1 = cpu->mode, pan;

	dbt_h_msr_imm(cpu, 4, 1, 0);
	pan = cpu->mode;
	assert_int_not_equal(pan, el1);
	dbt_h_msr_imm(cpu, 4, 0, 0);
	assert_int_equal(cpu->mode, el1);
	assert_true(cpu->pc == PC + 8);
	to_el0();
	assert_false(mode()->pan);
	cpu->fpcr = 0;
	arm_set_fpcr(cpu, FPCR_DN | 2 << 22);
	assert_true(mode()->dn && mode()->fp_round == 2);
	write_reg(rig.cpu[1], SYS_CPACR, 3 << 20);
	assert_int_equal(rig.cpu[1]->mode, el1);
}

static void cpacr_traps_fp_by_el(void **state)
{
	static const struct { unsigned fpen; bool el1, el0; } t[] = {
		{ 0, true, true }, { 1, false, true }, { 2, true, true }, { 3, false, false } };

	for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
		write_reg(cpu, SYS_CPACR, t[i].fpen << 20);
		assert_int_equal(mode()->fp_trap, t[i].el1);
		to_el0();
		assert_int_equal(mode()->fp_trap, t[i].el0);
		arm_sync_exception(cpu, EC_SVC64, 0);
	}
}

/* ---- system registers ---- */

static void every_register_is_listed_once_and_readable_or_not_as_it_says(void **state)
{
	static const uint32_t enc[] = {
#define P(name, o0, o1, n, m, o2, ...)	SYSREG(o0, o1, n, m, o2),
		ARM_SYSREGS(P, P, P, P, P)
#undef P
	};

	for (unsigned i = 0; i < ARRAY_SIZE(enc); i++) {
		uint64_t val;

		assert_non_null(arm_sysreg_name(enc[i]));
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(enc[i], enc[k]);
		/* op1 says who: 0, 1, 2 are EL1's. */
		to_el0();
		if ((enc[i] >> 11 & 7) < 3) {
			assert_int_equal(arm_sysreg_read(cpu, enc[i], &val), SYSREG_FAULTED);
			assert_int_equal(EC(cpu->esr_el1), EC_UNKNOWN);
		} else {
			arm_sysreg_read(cpu, enc[i], &val);
		}
		if (cpu->el == 0)
			arm_sync_exception(cpu, EC_SVC64, 0);
	}
}

static void inline_accesses_agree_with_the_helper(void **state)
{
	for (uint32_t enc = SYSREG(2, 0, 0, 0, 0); enc <= SYSREG(3, 7, 15, 15, 7); enc++) {
		for (unsigned el = 0; el < 2; el++) {
			uint64_t before, after;
			int32_t at;

			if (el == 0)
				to_el0();
			at = arm_sysreg_inline_read(mode(), enc);
			if (at >= 0) {
				assert_int_equal(arm_sysreg_read(cpu, enc, &before), SYSREG_OK);
				assert_true(before == *(uint64_t *)((char *)cpu + at));
			}
			at = arm_sysreg_inline_write(mode(), enc);
			if (at >= 0) {
				uint64_t *p = (uint64_t *)((char *)cpu + at), old = *p;
				uint32_t m = cpu->mode;

				assert_int_equal(arm_sysreg_write(cpu, enc, 0x123456789abcdef1ull), SYSREG_OK);
				after = *p;
				*p = old;
				assert_true(after == 0x123456789abcdef1ull);
				assert_int_equal(cpu->mode, m);
			}
			if (el == 0)
				arm_sync_exception(cpu, EC_SVC64, 0);
		}
	}
}

static void id_registers_tell_what_the_model_has(void **state)
{
	uint64_t v;

	assert_int_equal(arm_sysreg_read(cpu, SYSREG(3, 0, 0, 4, 0), &v), SYSREG_OK);
	assert_true((v & 0xffff) == 0x11);
	assert_int_equal(arm_sysreg_read(cpu, SYSREG(3, 0, 0, 5, 0), &v), SYSREG_OK);
	assert_true((v >> 8 & 15) == 0);
	assert_int_equal(arm_sysreg_read(cpu, SYSREG(3, 0, 0, 0, 5), &v), SYSREG_OK);
	assert_true(v == BIT(31));
	/* Reserved ones read as zero; writing them is UNDEFINED. */
	assert_int_equal(arm_sysreg_read(cpu, SYSREG(3, 0, 0, 4, 4), &v), SYSREG_OK);
	assert_true(v == 0);
	assert_int_equal(arm_sysreg_write(cpu, SYSREG(3, 0, 0, 4, 4), 0), SYSREG_FAULTED);
	/* The PMU is not there. */
	assert_int_equal(arm_sysreg_read(cpu, SYSREG(3, 3, 9, 12, 0), &v), SYSREG_FAULTED);
	assert_int_equal(EC(cpu->esr_el1), EC_UNKNOWN);
}

static void el0_traps_report_the_register(void **state)
{
	uint32_t mrs = 0xd53be047;	/* mrs x7, cntvct_el0 */
	uint64_t v;

	cpu->elr_el1 = RAM_BASE;
	memcpy(ram_at(&rig, RAM_BASE), &mrs, 4);
	cpu->spsr_el1 = 0;
	arm_eret(cpu);
	assert_int_equal(arm_sysreg_read(cpu, SYS_CNTVCT_EL0, &v), SYSREG_FAULTED);
	assert_true(cpu->esr_el1 == ((uint64_t)EC_SYSREG << 26 | BIT(25) | 3 << 20 | 2 << 17 | 3 << 14 | 14 << 10 | 7 << 5 | 1));
	write_reg(cpu, SYS_CNTKCTL_EL1, CNTKCTL_EL0VCTEN);
	to_el0();
	assert_int_equal(arm_sysreg_read(cpu, SYS_CNTVCT_EL0, &v), SYSREG_OK);
	assert_int_equal(arm_sysreg_read(cpu, SYS_CNTPCT_EL0, &v), SYSREG_FAULTED);
	to_el0();
	assert_int_equal(arm_sys_insn(cpu, SYSREG(1, 3, 7, 11, 1), RAM_BASE), SYSREG_FAULTED);
	assert_int_equal(EC(cpu->esr_el1), EC_SYSREG);
	write_reg(cpu, SYS_SCTLR, SCTLR_UCI);
	to_el0();
	assert_int_equal(arm_sys_insn(cpu, SYSREG(1, 3, 7, 11, 1), RAM_BASE), SYSREG_OK);
	assert_int_equal(arm_sys_insn(cpu, SYSREG(1, 0, 8, 7, 0), 0), SYSREG_FAULTED);
	assert_int_equal(EC(cpu->esr_el1), EC_UNKNOWN);
}

static void cache_maintenance_faults_as_cache_maintenance(void **state)
{
	gpa_t root = table_new(&rig, 12);

	mmu_on(cpu, root, tcr_value(12, 16, 16), SCTLR_UCI);
	assert_int_equal(arm_sys_insn(cpu, SYSREG(1, 3, 7, 14, 1), 0x5000), SYSREG_FAULTED);
	assert_true(cpu->esr_el1 == ((uint64_t)EC_DABORT << 26 | BIT(25) | BIT(8) | BIT(6) | FSC_TRANSLATION));
	assert_true(cpu->far_el1 == 0x5000);
}

static void absent_features_have_no_registers(void **state)
{
	uint64_t v;

	tear_down(NULL);
	start("cortex-a57");
	assert_int_equal(arm_sysreg_read(cpu, SYSREG(3, 0, 4, 2, 3), &v), SYSREG_FAULTED);
	assert_int_equal(arm_sysreg_write(cpu, SYSREG(3, 0, 4, 2, 4), 0), SYSREG_FAULTED);
	write_reg(cpu, SYS_SCTLR, 0);
	assert_true(cpu->sctlr_el1 & SCTLR_SPAN);
}

static void fpsr_folds_what_mxcsr_and_qc_hold(void **state)
{
	cpu->mxcsr = 0x1f80 | 0x3f;
	cpu->fpsr_qc = 1;
	assert_true(arm_fpsr(cpu) == (0x1f | FPSR_QC));
	arm_set_fpsr(cpu, FPSR_QC | 0x81);
	assert_true(arm_fpsr(cpu) == (FPSR_QC | 0x81));
	assert_true((cpu->mxcsr & 0x3f) == 0);
}

/* ---- debug ---- */

static void software_step_takes_one_instruction(void **state)
{
	write_reg(cpu, SYSREG(2, 0, 1, 0, 4), 0);
	write_reg(cpu, SYSREG(2, 0, 0, 2, 2), MDSCR_SS);
	assert_false(mode()->ss);
	cpu->spsr_el1 = PSTATE_SS;
	cpu->elr_el1 = PC;
	arm_eret(cpu);
	assert_true(cpu->el == 0 && cpu->pc == PC && mode()->ss);
	cpu->pc = PC + 4;
	dbt_h_step(cpu, 1, 0, 0);
	assert_int_equal(EC(cpu->esr_el1), EC_STEP_LOW);
	assert_true(cpu->elr_el1 == PC + 4);
	assert_false(cpu->spsr_el1 & PSTATE_SS);
	/* Without SPSR.SS the exception comes before the first instruction, for which the dispatcher asks. */
	cpu->spsr_el1 = 0;
	cpu->elr_el1 = PC + 16;
	arm_eret(cpu);
	assert_true(arm_step_check(cpu, 0));
	assert_true(cpu->el == 1 && cpu->elr_el1 == PC + 16);
	assert_false(cpu->esr_el1 & BIT(24));
	/* An SVC that is stepped: over when it is taken. */
	cpu->spsr_el1 = PSTATE_SS;
	arm_eret(cpu);
	dbt_h_svc(cpu, 1, 0, 0);
	assert_int_equal(EC(cpu->esr_el1), EC_SVC64);
	assert_false(cpu->spsr_el1 & PSTATE_SS);
}

static void breakpoints_and_watchpoints_match(void **state)
{
	write_reg(cpu, SYSREG(2, 0, 1, 0, 4), 0);
	write_reg(cpu, SYSREG(2, 0, 0, 1, 4), PC);
	write_reg(cpu, SYSREG(2, 0, 0, 1, 5), 1 | 2 << 1 | 0xf << 5);
	write_reg(cpu, SYSREG(2, 0, 0, 0, 6), 0x8000);
	write_reg(cpu, SYSREG(2, 0, 0, 0, 7), 1 | 2 << 1 | 2 << 3 | 0x0c << 5);
	assert_false(mode()->watch);
	write_reg(cpu, SYSREG(2, 0, 0, 2, 2), MDSCR_MDE);
	to_el0();
	assert_true(mode()->watch);
	assert_false(arm_watchpoint_check(cpu, 0x8000, 2, true, false));
	assert_false(arm_watchpoint_check(cpu, 0x8000, 4, false, false));
	assert_false(arm_watchpoint_check(cpu, 0x8004, 4, true, false));
	assert_true(arm_watchpoint_check(cpu, 0x8000, 4, true, false));
	assert_int_equal(EC(cpu->esr_el1), EC_WATCH_LOW);
	assert_true(cpu->far_el1 == 0x8000);
	to_el0();
	assert_true(arm_watchpoint_check(cpu, 0x7ff8, 16, true, false));
	to_el0();
	cpu->pc = PC;
	assert_true(arm_breakpoint_check(cpu));
	assert_int_equal(EC(cpu->esr_el1), EC_BREAK_LOW);
	to_el0();
	cpu->pc = PC + 4;
	assert_false(arm_breakpoint_check(cpu));
}

static void context_breakpoints_compare_all_bits_of_the_context(void **state)
{
	write_reg(cpu, SYSREG(2, 0, 1, 0, 4), 0);
	write_reg(cpu, SYSREG(2, 0, 0, 5, 4), 0x12345677);
	write_reg(cpu, SYSREG(2, 0, 0, 5, 5), 1 | 2 << 1 | 0xf << 5 | 2 << 20);
	write_reg(cpu, SYSREG(2, 0, 0, 2, 2), MDSCR_MDE);
	cpu->contextidr_el1 = 0x12345674;
	to_el0();
	assert_false(arm_breakpoint_check(cpu));
	cpu->contextidr_el1 = 0x12345677;
	assert_true(arm_breakpoint_check(cpu));
}

static void watchpoints_of_a_word_watch_that_word(void **state)
{
	write_reg(cpu, SYSREG(2, 0, 1, 0, 4), 0);
	write_reg(cpu, SYSREG(2, 0, 0, 0, 6), 0x8004);
	write_reg(cpu, SYSREG(2, 0, 0, 0, 7), 1 | 2 << 1 | 3 << 3 | 0xff << 5);
	write_reg(cpu, SYSREG(2, 0, 0, 2, 2), MDSCR_MDE);
	to_el0();
	assert_false(arm_watchpoint_check(cpu, 0x8000, 4, true, false));
	assert_false(arm_watchpoint_check(cpu, 0x8008, 4, true, false));
	assert_true(arm_watchpoint_check(cpu, 0x8007, 1, true, false));
}

static void the_double_lock_is_open_while_power_down_is_not_to_be(void **state)
{
	write_reg(cpu, SYSREG(2, 0, 1, 0, 4), 0);
	write_reg(cpu, SYSREG(2, 0, 0, 1, 4), PC);
	write_reg(cpu, SYSREG(2, 0, 0, 1, 5), 1 | 2 << 1 | 0xf << 5);
	write_reg(cpu, SYSREG(2, 0, 0, 2, 2), MDSCR_MDE);
	write_reg(cpu, SYSREG(2, 0, 1, 3, 4), 1);
	to_el0();
	assert_false(mode()->watch || arm_breakpoint_check(cpu));
	arm_sync_exception(cpu, EC_SVC64, 0);
	write_reg(cpu, SYSREG(2, 0, 1, 4, 4), 1);
	to_el0();
	assert_true(mode()->watch && arm_breakpoint_check(cpu));
}

/* No other vCPU is inside code, as the cache sees to when it empties itself. */
static void modes_without_end_are_forgotten_and_numbered_anew(void **state)
{
	uint32_t past = 0, before;

	to_el0();
	for (unsigned i = 0; i < 3 * ARM_MODES_MAX; i++) {
		unsigned fp = i & 63, trap = i >> 6;

		cpu->cntkctl_el1 = trap & 3;
		cpu->sctlr_el1 = SCTLR_RES1 | (trap & 4 ? SCTLR_UCI : 0) | (trap & 8 ? SCTLR_DZE : 0) |
				 (trap & 16 ? SCTLR_UCT : 0) | (trap & 32 ? SCTLR_UMA : 0) |
				 (trap & 64 ? SCTLR_NTWI : 0) | (trap & 128 ? SCTLR_NTWE : 0);
		arm_set_fpcr(cpu, (uint64_t)(fp & 31) << 22 | (uint64_t)(fp >> 5) << 19);
		past += cpu->mode >= ARM_MODES_MAX;
		assert_true(mode()->fp_round == (fp & 3) && mode()->fz == (fp >> 2 & 1) && mode()->dn == (fp >> 3 & 1));
		assert_true(mode()->el0_trap_wfe == !(trap & 128) && mode()->el0_cntpct == (trap & 1));
	}
	assert_true(past >= 2 * ARM_MODES_MAX);
	before = cpu->mode;
	arm_modes_renew(&rig.dbt);
	arm_mode_follow(cpu);
	assert_true(before >= ARM_MODES_MAX && cpu->mode == 0);
	assert_true(mode()->fp_round == 3 && mode()->el0_cntpct);
	arm_mode_follow(rig.cpu[1]);
	assert_int_equal(rig.cpu[1]->mode, 1);
	assert_int_equal(arm_mode_get(&rig.dbt, 1)->el, 1);
	arm_modes_renew(&rig.dbt);
	arm_mode_follow(cpu);
	assert_int_equal(cpu->mode, 0);
}

/* ---- helpers ---- */

static void pairs_are_exchanged_atomically(void **state)
{
	uint64_t *m = ram_at(&rig, RAM_BASE + 64);

	mem_reader_register(&rig.vm.mem, &rig.vcpu[0].reader);
	m[0] = 1;
	m[1] = 2;
	cpu->x[2] = 1;
	cpu->x[3] = 9;
	cpu->x[4] = 5;
	cpu->x[5] = 6;
	dbt_h_casp(cpu, RAM_BASE + 64, 8 | 2 << 8 | 4 << 16, 0);
	assert_true(m[0] == 1 && m[1] == 2 && cpu->x[2] == 1 && cpu->x[3] == 2);
	dbt_h_casp(cpu, RAM_BASE + 64, 8 | 2 << 8 | 4 << 16, 0);
	assert_true(m[0] == 5 && m[1] == 6);
	dbt_h_ldxp(cpu, RAM_BASE + 64, 8 | 6 << 8 | 7 << 16, 0);
	assert_true(cpu->x[6] == 5 && cpu->x[7] == 6);
	m[1] = 7;
	assert_int_equal(dbt_h_stxp(cpu, RAM_BASE + 64, 8 | 2 << 8 | 31 << 16, 0), 1);
	dbt_h_ldxp(cpu, RAM_BASE + 64, 8 | 6 << 8 | 7 << 16, 0);
	assert_int_equal(dbt_h_stxp(cpu, RAM_BASE + 64, 8 | 2 << 8 | 31 << 16, 0), 0);
	assert_true(m[0] == 1 && m[1] == 0);
	m[0] = 0x0000000200000001;
	dbt_h_ldxp(cpu, RAM_BASE + 64, 4 | 6 << 8 | 7 << 16, 0);
	assert_true(cpu->x[6] == 1 && cpu->x[7] == 2);
	assert_int_equal(dbt_h_stxp(cpu, RAM_BASE + 64, 4 | 7 << 8 | 6 << 16, 0), 0);
	assert_true(m[0] == 0x0000000100000002);
	assert_false(cpu->redirect);
	dbt_h_ldxp(cpu, RAM_BASE + 72, 8 | 6 << 8 | 7 << 16, 0);
	assert_true(cpu->redirect && (cpu->esr_el1 & 63) == FSC_ALIGNMENT);
}

static bool fake_firmware(struct vcpu *v, bool smc, uint64_t args[8])
{
	if (args[0] != 0x84000000)
		return false;
	args[0] = smc ? 7 : 8;
	return true;
}

static void firmware_calls_return_or_are_undefined(void **state)
{
	rig.vm.firmware_call = fake_firmware;
	cpu->x[0] = 0x84000000;
	cpu->pc = PC + 4;
	dbt_h_hvc(cpu, 0, 0, 0);
	assert_true(cpu->x[0] == 8 && cpu->pc == PC + 4);
	cpu->x[0] = 0x84000000;
	cpu->pc = PC;
	dbt_h_smc(cpu, 0, 0, 0);
	assert_true(cpu->x[0] == 7 && cpu->pc == PC + 4);
	dbt_h_hvc(cpu, 0, 0, 0);
	assert_int_equal(EC(cpu->esr_el1), EC_UNKNOWN);
	assert_true(cpu->elr_el1 == PC);
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(vectors_depend_on_where_the_exception_comes_from), T(entry_saves_and_masks_and_return_restores),
		T(models_without_pan_never_set_it), T(illegal_returns_set_il_and_stay), T(aborts_report_where_and_what),
		T(interrupts_are_taken_when_unmasked_and_fiq_first), T(returning_to_open_masks_asks_for_the_interrupt),
		T(equal_states_have_equal_modes), T(cpacr_traps_fp_by_el),
		T(every_register_is_listed_once_and_readable_or_not_as_it_says), T(inline_accesses_agree_with_the_helper),
		T(id_registers_tell_what_the_model_has), T(el0_traps_report_the_register),
		T(cache_maintenance_faults_as_cache_maintenance), T(absent_features_have_no_registers),
		T(fpsr_folds_what_mxcsr_and_qc_hold), T(software_step_takes_one_instruction),
		T(breakpoints_and_watchpoints_match),
		T(context_breakpoints_compare_all_bits_of_the_context), T(watchpoints_of_a_word_watch_that_word),
		T(the_double_lock_is_open_while_power_down_is_not_to_be), T(modes_without_end_are_forgotten_and_numbered_anew),
		T(pairs_are_exchanged_atomically), T(firmware_calls_return_or_are_undefined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
