/* SPDX-License-Identifier: BSD-2-Clause */
/* What --disk and --network take, and what they say to what they don't. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctl/device_spec.h"

static struct ctl_error error;

static void disk_words_are_understood(void **state)
{
	struct disk_spec d;

	assert_int_equal(disk_spec_parse(&d, "a,,b.img,direct,serial=S1,queues=4,format=raw", &error), 0);
	assert_string_equal(d.path, "a,b.img");
	assert_string_equal(d.serial, "S1");
	assert_true(d.direct && !d.read_only && !d.overlay);
	assert_int_equal(d.queues, 4);
	assert_int_equal(disk_spec_parse(&d, "x,ro", &error), 0);
	assert_true(d.read_only);
	assert_int_equal(d.queues, 0);
	assert_int_equal(disk_spec_parse(&d, "x,overlay", &error), 0);
	assert_true(d.overlay);
}

static void network_words_are_understood(void **state)
{
	struct net_spec n = { .mac = { 2 } };

	assert_int_equal(net_spec_parse(&n, "", &error) == 0, 0);
	assert_int_equal(net_spec_parse(&n, "user", &error), 0);
	assert_int_equal(n.mode, NET_MODE_USER);
	assert_int_equal(n.mac[0], 2);
	assert_int_equal(net_spec_parse(&n, "mode=none,mac=52:54:00:00:00:01", &error), 0);
	assert_int_equal(n.mode, NET_MODE_NONE);
	assert_int_equal(n.mac[5], 1);
	assert_int_equal(net_spec_parse(&n, "mtu=9000", &error), 0);
	assert_int_equal(n.mode, NET_MODE_USER);
	assert_int_equal(n.mtu, 9000);
	assert_int_equal(net_spec_parse(&n, "tap,ifname=tap7,script=/bin/up,host_ip=10.0.0.1/8,queues=2,vhost=on", &error), 0);
	assert_int_equal(n.mode, NET_MODE_TAP);
	assert_string_equal(n.ifname, "tap7");
	assert_string_equal(n.script, "/bin/up");
	assert_string_equal(n.host_ip, "10.0.0.1/8");
	assert_int_equal(n.queues, 2);
	assert_true(n.vhost);
	assert_int_equal(net_spec_parse(&n, "tap,vhost=0", &error), 0);
	assert_false(n.vhost);
}

static void socket_words_are_understood(void **state)
{
	static const struct { const char *spec, *says; } bad[] = {
		{ "2", "'2' is no CID" }, { "cid=", "no CID" }, { "3,path=x", "not known" },
		{ "3,vhost=yes", "neither on nor off" },
		{ "3,socket=x,vhost=on", "leave one out" },
	};
	struct vsock_spec v;

	assert_int_equal(vsock_spec_parse(&v, "77,socket=/tmp/v", &error), 0);
	assert_int_equal(v.cid, 77);
	assert_string_equal(v.path, "/tmp/v");
	assert_false(v.vhost);
	assert_int_equal(vsock_spec_parse(&v, "cid=5,vhost=on", &error), 0);
	assert_int_equal(v.cid, 5);
	assert_true(v.vhost);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(vsock_spec_parse(&v, bad[i].spec, &error) < 0);
		assert_non_null(strstr(error.text, bad[i].says));
	}
}

static void mistakes_name_the_word_and_the_fix(void **state)
{
	static const struct { bool net; const char *spec, *says; } bad[] = {
		{ false, "", "no file" }, { false, ",ro", "no file" }, { false, "x,rw", "'rw' is not known" },
		{ false, "x,ro,overlay", "exclude each other" }, { false, "x,direct,overlay", "exclude each other" },
		{ false, "x,serial=", "1 to 20" }, { false, "x,serial=123456789012345678901", "1 to 20" },
		{ false, "x,queues=0", "from 1 to 16" }, { false, "x,queues=17", "from 1 to 16" }, { false, "x,queues=", "from 1" },
		{ false, "x,format=qcow2", "not known" }, { false, "x,", "'' is not known" },
		{ true, "wifi", "'wifi' is not known" }, { true, "user,ifname=x", "not known" },
		{ true, "none,queues=2", "not known" }, { true, "user,tap", "not known" }, { true, "user,mac=1", "unicast" },
		{ true, "user,mac=01:00:00:00:00:00", "unicast" },
		{ true, "tap,ifname=", "1 to 15" }, { true, "tap,ifname=1234567890123456", "1 to 15" },
		{ true, "tap,wifi=on", "not known" }, { true, "tap,vhost=maybe", "neither on nor off" },
		{ true, "user,vhost=on", "not known" },
		{ true, "tap,queues=9", "from 1 to 8" }, { true, "user,mtu=67", "from 68" },
		{ true, "tap,script=", "name of a file" }, { true, "tap,host_ip=", "192.168" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		struct disk_spec d;
		struct net_spec n = { 0 };

		error.text[0] = 0;
		assert_true((bad[i].net ? net_spec_parse(&n, bad[i].spec, &error) : disk_spec_parse(&d, bad[i].spec, &error)) < 0);
		assert_non_null(strstr(error.text, bad[i].says));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disk_words_are_understood),
		cmocka_unit_test(network_words_are_understood),
		cmocka_unit_test(socket_words_are_understood),
		cmocka_unit_test(mistakes_name_the_word_and_the_fix),
	};

	return cmocka_run_group_tests_name("device specifications", tests, NULL, NULL);
}
