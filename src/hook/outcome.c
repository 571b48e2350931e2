/* SPDX-License-Identifier: MIT */
/* outcome.c - the one place where a verdict becomes a reply.
 *
 * The row says what a verdict does (hooks.def); the plugin may have given
 * text, enhanced code or code; a failure policy gives its own.
 */
#include <string.h>

#include "base/buf.h"
#include "run.h"

/* Puts the session's words into a default text: {addr} {me} {verb} {id}
 * {version} {ip} {name}. */
static struct slice
word_for(struct slice name, struct hl_ctx *ctx, const struct hook_args *args)
{
	struct conv *conv = ctx->conv;

	if (slice_eq_text(name, "addr"))
		return args != NULL && args->addr != NULL
			   ? slice_str(args->addr->text)
			   : SLICE_NONE;
	if (slice_eq_text(name, "version"))
		return SLICE_LIT(HOOKLINE_VERSION);
	if (slice_eq_text(name, "id"))
		return ctx->txn != NULL ? slice_of(ctx->txn->id) : SLICE_NONE;
	if (conv == NULL)
		return SLICE_NONE;
	if (slice_eq_text(name, "me"))
		return slice_str(conv->me);
	if (slice_eq_text(name, "ip"))
		return slice_str(conv->facts.peer_ip);
	return SLICE_NONE;
}

static hl_str
default_text(const char *text, struct hl_ctx *ctx, const struct hook_args *args)
{
	struct slice left = slice_of(text), part;
	struct buf buf = BUF_INIT;
	hl_str ret;

	if (strchr(text, '{') == NULL)
		return str_of(text);
	while (slice_cut(&left, '{', &part)) {
		struct slice name;

		buf_add_slice(&buf, part);
		if (left.p != NULL && slice_cut(&left, '}', &name))
			buf_add_slice(&buf, word_for(name, ctx, args));
	}
	ret = arena_str(ctx->arena, buf_slice(&buf));
	buf_done(&buf);
	return ret;
}

/* Does the plugin's own text show with this fate? */
static bool
text_shows(enum hook_fate fate)
{
	return fate == FATE_REPLY || fate == FATE_RESET || fate == FATE_DISC ||
	       fate == FATE_CLOSE || fate == FATE_SWALLOW ||
	       fate == FATE_REFUSE;
}

void
outcome_set(struct outcome *ret, enum hook_id id, enum hook_column column,
    const struct hook_frame *frame, struct hl_ctx *ctx,
    const struct hook_args *args)
{
	const struct hook_row *row = &hook_table[id];
	const struct hook_cell *cell = &row->cells[column];

	*ret = (struct outcome){ .hook = id,
		.column = column,
		.fate = cell->fate,
		.enhanced = STR_EMPTY,
		.text = STR_EMPTY,
		.plugin_text = STR_EMPTY };
	if (frame != NULL) {
		ret->plugin = frame->plugin;
		ret->plugin_text = frame->text;
	}
	if (cell->fate == FATE_IGNORED)
		cell = &row->cells[COLUMN_NONE];
	if (cell->code == 0)
		return;
	ret->code = cell->code;
	ret->enhanced = str_of(cell->enhanced);
	if (frame != NULL && text_shows(ret->fate)) {
		if (frame->enhanced.n > 0 &&
		    (row->flags & HOOK_FLAG_NOENH) == 0)
			ret->enhanced = frame->enhanced;
		if (frame->text.n > 0) {
			ret->text = frame->text;
			return;
		}
	}
	ret->text = default_text(cell->text, ctx, args);
}

/* Soft and hard leave the state that DENYSOFT and DENY of the row leave. */
void
outcome_policy(struct outcome *ret, enum hook_id id, struct plugin *plugin,
    struct hl_ctx *ctx, const struct hook_args *args)
{
	const struct hook_row *row = &hook_table[id];
	enum hook_policy policy = plugin->policy != POLICY_DEFAULT
				      ? plugin->policy
				      : (enum hook_policy)row->failure;
	bool hard = policy == POLICY_HARD;
	bool is_auth =
	    row->call == HOOK_CALL_AUTH || row->call == HOOK_CALL_SCRAM;

	if (policy == POLICY_OPEN || policy == POLICY_DEFAULT) {
		outcome_set(ret, id, COLUMN_NONE, NULL, ctx, args);
		return;
	}
	outcome_set(
	    ret, id, hard ? COLUMN_DENY : COLUMN_DENYSOFT, NULL, ctx, args);
	ret->plugin = plugin;
	ret->by_policy = true;
	if (id == HOOK_DATA_HEADERS_END)
		ret->fate = FATE_SWALLOW;
	if (ret->fate == FATE_IGNORED || ret->fate == FATE_DATA ||
	    ret->fate == FATE_REFUSE)
		return;
	if (ret->fate == FATE_KEEP || ret->fate == FATE_GO)
		ret->fate = FATE_REPLY;
	if (is_auth) {
		ret->code = hard ? 535 : 454;
		ret->enhanced = hard ? STR_LIT("5.7.8") : STR_LIT("4.7.0");
	} else {
		ret->code = hard ? 554 : 451;
		ret->enhanced = hard ? STR_LIT("5.3.0") : STR_LIT("4.3.0");
	}
	if ((row->flags & HOOK_FLAG_NOENH) != 0)
		ret->enhanced = STR_EMPTY;
	ret->text = hard ? STR_LIT("Internal error")
			 : STR_LIT("Internal error, try again later");
}
