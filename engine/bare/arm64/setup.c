/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How Linux's CPUs come in and go out (abi/image.h). All of them enter; the first one that gets so far waits for the rest, makes
 * the engine and the root cell, and lets them on; each then takes over its interrupts, and when all have, or one has failed, they
 * return to Linux together. What EL2 was before is kept by each CPU, and put back.
 */
#include "base/cpu.h"
#include "base/log.h"
#include "base/platform.h"
#include "base/string.h"
#include "engine/bare/arm64/gic.h"
#include "engine/bare/cell.h"
#include "engine/bare/cell_config.h"

static struct machine machine;
extern char image_start[], console_ring[], console_end[];	/* of the linker script */

/* ---- EL2 as it was ---- */

static void el2_save(struct el2_state *s)
{
	*s = (struct el2_state){
		.late = { .sctlr = sys_read(sctlr_el2), .vbar = sys_read(vbar_el2), .mair = sys_read(mair_el2),
			  .tcr = sys_read(tcr_el2), .ttbr0 = sys_read(ttbr0_el2), .tpidr = sys_read(tpidr_el2) },
		.hcr = sys_read(hcr_el2), .cnthctl = sys_read(cnthctl_el2), .cntvoff = sys_read(cntvoff_el2),
		.cptr = sys_read(cptr_el2), .mdcr = sys_read(mdcr_el2), .hstr = sys_read(hstr_el2),
		.vpidr = sys_read(vpidr_el2), .vmpidr = sys_read(vmpidr_el2), .vttbr = sys_read(vttbr_el2),
		.vtcr = sys_read(vtcr_el2), .cnthp_ctl = sys_read(cnthp_ctl_el2),
	};
}

static void el2_restore(const struct el2_state *s)
{
	sys_write(hcr_el2, s->hcr);
	sys_write(cnthctl_el2, s->cnthctl);
	sys_write(cntvoff_el2, s->cntvoff);
	sys_write(cptr_el2, s->cptr);
	sys_write(mdcr_el2, s->mdcr);
	sys_write(hstr_el2, s->hstr);
	sys_write(vpidr_el2, s->vpidr);
	sys_write(vmpidr_el2, s->vmpidr);
	sys_write(vttbr_el2, s->vttbr);
	sys_write(vtcr_el2, s->vtcr);
	sys_write(cnthp_ctl_el2, s->cnthp_ctl);
	isb();
	tlbi(alle1);		/* of every VMID: KVM's will be the same numbers */
	dsb(nsh);
	isb();
}

/* ---- in ---- */

/* The MMU is off, memory is the CPU's own and the image's constants; no log. */
int64_t el2_prepare(struct image_header *image, char *percpu, uint32_t number)
{
	struct arm_cpu *c = (struct arm_cpu *)(percpu + CPU_OFFSET);
	int err;

	if (image->size < image->config_offset || image->size - image->config_offset < image->config_size ||
	    image->config_size < sizeof(struct system_config) || image->max_cpus > IMAGE_MAX_CPUS ||
	    image->config_offset < image->core_size + (uint64_t)image->max_cpus * image->percpu_size ||
	    image->console_offset != (uintptr_t)console_ring - (uintptr_t)image ||
	    image->console_size != (uintptr_t)console_end - (uintptr_t)console_ring)
		return -EINVAL;
	c->cpu.number = number;
	el2_save(&c->saved);
	err = el2_map_build(c, image, (const struct system_config *)((char *)image + image->config_offset));
	if (!err)
		el2_map_use(c);
	return err;
}

static int machine_init(struct image_header *image)
{
	struct bare *sys = &machine.bare;
	const struct system_config *config = sys->config;
	char *base = (char *)image;
	int err;

	log_info("Cella: %u CPUs, memory %#llx, %llu KiB", image->online_cpus, (unsigned long long)image->phys,
		(unsigned long long)(image->size >> 10));
	err = system_config_check(config, image->config_size);
	if (!err && (config->hypervisor_memory.phys != image->phys || image->phys != (uintptr_t)image ||
		     config->hypervisor_memory.size < image->size))
		err = -EINVAL;
	if (err)
		return err;
	machine.gic = config->platform.gic_version == 2 ? &gicv2 : &gicv3;
	machine.maintenance_irq = config->platform.maintenance_irq;
	machine.vtcr = stage2_vtcr();
	if (machine.maintenance_irq < IRQ_SGIS || machine.maintenance_irq >= IRQ_PRIVATE) {
		log_error("the GIC's maintenance interrupt %u is no private one", machine.maintenance_irq);
		return -EINVAL;
	}
	err = pool_init(&sys->pool, base + image->config_offset + image->config_size,
		image->size - image->config_offset - image->config_size);
	return err ? err : cell_create_root(sys);
}

/* What a log and the others' look-ups need. */
static void cpu_register(struct arm_cpu *c, struct image_header *image)
{
	struct bare *sys = &machine.bare;
	struct image_console *ring = (struct image_console *)(uintptr_t)console_ring;

	sys->image = image;		/* all write the same */
	sys->config = (const struct system_config *)((char *)image + image->config_offset);
	sys->max_cpus = image->max_cpus;
	ring->size = image->console_size / 2;
	sys->console = ring;
	c->cpu.sys = sys;
	c->cpu.present = true;
	c->cpu.power = POWER_ON;
	c->mpidr = sys_read(mpidr_el1);
	sys->cpu[c->cpu.number] = &c->cpu;
}

static void wait_for(const uint32_t *counter, uint32_t value)
{
	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < value)
		cpu_relax();
}

static void error_note(int err)
{
	int none = 0;

	if (err)
		__atomic_compare_exchange_n(&machine.error, &none, err, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void leave(struct arm_cpu *c, struct regs *regs) NORETURN;
static void leave(struct arm_cpu *c, struct regs *regs)
{
	el2_restore(&c->saved);
	el2_leave(&c->saved.late, regs, !regs);
}

void el2_enter(struct arm_cpu *c, struct regs *regs)
{
	struct image_header *image = (struct image_header *)(uintptr_t)image_start;
	int err = 0;

	cpu_register(c, image);
	if (!__atomic_fetch_add(&machine.arrived, 1, __ATOMIC_SEQ_CST)) {
		wait_for(&machine.arrived, image->online_cpus);
		error_note(machine_init(image));
		__atomic_store_n(&machine.entered, 1, __ATOMIC_RELEASE);
	}
	wait_for(&machine.entered, 1);
	if (!read_once(machine.error)) {
		err = machine.gic->enter(c);
		error_note(err);
	} else {
		err = machine.error;
	}
	__atomic_fetch_add(&machine.ready, 1, __ATOMIC_SEQ_CST);
	wait_for(&machine.ready, image->online_cpus);
	regs->x[0] = (uint64_t)(int64_t)machine.error;
	if (!machine.error) {
		guest_traps_set(c);
		return;
	}
	if (!err)
		machine.gic->leave(c, false);
	leave(c, regs);
}

/* ---- out ---- */

int arch_may_leave(struct cpu *cpu)
{
	struct arm_cpu *c = arm_cpu_of(cpu);

	return c->queue.head != c->queue.tail || read_once(machine.lpis_left) || machine.gic->has_lpi(c) ? -EAGAIN : 0;
}

void arch_disable(struct bare *sys)
{
	log_info("Cella leaves");
}

void arch_cpu_leave(struct cpu *cpu, struct regs *regs, int64_t result)
{
	struct arm_cpu *c = arm_cpu_of(cpu);

	if (regs)
		regs->x[0] = (uint64_t)result;
	machine.gic->leave(c, !regs);
	leave(c, regs);
}

/* ---- for base and engine/bare ---- */

struct cpu *arch_this_cpu(void)
{
	return &this_cpu()->cpu;
}

void arch_comm_fill(const struct cell *cell, struct comm_region *comm)
{
	const struct config_platform *p = &cell->sys->config->platform;

	comm->pci_config_base = p->pci_config_base;
	comm->gic_version = p->gic_version;
	comm->gicd_base = p->gicd_base;
	comm->gicc_base = p->gicc_base;
	comm->gicr_base = p->gicr_base;
}

uint64_t platform_now_ns(void)
{
	uint64_t count = sys_read(cntpct_el0), hz = sys_read(cntfrq_el0);

	return hz ? count / hz * 1000000000ull + count % hz * 1000000000ull / hz : 0;
}

void platform_halt(void)
{
	for (;;)
		__asm__ volatile("wfi");
}
