/* SPDX-License-Identifier: MIT */
/* http_cache.h - what web servers have answered, by key. */
#ifndef HOOKLINE_PLUGINS_HTTP_CACHE_H
#define HOOKLINE_PLUGINS_HTTP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys are those that plugins ask for. */
#define HTTP_CACHE_MAX 256u

struct http_entry {
	struct http_entry *next;
	char *key;
	char *text; /* lines, each with a NUL behind it; NULL: there are none */
	size_t n;
	uint64_t fresh_ms; /* until then nobody asks again (monotonic) */
	uint64_t stale_ms; /* until then it is used while somebody does */
	uint64_t used_ms;
	bool is_known; /* somebody has answered, be it that there is none */
	bool is_due;   /* stale, and used: to be asked for */
	bool is_busy;  /* being asked for; it is not thrown out */
};

struct http_cache {
	struct http_entry *first;
	size_t count;
};

/* NULL: it was never asked for. */
struct http_entry *http_cache_find(
    const struct http_cache *cache, const char *key, uint64_t now_ms);
/* The same, or a new one, for which the one goes that was not used for the
 * longest time; NULL: all of them are busy, or there is no memory. */
struct http_entry *http_cache_add(
    struct http_cache *cache, const char *key, uint64_t now_ms);
/* One that is due and not busy, or NULL. */
struct http_entry *http_cache_due(const struct http_cache *cache);
void http_cache_free(struct http_cache *cache);

/* Takes the lines of a body, without comments, empty lines and blanks around
 * them, each with a NUL behind it: their number, and the bytes in *ret_n;
 * -EINVAL it is no text.  `text` is changed, and has room for n + 1 bytes. */
long http_cache_lines(char *text, size_t n, size_t *ret_n);

#endif
