/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PL011 UART, r1p5 (ARM DDI 0183G): FIFOs of 32, all interrupts, loopback, break. The line is as fast as the
 * back-end: characters wait in the transmit FIFO only while that takes no more, and the receive timeout comes as
 * soon as it has no more to give.
 *
 * Threads: registers under the device lock on the vCPU that touches them; input and room for output on the device's
 * work queue. No lock is held while the back-end writes (tx.h).
 */
#ifndef DEV_UART_PL011_H
#define DEV_UART_PL011_H

#include "dev/primecell.h"
#include "dev/uart/end.h"

#define PL011_FIFO	32

struct pl011 {
	struct mmio_dev mmio;
	struct chardev *chardev;	/* property: the back-end, or NULL */
	uint32_t clock;			/* property: phandle of the UART's clock */
	struct uart_end end;
	uint16_t fifo[PL011_FIFO];	/* a character and its error bits 11:8, as UARTDR shows them */
	uint32_t head, count;		/* of the receive FIFO */
	struct uart_tx tx;
	uint32_t error;			/* UARTRSR */
	uint32_t ris, imsc;
	uint32_t ilpr, ibrd, fbrd, lcr_h, cr, ifls, dmacr;
};

extern const struct dev_class pl011_class;

#endif
