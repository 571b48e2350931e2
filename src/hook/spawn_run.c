/* SPDX-License-Identifier: MIT */
/* spawn_run.c - runs a program and waits for it.
 *
 *	fiber: turn -> start -> park ... woken by the end -> status
 *	loop:  on_output (reads), on_end (reaps, or hears from the helper)
 *
 * struct child is a heap object that outlives an impatient fiber: what it
 * leaves behind is killed, and holds its turn until it has ended.  It is
 * counted: by its handles, until they are closed, and by the fiber.
 */
#include "spawn_run.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "rt/fiber.h"
#include "rt/offload.h"
#include "rt/rt.h"
#include "spawn/proto.h"
#include "spawn_private.h"

#define OUTPUT_STEP 2048u

struct spawn {
	struct rt *rt;
	char *helper; /* NULL: start them here */
	unsigned max, running;
	struct list children;
	struct list waiting; /* for their turn */
};

struct child {
	struct spawn *spawn;
	struct link link;
	struct program program; /* pid 0: it is the helper's */
	int end, output;        /* -1: closed */
	unsigned refs;
	bool has_ended;
	int status;          /* once it has; negative errno: unknown */
	struct fiber *fiber; /* NULL: nobody waits any more */
	struct buf kept;
	size_t kept_max;
	uv_poll_t end_poll, output_poll;
};

/* ---- whose turn it is ---- */

/* On the stack of the fiber that waits. */
struct turn {
	struct link link;
	struct fiber *fiber;
	bool is_given;
};

/* Microseconds are rounded up: a wait of 0 would be one without end. */
static int
block_until(struct mono until)
{
	uint64_t left_ms = 0;

	if (until.ns != 0) {
		left_ms = (mono_since_us(until, mono_now()) + 999) / 1000;
		if (left_ms == 0)
			return -ETIME;
	}
	fiber_label_wait("spawn");
	return fiber_block(left_ms);
}

/* BLOCKS. */
static int
turn_take(struct spawn *spawn, struct mono until)
{
	struct turn turn = { .fiber = fiber_self() };
	int rc = 0;

	if (spawn->running < spawn->max) {
		spawn->running++;
		return 0;
	}
	list_push_back(&spawn->waiting, &turn.link);
	while (!turn.is_given && rc == 0)
		rc = block_until(until);
	if (turn.is_given)
		return 0;
	list_remove(&turn.link);
	return rc;
}

static void
turn_give(struct spawn *spawn)
{
	struct link *link = list_pop_front(&spawn->waiting);
	struct turn *turn;

	if (link == NULL) {
		spawn->running--;
		return;
	}
	turn = CONTAINER_OF(link, struct turn, link);
	turn->is_given = true;
	fiber_wake(turn->fiber);
}

/* ---- watching it: on the loop ---- */

static void
child_unref(struct child *child)
{
	if (--child->refs > 0)
		return;
	buf_done(&child->kept);
	mem_free(child);
}

static void
on_closed(uv_handle_t *handle)
{
	child_unref(handle->data);
}

static void
close_watch(uv_poll_t *poll, int *fd)
{
	if (*fd == -1)
		return;
	uv_close((uv_handle_t *)poll, on_closed);
	(void)close(*fd);
	*fd = -1;
}

/* Reads what is there; what does not fit is thrown away, but not before the
 * program could write it.  True when there may be more. */
static bool
read_output(struct child *child)
{
	char bytes[OUTPUT_STEP];
	ssize_t n = read(child->output, bytes, sizeof(bytes));
	size_t room = child->kept_max - child->kept.n;

	if (n > 0) {
		buf_add(
		    &child->kept, bytes, (size_t)n < room ? (size_t)n : room);
		return true;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	close_watch(&child->output_poll, &child->output);
	return false;
}

static void
on_output(uv_poll_t *poll, int status, int events)
{
	struct child *child = poll->data;

	(void)status; /* an error shows in read */
	(void)events;
	(void)read_output(child);
}

/* The rest of the output: what is in the pipe now.  A process that it left
 * behind may hold the other end for ever. */
static void
drain_output(struct child *child)
{
	while (child->output != -1 && child->kept.n < child->kept_max &&
	       read_output(child))
		;
	close_watch(&child->output_poll, &child->output);
}

/* What the helper says, or that it is gone.  False: nothing yet. */
static bool
helper_answer(int fd, int *ret)
{
	int status = 0;
	ssize_t n = recv(fd, &status, sizeof(status), MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	*ret = n == (ssize_t)sizeof(status) ? status : -EPIPE;
	return true;
}

static bool
has_ended(const struct child *child, int *ret)
{
	if (child->program.pid == 0)
		return helper_answer(child->end, ret);
	*ret = program_end(&child->program);
	return *ret != -EAGAIN;
}

static void
child_end(struct child *child, int status)
{
	struct spawn *spawn = child->spawn;

	child->status = status;
	child->has_ended = true;
	drain_output(child);
	close_watch(&child->end_poll, &child->end);
	list_remove(&child->link);
	turn_give(spawn);
	if (child->fiber != NULL)
		fiber_wake(child->fiber);
}

static void
on_end(uv_poll_t *poll, int status, int events)
{
	struct child *child = poll->data;
	int how;

	(void)status;
	(void)events;
	if (has_ended(child, &how))
		child_end(child, how);
}

static void
watch(struct child *child, uv_poll_t *poll, int fd, uv_poll_cb on_event)
{
	/* These fail for descriptors that cannot be polled; ours can. */
	CHECK(uv_poll_init(rt_loop(child->spawn->rt), poll, fd) == 0);
	poll->data = child;
	child->refs++;
	CHECK(uv_poll_start(poll, UV_READABLE, on_event) == 0);
}

static struct child *
child_new(struct spawn *spawn, const struct spawn_start *start)
{
	struct child *child = mem_alloc(sizeof(*child));

	child->refs = 1;
	child->spawn = spawn;
	child->program = start->program;
	child->end =
	    start->helper_fd != -1 ? start->helper_fd : start->program.pidfd;
	child->output = start->output_ours;
	child->kept_max = start->job->output_max;
	watch(child, &child->end_poll, child->end, on_end);
	if (child->output != -1)
		watch(child, &child->output_poll, child->output, on_output);
	list_push_back(&spawn->children, &child->link);
	return child;
}

/* Nobody waits any more: it must not go on. */
static void
child_abandon(struct child *child)
{
	close_watch(&child->output_poll, &child->output);
	if (child->program.pid != 0)
		(void)program_kill(&child->program);
	else
		(void)shutdown(child->end, SHUT_WR);
}

/* BLOCKS. */
static int
child_wait(struct child *child, struct mono until)
{
	int rc = 0;

	child->fiber = fiber_self();
	while (!child->has_ended && rc == 0)
		rc = block_until(until);
	child->fiber = NULL;
	return child->has_ended ? 0 : rc;
}

int
spawn_run(struct spawn *spawn, const struct spawn_job *job, struct buf *output)
{
	struct spawn_start start = { .job = job,
		.helper = spawn->helper,
		.output_ours = -1,
		.helper_fd = -1 };
	struct mono until = { 0 };
	struct child *child;
	int rc;

	if (job->timeout_ms > 0)
		until = mono_add_ms(mono_now(), job->timeout_ms);
	rc = turn_take(spawn, until);
	if (rc < 0)
		return rc;
	rc = rt_offload(spawn__start, &start);
	if (rc < 0) {
		turn_give(spawn);
		return rc;
	}
	child = child_new(spawn, &start);
	rc = child_wait(child, until);
	if (rc < 0) {
		child_abandon(child);
	} else {
		buf_add_slice(output, buf_slice(&child->kept));
		rc = child->status;
	}
	child_unref(child);
	return rc;
}

/* ---- all of them ---- */

struct spawn *
spawn_new(struct rt *rt, const char *state_dir, unsigned max)
{
	struct spawn *spawn = mem_alloc(sizeof(*spawn));
	struct buf path = BUF_INIT;

	spawn->rt = rt;
	spawn->max = max;
	list_init(&spawn->children);
	list_init(&spawn->waiting);
	if (state_dir != NULL)
		buf_printf(&path, "%s/" SPAWN_SOCKET, state_dir);
	spawn->helper = path.p;
	return spawn;
}

/* A killed program ends; one that cannot be killed, and a helper that does not
 * answer, is left to itself. */
static void
child_drop(struct child *child)
{
	struct pollfd end = { .fd = child->end, .events = POLLIN };

	CHECK(child->fiber == NULL);
	if (child->program.pid != 0 && program_kill(&child->program) == 0) {
		while (poll(&end, 1, -1) == -1 && errno == EINTR)
			;
		(void)!program_end(&child->program);
	}
	child_end(child, -ECANCELED);
}

void
spawn_free(struct spawn **spawn)
{
	struct spawn *old = *spawn;

	*spawn = NULL;
	if (old == NULL)
		return;
	CHECK(list_is_empty(&old->waiting));
	LIST_FOR_EACH (link, safe, &old->children)
		child_drop(CONTAINER_OF(link, struct child, link));
	mem_free(old->helper);
	mem_free(old);
}

unsigned
spawn_running(const struct spawn *spawn)
{
	return spawn->running;
}
