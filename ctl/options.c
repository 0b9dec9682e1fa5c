/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of options, and the command line as one of its uses; see options.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "ctl/options.h"
#include "ctl/payload.h"

#define AT(member)	offsetof(struct run_options, member)
#define MAX_LIST	64

const struct option run_option_table[] = {
	{ "kernel", 'k', OPTION_STRING, OPTION_FILE, AT(kernel), "FILE", NULL, 0, 0,
	  "kernel: Image, Image.gz, EFI zboot or ELF; a raw image on simbench" },
	{ "firmware", 'f', OPTION_STRING, OPTION_FILE, AT(firmware), "FILE", NULL, 0, 0,
	  "firmware (SeaBIOS, OVMF): boots a disk, or the kernel (OVMF)" },
	{ "flash", 'F', OPTION_STRING, OPTION_FILE, AT(flash), "CODE[,VARS]", NULL, 0, 0,
	  "firmware, and a flash chip that keeps its variables in VARS, which is written (OVMF_CODE.fd, a copy of OVMF_VARS.fd)" },
	{ "initrd", 'i', OPTION_STRING, OPTION_FILE, AT(initrd), "FILE", NULL, 0, 0, "initial RAM disk, handed over as it is" },
	{ "params", 'p', OPTION_STRING, 0, AT(params), "TEXT", NULL, 0, 0, "the kernel's command line" },
	{ "disk", 'd', OPTION_LIST, OPTION_FILE, AT(disks), "FILE[,ro|,overlay][,direct][,serial=S][,queues=N]", NULL,
	  0, 0,
	  "virtio disk, raw; overlay: changes go to a temporary file; direct: past the host's cache; "
	  "a directory: the root, by 9p" },
	{ "share", 0, OPTION_LIST, OPTION_FILE, AT(shares), "DIR[,ro][,tag=NAME]", NULL, 0, 0,
	  "directory for the guest, by 9p; it mounts it by its tag (default share, then share1, …)" },
	{ "cpus", 'c', OPTION_NUMBER, 0, AT(cpus), "N", NULL, 1, 64, "number of vCPUs (default 1)" },
	{ "mem", 'm', OPTION_SIZE, 0, AT(mem), "SIZE", NULL, 64 * KIB, 1ull << 48,
	  "memory (default 512M): 768M, 4G; a bare number is MiB" },
	{ "network", 'n', OPTION_LIST, 0, AT(nets), "user|tap|none[,KEY=VALUE]", NULL, 0, 0,
	  "virtio network: user needs no rights, has DHCP and DNS; tap is an interface of the host" },
	{ "publish", 0, OPTION_LIST, 0, AT(publish), "[IP:]HOST:GUEST[/udp]", NULL, 0, 0,
	  "port of the host that leads to one of the guest" },
	{ "vfio-pci", 0, OPTION_LIST, 0, AT(vfio_pci), "BDF", NULL, 0, 0,
	  "PCI device of the host that the guest gets: 0000:03:00.0; bound to vfio-pci" },
	{ "arch", 0, OPTION_STRING, 0, AT(arch), "ARCH", "arm64|riscv64|x86-64", 0, 0,
	  "the guest's architecture; follows the kernel" },
	{ "engine", 0, OPTION_STRING, 0, AT(engine), "ENGINE", "kvm|dbt", 0, 0, "what runs it; follows the architecture" },
	{ "cpu", 0, OPTION_STRING, 0, AT(cpu), "MODEL", "max|cortex-a57|cortex-a72", 0, 0, "CPU model (default max)" },
	{ "machine", 0, OPTION_STRING, 0, AT(machine), "NAME", "virt-arm64|captive-virt|simbench|pc|virt-riscv64", 0, 0,
	  "board; follows the architecture" },
	{ "irqchip", 0, OPTION_STRING, 0, AT(irqchip), "CHIP", "gicv3|gicv2|gicv3-its|gicv2m|kernel|split|aia|plic", 0, 0,
	  "interrupt controller; gicv2 takes up to 8 vCPUs" },
	{ "guest", 0, OPTION_STRING, 0, AT(payload), "NAME", NULL, 0, 0, "a known guest; the same as its name without an option" },
	{ "name", 0, OPTION_STRING, 0, AT(name), "NAME", NULL, 0, 0, "the machine's name" },
	{ "console", 0, OPTION_STRING, 0, AT(console), "KIND", "serial|virtio", 0, 0,
	  "what this terminal is to the guest (default serial: ttyAMA0)" },
	{ "virtio-transport", 0, OPTION_STRING, 0, AT(transport), "KIND", "pci|pci-legacy|mmio|mmio-legacy", 0, 0,
	  "where virtio devices are (default pci); legacy: for drivers from before virtio 1.0" },
	{ "vsock", 0, OPTION_STRING, 0, AT(vsock), "CID[,socket=PATH|,vhost=on]", NULL, 0, 0,
	  "virtio sockets; on the host they are Unix sockets at PATH (default: NAME.vsock beside the control socket), or with "
	  "vhost=on AF_VSOCK" },
	{ "balloon", 0, OPTION_FLAG, 0, AT(balloon), NULL, NULL, 0, 0,
	  "virtio balloon: the guest gives memory back (cella balloon)" },
	{ "virtio-ring", 0, OPTION_STRING, 0, AT(virtio_ring), "FORMAT", "split|packed", 0, 0,
	  "format of virtio rings that is offered (default split)" },
	{ "pmu", 0, OPTION_FLAG, 0, AT(pmu), NULL, NULL, 0, 0, "performance counters for the guest (arm64 under kvm)" },
	{ "rng", 0, OPTION_FLAG, 0, AT(rng), NULL, NULL, 0, 0, "virtio source of random numbers" },
	{ "dtb", 0, OPTION_STRING, OPTION_FILE, AT(dtb), "FILE", NULL, 0, 0, "device tree instead of the generated one" },
	{ "dump-dtb", 0, OPTION_STRING, OPTION_LOCAL | OPTION_FILE, AT(dump_dtb), "FILE", NULL, 0, 0,
	  "write the device tree that the guest would get, and exit" },
	{ "hugetlbfs", 0, OPTION_STRING, OPTION_FILE, AT(hugetlbfs), "DIR", NULL, 0, 0,
	  "guest memory from the huge pages of a hugetlbfs that is mounted there" },
	{ "kaslr-seed", 0, OPTION_NUMBER, 0, AT(kaslr_seed), "N", NULL, 0, ~0ull - 1,
	  "seed of the kernel's address randomization, in the device tree (default: another each time)" },
	{ "loglevel", 0, OPTION_STRING, OPTION_LOCAL, AT(loglevel), "LEVEL", "error|warning|info|debug", 0, 0,
	  "what Cella says on standard error (default warning)" },
	{ "config", 0, OPTION_STRING, OPTION_LOCAL | OPTION_FILE, AT(config), "FILE", NULL, 0, 0,
	  "read options from a TOML or JSON file; later ones override" },
	{ "dry-run", 0, OPTION_FLAG, OPTION_LOCAL, AT(dry_run), NULL, NULL, 0, 0,
	  "print the resolved machine as a file for --config, and exit" },
	{ "no-reboot", 0, OPTION_FLAG, 0, AT(no_reboot), NULL, NULL, 0, 0, "end, with status 0, when the guest reboots" },
	{ "timeout", 0, OPTION_SECONDS, OPTION_LOCAL, AT(timeout), "SECONDS", NULL, 1, 31536000,
	  "stop after that time, with status 124" },
	{ "semihosting", 0, OPTION_STRING, OPTION_VALUE_OPTIONAL | OPTION_FILE, AT(semihosting), "DIR", NULL, 0, 0,
	  "serve Arm semihosting calls; files only below DIR" },
	{ "trace", 0, OPTION_STRING, OPTION_LOCAL | OPTION_EXPERT, AT(trace), "LIST", NULL, 0, 0,
	  "log exec,irq,mmio,tlb,fault,compile; stat: counters at the end" },
	{ "dump-code", 0, OPTION_ADDRESS, OPTION_LOCAL | OPTION_EXPERT, AT(dump_code), "PC", NULL, 0, 0,
	  "print the translation of the block at that guest address" },
	{ "dbt", 0, OPTION_STRING, OPTION_LOCAL | OPTION_EXPERT, AT(dbt), "LIST", NULL, 0, 0,
	  "tiny-cache,reg-pressure,flag-exact,no-chain,code=MIB,perf-map=FILE" },
	{ "help", 'h', OPTION_FLAG, OPTION_LOCAL, AT(help), NULL, NULL, 0, 0, "this list" },
	{ NULL }
};

void run_options_init(struct run_options *o)
{
	memset(o, 0, sizeof(*o));
	for (const struct option *opt = run_option_table; opt->name; opt++)
		run_options_unset(o, opt);
}

const char *run_options_of_dbt(const struct run_options *o)
{
	return o->dbt ? "dbt" : o->trace ? "trace" : o->dump_code != OPTION_UNSET ? "dump-code" :
	       o->semihosting ? "semihosting" : NULL;
}

void run_options_unset(struct run_options *o, const struct option *opt)
{
	struct option_list *l;

	switch ((enum option_type)opt->type) {
	case OPTION_FLAG:
		OPTION_MEMBER(o, opt, bool) = false;
		break;
	case OPTION_STRING:
		free(OPTION_MEMBER(o, opt, char *));
		OPTION_MEMBER(o, opt, char *) = NULL;
		break;
	case OPTION_LIST:
		l = &OPTION_MEMBER(o, opt, struct option_list);
		for (unsigned i = 0; i < l->count; i++)
			free(l->item[i]);
		free(l->item);
		*l = (struct option_list){ 0 };
		break;
	default:
		OPTION_MEMBER(o, opt, uint64_t) = OPTION_UNSET;
	}
}

void run_options_free(struct run_options *o)
{
	for (const struct option *opt = run_option_table; opt->name; opt++)
		run_options_unset(o, opt);
}

const struct option *run_option_find(const char *name, size_t len)
{
	for (const struct option *opt = run_option_table; opt->name; opt++)
		if (strlen(opt->name) == len && !memcmp(opt->name, name, len))
			return opt;
	return NULL;
}

/* ---- values ---- */

int parse_number(const char *text, uint64_t *v)
{
	unsigned base = 10;
	uint64_t n = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		unsigned digit = *text >= '0' && *text <= '9' ? (unsigned)(*text - '0') :
				 (*text | 32) >= 'a' && (*text | 32) <= 'f' ? (unsigned)((*text | 32) - 'a' + 10) : 99;

		if (digit >= base)
			return -EINVAL;
		if (mul_overflows(n, (uint64_t)base, &n) || add_overflows(n, (uint64_t)digit, &n))
			return -ERANGE;
	}
	*v = n;
	return 0;
}

int parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	size_t len = strlen(text);
	unsigned shift = 20;
	const char *unit;
	char digits[24];
	uint64_t n;
	int err;

	if (!len || len >= sizeof(digits))
		return len ? -ERANGE : -EINVAL;
	memcpy(digits, text, len + 1);
	if (len > 1 && text[len - 1] == 'B') {		/* 512MiB, 512MB; 4096B */
		digits[--len] = 0;
		shift = 0;
	}
	if (len > 2 && digits[len - 1] == 'i')
		digits[--len] = 0;
	unit = strchr(units, digits[len - 1] & ~32);
	if (len > 1 && unit && *unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		digits[len - 1] = 0;
	}
	err = parse_number(digits, &n);
	if (err)
		return err;
	if (n > ~0ull >> shift)
		return -ERANGE;
	*bytes = n << shift;
	return 0;
}

const char *format_size(uint64_t bytes, char buf[32])
{
	static const char units[] = " KMGT";
	unsigned u = 0;

	while (u < 4 && bytes && !(bytes & 1023)) {
		bytes >>= 10;
		u++;
	}
	snprintf(buf, 32, u ? "%llu%c" : "%lluB", (unsigned long long)bytes, units[u]);
	return buf;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *c = choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
		if (len && !strncmp(c, value, len) && (c[len] == '|' || !c[len]))
			return true;
	return false;
}

static int list_add(struct option_list *l, const char *value, const char *where, struct ctl_error *e)
{
	char **grown;

	if (l->count == MAX_LIST)
		return ctl_fail(e, -E2BIG, "%s: given more than %d times: leave some out", where, MAX_LIST);
	grown = realloc(l->item, (l->count + 1) * sizeof(*grown));
	if (!grown)
		return ctl_fail(e, -ENOMEM, "%s: out of memory", where);
	l->item = grown;
	l->item[l->count] = strdup(value);
	if (!l->item[l->count])
		return ctl_fail(e, -ENOMEM, "%s: out of memory", where);
	l->count++;
	return 0;
}

static int set_number(struct run_options *o, const struct option *opt, const char *value, const char *where,
		      struct ctl_error *e)
{
	bool size = opt->type == OPTION_SIZE;
	char lo[32], hi[32];
	uint64_t v;
	int err = size ? parse_size(value, &v) : parse_number(value, &v);

	if (err == -EINVAL)
		return ctl_fail(e, err, "%s: '%s' is not a %s: give %s", where, value, size ? "size" : "number",
				size ? "something like 512M or 4G" : opt->type == OPTION_ADDRESS ? "something like 0x40000000" :
				"a whole number");
	if (opt->type == OPTION_ADDRESS && !err) {
		OPTION_MEMBER(o, opt, uint64_t) = v;
		return 0;
	}
	if (err || v < opt->min || v > opt->max) {
		if (size)
			return ctl_fail(e, -ERANGE, "%s: '%s' is out of range: give %s to %s", where, value,
					format_size(opt->min, lo), format_size(opt->max, hi));
		return ctl_fail(e, -ERANGE, "%s: '%s' is out of range: give %llu to %llu", where, value,
				(unsigned long long)opt->min, (unsigned long long)opt->max);
	}
	OPTION_MEMBER(o, opt, uint64_t) = v;
	return 0;
}

int run_option_set(struct run_options *o, const struct option *opt, const char *value, const char *where, struct ctl_error *e)
{
	if (!value && opt->type != OPTION_FLAG)
		value = "";
	switch ((enum option_type)opt->type) {
	case OPTION_FLAG:
		if (value && strcmp(value, "true") && strcmp(value, "false"))
			return ctl_fail(e, -EINVAL, "%s: takes no value: leave '%s' out", where, value);
		OPTION_MEMBER(o, opt, bool) = !value || value[0] == 't';
		return 0;
	case OPTION_LIST:
		return list_add(&OPTION_MEMBER(o, opt, struct option_list), value, where, e);
	case OPTION_STRING:
		if (opt->choices && !is_choice(opt->choices, value))
			return ctl_fail(e, -EINVAL, "%s: '%s' is not known: choose from %s", where, value, opt->choices);
		run_options_unset(o, opt);
		OPTION_MEMBER(o, opt, char *) = strdup(value);
		return OPTION_MEMBER(o, opt, char *) ? 0 : ctl_fail(e, -ENOMEM, "%s: out of memory", where);
	default:
		return set_number(o, opt, value, where, e);
	}
}

/* ---- the command line ---- */

static int unknown_option(const char *arg, size_t len, struct ctl_error *e)
{
	const char *words[64], *near;
	char typed[64];
	unsigned n = 0;

	for (const struct option *opt = run_option_table; opt->name; opt++)
		words[n++] = opt->name;
	words[n] = NULL;
	snprintf(typed, sizeof(typed), "%.*s", (int)MIN(len, sizeof(typed) - 1), arg);
	near = nearest_word(typed, words);
	if (near)
		return ctl_fail(e, -EINVAL, "option --%s: not known: did you mean --%s?", typed, near);
	return ctl_fail(e, -EINVAL, "option --%s: not known: 'cella run --help' lists all", typed);
}

static int read_config(struct run_options *o, struct ctl_error *e)
{
	struct payload_file f;
	int err = payload_read(&f, "configuration", o->config, 1 * MIB, e);

	if (err)
		return err;
	err = run_options_config(o, o->config, (const char *)f.data, f.size, e);
	payload_free(&f);
	return err;
}

static int take_option(struct run_options *o, const struct option *opt, const char *value, const char *where,
		       struct ctl_error *e)
{
	int err = run_option_set(o, opt, value, where, e);

	if (!err && opt->offset == AT(config))
		err = read_config(o, e);
	return err;
}

static bool takes_value(const struct option *opt)
{
	return opt->type != OPTION_FLAG && !(opt->flags & OPTION_VALUE_OPTIONAL);
}

static int missing_value(const struct option *opt, const char *where, struct ctl_error *e)
{
	return ctl_fail(e, -EINVAL, "option %s: needs a value: %s %s", where, where, opt->value);
}

static int parse_long(struct run_options *o, int *i, int argc, char **argv, struct ctl_error *e)
{
	const char *arg = argv[*i] + 2, *equals = strchr(arg, '='), *value = equals ? equals + 1 : NULL;
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	const struct option *opt = run_option_find(arg, len);
	char where[80];

	if (!opt)
		return unknown_option(arg, len, e);
	snprintf(where, sizeof(where), "--%s", opt->name);
	if (!value && takes_value(opt)) {
		if (*i + 1 >= argc)
			return missing_value(opt, where, e);
		value = argv[++*i];
	}
	if (value && opt->type == OPTION_FLAG)
		return ctl_fail(e, -EINVAL, "option %s: takes no value: leave '=%s' out", where, value);
	return take_option(o, opt, value, where, e);
}

static int parse_short(struct run_options *o, int *i, int argc, char **argv, struct ctl_error *e)
{
	for (const char *c = argv[*i] + 1; *c; c++) {
		char where[] = { '-', *c, 0 };
		const struct option *opt = run_option_table;

		while (opt->name && opt->letter != *c)
			opt++;
		if (!opt->name)
			return ctl_fail(e, -EINVAL, "option -%c: not known: 'cella run --help' lists all", *c);
		if (!takes_value(opt)) {
			int err = take_option(o, opt, NULL, where, e);

			if (err)
				return err;
			continue;
		}
		if (c[1])
			return take_option(o, opt, c + 1, where, e);
		if (*i + 1 >= argc)
			return missing_value(opt, where, e);
		return take_option(o, opt, argv[++*i], where, e);
	}
	return 0;
}

int run_options_parse(struct run_options *o, int argc, char **argv, struct ctl_error *e)
{
	bool only_words = false;
	int err;

	for (int i = 0; i < argc; i++) {
		const char *a = argv[i];

		if (!only_words && !strcmp(a, "--")) {
			only_words = true;
		} else if (!only_words && a[0] == '-' && a[1]) {
			err = a[1] == '-' ? parse_long(o, &i, argc, argv, e) : parse_short(o, &i, argc, argv, e);
			if (err)
				return err;
		} else if (o->payload) {
			return ctl_fail(e, -EINVAL, "'%s': one payload at a time, and that is '%s': leave one out", a, o->payload);
		} else {
			o->payload = strdup(a);
			if (!o->payload)
				return ctl_fail(e, -ENOMEM, "out of memory");
		}
	}
	return 0;
}
