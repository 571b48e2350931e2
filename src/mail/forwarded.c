/* SPDX-License-Identifier: MIT */
/* forwarded.c - what XFORWARD says of a message's first client. */
#include "forwarded.h"

#include "base/mem.h"

static void
copy(struct arena *arena, const struct xattrs *from, struct xattrs *to)
{
	for (unsigned i = 0; i < XATTR_COUNT; i++) {
		if (from->value[i].p != NULL)
			to->value[i] =
			    arena_str(arena, slice_str(from->value[i]));
	}
}

/* Made anew each time: a client that repeats itself makes nothing grow. */
void
forwarded_add(struct forwarded **forwarded, const struct xattrs *attrs)
{
	struct forwarded *sum = mem_alloc(sizeof(*sum));
	struct xattrs merged = { 0 };

	arena_init(&sum->arena, 512, 0);
	if (*forwarded != NULL)
		merged = (*forwarded)->attrs;
	for (unsigned i = 0; i < XATTR_COUNT; i++) {
		if (attrs->value[i].p != NULL)
			merged.value[i] = attrs->value[i];
	}
	copy(&sum->arena, &merged, &sum->attrs);
	forwarded_free(forwarded);
	*forwarded = sum;
}

const struct forwarded *
forwarded_dup(struct arena *arena, const struct forwarded *forwarded)
{
	struct forwarded *dup;

	if (forwarded == NULL)
		return NULL;
	dup = arena_alloc(arena, sizeof(*dup));
	copy(arena, &forwarded->attrs, &dup->attrs);
	return dup;
}

void
forwarded_free(struct forwarded **forwarded)
{
	if (*forwarded == NULL)
		return;
	arena_done(&(*forwarded)->arena);
	mem_free(*forwarded);
	*forwarded = NULL;
}

hl_str
forwarded_value(const struct forwarded *forwarded, enum xattr attr)
{
	if (forwarded == NULL || forwarded->attrs.value[attr].p == NULL)
		return STR_EMPTY;
	return forwarded->attrs.value[attr];
}
