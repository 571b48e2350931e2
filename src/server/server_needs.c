/* SPDX-License-Identifier: MIT */
/* server_needs.c - all that a worker uses of the system beyond itself. */
#include "server_needs.h"

#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "conf/conf_outside.h"
#include "dns/dns.h"
#include "hook/engine.h"
#include "mail/body.h"

struct gathered {
	struct arena *arena;
	struct server_need *at;
	size_t count, room;
};

static void
add(struct gathered *all, enum server_need_kind kind, hl_str what)
{
	if (all->count == all->room) {
		size_t room = all->room * 2 + 16;
		struct server_need *more =
		    arena_array(all->arena, room, sizeof(*more));

		for (size_t i = 0; i < all->count; i++)
			more[i] = all->at[i];
		all->at = more;
		all->room = room;
	}
	all->at[all->count++] = (struct server_need){ kind, what };
}

static void
add_dir(struct gathered *all, enum server_need_kind kind, const char *path)
{
	if (path != NULL)
		add(all, kind, arena_printf(all->arena, "%s/", path));
}

/* ---- of the plugins ---- */

static const enum server_need_kind kinds[] = {
	[NEED_READ] = SERVER_NEED_READ,
	[NEED_WRITE] = SERVER_NEED_WRITE,
	[NEED_EXEC] = SERVER_NEED_EXEC,
	[NEED_EXEC_SETUID] = SERVER_NEED_EXEC_SETUID,
	[NEED_CONNECT] = SERVER_NEED_CONNECT,
};

static void
add_declared(struct gathered *all, const struct engine *engine)
{
	for (unsigned i = 0; i < engine->plugin_count; i++)
		for (const struct need *need = engine->plugins[i]->needs;
		     need != NULL; need = need->next)
			add(all, kinds[need->kind], need->what);
}

static void
add_plugin_dirs(struct gathered *all, const struct engine *engine)
{
	struct conf_list *dirs =
	    conf_get(engine->conf, STR_EMPTY, STR_LIT("plugin_dirs"));

	for (size_t i = 0; i < conf_list_count(dirs); i++)
		add_dir(all, SERVER_NEED_READ, conf_list_at(dirs, i).p);
	conf_list_unref(&dirs);
	add_dir(all, SERVER_NEED_READ, engine->options.plugin_dir);
}

/* ---- our own ---- */

static void
on_outside(void *arg, const char *path)
{
	struct gathered *all = arg;

	add(all, SERVER_NEED_READ, arena_str(all->arena, slice_of(path)));
}

static void
add_configuration(struct gathered *all, const struct engine *engine)
{
	const struct conf_places places = { conf_dir_path(engine->conf),
		conf_dir_extra(engine->conf) };

	add_dir(all, SERVER_NEED_READ, places.dir);
	add_dir(all, SERVER_NEED_READ, places.extra);
	conf_outside(&places, on_outside, all);
}

/* Large answers come over TCP. */
static void
add_resolvers(struct gathered *all, const struct engine *engine)
{
	struct conf_list *list =
	    conf_get(engine->conf, STR_EMPTY, STR_LIT("resolvers"));

	for (size_t i = 0; i < conf_list_count(list); i++) {
		struct inet_addr server;

		if (dns_server_parse(
			slice_str(conf_list_at(list, i)), &server) < 0)
			continue; /* told by whoever uses it */
		add(all, SERVER_NEED_CONNECT,
		    arena_printf(all->arena, "[::]:%u",
			server.port != 0 ? server.port : 53));
	}
	conf_list_unref(&list);
	add(all, SERVER_NEED_CONNECT, STR_LIT("[::]:53"));
}

static void
add_storage(struct gathered *all, const struct engine *engine)
{
	if (engine->bodies != NULL)
		add_dir(all, SERVER_NEED_WRITE, engine->bodies->spool_dir);
	if (engine->options.state_dir != NULL)
		add(all, SERVER_NEED_WRITE,
		    arena_printf(all->arena, "%s/undelivered/",
			engine->options.state_dir));
}

size_t
server_needs(struct engine *engine, const struct server_need **ret)
{
	struct gathered all = { .arena = &engine->arena };

	add_declared(&all, engine);
	add_plugin_dirs(&all, engine);
	add_configuration(&all, engine);
	add_resolvers(&all, engine);
	add_storage(&all, engine);
	*ret = all.at;
	return all.count;
}
