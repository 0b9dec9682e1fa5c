/* SPDX-License-Identifier: BSD-2-Clause */
/* See tx.h. */
#include "dev/uart/tx.h"

void uart_tx_init(struct uart_tx *tx, struct device *dev, struct chardev *chardev, void (*sent)(struct uart_tx *tx))
{
	tx->dev = dev;
	tx->chardev = chardev;
	tx->sent = sent;
}

void uart_tx_reset(struct uart_tx *tx)
{
	tx->head = tx->count = 0;
}

void uart_tx_put(struct uart_tx *tx, uint8_t c)
{
	tx->fifo[(tx->head + tx->count++) % UART_TX_FIFO] = c;
}

/* A reset may have emptied the FIFO while the back-end wrote. */
static void taken(struct uart_tx *tx, size_t n)
{
	n = MIN(n, (size_t)tx->count);
	tx->head = (tx->head + (uint32_t)n) % UART_TX_FIFO;
	tx->count -= (uint32_t)n;
	if (tx->sent)
		tx->sent(tx);
}

void uart_tx_send(struct uart_tx *tx)
{
	uint8_t buf[UART_TX_FIFO];
	uint32_t len;
	size_t n;

	if (tx->sending || tx->stalled)
		return;
	tx->sending = true;
	while (tx->count && !tx->stalled) {
		len = tx->count;
		for (uint32_t i = 0; i < len; i++)
			buf[i] = tx->fifo[(tx->head + i) % UART_TX_FIFO];
		tx->again = false;
		lock_release(&tx->dev->lock);
		n = tx->chardev ? tx->chardev->ops->write(tx->chardev, buf, len) : len;
		lock_acquire(&tx->dev->lock);
		taken(tx, MIN(n, (size_t)len));
		tx->stalled = n < len && !tx->again;
	}
	tx->sending = false;
}

void uart_tx_writable(struct uart_tx *tx)
{
	tx->again = true;
	tx->stalled = false;
	uart_tx_send(tx);
}
