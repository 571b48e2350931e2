/* SPDX-License-Identifier: MIT */
/* host.c - what the hosts of a worker have loaded; the ops of remote.h. */
#include "host_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "conf/conf_plugins.h"
#include "conf/conf_value.h"
#include "hook/instance.h"
#include "wire.h"

/* A plugin that goes on after the time for loading has such a while until its
 * process says so and ends. */
#define LOAD_MORE_MS 5000

struct host *
host_new(const struct host_options *options)
{
	struct host *host = mem_alloc(sizeof(*host));

	host->magic = HOST_MAGIC;
	arena_init(&host->arena, 1024, 0);
	host->path = arena_str(&host->arena, slice_of(options->path));
	host->wait_ms = options->wait_ms;
	host->on_stuck = options->on_stuck;
	host->arg = options->arg;
	return host;
}

void
host_free(struct host **host)
{
	struct host *old = *host;

	*host = NULL;
	if (old == NULL)
		return;
	CHECK_OBJ(old, HOST_MAGIC);
	host_session_free(&old->log);
	host_session_free(&old->other);
	mem_free(old->plugins);
	arena_done(&old->arena);
	old->magic = 0;
	mem_free(old);
}

/* ---- describe ---- */

static struct host_plugin *
add_plugin(struct host *host, struct slice where)
{
	struct host_plugin *plugin;

	host->plugins = mem_grow(
	    host->plugins, (host->count + 1) * sizeof(host->plugins[0]));
	plugin = &host->plugins[host->count++];
	memset(plugin, 0, sizeof(*plugin));
	plugin->host = host;
	plugin->where = arena_str(&host->arena, where);
	plugin->flags = plugin->fault = STR_EMPTY;
	for (unsigned i = 0; i < HOOK_COUNT; i++)
		plugin->entries[i] = STR_EMPTY;
	return plugin;
}

/* "HOOK" or "HOOK!"; `number` is that of the entry.  What is put in front
 * later stands before what was put there earlier. */
static int
add_entry(struct host_plugin *plugin, struct slice hook, unsigned number)
{
	bool front = slice_ends(hook, "!");
	struct arena *arena = &plugin->host->arena;
	enum hook_id id;

	if (front)
		hook.n--;
	if (hook_find(hook, &id) < 0)
		return -EPROTO;
	if (front)
		plugin->front |= UINT64_C(1) << id;
	plugin->entries[id] = plugin->entries[id].n == 0
				  ? arena_printf(arena, "%u", number)
			      : front ? arena_printf(arena, "%u %.*s", number,
					    STR(plugin->entries[id]))
				      : arena_printf(arena, "%.*s %u",
					    STR(plugin->entries[id]), number);
	return 0;
}

/* "plugin" WHERE NAME FLAGS HOOK..., "fault" WHERE TEXT; 1: "end". */
static int
take_frame(struct host *host, struct slice fields, unsigned *number)
{
	struct slice kind, where, text, hook;
	struct host_plugin *plugin;

	if (!wire_next(&fields, &kind))
		return -EPROTO;
	if (slice_eq_text(kind, "end"))
		return 1;
	if (!wire_next(&fields, &where) || !wire_next(&fields, &text))
		return -EPROTO;
	plugin = add_plugin(host, where);
	if (slice_eq_text(kind, "fault")) {
		plugin->fault = arena_str(&host->arena, text);
		return 0;
	}
	if (!slice_eq_text(kind, "plugin") || !wire_next(&fields, &text))
		return -EPROTO;
	plugin->flags = arena_str(&host->arena, text);
	while (wire_next(&fields, &hook)) {
		if (add_entry(plugin, hook, (*number)++) < 0)
			return -EPROTO;
	}
	return 0;
}

/* Hosts accept when all plugins are loaded. */
static int
open_first(struct host *host, const struct engine *engine, uint64_t ms,
    struct host_link **ret, struct err *err)
{
	int status =
	    host_link_open(engine->rt, slice_str(host->path), ms, ret, err);

	if (status == -ETIME)
		return err_set(err, -ETIME,
		    "no host answers within %llu seconds: a Perl plugin takes "
		    "too long to load, or in init_worker",
		    (unsigned long long)ms / 1000);
	return status;
}

static int
describe(struct host *host, const struct engine *engine, struct err *err)
{
	struct buf question = BUF_INIT;
	struct host_link *link;
	struct slice fields;
	unsigned number = 0;
	uint64_t ms = conf_time_ms(engine->conf, STR_EMPTY, CONF_PERL_LOAD) +
		      LOAD_MORE_MS;
	int status = open_first(host, engine, ms, &link, err);

	if (status < 0)
		return status;
	wire_add_text(&question, "describe");
	status = host_link_send(link, buf_slice(&question));
	buf_done(&question);
	while (status == 0) {
		status = host_link_receive(link, ms, &fields);
		if (status == 0)
			status = take_frame(host, fields, &number);
	}
	host_link_close(&link);
	if (status < 0)
		return err_set(err, status,
		    "the host did not say what it has loaded: %s",
		    strerror(-status));
	host->described = true;
	return 0;
}

/* ---- remote_ops ---- */

/* The plugin of a line; NULL: the host was started with another list. */
static struct host_plugin *
find(struct host *host, const struct conf_plugin *line)
{
	char where[1024];

	(void)snprintf(
	    where, sizeof(where), "%.*s:%u", STR(line->file), line->line);
	for (size_t i = 0; i < host->count; i++) {
		if (str_eq_text(host->plugins[i].where, where))
			return &host->plugins[i];
	}
	return NULL;
}

static int
host_open(void *arg, struct engine *engine, const struct conf_plugin *line,
    hl_str path, struct plugin *plugin, struct err *err)
{
	struct host *host = arg;
	struct host_plugin *found;
	int status;

	CHECK_OBJ(host, HOST_MAGIC);
	if (!host->described) {
		status = describe(host, engine, err);
		if (status < 0)
			return err_prefix(err, "%.*s", STR(line->name));
	}
	found = find(host, line);
	if (found == NULL)
		return err_set(err, -ESTALE,
		    "%.*s: the host has not loaded %.*s", STR(line->name),
		    STR(path));
	if (found->fault.n > 0)
		return err_set(err, -EINVAL, "%.*s: %.*s", STR(line->name),
		    STR(found->fault));
	plugin->remote = found;
	plugin->front = found->front;
	shim_fill(plugin, found);
	return 0;
}

static void
host_close(void *arg, struct plugin *plugin)
{
	(void)arg;
	plugin->remote = NULL;
}

static void
host_session_end(void *arg, struct conv *conv)
{
	struct host_session *session = conv->remote;

	(void)arg;
	conv->remote = NULL;
	host_session_free(&session);
}

const struct remote_ops host_ops = {
	.open = host_open,
	.close = host_close,
	.session_end = host_session_end,
};
