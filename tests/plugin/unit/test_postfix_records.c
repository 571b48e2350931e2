/* SPDX-License-Identifier: MIT */
/* test_postfix_records.c - records and attributes of queue/postfix-queue. */
#include "../../../plugins/queue/postfix_records.h"

#include <errno.h>

#include "unit.h"

static char sent[100000];
static size_t sent_n;
static int answer;
static unsigned calls;

static int
keep(void *arg, const void *bytes, size_t size)
{
	assert_ptr_equal(arg, sent);
	assert_true(size > 0 && size <= RECORDS_SIZE);
	calls++;
	memcpy(sent + sent_n, bytes, size);
	sent_n += size;
	return answer;
}

static void
begin(struct records *records)
{
	static char bytes[RECORDS_SIZE];

	*records =
	    (struct records){ .send = keep, .arg = sent, .bytes = bytes };
	sent_n = 0;
	answer = 0;
	calls = 0;
}

static void
expect(struct records *records, const char *want, size_t n)
{
	assert_int_equal(records_flush(records), 0);
	assert_int_equal(sent_n, n);
	assert_memory_equal(sent, want, n);
	sent_n = 0;
}

#define EXPECT_SENT(records, text) expect(records, text, sizeof(text) - 1)

static void
test_records(void **state)
{
	static char long_text[20000];
	struct records records;

	(void)state;
	begin(&records);
	record_put(&records, RECORD_SENDER, "a@b", 3);
	record_put(&records, RECORD_END, "", 0);
	EXPECT_SENT(&records, "S\3a@bE\0");
	record_attribute(&records, "name", "value=x");
	record_attribute(&records, "none", "");
	EXPECT_SENT(&records, "A\14name=value=x");
	attribute_put(&records, "flags", "50");
	EXPECT_SENT(&records, "flags\0"
			      "50\0\0");
	memset(long_text, 'x', sizeof(long_text));
	/* 127 is one octet, 128 two; 20,000 = 0x9c << 7 | 0x20. */
	record_put(&records, 'N', long_text, 127);
	assert_int_equal(records_flush(&records), 0);
	assert_memory_equal(sent, "N\x7fx", 3);
	assert_int_equal(sent_n, 129);
	sent_n = 0;
	record_put(&records, 'N', long_text, 128);
	assert_int_equal(records_flush(&records), 0);
	assert_memory_equal(sent, "N\x80\x01x", 4);
	sent_n = 0;
	record_put(&records, 'N', long_text, sizeof(long_text));
	assert_int_equal(records_flush(&records), 0);
	assert_memory_equal(sent, "N\xa0\x9c\x01x", 5);
	assert_int_equal(sent_n, 4 + sizeof(long_text));
}

static void
test_attribute_too_long(void **state)
{
	static char value[3000];
	struct records records;

	(void)state;
	begin(&records);
	memset(value, 'x', sizeof(value) - 1);
	record_attribute(&records, "n", value);
	EXPECT_SENT(&records, "");
}

static const struct {
	const char *name;
	const char *pieces[4];
	const char *records;
	size_t n;
} texts[] = {
#define RECORDS(text) text, sizeof(text) - 1
	{ "lines", { "a\nbc\n" }, RECORDS("N\1aN\2bc") },
	{ "an empty one", { "\n\na\n" }, RECORDS("N\0N\0N\1a") },
	{ "no end", { "a\nb" }, RECORDS("N\1aN\1b") },
	{ "in pieces", { "a", "b\nc", "\n" }, RECORDS("N\2abN\1c") },
	{ "the end alone", { "a", "\n" }, RECORDS("N\1a") },
	{ "a CR stays", { "a\r\n" }, RECORDS("N\2a\r") },
	{ "nothing", { "" }, RECORDS("") },
};

static void
test_text(void **state)
{
	struct records records;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		begin(&records);
		for (size_t j = 0; texts[i].pieces[j] != NULL; j++)
			record_text(&records, texts[i].pieces[j],
			    strlen(texts[i].pieces[j]));
		record_text_end(&records);
		assert_int_equal(records_flush(&records), 0);
		if (sent_n != texts[i].n ||
		    memcmp(sent, texts[i].records, sent_n) != 0)
			fail_msg("case '%s'", texts[i].name);
	}
}

/* Of a line of `length` octets and its LF: kinds and lengths of records. */
static void
long_line(size_t length, size_t step, const char *want)
{
	static char text[10000];
	struct records records;
	char got[100] = "";
	size_t at = 0;

	begin(&records);
	memset(text, 'x', length);
	text[length] = '\n';
	for (size_t i = 0; i <= length; i += step)
		record_text(&records, text + i,
		    step < length + 1 - i ? step : length + 1 - i);
	record_text_end(&records);
	assert_int_equal(records_flush(&records), 0);
	while (at < sent_n) {
		size_t size = 0, shift = 0, n = strlen(got);
		char type = sent[at++];

		do
			size |= (size_t)(sent[at] & 0x7f) << shift;
		while (shift += 7, (sent[at++] & 0x80) != 0);
		at += size;
		(void)snprintf(got + n, sizeof(got) - n, "%c%zu ", type, size);
	}
	assert_int_equal(at, sent_n);
	assert_string_equal(got, want);
}

static void
test_long_lines(void **state)
{
	static const size_t steps[] = { 1, 7, 2048, 10000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		long_line(2047, steps[i], "N2047 ");
		long_line(2048, steps[i], "N2048 ");
		long_line(2049, steps[i], "L2048 N1 ");
		long_line(4096, steps[i], "L2048 N2048 ");
		long_line(4097, steps[i], "L2048 L2048 N1 ");
	}
}

static void
test_error(void **state)
{
	struct records records;

	(void)state;
	begin(&records);
	answer = -EPIPE;
	for (unsigned i = 0; i < 20000; i++)
		record_put(&records, 'N', "x", 1);
	assert_int_equal(calls, 1);
	answer = 0;
	assert_int_equal(records_flush(&records), -EPIPE);
	assert_int_equal(calls, 1);
}

/* ---- attributes ---- */

static char seen[200];

static void
note(void *arg, const char *name, const char *value)
{
	size_t n = strlen(seen);

	(void)arg;
	(void)snprintf(seen + n, sizeof(seen) - n, "%s=%s;", name, value);
}

static const struct {
	const char *label, *bytes;
	size_t n;
	long size;
	const char *seen;
} lists[] = {
	{ "one", RECORDS("status\0000\0\0"), 10, "status=0;" },
	{ "two", RECORDS("a\0b c\0d\0\0\0"), 10, "a=b c;d=;" },
	{ "more behind it", RECORDS("a\0b\0\0c"), 5, "a=b;" },
	{ "nothing yet", RECORDS(""), 0, "" },
	{ "half a name", RECORDS("a"), 0, "" },
	{ "half a value", RECORDS("a\0b"), 0, "" },
	{ "no end yet", RECORDS("a\0b\0"), 0, "" },
	{ "an empty list", RECORDS("\0a\0b\0\0"), -EPROTO, "" },
	{ "no name", RECORDS("a b\0c\0\0"), -EPROTO, "" },
	{ "a line", RECORDS("220 x\r\n\0\0\0"), -EPROTO, "" },
};

static void
test_attributes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		long size;

		seen[0] = '\0';
		size = attributes_read(lists[i].bytes, lists[i].n, note, NULL);
		if (size != lists[i].size || strcmp(seen, lists[i].seen) != 0)
			fail_msg(
			    "case '%s': %ld, '%s'", lists[i].label, size, seen);
	}
}

static void
test_faults(void **state)
{
	(void)state;
	assert_null(record_fault(0));
	assert_null(record_fault(1u << 5 | 1u << 16));
	/* What is for now comes before what is for good. */
	assert_string_equal(record_fault(1u << 2 | 1u << 1)->enhanced, "4.3.0");
	assert_string_equal(record_fault(1u << 8 | 1u << 3)->enhanced, "4.7.1");
	assert_true(record_fault(1u << 3)->for_good);
	assert_int_equal(record_flag("FLAG_MASK_EXTERNAL"), 0x72);
	assert_int_equal(record_flag("FLAG_HOLD"), 4);
	assert_int_equal(record_flag("FLAG"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_attribute_too_long),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
