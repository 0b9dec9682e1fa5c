/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Broadcast invalidation against fills and accesses: two threads, both reading and both remapping pages. After TLBI and DSB
 * the old page is poisoned; nobody may ever read poison. For the thread sanitizer too.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "tests/unit/arm_rig.h"

#define PAGES		8u
#define USER		0x0000000000400000ull
#define PA		(RAM_BASE + 8 * MIB)
#define GOOD		0x600df00dull
#define POISON		0xdeaddeadull
#define RUN_NS		400000000ull
#define ASIDS		3u		/* 1 is where pages are; others only make contexts change */

static const struct pt_geometry G = { .page_bits = 12, .stride = 9, .va_bits = 48, .start_level = 0 };
static struct rig rig;
static gpa_t root;
static uint64_t *desc[2][PAGES];	/* each thread remaps its own half of the pages */
static uint32_t stop, bad;
static uint64_t reads[2], remaps[2];

static uint64_t page_va(unsigned owner, unsigned n)
{
	return USER + 4096 * (owner * PAGES + n);
}

static uint64_t *word(gpa_t pa)
{
	return ram_at(&rig, pa);
}

static void enter(struct arm_cpu *cpu)
{
	__atomic_store_n(&cpu->in_code, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&cpu->kick, __ATOMIC_SEQ_CST) & KICK_TLB)
		tlb_drain(cpu);
}

/* As translated code and its slow path do it. */
static void read_page(struct arm_cpu *cpu, uint64_t va)
{
	struct tlb_entry *e = &cpu->ctx->data[TLB_EL1][0][va >> 12 & (TLB_ENTRIES - 1)];
	struct tlb_result r;
	struct arm_fault f;
	uint64_t *p;

	if (__atomic_load_n(&e->tag, __ATOMIC_RELAXED) == va) {
		p = (uint64_t *)(uintptr_t)(va + e->addend);
	} else {
		if (tlb_translate(cpu, va, ACC_READ, TLB_EL1, &r, &f))
			return;
		p = ram_at(&rig, r.gpa);
		tlb_fill_data(cpu, va, false, TLB_EL1, p);
	}
	if (__atomic_load_n(p, __ATOMIC_RELAXED) != GOOD)
		__atomic_store_n(&bad, 1, __ATOMIC_RELAXED);
}

static void remap(struct arm_cpu *cpu, unsigned owner, unsigned n, unsigned how)
{
	uint64_t va = page_va(owner, n), old = *desc[owner][n], new = old ^ 64 * KIB;

	__atomic_store_n(word(new & PT_OUTPUT), GOOD, __ATOMIC_RELAXED);
	__atomic_store_n(desc[owner][n], new, __ATOMIC_SEQ_CST);
	if (how % 16 == 0)
		tlb_flush_all(cpu, true);
	else if (how % 16 == 1)
		tlb_flush_asid(cpu, 1, true);
	else
		tlb_flush_va(cpu, va, how % 16 == 2 ? -1 : 1, true);
	tlb_sync(cpu);
	__atomic_store_n(word(old & PT_OUTPUT), POISON, __ATOMIC_RELAXED);
	if (__atomic_load_n(&cpu->kick, __ATOMIC_SEQ_CST) & KICK_TLB)
		tlb_drain(cpu);
}

static void *vcpu_thread(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	struct arm_cpu *cpu = rig.cpu[me];
	uint32_t seed = me + 1;

	enter(cpu);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		seed = seed * 1664525 + 1013904223;
		switch (seed >> 16 & 31) {
		case 0: case 1:
			remap(cpu, me, seed >> 8 & (PAGES - 1), seed >> 24);
			remaps[me]++;
			break;
		case 2:
			arm_sysreg_write(cpu, SYS_TTBR1, root | (uint64_t)(2 + (seed >> 24) % (ASIDS - 1)) << 48);
			arm_sysreg_write(cpu, SYS_TTBR1, root | 1ull << 48);
			break;
		case 3:
			tlb_outside_begin(cpu);
			tlb_outside_end(cpu);
			break;
		case 4:
			__atomic_store_n(&cpu->in_code, 0, __ATOMIC_SEQ_CST);
			enter(cpu);
			break;
		default:
			for (unsigned i = 0; i < 16; i++)
				read_page(cpu, page_va(seed >> (i & 7) & 1, ((seed >> 8) + i) & (PAGES - 1)));
			reads[me] += 16;
		}
		if (__atomic_load_n(&cpu->kick, __ATOMIC_RELAXED) & KICK_TLB)
			tlb_drain(cpu);
	}
	__atomic_store_n(&cpu->in_code, 0, __ATOMIC_SEQ_CST);
	return NULL;
}

static void nobody_reads_a_page_after_tlbi_and_dsb(void **state)
{
	struct timespec run = { 0, RUN_NS };
	pthread_t t[2];

	rig_init(&rig, "max");
	root = table_new(&rig, 12);
	for (unsigned o = 0; o < 2; o++) {
		for (unsigned n = 0; n < PAGES; n++) {
			desc[o][n] = desc_at(&rig, root, G, page_va(o, n), 3, 0);
			*desc[o][n] = (PA + 4096 * (o * PAGES + n)) | PAGE | PT_NG;
			*word(*desc[o][n] & PT_OUTPUT) = GOOD;
		}
	}
	for (unsigned i = 0; i < RIG_CPUS; i++) {
		mmu_on(rig.cpu[i], root, tcr_value(12, 16, 16) | TCR_A1, 0);
		write_reg(rig.cpu[i], SYS_TTBR1, root | 1ull << 48);
	}
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, vcpu_thread, (void *)(uintptr_t)i), 0);
	nanosleep(&run, NULL);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	print_message("%llu reads, %llu remaps\n", (unsigned long long)(reads[0] + reads[1]),
		      (unsigned long long)(remaps[0] + remaps[1]));
	assert_int_equal(bad, 0);
	assert_true(remaps[0] && remaps[1]);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nobody_reads_a_page_after_tlbi_and_dsb) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
