/* SPDX-License-Identifier: MIT */
/* service.c - a process of our own that the master keeps running. */
#include "service.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel.h"
#include "child.h"
#include "respawn.h"
#include "state_dir.h"

#define FD_COUNT (SERVICE_FD_MASTER + 1)

/* One process; libuv keeps it until its handle is closed. */
struct run {
	uv_process_t process;
	struct service *owner;
};

struct service {
	uv_loop_t *loop;
	struct service_kind kind;
	char *socket;
	char **args; /* of the program; ends with NULL */
	const char *dir;
	int listen_fd;
	void (*on_start)(void *arg);
	void *arg;
	struct channel *channel; /* NULL: no process, or it has closed it */
	struct run *run;         /* NULL: none */
	uv_timer_t timer; /* until the next start; when ending, the kill */
	struct respawn respawn;
	struct mono started;
	unsigned deaths;
	bool is_ending;
};

static void start(struct service *service);

/* ---- its end ------------------------------------------------------------- */

static void
on_timer_closed(uv_handle_t *handle)
{
	struct service *service = handle->data;

	for (unsigned i = 0; service->args[i] != NULL; i++)
		mem_free(service->args[i]);
	mem_free(service->args);
	mem_free(service->socket);
	mem_free(service);
}

static void
finish(struct service *service)
{
	(void)close(service->listen_fd);
	state_dir_unlink(service->dir, service->socket);
	uv_close((uv_handle_t *)&service->timer, on_timer_closed);
}

static void
on_kill_timer(uv_timer_t *timer)
{
	struct service *service = timer->data;

	if (service->run != NULL)
		(void)uv_process_kill(&service->run->process, SIGKILL);
}

void
service_stop(struct service **service_p)
{
	struct service *service = *service_p;

	*service_p = NULL;
	if (service == NULL)
		return;
	service->is_ending = true;
	if (service->run == NULL) {
		finish(service);
		return;
	}
	channel_close(&service->channel);
	(void)uv_timer_start(
	    &service->timer, on_kill_timer, SERVICE_KILL_MS, 0);
}

/* ---- deaths -------------------------------------------------------------- */

static void
on_start_timer(uv_timer_t *timer)
{
	start(timer->data);
}

static uint64_t
start_later(struct service *service)
{
	uint64_t ms =
	    respawn_wait(&service->respawn, service->started, mono_now());

	(void)uv_timer_start(&service->timer, on_start_timer, ms, 0);
	return ms;
}

static void
log_death(const struct service_kind *kind, int pid, int64_t status, int sig,
    uint64_t delay_ms)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, kind->died);
	log_add_int(&line, LOG_pid, pid);
	if (sig != 0)
		log_add_text(&line, LOG_signal, sigabbrev_np(sig));
	else
		log_add_int(&line, LOG_status, status);
	log_add_int(&line, LOG_delay_ms, (long long)delay_ms);
	log_add_text(&line, LOG_text, kind->died_text);
	log_end(&line);
}

static void
on_run_closed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

static void
on_exit_of(uv_process_t *process, int64_t status, int sig)
{
	struct run *run = process->data;
	struct service *service = run->owner;

	service->run = NULL;
	channel_close(&service->channel);
	if (service->is_ending) {
		finish(service);
	} else if (status != SERVICE_NOT_NEEDED || sig != 0) {
		service->deaths++;
		log_death(&service->kind, process->pid, status, sig,
		    start_later(service));
	}
	uv_close((uv_handle_t *)process, on_run_closed);
}

/* ---- start --------------------------------------------------------------- */

/* It says nothing. */
static void
on_message(void *owner, struct slice text, int fd)
{
	(void)owner;
	(void)text;
	if (fd != -1)
		(void)close(fd);
}

/* Its end follows. */
static void
on_closed(void *owner)
{
	struct service *service = owner;

	channel_close(&service->channel);
}

static int
spawn(
    struct service *service, struct run *run, int its_end, struct arena *arena)
{
	uv_stdio_container_t stdio[FD_COUNT] = {
		[STDIN_FILENO] = { .flags = UV_IGNORE },
		[STDOUT_FILENO] = { .flags = UV_INHERIT_FD, .data.fd = 1 },
		[STDERR_FILENO] = { .flags = UV_INHERIT_FD, .data.fd = 2 },
		[SERVICE_FD_LISTEN] = { .flags = UV_INHERIT_FD,
		    .data.fd = service->listen_fd },
		[SERVICE_FD_MASTER] = { .flags = UV_INHERIT_FD,
		    .data.fd = its_end },
	};
	uv_process_options_t options = {
		.exit_cb = on_exit_of,
		.file = "/proc/self/exe",
		.args = service->args,
		.env = child_environment(arena),
		.stdio_count = FD_COUNT,
		.stdio = stdio,
	};

	return uv_spawn(service->loop, &run->process, &options);
}

static void
log_start_failed(const struct service_kind *kind, int rc)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, kind->start_failed);
	log_add_text(&line, LOG_err, uv_strerror(rc));
	log_end(&line);
}

/* The process with its channel. */
static int
start_run(struct service *service, struct run *run)
{
	static const struct channel_events events = { on_message, on_closed };
	struct arena arena;
	int ends[2], rc = channel_pair(ends);

	if (rc < 0)
		return rc;
	arena_init(&arena, 4096, 0);
	rc = spawn(service, run, ends[1], &arena);
	arena_done(&arena);
	(void)close(ends[1]);
	if (rc < 0)
		(void)close(ends[0]);
	else
		service->channel =
		    channel_open(service->loop, ends[0], &events, service);
	return rc;
}

static void
start(struct service *service)
{
	struct run *run = mem_alloc(sizeof(*run));
	int rc;

	service->started = mono_now();
	run->owner = service;
	run->process.data = run;
	rc = start_run(service, run);
	if (rc == 0) {
		service->run = run;
		if (service->on_start != NULL)
			service->on_start(service->arg);
		return;
	}
	log_start_failed(&service->kind, rc);
	if (run->process.loop != NULL) /* libuv has seen the handle */
		uv_close((uv_handle_t *)&run->process, on_run_closed);
	else
		mem_free(run);
	(void)start_later(service);
}

/* "hookline" COMMAND DIR MORE... */
static char **
args_make(
    const struct service_kind *kind, const char *dir, const char *const *more)
{
	unsigned count = 0;
	char **args;

	while (more != NULL && more[count] != NULL)
		count++;
	args = mem_array(count + 4, sizeof(*args));
	args[0] = mem_dup(SLICE_LIT("hookline"));
	args[1] = mem_dup(slice_of(kind->command));
	args[2] = mem_dup(slice_of(dir));
	for (unsigned i = 0; i < count; i++)
		args[3 + i] = mem_dup(slice_of(more[i]));
	return args;
}

int
service_start(struct uv_loop_s *loop, const struct service_kind *kind,
    const char *dir, const char *const *more, void (*on_start)(void *arg),
    void *arg, struct service **ret, struct err *err)
{
	struct service *service;
	int fd;

	/* The directory is ours (its lock), so is what has the name: the
	 * process of a master that was killed may still be ending. */
	state_dir_unlink(dir, kind->socket);
	fd = state_dir_listen(dir, kind->socket, kind->keeps_bounds, err);
	if (fd < 0)
		return fd;
	service = mem_alloc(sizeof(*service));
	service->loop = loop;
	service->kind = *kind;
	service->socket = mem_dup(slice_of(kind->socket));
	service->args = args_make(kind, dir, more);
	service->dir = dir;
	service->listen_fd = fd;
	service->timer.data = service;
	CHECK(uv_timer_init(loop, &service->timer) == 0);
	start(service);
	service->on_start = on_start;
	service->arg = arg;
	*ret = service;
	return 0;
}

int
service_send(struct service *service, int fd, const char *text)
{
	if (service->channel == NULL)
		return -EPIPE;
	return channel_send(service->channel, fd, "%s", text);
}

int
service_pid(const struct service *service)
{
	return service->run != NULL ? service->run->process.pid : 0;
}

unsigned
service_deaths(const struct service *service)
{
	return service->deaths;
}
