/* SPDX-License-Identifier: MIT */
/* test_address_set.c - smtp_path_parse against the address set of isemail.
 *
 * tests-original.xml has the addresses with a diagnosis each, meta.xml says
 * for each diagnosis what SMTP ought to answer.  They are no part of the
 * project (tests/data.md); test_path.c has cases of our own.  Where we answer
 * otherwise, docs/rfc-map.md has a row that begins with "| set N |"; a row too
 * many fails as an unlisted disagreement does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/num.h"
#include "smtp/path.h"

#define SET_MAX 512

/* 0, or -1 if there is no such file. */
static int
read_file(const char *dir, const char *name, struct buf *ret)
{
	struct buf path = BUF_INIT;
	char block[1024];
	size_t n;
	FILE *file;

	buf_printf(&path, "%s/%s", dir, name);
	file = fopen(path.p, "rb");
	buf_done(&path);
	if (file == NULL)
		return -1;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		buf_add(ret, block, n);
	(void)fclose(file);
	return 0;
}

static int
read_data(const char *name, struct buf *ret)
{
	const char *data = getenv("HOOKLINE_DATA");
	struct buf dir = BUF_INIT;
	int rc;

	if (data != NULL)
		buf_printf(&dir, "%s/addresses", data);
	else
		buf_printf(&dir, "%s/../shared/data/addresses",
		    getenv("HOOKLINE_SOURCE"));
	rc = read_file(dir.p, name, ret);
	buf_done(&dir);
	return rc;
}

/* The text behind `mark`; *ret_at is then behind its end `stop`. */
static struct slice
text_after(const char *at, const char *mark, const char *stop)
{
	const char *p = strstr(at, mark), *end;

	assert_non_null(p);
	p += strlen(mark);
	end = strstr(p, stop);
	assert_non_null(end);
	return (struct slice){ p, (size_t)(end - p) };
}

/* Character references of XML, and U+2400+n for control character n. */
static void
decode(struct slice in, struct buf *ret)
{
	static const struct {
		const char *from;
		char to;
	} names[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
		{ "&quot;", '"' }, { "&apos;", '\'' } };

	while (in.n > 0) {
		size_t n = 1;
		char c = in.p[0];

		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			if (slice_starts(in, names[i].from)) {
				c = names[i].to;
				n = strlen(names[i].from);
			}
		}
		if (slice_casestarts(in, "&#x24")) {
			c = (char)strtoul(in.p + 5, NULL, 16);
			n = slice_find(in, ';') + 1;
		} else if (slice_starts(in, "\xe2\x90")) {
			c = (char)(in.p[2] & 0x3f);
			n = 3;
		}
		buf_add_char(ret, c);
		in = slice_from(in, n);
	}
}

/* What meta.xml wants for a diagnosis: 250 or 553. */
static unsigned
want_for(const char *meta, struct slice diagnosis)
{
	struct buf mark = BUF_INIT;
	struct slice item, smtp;

	buf_printf(&mark, "<item id=\"%.*s\">", (int)diagnosis.n, diagnosis.p);
	item = text_after(meta, mark.p, "</item>");
	smtp = text_after(item.p, "ISEMAIL_META_SMTP_", "<");
	assert_true(smtp.p < item.p + item.n);
	buf_done(&mark);
	return slice_starts(smtp, "250") ? 250 : 553;
}

static unsigned
answer(struct slice address)
{
	struct buf text = BUF_INIT;
	struct arena arena;
	struct smtp_path path;
	struct slice rest;
	int rc;

	buf_add_char(&text, '<');
	decode(address, &text);
	buf_add_char(&text, '>');
	arena_init(&arena, 1024, 0);
	rc = smtp_path_parse(&arena, buf_slice(&text),
	    SMTP_PATH_NULL | SMTP_PATH_POSTMASTER, &path, &rest, NULL);
	if (rc == 0)
		rc = rest.n > 0;
	buf_done(&text);
	arena_done(&arena);
	return rc == 0 ? 250 : 553;
}

/* Marks the sets' numbers that docs/rfc-map.md lists. */
static void
read_listed(bool listed[SET_MAX])
{
	struct buf map = BUF_INIT;
	struct slice text, line;

	assert_int_equal(
	    read_file(getenv("HOOKLINE_SOURCE"), "docs/rfc-map.md", &map), 0);
	text = buf_slice(&map);
	while (slice_cut(&text, '\n', &line)) {
		unsigned id;

		if (!slice_starts(line, "| set "))
			continue;
		line = slice_from(line, strlen("| set "));
		assert_int_equal(
		    num_parse_unsigned(slice_head(line, slice_find(line, ' ')),
			SET_MAX - 1, &id),
		    0);
		listed[id] = true;
	}
	buf_done(&map);
}

static unsigned
test_id(const char *test)
{
	struct slice text = text_after(test, "<test id=\"", "\"");
	unsigned id;

	assert_int_equal(num_parse_unsigned(text, SET_MAX - 1, &id), 0);
	return id;
}

static void
test_set(void **state)
{
	struct buf tests = BUF_INIT, meta = BUF_INIT;
	bool listed[SET_MAX] = { false };
	unsigned count = 0, bad = 0;

	(void)state;
	if (read_data("tests-original.xml", &tests) < 0 ||
	    read_data("meta.xml", &meta) < 0)
		fail_msg("the address set cannot be read");
	read_listed(listed);
	for (const char *at = tests.p; (at = strstr(at, "<test id=")) != NULL;
	     at++, count++) {
		unsigned id = test_id(at);
		struct slice address = text_after(at, "<address>", "<");
		unsigned want =
		    want_for(meta.p, text_after(at, "<diagnosis>", "<"));
		unsigned got = answer(address);

		if ((got != want) == listed[id])
			continue;
		bad++;
		print_message("# set %u: %.*s: the set wants %u, we say %u\n",
		    id, (int)address.n, address.p, want, got);
	}
	print_message("# %u addresses\n", count);
	assert_int_equal(bad, 0);
	assert_int_equal(count, 279);
	buf_done(&tests);
	buf_done(&meta);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_set) };
	struct buf data = BUF_INIT;
	bool has_data = read_data("meta.xml", &data) == 0;

	buf_done(&data);
	if (!has_data) { /* cmocka's skip() is "not ok" in TAP */
		(void)puts("1..0 # SKIP no address set, see tests/data.md");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
