/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function per question, in a table. Each writes a phrase and says how bad it is; nothing here changes the host.
 * x86-64 features are those of the psABI's levels v2 and v3 (the translator's floor and fast paths).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ctl/doctor.h"

enum verdict { FINE, SLOW, BROKEN };

struct finding {
	char text[256];
};

static const char *read_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return buf;
}

static enum verdict check_kernel(struct finding *f)
{
	struct utsname u;

	uname(&u);
	snprintf(f->text, sizeof(f->text), "%s %s on %s", u.sysname, u.release, u.machine);
	return FINE;
}

#if defined(__x86_64__)
static enum verdict check_cpu(struct finding *f)
{
	static const char hint[] = "floating point and vectors take slower paths";
	char missing[128] = "";

	if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt") || !__builtin_cpu_supports("ssse3")) {
		snprintf(f->text, sizeof(f->text), "older than x86-64-v2 (SSE4.2, POPCNT): the translator needs a newer CPU");
		return BROKEN;
	}
#define WANT(name) do { if (!__builtin_cpu_supports(name)) strcat(missing, " " name); } while (0)
	WANT("avx2");
	WANT("fma");
	WANT("bmi2");
	WANT("aes");
	WANT("pclmul");
#undef WANT
	snprintf(f->text, sizeof(f->text), missing[0] ? "no%s: %s" : "x86-64-v2 with AVX2, FMA, BMI2, AES, PCLMUL%s%s", missing,
		 missing[0] ? hint : "");
	return missing[0] ? SLOW : FINE;
}
#else
static enum verdict check_cpu(struct finding *f)
{
	snprintf(f->text, sizeof(f->text), "not x86-64: the translator does not run here");
	return BROKEN;
}
#endif

static enum verdict check_clock(struct finding *f)
{
	char source[64];

	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", source, sizeof(source));
	if (!strcmp(source, "tsc")) {
		snprintf(f->text, sizeof(f->text), "tsc: guests read their counter without leaving translated code");
		return FINE;
	}
	snprintf(f->text, sizeof(f->text), "%s, not tsc: guests' counter reads cost a system call",
		 source[0] ? source : "unknown");
	return SLOW;
}

static enum verdict check_memfd(struct finding *f)
{
	char policy[16];
	int fd = memfd_create("cella-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *rw = MAP_FAILED, *rx = MAP_FAILED;
	enum verdict v = BROKEN;

	if (fd < 0 || ftruncate(fd, 4096)) {
		snprintf(f->text, sizeof(f->text), "memfd_create: %s: guest memory cannot be made", strerror(errno));
		goto out;
	}
	rw = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	rx = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (rw == MAP_FAILED || rx == MAP_FAILED) {
		read_line("/proc/sys/vm/memfd_noexec", policy, sizeof(policy));
		snprintf(f->text, sizeof(f->text), "an executable mapping is refused (vm.memfd_noexec=%s): translated code "
			 "cannot run; 'sysctl vm.memfd_noexec=0' allows it", policy[0] ? policy : "?");
		goto out;
	}
	snprintf(f->text, sizeof(f->text), "memfd with separate writable and executable mappings");
	v = FINE;
out:
	if (rw != MAP_FAILED)
		munmap(rw, 4096);
	if (rx != MAP_FAILED)
		munmap(rx, 4096);
	if (fd >= 0)
		close(fd);
	return v;
}

static enum verdict check_overcommit(struct finding *f)
{
	char policy[16];

	read_line("/proc/sys/vm/overcommit_memory", policy, sizeof(policy));
	if (policy[0] == '2') {
		snprintf(f->text, sizeof(f->text), "vm.overcommit_memory=2: guests larger than free memory will not start");
		return SLOW;
	}
	snprintf(f->text, sizeof(f->text), "%ld of %ld MiB free; guest memory is taken as it is touched",
		 sysconf(_SC_AVPHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 1024,
		 sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 1024);
	return FINE;
}

static enum verdict check_files(struct finding *f)
{
	struct rlimit l;

	getrlimit(RLIMIT_NOFILE, &l);
	snprintf(f->text, sizeof(f->text), "%llu open files allowed%s", (unsigned long long)l.rlim_cur,
		 l.rlim_cur < 256 ? ": raise it (ulimit -n) for machines with many devices" : "");
	return l.rlim_cur < 256 ? SLOW : FINE;
}

static enum verdict check_apt(struct finding *f)
{
	if (access("/usr/bin/apt-get", X_OK) || access("/usr/bin/dpkg-deb", X_OK)) {
		snprintf(f->text, sizeof(f->text), "no apt-get or dpkg-deb: 'cella get' cannot fetch; 'cella run hello' works");
		return SLOW;
	}
	snprintf(f->text, sizeof(f->text), "apt-get and dpkg-deb for 'cella get'");
	return FINE;
}

static const struct {
	const char *name;
	enum verdict (*fn)(struct finding *f);
} checks[] = {
	{ "kernel", check_kernel },
	{ "cpu", check_cpu },
	{ "clock", check_clock },
	{ "memfd", check_memfd },
	{ "memory", check_overcommit },
	{ "files", check_files },
	{ "guests", check_apt },
};

static void print(FILE *f, enum verdict v, const char *name, const char *text)
{
	static const char *const words[] = { "ok", "slow", "FAIL" };

	fprintf(f, "  %-5s %-11s %s\n", words[v], name, text);
}

/* One line for each kind of guest that the engine is for. */
static unsigned check_engine(const struct engine_ops *engine, FILE *f)
{
	static const char *const isas[ISA_COUNT] = { "arm64", "riscv64", "x86-64" };
	struct engine_info info;
	unsigned usable = 0;
	char why[256], name[32], text[320];

	for (unsigned isa = 0; isa < ISA_COUNT; isa++) {
		int err;

		why[0] = 0;
		memset(&info, 0, sizeof(info));
		err = engine->probe((enum isa_id)isa, &info, why, sizeof(why));
		if (err == -ENOTSUP)
			continue;
		snprintf(name, sizeof(name), "%s %s", engine->name, isas[isa]);
		if (err)
			snprintf(text, sizeof(text), "%s", why[0] ? why : strerror(-err));
		else
			snprintf(text, sizeof(text), "up to %u vCPUs, %u-bit physical addresses%s%s", info.max_vcpus, info.gpa_bits,
				 why[0] ? "; " : "", why);
		print(f, err ? BROKEN : why[0] ? SLOW : FINE, name, text);
		usable += !err;
	}
	return usable;
}

unsigned doctor(const struct engine_ops *const *engines, FILE *f)
{
	unsigned broken = 0, usable = 0;
	struct finding finding;

	fputs("host\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		enum verdict v = checks[i].fn(&finding);

		print(f, v, checks[i].name, finding.text);
		broken += v == BROKEN;
	}
	fputs("engines\n", f);
	for (; *engines; engines++)
		usable += check_engine(*engines, f);
	return broken + !usable;
}
