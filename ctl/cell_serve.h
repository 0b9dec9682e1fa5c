/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices of a cell, from the root: its served regions (abi/serve.h) become virtio-mmio transports of the shared device
 * models, whose memory is what the cell shares and whose lines are interrupts of the cell.
 */
#ifndef CTL_CELL_SERVE_H
#define CTL_CELL_SERVE_H

#include "ctl/error.h"
#include "ctl/options.h"

/*
 * Of the options count disks, nets, rng, and a console if there is one. The first served region of the cell's configuration gets
 * the first device and so on; the rest are empty slots. Returns 0 when the cell is stopped, loaded anew or destroyed, or by a
 * signal.
 */
int cell_serve(const char *cell, const struct run_options *o, struct ctl_error *e);

#endif
