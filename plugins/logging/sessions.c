/* SPDX-License-Identifier: MIT */
/* sessions.c - what a logger keeps of the sessions whose lines it sees. */
#include "sessions.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a; the ids are our own, so nobody makes them fall together. */
static struct seen **
bucket_of(struct sessions *sessions, const char *sid)
{
	uint32_t hash = 2166136261u;

	for (; *sid != '\0'; sid++)
		hash = (hash ^ (unsigned char)*sid) * 16777619u;
	return &sessions->buckets[hash % SESSIONS_BUCKETS];
}

static void
forget(struct sessions *sessions, struct seen *seen)
{
	struct seen **at = bucket_of(sessions, seen->sid);

	while (*at != seen)
		at = &(*at)->next;
	*at = seen->next;
	if (sessions->oldest == seen)
		sessions->oldest = seen->newer;
	else
		seen->older->newer = seen->newer;
	if (sessions->newest == seen)
		sessions->newest = seen->older;
	else
		seen->newer->older = seen->older;
	sessions->count--;
	sessions_clear(sessions, seen);
	free(seen);
}

static struct seen *
find(struct sessions *sessions, hl_str sid)
{
	struct seen *seen = *bucket_of(sessions, sid.p);

	while (seen != NULL && strcmp(seen->sid, sid.p) != 0)
		seen = seen->next;
	return seen;
}

static struct seen *
add(struct sessions *sessions, hl_str sid)
{
	struct seen *seen = calloc(1, sizeof(*seen)), **bucket;

	if (seen == NULL)
		return NULL;
	while (sessions->count >= SESSIONS_MAX)
		forget(sessions, sessions->oldest);
	memcpy(seen->sid, sid.p, sid.n + 1);
	bucket = bucket_of(sessions, sid.p);
	seen->next = *bucket;
	*bucket = seen;
	seen->older = sessions->newest;
	if (sessions->newest != NULL)
		sessions->newest->newer = seen;
	else
		sessions->oldest = seen;
	sessions->newest = seen;
	sessions->count++;
	return seen;
}

struct seen *
sessions_get(struct sessions *sessions, hl_str sid)
{
	struct seen *seen;

	if (sid.n == 0 || sid.n >= sizeof(seen->sid))
		return NULL;
	seen = find(sessions, sid);
	return seen != NULL ? seen : add(sessions, sid);
}

bool
sessions_keep(
    struct sessions *sessions, struct seen *seen, const char *bytes, size_t n)
{
	char *text;

	if (n > SESSION_TEXT_MAX - seen->n)
		return false;
	while (sessions->bytes + n > SESSIONS_BYTES && sessions->oldest != seen)
		forget(sessions, sessions->oldest);
	text = realloc(seen->text, seen->n + n + 1);
	if (text == NULL)
		return false;
	memcpy(text + seen->n, bytes, n);
	seen->n += n;
	sessions->bytes += n;
	text[seen->n] = '\0';
	seen->text = text;
	return true;
}

void
sessions_clear(struct sessions *sessions, struct seen *seen)
{
	sessions->bytes -= seen->n;
	free(seen->text);
	seen->text = NULL;
	seen->n = 0;
}

void
sessions_end(struct sessions *sessions, hl_str sid)
{
	struct seen *seen = find(sessions, sid);

	if (seen != NULL)
		forget(sessions, seen);
}

void
sessions_done(struct sessions *sessions)
{
	while (sessions->oldest != NULL)
		forget(sessions, sessions->oldest);
}
