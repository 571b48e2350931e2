/* SPDX-License-Identifier: MIT */
/* server_load.c - makes and frees a server. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "conf/conf_dir.h"
#include "conf/conf_listen.h"
#include "conf/conf_list.h"
#include "conf/conf_value.h"
#include "hook/hook_log.h"
#include "hook/plugin_alias.h"
#include "host/host.h"
#include "net/listener.h"
#include "net/tls_ctx.h"
#include "plugin_dir.h"
#include "rt/fiber.h"
#include "rt/offload.h"
#include "rt/timeq.h"
#include "server_needs.h"
#include "server_private.h"
#include "server_tls.h"
#include "session.h"

#define SERVER_MAGIC 0x73727672u

/* ---- work on a fiber while the loop runs ---- */

struct job {
	struct server *server;
	struct err *err;
	int result;
	bool done;
};

static void
run_job(struct server *server, fiber_fn *fn, struct job *job)
{
	if (fiber_start(server->rt, fn, job) < 0) {
		job->result = err_set(job->err, -EAGAIN, "no fiber is free");
		return;
	}
	while (!job->done)
		(void)uv_run(rt_loop(server->rt), UV_RUN_ONCE);
}

/* ---- faults of the configuration ---- */

static void
log_fault(const struct conf_fault *fault)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "config");
	log_add(&line, LOG_file, slice_str(fault->file));
	log_add_int(&line, LOG_line, fault->line);
	log_add(&line, LOG_err, slice_str(fault->text));
	log_end(&line);
}

static void
on_fault(void *arg, const struct conf_fault *fault)
{
	const struct server *server = arg;

	log_fault(fault);
	if (server->options.on_fault != NULL)
		server->options.on_fault(server->options.arg);
}

/* The first fault goes into `err`, all of them into the log. */
static int
report_faults(const struct conf_faults *faults, struct err *err)
{
	struct buf text = BUF_INIT;

	if (faults->count == 0)
		return err_set(err, -EINVAL, "the configuration is bad");
	for (size_t i = 1; i < faults->count; i++)
		log_fault(&faults->at[i]);
	conf_fault_print(&text, &faults->at[0]);
	(void)err_set(err, -EINVAL, "%s", text.p);
	buf_done(&text);
	return -EINVAL;
}

/* ---- loading ---- */

/* "plugins", and every plugins= of config/listen. */
static hl_str *
chain_keys(struct server *server, size_t *ret_count)
{
	struct arena *arena = &server->engine->arena;
	struct conf_list *list =
	    conf_get(server->conf, STR_EMPTY, STR_LIT("listen"));
	struct conf_listeners *lines = NULL;
	struct conf_faults faults;
	hl_str *keys;
	size_t count = 0;

	conf_faults_init(&faults);
	if (conf_listen_parse(list, &lines, &faults) < 0)
		lines = NULL; /* the master has said so already */
	keys = arena_array(arena,
	    (lines != NULL ? lines->count : 0) + server->options.chain_count +
		1,
	    sizeof(*keys));
	for (unsigned i = 0; i < server->options.chain_count; i++)
		keys[count++] = str_of(server->options.chains[i]);
	if (count == 0)
		keys[count++] = STR_LIT("plugins");
	for (size_t i = 0; lines != NULL && i < lines->count; i++)
		keys[count++] =
		    arena_str(arena, slice_str(lines->at[i].plugins));
	conf_listeners_free(&lines);
	conf_faults_done(&faults);
	conf_list_unref(&list);
	*ret_count = count;
	return keys;
}

/* ---- loading and starting, on a fiber ---- */

static int
tell_loaded(struct server *server, struct err *err)
{
	struct server_loaded loaded = { 0 };

	if (server->options.on_loaded == NULL)
		return 0;
	loaded.need_count = server_needs(server->engine, &loaded.needs);
	loaded.max_programs =
	    (unsigned)conf_int(server->conf, STR_EMPTY, CONF_MAX_PROGRAMS);
	return server->options.on_loaded(server->options.arg, &loaded, err);
}

/* Lines of config/plugins with a plugin's old name; once for all workers. */
static void
tell_aliases(const struct engine *engine)
{
	for (unsigned i = 0; i < engine->plugin_count; i++) {
		const struct plugin *plugin = engine->plugins[i];
		struct log_line line;

		if (plugin->alias == NULL)
			continue;
		log_begin(&line, LOG_LEVEL_NOTICE);
		log_add_text(&line, LOG_event, "alias");
		log_add(&line, LOG_plugin, slice_str(plugin->name));
		log_add(&line, LOG_file, slice_str(plugin->file));
		log_add_int(&line, LOG_line, plugin->line);
		log_printf(&line, LOG_text, "%s is now called %s",
		    plugin->alias->old, plugin->alias->now);
		log_end(&line);
	}
}

static void
load_fiber(void *arg)
{
	struct job *job = arg;
	struct server *server = job->server;
	struct conf_faults faults;
	size_t count;
	hl_str *keys = chain_keys(server, &count);

	conf_faults_init(&faults);
	job->result = engine_load(server->engine, keys, count, &faults);
	if (job->result < 0)
		job->result = report_faults(&faults, job->err);
	else
		job->result = tell_loaded(server, job->err);
	if (job->result == 0 && server->options.slot == 0)
		tell_aliases(server->engine);
	if (job->result == 0)
		job->result = engine_start(server->engine, job->err);
	conf_faults_done(&faults);
	job->done = true;
}

static void
stop_fiber(void *arg)
{
	struct job *job = arg;

	engine_stop(job->server->engine);
	job->done = true;
}

static int
open_spool(struct server *server, struct err *err)
{
	struct arena *arena = &server->engine->arena;
	hl_str dir = conf_text(server->conf, STR_EMPTY, CONF_SPOOL_DIR, arena);
	unsigned mode = conf_mode(server->conf, STR_EMPTY, CONF_SPOOL_PERMS);

	if (dir.n == 0)
		dir =
		    arena_printf(arena, "%s/spool", server->options.state_dir);
	if (mkdir(dir.p, mode) == -1 && errno != EEXIST)
		return err_set(err, -errno, "spool_dir %s cannot be made: %s",
		    dir.p, strerror(errno));
	if (access(dir.p, W_OK | X_OK) != 0)
		return err_set(err, -errno,
		    "spool_dir %s cannot be written to: %s; give it to the "
		    "user that workers run as",
		    dir.p, strerror(errno));
	body_store_init(&server->bodies, dir.p,
	    (size_t)conf_size(server->conf, STR_EMPTY, CONF_BODY_MEMORY));
	(void)body_store_sweep(&server->bodies);
	server->engine->bodies = &server->bodies;
	return 0;
}

static void
apply_loglevel(struct server *server)
{
	log_set_level(
	    (enum log_level)conf_enum(server->conf, STR_EMPTY, CONF_LOGLEVEL));
}

/* Told once, so all that find a fiber. */
static void
wake_waiting(void *arg)
{
	struct server *server = arg;
	struct link *link;

	while ((link = list_first(&server->waiting)) != NULL) {
		session_wake(CONTAINER_OF(link, struct session, waiting));
		if (list_first(&server->waiting) == link)
			return; /* none was free */
	}
}

static void
make_host(struct server *server)
{
	struct host_options options = { .path = server->options.host_socket,
		.wait_ms = server->options.host_wait_ms,
		.on_stuck = server->options.on_stuck,
		.arg = server->options.arg };

	if (options.path != NULL)
		server->host = host_new(&options);
}

static void
run_apart(
    void *arg, void (*work)(void *job), void (*done)(void *job), void *job)
{
	struct server *server = arg;

	rt_offload_then(server->rt, work, done, job);
}

static int
make_engine(struct server *server, struct err *err)
{
	struct conf_options conf_options = {
		.on_fault = on_fault,
		.run_apart = run_apart,
		.arg = server,
	};
	struct engine_options options;
	struct buf control = BUF_INIT;
	int ret;

	conf_options.qmail_control = conf_qmail_control(&control);
	ret = conf_dir_open(
	    server->options.config_dir, &conf_options, &server->conf, err);
	buf_done(&control);
	if (ret < 0)
		return ret;
	apply_loglevel(server);
	make_host(server);
	options = (struct engine_options){
		.rt = server->rt,
		.conf = server->conf,
		.plugin_dir = plugin_dir(),
		.state_dir = server->options.state_dir,
		.shm = server->options.shm,
		.slot = server->options.slot,
		.has_helper = true,
		.remote = server->host != NULL ? &host_ops : NULL,
		.remote_arg = server->host,
	};
	server->engine = engine_new(&options);
	return open_spool(server, err);
}

/* Frees what make_engine made. */
static void
free_engine(struct server *server)
{
	struct err err;
	struct job job = { .server = server, .err = &err };

	if (server->engine != NULL) {
		run_job(server, stop_fiber, &job);
		if (server->engine->bodies != NULL)
			body_store_done(&server->bodies);
		engine_free(&server->engine);
	}
	host_free(&server->host);
	if (server->conf != NULL)
		conf_dir_free(&server->conf);
}

int
server_load(
    const struct server_options *options, struct server **ret, struct err *err)
{
	struct server *server = mem_alloc(sizeof(*server));
	struct job job = { .server = server, .err = err };
	int status;

	server->magic = SERVER_MAGIC;
	server->options = *options;
	server->rt = options->rt;
	list_init(&server->listeners);
	list_init(&server->sessions);
	list_init(&server->waiting);
	status = make_engine(server, err);
	if (status == 0) {
		run_job(server, load_fiber, &job);
		status = job.result;
	}
	if (status < 0) {
		free_engine(server);
		mem_free(server);
		return status;
	}
	rt_on_fiber_free(server->rt, wake_waiting, server);
	*ret = server;
	return 0;
}

static void
free_listeners(struct server *server)
{
	struct link *link;

	while ((link = list_pop_front(&server->listeners)) != NULL) {
		struct server_listener *at =
		    CONTAINER_OF(link, struct server_listener, link);

		if (at->listener != NULL)
			listener_close(&at->listener);
		limits_unref(&at->limits);
		tls_ctx_unref(&at->tls_ctx);
		mem_free((void *)(uintptr_t)at->name.p);
		mem_free(at);
	}
}

void
server_free(struct server **server)
{
	struct server *old = *server;

	*server = NULL;
	if (old == NULL)
		return;
	CHECK_OBJ(old, SERVER_MAGIC);
	CHECK(old->session_count == 0);
	free_listeners(old);
	server_tls__free(old);
	for (unsigned i = 0; i < SERVER_TIMEQS; i++) {
		if (old->timeqs[i].queue != NULL)
			timeq_free(&old->timeqs[i].queue);
	}
	rt_on_fiber_free(old->rt, NULL, NULL);
	free_engine(old);
	old->magic = 0;
	mem_free(old);
}
