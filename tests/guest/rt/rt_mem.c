/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages, translation tables, MMU; see rt.h. */
#include "rt.h"

#define POOL_BYTES	(12u << 20)
#define DEVICE_BLOCK	(PTE_VALID | PTE_ATTR(MT_DEVICE) | PTE_AF | PTE_PXN | PTE_UXN)

static u8 pool[POOL_BYTES] __attribute__((aligned(65536)));
static u64 pool_at, pool_mark;
u64 *rt_root, *rt_root1;

void *memcpy(void *to, const void *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile u8 *)to)[i] = ((const volatile u8 *)from)[i];
	return to;
}

void *memset(void *to, int c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile u8 *)to)[i] = (u8)c;
	return to;
}

void *rt_alloc(u64 bytes, u64 align)
{
	u64 at = (pool_at + align - 1) & -align;

	pool_at = at + bytes;
	if (pool_at > POOL_BYTES) {
		rt_print("Bail out! no memory left in the test image\n");
		rt_psci(0x84000008, 0, 0, 0);
	}
	for (u64 i = 0; i < bytes; i += 8)
		*(volatile u64 *)(pool + at + i) = 0;
	return pool + at;
}

void *rt_pages(unsigned count)
{
	return rt_alloc(4096ull * count, 4096);
}

u64 *rt_new_root(unsigned granule)
{
	return rt_alloc(1ull << granule, 1ull << granule);
}

static unsigned shift_of(unsigned granule, unsigned level)
{
	return granule + (granule - 3) * (3 - level);
}

u64 *rt_entry(u64 *root, unsigned granule, u64 va, unsigned level)
{
	u64 *table = root;

	for (unsigned l = granule == 16 ? 1 : 0;; l++) {
		unsigned shift = shift_of(granule, l);
		u64 bits = 48 - shift < granule - 3 ? 48 - shift : granule - 3;
		u64 *e = &table[(va & (BIT(48) - 1)) >> shift & (BIT(bits) - 1)];

		if (l == level)
			return e;
		if (!(*e & PTE_VALID))
			*e = PA(rt_new_root(granule)) | PTE_TABLE | PTE_VALID;
		table = (u64 *)(*e & (BIT(48) - 1) & -BIT(granule));
	}
}

static void blocks(u64 *root, unsigned granule, u64 va, u64 pa, u64 bytes, u64 attrs)
{
	unsigned level = granule == 12 ? 1 : 2;
	u64 step = BIT(shift_of(granule, level));

	for (u64 at = 0; at < bytes; at += step)
		*rt_entry(root, granule, va + at, level) = (pa + at) | attrs;
}

void rt_identity(u64 *root, unsigned granule)
{
	blocks(root, granule, 0, 0, BIT(30), DEVICE_BLOCK);
	blocks(root, granule, BIT(30), BIT(30), 2 * BIT(30), PTE_NORMAL | PTE_UXN);
}

static void set_up(void)
{
	rt_root = rt_new_root(12);
	rt_root1 = rt_new_root(12);
	rt_identity(rt_root, 12);
	blocks(rt_root, 12, USER_BASE + RAM_BASE, RAM_BASE, BIT(30), PTE_NORMAL | PTE_EL0);
}

u64 *rt_map(u64 va, u64 pa, u64 attrs)
{
	u64 *e = rt_entry(va >> 63 ? rt_root1 : rt_root, 12, va, 3);

	rt_put(e, pa | attrs | PTE_TABLE);
	return e;
}

void rt_put(u64 *entry, u64 desc)
{
	*(volatile u64 *)entry = desc;
	dsb();
	isb();
}

void rt_tlbi_all(void)
{
	__asm__ volatile("dsb sy\n\ttlbi vmalle1is\n\tdsb sy\n\tisb" : : : "memory");
}

void rt_tlbi_va(u64 va)
{
	__asm__ volatile("dsb sy\n\ttlbi vaae1is, %0\n\tdsb sy\n\tisb" : : "r"(va >> 12 & (BIT(44) - 1)) : "memory");
}

void rt_space(u64 *root, unsigned asid)
{
	write_reg_isb(ttbr0_el1, PA(root) | (u64)asid << 48);
}

void rt_mmu(u64 *root, unsigned granule)
{
	u64 sctlr = read_reg(sctlr_el1);
	u64 tg0 = granule == 12 ? 0 : granule == 16 ? 1 : 2;

	dsb();
	write_reg_isb(sctlr_el1, sctlr & ~SCTLR_M);
	if (!root)
		return;
	write_reg(ttbr0_el1, PA(root) | BIT(48));
	write_reg(ttbr1_el1, PA(rt_root1));
	write_reg(tcr_el1, RT_TCR | tg0 << 14);
	write_reg(mair_el1, 0x0444ff00);
	isb();
	rt_tlbi_all();
	write_reg_isb(sctlr_el1, sctlr | SCTLR_M);
}

void rt_sync_code(void *p, u64 bytes)
{
	for (u64 a = PA(p) & -64ull; a < PA(p) + bytes; a += 64)
		__asm__ volatile("dc cvau, %0" : : "r"(a) : "memory");
	dsb();
	for (u64 a = PA(p) & -64ull; a < PA(p) + bytes; a += 64)
		__asm__ volatile("ic ivau, %0" : : "r"(a) : "memory");
	dsb();
	isb();
}

/* What each vCPU and each test starts with. */
#define SCTLR_START	(BIT(2) | BIT(3) | BIT(4) | BIT(7) | BIT(8) | BIT(11) | BIT(12) | BIT(14) | BIT(15) | BIT(16) | \
			 BIT(18) | BIT(20) | BIT(22) | SCTLR_SPAN | BIT(26) | BIT(28) | BIT(29))

void rt_cpu_init(void);
void rt_cpu_init(void)
{
	write_reg_isb(sctlr_el1, SCTLR_START);
	write_reg_isb(cpacr_el1, 3u << 20);
	write_reg(cntkctl_el1, 0x303);
	write_reg(mdscr_el1, 0);
	rt_mmu(rt_root, 12);
}

void rt_memory_init(void);
void rt_memory_init(void)
{
	set_up();
	pool_mark = pool_at;
}

/* Everything as at the start. Other vCPUs wait for work meanwhile, with the same tables. */
void rt_memory_reset(void);
void rt_memory_reset(void)
{
	u64 *root = rt_root, *root1 = rt_root1;

	write_reg_isb(sctlr_el1, SCTLR_START);	/* MMU off: the tables change */
	pool_at = pool_mark;
	for (unsigned i = 1; i < 512; i++)
		root[i] = i == 1 ? root[i] : 0;
	for (unsigned i = 0; i < 512; i++)
		root1[i] = 0;
	{
		u64 *l1 = rt_entry(root, 12, 0, 1), *u1 = rt_entry(root, 12, USER_BASE, 1);

		for (unsigned i = 3; i < 512; i++)
			l1[i] = 0;
		for (unsigned i = 0; i < 512; i++)
			u1[i] = i == 1 ? u1[i] : 0;
	}
	dsb();
	rt_cpu_init();
}
