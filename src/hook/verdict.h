/* SPDX-License-Identifier: MIT */
/* verdict.h - is what a plugin answered an answer?
 *
 * A bad answer is replaced by a safe one and logged with the plugin's name.
 */
#ifndef HOOKLINE_HOOK_VERDICT_H
#define HOOKLINE_HOOK_VERDICT_H

#include "ctx.h"

enum answer_fault {
	ANSWER_FINE,
	ANSWER_NO_VERDICT, /* a value outside the table: DECLINED */
	ANSWER_ILLEGAL,    /* not allowed by this hook: policy */
	ANSWER_NO_REPLY,   /* DONE without hl_reply: policy */
	ANSWER_LATE,       /* the deadline was over: policy */
	ANSWER_REPLIED,    /* hl_reply without DONE: stands as answered */
	ANSWER_FAILED      /* see remote_failed: policy */
};

/* Checks the return value of `frame`'s hook; `late` when its deadline passed
 * before it returned. */
enum answer_fault verdict_check(
    const struct hook_frame *frame, unsigned verdict, bool late);
/* For the log: "returned no verdict" ... */
const char *verdict_fault_text(enum answer_fault fault);

#endif
