/* SPDX-License-Identifier: MIT */
/* wire.h - frames, fields and values of the host protocol as bytes.
 *
 * docs/host-protocol.md, "Frames".  Pure: no I/O.  A list is a row of fields,
 * a field is 32 bits of length and that many bytes; a field may hold a list.
 */
#ifndef HOOKLINE_HOST_WIRE_H
#define HOOKLINE_HOST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/slice.h"
#include "base/str.h"

struct hl_value;

#define WIRE_HEAD 4u /* bytes of a length */
#define WIRE_FRAME_MAX (16u * 1024 * 1024)
#define WIRE_FIELDS_MAX 65536u

/* ---- writing ---- */

void wire_add(struct buf *out, struct slice field);
void wire_add_text(struct buf *out, const char *field);
void wire_add_number(struct buf *out, uint64_t number);
/* A value as text ("s..."), or none ("u"). */
void wire_add_text_value(struct buf *out, struct slice text);
void wire_add_no_value(struct buf *out);
void wire_add_value(struct buf *out, const struct hl_value *value);
/* A field that is made up of what is added until wire_close. */
size_t wire_open(struct buf *out);
void wire_close(struct buf *out, size_t at);

/* ---- reading ---- */

/* Takes the next field off `list`.  False at the end, or when what is left is
 * no field: then `list` is not empty. */
bool wire_next(struct slice *list, struct slice *ret);
/* Are these fields, at most WIRE_FIELDS_MAX? */
bool wire_is_list(struct slice list);
/* A decimal number; -EINVAL. */
int wire_number(struct slice field, uint64_t max, uint64_t *ret) WARN_UNUSED;
/* *ret has one reference, the caller's; NULL for "u".  Returns 0; -EINVAL no
 * value, or one that is too deep. */
int wire_value(struct slice field, struct hl_value **ret) WARN_UNUSED;

#endif
