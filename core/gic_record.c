/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of a GIC's record, and the walk over them; see gic_record.h. */
#include "base/errno.h"
#include "core/gic_record.h"

struct gic_header {
	uint32_t cpus, spis;
	bool lpis, its;
};

static const struct field header_fields[] = {
	FIELD(struct gic_header, cpus, 1),
	FIELD(struct gic_header, spis, 1),
	FIELD(struct gic_header, lpis, 1),
	FIELD(struct gic_header, its, 1),
	FIELD_END
};

static const struct field ctlr_fields[] = {
	{ "ctlr", 0, 4, 1, 1, 0, 0, GIC_GROUPS },
	FIELD_END
};

static const struct field word_fields[] = {
	FIELD(struct gic_word, group, 1),
	FIELD(struct gic_word, enabled, 1),
	FIELD(struct gic_word, latch, 1),
	FIELD(struct gic_word, active, 1),
	FIELD(struct gic_word, line, 1),
	FIELD(struct gic_word, edge, 1),
	FIELD_ARRAY(struct gic_word, priority, 1),
	FIELD_END
};

static const struct field cpu_fields[] = {
	FIELD_RANGE(struct gic_cpu_regs, pmr, 1, 0, 0xff),
	{ "bpr", offsetof(struct gic_cpu_regs, bpr), 1, 1, 2, 1, GIC_MIN_BPR0, 7 },
	FIELD_RANGE(struct gic_cpu_regs, groups, 1, 0, GIC_GROUPS),
	FIELD(struct gic_cpu_regs, common_bpr, 1),
	FIELD(struct gic_cpu_regs, eoi_mode, 1),
	FIELD(struct gic_cpu_regs, asleep, 1),
	FIELD(struct gic_cpu_regs, ack_ctl, 1),
	FIELD(struct gic_cpu_regs, fiq_enable, 1),
	FIELD_ARRAY(struct gic_cpu_regs, apr, 1),
	FIELD_ARRAY(struct gic_cpu_regs, sgi_source, 1),
	FIELD_END
};

static const struct field lpi_fields[] = {
	FIELD(struct gic_lpi_regs, propbaser, 1),
	FIELD(struct gic_lpi_regs, pendbaser, 1),
	FIELD(struct gic_lpi_regs, enabled, 1),
	FIELD_END
};

static const struct field its_fields[] = {
	FIELD(struct gic_its_regs, enabled, 1),
	FIELD(struct gic_its_regs, cbaser, 1),
	FIELD_ARRAY(struct gic_its_regs, baser, 1),
	FIELD(struct gic_its_regs, creadr, 1),
	FIELD(struct gic_its_regs, cwriter, 1),
	FIELD_END
};

static const struct field route_fields[] = {
	{ "route", 0, 8, 1, GIC_MAX_SPIS, 8, 0, ~0ull },
	FIELD_END
};

static struct gic_header header_of(const struct gic_record *g)
{
	return (struct gic_header){ .cpus = g->cpus, .spis = g->spis, .lpis = g->cpu[0].lpi, .its = g->its };
}

int gic_record_save(const struct gic_record *g, struct state_writer *w)
{
	struct gic_header h = header_of(g);

	state_save(w, header_fields, &h);
	state_save(w, ctlr_fields, g->ctlr);
	for (uint32_t n = 0; n < (g->spis + 31) / 32; n++)
		state_save(w, word_fields, &g->spi[n]);
	for (uint32_t n = 0; n < g->cpus; n++) {
		state_save(w, word_fields, g->cpu[n].own);
		state_save(w, cpu_fields, g->cpu[n].regs);
		if (h.lpis)
			state_save(w, lpi_fields, g->cpu[n].lpi);
	}
	if (h.its)
		state_save(w, its_fields, g->its);
	return state_save(w, route_fields, g->route);
}

static int load_word(struct state_reader *r, struct gic_word *w, uint32_t valid)
{
	int err = state_load(r, word_fields, w);

	w->group &= valid;
	w->enabled &= valid;
	w->latch &= valid;
	w->active &= valid;
	w->line &= valid;
	w->edge &= valid;
	for (unsigned i = 0; i < 32; i++)
		w->priority[i] &= GIC_PRIORITY_MASK;
	return err;
}

static int load_cpu(struct state_reader *r, struct gic_word *own, struct gic_cpu_regs *c, struct gic_lpi_regs *lpi)
{
	int err = load_word(r, own, ~0u);

	if (!err)
		err = state_load(r, cpu_fields, c);
	own->edge |= 0xffff;			/* SGIs */
	c->pmr &= GIC_PRIORITY_MASK;
	c->bpr[1] = MAX(c->bpr[1], GIC_MIN_BPR1);
	return err || !lpi ? err : state_load(r, lpi_fields, lpi);
}

int gic_record_load(const struct gic_record *g, struct state_reader *r)
{
	struct gic_header h = { 0 }, want = header_of(g);
	int err = state_load(r, header_fields, &h);

	if (err)
		return err;
	if (h.cpus != want.cpus || h.spis != want.spis || h.lpis != want.lpis || h.its != want.its)
		return -EINVAL;
	err = state_load(r, ctlr_fields, g->ctlr);
	for (uint32_t n = 0; n < (g->spis + 31) / 32 && !err; n++) {
		uint32_t left = g->spis - 32 * n;

		err = load_word(r, &g->spi[n], left >= 32 ? ~0u : (1u << left) - 1);
	}
	for (uint32_t n = 0; n < g->cpus && !err; n++)
		err = load_cpu(r, g->cpu[n].own, g->cpu[n].regs, g->cpu[n].lpi);
	if (!err && g->its)
		err = state_load(r, its_fields, g->its);
	return err ? err : state_load(r, route_fields, g->route);
}
