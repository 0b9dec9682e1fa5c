/* SPDX-License-Identifier: BSD-2-Clause */
/* The software TLB: contexts, fills, exact invalidation, broadcast between vCPUs. */
#include "tests/unit/arm_rig.h"

#include "engine/dbt/tlb_private.h"

#define USER	0x0000000000400000ull
#define KERNEL	0xffff800000400000ull
#define PA	(RAM_BASE + 8 * MIB)
#define A1	0x11ull
#define A2	0x22ull

static const struct pt_geometry G = { .page_bits = 12, .stride = 9, .va_bits = 48, .start_level = 0 };
static struct rig rig;
static gpa_t root;

static int set_up(void **state)
{
	rig_init(&rig, "max");
	root = table_new(&rig, 12);
	for (unsigned i = 0; i < RIG_CPUS; i++)
		mmu_on(rig.cpu[i], root, tcr_value(12, 16, 16) | TCR_A1, 0);
	return 0;
}

static int tear_down(void **state)
{
	rig_free(&rig);
	return 0;
}

static void map(uint64_t va, unsigned level, uint64_t desc)
{
	*desc_at(&rig, root, G, va, level, 0) = desc;
}

static void asid(struct arm_cpu *cpu, uint64_t n)
{
	write_reg(cpu, SYS_TTBR1, root | n << 48);
}

static struct tlb_entry *entry(struct arm_cpu *cpu, uint64_t va, enum tlb_class cls, bool write)
{
	return &cpu->ctx->data[cls][write][va >> 12 & (TLB_ENTRIES - 1)];
}

/* What translated code and its slow path do: 0 the array had it, 1 it was filled, negative FSC. */
static int touch(struct arm_cpu *cpu, uint64_t va, enum tlb_class cls, bool write)
{
	struct tlb_entry *e = entry(cpu, va, cls, write);
	struct tlb_result r;
	struct arm_fault f;
	uint64_t page = va & ~4095ull;

	if (e->tag == page)
		return 0;
	if (tlb_translate(cpu, va, write ? ACC_WRITE : ACC_READ, cls, &r, &f))
		return -(int)f.fsc;
	tlb_fill_data(cpu, va, write, cls, ram_at(&rig, r.gpa & ~4095ull));
	assert_true(e->tag == page);
	assert_ptr_equal((void *)(uintptr_t)(va + e->addend), ram_at(&rig, r.gpa));
	return 1;
}

static void enter_page(struct arm_cpu *cpu, uint64_t va, unsigned el)
{
	struct tlb_result r;
	struct arm_fault f;

	assert_int_equal(tlb_translate(cpu, va, ACC_FETCH, el ? TLB_EL1 : TLB_EL0, &r, &f), 0);
	tlb_fill_fetch(cpu, va, el, 7);
	tlb_fill_jump(cpu, va, el, 3, &rig);
}

static bool jump_is(struct arm_cpu *cpu, uint64_t va, unsigned el)
{
	return cpu->ctx->jump[el][JUMP_INDEX(va)].va == va;
}

static void contexts_keep_their_entries_across_switches(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];

	map(USER, 3, PA | PAGE | PT_NG);
	asid(cpu, A1);
	assert_int_equal(touch(cpu, USER, TLB_EL1, false), 1);
	asid(cpu, A2);
	map(USER, 3, (PA + 4096) | PAGE | PT_NG);
	assert_int_equal(touch(cpu, USER, TLB_EL1, false), 1);
	asid(cpu, A1);
	assert_int_equal(touch(cpu, USER, TLB_EL1, false), 0);
	/* Stale, as the architecture has it: nobody invalidated A1. */
	assert_ptr_equal((void *)(uintptr_t)(USER + entry(cpu, USER, TLB_EL1, false)->addend), ram_at(&rig, PA));
	write_reg(cpu, SYS_SCTLR, 0);
	assert_int_not_equal(entry(cpu, USER, TLB_EL1, false)->tag, USER);
	write_reg(cpu, SYS_SCTLR, SCTLR_M);
	assert_int_equal(touch(cpu, USER, TLB_EL1, false), 0);
}

static void more_asids_than_contexts_work(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];

	for (unsigned round = 0; round < 3; round++) {
		for (uint64_t n = 1; n <= 100; n++) {
			map(USER, 3, (PA + 4096 * n) | PAGE | PT_NG);
			asid(cpu, n);
			if (round)
				tlb_flush_asid(cpu, (uint16_t)n, false);
			assert_int_equal(touch(cpu, USER, TLB_EL0, false), -(FSC_PERMISSION + 3));
			touch(cpu, USER, TLB_EL1, false);
			assert_ptr_equal((void *)(uintptr_t)(USER + entry(cpu, USER, TLB_EL1, false)->addend),
					 ram_at(&rig, PA + 4096 * n));
		}
	}
}

static void tlbi_by_va_and_asid_removes_that_asid_and_globals_only(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];
	struct tlb_result r;
	struct arm_fault f;

	map(USER, 3, PA | PAGE | PT_NG);
	map(USER + 4096, 3, PA | PAGE | PT_NG);
	map(KERNEL, 3, PA | PAGE);
	for (uint64_t a = A2; a >= A1; a -= A2 - A1) {
		asid(cpu, a);
		touch(cpu, USER, TLB_EL1, true);
		touch(cpu, USER + 4096, TLB_EL1, true);
		touch(cpu, KERNEL, TLB_EL1, false);
	}
	map(USER, 3, 0);
	map(KERNEL, 3, 0);
	tlb_flush_va(cpu, USER, A1, false);
	assert_int_equal(touch(cpu, USER, TLB_EL1, true), -(FSC_TRANSLATION + 3));
	assert_int_equal(touch(cpu, USER + 4096, TLB_EL1, true), 0);
	assert_int_equal(touch(cpu, KERNEL, TLB_EL1, false), 0);
	asid(cpu, A2);
	assert_int_equal(touch(cpu, USER, TLB_EL1, true), 0);
	assert_int_equal(tlb_translate(cpu, USER, ACC_WRITE, TLB_EL1, &r, &f), 0);
	/* With another ASID, but global: gone everywhere. */
	asid(cpu, A1);
	tlb_flush_va(cpu, KERNEL, 0x77, false);
	assert_int_equal(touch(cpu, KERNEL, TLB_EL1, false), -(FSC_TRANSLATION + 3));
	asid(cpu, A2);
	assert_int_equal(touch(cpu, KERNEL, TLB_EL1, false), -(FSC_TRANSLATION + 3));
}

static void tlbi_by_va_all_asids_reaches_contexts_that_sleep(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];

	map(USER, 3, PA | PAGE | PT_NG);
	asid(cpu, A2);
	touch(cpu, USER, TLB_EL1, true);
	asid(cpu, A1);
	touch(cpu, USER, TLB_EL1, true);
	map(USER, 3, 0);
	tlb_flush_va(cpu, USER, -1, false);
	assert_int_equal(touch(cpu, USER, TLB_EL1, true), -(FSC_TRANSLATION + 3));
	asid(cpu, A2);
	assert_int_equal(touch(cpu, USER, TLB_EL1, true), -(FSC_TRANSLATION + 3));
}

static void tlbi_by_asid_leaves_globals_and_other_asids(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];
	struct tlb_result r;
	struct arm_fault f;

	map(USER, 3, PA | PAGE | PT_NG);
	map(KERNEL, 3, PA | PAGE);
	asid(cpu, A2);
	touch(cpu, USER, TLB_EL1, true);
	asid(cpu, A1);
	touch(cpu, USER, TLB_EL1, true);
	touch(cpu, KERNEL, TLB_EL1, true);
	map(USER, 3, 0);
	map(KERNEL, 3, 0);
	tlb_flush_asid(cpu, A1, false);
	assert_int_equal(touch(cpu, USER, TLB_EL1, true), -(FSC_TRANSLATION + 3));
	assert_int_equal(tlb_translate(cpu, KERNEL, ACC_READ, TLB_EL1, &r, &f), 0);
	asid(cpu, A2);
	assert_int_equal(touch(cpu, USER, TLB_EL1, true), 0);
	tlb_flush_all(cpu, false);
	assert_int_equal(touch(cpu, KERNEL, TLB_EL1, false), -(FSC_TRANSLATION + 3));
	assert_int_equal(touch(cpu, USER, TLB_EL1, true), -(FSC_TRANSLATION + 3));
}

static void new_contexts_inherit_the_kernels_half_if_it_is_global(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];

	map(USER, 3, PA | PAGE | PT_NG);
	map(KERNEL, 3, PA | PAGE);
	asid(cpu, A1);
	touch(cpu, USER, TLB_EL1, true);
	touch(cpu, KERNEL, TLB_EL1, true);
	enter_page(cpu, KERNEL, 1);
	asid(cpu, A2);
	assert_int_equal(touch(cpu, KERNEL, TLB_EL1, true), 0);
	assert_true(jump_is(cpu, KERNEL, 1));
	assert_int_equal(touch(cpu, USER, TLB_EL1, true), 1);
	/* The bitmap came along: the page is known to have code here too. */
	tlb_flush_va(cpu, KERNEL, -1, false);
	tlb_drain(cpu);
	assert_false(jump_is(cpu, KERNEL, 1));
	/* With nG pages there (KPTI) nothing is shared, and TLBI by ASID takes them. */
	map(KERNEL, 3, PA | PAGE | PT_NG);
	touch(cpu, KERNEL, TLB_EL1, true);
	enter_page(cpu, KERNEL, 1);
	asid(cpu, 0x33);
	assert_false(jump_is(cpu, KERNEL, 1));
	assert_int_equal(touch(cpu, KERNEL, TLB_EL1, true), 1);
	map(KERNEL, 3, 0);
	tlb_flush_asid(cpu, 0x33, false);
	assert_int_equal(touch(cpu, KERNEL, TLB_EL1, true), -(FSC_TRANSLATION + 3));
}

static void tlbi_inside_a_block_removes_all_of_it(void **state)
{
	static const struct { unsigned level; uint64_t size; } t[] = { { 2, 2 * MIB }, { 1, GIB } };
	struct arm_cpu *cpu = rig.cpu[0];

	for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t va = 8 * GIB + i * GIB;

		map(va, t[i].level, RAM_BASE | LEAF | PT_NG);
		asid(cpu, A1);
		for (uint64_t off = 0; off < 8 * MIB && off < t[i].size; off += 0x39000)
			touch(cpu, va + off, TLB_EL1, true);
		map(va, t[i].level, 0);
		tlb_flush_va(cpu, va + t[i].size - 4096, A1, false);
		for (uint64_t off = 0; off < 8 * MIB && off < t[i].size; off += 0x39000)
			assert_int_equal(touch(cpu, va + off, TLB_EL1, true), -(FSC_TRANSLATION + (int)t[i].level));
	}
}

static void tlbi_inside_a_64k_page_removes_all_of_it(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];
	struct pt_geometry g = pt_geometry_of(16, 48);
	gpa_t big = table_new(&rig, 16);
	uint64_t *d = desc_at(&rig, big, g, USER, 3, 0);

	write_reg(cpu, SYS_SCTLR, 0);
	mmu_on(cpu, big, tcr_value(16, 16, 16), 0);
	*d = PA | PAGE | PT_NG;
	for (uint64_t off = 0; off < 64 * KIB; off += 4096)
		assert_int_equal(touch(cpu, USER + off, TLB_EL1, false), 1);
	*d = 0;
	tlb_flush_va(cpu, USER + 0x7000, 0, false);
	for (uint64_t off = 0; off < 64 * KIB; off += 4096)
		assert_int_equal(touch(cpu, USER + off, TLB_EL1, false), -(FSC_TRANSLATION + 3));
}

static void classes_have_their_own_rights(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];

	map(USER, 3, PA | PAGE | PT_NG | PT_AP_EL0 | PT_AP_RO);
	assert_int_equal(touch(cpu, USER, TLB_EL0, false), 1);
	assert_int_equal(touch(cpu, USER, TLB_EL1, false), 1);
	assert_int_equal(touch(cpu, USER, TLB_EL1_PAN, false), -(FSC_PERMISSION + 3));
	assert_int_equal(touch(cpu, USER, TLB_EL0, true), -(FSC_PERMISSION + 3));
	/* A right gained needs no TLBI: a miss in rights walks again. */
	map(USER, 3, PA | PAGE | PT_NG | PT_AP_EL0);
	assert_int_equal(touch(cpu, USER, TLB_EL0, true), 1);
}

static void tagged_pointers_are_found_by_tlbi(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];
	uint64_t tagged = USER | 0x5aull << 56;

	write_reg(cpu, SYS_TCR, cpu->tcr_el1 | TCR_TBI0);
	map(USER, 3, PA | PAGE | PT_NG);
	assert_int_equal(touch(cpu, tagged, TLB_EL1, true), 1);
	map(USER, 3, 0);
	arm_sys_insn(cpu, SYSREG(1, 0, 8, 7, 1), USER >> 12);
	assert_int_equal(touch(cpu, tagged, TLB_EL1, true), -(FSC_TRANSLATION + 3));
}

static void slow_entries_never_match(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];
	struct tlb_result r;
	struct arm_fault f;

	map(USER, 3, PA | PAGE | PT_NG);
	assert_int_equal(tlb_translate(cpu, USER, ACC_READ, TLB_EL1, &r, &f), 0);
	tlb_fill_data(cpu, USER, false, TLB_EL1, NULL);
	assert_true(entry(cpu, USER, TLB_EL1, false)->tag == (USER | TLB_SLOW));
}

static void tlbi_of_a_code_page_clears_jumps_at_the_next_drain(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];

	map(USER, 3, PA | PAGE | PT_NG | PT_AP_EL0);
	map(USER + 4096, 3, PA | PAGE | PT_NG | PT_AP_EL0);
	enter_page(cpu, USER, 0);
	tlb_drain(cpu);
	tlb_flush_va(cpu, USER + 4096, 0, false);
	assert_false(cpu->kick & KICK_TLB);
	assert_true(jump_is(cpu, USER, 0));
	tlb_flush_va(cpu, USER, 0, false);
	assert_true(cpu->kick & KICK_TLB);
	tlb_drain(cpu);
	assert_false(jump_is(cpu, USER, 0));
	assert_true(cpu->ctx->fetch[0][USER >> 12 & (TLB_ENTRIES - 1)].tag == TLB_EMPTY);
	assert_false(cpu->kick & KICK_TLB);
}

static void broadcast_removes_from_the_other_vcpu(void **state)
{
	struct arm_cpu *a = rig.cpu[0], *b = rig.cpu[1];

	map(USER, 3, PA | PAGE | PT_NG);
	map(USER + 4096, 3, PA | PAGE | PT_NG);
	asid(a, A1);
	asid(b, A1);
	touch(b, USER, TLB_EL1, true);
	touch(b, USER + 4096, TLB_EL1, true);
	map(USER, 3, 0);
	/* The local form does nothing over there. */
	arm_sys_insn(a, SYSREG(1, 0, 8, 7, 1), A1 << 48 | USER >> 12);
	assert_int_equal(touch(b, USER, TLB_EL1, true), 0);
	arm_sys_insn(a, SYSREG(1, 0, 8, 3, 1), A1 << 48 | USER >> 12);
	assert_true(b->kick & KICK_TLB);
	assert_int_equal(touch(b, USER, TLB_EL1, true), -(FSC_TRANSLATION + 3));
	assert_int_equal(touch(b, USER + 4096, TLB_EL1, true), 0);
	/* b is not in code, so nobody waits. */
	tlb_sync(a);
}

static void broadcast_without_a_match_asks_for_nothing(void **state)
{
	struct arm_cpu *a = rig.cpu[0], *b = rig.cpu[1];

	map(USER, 3, PA | PAGE | PT_NG);
	asid(a, A1);
	asid(b, A1);
	b->in_code = 1;
	tlb_flush_va(a, USER, A1, true);
	assert_false(b->kick & KICK_TLB);
	tlb_sync(a);
	/* b has the page of the same address in another ASID. */
	touch(b, USER, TLB_EL1, true);
	tlb_flush_va(a, USER, A2, true);
	assert_false(b->kick & KICK_TLB);
	assert_int_equal(touch(b, USER, TLB_EL1, true), 0);
	tlb_sync(a);
}

static void a_second_issuer_waits_for_the_same_acknowledgement(void **state)
{
	struct arm_cpu *a = rig.cpu[0], *b = rig.cpu[1], *c = rig.cpu[2];

	map(USER, 3, PA | PAGE | PT_NG);
	asid(b, A1);
	touch(b, USER, TLB_EL1, true);
	b->in_code = 1;
	tlb_flush_va(a, USER, A1, true);
	assert_true(a->tlb->wait == BIT(1));
	/* Nothing is there any more, but what b is doing may still use it. */
	tlb_flush_va(c, USER, A1, true);
	assert_true(c->tlb->wait == BIT(1));
	tlb_drain(b);
	tlb_sync(a);
	tlb_sync(c);
	assert_true(!a->tlb->wait && !c->tlb->wait);
	tlb_flush_va(c, USER, A1, true);
	assert_true(!c->tlb->wait);
}

static void while_a_broadcast_is_under_way_the_second_level_is_not_believed(void **state)
{
	struct arm_cpu *b = rig.cpu[1];
	struct tlb_result r;
	struct arm_fault f;

	map(USER, 3, PA | PAGE | PT_NG);
	assert_int_equal(tlb_translate(b, USER, ACC_READ, TLB_EL1, &r, &f), 0);
	map(USER, 3, (PA + 4096) | PAGE | PT_NG);
	rig.dbt.tlb.seq++;
	assert_int_equal(tlb_translate(b, USER, ACC_READ, TLB_EL1, &r, &f), 0);
	assert_true(r.gpa == PA + 4096);
	rig.dbt.tlb.done++;
}

static void a_fill_that_an_invalidation_overtook_is_not_kept(void **state)
{
	struct arm_cpu *a = rig.cpu[0], *b = rig.cpu[1];
	struct tlb_result r;
	struct arm_fault f;

	map(USER, 3, PA | PAGE | PT_NG);
	asid(a, A1);
	asid(b, A1);
	assert_int_equal(tlb_translate(b, USER, ACC_READ, TLB_EL1, &r, &f), 0);
	map(USER, 3, 0);
	tlb_flush_va(a, USER, A1, true);
	tlb_fill_data(b, USER, false, TLB_EL1, ram_at(&rig, PA));
	assert_true(entry(b, USER, TLB_EL1, false)->tag == TLB_EMPTY);
}

static void broadcast_by_asid_and_all_work_across(void **state)
{
	struct arm_cpu *a = rig.cpu[0], *b = rig.cpu[1];

	map(USER, 3, PA | PAGE | PT_NG);
	map(KERNEL, 3, PA | PAGE);
	asid(b, A2);
	touch(b, USER, TLB_EL1, true);
	asid(b, A1);
	touch(b, USER, TLB_EL1, true);
	touch(b, KERNEL, TLB_EL1, true);
	map(USER, 3, 0);
	tlb_flush_asid(a, A1, true);
	assert_true(b->kick & KICK_TLB);
	tlb_drain(b);
	assert_int_equal(touch(b, USER, TLB_EL1, true), -(FSC_TRANSLATION + 3));
	assert_int_equal(touch(b, KERNEL, TLB_EL1, true), 0);
	map(KERNEL, 3, 0);
	tlb_flush_all(a, true);
	tlb_drain(b);
	assert_int_equal(touch(b, KERNEL, TLB_EL1, true), -(FSC_TRANSLATION + 3));
	asid(b, A2);
	assert_int_equal(touch(b, USER, TLB_EL1, true), -(FSC_TRANSLATION + 3));
}

static void forgotten_jumps_are_gone_in_every_context(void **state)
{
	struct arm_cpu *a = rig.cpu[0], *b = rig.cpu[1];

	map(USER, 3, PA | PAGE | PT_NG | PT_AP_EL0);
	for (unsigned i = 0; i < RIG_CPUS; i++) {
		asid(rig.cpu[i], A2);
		enter_page(rig.cpu[i], USER, 0);
		asid(rig.cpu[i], A1);
		enter_page(rig.cpu[i], USER, 0);
	}
	tlb_forget_jumps(a);
	assert_false(jump_is(a, USER, 0));
	assert_true(b->kick & KICK_TLB);
	tlb_drain(b);
	assert_false(jump_is(b, USER, 0));
	asid(b, A2);
	assert_false(jump_is(b, USER, 0));
	asid(a, A2);
	assert_false(jump_is(a, USER, 0));
}

/* As translated code looks: without a kick. */
static bool fetch_is(struct arm_cpu *cpu, uint64_t va, unsigned el)
{
	return cpu->ctx->fetch[el][va >> 12 & (TLB_ENTRIES - 1)].tag == (va & ~0xfffull);
}

static void a_dropped_block_takes_the_jumps_to_its_offset_from_every_context_and_nothing_else(void **state)
{
	struct arm_cpu *a = rig.cpu[0], *b = rig.cpu[1];

	map(USER, 3, PA | PAGE | PT_NG | PT_AP_EL0);
	for (unsigned i = 0; i < RIG_CPUS; i++) {
		for (unsigned k = 0; k < 2; k++) {
			asid(rig.cpu[i], k ? A1 : A2);
			enter_page(rig.cpu[i], USER + 0x840, 0);
			enter_page(rig.cpu[i], USER + 0x844, 0);
		}
		rig.cpu[i]->kick = 0;
	}
	tlb_forget_block(a, 0x840);
	assert_false(a->kick & KICK_TLB);
	assert_false(jump_is(a, USER + 0x840, 0));
	assert_true(jump_is(a, USER + 0x844, 0));
	assert_true(fetch_is(a, USER, 0));
	assert_true(b->kick & KICK_TLB);
	tlb_drain(b);
	for (unsigned i = 0; i < RIG_CPUS; i++) {
		for (unsigned k = 0; k < 2; k++) {
			asid(rig.cpu[i], k ? A1 : A2);
			assert_false(jump_is(rig.cpu[i], USER + 0x840, 0));
			assert_true(jump_is(rig.cpu[i], USER + 0x844, 0));
			assert_true(fetch_is(rig.cpu[i], USER, 0));
		}
	}
	enter_page(b, USER + 0x840, 0);
	tlb_drain(b);
	assert_true(jump_is(b, USER + 0x840, 0));
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(contexts_keep_their_entries_across_switches), T(more_asids_than_contexts_work),
		T(tlbi_by_va_and_asid_removes_that_asid_and_globals_only),
		T(tlbi_by_va_all_asids_reaches_contexts_that_sleep), T(tlbi_by_asid_leaves_globals_and_other_asids),
		T(new_contexts_inherit_the_kernels_half_if_it_is_global),
		T(tlbi_inside_a_block_removes_all_of_it), T(tlbi_inside_a_64k_page_removes_all_of_it),
		T(classes_have_their_own_rights), T(tagged_pointers_are_found_by_tlbi), T(slow_entries_never_match),
		T(tlbi_of_a_code_page_clears_jumps_at_the_next_drain), T(broadcast_removes_from_the_other_vcpu),
		T(broadcast_without_a_match_asks_for_nothing), T(a_second_issuer_waits_for_the_same_acknowledgement),
		T(a_fill_that_an_invalidation_overtook_is_not_kept),
		T(while_a_broadcast_is_under_way_the_second_level_is_not_believed), T(broadcast_by_asid_and_all_work_across),
		T(forgotten_jumps_are_gone_in_every_context),
		T(a_dropped_block_takes_the_jumps_to_its_offset_from_every_context_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
