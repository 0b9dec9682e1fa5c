/* SPDX-License-Identifier: BSD-2-Clause */
/* See keys.h; the codes are of IBM PS/2 Hardware Interface Technical Reference, keyboard, scan code set 2. */
#include <errno.h>
#include <string.h>

#include "base/types.h"
#include "ctl/keys.h"

#define E0	0x100		/* a key that the first PC keyboard had not: the code comes after e0 */
#define CHORD	8

static const struct key {
	char name[10];
	uint16_t code;
} keys[] = {
	{ "a", 0x1c }, { "b", 0x32 }, { "c", 0x21 }, { "d", 0x23 }, { "e", 0x24 }, { "f", 0x2b }, { "g", 0x34 }, { "h", 0x33 },
	{ "i", 0x43 }, { "j", 0x3b }, { "k", 0x42 }, { "l", 0x4b }, { "m", 0x3a }, { "n", 0x31 }, { "o", 0x44 }, { "p", 0x4d },
	{ "q", 0x15 }, { "r", 0x2d }, { "s", 0x1b }, { "t", 0x2c }, { "u", 0x3c }, { "v", 0x2a }, { "w", 0x1d }, { "x", 0x22 },
	{ "y", 0x35 }, { "z", 0x1a }, { "0", 0x45 }, { "1", 0x16 }, { "2", 0x1e }, { "3", 0x26 }, { "4", 0x25 }, { "5", 0x2e },
	{ "6", 0x36 }, { "7", 0x3d }, { "8", 0x3e }, { "9", 0x46 },
	{ "f1", 0x05 }, { "f2", 0x06 }, { "f3", 0x04 }, { "f4", 0x0c }, { "f5", 0x03 }, { "f6", 0x0b }, { "f7", 0x83 },
	{ "f8", 0x0a }, { "f9", 0x01 }, { "f10", 0x09 }, { "f11", 0x78 }, { "f12", 0x07 },
	{ "esc", 0x76 }, { "tab", 0x0d }, { "enter", 0x5a }, { "space", 0x29 }, { "backspace", 0x66 }, { "capslock", 0x58 },
	{ "minus", 0x4e }, { "equal", 0x55 }, { "comma", 0x41 }, { "period", 0x49 }, { "slash", 0x4a }, { "semicolon", 0x4c },
	{ "quote", 0x52 }, { "backquote", 0x0e }, { "backslash", 0x5d }, { "lbracket", 0x54 }, { "rbracket", 0x5b },
	{ "shift", 0x12 }, { "rshift", 0x59 }, { "ctrl", 0x14 }, { "rctrl", E0 | 0x14 }, { "alt", 0x11 }, { "altgr", E0 | 0x11 },
	{ "super", E0 | 0x1f }, { "menu", E0 | 0x2f }, { "insert", E0 | 0x70 }, { "delete", E0 | 0x71 }, { "home", E0 | 0x6c },
	{ "end", E0 | 0x69 }, { "pageup", E0 | 0x7d }, { "pagedown", E0 | 0x7a }, { "up", E0 | 0x75 }, { "down", E0 | 0x72 },
	{ "left", E0 | 0x6b }, { "right", E0 | 0x74 }, { "numlock", 0x77 }, { "scrolllock", 0x7e },
};

static const struct key *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i].name) == len && !memcmp(keys[i].name, name, len))
			return &keys[i];
	return NULL;
}

static int put(uint8_t *codes, uint16_t code, bool release)
{
	int n = 0;

	if (code & E0)
		codes[n++] = 0xe0;
	if (release)
		codes[n++] = 0xf0;
	codes[n++] = (uint8_t)code;
	return n;
}

int keys_encode(const char *chord, uint8_t codes[KEYS_BYTES])
{
	const struct key *down[CHORD];
	unsigned held = 0;
	int n = 0;

	for (;;) {
		size_t len = strcspn(chord, "-");
		const struct key *k = find(chord, len);

		if (!k)
			return -EINVAL;
		if (held == CHORD)
			return -E2BIG;
		down[held++] = k;
		n += put(codes + n, k->code, false);
		chord += len;
		if (!*chord)
			break;
		chord++;
	}
	while (held)
		n += put(codes + n, down[--held]->code, true);
	return n;
}
