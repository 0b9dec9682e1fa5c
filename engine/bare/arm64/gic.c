/* SPDX-License-Identifier: BSD-2-Clause */
/* From physical to virtual interrupts, for both GICs; and which shared interrupts are whose. */
#include "base/log.h"
#include "base/string.h"
#include "engine/bare/arm64/gic.h"
#include "engine/bare/cell_config.h"
#include "engine/bare/cpu.h"

static const struct gic *gic_of(const struct arm_cpu *c)
{
	return machine_of(c->cpu.sys)->gic;
}

/*
 * All below 1020 find room, as each is active in hardware and waits but once. LPIs have no such state, and there may be
 * any number of them: those past the end are lost.
 */
static void queue_put(struct arm_cpu *c, uint32_t irq, uint8_t priority)
{
	struct irq_queue *q = &c->queue;

	for (uint32_t i = q->head; i != q->tail; i++)
		if ((q->irq[i % QUEUE_ENTRIES] & MASK(23, 0)) == irq)
			return;
	if (q->tail - q->head < QUEUE_ENTRIES) {
		q->irq[q->tail++ % QUEUE_ENTRIES] = irq | (uint32_t)priority << 24;
	} else if (irq < IRQ_SPECIAL) {
		q->spilled[irq / 32] |= (uint32_t)BIT(irq % 32);
		q->spills = true;
	} else if (!q->lost) {
		q->lost = true;
		log_warn("CPU %u: %u interrupts wait for its guest, LPI %u and more are lost", c->cpu.number,
			QUEUE_ENTRIES, irq);
	}
}

/* The next that waits, out of the queue. Those that were spilled have forgotten their priority. */
static bool queue_take(struct irq_queue *q, uint32_t *entry)
{
	if (q->head != q->tail) {
		*entry = q->irq[q->head++ % QUEUE_ENTRIES];
		return true;
	}
	for (uint32_t word = 0; q->spills && word < IRQ_WORDS; word++) {
		if (!q->spilled[word])
			continue;
		*entry = (word * 32 + ctz64(q->spilled[word])) | PRIORITY_DEFAULT << 24;
		q->spilled[word] &= q->spilled[word] - 1;
		return true;
	}
	q->spills = false;
	return false;
}

static uint32_t sgis_wait(const struct arm_cpu *c)
{
	return read_once(c->sgi_pending) & read_once(c->sgi_enable);
}

bool gic_waits(struct arm_cpu *c)
{
	return gic_of(c)->waits(c) || c->queue.head != c->queue.tail || c->queue.spills || sgis_wait(c);
}

/* SGIs that others have sent. Those that find no list register, or are turned off, stay where they are. */
static bool sgis_fill(struct arm_cpu *c)
{
	uint32_t enable = read_once(c->sgi_enable);
	uint32_t set = __atomic_fetch_and(&c->sgi_pending, ~enable, __ATOMIC_ACQ_REL) & enable;

	for (; set; set &= set - 1) {
		uint32_t sgi = ctz64(set);

		if (!gic_of(c)->insert(c, sgi, c->sgi_priority[sgi])) {
			__atomic_fetch_or(&c->sgi_pending, set, __ATOMIC_ACQ_REL);
			return false;
		}
	}
	return true;
}

void gic_fill(struct arm_cpu *c)
{
	struct irq_queue *q = &c->queue;
	uint32_t entry;
	bool all = true;

	while (all && queue_take(q, &entry)) {
		all = gic_of(c)->insert(c, entry & MASK(23, 0), (uint8_t)(entry >> 24));
		if (!all)
			q->irq[--q->head % QUEUE_ENTRIES] = entry;
	}
	if (all && sgis_wait(c))
		all = sgis_fill(c);
	gic_of(c)->refill(c, !all);
}

/* With one, the underflow interrupt would come without end while another waits. */
int gic_lrs_check(const struct arm_cpu *c)
{
	if (c->lr_count > 1)
		return 0;
	log_error("CPU %u: the interrupt controller has a single list register, and two are needed", c->cpu.number);
	return -ENODEV;
}

void gic_inject(struct arm_cpu *c, uint32_t irq, uint8_t priority)
{
	c->cpu.stat[STAT_VIRQ]++;
	if (c->queue.head == c->queue.tail && gic_of(c)->insert(c, irq, priority))
		return;
	queue_put(c, irq, priority);
}

void gic_send_sgi(struct arm_cpu *from, struct arm_cpu *to, uint32_t sgi)
{
	to->sgi_source[sgi] = from->gicc_mask ? (uint8_t)ctz64(from->gicc_mask) : 0;
	__atomic_fetch_or(&to->sgi_pending, BIT(sgi), __ATOMIC_SEQ_CST);
	if (to == from)
		gic_fill(to);
	else
		gic_of(to)->kick(to);
}

/* ---- LPIs of the root's CPUs that went off ---- */

/* No register of the GIC makes an LPI pending again. */
static void lpi_leave(struct machine *m, uint32_t lpi)
{
	lock_acquire(&m->lpi_lock);
	if (m->lpis_left < LPIS_LEFT)
		m->lpi_left[m->lpis_left++] = lpi;
	lock_release(&m->lpi_lock);
}

static void lpis_take(struct arm_cpu *c)
{
	struct machine *m = machine_of(c->cpu.sys);

	lock_acquire(&m->lpi_lock);
	while (m->lpis_left)
		gic_inject(c, m->lpi_left[--m->lpis_left], PRIORITY_DEFAULT);
	lock_release(&m->lpi_lock);
}

/* Any CPU of the root that is on will do; should it go off as well, it comes here, and each of them looks when it is kicked. */
static void lpis_hand_on(struct arm_cpu *c)
{
	struct cpu *other;

	if (!read_once(machine_of(c->cpu.sys)->lpis_left))
		return;
	for_each_cpu(other, c->cpu.sys, root_of(c->cpu.sys)->cpus) {
		if (other == &c->cpu || read_once(other->power) != POWER_ON)
			continue;
		gic_of(c)->kick(arm_cpu_of(other));
		return;
	}
}

/* ---- physical ones ---- */

/* One that isn't the guest's: left over from another cell, or never wanted. It is turned off. */
static void irq_stray(struct arm_cpu *c, uint32_t irq)
{
	if (irq >= IRQ_PRIVATE && irq < IRQ_SPECIAL)
		gic_irq_bit(gicd_base(c->cpu.sys), GICD_ICENABLER, irq);
}

void gic_irqs(struct arm_cpu *c)
{
	const struct gic *g = gic_of(c);
	const struct arm_cell *cell = arm_cell_of(c->cpu.cell);
	bool fill = c->queue.head != c->queue.tail, is_root = c->cpu.cell == root_of(c->cpu.sys);

	for (;;) {
		uint32_t iar = g->acknowledge(), irq = iar & g->id_mask;

		if (irq >= IRQ_SPECIAL && irq < IRQ_LPI)
			break;
		if (irq < IRQ_SGIS || irq == machine_of(c->cpu.sys)->maintenance_irq) {
			c->cpu.stat[irq < IRQ_SGIS ? STAT_MANAGEMENT : STAT_MAINTENANCE]++;
			/* A level, which stands until list registers are filled below: it would come again at once. */
			if (irq >= IRQ_SGIS)
				g->refill(c, false);
			g->end(iar, true);
			fill = true;
		} else if (c->cpu.power == POWER_ON && (irq < IRQ_LPI ? cell_owns_irq(cell, irq) : is_root)) {
			gic_inject(c, irq, g->priority());
			g->end(iar, false);
		} else {
			irq_stray(c, irq);
			g->end(iar, true);
		}
	}
	if (fill && is_root && c->cpu.power == POWER_ON && read_once(machine_of(c->cpu.sys)->lpis_left))
		lpis_take(c);
	if (fill || c->queue.head != c->queue.tail)
		gic_fill(c);
}

/* ---- registers with a bit for each interrupt ---- */

void gic_irq_bit(uint64_t base, uint32_t reg, uint32_t irq)
{
	mmio_write(base + reg + irq / 32 * 4, BIT(irq % 32), 4);
}

static void priority_set(uint64_t base, uint32_t irq, uint8_t priority)
{
	mmio_write(base + GICD_IPRIORITYR + irq, priority, 1);
}

/* What EL2 needs of the private interrupts is turned on; what Linux has is kept. Its SGIs become virtual ones. */
void gic_private_take(struct arm_cpu *c, uint64_t base)
{
	uint32_t ours = (uint32_t)(BIT(SGI_KICK) | BIT(machine_of(c->cpu.sys)->maintenance_irq));
	uint32_t sgis = (uint32_t)MASK(15, 0), active;

	c->ppi_enable = (uint32_t)mmio_read(base + GICD_ISENABLER, 4);
	for (uint32_t i = 0; i < IRQ_PRIVATE; i++)
		c->ppi_priority[i] = (uint8_t)mmio_read(base + GICD_IPRIORITYR + i, 1);
	c->ppi_trigger = (uint32_t)mmio_read(base + GICD_ICFGR + 4, 4);
	memcpy(c->sgi_priority, c->ppi_priority, sizeof(c->sgi_priority));
	c->sgi_enable = c->ppi_enable & sgis;
	active = (uint32_t)mmio_read(base + GICD_ISACTIVER, 4) & sgis;
	mmio_write(base + GICD_ICACTIVER, active, 4);
	for (uint32_t i = 0; i < IRQ_PRIVATE; i++)
		if (ours >> i & 1)
			priority_set(base, i, PRIORITY_DEFAULT);
	mmio_write(base + GICD_ISENABLER, ours, 4);
	c->sgi_active = active;
}

void gic_private_give(struct arm_cpu *c, uint64_t base)
{
	uint32_t ours = (uint32_t)(BIT(SGI_KICK) | BIT(machine_of(c->cpu.sys)->maintenance_irq));
	uint32_t sgis = (uint32_t)MASK(15, 0);

	mmio_write(base + GICD_ICENABLER, (ours & ~c->ppi_enable & ~sgis) | (sgis & ~c->sgi_enable), 4);
	mmio_write(base + GICD_ISENABLER, c->sgi_enable, 4);
	mmio_write(base + GICD_ICPENDR, ours, 4);	/* a kick that came late; GICv2 can't, and Linux takes it for nothing */
	for (uint32_t i = 0; i < IRQ_SGIS; i++)
		priority_set(base, i, c->sgi_priority[i]);
	priority_set(base, machine_of(c->cpu.sys)->maintenance_irq, c->ppi_priority[machine_of(c->cpu.sys)->maintenance_irq]);
}

void gic_private_reset(struct arm_cpu *c, uint64_t base)
{
	uint32_t theirs = arm_cell_of(c->cpu.cell)->irq[0], entry;

	mmio_write(base + GICD_ICENABLER, theirs, 4);
	mmio_write(base + GICD_ICACTIVER, theirs, 4);
	mmio_write(base + GICD_ICFGR + 4, c->ppi_trigger, 4);
	mmio_write(base + GICD_ICPENDR, theirs, 4);
	for (uint32_t i = IRQ_SGIS; i < IRQ_PRIVATE; i++)
		if (theirs >> i & 1)
			priority_set(base, i, PRIORITY_DEFAULT);
	memset(c->sgi_priority, PRIORITY_DEFAULT, sizeof(c->sgi_priority));
	c->sgi_enable = (uint32_t)MASK(15, 0);
	while (queue_take(&c->queue, &entry))
		gic_shared_hand_back(c, entry & MASK(23, 0), true);
	lpis_hand_on(c);
	__atomic_store_n(&c->sgi_pending, 0, __ATOMIC_RELEASE);
}

static bool irq_is_edge(uint64_t base, uint32_t irq)
{
	return mmio_read(base + GICD_ICFGR + irq / 16 * 4, 4) >> (irq % 16 * 2 + 1) & 1;
}

/* A pending one was acknowledged by us: it is active in hardware, and becomes pending again. */
void gic_hand_back(struct arm_cpu *c, uint64_t private_base, uint32_t irq, bool pending, bool active)
{
	uint64_t base = irq < IRQ_PRIVATE ? private_base : gicd_base(c->cpu.sys);

	if (irq >= IRQ_SPECIAL)
		return;
	if (irq < IRQ_SGIS) {
		if (active)
			gic_irq_bit(base, GICD_ISACTIVER, irq);
		if (pending)
			gic_irq_bit(base, GICD_ISPENDR, irq);
	} else if (pending) {
		if (irq_is_edge(base, irq))
			gic_irq_bit(base, GICD_ISPENDR, irq);
		gic_irq_bit(base, GICD_ICACTIVER, irq);
	}
}

void gic_shared_hand_back(struct arm_cpu *c, uint32_t irq, bool pending)
{
	if (irq >= IRQ_LPI && pending)
		lpi_leave(machine_of(c->cpu.sys), irq);
	else if (irq >= IRQ_PRIVATE && pending)
		gic_hand_back(c, 0, irq, true, false);
}

void gic_queue_hand_back(struct arm_cpu *c, uint64_t private_base)
{
	uint32_t sgis = c->sgi_pending, entry;

	while (queue_take(&c->queue, &entry))
		gic_hand_back(c, private_base, entry & MASK(23, 0), true, false);
	for (; sgis; sgis &= sgis - 1)
		gic_hand_back(c, private_base, ctz64(sgis), true, false);
}

/* ---- shared interrupts of cells ---- */

static void spi_quiet(struct bare *sys, uint32_t irq)
{
	uint64_t base = gicd_base(sys);

	gic_irq_bit(base, GICD_ICENABLER, irq);
	gic_irq_bit(base, GICD_ICPENDR, irq);
	gic_irq_bit(base, GICD_ICACTIVER, irq);
}

static void spi_trigger_set(struct bare *sys, uint32_t irq, bool edge)
{
	uint64_t reg = gicd_base(sys) + GICD_ICFGR + irq / 16 * 4;

	engine_lock(&machine_of(sys)->dist_lock);
	mmio_write(reg, field_set(mmio_read(reg, 4), BIT(irq % 16 * 2 + 1), edge), 4);
	engine_unlock(&machine_of(sys)->dist_lock);
}

/* Off, not pending, at the default priority, of the root's trigger, to the first CPU of `owner`. */
static void spis_reset(const struct arm_cell *cell, const struct cell *owner)
{
	struct bare *sys = owner->sys;
	const struct arm_cpu *first = arm_cpu_of(sys->cpu[ctz64(owner->cpus)]);

	for (uint32_t irq = IRQ_PRIVATE; irq < IRQ_SPECIAL; irq++) {
		if (!cell_owns_irq(cell, irq))
			continue;
		spi_quiet(sys, irq);
		spi_trigger_set(sys, irq, cell->was_edge[irq / 32] >> (irq % 32) & 1);
		priority_set(gicd_base(sys), irq, PRIORITY_DEFAULT);
		machine_of(sys)->gic->route(irq, first);
	}
}

/* One past those that the distributor says it has is nobody's: Linux has not set it up, and in group 0 it would bar others. */
int arch_irq_set(const struct cell *cell, uint32_t irq, bool pending)
{
	uint64_t typer = mmio_read(gicd_base(cell->sys) + GICD_TYPER, 4);

	if (irq < IRQ_PRIVATE || irq >= MIN(IRQ_SPECIAL, 32 * ((typer & 31) + 1)) || !cell_owns_irq(arm_cell_of(cell), irq))
		return -EPERM;
	dsb(ishst);
	gic_irq_bit(gicd_base(cell->sys), pending ? GICD_ISPENDR : GICD_ICPENDR, irq);
	return 0;
}

/* Those that stay the root's go to no CPU of the cell's, or it would be for the root to interrupt it. */
static void spis_keep_away(const struct cell *root, const struct cell *cell)
{
	const struct gic *g = machine_of(root->sys)->gic;
	struct cpu *c;

	for_each_cpu(c, root->sys, cell->cpus)
		for (uint32_t irq = IRQ_PRIVATE; irq < IRQ_SPECIAL; irq++)
			if (cell_owns_irq(arm_cell_of(root), irq) && g->is_routed(irq, arm_cpu_of(c)))
				g->route(irq, arm_cpu_of(root->sys->cpu[ctz64(root->cpus)]));
}

bool gic_is_withdrawn(const struct arm_cpu *c, uint32_t irq)
{
	return irq >= IRQ_PRIVATE && irq < IRQ_SPECIAL && !cell_owns_irq(arm_cell_of(c->cpu.cell), irq);
}

/* The hardware's end of these is arch_irqs_take's. */
void arch_irqs_withdraw(struct cpu *cpu)
{
	struct arm_cpu *c = arm_cpu_of(cpu);
	struct irq_queue *q = &c->queue;
	uint32_t kept = q->head;

	gic_of(c)->withdraw(c);
	for (uint32_t i = q->head; i != q->tail; i++)
		if (!gic_is_withdrawn(c, q->irq[i % QUEUE_ENTRIES] & MASK(23, 0)))
			q->irq[kept++ % QUEUE_ENTRIES] = q->irq[i % QUEUE_ENTRIES];
	q->tail = kept;
	for (uint32_t word = 1; word < IRQ_WORDS; word++)
		q->spilled[word] &= arm_cell_of(cpu->cell)->irq[word];
}

static void spis_remember(struct arm_cell *own)
{
	uint64_t base = gicd_base(own->cell.sys);

	for (uint32_t irq = IRQ_PRIVATE; irq < IRQ_SPECIAL; irq++)
		if (cell_owns_irq(own, irq) && irq_is_edge(base, irq))
			own->was_edge[irq / 32] |= (uint32_t)BIT(irq % 32);
	for (uint32_t word = 1; word < IRQ_WORDS; word++)
		if (own->irq[word])
			own->was_on[word] = (uint32_t)mmio_read(base + GICD_ISENABLER + word * 4, 4) & own->irq[word];
}

/* Those that the configuration names and the root has. */
void arch_irqs_take(struct cell *cell)
{
	struct arm_cell *own = arm_cell_of(cell), *root = arm_cell_of(root_of(cell->sys));
	const struct config_irqchip *chip = config_irqchips(cell->config);

	for (uint32_t i = 0; i < cell->config->num_irqchips; i++) {
		for (uint32_t n = 0; n < 4; n++) {
			uint32_t word = chip[i].pin_base / 32 + n;

			if (!word || word >= IRQ_WORDS)
				continue;
			own->irq[word] |= chip[i].bitmap[n] & root->irq[word];
			root->irq[word] &= ~own->irq[word];
		}
	}
	arch_irqs_withdraw(&this_cpu()->cpu);
	spis_remember(own);
	spis_reset(own, cell);
	spis_keep_away(&root->cell, cell);
}

void arch_irqs_reset(struct cell *cell)
{
	spis_reset(arm_cell_of(cell), cell);
}

void arch_irqs_return(struct cell *cell)
{
	struct arm_cell *own = arm_cell_of(cell), *root = arm_cell_of(root_of(cell->sys));

	spis_reset(own, &root->cell);
	for (uint32_t word = 1; word < IRQ_WORDS; word++) {
		root->irq[word] |= own->irq[word];
		own->irq[word] = 0;
		if (own->was_on[word])
			mmio_write(gicd_base(cell->sys) + GICD_ISENABLER + word * 4, own->was_on[word], 4);
	}
}
