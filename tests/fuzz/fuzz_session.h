/* SPDX-License-Identifier: MIT */
/* fuzz_session.h - the parts of the fuzzer of a whole session. */
#ifndef HOOKLINE_TESTS_FUZZ_SESSION_H
#define HOOKLINE_TESTS_FUZZ_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hl_plugin_entry;

/* -- fuzz_session_plugin.c: a plugin on every hook -- */

/* What the plugin does is read from these bytes, one or two for each call;
 * when they are used up it lets everything pass. */
struct plugin_choices {
	const uint8_t *p;
	size_t n;
	uint8_t settings; /* chooses the control files */
	bool hung_up;     /* some answer may have ended the session */
	bool is_relay;    /* AUTH has succeeded */
	unsigned hooks;   /* calls, for interest */
};

extern struct plugin_choices plugin_choices;
extern const struct hl_plugin_entry fuzz_plugin_entry;

/* -- fuzz_session_oracle.c -- */

/* What the client sent and got. */
struct heard {
	const char *sent;
	size_t sent_n;
	const char *got;
	size_t got_n;
	size_t line_max;    /* a longer line is no command */
	bool lf_ends_lines; /* bare_lf is not reject */
	bool lf_may_end;    /* from some line on it ends them */
	bool is_lmtp;
	bool is_quiet;      /* the plugin lets everything pass */
	bool may_end_early; /* a plugin may have hung up */
};

/* CHECKs: whole, well-formed replies, one for each command, in order. */
void oracle_check(const struct heard *heard);

#endif
