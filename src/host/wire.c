/* SPDX-License-Identifier: MIT */
/* wire.c - frames, fields and values of the host protocol as bytes. */
#include "wire.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "mail/value.h"

static void
put_length(char *at, size_t n)
{
	CHECK(n <= UINT32_MAX);
	at[0] = (char)(n >> 24);
	at[1] = (char)(n >> 16);
	at[2] = (char)(n >> 8);
	at[3] = (char)n;
}

static size_t
get_length(const char *at)
{
	const unsigned char *p = (const unsigned char *)at;

	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
	       p[3];
}

void
wire_add(struct buf *out, struct slice field)
{
	char length[WIRE_HEAD];

	put_length(length, field.n);
	buf_add(out, length, sizeof(length));
	buf_add_slice(out, field);
}

void
wire_add_text(struct buf *out, const char *field)
{
	wire_add(out, slice_of(field));
}

void
wire_add_number(struct buf *out, uint64_t number)
{
	size_t at = wire_open(out);

	buf_add_u64(out, number);
	wire_close(out, at);
}

void
wire_add_text_value(struct buf *out, struct slice text)
{
	size_t at = wire_open(out);

	buf_add_char(out, 's');
	buf_add_slice(out, text);
	wire_close(out, at);
}

void
wire_add_no_value(struct buf *out)
{
	wire_add(out, SLICE_LIT("u"));
}

static void
add_items(struct buf *out, const struct hl_value *value, bool is_map)
{
	for (size_t i = 0; i < value_count(value); i++) {
		if (is_map)
			wire_add(out, slice_str(value_key_at(value, i)));
		wire_add_value(out, value_at(value, i));
	}
}

/* Values nest at most VALUE_DEPTH_MAX deep (value.h). */
void
wire_add_value(struct buf *out, const struct hl_value *value)
{
	size_t at;

	if (value == NULL) {
		wire_add_no_value(out);
		return;
	}
	at = wire_open(out);
	switch (value_kind(value)) {
	case HL_KIND_TEXT:
		buf_add_char(out, 's');
		buf_add_slice(out, slice_str(value_as_text(value)));
		break;
	case HL_KIND_INT:
		buf_printf(out, "s%lld", (long long)value_as_int(value));
		break;
	case HL_KIND_LIST:
		buf_add_char(out, 'l');
		add_items(out, value, false);
		break;
	case HL_KIND_MAP:
		buf_add_char(out, 'm');
		add_items(out, value, true);
		break;
	}
	wire_close(out, at);
}

size_t
wire_open(struct buf *out)
{
	char length[WIRE_HEAD] = { 0 };

	buf_add(out, length, sizeof(length));
	return out->n;
}

void
wire_close(struct buf *out, size_t at)
{
	put_length(out->p + at - WIRE_HEAD, out->n - at);
}

bool
wire_next(struct slice *list, struct slice *ret)
{
	size_t n;

	if (list->n < WIRE_HEAD)
		return false;
	n = get_length(list->p);
	if (list->n - WIRE_HEAD < n)
		return false;
	*ret = (struct slice){ list->p + WIRE_HEAD, n };
	*list = slice_from(*list, WIRE_HEAD + n);
	return true;
}

bool
wire_is_list(struct slice list)
{
	struct slice field;
	unsigned count = 0;

	while (wire_next(&list, &field)) {
		if (++count > WIRE_FIELDS_MAX)
			return false;
	}
	return list.n == 0;
}

int
wire_number(struct slice field, uint64_t max, uint64_t *ret)
{
	return num_parse_u64(field, max, ret);
}

static int parse(struct slice field, unsigned depth, struct hl_value **ret);

/* What a list or map holds. */
static int
parse_items(struct slice rest, unsigned depth, struct hl_value *into)
{
	bool is_map = value_kind(into) == HL_KIND_MAP;
	struct slice key = SLICE_NONE, field;

	if (!wire_is_list(rest))
		return -EINVAL;
	while (wire_next(&rest, &field)) {
		struct hl_value *item;
		int status;

		if (is_map && key.p == NULL) {
			key = field;
			continue;
		}
		status = parse(field, depth + 1, &item);
		if (status < 0)
			return status;
		/* "none" inside of a value reads as the empty text */
		if (item == NULL)
			item = value_text(SLICE_LIT(""));
		status = is_map ? value_put(into, key, item)
				: value_append(into, item);
		if (status < 0)
			return -EINVAL;
		key = SLICE_NONE;
	}
	return key.p == NULL ? 0 : -EINVAL;
}

static int
parse(struct slice field, unsigned depth, struct hl_value **ret)
{
	struct slice rest = slice_from(field, 1);
	struct hl_value *value = NULL;
	int status = 0;

	if (field.n == 0 || depth > VALUE_DEPTH_MAX)
		return -EINVAL;
	switch (field.p[0]) {
	case 'u':
		status = rest.n == 0 ? 0 : -EINVAL;
		break;
	case 's':
		value = value_text(rest);
		break;
	case 'l':
	case 'm':
		value = field.p[0] == 'l' ? value_list() : value_map();
		status = parse_items(rest, depth, value);
		break;
	default:
		status = -EINVAL;
		break;
	}
	if (status < 0)
		value_unref(&value);
	else
		*ret = value;
	return status;
}

int
wire_value(struct slice field, struct hl_value **ret)
{
	return parse(field, 0, ret);
}
