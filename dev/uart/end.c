/* SPDX-License-Identifier: BSD-2-Clause */
/* See end.h. */
#include "core/vm.h"
#include "dev/uart/end.h"

static struct uart_end *of(struct chardev_client *client)
{
	return container_of(client, struct uart_end, client);
}

static size_t end_input(struct chardev_client *client, const uint8_t *buf, size_t len)
{
	struct uart_end *e = of(client);
	size_t n = 0;

	lock_acquire(&e->dev->lock);
	while (n < len && e->ops->room(e))
		e->ops->receive(e, buf[n++]);
	if (n)
		e->ops->pause(e);
	e->starved = n < len;
	e->ops->update(e);
	lock_release(&e->dev->lock);
	return n;
}

static void end_break(struct chardev_client *client)
{
	struct uart_end *e = of(client);

	lock_acquire(&e->dev->lock);
	e->ops->brk(e);
	e->ops->update(e);
	lock_release(&e->dev->lock);
}

static void end_writable(struct chardev_client *client)
{
	struct uart_end *e = of(client);

	lock_acquire(&e->dev->lock);
	uart_tx_writable(e->tx);
	e->ops->update(e);
	lock_release(&e->dev->lock);
}

/* From the work queue, without the lock: the back-end may call us in turn. */
static void ready_again(struct work *w)
{
	struct uart_end *e = container_of(w, struct uart_end, ready);

	if (e->chardev)
		e->chardev->ops->ready(e->chardev);
}

void uart_end_wake(struct uart_end *e)
{
	if (!e->starved || !e->ops->room(e))
		return;
	e->starved = false;
	dev_defer(e->dev, &e->ready);
}

void uart_end_loaded(struct uart_end *e)
{
	e->starved = true;
	uart_end_wake(e);
	uart_tx_writable(e->tx);
}

void uart_end_init(struct uart_end *e, const struct uart_end_ops *ops, struct device *d, struct chardev *chardev,
		   struct uart_tx *tx)
{
	*e = (struct uart_end){ .ops = ops, .dev = d, .chardev = chardev, .tx = tx };
	work_init(&e->ready, ready_again);
	e->client = (struct chardev_client){
		.input = end_input, .writable = end_writable, .brk = end_break, .workq = d->workq ? d->workq : d->vm->control,
	};
	if (chardev)
		chardev->ops->attach(chardev, &e->client);
}

void uart_end_fini(struct uart_end *e)
{
	if (e->chardev)
		e->chardev->ops->attach(e->chardev, NULL);
}
