/* SPDX-License-Identifier: MIT */
/* verdict.c - checks on answers (docs/hooks.md, "Answers" and "Replies"). */
#include "verdict.h"

#include "hook_row.h"

enum answer_fault
verdict_check(const struct hook_frame *frame, unsigned verdict, bool late)
{
	const struct hook_row *row = &hook_table[frame->hook];
	enum hook_column column = hook_column_of(verdict);

	if (frame->failure.p != NULL)
		return ANSWER_FAILED;
	if (frame->replies > 0)
		return verdict == HL_DONE ? ANSWER_FINE : ANSWER_REPLIED;
	/* A kept message stays kept. */
	if (late && !(frame->hook == HOOK_QUEUE && verdict == HL_OK))
		return ANSWER_LATE;
	/* 909 is a verdict elsewhere; in C DECLINED is 0. */
	if (column == COLUMN_COUNT)
		return ANSWER_NO_VERDICT;
	if (row->cells[column].fate == FATE_ILLEGAL)
		return ANSWER_ILLEGAL;
	if (column == COLUMN_DONE && row->cells[column].fate == FATE_ANSWERED)
		return ANSWER_NO_REPLY;
	return ANSWER_FINE;
}

const char *
verdict_fault_text(enum answer_fault fault)
{
	switch (fault) {
	case ANSWER_FINE:
		return "fine";
	case ANSWER_NO_VERDICT:
		return "returned a value that is no verdict; taken as DECLINED";
	case ANSWER_ILLEGAL:
		return "returned a verdict that this hook does not allow";
	case ANSWER_NO_REPLY:
		return "returned HL_DONE, but no call of hl_reply succeeded";
	case ANSWER_LATE:
		return "took longer than its deadline (hl.timeout=)";
	case ANSWER_FAILED:
		return "its host failed";
	case ANSWER_REPLIED:
		return "called hl_reply but did not return HL_DONE";
	}
	UNREACHABLE();
}
