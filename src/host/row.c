/* SPDX-License-Identifier: MIT */
/* row.c - several plugins' calls in one frame (docs/host-protocol.md, "Rows").
 *
 * Where plugins of the same host stand one behind the other in a chain, and
 * nobody is asked between them, the host is told of all at once.  It answers
 * for each by itself, and goes on with the next while the worker takes the
 * answer: to the engine they are calls like others, each with its deadline,
 * its record and its failure policy, but that of all but the first nothing
 * need be sent, and no process waits for the other.
 */
#include "hook/instance.h"
#include "hook/run.h"
#include "host_private.h"
#include "wire.h"

/* More are told of with the next frame. */
#define ROW_MAX 64

/* The running call's, in its chain; *ret_end is the chain's.  NULL: there is
 * none. */
static const struct chain_entry *
running_entry(const struct hl_ctx *ctx, const struct chain_entry **ret_end)
{
	const struct hook_frame *frame = ctx->frame;
	const struct chain *chain =
	    ctx->chains != NULL ? ctx->chains->hooks[frame->hook] : NULL;

	if (chain == NULL || frame->in_load || frame->time.entry < chain->at ||
	    frame->time.entry >= chain->at + chain->count)
		return NULL;
	*ret_end = chain->at + chain->count;
	return frame->time.entry;
}

/* A call inside of another one is made by itself, and so is one behind which
 * the plugins of `ok` are asked. */
static bool
may_go_ahead(const struct host_session *session, const struct hl_ctx *ctx)
{
	return ctx->conv != NULL && session->depth == 1 &&
	       host_link_has_rows(session->link) && !hook_is_used(ctx, HOOK_OK);
}

void
row_write(struct host_session *session, const struct hl_ctx *ctx,
    const struct host_plugin *plugin, struct buf *fields)
{
	enum hook_id hook = ctx->frame->hook;
	const struct chain_entry *end, *entry = NULL;
	size_t at = wire_open(fields);
	unsigned count = 0;

	buf_add_slice(fields, slice_str(plugin->entries[hook]));
	if (may_go_ahead(session, ctx))
		entry = running_entry(ctx, &end);
	if (entry != NULL)
		session->ahead.next = entry + 1;
	while (entry != NULL && ++entry < end && ++count < ROW_MAX) {
		const struct host_plugin *other = entry->plugin->remote;

		if (other == NULL || other->host != session->host)
			break;
		buf_add_char(fields, ',');
		buf_add_slice(fields, slice_str(other->entries[hook]));
		session->ahead.left++;
	}
	wire_close(fields, at);
}

bool
row_has(const struct host_session *session, const struct hl_ctx *ctx)
{
	return session->depth == 1 && session->ahead.left > 0 &&
	       session->ahead.next == ctx->frame->time.entry;
}

void
row_take(struct host_session *session)
{
	session->ahead.next++;
	session->ahead.left--;
	session->calls++;
}
