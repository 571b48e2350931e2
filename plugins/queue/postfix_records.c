/* SPDX-License-Identifier: MIT */
/* postfix_records.c - what Postfix's processes say to each other. */
#include "postfix_records.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- records ---- */

int
records_flush(struct records *records)
{
	if (records->error == 0 && records->n > 0)
		records->error =
		    records->send(records->arg, records->bytes, records->n);
	records->n = 0;
	return records->error;
}

static void
add(struct records *records, const char *bytes, size_t size)
{
	while (size > 0) {
		size_t room = RECORDS_SIZE - records->n;
		size_t part = size < room ? size : room;

		memcpy(records->bytes + records->n, bytes, part);
		records->n += part;
		bytes += part;
		size -= part;
		if (records->n == RECORDS_SIZE)
			(void)records_flush(records);
	}
}

void
record_put(struct records *records, char type, const void *bytes, size_t size)
{
	char head[1 + sizeof(size) * 8 / 7 + 1];
	size_t n = 0, left = size;

	head[n++] = type;
	do {
		head[n++] = (char)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
		left >>= 7;
	} while (left > 0);
	add(records, head, n);
	add(records, bytes, size);
}

void
record_attribute(struct records *records, const char *name, const char *value)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), "%s=%s", name, value);

	if (value[0] != '\0' && n >= 0 && (size_t)n < sizeof(text))
		record_put(records, RECORD_ATTRIBUTE, text, (size_t)n);
}

void
attribute_put(struct records *records, const char *name, const char *value)
{
	add(records, name, strlen(name) + 1);
	add(records, value, strlen(value) + 1);
	add(records, "", 1);
}

/* ---- the message ---- */

static void
end_part(struct records *records, char type)
{
	record_put(records, type, records->text, records->line);
	records->line = 0;
	records->is_open = type == RECORD_PART;
}

void
record_text(struct records *records, const char *bytes, size_t size)
{
	while (size > 0) {
		const char *end = memchr(bytes, '\n', size);
		size_t n = end != NULL ? (size_t)(end - bytes) : size;
		size_t room = RECORD_LINE_MAX - records->line;

		if (n > room)
			n = room;
		memcpy(records->text + records->line, bytes, n);
		records->line += n;
		records->is_open = true;
		bytes += n;
		size -= n;
		if (size > 0 && *bytes == '\n') {
			end_part(records, RECORD_LINE);
			bytes++;
			size--;
		} else if (size > 0) {
			end_part(records, RECORD_PART);
		}
	}
}

void
record_text_end(struct records *records)
{
	if (records->is_open)
		end_part(records, RECORD_LINE);
}

/* ---- attributes ---- */

/* The text that begins at `at`; its end, NULL: it has none. */
static const char *
text_end(const char *at, const char *end)
{
	return at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
}

/* Length of a list; 0: not whole. */
static long
list_size(const char *bytes, size_t n)
{
	const char *at = bytes, *end = bytes + n;

	while (at < end && *at != '\0') {
		at = text_end(at, end); /* of the name */
		if (at != NULL)
			at = text_end(at + 1, end);
		if (at == NULL)
			return 0;
		at++;
	}
	return at < end ? (long)(at + 1 - bytes) : 0;
}

static bool
is_name(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] ==
	       '\0';
}

long
attributes_read(const char *bytes, size_t n,
    void (*on_attribute)(void *arg, const char *name, const char *value),
    void *arg)
{
	long size = list_size(bytes, n);

	/* A list has something in it. */
	if (n > 0 && bytes[0] == '\0')
		return -EPROTO;
	for (const char *at = bytes; size > 0 && *at != '\0';) {
		if (!is_name(at))
			return -EPROTO;
		at += strlen(at) + 1;
		at += strlen(at) + 1;
	}
	for (const char *at = bytes; size > 0 && *at != '\0';) {
		const char *value = at + strlen(at) + 1;

		on_attribute(arg, at, value);
		at = value + strlen(value) + 1;
	}
	return size;
}

/* ---- cleanup ---- */

static const struct record_fault faults[] = {
	{ 1u << 8, false, "4.7.1", "service unavailable" },
	{ 1u << 7, false, "4.3.0", "queue file write error" },
	{ 1u << 0, false, "4.3.0", "internal protocol error" },
	{ 1u << 1, false, "4.3.0", "queue file write error" },
	{ 1u << 6, true, "5.1.0", "no recipients specified" },
	{ 1u << 4, true, "5.4.0", "too many hops" },
	{ 1u << 2, true, "5.3.4", "message file too big" },
	{ 1u << 3, true, "5.7.1", "message content rejected" },
	{ 1u << 9, true, "5.7.1", "service denied" },
};

const struct record_fault *
record_fault(unsigned long status)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		if ((status & faults[i].bit) != 0)
			return &faults[i];
	return NULL;
}

unsigned
record_flag(const char *name)
{
	static const struct {
		const char *name;
		unsigned bits;
	} flags[] = {
		{ "FLAG_BOUNCE", 1u << 0 },
		{ "FLAG_FILTER", 1u << 1 },
		{ "FLAG_HOLD", 1u << 2 },
		{ "FLAG_DISCARD", 1u << 3 },
		{ "FLAG_BCC_OK", 1u << 4 },
		{ "FLAG_MAP_OK", 1u << 5 },
		{ "FLAG_MILTER", 1u << 6 },
		{ "FLAG_FILTER_ALL", 1u << 1 | 1u << 6 },
		{ "FLAG_MASK_EXTERNAL", 1u << 1 | 1u << 6 | 1u << 4 | 1u << 5 },
		{ "FLAG_MASK_INTERNAL", 1u << 5 },
		{ "FLAG_MASK_EXTRA", 1u << 2 | 1u << 3 },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcmp(flags[i].name, name) == 0)
			return flags[i].bits;
	return 0;
}
