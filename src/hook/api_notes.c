/* SPDX-License-Identifier: MIT */
/* api_notes.c - plugin.h: notes and their values.
 *
 * A value that a hook got or made is held by its frame until it returns.
 * The names "hl.result.HOOK.PLUGIN" are not stored: they are what hl_result
 * answers, for those who know notes alone, and cannot be set.
 */
#include "mail/notes.h"

#include <errno.h>

#include "ctx.h"
#include "mail/value.h"

#define RESULT_PREFIX "hl.result."

/* The table of a scope, and who pays for it. */
struct place {
	struct notes **notes;
	struct memory_account *account;
};

static bool
find_place(const struct hl_ctx *ctx, enum hl_scope scope, struct place *ret)
{
	ctx_check(ctx);
	switch (scope) {
	case HL_CONNECTION:
		if (ctx->conv == NULL)
			return false;
		*ret = (struct place){ &ctx->conv->notes, &ctx->conv->account };
		return true;
	case HL_TRANSACTION:
		if (ctx->txn == NULL)
			return false;
		*ret = (struct place){ &ctx->txn->notes, &ctx->txn->account };
		return true;
	}
	return false;
}

static bool
is_result(hl_str name)
{
	return slice_starts(slice_str(name), RESULT_PREFIX);
}

static bool
find_result(const struct hl_ctx *ctx, hl_str name, enum hl_verdict *ret)
{
	struct slice rest =
	    slice_from(slice_str(name), sizeof(RESULT_PREFIX) - 1);
	struct slice hook;

	if (!slice_cut(&rest, '.', &hook) || rest.n == 0)
		return false;
	/* What is behind the last dot of `name` ends as `name` does. */
	return hl_result(
	    ctx, arena_str(ctx->arena, hook), (hl_str){ rest.p, rest.n }, ret);
}

/* The caller's reference, or NULL. */
static struct hl_value *
get(const struct hl_ctx *ctx, enum hl_scope scope, hl_str name)
{
	enum hl_verdict verdict;
	struct place place;

	if (!find_place(ctx, scope, &place))
		return NULL;
	if (!is_result(name))
		return notes_get(*place.notes, slice_str(name));
	return find_result(ctx, name, &verdict)
		   ? value_text(slice_of(hl_verdict_name(verdict)))
		   : NULL;
}

static int
set(struct hl_ctx *ctx, enum hl_scope scope, hl_str name,
    struct hl_value *value)
{
	struct place place;

	if (!find_place(ctx, scope, &place))
		return -EINVAL;
	if (is_result(name))
		return -EROFS;
	return notes_set(place.notes, place.account, slice_str(name), value);
}

hl_str
hl_note_text(const struct hl_ctx *ctx, enum hl_scope scope, hl_str name)
{
	struct hl_value *value = get(ctx, scope, name);
	hl_str text = STR_EMPTY;

	if (value == NULL)
		return text;
	if (value_kind(value) == HL_KIND_INT)
		text = arena_printf(
		    ctx->arena, "%lld", (long long)value_as_int(value));
	else
		text = arena_str(ctx->arena, slice_str(value_as_text(value)));
	value_unref(&value);
	return text;
}

int64_t
hl_note_int(const struct hl_ctx *ctx, enum hl_scope scope, hl_str name,
    int64_t fallback)
{
	struct hl_value *value = get(ctx, scope, name);
	int64_t number;

	if (value == NULL)
		return fallback;
	number = value_as_int(value);
	value_unref(&value);
	return number;
}

bool
hl_note_has(const struct hl_ctx *ctx, enum hl_scope scope, hl_str name)
{
	struct hl_value *value = get(ctx, scope, name);
	bool has = value != NULL;

	value_unref(&value);
	return has;
}

int
hl_note_set_text(
    struct hl_ctx *ctx, enum hl_scope scope, hl_str name, hl_str text)
{
	struct hl_value *value = value_text(slice_str(text));
	int status = set(ctx, scope, name, value);

	value_unref(&value);
	return status;
}

int
hl_note_set_int(
    struct hl_ctx *ctx, enum hl_scope scope, hl_str name, int64_t number)
{
	struct hl_value *value = value_int(number);
	int status = set(ctx, scope, name, value);

	value_unref(&value);
	return status;
}

bool
hl_note_delete(struct hl_ctx *ctx, enum hl_scope scope, hl_str name)
{
	struct place place;

	return find_place(ctx, scope, &place) &&
	       notes_remove(place.notes, slice_str(name));
}

static void
release_value(void *what)
{
	struct hl_value *value = what;

	value_unref(&value);
}

/* Takes the caller's reference; NULL stays NULL. */
static struct hl_value *
held_value(struct hl_ctx *ctx, struct hl_value *value)
{
	if (value != NULL)
		(void)ctx_hold(ctx, release_value, value);
	return value;
}

const struct hl_value *
hl_note_get(struct hl_ctx *ctx, enum hl_scope scope, hl_str name)
{
	return held_value(ctx, get(ctx, scope, name));
}

int
hl_note_set(struct hl_ctx *ctx, enum hl_scope scope, hl_str name,
    const struct hl_value *value)
{
	struct hl_value *own = value != NULL ? value_ref(value) : NULL;
	int status = set(ctx, scope, name, own);

	value_unref(&own);
	return status;
}

const struct hl_value *
hl_rcpt_note_get(struct hl_ctx *ctx, const struct hl_rcpt *rcpt, hl_str name)
{
	ctx_check(ctx);
	if (rcpt == NULL)
		return NULL;
	return held_value(ctx, notes_get(rcpt->notes, slice_str(name)));
}

int
hl_rcpt_note_set(struct hl_ctx *ctx, struct hl_rcpt *rcpt, hl_str name,
    const struct hl_value *value)
{
	struct hl_value *own;
	int status;

	ctx_check(ctx);
	/* Nobody would free notes of one that was removed. */
	if (ctx->txn == NULL || rcpt == NULL || !link_is_linked(&rcpt->link))
		return -EINVAL;
	own = value != NULL ? value_ref(value) : NULL;
	status =
	    notes_set(&rcpt->notes, &ctx->txn->account, slice_str(name), own);
	value_unref(&own);
	return status;
}

/* ---- values ---- */

struct hl_value *
hl_value_text(struct hl_ctx *ctx, hl_str text)
{
	ctx_check(ctx);
	return held_value(ctx, value_text(slice_str(text)));
}

struct hl_value *
hl_value_int(struct hl_ctx *ctx, int64_t number)
{
	ctx_check(ctx);
	return held_value(ctx, value_int(number));
}

struct hl_value *
hl_value_list(struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return held_value(ctx, value_list());
}

struct hl_value *
hl_value_map(struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return held_value(ctx, value_map());
}

int
hl_value_append(struct hl_value *list, const struct hl_value *item)
{
	if (list == NULL || item == NULL ||
	    value_append(list, value_ref(item)) < 0)
		return -EINVAL;
	return 0;
}

int
hl_value_put(struct hl_value *map, hl_str key, const struct hl_value *item)
{
	if (map == NULL || item == NULL ||
	    value_put(map, slice_str(key), value_ref(item)) < 0)
		return -EINVAL;
	return 0;
}

enum hl_kind
hl_value_kind(const struct hl_value *value)
{
	return value != NULL ? value_kind(value) : HL_KIND_TEXT;
}

hl_str
hl_value_as_text(const struct hl_value *value)
{
	return value_as_text(value);
}

int64_t
hl_value_as_int(const struct hl_value *value)
{
	return value_as_int(value);
}

size_t
hl_value_count(const struct hl_value *value)
{
	return value_count(value);
}

const struct hl_value *
hl_value_at(const struct hl_value *value, size_t i)
{
	return value_at(value, i);
}

hl_str
hl_value_key_at(const struct hl_value *map, size_t i)
{
	return value_key_at(map, i);
}

const struct hl_value *
hl_value_find(const struct hl_value *map, hl_str key)
{
	return value_find(map, slice_str(key));
}
