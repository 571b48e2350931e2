/* SPDX-License-Identifier: MIT */
/* respawn.c - how long to wait before a dead worker is started again. */
#include "respawn.h"

#include <string.h>

#include "base/mem.h"

struct blamed {
	struct link link;
	char *plugin;
	unsigned count; /* deaths ever; the last ones are in the ring */
	struct mono deaths[RESPAWN_BLAMED_DEATHS];
};

uint64_t
respawn_wait(struct respawn *respawn, struct mono started, struct mono died)
{
	if (mono_since_us(died, started) / 1000 >= RESPAWN_GOOD_MS)
		respawn->wait_ms = 0;
	else if (respawn->wait_ms == 0)
		respawn->wait_ms = RESPAWN_MIN_MS;
	else if (respawn->wait_ms * 2 < RESPAWN_MAX_MS)
		respawn->wait_ms *= 2;
	else
		respawn->wait_ms = RESPAWN_MAX_MS;
	return respawn->wait_ms;
}

void
blame_init(struct blame *blame)
{
	list_init(&blame->plugins);
}

void
blame_done(struct blame *blame)
{
	struct link *link;

	while ((link = list_pop_front(&blame->plugins)) != NULL) {
		struct blamed *b = CONTAINER_OF(link, struct blamed, link);

		mem_free(b->plugin);
		mem_free(b);
	}
}

static struct blamed *
blame_find(struct blame *blame, const char *plugin)
{
	struct blamed *b;

	LIST_FOR_EACH (link, safe, &blame->plugins) {
		b = CONTAINER_OF(link, struct blamed, link);
		if (strcmp(b->plugin, plugin) == 0)
			return b;
	}
	b = mem_alloc(sizeof(*b));
	b->plugin = mem_dup(slice_of(plugin));
	list_push_back(&blame->plugins, &b->link);
	return b;
}

bool
blame_note(struct blame *blame, const char *plugin, struct mono died)
{
	struct blamed *b = blame_find(blame, plugin);
	struct mono first;

	b->deaths[b->count++ % RESPAWN_BLAMED_DEATHS] = died;
	if (b->count < RESPAWN_BLAMED_DEATHS)
		return false;
	/* The ring's next place holds the oldest. */
	first = b->deaths[b->count % RESPAWN_BLAMED_DEATHS];
	return mono_since_us(died, first) / 1000 <= RESPAWN_BLAMED_WITHIN_MS;
}
