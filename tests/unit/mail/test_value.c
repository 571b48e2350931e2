/* SPDX-License-Identifier: MIT */
/* test_value.c - values: kinds, freezing, depth, equality, JSON. */
#include "unit.h"

#include <errno.h>

#include "base/buf.h"
#include "mail/value.h"

static struct hl_value *
text(const char *p)
{
	return value_text(slice_of(p));
}

static int
put(struct hl_value *map, const char *key, struct hl_value *item)
{
	return value_put(map, slice_of(key), item);
}

static void
test_text(void **state)
{
	struct hl_value *value = value_text(SLICE_LIT("a\0b"));

	(void)state;
	assert_int_equal(value_kind(value), HL_KIND_TEXT);
	unit_slice_is("nul", slice_str(value_as_text(value)), "a b");
	assert_int_equal(value_as_text(value).p[3], 0);
	assert_true(value_is_frozen(value));
	assert_int_equal(value_depth(value), 0);
	assert_int_equal(value_count(value), 0);
	assert_null(value_at(value, 0));
	assert_null(value_find(value, SLICE_LIT("a")));
	assert_int_equal(value_as_int(value), 0);
	value_unref(&value);
	assert_null(value);
	value_unref(&value);
}

static void
test_int(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
		{ "12", 12 },
		{ "-7", -7 },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", 0 },
		{ "1x", 0 },
		{ "", 0 },
		{ " 1", 0 },
	};
	struct hl_value *value = value_int(INT64_MIN);

	(void)state;
	assert_true(value_as_int(value) == INT64_MIN);
	assert_int_equal(value_as_text(value).n, 0);
	value_unref(&value);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		value = text(cases[i].text);
		UNIT_CASE(cases[i].text, value_as_int(value) == cases[i].want);
		value_unref(&value);
	}
	assert_int_equal(value_as_int(NULL), 0);
}

static void
test_truth(void **state)
{
	struct hl_value *values[] = { text(""), text("0"), value_int(0),
		text("00"), text("no"), value_int(-1), value_list(),
		value_map() };

	(void)state;
	assert_false(value_is_true(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		assert_int_equal(value_is_true(values[i]), i >= 3);
		value_unref(&values[i]);
	}
}

static void
test_list(void **state)
{
	struct hl_value *list = value_list();

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(value_append(list, value_int(i)), 0);
	assert_int_equal(value_count(list), 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(value_as_int(value_at(list, i)), i);
	assert_null(value_at(list, 100));
	assert_int_equal(value_key_at(list, 0).n, 0);
	assert_non_null(value_key_at(list, 0).p);
	assert_null(value_find(list, SLICE_LIT("0")));
	value_unref(&list);
}

/* Below and above the number at which a map gets its index. */
static void
test_map(void **state)
{
	static const unsigned sizes[] = { 1, 8, 9, 500 };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct hl_value *map = value_map();
		char key[16];

		for (unsigned i = 0; i < sizes[s]; i++) {
			(void)snprintf(key, sizeof(key), "k%u", i);
			assert_int_equal(put(map, key, value_int(i)), 0);
		}
		for (unsigned i = 0; i < sizes[s]; i++) {
			(void)snprintf(key, sizeof(key), "k%u", i);
			unit_slice_is(
			    "key", slice_str(value_key_at(map, i)), key);
			assert_int_equal(
			    value_as_int(value_find(map, slice_of(key))), i);
			assert_ptr_equal(
			    value_find(map, slice_of(key)), value_at(map, i));
		}
		assert_null(value_find(map, SLICE_LIT("k")));
		assert_null(value_at(map, sizes[s]));
		assert_int_equal(value_key_at(map, sizes[s]).n, 0);
		value_unref(&map);
	}
}

static void
test_map_replaces(void **state)
{
	struct hl_value *map = value_map(), *same;
	size_t before;

	(void)state;
	assert_int_equal(put(map, "a", text("one")), 0);
	before = value_memory(map);
	assert_int_equal(put(map, "a", text("longer than before")), 0);
	assert_int_equal(value_count(map), 1);
	assert_int_equal(value_memory(map), before + 15);
	assert_int_equal(put(map, "a", text("two")), 0);
	assert_int_equal(value_memory(map), before);
	/* With itself. */
	same = value_ref(value_find(map, SLICE_LIT("a")));
	assert_int_equal(put(map, "a", same), 0);
	assert_int_equal(value_memory(map), before);
	unit_slice_is(
	    "same", slice_str(value_as_text(value_at(map, 0))), "two");
	value_unref(&map);
}

static void
test_refusals(void **state)
{
	struct hl_value *list = value_list(), *map = value_map();
	struct hl_value *number = value_int(1);

	(void)state;
	assert_int_equal(value_append(list, NULL), -EINVAL);
	assert_int_equal(value_append(map, value_int(1)), -EINVAL);
	assert_int_equal(value_append(number, value_int(1)), -EINVAL);
	assert_int_equal(value_append(NULL, value_int(1)), -EINVAL);
	assert_int_equal(put(list, "a", value_int(1)), -EINVAL);
	assert_int_equal(
	    value_put(map, SLICE_LIT("a\0b"), value_int(1)), -EINVAL);
	assert_int_equal(value_append(list, value_ref(list)), -ELOOP);
	assert_int_equal(value_count(list), 0);
	/* Storing freezes. */
	assert_int_equal(put(map, "list", value_ref(list)), 0);
	assert_true(value_is_frozen(list));
	assert_false(value_is_frozen(map));
	assert_int_equal(value_append(list, value_int(1)), -EROFS);
	/* Hence no circle. */
	assert_int_equal(value_append(list, value_ref(map)), -EROFS);
	value_freeze(map);
	assert_int_equal(put(map, "b", value_int(1)), -EROFS);
	value_unref(&list);
	value_unref(&map);
	value_unref(&number);
}

static void
test_depth(void **state)
{
	struct hl_value *value = value_int(1), *list;

	(void)state;
	for (unsigned depth = 1; depth <= VALUE_DEPTH_MAX; depth++) {
		list = value_list();
		assert_int_equal(value_append(list, value), 0);
		assert_int_equal(value_depth(list), depth);
		value = list;
	}
	list = value_list();
	assert_int_equal(value_append(list, value), -ELOOP);
	assert_int_equal(value_count(list), 0);
	value_unref(&list);
}

static void
test_sharing(void **state)
{
	struct hl_value *shared = text("shared"), *a = value_list();
	struct hl_value *b = value_list(), *item;

	(void)state;
	assert_int_equal(value_append(a, value_ref(shared)), 0);
	assert_int_equal(value_append(b, value_ref(shared)), 0);
	value_unref(&shared);
	item = value_ref(value_at(a, 0));
	value_unref(&a);
	value_unref(&b);
	unit_slice_is("kept", slice_str(value_as_text(item)), "shared");
	value_unref(&item);
}

static struct hl_value *
sample(bool swapped, int64_t number)
{
	struct hl_value *map = value_map(), *list = value_list();

	assert_int_equal(value_append(list, text("x")), 0);
	assert_int_equal(value_append(list, value_int(number)), 0);
	if (swapped)
		assert_int_equal(put(map, "list", list), 0);
	assert_int_equal(put(map, "text", text("t")), 0);
	assert_int_equal(put(map, "empty", value_map()), 0);
	if (!swapped)
		assert_int_equal(put(map, "list", list), 0);
	return map;
}

static void
test_equality(void **state)
{
	struct hl_value *a = sample(false, 1), *same = sample(true, 1);
	struct hl_value *other = sample(false, 2), *less = value_map();
	struct hl_value *number = value_int(1), *digit = text("1");

	(void)state;
	assert_true(value_equal(a, a));
	assert_true(value_equal(a, same));
	assert_false(value_equal(a, other));
	assert_false(value_equal(a, less));
	assert_false(value_equal(less, a));
	assert_false(value_equal(number, digit));
	assert_false(value_equal(a, NULL));
	assert_false(value_equal(NULL, a));
	assert_true(value_equal(NULL, NULL));
	/* What was replaced does not count, however deep it was. */
	assert_int_equal(put(less, "a", sample(false, 1)), 0);
	assert_int_equal(put(less, "a", value_int(1)), 0);
	value_unref(&other);
	other = value_map();
	assert_int_equal(put(other, "a", value_int(1)), 0);
	assert_true(value_equal(less, other));
	value_unref(&a);
	value_unref(&same);
	value_unref(&other);
	value_unref(&less);
	value_unref(&number);
	value_unref(&digit);
}

static void
json_is(struct hl_value *value, const char *want)
{
	struct buf out = BUF_INIT;

	value_json(value, &out);
	unit_slice_is("json", buf_slice(&out), want);
	buf_done(&out);
	value_unref(&value);
}

static void
test_json(void **state)
{
	(void)state;
	json_is(NULL, "null");
	json_is(value_int(INT64_MIN), "-9223372036854775808");
	json_is(value_list(), "[]");
	json_is(value_map(), "{}");
	json_is(sample(false, -3),
	    "{\"text\":\"t\",\"empty\":{},\"list\":[\"x\",-3]}");
	json_is(text("\"\\\n\r\t\x01\x7f/"),
	    "\"\\\"\\\\\\n\\r\\t\\u0001\\u007f/\"");
	json_is(text("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7"),
	    "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7\"");
}

/* Overlong forms, surrogates, beyond U+10FFFF, cut: each byte is replaced. */
static void
test_json_bad_utf8(void **state)
{
	static const struct {
		const char *text;
		unsigned bad;
	} cases[] = {
		{ "\x80", 1 },
		{ "\xc0\xaf", 2 },
		{ "\xe0\x9f\xbf", 3 },
		{ "\xed\xa0\x80", 3 },
		{ "\xf0\x8f\xbf\xbf", 4 },
		{ "\xf4\x90\x80\x80", 4 },
		{ "\xf5", 1 },
		{ "\xe2\x82", 2 },
		{ "\xff", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf want = BUF_INIT;

		buf_add_char(&want, '"');
		for (unsigned n = 0; n < cases[i].bad; n++)
			buf_add_text(&want, "\xef\xbf\xbd");
		buf_add_char(&want, '"');
		json_is(text(cases[i].text), want.p);
		buf_done(&want);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_replaces),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_bad_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
