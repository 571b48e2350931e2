/* SPDX-License-Identifier: MIT */
/* server_needs.c - all that a worker uses of the system beyond itself. */
#include "server_needs.h"

#include "base/log.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "conf/conf_outside.h"
#include "conf/conf_value.h"
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
log_unseen(const char *dir)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_WARN);
	log_add_text(&line, LOG_event, "config_unseen");
	log_add_text(&line, LOG_path, dir);
	log_add_int(&line, LOG_limit, CONF_OUTSIDE_ENTRIES);
	log_add_text(&line, LOG_text,
	    "it has more entries than are looked at: what others of them "
	    "include or link to elsewhere cannot be read; keep what is no "
	    "control file out of it, or set confine to off");
	log_end(&line);
}

static void
add_configuration(struct gathered *all, const struct engine *engine)
{
	const struct conf_places places = { conf_dir_path(engine->conf),
		conf_dir_extra(engine->conf) };

	add_dir(all, SERVER_NEED_READ, places.dir);
	add_dir(all, SERVER_NEED_READ, places.extra);
	/* The same for all workers, so one says it. */
	if (!conf_outside(&places, on_outside, all) &&
	    engine->options.slot == 0 &&
	    conf_enum(engine->conf, STR_EMPTY, CONF_CONFINE) == 0)
		log_unseen(places.dir);
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
