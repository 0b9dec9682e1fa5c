/* SPDX-License-Identifier: BSD-2-Clause */
/* See cell_run.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/cell_check.h"
#include "ctl/cell_driver.h"
#include "ctl/cell_run.h"
#include "os/file.h"

/* ---- check ---- */

struct files {
	struct cell_file *system, *cell[CELL_MAX_FILES];
	unsigned cells;
};

static void files_free(struct files *s)
{
	cell_file_free(s->system);
	for (unsigned i = 0; i < s->cells; i++)
		cell_file_free(s->cell[i]);
}

static int files_add(struct files *s, const char *path, struct ctl_error *e)
{
	struct cell_file *f;
	int err = cell_file_load(path, &f, e);

	if (err)
		return err;
	if (!f->system && s->cells < CELL_MAX_FILES) {
		s->cell[s->cells++] = f;
		return cell_check_alone(f, e);
	}
	if (f->system && !s->system) {
		s->system = f;
		return cell_check_alone(f, e);
	}
	err = ctl_fail(e, -EINVAL, "configuration %s: %s: check one system at a time", path,
		       f->system ? "a second system" : "too many cells");
	cell_file_free(f);
	return err;
}

static int check_all(const struct files *s, const char *iomem, const char *dtb, FILE *say, struct ctl_error *e)
{
	struct cell_board *b;
	int err;

	if (!s->system) {
		fprintf(say, "%u cell%s checked alone: name the system's file, too, for the rest\n", s->cells, s->cells == 1 ? ""
			: "s");
		return 0;
	}
	err = cell_check_together(s->system, s->cell, s->cells, e);
	if (!err)
		err = cell_board_read(iomem, dtb, &b, e);
	if (err)
		return err;
	err = cell_check_board(s->system, s->cell, s->cells, b, e);
	if (!err) {
		fprintf(say, "%s: %u CPUs, %u regions of memory", cell_file_name(s->system),
			(unsigned)__builtin_popcountll(s->system->cpus),
			s->system->num_memory);
		for (unsigned i = 0; i < s->cells; i++)
			fprintf(say, "%s %s", i ? "," : "; cells", cell_file_name(s->cell[i]));
		fprintf(say, ": nothing is wrong on this board%s\n", iomem || dtb ? "'s files" : "");
		if (b->smmu)
			fprintf(say, "note: the board has an SMMU, which is not used\n");
	}
	free(b);
	return err;
}

int cell_check_files(char *const *path, unsigned n, const char *iomem, const char *dtb, FILE *say, struct ctl_error *e)
{
	struct files s = { NULL };
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++)
		err = files_add(&s, path[i], e);
	if (!err && !s.system && (iomem || dtb))
		err = ctl_fail(e, -EINVAL, "check: --iomem and --dtb are for a system: name its file, too");
	if (!err)
		err = check_all(&s, iomem, dtb, say, e);
	files_free(&s);
	return err;
}

/* ---- enable ---- */

static int check_system(const struct cell_file *f, struct ctl_error *e)
{
	struct cell_board *b;
	int err = cell_board_read(NULL, NULL, &b, e);

	if (err)
		return err;
	err = cell_check_board(f, NULL, 0, b, e);
	if (!err && b->online && b->online != f->cpus)
		err = ctl_fail(e, -EBUSY, "system %s: CPU %d is offline: bring it online first (/sys/devices/system/cpu)",
			       cell_file_name(f),
			       __builtin_ctzll(b->online ^ f->cpus));
	free(b);
	return err;
}

int cell_enable(const char *path, const struct cell_enable_options *o, struct ctl_error *e)
{
	struct cell_file *f;
	int fd, err = cell_file_load(path, &f, e);

	if (err)
		return err;
	if (!f->system)
		err = ctl_fail(e, -EINVAL, "configuration %s: it is a cell's: 'cella cell create' takes it", path);
	if (!err)
		err = cell_check_alone(f, e);
	if (!err)
		err = cell_driver_load(o->module, e);
	if (!err && !o->unchecked)
		err = check_system(f, e);
	if (!err) {
		fd = err = cell_driver_open(e);
		if (fd >= 0) {
			err = cell_driver_enable(fd, o->image, f, e);
			close(fd);
		}
	}
	cell_file_free(f);
	return err;
}

/* ---- create ---- */

/* The new cell after the ones that are there. */
static int check_cell(struct cell_file *f, struct ctl_error *e)
{
	struct files s = { NULL };
	struct cell_board *b;
	int err = cell_state_load(&s.system, s.cell, CELL_MAX_FILES - 1, &s.cells, e);

	if (err == -ENOENT)	/* enabled by another program: the engine's own checks remain */
		err = 0;
	if (!err && s.system) {
		s.cell[s.cells] = f;
		err = cell_check_together(s.system, s.cell, s.cells + 1, e);
		if (!err)
			err = cell_board_read(NULL, NULL, &b, e);
		if (!err) {
			err = cell_check_board(s.system, &f, 1, b, e);
			free(b);
		}
	}
	files_free(&s);
	return err;
}

int cell_create_file(struct cell_file *f, bool unchecked, struct ctl_error *e)
{
	int fd, id, err;

	if (f->system)
		return ctl_fail(e, -EINVAL, "configuration %s: it is a system's: 'cella cell enable' takes it", f->path);
	err = cell_check_alone(f, e);
	fd = err ? err : cell_driver_open(e);
	if (fd < 0)
		return fd;
	err = unchecked ? 0 : check_cell(f, e);
	if (!err)
		err = cell_driver_create(fd, f, &id, e);
	close(fd);
	return err ? err : id;
}

int cell_create(const char *path, bool dma_trusted, bool unchecked, struct ctl_error *e)
{
	struct cell_file *f;
	int err = cell_file_load(path, &f, e);

	if (err)
		return err;
	f->dma_trusted |= dma_trusted;
	err = cell_create_file(f, unchecked, e);
	cell_file_free(f);
	return err;
}

int cell_compile(const char *path, const char *out, struct ctl_error *e)
{
	struct cell_file *f;
	int err = cell_file_load(path, &f, e);

	if (err)
		return err;
	err = cell_check_alone(f, e);
	if (!err) {
		err = file_replace(out, f->blob, f->blob_size, 0644);
		if (err)
			ctl_fail_errno(e, err, "file", out);
	}
	cell_file_free(f);
	return err;
}
