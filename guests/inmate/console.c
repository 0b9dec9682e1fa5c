/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a cell prints: on the UART that its communication region names (PL011, ARM DDI 0183 §3.3; 8250), or by
 * hypercall if it is permitted. Lines are put together first, so that those of two CPUs seldom mix.
 */
#include "guests/inmate/inmate.h"

#define UARTDR		0x00
#define UARTFR		0x18
#define FR_RXFE		BIT(4)
#define FR_TXFF		BIT(5)
#define LSR		5
#define LSR_DR		BIT(0)
#define LSR_THRE	BIT(5)
#define LINE		160

static uint64_t reg_8250(const struct abi_console *c, unsigned reg)
{
	return c->address + (c->flags & CONSOLE_REG_DIST_4 ? 4ul * reg : reg);
}

static void put_char(const struct abi_console *c, char ch)
{
	if (c->address && c->type == CONSOLE_PL011) {
		while (mmio_read32(c->address + UARTFR) & FR_TXFF)
			;
		mmio_write32(c->address + UARTDR, (uint8_t)ch);
	} else if (c->address && c->type == CONSOLE_8250) {
		while (!(mmio_read8(reg_8250(c, LSR)) & LSR_THRE))
			;
		mmio_write8(reg_8250(c, 0), (uint8_t)ch);
	} else if (comm()->flags & COMM_PUTC_PERMITTED) {
		hypercall(HC_CONSOLE_PUTC, (uint8_t)ch, 0);
	}
}

int console_getc(void)
{
	const struct abi_console *c = &comm()->console;

	if (c->address && c->type == CONSOLE_PL011)
		return mmio_read32(c->address + UARTFR) & FR_RXFE ? -1 : (int)(mmio_read32(c->address + UARTDR) & 0xff);
	if (c->address && c->type == CONSOLE_8250)
		return mmio_read8(reg_8250(c, LSR)) & LSR_DR ? mmio_read8(reg_8250(c, 0)) : -1;
	return -1;
}

void print(const char *format, ...)
{
	struct abi_console c;
	char line[LINE];
	va_list ap;

	va_start(ap, format);
	fmt_vprint(line, sizeof(line), format, ap);
	va_end(ap);
	memcpy(&c, &comm()->console, sizeof(c));
	for (const char *s = line; *s; s++) {
		if (*s == '\n')
			put_char(&c, '\r');
		put_char(&c, *s);
	}
}
