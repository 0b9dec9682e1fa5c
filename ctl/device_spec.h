/* SPDX-License-Identifier: BSD-2-Clause */
/* What --disk, --network, --share and --vsock say: a first word and options with commas between. */
#ifndef CTL_DEVICE_SPEC_H
#define CTL_DEVICE_SPEC_H

#include "base/types.h"
#include "core/share.h"
#include "ctl/error.h"

#define SPEC_PATH_MAX	4096u

/* FILE[,ro|,overlay][,direct][,serial=S][,queues=N][,format=raw]; a comma in FILE is written twice. */
struct disk_spec {
	char path[SPEC_PATH_MAX], serial[24];
	bool read_only, overlay, direct;
	unsigned queues;		/* 0: not said */
};
int disk_spec_parse(struct disk_spec *d, const char *spec, struct ctl_error *e);

/* [mode=]user|none|tap[,mac=M][,mtu=N]; tap: [,ifname=I][,script=FILE][,host_ip=A[/N]][,queues=N][,vhost=on|off] */
enum net_mode { NET_MODE_USER, NET_MODE_NONE, NET_MODE_TAP };
struct net_spec {
	enum net_mode mode;
	uint8_t mac[6];			/* as the caller filled it, unless said */
	char ifname[16], script[1024], host_ip[24];
	unsigned queues, mtu;		/* 0: not said */
	bool vhost;
};
int net_spec_parse(struct net_spec *n, const char *spec, struct ctl_error *e);

/* DIR[,ro][,tag=NAME]; a comma in DIR is written twice. */
struct share_spec {
	char path[SPEC_PATH_MAX], tag[SHARE_TAG_MAX + 1];	/* tag: as the caller filled it, unless said */
	bool read_only;
};
int share_spec_parse(struct share_spec *h, const char *spec, struct ctl_error *e);

/* [cid=]CID[,socket=PATH|,vhost=on|off] */
struct vsock_spec {
	uint64_t cid;
	bool vhost;
	char path[128];			/* "": not said */
};
int vsock_spec_parse(struct vsock_spec *v, const char *spec, struct ctl_error *e);

#endif
