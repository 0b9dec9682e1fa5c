/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A board: which devices sit where, and how its first CPU starts. A machine_class is constant and shared; a machine is one
 * such board inside a vm.
 *
 * Who does what: ctl/ makes the vm, its memory slots (from machine_ranges) and the back-ends, then calls machine_create on
 * the control thread, before any vCPU thread exists; starts vCPU threads; and calls machine_fdt, places the payload and calls
 * machine_start at power-on and after every reset. All functions run on the control thread with every vCPU stopped, except
 * machine_power_key (any thread).
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include "boot/boot.h"
#include "core/chardev.h"
#include "core/hostpci.h"
#include "core/vm.h"
#include "dev/flash/cfi_flash.h"
#include "dev/pci/host.h"
#include "dev/virtio/devices.h"

#define MACHINE_MAX_VIRTIO	32
#define MACHINE_MAX_HOSTPCI	8
#define MACHINE_MAX_RANGES	4
#define MACHINE_FDT_SIZE	(128 * KIB)	/* enough for every machine with the longest parameters */

struct machine;

struct machine_range {
	gpa_t base;
	uint64_t size;
};

/* A virtio device to plug in. The back-end stays the caller's and outlives the machine. */
struct machine_virtio {
	const struct dev_class *cls;
	void *backend;
	struct workq *workq;		/* the thread that works on its rings; NULL: the control loop */
	struct virtio_threads threads;	/* count 0: that one for all queues */
	uint32_t queues;		/* 0: the device's default */
	bool packed;			/* offers packed rings */
};

/* How virtio devices are shown. The default is PCI where the machine has it. */
enum machine_transport { TRANSPORT_DEFAULT, TRANSPORT_PCI, TRANSPORT_PCI_LEGACY, TRANSPORT_MMIO, TRANSPORT_MMIO_LEGACY };

struct machine_config {
	uint32_t vcpus;
	uint64_t ram;			/* bytes */
	const char *irqchip;		/* one of cls->irqchips; NULL: the first */
	struct chardev *serial;		/* NULL: the UART is there and talks to nobody */
	struct machine_virtio virtio[MACHINE_MAX_VIRTIO];
	uint32_t virtio_count;
	struct hostpci *hostpci[MACHINE_MAX_HOSTPCI];	/* functions of the host; the caller's, and outlive the machine */
	uint32_t hostpci_count;
	enum machine_transport transport;
	struct flash_backend *flash;	/* a chip at flash_base, or NULL; the caller's, outlives the machine */
	gpa_t flash_base;
};

/* What changes from one start to the next, for the device tree's /chosen. */
struct machine_chosen {
	const char *bootargs;		/* NULL: none */
	gpa_t initrd;
	uint64_t initrd_size;		/* 0: none */
	uint8_t rng_seed[64];
	uint64_t kaslr_seed;
};

/* A device at a fixed place: a struct mmio_dev (dev/mmio.h). */
struct board_device {
	const struct dev_class *cls;	/* NULL ends the table */
	uint64_t base;			/* in memory, or with BOARD_PORTS among the I/O ports */
	uint32_t intid;			/* the controller's own number (GIC: INTID; pc: GSI); 0: no line */
	uint32_t flags;
};
enum {
	BOARD_CLOCK = 1, BOARD_SERIAL = 2, BOARD_POWER_KEY = 4, BOARD_EXIT = 8, BOARD_PORTS = 16, BOARD_SIZES = 32, BOARD_KEYS = 64,
	BOARD_DIRECT = 128,		/* a 16550's interrupt is no matter of its OUT2 */
};

/* An interrupt controller of a board. */
struct board_irqchip {
	const char *type;		/* NULL ends the table */
	/* GIC: distributor, and redistributors or CPU interface; pc: IOAPIC and local APIC; riscv64: PLIC or APLIC, and nothing */
	gpa_t dist, cpu;
	uint32_t first;			/* the number that its pin 0 has */
	uint32_t max_vcpus;
	uint64_t (*affinity)(uint32_t index);
	gpa_t msi;			/* what takes messages: a GICv3's ITS, a GICv2m frame, an AIA's IMSICs; 0: nothing */
};

/*
 * The payload in memory, for machine_start. Of firmware (BOOT_FIRMWARE) there is no place: it is at cls->rom already. It is told
 * of a kernel and an initrd that it may load, which stay the caller's until the next start.
 */
struct machine_boot {
	const struct boot_image *image;
	const struct boot_place *place;
	const struct machine_chosen *chosen;
	const void *kernel, *initrd;	/* of firmware: or NULL */
	size_t kernel_size;
};

/* A board's PCI: windows, and the interrupt controller's own number of the first line (lines: a power of two). */
struct board_pci {
	struct pci_windows win;
	uint32_t intid, lines;
	bool assign;			/* addresses are given out at each start, as firmware would */
};

/* What the boards of an ISA do in their own way. */
struct machine_ops {
	/* Makes vm->irqchip and the timers that go with it: the engine's own, or models. */
	int (*irqchip)(struct machine *m);
	/* Completes what the board says of PCI, or NULL. */
	int (*pci)(struct machine *m, struct pci_windows *win, struct pci_lines *lines);
	int (*finish)(struct machine *m);	/* when all devices stand, or NULL */
	int (*fdt)(const struct machine *m, const struct machine_chosen *chosen, void *buf, size_t size, size_t *len);
	int (*start)(struct machine *m, const struct machine_boot *b);
	void (*power_key)(struct machine *m);	/* or NULL */
};

struct machine_class {
	const char *name, *summary;
	enum isa_id isa;
	const struct machine_ops *ops;
	const struct board_irqchip *irqchips;	/* the first is the default */
	const struct board_device *devices;
	const struct board_pci *pci;	/* NULL: none */
	struct {			/* virtio-mmio transports; slots 0: none */
		gpa_t base;
		uint64_t stride;
		uint32_t intid, slots;
		const struct dev_class *const *kinds;	/* what each takes; NULL: anything */
		const uint8_t *lines;	/* each one's number; NULL: intid and up */
	} virtio;
	uint32_t max_vcpus;
	uint64_t default_ram, min_ram, max_ram;	/* bytes */
	uint32_t boot_range;			/* which range of memory the payload goes to */
	bool raw_payload;			/* takes images without a header */
	bool own_fdt;				/* generates a tree */
	bool needs_dtb;				/* Linux needs --dtb here */
	/* Fills r and returns how many ranges of memory `ram` bytes make. */
	uint32_t (*ranges)(uint64_t ram, struct machine_range r[MACHINE_MAX_RANGES]);
	/* Where firmware of `size` bytes, a multiple of 4096, is read-only memory. NULL: the machine takes none. */
	gpa_t (*rom)(uint64_t size);
};

struct machine {
	const struct machine_class *cls;
	struct vm *vm;
	struct machine_config config;
	const struct board_irqchip *irqchip;
	struct device *irqchip_device;		/* NULL: the engine's own */
	bool has_msi;				/* board_irqchip.msi is there, and has a node */
	struct device *power_key, *exit;
	struct device *keys;			/* the keyboard, or NULL */
	struct device *pci;			/* the host bridge, or NULL */
	void *board;				/* what the board's ops keep; in the vm's arena */
};

/* All machines, ended by NULL. */
extern const struct machine_class *const machine_classes[];
const struct machine_class *machine_find(const char *name);	/* or NULL */
const struct machine_class *machine_default(enum isa_id isa);	/* or NULL */
const struct board_irqchip *machine_irqchip(const struct machine_class *cls, const char *type);	/* or NULL */

/*
 * vm: vm_init and memory slots are done, no vCPUs yet. -EINVAL (vcpus, irqchip, transport), -ENOSPC (no transport left for a virtio
 * device), -ENOMEM, or what a device said. On failure machine_destroy still has to be called.
 */
int machine_create(struct machine *m, struct vm *vm, const struct machine_class *cls, const struct machine_config *config);
void machine_destroy(struct machine *m);	/* devices only, in reverse order of creation */

/*
 * Two steps of it, for who has devices and no board: the virtio device, and an mmio transport with it (or NULL: an empty slot) at
 * base, whose line is `number` of vm->irqchip, the pin `number` - `first`. `v` outlives the device.
 */
int machine_virtio_new(struct vm *vm, const struct machine_virtio *v, struct device **out);
int machine_virtio_mmio(struct vm *vm, struct device *d, gpa_t base, uint32_t number, uint32_t first, bool legacy);

/* -ENOSPC: size is too small; -ENOTSUP: not a machine with a device tree. */
int machine_fdt(const struct machine *m, const struct machine_chosen *chosen, void *buf, size_t size, size_t *len);
/*
 * The payload is in memory: writes what else the guest is to find there, and turns the first vCPU on as its boot protocol says
 * (arm64: booting.rst; pc: Linux's 64-bit entry or PVH). The others stay off. Each vCPU has an owner that is outside vcpu_run.
 */
int machine_start(struct machine *m, const struct machine_boot *b);
void machine_power_key(struct machine *m);	/* pressed once; nothing where there is none */
/* Has the board what the transport needs? */
bool machine_has_transport(const struct machine_class *cls, enum machine_transport t);
int machine_exit_status(const struct machine *m);	/* what the guest gave its exit device, or -1 */

uint64_t affinity_of_16(uint32_t index);	/* Aff1 = index / 16: a GICv3 SGI reaches 16 at once */
uint64_t affinity_flat(uint32_t index);

extern const struct machine_ops machine_riscv64_ops, machine_arm64_ops;
extern const struct machine_class machine_virt_riscv64, machine_virt_arm64, machine_captive_virt, machine_simbench, machine_pc;

#endif
