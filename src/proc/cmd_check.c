/* SPDX-License-Identifier: MIT */
/* cmd_check.c - `hookline check`: loads everything a worker would load, and
 * prints the chain of each hook.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "command.h"
#include "conf/conf_dir.h"
#include "conf/conf_listen.h"
#include "conf/conf_list.h"
#include "conf/conf_value.h"
#include "confine_plan.h"
#include "hook/carries.h"
#include "hook/plugin_alias.h"
#include "hook/plugin_files.h"
#include "hook/resolver.h"
#include "offline.h"
#include "run_as.h"
#include "server/server_needs.h"
#include "settings.h"
#include "tls_end.h"
#include "tls_store.h"

struct check {
	struct conf_listeners *listeners; /* NULL: no file */
	struct conf_listeners none;
	bool without_keys;
	const char *user; /* of --user, or NULL */
	struct run_as as;
	struct conf_faults warnings; /* of what is good all the same */
	struct tls_store *tls;       /* NULL: it has a fault */
};

/* ---- tables ---- */

static const char *const need_names[] = {
	[NEED_READ] = "reads",
	[NEED_WRITE] = "writes",
	[NEED_EXEC] = "runs",
	[NEED_EXEC_SETUID] = "runs, as whom its file says,",
	[NEED_CONNECT] = "connects to",
};

static bool
has_hook(const struct plugin *plugin)
{
	for (unsigned i = 0; i < HOOK_COUNT; i++) {
		plugin_fn *fn;

		memcpy(&fn, (const char *)&plugin->desc + hook_table[i].member,
		    sizeof(fn));
		if (fn != NULL)
			return true;
	}
	return false;
}

static void
print_plugin(const struct plugin *plugin)
{
	(void)printf("  %-28.*s %-11s %.*s\n", STR(plugin->name), plugin->found,
	    STR(plugin->path));
	if (plugin->alias != NULL)
		(void)printf(
		    "  %-28s   is now called %s\n", "", plugin->alias->now);
	for (const struct need *need = plugin->needs; need != NULL;
	     need = need->next)
		(void)printf("  %-28s   %s %.*s\n", "", need_names[need->kind],
		    STR(need->what));
	/* The master reads the line of tls (conf_tls.h). */
	if (!has_hook(plugin) && !str_eq_text(plugin->name, "tls"))
		(void)printf("  %-28s   has no hook: it is never asked\n", "");
}

/* Of the queue of a set: what all of its plugins carry is offered. */
static void
print_carries(const struct chain_set *set)
{
	struct buf words = BUF_INIT;

	if (set->hooks[HOOK_QUEUE] == NULL)
		return;
	carries_text(set->carries, &words);
	(void)printf("  %-22s %s\n", "carries", words.p);
	buf_done(&words);
}

static void
print_chain(const char *hook, const struct chain *chain)
{
	(void)printf("  %-22s", hook);
	for (unsigned i = 0; i < chain->count; i++)
		(void)printf("%s%.*s", i > 0 ? ", " : " ",
		    STR(chain->at[i].plugin->name));
	(void)printf("\n");
}

/* A set that takes no mail at all is seldom meant. */
static void
print_missing(const struct chain_set *set)
{
	if (set->hooks[HOOK_RCPT] == NULL)
		(void)printf("  %-22s warning: no plugin decides about "
			     "recipients: each is answered 450; rcpt_ok "
			     "takes those of rcpthosts\n",
		    hook_table[HOOK_RCPT].name);
	if (set->hooks[HOOK_QUEUE] == NULL)
		(void)printf("  %-22s warning: no plugin takes messages: each "
			     "is answered 451; queue/maildir is one that "
			     "would\n",
		    hook_table[HOOK_QUEUE].name);
}

static void
print_set(const char *title, const struct chain_set *set)
{
	(void)printf("%s\n", title);
	for (unsigned i = 0; i < set->count; i++)
		print_plugin(set->plugins[i]);
	(void)printf("chains\n");
	for (unsigned id = 0; id < HOOK_COUNT; id++) {
		if (set->hooks[id] != NULL)
			print_chain(hook_table[id].name, set->hooks[id]);
	}
	print_carries(set);
}

static void
print_listeners(const struct check *check)
{
	(void)printf("listeners\n");
	if (check->listeners == NULL || check->listeners->count == 0) {
		(void)printf("  %-28s warning: write a line such as 0.0.0.0:25 "
			     "into listen, unless --listen or systemd does\n",
		    "none");
		return;
	}
	for (size_t i = 0; i < check->listeners->count; i++) {
		const struct conf_listener *at = &check->listeners->at[i];

		(void)printf(
		    "  %-28.*s %.*s\n", STR(at->name), STR(at->plugins));
		if (at->lmtp && at->addr.family != INET_UNIX &&
		    at->addr.port == 25)
			(void)printf("  %-28s   warning: LMTP must not be "
				     "spoken at port 25 (RFC 2033)\n",
			    "");
	}
}

static void
print_tls_item(const struct tls_item *item)
{
	const struct tls_item_version *now = &item->now;
	struct buf note = BUF_INIT;
	char until[WALL_RFC3339_MAX];

	if (item->kind != TLS_ITEM_PAIR)
		return;
	(void)printf("  %-28s ", item->name.n > 0 ? item->name.p : "*");
	if (item->is_skipped) {
		(void)printf("%s: not looked at, only root and the server "
			     "may read it or its key\n",
		    item->paths[TLS_ITEM_CERT]);
		return;
	}
	(void)wall_rfc3339(now->info.not_after, until, sizeof(until));
	(void)printf("%s, %s, until %.10s\n", now->info.subject,
	    now->info.key_kind, until);
	tls_end_print(&note, &now->info, wall_now());
	if (note.n > 0)
		(void)printf("  %-28s   warning: it %s\n", "", note.p);
	if (now->staple_fault[0] != '\0')
		(void)printf("  %-28s   warning: no OCSP staple: %s\n", "",
		    now->staple_fault);
	buf_done(&note);
}

static void
print_tls(const struct check *check)
{
	if (check->without_keys || tls_store_is_empty(check->tls))
		return;
	(void)printf("certificates\n");
	for (size_t i = 0; i < tls_store_count(check->tls); i++)
		print_tls_item(tls_store_at(check->tls, i));
}

/* ---- the check ---- */

static void
parse_listen(struct offline *self, struct check *check)
{
	struct conf_list *list =
	    conf_get(self->conf, STR_EMPTY, STR_LIT("listen"));

	if (conf_list_is_present(list) &&
	    conf_listen_parse(list, &check->listeners, &self->faults) < 0)
		check->listeners = NULL;
	conf_list_unref(&list);
}

static bool
is_there(struct conf_dir *conf, hl_str key)
{
	struct conf_list *list = conf_get(conf, STR_EMPTY, key);
	bool is_present = conf_list_is_present(list);

	conf_list_unref(&list);
	return is_present;
}

/* A listener's plugin file that is missing is a fault of the listener's line,
 * unless it is that of all others too. */
static int
load(struct offline *self, const struct check *check)
{
	size_t count = check->listeners != NULL ? check->listeners->count : 0;
	hl_str *keys = mem_array(count + 1, sizeof(*keys));
	size_t n = 0;
	int ret;

	for (size_t i = 0; i < count; i++) {
		const struct conf_listener *at = &check->listeners->at[i];

		if (str_eq_text(at->plugins, "plugins") ||
		    is_there(self->conf, at->plugins))
			keys[n++] = at->plugins;
		else
			(void)conf_faults_add(&self->faults, at->file, at->line,
			    "plugins=%.*s: there is no such file",
			    STR(at->plugins));
	}
	if (count == 0)
		keys[n++] = STR_LIT("plugins");
	ret = engine_load(self->engine, keys, n, &self->faults);
	mem_free(keys);
	return ret;
}

/* Without config/listen as the one listener that --listen would make. */
static void
check_tls(struct offline *self, struct check *check)
{
	struct tls_store_options options = { .is_check = true,
		.is_blind = check->without_keys };
	struct conf_listener usual = { .name = STR_EMPTY,
		.path = STR_EMPTY,
		.plugins = STR_LIT("plugins"),
		.file = STR_EMPTY };
	struct conf_listeners one = { .at = &usual, .count = 1 };
	const struct conf_listeners *listeners = check->listeners;

	if (listeners == NULL || listeners->count == 0)
		listeners = &one;
	if (tls_store_new(self->conf, listeners, &options, &check->tls,
		&self->faults) < 0)
		check->tls = NULL;
}

static void
on_closed(void *arg, const char *path)
{
	struct check *check = arg;

	(void)conf_faults_add(&check->warnings, str_of(path), 0,
	    "warning: not read, only root and the server may; check as root");
}

/* engine_load has read those that hold for all listeners. */
static void
check_files(struct offline *self, struct check *check,
    const struct hl_plugin *desc, const hl_str *listeners, size_t count)
{
	bool is_stranger = self->engine->is_stranger;

	for (size_t i = 0; i < count; i++)
		plugin_files_read(desc, self->conf, listeners[i], is_stranger);
	if (!is_stranger)
		return;
	plugin_files_closed(desc, self->conf, STR_EMPTY, on_closed, check);
	for (size_t i = 0; i < count; i++)
		plugin_files_closed(
		    desc, self->conf, listeners[i], on_closed, check);
}

static void
check_values(struct offline *self, struct check *check)
{
	size_t count = check->listeners != NULL ? check->listeners->count : 0;
	hl_str *names = mem_array(count + 1, sizeof(*names));
	const struct conf_faults *faults;

	for (size_t i = 0; i < count; i++)
		names[i] = check->listeners->at[i].name;
	conf_check(self->conf, names, count);
	resolver_check(self->conf);
	for (unsigned i = 0; i < self->engine->plugin_count; i++)
		check_files(
		    self, check, &self->engine->plugins[i]->desc, names, count);
	faults = conf_faults(self->conf);
	for (size_t i = 0; i < faults->count; i++)
		(void)conf_faults_add(&self->faults, faults->at[i].file,
		    faults->at[i].line, "%s", faults->at[i].text.p);
	mem_free(names);
}

/* Neither root nor the user of the workers, which the server's own check has. */
static bool
is_stranger(struct offline *self, const struct check *check)
{
	struct run_user user;
	struct arena arena;
	struct err err;
	bool ret;

	if (geteuid() == 0 || check->without_keys ||
	    check->as.kind == RUN_AS_SERVER)
		return false;
	arena_init(&arena, 256, 0);
	ret =
	    run_user_find(conf_text(self->conf, STR_EMPTY, CONF_USER, &arena).p,
		&user, &err) < 0 ||
	    user.uid != geteuid();
	arena_done(&arena);
	return ret;
}

/* Root can tell: others may check what is for another machine. */
static void
check_user(struct offline *self)
{
	struct conf_list *list =
	    conf_get(self->conf, STR_EMPTY, STR_LIT("user"));
	struct run_user user;
	struct err err;

	if (geteuid() == 0 && conf_list_count(list) > 0 &&
	    run_user_find(conf_list_first(list).p, &user, &err) < 0)
		(void)conf_faults_add(&self->faults, conf_list_file(list, 0),
		    conf_list_line(list, 0), "%s", err.text);
	conf_list_unref(&list);
}

/* Root may write everywhere, and a stranger does not run it. */
static void
check_spool(struct offline *self)
{
	struct conf_list *list =
	    conf_get(self->conf, STR_EMPTY, STR_LIT("spool_dir"));
	const char *dir = conf_list_first(list).p;
	struct run_user user;

	run_user_self(&user);
	if (user.uid != 0 && !self->engine->is_stranger && dir[0] != '\0' &&
	    access(dir, W_OK | X_OK) == -1 && errno != ENOENT)
		(void)conf_faults_add(&self->faults, conf_list_file(list, 0),
		    conf_list_line(list, 0),
		    "%s cannot be written to by %s: %s; give it to that user, "
		    "or name its owner in config/user",
		    dir, user.name, strerror(errno));
	conf_list_unref(&list);
}

/* What a worker with this configuration could still use. */
static void
print_confinement(struct offline *self)
{
	const struct server_need *needs;
	size_t count = server_needs(self->engine, &needs);
	struct confine_plan plan;

	(void)printf("confinement\n");
	if (!settings_confine(self->conf)) {
		(void)printf("  off\n");
		return;
	}
	confine_plan_init(&plan);
	confine_plan_needs(&plan, needs, count);
	for (size_t i = 0; i < plan.place_count; i++)
		(void)printf("  %-10s %s\n",
		    plan.places[i].may_write ? "writes" : "reads",
		    plan.places[i].path);
	for (size_t i = 0; !plan.any_port && i < plan.port_count; i++)
		(void)printf("  %-10s %u\n", "port", plan.ports[i]);
	if (plan.any_port)
		(void)printf("  %-10s any\n", "port");
	confine_plan_done(&plan);
}

static int
check_fiber(struct offline *self, void *arg)
{
	struct check *check = arg;
	int ret;

	self->engine->is_stranger = is_stranger(self, check);
	parse_listen(self, check);
	ret = load(self, check);
	check_tls(self, check);
	check_values(self, check);
	check_user(self);
	check_spool(self);
	if (self->faults.count > 0)
		return -EINVAL;
	if (ret < 0)
		return ret;
	run_as_print(&check->as, self->config_dir);
	print_listeners(check);
	print_tls(check);
	if (self->engine->logging != NULL)
		print_set("logging", self->engine->logging);
	for (unsigned i = 0; i < self->engine->set_count; i++) {
		print_set(self->engine->sets[i]->key.p, self->engine->sets[i]);
		print_missing(self->engine->sets[i]);
	}
	print_confinement(self);
	return 0;
}

static const struct option_spec options[] = {
	{ "config", "DIR", "configuration directory (/etc/hookline)" },
	{ "user", "NAME", "by root: look as this user, not as config/user" },
	{ "without-keys", NULL, "open no certificates and keys" },
	{ NULL, NULL, NULL },
};

static int
on_option(void *arg, const struct option_spec *spec, const char *value,
    struct err *err)
{
	struct offline *offline = arg;
	struct check *check = offline->arg;

	if (spec == NULL)
		return err_set(err, -EINVAL, "unexpected argument %s", value);
	if (strcmp(spec->name, "without-keys") == 0)
		check->without_keys = true;
	else if (strcmp(spec->name, "user") == 0)
		check->user = value;
	else
		offline->config_dir = value;
	return 0;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct check check = { .listeners = NULL };
	struct offline offline = {
		.config_dir = "/etc/hookline", .fn = check_fiber, .arg = &check
	};
	size_t faults;
	struct err err = { 0, "" };
	int ret;

	if (option_parse(self->options, argc, argv, on_option, &offline, &err) <
	    0)
		return command_usage_error(self, "%s", err.text);
	conf_faults_init(&check.warnings);
	ret = run_as_server(offline.config_dir, check.user, &check.as, &err);
	if (ret < 0) {
		(void)fprintf(stderr, "hookline check: %s\n", err.text);
		return EXIT_FAULT;
	}
	ret = offline_run(&offline, &err);
	(void)offline_print_faults(&check.warnings);
	conf_faults_done(&check.warnings);
	faults = offline_print_faults(&offline.faults);
	if (ret < 0 && faults == 0)
		(void)fprintf(stderr, "hookline check: %s\n", err.text);
	if (check.listeners != NULL)
		conf_listeners_free(&check.listeners);
	tls_store_free(&check.tls);
	offline_done(&offline);
	if (ret < 0)
		return EXIT_FAULT;
	(void)printf("%s is good\n", offline.config_dir);
	return EXIT_OK;
}

const struct command command_check = {
	.name = "check",
	.args = "[--config DIR] [--user NAME] [--without-keys]",
	.about = "load a configuration and print the chain of each hook",
	.options = options,
	.more = "Exit status 0 when it is good, 1 with file and line of each "
		"fault.",
	.run = run,
};
