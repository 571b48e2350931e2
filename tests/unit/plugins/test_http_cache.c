/* SPDX-License-Identifier: MIT */
/* test_http_cache.c - which lines a body has, and which answer goes first. */
#include "unit.h"

#include <errno.h>

#include "http_cache.h"

struct lines_case {
	const char *name, *in;
	long res;
	const char *want; /* with '|' for NUL */
};

static void
test_lines(void **state)
{
	static const struct lines_case cases[] = {
		{ "nothing", "", 0, "" },
		{ "a line", "one", 1, "one|" },
		{ "line ends", "one\ntwo\r\nthree\r\rfour\n", 4,
		    "one|two|three|four|" },
		{ "blanks around", " \t one two\t \n", 1, "one two|" },
		{ "comments", "# x\n  # y\none # z\n#", 1, "one # z|" },
		{ "blank lines", "\n \n\t\r\n", 0, "" },
		{ "zero", "0\n", 1, "0|" },
		{ "UTF-8", "b\xc3\xbc\x63her\n", 1, "b\xc3\xbc\x63her|" },
		{ "control", "one\n\x01", -EINVAL, NULL },
		{ "escape", "\x1b[1m", -EINVAL, NULL },
		{ "delete", "one\x7f\n", -EINVAL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct lines_case *c = &cases[i];
		char text[64];
		size_t n = strlen(c->in), got = SIZE_MAX;

		memcpy(text, c->in, n);
		UNIT_CASE(c->name, http_cache_lines(text, n, &got) == c->res);
		if (c->want == NULL) {
			UNIT_CASE(c->name, got == SIZE_MAX);
			continue;
		}
		UNIT_CASE(c->name, got == strlen(c->want));
		for (size_t j = 0; j < got; j++)
			UNIT_CASE(c->name,
			    text[j] == (c->want[j] == '|' ? '\0' : c->want[j]));
	}
}

static void
test_nul(void **state)
{
	char text[] = "one\0two\n";
	size_t n;

	(void)state;
	assert_int_equal(http_cache_lines(text, 8, &n), -EINVAL);
}

static struct http_entry *
add(struct http_cache *cache, unsigned number, uint64_t now_ms)
{
	char key[16];

	(void)snprintf(key, sizeof(key), "k%u", number);
	return http_cache_add(cache, key, now_ms);
}

static void
test_full(void **state)
{
	struct http_cache cache = { 0 };
	struct http_entry *entry;

	(void)state;
	assert_null(http_cache_find(&cache, "k0", 1));
	for (unsigned i = 0; i < HTTP_CACHE_MAX; i++)
		assert_non_null(add(&cache, i, 1 + i));
	entry = add(&cache, 0, 1000);
	assert_ptr_equal(http_cache_find(&cache, "k0", 1000), entry);
	assert_int_equal(cache.count, HTTP_CACHE_MAX);
	/* k1 was not used for the longest time, but is being asked for. */
	http_cache_find(&cache, "k1", 2)->is_busy = true;
	assert_non_null(add(&cache, HTTP_CACHE_MAX, 1001));
	assert_int_equal(cache.count, HTTP_CACHE_MAX);
	assert_null(http_cache_find(&cache, "k2", 1001));
	assert_non_null(http_cache_find(&cache, "k1", 1001));
	for (entry = cache.first; entry != NULL; entry = entry->next)
		entry->is_busy = true;
	assert_null(http_cache_add(&cache, "one more", 1002));
	http_cache_free(&cache);
	assert_null(cache.first);
}

static void
test_due(void **state)
{
	struct http_cache cache = { 0 };
	struct http_entry *one = add(&cache, 1, 1), *two = add(&cache, 2, 1);

	(void)state;
	assert_null(http_cache_due(&cache));
	one->is_due = two->is_due = true;
	two->is_busy = true;
	assert_ptr_equal(http_cache_due(&cache), one);
	one->is_due = false;
	assert_null(http_cache_due(&cache));
	http_cache_free(&cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
