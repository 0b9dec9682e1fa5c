/* SPDX-License-Identifier: BSD-2-Clause */
/* The bare engine's structures and registers on arm64 (ARM DDI 0487). */
#ifndef ENGINE_BARE_ARM64_ARM_H
#define ENGINE_BARE_ARM64_ARM_H

#include "engine/bare/arch.h"
#include "engine/bare/arm64/layout.h"
#include "isa/arm64/pt_build.h"

#define sys_read(name) ({ uint64_t v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })
#define sys_write(name, value) __asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)) : "memory")
#define isb()		__asm__ volatile("isb" : : : "memory")
#define dsb(domain)	__asm__ volatile("dsb " #domain : : : "memory")
#define tlbi(what)	__asm__ volatile("tlbi " #what : : : "memory")

/* HCR_EL2 */
#define HCR_VM		BIT(0)
#define HCR_SWIO	BIT(1)
#define HCR_FMO		BIT(3)
#define HCR_IMO		BIT(4)
#define HCR_TSC		BIT(19)
#define HCR_TIDCP	BIT(20)
#define HCR_TACR	BIT(21)
#define HCR_RW		BIT(31)
#define HCR_TLOR	BIT(35)

/* MDCR_EL2 */
#define MDCR_TPMCR	BIT(5)
#define MDCR_TPM	BIT(6)
#define MDCR_TDA	BIT(9)
#define MDCR_TDOSA	BIT(10)
#define MDCR_TDRA	BIT(11)

/* ESR_EL2 */
#define ESR_EC		MASK(31, 26)
#define ESR_ISS		MASK(24, 0)
#define EC_UNKNOWN	0x00u
#define EC_HVC64	0x16u
#define EC_SMC64	0x17u
#define EC_SYSREG	0x18u
#define EC_IABT_LOWER	0x20u
#define EC_DABT_LOWER	0x24u

#define SPSR_MODE	MASK(4, 0)
#define SPSR_EL1H	0x5u
#define SPSR_DAIF	MASK(9, 6)

#define MPIDR_AFFINITY	0xff00ffffffull

#define GICD_BYTES_V2	0x1000ull
#define GICD_BYTES_V3	0x10000ull

struct regs {
	uint64_t x[31];
	uint64_t pad;
};

/* Restored last, by el2_leave. */
struct el2_late {
	uint64_t sctlr, vbar, mair, tcr, ttbr0, tpidr;
};

/* EL2 as it was before us, but for the interrupt controller's. */
struct el2_state {
	struct el2_late late;
	uint64_t hcr, cnthctl, cntvoff, cptr, mdcr, hstr, vpidr, vmpidr, vttbr, vtcr, cnthp_ctl;
};

/* Interrupt ids below 1020; LPIs are the root's alone. */
#define IRQ_WORDS	32u

/* Interrupts that are still to be put into list registers. */
#define QUEUE_ENTRIES	256u		/* a power of two */

struct irq_queue {
	uint32_t irq[QUEUE_ENTRIES];	/* QUEUED_* | INTID */
	uint32_t head, tail;
	uint32_t spilled[IRQ_WORDS];	/* bit n: INTID n, which found no room above */
	bool spills;			/* perhaps */
	bool lost;			/* an LPI: it has been told */
};

struct arm_cpu {
	struct cpu cpu;
	struct el2_state saved;
	uint64_t mpidr;
	struct pt_tree map;		/* EL2's */
	char *tables;			/* the first that isn't used */
	uint32_t tables_left;

	uint64_t *window;		/* the table of arch_window */
	uint32_t window_pages;
	uint64_t window_phys;

	/* Interrupts: this CPU's own, but sgi_pending and sgi_enable (atomic). */
	uint64_t gicr;			/* GICv3: its redistributor */
	uint32_t lr_count;
	uint64_t gic_ctlr, gic_pmr, gic_sre, gic_igrpen;	/* as found */
	uint32_t ppi_enable;		/* as found: enable bits of INTID 0..31 */
	uint32_t ppi_trigger;		/* as found: their half of GICD_ICFGR */
	uint8_t ppi_priority[32];
	uint8_t gicc_mask;		/* GICv2: its bit in GICD_ITARGETSR */
	uint32_t sgi_pending;
	uint32_t sgi_active;		/* as found: Linux is in their handlers */
	uint8_t sgi_source[16];		/* GICv2: who sent it last */
	uint32_t sgi_enable;		/* the guest's: others stay in sgi_pending */
	uint8_t sgi_priority[16];
	struct irq_queue queue;

	uint64_t hcr;			/* while its guest runs */
	char fault_stack[1024] __attribute__((aligned(16)));
};

struct arm_cell {
	struct cell cell;
	struct pt_tree map;		/* stage 2 */
	uint64_t vttbr;
	uint32_t irq[IRQ_WORDS];	/* bit n: INTID n is the cell's; word 0 is banked */
	uint32_t was_on[IRQ_WORDS], was_edge[IRQ_WORDS];	/* those that are: as the root had them */
};

_Static_assert(sizeof(struct arm_cpu) <= CPU_BYTES && sizeof(struct regs) == FRAME_BYTES, "layout.h");
_Static_assert(offsetof(struct image_header, core_size) == HEADER_CORE_SIZE &&
	       offsetof(struct image_header, percpu_size) == HEADER_PERCPU_SIZE &&
	       offsetof(struct image_header, max_cpus) == HEADER_MAX_CPUS, "layout.h");
_Static_assert(offsetof(struct el2_late, vbar) == LATE_VBAR && offsetof(struct el2_late, tpidr) == LATE_TPIDR, "layout.h");

struct gic;

#define LPIS_LEFT	64u

/* The engine itself: one, in bss. */
struct machine {
	struct bare bare;
	const struct gic *gic;
	struct lock dist_lock;		/* registers of the distributor that are read, changed and written */
	struct lock lpi_lock;
	uint32_t lpi_left[LPIS_LEFT];	/* with that: LPIs of CPUs of the root that went off, for another one to take */
	uint32_t lpis_left;		/* with that, or atomic: how many */
	uint64_t vtcr;
	uint64_t vmids;			/* taken: bit n is VMID n + 1 */
	uint32_t maintenance_irq;
	uint32_t refused_tables;	/* atomic: gicv3_its.c */
	uint32_t arrived, entered, ready;	/* atomic: CPUs at each step of entering */
	int error;			/* the first that entering met */
};

static inline struct machine *machine_of(struct bare *sys)
{
	return container_of(sys, struct machine, bare);
}

static inline struct arm_cpu *arm_cpu_of(struct cpu *c)
{
	return container_of(c, struct arm_cpu, cpu);
}

static inline struct arm_cell *arm_cell_of(const struct cell *c)
{
	return container_of((struct cell *)(uintptr_t)c, struct arm_cell, cell);
}

static inline struct arm_cpu *this_cpu(void)
{
	return (struct arm_cpu *)(uintptr_t)sys_read(tpidr_el2);
}

static inline struct cpu *percpu_of(const struct image_header *image, uint32_t number)
{
	return (struct cpu *)((uintptr_t)image + image->core_size + (uintptr_t)number * image->percpu_size + CPU_OFFSET);
}

/* ---- el2_map.c ---- */

/* The CPU's own tables; MMU off. */
int el2_map_build(struct arm_cpu *c, const struct image_header *image, const struct system_config *config);
/* MAIR, TCR, TTBR0. */
void el2_map_use(const struct arm_cpu *c);

/* ---- stage2.c ---- */

/* The machine's address sizes, once. False: the CPU has no 4 KiB stage 2. */
uint64_t stage2_vtcr(void);
void stage2_use(const struct arm_cell *cell);

/* Is there a page of memory at `address`, itself, that the cell may read and write? */
bool stage2_has(const struct cell *cell, uint64_t address);

/* ---- reset.c ---- */

/* EL2's registers for the guest of this CPU's cell, and the first time for the root. */
void guest_traps_set(struct arm_cpu *c);

/* ---- sysreg.c, smccc.c ---- */

/* A trapped MRS or MSR; false: there is no such register. */
bool sysreg_access(struct arm_cpu *c, struct regs *regs, uint32_t iss);
/* An SMC, or an `hvc #0` of a cell. */
void smccc_call(struct arm_cpu *c, struct regs *regs);

struct smc_result { uint64_t x[4]; };
struct smc_result smc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3);

/* ---- inject.c ---- */

/* EL1 takes a synchronous exception: undefined instruction, or external abort at `address`. */
void inject_undefined(void);
void inject_abort(bool fetch, uint64_t address);

/* ---- entry.S ---- */

void el2_leave(const struct el2_late *late, const struct regs *regs, bool firmware) NORETURN;

/* ---- called by entry.S ---- */

int64_t el2_prepare(struct image_header *image, char *percpu, uint32_t number);
void el2_enter(struct arm_cpu *c, struct regs *regs);
void el2_fault(uint64_t kind, uint64_t sp, struct regs *regs);
void trap_sync(struct regs *regs);
void trap_irq(struct regs *regs);
void trap_serror(struct regs *regs);

#endif
