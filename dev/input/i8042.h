/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keyboard controller of a PC (Intel 8042; IBM PS/2 Hardware Interface Technical Reference), with a keyboard and a mouse.
 *
 * Keys come from the host as set 2 scan codes and reach the guest by the path that a keyboard's bytes take: translation to
 * set 1 unless the guest turns it off, output buffer, IRQ 1; the mouse's by IRQ 12. A device answers a command at once. The
 * controller's reset pulse (command fe, or bit 0 of its output port going down) resets the machine.
 *
 * Ports 0x60 and 0x64 are in one region from 0x60; what is between reads as ones.
 */
#ifndef DEV_INPUT_I8042_H
#define DEV_INPUT_I8042_H

#include "dev/mmio.h"

#define I8042_QUEUE	64u
#define I8042_PORTS	5u

/* Bytes that a device has for the controller. */
struct i8042_queue {
	uint8_t byte[I8042_QUEUE];
	uint32_t head, count;
};

struct i8042 {
	struct mmio_dev mmio;		/* irq: the keyboard's */
	struct irq_line mouse_irq;
	struct i8042_queue kbd, mouse;
	uint8_t command;		/* the controller's command byte */
	uint8_t pending;		/* a command that waits for its byte at 0x60; 0: none */
	uint8_t output;			/* in the output buffer, and where it is from: */
	bool full, from_mouse;
	bool last_write_was_command;
	bool kbd_scanning, mouse_reporting, mouse_remote;
	bool break_code;		/* f0 came: the next byte is a release, for translation */
	uint8_t kbd_set, kbd_leds, kbd_pending;
	uint8_t mouse_rate, mouse_resolution, mouse_scaling, mouse_pending, mouse_buttons;
	uint8_t knock[3];		/* the last three sample rates: an IntelliMouse is asked for by them */
	uint8_t mouse_id;
	bool kbd_line, mouse_line;
};

extern const struct dev_class i8042_class;

void i8042_connect_mouse(struct device *d, struct irqchip *chip, uint32_t number, uint32_t first);
/* Bytes of scan code set 2 as a keyboard sends them; dropped when it is off or has no room for all. Any thread. */
void i8042_keys(struct device *d, const uint8_t *codes, size_t n);
/* Movement and buttons (0 left, 1 right, 2 middle); dropped when there is no room. Any thread. */
void i8042_move(struct device *d, int dx, int dy, int dz, uint8_t buttons);

#endif
