/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16550A UART (National Semiconductor PC16550D), at eight I/O ports.
 *
 * How it differs from a chip: characters leave as fast as the back-end takes them, whatever the divisor says; there is no
 * parity or framing error. Its modem lines say that somebody is at the other end. OUT2 gates the interrupt where the board is
 * wired so, as PCs are; loopback then has none.
 *
 * Registers are accessed under the device lock, which is let go around the back-end's write.
 */
#ifndef DEV_UART_NS16550_H
#define DEV_UART_NS16550_H

#include "dev/mmio.h"
#include "dev/uart/end.h"

#define NS16550_FIFO	16u
#define NS16550_PORTS	8u

struct ns16550 {
	struct mmio_dev mmio;
	struct chardev *chardev;	/* or NULL */
	bool gated;			/* property: by OUT2 */
	struct uart_end end;
	uint8_t rx[NS16550_FIFO], brk[NS16550_FIFO];	/* characters, and whether each is a break */
	uint32_t head, count;
	struct uart_tx tx;
	uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
	uint8_t errors;			/* of LSR: overrun and break, until it is read */
	uint8_t delta;			/* of MSR */
	bool thr_pending;		/* the transmitter has become empty, and nobody has looked */
	bool timeout;			/* characters wait below the trigger level */
	bool line;			/* as told to the controller */
};

extern const struct dev_class ns16550_class;

#endif
