/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * See net_ring.h. Virtqueues split in two by who may write (virtio 1.2 §2.7), of which no more is used than one descriptor for
 * each frame. Frames lie one behind the other in a circle, none broken in two, in the order in which they are sent and come back.
 */
#include "net_ring.h"

#define MAX_ENTRIES	4096u
#define MIN_ENTRIES	32u
#define ALIGNED(n)	(((n) + NET_ALIGN - 1) & ~(NET_ALIGN - 1))
#define LEAST_DATA	272u		/* four frames of what IPv4 wants to pass */

/* ---- where things are ---- */

static volatile struct net_desc *desc(volatile uint8_t *section)
{
	return (volatile struct net_desc *)section;
}

static volatile struct net_avail *avail(const struct net_ring *r, volatile uint8_t *section)
{
	return (volatile struct net_avail *)(section + r->entries * sizeof(struct net_desc));
}

static volatile struct net_used *used(const struct net_ring *r, volatile uint8_t *section)
{
	return (volatile struct net_used *)(section + r->used);
}

/* Of frames that the section's owner sends: after which returned one it wants to know. */
static volatile uint16_t *used_event(const struct net_ring *r, volatile uint8_t *section)
{
	return &avail(r, section)->ring[r->entries];
}

/* Of frames that it gets: after which sent one. */
static volatile uint16_t *avail_event(const struct net_ring *r, volatile uint8_t *section)
{
	return (volatile uint16_t *)&used(r, section)->ring[r->entries];
}

/* Nothing here writes by it. */
static volatile uint8_t *peers(const struct net_ring *r)
{
	return (volatile uint8_t *)(uintptr_t)r->peer;
}

static uint32_t used_offset(uint32_t entries)
{
	return ALIGNED(16 * entries + 2 * (3 + entries));
}

static uint32_t data_offset(uint32_t entries)
{
	return ALIGNED(used_offset(entries) + 2 * 3 + 8 * entries);
}

/* The most entries that leave seven eighths for frames; the least are in the room of twice as many. */
bool net_ring_init(struct net_ring *r, volatile void *own, const volatile void *peer, uint64_t section_bytes)
{
	uint32_t n = MAX_ENTRIES, data;

	if (section_bytes > NET_SECTION_MAX)
		return false;
	do {
		data = data_offset(n);
		if (data < section_bytes / 8)
			break;
		n /= 2;
	} while (n > MIN_ENTRIES);
	if (data > section_bytes || section_bytes - data < LEAST_DATA)
		return false;
	r->own = own;
	r->peer = peer;
	r->entries = n;
	r->used = used_offset(n);
	r->data = data;
	r->size = (uint32_t)section_bytes;
	net_ring_reset(r);
	return true;
}

void net_ring_reset(struct net_ring *r)
{
	volatile uint64_t *at = (volatile uint64_t *)r->own;
	uint32_t i;

	for (i = 0; i < r->data / sizeof(*at); i++)
		at[i] = 0;
	r->sent = r->returned = r->taken = 0;
	r->head = r->tail = 0;
}

uint32_t net_state_next(uint32_t own, uint32_t peer, bool up)
{
	switch (own) {
	case NET_RESET:
		return peer < NET_READY ? NET_INIT : own;
	case NET_INIT:
		return peer != NET_RESET ? NET_READY : own;
	case NET_READY:
		if (peer == NET_RESET)
			return NET_RESET;
		return up && peer >= NET_READY ? NET_RUN : own;
	default:
		return peer < NET_READY ? NET_RESET : own;
	}
}

/* ---- who wants to know ---- */

/* Everything written before is seen by who sees what is written, or reads what is there, behind it. */
static void barrier_full(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* The last `count` of `now` went past the event (virtio 1.2 §2.7.10). */
static bool passed(uint16_t event, uint16_t now, uint16_t count)
{
	return (uint16_t)(now - event - 1) < count;
}

/* ---- sending ---- */

static uint32_t on_their_way(const struct net_ring *r)
{
	return (uint16_t)(r->sent - r->returned);
}

static uint32_t room(const struct net_ring *r)
{
	return r->size - r->data;
}

uint32_t net_ring_longest(const struct net_ring *r)
{
	return (room(r) / 4) & ~(NET_ALIGN - 1);
}

/* Where `need` bytes are free, from r->data; false: nowhere. */
static bool place(const struct net_ring *r, uint32_t need, uint32_t *at)
{
	uint32_t on_way = on_their_way(r), most = r->entries < NET_IN_FLIGHT ? r->entries : NET_IN_FLIGHT;

	*at = r->head;
	if (on_way >= most)
		return false;
	if (!on_way) {
		*at = 0;
		return need <= room(r);
	}
	if (r->head <= r->tail)
		return need <= r->tail - r->head;
	if (need <= room(r) - r->head)
		return true;
	*at = 0;
	return need <= r->tail;
}

bool net_ring_frame(const struct net_ring *r, uint32_t len, volatile uint8_t **at)
{
	uint32_t offset;

	if (len > r->size || !place(r, ALIGNED(len), &offset))
		return false;
	*at = r->own + r->data + offset;
	return true;
}

bool net_ring_send(struct net_ring *r, uint32_t len)
{
	uint16_t id = (uint16_t)(r->sent % r->entries);
	volatile struct net_desc *d = &desc(r->own)[id];
	uint32_t offset;

	if (!place(r, ALIGNED(len), &offset))
		return false;
	if (!on_their_way(r))
		r->tail = 0;
	r->head = offset + ALIGNED(len);
	r->end[r->sent % NET_IN_FLIGHT] = r->head;
	d->addr = r->data + offset;
	d->len = len;
	d->flags = 0;
	avail(r, r->own)->ring[id] = id;
	r->sent++;
	__atomic_store_n(&avail(r, r->own)->idx, r->sent, __ATOMIC_RELEASE);
	barrier_full();
	return passed(*avail_event(r, peers(r)), r->sent, 1);
}

int net_ring_reap(struct net_ring *r)
{
	volatile struct net_used *u = used(r, peers(r));
	uint16_t count = (uint16_t)(__atomic_load_n(&u->idx, __ATOMIC_ACQUIRE) - r->returned), i;

	if (count > on_their_way(r))
		return NET_BROKEN;
	for (i = 0; i < count; i++) {
		if (u->ring[r->returned % r->entries].id != r->returned % r->entries)
			return NET_BROKEN;
		r->tail = r->end[r->returned % NET_IN_FLIGHT];
		r->returned++;
	}
	return count;
}

void net_ring_want_returns(struct net_ring *r)
{
	*used_event(r, r->own) = r->returned;
	barrier_full();
}

bool net_ring_has_returns(const struct net_ring *r)
{
	return __atomic_load_n(&used(r, peers(r))->idx, __ATOMIC_ACQUIRE) != r->returned;
}

/* ---- receiving ---- */

int net_ring_receive(const struct net_ring *r, struct net_frame *f)
{
	volatile struct net_avail *a = avail(r, peers(r));
	uint16_t waiting = (uint16_t)(__atomic_load_n(&a->idx, __ATOMIC_ACQUIRE) - r->taken), id;
	volatile struct net_desc *d;
	uint64_t addr;
	uint32_t len;

	if (!waiting)
		return 0;
	id = a->ring[r->taken % r->entries];
	if (waiting > r->entries || id >= r->entries)
		return NET_BROKEN;
	d = &desc(peers(r))[id];
	addr = d->addr;
	len = d->len;
	if (d->flags || addr < r->data || addr > r->size || len > r->size - addr)
		return NET_BROKEN;
	f->data = r->peer + addr;
	f->len = len;
	f->id = id;
	return 1;
}

void net_ring_return(struct net_ring *r, const struct net_frame *f)
{
	volatile struct net_used *u = used(r, r->own);
	uint32_t entry = r->taken % r->entries;

	u->ring[entry].id = f->id;
	u->ring[entry].len = 1;
	r->taken++;
	__atomic_store_n(&u->idx, r->taken, __ATOMIC_RELEASE);
}

bool net_ring_returned(const struct net_ring *r, uint16_t count)
{
	barrier_full();
	return passed(*used_event(r, peers(r)), r->taken, count);
}

bool net_ring_listen(struct net_ring *r)
{
	*avail_event(r, r->own) = r->taken;
	barrier_full();
	return __atomic_load_n(&avail(r, peers(r))->idx, __ATOMIC_ACQUIRE) != r->taken;
}
