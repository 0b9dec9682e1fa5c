/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * cella-net.ko: a network device for each ivshmem device that says it speaks Ethernet (abi/ivshmem_net.h), in the root or in a cell
 * with Linux. It needs no other part of Cella, and knows the engine only by the device.
 *
 * The device's interrupt is one-shot: a peer that rings without end costs one interrupt for each round of NAPI, or of the work. Who
 * looked last turns it on again and looks once more. `lock` is for states: what the peer's is, and what ours is to be. NAPI and
 * sending only begin and end under it. Nothing that the peer wrote is used but through net_ring.h, and of a frame the copy.
 */
#define pr_fmt(fmt) "cella-net: " fmt

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

#include "ivshmem.h"
#include "net_ring.h"

#define OVERHEAD	(ETH_HLEN + 4)		/* with a VLAN's tag */
#define FRAME_MAX	65535u
#define REST		(HZ / 50)		/* between sessions: a peer may end and begin them without end */

struct cella_net {
	struct net_device *dev;
	struct pci_dev *pci;
	void __iomem *regs;
	const volatile u32 *peer_state;
	u32 peer;				/* its number */
	struct napi_struct napi;
	struct delayed_work work;
	struct mutex lock;
	u32 state, seen;			/* ours, and the peer's that we went by */
	bool up;				/* opened */
	bool gone;				/* on its way out */
	bool running;				/* state is NET_RUN: NAPI looks after interrupts, and frames are sent */
	bool broken;				/* the peer broke the rules of the ring */
	struct net_ring ring;
};

static void ring_peer(struct cella_net *n)
{
	writel(n->peer << 16, n->regs + IVSHMEM_DOORBELL);
}

static void interrupt_on(struct cella_net *n)
{
	writel(1, n->regs + IVSHMEM_INTERRUPT);
}

static void work_soon(struct cella_net *n)
{
	schedule_delayed_work(&n->work, 0);	/* no sooner than it is due already */
}

/* The work makes an end of this session. */
static void found_broken(struct cella_net *n)
{
	net_warn_ratelimited("%s: the peer's queue makes no sense: the link begins anew\n", n->dev->name);
	n->dev->stats.rx_errors++;
	WRITE_ONCE(n->broken, true);
	work_soon(n);
}

/* ---- receiving: NAPI ---- */

static void take(struct cella_net *n, const struct net_frame *f)
{
	struct net_device_stats *stats = &n->dev->stats;
	struct sk_buff *skb;

	if (f->len < ETH_HLEN || f->len > FRAME_MAX) {
		stats->rx_length_errors++;
		stats->rx_errors++;
		return;
	}
	skb = napi_alloc_skb(&n->napi, f->len);
	if (!skb) {
		stats->rx_dropped++;
		return;
	}
	skb_put_data(skb, (const void *)f->data, f->len);
	skb->protocol = eth_type_trans(skb, n->dev);
	stats->rx_packets++;
	stats->rx_bytes += f->len;
	napi_gro_receive(&n->napi, skb);
}

static int receive(struct cella_net *n, int budget)
{
	struct net_frame f;
	int got = 0, count;

	for (count = 0; count < budget; count++) {
		got = net_ring_receive(&n->ring, &f);
		if (got <= 0)
			break;
		take(n, &f);
		net_ring_return(&n->ring, &f);
	}
	if (count && net_ring_returned(&n->ring, count))
		ring_peer(n);
	if (got < 0)
		found_broken(n);
	return count;
}

static bool has_room(const struct cella_net *n)
{
	volatile u8 *at;

	return net_ring_frame(&n->ring, READ_ONCE(n->dev->mtu) + OVERHEAD, &at);
}

static void reap(struct cella_net *n)
{
	netif_tx_lock(n->dev);
	if (net_ring_reap(&n->ring) < 0)
		found_broken(n);
	else if (netif_queue_stopped(n->dev) && has_room(n))
		netif_wake_queue(n->dev);
	netif_tx_unlock(n->dev);
}

static int poll(struct napi_struct *napi, int budget)
{
	struct cella_net *n = container_of(napi, struct cella_net, napi);
	int done;

	reap(n);
	done = receive(n, budget);
	if (done < budget && napi_complete_done(napi, done)) {
		interrupt_on(n);
		if (READ_ONCE(n->broken))
			return done;
		if (net_ring_listen(&n->ring) || net_ring_has_returns(&n->ring))
			napi_schedule(napi);
	}
	if (READ_ONCE(*n->peer_state) != READ_ONCE(n->seen))
		work_soon(n);
	return done;
}

/* ---- sending ---- */

static bool pause_if_full(struct cella_net *n)
{
	if (has_room(n))
		return false;
	netif_stop_queue(n->dev);
	net_ring_want_returns(&n->ring);
	if (net_ring_reap(&n->ring) < 0)
		found_broken(n);
	else if (has_room(n))
		netif_start_queue(n->dev);
	return netif_queue_stopped(n->dev);
}

static netdev_tx_t net_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct cella_net *n = netdev_priv(dev);
	volatile u8 *at;

	if (!READ_ONCE(n->running) || skb->len > READ_ONCE(dev->mtu) + OVERHEAD) {
		dev->stats.tx_dropped++;
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	if (pause_if_full(n) || !net_ring_frame(&n->ring, skb->len, &at))
		return NETDEV_TX_BUSY;		/* after a change of the MTU */
	skb_copy_and_csum_dev(skb, (u8 *)at);
	if (net_ring_send(&n->ring, skb->len))
		ring_peer(n);
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += skb->len;
	dev_consume_skb_any(skb);
	pause_if_full(n);
	return NETDEV_TX_OK;
}

/* ---- states; with the lock ---- */

static void run_begin(struct cella_net *n)
{
	napi_enable(&n->napi);
	WRITE_ONCE(n->running, true);
	netif_wake_queue(n->dev);
	local_bh_disable();
	napi_schedule(&n->napi);		/* for what is there already */
	local_bh_enable();
}

static void run_end(struct cella_net *n)
{
	WRITE_ONCE(n->running, false);
	netif_tx_disable(n->dev);
	napi_disable(&n->napi);
}

static void enter(struct cella_net *n, u32 state)
{
	if (n->state == NET_RUN)
		run_end(n);
	if (state == NET_RESET)
		WRITE_ONCE(n->broken, false);
	if (state == NET_READY)
		net_ring_reset(&n->ring);
	n->state = state;
	if (state == NET_RUN)
		run_begin(n);
	writel(state, n->regs + IVSHMEM_STATE);
}

/* One step. True: that changed something, and there may be another. */
static bool step(struct cella_net *n)
{
	u32 peer = READ_ONCE(*n->peer_state), next;
	bool changes;

	WRITE_ONCE(n->seen, peer);
	next = READ_ONCE(n->broken) ? NET_RESET : net_state_next(n->state, peer, n->up);
	changes = next != n->state;
	if (changes)
		enter(n, next);
	if (next >= NET_READY && peer >= NET_READY)
		netif_carrier_on(n->dev);
	else
		netif_carrier_off(n->dev);
	return changes;
}

static void on_work(struct work_struct *work)
{
	struct cella_net *n = container_of(work, struct cella_net, work.work);

	mutex_lock(&n->lock);
	if (!n->gone) {
		bool more = step(n);

		interrupt_on(n);
		if (more || READ_ONCE(*n->peer_state) != n->seen)
			schedule_delayed_work(&n->work, n->state == NET_RESET ? REST : 0);
	}
	mutex_unlock(&n->lock);
}

/* NAPI and the work both turn the interrupt on again. */
static irqreturn_t on_irq(int irq, void *cookie)
{
	struct cella_net *n = cookie;

	if (READ_ONCE(n->running))
		napi_schedule(&n->napi);
	else
		work_soon(n);
	return IRQ_HANDLED;
}

static int net_open(struct net_device *dev)
{
	struct cella_net *n = netdev_priv(dev);

	mutex_lock(&n->lock);
	n->up = true;
	mutex_unlock(&n->lock);
	work_soon(n);
	return 0;
}

static int net_stop(struct net_device *dev)
{
	struct cella_net *n = netdev_priv(dev);

	mutex_lock(&n->lock);
	n->up = false;
	if (n->state == NET_RUN) {
		enter(n, NET_RESET);
		netif_carrier_off(dev);
	}
	mutex_unlock(&n->lock);
	work_soon(n);
	return 0;
}

/* ---- the device ---- */

static const struct net_device_ops net_ops = {
	.ndo_open = net_open,
	.ndo_stop = net_stop,
	.ndo_start_xmit = net_xmit,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

static const struct ethtool_ops ethtool = { .get_link = ethtool_op_get_link };

/* The sections, and what they say together with the registers. */
static int sections_map(struct cella_net *n)
{
	int cap = pci_find_capability(n->pci, PCI_CAP_ID_VNDR);
	u32 id = readl(n->regs + IVSHMEM_ID), states, control;
	u64 address, shared, output;
	const u32 *table;
	u8 *outputs;

	if (!cap || readl(n->regs + IVSHMEM_PEERS) != 2 || id > 1)
		return -ENODEV;
	pci_read_config_dword(n->pci, cap + IVSHMEM_CAP_STATES, &states);
	shared = ivshmem_config64(n->pci, cap + IVSHMEM_CAP_SHARED);
	output = ivshmem_config64(n->pci, cap + IVSHMEM_CAP_OUTPUT);
	address = ivshmem_config64(n->pci, cap + IVSHMEM_CAP_ADDRESS);
	if (states < 2 * sizeof(u32) || !output || output > NET_SECTION_MAX)
		return -EINVAL;
	table = devm_memremap(&n->pci->dev, address, states, MEMREMAP_WB);
	if (IS_ERR(table))
		return PTR_ERR(table);
	outputs = devm_memremap(&n->pci->dev, address + states + shared, 2 * output, MEMREMAP_WB);
	if (IS_ERR(outputs))
		return PTR_ERR(outputs);
	n->peer = !id;
	n->peer_state = table + n->peer;
	if (!net_ring_init(&n->ring, outputs + id * output, outputs + n->peer * output, output) ||
	    net_ring_longest(&n->ring) < ETH_MIN_MTU + OVERHEAD)
		return -EINVAL;
	pci_read_config_dword(n->pci, cap + IVSHMEM_CAP_CONTROL, &control);
	pci_write_config_dword(n->pci, cap + IVSHMEM_CAP_CONTROL, control | IVSHMEM_CAP_ONE_SHOT);
	return 0;
}

static void describe(struct cella_net *n)
{
	struct net_device *dev = n->dev;

	dev->netdev_ops = &net_ops;
	dev->ethtool_ops = &ethtool;
	dev->hw_features = NETIF_F_HW_CSUM | NETIF_F_SG;
	dev->features = dev->hw_features;
	dev->max_mtu = min(FRAME_MAX, net_ring_longest(&n->ring)) - OVERHEAD;
	dev->min_mtu = ETH_MIN_MTU;
	dev->mtu = min(dev->mtu, dev->max_mtu);
	eth_hw_addr_random(dev);
	netif_carrier_off(dev);
}

static int probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct net_device *dev;
	struct cella_net *n;
	int err = pcim_enable_device(pci);

	if (err)
		return err;
	dev = alloc_etherdev(sizeof(*n));
	if (!dev)
		return -ENOMEM;
	SET_NETDEV_DEV(dev, &pci->dev);
	n = netdev_priv(dev);
	n->dev = dev;
	n->pci = pci;
	mutex_init(&n->lock);
	INIT_DELAYED_WORK(&n->work, on_work);
	netif_napi_add(dev, &n->napi, poll);
	n->regs = pcim_iomap(pci, 0, 0);
	err = n->regs ? sections_map(n) : -ENOMEM;
	if (err) {
		pci_err(pci, "no network device: its shared memory can't be used: %d\n", err);
		goto out_free;
	}
	describe(n);
	pci_set_drvdata(pci, n);
	pci_set_master(pci);
	writel(NET_RESET, n->regs + IVSHMEM_STATE);
	err = request_irq(pci->irq, on_irq, IRQF_SHARED, "cella-net", n);
	if (err)
		goto out_free;
	err = register_netdev(dev);
	if (err)
		goto out_irq;
	work_soon(n);
	return 0;

out_irq:
	free_irq(pci->irq, n);
	cancel_delayed_work_sync(&n->work);
out_free:
	free_netdev(dev);
	return err;
}

static void gone(struct pci_dev *pci)
{
	struct cella_net *n = pci_get_drvdata(pci);

	mutex_lock(&n->lock);
	n->gone = true;
	mutex_unlock(&n->lock);
	unregister_netdev(n->dev);
	writel(0, n->regs + IVSHMEM_INTERRUPT);
	free_irq(pci->irq, n);
	cancel_delayed_work_sync(&n->work);
	writel(NET_RESET, n->regs + IVSHMEM_STATE);
	free_netdev(n->dev);
}

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(IVSHMEM_VENDOR, IVSHMEM_DEVICE), .class = IVSHMEM_CLASS(IVSHMEM_NET), .class_mask = 0xffffff },
	{ }
};
MODULE_DEVICE_TABLE(pci, ids);

static struct pci_driver net_driver = { .name = "cella-net", .id_table = ids, .probe = probe, .remove = gone };
module_pci_driver(net_driver);

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("Cella: Ethernet between cells over ivshmem");
MODULE_VERSION("0.1");
