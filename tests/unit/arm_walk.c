/* SPDX-License-Identifier: BSD-2-Clause */
/* Stage 1 walks against tables built by hand. */
#include "tests/unit/arm_rig.h"

#include "engine/dbt/arm64/walk.h"

#define LOW	0x0000007654321000ull		/* in 39 bits and more */
#define PA	(RAM_BASE + 8 * MIB)

static struct rig rig;

static int set_up(void **state)
{
	rig_init(&rig, "max");
	return 0;
}

static int tear_down(void **state)
{
	rig_free(&rig);
	return 0;
}

/* fsc of the fault, or -1 and *res. */
static int try(uint64_t va, enum access_kind kind, enum tlb_class cls, struct tlb_result *res)
{
	struct arm_fault f = { 0 };
	struct tlb_result dummy;

	if (!tlb_translate(rig.cpu[0], va, kind, cls, res ? res : &dummy, &f))
		return -1;
	assert_true(f.taken);
	assert_true(f.va == va);
	return (int)f.fsc;
}

static void pages_and_blocks_of_every_granule_translate(void **state)
{
	static const struct { unsigned page_bits, level; } t[] = {
		{ 12, 3 }, { 12, 2 }, { 12, 1 }, { 14, 3 }, { 14, 2 }, { 16, 3 }, { 16, 2 } };

	for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
		for (unsigned txsz = 16; txsz <= 39; txsz++) {
			struct pt_geometry g = pt_geometry_of(t[i].page_bits, 64 - txsz);
			uint64_t va = BIT(64 - txsz) - 0x2345678, high = ~0ull << (64 - txsz) | va;
			struct tlb_result r;
			gpa_t root, pa;
			unsigned shift;

			if (g.start_level > t[i].level)
				continue;
			rig.next = RAM_BASE;
			root = table_new(&rig, t[i].page_bits);
			shift = pt_shift(&g, t[i].level);
			pa = 0x0000123440000000ull & ~(BIT(shift) - 1);
			*desc_at(&rig, root, g, va, t[i].level, 0) = pa | (t[i].level == 3 ? PAGE : LEAF);
			mmu_on(rig.cpu[0], root, tcr_value(t[i].page_bits, txsz, txsz), 0);
			assert_int_equal(try(va, ACC_READ, TLB_EL1, &r), -1);
			assert_true(r.gpa == pa + (va & (BIT(shift) - 1)));
			assert_true(r.attr == 0xff && !r.device);
			assert_int_equal(try(high, ACC_READ, TLB_EL1, &r), -1);
			assert_true(r.gpa == pa + (va & (BIT(shift) - 1)));
			/* Again, from the second level. */
			assert_int_equal(try(va ^ 8, ACC_READ, TLB_EL1, &r), -1);
			assert_true(r.gpa == pa + ((va ^ 8) & (BIT(shift) - 1)));
			/* One past the range. */
			assert_int_equal(try(BIT(64 - txsz), ACC_READ, TLB_EL1, NULL), FSC_TRANSLATION);
			assert_int_equal(try((~0ull << (64 - txsz)) - 1, ACC_READ, TLB_EL1, NULL), FSC_TRANSLATION);
		}
	}
}

static gpa_t root4k;
static const struct pt_geometry G = { .page_bits = 12, .stride = 9, .va_bits = 48, .start_level = 0 };

static uint64_t *map(uint64_t va, unsigned level, uint64_t desc, uint64_t table_bits)
{
	uint64_t *d;

	rig.next = RAM_BASE;
	root4k = table_new(&rig, 12);
	d = desc_at(&rig, root4k, G, va, level, table_bits);
	*d = desc;
	mmu_on(rig.cpu[0], root4k, tcr_value(12, 16, 16), 0);
	tlb_flush_all(rig.cpu[0], false);
	return d;
}

static void invalid_descriptors_fault_at_their_level(void **state)
{
	for (unsigned level = 0; level < 4; level++) {
		map(LOW, level, 0, 0);
		assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), FSC_TRANSLATION + level);
	}
	/* A block at level 0, and "block" at level 3, are reserved. */
	map(LOW, 0, PA | LEAF, 0);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), FSC_TRANSLATION + 0);
	map(LOW, 3, PA | LEAF, 0);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), FSC_TRANSLATION + 3);
}

static void outputs_past_the_address_size_fault(void **state)
{
	map(LOW, 3, BIT(44) | PAGE, 0);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), -1);
	write_reg(rig.cpu[0], SYS_TCR, (rig.cpu[0]->tcr_el1 & ~TCR_IPS) | 4ull << 32);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), FSC_ADDRESS_SIZE + 3);
	map(LOW, 2, BIT(44) | PT_TABLE | PT_VALID, 0);
	write_reg(rig.cpu[0], SYS_TCR, (rig.cpu[0]->tcr_el1 & ~TCR_IPS) | 4ull << 32);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), FSC_ADDRESS_SIZE + 2);
	write_reg(rig.cpu[0], SYS_TTBR0, BIT(45));
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), FSC_ADDRESS_SIZE + 0);
}

static void tables_in_holes_are_external_aborts(void **state)
{
	map(LOW, 1, 0x10000000 | PT_TABLE | PT_VALID, 0);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), FSC_EXTERNAL_WALK + 2);
}

static void rights(uint64_t desc, uint64_t table_bits, const char *want)
{
	static const struct { enum access_kind kind; enum tlb_class cls; char name; } all[] = {
		{ ACC_READ, TLB_EL0, 'r' }, { ACC_WRITE, TLB_EL0, 'w' }, { ACC_FETCH, TLB_EL0, 'x' },
		{ ACC_READ, TLB_EL1, 'R' }, { ACC_WRITE, TLB_EL1, 'W' }, { ACC_FETCH, TLB_EL1, 'X' },
		{ ACC_READ, TLB_EL1_PAN, 'p' }, { ACC_WRITE, TLB_EL1_PAN, 'P' },
	};

	for (unsigned pass = 0; pass < 2; pass++) {
		uint64_t sctlr = pass ? SCTLR_WXN : 0;
		const char *w = pass ? strchr(want, '/') + 1 : want;

		map(LOW, 3, PA | PAGE | desc, table_bits);
		write_reg(rig.cpu[0], SYS_SCTLR, sctlr | SCTLR_M);
		for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
			const char *at = strchr(w, all[i].name);
			bool ok = at && (pass || at < strchr(want, '/'));
			int fsc = try(LOW, all[i].kind, all[i].cls, NULL);

			if (fsc != (ok ? -1 : FSC_PERMISSION + 3))
				fail_msg("desc %llx tables %llx wxn %u: %c gave %d", (unsigned long long)desc,
					 (unsigned long long)table_bits, pass, all[i].name, fsc);
		}
	}
}

static void rights_follow_ap_xn_wxn_pan_and_the_tables_above(void **state)
{
	rights(0, 0, "xRWXpP/xRWpP");
	rights(PT_AP_EL0, 0, "rwxRW/rwRW");
	rights(PT_AP_RO, 0, "xRXp/xRXp");
	rights(PT_AP_EL0 | PT_AP_RO, 0, "rxRX/rxRX");
	rights(PT_AP_EL0 | PT_AP_RO | PT_UXN, 0, "rRX/rRX");
	rights(PT_AP_EL0 | PT_AP_RO | PT_PXN, 0, "rxR/rxR");
	rights(PT_PXN | PT_UXN, 0, "RWpP/RWpP");
	rights(PT_AP_EL0, PT_AP_TABLE_RO, "rxRX/rxRX");
	rights(PT_AP_EL0, PT_AP_TABLE_NO_EL0, "xRWXpP/xRWpP");
	rights(0, PT_PXN_TABLE | PT_UXN_TABLE, "RWpP/RWpP");
}

static void access_flag_faults_or_is_set(void **state)
{
	uint64_t *d = map(LOW, 3, PA | PT_VALID | PT_TABLE, 0);

	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), FSC_ACCESS_FLAG + 3);
	write_reg(rig.cpu[0], SYS_TCR, rig.cpu[0]->tcr_el1 | TCR_HA);
	assert_int_equal(try(LOW, ACC_AT_READ, TLB_EL1, NULL), -1);
	assert_false(*d & PT_AF);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), -1);
	assert_true(*d == (PA | PAGE));
}

static void dirty_state_is_managed_by_hardware_when_asked(void **state)
{
	uint64_t clean = PA | PAGE | PT_DBM | PT_AP_RO | PT_AP_EL0;
	uint64_t *d = map(LOW, 3, clean, 0);

	assert_int_equal(try(LOW, ACC_WRITE, TLB_EL0, NULL), FSC_PERMISSION + 3);
	write_reg(rig.cpu[0], SYS_TCR, rig.cpu[0]->tcr_el1 | TCR_HA | TCR_HD);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL0, NULL), -1);
	assert_true(*d == clean);
	assert_int_equal(try(LOW, ACC_WRITE, TLB_EL0, NULL), -1);
	assert_true(*d == (clean & ~PT_AP_RO));
	/* Read-only by a table above: no update. */
	d = map(LOW, 3, clean, PT_AP_TABLE_RO);
	write_reg(rig.cpu[0], SYS_TCR, rig.cpu[0]->tcr_el1 | TCR_HA | TCR_HD);
	assert_int_equal(try(LOW, ACC_WRITE, TLB_EL0, NULL), FSC_PERMISSION + 3);
	assert_true(*d == clean);
}

static void models_without_hafdbs_ignore_ha(void **state)
{
	rig_free(&rig);
	rig_init(&rig, "cortex-a57");
	map(LOW, 3, PA | PT_VALID | PT_TABLE, 0);
	write_reg(rig.cpu[0], SYS_TCR, rig.cpu[0]->tcr_el1 | TCR_HA);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), FSC_ACCESS_FLAG + 3);
}

static void top_byte_is_ignored_where_tbi_says_so(void **state)
{
	uint64_t tagged = LOW | 0x5aull << 56;
	struct tlb_result r;

	map(LOW, 3, PA | PAGE, 0);
	assert_int_equal(try(tagged, ACC_READ, TLB_EL1, NULL), FSC_TRANSLATION);
	write_reg(rig.cpu[0], SYS_TCR, rig.cpu[0]->tcr_el1 | TCR_TBI0);
	assert_int_equal(try(tagged, ACC_READ, TLB_EL1, &r), -1);
	assert_true(r.gpa == PA);
	assert_int_equal(try(tagged | BIT(55), ACC_READ, TLB_EL1, NULL), FSC_TRANSLATION);
}

static void e0pd_hides_a_half_from_el0(void **state)
{
	map(LOW, 3, PA | PAGE | PT_AP_EL0, 0);
	write_reg(rig.cpu[0], SYS_TCR, rig.cpu[0]->tcr_el1 | TCR_E0PD0);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), -1);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL0, NULL), FSC_TRANSLATION);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1_PAN, NULL), FSC_PERMISSION + 3);
}

static void epd_disables_walks(void **state)
{
	map(LOW, 3, PA | PAGE, 0);
	write_reg(rig.cpu[0], SYS_TCR, rig.cpu[0]->tcr_el1 | TCR_EPD0);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), FSC_TRANSLATION);
}

static void big_endian_tables_are_walked_with_ee(void **state)
{
	uint64_t *p;

	map(LOW, 3, PA | PAGE, 0);
	for (p = ram_at(&rig, RAM_BASE); p < (uint64_t *)ram_at(&rig, rig.next); p++)
		*p = __builtin_bswap64(*p);
	tlb_flush_all(rig.cpu[0], false);
	assert_int_not_equal(try(LOW, ACC_READ, TLB_EL1, NULL), -1);
	write_reg(rig.cpu[0], SYS_SCTLR, SCTLR_M | SCTLR_EE);
	assert_int_equal(try(LOW, ACC_READ, TLB_EL1, NULL), -1);
}

static void without_mmu_addresses_are_flat_and_data_is_device(void **state)
{
	struct tlb_result r;

	assert_int_equal(try(PA + 5, ACC_READ, TLB_EL1, &r), -1);
	assert_true(r.gpa == PA + 5 && r.device);
	assert_int_equal(try(PA, ACC_FETCH, TLB_EL1, &r), -1);
	assert_false(r.device);
	assert_int_equal(try(BIT(48), ACC_READ, TLB_EL1, NULL), FSC_ADDRESS_SIZE);
}

static void at_reports_in_par(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];

	map(LOW, 3, PA | PAGE | PT_AP_RO | 1 << 2, 0);
	assert_int_equal(arm_sys_insn(cpu, SYSREG(1, 0, 7, 8, 0), LOW + 0x123), SYSREG_OK);
	assert_true(cpu->par_el1 == (PA | 0x04ull << 56 | BIT(11) | 2 << 7));
	arm_sys_insn(cpu, SYSREG(1, 0, 7, 8, 1), LOW);
	assert_true(cpu->par_el1 == (1 | BIT(11) | (FSC_PERMISSION + 3) << 1));
	arm_sys_insn(cpu, SYSREG(1, 0, 7, 8, 2), LOW);
	assert_true(cpu->par_el1 == (1 | BIT(11) | (FSC_PERMISSION + 3) << 1));
}

static void at_says_that_what_is_not_cached_is_outer_shareable(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];

	for (unsigned attr = 0; attr < 3; attr++) {
		map(LOW, 3, PA | PAGE | 3 << 8 | (uint64_t)attr << 2, 0);
		write_reg(cpu, SYS_MAIR, 0x44bbff);
		assert_int_equal(arm_sys_insn(cpu, SYSREG(1, 0, 7, 8, 0), LOW), SYSREG_OK);
		assert_int_equal(cpu->par_el1 >> 56, 0x44bbff >> 8 * attr & 0xff);
		assert_int_equal(cpu->par_el1 >> 7 & 3, attr == 2 ? 2 : 3);
	}
}

static void at_takes_the_external_abort_of_its_walk(void **state)
{
	struct arm_cpu *cpu = rig.cpu[0];

	map(LOW, 1, 0x10000000 | PT_TABLE | PT_VALID, 0);
	cpu->par_el1 = 0;
	assert_int_equal(arm_sys_insn(cpu, SYSREG(1, 0, 7, 8, 0), LOW + 5), SYSREG_FAULTED);
	assert_true(cpu->esr_el1 == ((uint64_t)EC_DABORT << 26 | BIT(25) | BIT(8) | BIT(6) | (FSC_EXTERNAL_WALK + 2)));
	assert_true(cpu->far_el1 == LOW + 5);
}

int main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(pages_and_blocks_of_every_granule_translate), T(invalid_descriptors_fault_at_their_level),
		T(outputs_past_the_address_size_fault), T(tables_in_holes_are_external_aborts),
		T(rights_follow_ap_xn_wxn_pan_and_the_tables_above), T(access_flag_faults_or_is_set),
		T(dirty_state_is_managed_by_hardware_when_asked), T(models_without_hafdbs_ignore_ha),
		T(top_byte_is_ignored_where_tbi_says_so), T(e0pd_hides_a_half_from_el0), T(epd_disables_walks),
		T(big_endian_tables_are_walked_with_ee), T(without_mmu_addresses_are_flat_and_data_is_device), T(at_reports_in_par),
		T(at_says_that_what_is_not_cached_is_outer_shareable), T(at_takes_the_external_abort_of_its_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
