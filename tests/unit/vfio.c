/* SPDX-License-Identifier: BSD-2-Clause */
/* What --vfio-pci says of devices that cannot be passed on, with a sysfs and a /dev/vfio of the test's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "backend/vfio.h"
#include "backend/vfio_host.h"

#define NIC	"0000:00:06.0"

struct fixture {
	char top[64], sys[80], dev[80], why[VFIO_WHY];
	struct loop loop;
	struct vfio *v;
};

static void sh(const char *format, const char *top)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd), format, top);
	assert_int_equal(system(cmd), 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->top, "/tmp/cella-vfio-XXXXXX");
	assert_non_null(mkdtemp(f->top));
	snprintf(f->sys, sizeof(f->sys), "%s/sys", f->top);
	snprintf(f->dev, sizeof(f->dev), "%s/vfio", f->top);
	sh("cd %s && mkdir -p vfio sys/bus/pci/devices/" NIC " sys/bus/pci/devices/0000:00:06.1 "
	   "sys/kernel/iommu_groups/7/devices/" NIC " sys/kernel/iommu_groups/7/devices/0000:00:06.1", f->top);
	assert_int_equal(loop_init(&f->loop), 0);
	assert_int_equal(vfio_new(f->sys, f->dev, &f->loop, &f->v), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	vfio_free(f->v);
	loop_fini(&f->loop);
	sh("rm -r %s", f->top);
	free(f);
	return 0;
}

static void in_a_group(struct fixture *f)
{
	sh("ln -s ../../../../kernel/iommu_groups/7 %s/sys/bus/pci/devices/" NIC "/iommu_group", f->top);
}

static void driven_by_vfio(struct fixture *f)
{
	sh("ln -s ../../../drivers/vfio-pci %s/sys/bus/pci/devices/" NIC "/driver", f->top);
}

static void refused(struct fixture *f, const char *bdf, int err, const char *word)
{
	struct hostpci *h;

	assert_int_equal(vfio_open(f->v, bdf, &h, f->why), err);
	assert_null(h);
	if (!strstr(f->why, word))
		fail_msg("'%s' is not in: %s", word, f->why);
}

static void addresses_are_read_in_both_forms(void **state)
{
	static const char *const bad[] = {
		"", "6", "00:06", "00:06.8", "00:20.0", "00:06.0 ", "000:06.0", "00:6.", ":06.0", "00000:00:06.0", "g0:06.0",
		"00:06.0x", "00:\xc6.0", "0000:00:06", "@0:06.0",
	};
	char bdf[BDF_MAX];

	assert_int_equal(vfio_bdf("00:06.0", bdf), 0);
	assert_string_equal(bdf, NIC);
	assert_int_equal(vfio_bdf("0001:aF:1f.7", bdf), 0);
	assert_string_equal(bdf, "0001:af:1f.7");
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vfio_bdf(bad[i], bdf), -EINVAL);
	refused(*state, "nonsense", -EINVAL, "0000:03:00.0");
}

static void a_missing_device_is_said_to_be(void **state)
{
	refused(*state, "0000:00:07.0", -ENOENT, "no such device");
}

static void a_host_without_iommu_is_named(void **state)
{
	refused(*state, NIC, -ENODEV, "no IOMMU");
}

static void the_hosts_driver_is_named_with_what_to_do(void **state)
{
	struct fixture *f = *state;

	in_a_group(f);
	refused(f, NIC, -EBUSY, "has no driver");
	sh("ln -s ../../../drivers/e1000e %s/sys/bus/pci/devices/" NIC "/driver", f->top);
	refused(f, "00:06.0", -EBUSY, "driver e1000e has it");
	refused(f, NIC, -EBUSY, "/sys/bus/pci/drivers/e1000e/unbind");
	refused(f, NIC, -EBUSY, "driver_override");
}

static void without_the_module_it_is_named(void **state)
{
	struct fixture *f = *state;

	in_a_group(f);
	driven_by_vfio(f);
	refused(f, NIC, -ENOENT, "modprobe vfio-pci");
}

static void what_is_no_vfio_is_refused(void **state)
{
	struct fixture *f = *state;

	in_a_group(f);
	driven_by_vfio(f);
	sh("touch %s/vfio/vfio", f->top);
	refused(f, NIC, -ENOTSUP, "vfio_iommu_type1");
}

static void the_rest_of_the_group_is_named(void **state)
{
	struct fixture *f = *state;

	sh("ln -s ../../../drivers/snd_hda %s/sys/bus/pci/devices/0000:00:06.1/driver", f->top);
	assert_int_equal(vfio_host_others(f->sys, NIC, 7, f->why), -EBUSY);
	assert_non_null(strstr(f->why, "0000:00:06.1 (snd_hda)"));
	assert_null(strstr(f->why, NIC " "));
}

int main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(addresses_are_read_in_both_forms), TEST(a_missing_device_is_said_to_be), TEST(a_host_without_iommu_is_named),
		TEST(the_hosts_driver_is_named_with_what_to_do), TEST(without_the_module_it_is_named),
		TEST(what_is_no_vfio_is_refused), TEST(the_rest_of_the_group_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
