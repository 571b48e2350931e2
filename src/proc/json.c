/* SPDX-License-Identifier: MIT */
/* json.c - writing JSON (RFC 8259) into a buf. */
#include "json.h"

#include <stddef.h>

/* RFC 8259 7.  Bytes above 0x7f are passed on; what is not UTF-8 there is
 * the caller's mistake (names of plugins, paths). */
static void
add_string(struct buf *buf, const char *text)
{
	buf_add_char(buf, '"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_printf(buf, "\\%c", c);
		else if (c == '\n')
			buf_add_text(buf, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(buf, "\\u%04x", c);
		else
			buf_add_char(buf, (char)c);
	}
	buf_add_char(buf, '"');
}

static void
add_key(struct json *json, const char *key)
{
	if (json->wants_comma)
		buf_add_char(json->buf, ',');
	json->wants_comma = true;
	if (key != NULL) {
		add_string(json->buf, key);
		buf_add_char(json->buf, ':');
	}
}

void
json_open(struct json *json, const char *key, char bracket)
{
	add_key(json, key);
	buf_add_char(json->buf, bracket);
	json->wants_comma = false;
}

void
json_close(struct json *json, char bracket)
{
	buf_add_char(json->buf, bracket);
	json->wants_comma = true;
}

void
json_text(struct json *json, const char *key, const char *value)
{
	add_key(json, key);
	add_string(json->buf, value);
}

void
json_number(struct json *json, const char *key, uint64_t value)
{
	add_key(json, key);
	buf_add_u64(json->buf, value);
}
