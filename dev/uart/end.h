/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A UART's end of its back-end: characters, breaks and room for more arrive here, on the device's work queue, and go on to the
 * UART under the device lock. What did not fit is asked for again when there is room.
 */
#ifndef DEV_UART_END_H
#define DEV_UART_END_H

#include "core/chardev.h"
#include "core/device.h"
#include "dev/uart/tx.h"

struct uart_end;

/* All with the device lock held. */
struct uart_end_ops {
	bool (*room)(const struct uart_end *e);			/* for one character, by the receiver as it is set now */
	void (*receive)(struct uart_end *e, uint8_t c);		/* there is room */
	void (*pause)(struct uart_end *e);			/* some were received, and no more come for now */
	void (*brk)(struct uart_end *e);			/* a break; room or not */
	void (*update)(struct uart_end *e);			/* the interrupt follows the registers */
};

struct uart_end {
	const struct uart_end_ops *ops;
	struct device *dev;
	struct chardev *chardev;	/* or NULL */
	struct uart_tx *tx;
	struct chardev_client client;
	struct work ready;		/* room again: tell the back-end */
	bool starved;			/* the back-end has more than there was room for */
};

/* Attaches to the back-end, on the device's work queue. */
void uart_end_init(struct uart_end *e, const struct uart_end_ops *ops, struct device *d, struct chardev *chardev,
		   struct uart_tx *tx);
void uart_end_fini(struct uart_end *e);
/* The rest with the device lock held. */
void uart_end_wake(struct uart_end *e);		/* there may be room: if the back-end was turned away it is told, later */
void uart_end_loaded(struct uart_end *e);	/* after loading a state: the back-end may have something, or room */

#endif
