/* SPDX-License-Identifier: MIT */
/* reload.c - SIGHUP and `ctl reload`.
 *
 * `hookline check` runs first, as a process of its own: it names every fault
 * where a worker would stop at the first, and a plugin that crashes while it
 * is loaded takes nothing with it.
 */
#include "reload.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "generation.h"
#include "master_private.h"

#define CHECK_MS 60000        /* how long a check may take */
#define CHECK_OUTPUT_MAX 8192 /* bytes of it that are kept */

enum reload_state { IDLE, CHECKING, STARTING };

struct reload {
	struct master *master;
	enum reload_state state;
	bool again;          /* asked for meanwhile */
	struct list waiters; /* of the one under way */
	struct list later;   /* of the next one */
	uv_process_t *check;
	int check_output; /* memory file of its stderr */
	struct mono check_deadline;
	struct wall last_when;
	struct buf last;
};

static void reload_begin(struct reload *reload);

struct reload *
reload_new(struct master *master)
{
	struct reload *reload = mem_alloc(sizeof(*reload));

	reload->master = master;
	reload->check_output = -1;
	list_init(&reload->waiters);
	list_init(&reload->later);
	return reload;
}

void
reload_free(struct reload **reload)
{
	struct reload *r = *reload;

	if (r == NULL)
		return;
	CHECK(r->check == NULL);
	if (r->check_output != -1)
		(void)close(r->check_output);
	buf_done(&r->last);
	mem_free(r);
	*reload = NULL;
}

const char *
reload_last(const struct reload *reload, struct wall *ret_when)
{
	*ret_when = reload->last_when;
	return reload->last.n == 0 ? "" : reload->last.p;
}

/* ---- the end ------------------------------------------------------------- */

static void
waiters_answer(struct list *waiters, const char *reason)
{
	struct link *link;

	while ((link = list_pop_front(waiters)) != NULL) {
		struct reload_waiter *waiter =
		    CONTAINER_OF(link, struct reload_waiter, link);

		waiter->fn(waiter, reason);
	}
}

static void
log_refused(const char *reason)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "reload_refused");
	log_add_text(&line, LOG_err, reason);
	log_end(&line);
}

/* `reason` NULL: the new generation serves. */
static void
reload_finish(struct reload *reload, const char *reason)
{
	struct master *master = reload->master;
	bool again = reload->again;

	reload->state = IDLE;
	reload->again = false;
	reload->last_when = wall_now();
	buf_clear(&reload->last);
	if (reason != NULL) {
		log_refused(reason);
		buf_printf(&reload->last, "refused: %s", reason);
	} else {
		buf_add_text(&reload->last, "done");
	}
	if (master->phase == MASTER_RUNNING)
		notify_ready(master->current->workers);
	waiters_answer(&reload->waiters, reason);
	if (again)
		reload_begin(reload);
}

static void
on_generation(struct master *master, const struct err *err)
{
	if (master->reload->state == STARTING)
		reload_finish(master->reload, err == NULL ? NULL : err->text);
}

/* ---- the check ----------------------------------------------------------- */

/* The end of what it said, without the last newline. */
static struct slice
check_text(int fd, char *buffer, size_t size)
{
	off_t end = lseek(fd, 0, SEEK_END);
	off_t from = end > (off_t)size ? end - (off_t)size : 0;
	ssize_t n = pread(fd, buffer, size, from);

	return slice_trim((struct slice){ buffer, n > 0 ? (size_t)n : 0 });
}

static void
check_passed(struct reload *reload)
{
	struct err err;

	reload->state = STARTING;
	if (generation_begin(reload->master, on_generation, &err) < 0)
		reload_finish(reload, err.text);
}

static void
check_failed_with(struct reload *reload, int64_t status, int sig)
{
	struct buf reason = BUF_INIT;
	char *buffer = mem_alloc(CHECK_OUTPUT_MAX);
	struct slice text =
	    check_text(reload->check_output, buffer, CHECK_OUTPUT_MAX);

	if (sig != 0)
		buf_printf(&reason, "the check was ended by signal %s%s",
		    sigabbrev_np(sig), text.n > 0 ? ": " : "");
	else if (text.n == 0)
		buf_printf(
		    &reason, "the check failed with status %d", (int)status);
	buf_add_slice(&reason, text);
	reload_finish(reload, reason.p);
	buf_done(&reason);
	mem_free(buffer);
}

static void
on_process_closed(uv_handle_t *handle)
{
	mem_free(handle);
}

static void
on_check_exit(uv_process_t *process, int64_t status, int sig)
{
	struct reload *reload = process->data;

	uv_close((uv_handle_t *)process, on_process_closed);
	reload->check = NULL;
	if (reload->state != CHECKING)
		return; /* abandoned */
	if (status == 0 && sig == 0)
		check_passed(reload);
	else
		check_failed_with(reload, status, sig);
}

static int
check_spawn(struct reload *reload)
{
	static char name[] = "hookline", command[] = "check",
		    option[] = "--config", blind[] = "--without-keys";
	struct master *master = reload->master;
	char *args[] = { name, command, option, master->config_dir, blind,
		NULL };
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = reload->check_output },
	};
	struct arena arena;
	uv_process_options_t options = {
		.exit_cb = on_check_exit,
		.file = "/proc/self/exe",
		.args = args,
		.stdio_count = ARRAY_SIZE(stdio),
		.stdio = stdio,
	};
	int rc;

	arena_init(&arena, 4096, 0);
	options.env = child_environment(&arena);
	reload->check = mem_alloc(sizeof(*reload->check));
	reload->check->data = reload;
	rc = uv_spawn(&master->loop, reload->check, &options);
	arena_done(&arena);
	if (rc < 0) {
		uv_close((uv_handle_t *)reload->check, on_process_closed);
		reload->check = NULL;
	}
	return rc;
}

/* ---- the start ----------------------------------------------------------- */

static void
reload_begin(struct reload *reload)
{
	struct log_line line;
	struct link *link;
	int rc;

	notify_reloading();
	log_begin(&line, LOG_LEVEL_NOTICE);
	log_add_text(&line, LOG_event, "reload");
	log_end(&line);
	while ((link = list_pop_front(&reload->later)) != NULL)
		list_push_back(&reload->waiters, link);
	reload->state = CHECKING;
	reload->check_deadline = mono_add_ms(mono_now(), CHECK_MS);
	if (reload->check_output != -1)
		(void)close(reload->check_output);
	reload->check_output = memfd_create("check", MFD_CLOEXEC);
	rc = reload->check_output == -1 ? -errno : check_spawn(reload);
	if (rc < 0)
		reload_finish(reload, strerror(-rc));
}

void
reload_request(struct reload *reload, struct reload_waiter *waiter)
{
	if (reload->master->phase != MASTER_RUNNING) {
		if (waiter != NULL)
			waiter->fn(waiter, "the server is starting or stops");
		return;
	}
	if (waiter != NULL)
		list_push_back(&reload->later, &waiter->link);
	if (reload->state != IDLE)
		reload->again = true;
	else
		reload_begin(reload);
}

void
reload_abandon(struct reload *reload)
{
	static const char reason[] = "the server stops";

	reload->again = false;
	if (reload->check != NULL)
		(void)uv_process_kill(reload->check, SIGKILL);
	if (reload->state != IDLE)
		reload_finish(reload, reason);
	waiters_answer(&reload->later, reason);
}

void
reload_tick(struct reload *reload, struct mono now)
{
	if (reload->state == CHECKING && reload->check != NULL &&
	    !mono_is_before(now, reload->check_deadline))
		(void)uv_process_kill(reload->check, SIGKILL);
}
