/* SPDX-License-Identifier: MIT */
/* sessions.h - what a logger keeps of the sessions whose lines it sees.
 *
 * A logging hook has no session: lines tell theirs by `sid`, and the last one
 * is event=disconnect.  Of SESSIONS_MAX sessions, and SESSIONS_BYTES of their
 * texts together, the oldest are forgotten, so lost lines cost no memory.
 */
#ifndef HOOKLINE_LOGGING_SESSIONS_H
#define HOOKLINE_LOGGING_SESSIONS_H

#include <hookline/plugin.h>

#define SESSIONS_MAX 16384u
#define SESSIONS_BYTES (4u * 1024 * 1024)
#define SESSIONS_BUCKETS 4096u
#define SESSION_TEXT_MAX 65536u

struct seen {
	struct seen *next;          /* in its bucket */
	struct seen *older, *newer; /* of all */
	char sid[32], tid[48];
	bool denied;
	char *text; /* ends with NUL; NULL: none yet */
	size_t n;
};

/* Memory of a plugin's line; zero at first. */
struct sessions {
	struct seen *buckets[SESSIONS_BUCKETS];
	struct seen *oldest, *newest;
	size_t count, bytes;
};

/* The session, which is new if it was not known; NULL: there is no memory, or
 * `sid` is "" or none of ours.  It lives until the next call with another. */
struct seen *sessions_get(struct sessions *sessions, hl_str sid);
/* Puts `n` bytes behind its text.  False, and nothing is added: there would be
 * more than SESSION_TEXT_MAX, or there is no memory. */
bool sessions_keep(
    struct sessions *sessions, struct seen *seen, const char *bytes, size_t n);
void sessions_clear(struct sessions *sessions, struct seen *seen); /* text */
void sessions_end(struct sessions *sessions, hl_str sid);
void sessions_done(struct sessions *sessions);

#endif
