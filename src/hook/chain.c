/* SPDX-License-Identifier: MIT */
/* chain.c - computes chains from loaded plugins. */
#include "chain.h"

#include <string.h>

#include "base/arena.h"
#include "call_time.h"
#include "shm/stats.h"

plugin_fn *
plugin_hook(const struct plugin *plugin, enum hook_id id)
{
	plugin_fn *fn;
	const char *desc = (const char *)&plugin->desc;

	memcpy(&fn, desc + hook_table[id].member, sizeof(fn));
	return fn;
}

/* Those that asked to come first, the last of them before the others (as
 * qpsmtpd's unshift has them); or those that did not. */
static void
add_entries(const struct chain_set *set, enum hook_id id, bool front,
    struct chain *chain, struct shm *shm)
{
	for (unsigned i = 0; i < set->count; i++) {
		struct plugin *plugin =
		    set->plugins[front ? set->count - 1 - i : i];
		plugin_fn *fn = plugin_hook(plugin, id);

		if (fn == NULL || ((plugin->front >> id & 1) != 0) != front)
			continue;
		chain->at[chain->count++] = (struct chain_entry){
			.plugin = plugin,
			.fn = fn,
			.stat = shm_stat_define(shm, slice_str(plugin->name),
			    slice_of(hook_table[id].name)),
		};
	}
}

static const struct chain *
chain_build(const struct chain_set *set, enum hook_id id, struct arena *arena,
    struct shm *shm)
{
	struct chain *chain;
	unsigned i, count = 0;

	for (i = 0; i < set->count; i++)
		count += plugin_hook(set->plugins[i], id) != NULL;
	if (count == 0)
		return NULL;
	chain =
	    arena_alloc(arena, sizeof(*chain) + count * sizeof(chain->at[0]));
	chain->pace = arena_alloc(arena, sizeof(*chain->pace));
	*chain->pace =
	    (struct chain_pace){ .exact = CALL_EXACT, .rows = CALL_ROWS };
	add_entries(set, id, true, chain, shm);
	add_entries(set, id, false, chain, shm);
	return chain;
}

/* One that carries less could get the message: what it lacks is no promise. */
static uint64_t
carried_by_all(const struct chain *queue)
{
	uint64_t carries = ~UINT64_C(0);

	if (queue == NULL)
		return 0;
	for (unsigned i = 0; i < queue->count; i++)
		carries &= queue->at[i].plugin->desc.carries;
	return carries;
}

void
chain_set_build(struct chain_set *set, struct arena *arena, struct shm *shm)
{
	for (unsigned id = 0; id < HOOK_COUNT; id++)
		set->hooks[id] = chain_build(set, (enum hook_id)id, arena, shm);
	set->carries = carried_by_all(set->hooks[HOOK_QUEUE]);
}
