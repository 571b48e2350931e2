/* SPDX-License-Identifier: MIT */
/* header.h - the header fields of a message, with the edits made to them.
 *
 * Received fields are kept as they are (ranges of the body's head, byte for
 * byte); edits are entries of their own in the same ordered list, so every
 * later reader sees them.  A field is one entry:
 *
 *      Name: value CRLF [ fold CRLF ]...
 *
 * Names compare without regard to case (ASCII).  `index` counts the fields
 * of one name from 0 in the order of the list.
 * Edits take their bytes from the owner's account.
 */
#ifndef HOOKLINE_MAIL_HEADER_H
#define HOOKLINE_MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"
#include "base/str.h"

struct arena;
struct body;
struct err;
struct memory_account;

/* For `index` of header_delete: every field of that name. */
#define HEADER_ALL SIZE_MAX
/* A field's number when it was not received but added. */
#define HEADER_ADDED UINT32_MAX

struct header_field {
	char *text;       /* own copy, or NULL: a range of the body's head */
	uint32_t offset;  /* of that range */
	uint32_t size;    /* with the final line end, if it has one */
	uint32_t name_n;  /* length of the name */
	uint32_t value;   /* where the value begins: behind colon and WSP */
	uint32_t arrival; /* number in order of arrival, or HEADER_ADDED */
};

struct header {
	const struct body *body;
	struct memory_account *account;
	struct header_field *fields; /* in order of delivery */
	unsigned count, room;
	uint32_t arrived;    /* received fields, also those deleted since */
	uint32_t generation; /* grows with each edit and each arrival */
};

enum header_form {
	HEADER_FOLDED,   /* folds kept as LF + WSP, no final line end */
	HEADER_UNFOLDED, /* line ends of folds taken out */
};

/* Both must outlive the header; `account` may be NULL. */
void header_init(struct header *header, const struct body *body,
    struct memory_account *account);
void header_done(struct header *header); /* a zeroed one is fine */

/* The whole field as it will be delivered, borrowed until the next edit (the
 * next arrival for received fields): all lines, with the final CRLF (absent
 * only if the message ended within the field). */
struct slice header_raw(
    const struct header *header, const struct header_field *field);
struct slice header_name(
    const struct header *header, const struct header_field *field);
/* What follows the colon and its spaces and tabs, without the last line end;
 * borrowed as header_raw. */
struct slice header_raw_value(
    const struct header *header, const struct header_field *field);
/* The same copied into `arena`; a NUL becomes a space. */
hl_str header_value(const struct header *header,
    const struct header_field *field, struct arena *arena,
    enum header_form form);

/* NULL when there is none.  Pointers to fields are good until the next edit
 * or arrival. */
const struct header_field *header_at(const struct header *header, size_t i);
const struct header_field *header_find(
    const struct header *header, struct slice name, size_t index);
/* The field that arrived as number `arrival`; NULL if it was deleted. */
const struct header_field *header_arrival(
    const struct header *header, uint32_t arrival);
/* How many there are of this name. */
size_t header_count(const struct header *header, struct slice name);
static inline size_t
header_total(const struct header *header)
{
	return header->count;
}

/* Value of the field `name`[index] in `arena`.  True if there is one; else
 * *ret is STR_EMPTY. */
bool header_get(const struct header *header, struct arena *arena,
    struct slice name, size_t index, enum header_form form, hl_str *ret);

/* Adds a field at the top or at the bottom.
 *
 * name   printable ASCII without ':' (RFC 5322 2.2), at most 76 bytes
 * value  LF or CRLF only before a space or tab (a fold; written as CRLF);
 *        spaces and tabs in front and one final line end are dropped; no
 *        line of white space only; a line over 998 octets is folded where
 *        it has white space
 * Returns 0; -EINVAL name or value is not fit for a header; -E2BIG over the
 * account's cap, or a field over 1 MiB; with text in `err`.  Never blocks.
 */
int header_add_top(struct header *header, struct slice name, struct slice value,
    struct err *err) WARN_UNUSED;
int header_add_bottom(struct header *header, struct slice name,
    struct slice value, struct err *err) WARN_UNUSED;
/* Puts a new value in the place of `name`[index]; adds at the bottom if
 * there is none.  As header_add_*. */
int header_replace(struct header *header, struct slice name, size_t index,
    struct slice value, struct err *err) WARN_UNUSED;
/* Deletes `name`[index], or all of them (HEADER_ALL).  Returns how many. */
size_t header_delete(struct header *header, struct slice name, size_t index);
/* Gives the field at list position `i` a new name, every other byte stays.
 * 0, -EINVAL bad name, -ENOENT no such position, -E2BIG. */
int header_rename_at(
    struct header *header, size_t i, struct slice name) WARN_UNUSED;

/* For message.c: appends a received field, a range of the body's head. */
void header_arrive(struct header *header, const struct header_field *field);

#endif
