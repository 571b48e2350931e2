/* SPDX-License-Identifier: MIT */
/* json.h - writing JSON (RFC 8259) into a buf.
 *
 * The writer puts the commas; the caller matches the brackets.
 */
#ifndef HOOKLINE_PROC_JSON_H
#define HOOKLINE_PROC_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json {
	struct buf *buf;
	bool wants_comma; /* something stands before, at this level */
};

/* `key` NULL: in an array, or the outermost value. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_text(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, uint64_t value);

#endif
