/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers and FIFOs of the 16550A: PC16550D data sheet, chapter 8. ns16550.h says how it differs from a chip. */
#include "base/bits.h"
#include "core/aml.h"
#include "core/fdt.h"
#include "core/vm.h"
#include "dev/uart/ns16550.h"

#define CLOCK_HZ	1843200u	/* sixteen times 115200 */

enum { REG_DATA, REG_IER, REG_IIR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR };

#define IER_RX		0x01u
#define IER_TX		0x02u
#define IER_LINE	0x04u
#define IER_MODEM	0x08u
#define IIR_NONE	0x01u
#define IIR_MODEM	0x00u
#define IIR_TX		0x02u
#define IIR_RX		0x04u
#define IIR_LINE	0x06u
#define IIR_TIMEOUT	0x0cu
#define IIR_FIFOS	0xc0u
#define FCR_ENABLE	0x01u
#define FCR_CLEAR_RX	0x02u
#define FCR_CLEAR_TX	0x04u
#define FCR_KEPT	0xc9u
#define LCR_DLAB	0x80u
#define MCR_DTR		0x01u
#define MCR_RTS		0x02u
#define MCR_OUT1	0x04u
#define MCR_OUT2	0x08u
#define MCR_LOOP	0x10u
#define LSR_DATA	0x01u
#define LSR_OVERRUN	0x02u
#define LSR_BREAK	0x10u
#define LSR_TX_EMPTY	0x20u
#define LSR_IDLE	0x40u
#define LSR_FIFO_ERROR	0x80u
#define MSR_CTS		0x10u
#define MSR_DSR		0x20u
#define MSR_RI		0x40u
#define MSR_DCD		0x80u

static uint32_t depth(const struct ns16550 *u)
{
	return u->fcr & FCR_ENABLE ? NS16550_FIFO : 1;
}

static uint32_t trigger(const struct ns16550 *u)
{
	static const uint8_t levels[4] = { 1, 4, 8, 14 };

	return u->fcr & FCR_ENABLE ? levels[u->fcr >> 6] : 1;
}

static uint8_t line_status(const struct ns16550 *u)
{
	uint8_t lsr = u->errors & LSR_OVERRUN;

	if (u->count) {
		lsr |= LSR_DATA;
		lsr |= u->brk[u->head] ? u->errors & LSR_BREAK : 0;
	}
	for (uint32_t i = 0; i < u->count && u->fcr & FCR_ENABLE; i++)
		lsr |= u->brk[(u->head + i) % NS16550_FIFO] ? LSR_FIFO_ERROR : 0;
	return lsr | (u->tx.count ? 0 : LSR_TX_EMPTY | LSR_IDLE);
}

static uint8_t modem_lines(const struct ns16550 *u)
{
	if (!(u->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) | (u->mcr & MCR_OUT1 ? MSR_RI : 0) |
	       (u->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

/* The highest of what is pending and enabled (§8.6.3). */
static uint8_t pending(const struct ns16550 *u)
{
	if (u->ier & IER_LINE && line_status(u) & (LSR_OVERRUN | LSR_BREAK))
		return IIR_LINE;
	if (u->ier & IER_RX && u->count >= trigger(u))
		return IIR_RX;
	if (u->ier & IER_RX && u->count && u->timeout)
		return IIR_TIMEOUT;
	if (u->ier & IER_TX && u->thr_pending)
		return IIR_TX;
	if (u->ier & IER_MODEM && u->delta)
		return IIR_MODEM;
	return IIR_NONE;
}

static bool wanted(const struct ns16550 *u)
{
	return pending(u) != IIR_NONE && (!u->gated || (u->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2);
}

static void update(struct ns16550 *u)
{
	bool level = wanted(u);

	if (level != u->line)
		irq_set(&u->mmio.irq, level);
	u->line = level;
}

/* ---- input ---- */

static void receive(struct ns16550 *u, uint8_t c, bool is_break)
{
	uint32_t at = (u->head + u->count) % NS16550_FIFO;

	if (u->count >= depth(u)) {
		u->errors |= LSR_OVERRUN;
		return;
	}
	u->rx[at] = c;
	u->brk[at] = is_break;
	u->count++;
	if (is_break)
		u->errors |= LSR_BREAK;
}

static uint8_t take(struct ns16550 *u)
{
	uint8_t c = u->rx[u->head];

	if (!u->count)
		return 0;
	u->head = (u->head + 1) % NS16550_FIFO;
	u->count--;
	if (u->count && u->brk[u->head])
		u->errors |= LSR_BREAK;
	return c;
}

static struct ns16550 *of(struct uart_end *e)
{
	return container_of(e, struct ns16550, end);
}

static bool end_room(const struct uart_end *e)
{
	const struct ns16550 *u = container_of(e, const struct ns16550, end);

	return !(u->mcr & MCR_LOOP) && u->count < depth(u);
}

static void end_receive(struct uart_end *e, uint8_t c)
{
	receive(of(e), c, false);
}

static void end_pause(struct uart_end *e)
{
	of(e)->timeout = true;
}

static void end_break(struct uart_end *e)
{
	struct ns16550 *u = of(e);

	if (u->mcr & MCR_LOOP)
		return;
	receive(u, 0, true);
	u->timeout = true;
}

static void end_update(struct uart_end *e)
{
	update(of(e));
}

static const struct uart_end_ops end_ops = {
	.room = end_room, .receive = end_receive, .pause = end_pause, .brk = end_break, .update = end_update,
};

/* ---- output ---- */

static void sent(struct uart_tx *tx)
{
	if (!tx->count)
		container_of(tx, struct ns16550, tx)->thr_pending = true;
}

static void transmit(struct ns16550 *u, uint8_t c)
{
	u->thr_pending = false;
	if (u->mcr & MCR_LOOP) {
		receive(u, c, false);
		u->timeout = true;
		u->thr_pending = true;
		return;
	}
	if (u->tx.count >= depth(u))
		return;
	uart_tx_put(&u->tx, c);
	uart_tx_send(&u->tx);
}

/* ---- registers ---- */

static uint8_t read_iir(struct ns16550 *u)
{
	uint8_t what = pending(u);

	if (what == IIR_TX)
		u->thr_pending = false;
	return what | (u->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
}

static uint8_t read_lsr(struct ns16550 *u)
{
	uint8_t lsr = line_status(u);

	u->errors = 0;
	return lsr;
}

static uint8_t read_msr(struct ns16550 *u)
{
	uint8_t msr = modem_lines(u) | u->delta;

	u->delta = 0;
	return msr;
}

static uint8_t read_reg(struct ns16550 *u, uint64_t offset)
{
	switch (offset) {
	case REG_DATA:	return u->lcr & LCR_DLAB ? u->dll : take(u);
	case REG_IER:	return u->lcr & LCR_DLAB ? u->dlm : u->ier;
	case REG_IIR:	return read_iir(u);
	case REG_LCR:	return u->lcr;
	case REG_MCR:	return u->mcr;
	case REG_LSR:	return read_lsr(u);
	case REG_MSR:	return read_msr(u);
	default:	return u->scr;
	}
}

/* Enabling the transmit interrupt while there is nothing to send raises it at once. */
static void write_ier(struct ns16550 *u, uint8_t v)
{
	if (v & ~u->ier & IER_TX && !u->tx.count)
		u->thr_pending = true;
	u->ier = v & 0xf;
}

/* What waits to be sent still is sent: a console loses nothing when its driver takes over. */
static void write_fcr(struct ns16550 *u, uint8_t v)
{
	if ((v ^ u->fcr) & FCR_ENABLE || v & FCR_CLEAR_RX) {
		u->head = u->count = 0;
		u->timeout = false;
	}
	u->fcr = v & FCR_ENABLE ? v & FCR_KEPT : 0;
}

static void write_mcr(struct ns16550 *u, uint8_t v)
{
	uint8_t before = modem_lines(u), changed;

	u->mcr = v & 0x1f;
	changed = before ^ modem_lines(u);
	/* Ring tells of its end only. */
	u->delta |= (uint8_t)((changed & (MSR_CTS | MSR_DSR | MSR_DCD)) | (changed & before & MSR_RI)) >> 4;
}

static void write_reg(struct ns16550 *u, uint64_t offset, uint8_t v)
{
	switch (offset) {
	case REG_DATA:
		if (u->lcr & LCR_DLAB)
			u->dll = v;
		else
			transmit(u, v);
		break;
	case REG_IER:
		if (u->lcr & LCR_DLAB)
			u->dlm = v;
		else
			write_ier(u, v);
		break;
	case REG_IIR:	write_fcr(u, v); break;
	case REG_LCR:	u->lcr = v; break;
	case REG_MCR:	write_mcr(u, v); break;
	case REG_SCR:	u->scr = v; break;
	}
}

static enum bus_result ns16550_access(struct region *r, struct bus_access *a)
{
	struct ns16550 *u = container_of(r, struct ns16550, mmio.regs);

	lock_acquire(&u->mmio.dev.lock);
	if (a->write)
		write_reg(u, a->offset, (uint8_t)a->value);
	else
		a->value = read_reg(u, a->offset);
	uart_end_wake(&u->end);
	update(u);
	lock_release(&u->mmio.dev.lock);
	return BUS_OK;
}

static const struct region_ops ns16550_ops = {
	.access = ns16550_access, .min_size = 1, .max_size = 1, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};

/* ---- class ---- */

static int ns16550_init(struct device *d, struct arena *a)
{
	struct ns16550 *u = container_of(d, struct ns16550, mmio.dev);

	mmio_init(&u->mmio, &ns16550_ops, NS16550_PORTS);
	uart_tx_init(&u->tx, d, u->chardev, sent);
	uart_end_init(&u->end, &end_ops, d, u->chardev, &u->tx);
	return 0;
}

static void ns16550_destroy(struct device *d)
{
	uart_end_fini(&container_of(d, struct ns16550, mmio.dev)->end);
}

static void ns16550_reset(struct device *d, enum reset_kind why)
{
	struct ns16550 *u = container_of(d, struct ns16550, mmio.dev);

	lock_acquire(&d->lock);
	u->head = u->count = 0;
	uart_tx_reset(&u->tx);
	u->ier = u->fcr = u->lcr = u->mcr = u->scr = u->errors = u->delta = 0;
	u->dll = 1;					/* 115200, as firmware would leave it */
	u->dlm = 0;
	u->thr_pending = u->timeout = false;
	update(u);
	uart_end_wake(&u->end);
	lock_release(&d->lock);
}

static int ns16550_loaded(struct device *d)
{
	struct ns16550 *u = container_of(d, struct ns16550, mmio.dev);

	lock_acquire(&d->lock);
	uart_end_loaded(&u->end);
	u->line = !wanted(u);		/* tell the controller in any case */
	update(u);
	lock_release(&d->lock);
	return 0;
}

static void ns16550_acpi(const struct device *d, struct aml_writer *w)
{
	char name[] = "COM1";

	name[3] = (char)('1' + d->instance % 9);
	aml_begin(w, AML_DEVICE, name);
	aml_name_eisa(w, "_HID", "PNP0501");
	aml_name_int(w, "_UID", d->instance + 1);
	aml_name_int(w, "_STA", 0xf);
	aml_resources(w, "_CRS");
	aml_res_io(w, (uint16_t)d->mmio_base, NS16550_PORTS);
	aml_res_irq(w, d->irq, true);
	aml_end(w);
	aml_end(w);
}

static void ns16550_fdt(const struct device *d, struct fdt_writer *w)
{
	fdt_begin(w, "serial@%llx", (unsigned long long)d->mmio_base);
	fdt_prop_string(w, "compatible", "ns16550a");
	fdt_prop_reg(w, d->mmio_base, NS16550_PORTS);
	fdt_prop_u32(w, "clock-frequency", CLOCK_HZ);
	fdt_prop_interrupt(w, d->irq);
	fdt_end(w);
}

static const struct prop ns16550_props[] = {
	PROP(struct ns16550, chardev, PROP_PTR, 0, 0, 0),
	PROP(struct ns16550, gated, PROP_BOOL, 1, 0, 0),
	PROP_END
};

static const struct field ns16550_state[] = {
	FIELD_ARRAY(struct ns16550, rx, 1),
	{ "brk", offsetof(struct ns16550, brk), 1, 1, NS16550_FIFO, 1, 0, 1 },
	FIELD_RANGE(struct ns16550, head, 1, 0, NS16550_FIFO - 1),
	FIELD_RANGE(struct ns16550, count, 1, 0, NS16550_FIFO),
	UART_TX_FIELDS(struct ns16550, NS16550_FIFO),
	FIELD_RANGE(struct ns16550, ier, 1, 0, 0xf),
	FIELD_RANGE(struct ns16550, fcr, 1, 0, 0xff),
	FIELD(struct ns16550, lcr, 1),
	FIELD_RANGE(struct ns16550, mcr, 1, 0, 0x1f),
	FIELD(struct ns16550, scr, 1),
	FIELD(struct ns16550, dll, 1),
	FIELD(struct ns16550, dlm, 1),
	FIELD_RANGE(struct ns16550, errors, 1, 0, 0x1f),
	FIELD_RANGE(struct ns16550, delta, 1, 0, 0xf),
	FIELD(struct ns16550, thr_pending, 1),
	FIELD(struct ns16550, timeout, 1),
	FIELD_END
};

const struct dev_class ns16550_class = {
	.name		= "ns16550",
	.size		= sizeof(struct ns16550),
	.version	= 1,
	.props		= ns16550_props,
	.init		= ns16550_init,
	.destroy	= ns16550_destroy,
	.reset		= ns16550_reset,
	.state		= ns16550_state,
	.state_post	= ns16550_loaded,
	.fdt		= ns16550_fdt,
	.acpi		= ns16550_acpi,
};
