/* SPDX-License-Identifier: MIT */
/* peers.c - the client table of a segment.
 *
 * A hash table with chains, of numbers instead of pointers.  Entries without
 * open connections are in a list from the least to the most recent, whose
 * head is reused when no entry is unused.  While the writer links, `turn` is
 * odd; a reader that saw a change looks again, a few times: a count that is
 * one old connection wrong for a moment does no harm, an endless loop would.
 */
#include "shm/peers.h"

#include <string.h>

#define READ_TRIES 8

/* Failed AUTHs of an entry are one word, so that a reader never sees half of
 * it: when the number was true (ms) above, and the number in 1/256 below. */
#define FAILED_BITS 24
#define FAILED_MAX ((UINT64_C(1) << FAILED_BITS) - 1)
#define FAILED_ONE 256

struct shm_key
shm_key_of(const struct inet_addr *addr, unsigned v6_bits)
{
	struct shm_key key = { { 0 } };

	if (addr->family == INET_V4) {
		key.bytes[10] = key.bytes[11] = 0xff;
		memcpy(key.bytes + 12, addr->bytes, 4);
	} else if (addr->family == INET_V6) {
		unsigned whole = v6_bits < 128 ? v6_bits / 8 : 16;

		memcpy(key.bytes, addr->bytes, whole);
		if (whole < 16)
			key.bytes[whole] = (uint8_t)(addr->bytes[whole] &
						     ~(0xffu >> v6_bits % 8));
	}
	return key;
}

/* A Unix socket's peer is nobody in particular. */
static bool
is_nobody(const struct shm_key *key)
{
	static const struct shm_key nobody;

	return memcmp(key, &nobody, sizeof(nobody)) == 0;
}

static bool
key_eq(const struct shm_key *a, const struct shm_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Two 64 x 64 multiplications over secret words: clients choose the keys. */
static unsigned
bucket_of(const struct shm_head *head, const struct shm_key *key)
{
	uint64_t a, b;
	unsigned __int128 product;

	memcpy(&a, key->bytes, 8);
	memcpy(&b, key->bytes + 8, 8);
	product = (unsigned __int128)(a ^ head->hash_key[0]) *
		  (b ^ head->hash_key[1]);
	a = (uint64_t)product ^ (uint64_t)(product >> 64);
	product =
	    (unsigned __int128)(a ^ head->hash_key[1]) * 0x9e3779b97f4a7c15u;
	a = (uint64_t)product ^ (uint64_t)(product >> 64);
	return (unsigned)(a % SHM_PEER_BUCKETS);
}

/* The entry of `key`, 0 if there is none.  Also for readers of a table that
 * changes: never more steps than entries, never out of bounds. */
static unsigned
peers_find(
    const struct shm_peers *peers, unsigned bucket, const struct shm_key *key)
{
	unsigned at = peers->buckets[bucket];

	for (unsigned i = 0; i < SHM_PEER_MAX && at != 0; i++) {
		const struct shm_peer *peer;

		if (at > SHM_PEER_MAX)
			return 0;
		peer = &peers->entries[at - 1];
		if (key_eq(&peer->key, key))
			return at;
		at = __atomic_load_n(&peer->next, __ATOMIC_RELAXED);
	}
	return 0;
}

static struct shm_peer *
entry(struct shm_peers *peers, unsigned at)
{
	CHECK(at > 0 && at <= SHM_PEER_MAX);
	return &peers->entries[at - 1];
}

static void
idle_remove(struct shm_peers *peers, unsigned at)
{
	struct shm_peer *peer = entry(peers, at);

	if (peer->older != 0)
		entry(peers, peer->older)->newer = peer->newer;
	else
		peers->oldest = peer->newer;
	if (peer->newer != 0)
		entry(peers, peer->newer)->older = peer->older;
	else
		peers->newest = peer->older;
	peer->older = peer->newer = 0;
}

static void
idle_add(struct shm_peers *peers, unsigned at)
{
	struct shm_peer *peer = entry(peers, at);

	peer->older = peers->newest;
	peer->newer = 0;
	if (peers->newest != 0)
		entry(peers, peers->newest)->newer = (uint16_t)at;
	else
		peers->oldest = (uint16_t)at;
	peers->newest = (uint16_t)at;
}

static void
chain_remove(struct shm_peers *peers, unsigned bucket, unsigned at)
{
	uint16_t *link = &peers->buckets[bucket];

	while (*link != at)
		link = &entry(peers, *link)->next;
	__atomic_store_n(link, entry(peers, at)->next, __ATOMIC_RELAXED);
}

/* An entry to fill: an unused one, else the least recent without open
 * connections, taken out; 0 if there is neither. */
static unsigned
entry_get(struct shm *shm, struct shm_peers *peers)
{
	unsigned at;

	if (peers->used < SHM_PEER_MAX)
		return ++peers->used;
	at = peers->oldest;
	if (at == 0)
		return 0;
	idle_remove(peers, at);
	chain_remove(peers, bucket_of(shm->head, &entry(peers, at)->key), at);
	return at;
}

static unsigned
peers_insert(struct shm *shm, unsigned bucket, const struct shm_key *key)
{
	struct shm_peers *peers = &shm->own->peers;
	struct shm_peer *peer;
	unsigned at;

	__atomic_store_n(&peers->turn, peers->turn + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	at = entry_get(shm, peers);
	if (at != 0) {
		peer = entry(peers, at);
		peer->key = *key;
		__atomic_store_n(&peer->failed, 0, __ATOMIC_RELAXED);
		peer->open = 0;
		peer->next = peers->buckets[bucket];
		__atomic_store_n(
		    &peers->buckets[bucket], (uint16_t)at, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&peers->turn, peers->turn + 1, __ATOMIC_RELEASE);
	return at;
}

shm_peer_ref
shm_peer_add(struct shm *shm, const struct shm_key *key)
{
	struct shm_peers *peers = &shm->own->peers;
	unsigned bucket = bucket_of(shm->head, key), at;
	struct shm_peer *peer;

	__atomic_store_n(&peers->open, peers->open + 1, __ATOMIC_RELAXED);
	if (is_nobody(key))
		return SHM_PEER_NONE;
	at = peers_find(peers, bucket, key);
	if (at == 0)
		at = peers_insert(shm, bucket, key);
	else if (entry(peers, at)->open == 0)
		idle_remove(peers, at);
	if (at == 0)
		return SHM_PEER_NONE;
	peer = entry(peers, at);
	__atomic_store_n(&peer->open, peer->open + 1, __ATOMIC_RELAXED);
	return (shm_peer_ref)at;
}

void
shm_peer_remove(struct shm *shm, shm_peer_ref ref)
{
	struct shm_peers *peers = &shm->own->peers;
	struct shm_peer *peer;

	CHECK(peers->open > 0);
	__atomic_store_n(&peers->open, peers->open - 1, __ATOMIC_RELAXED);
	if (ref == SHM_PEER_NONE)
		return;
	peer = entry(peers, ref);
	CHECK(peer->open > 0);
	__atomic_store_n(&peer->open, peer->open - 1, __ATOMIC_RELAXED);
	if (peer->open == 0)
		idle_add(peers, ref);
}

/* What is left of it at `now`, in 1/256.  Within a half-life it falls in a
 * straight line, which is near enough. */
static uint64_t
failed_now(uint64_t failed, struct mono now, uint64_t half_ms)
{
	uint64_t count = failed & FAILED_MAX, then_ms = failed >> FAILED_BITS;
	uint64_t now_ms = now.ns / 1000000;
	uint64_t age_ms = now_ms > then_ms ? now_ms - then_ms : 0;
	uint64_t halves = age_ms / half_ms;

	if (halves >= FAILED_BITS)
		return 0;
	count >>= halves;
	return count - count * (age_ms % half_ms) / (2 * half_ms);
}

void
shm_peer_failed(
    struct shm *shm, shm_peer_ref ref, struct mono now, uint64_t half_ms)
{
	struct shm_peer *peer;
	uint64_t count;

	if (ref == SHM_PEER_NONE)
		return;
	peer = entry(&shm->own->peers, ref);
	count = failed_now(peer->failed, now, half_ms) + FAILED_ONE;
	if (count > FAILED_MAX)
		count = FAILED_MAX;
	__atomic_store_n(&peer->failed, now.ns / 1000000 << FAILED_BITS | count,
	    __ATOMIC_RELAXED);
}

/* What a segment knows of `key`; zeroed if it does not. */
struct seen {
	unsigned open;
	uint64_t failed;
};

static struct seen
segment_read(
    const struct shm_peers *peers, unsigned bucket, const struct shm_key *key)
{
	struct seen seen = { 0, 0 };

	for (unsigned i = 0; i < READ_TRIES; i++) {
		uint32_t turn = __atomic_load_n(&peers->turn, __ATOMIC_ACQUIRE);
		unsigned at = peers_find(peers, bucket, key);
		const struct shm_peer *peer =
		    at == 0 ? NULL : &peers->entries[at - 1];

		seen = (struct seen){ 0, 0 };
		if (peer != NULL) {
			seen.open =
			    __atomic_load_n(&peer->open, __ATOMIC_RELAXED);
			seen.failed =
			    __atomic_load_n(&peer->failed, __ATOMIC_RELAXED);
		}
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (turn % 2 == 0 &&
		    turn == __atomic_load_n(&peers->turn, __ATOMIC_RELAXED))
			break;
	}
	return seen;
}

unsigned
shm_peer_count(struct shm *shm, const struct shm_key *key)
{
	unsigned bucket = bucket_of(shm->head, key);
	unsigned count = is_nobody(key) ? 0 : shm_count(shm), open = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct shm_segment *segment = shm_segment(shm, i);

		if (segment != NULL)
			open += segment_read(&segment->peers, bucket, key).open;
	}
	return open;
}

double
shm_peer_failures(struct shm *shm, const struct shm_key *key, struct mono now,
    uint64_t half_ms)
{
	unsigned bucket = bucket_of(shm->head, key);
	unsigned count = is_nobody(key) ? 0 : shm_count(shm);
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct shm_segment *segment = shm_segment(shm, i);

		if (segment != NULL)
			sum += failed_now(
			    segment_read(&segment->peers, bucket, key).failed,
			    now, half_ms);
	}
	return (double)sum / FAILED_ONE;
}

unsigned
shm_peer_total(struct shm *shm)
{
	unsigned count = shm_count(shm), open = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct shm_segment *segment = shm_segment(shm, i);

		if (segment != NULL)
			open += __atomic_load_n(
			    &segment->peers.open, __ATOMIC_RELAXED);
	}
	return open;
}
