/* SPDX-License-Identifier: MIT */
/* state_child.c - the state process, as the master sees it. */
#include "state_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "child.h"
#include "command.h"
#include "master_log.h"
#include "respawn.h"
#include "state/proto.h"
#include "state/server.h"
#include "state_dir.h"

/* What the process inherits behind the standard three. */
enum { FD_LISTEN = 3, FD_MASTER, FD_COUNT };

/* One process; libuv keeps it until its handle is closed. */
struct run {
	uv_process_t process;
	struct state_child *owner;
};

struct state_child {
	uv_loop_t *loop;
	const char *dir;
	int listen_fd;
	int pipe_fd;      /* our end; -1: no process */
	struct run *run;  /* NULL: none */
	uv_timer_t timer; /* until the next start; when ending, the kill */
	struct respawn respawn;
	struct mono started;
	unsigned deaths;
	bool is_ending;
};

static void start(struct state_child *child);

/* ---- its end ------------------------------------------------------------- */

static void
on_timer_closed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

static void
finish(struct state_child *child)
{
	(void)close(child->listen_fd);
	state_dir_unlink(child->dir, STATE_SOCKET);
	uv_close((uv_handle_t *)&child->timer, on_timer_closed);
}

static void
on_kill_timer(uv_timer_t *timer)
{
	struct state_child *child = timer->data;

	if (child->run != NULL)
		(void)uv_process_kill(&child->run->process, SIGKILL);
}

void
state_child_stop(struct state_child **child_p)
{
	struct state_child *child = *child_p;

	*child_p = NULL;
	if (child == NULL)
		return;
	child->is_ending = true;
	if (child->run == NULL) {
		finish(child);
		return;
	}
	(void)close(child->pipe_fd);
	child->pipe_fd = -1;
	(void)uv_timer_start(
	    &child->timer, on_kill_timer, STATE_CHILD_KILL_MS, 0);
}

/* ---- deaths -------------------------------------------------------------- */

static void
on_start_timer(uv_timer_t *timer)
{
	start(timer->data);
}

static uint64_t
start_later(struct state_child *child)
{
	uint64_t ms = respawn_wait(&child->respawn, child->started, mono_now());

	(void)uv_timer_start(&child->timer, on_start_timer, ms, 0);
	return ms;
}

static void
log_death(int pid, int64_t status, int sig, uint64_t delay_ms)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "state_died");
	log_add_int(&line, LOG_pid, pid);
	if (sig != 0)
		log_add_text(&line, LOG_signal, sigabbrev_np(sig));
	else
		log_add_int(&line, LOG_status, status);
	log_add_int(&line, LOG_delay_ms, (long long)delay_ms);
	log_add_text(&line, LOG_text,
	    "the state process has died; hl_kv waits or fails until the "
	    "next one runs");
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
	struct state_child *child = run->owner;

	child->run = NULL;
	if (child->pipe_fd != -1)
		(void)close(child->pipe_fd);
	child->pipe_fd = -1;
	if (child->is_ending) {
		finish(child);
	} else {
		child->deaths++;
		log_death(process->pid, status, sig, start_later(child));
	}
	uv_close((uv_handle_t *)process, on_run_closed);
}

/* ---- start --------------------------------------------------------------- */

static int
spawn(struct state_child *child, struct run *run, int pipe_end,
    struct arena *arena)
{
	static char name[] = "hookline", command[] = "state";
	char *args[] = { name, command, mem_dup(slice_of(child->dir)), NULL };
	uv_stdio_container_t stdio[FD_COUNT] = {
		[STDIN_FILENO] = { .flags = UV_IGNORE },
		[STDOUT_FILENO] = { .flags = UV_INHERIT_FD, .data.fd = 1 },
		[STDERR_FILENO] = { .flags = UV_INHERIT_FD, .data.fd = 2 },
		[FD_LISTEN] = { .flags = UV_INHERIT_FD,
		    .data.fd = child->listen_fd },
		[FD_MASTER] = { .flags = UV_INHERIT_FD, .data.fd = pipe_end },
	};
	uv_process_options_t options = {
		.exit_cb = on_exit_of,
		.file = "/proc/self/exe",
		.args = args,
		.env = child_environment(arena),
		.stdio_count = FD_COUNT,
		.stdio = stdio,
	};
	int rc = uv_spawn(child->loop, &run->process, &options);

	mem_free(args[2]);
	return rc;
}

static void
log_start_failed(int rc)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "state_start_failed");
	log_add_text(&line, LOG_err, uv_strerror(rc));
	log_end(&line);
}

static void
start(struct state_child *child)
{
	struct run *run = mem_alloc(sizeof(*run));
	struct arena arena;
	int ends[2], rc;

	child->started = mono_now();
	run->owner = child;
	run->process.data = run;
	if (pipe2(ends, O_CLOEXEC) == -1) {
		log_start_failed(-errno);
		mem_free(run);
		(void)start_later(child);
		return;
	}
	arena_init(&arena, 4096, 0);
	rc = spawn(child, run, ends[0], &arena);
	arena_done(&arena);
	(void)close(ends[0]);
	if (rc < 0) {
		log_start_failed(rc);
		(void)close(ends[1]);
		/* libuv has seen the handle. */
		uv_close((uv_handle_t *)&run->process, on_run_closed);
		(void)start_later(child);
		return;
	}
	child->run = run;
	child->pipe_fd = ends[1];
}

int
state_child_start(struct uv_loop_s *loop, const char *dir,
    struct state_child **ret, struct err *err)
{
	struct state_child *child;
	int fd;

	/* The directory is ours (its lock), so is what has the name: the
	 * state process of a master that was killed may still be ending. */
	state_dir_unlink(dir, STATE_SOCKET);
	fd = state_dir_listen(dir, STATE_SOCKET, err);
	if (fd < 0)
		return fd;
	child = mem_alloc(sizeof(*child));
	child->loop = loop;
	child->dir = dir;
	child->listen_fd = fd;
	child->pipe_fd = -1;
	child->timer.data = child;
	CHECK(uv_timer_init(loop, &child->timer) == 0);
	start(child);
	*ret = child;
	return 0;
}

int
state_child_pid(const struct state_child *child)
{
	return child->run != NULL ? child->run->process.pid : 0;
}

unsigned
state_child_deaths(const struct state_child *child)
{
	return child->deaths;
}

/* ---- in the process ------------------------------------------------------ */

int
state_child_main(int argc, char **argv)
{
	struct state_options options = { .listen_fd = FD_LISTEN,
		.master_fd = FD_MASTER };

	if (argc != 2)
		return EXIT_USAGE;
	options.dir = argv[1];
	master_log_start();
	return state_main(&options);
}
