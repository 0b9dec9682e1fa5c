/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into the outer QEMU 7.2. When the inner guest of its emulated SVM writes CR8 while the outer kernel waits for an
 * interrupt window (V_IRQ in the VMCB; AMD APM vol. 2, 15.21), QEMU raises a virtual interrupt without its big lock and an
 * assertion ends it. OVMF writes CR8 at the end of each interrupt. Here the lock is taken around that. It can go with
 * QEMU 7.2; later ones have other names for the lock, and then nothing is done.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MODULE	"/accel-tcg-x86_64.so"

struct CPUState;
typedef void handler(struct CPUState *cpu, int mask);
handler tcg_handle_interrupt;
bool qemu_mutex_iothread_locked(void) __attribute__((weak));
void qemu_mutex_lock_iothread_impl(const char *file, int line) __attribute__((weak));
void qemu_mutex_unlock_iothread(void) __attribute__((weak));

static int find(struct dl_phdr_info *info, size_t size, void *arg)
{
	size_t len = strlen(info->dlpi_name);

	if (len < strlen(MODULE) || strcmp(info->dlpi_name + len - strlen(MODULE), MODULE))
		return 0;
	*(void **)arg = dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
	return 1;
}

/* The module's own. Threads that are first at once find the same. */
static handler *original(void)
{
	static handler *own;
	handler *h = __atomic_load_n(&own, __ATOMIC_ACQUIRE);
	void *module = NULL;

	if (h)
		return h;
	dl_iterate_phdr(find, &module);
	h = module ? (handler *)dlsym(module, "tcg_handle_interrupt") : NULL;
	if (!h)
		abort();
	__atomic_store_n(&own, h, __ATOMIC_RELEASE);
	return h;
}

/* Found before the module's, because a preloaded object comes first. */
void tcg_handle_interrupt(struct CPUState *cpu, int mask)
{
	bool lock = qemu_mutex_iothread_locked && !qemu_mutex_iothread_locked();

	if (lock)
		qemu_mutex_lock_iothread_impl(__FILE__, __LINE__);
	original()(cpu, mask);
	if (lock)
		qemu_mutex_unlock_iothread();
}
