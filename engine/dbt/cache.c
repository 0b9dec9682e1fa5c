/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code cache (cache.h): memory, look-up, dropping stale blocks, and the flush when it is full.
 *
 * Flush: one vCPU raises `flushing`, kicks the others and waits until none is inside translated code. A vCPU is inside from
 * dbt_code_enter to dbt_code_leave, also while C functions called from code run: they return into it. It leaves at the
 * dispatcher when KICK_CODE is up, before it sleeps, and when vcpu_run returns.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/errno.h"
#include "base/log.h"
#include "base/platform.h"
#include "base/string.h"
#include "engine/dbt/run.h"
#include "engine/dbt/trace.h"
#include "engine/dbt/x64/gen.h"

#define PAGES_MAX	(1u << 17)
#define PAGE_HASH	(1u << 15)
#define BLOCK_HASH	(1u << 18)

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void release(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

/* One memory, two views: no page is writable and executable at one address. */
static int map_code(struct dbt_cache *k)
{
	int fd = memfd_create("cella-code", MFD_CLOEXEC | 0x0010u /* MFD_EXEC */);

	if (fd < 0)
		fd = memfd_create("cella-code", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, k->size))
		goto fail;
	k->rw = mmap(NULL, k->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (k->rw == MAP_FAILED) {
		k->rw = NULL;
		goto fail;
	}
	k->rx = mmap(NULL, k->size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (k->rx == MAP_FAILED) {
		k->rx = NULL;
		goto fail;
	}
	close(fd);
	return 0;
fail:
	close(fd);
	return -errno;
}

static void make_stubs(struct dbt_vm *vm)
{
	struct dbt_cache *k = &vm->cache;
	struct code c = { .buf = k->rw, .size = k->size };

	gen_stubs(&c, &vm->stubs, &vm->host);
	vm->stubs.end = k->at = (c.at + 63) & ~63u;
}

int dbt_cache_init(struct dbt_vm *vm)
{
	struct dbt_cache *k = &vm->cache;
	int err;

	k->size = vm->options->tiny_cache ? 2 << 20 : (vm->options->code_mib ? vm->options->code_mib : 128) << 20;
	k->side_size = vm->options->tiny_cache ? 1 << 19 : k->size / 4;
	k->block_max = k->size / 128;
	k->link_max = k->size / 64 + 128;
	k->page_max = PAGES_MAX;
	/* A flush clears the tables, and a tiny cache is flushed all the time. */
	k->hash_mask = vm->options->tiny_cache ? 2047 : BLOCK_HASH - 1;
	k->page_mask = vm->options->tiny_cache ? 511 : PAGE_HASH - 1;
	k->side = reserve((size_t)k->side_size * 4);
	k->blocks = reserve((size_t)k->block_max * sizeof(*k->blocks));
	k->links = reserve((size_t)k->link_max * sizeof(*k->links));
	k->pages = reserve((size_t)k->page_max * sizeof(*k->pages));
	k->hash = reserve(((size_t)k->hash_mask + 1) * sizeof(*k->hash));
	k->page_hash = reserve(((size_t)k->page_mask + 1) * sizeof(*k->page_hash));
	k->gen = reserve(sizeof(*k->gen));
	k->ir = reserve(sizeof(*k->ir));
	if (!k->side || !k->blocks || !k->links || !k->pages || !k->hash || !k->page_hash || !k->gen || !k->ir) {
		dbt_cache_fini(vm);
		return -ENOMEM;
	}
	k->gen->snap_max = 1 << 16;
	k->gen->snaps = reserve((size_t)k->gen->snap_max * 4);
	err = k->gen->snaps ? map_code(k) : -ENOMEM;
	if (err) {
		dbt_cache_fini(vm);
		return err;
	}
	make_stubs(vm);
	k->perf_fd = -1;
	if (vm->options->perf_map) {
		k->perf_fd = open(vm->options->perf_map, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (k->perf_fd < 0)
			log_warn("perf map %s: cannot create: none is written", vm->options->perf_map);
	}
	return 0;
}

void dbt_cache_fini(struct dbt_vm *vm)
{
	struct dbt_cache *k = &vm->cache;

	if (vm->options->perf_map && k->perf_fd >= 0)
		close(k->perf_fd);
	release(k->rw, k->size);
	release(k->rx, k->size);
	if (k->gen)
		release(k->gen->snaps, (size_t)k->gen->snap_max * 4);
	release(k->side, (size_t)k->side_size * 4);
	release(k->blocks, (size_t)k->block_max * sizeof(*k->blocks));
	release(k->links, (size_t)k->link_max * sizeof(*k->links));
	release(k->pages, (size_t)k->page_max * sizeof(*k->pages));
	release(k->hash, ((size_t)k->hash_mask + 1) * sizeof(*k->hash));
	release(k->page_hash, ((size_t)k->page_mask + 1) * sizeof(*k->page_hash));
	release(k->gen, sizeof(*k->gen));
	release(k->ir, sizeof(*k->ir));
	memset(k, 0, sizeof(*k));
}

/* ---- look-up ---- */

static uint32_t hash_block(const struct dbt_cache *k, uint32_t page, uint32_t offset, uint32_t mode)
{
	uint64_t h = ((uint64_t)page << 10 | offset >> 2) * 0x9e3779b97f4a7c15ull + mode * 0x85ebca6bull;

	return (uint32_t)(h >> 40) & k->hash_mask;
}

static struct dbt_page **page_bucket(struct dbt_cache *k, gpa_t gpa)
{
	return &k->page_hash[(gpa >> 12) * 0x9e3779b1u >> 7 & k->page_mask];
}

static struct dbt_page *find_page(struct dbt_cache *k, gpa_t gpa)
{
	for (struct dbt_page *p = *page_bucket(k, gpa); p; p = p->hash_next)
		if (p->gpa == gpa)
			return p;
	return NULL;
}

static struct dbt_page *add_page(struct dbt_cache *k, gpa_t gpa, uint8_t *host)
{
	struct dbt_page **bucket = page_bucket(k, gpa), *p;

	if (k->page_count >= k->page_max)
		return NULL;
	p = &k->pages[k->page_count];
	*p = (struct dbt_page){ .gpa = gpa, .id = k->page_count++, .host = host, .hash_next = *bucket };
	*bucket = p;
	return p;
}

static struct dbt_block *lookup(struct dbt_cache *k, const struct dbt_page *page, uint32_t offset, uint32_t mode)
{
	for (struct dbt_block *b = k->hash[hash_block(k, page->id, offset, mode)]; b; b = b->hash_next)
		if (b->page == page && b->offset == offset && b->mode == mode)
			return b;
	return NULL;
}

static void insert(struct dbt_cache *k, struct dbt_block *b)
{
	struct dbt_block **bucket = &k->hash[hash_block(k, b->page->id, b->offset, b->mode)];

	b->hash_next = *bucket;
	*bucket = b;
	b->page_next = b->page->blocks;
	b->page->blocks = b;
}

static void flush(struct arm_cpu *cpu);

/* Lock held; it is let go and taken again around a flush. */
static struct dbt_block *find_or_translate(struct arm_cpu *cpu, gpa_t page_gpa, uint8_t *host, uint32_t offset)
{
	struct dbt_cache *k = &cpu->vm->cache;

	for (;;) {
		bool numbered = cpu->mode < ARM_MODES_MAX;	/* not: too many modes, a flush forgets them */
		struct dbt_page *page = numbered ? find_page(k, page_gpa) : NULL;
		struct dbt_block *b;

		if (numbered && !page)
			page = add_page(k, page_gpa, host);
		if (page) {
			b = lookup(k, page, offset, cpu->mode);
			if (b)
				return b;
			b = dbt_translate(cpu, page, offset, cpu->mode);
			if (b) {
				insert(k, b);
				return b;
			}
		}
		lock_release(&k->lock);
		flush(cpu);
		lock_acquire(&k->lock);
	}
}

struct dbt_block *dbt_find_block(struct arm_cpu *cpu)
{
	struct dbt_vm *vm = cpu->vm;
	const struct mem_slot *slot;
	struct tlb_result res;
	struct arm_fault f = { 0 };
	struct dbt_block *b;

	cpu->stat[STAT_find]++;
	if (tlb_translate(cpu, cpu->pc, ACC_FETCH, cpu->el ? TLB_EL1 : TLB_EL0, &res, &f)) {
		arm_fetch_abort(cpu, &f);
		return NULL;
	}
	slot = mem_find(&vm->vm->mem, res.gpa);
	if (!slot || (slot->kind != MEM_RAM && slot->kind != MEM_ROM)) {
		f = (struct arm_fault){ .fsc = FSC_EXTERNAL, .va = cpu->pc, .taken = true };
		arm_fetch_abort(cpu, &f);
		return NULL;
	}
	lock_acquire(&vm->cache.lock);
	b = find_or_translate(cpu, res.gpa & ~4095ull,
			      (uint8_t *)slot->backing.host + ((res.gpa & ~4095ull) - slot->base), (uint32_t)res.gpa & 4095);
	lock_release(&vm->cache.lock);
	tlb_fill_fetch(cpu, cpu->pc, cpu->el, b->page->id);
	if (dbt_tracing(cpu, DBT_TRACE_TLB))
		dbt_trace_fill(cpu, "fetch", cpu->pc, res.gpa, false);
	return b;
}

void *dbt_find_code(struct arm_cpu *cpu)
{
	struct dbt_block *b = dbt_find_block(cpu);

	return b ? cpu->vm->cache.rx + b->code : NULL;
}

/* ---- stale code ---- */

static void drop(struct dbt_vm *vm, struct dbt_block *b)
{
	struct dbt_cache *k = &vm->cache;
	struct dbt_block **p;

	for (p = &k->hash[hash_block(k, b->page->id, b->offset, b->mode)]; *p != b; p = &(*p)->hash_next)
		;
	*p = b->hash_next;
	for (p = &b->page->blocks; *p != b; p = &(*p)->page_next)
		;
	*p = b->page_next;
	dbt_unlink_in(vm, b);
	b->dead = true;
}

/* Drops what differs from memory among the page's blocks that touch [from, to). */
static void compare(struct arm_cpu *cpu, struct dbt_page *page, uint32_t from, uint32_t to)
{
	struct dbt_vm *vm = cpu->vm;
	struct dbt_block *next;

	for (struct dbt_block *b = page->blocks; b; b = next) {
		next = b->page_next;
		if (b->offset >= to || b->offset + b->guest_bytes <= from)
			continue;
		if (memcmp(vm->cache.side + b->copy, page->host + b->offset, b->guest_bytes)) {
			drop(vm, b);
			tlb_forget_block(cpu, b->offset);
		}
	}
}

void dbt_ic_ivau(struct arm_cpu *cpu, gpa_t gpa)
{
	struct dbt_cache *k = &cpu->vm->cache;
	uint32_t line = (uint32_t)gpa & 4095 & ~63u;
	struct dbt_page *page;

	lock_acquire(&k->lock);
	page = find_page(k, gpa & ~4095ull);
	if (page)
		compare(cpu, page, line, line + 64);
	lock_release(&k->lock);
}

void dbt_ic_iall(struct arm_cpu *cpu)
{
	struct dbt_cache *k = &cpu->vm->cache;

	lock_acquire(&k->lock);
	for (uint32_t n = 0; n < k->page_count; n++)
		compare(cpu, &k->pages[n], 0, 4096);
	lock_release(&k->lock);
}

/* ---- flush ---- */

static void reset(struct dbt_vm *vm)
{
	struct dbt_cache *k = &vm->cache;

	k->at = vm->stubs.end;
	k->side_at = k->link_count = k->block_count = k->page_count = 0;
	memset(k->hash, 0, ((size_t)k->hash_mask + 1) * sizeof(*k->hash));
	memset(k->page_hash, 0, ((size_t)k->page_mask + 1) * sizeof(*k->page_hash));
	k->flushes++;
	arm_modes_renew(vm);
}

void dbt_code_enter(struct arm_cpu *cpu)
{
	struct dbt_cache *k = &cpu->vm->cache;

	for (;;) {
		__atomic_store_n(&cpu->inside, 1, __ATOMIC_SEQ_CST);
		if (likely(!__atomic_load_n(&k->flushing, __ATOMIC_SEQ_CST))) {
			arm_mode_follow(cpu);
			return;
		}
		dbt_code_leave(cpu);
		tlb_outside_begin(cpu);		/* who flushes may wait for our acknowledgement of a TLBI */
		while (__atomic_load_n(&k->flushing, __ATOMIC_SEQ_CST))
			platform_wait(&k->flushing, 1);
		tlb_outside_end(cpu);
	}
}

void dbt_code_leave(struct arm_cpu *cpu)
{
	__atomic_store_n(&cpu->inside, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&cpu->vm->cache.flushing, __ATOMIC_SEQ_CST))
		platform_wake(&cpu->inside, true);
}

/* The caller is inside and stays so; it holds no lock and nothing that points into the cache. */
static void flush(struct arm_cpu *cpu)
{
	struct dbt_vm *vm = cpu->vm;
	struct dbt_cache *k = &vm->cache;
	uint32_t no = 0;

	if (!__atomic_compare_exchange_n(&k->flushing, &no, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		dbt_code_leave(cpu);
		dbt_code_enter(cpu);
		return;
	}
	/* A vCPU that we wait for may itself wait for us to acknowledge a TLBI. */
	tlb_outside_begin(cpu);
	for (uint32_t n = 0; n < vm->vm->vcpu_count; n++) {
		struct arm_cpu *other = __atomic_load_n(&vm->cpu[n], __ATOMIC_ACQUIRE);

		if (!other || other == cpu)
			continue;
		arm_kick(other, KICK_CODE);
		while (__atomic_load_n(&other->inside, __ATOMIC_SEQ_CST))
			platform_wait(&other->inside, 1);
	}
	tlb_outside_end(cpu);
	lock_acquire(&k->lock);
	reset(vm);
	lock_release(&k->lock);
	arm_mode_follow(cpu);
	tlb_forget_jumps(cpu);
	__atomic_store_n(&k->flushing, 0, __ATOMIC_SEQ_CST);
	platform_wake(&k->flushing, true);
}

void dbt_flush_all(struct dbt_vm *vm)
{
	lock_acquire(&vm->cache.lock);
	reset(vm);
	lock_release(&vm->cache.lock);
	tlb_forget_jumps_vm(vm);
}
