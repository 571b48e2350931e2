/* SPDX-License-Identifier: MIT */
/* conf_fault.c - what is wrong with the configuration, and where. */
#include "conf_fault.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
conf_faults_init(struct conf_faults *faults)
{
	*faults = (struct conf_faults){ .at = NULL };
	arena_init(&faults->arena, 1024, 0);
}

void
conf_faults_done(struct conf_faults *faults)
{
	arena_done(&faults->arena);
	mem_free(faults->at);
	*faults = (struct conf_faults){ .at = NULL };
}

void
conf_faults_clear(struct conf_faults *faults)
{
	arena_reset(&faults->arena);
	faults->count = 0;
	faults->dropped = 0;
}

struct conf_fault *
conf_faults_find(const struct conf_faults *faults, hl_str file, unsigned line,
    struct slice text)
{
	for (size_t i = 0; i < faults->count; i++) {
		struct conf_fault *fault = &faults->at[i];

		if (fault->line == line &&
		    slice_eq(slice_str(fault->text), text) &&
		    str_eq(fault->file, file))
			return fault;
	}
	return NULL;
}

/* The next free place, NULL when the set is full. */
static struct conf_fault *
make_room(struct conf_faults *faults)
{
	if (faults->count == CONF_FAULTS_MAX) {
		faults->dropped++;
		return NULL;
	}
	if (faults->count == faults->cap) {
		faults->cap = faults->cap > 0 ? 2 * faults->cap : 4;
		faults->at =
		    mem_grow(faults->at, faults->cap * sizeof(faults->at[0]));
	}
	return &faults->at[faults->count++];
}

static struct conf_fault *
add(struct conf_faults *faults, hl_str file, unsigned line, struct slice text,
    struct wall since)
{
	struct conf_fault *fault;

	if (conf_faults_find(faults, file, line, text) != NULL)
		return NULL;
	fault = make_room(faults);
	if (fault != NULL)
		*fault = (struct conf_fault){
			.file = arena_str(&faults->arena, slice_str(file)),
			.line = line,
			.text = arena_str(&faults->arena, text),
			.since = since,
		};
	return fault;
}

const struct conf_fault *
conf_faults_vadd(struct conf_faults *faults, hl_str file, unsigned line,
    const char *fmt, va_list args)
{
	const struct conf_fault *fault;
	struct buf text = BUF_INIT;

	/* Not in the arena before it is known to be new: a fault may be
	 * found again and again. */
	buf_vprintf(&text, fmt, args);
	fault = add(faults, file, line, buf_slice(&text), wall_now());
	buf_done(&text);
	return fault;
}

const struct conf_fault *
conf_faults_add(struct conf_faults *faults, hl_str file, unsigned line,
    const char *fmt, ...)
{
	const struct conf_fault *fault;
	va_list args;

	va_start(args, fmt);
	fault = conf_faults_vadd(faults, file, line, fmt, args);
	va_end(args);
	return fault;
}

void
conf_faults_merge(struct conf_faults *faults, const struct conf_faults *more)
{
	for (size_t i = 0; i < more->count; i++) {
		const struct conf_fault *fault = &more->at[i];

		(void)add(faults, fault->file, fault->line,
		    slice_str(fault->text), fault->since);
	}
	faults->dropped += more->dropped;
}

static int
by_place(const void *a_p, const void *b_p)
{
	const struct conf_fault *a = a_p;
	const struct conf_fault *b = b_p;
	int order = strcmp(a->file.p, b->file.p);

	if (order != 0)
		return order;
	return (a->line > b->line) - (a->line < b->line);
}

void
conf_faults_sort(struct conf_faults *faults)
{
	if (faults->count > 1)
		qsort(
		    faults->at, faults->count, sizeof(faults->at[0]), by_place);
}

void
conf_fault_print(struct buf *buf, const struct conf_fault *fault)
{
	buf_add_slice(buf, slice_str(fault->file));
	if (fault->line > 0)
		buf_printf(buf, ":%u", fault->line);
	buf_add_text(buf, ": ");
	buf_add_slice(buf, slice_str(fault->text));
}
