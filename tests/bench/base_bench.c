/* SPDX-License-Identifier: MIT */
/* base_bench.c - what the lowest layer costs on a command's path.
 *
 * Prints nanoseconds for each operation: the least of several rounds, since
 * what disturbs a measurement only ever makes it longer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/inet.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#define ROUNDS 15
#define REPEAT 20000

/* The compiler must believe that `p` is used. */
#define KEEP(p) __asm__ volatile("" : : "r"(p) : "memory")

static struct arena arena;
static struct map *small_map, *large_map;
static char keys[4096][16];
static char log_bytes[64];

/* What a command does: a path, two strings, a reply, then the reset. */
static void
arena_command(unsigned i)
{
	(void)i;
	KEEP(arena_alloc(&arena, 24));
	KEEP(arena_alloc(&arena, 64));
	KEEP(arena_str(&arena, SLICE_LIT("someone@mail.example.com")).p);
	KEEP(arena_str(&arena, SLICE_LIT("mail.example.com")).p);
	KEEP(arena_alloc(&arena, 40));
	KEEP(arena_alloc(&arena, 128));
	KEEP(arena_alloc(&arena, 16));
	KEEP(arena_alloc(&arena, 200));
	arena_reset(&arena);
}

static void
heap_command(unsigned i)
{
	static const size_t sizes[] = { 24, 64, 25, 17, 40, 128, 16, 200 };
	void *p[ARRAY_SIZE(sizes)];

	(void)i;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		p[k] = mem_alloc(sizes[k]);
		KEEP(p[k]);
	}
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++)
		mem_free(p[k]);
}

static void
arena_one(unsigned i)
{
	(void)i;
	KEEP(arena_alloc(&arena, 64));
	arena_reset(&arena);
}

static void
print_reply(unsigned i)
{
	KEEP(arena_printf(&arena, "250 2.1.5 recipient %u ok", i).p);
	arena_reset(&arena);
}

static void
get_small(unsigned i)
{
	KEEP(map_get(small_map, slice_of(keys[i % 6])));
}

static void
get_large(unsigned i)
{
	KEEP(map_get(large_map, slice_of(keys[i % ARRAY_SIZE(keys)])));
}

static void
miss_large(unsigned i)
{
	(void)i;
	KEEP(map_get(large_map, SLICE_LIT("not-there")));
}

static void
set_and_remove(unsigned i)
{
	(void)i;
	map_set(small_map, SLICE_LIT("churn"), keys);
	KEEP(map_remove(small_map, SLICE_LIT("churn")));
}

static void
hash_one(unsigned i)
{
	KEEP(hash_bytes(keys[i % ARRAY_SIZE(keys)], 16));
}

static void
drop_line(void *arg, enum log_level level, struct slice text)
{
	(void)arg;
	(void)level;
	KEEP(text.p);
}

static void
log_line(enum log_level level, unsigned i)
{
	struct log_line line;

	log_begin(&line, level);
	log_add_text(&line, LOG_event, "rcpt");
	log_add_text(&line, LOG_sid, "5f3a9c0de1b24477");
	log_add_text(&line, LOG_listener, "smtp");
	log_add_text(&line, LOG_ip, "2001:db8::25");
	log_add_text(&line, LOG_to, "someone@mail.example.com");
	log_add_int(&line, LOG_code, 250);
	log_add_int(&line, LOG_us, i);
	log_add_text(&line, LOG_text, "2.1.5 recipient ok");
	log_end(&line);
}

static void
log_on(unsigned i)
{
	log_line(LOG_LEVEL_INFO, i);
}

static void
log_off(unsigned i)
{
	log_line(LOG_LEVEL_DEBUG, i);
}

static void
clock_mono(unsigned i)
{
	(void)i;
	KEEP(mono_now().ns);
}

static void
date_line(unsigned i)
{
	KEEP(wall_rfc5322((struct wall){ INT64_C(1795398588000000) + i },
	    log_bytes, sizeof(log_bytes)));
}

static void
random_id(unsigned i)
{
	(void)i;
	KEEP(random_u64());
}

static void
address_text(unsigned i)
{
	static const struct inet_addr addr = { .family = INET_V6,
		.bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x25 } };

	(void)i;
	KEEP(inet_text(&addr, log_bytes));
}

static const struct {
	const char *name;
	void (*fn)(unsigned);
} cases[] = {
	{ "arena: 8 requests and reset", arena_command },
	{ "the same with mem_alloc and mem_free", heap_command },
	{ "arena: 1 request of 64 bytes and reset", arena_one },
	{ "arena: printf of a reply and reset", print_reply },
	{ "map_get, 6 keys", get_small },
	{ "map_get, 4096 keys", get_large },
	{ "map_get, 4096 keys, not there", miss_large },
	{ "map_set and map_remove, 6 keys", set_and_remove },
	{ "hash_bytes, 16 bytes", hash_one },
	{ "log line of 8 values, no sink", log_on },
	{ "log line of 8 values, above the level", log_off },
	{ "mono_now", clock_mono },
	{ "wall_rfc5322", date_line },
	{ "random_u64", random_id },
	{ "inet_text, IPv6", address_text },
};

static double
measure(void (*fn)(unsigned))
{
	uint64_t least = UINT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		struct mono start = mono_now();
		uint64_t ns;

		for (unsigned i = 0; i < REPEAT; i++)
			fn(i);
		ns = mono_now().ns - start.ns;
		if (ns < least)
			least = ns;
	}
	return (double)least / REPEAT;
}

static void
prepare(void)
{
	arena_init(&arena, 1024, 0);
	log_set_sink(drop_line, NULL);
	small_map = map_new(NULL);
	large_map = map_new(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "key-%zu", i);
		map_set(large_map, slice_of(keys[i]), keys[i]);
		if (i < 6)
			map_set(small_map, slice_of(keys[i]), keys[i]);
	}
}

int
main(void)
{
	prepare();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		printf("%8.1f ns  %s\n", measure(cases[i].fn), cases[i].name);
	arena_done(&arena);
	map_free(&small_map);
	map_free(&large_map);
	return 0;
}
