/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine without vCPUs for virtio tests: some RAM, a bus, an interrupt controller that counts, one device behind
 * one of the transports, and a small driver that lays out rings in guest memory and can also lay them out wrongly.
 *
 * The device's work queue is drained by hand (rig_pump) unless a test starts a thread for it.
 */
#ifndef TESTS_DEV_VIRTIO_RIG_H
#define TESTS_DEV_VIRTIO_RIG_H

#include "core/block.h"
#include "core/vm.h"
#include "dev/virtio/devices.h"
#include "dev/pci/host.h"
#include "dev/virtio/mmio.h"
#include "dev/virtio/pci.h"

#define RIG_ROM		0x00100000ull	/* 64 KiB */
#define RIG_MMIO	0x0a000000ull
#define RIG_ECAM	0x3f000000ull
#define RIG_RAM		0x40000000ull
#define RIG_RAM_SIZE	0x40000000ull	/* two slots that touch, so that buffers can cross */
#define RIG_SEAM	0x40080000ull	/* where the second begins */
#define RIG_INTID	48

#define DESC_F_NEXT	1
#define DESC_F_WRITE	2
#define DESC_F_INDIRECT	4

#define F_INDIRECT	(1ull << 28)
#define F_EVENT_IDX	(1ull << 29)
#define F_VERSION_1	(1ull << 32)
#define F_PACKED	(1ull << 34)
#define F_IN_ORDER	(1ull << 35)
#define F_RING_RESET	(1ull << 40)

#define RIG_MAX_SIZE	256u

struct rig_desc {
	gpa_t addr;
	uint32_t len;
	uint16_t flags, next;
};

/*
 * With packed rings the driver keeps the descriptor table to itself: rig_desc on the queue's own table fills `table`,
 * and rig_offer writes the chain that begins at `head` into the ring, so that tests are the same for both formats. Used
 * entries give the head back.
 */
struct rig_queue {
	uint16_t size, avail, used;	/* the driver's own copies of the indices; packed: places in the ring */
	gpa_t desc, driver, device;
	bool packed, avail_wrap, used_wrap;
	struct rig_desc table[RIG_MAX_SIZE + 1];
	uint16_t slots[RIG_MAX_SIZE + 1];	/* of the chain with that head */
};

enum rig_kind { RIG_MMIO_MODERN, RIG_MMIO_LEGACY, RIG_PCI, RIG_PCI_LEGACY, RIG_KINDS };
extern enum rig_kind rig_kind;			/* what the next rig_plug plugs into */

struct rig {
	struct vm vm;
	struct workq workq;
	struct irqchip chip;
	bool line;			/* atomic */
	unsigned edges;			/* low to high; atomic */
	unsigned messages[32];		/* by data; atomic */
	uint8_t *ram, *ram_above, *rom;	/* below and above the seam: not together on the host */
	uint8_t *arena;
	struct device *dev, *transport, *host;	/* host: the PCI bridge, or NULL */
	enum rig_kind kind;
	uint32_t isr;			/* PCI: what was read from the register and not acknowledged yet */
	bool features_ok;		/* legacy: what the driver remembers */
	uint64_t features;		/* what the driver asks for besides VERSION_1 */
	struct rig_queue q[6];
};

void rig_open(struct rig *r);
void rig_plug(struct rig *r, const struct dev_class *cls, void *backend);
struct device *rig_device(struct rig *r, const struct dev_class *cls, void *backend);	/* for more properties … */
void rig_plug_device(struct rig *r);							/* … before this */
void rig_close(struct rig *r);
int rig_tear_down(void **state);			/* of a test whose *state begins with the rig and is malloc's */

void *rig_ptr(struct rig *r, gpa_t gpa);	/* good up to the seam or the end of RAM */
bool rig_legacy(const struct rig *r);
/* As a driver's access to virtio-mmio's registers below; see virtio_transport.c. */
uint64_t rig_read(struct rig *r, uint64_t offset, unsigned size);
void rig_write(struct rig *r, uint64_t offset, unsigned size, uint64_t val);
static inline uint32_t rd(struct rig *r, uint64_t offset)
{
	return (uint32_t)rig_read(r, offset, 4);
}
static inline void wr(struct rig *r, uint64_t offset, uint32_t val)
{
	rig_write(r, offset, 4, val);
}

/* Registers (virtio 1.2 §4.2.2). */
enum {
	R_MAGIC = 0, R_VERSION = 4, R_DEVICE_ID = 8, R_DEVICE_FEATURES = 0x10, R_DEVICE_FEATURES_SEL = 0x14,
	R_DRIVER_FEATURES = 0x20, R_DRIVER_FEATURES_SEL = 0x24, R_QUEUE_SEL = 0x30, R_QUEUE_NUM_MAX = 0x34,
	R_QUEUE_NUM = 0x38, R_QUEUE_READY = 0x44, R_QUEUE_NOTIFY = 0x50, R_ISR = 0x60, R_ACK = 0x64, R_STATUS = 0x70,
	R_QUEUE_RESET = 0xc0,
	R_DESC = 0x80, R_DRIVER = 0x90, R_DEVICE = 0xa0, R_GENERATION = 0xfc, R_CONFIG = 0x100,
};
enum { S_ACK = 1, S_DRIVER = 2, S_DRIVER_OK = 4, S_FEATURES_OK = 8, S_NEEDS_RESET = 64, S_FAILED = 128 };

/* Between the files of the rig. */
void rig_transport_plug(struct rig *r);
void rig_transport_destroy(struct rig *r);
void rig_legacy_enable(struct rig *r, struct rig_queue *q);
uint64_t rig_access(struct rig *r, enum bus_space space, uint64_t addr, unsigned size, bool write, uint64_t val);

/* All tests over each transport in turn. */
struct CMUnitTest;
int rig_run_all(const char *name, const struct CMUnitTest *tests, size_t count);
int rig_run_modern(const char *name, const struct CMUnitTest *tests, size_t count);	/* not over legacy interfaces */
/* Over the legacy half of PCI alone. */
int rig_run_transitional(const char *name, const struct CMUnitTest *tests, size_t count);

void rig_pump(struct rig *r);			/* runs the work queue until it is empty */
uint64_t rig_offered(struct rig *r);
void rig_negotiate(struct rig *r);		/* from reset to FEATURES_OK */
void rig_queue_place(struct rig *r, unsigned qi, uint16_t size);	/* clears the ring's memory, writes registers */
void rig_queue_write(struct rig *r, unsigned qi);			/* only the registers */
void rig_queue_enable(struct rig *r, unsigned qi);
void rig_start(struct rig *r, unsigned queues, uint16_t size);		/* all of it, to DRIVER_OK */

/* desc[i] = … in the queue's table; table NULL: the ring's own. */
void rig_desc(struct rig *r, gpa_t table, unsigned i, gpa_t addr, uint32_t len, uint16_t flags, uint16_t next);
void rig_offer(struct rig *r, unsigned qi, uint16_t head);		/* puts head in the available ring */
void rig_kick(struct rig *r, unsigned qi);				/* notify and pump */
/* The next used element; false: none. */
bool rig_used(struct rig *r, unsigned qi, uint32_t *id, uint32_t *len);
uint16_t rig_used_flags(struct rig *r, unsigned qi);
/* Packed: one descriptor at the driver's place, as it is, and on to the next. */
void rig_packed_put(struct rig *r, unsigned qi, gpa_t addr, uint32_t len, uint16_t id, uint16_t flags);

/* A disk in memory whose requests complete at once, or when the test says so. */
struct mem_disk {
	struct block_backend b;
	uint8_t *data;
	bool hold;			/* keep requests until mem_disk_finish */
	int fail;			/* answer instead of success */
	unsigned flushes, discards, zeroes, writes, commits;
	struct block_io *held[128];
	unsigned held_count;
};
void mem_disk_init(struct mem_disk *d, uint64_t size);
void mem_disk_finish(struct mem_disk *d);	/* completes what is held */
void mem_disk_finish_one(struct mem_disk *d, unsigned i);	/* the i-th of what is held */
void mem_disk_free(struct mem_disk *d);

/* What *state is in tests of a block device: one over such a disk, plugged and not yet started. */
#define DISK_RIG_SECTORS	128u
struct disk_rig {
	struct rig r;
	struct mem_disk disk;
};
int disk_rig_set_up(void **state);
int disk_rig_tear_down(void **state);

#endif
