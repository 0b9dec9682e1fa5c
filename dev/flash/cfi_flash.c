/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands, status and the query table of a flash chip; see cfi_flash.h. Intel 290737 (StrataFlash), 4 and 5. */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/lock_order.h"
#include "core/vm.h"
#include "dev/flash/cfi_flash.h"

enum mode { SHOW_ARRAY, SHOW_STATUS, SHOW_ID, SHOW_QUERY, MODES };
/* What the next write is. */
enum expect { COMMAND, PROGRAM_DATA, BUFFER_COUNT, BUFFER_DATA, BUFFER_CONFIRM, ERASE_CONFIRM, LOCK_CONFIRM, EXPECTS };

enum {
	CMD_PROGRAM = 0x10, CMD_ERASE = 0x20, CMD_PROGRAM_2 = 0x40, CMD_CLEAR_STATUS = 0x50, CMD_LOCK = 0x60,
	CMD_STATUS = 0x70, CMD_ID = 0x90, CMD_QUERY = 0x98, CMD_CONFIRM = 0xd0, CMD_BUFFER = 0xe8, CMD_RESET = 0xf0,
	CMD_ARRAY = 0xff,
};
enum { READY = 0x80, ERASE_FAILED = 0x20, PROGRAM_FAILED = 0x10, LOCKED = 0x02 };

#define MAKER		0x89u		/* Intel */
#define CHIP		0x18u
#define QUERY_SIZE	0x40u
#define QUERY_PRI	0x31u
#define BUFFER_LOG2	8u

static const struct {
	uint8_t command, mode, expect;
} commands[] = {
	{ CMD_PROGRAM,		SHOW_STATUS,	PROGRAM_DATA },
	{ CMD_PROGRAM_2,	SHOW_STATUS,	PROGRAM_DATA },
	{ CMD_BUFFER,		SHOW_STATUS,	BUFFER_COUNT },
	{ CMD_ERASE,		SHOW_STATUS,	ERASE_CONFIRM },
	{ CMD_LOCK,		SHOW_STATUS,	LOCK_CONFIRM },
	{ CMD_STATUS,		SHOW_STATUS,	COMMAND },
	{ CMD_ID,		SHOW_ID,	COMMAND },
	{ CMD_QUERY,		SHOW_QUERY,	COMMAND },
	{ CMD_CLEAR_STATUS,	SHOW_ARRAY,	COMMAND },
	{ CMD_RESET,		SHOW_ARRAY,	COMMAND },		/* the other command set's; probing sends it */
	{ CMD_ARRAY,		SHOW_ARRAY,	COMMAND },
};

/* ---- reads ---- */

static uint8_t log2_up(uint64_t n)
{
	uint8_t bits = 0;

	while (1ull << bits < n)
		bits++;
	return bits;
}

/* JESD68.01 table 1, and the extended query of set 1. Times are powers of two, of us, and of ms for erasing. */
static uint8_t query(const struct cfi_flash *f, uint64_t at)
{
	static const uint8_t constant[QUERY_SIZE] = {
		[0x10] = 'Q', 'R', 'Y', 0x01, 0x00, QUERY_PRI, 0x00,
		[0x1b] = 0x45, 0x55, 0x00, 0x00,			/* 4.5 to 5.5 V */
		[0x1f] = 0x07, 0x07, 0x0a, 0x00, 0x04, 0x04, 0x04, 0x00,
		[0x28] = 0x00, 0x00, BUFFER_LOG2, 0x00, 0x01,		/* x8; one region of equal blocks */
		[0x2f] = CFI_BLOCK >> 8 & 0xff, CFI_BLOCK >> 16,
		[QUERY_PRI] = 'P', 'R', 'I', '1', '0',
		[0x3d] = 0x50,
	};
	uint64_t blocks = f->backend->size / CFI_BLOCK - 1;

	switch (at) {
	case 0x27:	return log2_up(f->backend->size);
	case 0x2d:	return (uint8_t)blocks;
	case 0x2e:	return (uint8_t)(blocks >> 8);
	default:	return at < QUERY_SIZE ? constant[at] : 0;
	}
}

static uint8_t read_byte(const struct cfi_flash *f, uint64_t at)
{
	switch (f->mode) {
	case SHOW_STATUS:	return f->status;
	case SHOW_ID:		return (at & 0xff) == 0 ? MAKER : (at & 0xff) == 1 ? CHIP : 0;	/* from 2 on: no lock is set */
	case SHOW_QUERY:	return query(f, at & 0xff);
	default:		return f->backend->data[at];
	}
}

/* ---- writes ---- */

static void note_change(struct cfi_flash *f, uint64_t at, uint64_t len)
{
	bool none = f->changed == f->changed_end;

	f->changed = none ? at : MIN(f->changed, at);
	f->changed_end = none ? at + len : MAX(f->changed_end, at + len);
}

/* Programming only takes ones away. */
static void program(struct cfi_flash *f, uint64_t at, uint8_t value)
{
	f->status |= READY;
	if (f->backend->read_only) {
		f->status |= PROGRAM_FAILED | LOCKED;
		return;
	}
	f->backend->data[at] &= value;
	note_change(f, at, 1);
}

static void erase(struct cfi_flash *f, uint64_t at)
{
	at &= ~(uint64_t)(CFI_BLOCK - 1);
	f->status |= READY;
	if (f->backend->read_only) {
		f->status |= ERASE_FAILED | LOCKED;
		return;
	}
	memset(f->backend->data + at, 0xff, CFI_BLOCK);
	note_change(f, at, CFI_BLOCK);
}

static uint64_t area_of(uint64_t at)
{
	return at & ~(uint64_t)(CFI_BUFFER - 1);
}

static void bad_sequence(struct cfi_flash *f)
{
	f->status |= READY | PROGRAM_FAILED | ERASE_FAILED;
	f->expect = COMMAND;
}

static void buffer_count(struct cfi_flash *f, uint64_t at, uint8_t value)
{
	f->left = value + 1u;
	f->start = at;
	memset(f->given, 0, sizeof(f->given));
	f->expect = BUFFER_DATA;
}

static void buffer_data(struct cfi_flash *f, uint64_t at, uint8_t value)
{
	uint64_t n = at - area_of(f->start);

	if (area_of(at) != area_of(f->start)) {
		bad_sequence(f);
		return;
	}
	f->buffer[n] = value;
	f->given[n / 8] |= (uint8_t)BIT(n % 8);
	if (!--f->left)
		f->expect = BUFFER_CONFIRM;
}

static void buffer_confirm(struct cfi_flash *f, uint8_t value)
{
	if (value != CMD_CONFIRM) {
		bad_sequence(f);
		return;
	}
	f->expect = COMMAND;
	for (uint32_t i = 0; i < CFI_BUFFER; i++)
		if (f->given[i / 8] & BIT(i % 8))
			program(f, area_of(f->start) + i, f->buffer[i]);
}

static void command(struct cfi_flash *f, uint8_t value)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].command != value)
			continue;
		f->mode = commands[i].mode;
		f->expect = commands[i].expect;
		if (value == CMD_CLEAR_STATUS)
			f->status = 0;
		else if (value == CMD_BUFFER)
			f->status |= READY;		/* the buffer is free */
		return;
	}
}

static void write_byte(struct cfi_flash *f, uint64_t at, uint8_t value)
{
	switch (f->expect) {
	case PROGRAM_DATA:
		f->expect = COMMAND;
		program(f, at, value);
		break;
	case BUFFER_COUNT:
		buffer_count(f, at, value);
		break;
	case BUFFER_DATA:
		buffer_data(f, at, value);
		break;
	case BUFFER_CONFIRM:
		buffer_confirm(f, value);
		break;
	case ERASE_CONFIRM:
		f->expect = COMMAND;
		if (value == CMD_CONFIRM)
			erase(f, at);
		else
			bad_sequence(f);
		break;
	case LOCK_CONFIRM:		/* blocks have no locks to set or clear */
		f->expect = COMMAND;
		f->status |= READY;
		break;
	default:
		command(f, value);
	}
}

/* ---- the slot ---- */

static void keep_changes(struct cfi_flash *f)
{
	uint64_t from, end;

	lock_acquire(&f->mmio.dev.lock);
	from = f->changed;
	end = f->changed_end;
	f->changed = f->changed_end = 0;
	lock_release(&f->mmio.dev.lock);
	if (from != end && f->backend->keep)
		f->backend->keep(f->backend, from, end - from);
}

/* The slot is there while the array is shown. Without one, for want of room, reads come here and get the same. */
static void settle(void *ctx)
{
	struct cfi_flash *f = ctx;
	struct device *d = &f->mmio.dev;
	const struct mem_slot slot = {
		.base = d->mmio_base, .size = f->backend->size, .kind = MEM_ROM, .can_exec = true,
		.backing = { .host = f->backend->data, .fd = f->backend->fd },
	};
	bool array;

	lock_acquire(&f->settling);
	lock_acquire(&d->lock);
	array = f->mode == SHOW_ARRAY;
	lock_release(&d->lock);
	if (array && !f->mapped)
		f->mapped = !mem_slot_add(&d->vm->mem, &slot, &f->slot);
	else if (!array && f->mapped)
		f->mapped = mem_slot_remove(&d->vm->mem, f->slot) != 0;
	if (array)
		keep_changes(f);
	lock_release(&f->settling);
}

static enum bus_result cfi_flash_access(struct region *r, struct bus_access *a)
{
	struct cfi_flash *f = container_of(r, struct cfi_flash, mmio.regs);
	bool was_array = f->mode == SHOW_ARRAY;

	if (!a->write) {
		a->value = read_byte(f, a->offset);
		return BUS_OK;
	}
	write_byte(f, a->offset, (uint8_t)a->value);
	if (was_array != (f->mode == SHOW_ARRAY)) {
		a->after = settle;
		a->after_ctx = f;
	}
	return BUS_OK;
}

static const struct region_ops cfi_flash_ops = {
	.access = cfi_flash_access, .min_size = 1, .max_size = 1, .misfit = MISFIT_SPLIT,
};

/* ---- class ---- */

static int cfi_flash_init(struct device *d, struct arena *a)
{
	struct cfi_flash *f = container_of(d, struct cfi_flash, mmio.dev);
	const struct flash_backend *b = f->backend;

	if (!b || !b->size || b->size & (CFI_BLOCK - 1) || b->size / CFI_BLOCK > 65536)
		return -EINVAL;
	lock_set_rank(&f->settling, LOCK_SETTLE);
	mmio_init(&f->mmio, &cfi_flash_ops, b->size);
	return 0;
}

static void cfi_flash_reset(struct device *d, enum reset_kind why)
{
	struct cfi_flash *f = container_of(d, struct cfi_flash, mmio.dev);

	lock_acquire(&d->lock);
	f->mode = SHOW_ARRAY;
	f->expect = COMMAND;
	f->status = 0;
	lock_release(&d->lock);
	settle(f);
}

static int cfi_flash_quiesce(struct device *d)
{
	keep_changes(container_of(d, struct cfi_flash, mmio.dev));
	return 0;
}

static void cfi_flash_destroy(struct device *d)
{
	struct cfi_flash *f = container_of(d, struct cfi_flash, mmio.dev);

	if (!f->backend)
		return;
	keep_changes(f);
	if (f->mapped)
		mem_slot_remove(&d->vm->mem, f->slot);
	f->mapped = false;
}

static int cfi_flash_loaded(struct device *d)
{
	struct cfi_flash *f = container_of(d, struct cfi_flash, mmio.dev);

	if (f->start >= f->backend->size || (f->expect == BUFFER_DATA && !f->left))
		return -EINVAL;
	settle(f);
	return 0;
}

static const struct prop cfi_flash_props[] = { PROP(struct cfi_flash, backend, PROP_PTR, 0, 0, 0), PROP_END };

static const struct field cfi_flash_state[] = {
	FIELD_RANGE(struct cfi_flash, mode, 1, 0, MODES - 1),
	FIELD_RANGE(struct cfi_flash, expect, 1, 0, EXPECTS - 1),
	FIELD(struct cfi_flash, status, 1),
	FIELD_RANGE(struct cfi_flash, left, 1, 0, 256),
	FIELD(struct cfi_flash, start, 1),
	FIELD_ARRAY(struct cfi_flash, buffer, 1),
	FIELD_ARRAY(struct cfi_flash, given, 1),
	FIELD_END
};

const struct dev_class cfi_flash_class = {
	.name		= "cfi-flash",
	.size		= sizeof(struct cfi_flash),
	.version	= 1,
	.props		= cfi_flash_props,
	.init		= cfi_flash_init,
	.destroy	= cfi_flash_destroy,
	.reset		= cfi_flash_reset,
	.quiesce	= cfi_flash_quiesce,
	.state		= cfi_flash_state,
	.state_post	= cfi_flash_loaded,
};
