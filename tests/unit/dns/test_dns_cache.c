/* SPDX-License-Identifier: MIT */
/* test_dns_cache.c - answers kept for their TTL, within their bytes. */
#include "../unit.h"

#include "base/clock.h"
#include "dns/dns_answer_private.h"
#include "dns/dns_cache.h"

static struct mono now;

static struct mono
test_mono(void)
{
	return now;
}

static struct wall
test_wall(void)
{
	return (struct wall){ 0 };
}

static void
test_random(void *bytes, size_t n)
{
	memset(bytes, 1, n);
}

static int
set_up(void **state)
{
	static const struct clock_source source = {
		.mono = test_mono, .wall = test_wall, .random = test_random
	};

	(void)state;
	now = (struct mono){ 1000 };
	clock_set_source(&source);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	clock_set_source(NULL);
	return 0;
}

static void
put(struct dns_cache *cache, const char *key, uint32_t ttl, size_t text_n)
{
	struct dns_answer *answer =
	    dns_answer__new(DNS_TXT, DNS_NO_DATA, "a.example");

	answer->ttl = ttl;
	if (text_n > 0)
		(void)arena_alloc(dns_answer__arena(answer), text_n);
	dns_cache_put(cache, slice_of(key), answer);
	dns_answer_unref(&answer);
	assert_null(answer);
}

static bool
has(struct dns_cache *cache, const char *key)
{
	struct dns_answer *answer = dns_cache_get(cache, slice_of(key));
	bool found = answer != NULL;

	dns_answer_unref(&answer);
	return found;
}

static void
test_ttl(void **state)
{
	struct dns_cache *cache = dns_cache_new(1 << 20);

	(void)state;
	put(cache, "a", 10, 0);
	put(cache, "zero", 0, 0);
	assert_true(has(cache, "a"));
	assert_false(has(cache, "zero"));
	assert_false(has(cache, "b"));
	now = mono_add_ms(now, 9999);
	assert_true(has(cache, "a"));
	now = mono_add_ms(now, 1);
	assert_false(has(cache, "a"));
	assert_int_equal(dns_cache_bytes(cache), 0);
	/* A newer answer takes the place of the older. */
	put(cache, "a", 10, 0);
	put(cache, "a", 20, 0);
	now = mono_add_ms(now, 15000);
	assert_true(has(cache, "a"));
	put(cache, "a", 0, 0);
	assert_false(has(cache, "a"));
	dns_cache_free(&cache);
	assert_null(cache);
}

static void
test_bytes(void **state)
{
	struct dns_cache *cache = dns_cache_new(16384);
	char key[16];
	unsigned kept = 0;

	(void)state;
	put(cache, "large", 300, 8000); /* over a quarter */
	assert_false(has(cache, "large"));
	put(cache, "used", 300, 0);
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof(key), "key%u", i);
		put(cache, key, 300, 0);
		assert_true(dns_cache_bytes(cache) <= 16384);
		assert_true(has(cache, "used"));
	}
	assert_false(has(cache, "key0"));
	assert_true(has(cache, "key999"));
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof(key), "key%u", i);
		kept += has(cache, key);
	}
	assert_in_range(kept, 8, 200);
	dns_cache_free(&cache);
}

/* An answer that somebody holds outlives its place in the cache. */
static void
test_references(void **state)
{
	struct dns_cache *cache = dns_cache_new(1 << 20);
	struct dns_answer *answer;

	(void)state;
	put(cache, "a", 10, 100);
	answer = dns_cache_get(cache, SLICE_LIT("a"));
	assert_non_null(answer);
	dns_cache_free(&cache);
	assert_string_equal(answer->name.p, "a.example");
	assert_true(dns_answer_memory(answer) > 100);
	dns_answer_unref(&answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ttl, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_references, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("dns-cache", tests, NULL, NULL);
}
