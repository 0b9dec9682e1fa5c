/* SPDX-License-Identifier: BSD-2-Clause */
/* PL011 registers and FIFO: ARM DDI 0183G chapter 3. pl011.h says how it differs from a chip. */
#include "base/bits.h"
#include "core/fdt.h"
#include "core/vm.h"
#include "dev/uart/pl011.h"

enum {
	UARTDR = 0x00, UARTRSR = 0x04, UARTFR = 0x18, UARTILPR = 0x20, UARTIBRD = 0x24, UARTFBRD = 0x28,
	UARTLCR_H = 0x2c, UARTCR = 0x30, UARTIFLS = 0x34, UARTIMSC = 0x38, UARTRIS = 0x3c, UARTMIS = 0x40,
	UARTICR = 0x44, UARTDMACR = 0x48,
};

#define DR_BE		BIT(10)
#define DR_OE		BIT(11)
#define FR_CTS		BIT(0)
#define FR_DSR		BIT(1)
#define FR_DCD		BIT(2)
#define FR_BUSY		BIT(3)
#define FR_RXFE		BIT(4)
#define FR_TXFF		BIT(5)
#define FR_RXFF		BIT(6)
#define FR_TXFE		BIT(7)
#define FR_RI		BIT(8)
#define LCR_FEN		BIT(4)
#define CR_UARTEN	BIT(0)
#define CR_LBE		BIT(7)
#define CR_TXE		BIT(8)
#define CR_RXE		BIT(9)
#define CR_DTR		BIT(10)
#define CR_RTS		BIT(11)
#define CR_OUT1		BIT(12)
#define CR_OUT2		BIT(13)
#define INT_RX		BIT(4)
#define INT_TX		BIT(5)
#define INT_RT		BIT(6)
#define INT_FE		BIT(7)
#define INT_BE		BIT(9)
#define INT_OE		BIT(10)
#define INT_ALL		0x7ffu

#define PART		0x011
#define REV		3		/* r1p5 */
#define IFLS_RESET	0x12
#define CR_RESET	(CR_TXE | CR_RXE)

static void pl011_update(struct pl011 *u)
{
	irq_set(&u->mmio.irq, u->ris & u->imsc);
}

static uint32_t pl011_depth(const struct pl011 *u)
{
	return u->lcr_h & LCR_FEN ? PL011_FIFO : 1;
}

static uint32_t pl011_level(uint32_t select)
{
	static const uint8_t eighths[8] = { 1, 2, 4, 6, 7, 7, 7, 7 };

	return PL011_FIFO * eighths[select & 7] / 8;
}

/* Characters at which the receive interrupt comes, and down to which the transmit interrupt does (§2.8.1). */
static uint32_t pl011_trigger(const struct pl011 *u)
{
	return u->lcr_h & LCR_FEN ? pl011_level(u->ifls >> 3) : 1;
}

static uint32_t pl011_tx_trigger(const struct pl011 *u)
{
	return u->lcr_h & LCR_FEN ? pl011_level(u->ifls) : 0;
}

static void pl011_receive(struct pl011 *u, uint32_t c)
{
	if (u->count >= pl011_depth(u)) {
		u->error |= DR_OE >> 8;
		u->ris |= INT_OE;
		return;
	}
	u->fifo[(u->head + u->count++) % PL011_FIFO] = (uint16_t)c;
	if (c & DR_BE)
		u->ris |= INT_BE | INT_FE;
	if (u->count >= pl011_trigger(u))
		u->ris |= INT_RX;
}

static uint32_t pl011_take(struct pl011 *u)
{
	uint32_t c;

	if (!u->count)
		return 0;
	c = u->fifo[u->head];
	u->head = (u->head + 1) % PL011_FIFO;
	u->count--;
	u->error = (u->error & DR_OE >> 8) | (c >> 8 & 0xf);
	if (u->count < pl011_trigger(u))
		u->ris &= ~INT_RX;
	if (!u->count)
		u->ris &= ~INT_RT;
	return c;
}

static bool pl011_can_receive(const struct pl011 *u)
{
	return (u->cr & (CR_UARTEN | CR_RXE)) == (CR_UARTEN | CR_RXE) && !(u->cr & CR_LBE);
}

static struct pl011 *pl011_of(struct uart_end *e)
{
	return container_of(e, struct pl011, end);
}

static bool pl011_room(const struct uart_end *e)
{
	const struct pl011 *u = container_of(e, const struct pl011, end);

	return pl011_can_receive(u) && u->count < pl011_depth(u);
}

static void pl011_input(struct uart_end *e, uint8_t c)
{
	pl011_receive(pl011_of(e), c);
}

/* The receive timeout comes as soon as the back-end has no more to give. */
static void pl011_pause(struct uart_end *e)
{
	pl011_of(e)->ris |= INT_RT;
}

static void pl011_break(struct uart_end *e)
{
	struct pl011 *u = pl011_of(e);

	if (!pl011_can_receive(u))
		return;
	pl011_receive(u, DR_BE);
	u->ris |= u->count ? INT_RT : 0;
}

static void pl011_end_update(struct uart_end *e)
{
	pl011_update(pl011_of(e));
}

static const struct uart_end_ops pl011_end_ops = {
	.room = pl011_room, .receive = pl011_input, .pause = pl011_pause, .brk = pl011_break, .update = pl011_end_update,
};

/* ---- output ---- */

static void pl011_sent(struct uart_tx *tx)
{
	struct pl011 *u = container_of(tx, struct pl011, tx);

	if (tx->count <= pl011_tx_trigger(u))
		u->ris |= INT_TX;
}

static void pl011_transmit(struct pl011 *u, uint8_t c)
{
	if (u->cr & CR_LBE) {
		pl011_receive(u, c);
		u->ris |= INT_RT | INT_TX;
		return;
	}
	/* A console that firmware would have enabled works without: UARTEN and TXE are not asked. */
	if (u->tx.count >= pl011_depth(u))
		return;
	uart_tx_put(&u->tx, c);
	if (u->tx.count > pl011_tx_trigger(u))
		u->ris &= ~INT_TX;
	uart_tx_send(&u->tx);
}

/* ---- registers ---- */

static uint32_t pl011_flags(const struct pl011 *u)
{
	uint32_t fr = (u->count ? 0 : FR_RXFE) | (u->count >= pl011_depth(u) ? FR_RXFF : 0) |
		(u->tx.count ? FR_BUSY : FR_TXFE) | (u->tx.count >= pl011_depth(u) ? FR_TXFF : 0);

	if (!(u->cr & CR_LBE))
		return fr | FR_CTS | FR_DSR | FR_DCD;	/* somebody is always at the other end */
	return fr | (u->cr & CR_RTS ? FR_CTS : 0) | (u->cr & CR_DTR ? FR_DSR : 0) | (u->cr & CR_OUT1 ? FR_DCD : 0) |
		(u->cr & CR_OUT2 ? FR_RI : 0);
}

static uint32_t pl011_read(struct pl011 *u, uint64_t offset)
{
	switch (offset) {
	case UARTDR:	return pl011_take(u);
	case UARTRSR:	return u->error;
	case UARTFR:	return pl011_flags(u);
	case UARTILPR:	return u->ilpr;
	case UARTIBRD:	return u->ibrd;
	case UARTFBRD:	return u->fbrd;
	case UARTLCR_H:	return u->lcr_h;
	case UARTCR:	return u->cr;
	case UARTIFLS:	return u->ifls;
	case UARTIMSC:	return u->imsc;
	case UARTRIS:	return u->ris;
	case UARTMIS:	return u->ris & u->imsc;
	case UARTDMACR:	return u->dmacr;
	default:	return primecell_id(PART, REV, offset);
	}
}

/* Switching FIFOs on or off empties the receive side. What waits to be sent still is sent. */
static void pl011_write_lcr(struct pl011 *u, uint32_t v)
{
	if ((v ^ u->lcr_h) & LCR_FEN) {
		u->head = u->count = 0;
		u->ris &= ~(INT_RX | INT_RT);
	}
	u->lcr_h = v & 0xff;
}

static void pl011_write(struct pl011 *u, uint64_t offset, uint32_t v)
{
	switch (offset) {
	case UARTDR:	pl011_transmit(u, (uint8_t)v); break;
	case UARTRSR:	u->error = 0; break;
	case UARTILPR:	u->ilpr = v & 0xff; break;
	case UARTIBRD:	u->ibrd = v & 0xffff; break;
	case UARTFBRD:	u->fbrd = v & 0x3f; break;
	case UARTLCR_H:	pl011_write_lcr(u, v); break;
	case UARTCR:	u->cr = v & 0xff87; break;
	case UARTIFLS:	u->ifls = v & 0x3f; break;
	case UARTIMSC:	u->imsc = v & INT_ALL; break;
	case UARTICR:	u->ris &= ~(v & INT_ALL); break;
	case UARTDMACR:	u->dmacr = v & 7; break;
	}
}

static enum bus_result pl011_access(struct region *r, struct bus_access *a)
{
	struct pl011 *u = container_of(r, struct pl011, mmio.regs);

	lock_acquire(&u->mmio.dev.lock);
	if (a->write)
		pl011_write(u, a->offset, (uint32_t)a->value & (a->size < 4 ? (1u << 8 * a->size) - 1 : ~0u));
	else
		a->value = pl011_read(u, a->offset);
	uart_end_wake(&u->end);
	pl011_update(u);
	lock_release(&u->mmio.dev.lock);
	return BUS_OK;
}

static const struct region_ops pl011_ops = {
	.access = pl011_access, .min_size = 1, .max_size = 4, .misfit = MISFIT_IGNORE, .flags = BUS_UNLOCKED,
};

static int pl011_init(struct device *d, struct arena *a)
{
	struct pl011 *u = container_of(d, struct pl011, mmio.dev);

	mmio_init(&u->mmio, &pl011_ops, PRIMECELL_SIZE);
	uart_tx_init(&u->tx, d, u->chardev, pl011_sent);
	uart_end_init(&u->end, &pl011_end_ops, d, u->chardev, &u->tx);
	return 0;
}

static void pl011_destroy(struct device *d)
{
	uart_end_fini(&container_of(d, struct pl011, mmio.dev)->end);
}

static void pl011_reset(struct device *d, enum reset_kind why)
{
	struct pl011 *u = container_of(d, struct pl011, mmio.dev);

	lock_acquire(&d->lock);
	u->head = u->count = 0;
	uart_tx_reset(&u->tx);
	u->error = u->ris = u->imsc = 0;
	u->ilpr = u->ibrd = u->fbrd = u->lcr_h = u->dmacr = 0;
	u->cr = CR_RESET;
	u->ifls = IFLS_RESET;
	pl011_update(u);
	lock_release(&d->lock);
}

static int pl011_loaded(struct device *d)
{
	struct pl011 *u = container_of(d, struct pl011, mmio.dev);

	lock_acquire(&d->lock);
	uart_end_loaded(&u->end);
	pl011_update(u);
	lock_release(&d->lock);
	return 0;
}

static void pl011_fdt(const struct device *d, struct fdt_writer *w)
{
	static const char *const clocks[] = { "uartclk", "apb_pclk" };
	const struct pl011 *u = container_of(d, const struct pl011, mmio.dev);

	primecell_fdt_begin(d, w, "pl011", "arm,pl011", u->clock, clocks, ARRAY_SIZE(clocks));
	fdt_end(w);
}

static const struct prop pl011_props[] = {
	PROP(struct pl011, chardev, PROP_PTR, 0, 0, 0),
	PROP(struct pl011, clock, PROP_U32, 0, 0, 0xfffffffe),
	PROP_END
};

static const struct field pl011_state[] = {
	FIELD_ARRAY(struct pl011, fifo, 1),
	FIELD_RANGE(struct pl011, head, 1, 0, PL011_FIFO - 1),
	FIELD_RANGE(struct pl011, count, 1, 0, PL011_FIFO),
	UART_TX_FIELDS(struct pl011, PL011_FIFO),
	FIELD_RANGE(struct pl011, error, 1, 0, 0xf),
	FIELD_RANGE(struct pl011, ris, 1, 0, INT_ALL),
	FIELD_RANGE(struct pl011, imsc, 1, 0, INT_ALL),
	FIELD_RANGE(struct pl011, ilpr, 1, 0, 0xff),
	FIELD_RANGE(struct pl011, ibrd, 1, 0, 0xffff),
	FIELD_RANGE(struct pl011, fbrd, 1, 0, 0x3f),
	FIELD_RANGE(struct pl011, lcr_h, 1, 0, 0xff),
	FIELD_RANGE(struct pl011, cr, 1, 0, 0xffff),
	FIELD_RANGE(struct pl011, ifls, 1, 0, 0x3f),
	FIELD_RANGE(struct pl011, dmacr, 1, 0, 7),
	FIELD_END
};

const struct dev_class pl011_class = {
	.name		= "pl011",
	.size		= sizeof(struct pl011),
	.version	= 1,
	.props		= pl011_props,
	.init		= pl011_init,
	.destroy	= pl011_destroy,
	.reset		= pl011_reset,
	.state		= pl011_state,
	.state_post	= pl011_loaded,
	.fdt		= pl011_fdt,
};
