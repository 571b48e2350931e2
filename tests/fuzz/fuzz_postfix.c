/* SPDX-License-Identifier: MIT */
/* fuzz_postfix.c - what Postfix's cleanup says to queue/postfix-queue, and how
 * the text of a message becomes records.  First byte: 0 an answer, else a text,
 * which comes in pieces of so many octets. */
#include "fuzz.h"

#include <string.h>

#include "../../plugins/queue/postfix_records.h"
#include "base/buf.h"
#include "base/mem.h"

/* ---- answers ---- */

struct seen {
	const char *bytes;
	size_t n, at, count;
};

static void
on_attribute(void *arg, const char *name, const char *value)
{
	struct seen *seen = arg;

	/* One behind the other, and within the list. */
	CHECK(name == seen->bytes + seen->at);
	CHECK(name[0] != '\0' && value == name + strlen(name) + 1);
	seen->at = (size_t)(value + strlen(value) + 1 - seen->bytes);
	CHECK(seen->at < seen->n);
	seen->count++;
}

static void
answer(const uint8_t *data, size_t n)
{
	/* Without anything behind it, so that reading on is seen. */
	char *bytes = mem_alloc(n + 1);
	struct seen seen = { bytes, n, 0, 0 };
	long size;

	bytes = mem_grow(bytes, n > 0 ? n : 1);
	memcpy(bytes, data, n);
	seen.bytes = bytes;
	size = attributes_read(bytes, n, on_attribute, &seen);
	CHECK(size <= (long)n);
	if (size > 0)
		CHECK(seen.count > 0 && seen.at + 1 == (size_t)size);
	else
		CHECK(seen.count == 0);
	mem_free(bytes);
}

/* ---- texts ---- */

static int
keep(void *arg, const void *bytes, size_t size)
{
	buf_add(arg, bytes, size);
	return 0;
}

/* A record back to its text; returns where the next one is. */
static size_t
decode(struct slice records, size_t at, struct buf *text)
{
	char type = records.p[at++];
	size_t size = 0, shift = 0;
	unsigned char octet;

	CHECK(type == RECORD_LINE || type == RECORD_PART);
	do {
		CHECK(at < records.n && shift < 21);
		octet = (unsigned char)records.p[at++];
		size |= (size_t)(octet & 0x7f) << shift;
		shift += 7;
	} while ((octet & 0x80) != 0);
	CHECK(size <= RECORD_LINE_MAX && size <= records.n - at);
	buf_add(text, records.p + at, size);
	if (type == RECORD_LINE)
		buf_add_char(text, '\n');
	return at + size;
}

static void
text(const char *bytes, size_t n, size_t step)
{
	struct buf sent = BUF_INIT, back = BUF_INIT;
	struct records *records = mem_alloc(sizeof(*records));

	records->send = keep;
	records->arg = &sent;
	records->bytes = mem_alloc(RECORDS_SIZE);
	for (size_t at = 0; at < n; at += step)
		record_text(records, bytes + at, step < n - at ? step : n - at);
	record_text_end(records);
	CHECK(records_flush(records) == 0);
	for (size_t at = 0; at < sent.n;)
		at = decode(buf_slice(&sent), at, &back);
	if (n > 0 && bytes[n - 1] != '\n') {
		CHECK(back.n == n + 1 && back.p[n] == '\n');
		back.n--;
	}
	CHECK(back.n == n && (n == 0 || memcmp(back.p, bytes, n) == 0));
	mem_free(records->bytes);
	mem_free(records);
	buf_done(&sent);
	buf_done(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 0)
		answer(data + 1, size - 1);
	else
		text((const char *)data + 1, size - 1, data[0]);
	return 0;
}
