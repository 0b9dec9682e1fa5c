/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * /dev/cella: what the driver does for the command. The device is 0600 and each call wants CAP_SYS_ADMIN. Pointers are user
 * addresses in 64 bits. A cell is named by its id, or with id -1 by its name. A read() gives the engine's log from where this
 * file descriptor was, and waits for more unless O_NONBLOCK is set; 0 once the engine is gone.
 *
 * Errors: -EBUSY already enabled, or a KVM machine exists; -ENODEV not enabled, or no EL2 to enter (the kernel's log says
 * which); -EINVAL malformed; -EEXIST, -ENOENT name or id; -EPERM a locked cell; -E2BIG; and what the engine answers
 * (hypercall.h).
 */
#ifndef ABI_IOCTL_H
#define ABI_IOCTL_H

#include "abi/config.h"

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif

#define CELLA_CONFIG_MAX	(64u << 10)
#define CELLA_IMAGE_MAX		(1u << 20)
#define CELLA_LOAD_MAX		16		/* pieces in one CELLA_IOC_LOAD */

struct cella_enable {
	uint64_t image, config;			/* build/cella-arm64.bin; struct system_config … */
	uint32_t image_size, config_size;
};

struct cella_cell_ref {
	int32_t id;
	uint32_t pad;				/* 0 */
	char name[CELL_NAME_SIZE];
};

struct cella_create {
	uint64_t config;			/* struct cell_config … */
	uint32_t config_size;
	int32_t id;				/* out */
};

struct cella_piece {
	uint64_t source, size;			/* user memory */
	uint64_t target;			/* the cell's address; all of it in one loadable region */
};

struct cella_load {
	struct cella_cell_ref cell;
	uint32_t count;
	uint32_t pad;				/* 0 */
	struct cella_piece piece[CELLA_LOAD_MAX];
};

/*
 * CELLA_IOC_SERVE makes the file descriptor the one that serves the cell's devices (serve.h): -EBUSY there is one, -ENODEV the
 * root's configuration has no interrupt for it. Then a read() gives how often the doorbell has rung since the last one, a
 * uint64_t, and waits for that unless O_NONBLOCK is set; 0: the cell was shut down, loaded or destroyed since. poll() does as well.
 * mmap(), shared, gives the page of slots at offset 0, and what the cell shares with the root at CELLA_SERVE_OFFSET of its id and
 * its address; both are away when the cell is, and touching them is SIGBUS.
 */
struct cella_serve_irq {
	uint32_t intid;
	uint32_t pending;			/* 1 or 0 */
};

#define CELLA_SERVE_OFFSET(id, address)	((uint64_t)(id) << 48 | (address))

#define CELLA_IOC_ENABLE	_IOW(0xce, 0, struct cella_enable)
#define CELLA_IOC_DISABLE	_IO(0xce, 1)
#define CELLA_IOC_CREATE	_IOWR(0xce, 2, struct cella_create)
#define CELLA_IOC_LOAD		_IOW(0xce, 3, struct cella_load)
#define CELLA_IOC_START		_IOW(0xce, 4, struct cella_cell_ref)
#define CELLA_IOC_SHUTDOWN	_IOW(0xce, 5, struct cella_cell_ref)
#define CELLA_IOC_DESTROY	_IOW(0xce, 6, struct cella_cell_ref)
#define CELLA_IOC_SERVE		_IOW(0xce, 7, struct cella_cell_ref)
#define CELLA_IOC_SERVE_IRQ	_IOW(0xce, 8, struct cella_serve_irq)

#endif
