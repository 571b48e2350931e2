/* SPDX-License-Identifier: MIT */
/* master.c - start, signals, the tick, stop.
 *
 * The order of the start: directories (as root), the run user, then as that
 * user everything else: the lock of the state directory before the first
 * socket, so that a second master on it touches nothing; sockets as the run
 * user, because the kernel lets only the same user share a port at a reload.
 */
#include "master.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "command.h"
#include "ctl_server.h"
#include "generation.h"
#include "master_log.h"
#include "master_private.h"
#include "perl_hosts.h"
#include "reload.h"
#include "service.h"
#include "spawn_child.h"
#include "state_child.h"
#include "state_dir.h"
#include "tls_watch.h"

/* ---- the end ------------------------------------------------------------- */

static void
log_stop(const char *event, const struct master *master)
{
	struct log_line line;
	long long open = 0;

	LIST_FOR_EACH (link, safe, &master->children)
		open +=
		    child_connections(CONTAINER_OF(link, struct child, link));
	log_begin(&line, LOG_LEVEL_NOTICE);
	log_add_text(&line, LOG_event, event);
	log_add_int(&line, LOG_sessions, open);
	log_end(&line);
}

static void
tell_all(struct master *master, void (*order)(struct child *child))
{
	LIST_FOR_EACH (link, safe, &master->children)
		order(CONTAINER_OF(link, struct child, link));
}

void
master_stop(struct master *master, bool at_once)
{
	struct err err;
	uint64_t ms;

	if (master->phase < MASTER_DRAINING) {
		if (master->phase == MASTER_RUNNING)
			log_stop("stop", master);
		notify_stopping();
		ms = settings_drain_timeout_ms(master->config_dir);
		master->phase = MASTER_DRAINING;
		master->phase_end = mono_add_ms(mono_now(), ms);
		reload_abandon(master->reload);
		(void)err_set(&err, -ECANCELED, "the server stops");
		generation_refuse(master, &err);
		/* Workers close theirs: clients shall try elsewhere. */
		if (master->current != NULL)
			listen_set_close(master->current->set);
		if (!at_once && ms > 0) {
			tell_all(master, child_drain);
			master_check_end(master);
			return;
		}
	}
	if (master->phase == MASTER_ENDING)
		return;
	log_stop("stop_now", master);
	master->phase = MASTER_ENDING;
	tell_all(master, child_end);
	master_check_end(master);
}

void
master_check_end(struct master *master)
{
	if (master->phase >= MASTER_DRAINING &&
	    list_is_empty(&master->children))
		uv_stop(&master->loop);
}

static void
on_signal(uv_signal_t *handle, int sig)
{
	struct master *master = handle->data;

	if (sig == SIGHUP)
		reload_request(master->reload, NULL);
	else
		master_stop(master, master->phase >= MASTER_DRAINING);
}

static void
on_tick(uv_timer_t *timer)
{
	struct master *master = timer->data;
	struct mono now = mono_now();

	LIST_FOR_EACH (link, safe, &master->children)
		child_tick(CONTAINER_OF(link, struct child, link), now);
	watchdog_tick(master, now);
	slots_tick(master, now);
	generation_tick(master, now);
	reload_tick(master->reload, now);
	flush_tick(master);
	spawn_child_tick(master->spawn);
	perl_hosts_tick(master);
	tls_watch_tick(master, now);
	if (resolv_watch_look(&master->resolv, RESOLV_WATCH_PATH, now) &&
	    settings_are_confined(master->config_dir))
		resolv_watch_tell();
	if (master->phase == MASTER_DRAINING &&
	    !mono_is_before(now, master->phase_end))
		master_stop(master, true);
	if (master->watchdog_ms != 0 &&
	    !mono_is_before(now, master->watchdog_at)) {
		notify_watchdog();
		master->watchdog_at = mono_add_ms(now, master->watchdog_ms / 2);
	}
}

/* ---- before the loop ----------------------------------------------------- */

/* Nothing of ours shall become descriptor 0 to 2, and workers get no other
 * descriptors of whoever started us. */
static void
prepare_descriptors(void)
{
	while (true) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd > STDERR_FILENO)
			(void)close(fd);
		if (fd == -1 || fd > STDERR_FILENO)
			break;
	}
	(void)close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

/* A reader that is gone and a file that would be too large are errors of the
 * calls.  Our children inherit it. */
static void
ignore_signals(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

/* As many descriptors as we may have: one for each session. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void
log_user(const struct run_user *user, bool is_chosen)
{
	struct log_line line;

	log_begin(&line, is_chosen ? LOG_LEVEL_INFO : LOG_LEVEL_NOTICE);
	log_add_text(&line, LOG_event, "run_user");
	log_add_text(&line, LOG_user, user->name);
	if (!is_chosen)
		log_add_text(&line, LOG_text,
		    "neither --user nor config/user names another");
	if (!privilege_can_bind())
		log_add_text(&line, LOG_err,
		    "without CAP_NET_BIND_SERVICE: no low ports at a reload");
	log_end(&line);
}

/* Who we shall run as. */
static int
choose_user(struct master *master, bool *ret_chosen, struct err *err)
{
	const char *name = master->options->user;
	struct settings settings;
	struct run_user user;
	int rc;

	run_user_self(&master->user);
	*ret_chosen = true;
	if (geteuid() != 0) {
		if (name == NULL)
			return 0;
		rc = run_user_find(name, &user, err);
		if (rc == 0 && user.uid != geteuid())
			rc = err_set(err, -EPERM,
			    "--user %s needs a start as root", name);
		return rc;
	}
	if (name != NULL)
		return run_user_find(name, &master->user, err);
	rc = settings_read(master->config_dir, master->options->listen,
	    master->options->listen_count, &settings, err);
	if (rc < 0)
		return rc;
	*ret_chosen = settings.user_given;
	rc = run_user_find(settings.user, &master->user, err);
	settings_done(&settings);
	return rc;
}

/* Absolute, with its symbolic links left as they are: a reload shall follow
 * one that points elsewhere by then. */
static int
find_config_dir(struct master *master, struct err *err)
{
	const char *given = master->options->config_dir;
	struct buf path = BUF_INIT;
	char *here = given[0] == '/' ? NULL : getcwd(NULL, 0);

	if (here != NULL)
		buf_printf(&path, "%s/", here);
	free(here);
	buf_add_text(&path, given);
	master->config_dir = path.p;
	if (access(path.p, X_OK) == -1)
		return err_set(err, -errno,
		    "configuration directory %s: %s; name it with --config",
		    given, strerror(errno));
	return 0;
}

/* Everything that comes before the first descriptor of our own. */
static int
settle(struct master *master, struct err *err)
{
	bool chosen;
	int rc = find_config_dir(master, err);

	master->was_root = geteuid() == 0;
	if (rc < 0)
		return rc;
	rc = choose_user(master, &chosen, err);
	if (rc == 0)
		rc = state_dir_prepare(master->options->state_dir,
		    &master->user, &master->state_dir, err);
	if (rc == 0 && master->was_root && !privilege_can_read())
		tls_watch_read_early(master);
	if (rc == 0 && master->was_root)
		rc = privilege_drop(&master->user, err);
	if (rc == 0 && master->was_root)
		log_user(&master->user, chosen);
	if (rc == 0 && chdir("/") == -1)
		rc = err_set(err, -errno, "/: %s", strerror(errno));
	return rc;
}

static void
loop_start(struct master *master)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGINT };

	CHECK(uv_loop_init(&master->loop) == 0);
	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++) {
		master->signals[i].data = master;
		CHECK(uv_signal_init(&master->loop, &master->signals[i]) == 0);
		CHECK(uv_signal_start(
			  &master->signals[i], on_signal, signals[i]) == 0);
	}
	master->tick.data = master;
	CHECK(uv_timer_init(&master->loop, &master->tick) == 0);
	CHECK(uv_timer_start(
		  &master->tick, on_tick, MASTER_TICK_MS, MASTER_TICK_MS) == 0);
	master->watchdog_ms = notify_watchdog_ms();
	master->reload = reload_new(master);
}

static void
log_start_failed(const char *reason)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_CRIT);
	log_add_text(&line, LOG_event, "start_failed");
	log_add_text(&line, LOG_err, reason);
	log_end(&line);
}

static void
on_first_generation(struct master *master, const struct err *err)
{
	if (err == NULL) {
		master->phase = MASTER_RUNNING;
		notify_ready(master->current->workers);
		return;
	}
	if (master->phase >= MASTER_DRAINING)
		return; /* told to stop meanwhile */
	log_start_failed(err->text);
	master->exit_code = EXIT_FAULT;
	master_stop(master, true);
}

static int
master_start(struct master *master, struct err *err)
{
	int rc = activation_take(&master->activation, err);

	if (rc == 0)
		rc = settle(master, err);
	if (rc == 0)
		rc = master->pid_fd = state_dir_lock(master->state_dir, err);
	if (rc >= 0)
		rc = state_dir_secret(master->state_dir, err);
	if (rc >= 0)
		rc = shm_create(&master->shm, err);
	if (rc < 0)
		return rc;
	perl_hosts_sweep(master->state_dir);
	loop_start(master);
	rc = ctl_server_start(master, &master->ctl, err);
	if (rc == 0)
		rc = state_child_start(&master->loop, master->state_dir,
		    settings_are_confined(master->config_dir), &master->state,
		    err);
	if (rc == 0)
		rc = spawn_child_start(master, err);
	if (rc == 0)
		rc = generation_begin(master, on_first_generation, err);
	return rc;
}

/* ---- after the loop ------------------------------------------------------ */

/* A further signal shall not end us while the other processes end: the pid
 * file would stay. */
static void
signals_end(struct master *master)
{
	sigset_t ours;

	(void)sigemptyset(&ours);
	for (unsigned i = 0; i < ARRAY_SIZE(master->signals); i++)
		(void)sigaddset(&ours, master->signals[i].signum);
	(void)sigprocmask(SIG_BLOCK, &ours, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(master->signals); i++)
		uv_close((uv_handle_t *)&master->signals[i], NULL);
}

static void
loop_end(struct master *master)
{
	if (master->reload == NULL)
		return;
	flush_tick(master);
	service_stop(&master->state);
	spawn_child_stop(&master->spawn);
	perl_hosts_stop(master);
	ctl_server_stop(&master->ctl);
	uv_close((uv_handle_t *)&master->tick, NULL);
	signals_end(master);
	(void)uv_run(&master->loop, UV_RUN_DEFAULT);
	CHECK(uv_loop_close(&master->loop) == 0);
	reload_free(&master->reload);
}

static void
master_end(struct master *master)
{
	loop_end(master);
	generation_free(&master->current);
	shm_free(&master->shm);
	shm_sum_done(&master->past);
	blame_done(&master->blame);
	activation_done(&master->activation);
	tls_watch_free(&master->tls);
	if (master->pid_fd >= 0)
		state_dir_unlock(master->state_dir, master->pid_fd);
	mem_free(master->config_dir);
	mem_free(master->state_dir);
	mem_free(master);
}

int
master_run(const struct master_options *options)
{
	struct master *master = mem_alloc(sizeof(*master));
	struct err err;
	int code;

	master->options = options;
	master->pid_fd = -1;
	master->started = mono_now();
	list_init(&master->children);
	list_init(&master->flushes);
	list_init(&master->perl);
	blame_init(&master->blame);
	master->tls = tls_watch_new();
	master_log_start();
	prepare_descriptors();
	ignore_signals();
	raise_limits();
	if (master_start(master, &err) < 0) {
		log_start_failed(err.text);
		master->exit_code = EXIT_FAULT;
		if (master->reload != NULL)
			master_stop(master, true);
	}
	if (master->reload != NULL)
		(void)uv_run(&master->loop, UV_RUN_DEFAULT);
	if (master->exit_code == EXIT_OK)
		log_stop("stopped", master);
	code = master->exit_code;
	master_end(master);
	return code;
}
