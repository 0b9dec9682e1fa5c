/* SPDX-License-Identifier: BSD-2-Clause */
/* Controller, keyboard and mouse; i8042.h says how they hang together. */
#include "base/bits.h"
#include "base/string.h"
#include "core/aml.h"
#include "core/vm.h"
#include "dev/input/i8042.h"

enum { PORT_DATA = 0, PORT_STATUS = 4 };

#define STATUS_FULL	0x01u
#define STATUS_SYSTEM	0x04u
#define STATUS_COMMAND	0x08u
#define STATUS_UNLOCKED	0x10u
#define STATUS_MOUSE	0x20u
#define CMD_KBD_INT	0x01u
#define CMD_MOUSE_INT	0x02u
#define CMD_SYSTEM	0x04u
#define CMD_KBD_OFF	0x10u
#define CMD_MOUSE_OFF	0x20u
#define CMD_TRANSLATE	0x40u
#define CMD_RESET	(CMD_SYSTEM | CMD_KBD_INT | CMD_TRANSLATE)
#define OUT_NO_RESET	0x01u
#define OUT_A20		0x02u
#define OUT_KBD_FULL	0x10u
#define OUT_MOUSE_FULL	0x20u
#define ACK		0xfau
#define RESEND		0xfeu
#define PASSED		0xaau
#define MOUSE_WHEEL	3u

/* ---- queues and interrupts ---- */

static bool put(struct i8042_queue *q, const uint8_t *p, uint32_t n)
{
	if (n > I8042_QUEUE - q->count)
		return false;
	for (uint32_t i = 0; i < n; i++)
		q->byte[(q->head + q->count++) % I8042_QUEUE] = p[i];
	return true;
}

static void answer(struct i8042_queue *q, uint8_t byte)
{
	put(q, &byte, 1);
}

static uint8_t get(struct i8042_queue *q)
{
	uint8_t byte = q->byte[q->head];

	q->head = (q->head + 1) % I8042_QUEUE;
	q->count--;
	return byte;
}

static void set_line(struct irq_line *l, bool *now, bool level)
{
	if (*now != level)
		irq_set(l, level);
	*now = level;
}

static void update(struct i8042 *c)
{
	set_line(&c->mmio.irq, &c->kbd_line, c->full && !c->from_mouse && c->command & CMD_KBD_INT);
	set_line(&c->mouse_irq, &c->mouse_line, c->full && c->from_mouse && c->command & CMD_MOUSE_INT);
}

/* Scan code set 2 to set 1, as the controller translates: IBM's table. 0: as it is. */
static const uint8_t set1[0x90] = {
	0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
	0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
	0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
	0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
	0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
	0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
	0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
	0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
	0x80, 0x81, 0x82, 0x41, 0x54,
};

/* The keyboard's next byte as the guest sees it; false: it was a release's prefix, and says so in the next. */
static bool translate(struct i8042 *c, uint8_t *byte)
{
	uint8_t v = *byte;

	if (!(c->command & CMD_TRANSLATE))
		return true;
	if (v == 0xf0) {
		c->break_code = true;
		return false;
	}
	if (v < ARRAY_SIZE(set1) && set1[v])
		v = set1[v];
	*byte = v | (c->break_code ? 0x80 : 0);
	c->break_code = false;
	return true;
}

/* The output buffer takes the next byte: the keyboard's before the mouse's. */
static void refill(struct i8042 *c)
{
	while (!c->full && c->kbd.count && !(c->command & CMD_KBD_OFF)) {
		c->output = get(&c->kbd);
		c->full = translate(c, &c->output);
		c->from_mouse = false;
	}
	if (!c->full && c->mouse.count && !(c->command & CMD_MOUSE_OFF)) {
		c->output = get(&c->mouse);
		c->full = c->from_mouse = true;
	}
	update(c);
}

/* The controller's own answer: neither translated nor held back. */
static void respond(struct i8042 *c, uint8_t byte, bool as_mouse)
{
	c->output = byte;
	c->full = true;
	c->from_mouse = as_mouse;
	update(c);
}

/* ---- keyboard ---- */

static void kbd_defaults(struct i8042 *c)
{
	c->kbd.count = 0;
	c->kbd_set = 2;
	c->kbd_pending = 0;
	c->break_code = false;
}

/* The byte that belongs to a command. */
static void kbd_argument(struct i8042 *c, uint8_t v)
{
	uint8_t command = c->kbd_pending;

	c->kbd_pending = 0;
	answer(&c->kbd, ACK);
	if (command == 0xed)
		c->kbd_leds = v & 7;
	else if (command == 0xf0 && !v)
		answer(&c->kbd, c->kbd_set);
	else if (command == 0xf0 && v <= 3)
		c->kbd_set = v;
}

static void kbd_command(struct i8042 *c, uint8_t v)
{
	static const uint8_t id[] = { ACK, 0xab, 0x83 };

	switch (v) {
	case 0xee:
		answer(&c->kbd, 0xee);
		return;
	case 0xed: case 0xf0: case 0xf3:
		c->kbd_pending = v;
		break;
	case 0xf2:
		put(&c->kbd, id, sizeof(id));
		return;
	case 0xf4:
		c->kbd_scanning = true;
		break;
	case 0xf5:
		kbd_defaults(c);
		c->kbd_scanning = false;
		break;
	case 0xf6:
		kbd_defaults(c);
		c->kbd_scanning = true;
		break;
	case 0xff:
		kbd_defaults(c);
		c->kbd_scanning = true;
		answer(&c->kbd, ACK);
		answer(&c->kbd, PASSED);
		return;
	default:
		if (v < 0xf7) {
			answer(&c->kbd, RESEND);
			return;
		}
	}
	answer(&c->kbd, ACK);
}

void i8042_keys(struct device *d, const uint8_t *codes, size_t n)
{
	struct i8042 *c = container_of(d, struct i8042, mmio.dev);

	lock_acquire(&d->lock);
	if (c->kbd_scanning && n <= I8042_QUEUE)
		put(&c->kbd, codes, (uint32_t)n);
	refill(c);
	lock_release(&d->lock);
}

/* ---- mouse ---- */

static void mouse_defaults(struct i8042 *c)
{
	c->mouse.count = 0;
	c->mouse_rate = 100;
	c->mouse_resolution = 2;
	c->mouse_scaling = c->mouse_pending = 0;
	c->mouse_reporting = c->mouse_remote = false;
}

static uint8_t clamp(int v)
{
	return (uint8_t)(v > 255 ? 255 : v < -255 ? -255 : v);
}

static void mouse_packet(struct i8042 *c, int dx, int dy, int dz)
{
	uint8_t p[4] = { (uint8_t)(8 | c->mouse_buttons | (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0)), clamp(dx), clamp(dy),
			 (uint8_t)(dz > 7 ? 7 : dz < -8 ? -8 : dz) };

	put(&c->mouse, p, c->mouse_id == MOUSE_WHEEL ? 4 : 3);
}

static void mouse_argument(struct i8042 *c, uint8_t v)
{
	uint8_t command = c->mouse_pending;

	c->mouse_pending = 0;
	answer(&c->mouse, ACK);
	if (command == 0xe8) {
		c->mouse_resolution = v & 3;
		return;
	}
	c->mouse_rate = v;
	c->knock[0] = c->knock[1];
	c->knock[1] = c->knock[2];
	c->knock[2] = v;
	if (c->knock[0] == 200 && c->knock[1] == 100 && v == 80)
		c->mouse_id = MOUSE_WHEEL;
}

static void mouse_status(struct i8042 *c)
{
	uint8_t b = c->mouse_buttons, p[4] = { ACK, (uint8_t)((b & 1) << 2 | (b & 4) >> 1 | (b & 2) >> 1), c->mouse_resolution,
					      c->mouse_rate };

	p[1] |= (uint8_t)(c->mouse_scaling << 4 | c->mouse_reporting << 5 | c->mouse_remote << 6);
	put(&c->mouse, p, sizeof(p));
}

static void mouse_reset(struct i8042 *c)
{
	mouse_defaults(c);
	c->mouse_id = 0;
	answer(&c->mouse, ACK);
	answer(&c->mouse, PASSED);
	answer(&c->mouse, 0);
}

static void mouse_command(struct i8042 *c, uint8_t v)
{
	switch (v) {
	case 0xe6: case 0xe7:
		c->mouse_scaling = v & 1;
		break;
	case 0xe8: case 0xf3:
		c->mouse_pending = v;
		break;
	case 0xe9:
		mouse_status(c);
		return;
	case 0xea: case 0xf0:
		c->mouse_remote = v == 0xf0;
		break;
	case 0xeb:
		answer(&c->mouse, ACK);
		mouse_packet(c, 0, 0, 0);
		return;
	case 0xf2:
		answer(&c->mouse, ACK);
		answer(&c->mouse, c->mouse_id);
		return;
	case 0xf4: case 0xf5:
		c->mouse_reporting = v == 0xf4;
		break;
	case 0xf6:
		mouse_defaults(c);
		break;
	case 0xff:
		mouse_reset(c);
		return;
	default:
		answer(&c->mouse, RESEND);
		return;
	}
	answer(&c->mouse, ACK);
}

void i8042_move(struct device *d, int dx, int dy, int dz, uint8_t buttons)
{
	struct i8042 *c = container_of(d, struct i8042, mmio.dev);

	lock_acquire(&d->lock);
	c->mouse_buttons = buttons & 7;
	if (c->mouse_reporting && !c->mouse_remote)
		mouse_packet(c, dx, dy, dz);
	refill(c);
	lock_release(&d->lock);
}

/* ---- controller ---- */

static uint8_t output_port(const struct i8042 *c)
{
	return OUT_NO_RESET | OUT_A20 | (c->full ? c->from_mouse ? OUT_MOUSE_FULL : OUT_KBD_FULL : 0);
}

static void write_output_port(struct i8042 *c, uint8_t v)
{
	if (!(v & OUT_NO_RESET))
		vm_request(c->mmio.dev.vm, EXIT_RESET);
}

static void controller_command(struct i8042 *c, uint8_t v)
{
	switch (v) {
	case 0x20:	respond(c, c->command, false); break;
	case 0xa7:	c->command |= CMD_MOUSE_OFF; break;
	case 0xa8:	c->command &= (uint8_t)~CMD_MOUSE_OFF; break;
	case 0xa9:	respond(c, 0, false); break;			/* both interfaces are well */
	case 0xaa:	respond(c, 0x55, false); break;
	case 0xab:	respond(c, 0, false); break;
	case 0xad:	c->command |= CMD_KBD_OFF; break;
	case 0xae:	c->command &= (uint8_t)~CMD_KBD_OFF; break;
	case 0xc0:	respond(c, 0x80, false); break;			/* not locked */
	case 0xd0:	respond(c, output_port(c), false); break;
	case 0x60: case 0xd1: case 0xd2: case 0xd3: case 0xd4:
		c->pending = v;
		break;
	default:
		if (v >= 0xf0 && !(v & 1))				/* pulses the lines whose bits are 0 */
			vm_request(c->mmio.dev.vm, EXIT_RESET);
	}
}

static void write_data(struct i8042 *c, uint8_t v)
{
	uint8_t command = c->pending;

	c->pending = 0;
	switch (command) {
	case 0x60:
		c->command = v & 0x7f;
		break;
	case 0xd1:
		write_output_port(c, v);
		break;
	case 0xd2: case 0xd3:
		respond(c, v, command == 0xd3);
		break;
	case 0xd4:
		if (c->mouse_pending)
			mouse_argument(c, v);
		else
			mouse_command(c, v);
		break;
	default:
		c->command &= (uint8_t)~CMD_KBD_OFF;		/* data for the keyboard turns it on */
		if (c->kbd_pending && v < 0xed)
			kbd_argument(c, v);
		else
			kbd_command(c, v);
	}
}

static uint8_t read_status(const struct i8042 *c)
{
	return STATUS_UNLOCKED | (c->full ? STATUS_FULL : 0) | (c->full && c->from_mouse ? STATUS_MOUSE : 0) |
	       (c->command & CMD_SYSTEM ? STATUS_SYSTEM : 0) | (c->last_write_was_command ? STATUS_COMMAND : 0);
}

static enum bus_result i8042_access(struct region *r, struct bus_access *a)
{
	struct i8042 *c = container_of(r, struct i8042, mmio.regs);

	if (a->offset != PORT_DATA && a->offset != PORT_STATUS) {
		a->value = a->write ? a->value : 0xff;
		return BUS_OK;
	}
	if (a->write) {
		c->last_write_was_command = a->offset == PORT_STATUS;
		if (a->offset == PORT_STATUS)
			controller_command(c, (uint8_t)a->value);
		else
			write_data(c, (uint8_t)a->value);
	} else if (a->offset == PORT_STATUS) {
		a->value = read_status(c);
		return BUS_OK;
	} else {
		a->value = c->output;
		c->full = false;
		update(c);			/* the line goes down between two bytes: it is an edge */
	}
	refill(c);
	return BUS_OK;
}

static const struct region_ops i8042_ops = { .access = i8042_access, .min_size = 1, .max_size = 1, .misfit = MISFIT_SPLIT };

/* ---- class ---- */

void i8042_connect_mouse(struct device *d, struct irqchip *chip, uint32_t number, uint32_t first)
{
	container_of(d, struct i8042, mmio.dev)->mouse_irq = (struct irq_line){ .chip = chip, .pin = number - first };
}

static int i8042_init(struct device *d, struct arena *a)
{
	mmio_init(to_mmio(d), &i8042_ops, I8042_PORTS);
	return 0;
}

static void i8042_reset(struct device *d, enum reset_kind why)
{
	struct i8042 *c = container_of(d, struct i8042, mmio.dev);

	lock_acquire(&d->lock);
	c->command = CMD_RESET;
	c->pending = c->output = 0;
	c->full = c->from_mouse = c->last_write_was_command = false;
	kbd_defaults(c);
	c->kbd_scanning = true;
	c->kbd_leds = 0;
	mouse_defaults(c);
	c->mouse_id = c->mouse_buttons = 0;
	memset(c->knock, 0, sizeof(c->knock));
	update(c);
	lock_release(&d->lock);
}

static int i8042_loaded(struct device *d)
{
	struct i8042 *c = container_of(d, struct i8042, mmio.dev);

	lock_acquire(&d->lock);
	c->kbd_line = c->mouse_line = true;		/* tell the controller in any case */
	irq_set(&c->mmio.irq, true);
	irq_set(&c->mouse_irq, true);
	update(c);
	refill(c);
	lock_release(&d->lock);
	return 0;
}

static void i8042_acpi(const struct device *d, struct aml_writer *w)
{
	const struct i8042 *c = container_of(d, const struct i8042, mmio.dev);

	aml_begin(w, AML_DEVICE, "KBD");
	aml_name_eisa(w, "_HID", "PNP0303");
	aml_resources(w, "_CRS");
	aml_res_io(w, (uint16_t)d->mmio_base, 1);
	aml_res_io(w, (uint16_t)(d->mmio_base + PORT_STATUS), 1);
	aml_res_irq(w, d->irq, true);
	aml_end(w);
	aml_end(w);
	aml_begin(w, AML_DEVICE, "MOU");
	aml_name_eisa(w, "_HID", "PNP0F13");
	aml_resources(w, "_CRS");
	aml_res_irq(w, c->mouse_irq.pin, true);
	aml_end(w);
	aml_end(w);
}

#define QUEUE_FIELDS(q)	\
	FIELD_ARRAY(struct i8042, q.byte, 1), \
	FIELD_RANGE(struct i8042, q.head, 1, 0, I8042_QUEUE - 1), \
	FIELD_RANGE(struct i8042, q.count, 1, 0, I8042_QUEUE)

static const struct field i8042_state[] = {
	QUEUE_FIELDS(kbd),
	QUEUE_FIELDS(mouse),
	FIELD_RANGE(struct i8042, command, 1, 0, 0x7f),
	FIELD(struct i8042, pending, 1),
	FIELD(struct i8042, output, 1),
	FIELD(struct i8042, full, 1),
	FIELD(struct i8042, from_mouse, 1),
	FIELD(struct i8042, last_write_was_command, 1),
	FIELD(struct i8042, kbd_scanning, 1),
	FIELD(struct i8042, mouse_reporting, 1),
	FIELD(struct i8042, mouse_remote, 1),
	FIELD(struct i8042, break_code, 1),
	FIELD_RANGE(struct i8042, kbd_set, 1, 0, 3),
	FIELD_RANGE(struct i8042, kbd_leds, 1, 0, 7),
	FIELD(struct i8042, kbd_pending, 1),
	FIELD(struct i8042, mouse_rate, 1),
	FIELD_RANGE(struct i8042, mouse_resolution, 1, 0, 3),
	FIELD_RANGE(struct i8042, mouse_scaling, 1, 0, 1),
	FIELD(struct i8042, mouse_pending, 1),
	FIELD_RANGE(struct i8042, mouse_buttons, 1, 0, 7),
	FIELD_ARRAY(struct i8042, knock, 1),
	FIELD_RANGE(struct i8042, mouse_id, 1, 0, MOUSE_WHEEL),
	FIELD_END
};

const struct dev_class i8042_class = {
	.name		= "i8042",
	.size		= sizeof(struct i8042),
	.version	= 1,
	.init		= i8042_init,
	.reset		= i8042_reset,
	.state		= i8042_state,
	.state_post	= i8042_loaded,
	.acpi		= i8042_acpi,
};
