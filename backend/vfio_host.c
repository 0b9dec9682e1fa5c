/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a function of the host can be passed on, as sysfs shows it (Linux, Documentation/ABI/testing/sysfs-bus-pci and
 * sysfs-kernel-iommu_groups), and what to do where it cannot.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/vfio_host.h"

int vfio_why(char why[VFIO_WHY], int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, VFIO_WHY, format, args);
	va_end(args);
	return err;
}

/* Up to `digits` hexadecimal ones, and what ends them. */
static bool field(const char **at, unsigned digits, char end, unsigned *v)
{
	static const char hex[] = "0123456789abcdef";
	unsigned n = 0;

	for (*v = 0; n <= digits; n++, (*at)++) {
		const char *d = **at ? strchr(hex, **at | 32) : NULL;

		if (!d || !((**at >= '0' && **at <= '9') || (**at | 32) >= 'a'))
			break;
		*v = *v << 4 | (unsigned)(d - hex);
	}
	if (!n || n > digits || **at != end)
		return false;
	*at += end != 0;
	return true;
}

int vfio_bdf(const char *text, char bdf[BDF_MAX])
{
	const char *first = strchr(text, ':'), *at = text;
	unsigned domain = 0, bus, slot, function;

	if (first && strchr(first + 1, ':') && !field(&at, 4, ':', &domain))
		return -EINVAL;
	if (!field(&at, 2, ':', &bus) || !field(&at, 2, '.', &slot) || !field(&at, 1, 0, &function) || slot > 31 || function > 7)
		return -EINVAL;
	snprintf(bdf, BDF_MAX, "%04x:%02x:%02x.%x", domain & 0xffff, bus & 0xff, slot & 31, function & 7);
	return 0;
}

/* The last part of what a link names; false: there is no such link. */
static bool link_name(char name[NAME_MAX + 1], const char *format, const char *sysfs, const char *bdf)
{
	char path[PATH_MAX], to[PATH_MAX];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), format, sysfs, bdf);
	n = readlink(path, to, sizeof(to) - 1);
	if (n <= 0)
		return false;
	to[n] = 0;
	last = strrchr(to, '/');
	snprintf(name, NAME_MAX + 1, "%.*s", NAME_MAX, last ? last + 1 : to);
	return true;
}

#define DEVICE	"%s/bus/pci/devices/%s"

/* vfio-pci, and variants of it such as mlx5_vfio_pci. */
static bool is_vfio(const char *driver)
{
	return strstr(driver, "vfio");
}

int vfio_host_group(const char *sysfs, const char *bdf, unsigned *group, char why[VFIO_WHY])
{
	char path[PATH_MAX], name[NAME_MAX + 1];

	snprintf(path, sizeof(path), DEVICE, sysfs, bdf);
	if (access(path, F_OK))
		return vfio_why(why, -ENOENT, "the host has no such device: choose one that 'lspci -D' lists");
	if (!link_name(name, DEVICE "/iommu_group", sysfs, bdf))
		return vfio_why(why, -ENODEV, "the host has no IOMMU for it, or does not use it: turn VT-d or AMD-Vi on in the "
				"firmware, and on Intel give the host's kernel intel_iommu=on");
	*group = (unsigned)strtoul(name, NULL, 10);
	if (!link_name(name, DEVICE "/driver", sysfs, bdf))
		return vfio_why(why, -EBUSY, "has no driver: 'modprobe vfio-pci; "
				"echo vfio-pci >/sys/bus/pci/devices/%s/driver_override; "
				"echo %s >/sys/bus/pci/drivers_probe'", bdf, bdf);
	if (!is_vfio(name))
		return vfio_why(why, -EBUSY, "the host's driver %.32s has it: 'modprobe vfio-pci; "
				"echo vfio-pci >/sys/bus/pci/devices/%s/driver_override; "
				"echo %s >/sys/bus/pci/drivers/%.32s/unbind; "
				"echo %s >/sys/bus/pci/drivers_probe'", name, bdf, bdf, name, bdf);
	return 0;
}

int vfio_host_others(const char *sysfs, const char *bdf, unsigned group, char why[VFIO_WHY])
{
	char path[PATH_MAX], driver[NAME_MAX + 1], list[200] = "";
	struct dirent *e;
	size_t used = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/kernel/iommu_groups/%u/devices", sysfs, group);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.' || !strcmp(e->d_name, bdf) || !link_name(driver, DEVICE "/driver", sysfs, e->d_name))
			continue;
		if (is_vfio(driver) || !strcmp(driver, "pcieport") || !strcmp(driver, "pci-stub") || used >= sizeof(list))
			continue;
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%.20s (%.20s)", used ? ", " : "", e->d_name, driver);
	}
	if (d)
		closedir(d);
	return vfio_why(why, -EBUSY, "its IOMMU group %u has devices that the host still drives: %s: give them to vfio-pci as well",
			group, list[0] ? list : "unknown ones");
}
