/* SPDX-License-Identifier: BSD-2-Clause */
/* A client of a share that builds 9P messages by hand, right or wrong, and waits for the answer. */
#ifndef TESTS_UNIT_P9_CLIENT_H
#define TESTS_UNIT_P9_CLIENT_H

#include "backend/p9_wire.h"
#include "backend/share.h"

struct client {
	struct share *share;
	uint8_t in[700000], out[700000];
	uint32_t out_len;		/* room that the share gets; 0: all */
	struct p9_out msg;		/* being built */
	struct p9_in got;		/* the last answer, behind its header */
	uint8_t type;			/* its type */
	uint16_t tag;
	uint32_t size;			/* its size; 0: none */
	uint32_t error;			/* of an Rlerror, else 0 */
};

void client_begin(struct client *c, uint8_t type);
/* Sends what msg has. Returns the error of the answer, 0 for none; a type that doesn't fit is a failure of the test. */
uint32_t client_end(struct client *c);
/* `size` bytes as they are, with so much room for the answer. */
void client_raw(struct client *c, uint32_t in_len, uint32_t out_len);
/* d: 32 bits, q: 64 bits, w: 16 bits, b: 8 bits, s: string */
uint32_t client_call(struct client *c, uint8_t type, const char *format, ...);

#endif
