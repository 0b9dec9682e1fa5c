/* SPDX-License-Identifier: BSD-2-Clause */
/* The console ring, and what base/ wants of a platform (base/platform.h): there is nobody to sleep for. */
#include "base/cpu.h"
#include "base/platform.h"
#include "engine/bare/arch.h"
#include "engine/bare/console.h"
#include "engine/bare/cpu.h"

void console_write(struct bare *sys, const char *text, size_t length)
{
	struct image_console *ring = sys->console;
	uint32_t tail;

	engine_lock(&sys->console_lock);
	tail = ring->tail;
	for (size_t i = 0; i < length; i++)
		ring->content[tail++ & (ring->size - 1)] = text[i];
	__atomic_store_n((uint32_t *)&ring->tail, tail, __ATOMIC_RELEASE);
	engine_unlock(&sys->console_lock);
}

void platform_log(int level, const char *line, size_t len)
{
	struct cpu *cpu = arch_this_cpu();

	if (cpu && cpu->sys && cpu->sys->console) {
		console_write(cpu->sys, line, len);
		console_write(cpu->sys, "\n", 1);
	}
}

void platform_wait(uint32_t *word, uint32_t expected)
{
	cpu_relax();
}

void platform_wait_for(uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
	cpu_relax();
}

void platform_wake(uint32_t *word, bool all)
{
}

uint32_t platform_thread_id(void)
{
	return arch_this_cpu()->number + 1;
}
