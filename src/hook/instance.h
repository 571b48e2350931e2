/* SPDX-License-Identifier: MIT */
/* instance.h - one line of config/plugins, loaded.
 *
 * Lives as long as the engine (a worker's generation).  The same shared
 * object may stand behind several instances ("name:0", "name:1").
 */
#ifndef HOOKLINE_HOOK_INSTANCE_H
#define HOOKLINE_HOOK_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include <hookline/plugin.h>

#include "base/arena.h"
#include "hook_row.h"

/* What a plugin said it will use (hl_need_*). */
enum need_kind {
	NEED_READ,
	NEED_WRITE,
	NEED_EXEC,
	NEED_EXEC_SETUID,
	NEED_CONNECT
};

struct plugin_alias;

struct need {
	struct need *next;
	enum need_kind kind;
	hl_str what;
};

struct plugin {
	uint32_t magic;
	unsigned index; /* in the engine; from 0 */
	hl_str name;    /* "queue/maildir", "tag:1" */
	hl_str file;    /* where its line stands */
	unsigned line;
	hl_str path;       /* of the shared object; "" built in */
	const char *found; /* why this one was taken, for `check` */
	hl_str passed;     /* the Perl file that it stands for; "" */
	const struct plugin_alias *alias; /* its line's name is old; or NULL */
	struct hl_plugin desc; /* a full copy; fields it lacks are zero */
	void *handle;          /* of dlopen; NULL built in */
	void *args;            /* desc.args_size bytes */
	void *instance;        /* desc.instance_size bytes */
	uint64_t timeout_ms;   /* hl.timeout=; 0: the hook's default */
	enum hook_policy policy;
	struct need *needs;
	unsigned needs_told; /* kinds of undeclared use that were logged */
	hl_str load_error;   /* set by hl_load_error */
	hl_str loglevel;     /* the `loglevel` argument: "6", "+1", "-1" */
	void *remote;        /* whoever runs it elsewhere (remote.h); NULL */
	unsigned next_hop;   /* what it offers; api_smtp_deliver.c */
	uint64_t front;      /* hooks, as bits, that come before all others */
	bool loaded;         /* its load() succeeded */
	bool is_logger;      /* from config/logging */
};

/* The function of a hook, NULL if the plugin does not have it. */
typedef void plugin_fn(void);
plugin_fn *plugin_hook(const struct plugin *plugin, enum hook_id id);

/* True when `what` was declared; a declared path that ends in '/' covers all
 * below it, "*" any address. */
bool plugin_may(const struct plugin *plugin, enum need_kind kind, hl_str what);

#endif
