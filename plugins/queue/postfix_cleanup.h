/* SPDX-License-Identifier: MIT */
/* postfix_cleanup.h - one message's conversation with Postfix's cleanup(8).
 *
 *	cleanup: protocol, queue_id		attributes
 *	we:	 flags				attributes
 *		 T, A..., S, A..., R, M		records: the envelope
 *		 L, N... X E			the message
 *	cleanup: status, reason			attributes
 */
#ifndef HOOKLINE_QUEUE_POSTFIX_CLEANUP_H
#define HOOKLINE_QUEUE_POSTFIX_CLEANUP_H

#include <hookline/plugin.h>

/* Zero at first, but for the hook. */
struct cleanup {
	struct hl_ctx *ctx;
	struct hl_conn *conn; /* until cleanup_send */
	hl_str queue_id;      /* of cleanup_open */
	/* Of cleanup_send: a bit for each fault (record_fault), 0 it has the
	 * message; and why. */
	unsigned long status;
	hl_str reason;
	bool has_status;
};

/* Dials `where`, as hl_dial takes it.  0 it has greeted us, with an id that can
 * stand in a reply; or negative errno, and another may be tried.  BLOCKS. */
int cleanup_open(struct cleanup *cleanup, hl_str where);
/* Gives it the message with these flags, and hangs up.  0 with its status; or
 * negative errno.  BLOCKS. */
int cleanup_send(struct cleanup *cleanup, unsigned flags);

#endif
