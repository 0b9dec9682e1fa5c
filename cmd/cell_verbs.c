/* SPDX-License-Identifier: BSD-2-Clause */
/* cella cell enable ... destroy: what changes something. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cell.h"
#include "ctl/cell_driver.h"
#include "ctl/cell_linux.h"
#include "ctl/cell_run.h"
#include "ctl/cell_serve.h"
#include "ctl/payload.h"

int cell_verb_enable(const struct cell_args *a, struct ctl_error *e)
{
	const struct cell_enable_options o = { .image = cell_value(a, 'i'), .module = cell_value(a, 'm'),
					      .unchecked = cell_value(a, 'U') };

	return cell_enable(a->operand[0], &o, e);
}

int cell_verb_disable(const struct cell_args *a, struct ctl_error *e)
{
	int fd = cell_driver_open(e), err = fd;

	if (fd >= 0) {
		err = cell_driver_disable(fd, e);
		close(fd);
	}
	return err;
}

int cell_verb_create(const struct cell_args *a, struct ctl_error *e)
{
	return cell_create(a->operand[0], cell_value(a, 'D'), cell_value(a, 'U'), e);
}

/* ---- load ---- */

struct pieces {
	struct cell_load piece[CELLA_LOAD_MAX];
	struct payload_file file[CELLA_LOAD_MAX];
	unsigned count;
};

static int parse_address(const char *text, uint64_t *out, struct ctl_error *e)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	if (!*text || *end || errno || *text == '-')
		return ctl_fail(e, -EINVAL, "load: address '%s': write it as 0x1000", text);
	return 0;
}

static int add_item(struct pieces *p, const struct cell_item *item, struct ctl_error *e)
{
	struct cell_load *l = &p->piece[p->count];
	int err;

	if (item->letter == 'a') {
		if (!p->count)
			return ctl_fail(e, -EINVAL, "load: address %s: it stands behind the file or string that it is for",
					item->text);
		return parse_address(item->text, &l[-1].target, e);
	}
	if (p->count >= CELLA_LOAD_MAX)
		return ctl_fail(e, -E2BIG, "load: more than %u pieces: load the rest in a second call", CELLA_LOAD_MAX);
	if (item->letter == 's') {
		*l = (struct cell_load){ .data = item->text, .size = strlen(item->text) + 1 };
	} else {
		err = payload_read(&p->file[p->count], "image", item->text, 1 * GIB, e);
		if (err)
			return err;
		*l = (struct cell_load){ .data = p->file[p->count].data, .size = p->file[p->count].size };
	}
	p->count++;
	return 0;
}

int cell_verb_load(const struct cell_args *a, struct ctl_error *e)
{
	struct pieces p = { .count = 0 };
	const char *cell = a->operand[0];
	bool first = true;
	int fd, err = 0;

	for (unsigned i = 0; i < CELLA_LOAD_MAX; i++)
		p.file[i].fd = -1;
	for (unsigned i = 0; i < a->items && !err; i++) {
		const struct cell_item *item = &a->item[i];

		if (item->letter == 'n')
			continue;
		if (!item->letter && first)	/* the cell */
			first = false;
		else
			err = add_item(&p, item, e);
	}
	if (!err && !p.count)
		err = ctl_fail(e, -EINVAL, "load: nothing to load into %s: name a file, or a string with -s", cell);
	if (!err) {
		fd = err = cell_driver_open(e);
		if (fd >= 0) {
			err = cell_driver_load_pieces(fd, cell, p.piece, p.count, e);
			close(fd);
		}
	}
	for (unsigned i = 0; i < p.count; i++)
		if (p.file[i].data)
			payload_free(&p.file[i]);
	return err;
}

static int act(const struct cell_args *a, int (*fn)(int, const char *, struct ctl_error *), struct ctl_error *e)
{
	int fd = cell_driver_open(e), err = fd;

	if (fd >= 0) {
		err = fn(fd, a->operand[0], e);
		close(fd);
	}
	return err;
}

int cell_verb_start(const struct cell_args *a, struct ctl_error *e)
{
	return act(a, cell_driver_start, e);
}

int cell_verb_shutdown(const struct cell_args *a, struct ctl_error *e)
{
	return act(a, cell_driver_shutdown, e);
}

int cell_verb_destroy(const struct cell_args *a, struct ctl_error *e)
{
	return act(a, cell_driver_destroy, e);
}

/* The values of an option that may be given again. */
static struct option_list values(const struct cell_args *a, unsigned char letter, char **room)
{
	struct option_list l = { .item = room };

	for (unsigned i = 0; i < a->items; i++)
		if (a->item[i].letter == letter)
			l.item[l.count++] = (char *)(uintptr_t)a->item[i].text;
	return l;
}

int cell_verb_serve(const struct cell_args *a, struct ctl_error *e)
{
	char *net[CELL_MAX_ITEMS], *disk[CELL_MAX_ITEMS];
	const struct run_options o = { .nets = values(a, 'n', net), .disks = values(a, 'd', disk), .rng = cell_value(a, 'r'),
				       .console = cell_value(a, 'C') ? (char *)(uintptr_t)"virtio" : NULL,
				       .name = a->operand[0] };

	return cell_serve(a->operand[0], &o, e);
}

int cell_verb_linux(const struct cell_args *a, struct ctl_error *e)
{
	const struct cell_linux_options o = {
		.config = a->operand[0], .kernel = a->operand[1], .initrd = cell_value(a, 'i'), .cmdline = cell_value(a, 'c'),
		.dtb = cell_value(a, 'd'), .write_dtb = cell_value(a, 'w'), .dma_trusted = cell_value(a, 'D'),
		.unchecked = cell_value(a, 'U'),
	};

	return cell_linux(&o, e);
}
