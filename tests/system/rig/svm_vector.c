/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into the outer QEMU 7.2. Its VMRUN of emulated SVM leaves the vector of an injected interrupt (EVENTINJ; AMD APM
 * vol. 2, 15.20) behind as if it were an exception to be raised. Where the execution loop is next asked to stop before anything
 * else is raised, which -icount does whenever a timer is due, that interrupt comes a second time, and the inner guest's IF is
 * not looked at: Linux then waits for a lock that it holds. What handles exceptions is called through a table. Here it is told
 * from the rest by what it claims to be, an exception with the number of an interrupt, and dropped. Unless the function is
 * the one that is known, nothing is done.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FUNCTION	"x86_cpu_do_interrupt"
#define FUNCTION_BYTES	128
#define FIRST_INTERRUPT	32
#define VECTORS		256

typedef void handler(char *cpu);

static handler *original;
static uint32_t index_at, is_int_at;	/* of two int32_t in what the function is given */

static void handle(char *cpu)
{
	int32_t index, is_int;

	memcpy(&index, cpu + index_at, sizeof(index));
	memcpy(&is_int, cpu + is_int_at, sizeof(is_int));
	if (index < FIRST_INTERRUPT || index >= VECTORS || is_int)
		original(cpu);
}

/* The displacement of the function's first instruction with this opcode and ModRM byte, a 32-bit load; 0: there is none. */
static uint32_t displacement(const uint8_t *code, uint8_t modrm)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < FUNCTION_BYTES && !found; i++)
		if (code[i] == 0x8b && code[i + 1] == modrm)
			memcpy(&found, code + i + 2, sizeof(found));
	return found;
}

/* The program comes first. Its tables of functions are what is read-only after relocation. */
static int replace(struct dl_phdr_info *info, size_t size, void *arg)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		handler **from = (handler **)(info->dlpi_addr + p->p_vaddr), **to = from + p->p_memsz / sizeof(*from);

		for (; p->p_type == PT_GNU_RELRO && from < to; from++) {
			void *start = (void *)((uintptr_t)from & ~(page - 1));

			if (*from != original || mprotect(start, page, PROT_READ | PROT_WRITE))
				continue;
			*from = handle;
			mprotect(start, page, PROT_READ);
		}
	}
	return 1;
}

__attribute__((constructor)) static void install(void)
{
	original = (handler *)dlsym(RTLD_DEFAULT, FUNCTION);
	if (!original)
		return;
	index_at = displacement((const uint8_t *)original, 0xb5);	/* (%rbp) to %esi, the second argument of what it calls */
	is_int_at = displacement((const uint8_t *)original, 0x90);	/* (%rax) to %edx, the third */
	if (index_at && is_int_at)
		dl_iterate_phdr(replace, NULL);
}
