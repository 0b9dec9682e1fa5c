/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translated code: blocks keyed by guest physical page, offset and mode, in one memory region that is mapped twice (RW
 * for the writer, RX for running). See docs/dbt.md, "Code cache".
 *
 * A code page is a guest page that has (or had) blocks; its number (page id) appears in fetch entries and cross-page
 * jumps. Each block keeps a copy of the guest bytes it was made from. Writes to code pages cost nothing: the architecture
 * lets stale instructions run until the guest cleans up (IC IVAU and the like), and there the copy is compared with memory
 * and what differs is dropped. Dropped code is in no table and no jump leads to it any more; its memory is reused after a
 * flush, which waits until no vCPU can be inside translated code (dbt_code_leave).
 *
 * Lock: vm->cache.lock around look-up misses, translation, linking and dropping. Never held while a guest access runs.
 */
#ifndef ENGINE_DBT_CACHE_H
#define ENGINE_DBT_CACHE_H

#include "engine/dbt/arm64/cpu.h"

struct dbt_page;

/* An exit that may be linked to its target: a jump instruction in the code, patched. */
struct dbt_link {
	struct dbt_block *from, *to;		/* to NULL: goes to the dispatcher */
	struct dbt_link *next_in;		/* of those that lead to `to` */
	uint32_t jump;				/* offset in the code region of the rel32 to patch */
	uint32_t unlinked;			/* where it goes while it is not linked */
	int64_t target;				/* page-relative guest target (vpage + target) */
	uint32_t page_id_at;			/* cross-page: where the imm32 is that is compared with the page id; else 0 */
	const struct dbt_page *page;		/* cross-page: of its first target, and of all later ones; NULL: none yet */
};

struct dbt_block {
	struct dbt_page *page;
	uint16_t offset;			/* in the page */
	uint16_t guest_bytes;			/* length of guest code translated; stays inside the page */
	uint32_t mode;
	uint32_t code, code_size;		/* offset and length in the code region */
	struct dbt_block *hash_next, *page_next;
	struct dbt_link *links_in;
	struct dbt_link *links;
	uint32_t link_count;
	uint32_t copy;				/* the guest bytes as translated: word offset in the side arena */
	bool dead;				/* dropped: in no table; its memory is reused after a flush */
};

struct dbt_page {
	gpa_t gpa;
	uint32_t id;
	uint8_t *host;				/* the guest's memory */
	struct dbt_block *blocks;
	struct dbt_page *hash_next;
};

#endif
