/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prediction of guest returns by the host's own call and return instructions.
 *
 * Translated code runs on its thread's stack. BL and BLR push the guest's return address and go to their target by a host
 * `call`; that is a frame of 16 bytes. RET compares x30 with the topmost frame's address and, if they are equal, does a host
 * `ret`: the processor has predicted where it goes. It lands behind the call, where the frame is dropped, vpage is made from
 * its address, and a linked jump goes on.
 *
 *	returns_base ->	[ 0 ]	a stub, for a return to the address below
 *			[ 8 ]	1: never a PC that can be run
 *	outer call	[-16]	host address behind the call
 *			[ -8]	guest return address
 *	...
 *	rsp ->			the innermost call
 *
 * A frame says: in this mode and this context, that guest address is translated there. It does not matter who pushed it, and
 * the guest's stack has no part in it. So a frame stays good until one of these changes:
 *   - mode or context: only C changes them, and then the dispatcher goes on: it looks (dbt_returns_check);
 *   - the page behind the address: a TLBI that concerns a page with code sets KICK_TLB (tlb_private.h, race 6);
 *   - the code: a flush sets KICK_CODE or KICK_TLB. A block that is dropped keeps its memory until then, and the jump behind its
 *     call is a link like others.
 * RET looks at the kick word before it looks at the frame, so none is used from the kick on until the dispatcher has dealt with
 * it; and that drops all frames. Whatever sets neither must not make a frame wrong.
 *
 * A return that does not match (longjmp, another thread's stack, a frame that has been dropped) drops all frames as well, so
 * that what follows matches again, and goes by the jump arrays. So does a call that would exceed RETURNS_MAX frames. Being
 * stepped or watched, code has no frames: the dispatcher comes between any two instructions.
 */
#ifndef ENGINE_DBT_RETURNS_H
#define ENGINE_DBT_RETURNS_H

#include "engine/dbt/arm64/cpu.h"

#define RETURNS_FRAME	16
#define RETURNS_MAX	2048

/* In C that a stub has called (dispatcher, link): no frame is left when translated code goes on. */
static inline void dbt_returns_drop(struct arm_cpu *cpu)
{
	cpu->host_sp = cpu->returns_base;
}

/* Before the dispatcher goes on: what frames there are must be of this mode and context. */
static inline void dbt_returns_check(struct arm_cpu *cpu)
{
	if (likely(cpu->returns_mode == cpu->mode && cpu->returns_ctx == cpu->ctx))
		return;
	cpu->returns_mode = cpu->mode;
	cpu->returns_ctx = cpu->ctx;
	dbt_returns_drop(cpu);
}

#endif
