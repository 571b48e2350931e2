/* SPDX-License-Identifier: MIT */
/* worker.c - a worker process, around the server in it.
 *
 * Everything it does is an order from the master (worker_orders.c).  When the
 * channel closes, the master is gone: then it ends as after `now`.  Should a
 * hook hold the thread at that moment, the kernel's signal for a lost parent
 * and an alarm end it all the same.
 */
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/arena.h"
#include "base/log.h"
#include "channel.h"
#include "command.h"
#include "conf/conf_dir.h"
#include "conf/conf_value.h"
#include "crash.h"
#include "perl_hosts.h"
#include "rt/rt.h"
#include "settings.h"
#include "shm/shm.h"
#include "shm/stats.h"
#include "worker_private.h"
#include "worker_process.h"
#include "worker_programs.h"
#include "worker_tls.h"

/* From `now`, or the loss of the master, to the end. */
#define NOW_MS 900
/* How often an old generation looks for sessions that are too old. */
#define AGE_OUT_EVERY_MS 10000
#define FAULTS_EVERY_MS 1000

/* ---- the end ------------------------------------------------------------- */

static void
on_empty(void *arg)
{
	struct worker *worker = arg;

	worker->is_empty = true;
	rt_stop(worker->rt);
}

static void
on_time_is_up(uv_timer_t *timer)
{
	struct worker *worker = timer->data;
	struct log_line line;

	log_begin(&line, LOG_LEVEL_WARN);
	log_add_text(&line, LOG_event, "sessions_cut");
	log_add_int(&line, LOG_sessions, server_sessions(worker->server));
	log_end(&line);
	_exit(EXIT_OK);
}

static void
on_age_out(uv_timer_t *timer)
{
	struct worker *worker = timer->data;

	server_age_out(worker->server, worker->retire_ms);
}

static void
age_out_start(struct worker *worker)
{
	uint64_t every = worker->retire_ms / 4;

	if (every > AGE_OUT_EVERY_MS)
		every = AGE_OUT_EVERY_MS;
	(void)uv_timer_start(&worker->age_out, on_age_out, every, every);
}

void
worker__drain(struct worker *worker, enum server_drain how)
{
	if (worker->is_draining && how <= worker->drain)
		return;
	worker->is_draining = true;
	worker->drain = how;
	if (how == SERVER_DRAIN_KEEP)
		age_out_start(worker);
	if (how == SERVER_DRAIN_NOW)
		(void)uv_timer_start(&worker->end, on_time_is_up, NOW_MS, 0);
	server_drain(worker->server, how, on_empty, worker);
}

/* ---- faults of the configuration ----------------------------------------- */

/* For `ctl status`.  A fault that was mended makes no event. */
static void
on_faults(uv_timer_t *timer)
{
	struct worker *worker = timer->data;
	struct buf text = BUF_INIT;

	if (worker->server != NULL)
		server_faults(worker->server, &text);
	shm_faults_set(worker->shm, buf_slice(&text));
	if (text.n == 0)
		(void)uv_timer_stop(timer);
	buf_done(&text);
}

void
worker__look_at_faults(struct worker *worker)
{
	on_faults(&worker->faults);
}

static void
on_fault(void *arg)
{
	struct worker *worker = arg;

	(void)uv_timer_start(&worker->faults, on_faults, 0, FAULTS_EVERY_MS);
}

/* ---- messages ------------------------------------------------------------- */

static void
on_message(void *owner, struct slice text, int fd)
{
	worker__order(owner, text, fd);
}

static void
on_master_gone(void *owner)
{
	struct worker *worker = owner;

	if (worker->server == NULL)
		_exit(EXIT_FAULT);
	worker__drain(worker, SERVER_DRAIN_NOW);
}

static void
on_term(uv_signal_t *handle, int sig)
{
	struct worker *worker = handle->data;

	(void)sig;
	if (worker->server != NULL)
		worker__drain(worker, SERVER_DRAIN_IDLE);
}

/* ---- start --------------------------------------------------------------- */

static int
options_read(struct worker *worker, struct rt_options *ret, struct err *err)
{
	struct conf_dir *dir;
	int rc = settings_open(worker->heritage.config_dir.p, &dir, err);

	if (rc < 0)
		return rc;
	ret->max_fibers = (unsigned)conf_int(dir, STR_EMPTY, CONF_MAX_FIBERS);
	worker->perl_wait_ms = conf_time_ms(dir, STR_EMPTY, CONF_PERL_WAIT);
	worker->retire_ms = conf_time_ms(dir, STR_EMPTY, CONF_RETIRE_TIMEOUT);
	ret->io_threads = (unsigned)conf_int(dir, STR_EMPTY, CONF_IO_THREADS);
	ret->arena_cap =
	    (size_t)conf_size(dir, STR_EMPTY, CONF_MAX_CALL_MEMORY);
	worker->is_confined = settings_confine(dir);
	ret->pool_waits = true;
	log_set_level((enum log_level)conf_enum(dir, STR_EMPTY, CONF_LOGLEVEL));
	conf_dir_free(&dir);
	return 0;
}

/* Once a turn of the loop: four stores. */
static void
on_gauges(uv_prepare_t *prepare)
{
	struct worker *worker = prepare->data;
	struct shm_totals *totals = shm_totals(worker->shm);

	shm_gauge(&totals->fibers, rt_fibers_in_use(worker->rt));
	shm_gauge(&totals->fibers_peak, rt_fibers_peak(worker->rt));
	if (worker->server == NULL)
		return;
	shm_gauge(&totals->sessions, server_sessions(worker->server));
	shm_gauge(&totals->body_memory, server_body_memory(worker->server));
}

static void
handles_open(struct worker *worker)
{
	static const struct channel_events events = { on_message,
		on_master_gone };
	uv_loop_t *loop = rt_loop(worker->rt);

	worker->gauges.data = worker->end.data = worker->age_out.data =
	    worker->faults.data = worker->term.data = worker;
	CHECK(uv_prepare_init(loop, &worker->gauges) == 0);
	CHECK(uv_prepare_start(&worker->gauges, on_gauges) == 0);
	uv_unref((uv_handle_t *)&worker->gauges);
	CHECK(uv_timer_init(loop, &worker->end) == 0);
	CHECK(uv_timer_init(loop, &worker->age_out) == 0);
	CHECK(uv_timer_init(loop, &worker->faults) == 0);
	CHECK(uv_signal_init(loop, &worker->term) == 0);
	CHECK(uv_signal_start(&worker->term, on_term, SIGTERM) == 0);
	uv_unref((uv_handle_t *)&worker->term);
	worker->channel =
	    channel_open(loop, worker->heritage.channel_fd, &events, worker);
}

/* ---- loading --------------------------------------------------------------- */

/* A fiber, between loading and starting the plugins. */
static int
on_loaded(void *arg, const struct server_loaded *loaded, struct err *err)
{
	struct worker *worker = arg;

	worker->loaded = *loaded;
	return worker_programs_send(
	    worker->channel, loaded, &worker->known, err);
}

/* The plugins are started and nobody is served yet. */
static int
confine(struct worker *worker, struct err *err)
{
	int rc = 0;

	if (worker->is_confined)
		rc = worker_process_confine(
		    &worker->heritage, &worker->loaded, err);
	rt_pool_open(worker->rt);
	return rc;
}

/* ---- hosts ---- */

static void
on_stuck(void *arg, int pid, int fd, const char *how)
{
	struct worker *worker = arg;

	(void)channel_send(worker->channel, fd, "stuck %d %s", pid, how);
}

static const char *
host_socket(struct worker *worker)
{
	const struct heritage *heritage = &worker->heritage;

	return arena_printf(&worker->arena, "%.*s/" PERL_SOCKET,
	    STR(heritage->state_dir), heritage->generation)
	    .p;
}

static int
worker_load(struct worker *worker, struct err *err)
{
	const struct heritage *heritage = &worker->heritage;
	struct server_options options = {
		.rt = worker->rt,
		.shm = worker->shm,
		.config_dir = heritage->config_dir.p,
		.state_dir = heritage->state_dir.p,
		.slot = heritage->slot,
		.workers = heritage->workers,
		.generation = heritage->generation,
		.host_socket = host_socket(worker),
		.host_wait_ms = worker->perl_wait_ms,
		.on_stuck = on_stuck,
		.on_fault = on_fault,
		.on_loaded = on_loaded,
		.arg = worker,
	};
	struct server *server = NULL;
	int rc;

	options.chains =
	    polled_chains(heritage, &worker->arena, &options.chain_count, err);
	if (options.chains == NULL)
		return -EINVAL;
	rc = server_load(&options, &server, err);
	worker->server = server;
	if (rc == 0)
		rc = worker_tls_inherit(server, heritage, err);
	if (rc == 0)
		rc = confine(worker, err);
	if (rc == 0)
		rc = polled_add_all(&worker->polled, server, heritage, err);
	/* Those that were told while there was no server to ask. */
	if (rc == 0)
		on_fault(worker);
	return rc;
}

static void
worker_end(struct worker *worker)
{
	server_free(&worker->server);
	channel_close(&worker->channel);
	uv_close((uv_handle_t *)&worker->gauges, NULL);
	uv_close((uv_handle_t *)&worker->end, NULL);
	uv_close((uv_handle_t *)&worker->age_out, NULL);
	uv_close((uv_handle_t *)&worker->faults, NULL);
	uv_close((uv_handle_t *)&worker->term, NULL);
	rt_free(&worker->rt);
	polled_done(&worker->polled);
}

static int
worker_run(struct worker *worker)
{
	struct rt_options options = { 0 };
	struct err err;
	int rc = options_read(worker, &options, &err);

	worker->rt = rt_new(&options);
	handles_open(worker);
	if (rc == 0)
		rc = worker_load(worker, &err);
	if (rc < 0)
		(void)channel_send(worker->channel, -1, "fail %s", err.text);
	else if (channel_send(worker->channel, -1, "ready") < 0)
		rc = -EPIPE;
	while (rc >= 0 && !worker->is_empty)
		if (rt_run(worker->rt) == 0)
			break;
	worker_end(worker);
	return rc < 0 ? EXIT_FAULT : EXIT_OK;
}

int
worker_main(void)
{
	struct worker worker = { 0 };
	struct err err;
	int code = EXIT_USAGE;

	arena_init(&worker.arena, 4096, 0);
	if (heritage_read(HERITAGE_FD, &worker.arena, &worker.heritage, &err) ==
	    0) {
		worker_process_prepare(&worker.heritage);
		if (shm_attach(worker.heritage.shm_fd,
			worker.heritage.shm_rw_fd, worker.heritage.segment,
			&worker.shm, &err) == 0) {
			crash_install(worker.shm);
			code = worker_run(&worker);
		}
	}
	if (worker.shm == NULL)
		(void)fprintf(stderr, "hookline worker: %s\n", err.text);
	arena_done(&worker.arena);
	return code;
}
