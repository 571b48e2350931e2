/* SPDX-License-Identifier: MIT */
/* shm_bench.c - what each hook call and each connection pays for counters. */
#include <stdio.h>

#include "base/clock.h"
#include "shm/peers.h"
#include "shm/running.h"
#include "shm/stats.h"

static void
print(const char *what, struct mono begin, unsigned count)
{
	(void)printf("%-40s %6.1f ns\n", what,
	    (double)(mono_now().ns - begin.ns) / count);
}

static void
bench_hooks(struct shm *shm)
{
	const unsigned count = 10000000;
	unsigned stat =
	    shm_stat_define(shm, SLICE_LIT("rcpt_ok"), SLICE_LIT("rcpt"));
	struct mono begin = mono_now(), t = begin;

	for (unsigned i = 0; i < count; i++) {
		t.ns += 100;
		shm_running_set(shm, stat, SLICE_LIT("1NG7AWR000000"),
		    SLICE_LIT("1NG7AWR000000.1"), t);
		shm_running_clear(shm, t);
	}
	print("running cell, set and clear", begin, count);
	begin = mono_now();
	for (unsigned i = 0; i < count; i++)
		shm_hook_note(shm, stat, i % SHM_VERDICTS, i % 1000, 0);
	print("note of a hook call", begin, count);
}

/* More clients than the table has places. */
static void
bench_peers(struct shm *shm)
{
	const unsigned count = 2000000;
	struct inet_addr addr = { .family = INET_V4 };
	struct mono begin = mono_now();
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		struct shm_key key;
		shm_peer_ref ref;

		addr.bytes[3] = (uint8_t)i;
		addr.bytes[2] = (uint8_t)(i >> 8);
		key = shm_key_of(&addr, 64);
		ref = shm_peer_add(shm, &key);
		sum += shm_peer_count(shm, &key);
		shm_peer_remove(shm, ref);
	}
	print("client, add, count and remove", begin, count);
	CHECK(sum == count);
}

int
main(void)
{
	struct shm *shm = shm_private();

	bench_hooks(shm);
	bench_peers(shm);
	shm_free(&shm);
	return 0;
}
