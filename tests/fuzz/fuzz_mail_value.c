/* SPDX-License-Identifier: MIT */
/* fuzz_mail_value.c - any order of calls gives values that are finite,
 * accounted for and equal to their likes; notes give every byte back.
 *
 * Input: a program for a stack of values, one byte for each step.
 */
#include "fuzz.h"

#include <errno.h>

#include "base/buf.h"
#include "mail/memory.h"
#include "mail/notes.h"
#include "mail/value.h"

#define STACK 8

enum { INT, TEXT, LIST, MAP, APPEND, PUT, NOTE, COPY, DROP, FETCH };

struct machine {
	struct hl_value *at[STACK];
	unsigned count;
	struct notes *notes;
	struct memory_account account;
};

static void
push(struct machine *m, struct hl_value *value)
{
	if (m->count == STACK)
		value_unref(&m->at[--m->count]);
	m->at[m->count++] = value;
}

/* Text of up to 15 bytes. */
static struct slice
text(struct slice *in)
{
	size_t n = fuzz_byte(in) & 15;
	struct slice part = slice_head(*in, n);

	*in = slice_from(*in, part.n);
	return part;
}

/* The topmost value goes into the one below. */
static void
store(struct machine *m, struct slice key, bool is_put)
{
	struct hl_value *item, *into;
	size_t before;
	int ret;

	if (m->count < 2)
		return;
	item = m->at[--m->count];
	into = m->at[m->count - 1];
	before = value_count(into);
	ret = is_put ? value_put(into, key, item) : value_append(into, item);
	CHECK(ret == 0 || value_count(into) == before);
	CHECK(ret == 0 || ret == -EINVAL || ret == -EROFS || ret == -ELOOP);
	if (ret == 0 && is_put)
		CHECK(value_find(into, key) != NULL);
}

static void
set_note(struct machine *m, struct slice key)
{
	struct hl_value *value, *got;
	int ret;

	if (m->count == 0)
		return;
	value = m->at[m->count - 1];
	ret = notes_set(&m->notes, &m->account, key, value);
	CHECK(ret == 0 || ret == -EINVAL || ret == -E2BIG);
	CHECK(m->account.used <= m->account.cap);
	if (ret < 0)
		return;
	CHECK(value_is_frozen(value));
	got = notes_get(m->notes, key);
	CHECK(got == value);
	value_unref(&got);
}

static void
step(struct machine *m, struct slice *in)
{
	struct hl_value *value;

	switch (fuzz_byte(in) % 10) {
	case INT:
		push(m, value_int((int8_t)fuzz_byte(in)));
		break;
	case TEXT:
		push(m, value_text(text(in)));
		break;
	case LIST:
		push(m, value_list());
		break;
	case MAP:
		push(m, value_map());
		break;
	case APPEND:
		store(m, SLICE_NONE, false);
		break;
	case PUT:
		store(m, text(in), true);
		break;
	case NOTE:
		set_note(m, text(in));
		break;
	case COPY:
		if (m->count > 0)
			push(m, value_ref(m->at[fuzz_byte(in) % m->count]));
		break;
	case DROP:
		if (m->count > 0)
			value_unref(&m->at[--m->count]);
		break;
	case FETCH:
		value = notes_get(m->notes, text(in));
		if (value != NULL)
			push(m, value);
		break;
	}
}

/* The same items in a new container; a map's in the opposite order. */
static struct hl_value *
rebuild(const struct hl_value *value)
{
	bool is_map = value_kind(value) == HL_KIND_MAP;
	struct hl_value *copy = is_map ? value_map() : value_list();
	size_t n = value_count(value);

	for (size_t i = 0; i < n; i++) {
		size_t k = is_map ? n - 1 - i : i;
		struct hl_value *item = value_ref(value_at(value, k));

		if (is_map)
			CHECK(value_put(copy, slice_str(value_key_at(value, k)),
				  item) == 0);
		else
			CHECK(value_append(copy, item) == 0);
	}
	return copy;
}

static void
check_value(const struct hl_value *value)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	enum hl_kind kind = value_kind(value);

	CHECK(value_depth(value) <= VALUE_DEPTH_MAX);
	CHECK(value_memory(value) > 0);
	CHECK(value_equal(value, value));
	value_json(value, &a);
	value_json(value, &b);
	CHECK(slice_eq(buf_slice(&a), buf_slice(&b)));
	if (kind == HL_KIND_LIST || kind == HL_KIND_MAP) {
		struct hl_value *copy = rebuild(value);

		CHECK(value_equal(value, copy) && value_equal(copy, value));
		CHECK(value_append(copy, value_int(1)) ==
		      (kind == HL_KIND_LIST ? 0 : -EINVAL));
		if (kind == HL_KIND_LIST)
			CHECK(!value_equal(value, copy));
		value_unref(&copy);
	}
	buf_done(&a);
	buf_done(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	struct machine m = { .account = { .cap = 4096 } };

	/* Sharing makes a tree grow as 2^n: so many steps are enough. */
	for (unsigned steps = 0; in.n > 0 && steps < 200; steps++)
		step(&m, &in);
	while (m.count > 0) {
		if (value_memory(m.at[m.count - 1]) < 100000)
			check_value(m.at[m.count - 1]);
		value_unref(&m.at[--m.count]);
	}
	notes_free(&m.notes);
	CHECK(m.account.used == 0);
	return 0;
}
