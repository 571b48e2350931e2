/* SPDX-License-Identifier: MIT */
/* dns_cache.c - answers that are kept for their TTL. */
#include "dns/dns_cache.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

#define CACHE_MAGIC 0x64636368u

struct dns_cache {
	uint32_t magic;
	size_t max_bytes, bytes;
	struct map *entries; /* to struct cache_entry */
	struct list used;    /* the one used last is first */
};

struct cache_entry {
	struct link link;
	struct mono until;
	struct dns_answer *answer;
	size_t bytes; /* in all: what it adds to the cache's */
	size_t key_n;
	char key[];
};

struct dns_cache *
dns_cache_new(size_t max_bytes)
{
	struct dns_cache *cache = mem_alloc(sizeof(*cache));

	cache->magic = CACHE_MAGIC;
	cache->max_bytes = max_bytes;
	cache->entries = map_new(NULL);
	list_init(&cache->used);
	return cache;
}

static void
entry_remove(struct dns_cache *cache, struct cache_entry *entry)
{
	(void)map_remove(
	    cache->entries, (struct slice){ entry->key, entry->key_n });
	list_remove(&entry->link);
	cache->bytes -= entry->bytes;
	dns_answer_unref(&entry->answer);
	mem_free(entry);
}

void
dns_cache_free(struct dns_cache **cache_p)
{
	struct dns_cache *cache = *cache_p;

	*cache_p = NULL;
	if (cache == NULL)
		return;
	CHECK_OBJ(cache, CACHE_MAGIC);
	LIST_FOR_EACH (link, safe, &cache->used)
		entry_remove(
		    cache, CONTAINER_OF(link, struct cache_entry, link));
	map_free(&cache->entries);
	cache->magic = 0;
	mem_free(cache);
}

struct dns_answer *
dns_cache_get(struct dns_cache *cache, struct slice key)
{
	struct cache_entry *entry;

	CHECK_OBJ(cache, CACHE_MAGIC);
	entry = map_get(cache->entries, key);
	if (entry == NULL)
		return NULL;
	if (!mono_is_before(mono_now(), entry->until)) {
		entry_remove(cache, entry);
		return NULL;
	}
	list_remove(&entry->link);
	list_push_front(&cache->used, &entry->link);
	return dns_answer_ref(entry->answer);
}

/* Drops the least recently used ones until `more` bytes fit. */
static void
make_room(struct dns_cache *cache, size_t more)
{
	while (!list_is_empty(&cache->used) &&
	       cache->bytes + more > cache->max_bytes)
		entry_remove(cache, CONTAINER_OF(cache->used.head.prev,
					struct cache_entry, link));
}

void
dns_cache_put(
    struct dns_cache *cache, struct slice key, struct dns_answer *answer)
{
	struct cache_entry *entry;
	/* The map has the key a second time, and a slot. */
	size_t bytes =
	    sizeof(*entry) + 2 * key.n + 64 + dns_answer_memory(answer);

	CHECK_OBJ(cache, CACHE_MAGIC);
	entry = map_get(cache->entries, key);
	if (entry != NULL)
		entry_remove(cache, entry);
	if (answer->ttl == 0 || bytes > cache->max_bytes / 4)
		return;
	make_room(cache, bytes);
	entry = mem_alloc(sizeof(*entry) + key.n);
	entry->answer = dns_answer_ref(answer);
	entry->until = mono_add_ms(mono_now(), answer->ttl * 1000ull);
	entry->bytes = bytes;
	entry->key_n = key.n;
	for (size_t i = 0; i < key.n; i++)
		entry->key[i] = key.p[i];
	cache->bytes += bytes;
	list_push_front(&cache->used, &entry->link);
	map_set(cache->entries, key, entry);
}

size_t
dns_cache_bytes(const struct dns_cache *cache)
{
	CHECK_OBJ(cache, CACHE_MAGIC);
	return cache->bytes;
}
