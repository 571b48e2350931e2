/* SPDX-License-Identifier: MIT */
/* http_cache.c - see http_cache.h. */
#include "http_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct http_entry *
http_cache_find(
    const struct http_cache *cache, const char *key, uint64_t now_ms)
{
	for (struct http_entry *entry = cache->first; entry != NULL;
	     entry = entry->next) {
		if (strcmp(entry->key, key) == 0) {
			entry->used_ms = now_ms;
			return entry;
		}
	}
	return NULL;
}

static void
entry_free(struct http_entry *entry)
{
	free(entry->key);
	free(entry->text);
	free(entry);
}

/* False: none can go. */
static bool
make_room(struct http_cache *cache)
{
	struct http_entry **oldest = NULL, *gone;

	for (struct http_entry **at = &cache->first; *at != NULL;
	     at = &(*at)->next) {
		if (!(*at)->is_busy &&
		    (oldest == NULL || (*at)->used_ms < (*oldest)->used_ms))
			oldest = at;
	}
	if (oldest == NULL)
		return false;
	gone = *oldest;
	*oldest = gone->next;
	entry_free(gone);
	cache->count--;
	return true;
}

struct http_entry *
http_cache_add(struct http_cache *cache, const char *key, uint64_t now_ms)
{
	struct http_entry *entry = http_cache_find(cache, key, now_ms);

	if (entry != NULL)
		return entry;
	if (cache->count >= HTTP_CACHE_MAX && !make_room(cache))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->key = strdup(key);
	if (entry->key == NULL) {
		free(entry);
		return NULL;
	}
	entry->used_ms = now_ms;
	entry->next = cache->first;
	cache->first = entry;
	cache->count++;
	return entry;
}

struct http_entry *
http_cache_due(const struct http_cache *cache)
{
	struct http_entry *entry = cache->first;

	while (entry != NULL && (!entry->is_due || entry->is_busy))
		entry = entry->next;
	return entry;
}

void
http_cache_free(struct http_cache *cache)
{
	struct http_entry *next;

	for (struct http_entry *entry = cache->first; entry != NULL;
	     entry = next) {
		next = entry->next;
		entry_free(entry);
	}
	*cache = (struct http_cache){ 0 };
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_text(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') ||
		    c == 0x7f)
			return false;
	}
	return true;
}

long
http_cache_lines(char *text, size_t n, size_t *ret_n)
{
	size_t out = 0, at = 0;
	long count = 0;

	if (!is_text(text, n))
		return -EINVAL;
	while (at < n) {
		size_t begin = at, end;

		while (at < n && text[at] != '\r' && text[at] != '\n')
			at++;
		end = at++;
		while (begin < end && is_blank(text[begin]))
			begin++;
		while (begin < end && is_blank(text[end - 1]))
			end--;
		if (begin == end || text[begin] == '#')
			continue;
		memmove(text + out, text + begin, end - begin);
		out += end - begin;
		text[out++] = '\0';
		count++;
	}
	*ret_n = out;
	return count;
}
