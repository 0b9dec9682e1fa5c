/* SPDX-License-Identifier: BSD-2-Clause */
/* The option table as command line, as configuration file, and as what --dry-run prints. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ctl/options.h"

static int parse(struct run_options *o, struct ctl_error *e, ...)
{
	char *argv[16];
	int argc = 0, err;
	va_list ap;

	va_start(ap, e);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	run_options_init(o);
	e->text[0] = 0;
	err = run_options_parse(o, argc, argv, e);
	assert_int_equal(!!err, e->text[0] != 0);
	assert_null(strchr(e->text, '\n'));
	return err;
}

#define REFUSED(part, ...) do { \
	struct run_options o_; \
	struct ctl_error e_; \
	assert_true(parse(&o_, &e_, __VA_ARGS__, NULL) < 0); \
	if (!strstr(e_.text, part)) \
		fail_msg("'%s' is not in: %s", part, e_.text); \
	run_options_free(&o_); \
} while (0)

static int config(struct run_options *o, struct ctl_error *e, const char *text)
{
	char *exact = malloc(strlen(text) ? strlen(text) : 1);	/* no NUL: a read past the end is found by a sanitizer */
	int err;

	memcpy(exact, text, strlen(text));
	run_options_init(o);
	err = run_options_config(o, "f", exact, strlen(text), e);
	free(exact);
	return err;
}

static void sizes_have_units(void **state)
{
	static const struct { const char *text; uint64_t bytes; } good[] = {
		{ "512", 512ull << 20 }, { "1G", 1ull << 30 }, { "64k", 65536 }, { "2GiB", 2ull << 30 }, { "3MB", 3ull << 20 },
		{ "4096B", 4096 }, { "1T", 1ull << 40 }, { "0x10M", 16ull << 20 },
	};
	static const char *const bad[] = {
		"", "G", "-1G", "1Q", "1GG", "1.5G", " 1G", "1G ", "18446744073709551616", "99999999999T", "0x",
	};
	uint64_t v;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_size(good[i].text, &v), 0);
		assert_int_equal(v, good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!parse_size(bad[i], &v))
			fail_msg("%s", bad[i]);
}

static void every_way_to_write_an_option_is_the_same(void **state)
{
	struct run_options o;
	struct ctl_error e;

	assert_int_equal(parse(&o, &e, "-kfile", "-c", "4", "--mem=2G", "--initrd", "i", "-d", "a,ro", "-db", "--rng", NULL), 0);
	assert_string_equal(o.kernel, "file");
	assert_int_equal(o.cpus, 4);
	assert_int_equal(o.mem, 2ull << 30);
	assert_string_equal(o.initrd, "i");
	assert_int_equal(o.disks.count, 2);
	assert_string_equal(o.disks.item[0], "a,ro");
	assert_string_equal(o.disks.item[1], "b");
	assert_true(o.rng);
	assert_false(o.no_reboot);
	assert_int_equal(o.timeout, OPTION_UNSET);
	run_options_free(&o);
}

static void payload_needs_no_option_and_may_begin_with_a_dash_after_two(void **state)
{
	struct run_options o;
	struct ctl_error e;

	assert_int_equal(parse(&o, &e, "hello", "-c2", NULL), 0);
	assert_string_equal(o.payload, "hello");
	run_options_free(&o);
	assert_int_equal(parse(&o, &e, "--", "-x", NULL), 0);
	assert_string_equal(o.payload, "-x");
	run_options_free(&o);
}

static void later_values_replace_earlier_ones(void **state)
{
	struct run_options o;
	struct ctl_error e;

	assert_int_equal(parse(&o, &e, "-c1", "-c8", "-k", "a", "-k", "b", NULL), 0);
	assert_int_equal(o.cpus, 8);
	assert_string_equal(o.kernel, "b");
	run_options_free(&o);
}

static void optional_value_comes_only_after_an_equals_sign(void **state)
{
	struct run_options o;
	struct ctl_error e;

	assert_int_equal(parse(&o, &e, "--semihosting", "hello", NULL), 0);
	assert_string_equal(o.semihosting, "");
	assert_string_equal(o.payload, "hello");
	run_options_free(&o);
	assert_int_equal(parse(&o, &e, "--semihosting=dir", NULL), 0);
	assert_string_equal(o.semihosting, "dir");
	run_options_free(&o);
}

static void mistakes_name_the_option_and_the_fix(void **state)
{
	REFUSED("did you mean --kernel", "--kernl", "x");
	REFUSED("did you mean --no-reboot", "--noreboot");
	REFUSED("did you mean --initrd", "--initr");
	REFUSED("--help", "--frobnicate");
	REFUSED("-k FILE", "-k");
	REFUSED("--mem SIZE", "--mem");
	REFUSED("takes no value", "--rng=yes");
	REFUSED("1 to 64", "-c", "65");
	REFUSED("1 to 64", "-c", "0");
	REFUSED("1 to 64", "-c", "18446744073709551617");
	REFUSED("not a number", "-c", "two");
	REFUSED("not a number", "-c", "");
	REFUSED("not a size", "-m", "1Q");
	REFUSED("choose from gicv3|gicv2", "--irqchip", "gicv4");
	REFUSED("choose from", "--irqchip", "gic");
	REFUSED("choose from", "--irqchip", "");
	REFUSED("-x", "-x");
	REFUSED("one payload", "a", "b");
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	struct run_options o;
	struct ctl_error e;

	assert_true(parse(&o, &e, "--fro\033[2J\nb", NULL) < 0);
	assert_null(strchr(e.text, '\033'));
	run_options_free(&o);
}

static void toml_sets_options(void **state)
{
	struct run_options o;
	struct ctl_error e;

	assert_int_equal(config(&o, &e, "# a machine\nkernel = \"a \\\"b\\\" \\u00e9\" # comment\r\n\ncpus=4\n"
				"mem = '1G'\nrng = true\n"
				"disk = [\n  \"a.img,ro\", # first\n  'b.img',\n]\n\"no-reboot\" = false\ntimeout"), -EINVAL);
	run_options_free(&o);
	assert_int_equal(config(&o, &e, "kernel = \"a \\\"b\\\" \\u00e9\" # comment\r\n\ncpus=0x4\nmem = '1G'\nrng = true\n"
				"disk = [\n  \"a.img,ro\", # first\n  'b.img',\n]\n\"no-reboot\" = false"), 0);
	assert_string_equal(o.kernel, "a \"b\" \xc3\xa9");
	assert_int_equal(o.cpus, 4);
	assert_int_equal(o.mem, 1ull << 30);
	assert_true(o.rng);
	assert_false(o.no_reboot);
	assert_int_equal(o.disks.count, 2);
	assert_string_equal(o.disks.item[1], "b.img");
	run_options_free(&o);
}

static void json_sets_options(void **state)
{
	struct run_options o;
	struct ctl_error e;

	assert_int_equal(config(&o, &e, " {\"kernel\": \"k\\ud83d\\ude00\",\n \"cpus\" : 2, \"rng\":true,\"disk\":[\"x\"], "
				"\"mem\":\"512M\"}\n"), 0);
	assert_string_equal(o.kernel, "k\xf0\x9f\x98\x80");
	assert_int_equal(o.cpus, 2);
	assert_true(o.rng);
	assert_int_equal(o.disks.count, 1);
	run_options_free(&o);
	assert_int_equal(config(&o, &e, "{}"), 0);
	run_options_free(&o);
}

static void broken_configuration_is_refused_with_its_line(void **state)
{
	static const char *const bad[] = {
		"kernel", "kernel =", "kernel = \"a", "kernel = \"a\nb\"", "kernel = a", "cpus = \"x\"", "cpus = 1 2",
		"cpus = 1_0_0_0", "rng = \"true\"", "rng = maybe", "kernel = [\"a\"]", "disk = [\"a\"", "disk = [a]",
		"disk = [\"a\" \"b\"]", "[table]", "= 1",
		"dry-run = true", "config = \"x\"", "unknown = 1", "kernel = \"\\q\"", "kernel = \"\\u12\"", "kernel = \"\\u0000\"",
		"kernel = \"\\ud800\"", "{", "{\"kernel\"}", "{\"kernel\":}", "{\"kernel\":\"a\"", "{\"kernel\":\"a\"} x",
		"{kernel:\"a\"}",
		"{\"kernel\" = \"a\"}", "{\"cpus\":1 \"rng\":true}", "kernel : \"a\"", "\"", "'", "\\",
	};
	struct run_options o;
	struct ctl_error e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (config(&o, &e, bad[i]) >= 0)
			fail_msg("accepted: %s", bad[i]);
		if (strncmp(e.text, "configuration f:", 16))
			fail_msg("%s", e.text);
		run_options_free(&o);
	}
	char *huge = malloc(200001);

	memset(huge, 'x', 200000);
	huge[200000] = 0;
	memcpy(huge, "kernel = \"", 10);
	assert_true(config(&o, &e, huge) < 0);
	assert_non_null(strstr(e.text, "64 KiB"));
	run_options_free(&o);
	free(huge);
	assert_true(config(&o, &e, "cpus = 1\n\nkernel = 7\n") < 0);
	assert_non_null(strstr(e.text, "f:3:"));
	run_options_free(&o);
}

static void what_is_printed_is_read_back_the_same(void **state)
{
	struct run_options o, back;
	char *text = NULL, *again = NULL;
	size_t len, len2;
	struct ctl_error e;
	FILE *f;

	assert_int_equal(parse(&o, &e, "-k", "a \"quoted\" \\ name\x01", "-m", "123456K", "-c", "3", "-d", "x,ro", "-d",
			       "y", "--rng", "-p", "console=ttyAMA0 'x'", NULL), 0);
	f = open_memstream(&text, &len);
	run_options_toml(&o, f);
	fclose(f);
	assert_int_equal(config(&back, &e, text), 0);
	f = open_memstream(&again, &len2);
	run_options_toml(&back, f);
	fclose(f);
	assert_string_equal(text, again);
	assert_string_equal(o.kernel, back.kernel);
	assert_int_equal(back.mem, 123456 << 10);
	run_options_free(&o);
	run_options_free(&back);
	free(text);
	free(again);
}

static void nearest_word_is_near(void **state)
{
	static const char *const words[] = { "kernel", "initrd", "cpus", "cpu", NULL };

	assert_string_equal(nearest_word("kernle", words), "kernel");
	assert_string_equal(nearest_word("init", words), "initrd");
	assert_string_equal(nearest_word("cpuss", words), "cpus");
	assert_null(nearest_word("quux", words));
	assert_null(nearest_word("", words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(every_way_to_write_an_option_is_the_same),
		cmocka_unit_test(payload_needs_no_option_and_may_begin_with_a_dash_after_two),
		cmocka_unit_test(later_values_replace_earlier_ones),
		cmocka_unit_test(optional_value_comes_only_after_an_equals_sign),
		cmocka_unit_test(mistakes_name_the_option_and_the_fix),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(toml_sets_options),
		cmocka_unit_test(json_sets_options),
		cmocka_unit_test(broken_configuration_is_refused_with_its_line),
		cmocka_unit_test(what_is_printed_is_read_back_the_same),
		cmocka_unit_test(nearest_word_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
