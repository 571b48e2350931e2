/* SPDX-License-Identifier: MIT */
/* dns_cache.h - answers that are kept for their TTL.  Never blocks.
 *
 * Bounded in bytes; the answer that was not used for the longest time goes
 * first.
 */
#ifndef HOOKLINE_DNS_DNS_CACHE_H
#define HOOKLINE_DNS_DNS_CACHE_H

#include <stddef.h>

#include "base/check.h"
#include "base/slice.h"
#include "dns/dns_answer.h"

struct dns_cache;

struct dns_cache *dns_cache_new(size_t max_bytes);
void dns_cache_free(struct dns_cache **cache);

/* A new reference, or NULL when there is none that is still good. */
struct dns_answer *dns_cache_get(struct dns_cache *cache, struct slice key);
/* Keeps a reference of its own for answer->ttl seconds; 0: not at all.  An
 * answer of more than a quarter of the cache is not kept. */
void dns_cache_put(
    struct dns_cache *cache, struct slice key, struct dns_answer *answer);

size_t dns_cache_bytes(const struct dns_cache *cache);

#endif
