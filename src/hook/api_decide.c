/* SPDX-License-Identifier: MIT */
/* api_decide.c - policy.h: control files whose lines are decisions. */
#include <hookline/policy.h>

#include "base/slice.h"
#include "ctx.h"

/* Divides "DENY No such user."; -EINVAL when the first word is no verdict. */
static int
parse(struct hl_ctx *ctx, hl_str line, hl_str *ret_word,
    enum hl_verdict *ret_verdict, hl_str *ret_text)
{
	struct slice rest = slice_str(line);

	*ret_word = arena_str(ctx->arena, slice_word(&rest));
	*ret_text = arena_str(ctx->arena, slice_trim(rest));
	return hl_verdict_parse(*ret_word, ret_verdict);
}

static void
tell(struct hl_ctx *ctx, const char *key, const struct hl_list *list,
    size_t index, hl_str word)
{
	static const char remedy[] =
	    "write OK, DENY, DENYSOFT, DENY_DISCONNECT, DENYSOFT_DISCONNECT "
	    "or DECLINED";

	if (word.n > 0)
		hl_config_fault(ctx, key, list, index, "%s is no verdict; %s",
		    word.p, remedy);
	else
		hl_config_fault(ctx, key, list, index,
		    "no verdict behind %s; %s", hl_list_at(list, index).p,
		    remedy);
}

void
hl_list_check_answers(
    struct hl_ctx *ctx, const char *key, const struct hl_list *list)
{
	enum hl_verdict verdict;
	hl_str word, text;

	ctx_check(ctx);
	for (size_t i = 0; i < hl_list_count(list); i++)
		if (parse(ctx, hl_list_rest(list, i), &word, &verdict, &text) <
		    0)
			tell(ctx, key, list, i, word);
}

enum hl_verdict
hl_list_answer(struct hl_ctx *ctx, const char *key, const struct hl_list *list,
    size_t index, const char *enhanced, const char *text)
{
	enum hl_verdict verdict;
	hl_str word, own;
	bool is_hard;

	ctx_check(ctx);
	if (index >= hl_list_count(list))
		return HL_DECLINED;
	if (parse(ctx, hl_list_rest(list, index), &word, &verdict, &own) < 0) {
		tell(ctx, key, list, index, word);
		return HL_DECLINED;
	}
	is_hard = verdict == HL_DENY || verdict == HL_DENY_DISCONNECT;
	if (own.n == 0 && text != NULL &&
	    (is_hard || verdict == HL_DENYSOFT ||
		verdict == HL_DENYSOFT_DISCONNECT))
		own = hl_text(text);
	return hl_answer(ctx, verdict, hl_text(is_hard ? enhanced : NULL), own);
}
