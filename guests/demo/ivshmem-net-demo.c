/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of cella-net.ko, by shared memory (abi/ivshmem_net.h): has an address, `ip=0xc0a84f02` (192.168.79.2), and
 * answers ARP (RFC 826) and echo requests (RFC 792) to it. What it answers to is a copy, whose lengths are checked there.
 */
#include "guests/inmate/inmate.h"
#include "kmod/net_ring.h"

#define FRAME_MAX	2048u
#define ETHER		14u		/* bytes of header */
#define ARP		28u
#define IP		20u
#define ICMP		8u
#define TYPE_IP		0x0800
#define TYPE_ARP	0x0806
#define ARP_REQUEST	1
#define ARP_REPLY	2
#define PROTOCOL_ICMP	1
#define ECHO_REQUEST	8

static struct shmem shm;
static struct net_ring ring;
static uint8_t frame[FRAME_MAX], mac[6];
static uint32_t ip, state;
static volatile bool woken;
static uint64_t seen, answered;

static void on_irq(unsigned intid)
{
	if (intid == shm.irq)
		woken = true;
}

static uint32_t be(const uint8_t *at, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | *at++;
	return v;
}

static void put_be(uint8_t *at, uint32_t v, unsigned bytes)
{
	while (bytes--) {
		at[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

/* RFC 1071; of what has its own checksum in it, 0 if that is right. */
static uint16_t checksum(const uint8_t *at, uint32_t bytes)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < bytes; i++)
		sum += i & 1 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The frame becomes an answer of as many bytes; 0: there is nothing to answer. */
static uint32_t answer_arp(uint8_t *arp, uint32_t len)
{
	if (len < ARP || be(arp, 4) != (1u << 16 | TYPE_IP) || be(arp + 4, 4) != (0x0604u << 16 | ARP_REQUEST) ||
	    be(arp + 24, 4) != ip)
		return 0;
	arp[7] = ARP_REPLY;
	memcpy(arp + 18, arp + 8, 10);		/* to who asked */
	memcpy(arp + 8, mac, 6);
	put_be(arp + 14, ip, 4);
	return ARP;
}

static uint32_t answer_ip(uint8_t *p, uint32_t len)
{
	uint32_t total;
	uint8_t *icmp = p + IP;

	if (len < IP + ICMP || p[0] != 0x45 || be(p + 6, 2) & 0x3fff || p[9] != PROTOCOL_ICMP || be(p + 16, 4) != ip)
		return 0;
	total = be(p + 2, 2);
	if (total < IP + ICMP || total > len || checksum(p, IP) || icmp[0] != ECHO_REQUEST || checksum(icmp, total - IP))
		return 0;
	memcpy(p + 16, p + 12, 4);		/* the header's checksum is the same with addresses exchanged */
	put_be(p + 12, ip, 4);
	icmp[0] = 0;
	put_be(icmp + 2, 0, 2);
	put_be(icmp + 2, checksum(icmp, total - IP), 2);
	return total;
}

static uint32_t answer(uint32_t len)
{
	uint32_t bytes = 0;

	if (len < ETHER)
		return 0;
	if (be(frame + 12, 2) == TYPE_ARP)
		bytes = answer_arp(frame + ETHER, len - ETHER);
	else if (be(frame + 12, 2) == TYPE_IP)
		bytes = answer_ip(frame + ETHER, len - ETHER);
	if (!bytes)
		return 0;
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, mac, 6);
	return ETHER + bytes;
}

static void send(uint32_t len)
{
	volatile uint8_t *at;

	if (!len || !net_ring_frame(&ring, len, &at))
		return;
	for (uint32_t i = 0; i < len; i++)
		at[i] = frame[i];
	answered++;
	if (net_ring_send(&ring, len))
		shmem_ring(&shm, !shm.id);
}

/* False: the peer breaks the rules. */
static bool serve(void)
{
	struct net_frame f;
	uint16_t count = 0;
	int got;

	if (net_ring_reap(&ring) < 0)
		return false;
	do {
		while ((got = net_ring_receive(&ring, &f)) > 0) {
			uint32_t len = f.len <= FRAME_MAX ? f.len : 0;

			for (uint32_t i = 0; i < len; i++)
				frame[i] = f.data[i];
			net_ring_return(&ring, &f);
			seen++;
			send(answer(len));
			if (net_ring_returned(&ring, 1))
				shmem_ring(&shm, !shm.id);
			if (++count == NET_IN_FLIGHT) {
				woken = true;		/* messages want to be looked at, too */
				return true;
			}
		}
	} while (!got && net_ring_listen(&ring));
	return !got;
}

static void enter(uint32_t next)
{
	if (next == NET_READY)
		net_ring_reset(&ring);
	state = next;
	dsb();
	mmio_write32(shm.regs + IVSHMEM_STATE, next);
	print("net: state %u, %lu frames, %lu answered\n", next, seen, answered);
}

static bool begin(void)
{
	static const uint8_t local[] = { 0x02, 0xce, 0x11, 0xa0, 0, 0 };

	if (!shmem_open(&shm, IVSHMEM_NET) || shm.peers != 2 ||
	    !net_ring_init(&ring, (void *)(shm.output + shm.id * shm.output_size),
			   (void *)(shm.output + !shm.id * shm.output_size), shm.output_size)) {
		print("net: no device\n");
		return false;
	}
	memcpy(mac, local, sizeof(mac));
	mac[5] = (uint8_t)shm.id;
	ip = (uint32_t)option_number("ip", 0xc0a84f02);
	print("net: device %02x.%x, id %u, IRQ %u, address %#x\n", shm.bdf >> 3, shm.bdf & 7, shm.id, shm.irq, ip);
	irq_handler(on_irq);
	irq_enable(shm.irq);
	mmio_write32(shm.regs + IVSHMEM_STATE, NET_RESET);
	mmio_write32(shm.regs + IVSHMEM_INTERRUPT, 1);
	woken = true;
	irq_on();
	return true;
}

void inmate_main(void)
{
	if (!begin())
		return;
	while (!comm_poll()) {
		uint32_t next;

		if (!woken)
			continue;
		woken = false;
		next = net_state_next(state, shmem_state(&shm, !shm.id), true);
		if (next == NET_RUN && state == NET_RUN && !serve())
			next = NET_RESET;
		if (next != state) {
			enter(next);
			woken = true;
		}
	}
	print("net: %lu frames, %lu answered\n", seen, answered);
	mmio_write32(shm.regs + IVSHMEM_STATE, NET_RESET);
}
