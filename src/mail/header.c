/* SPDX-License-Identifier: MIT */
/* header.c - the list of a message's header fields. */
#include "header_private.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "smtp/field.h"

#include "body.h"
#include "memory.h"

#define NOT_FOUND SIZE_MAX

void
header_init(struct header *header, const struct body *body,
    struct memory_account *account)
{
	*header = (struct header){ .body = body, .account = account };
}

static size_t
edit_bytes(const struct header_field *field)
{
	return field->text == NULL ? 0 : field->size + sizeof(*field);
}

static void
field_done(struct header *header, struct header_field *field)
{
	if (header->account != NULL)
		memory_account_give(header->account, edit_bytes(field));
	mem_free(field->text);
	field->text = NULL;
}

void
header_done(struct header *header)
{
	for (unsigned i = 0; i < header->count; i++)
		field_done(header, &header->fields[i]);
	mem_free(header->fields);
	*header = (struct header){ 0 };
}

/* ---- looking ----------------------------------------------------------- */

struct slice
header_raw(const struct header *header, const struct header_field *field)
{
	if (field->text != NULL)
		return (struct slice){ field->text, field->size };
	return slice_head(
	    slice_from(buf_slice(&header->body->head), field->offset),
	    field->size);
}

struct slice
header_name(const struct header *header, const struct header_field *field)
{
	return slice_head(header_raw(header, field), field->name_n);
}

struct slice
header_raw_value(const struct header *header, const struct header_field *field)
{
	struct slice value =
	    slice_from(header_raw(header, field), field->value);

	if (value.n > 0 && value.p[value.n - 1] == '\n')
		value.n--;
	if (value.n > 0 && value.p[value.n - 1] == '\r')
		value.n--;
	return value;
}

/* CRLF becomes LF, NUL a space. */
static hl_str
folded(struct slice value, struct arena *arena)
{
	char *text = arena_alloc(arena, value.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n')
			continue;
		text[n++] = c == '\0' ? ' ' : c;
	}
	return (hl_str){ text, n };
}

hl_str
header_value(const struct header *header, const struct header_field *field,
    struct arena *arena, enum header_form form)
{
	struct slice value = header_raw_value(header, field);

	if (form == HEADER_UNFOLDED)
		return smtp_field_unfold(arena, value);
	return folded(value, arena);
}

const struct header_field *
header_at(const struct header *header, size_t i)
{
	return i < header->count ? &header->fields[i] : NULL;
}

static bool
is_named(const struct header *header, size_t i, struct slice name)
{
	const struct header_field *field = &header->fields[i];

	/* Most are told by the length: their bytes are not touched. */
	return field->name_n == name.n &&
	       slice_caseeq(header_name(header, field), name);
}

static size_t
position(const struct header *header, struct slice name, size_t index)
{
	for (size_t i = 0; i < header->count; i++) {
		if (is_named(header, i, name) && index-- == 0)
			return i;
	}
	return NOT_FOUND;
}

const struct header_field *
header_find(const struct header *header, struct slice name, size_t index)
{
	size_t i = position(header, name, index);

	return i == NOT_FOUND ? NULL : &header->fields[i];
}

const struct header_field *
header_arrival(const struct header *header, uint32_t arrival)
{
	if (arrival == HEADER_ADDED)
		return NULL;
	for (size_t i = 0; i < header->count; i++) {
		if (header->fields[i].arrival == arrival)
			return &header->fields[i];
	}
	return NULL;
}

size_t
header_count(const struct header *header, struct slice name)
{
	size_t count = 0;

	for (size_t i = 0; i < header->count; i++)
		count += is_named(header, i, name);
	return count;
}

bool
header_get(const struct header *header, struct arena *arena, struct slice name,
    size_t index, enum header_form form, hl_str *ret)
{
	const struct header_field *field = header_find(header, name, index);

	*ret = field == NULL ? STR_EMPTY
			     : header_value(header, field, arena, form);
	return field != NULL;
}

/* ---- changing ---------------------------------------------------------- */

static void
insert(struct header *header, size_t i, const struct header_field *field)
{
	if (header->count == header->room) {
		unsigned room = header->room == 0 ? 32 : header->room * 2;

		header->fields =
		    mem_grow(header->fields, room * sizeof(*field));
		header->room = room;
	}
	memmove(header->fields + i + 1, header->fields + i,
	    (header->count - i) * sizeof(*field));
	header->fields[i] = *field;
	header->count++;
	header->generation++;
}

static void
remove_at(struct header *header, size_t i)
{
	field_done(header, &header->fields[i]);
	header->count--;
	memmove(header->fields + i, header->fields + i + 1,
	    (header->count - i) * sizeof(header->fields[0]));
	header->generation++;
}

void
header_arrive(struct header *header, const struct header_field *field)
{
	CHECK(field->text == NULL);
	insert(header, header->count, field);
	header->fields[header->count - 1].arrival = header->arrived++;
}

/* Makes `text`, whose memory it takes over, an entry; charges the account.
 * `old` (may be NULL) is what it replaces, already counted as free. */
static int
charge(struct header *header, const struct header_field *field,
    const struct header_field *old, struct err *err)
{
	size_t old_bytes = old == NULL ? 0 : edit_bytes(old);
	int ret;

	if (header->account == NULL)
		return 0;
	memory_account_give(header->account, old_bytes);
	ret = memory_account_take(header->account, edit_bytes(field));
	if (ret == 0)
		return 0;
	memory_account_force(header->account, old_bytes);
	return err_set(err, ret, "over the memory limit of the transaction");
}

/* A field of its own from name and value.  On success the account is charged
 * for it in the place of `old`. */
static int
make(struct header *header, struct slice name, struct slice value,
    const struct header_field *old, struct header_field *ret_field,
    struct err *err)
{
	struct buf text = BUF_INIT;
	int ret = header__build(&text, name, value, err);

	*ret_field = (struct header_field){
		.text = text.p,
		.size = (uint32_t)text.n,
		.name_n = (uint32_t)name.n,
		.value = (uint32_t)name.n + 2,
		.arrival = old == NULL ? HEADER_ADDED : old->arrival,
	};
	if (ret == 0)
		ret = charge(header, ret_field, old, err);
	if (ret < 0)
		buf_done(&text);
	return ret;
}

static int
add_at(struct header *header, size_t i, struct slice name, struct slice value,
    struct err *err)
{
	struct header_field field;
	int ret = make(header, name, value, NULL, &field, err);

	if (ret == 0)
		insert(header, i, &field);
	return ret;
}

int
header_add_top(struct header *header, struct slice name, struct slice value,
    struct err *err)
{
	return add_at(header, 0, name, value, err);
}

int
header_add_bottom(struct header *header, struct slice name, struct slice value,
    struct err *err)
{
	return add_at(header, header->count, name, value, err);
}

/* Puts `field`, charged already, in the place of entry `i`. */
static void
put_at(struct header *header, size_t i, const struct header_field *field)
{
	mem_free(header->fields[i].text);
	header->fields[i] = *field;
	header->generation++;
}

int
header_replace(struct header *header, struct slice name, size_t index,
    struct slice value, struct err *err)
{
	size_t i = position(header, name, index);
	struct header_field field;
	int ret;

	if (i == NOT_FOUND)
		return header_add_bottom(header, name, value, err);
	ret = make(header, name, value, &header->fields[i], &field, err);
	if (ret == 0)
		put_at(header, i, &field);
	return ret;
}

size_t
header_delete(struct header *header, struct slice name, size_t index)
{
	size_t deleted = 0, i = 0;

	if (index != HEADER_ALL) {
		i = position(header, name, index);
		if (i == NOT_FOUND)
			return 0;
		remove_at(header, i);
		return 1;
	}
	while (i < header->count) {
		if (is_named(header, i, name)) {
			remove_at(header, i);
			deleted++;
		} else {
			i++;
		}
	}
	return deleted;
}

int
header_rename_at(struct header *header, size_t i, struct slice name)
{
	struct buf text = BUF_INIT;
	struct header_field field;
	int ret;

	if (i >= header->count)
		return -ENOENT;
	ret = header__check_name(name, NULL);
	if (ret < 0)
		return ret;
	field = header->fields[i];
	buf_add_slice(&text, name);
	buf_add_slice(
	    &text, slice_from(header_raw(header, &field), field.name_n));
	field.text = text.p;
	field.size = (uint32_t)text.n;
	field.value = (uint32_t)(field.value - field.name_n + name.n);
	field.name_n = (uint32_t)name.n;
	ret = charge(header, &field, &header->fields[i], NULL);
	if (ret < 0)
		buf_done(&text);
	else
		put_at(header, i, &field);
	return ret;
}
