/* SPDX-License-Identifier: BSD-2-Clause */
/* See tap.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "os/tap.h"

#define HDR_LEN	12

static int open_queue(char name[TAP_NAME_MAX], unsigned flags)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), len = HDR_LEN, little = 1, err;
	struct ifreq r = { 0 };

	if (fd < 0)
		return errno == ENOENT ? -ENODEV : errno == EACCES ? -EPERM : -errno;
	memcpy(r.ifr_name, name, TAP_NAME_MAX);
	r.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | flags);
	if (ioctl(fd, TUNSETIFF, &r) || ioctl(fd, TUNSETVNETHDRSZ, &len)) {
		err = -errno;
		close(fd);
		return err;
	}
	ioctl(fd, TUNSETVNETLE, &little);	/* what it is anyway on hosts that don't know it */
	memcpy(name, r.ifr_name, TAP_NAME_MAX);
	name[TAP_NAME_MAX - 1] = 0;
	return fd;
}

int tap_open(char name[TAP_NAME_MAX], unsigned queues, int *fds)
{
	for (unsigned i = 0; i < queues; i++) {
		fds[i] = open_queue(name, queues > 1 ? IFF_MULTI_QUEUE : 0);
		if (fds[i] < 0) {
			int err = fds[i];

			while (i)
				close(fds[--i]);
			return err;
		}
	}
	return 0;
}

int tap_set_offloads(int fd, bool csum, bool tso4, bool tso6, bool ecn)
{
	unsigned long f = csum ? TUN_F_CSUM : 0;

	if (csum)
		f |= (tso4 ? TUN_F_TSO4 : 0ul) | (tso6 ? TUN_F_TSO6 : 0ul);
	if (f & (TUN_F_TSO4 | TUN_F_TSO6) && ecn)
		f |= TUN_F_TSO_ECN;
	return ioctl(fd, TUNSETOFFLOAD, f) ? -errno : 0;
}

int tap_set_header(int fd, size_t len)
{
	int n = (int)len;

	return ioctl(fd, TUNSETVNETHDRSZ, &n) ? -errno : 0;
}

int tap_attach(int fd, bool on)
{
	struct ifreq r = { .ifr_flags = on ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE };

	return ioctl(fd, TUNSETQUEUE, &r) ? -errno : 0;
}

/* One of the requests about an interface. */
static int if_ioctl(const char *name, unsigned long request, struct ifreq *r)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (s < 0)
		return -errno;
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", name);
	err = ioctl(s, request, r) ? -errno : 0;
	close(s);
	return err;
}

int tap_mtu(const char *name)
{
	struct ifreq r = { 0 };
	int err = if_ioctl(name, SIOCGIFMTU, &r);

	return err ? err : r.ifr_mtu;
}

int tap_set_mtu(const char *name, unsigned mtu)
{
	struct ifreq r = { .ifr_mtu = (int)mtu };

	return if_ioctl(name, SIOCSIFMTU, &r);
}

static int set_address(const char *name, unsigned long request, struct in_addr a)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = a };
	struct ifreq r = { 0 };

	memcpy(&r.ifr_addr, &sin, sizeof(sin));
	return if_ioctl(name, request, &r);
}

static int give_address(const char *name, const char *ip)
{
	struct in_addr a, mask;
	char text[INET_ADDRSTRLEN], *end;
	size_t n = strcspn(ip, "/");
	unsigned long len = 24;
	int err;

	if (n >= sizeof(text))
		return -EINVAL;
	memcpy(text, ip, n);
	text[n] = 0;
	if (ip[n]) {
		len = strtoul(ip + n + 1, &end, 10);
		if (*end || end == ip + n + 1 || !len || len > 32)
			return -EINVAL;
	}
	if (inet_pton(AF_INET, text, &a) != 1)
		return -EINVAL;
	mask.s_addr = htonl(~0u << (32 - len));
	err = set_address(name, SIOCSIFADDR, a);
	return err ? err : set_address(name, SIOCSIFNETMASK, mask);
}

int tap_up(const char *name, const char *ip)
{
	struct ifreq r = { 0 };
	int err = *ip ? give_address(name, ip) : 0;

	if (!err)
		err = if_ioctl(name, SIOCGIFFLAGS, &r);
	if (err || r.ifr_flags & IFF_UP)
		return err;
	r.ifr_flags |= IFF_UP;
	return if_ioctl(name, SIOCSIFFLAGS, &r);
}
