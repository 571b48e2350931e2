/* SPDX-License-Identifier: MIT */
/* test_peers.c - counting clients: keys, one worker, several, a full table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "shm/peers.h"

static struct shm_key
key_of(const char *text, unsigned bits)
{
	struct inet_addr addr;

	assert_int_equal(inet_parse(slice_of(text), &addr), 0);
	return shm_key_of(&addr, bits);
}

static struct shm_key
key_number(uint32_t n)
{
	struct shm_key key = { { 0 } };

	n++; /* all zero is nobody */
	memcpy(key.bytes, &n, sizeof(n));
	return key;
}

static const struct {
	const char *a, *b;
	unsigned bits;
	bool same;
} key_cases[] = {
	{ "192.0.2.1", "192.0.2.1", 64, true },
	{ "192.0.2.1", "192.0.2.2", 64, false },
	{ "192.0.2.1", "192.0.2.2", 0, false }, /* bits are IPv6's */
	{ "::ffff:192.0.2.1", "192.0.2.1", 64, true },
	{ "2001:db8::1", "2001:db8::2", 64, true },
	{ "2001:db8::1", "2001:db8:0:1::1", 64, false },
	{ "2001:db8::1", "2001:db8:0:1::1", 63, true },
	{ "2001:db8::1", "2001:db8:0:1::1", 56, true },
	{ "2001:db8::1", "2001:db8:0:100::1", 56, false },
	{ "2001:db8::1", "2001:db8::2", 128, false },
	{ "2001:db8::1", "2001:db8::1", 128, true },
	{ "2001:db8::1", "fe80::1", 0, true },
};

static void
test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(key_cases); i++) {
		struct shm_key a = key_of(key_cases[i].a, key_cases[i].bits);
		struct shm_key b = key_of(key_cases[i].b, key_cases[i].bits);

		if ((memcmp(&a, &b, sizeof(a)) == 0) != key_cases[i].same)
			fail_msg("%s and %s /%u", key_cases[i].a,
			    key_cases[i].b, key_cases[i].bits);
	}
}

static void
test_one_worker(void **state)
{
	struct shm *shm = shm_private();
	struct shm_key a = key_of("192.0.2.1", 64);
	struct shm_key b = key_of("2001:db8::1", 64);
	shm_peer_ref a1, a2, b1;

	(void)state;
	assert_int_equal(shm_peer_count(shm, &a), 0);
	a1 = shm_peer_add(shm, &a);
	b1 = shm_peer_add(shm, &b);
	a2 = shm_peer_add(shm, &a);
	assert_int_equal(a1, a2);
	assert_int_equal(shm_peer_count(shm, &a), 2);
	assert_int_equal(shm_peer_count(shm, &b), 1);
	assert_int_equal(shm_peer_total(shm), 3);
	shm_peer_remove(shm, a1);
	shm_peer_remove(shm, b1);
	assert_int_equal(shm_peer_count(shm, &a), 1);
	assert_int_equal(shm_peer_count(shm, &b), 0);
	assert_int_equal(shm_peer_total(shm), 1);
	/* One that closed its last connection is found again. */
	assert_int_equal(shm_peer_add(shm, &b), b1);
	assert_int_equal(shm_peer_count(shm, &b), 1);
	shm_free(&shm);
}

static void
test_unix_peers(void **state)
{
	const struct inet_addr addr = { .family = INET_UNIX };
	struct shm_key key = shm_key_of(&addr, 64);
	struct shm *shm = shm_private();

	(void)state;
	assert_int_equal(shm_peer_add(shm, &key), SHM_PEER_NONE);
	assert_int_equal(shm_peer_count(shm, &key), 0);
	assert_int_equal(shm_peer_total(shm), 1);
	shm_peer_remove(shm, SHM_PEER_NONE);
	assert_int_equal(shm_peer_total(shm), 0);
	shm_free(&shm);
}

static struct shm *
worker_of(struct shm *master, unsigned slot, unsigned *ret_segment)
{
	struct shm *view;
	struct err err;

	assert_int_equal(shm_take(master, slot, 1, ret_segment, &err), 0);
	assert_int_equal(shm_attach(shm_open_readonly(master),
			     fcntl(master->fd, F_DUPFD_CLOEXEC, 0),
			     *ret_segment, &view, &err),
	    0);
	return view;
}

static void
test_sums_over_workers(void **state)
{
	struct shm *master, *views[5];
	struct shm_key key = key_of("192.0.2.1", 64);
	unsigned segments[5];
	struct err err;

	(void)state;
	assert_int_equal(shm_create(&master, &err), 0);
	/* Slot 1 twice: the second one replaces the first, which drains. */
	for (unsigned i = 0; i < 5; i++) {
		views[i] = worker_of(master, i < 4 ? i : 1, &segments[i]);
		for (unsigned j = 0; j <= i; j++)
			(void)shm_peer_add(views[i], &key);
	}
	assert_int_equal(shm_peer_count(views[0], &key), 15);
	assert_int_equal(shm_peer_total(views[3]), 15);
	assert_int_equal(shm_peer_total(master), 15);
	shm_free(&views[4]);
	shm_clear(master, segments[4]); /* died with 5 */
	assert_int_equal(shm_peer_count(views[0], &key), 10);
	for (unsigned i = 0; i < 4; i++)
		shm_free(&views[i]);
	shm_free(&master);
}

#define HALF_MS 600000

static struct mono
at_ms(uint64_t ms)
{
	return (struct mono){ (1000000000 + ms) * 1000000 };
}

static void
failures_are(struct shm *shm, const struct shm_key *key, uint64_t ms,
    double least, double most)
{
	double got = shm_peer_failures(shm, key, at_ms(ms), HALF_MS);

	if (got < least || got > most)
		fail_msg("after %llu ms: %f, want %f to %f",
		    (unsigned long long)ms, got, least, most);
}

/* They are forgotten by and by, not when the connection ends. */
static void
test_failures(void **state)
{
	struct shm *shm = shm_private();
	struct shm_key a = key_of("192.0.2.1", 64);
	struct shm_key b = key_of("192.0.2.2", 64);
	shm_peer_ref ref = shm_peer_add(shm, &a);

	(void)state;
	failures_are(shm, &a, 0, 0, 0);
	for (unsigned i = 0; i < 8; i++)
		shm_peer_failed(shm, ref, at_ms(0), HALF_MS);
	failures_are(shm, &a, 0, 8, 8);
	failures_are(shm, &b, 0, 0, 0);
	shm_peer_remove(shm, ref);
	failures_are(shm, &a, 1000, 7.9, 8);
	failures_are(shm, &a, HALF_MS / 2, 5.9, 6.1);
	failures_are(shm, &a, HALF_MS, 4, 4);
	failures_are(shm, &a, 3 * HALF_MS, 1, 1);
	failures_are(shm, &a, 100 * HALF_MS, 0, 0);
	/* One more on top of what is left. */
	ref = shm_peer_add(shm, &a);
	shm_peer_failed(shm, ref, at_ms(HALF_MS), HALF_MS);
	failures_are(shm, &a, HALF_MS, 5, 5);
	/* A clock that seems to go back, and no entry at all. */
	failures_are(shm, &a, 0, 5, 5);
	shm_peer_failed(shm, SHM_PEER_NONE, at_ms(0), HALF_MS);
	shm_peer_remove(shm, ref);
	shm_free(&shm);
}

static void
test_failures_have_an_end(void **state)
{
	struct shm *shm = shm_private();
	struct shm_key key = key_of("192.0.2.1", 64);
	shm_peer_ref ref = shm_peer_add(shm, &key);

	(void)state;
	for (unsigned i = 0; i < 70000; i++)
		shm_peer_failed(shm, ref, at_ms(0), HALF_MS);
	failures_are(shm, &key, 0, 65535, 65536);
	shm_peer_remove(shm, ref);
	shm_free(&shm);
}

static void
test_failures_of_all_workers(void **state)
{
	struct shm *master, *views[2];
	struct shm_key key = key_of("192.0.2.1", 64);
	unsigned segments[2];
	struct err err;

	(void)state;
	assert_int_equal(shm_create(&master, &err), 0);
	for (unsigned i = 0; i < 2; i++) {
		views[i] = worker_of(master, i, &segments[i]);
		shm_peer_failed(
		    views[i], shm_peer_add(views[i], &key), at_ms(0), HALF_MS);
	}
	failures_are(views[0], &key, 0, 2, 2);
	failures_are(views[1], &key, HALF_MS, 1, 1);
	for (unsigned i = 0; i < 2; i++)
		shm_free(&views[i]);
	shm_free(&master);
}

/* Who gets the place of another has not failed. */
static void
test_failures_of_a_new_client(void **state)
{
	struct shm *shm = shm_private();
	struct shm_key first = key_number(0), key;
	shm_peer_ref ref = shm_peer_add(shm, &first);

	(void)state;
	shm_peer_failed(shm, ref, at_ms(0), HALF_MS);
	shm_peer_remove(shm, ref);
	for (uint32_t i = 1; i <= SHM_PEER_MAX; i++) {
		key = key_number(i);
		(void)shm_peer_add(shm, &key);
	}
	failures_are(shm, &first, 0, 0, 0);
	failures_are(shm, &key, 0, 0, 0);
	shm_free(&shm);
}

static void
test_full_table(void **state)
{
	struct shm *shm = shm_private();
	shm_peer_ref *refs = calloc(SHM_PEER_MAX, sizeof(*refs));
	struct shm_key key;

	(void)state;
	for (uint32_t i = 0; i < SHM_PEER_MAX; i++) {
		key = key_number(i);
		refs[i] = shm_peer_add(shm, &key);
		assert_int_not_equal(refs[i], SHM_PEER_NONE);
	}
	/* All are open: a further one counts in the total alone. */
	key = key_number(1000000);
	assert_int_equal(shm_peer_add(shm, &key), SHM_PEER_NONE);
	assert_int_equal(shm_peer_count(shm, &key), 0);
	assert_int_equal(shm_peer_total(shm), SHM_PEER_MAX + 1);
	shm_peer_remove(shm, SHM_PEER_NONE);
	assert_int_equal(shm_peer_total(shm), SHM_PEER_MAX);
	/* 700 closed before 30: 700 goes first, then 30. */
	shm_peer_remove(shm, refs[700]);
	shm_peer_remove(shm, refs[30]);
	assert_int_equal(shm_peer_add(shm, &key), refs[700]);
	assert_int_equal(shm_peer_count(shm, &key), 1);
	key = key_number(1000001);
	assert_int_equal(shm_peer_add(shm, &key), refs[30]);
	key = key_number(1000002);
	assert_int_equal(shm_peer_add(shm, &key), SHM_PEER_NONE);
	/* Everybody else is still there. */
	for (uint32_t i = 0; i < SHM_PEER_MAX; i++) {
		key = key_number(i);
		assert_int_equal(
		    shm_peer_count(shm, &key), i != 700 && i != 30);
	}
	free(refs);
	shm_free(&shm);
}

/* Random adds and removes against a plain model; more clients than places. */
static void
test_model(void **state)
{
	enum { CLIENTS = SHM_PEER_MAX + 5000, STEPS = 400000, OPEN = 20000 };
	struct shm *shm = shm_private();
	uint32_t *counts = calloc(CLIENTS, sizeof(*counts));
	struct {
		uint32_t client;
		shm_peer_ref ref;
	} *open = calloc(OPEN, sizeof(*open));
	unsigned n = 0;
	uint64_t seed = 12345;

	(void)state;
	for (unsigned i = 0; i < STEPS; i++) {
		uint32_t r;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		r = (uint32_t)(seed >> 33);
		if (n == OPEN || (n > 0 && r % 16 < 7)) {
			unsigned at = (r >> 8) % n;

			shm_peer_remove(shm, open[at].ref);
			if (open[at].ref != SHM_PEER_NONE)
				counts[open[at].client]--;
			open[at] = open[--n];
		} else {
			uint32_t client = (r >> 4) % CLIENTS;
			struct shm_key key = key_number(client);

			open[n].client = client;
			open[n].ref = shm_peer_add(shm, &key);
			if (open[n].ref != SHM_PEER_NONE)
				counts[client]++;
			n++;
		}
	}
	assert_int_equal(shm_peer_total(shm), n);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct shm_key key = key_number(i);

		assert_int_equal(shm_peer_count(shm, &key), counts[i]);
	}
	free(counts);
	free(open);
	shm_free(&shm);
}

/* Readers get past nonsense: links in a circle, out of bounds, odd turn. */
static void
test_reader_survives_garbage(void **state)
{
	struct shm *shm = shm_private();
	struct shm_key key = key_of("192.0.2.1", 64);
	struct shm_key none = key_of("192.0.2.2", 64);
	shm_peer_ref ref = shm_peer_add(shm, &key);
	struct shm_peers *peers = &shm->own->peers;

	(void)state;
	peers->turn |= 1;
	for (unsigned i = 0; i < SHM_PEER_BUCKETS; i++)
		peers->buckets[i] = ref;
	peers->entries[ref - 1].next = ref;
	assert_int_equal(shm_peer_count(shm, &none), 0);
	for (unsigned i = 0; i < SHM_PEER_BUCKETS; i++)
		peers->buckets[i] = 0xffff;
	assert_int_equal(shm_peer_count(shm, &none), 0);
	shm_free(&shm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_one_worker),
		cmocka_unit_test(test_unix_peers),
		cmocka_unit_test(test_sums_over_workers),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_failures_have_an_end),
		cmocka_unit_test(test_failures_of_all_workers),
		cmocka_unit_test(test_failures_of_a_new_client),
		cmocka_unit_test(test_full_table),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_reader_survives_garbage),
	};

	return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
