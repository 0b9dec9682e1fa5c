/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to a board, by engines that say what their host can do. */
#include <errno.h>
#include <string.h>

#include "ctl/resolve.h"
#include "tests/unit/cmocka_all.h"

static struct engine_info says;
static enum isa_id guests = ISA_ARM64;		/* what it runs */
static const char *machine;			/* asked for; or NULL */

static int probe(enum isa_id isa, struct engine_info *out, char *why, size_t why_len)
{
	*out = says;
	return isa == guests ? 0 : -ENOTSUP;
}

static const struct engine_ops host = { .name = "host", .probe = probe };
static const struct engine_ops *const engines[] = { &host, NULL };

struct outcome {
	int err;
	char irqchip[16];
	struct ctl_error e;
};

static struct outcome resolve(const char *irqchip, bool pmu)
{
	struct outcome out = { 0 };
	struct run_options o;
	struct resolved r = { 0 };

	run_options_init(&o);
	o.payload = strdup("hello");
	o.machine = machine ? strdup(machine) : NULL;
	o.irqchip = irqchip ? strdup(irqchip) : NULL;
	o.pmu = pmu;
	out.err = run_options_resolve(&o, ISA_COUNT, engines, &r, &out.e);
	if (!out.err) {
		assert_string_equal(o.irqchip, r.irqchip->type);
		strncpy(out.irqchip, o.irqchip, sizeof(out.irqchip) - 1);
	}
	run_options_free(&o);
	return out;
}

static void gives(const char *asked, const char *type)
{
	struct outcome out = resolve(asked, false);

	if (out.err)
		fail_msg("%s", out.e.text);
	assert_string_equal(out.irqchip, type);
}

static void refuses(const char *asked, bool pmu, const char *text)
{
	struct outcome out = resolve(asked, pmu);

	assert_true(out.err < 0);
	assert_string_equal(out.e.text, text);
}

static void an_engine_of_models_has_every_controller_of_the_board(void **state)
{
	says = (struct engine_info){ .gpa_bits = 48 };
	gives(NULL, "gicv3");
	gives("gicv3", "gicv3");
	gives("gicv2", "gicv2");
	refuses("plic", false, "--irqchip: machine virt-arm64 has no plic: leave the option out");
}

static void kvmtools_names_of_a_gic_with_messages_are_that_gic(void **state)
{
	says = (struct engine_info){ .gpa_bits = 48 };
	gives("gicv3-its", "gicv3");
	gives("gicv2m", "gicv2");
}

static void what_the_host_can_make_is_what_a_guest_gets(void **state)
{
	says = (struct engine_info){ .gpa_bits = 48, .irqchips = { "gicv2" } };
	gives(NULL, "gicv2");
	gives("gicv2", "gicv2");
	gives("gicv2m", "gicv2");
	says.irqchips[1] = "gicv3";
	gives(NULL, "gicv3");
	gives("gicv2", "gicv2");
}

static void what_the_host_cannot_make_is_refused_by_name(void **state)
{
	says = (struct engine_info){ .gpa_bits = 48, .irqchips = { "gicv2" } };
	refuses("gicv3", false, "--irqchip gicv3: this host's host has none: leave the option out, or ask for gicv2");
	refuses("gicv3-its", false, "--irqchip gicv3-its: this host's host has none: leave the option out, or ask for gicv2");
	says.irqchips[0] = "aia";
	refuses(NULL, false, "--irqchip: machine virt-arm64 has no aia: leave the option out");
}

static void a_riscv64_guest_gets_an_aia_where_the_host_has_one(void **state)
{
	guests = ISA_RISCV64;
	machine = "virt-riscv64";
	says = (struct engine_info){ .gpa_bits = 41, .irqchips = { "aia", "plic" } };
	gives(NULL, "aia");
	gives("plic", "plic");
	says = (struct engine_info){ .gpa_bits = 41, .irqchips = { "plic" } };
	gives(NULL, "plic");
	refuses("aia", false, "--irqchip aia: this host's host has none: leave the option out, or ask for plic");
	guests = ISA_ARM64;
	machine = NULL;
}

static void performance_counters_are_there_only_where_the_host_has_them(void **state)
{
	says = (struct engine_info){ .gpa_bits = 48 };
	refuses(NULL, true, "--pmu: this host's host has no performance counters for guests: leave the option out");
	says.has_pmu = true;
	assert_int_equal(resolve(NULL, true).err, 0);
}

/* What is asked for, by option names and values; the text of the refusal, or "". */
static const char *said(const char *const *words, const char *payload, enum isa_id kernel)
{
	static struct ctl_error e;
	struct run_options o;
	struct resolved r = { 0 };

	e = (struct ctl_error){ "" };
	run_options_init(&o);
	o.payload = payload ? strdup(payload) : NULL;
	for (; *words; words += 2)
		assert_int_equal(run_option_set(&o, run_option_find(words[0], strlen(words[0])), words[1], words[0], &e), 0);
	guests = ISA_X86_64;
	says = (struct engine_info){ .gpa_bits = 48 };
	run_options_resolve(&o, kernel, engines, &r, &e);
	guests = ISA_ARM64;
	run_options_free(&o);
	return e.text;
}

static void a_known_guest_of_another_architecture_is_named(void **state)
{
	const char *const words[] = { "arch", "x86-64", NULL };

	assert_string_equal(said(words, "hello", ISA_ARM64),
			    "kernel hello: for arm64; this machine is x86-64: give an x86-64 kernel");
}

static void what_only_a_device_tree_can_say_is_refused_without_one(void **state)
{
	const char *const seed[] = { "machine", "pc", "kernel", "k", "kaslr-seed", "5", NULL };
	const char *const dump[] = { "machine", "pc", "kernel", "k", "dump-dtb", "f", NULL };

	assert_string_equal(said(seed, NULL, ISA_X86_64), "--kaslr-seed: machine pc has no device tree: leave it out");
	assert_string_equal(said(dump, NULL, ISA_X86_64), "--dump-dtb: machine pc has no device tree: leave it out");
}

static void firmware_without_a_kernel_gets_no_initrd_and_no_parameters(void **state)
{
	const char *const initrd[] = { "firmware", "f", "initrd", "i", NULL };
	const char *const params[] = { "flash", "f", "params", "p", NULL };
	const char *const kernel[] = { "firmware", "f", "kernel", "k", "initrd", "i", "params", "p", NULL };

	assert_string_equal(said(initrd, NULL, ISA_COUNT),
			    "--initrd: firmware gets it with a kernel only: add -k, or leave it out");
	assert_string_equal(said(params, NULL, ISA_COUNT),
			    "--params: firmware gets it with a kernel only: add -k, or leave it out");
	assert_string_equal(said(kernel, NULL, ISA_X86_64), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_guest_of_another_architecture_is_named),
		cmocka_unit_test(what_only_a_device_tree_can_say_is_refused_without_one),
		cmocka_unit_test(firmware_without_a_kernel_gets_no_initrd_and_no_parameters),
		cmocka_unit_test(an_engine_of_models_has_every_controller_of_the_board),
		cmocka_unit_test(kvmtools_names_of_a_gic_with_messages_are_that_gic),
		cmocka_unit_test(what_the_host_can_make_is_what_a_guest_gets),
		cmocka_unit_test(what_the_host_cannot_make_is_refused_by_name),
		cmocka_unit_test(a_riscv64_guest_gets_an_aia_where_the_host_has_one),
		cmocka_unit_test(performance_counters_are_there_only_where_the_host_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
