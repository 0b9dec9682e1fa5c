/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A UART's way out: characters that wait until the back-end takes them. The line is as fast as the back-end.
 *
 * No lock is held while the back-end writes: the one thread for which `sending` was set empties the FIFO. Everything else is
 * under the device lock.
 */
#ifndef DEV_UART_TX_H
#define DEV_UART_TX_H

#include "core/chardev.h"
#include "core/device.h"

#define UART_TX_FIFO	32u

struct uart_tx {
	struct device *dev;
	struct chardev *chardev;	/* NULL: everything is taken */
	void (*sent)(struct uart_tx *tx);	/* there is less to send, device lock held; or NULL */
	uint8_t fifo[UART_TX_FIFO];
	uint32_t head, count;
	bool sending;			/* a thread is in uart_tx_send */
	bool stalled;			/* the back-end will call writable */
	bool again;			/* it has, since `sending` last wrote */
};

/* For a state table; `depth`: of this UART's FIFO. */
#define UART_TX_FIELDS(type, depth)							\
	FIELD_ARRAY(type, tx.fifo, 1),							\
	FIELD_RANGE(type, tx.head, 1, 0, UART_TX_FIFO - 1),				\
	FIELD_RANGE(type, tx.count, 1, 0, depth)

void uart_tx_init(struct uart_tx *tx, struct device *dev, struct chardev *chardev, void (*sent)(struct uart_tx *tx));
/* The rest with the device lock held. */
void uart_tx_reset(struct uart_tx *tx);
void uart_tx_put(struct uart_tx *tx, uint8_t c);	/* there must be room; sends nothing yet */
/* Empties the FIFO as far as the back-end goes along. The lock is let go around its write. */
void uart_tx_send(struct uart_tx *tx);
void uart_tx_writable(struct uart_tx *tx);	/* the back-end has room again, or may have: sends */

#endif
