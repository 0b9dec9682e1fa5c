/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest's CPUID says (Intel SDM vol. 2, CPUID; AMD APM vol. 3, appendix E).
 *
 * KVM says what it can do on this host; `rules` take away what this engine does not carry (nested virtualisation,
 * performance counters, tracing, enclaves, memory encryption, what a sleeping or hot processor would say) and add what a
 * guest has because KVM is there. Numbers and topology are each vCPU's own: one package, a core for each vCPU, one thread
 * a core, APIC id = index.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "engine/kvm/x86/x86.h"

#define MAX_ENTRIES	256
#define KVM_SIGNATURE	0x40000000u
#define ANY		~0u

enum { EAX, EBX, ECX, EDX };

static const struct rule {
	uint32_t leaf, sub;
	uint32_t reg;
	uint32_t clear, set;
	const char *what;
} rules[] = {
	{ 0x1, 0, ECX, BIT(2) | BIT(4), 0, "debug store" },
	{ 0x1, 0, ECX, BIT(3), 0, "MONITOR" },
	{ 0x1, 0, ECX, BIT(5), 0, "VMX (nested virtualisation)" },
	{ 0x1, 0, ECX, BIT(7) | BIT(8) | BIT(10) | BIT(11) | BIT(14) | BIT(15), 0, "power, thermal and debug interfaces" },
	{ 0x1, 0, ECX, 0, BIT(31), "runs under a hypervisor" },
	{ 0x1, 0, EDX, BIT(21) | BIT(22) | BIT(29) | BIT(31), 0, "power, thermal and debug interfaces" },
	{ 0x6, 0, EAX, ANY, BIT(2), "the APIC timer never stops; nothing else of power management" },
	{ 0x6, 0, EBX, ANY, 0, NULL },
	{ 0x6, 0, ECX, ANY, 0, NULL },
	{ 0x7, 0, EBX, BIT(2), 0, "SGX (enclaves)" },
	{ 0x7, 0, EBX, BIT(25), 0, "processor trace" },
	{ 0x7, 0, ECX, BIT(30), 0, "SGX (enclaves)" },
	{ 0x7, 0, EDX, BIT(22) | BIT(24) | BIT(25), 0, "AMX (tiles)" },
	{ 0xa, 0, EAX, ANY, 0, "performance counters" },
	{ 0xa, 0, EBX, ANY, 0, NULL },
	{ 0xa, 0, ECX, ANY, 0, NULL },
	{ 0xa, 0, EDX, ANY, 0, NULL },
	{ 0x80000001, 0, ECX, BIT(2), 0, "SVM (nested virtualisation)" },
	{ 0x80000001, 0, ECX, BIT(10) | BIT(12) | BIT(15), 0, "sampling, SKINIT, lightweight profiling" },
	{ 0x80000001, 0, ECX, BIT(23) | BIT(24) | BIT(28), 0, "performance counters" },
};

/* Leaves that are not told of at all. */
static const struct { uint32_t leaf; const char *what; } dropped[] = {
	{ 0x5, "MONITOR" }, { 0x12, "SGX (enclaves)" }, { 0x14, "processor trace" }, { 0x1c, "last-branch records" },
	{ 0x1d, "AMX (tiles)" }, { 0x1e, "AMX (tiles)" }, { 0x1f, "topology: leaf 0xb has it" }, { 0x23, "performance counters" },
	{ 0x8000000a, "SVM (nested virtualisation)" }, { 0x8000001b, "sampling" }, { 0x8000001c, "lightweight profiling" },
	{ 0x8000001f, "memory encryption" }, { 0x80000022, "performance counters" }, { 0x80000026, "topology: leaf 0xb has it" },
};

static uint32_t *reg_of(struct kvm_cpuid_entry2 *e, uint32_t reg)
{
	uint32_t *const all[] = { &e->eax, &e->ebx, &e->ecx, &e->edx };

	return all[reg];
}

/* All that KVM supports; the caller frees it. */
static struct kvm_cpuid2 *supported(int dev_fd)
{
	struct kvm_cpuid2 *t = calloc(1, sizeof(*t) + MAX_ENTRIES * sizeof(t->entries[0]));

	if (!t)
		return NULL;
	t->nent = MAX_ENTRIES;
	if (!kvm_call(dev_fd, KVM_GET_SUPPORTED_CPUID, t))
		return t;
	free(t);
	return NULL;
}

static struct kvm_cpuid_entry2 *find(struct kvm_cpuid2 *t, uint32_t leaf, uint32_t sub)
{
	for (uint32_t i = 0; i < t->nent; i++)
		if (t->entries[i].function == leaf && t->entries[i].index == sub)
			return &t->entries[i];
	return NULL;
}

static struct kvm_cpuid_entry2 *add(struct kvm_cpuid2 *t, uint32_t leaf, uint32_t sub, uint32_t flags)
{
	struct kvm_cpuid_entry2 *e = find(t, leaf, sub);

	if (!e && t->nent < MAX_ENTRIES) {
		e = &t->entries[t->nent++];
		*e = (struct kvm_cpuid_entry2){ .function = leaf, .index = sub, .flags = flags };
	}
	return e;
}

static bool is_dropped(uint32_t leaf)
{
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
		if (dropped[i].leaf == leaf)
			return true;
	return false;
}

static void drop_leaves(struct kvm_cpuid2 *t)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < t->nent; i++)
		if (!is_dropped(t->entries[i].function))
			t->entries[kept++] = t->entries[i];
	t->nent = kept;
}

static void filter(struct kvm_cpuid2 *t, bool deadline)
{
	struct kvm_cpuid_entry2 *e;

	drop_leaves(t);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *r = &rules[i];

		e = find(t, r->leaf, r->sub);
		if (e)
			*reg_of(e, r->reg) = (*reg_of(e, r->reg) & ~r->clear) | r->set;
	}
	e = find(t, 1, 0);
	if (e && deadline)
		e->ecx |= BIT(24);
	if (e)
		e->ecx |= BIT(21);		/* x2APIC: the kernel's local APIC has it on every host */
	e = find(t, KVM_SIGNATURE, 0);
	if (e)
		e->eax = KVM_SIGNATURE + 1;
}

int x86_cpuid_init(struct kvm_vm *k)
{
	struct x86_vm *x = x86_vm_of(k);

	x->cpuid = supported(k->dev_fd);
	if (!x->cpuid)
		return -ENOMEM;
	filter(x->cpuid, kvm_has(k->fd, KVM_CAP_TSC_DEADLINE_TIMER));
	return 0;
}

uint32_t x86_gpa_bits(int dev_fd)
{
	struct kvm_cpuid2 *t = supported(dev_fd);
	struct kvm_cpuid_entry2 *e = t ? find(t, 0x80000008, 0) : NULL;
	uint32_t bits = e && (e->eax & 0xff) ? e->eax & 0xff : 36;

	free(t);
	return bits;
}

/* ---- topology ---- */

static uint32_t id_bits(uint32_t cores)
{
	uint32_t bits = 0;

	while (1u << bits < cores)
		bits++;
	return bits;
}

/* Deterministic cache parameters: nobody shares a cache but the last level, which all cores share. */
static void caches(struct kvm_cpuid2 *t, uint32_t leaf, uint32_t cores)
{
	for (uint32_t i = 0; i < t->nent; i++) {
		struct kvm_cpuid_entry2 *e = &t->entries[i];
		uint32_t ids = (1u << id_bits(cores)) - 1;

		if (e->function != leaf || !(e->eax & 0x1f))
			continue;
		e->eax &= 0x3fff;
		if ((e->eax >> 5 & 7) >= 3)
			e->eax |= MIN(ids, 0xfffu) << 14;
		if (leaf == 4)
			e->eax |= MIN(ids, 0x3fu) << 26;
	}
}

static void levels(struct kvm_cpuid2 *t, uint32_t id, uint32_t cores)
{
	struct kvm_cpuid_entry2 *e;

	for (uint32_t sub = 0; sub < 3; sub++) {
		e = add(t, 0xb, sub, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
		if (!e)
			return;
		e->eax = sub == 1 ? id_bits(cores) : 0;
		e->ebx = sub == 1 ? cores : sub == 0;
		e->ecx = sub | (sub < 2 ? (sub + 1) << 8 : 0);
		e->edx = id;
	}
}

static void amd_topology(struct kvm_cpuid2 *t, uint32_t id, uint32_t cores)
{
	struct kvm_cpuid_entry2 *e = find(t, 0x80000008, 0);

	if (e)
		e->ecx = (e->ecx & ~0xf0ffu) | (cores - 1) | id_bits(cores) << 12;
	e = find(t, 0x8000001e, 0);
	if (e) {
		e->eax = id;
		e->ebx = id;
		e->ecx = 0;
	}
}

static void own_numbers(struct kvm_cpuid2 *t, uint32_t id, uint32_t cores)
{
	struct kvm_cpuid_entry2 *e = find(t, 1, 0);

	if (e) {
		e->ebx = (e->ebx & 0xffff) | MIN(1u << id_bits(cores), 0x80u) << 16 | id << 24;
		e->edx = (e->edx & ~(uint32_t)BIT(28)) | (cores > 1 ? BIT(28) : 0);
	}
	caches(t, 4, cores);
	caches(t, 0x8000001d, cores);
	e = find(t, 0, 0);
	if (e && e->eax >= 0xb)
		levels(t, id, cores);
	amd_topology(t, id, cores);
}

static struct kvm_cpuid2 *table_for(const struct kvm_cpuid2 *base, uint32_t id, uint32_t cores)
{
	struct kvm_cpuid2 *t = calloc(1, sizeof(*t) + MAX_ENTRIES * sizeof(t->entries[0]));

	if (!t)
		return NULL;
	memcpy(t, base, sizeof(*base) + base->nent * sizeof(base->entries[0]));
	own_numbers(t, id, cores);
	return t;
}

int x86_cpuid_set(struct kvm_cpu *c)
{
	struct kvm_cpuid2 *t = table_for(x86_vm_of(c->vm)->cpuid, c->vcpu->index, c->vcpu->vm->vcpu_count);
	int err;

	if (!t)
		return -ENOMEM;
	err = kvm_call(c->fd, KVM_SET_CPUID2, t);
	free(t);
	return err;
}

/* ---- for people ---- */

static void print_removed(struct kvm_cpuid2 *before, FILE *f)
{
	static const char names[4][4] = { "eax", "ebx", "ecx", "edx" };

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *r = &rules[i];
		struct kvm_cpuid_entry2 *e = find(before, r->leaf, r->sub);

		if (!e || !r->what)
			continue;
		if (*reg_of(e, r->reg) & r->clear & ~r->set)
			fprintf(f, "  without %08x %s %08x  %s\n", r->leaf, names[r->reg], *reg_of(e, r->reg) & r->clear & ~r->set,
				r->what);
		if (r->set & ~*reg_of(e, r->reg))
			fprintf(f, "  with    %08x %s %08x  %s\n", r->leaf, names[r->reg], r->set, r->what);
	}
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
		if (find(before, dropped[i].leaf, 0))
			fprintf(f, "  without %08x               %s\n", dropped[i].leaf, dropped[i].what);
}

void x86_cpu_print(int dev_fd, FILE *f)
{
	struct kvm_cpuid2 *before = supported(dev_fd), *after = supported(dev_fd), *t = NULL;

	if (!before || !after)
		goto out;
	filter(after, kvm_has(dev_fd, KVM_CAP_TSC_DEADLINE_TIMER));
	t = table_for(after, 0, 1);
	if (!t)
		goto out;
	fprintf(f, "  leaf     sub      eax      ebx      ecx      edx\n");
	for (uint32_t i = 0; i < t->nent; i++) {
		const struct kvm_cpuid_entry2 *e = &t->entries[i];

		fprintf(f, "  %08x %8x %08x %08x %08x %08x\n", e->function, e->index, e->eax, e->ebx, e->ecx, e->edx);
	}
	fputs("compared with what KVM offers here\n", f);
	print_removed(before, f);
out:
	free(before);
	free(after);
	free(t);
}
