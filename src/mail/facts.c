/* SPDX-License-Identifier: MIT */
/* facts.c - session ids, clients without an address. */
#include "facts.h"

/* Base 32 without letters that look alike; grows with the time. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* 35 bits of seconds, 8 of the worker's slot, 22 of its counter: 65 bits in
 * 13 digits.  The counter wraps after four million sessions, which a worker
 * does not reach within the second that would make two ids equal. */
void
facts_make_sid(struct facts *facts, unsigned slot)
{
	static uint32_t counter, start;
	static bool started;
	uint64_t seconds = (uint64_t)(wall_now().us / 1000000);
	uint32_t low;
	unsigned i;

	/* Not from 0: a worker that crashed may be back within the second. */
	if (!started) {
		start = (uint32_t)random_u64();
		started = true;
	}
	low = (slot & 0xff) << 22 | ((start + counter++) & 0x3fffff);
	for (i = 0; i < 7; i++)
		facts->sid[i] = digits[seconds >> (30 - 5 * i) & 31];
	for (i = 0; i < 6; i++)
		facts->sid[7 + i] = digits[low >> (25 - 5 * i) & 31];
	facts->sid[13] = '\0';
}

void
facts_hide_peer(struct facts *facts)
{
	facts->peer = (struct inet_addr){ .family = INET_NONE };
	facts->peer_ip = STR_LIT("unknown");
}
