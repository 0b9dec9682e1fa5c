/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl/toml.c: what it reads, and what it says about what it doesn't. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "ctl/toml.h"
#include "tests/unit/cmocka_all.h"

static struct toml_node *good(const char *text)
{
	struct ctl_error e = { "" };
	struct toml_node *root = NULL;

	if (toml_parse("t", text, strlen(text), &root, &e))
		fail_msg("%s", e.text);
	return root;
}

static void refused(const char *text, const char *part)
{
	struct ctl_error e = { "" };
	struct toml_node *root = NULL;

	if (!toml_parse("t", text, strlen(text), &root, &e))
		fail_msg("taken: %s", text);
	if (!strstr(e.text, part))
		fail_msg("'%s' is not in: %s", part, e.text);
}

static void values_have_their_types_and_lines(void **state)
{
	struct toml_node *r = good("a = 0x1_0\nb = -3 # comment\n\n'c d' = \"x\\u0041\\n\"\r\ne = true\nf = [1, 'two',\n [3], "
				   "]\ng = 0o17\nh = 0b101\n");
	const struct toml_node *f = toml_get(r, "f");

	assert_int_equal(toml_get(r, "a")->number, 16);
	assert_int_equal(toml_get(r, "b")->number, -3);
	assert_string_equal(toml_get(r, "c d")->string, "xA\n");
	assert_int_equal(toml_get(r, "c d")->line, 4);
	assert_true(toml_get(r, "e")->boolean);
	assert_int_equal(f->count, 3);
	assert_string_equal(f->first->next->string, "two");
	assert_int_equal(f->last->first->number, 3);
	assert_int_equal(toml_get(r, "g")->number, 15);
	assert_int_equal(toml_get(r, "h")->number, 5);
	assert_null(toml_get(r, "i"));
	toml_free(r);
}

static void tables_nest_by_header_dot_and_brace(void **state)
{
	struct toml_node *r = good("x.y.z = 1\nx.y.w = 2\n[a.b]\nc = { d = 1, e.f = 2 }\n[a]\ng = 3\n[[l]]\nn = 1\n[l.sub]\nk = "
				   "9\n[[l]]\nn = 2\n");
	const struct toml_node *y = toml_get(toml_get(r, "x"), "y"), *a = toml_get(r, "a"), *c = toml_get(toml_get(a, "b"), "c");
	const struct toml_node *l = toml_get(r, "l");

	assert_int_equal(toml_get(y, "z")->number + toml_get(y, "w")->number, 3);
	assert_int_equal(toml_get(a, "g")->number, 3);
	assert_int_equal(toml_get(toml_get(c, "e"), "f")->number, 2);
	assert_int_equal(l->count, 2);
	assert_int_equal(toml_get(toml_get(l->first, "sub"), "k")->number, 9);
	assert_int_equal(toml_get(l->last, "n")->number, 2);
	assert_null(toml_get(l->last, "sub"));
	toml_free(r);
}

static void mistakes_are_named_with_their_line(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "a = 1\na = 2", "t:2: 'a' was given at line 1" },
		{ "a = 1\n\n[a]", "t:3: 'a' was defined at line 1" },
		{ "[a]\n[a]", "t:2: 'a' was defined at line 1" },
		{ "a = []\n[[a]]", "t:2: 'a' was defined at line 1 as a list" },
		{ "a = { b = 1 }\n[a.c]\n", "t:2: 'a' was defined at line 1 as a table" },
		{ "a = { b = 1 }\na.c = 2", "t:2: 'a'" },
		{ "a = 1.5", "1.5: neither a whole number" },
		{ "a = 1979-05-27", "neither a whole number" },
		{ "a = hello", "a string wants quotes" },
		{ "a = 1__0", "neither a whole number" },
		{ "a = 1_", "neither a whole number" },
		{ "a = 0x", "neither a whole number" },
		{ "a = 012", "doesn't begin with 0" },
		{ "a = 0x8000000000000000", "more than 63 bits" },
		{ "a = 99999999999999999999", "more than 63 bits" },
		{ "a = \"\"\"\nx\"\"\"", "several lines" },
		{ "a = \"x", "without its closing quote" },
		{ "a = [1", "wants ',' or ']'" },
		{ "a = {b = 1\n}", "a table in braces is one line" },
		{ "a = 1 b = 2", "something follows" },
		{ "= 1", "a key is missing" },
		{ "a 1", "'=' is missing after 'a'" },
		{ "[a", "ends with ]" },
		{ "[[a]", "ends with ]]" },
		{ "a =", "missing" },
		{ "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r = 1", "parts" },
		{ "a = [[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]", "nested" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refused(cases[i].text, cases[i].part);
}

static void size_is_bounded(void **state)
{
	size_t n = TOML_TEXT_MAX + 1;
	char *text = malloc(n + 1);

	memset(text, '\n', n);
	text[n] = 0;
	refused(text, "longer than");
	memcpy(text, "a=[", 3);
	for (size_t i = 3; i + 2 < n - 3; i += 2)
		memcpy(text + i, "1,", 2);
	text[60000] = 0;
	refused(text, "more than");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_their_types_and_lines),
		cmocka_unit_test(tables_nest_by_header_dot_and_brace),
		cmocka_unit_test(mistakes_are_named_with_their_line),
		cmocka_unit_test(size_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
